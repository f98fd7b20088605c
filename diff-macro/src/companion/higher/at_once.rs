//! Hessians in arrays, along all inputs at once: the product with a direction is linear in the direction, so that
//! `batch` carries all unit vectors through it, and the function runs once.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::Beside;
use crate::batch::{Frame, Linear, Role, Way, batch};
use crate::companion::jacobian::{Numbers, push_buffer};
use crate::companion::modes::{SEEDED_INTO, dump, with_allocations};
use crate::companion::{Companion, Plan};
use crate::ir::{Function, Value};
use crate::names::{Names, generated};
use crate::reverse::Options;

/// A function that fills a Hessian.
struct Filling {
    function: Function,
    /// Its parameters beyond those of the function and the buffers for the gradient: the buffer, and numbers of inputs.
    extra: Vec<Ident>,
    /// Binds these numbers.
    lets: TokenStream,
    inputs: TokenStream,
}

impl Plan<'_> {
    /// The function that fills a Hessian which holds zeros. None if something is not linear in the direction: a tape that
    /// holds tangents.
    fn hessian_filling(&self, beside: Beside, hessian: &Ident, names: &mut Names) -> Option<Filling> {
        if self.has_aggregates() {
            return None;
        }
        let (scalar, own, active) = (self.signature.scalar, self.function.body.params.len(), self.active());
        let arrays = active.iter().filter(|k| self.signature.parameters[**k].ty.is_array()).count();
        // Where the direction and the arrays for the product stand among the parameters.
        let (mut function, along, products) = match beside {
            Beside::Nothing => (self.product(true).0, own, own + active.len()),
            Beside::ValueAndGradient => {
                let gradient = self.pullback(Options { seeded: false, ..SEEDED_INTO }).function;
                (self.gradient_and_tangent(gradient).0, own + arrays, own + arrays + active.len())
            }
        };
        let mut numbers = Numbers::default();
        let starts = self.starts(&active, "inputs", &mut numbers, names, &mut function);
        let params = function.body.params.clone();
        let (mut roles, mut entries, mut bars) = (Vec::new(), Vec::new(), params[products..].iter());
        if beside == Beside::ValueAndGradient {
            entries.extend(vec![None; 1 + active.len()]);
        }
        for (at, k) in active.iter().enumerate() {
            let (start, primal) = (starts[at].0, Some(params[*k]));
            roles.push(Linear { value: params[along + at], role: Role::Unit(start), primal });
            if self.signature.parameters[*k].ty.is_array() {
                roles.push(Linear { value: *bars.next()?, role: Role::Entry(start), primal });
            }
            entries.push(Some(start));
        }
        let (total, inputs) = starts[active.len()].clone();
        let buffer: Value = push_buffer(&mut function, scalar);
        function.body.params.push(buffer);
        function.body.params.extend(numbers.params.iter().map(|(_, value)| *value));
        let frame = Frame { way: Way::Columns, jacobian: buffer, columns: total, units: total, symmetric: true };
        let function = batch(function, frame, &roles, &entries, scalar)?;
        dump(&self.name(), "along all inputs at once", &function);
        let extra = std::iter::once(hessian.clone()).chain(numbers.params.into_iter().map(|(ident, _)| ident));
        Some(Filling { function, extra: extra.collect(), lets: numbers.lets, inputs })
    }

    /// The Hessian in all active parameters side by side, row-major. None where it has to be made row by row.
    pub(super) fn hessian_at_once(&self, beside: Beside) -> Option<Companion> {
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [hessian, width, row, column, value] = ["hessian", "n", "row", "column", "value"].map(&mut fresh);
        let Filling { function, mut extra, lets, inputs } = self.hessian_filling(beside, &hessian, &mut names)?;
        let buffers = (beside == Beside::ValueAndGradient).then(|| self.buffers(&mut names));
        extra.splice(0..0, buffers.iter().flat_map(|buffers| buffers.arrays.clone()));
        let mut docs = self.docs_of_into();
        docs.splice(2..2, [String::new(), "Along all inputs at once: the function runs once.".to_owned()]);
        let function = self.finished(function);
        let docs = with_allocations(docs, &function);
        // Above and below the diagonal the order of operations differs: the bits of one triangle are those of both.
        let mirrored = quote! {
            for #row in 1..#width {
                for #column in 0..#row {
                    #hessian[#row * #width + #column] = #hessian[#column * #width + #row];
                }
            }
        };
        let wrap = |atoms: &[TokenStream]| match (&buffers, atoms.split_first()) {
            (Some(buffers), Some((primal, gradient))) => {
                let writes = self.write_scalars(buffers, gradient);
                quote!({ #writes let #value = #primal; #mirrored #value })
            }
            _ => quote!({ #mirrored }),
        };
        let inner = self.body(function, &extra, names, &wrap);
        let prologue = buffers.iter().map(|buffers| &buffers.prologue);
        let zero = self.number(0.0);
        let body = quote! {
            #lets
            let #width = #inputs;
            ::core::assert_eq!(#hessian.len(), #width * #width, "the buffer for the Hessian must hold `inputs x inputs`");
            #(#prologue)*
            #hessian.fill(#zero);
            #inner
        };
        Some(self.hessian_companion(
            beside,
            buffers.into_iter().flat_map(|buffers| buffers.params),
            hessian,
            docs,
            body,
        ))
    }
}
