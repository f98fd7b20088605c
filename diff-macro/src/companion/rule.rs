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
use crate::call::{self, PARTIALS};
use crate::forward::{self, Seed};
use crate::ir::{Function, Name, Op, Region, Value};
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
        if scalars.is_empty() {
            return None;
        }
        let mut names = self.names();
        let asked = generated(&names.fresh("asked", false), Span::call_site());
        let all: Vec<usize> = scalars.iter().filter_map(|slot| *slot).collect();
        let body = match all.len() {
            0 => return None,
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
        let mut paths = Vec::new();
        callees(&self.function.body, &mut paths);
        let own = &self.item.sig.ident;
        let mut seen = HashSet::new();
        let checks = paths.into_iter().filter(|path| !path.is_ident(own)).map(|mut path| {
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

/// The paths of the functions that are called, as far as these are no associated functions.
fn callees(region: &Region, out: &mut Vec<syn::Path>) {
    for stmt in &region.stmts {
        if let Op::Call(call) = &stmt.op
            && let Name::Path(path) = &call.callee.name
            && !call::is_associated(path)
        {
            out.push(path.path.clone());
        }
        stmt.op.regions().into_iter().for_each(|inner| callees(inner, out));
    }
}

fn may_be_singular(region: &Region) -> bool {
    region.stmts.iter().any(|stmt| {
        let own = match &stmt.op {
            Op::Prim(prim, _) => rules::row(*prim).is_some_and(|row| row.singular),
            Op::Call(_) => true,
            _ => false,
        };
        own || stmt.op.regions().into_iter().any(may_be_singular)
    })
}
