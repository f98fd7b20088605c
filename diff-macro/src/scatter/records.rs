//! Records in arrays of adjoints. A loop that reads one float per record, and that assigns to a fresh array at its index,
//! goes in with the loop that leaves the records; both without a tape come out, the records in the elements that are to be
//! assigned.
//!
//! ```text
//! // Input:    for i in 0..n { tape[i] = p; .. }    for i in (0..n).rev() { p = tape[i]; ..; a[i] = t(p) }
//! // Output:   for i in 0..n { a[i] = p; .. }       for i in (0..n).rev() { p = a[i]; ..; a[i] = t(p) }
//! ```
//!
//! Nothing touches a fresh array between the two loops, and each element keeps its record until the iteration that reads
//! it, and only then assigns. A loop over a range that does not break leaves one record per iteration.

use crate::analyses::Analysis;
use crate::ir::{Atom, Loop, Op, Stmt, Ty, Value};

use super::{Scatter, touches};

/// Where a record is left: the positions of the loop among the statements, and of the record in its body.
struct Left {
    at: (usize, usize),
    index: Value,
    record: Vec<Atom>,
}

impl Scatter {
    /// Keeps the records of a loop in the arrays that it assigns to, if there is one for each field.
    pub(super) fn keep_records(&mut self, l: &mut Loop, assigned: &[(Value, i64)], out: &mut Vec<Stmt>) {
        if !Analysis::Records.is_on() {
            return;
        }
        let Some(records) = l.records.clone() else { return };
        if self.tapes.iter().filter(|tape| **tape == records.tape).count() != 1 {
            return;
        }
        let Some(made) = out.iter().position(|stmt| stmt.results.contains(&records.tape)) else { return };
        let Some(left) = self.left(l, records.tape, made, out) else { return };
        let mut free = assigned.to_vec();
        free.retain(|(array, _)| !is_made_after(out, *array, left.at.0));
        let mut homes = Vec::new();
        for bind in &records.binds {
            let field = self.values[bind.0 as usize].ty;
            let home = free.iter().position(|(array, _)| field == Ty::Float(self.scalar(*array)));
            let Some(home) = home else { return };
            homes.push(free.remove(home));
        }
        let reads: Vec<Stmt> = self.reads(l, &records.binds, &homes);
        l.body.stmts.splice(0..0, reads);
        l.records = None;
        let stores = self.stores(&left, &homes);
        if let Op::Loop(forward) = &mut out[left.at.0].op {
            forward.body.stmts.splice(left.at.1..=left.at.1, stores);
        }
        out.remove(made);
        let arrays: Vec<String> = homes.iter().map(|(array, _)| array.to_string()).collect();
        self.notes.push(format!("the records of {} are kept in {}", records.tape, arrays.join(", ")));
    }

    /// The one place where a record is left for a loop: in a loop over the same range, which every iteration reaches.
    fn left(&self, l: &Loop, tape: Value, made: usize, out: &[Stmt]) -> Option<Left> {
        let back = l.plain_range()?;
        let mut mentions = out.iter().enumerate().skip(made + 1).filter(|(_, stmt)| touches(stmt, tape) > 0);
        let ((position, stmt), None) = (mentions.next()?, mentions.next()) else { return None };
        let Op::Loop(forward) = &stmt.op else { return None };
        let range = forward.plain_range()?;
        if (range.start, range.end) != (back.start, back.end) || touches(stmt, tape) != 1 {
            return None;
        }
        forward.body.stmts.iter().enumerate().find_map(|(place, stmt)| match &stmt.op {
            Op::Push(other, record) | Op::Put(other, _, record) if *other == tape => {
                Some(Left { at: (position, place), index: range.index, record: record.clone() })
            }
            _ => None,
        })
    }

    /// `p = a[i]`, where an iteration begins.
    fn reads(&mut self, l: &Loop, binds: &[Value], homes: &[(Value, i64)]) -> Vec<Stmt> {
        let Some(index) = l.plain_range().map(|range| range.index) else { return Vec::new() };
        let mut stmts = Vec::new();
        for (bind, (array, distance)) in binds.iter().zip(homes) {
            let at = self.place((index.into(), *distance), &mut stmts);
            stmts.push(Stmt { results: vec![*bind], op: Op::Load(*array, vec![at]) });
        }
        stmts
    }

    /// `a[i] = p`, in place of the record.
    fn stores(&mut self, left: &Left, homes: &[(Value, i64)]) -> Vec<Stmt> {
        let mut stmts = Vec::new();
        for (atom, (array, distance)) in left.record.iter().zip(homes) {
            let at = self.place((left.index.into(), *distance), &mut stmts);
            stmts.push(Stmt { results: Vec::new(), op: Op::Store(*array, vec![at], *atom) });
        }
        stmts
    }
}

/// Whether an array is made only behind a statement.
fn is_made_after(out: &[Stmt], array: Value, position: usize) -> bool {
    out[position..].iter().any(|stmt| stmt.results.contains(&array))
}
