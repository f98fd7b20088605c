//! Accumulators: which carried values of a loop are only ever added to. The adjoint of such a value is the same in
//! every iteration, so that the reverse of an iteration needs no other iteration.
//!
//! ```text
//! // Input:    for i { t = f(x[i]); s = s + t }
//! // Adjoint:  for i { t_bar = s_bar; x_bar[i] += f'(x[i]) * t_bar }       s_bar does not change
//! ```

use crate::ir::{Atom, Header, Loop, Op, Region, Stmt, Value};
use crate::rules::Prim;

/// For each carried value, whether the loop only adds to it (or subtracts from it).
pub(crate) fn accumulators(l: &Loop) -> Vec<bool> {
    (0..l.body.params.len()).map(|k| is_accumulator(l, k)).collect()
}

fn is_accumulator(l: &Loop, k: usize) -> bool {
    if let Header::While(cond) = &l.header
        && uses_in_region(cond, cond.params[k]) > 0
    {
        return false;
    }
    is_additive(&l.body.stmts, &l.body.yields, l.body.params[k], k + 1)
}

/// Whether the value reaches the yield at `slot` by additions alone, and nothing else reads it on the way.
fn is_additive(stmts: &[Stmt], yields: &[Atom], start: Value, slot: usize) -> bool {
    let mut current = start;
    loop {
        let yielded = yields.iter().filter(|atom| atom.value() == Some(current)).count();
        let mut readers = stmts.iter().filter(|stmt| uses_in_stmt(stmt, current) > 0);
        let (reader, further) = (readers.next(), readers.next());
        match (reader, further) {
            (None, _) => return yielded == 1 && yields[slot].value() == Some(current),
            (Some(_), Some(_)) => return false,
            (Some(_), None) if yielded > 0 => return false,
            (Some(stmt), None) => match next(stmt, current) {
                Some(result) => current = result,
                None => return false,
            },
        }
    }
}

/// The result of a statement that only adds to the value.
fn next(stmt: &Stmt, current: Value) -> Option<Value> {
    let is_current = |atom: &Atom| atom.value() == Some(current);
    match &stmt.op {
        Op::Prim(Prim::Add, args) => {
            (args.iter().filter(|atom| is_current(atom)).count() == 1).then_some(stmt.results[0])
        }
        Op::Prim(Prim::Sub, args) => (is_current(&args[0]) && !is_current(&args[1])).then_some(stmt.results[0]),
        Op::If { cond, then, otherwise } if !is_current(cond) => (0..stmt.results.len())
            .find(|slot| [then, otherwise].iter().all(|arm| is_additive(&arm.stmts, &arm.yields, current, *slot)))
            .map(|slot| stmt.results[slot]),
        Op::Loop(l) => {
            let slot = l.init.iter().position(is_current)?;
            (uses_in_stmt(stmt, current) == 1 && is_accumulator(l, slot)).then_some(stmt.results[slot])
        }
        _ => None,
    }
}

/// How often a statement reads a value, in its regions too.
pub(crate) fn uses_in_stmt(stmt: &Stmt, value: Value) -> usize {
    let own = stmt.op.operands().iter().filter(|atom| atom.value() == Some(value)).count();
    own + stmt.op.regions().into_iter().map(|region| uses_in_region(region, value)).sum::<usize>()
}

fn uses_in_region(region: &Region, value: Value) -> usize {
    let yielded = region.yields.iter().filter(|atom| atom.value() == Some(value)).count();
    yielded + region.stmts.iter().map(|stmt| uses_in_stmt(stmt, value)).sum::<usize>()
}
