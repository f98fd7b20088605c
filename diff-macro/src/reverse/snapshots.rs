//! Snapshots: a loop with a tape that overwrites whole arrays in each iteration keeps a copy of what an iteration leaves in
//! them, row by row in one buffer, in place of a record for each element that the reverse sweep reads. The copy is no
//! longer than what the iteration has written.
//!
//! ```text
//! // Input:    for k in 0..n { for i in 0..d { c[i] = f(k, i) }; for i in 0..d { s[k] += c[i] * c[i] } }
//! // Forward:  for k in 0..n { ..; kept[k * d..][..d] = c }
//! // Reverse:  for k in (0..n).rev() { c = &kept[k * d..][..d]; .. }
//! ```

use crate::analyses::Analysis;
use crate::ir::{Atom, Code, Dim, Header, Hint, Loop, NewArray, Op, Part, Range, Region, Stmt, Storage, Ty, Value};
use crate::primal::Mode;

use super::{Kind, Reverse};

/// The most records of a tape on the stack, where the function has no such array itself.
const ON_STACK: i64 = 1024;

/// Where an element that does not change any more in its iteration is in the reverse sweep.
pub(super) enum Source {
    /// In the array, which has not changed since.
    Itself,
    /// In the copy that the iteration has kept.
    Copy(Value),
    /// Overwritten by a later iteration.
    Gone,
}

/// A buffer that is made before the loops, for as many rows as a loop has iterations.
pub(super) struct Pending {
    buffer: Value,
    rows: Atom,
    length: Atom,
}

/// An array of which each iteration leaves a copy.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// In the forward sweep.
    array: Value,
    buffer: Value,
    length: Atom,
}

impl Reverse<'_> {
    /// The arrays of the source of which a loop with a tape can keep copies: local ones of one dimension, which it makes or
    /// overwrites in each iteration, and whose length stands before all loops; with that length.
    pub(super) fn candidates(&self, l: &Loop) -> Vec<(Value, Atom)> {
        // What a callee does with an array is not known.
        let calls = l.body.calls().any(|call| self.takes_arrays(call));
        if !Analysis::Snapshots.is_on() || !self.counts_rows(l) || calls {
            return Vec::new();
        }
        let iteration = self.arrays.iteration(l);
        let is_made_here = |array: Value| l.body.stmts.iter().any(|stmt| stmt.results.contains(&array));
        let mut roots: Vec<Value> = self
            .written_roots(&l.body.stmts)
            .into_iter()
            .filter(|root| {
                let overwritten = self.lengths.contains_key(root)
                    && iteration.covered.contains(root)
                    && !iteration.exposed.contains(root);
                let grows = self.growing.contains(root);
                !grows && self.is_varied(*root) && (overwritten || is_made_here(*root))
            })
            .collect();
        roots.sort_unstable();
        roots.dedup();
        roots.into_iter().filter_map(|root| Some((root, self.length_before(root)?))).collect()
    }

    /// Whether a loop counts from zero to a number that stands before all loops.
    fn counts_rows(&self, l: &Loop) -> bool {
        let Some(range) = l.plain_range() else { return false };
        let is_fused = matches!(self.contexts[self.current].kind, Kind::Fused { .. });
        range.start == Atom::Int(0)
            && is_fused
            && self.stands_before(self.atom(range.end))
            && self.arrays.is_index(&l.body, range.index)
    }

    /// The length of an array of one dimension, if it stands before all loops.
    fn length_before(&self, array: Value) -> Option<Atom> {
        let Ty::Array(shape) = self.info(array).ty else { return None };
        let [dim] = &self.primal.source.shapes[shape as usize].dims[..] else { return None };
        match dim {
            Dim::Dynamic => {
                let length = self.atom(self.arrays.length(array)?);
                self.stands_before(length).then_some(length)
            }
            Dim::Fixed(_) => {
                let length = self.primal.source.length(self.info(array).ty)?;
                i64::try_from(length).ok().map(Atom::Int)
            }
        }
    }

    /// The forward sweep of a body, in which the candidates hold their final elements from where they are last changed.
    pub(super) fn sweep_body(&mut self, stmts: &[Stmt], candidates: &[(Value, Atom)]) -> Vec<super::Swept> {
        let swept = stmts
            .iter()
            .enumerate()
            .map(|(position, stmt)| {
                let written = self.written_roots(&stmts[position..]);
                for (array, _) in candidates {
                    if let Some(new) = self.primal.map.get(array).and_then(|atom| atom.value()) {
                        self.b.set_changing(new, written.contains(array));
                    }
                }
                self.sweep_stmt(stmt, None)
            })
            .collect();
        for (array, _) in candidates {
            let new = self.array(*array);
            self.b.set_changing(new, true);
        }
        self.measure(stmts);
        swept
    }

    /// Writes the copies of an iteration, at the end of its forward sweep.
    pub(super) fn keep(&mut self, header: &Header, context: usize, candidates: &[(Value, Atom)]) {
        let Header::Range(Range { index, end: rows, .. }) = *header else { return };
        for (source, length) in candidates {
            let array = self.array(*source);
            self.notes.push(format!("each iteration of the loop of {index} keeps a copy of {source}, if it is read"));
            let ty = self.b.slice_ty(array);
            let info = self.info(*source);
            let hint = info.hint.as_ref().map(|hint| Hint::generated(format!("{}_kept", hint.name), hint.span));
            let buffer = self.b.value(ty.owned(), hint);
            self.b.changing.insert(buffer);
            self.pending.push(Pending { buffer, rows, length: *length });
            let kept = Kept { array, buffer, length: *length };
            let row = self.row(kept, Atom::Value(index), info.hint.clone(), true);
            self.b.changing.insert(row);
            self.copy_into(row, array, *length);
            self.kept.entry(context).or_default().push(kept);
        }
    }

    /// The row of a buffer that belongs to an iteration.
    fn row(&mut self, kept: Kept, index: Atom, hint: Option<Hint>, mutable: bool) -> Value {
        let start = self.b.int_mul(index, kept.length);
        let ty = self.b.values[kept.buffer.0 as usize].ty.borrowed();
        let hint = hint.map(|hint| Hint::generated(format!("{}_row", hint.name), hint.span));
        let part = Part::Along(start, kept.length);
        self.b.new_array(NewArray::Window { array: kept.buffer, part, mutable }, ty, hint)
    }

    /// `for k in 0..length { row[k] = array[k] }`
    fn copy_into(&mut self, row: Value, array: Value, length: Atom) {
        let hint = Hint::generated("k", proc_macro2::Span::call_site());
        let index = self.b.value(Ty::Int, Some(hint));
        let element = self.b.value(Ty::Float(self.b.element(array)), None);
        let at = vec![Atom::Value(index)];
        let stmts = vec![
            Stmt { results: vec![element], op: Op::Load(array, at.clone()) },
            Stmt { results: Vec::new(), op: Op::Store(row, at, Atom::Value(element)) },
        ];
        let range = Range { index, start: Atom::Int(0), end: length, inclusive: false, step: None, reversed: false };
        let body = Region { params: Vec::new(), stmts, yields: vec![Atom::Bool(true)] };
        let l = Loop { header: Header::Range(range), records: None, init: Vec::new(), body };
        self.b.push(Vec::new(), Op::Loop(Box::new(l)));
    }

    /// Makes the buffers, in front of all loops.
    pub(super) fn make_buffers(&mut self) {
        for Pending { buffer, rows, length } in std::mem::take(&mut self.pending) {
            let (rows, length) = (self.before(rows), self.before(length));
            let size = self.b.int_mul(rows, length);
            self.b.contexts[buffer.0 as usize] = self.current;
            self.b.push(vec![buffer], Op::NewArray(NewArray::Fill(Atom::Float(0.0), vec![size])));
        }
    }

    /// The rows that the reverse sweep of an iteration reads.
    pub(super) fn show_kept(&mut self, context: usize, index: Option<Value>) {
        let Some(index) = index else { return };
        for kept in self.kept.get(&context).cloned().unwrap_or_default() {
            let index = self.read(Atom::Value(index));
            let length = self.read(kept.length);
            let hint = self.b.values[kept.array.0 as usize].hint.clone();
            let row = self.row(Kept { length, ..kept }, index, hint, false);
            self.shown.insert((context, kept.array), row);
        }
    }

    /// Where a value that was loaded from an array can be loaded again. Of a copy it is only where the value was loaded in a
    /// loop inside the loop that keeps it: what is loaded once in an iteration is recorded like any other value.
    pub(super) fn source_of(&self, value: Value, array: Value) -> Source {
        let mut context = self.b.contexts[value.0 as usize];
        let mut is_inner = false;
        loop {
            if self.kept.get(&context).is_some_and(|kept| kept.iter().any(|kept| kept.array == array)) {
                let row = self.shown.get(&(context, array)).filter(|_| is_inner);
                return row.map_or(Source::Gone, |row| Source::Copy(*row));
            }
            match self.contexts[context].kind {
                Kind::Fused { .. } | Kind::Sweep => return Source::Itself,
                Kind::Body { .. } => is_inner = true,
                Kind::Branch { .. } => {}
            }
            context = self.contexts[context].parent;
        }
    }

    /// Whether a value exists where the buffers for the loops around are made: in front of all of them.
    pub(super) fn stands_before(&self, atom: Atom) -> bool {
        let Some(value) = atom.value() else { return true };
        let is_outside = match self.contexts[self.current].kind {
            Kind::Fused { in_loop: false } => true,
            Kind::Fused { .. } | Kind::Branch { .. } | Kind::Body { .. } | Kind::Sweep => {
                matches!(self.contexts[self.b.contexts[value.0 as usize]].kind, Kind::Fused { in_loop: false })
            }
        };
        is_outside || self.is_name(value)
    }

    /// A name that no variable of the function has: that of a constant, which can stand anywhere.
    fn is_name(&self, value: Value) -> bool {
        self.b.verbatim(value).is_some_and(|opaque| {
            opaque.args.is_empty()
                && matches!(&opaque.code, Code::Expr(expr, None) if matches!(**expr, syn::Expr::Path(_)))
        })
    }

    /// Whether rustc knows the number, and a buffer of that length can stand on the stack: because it is short, or because
    /// the function has an array of that length itself.
    pub(super) fn is_fixed(&self, length: Atom) -> bool {
        let value = match length {
            Atom::Value(value) => value,
            Atom::Int(n) => return n <= ON_STACK,
            Atom::Float(_) | Atom::Bool(_) | Atom::Undefined => return false,
        };
        let Some(name) = self.b.verbatim(value).filter(|_| self.is_name(value)) else { return false };
        let mut dims =
            self.b.shapes.iter().filter(|shape| shape.storage == Storage::Owned).flat_map(|shape| &shape.dims);
        dims.any(|dim| matches!(dim, Dim::Fixed(length) if quote::quote!(#length).to_string() == *name.text))
    }

    /// What stands before all loops, where the buffers for them are made.
    pub(super) fn before(&mut self, atom: Atom) -> Atom {
        match atom.value() {
            Some(value) if self.is_name(value) => match self.b.verbatim(value).cloned() {
                Some(name) => {
                    let info = self.b.values[value.0 as usize].clone();
                    self.b.opaque(name, info)
                }
                None => atom,
            },
            _ => atom,
        }
    }
}
