//! Neighbours, one by one: a loop that adds to `a[i]` and to `a[i + 1]` goes in; one that carries what it adds to the
//! element that the next iteration adds to as well comes out, so that no iteration waits for what the last one has stored.
//!
//! ```text
//! // Input:    for i in lo..hi { a[i] += s; a[i + 1] += t }
//! // Output:   c = 0; for i in lo..hi { a[i] += c + s; c = t }; if lo < hi { a[hi] += c }
//! ```

use crate::analyses::Analysis;
use crate::ir::{Atom, Hint, Loop, Op, Region, Stmt, Ty, Value};
use crate::rules::Prim;

use super::{Scatter, branch, touches_in};

/// Two additions to neighbouring elements of one array.
struct Pair {
    array: Value,
    /// The addition to the element that only this iteration is left to add to: its position in the body, and its term.
    last: (usize, Atom),
    /// The addition to the element that the next iteration adds to.
    next: (usize, Atom),
    /// How far the lower index is from that of the loop.
    distance: i64,
}

impl Scatter {
    /// Carries the neighbour scatters of a loop; gives the results that it has besides, and what is to follow it.
    pub(super) fn carry_neighbours(&mut self, l: &mut Loop) -> (Vec<Value>, Vec<Stmt>) {
        let (mut results, mut after) = (Vec::new(), Vec::new());
        let range = l.plain_range().filter(|_| Analysis::Carry.is_on()).cloned();
        let Some(range) = range else { return (results, after) };
        while let Some(pair) = self.pair(l, range.index, range.reversed) {
            let hint = self.values[pair.array.0 as usize].hint.clone();
            let hint = hint.map(|hint| Hint::generated(format!("{}_carried", hint.name), hint.span));
            let ty = Ty::Float(self.scalar(pair.array));
            let [param, result, sum] = [(); 3].map(|()| self.value(ty));
            for carried in [param, result] {
                self.values[carried.0 as usize].hint.clone_from(&hint);
            }
            l.init.push(Atom::Float(0.0));
            l.body.params.push(param);
            l.body.yields.push(pair.next.1);
            results.push(result);
            rewrite(&mut l.body, &pair, param, sum);
            self.notes.push(format!("the loop of {} carries what it adds to {}", range.index, pair.array));
            let place = if range.reversed { range.start } else { range.end };
            let mut then = Vec::new();
            let place = self.place((place, pair.distance), &mut then);
            then.push(Stmt { results: Vec::new(), op: Op::Accumulate(pair.array, vec![place], result.into()) });
            let runs = self.value(Ty::Bool);
            after.push(Stmt { results: vec![runs], op: Op::Prim(Prim::Lt, vec![range.start, range.end]) });
            after.push(branch(runs.into(), then, Vec::new()));
        }
        (results, after)
    }

    /// Two additions to neighbours in an array that the loop touches nowhere else.
    fn pair(&self, l: &Loop, index: Value, reversed: bool) -> Option<Pair> {
        let varying = l.varying();
        let addition = |(position, stmt): (usize, &Stmt)| match &stmt.op {
            Op::Accumulate(array, at, term) if self.is_derived(*array) => {
                Some((position, *array, self.distance(at, index, &varying)?, *term))
            }
            _ => None,
        };
        let additions: Vec<_> = l.body.stmts.iter().enumerate().filter_map(addition).collect();
        additions.iter().find_map(|(at, array, distance, term)| {
            let far = additions.iter().find(|other| other.1 == *array && other.2 == distance + 1)?;
            let (near, far) = ((*at, *term), (far.0, far.3));
            let (last, next) = if reversed { (far, near) } else { (near, far) };
            let pair = Pair { array: *array, last, next, distance: *distance };
            let end = l.plain_range().map(|range| if reversed { range.start } else { range.end })?;
            let is_in_range = !matches!(end, Atom::Int(end) if end + distance < 0);
            (is_in_range && touches_in(&l.body, *array) == 2).then_some(pair)
        })
    }
}

fn rewrite(body: &mut Region, pair: &Pair, param: Value, sum: Value) {
    let addition = Stmt { results: vec![sum], op: Op::Prim(Prim::Add, vec![Atom::Value(param), pair.last.1]) };
    if let Op::Accumulate(_, _, term) = &mut body.stmts[pair.last.0].op {
        *term = Atom::Value(sum);
    }
    body.stmts.remove(pair.next.0);
    let last = if pair.next.0 < pair.last.0 { pair.last.0 - 1 } else { pair.last.0 };
    body.stmts.insert(last, addition);
}
