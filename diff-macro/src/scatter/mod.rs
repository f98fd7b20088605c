//! Loops that add to arrays of adjoints. A finished function goes in; one that stores at once what is added to zeros, that
//! gathers what neighbours add or carries it to the next iteration, and that keeps records in these arrays, comes out.
//!
//! ```text
//! // Input:    a.fill(0); for i in 0..n { a[i] += s(i) }
//! // Output:   a[n..].fill(0); for i in 0..n { a[i] = s(i) }
//! ```
//!
//! What the user adds to arrays of his own stays as it is, to the bit: only arrays of adjoints and tangents count.
//!
//! An array is *fresh* while it holds nothing but the zeros that it was cleared or made with, and nothing has touched it.
//! That a loop assigns to a fresh array is decided by its accesses alone: all are at one distance from the index of the
//! loop, and the first one in each iteration is an addition that every iteration makes.

mod carry;
mod gather;
mod records;

use std::collections::{HashMap, HashSet};

use crate::affine::Definitions;
use crate::analyses::Analysis;
use crate::cleanup::regions_mut;
use crate::ir::{
    Atom, Code, Dim, Function, Info, Loop, NewArray, Op, Opaque, Part, Region, Scalar, Shape, Stmt, Ty, Value,
    literal_length, walk,
};
use crate::reverse::header_text;
use crate::rules::Prim;

/// Rewrites the loops of a function; tells of each.
pub(crate) fn scatter(function: &mut Function) -> Vec<String> {
    let mut pass = Scatter {
        definitions: Definitions::of(&function.body),
        growing: function.growing(),
        twins: function.twins.clone(),
        tapes: walk(&function.body.stmts).filter_map(read_tape).collect(),
        values: std::mem::take(&mut function.values),
        shapes: function.shapes.to_vec(),
        notes: Vec::new(),
    };
    pass.region(&mut function.body, &HashSet::new());
    function.values = pass.values;
    function.shapes = pass.shapes.into();
    pass.notes
}

struct Scatter {
    definitions: Definitions,
    growing: HashSet<Value>,
    twins: HashMap<Value, Value>,
    /// The tapes that loops read, once for each of these loops.
    tapes: Vec<Value>,
    values: Vec<Info>,
    shapes: Vec<Shape>,
    notes: Vec<String>,
}

/// The arrays that hold zeros, and that nothing has touched yet.
#[derive(Default)]
struct Fresh {
    /// By a statement before, which may do less if a loop assigns.
    cleared: HashSet<Value>,
    /// Since they were made.
    made: HashSet<Value>,
}

impl Fresh {
    fn contains(&self, array: Value) -> bool {
        self.cleared.contains(&array) || self.made.contains(&array)
    }

    fn all(&self) -> HashSet<Value> {
        self.cleared.union(&self.made).copied().collect()
    }

    fn remove(&mut self, array: Value) {
        self.cleared.remove(&array);
        self.made.remove(&array);
    }
}

/// The elements of an array from a start up to an end: two numbers, each with a literal that is added.
#[derive(Clone, Copy)]
struct Span {
    start: (Atom, i64),
    end: (Atom, i64),
    /// It certainly holds an element.
    certain: bool,
}

impl Scatter {
    fn region(&mut self, region: &mut Region, made: &HashSet<Value>) {
        let mut fresh = Fresh { made: made.clone(), ..Fresh::default() };
        let mut out = Vec::new();
        for stmt in std::mem::take(&mut region.stmts) {
            self.stmt(stmt, &mut fresh, &mut out);
        }
        region.stmts = out;
    }

    fn stmt(&mut self, mut stmt: Stmt, fresh: &mut Fresh, out: &mut Vec<Stmt>) {
        if let Op::If { then, otherwise, .. } = &mut stmt.op {
            sink(fresh, [then, otherwise], out);
        }
        // Whoever leaves the function by an error finds zeros.
        if leaves(&stmt) {
            fresh.cleared.clear();
        }
        let touched: Vec<Value> = fresh.all().into_iter().filter(|array| touches(&stmt, *array) > 0).collect();
        let is_branch = matches!(stmt.op, Op::If { .. });
        let inherited = if is_branch { fresh.made.clone() } else { HashSet::new() };
        regions_mut(&mut stmt.op).into_iter().for_each(|inner| self.region(inner, &inherited));
        match &stmt.op {
            Op::Clear(array) => {
                fresh.cleared.insert(*array);
                return out.push(stmt);
            }
            Op::NewArray(new) if is_zero(new) => {
                fresh.made.insert(stmt.results[0]);
                return out.push(stmt);
            }
            Op::Loop(_) => self.repeat(stmt, fresh, out),
            Op::Prim(..) | Op::Opaque(_) | Op::Call(_) | Op::If { .. } | Op::NewArray(_) => out.push(stmt),
            Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::Append(..) | Op::Take(_) | Op::Resize(..) => {
                out.push(stmt);
            }
            Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => out.push(stmt),
            Op::Pull(_) | Op::Closure(_) => out.push(stmt),
        }
        touched.into_iter().for_each(|array| fresh.remove(array));
    }

    fn repeat(&mut self, mut stmt: Stmt, fresh: &Fresh, out: &mut Vec<Stmt>) {
        let Op::Loop(l) = &mut stmt.op else { return out.push(stmt) };
        if let Some(gathered) = self.gather(l, fresh, out) {
            return out.push(gathered);
        }
        let (further, after) = self.carry_neighbours(l);
        stmt.results.extend(further);
        let mut arrays: Vec<Value> = fresh.all().into_iter().filter(|array| touches_in(&l.body, *array) > 0).collect();
        arrays.sort_unstable();
        let mut assigned = Vec::new();
        for array in arrays {
            let Some(distance) = self.assign(l, array) else { continue };
            if let (Some(range), true) = (l.plain_range(), fresh.cleared.contains(&array)) {
                let span = Span { start: (range.start, distance), end: (range.end, distance), certain: false };
                self.clear_less(array, span, out);
            }
            self.notes
                .push(format!("the loop of {} is the first to add to {array}: it assigns", header_text(&l.header)));
            assigned.push((array, distance));
        }
        self.keep_records(l, &assigned, out);
        out.push(stmt);
        out.extend(after);
    }

    /// Stores what a loop adds first to each element of a fresh array; gives the distance of the elements from its index.
    fn assign(&self, l: &mut Loop, array: Value) -> Option<i64> {
        let range =
            l.plain_range().filter(|_| Analysis::Assign.is_on() && self.is_derived(array) && self.is_flat(array))?;
        let (index, bounds) = (range.index, [range.start, range.end]);
        let varying = l.varying();
        let position = l.body.stmts.iter().position(|stmt| touches(stmt, array) > 0)?;
        let Op::Accumulate(_, at, term) = &l.body.stmts[position].op else { return None };
        let (at, term) = (at.clone(), *term);
        let distance = self.distance(&at, index, &varying)?;
        let is_in_range = bounds.iter().all(|atom| !matches!(atom, Atom::Int(n) if n + distance < 0));
        let is_same = |stmt: &Stmt| {
            let own = stmt.op.operands().iter().filter(|atom| atom.value() == Some(array)).count();
            own == 0
                || (own == 1
                    && matches!(stmt.op, Op::Load(..) | Op::Store(..) | Op::Accumulate(..))
                    && stmt.op.index().and_then(|at| self.distance(at, index, &varying)) == Some(distance))
        };
        if !is_in_range || !walk(&l.body.stmts).all(is_same) {
            return None;
        }
        l.body.stmts[position].op = Op::Store(array, at, term);
        Some(distance)
    }

    /// How far the index of an element of one dimension is from that of a loop, as a literal.
    fn distance(&self, at: &[Atom], index: Value, varying: &HashSet<Value>) -> Option<i64> {
        let [at] = at else { return None };
        self.definitions.distance(*at, index, varying)?.as_literal()
    }

    /// Clears an array but for the elements that are assigned next, in place of the whole of it.
    fn clear_less(&mut self, array: Value, span: Span, out: &mut Vec<Stmt>) {
        out.retain(|stmt| !matches!(stmt.op, Op::Clear(other) if other == array));
        let begins = matches!(span.start, (Atom::Int(start), offset) if start + offset == 0);
        let mut parts = Vec::new();
        if !begins {
            let start = self.place(span.start, &mut parts);
            self.clear_part(array, Part::Range(Atom::Int(0), Some(start)), &mut parts);
        }
        if !self.is_length(span.end, array) {
            let end = self.place(span.end, &mut parts);
            self.clear_part(array, Part::Range(end, None), &mut parts);
        }
        let is_literal = matches!((span.start.0, span.end.0), (Atom::Int(start), Atom::Int(end)) if start < end);
        if span.start == (Atom::Int(0), 0) || span.certain || is_literal {
            return out.extend(parts);
        }
        // Where the loop does not run, nothing is assigned.
        let runs = self.value(Ty::Bool);
        out.push(Stmt { results: vec![runs], op: Op::Prim(Prim::Lt, vec![span.start.0, span.end.0]) });
        out.push(branch(Atom::Value(runs), parts, vec![clear(array)]));
    }

    fn clear_part(&mut self, array: Value, part: Part, out: &mut Vec<Stmt>) {
        let scalar = self.scalar(array);
        let ty = Shape::slice_in(&mut self.shapes, scalar).borrowed();
        let window = self.value(ty);
        out.push(Stmt { results: vec![window], op: Op::NewArray(NewArray::Window { array, part, mutable: true }) });
        out.push(clear(window));
    }

    /// A number with a literal added.
    fn place(&mut self, (base, offset): (Atom, i64), out: &mut Vec<Stmt>) -> Atom {
        let (prim, offset) = match (base, offset) {
            (base, 0) => return base,
            (Atom::Int(base), offset) => return Atom::Int(base + offset),
            (_, 1..) => (Prim::IntAdd, offset),
            _ => (Prim::IntSub, -offset),
        };
        let value = self.value(Ty::Int);
        out.push(Stmt { results: vec![value], op: Op::Prim(prim, vec![base, Atom::Int(offset)]) });
        Atom::Value(value)
    }

    /// Whether a number certainly is the length of an array.
    fn is_length(&self, (end, offset): (Atom, i64), array: Value) -> bool {
        let Ty::Array(number) = self.values[array.0 as usize].ty else { return false };
        let code = match (offset, self.definitions.get(end)) {
            (0, Some(Op::Opaque(Opaque { code: Code::Expr(expr, _), args, .. }))) => Some((&**expr, args)),
            _ => None,
        };
        match (self.shapes[number as usize].dims.first(), end, code) {
            (Some(Dim::Fixed(length)), Atom::Int(end), _) => literal_length(length) == Some(end + offset),
            (Some(Dim::Fixed(length)), _, Some((expr, args))) => {
                args.is_empty() && crate::emit::text_of(expr) == crate::emit::text_of(&**length)
            }
            (Some(Dim::Dynamic), _, Some((syn::Expr::MethodCall(call), args))) => {
                let owner = self.twins.get(&array).copied().unwrap_or(array);
                let name = crate::fence::variable(&call.receiver).filter(|_| call.method == "len");
                !self.growing.contains(&owner)
                    && name.is_some_and(|name| args.iter().any(|(arg, atom)| **arg == *name && *atom == owner.into()))
            }
            _ => false,
        }
    }

    /// Whether an array holds adjoints or tangents: the order of additions to it is not the user's.
    fn is_derived(&self, array: Value) -> bool {
        self.twins.contains_key(&array) || self.values[array.0 as usize].derived
    }

    /// Whether an array has one dimension, and stands by itself.
    fn is_flat(&self, array: Value) -> bool {
        let Ty::Array(number) = self.values[array.0 as usize].ty else { return false };
        let shape = &self.shapes[number as usize];
        shape.dims.len() == 1 && !shape.is_part() && !self.growing.contains(&array)
    }

    fn scalar(&self, array: Value) -> Scalar {
        match self.values[array.0 as usize].ty {
            Ty::Array(number) => self.shapes[number as usize].scalar,
            _ => Scalar::F64,
        }
    }

    fn value(&mut self, ty: Ty) -> Value {
        self.like(Info { ty, hint: None, derived: true })
    }

    fn like(&mut self, info: Info) -> Value {
        let value = Value(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.values.push(info);
        value
    }
}

/// Moves what clears arrays into the arms of a branch that touches them first.
fn sink(fresh: &mut Fresh, arms: [&mut Region; 2], out: &mut Vec<Stmt>) {
    let is_touched = |array: &Value| arms.iter().any(|arm| touches_in(arm, *array) > 0);
    let mut sunk: Vec<Value> = fresh.cleared.iter().copied().filter(is_touched).collect();
    sunk.sort_unstable();
    out.retain(|stmt| !matches!(stmt.op, Op::Clear(array) if sunk.contains(&array)));
    for arm in arms {
        arm.stmts.splice(0..0, sunk.iter().map(|array| clear(*array)));
    }
    sunk.iter().for_each(|array| fresh.remove(*array));
}

fn clear(array: Value) -> Stmt {
    Stmt { results: Vec::new(), op: Op::Clear(array) }
}

fn branch(cond: Atom, then: Vec<Stmt>, otherwise: Vec<Stmt>) -> Stmt {
    let region = |stmts| Region { params: Vec::new(), stmts, yields: Vec::new() };
    Stmt { results: Vec::new(), op: Op::If { cond, then: region(then), otherwise: region(otherwise) } }
}

/// How often a statement mentions an array.
fn touches(stmt: &Stmt, array: Value) -> usize {
    let own = stmt.op.operands().iter().filter(|atom| atom.value() == Some(array)).count();
    own + stmt.op.regions().into_iter().map(|region| touches_in(region, array)).sum::<usize>()
}

fn touches_in(region: &Region, array: Value) -> usize {
    region.stmts.iter().map(|stmt| touches(stmt, array)).sum()
}

/// Whether what is made holds zeros.
fn is_zero(new: &NewArray) -> bool {
    match new {
        NewArray::Zeros(_) => true,
        NewArray::Fill(value, _) => value.is_float(0.0),
        NewArray::Elements(_) | NewArray::Empty(_) | NewArray::Copy(_) | NewArray::Window { .. } => false,
    }
}

/// The tape whose records a loop reads.
fn read_tape(stmt: &Stmt) -> Option<Value> {
    match &stmt.op {
        Op::Loop(l) => l.records.as_ref().map(|records| records.tape),
        _ => None,
    }
}

/// Whether the user's code in a statement leaves the function.
fn leaves(stmt: &Stmt) -> bool {
    struct Exits(bool);
    impl<'a> syn::visit::Visit<'a> for Exits {
        fn visit_expr_return(&mut self, _: &'a syn::ExprReturn) {
            self.0 = true;
        }
        fn visit_expr_try(&mut self, _: &'a syn::ExprTry) {
            self.0 = true;
        }
        fn visit_macro(&mut self, mac: &'a syn::Macro) {
            let text = mac.tokens.to_string();
            self.0 |= text.contains('?') || text.contains("return");
        }
    }
    let mut exits = Exits(false);
    for stmt in walk(std::slice::from_ref(stmt)) {
        if let Op::Opaque(opaque) = &stmt.op {
            match &opaque.code {
                Code::Expr(expr, _) | Code::Assert(expr, _) => syn::visit::Visit::visit_expr(&mut exits, expr),
                Code::Stmts(stmts, _) => stmts.iter().for_each(|stmt| syn::visit::Visit::visit_stmt(&mut exits, stmt)),
            }
        }
    }
    exits.0
}
