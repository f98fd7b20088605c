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
use syn::PathArguments;

use super::higher::entries::Entries;
use super::higher::units;
use super::modes::zero;
use super::orders::{HIGHEST_IN_SEVERAL, calls_with_arrays};
use super::{Companion, Plan};
use crate::attr::Given;
use crate::call;
use crate::cleanup::cleanup;
use crate::custom;
use crate::forward;
use crate::ir::{Function, Name, Op, Region, Storage, Value, walk};
use crate::names::{Names, generated};
use crate::partials;
use crate::reciprocals::reciprocals;
use crate::reverse;
use crate::rules;
use crate::signature::{Form, Parameter};

/// Up to so many parameters, a caller who asks for one partial is given that alone.
const MOST_ALONE: usize = 4;

impl Plan<'_> {
    /// The value and the partial derivatives up to an order in those scalars that the caller asks for.
    pub(super) fn partials_rule(&self, order: usize) -> Option<Companion> {
        let scalars = self.scalar_slots();
        let output = self.output().filter(|_| self.signature.output.wrapper.is_none())?;
        let actives: Vec<Value> = scalars.iter().flatten().map(|k| self.function.body.params[*k]).collect();
        let third_of_call = order > 2 && actives.len() > 1 && !calls_with_arrays(self.function, &actives).is_empty();
        if third_of_call || (order > HIGHEST_IN_SEVERAL && actives.len() > 1) {
            return None;
        }
        if scalars.is_empty() || matches!(self.signature.output.form, Form::Whole | Form::Aggregate) {
            return None;
        }
        if !self.lowered.outs.is_empty() {
            // What the function leaves in structs has partial derivatives too.
            return None;
        }
        let mut names = self.names();
        let asked = generated(&names.fresh("asked", false), Span::call_site());
        let all: Vec<usize> = scalars.iter().filter_map(|slot| *slot).collect();
        if all.is_empty() {
            return None;
        }
        let body = match self.rule {
            Some(given) if order == 1 => self.given_body(given, &all, &scalars, &asked),
            Some(Given::Products { hvp: Some(hvp), .. }) => self.given_second(hvp, &all, &scalars, &asked),
            Some(_) | None => self.chosen_body(&all, &scalars, order, &asked, &names),
        };
        let extra = vec![(asked, self.partial_requests(&scalars))];
        let output = self.nested_in(&scalars, order, &mut |_| output.clone());
        Some(Companion { name: call::partials(order), docs: Vec::new(), extra, output: Some(output), body })
    }

    /// The derivatives in the parameters that are asked for: each alone, where few of few orders are, or all of them.
    fn chosen_body(
        &self,
        all: &[usize],
        slots: &[Option<usize>],
        order: usize,
        asked: &Ident,
        names: &Names,
    ) -> TokenStream {
        let body = self.partials_body(all, slots, order, names);
        if all.len() == 1 || all.len() > MOST_ALONE || order > 2 {
            return body;
        }
        let arms = all.iter().map(|k| {
            let pattern = slots.iter().map(|slot| match slot {
                Some(own) if own == k => quote!(true),
                Some(_) => quote!(false),
                None => quote!(_),
            });
            let body = self.partials_body(&[*k], slots, order, names);
            quote!((#(#pattern,)*) => { #body })
        });
        quote!(match #asked { #(#arms)* _ => { #body } })
    }

    fn constant_slot(&self) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#runtime::private::Constant)
    }

    /// Tokens for each derivative in parameters that can be active, nested.
    fn nested_in(
        &self,
        slots: &[Option<usize>],
        order: usize,
        tokens: &mut dyn FnMut(&[usize]) -> TokenStream,
    ) -> TokenStream {
        let mut of_active = |indices: &[usize]| {
            let constant = indices.last().is_some_and(|last| slots[*last].is_none());
            (!constant).then(|| tokens(indices))
        };
        partials::nested(slots.len(), order, &mut of_active, &self.constant_slot())
    }

    /// What a caller may ask for, slot by slot. What the function leaves in an array varies: no caller may take that for a
    /// constant.
    fn partial_requests(&self, slots: &[Option<usize>]) -> TokenStream {
        let runtime = &self.runtime;
        let receiver = slots.len() - self.signature.parameters.len();
        let requests = slots.iter().enumerate().map(|(slot, scalar)| {
            let parameter = slot.checked_sub(receiver).map(|k| &self.signature.parameters[k]);
            let is_written = |parameter: &&Parameter| {
                let of_array = self.shape(parameter.ty).map(|shape| shape.storage);
                let storage = of_array.or(parameter.aggregate.as_ref().map(|aggregate| aggregate.storage));
                parameter.active && storage == Some(Storage::BorrowedMut)
            };
            match (scalar, parameter.filter(is_written)) {
                (Some(_), _) => quote!(::core::primitive::bool),
                (None, Some(_)) => quote!(#runtime::private::Written),
                (None, None) => self.constant_slot(),
            }
        });
        quote!((#(#requests,)*))
    }

    /// Names the callees once more, such that rustc's message about one without companions says what to do.
    pub(super) fn callee_checks(&self) -> TokenStream {
        let paths = self.function.body.calls().filter_map(|call| match &call.callee.name {
            Name::Path(path) if !call::is_associated(path) => Some(path.path.clone()),
            Name::Path(_) | Name::Method(..) => None,
        });
        // The functions of a rule are callees where it is differentiated again.
        let given: &[syn::Path] = match self.rule {
            Some(Given::Partials(partials)) if self.orders.any() => partials,
            Some(Given::Partials(_) | Given::Products { .. }) | None => &[],
        };
        let given = given.iter().filter(|path| !call::is_associated(&syn::parse_quote!(#path))).cloned();
        let paths = paths.chain(given);
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
        let extra: Vec<TokenStream> = extra.iter().map(|ident| quote!(#ident)).collect();
        self.given_call(path, &extra)
    }

    /// The function itself, with its own parameters.
    pub(super) fn own_call(&self) -> TokenStream {
        let name = &self.item.sig.ident;
        let arguments = self.signature.parameters.iter().map(|parameter| &parameter.ident);
        match (self.item.sig.receiver(), self.signature.is_method) {
            (Some(_), _) => quote!(self.#name(#(#arguments),*)),
            (None, true) => quote!(Self::#name(#(#arguments),*)),
            (None, false) => quote!(#name(#(#arguments),*)),
        }
    }

    fn given_call(&self, path: &syn::Path, extra: &[TokenStream]) -> TokenStream {
        let receiver = self.item.sig.receiver().map(|_| quote!(self,));
        let own = self.signature.parameters.iter().map(|parameter| &parameter.ident);
        quote!(#path(#receiver #(#own,)* #(#extra),*))
    }

    /// The value and the partials that the user's functions give.
    fn given_body(&self, given: &Given, all: &[usize], slots: &[Option<usize>], asked: &Ident) -> TokenStream {
        let (runtime, zero, one) = (&self.runtime, self.number(0.0), self.number(1.0));
        let own = self.signature.parameters.iter().map(|parameter| parameter.ident.to_token_stream());
        let arguments: Vec<TokenStream> = own.collect();
        let receiver = self.item.sig.receiver().map(|_| quote!(self,));
        let value = self.own_call();
        let slot_of = |partial: &dyn Fn(usize, usize) -> TokenStream| {
            let slots = slots.iter().enumerate().map(|(slot, parameter)| match parameter {
                Some(own) => partial(slot, all.iter().position(|known| known == own).unwrap_or(0)),
                None => quote!(#runtime::private::Constant),
            });
            quote!((#(#slots,)*))
        };
        match given {
            Given::Partials(partials) => {
                let slots = slot_of(&|slot, k| {
                    let (slot, partial) = (syn::Index::from(slot), &partials[k]);
                    quote!(if #asked.#slot { #partial(#receiver #(#arguments),*) } else { #zero })
                });
                quote!((#value, #slots))
            }
            Given::Products { vjp: Some(vjp), .. } => {
                let active = self.active();
                let position = |k: usize| active.iter().position(|own| *own == all[k]).unwrap_or(0);
                let adjoints = slot_of(&|_, k| self.given_adjoint(&quote!(adjoints), position(k)));
                quote! {
                    let (value, adjoints) = #vjp(#receiver #(#arguments,)* #one);
                    (value, #adjoints)
                }
            }
            Given::Products { jvp: Some(jvp), .. } => {
                let slots = slot_of(&|slot, k| {
                    let slot = syn::Index::from(slot);
                    let tangents = (0..all.len()).map(|j| if j == k { &one } else { &zero });
                    quote!(if #asked.#slot { #jvp(#receiver #(#arguments,)* #(#tangents),*).1 } else { #zero })
                });
                quote!((#value, #slots))
            }
            Given::Products { jvp: None, vjp: None, .. } => quote!(),
        }
    }

    /// What the user's product gives for an active parameter, by its position among these.
    pub(super) fn given_adjoint(&self, adjoints: &TokenStream, position: usize) -> TokenStream {
        let k = syn::Index::from(position);
        match self.active().len() {
            1 => adjoints.clone(),
            _ if self.is_vector() => quote!(#adjoints[#k]),
            _ => quote!(#adjoints.#k),
        }
    }

    /// The value, the partials that the user's functions give, and the derivatives of these functions.
    fn given_entries(&self, partials: &[syn::Path], wanted: &[usize], order: usize) -> Entries {
        let active = self.active();
        let given = wanted.iter().filter_map(|k| active.iter().position(|own| own == k));
        let paths = given.filter_map(|k| partials.get(k));
        let function = custom::partials(self.item, self.signature, paths);
        let indices = (0..wanted.len()).map(|input| vec![input]).collect();
        let mut entries = Entries { function, indices, outputs: 1 };
        for _ in 1..order {
            entries.raise(wanted, 0, self.signature.scalar);
        }
        entries.function = custom::with_value(entries.function, self.function);
        entries.indices.insert(0, Vec::new());
        entries
    }

    /// The value and the derivatives of first and second order, of which the user's functions give products.
    fn given_second(&self, hvp: &syn::Path, all: &[usize], slots: &[Option<usize>], asked: &Ident) -> TokenStream {
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [value, slopes] = ["value", "slopes"].map(&mut fresh);
        let products: Vec<Ident> = all.iter().map(|_| fresh("product")).collect();
        let first = self.rule.map(|given| self.given_body(given, all, slots, asked));
        let active = self.active();
        let zeros = vec![self.number(0.0); all.len()];
        let entries = all.iter().filter_map(|k| active.iter().position(|own| own == k));
        let entries: Vec<TokenStream> = entries.map(|place| self.given_adjoint(&quote!(product), place)).collect();
        let input = |slot: usize| all.iter().position(|own| slots[slot] == Some(*own)).unwrap_or(0);
        let lets = (0..slots.len()).filter(|slot| slots[*slot].is_some()).map(|slot| {
            let along = active.iter().map(|k| match all.iter().position(|own| own == k) {
                Some(own) if own == input(slot) => self.number(1.0),
                Some(_) => self.number(0.0),
                None => self.zero_direction(*k),
            });
            let along: Vec<TokenStream> = along.collect();
            let product = self.given_call(hvp, &along);
            let (name, slot) = (&products[input(slot)], syn::Index::from(slot));
            quote! {
                let #name = if #asked.#slot {
                    let product = #product;
                    (#(#entries,)*)
                } else {
                    (#(#zeros,)*)
                };
            }
        });
        let lets: Vec<TokenStream> = lets.collect();
        let nested = self.nested_in(slots, 2, &mut |indices| match *indices {
            [] => quote!(#value),
            [slot] => {
                let slot = syn::Index::from(slot);
                quote!(#slopes.#slot)
            }
            [row, column, ..] => {
                let (product, k) = (&products[input(row)], syn::Index::from(input(column)));
                quote!(#product.#k)
            }
        });
        quote!(let (#value, #slopes) = { #first }; #(#lets)* #nested)
    }

    /// A direction of zeros in an array, as it is passed.
    fn zero_direction(&self, k: usize) -> TokenStream {
        let (parameter, runtime) = (&self.signature.parameters[k], &self.runtime);
        let Some(shape) = self.shape(parameter.ty) else { return self.number(0.0) };
        match shape.storage {
            _ if !shape.is_fixed() => {
                let (inner, primal) = (zero(shape, &shape.dims[1..]), &parameter.ident);
                quote!(&#runtime::private::vec![#inner; #primal.len()])
            }
            Storage::Owned => zero(shape, &shape.dims),
            Storage::Borrowed | Storage::BorrowedMut => {
                let zeros = zero(shape, &shape.dims);
                quote!(&#zeros)
            }
        }
    }

    /// For each slot, the position of the parameter if it is an active scalar.
    fn scalar_slots(&self) -> Vec<Option<usize>> {
        let receiver = self.constant_receiver().then_some(None);
        let parameters = self.signature.parameters.iter().enumerate();
        let scalars =
            parameters.map(|(k, parameter)| (parameter.active && parameter.ty.scalar().is_some()).then_some(k));
        receiver.into_iter().chain(scalars).collect()
    }

    /// The value and the partials in some parameters; zero in the others.
    fn partials_body(&self, wanted: &[usize], slots: &[Option<usize>], order: usize, names: &Names) -> TokenStream {
        let active: Vec<Value> = wanted.iter().map(|k| self.function.body.params[*k]).collect();
        if order == 2 && active.len() > 1 && !calls_with_arrays(self.function, &active).is_empty() {
            return self.partials_by_products(wanted, slots, names);
        }
        let entries = match self.rule {
            Some(Given::Partials(partials)) => self.given_entries(partials, wanted, order),
            Some(Given::Products { .. }) | None => self.entries(self.function, &active, 0, order),
        };
        let outputs = self.output_count();
        let zeros: Vec<TokenStream> = (0..outputs).map(|_| self.number(0.0)).collect();
        let Entries { function, indices: known, .. } = entries;
        let input = |slot: &usize| wanted.iter().position(|own| slots[*slot] == Some(*own));
        let wrap = |atoms: &[TokenStream]| {
            self.nested_in(slots, order, &mut |indices| {
                let inputs: Option<Vec<usize>> = indices.iter().map(input).collect();
                let place = inputs.and_then(|inputs| known.iter().position(|known| *known == inputs));
                self.output_value(place.map_or(&zeros, |place| &atoms[place * outputs..][..outputs]))
            })
        };
        self.body(self.finished(function), &[], names.clone(), &wrap)
    }

    /// The same of first and second order, row by row: through calls with arrays, it is products that are given. Of two that
    /// are equal by symmetry, one is used.
    fn partials_by_products(&self, wanted: &[usize], slots: &[Option<usize>], names: &Names) -> TokenStream {
        let (n, outputs) = (wanted.len(), self.output_count());
        let mut names = names.clone();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let floats = |fresh: &mut dyn FnMut(&str) -> Ident, wish: &str| (0..outputs).map(|_| fresh(wish)).collect();
        let values: Vec<Ident> = floats(&mut fresh, "value");
        let slopes: Vec<Vec<Ident>> = (0..n).map(|_| floats(&mut fresh, "slope")).collect();
        // By input, result and other input.
        let rows: Vec<Vec<Vec<Ident>>> =
            (0..n).map(|_| (0..outputs).map(|_| (0..n).map(|_| fresh("entry")).collect()).collect()).collect();
        let mut lets = TokenStream::new();
        for (input, output) in (0..n).flat_map(|input| (0..outputs).map(move |output| (input, output))) {
            let mut bound: Vec<&Ident> = Vec::new();
            if output == 0 {
                bound.extend(values.iter().filter(|_| input == 0).chain(&slopes[input]));
            }
            bound.extend(&rows[input][output][input..]);
            let mut function = self.row_of_second(wanted, input, output);
            let yields = std::mem::take(&mut function.body.yields);
            let first = if input == 0 { 0 } else { outputs };
            let known = if output == 0 { &yields[first..2 * outputs] } else { &[] };
            function.body.yields = known.iter().chain(&yields[2 * outputs + input..]).copied().collect();
            let body = self.body(self.finished(function), &[], names.clone(), &|atoms| quote!((#(#atoms,)*)));
            let copies = self.copies_of_moved();
            // What ends the body early does not end the rule.
            lets.extend(quote!(let (#(#bound,)*) = (|| { #copies #body })();));
        }
        let position = |slot: usize| wanted.iter().position(|own| slots[slot] == Some(*own)).unwrap_or(0);
        let form = |floats: Vec<&Ident>| {
            let floats: Vec<TokenStream> = floats.into_iter().map(|float| quote!(#float)).collect();
            self.output_value(&floats)
        };
        let nested = self.nested_in(slots, 2, &mut |indices| match *indices {
            [] => form(values.iter().collect()),
            [slot] => form(slopes[position(slot)].iter().collect()),
            [row, column, ..] => {
                let (row, column) = (position(row), position(column));
                let (row, column) = (row.min(column), row.max(column));
                form(rows[row].iter().map(|of_output| &of_output[column]).collect())
            }
        });
        quote!(#lets #nested)
    }

    /// The function that yields the results, their partials in one input, and the partials of that of one result.
    fn row_of_second(&self, wanted: &[usize], input: usize, output: usize) -> Function {
        let scalar = self.signature.scalar;
        let active: Vec<Value> = wanted.iter().map(|k| self.function.body.params[*k]).collect();
        let along = units(wanted.len()).swap_remove(input);
        let mut tangent = forward::jvp(self.function, &active, &[], &[along], scalar).function;
        cleanup(&mut tangent);
        let active: Vec<Value> = wanted.iter().map(|k| tangent.body.params[*k]).collect();
        let mut function = reverse::vjp_of(&tangent, &active, self.output_count() + output, false, scalar).function;
        reciprocals(&mut function);
        function
    }

    /// Copies of what the function would move: it runs more than once.
    fn copies_of_moved(&self) -> TokenStream {
        let parameters = self.signature.parameters.iter();
        let moved = parameters.filter(|parameter| {
            self.shape(parameter.ty).is_some_and(|shape| shape.storage == Storage::Owned && !shape.is_fixed())
        });
        moved.map(|Parameter { ident, .. }| quote!(let #ident = ::core::clone::Clone::clone(&#ident);)).collect()
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
