//! Residuals: what the reverse sweep reads of the forward sweep. An atom of the forward sweep goes in, the atom by which
//! the reverse sweep knows it comes out: at hand, computed again, or stored. What has to be stored is written into the
//! finished function at the end.

use std::collections::{HashMap, HashSet};

use crate::ir::{Atom, Code, Hint, Info, Op, Opaque, Region, Taken, Ty, Value};
use crate::names;
use crate::rules::Prim;

use super::snapshots::Source;
use super::{Context, Export, Kind, Reverse};

impl Reverse<'_> {
    /// The atom by which the reverse sweep knows an atom of the forward sweep.
    pub(super) fn read(&mut self, atom: Atom) -> Atom {
        let Some(value) = atom.value() else {
            return atom;
        };
        if let Some(known) = self.at_hand(value) {
            return known;
        }
        if let Some(again) = self.recompute(value, 2) {
            return again;
        }
        self.transfer(value)
    }

    /// What is in scope already, or was read before.
    fn at_hand(&self, value: Value) -> Option<Atom> {
        let home = self.b.contexts[value.0 as usize];
        if matches!(self.contexts[home].kind, Kind::Fused { .. } | Kind::Sweep) {
            return self.kept_by_closure(value).map(Atom::Value);
        }
        let mut context = self.current;
        loop {
            if let Some(known) = self.contexts[context].available.get(&value) {
                return Some(*known);
            }
            if matches!(self.contexts[context].kind, Kind::Fused { .. }) {
                return None;
            }
            context = self.contexts[context].parent;
        }
    }

    /// Computes a residual again, where that takes a few cheap operations on what is at hand.
    fn recompute(&mut self, value: Value, depth: usize) -> Option<Atom> {
        if depth == 0 {
            return None;
        }
        if let Some(opaque) = self.b.verbatim(value).cloned() {
            return self.repeat_verbatim(value, opaque);
        }
        if let Some((array, index)) = self.b.origin(value).cloned() {
            return self.load_again(value, array, &index, depth);
        }
        let (prim, args) = self.b.definition(value)?.clone();
        if !is_cheap(prim, &args) {
            return None;
        }
        // What indices are made of costs next to nothing.
        let is_index = matches!(prim, Prim::IntAdd | Prim::IntSub | Prim::IntMul | Prim::IntSpan);
        let atoms = self.recompute_all(&args, if is_index { depth + 1 } else { depth })?;
        let info = self.b.values[value.0 as usize].clone();
        Some(self.b.exact(prim, &atoms, &info))
    }

    fn recompute_all(&mut self, atoms: &[Atom], depth: usize) -> Option<Vec<Atom>> {
        let read = |pass: &mut Self, atom: Atom| match atom.value() {
            None => Some(atom),
            Some(value) => pass.at_hand(value).or_else(|| pass.recompute(value, depth - 1)),
        };
        atoms.iter().map(|atom| read(self, *atom)).collect()
    }

    /// Loads an element of an array that does not change once more.
    fn load_again(&mut self, value: Value, array: Value, index: &[Atom], depth: usize) -> Option<Atom> {
        let array = match self.source_of(value, array) {
            Source::Copy(row) => row,
            Source::Itself => self.at_hand(array)?.value()?,
            Source::Gone => return None,
        };
        let index = self.recompute_all(index, depth + 1)?;
        let info = self.b.values[value.0 as usize].clone();
        Some(self.b.load(array, index, info))
    }

    /// Writes pure arithmetic of the user's once more, where all that it reads is at hand.
    fn repeat_verbatim(&mut self, value: Value, opaque: Opaque) -> Option<Atom> {
        let Code::Expr(expr, _) = &opaque.code else {
            return None;
        };
        if !matches!(&**expr, syn::Expr::Binary(_) | syn::Expr::Unary(_) | syn::Expr::Path(_) | syn::Expr::Cast(_)) {
            return None;
        }
        if opaque.args.iter().any(|(_, atom)| !self.may_be_kept(*atom)) {
            return None;
        }
        let mut args = Vec::new();
        for (name, atom) in &opaque.args {
            let read = match atom.value() {
                None => *atom,
                Some(value) => self.at_hand(value).or_else(|| self.as_long(value, name, expr))?,
            };
            args.push((name.clone(), read));
        }
        let info = self.b.values[value.0 as usize].clone();
        Some(self.b.opaque(Opaque { args, ..opaque }, info))
    }

    /// What is known of a value, with a name that tells how it was made.
    fn named(&self, value: Value) -> Info {
        let mut info = self.b.values[value.0 as usize].clone();
        if let (None, Some((prim, args))) = (&info.hint, self.b.definition(value)) {
            let operand = args.first().and_then(|arg| arg.value());
            let operand = operand.and_then(|operand| self.b.values[operand.0 as usize].hint.as_ref());
            let name = names::of_prim(*prim, operand.map(|hint| &hint.name));
            info.hint = Some(Hint::generated(name, proc_macro2::Span::call_site()));
        }
        info
    }

    /// Stores a residual in the forward sweep.
    fn transfer(&mut self, value: Value) -> Atom {
        let home = self.b.contexts[value.0 as usize];
        let info = self.named(value);
        let parent = self.contexts[home].parent;
        let read = match &self.contexts[home].kind {
            Kind::Fused { .. } | Kind::Sweep => Atom::Value(value),
            Kind::Body { .. } => {
                let sweep = self.contexts.iter().position(|context| matches!(context.kind, Kind::Sweep));
                let bind = self.b.value(info.ty, info.hint);
                self.b.contexts[bind.0 as usize] = sweep.unwrap_or(self.b.context);
                if let Kind::Body { record, .. } = &mut self.contexts[home].kind {
                    record.push((Atom::Value(value), bind));
                }
                Atom::Value(bind)
            }
            // What the branch yields anyway is a result already.
            Kind::Branch { yielded, .. } if yielded.contains_key(&value) => {
                let result = yielded[&value];
                self.read(Atom::Value(result))
            }
            Kind::Branch { marker, then, .. } => {
                let (marker, then) = (*marker, *then);
                let result = self.b.value(info.ty, info.hint);
                self.b.contexts[result.0 as usize] = parent;
                let (a, b) =
                    if then { (Atom::Value(value), Atom::Undefined) } else { (Atom::Undefined, Atom::Value(value)) };
                self.exports.entry(marker).or_default().push((result, a, b));
                self.read(Atom::Value(result))
            }
        };
        self.contexts[home].available.insert(value, read);
        read
    }
}

/// Whether computing the primitive again costs no more than to load its result.
pub(crate) fn is_cheap(prim: Prim, args: &[Atom]) -> bool {
    use Prim::{
        Abs, Add, And, Cast, Copysign, Eq, Ge, Gt, IntAdd, IntEq, IntMul, IntPred, IntSpan, IntSub, IntToFloat, Le, Lt,
        Max, Min, Mul, Ne, Neg, Not, Or, Select, Sub,
    };
    match prim {
        Neg | Add | Sub | Mul | Abs | Copysign | Min | Max | Lt | Le | Gt | Ge | Eq | Ne | IntEq | And | Or | Not
        | Select | Cast(_) | IntToFloat(_) | IntPred | IntAdd | IntSub | IntMul | IntSpan => true,
        Prim::Powi => matches!(args.get(1), Some(Atom::Int(2 | 3))),
        _ => false,
    }
}

/// What the reverse sweep asked of the forward sweep; writes it into the finished function.
pub(super) struct Residuals {
    pub(super) contexts: Vec<Context>,
    pub(super) exports: HashMap<Value, Vec<Export>>,
    pub(super) places: HashMap<Value, (Atom, Atom)>,
    pub(super) fixed: HashSet<Value>,
    pub(super) types: Vec<Ty>,
}

impl Residuals {
    /// The place of each record on a tape, and the types of its fields, if these have a zero that the macro knows.
    fn buffer(&self, tape: Value) -> Option<(Atom, Atom, Vec<Ty>)> {
        let (length, index) = *self.places.get(&tape)?;
        let ty = |atom: &Atom| atom.value().map_or(Ty::Unknown, |value| self.types[value.0 as usize]);
        let fields: Vec<Ty> = self.record(tape).iter().map(ty).collect();
        let known = fields.iter().all(|ty| matches!(ty, Ty::Float(_) | Ty::Bool | Ty::Int));
        known.then_some((length, index, fields))
    }

    fn record(&self, tape: Value) -> Vec<Atom> {
        let fields = self.contexts.iter().find_map(|context| match &context.kind {
            Kind::Body { tape: own, record } if *own == tape => Some(record.iter().map(|(atom, _)| *atom).collect()),
            Kind::Body { .. } | Kind::Fused { .. } | Kind::Branch { .. } | Kind::Sweep => None,
        });
        fields.unwrap_or_default()
    }

    pub(super) fn complete(&self, region: &mut Region) {
        region.stmts.retain(|stmt| match &stmt.op {
            Op::NewTape(_) => !self.record(stmt.results[0]).is_empty(),
            Op::Push(tape, _) => !self.record(*tape).is_empty(),
            Op::Prim(..) | Op::Opaque(_) | Op::Call(_) | Op::If { .. } | Op::Loop(_) => true,
            Op::Pull(_) | Op::Closure(_) => true,
            Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) => true,
            Op::Append(..) | Op::Take(_) | Op::Resize(..) => true,
            Op::NewBuffer(..) | Op::Put(..) => true,
        });
        for stmt in &mut region.stmts {
            match &mut stmt.op {
                Op::Push(tape, _) => {
                    let record = self.record(*tape);
                    stmt.op = match self.buffer(*tape) {
                        Some((_, index, _)) => Op::Put(*tape, index, record),
                        None => Op::Push(*tape, record),
                    };
                }
                Op::NewTape(_) => {
                    if let Some((length, _, fields)) = self.buffer(stmt.results[0]) {
                        let fixed = self.fixed.contains(&stmt.results[0]);
                        stmt.op = Op::NewBuffer(length, fields, fixed);
                    }
                }
                Op::If { then, otherwise, .. } => {
                    let exports = stmt.results.iter().find_map(|result| self.exports.get(result));
                    for (result, a, b) in exports.into_iter().flatten() {
                        stmt.results.push(*result);
                        then.yields.push(*a);
                        otherwise.yields.push(*b);
                    }
                    self.complete(then);
                    self.complete(otherwise);
                }
                Op::Loop(l) => {
                    if let Some(records) = &mut l.records
                        && self.buffer(records.tape).is_some()
                    {
                        records.taken = Taken::Places;
                    }
                    self.complete(&mut l.body);
                }
                Op::Closure(closure) => self.complete(&mut closure.region),
                Op::Prim(..) | Op::Opaque(_) | Op::Call(_) | Op::Pull(_) | Op::NewBuffer(..) | Op::Put(..) => {}
                Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) => {}
                Op::Append(..) | Op::Take(_) | Op::Resize(..) => {}
            }
        }
    }
}
