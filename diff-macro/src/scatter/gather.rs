//! Neighbours, gathered: a loop whose iterations each add to several elements near their index goes in; one whose
//! iterations each add all that belongs to one element comes out, so that they depend on nothing and can run side by side.
//!
//! ```text
//! // Input:    for i in lo..hi { a[i] += s(i); a[i + 1] += t(i) }
//! // Output:   if lo < hi {
//! //               a[lo] += s(lo);
//! //               for i in lo..hi - 1 { a[i + 1] += t(i) + s(i + 1) }
//! //               a[hi] += t(hi - 1);
//! //           }
//! ```
//!
//! What the terms share is computed once per term. So they must be cheap, and the loop must do nothing else: where it also
//! carries a sum, its iterations wait for each other anyway, and what neighbours add is carried too (`carry.rs`).

use std::collections::{BTreeMap, HashMap};

use crate::analyses::Analysis;
use crate::ir::{Atom, Header, Loop, Op, Range, Region, Stmt, Ty, Value};
use crate::reverse::is_cheap;
use crate::rules::Prim;

use super::{Fresh, Scatter, Span, branch, clear, touches_in};

/// The most iterations that add to one element, less one.
const WIDEST: i64 = 2;
/// The most statements of the loop that gathers.
const LONGEST: i64 = 48;

/// The terms that a loop adds to an array, by the distances of their elements from its index.
type Terms = BTreeMap<i64, Vec<Atom>>;

/// A loop that only adds to elements at known distances from its index.
struct Stencil {
    range: Range,
    arrays: BTreeMap<Value, Terms>,
    /// What the terms are made of.
    definitions: HashMap<Value, Made<Part>>,
    /// How many iterations apart the first and the last are that add to one element.
    width: i64,
}

/// How a value is made in an iteration, of operands of one kind.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Made<T> {
    Prim(Prim, Vec<T>),
    Load(Value, Vec<T>),
}

impl<T> Made<T> {
    fn map<U>(&self, of: impl FnMut(&T) -> U) -> Made<U> {
        match self {
            Made::Prim(prim, parts) => Made::Prim(*prim, parts.iter().map(of).collect()),
            Made::Load(array, parts) => Made::Load(*array, parts.iter().map(of).collect()),
        }
    }
}

impl Made<Atom> {
    fn op(self) -> Op {
        match self {
            Made::Prim(prim, args) => Op::Prim(prim, args),
            Made::Load(array, index) => Op::Load(array, index),
        }
    }
}

/// An operand of an iteration.
#[derive(Clone, Copy)]
enum Part {
    /// The same in each.
    Constant(Atom),
    /// So far from the index.
    Index(i64),
    Own(Value),
}

/// Statements that compute terms of several iterations, each value once.
struct Shifted<'a> {
    stencil: &'a Stencil,
    /// What the index of each iteration differs from by a literal.
    base: Atom,
    stmts: Vec<Stmt>,
    indices: HashMap<i64, Atom>,
    /// What is computed already.
    made: HashMap<Made<Atom>, Atom>,
}

impl<'a> Shifted<'a> {
    fn new(stencil: &'a Stencil, base: Atom) -> Self {
        let (stmts, indices) = (Vec::new(), HashMap::new());
        Shifted { stencil, base, stmts, indices, made: HashMap::new() }
    }
}

impl Scatter {
    /// The statement that gathers what a loop adds to neighbouring elements, if it does nothing else.
    pub(super) fn gather(&mut self, l: &Loop, fresh: &Fresh, out: &mut Vec<Stmt>) -> Option<Stmt> {
        let stencil = self.stencil(l)?;
        let is_fresh = |array: &&Value| Analysis::Assign.is_on() && fresh.contains(**array) && self.is_flat(**array);
        let assigned: Vec<Value> = stencil.arrays.keys().filter(is_fresh).copied().collect();
        let cleared: Vec<Value> = assigned.iter().copied().filter(|array| fresh.cleared.contains(array)).collect();
        let (start, end, width) = (stencil.range.start, stencil.range.end, stencil.width);
        let mut then = Vec::new();
        for array in &cleared {
            let (first, last) = ends(&stencil.arrays[array]);
            self.clear_less(*array, Span { start: (start, first), end: (end, last), certain: true }, &mut then);
        }
        then.extend(self.at_the_start(&stencil, &assigned));
        self.in_between(&stencil, &assigned, &mut then);
        then.extend(self.at_the_end(&stencil, &assigned));
        self.notes.push(format!("the loop of {} gathers what its iterations add to neighbours", stencil.range.index));
        out.retain(|stmt| !matches!(stmt.op, Op::Clear(array) if cleared.contains(&array)));
        let mut otherwise: Vec<Stmt> = cleared.iter().map(|array| clear(*array)).collect();
        if width > 1 {
            // Fewer iterations than add to one element.
            otherwise.push(Stmt { results: Vec::new(), op: Op::Loop(Box::new(l.clone())) });
        }
        let least = self.place((start, width - 1), out);
        let runs = self.value(Ty::Bool);
        out.push(Stmt { results: vec![runs], op: Op::Prim(Prim::Lt, vec![least, end]) });
        Some(branch(runs.into(), then, otherwise))
    }

    fn stencil(&self, l: &Loop) -> Option<Stencil> {
        let range = l.plain_range().filter(|_| Analysis::Gather.is_on())?;
        if !l.init.is_empty() || l.records.is_some() {
            return None;
        }
        let mut stencil =
            Stencil { range: range.clone(), arrays: BTreeMap::new(), definitions: HashMap::new(), width: 0 };
        let varying = l.varying();
        let distance = |atom: Atom| self.distance(&[atom], range.index, &varying);
        let part = |atom: &Atom| match atom.value().filter(|value| varying.contains(value)) {
            None => Some(Part::Constant(*atom)),
            Some(value) => Some(distance(*atom).map_or(Part::Own(value), Part::Index)),
        };
        let parts = |atoms: &[Atom]| atoms.iter().map(part).collect::<Option<Vec<Part>>>();
        for stmt in &l.body.stmts {
            match (&stmt.op, &stmt.results[..]) {
                (Op::Accumulate(array, at, term), []) if self.is_derived(*array) => {
                    let [at] = at[..] else { return None };
                    stencil.arrays.entry(*array).or_default().entry(distance(at)?).or_default().push(*term);
                }
                // Indices are made again.
                (Op::Prim(..) | Op::Opaque(_), [result]) if distance(Atom::Value(*result)).is_some() => {}
                (Op::Prim(prim, args), [result]) if is_cheap(*prim, args) => {
                    stencil.definitions.insert(*result, Made::Prim(*prim, parts(args)?));
                }
                (Op::Load(array, at), [result]) if !varying.contains(array) => {
                    stencil.definitions.insert(*result, Made::Load(*array, parts(at)?));
                }
                _ => return None,
            }
        }
        stencil.width = stencil.arrays.values().map(|terms| ends(terms).1 - ends(terms).0).max()?;
        let touches: usize = stencil.arrays.keys().map(|array| touches_in(&l.body, *array)).sum();
        let additions: usize = stencil.arrays.values().flat_map(BTreeMap::values).map(Vec::len).sum();
        (touches == additions && stencil.is_narrow() && stencil.is_complete()).then_some(stencil)
    }

    /// The elements that only the first iterations add to.
    fn at_the_start(&mut self, stencil: &Stencil, assigned: &[Value]) -> Vec<Stmt> {
        let mut shifted = Shifted::new(stencil, stencil.range.start);
        for (array, terms) in &stencil.arrays {
            let (first, last) = ends(terms);
            (first..last).for_each(|place| self.add_up(&mut shifted, (*array, place), &|k| k >= 0, assigned));
        }
        shifted.stmts
    }

    /// The elements that only the last iterations add to, and those that the loop in between has not come to.
    fn at_the_end(&mut self, stencil: &Stencil, assigned: &[Value]) -> Vec<Stmt> {
        let mut shifted = Shifted::new(stencil, stencil.range.end);
        for (array, terms) in &stencil.arrays {
            let (_, last) = ends(terms);
            let places = last - stencil.width..last;
            places.for_each(|place| self.add_up(&mut shifted, (*array, place), &|k| k < 0, assigned));
        }
        shifted.stmts
    }

    /// The loop over the elements that an iteration adds to for each term.
    fn in_between(&mut self, stencil: &Stencil, assigned: &[Value], out: &mut Vec<Stmt>) {
        let range = &stencil.range;
        let index = self.like(self.values[range.index.0 as usize].clone());
        let mut shifted = Shifted::new(stencil, index.into());
        for (array, terms) in &stencil.arrays {
            self.add_up(&mut shifted, (*array, ends(terms).1), &|_| true, assigned);
        }
        let end = self.place((range.end, -stencil.width), out);
        let header = Header::Range(Range { index, end, ..range.clone() });
        let body = Region { params: Vec::new(), stmts: shifted.stmts, yields: vec![Atom::Bool(true)] };
        let l = Loop { header, records: None, init: Vec::new(), body };
        out.push(Stmt { results: Vec::new(), op: Op::Loop(Box::new(l)) });
    }

    /// Adds to the element at a distance from the base what those iterations add to it whose own distance is wanted.
    fn add_up(
        &mut self,
        shifted: &mut Shifted<'_>,
        (array, place): (Value, i64),
        is_wanted: &dyn Fn(i64) -> bool,
        assigned: &[Value],
    ) {
        let stencil = shifted.stencil;
        let mut sum: Option<Atom> = None;
        // The earlier an iteration, the farther the element is from its index.
        for (distance, terms) in stencil.arrays[&array].iter().rev().filter(|(k, _)| is_wanted(place - **k)) {
            for term in terms {
                let part = stencil.part(*term);
                let term = self.shift(shifted, part, place - distance);
                sum = Some(match sum {
                    None => term,
                    Some(sum) => {
                        let added = self.value(Ty::Float(self.scalar(array)));
                        let op = Op::Prim(Prim::Add, vec![sum, term]);
                        shifted.stmts.push(Stmt { results: vec![added], op });
                        added.into()
                    }
                });
            }
        }
        let Some(sum) = sum else { return };
        let at = vec![self.index(shifted, place)];
        let op = if assigned.contains(&array) { Op::Store(array, at, sum) } else { Op::Accumulate(array, at, sum) };
        shifted.stmts.push(Stmt { results: Vec::new(), op });
    }

    /// An operand as it is in the iteration at a distance from the base.
    fn shift(&mut self, shifted: &mut Shifted<'_>, part: Part, by: i64) -> Atom {
        let value = match part {
            Part::Constant(atom) => return atom,
            Part::Index(distance) => return self.index(shifted, by + distance),
            Part::Own(value) => value,
        };
        let stencil = shifted.stencil;
        let made = stencil.definitions[&value].map(|part| self.shift(shifted, *part, by));
        if let Some(known) = shifted.made.get(&made) {
            return *known;
        }
        let result = self.like(self.values[value.0 as usize].clone());
        shifted.stmts.push(Stmt { results: vec![result], op: made.clone().op() });
        shifted.made.insert(made, result.into());
        result.into()
    }

    /// The number at a distance from the base.
    fn index(&mut self, shifted: &mut Shifted<'_>, distance: i64) -> Atom {
        if let Some(known) = shifted.indices.get(&distance) {
            return *known;
        }
        let made = self.place((shifted.base, distance), &mut shifted.stmts);
        shifted.indices.insert(distance, made);
        made
    }
}

impl Stencil {
    fn part(&self, atom: Atom) -> Part {
        match atom.value().filter(|value| self.definitions.contains_key(value)) {
            Some(value) => Part::Own(value),
            None => Part::Constant(atom),
        }
    }

    /// Whether few iterations add to one element, with little to compute again.
    fn is_narrow(&self) -> bool {
        let length = i64::try_from(self.definitions.len()).unwrap_or(LONGEST);
        (1..=WIDEST).contains(&self.width) && length * (self.width + 1) <= LONGEST
    }

    /// Whether the definitions are all there, and no literal that is made of the range and the distances is below zero.
    fn is_complete(&self) -> bool {
        let own = self.definitions.values().flat_map(|made| match made {
            Made::Prim(_, parts) | Made::Load(_, parts) => parts,
        });
        let mut least = self.arrays.values().map(|terms| ends(terms).0).min().unwrap_or(0).min(0);
        for part in own {
            match part {
                Part::Own(value) if !self.definitions.contains_key(value) => return false,
                Part::Index(distance) => least = least.min(*distance),
                Part::Own(_) | Part::Constant(_) => {}
            }
        }
        let is_in_range = |atom: Atom, lowest: i64| !matches!(atom, Atom::Int(n) if n + lowest < 0);
        is_in_range(self.range.start, least) && is_in_range(self.range.end, least - self.width)
    }
}

/// The least and the greatest distance.
fn ends(terms: &Terms) -> (i64, i64) {
    let mut distances = terms.keys().copied();
    let first = distances.next().unwrap_or(0);
    (first, distances.next_back().unwrap_or(first))
}
