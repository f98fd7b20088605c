//! All partial derivatives of several orders in scalars: each order is the tangents of the last. Of those that are equal
//! by symmetry, one is computed.

use super::units;
use crate::cleanup::cleanup;
use crate::companion::Plan;
use crate::forward;
use crate::ir::{Atom, Function, Scalar, Value};
use crate::partials::with;
use crate::reciprocals::reciprocals;

/// A function that yields partial derivatives.
pub(in crate::companion) struct Entries {
    pub(in crate::companion) function: Function,
    /// Those that it yields, each for all results of the function: of order zero, the results themselves.
    pub(in crate::companion) indices: Vec<Vec<usize>>,
    /// How many results the function has.
    pub(in crate::companion) outputs: usize,
}

impl Entries {
    /// The atoms of a derivative, one per result of the function.
    pub(in crate::companion) fn atoms(&self, indices: &mut [usize]) -> &[Atom] {
        indices.sort_unstable();
        let place = self.indices.iter().position(|known| known == indices);
        place.map_or(&[], |place| &self.function.body.yields[place * self.outputs..][..self.outputs])
    }

    /// The atom of a derivative of the only result.
    pub(super) fn atom(&self, indices: &mut [usize]) -> Atom {
        self.atoms(indices).first().copied().unwrap_or(Atom::Undefined)
    }

    /// Leaves out what is not wanted.
    fn keep(&mut self, wanted: impl Fn(&[usize]) -> bool) {
        let (indices, yields) = (std::mem::take(&mut self.indices), std::mem::take(&mut self.function.body.yields));
        for (indices, atoms) in indices.into_iter().zip(yields.chunks(self.outputs)) {
            if wanted(&indices) {
                self.indices.push(indices);
                self.function.body.yields.extend(atoms);
            }
        }
    }

    /// Adds the next order; leaves out those below `lowest`. `inputs` are the positions of the active parameters.
    ///
    /// ```text
    /// // Input:    fn(x, y) -> f, f_x, f_y
    /// // Output:   fn(x, y) -> f, f_x, f_y, f_xx, f_xy, f_yy
    /// ```
    pub(in crate::companion) fn raise(&mut self, inputs: &[usize], lowest: usize, default: Scalar) {
        let highest = self.indices.iter().map(Vec::len).max().unwrap_or(0);
        self.keep(|indices| indices.len() == highest || indices.len() >= lowest);
        cleanup(&mut self.function);
        let active: Vec<Value> = inputs.iter().map(|k| self.function.body.params[*k]).collect();
        let mut function = forward::jvp(&self.function, &active, &[], &units(active.len()), default).function;
        let (given, outputs) = (self.function.body.yields.len(), self.outputs);
        let mut yields = function.body.yields[..given].to_vec();
        let known = self.indices.clone();
        for (place, below) in known.iter().enumerate().filter(|(_, below)| below.len() == highest) {
            for input in 0..=below.first().copied().unwrap_or(active.len() - 1) {
                self.indices.push(with(below, input));
                yields.extend(&function.body.yields[(input + 1) * given + place * outputs..][..outputs]);
            }
        }
        function.body.yields = yields;
        self.function = function;
        self.keep(|indices| indices.len() > highest || indices.len() >= lowest);
    }
}

impl Plan<'_> {
    /// The partial derivatives of the orders from `lowest` up to `highest`, which is one at least, in some parameters.
    pub(in crate::companion) fn entries(
        &self,
        function: &Function,
        active: &[Value],
        lowest: usize,
        highest: usize,
    ) -> Entries {
        let scalar = self.signature.scalar;
        let outputs = function.body.yields.len();
        if let ([input], 2..) = (active, highest) {
            // Along one path, each order comes from all lower ones.
            let function = forward::derivatives(function, *input, highest, scalar);
            let indices = (0..=highest).map(|order| vec![0; order]).collect();
            let mut entries = Entries { function, indices, outputs };
            entries.keep(|indices| indices.len() >= lowest);
            reciprocals(&mut entries.function);
            return entries;
        }
        let is_own = |value: &Value| function.values[value.0 as usize].ty.scalar() == Some(scalar);
        let one_type = active.iter().all(is_own);
        let first = match outputs {
            1 if one_type => self.gradient_of(function, active),
            _ => forward::jvp(function, active, &[], &units(active.len()), scalar).function,
        };
        let indices = std::iter::once(Vec::new()).chain((0..active.len()).map(|input| vec![input])).collect();
        let mut entries = Entries { function: first, indices, outputs };
        let place = |value: &Value| function.body.params.iter().position(|param| param == value);
        let inputs: Vec<usize> = active.iter().filter_map(place).collect();
        for _ in 1..highest {
            entries.raise(&inputs, lowest, scalar);
        }
        entries.keep(|indices| indices.len() >= lowest);
        if highest > 1 {
            reciprocals(&mut entries.function);
        }
        entries
    }
}
