//! Scratch arrays: a loop goes in; the arrays that each of its iterations overwrites before it reads them come out. No
//! iteration sees what another has left in them, so that they are like variables of the body.
//!
//! ```text
//! // Input:    for p in 0..n { for i in 0..d { c[i] = x[p * d + i] - m[i] }; for i in 0..d { s += c[i] * c[i] } }
//! // Output:   c
//! ```

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::affine::Definitions;
use crate::ir::{Atom, Code, Dim, Function, Header, Loop, NewArray, Op, Region, Shape, Stmt, Ty, Value, walk};
use crate::rules::Prim;

/// What is known of the arrays of a function.
pub(crate) struct Arrays {
    definitions: Definitions,
    shapes: Rc<Vec<Shape>>,
    types: Vec<Ty>,
    roots: HashMap<Value, Value>,
    /// The outermost length of the arrays that the function makes, where it is dynamic.
    lengths: HashMap<Value, Atom>,
}

/// What statements do with arrays, as far as they are read: by their roots.
#[derive(Default, Clone)]
struct Seen {
    /// Every element has been overwritten.
    covered: HashSet<Value>,
    /// Some element may have been read before.
    exposed: HashSet<Value>,
}

/// What an iteration does with arrays.
pub(crate) struct Iteration {
    /// Those that it may read before it has overwritten them.
    pub(crate) exposed: HashSet<Value>,
    /// Those that it overwrites wholly.
    pub(crate) covered: HashSet<Value>,
}

impl Arrays {
    pub(crate) fn of(function: &Function) -> Self {
        let mut lengths = HashMap::new();
        find_lengths(&function.body, &mut lengths);
        Arrays {
            definitions: Definitions::of(&function.body),
            shapes: function.shapes.clone(),
            types: function.values.iter().map(|info| info.ty).collect(),
            roots: function.roots(),
            lengths,
        }
    }

    /// What each iteration of a loop does.
    pub(crate) fn iteration(&self, l: &Loop) -> Iteration {
        let mut seen = Seen::default();
        if let Header::While(cond) = &l.header {
            self.region(cond, &mut seen);
        }
        self.region(&l.body, &mut seen);
        Iteration { exposed: seen.exposed, covered: seen.covered }
    }

    /// The arrays that the rest of a region may read before it overwrites them.
    pub(crate) fn exposed(&self, rest: &[Stmt], yields: &[Atom]) -> HashSet<Value> {
        let mut seen = Seen::default();
        self.stmts(rest, &mut seen);
        yields.iter().filter_map(|atom| atom.value()).for_each(|value| self.read(value, &mut seen));
        seen.exposed
    }

    /// The length of an array that the function makes, if it is dynamic.
    pub(crate) fn length(&self, array: Value) -> Option<Atom> {
        self.lengths.get(&array).copied()
    }

    /// Whether a region computes an index of an array from the value, which so is a `usize`.
    pub(crate) fn is_index(&self, region: &Region, value: Value) -> bool {
        let mut indices = walk(&region.stmts).filter_map(|stmt| stmt.op.index());
        indices.any(|at| at.iter().any(|at| self.definitions.is_made_of(*at, value)))
    }

    /// Whether a region computes an index of an array from the value, at once or by other values.
    pub(crate) fn is_used_for_index(&self, region: &Region, value: Value) -> bool {
        let mut made_of = HashSet::from([value]);
        loop {
            let before = made_of.len();
            spread(region, &mut made_of);
            if made_of.len() == before {
                break;
            }
        }
        indexes_by(region, &made_of)
    }

    fn root(&self, array: Value) -> Value {
        *self.roots.get(&array).unwrap_or(&array)
    }

    fn read(&self, array: Value, seen: &mut Seen) {
        let root = self.root(array);
        if !seen.covered.contains(&root) {
            seen.exposed.insert(root);
        }
    }

    fn region(&self, region: &Region, seen: &mut Seen) {
        self.stmts(&region.stmts, seen);
        region.yields.iter().filter_map(|atom| atom.value()).for_each(|value| self.read(value, seen));
    }

    fn stmts(&self, stmts: &[Stmt], seen: &mut Seen) {
        stmts.iter().for_each(|stmt| self.stmt(stmt, seen));
    }

    fn stmt(&self, stmt: &Stmt, seen: &mut Seen) {
        match &stmt.op {
            Op::Load(array, _) | Op::Accumulate(array, ..) => self.read(*array, seen),
            Op::Append(array, _) | Op::Take(array) | Op::Resize(array, _) => self.read(*array, seen),
            // What a window shows is read where an element is read through it.
            Op::NewArray(NewArray::Window { .. } | NewArray::Zeros(_)) | Op::Store(..) => {}
            Op::NewArray(new) => {
                if let NewArray::Copy(array) = new {
                    self.read(*array, seen);
                }
                seen.covered.extend(&stmt.results);
            }
            Op::Clear(array) => {
                seen.covered.insert(*array);
            }
            Op::Opaque(opaque) if is_length(&opaque.code) => {}
            Op::Closure(closure) => self.region(&closure.region, seen),
            Op::Opaque(_) | Op::Prim(..) | Op::Call(_) | Op::Pull(_) => {
                stmt.op.operands().into_iter().filter_map(Atom::value).for_each(|value| self.read(value, seen));
            }
            Op::If { then, otherwise, .. } => {
                let mut other = seen.clone();
                self.region(then, seen);
                self.region(otherwise, &mut other);
                seen.covered.retain(|array| other.covered.contains(array));
                seen.exposed.extend(other.exposed);
            }
            Op::Loop(l) => {
                let before = seen.covered.clone();
                if let Header::While(cond) = &l.header {
                    self.region(cond, seen);
                }
                self.region(&l.body, seen);
                // It may not run at all: only what covers an array by running over all of it counts.
                seen.covered = before;
                self.covers(l, &mut Vec::new(), &mut seen.covered);
            }
            Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {}
        }
    }

    /// The arrays that a nest of loops overwrites, element by element; `outer` are the loops around, with their ends.
    fn covers(&self, l: &Loop, outer: &mut Vec<(Value, Atom)>, out: &mut HashSet<Value>) {
        let Some(range) = l.plain_range().filter(|range| range.start == Atom::Int(0)) else { return };
        outer.push((range.index, range.end));
        for stmt in &l.body.stmts {
            match &stmt.op {
                Op::Store(array, at, _) if self.is_all_of(*array, at, outer) => {
                    out.insert(*array);
                }
                Op::Loop(inner) => self.covers(inner, outer, out),
                Op::Store(..) | Op::Prim(..) | Op::Opaque(_) | Op::If { .. } | Op::Load(..) => {}
                Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) | Op::Call(_) => {}
                Op::Pull(_) | Op::Closure(_) => {}
                Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {}
                Op::Append(..) | Op::Take(_) | Op::Resize(..) => {}
            }
        }
        outer.pop();
    }

    /// Whether the loops run over all elements of the array.
    fn is_all_of(&self, array: Value, at: &[Atom], loops: &[(Value, Atom)]) -> bool {
        let Ty::Array(shape) = self.types[array.0 as usize] else { return false };
        let dims = &self.shapes[shape as usize].dims;
        !self.roots.contains_key(&array)
            && dims.len() == loops.len()
            && at.len() == loops.len()
            && at.iter().zip(loops).all(|(at, (index, _))| *at == Atom::Value(*index))
            && loops.iter().zip(dims).enumerate().all(|(k, ((_, end), dim))| self.is_length_of((array, k), dim, *end))
    }

    /// Whether the atom is the length of an array in its `k`-th dimension.
    fn is_length_of(&self, (array, k): (Value, usize), dim: &Dim, end: Atom) -> bool {
        let code = match self.definitions.get(end) {
            Some(Op::Opaque(opaque)) => Some(opaque),
            _ => None,
        };
        let asked = k == 0
            && code
                .is_some_and(|opaque| is_length(&opaque.code) && opaque.args.iter().all(|(_, a)| *a == array.into()));
        match dim {
            Dim::Dynamic => asked || self.lengths.get(&array) == Some(&end),
            Dim::Fixed(length) => {
                let text = quote::quote!(#length).to_string();
                asked
                    || matches!(end, Atom::Int(n) if text == n.to_string())
                    || code.is_some_and(|opaque| opaque.args.is_empty() && *opaque.text == *text)
            }
        }
    }
}

/// `array.len()`, which reads no element.
fn is_length(code: &Code) -> bool {
    let Code::Expr(expr, _) = code else { return false };
    let syn::Expr::MethodCall(call) = &**expr else { return false };
    call.method == "len" && call.args.is_empty() && matches!(&*call.receiver, syn::Expr::Path(_))
}

fn find_lengths(region: &Region, out: &mut HashMap<Value, Atom>) {
    for stmt in walk(&region.stmts) {
        if let Op::NewArray(NewArray::Fill(_, lengths)) = &stmt.op
            && let [length] = lengths[..]
        {
            out.insert(stmt.results[0], length);
        }
    }
}

/// Adds the values that are made of some: by integer arithmetic, or carried by a loop.
fn spread(region: &Region, made_of: &mut HashSet<Value>) {
    let is_made = |atom: &Atom, made_of: &HashSet<Value>| atom.value().is_some_and(|value| made_of.contains(&value));
    for stmt in &region.stmts {
        match &stmt.op {
            Op::Prim(Prim::IntAdd | Prim::IntSub | Prim::IntMul | Prim::IntSpan, args)
                if args.iter().any(|atom| is_made(atom, made_of)) =>
            {
                made_of.extend(&stmt.results);
            }
            Op::Opaque(opaque) if opaque.args.iter().any(|(_, atom)| is_made(atom, made_of)) => {
                made_of.extend(&stmt.results);
            }
            Op::Loop(l) => {
                let carried = l.init.iter().zip(&l.body.params).filter(|(init, _)| is_made(init, made_of));
                let carried: Vec<Value> = carried.map(|(_, param)| *param).collect();
                made_of.extend(carried);
            }
            _ => {}
        }
        stmt.op.regions().into_iter().for_each(|inner| spread(inner, made_of));
    }
}

fn indexes_by(region: &Region, values: &HashSet<Value>) -> bool {
    let mut indices = walk(&region.stmts).filter_map(|stmt| stmt.op.index());
    indices.any(|at| at.iter().any(|at| at.value().is_some_and(|value| values.contains(&value))))
}
