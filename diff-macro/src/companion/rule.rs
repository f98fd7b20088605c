//! The hidden companions that callers use: rules, with one slot per parameter, the receiver included.
//!
//! ```text
//! fn g(x: f64, n: usize) -> f64
//! fn __partials(x: f64, n: usize, asked: (bool, Constant)) -> (f64, (f64, Constant))
//! ```
//!
//! A slot of `asked` says whether the caller wants the partial derivative in that parameter, and the slot of the result
//! has it, in the form of what the function returns. A parameter that cannot be active has the slot `Constant`, for
//! which a caller with an active argument finds no request.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, PathArguments};

use super::{Companion, Plan};
use crate::attr::Given;
use crate::call::{self, PARTIALS};
use crate::forward::{self, Seed};
use crate::ir::{Function, Name, Op, Region, Value, walk};
use crate::names::{Names, generated};
use crate::rules;
use crate::signature::Form;

/// Up to so many parameters, a caller who asks for one partial is given that alone.
const MOST_ALONE: usize = 4;

impl Plan<'_> {
    /// The value and the partial derivatives in those scalars that the caller asks for.
    pub(super) fn partials_rule(&self) -> Option<Companion> {
        let scalars = self.scalar_slots();
        let output = self.output().filter(|_| self.signature.output.wrapper.is_none())?;
        if scalars.is_empty() || self.signature.output.form == Form::Whole {
            return None;
        }
        let mut names = self.names();
        let asked = generated(&names.fresh("asked", false), Span::call_site());
        let all: Vec<usize> = scalars.iter().filter_map(|slot| *slot).collect();
        let body = match all.len() {
            0 => return None,
            _ if self.rule.is_some() => self.given_body(&all, &scalars, &asked),
            2..=MOST_ALONE => {
                let arms = all.iter().map(|k| {
                    let pattern = scalars.iter().map(|slot| match slot {
                        Some(own) if own == k => quote!(true),
                        Some(_) => quote!(false),
                        None => quote!(_),
                    });
                    let body = self.partials_body(&[*k], &scalars, &names);
                    quote!((#(#pattern,)*) => { #body })
                });
                let body = self.partials_body(&all, &scalars, &names);
                quote!(match #asked { #(#arms)* _ => { #body } })
            }
            _ => self.partials_body(&all, &scalars, &names),
        };
        let runtime = &self.runtime;
        let slots = |of: &TokenStream| {
            let slots = scalars.iter().map(|slot| match slot {
                Some(_) => of.clone(),
                None => quote!(#runtime::private::Constant),
            });
            quote!((#(#slots,)*))
        };
        let extra = vec![(asked, slots(&quote!(::core::primitive::bool)))];
        let partials = slots(&output);
        Some(Companion {
            name: PARTIALS.to_owned(),
            docs: Vec::new(),
            extra,
            output: Some(quote!((#output, #partials))),
            body,
        })
    }

    /// Names the callees once more, such that rustc's message about one without companions says what to do.
    pub(super) fn callee_checks(&self) -> TokenStream {
        let paths = self.function.body.calls().filter_map(|call| match &call.callee.name {
            Name::Path(path) if !call::is_associated(path) => Some(path.path.clone()),
            Name::Path(_) | Name::Method(..) => None,
        });
        let own = &self.item.sig.ident;
        let mut seen = HashSet::new();
        let checks = paths.filter(|path| !path.is_ident(own)).map(|mut path| {
            let Some(last) = path.segments.last_mut() else { return quote!() };
            last.arguments = PathArguments::None;
            if !seen.insert(path.to_token_stream().to_string()) {
                return quote!();
            }
            let alias = call::advice(&path);
            quote!({ use #path as #alias; type Callee = #alias; })
        });
        quote!(#(#checks)*)
    }

    /// A function of the user's in place of the companion whose signature it has.
    pub(super) fn given_product(&self, path: &syn::Path, extra: &[Ident]) -> TokenStream {
        let receiver = self.item.sig.receiver().map(|_| quote!(self,));
        let own = self.signature.parameters.iter().map(|parameter| &parameter.ident);
        quote!(#path(#receiver #(#own,)* #(#extra),*))
    }

    /// The value and the partials that the user's functions give.
    fn given_body(&self, all: &[usize], slots: &[Option<usize>], asked: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        let name = &self.item.sig.ident;
        let own = self.signature.parameters.iter().map(|parameter| parameter.ident.to_token_stream());
        let arguments: Vec<TokenStream> = own.collect();
        let receiver = self.item.sig.receiver().map(|_| quote!(self,));
        let value = match (&receiver, self.signature.is_method) {
            (Some(_), _) => quote!(self.#name(#(#arguments),*)),
            (None, true) => quote!(Self::#name(#(#arguments),*)),
            (None, false) => quote!(#name(#(#arguments),*)),
        };
        let slot_of = |partial: &dyn Fn(usize, usize) -> TokenStream| {
            let slots = slots.iter().enumerate().map(|(slot, parameter)| match parameter {
                Some(own) => partial(slot, all.iter().position(|known| known == own).unwrap_or(0)),
                None => quote!(#runtime::private::Constant),
            });
            quote!((#(#slots,)*))
        };
        match self.rule {
            Some(Given::Partials(partials)) => {
                let slots = slot_of(&|slot, k| {
                    let (slot, partial) = (syn::Index::from(slot), &partials[k]);
                    quote!(if #asked.#slot { #partial(#receiver #(#arguments),*) } else { 0.0 })
                });
                quote!((#value, #slots))
            }
            Some(Given::Products { vjp: Some(vjp), .. }) => {
                let adjoints = slot_of(&|_, k| match all.len() {
                    1 => quote!(adjoints),
                    _ if self.is_vector() => quote!(adjoints[#k]),
                    _ => {
                        let k = syn::Index::from(k);
                        quote!(adjoints.#k)
                    }
                });
                quote! {
                    let (value, adjoints) = #vjp(#receiver #(#arguments,)* 1.0);
                    (value, #adjoints)
                }
            }
            Some(Given::Products { jvp: Some(jvp), .. }) => {
                let slots = slot_of(&|slot, k| {
                    let slot = syn::Index::from(slot);
                    let tangents = (0..all.len()).map(|j| if j == k { quote!(1.0) } else { quote!(0.0) });
                    quote!(if #asked.#slot { #jvp(#receiver #(#arguments,)* #(#tangents),*).1 } else { 0.0 })
                });
                quote!((#value, #slots))
            }
            Some(Given::Products { jvp: None, vjp: None }) | None => quote!(),
        }
    }

    /// For each slot, the position of the parameter if it is an active scalar.
    fn scalar_slots(&self) -> Vec<Option<usize>> {
        let receiver = self.item.sig.inputs.iter().filter(|input| matches!(input, FnArg::Receiver(_))).map(|_| None);
        let parameters = self.signature.parameters.iter().enumerate();
        let scalars =
            parameters.map(|(k, parameter)| (parameter.active && parameter.ty.scalar().is_some()).then_some(k));
        receiver.chain(scalars).collect()
    }

    /// The value and the partials in some parameters; zero in the others.
    fn partials_body(&self, wanted: &[usize], slots: &[Option<usize>], names: &Names) -> TokenStream {
        let function = self.with_partials(wanted);
        let outputs = self.output_count();
        let runtime = &self.runtime;
        let wrap = |atoms: &[TokenStream]| {
            let value = self.output_value(&atoms[..outputs]);
            let zeros: Vec<TokenStream> = (0..outputs).map(|_| quote!(0.0)).collect();
            let slots = slots.iter().map(|slot| match slot {
                None => quote!(#runtime::private::Constant),
                Some(k) => match wanted.iter().position(|own| own == k) {
                    Some(d) => self.output_value(&atoms[outputs * (d + 1)..outputs * (d + 2)]),
                    None => self.output_value(&zeros),
                },
            });
            quote!((#value, (#(#slots,)*)))
        };
        self.body(function, &[], names.clone(), &wrap)
    }

    /// The function that yields its partials too, parameter by parameter.
    fn with_partials(&self, wanted: &[usize]) -> Function {
        let active: Vec<Value> = wanted.iter().map(|k| self.function.body.params[*k]).collect();
        let scalar = self.signature.scalar;
        let one_type = wanted.iter().all(|k| self.signature.parameters[*k].ty.scalar() == Some(scalar));
        if self.signature.output.form == Form::Scalar && one_type {
            return self.gradient_of(self.function, &active);
        }
        let n = wanted.len();
        let seeds: Vec<Vec<Seed>> =
            (0..n).map(|d| (0..n).map(|k| if k == d { Seed::One } else { Seed::Zero }).collect()).collect();
        forward::jvp(self.function, &active, &[], &seeds, scalar).function
    }

    /// Whether a partial derivative may be infinite, or may be for all that is known.
    pub(super) fn singular(&self) -> TokenStream {
        let singular = may_be_singular(&self.function.body);
        let (vis, name) = (&self.item.vis, &self.item.sig.ident);
        let ident = match self.signature.is_method {
            true => call::suffixed(name, call::SINGULAR),
            false => Ident::new(call::SINGULAR, name.span()),
        };
        let allowed = super::allowed_lints();
        quote! {
            #[doc(hidden)]
            #allowed
            #vis const #ident: ::core::primitive::bool = #singular;
        }
    }
}

fn may_be_singular(region: &Region) -> bool {
    walk(&region.stmts).any(|stmt| match &stmt.op {
        Op::Prim(prim, _) => rules::row(*prim).is_some_and(|row| row.singular),
        Op::Call(_) => true,
        _ => false,
    })
}
