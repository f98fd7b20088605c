//! The pushforward for callers: the value with its tangent, from the tangents of the arguments.

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::super::modes::{assigned, zero};
use super::super::{Companion, Plan, allowed_lints};
use super::Kind;
use crate::attr::Given;
use crate::call;
use crate::emit::Places;
use crate::forward::{self, Seed};
use crate::ir::{Atom, Dim, Storage, Value};
use crate::names::{Names, generated};
use crate::reciprocals::reciprocals;
use crate::signature::Form;

impl Plan<'_> {
    /// The tangents of what the function gives, or its derivatives up to an order along a path.
    pub(super) fn pushforward_rule(&self, kinds: &[Kind], order: usize) -> TokenStream {
        let mut names = self.names();
        let [asked, tangents] =
            ["asked", "tangents"].map(|name| generated(&names.fresh(name, false), Span::call_site()));
        let of_order = |_| kinds.iter().map(|kind| Some(self.named(kind.position()?, "dot", &mut names))).collect();
        let dots: Vec<Vec<Option<Ident>>> = (0..order).map(of_order).collect();
        let is_wanted = |kind: Kind| matches!(kind, Kind::Scalar(_) | Kind::Lent(_) | Kind::Moved(_) | Kind::Struct(_));
        let wanted: Vec<usize> = (0..kinds.len()).filter(|slot| is_wanted(kinds[*slot])).collect();
        let body =
            |slots: &[usize], all: bool| self.pushforward_body(kinds, slots, &dots, all.then_some(&asked), &names);
        let arm = |choice: Vec<usize>| {
            let (pattern, body) = (self.choice_pattern(kinds, &wanted, &choice), body(&choice, false));
            quote!(#pattern => { #body })
        };
        let choice = match (self.rule, Self::choices(kinds, &wanted)) {
            (Some(given), _) => self.given_pushforward(given, kinds, &wanted, &dots, &asked),
            (None, choices) => {
                let (arms, rest) =
                    (choices.into_iter().map(arm).collect::<Vec<TokenStream>>(), body(&wanted, wanted.len() > 1));
                if arms.is_empty() { rest } else { quote!(match #asked { #(#arms)* _ => { #rest } }) }
            }
        };
        let (pattern, types) = self.tangent_slots(kinds, &dots);
        let outputs = vec![self.output(); 1 + order];
        let output = self.output().map(|_| quote!((#(#outputs),*)));
        let name = call::pushforward(order);
        let companion = Companion {
            name: name.clone(),
            docs: Vec::new(),
            extra: vec![(asked.clone(), self.request_types(kinds)), (tangents.clone(), types)],
            output,
            body: quote!(let #pattern = #tangents; #choice),
        };
        self.method(&self.rule_name(&name), &companion, &allowed_lints())
    }

    /// A pattern and a type for the tangents; for a tuple of these, if they are of several orders.
    fn tangent_slots(&self, kinds: &[Kind], dots: &[Vec<Option<Ident>>]) -> (TokenStream, TokenStream) {
        let runtime = &self.runtime;
        let patterns = dots.iter().map(|dots| {
            self.per_slot(kinds, &|slot, kind| match (&dots[slot], kind) {
                (Some(dot), Kind::Out(_) | Kind::StructOut(_)) => quote!(#runtime::private::Out(#dot)),
                (Some(dot), _) => quote!(#dot),
                (None, _) => quote!(_),
            })
        });
        let types = self.per_slot(kinds, &|_, kind| match kind {
            Kind::Constant | Kind::Kept(_) => quote!(#runtime::private::Constant),
            // A caller cannot name a zero of each type that a function may be generic in.
            Kind::Scalar(k) => {
                let ty = self.owned_type(self.signature.parameters[k].ty);
                quote!(::core::option::Option<#ty>)
            }
            Kind::Lent(k) | Kind::Moved(k) => {
                let slice = self.slice_at(k);
                quote!(&#slice)
            }
            Kind::Out(k) => {
                let slice = self.slice_at(k);
                quote!(#runtime::private::Out<'_, #slice>)
            }
            Kind::Struct(k) => {
                let ty = self.struct_type(k);
                quote!(::core::option::Option<&#ty>)
            }
            Kind::StructOut(k) => {
                let ty = self.struct_type(k);
                quote!(#runtime::private::Out<'_, #ty>)
            }
        });
        let types = vec![types; dots.len()];
        match dots.len() {
            1 => (quote!(#(#patterns)*), quote!(#(#types)*)),
            _ => (quote!((#(#patterns),*)), quote!((#(#types),*))),
        }
    }

    /// Forward mode along some parameters. Where the caller may not ask for all of them, those that it does not ask for
    /// have tangents of zeros.
    fn pushforward_body(
        &self,
        kinds: &[Kind],
        wanted: &[usize],
        dots: &[Vec<Option<Ident>>],
        asked: Option<&Ident>,
        names: &Names,
    ) -> TokenStream {
        let slots: Vec<usize> =
            (0..kinds.len()).filter(|slot| wanted.contains(slot) || kinds[*slot].is_out()).collect();
        let (active, leaves) = self.actives(kinds, &slots);
        let outs = self.out_params(kinds);
        let scalar = self.signature.scalar;
        let mut function = match dots.len() {
            1 => forward::jvp(self.function, &active, &outs, &[vec![Seed::Param; active.len()]], scalar).function,
            order => {
                let mut function = forward::along_path(self.function, &active, &outs, order, scalar);
                reciprocals(&mut function);
                function
            }
        };
        let plain = || slots.iter().filter(|slot| kinds[**slot].of_struct().is_none());
        let mut idents: Vec<Ident> =
            dots.iter().flat_map(|dots| plain().filter_map(|slot| dots[*slot].clone())).collect();
        // Derivatives of higher order are not taken through structs.
        let first = &dots[0];
        let of_structs: HashMap<usize, Ident> =
            slots.iter().filter_map(|slot| Some((kinds[*slot].of_struct()?, first[*slot].clone()?))).collect();
        let (mut names, mut places, mut taken) = (names.clone(), Places::new(), TokenStream::new());
        for leaf in leaves.iter().map(|leaf| &self.lowered.leaves[*leaf]) {
            let Some(dot) = of_structs.get(&leaf.param) else { continue };
            if self.is_taken_out(leaf) {
                let (ident, tokens) = self.taken_out(&Self::part(dot, leaf), &mut names, false);
                idents.push(ident);
                taken.extend(tokens);
                continue;
            }
            idents.push(self.stand_in(Self::place(dot, leaf, true), &mut names, &mut places));
        }
        let prologue: TokenStream = dots.iter().map(|dots| self.lent_tangents(kinds, &slots, dots, asked)).collect();
        let (n, outs) = (self.output_count(), self.lowered.outs.len());
        // The function itself writes its results into its parameters.
        function.body.yields[n..n + outs].fill(Atom::Bool(true));
        let wrap = |atoms: &[TokenStream]| {
            let (values, tangents) = atoms.split_at(n + outs);
            let written = assigned(&self.out_parts(&of_structs), &tangents[n..]);
            let (before, value) = match self.signature.output.form {
                Form::Unit => return written,
                Form::Aggregate => {
                    let (before, value, tangent) = self.made_with_tangent(&values[..n], &tangents[..n], &of_structs);
                    (before, quote!((#value, #tangent)))
                }
                Form::Scalar | Form::Tuple | Form::Array | Form::Whole => {
                    let of_orders = tangents.chunks(n + outs).map(|tangents| self.output_value(&tangents[..n]));
                    let value = self.output_value(&values[..n]);
                    (TokenStream::new(), quote!((#value, #(#of_orders),*)))
                }
            };
            match (before.is_empty(), written.is_empty()) {
                (true, true) => value,
                (false, true) => quote!({ #before #value }),
                (_, false) => {
                    let given = self.result_name("given", "");
                    quote!({ #before let #given = #value; #written #given })
                }
            }
        };
        let body = self.body_with(self.finished(function), &idents, places, names, &wrap);
        quote!(#prologue #taken #body)
    }

    /// The tangents of the arrays and structs that are read.
    fn lent_tangents(
        &self,
        kinds: &[Kind],
        slots: &[usize],
        dots: &[Option<Ident>],
        asked: Option<&Ident>,
    ) -> TokenStream {
        let lets = slots.iter().filter_map(|slot| match kinds[*slot] {
            Kind::Lent(k) | Kind::Moved(k) => Some(self.lent_tangent(k, *slot, dots[*slot].as_ref()?, asked)),
            Kind::Struct(k) => Some(self.tangent_of_struct(k, dots[*slot].as_ref()?)),
            Kind::Scalar(_) => Some(self.scalar_tangent(dots[*slot].as_ref()?)),
            Kind::Constant | Kind::Kept(_) | Kind::Out(_) | Kind::StructOut(_) => None,
        });
        lets.collect()
    }

    pub(super) fn out_params(&self, kinds: &[Kind]) -> Vec<Value> {
        let outs: Vec<usize> = (0..kinds.len()).filter(|slot| kinds[*slot].is_out()).collect();
        let (values, _) = self.actives(kinds, &outs);
        values.into_iter().filter(|value| self.function.values[value.0 as usize].ty.is_array()).collect()
    }

    /// The tangent of a struct, zero if it is not asked for.
    fn tangent_of_struct(&self, k: usize, dot: &Ident) -> TokenStream {
        let zero = self.zero_of(&self.signature.parameters[k]);
        let ty = self.struct_type(k);
        quote! {
            let zero;
            let #dot: &#ty = match #dot {
                ::core::option::Option::Some(given) => given,
                ::core::option::Option::None => { zero = #zero; &zero }
            };
        }
    }

    /// The tangent of a scalar, zero if it is not asked for.
    fn scalar_tangent(&self, dot: &Ident) -> TokenStream {
        let zero = self.number(0.0);
        quote!(let #dot = #dot.unwrap_or(#zero);)
    }

    /// The tangents of an array, zeros if they are not asked for.
    fn lent_tangent(&self, k: usize, slot: usize, dot: &Ident, asked: Option<&Ident>) -> TokenStream {
        let runtime = &self.runtime;
        let primal = &self.signature.parameters[k].ident;
        let Some(shape) = self.shape_at(k) else { return quote!() };
        let inner = zero(shape, &shape.dims[1..]);
        let slot = syn::Index::from(slot);
        let fixed = matches!(shape.dims.first(), Some(Dim::Fixed(_)));
        let given = if fixed { quote!(::core::convert::TryFrom::try_from(#dot).unwrap()) } else { quote!(#dot) };
        let owned = self.owned_type(self.signature.parameters[k].ty);
        // The tangent of an array that is moved is moved, if its type shows how long it is.
        let moved = (shape.storage == Storage::Owned).then(|| quote!(let #dot: #owned = *#dot;));
        match (asked, fixed) {
            (None, false) => quote!(),
            (None, true) => quote!(let #dot: &#owned = #given; #moved),
            (Some(asked), true) => {
                let all = zero(shape, &shape.dims);
                quote! {
                    let zeros = #all;
                    let #dot: &#owned = if #asked.#slot { #given } else { &zeros };
                    #moved
                }
            }
            (Some(asked), false) => quote! {
                let zeros = #runtime::private::vec![#inner; if #asked.#slot { 0 } else { #primal.len() }];
                let #dot = if #asked.#slot { #dot } else { &zeros[..] };
            },
        }
    }

    /// The pushforward by the user's product.
    fn given_pushforward(
        &self,
        given: &Given,
        kinds: &[Kind],
        wanted: &[usize],
        dots: &[Vec<Option<Ident>>],
        asked: &Ident,
    ) -> TokenStream {
        let Given::Products { jvp: Some(jvp), .. } = given else { return quote!(loop {}) };
        let tangents: TokenStream =
            dots.iter().map(|dots| self.lent_tangents(kinds, wanted, dots, Some(asked))).collect();
        if dots.len() > 1 {
            let product = self.given_second_along_path(given, kinds, wanted, dots);
            return quote!(#tangents #product);
        }
        let idents: Vec<Ident> = wanted.iter().filter_map(|slot| dots[0][*slot].clone()).collect();
        let product = self.given_product(jvp, &idents);
        quote!(#tangents #product)
    }
}
