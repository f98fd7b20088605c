//! The hidden companions for callers that pass arrays: the pushforward, and the pullback in a closure.
//!
//! ```text
//! fn g(w: &[f64], x: f64, out: &mut [f64]) -> f64
//! fn __pushforward(w: &[f64], x: f64, out: &mut [f64],
//!     asked: (bool, bool, bool), tangents: (&[f64], Option<f64>, Out<[f64]>)) -> (f64, f64)
//! fn __pullback<'k>(w: impl Kept<[f64]> + 'k, x: f64, out: &mut [f64], asked: (bool, bool, bool))
//!     -> (f64, impl FnOnce(f64, (&mut [f64], Constant, Out<[f64]>)) -> (Constant, f64, Constant) + 'k)
//! fn __pullback_of_order_2_..<'k>(w: impl Kept<[f64]> + 'k, x: f64, out: &mut [f64],
//!     w_dot: impl Kept<[f64]> + 'k, x_dot: f64, out_dot: &mut [f64], asked: (bool, bool, bool, bool, bool, bool))
//!     -> ((f64, f64), impl FnOnce((f64, f64), (.., ..)) -> (.., ..) + 'k)
//! ```
//!
//! The pullback outlives `'k` alone, so that what `out` refers to can change before it runs; what it needs of `w` is lent
//! for so long, or a copy of its own. It adds to the adjoints of `w`, and exchanges those of what `out` holds after the
//! call for those of what it held before.
//!
//! The last one is the same for the pushforward, whose inputs are the parameters and their tangents: reverse over forward
//! mode, for callers of second order. A parameter has a tangent if it is asked for.

use std::ops::RangeInclusive;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Plan;
use crate::call;
use crate::ir::{Shape, Storage, Ty, Value};
use crate::names::{Names, generated, plain};
use crate::signature::Form;

mod pullback;
mod pushforward;
mod second;

/// Up to so many parameters, there is code for each alone.
const MOST_ALONE: usize = 4;

/// What a parameter is to a caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Constant,
    Scalar(usize),
    /// An array that is read.
    Lent(usize),
    /// The same, of constants.
    Kept(usize),
    /// An array that is changed.
    Out(usize),
    /// An array that is moved.
    Moved(usize),
    /// A struct that is read, by reference or by value.
    Struct(usize),
    /// A struct that is changed.
    StructOut(usize),
}

impl Kind {
    fn position(self) -> Option<usize> {
        match self {
            Kind::Constant | Kind::Kept(_) => None,
            Kind::Scalar(k) | Kind::Lent(k) | Kind::Out(k) | Kind::Moved(k) => Some(k),
            Kind::Struct(k) | Kind::StructOut(k) => Some(k),
        }
    }

    /// The kind of its tangent; structs have none yet that are differentiated again.
    fn of_tangent(self) -> Self {
        match self {
            Kind::Constant | Kind::Kept(_) | Kind::Struct(_) | Kind::StructOut(_) => Kind::Constant,
            Kind::Scalar(k) => Kind::Scalar(k),
            Kind::Lent(k) | Kind::Moved(k) => Kind::Lent(k),
            Kind::Out(k) => Kind::Out(k),
        }
    }

    /// Whether what the parameter refers to is changed.
    fn is_out(self) -> bool {
        match self {
            Kind::Out(_) | Kind::StructOut(_) => true,
            Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) => false,
            Kind::Lent(_) | Kind::Moved(_) | Kind::Struct(_) => false,
        }
    }

    /// The position of a struct.
    fn of_struct(self) -> Option<usize> {
        match self {
            Kind::Struct(k) | Kind::StructOut(k) => Some(k),
            Kind::Constant | Kind::Kept(_) => None,
            Kind::Scalar(_) | Kind::Lent(_) | Kind::Out(_) | Kind::Moved(_) => None,
        }
    }
}

impl Plan<'_> {
    /// The rules of these orders, if any parameter is an array or a struct.
    pub(super) fn rules_of_arrays(&self, orders: &RangeInclusive<usize>) -> Vec<TokenStream> {
        let kinds = self.kinds();
        // Callers take floats, and not what they may be in.
        let output = &self.signature.output;
        let floats = matches!(output.form, Form::Scalar | Form::Tuple | Form::Array | Form::Unit);
        let of_rule = self.rule.is_some() && kinds.iter().any(|kind| kind.of_struct().is_some());
        if !floats
            || of_rule
            || output.wrapper.is_some()
            || kinds.iter().all(|kind| matches!(kind, Kind::Constant | Kind::Kept(_) | Kind::Scalar(_)))
        {
            return Vec::new();
        }
        let mut rules = Vec::new();
        if orders.contains(&1) {
            rules.extend([self.pushforward_rule(&kinds, 1), self.pullback_rule(&kinds)]);
        }
        let has_structs = kinds.iter().any(|kind| kind.of_struct().is_some());
        if has_structs {
            return rules;
        }
        if orders.contains(&2) {
            rules.push(self.second_pullback_rule(&kinds));
        }
        rules.extend(orders.clone().filter(|order| *order > 1).map(|order| self.pushforward_rule(&kinds, order)));
        rules
    }

    /// The kinds of the parameters, that of the receiver first.
    fn kinds(&self) -> Vec<Kind> {
        let receiver = self.constant_receiver().then_some(Kind::Constant);
        let parameters = self.signature.parameters.iter().enumerate().map(|(k, parameter)| {
            if let (Some(aggregate), true) = (&parameter.aggregate, parameter.active) {
                return match aggregate.storage {
                    Storage::BorrowedMut => Kind::StructOut(k),
                    Storage::Borrowed | Storage::Owned => Kind::Struct(k),
                };
            }
            match self.shape(parameter.ty).map(|shape| shape.storage) {
                Some(Storage::Borrowed) if !parameter.active => Kind::Kept(k),
                _ if !parameter.active => Kind::Constant,
                None => Kind::Scalar(k),
                Some(Storage::Borrowed) => Kind::Lent(k),
                Some(Storage::BorrowedMut) => Kind::Out(k),
                Some(Storage::Owned) => Kind::Moved(k),
            }
        });
        receiver.into_iter().chain(parameters).collect()
    }

    /// Whether there is a receiver that is a constant: one that varies is the first of the parameters.
    pub(in crate::companion) fn constant_receiver(&self) -> bool {
        self.item.sig.receiver().is_some()
            && self.signature.parameters.first().is_none_or(|first| first.ident != "self")
    }

    /// The position of an array or a struct that the pullback may read: lent by the caller, or a copy.
    fn kept(&self, kind: Kind) -> Option<usize> {
        match kind {
            Kind::Lent(k) | Kind::Kept(k) => Some(k),
            Kind::Struct(k) => {
                let by_reference = self.storage_of_struct(k) == Storage::Borrowed;
                (by_reference && self.signature.parameters[k].ident != "self").then_some(k)
            }
            Kind::Constant | Kind::Scalar(_) | Kind::Out(_) | Kind::Moved(_) | Kind::StructOut(_) => None,
        }
    }

    fn storage_of_struct(&self, k: usize) -> Storage {
        self.signature.parameters[k].aggregate.as_ref().map_or(Storage::Owned, |aggregate| aggregate.storage)
    }

    /// The type of a struct, without references to it.
    fn struct_type(&self, k: usize) -> TokenStream {
        let ty = self.signature.parameters[k].aggregate.as_ref().map(|aggregate| &aggregate.ty);
        quote!(#ty)
    }

    /// Whether the slots are those of parameters and their tangents.
    fn have_tangents(&self, kinds: &[Kind]) -> bool {
        kinds.len() > self.signature.parameters.len() + usize::from(self.constant_receiver())
    }

    /// What is given of the function, with tangents where there are any.
    fn output_of(&self, kinds: &[Kind]) -> TokenStream {
        match self.output() {
            None => quote!(()),
            Some(output) if self.have_tangents(kinds) => quote!((#output, #output)),
            Some(output) => output,
        }
    }

    /// How many floats these are.
    fn floats_of(&self, kinds: &[Kind]) -> usize {
        if self.have_tangents(kinds) { 2 * self.output_count() } else { self.output_count() }
    }

    /// The floats in their form.
    fn value_of_floats(&self, kinds: &[Kind], floats: &[TokenStream]) -> TokenStream {
        let n = self.output_count();
        match n {
            0 => quote!(()),
            _ if self.have_tangents(kinds) => {
                let (value, tangent) = (self.output_value(&floats[..n]), self.output_value(&floats[n..2 * n]));
                quote!((#value, #tangent))
            }
            _ => self.output_value(&floats[..n]),
        }
    }

    /// What is differentiated in, for the parameters in some slots: first those that are no structs, then leaves. The
    /// positions of the leaves.
    fn actives(&self, kinds: &[Kind], slots: &[usize]) -> (Vec<Value>, Vec<usize>) {
        let plain = slots.iter().filter(|slot| kinds[**slot].of_struct().is_none());
        let mut active: Vec<Value> =
            plain.filter_map(|slot| kinds[*slot].position()).map(|k| self.value_of(k)).collect();
        let structs: Vec<usize> = slots.iter().filter_map(|slot| kinds[*slot].of_struct()).collect();
        let is_wanted = |leaf: &usize| structs.contains(&self.lowered.leaves[*leaf].param);
        let is_float = |leaf: &usize| self.leaf_ty(&self.lowered.leaves[*leaf]) != Ty::Unknown;
        let leaves: Vec<usize> = (0..self.lowered.leaves.len()).filter(is_wanted).filter(is_float).collect();
        active.extend(leaves.iter().map(|leaf| self.lowered.leaves[*leaf].value));
        (active, leaves)
    }

    fn value_of(&self, k: usize) -> Value {
        self.function.body.params[k]
    }

    fn shape_at(&self, k: usize) -> Option<&Shape> {
        self.shape(self.signature.parameters[k].ty)
    }

    /// The type of the arrays of tangents or adjoints: a slice.
    fn slice_at(&self, k: usize) -> TokenStream {
        self.slice_type(self.signature.parameters[k].ty)
    }

    /// A tuple with a part for each slot.
    fn per_slot(&self, kinds: &[Kind], part: &dyn Fn(usize, Kind) -> TokenStream) -> TokenStream {
        let parts = kinds.iter().enumerate().map(|(slot, kind)| part(slot, *kind));
        quote!((#(#parts,)*))
    }

    /// The choices of parameters that have code of their own beside that for all of them: none, where the function changes
    /// what it is given, and each alone, where they are few.
    fn choices(kinds: &[Kind], wanted: &[usize]) -> Vec<Vec<usize>> {
        let mut choices = Vec::new();
        if kinds.iter().any(|kind| kind.is_out()) && !wanted.is_empty() {
            choices.push(Vec::new());
        }
        if (2..=MOST_ALONE).contains(&wanted.len()) {
            choices.extend(wanted.iter().map(|slot| vec![*slot]));
        }
        choices
    }

    /// The requests with which a caller asks for this choice.
    fn choice_pattern(&self, kinds: &[Kind], wanted: &[usize], choice: &[usize]) -> TokenStream {
        self.per_slot(kinds, &|slot, _| match (wanted.contains(&slot), choice.contains(&slot)) {
            (true, true) => quote!(true),
            (true, false) => quote!(false),
            (false, _) => quote!(_),
        })
    }

    /// Variables for the requests of arrays that are lent, slot by slot.
    fn flags(&self, kinds: &[Kind], names: &mut Names) -> Vec<Option<Ident>> {
        let flag = |kind: &Kind| match kind {
            Kind::Lent(k) => Some(self.named(*k, "asked", names)),
            Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Out(_) | Kind::Moved(_) => None,
            Kind::Struct(_) | Kind::StructOut(_) => None,
        };
        kinds.iter().map(flag).collect()
    }

    /// The pattern that binds these.
    fn flag_pattern(&self, kinds: &[Kind], flags: &[Option<Ident>]) -> TokenStream {
        self.per_slot(kinds, &|slot, _| flags[slot].as_ref().map_or(quote!(_), |flag| quote!(#flag)))
    }

    fn request_types(&self, kinds: &[Kind]) -> TokenStream {
        let runtime = &self.runtime;
        self.per_slot(kinds, &|_, kind| match kind {
            Kind::Constant | Kind::Kept(_) => quote!(#runtime::private::Constant),
            Kind::Scalar(_) | Kind::Lent(_) | Kind::Out(_) | Kind::Moved(_) | Kind::Struct(_) | Kind::StructOut(_) => {
                quote!(::core::primitive::bool)
            }
        })
    }

    fn named(&self, k: usize, suffix: &str, names: &mut Names) -> Ident {
        let ident = &self.signature.parameters[k].ident;
        generated(&names.fresh(&format!("{}_{suffix}", plain(ident)), false), ident.span())
    }

    fn rule_name(&self, rule: &str) -> Ident {
        let name = &self.item.sig.ident;
        match self.signature.is_method {
            true => call::suffixed(name, rule),
            false => Ident::new(rule, name.span()),
        }
    }
}
