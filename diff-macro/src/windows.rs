//! Windows: a function whose loops access arrays at a fixed distance from their index goes in; one whose loops access
//! slices that are as long as the loop comes out, so that the compiler sees that no access is out of bounds.
//!
//! ```text
//! // Input:    for j in 0..d { s += w[i * d + j] * x[j] }
//! // Output:   u = &w[i * d..][..d]; v = &x[..d]; for j in 0..d { s += u[j] * v[j] }
//! ```
//!
//! A window panics where an access of its loop would: a loop that can break has none, nor has an access that not every
//! iteration makes, nor a loop with an effect that would come first.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::affine::{Definitions, Distance};
use crate::analyses::Analysis;
use crate::ir::{
    Atom, Code, Dim, Effect, Function, Header, Hint, Info, Loop, NewArray, Op, Part, Range, Region, Shape, Stmt, Ty,
    Value,
};
use crate::rules::Prim;

/// Gives each loop its windows; tells of each.
pub(crate) fn windows(function: &mut Function) -> Vec<String> {
    if !Analysis::Windows.is_on() {
        return Vec::new();
    }
    let definitions = Definitions::of(&function.body);
    let mut pass = Windows {
        definitions,
        changing: function.changing(),
        made: Vec::new(),
        lengths: HashMap::new(),
        values: std::mem::take(&mut function.values),
        shapes: function.shapes.to_vec(),
        notes: Vec::new(),
    };
    pass.region(&mut function.body);
    function.values = pass.values;
    function.shapes = Rc::new(pass.shapes);
    pass.notes
}

struct Windows {
    definitions: Definitions,
    /// The arrays that change: a window of them is not lent for longer than a loop.
    changing: HashSet<Value>,
    /// The windows of other arrays that are in scope.
    made: Vec<Made>,
    /// How long windows are.
    lengths: HashMap<Value, Atom>,
    values: Vec<Info>,
    shapes: Vec<Shape>,
    notes: Vec<String>,
}

/// A window: the array that it shows, the start, the length, and itself.
type Made = (Value, Distance, Atom, Value);

/// An access of a loop to an array of one dimension.
struct Access {
    array: Value,
    distance: Option<Distance>,
    writes: bool,
    /// Every iteration makes it.
    always: bool,
}

/// The accesses of a loop.
#[derive(Default)]
struct Accesses {
    known: Vec<Access>,
    /// What is used in any other way: the array, and whether it is changed.
    other: Vec<(Value, bool)>,
    has_effect: bool,
}

impl Windows {
    fn region(&mut self, region: &mut Region) {
        let in_scope = self.made.len();
        for mut stmt in std::mem::take(&mut region.stmts) {
            // A closure that is returned keeps no windows of what it is given by reference.
            let kept = matches!(stmt.op, Op::Closure(_)).then(|| std::mem::take(&mut self.made));
            for inner in crate::cleanup::regions_mut(&mut stmt.op) {
                self.region(inner);
            }
            self.made.extend(kept.into_iter().flatten());
            if let Op::NewArray(NewArray::Window { part, .. }) = &stmt.op
                && let Part::Along(_, length) | Part::Range(Atom::Int(0), Some(length)) = part
            {
                self.lengths.insert(stmt.results[0], *length);
            }
            if let Op::Loop(l) = &mut stmt.op {
                self.windows_of(l, &mut region.stmts);
            }
            region.stmts.push(stmt);
        }
        self.made.truncate(in_scope);
    }

    /// Puts the windows of a loop in front of it.
    fn windows_of(&mut self, l: &mut Loop, before: &mut Vec<Stmt>) {
        let Some(range) = l.plain_range().cloned() else { return };
        let varying = l.varying();
        let mut accesses = Accesses::default();
        self.collect(&l.body, range.index, &varying, true, &mut accesses);
        if accesses.has_effect {
            return;
        }
        let mut seen: Vec<(Value, Distance)> = Vec::new();
        for access in &accesses.known {
            let Some(distance) = &access.distance else { continue };
            let key = (access.array, distance.clone());
            if access.always && !seen.contains(&key) {
                seen.push(key);
            }
        }
        let mut length = None;
        for (array, distance) in seen {
            let Some(start) = distance.clone().from(range.start) else { continue };
            if varying.contains(&array) || self.is_known_length(array, &start, &range) {
                continue;
            }
            let Some(mutable) = accesses.may_be_lent(array, &distance) else { continue };
            let (index, length) = *length.get_or_insert_with(|| self.rebase(l, &range, before));
            let is_same = |made: &&Made| (made.0, &made.1, made.2) == (array, &start, length);
            let window = match self.made.iter().find(is_same) {
                Some(made) => made.3,
                None => {
                    let window = self.make(array, (&start, length), mutable, before);
                    if !self.changing.contains(&array) {
                        self.made.push((array, start, length, window));
                    }
                    window
                }
            };
            self.notes.push(format!("the loop of {} accesses {array} through a window, {window}", range.index));
            self.rewrite(&mut l.body, (range.index, index), &varying, (array, &distance), window);
        }
    }

    /// Makes the loop count from zero; gives its index and its length.
    fn rebase(&mut self, l: &mut Loop, range: &Range, before: &mut Vec<Stmt>) -> (Value, Atom) {
        if range.start == Atom::Int(0) {
            return (range.index, range.end);
        }
        let length = match (range.start, range.end) {
            (Atom::Int(start), Atom::Int(end)) => Atom::Int((end - start).max(0)),
            (start, end) => match known(before, Prim::IntSpan, &[end, start]) {
                Some(value) => Atom::Value(value),
                None => {
                    let value = self.value(Ty::Int, None);
                    before.push(Stmt { results: vec![value], op: Op::Prim(Prim::IntSpan, vec![end, start]) });
                    Atom::Value(value)
                }
            },
        };
        let index = self.value(Ty::Int, self.values[range.index.0 as usize].hint.clone());
        let old = Op::Prim(Prim::IntAdd, vec![range.start, Atom::Value(index)]);
        l.body.stmts.insert(0, Stmt { results: vec![range.index], op: old });
        l.header = Header::Range(Range { index, start: Atom::Int(0), end: length, ..range.clone() });
        (index, length)
    }

    fn collect(&self, region: &Region, i: Value, varying: &HashSet<Value>, always: bool, out: &mut Accesses) {
        for stmt in &region.stmts {
            match &stmt.op {
                Op::Load(array, at) | Op::Store(array, at, _) | Op::Accumulate(array, at, _) => {
                    let distance = match &at[..] {
                        [index] => self.definitions.distance(*index, i, varying),
                        _ => None,
                    };
                    let writes = !matches!(stmt.op, Op::Load(..));
                    out.known.push(Access { array: *array, distance, writes, always });
                }
                Op::NewArray(NewArray::Window { array, mutable, .. }) => out.other.push((*array, *mutable)),
                Op::Clear(array) | Op::Append(array, _) | Op::Take(array) | Op::Resize(array, _) => {
                    out.other.push((*array, true));
                }
                Op::Opaque(opaque) => {
                    out.has_effect |= opaque.effect == Effect::Any;
                    out.other.extend(opaque.args.iter().filter_map(|(_, atom)| Some((atom.value()?, false))));
                }
                Op::Call(_) | Op::Pull(_) => {
                    let written = stmt.op.written_arrays();
                    let read = stmt.op.operands().into_iter().filter_map(Atom::value);
                    out.other.extend(read.map(|array| (array, written.contains(&array))));
                }
                Op::Closure(_) => out.has_effect = true,
                Op::NewArray(NewArray::Zeros(array) | NewArray::Copy(array)) => out.other.push((*array, false)),
                Op::Prim(..) | Op::If { .. } | Op::Loop(_) | Op::NewArray(_) => {}
                Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {}
            }
            stmt.op.regions().into_iter().for_each(|inner| self.collect(inner, i, varying, false, out));
        }
    }

    /// Whether the compiler knows the bounds anyway: a literal length, a loop over the length of the array, or over that of
    /// a window.
    fn is_known_length(&self, array: Value, distance: &Distance, range: &Range) -> bool {
        let Ty::Array(shape) = self.values[array.0 as usize].ty else { return true };
        if self.shapes[shape as usize].is_part() {
            // What stands in a struct is no slice.
            return true;
        }
        if distance.as_literal() != Some(0) {
            return false;
        }
        if self.lengths.get(&array) == Some(&range.end) {
            return true;
        }
        let is_fixed = matches!(self.shapes[shape as usize].dims.first(), Some(Dim::Fixed(_)));
        match (range.end, self.definitions.get(range.end)) {
            (Atom::Int(_), _) => is_fixed,
            (_, Some(Op::Opaque(opaque))) => match &opaque.code {
                Code::Expr(expr, _) => match &**expr {
                    syn::Expr::MethodCall(call) => {
                        call.method == "len" && opaque.args.iter().any(|(_, atom)| *atom == Atom::Value(array))
                    }
                    syn::Expr::Path(_) => is_fixed && opaque.args.is_empty(),
                    _ => false,
                },
                Code::Stmts(..) | Code::Assert(..) => false,
            },
            _ => false,
        }
    }

    fn make(
        &mut self,
        array: Value,
        (start, length): (&Distance, Atom),
        mutable: bool,
        before: &mut Vec<Stmt>,
    ) -> Value {
        let part = match self.sum(start, before) {
            Atom::Int(0) => Part::Range(Atom::Int(0), Some(length)),
            start => Part::Along(start, length),
        };
        let info = &self.values[array.0 as usize];
        let scalar = match info.ty {
            Ty::Array(shape) => self.shapes[shape as usize].scalar,
            _ => crate::ir::Scalar::F64,
        };
        let hint = info.hint.as_ref().map(|hint| Hint::generated(format!("{}_window", hint.name), hint.span));
        let ty = Shape::slice_in(&mut self.shapes, scalar).borrowed();
        let window = self.value(ty, hint);
        before.push(Stmt { results: vec![window], op: Op::NewArray(NewArray::Window { array, part, mutable }) });
        window
    }

    fn value(&mut self, ty: Ty, hint: Option<Hint>) -> Value {
        let value = Value(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.values.push(Info { ty, hint, derived: true });
        value
    }

    /// Computes a distance in front of the loop.
    fn sum(&mut self, distance: &Distance, before: &mut Vec<Stmt>) -> Atom {
        let mut atoms = distance.atoms.clone();
        for term in &distance.code {
            let value = self.value(Ty::Int, None);
            before.push(Stmt { results: vec![value], op: Op::Opaque(term.0.clone()) });
            atoms.push(Atom::Value(value));
        }
        if distance.literal != 0 || atoms.is_empty() {
            atoms.push(Atom::Int(distance.literal));
        }
        let mut atoms = atoms.into_iter();
        let first = atoms.next().unwrap_or(Atom::Int(0));
        atoms.fold(first, |sum, atom| {
            let value = self.value(Ty::Int, None);
            before.push(Stmt { results: vec![value], op: Op::Prim(Prim::IntAdd, vec![sum, atom]) });
            Atom::Value(value)
        })
    }

    /// Sends the accesses at the distance through the window.
    fn rewrite(
        &self,
        region: &mut Region,
        (i, index): (Value, Value),
        varying: &HashSet<Value>,
        (array, distance): (Value, &Distance),
        window: Value,
    ) {
        for stmt in &mut region.stmts {
            if let Op::Load(accessed, at) | Op::Store(accessed, at, _) | Op::Accumulate(accessed, at, _) = &mut stmt.op
                && *accessed == array
                && let [at] = &mut at[..]
                && self.definitions.distance(*at, i, varying).as_ref() == Some(distance)
            {
                (*accessed, *at) = (window, Atom::Value(index));
            }
            for inner in crate::cleanup::regions_mut(&mut stmt.op) {
                self.rewrite(inner, (i, index), varying, (array, distance), window);
            }
        }
    }
}

impl Accesses {
    /// Whether the array can be lent to a window at the distance while the loop runs, and then whether mutably.
    fn may_be_lent(&self, array: Value, distance: &Distance) -> Option<bool> {
        let own: Vec<&Access> = self.known.iter().filter(|access| access.array == array).collect();
        let otherwise = || self.other.iter().filter(|(other, _)| *other == array);
        let mutable = own.iter().any(|access| access.writes);
        if !mutable {
            return otherwise().all(|(_, changed)| !changed).then_some(false);
        }
        let only = own.iter().all(|access| access.distance.as_ref() == Some(distance)) && otherwise().next().is_none();
        only.then_some(true)
    }
}

/// The value of a primitive that statements compute.
fn known(stmts: &[Stmt], prim: Prim, args: &[Atom]) -> Option<Value> {
    let is_it = |stmt: &&Stmt| matches!(&stmt.op, Op::Prim(other, atoms) if *other == prim && atoms[..] == *args);
    stmts.iter().find(is_it).map(|stmt| stmt.results[0])
}
