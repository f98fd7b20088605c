//! Patterns of sparsity: which derivatives may be other than zero.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Beside, Scalars, units};
use crate::companion::modes::dump;
use crate::companion::{Companion, Plan};
use crate::forward::{self, Seed};
use crate::ir::{Atom, Function};
use crate::take_apart::take_apart;

impl Plan<'_> {
    /// The values and the tangents in all directions: with arrays taken apart where all indices are known, so that what
    /// is always zero is not computed.
    pub(in crate::companion) fn jacobian_function(&self, directions: &[Vec<Seed>]) -> Function {
        let apart = self.has_arrays().then(|| take_apart(self.function, &self.active_values(), self.signature.scalar));
        let Some(apart) = apart.flatten() else { return self.pushforward(directions).function };
        let seeds = units(apart.active.len());
        let mut function = forward::jvp(&apart.function, &apart.active, &[], &seeds, self.signature.scalar).function;
        apart.load_elements(&mut function);
        dump(&self.name(), "after forward mode of its elements", &function);
        function
    }

    /// Which entries of the Jacobian may be other than zero.
    pub(super) fn jacobian_pattern(&self, directions: &[Vec<Seed>]) -> Companion {
        let (n, width) = (self.output_count(), directions.len());
        let function = self.jacobian_function(directions);
        let tangents = &function.body.yields[n..];
        let entries: Vec<Atom> =
            (0..n).flat_map(|row| (0..width).map(move |column| tangents[column * n + row])).collect();
        let f = self.name();
        let docs = vec![
            format!(
                "Which partial derivatives of the results of [`{f}`](fn@{f}) may be other than zero: the others are"
            ),
            "zero for all arguments.".to_owned(),
        ];
        let (output, body) = pattern(&entries, width);
        Companion { name: "jacobian_pattern".to_owned(), docs, extra: Vec::new(), output: Some(output), body }
    }

    /// Which entries of the Hessian may be other than zero.
    pub(super) fn hessian_pattern(&self, scalars: &Scalars) -> Companion {
        let n = scalars.parts().1.len();
        let function = self.scalar_hessian(scalars, Beside::Nothing);
        let f = self.name();
        let docs = vec![
            format!(
                "Which second partial derivatives of [`{f}`](fn@{f}) may be other than zero: the others are zero for"
            ),
            "all arguments, and are not computed.".to_owned(),
        ];
        let (output, body) = pattern(&function.body.yields, n);
        Companion { name: "hessian_pattern".to_owned(), docs, extra: Vec::new(), output: Some(output), body }
    }
}

/// The type and the value of a pattern: which entries, in rows of `width`, are not the literal zero.
fn pattern(entries: &[Atom], width: usize) -> (TokenStream, TokenStream) {
    let rows = entries.chunks(width).map(|row| {
        let row = row.iter().map(|atom| !atom.is_float(0.0));
        quote!([#(#row),*])
    });
    let height = entries.len() / width.max(1);
    (quote!([[::core::primitive::bool; #width]; #height]), quote!([#(#rows),*]))
}
