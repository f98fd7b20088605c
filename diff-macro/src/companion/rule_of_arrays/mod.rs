//! The hidden companions for callers that pass arrays: the pushforward, and the pullback in a closure.
//!
//! ```text
//! fn g(w: &[f64], x: f64, out: &mut [f64]) -> f64
//! fn __pushforward(w: &[f64], x: f64, out: &mut [f64],
//!     asked: (bool, bool, bool), tangents: (&[f64], Option<f64>, Out<[f64]>)) -> (f64, f64)
//! fn __pullback<'k>(w: impl Kept<[f64]> + 'k, x: f64, out: &mut [f64], asked: (bool, bool, bool))
//!     -> (f64, impl FnOnce(f64, (&mut [f64], Constant, Out<[f64]>)) -> (Constant, f64, Constant) + 'k)
//! ```
//!
//! The pullback outlives `'k` alone, so that what `out` refers to can change before it runs; what it needs of `w` is lent
//! for so long, or a copy of its own. It adds to the adjoints of `w`, and exchanges those of what `out` holds after the
//! call for those of what it held before.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Plan;
use crate::call;
use crate::ir::{Shape, Storage, Ty, Value};
use crate::names::{Names, generated, plain};
use crate::signature::Form;

mod pullback;
mod pushforward;

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
    /// The rules, if any parameter is an array or a struct.
    pub(super) fn rules_of_arrays(&self) -> Vec<TokenStream> {
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
        vec![self.pushforward_rule(&kinds), self.pullback_rule(&kinds)]
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
