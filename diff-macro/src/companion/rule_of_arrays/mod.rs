//! The hidden companions for callers that pass arrays: the pushforward, and the pullback in a closure.
//!
//! ```text
//! fn g(w: &[f64], x: f64, out: &mut [f64]) -> f64
//! fn __pushforward(w: &[f64], x: f64, out: &mut [f64],
//!     asked: (bool, bool, bool), tangents: (&[f64], f64, Out<[f64]>)) -> (f64, f64)
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
use crate::ir::{Shape, Storage, Value};
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
}

impl Kind {
    fn position(self) -> Option<usize> {
        match self {
            Kind::Constant | Kind::Kept(_) => None,
            Kind::Scalar(k) | Kind::Lent(k) | Kind::Out(k) | Kind::Moved(k) => Some(k),
        }
    }

    /// The position of an array that the pullback may read.
    fn kept(self) -> Option<usize> {
        match self {
            Kind::Lent(k) | Kind::Kept(k) => Some(k),
            Kind::Constant | Kind::Scalar(_) | Kind::Out(_) | Kind::Moved(_) => None,
        }
    }
}

impl Plan<'_> {
    /// The rules, if any parameter is an array that a caller may pass by reference.
    pub(super) fn rules_of_arrays(&self) -> Vec<TokenStream> {
        let kinds = self.kinds();
        // Callers take floats, and not what they may be in.
        let output = &self.signature.output;
        let floats = matches!(output.form, Form::Scalar | Form::Tuple | Form::Array | Form::Unit);
        if !floats
            || output.wrapper.is_some()
            || !kinds.iter().any(|kind| matches!(kind, Kind::Lent(_) | Kind::Out(_) | Kind::Moved(_)))
        {
            return Vec::new();
        }
        vec![self.pushforward_rule(&kinds), self.pullback_rule(&kinds)]
    }

    /// The kinds of the parameters, that of the receiver first.
    fn kinds(&self) -> Vec<Kind> {
        let receiver = self.item.sig.receiver().map(|_| Kind::Constant);
        let parameters = self.signature.parameters.iter().enumerate().map(|(k, parameter)| {
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
            Kind::Scalar(_) | Kind::Lent(_) | Kind::Out(_) | Kind::Moved(_) => quote!(::core::primitive::bool),
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
