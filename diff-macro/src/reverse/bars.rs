//! Arrays of adjoints: where they are made, and where in them the adjoint of an element stands.

use std::collections::HashSet;

use crate::ir::{Atom, NewArray, Op, Part, Region, Stmt, Ty, Value, loaded_in};
use crate::primal::Mode;

use super::{Reverse, barred};

impl Reverse<'_> {
    /// From here on, the adjoints of an array are in another.
    pub(super) fn set_bar(&mut self, array: Value, bar: Value) {
        self.b.changing.insert(bar);
        self.b.values[bar.0 as usize].derived = true;
        self.bars.insert(array, bar);
    }

    /// The arrays of adjoints for the arrays that a region makes. They are made where its reverse sweep begins, unless
    /// a loop that is reversed at once has needed them before.
    pub(super) fn make_bars(&mut self, stmts: &[Stmt]) {
        for stmt in stmts.iter().filter(|stmt| matches!(stmt.op, Op::NewArray(_))) {
            self.make_bar(stmt.results[0]);
        }
    }

    /// The arrays of adjoints for arrays that are constants on entry, into which the function stores what varies.
    /// `given` are the parameters whose adjoints are given.
    pub(super) fn zero_bars(&mut self, given: &[Value]) {
        for param in &self.primal.source.body.params {
            let info = self.info(*param);
            if !info.ty.is_array() || !self.is_varied(*param) || given.contains(param) {
                continue;
            }
            let primal = self.array(*param);
            let bar = self.b.new_array(NewArray::Zeros(primal), info.ty.owned(), barred(&info));
            self.b.changing.insert(bar);
            self.bars.insert(*param, bar);
        }
    }

    fn make_bar(&mut self, array: Value) {
        let Some(lengths) = self.lengths.get(&array).cloned() else { return };
        if !self.is_varied(array) || self.bars.contains_key(&array) {
            return;
        }
        if self.growing.contains(&array) && lengths.is_empty() {
            // Nothing makes it longer from here on: its adjoint is needed in the forward sweep.
            self.measure_one(array);
        }
        let lengths = self.lengths.get(&array).cloned().unwrap_or_default();
        if self.is_struct(array) {
            self.make_struct_bar(array, &lengths);
            return;
        }
        let new = match self.alike.get(&array).filter(|_| !self.growing.contains(&array)) {
            Some(alike) => NewArray::Zeros(*alike),
            None => {
                let lengths = lengths.into_iter().map(|atom| self.read(atom)).collect();
                NewArray::Fill(Atom::Float(0.0), lengths)
            }
        };
        let info = self.info(array);
        let bar = self.b.new_array(new, info.ty.owned(), barred(&info));
        self.set_bar(array, bar);
    }

    /// The adjoints of a struct: zeros in place of the floats that it is made of, or in the shape of those of what it is a
    /// copy of.
    fn make_struct_bar(&mut self, array: Value, parts: &[Atom]) {
        let info = self.info(array);
        let new = match self.copies.get(&array).copied() {
            Some(of) => match self.bar_of_argument(of) {
                Some(bar) => NewArray::Zeros(bar),
                None => return,
            },
            None => {
                let zero = |pass: &mut Self, atom: &Atom| match pass.b.ty(*atom) {
                    Ty::Float(_) => Atom::Float(0.0),
                    Ty::Bool | Ty::Int | Ty::Array(_) | Ty::Tape | Ty::Unknown => pass.read(*atom),
                };
                NewArray::Elements(parts.iter().map(|atom| zero(self, atom)).collect())
            }
        };
        let bar = self.b.new_array(new, info.ty.owned(), barred(&info));
        self.set_bar(array, bar);
    }

    /// The arrays from outside a loop that it reads: their adjoints must exist before it is reversed at once.
    pub(super) fn make_bars_before(&mut self, body: &Region) {
        let read: HashSet<Value> = loaded_in(&body.stmts).into_iter().map(|array| self.root(array)).collect();
        let mut read: Vec<Value> = read.into_iter().filter(|array| self.lengths.contains_key(array)).collect();
        read.sort_unstable();
        read.into_iter().for_each(|array| self.make_bar(array));
    }

    /// Where the adjoint of an element stands: that of an element of a window stands in the array that it shows.
    pub(super) fn bar_element(&mut self, array: Value, index: &[Atom]) -> Option<(Value, Vec<Atom>)> {
        let index = index.iter().map(|atom| self.read(*atom)).collect();
        self.bar_element_at(array, index)
    }

    /// The same, for an index of the reverse sweep.
    pub(super) fn bar_element_at(&mut self, array: Value, index: Vec<Atom>) -> Option<(Value, Vec<Atom>)> {
        let (mut array, mut index) = (array, index);
        while let Some((base, part)) = self.windows.get(&array).copied() {
            match part {
                Part::Head(_) => {}
                Part::Range(start, _) | Part::Along(start, ..) | Part::Tail(start) => {
                    let start = self.read(start);
                    index[0] = self.b.int_add(start, index[0]);
                }
                Part::Row(row) => {
                    let row = self.read(row);
                    index.insert(0, row);
                }
            }
            array = base;
        }
        Some((*self.bars.get(&array)?, index))
    }
}
