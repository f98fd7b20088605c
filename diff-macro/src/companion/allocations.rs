//! What a companion allocates, for its documentation: the function that is ready to be written goes in, lines come out.

use crate::ir::{Dim, Function, NewArray, Op, Storage, Ty, Value, walk};

/// What is allocated, and for what.
#[derive(Clone, Copy, Default)]
pub(super) struct Allocations {
    /// Vectors that are returned.
    pub(super) results: bool,
    /// Vectors that the function makes itself, or whose derivatives are followed, and what is copied.
    pub(super) vectors: bool,
    /// Tapes.
    pub(super) records: bool,
}

impl Allocations {
    pub(super) fn of(function: &Function) -> Self {
        let mut out = Allocations::default();
        for stmt in walk(&function.body.stmts) {
            match &stmt.op {
                Op::NewTape(_) | Op::NewBuffer(_, _, false) => out.records = true,
                Op::NewArray(NewArray::Window { .. }) => {}
                Op::NewArray(_) if is_vector(function, stmt.results[0]) => {
                    let is_returned = function.body.yields.iter().any(|atom| atom.value() == Some(stmt.results[0]));
                    out.results |= is_returned;
                    out.vectors |= !is_returned;
                }
                Op::NewArray(_) | Op::NewBuffer(..) | Op::Prim(..) | Op::Opaque(_) | Op::Call(_) | Op::If { .. } => {}
                Op::Loop(_) | Op::Pull(_) | Op::Closure(_) | Op::Push(..) | Op::Put(..) | Op::Clear(_) => {}
                Op::Load(..) | Op::Store(..) | Op::Accumulate(..) => {}
                Op::Append(..) | Op::Take(_) | Op::Resize(..) => {}
            }
        }
        out
    }

    /// Adds to the documentation what is allocated, before its sections.
    pub(super) fn describe(self, docs: &mut Vec<String>) {
        let whats = [
            (self.results, "what it returns"),
            (self.vectors, "the vectors of the function, and those of their derivatives"),
            (self.records, "the records of a loop, whose number is not known before"),
        ];
        let whats: Vec<&str> = whats.into_iter().filter_map(|(is_made, what)| is_made.then_some(what)).collect();
        if whats.is_empty() {
            return;
        }
        let section = docs.iter().position(|line| line.starts_with("# "));
        let at = section.map_or(docs.len(), |section| section - 1);
        docs.splice(at..at, [String::new(), format!("Allocates: {}.", whats.join("; "))]);
    }
}

/// Whether an array is a `Vec`: owned, and of a length that is not known at compile time.
fn is_vector(function: &Function, array: Value) -> bool {
    let Ty::Array(number) = function.values[array.0 as usize].ty else { return false };
    let shape = &function.shapes[number as usize];
    shape.storage == Storage::Owned && matches!(shape.dims.first(), Some(Dim::Dynamic))
}
