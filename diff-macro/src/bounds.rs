//! Bounds: what only checks an index. A function whose dead code is about to be removed goes in; loads and windows that
//! nothing needs, but whose index may be out of range, become checks that stay: companions panic where the function
//! does.
//!
//! No check is needed
//! - where the index certainly is in range: that of a loop up to the length of the array, a literal in an array of
//!   fixed length (`Known::in_range`);
//! - where the same index is used anyway: of the array, or of its tangents or adjoints, which are as long.

use std::collections::{HashMap, HashSet};

use syn::Expr;

use crate::cleanup::{is_live, regions_mut};
use crate::emit::text_of;
use crate::ir::{
    Atom, Code, Dim, Effect, Function, Header, NewArray, Op, Opaque, Part, Range, Region, Stmt, Ty, Value,
    literal_length, walk,
};

/// The loads and windows in a region.
pub(crate) fn accesses(region: &Region) -> HashSet<Value> {
    let is_access = |stmt: &&Stmt| matches!(stmt.op, Op::Load(..) | Op::NewArray(NewArray::Window { .. }));
    walk(&region.stmts).filter(is_access).flat_map(|stmt| &stmt.results).copied().collect()
}

/// The results of dead accesses to arrays that may be out of range.
pub(crate) fn wanted(function: &Function, live: &HashSet<Value>) -> HashSet<Value> {
    let known = Known::new(function);
    let mut out = Vec::new();
    find(&function.body, &known, &|stmt| is_live(stmt, live), &mut HashSet::new(), &mut out);
    out.into_iter().collect()
}

/// Makes checks of those accesses whose results nothing reads. Where the array is not needed either, its length will do.
pub(crate) fn make_checks(function: &mut Function, wanted: &HashSet<Value>, read: &HashSet<Value>) {
    let mut lengths = HashMap::new();
    let known = Known::new(function);
    known.lengths(&function.body, read, &mut lengths);
    replace(&mut function.body, wanted, read, &lengths);
}

/// An access: the array, or the code that is the access, and the index.
type Access = (Value, Vec<Atom>);

/// The results of dead accesses that have to become checks. `done` holds the accesses that are made anyway.
fn find(
    region: &Region,
    known: &Known<'_>,
    is_live: &dyn Fn(&Stmt) -> bool,
    done: &mut HashSet<Access>,
    out: &mut Vec<Value>,
) {
    let mut here = done.clone();
    for stmt in region.stmts.iter().filter(|stmt| is_live(stmt)) {
        match &stmt.op {
            Op::Load(array, index) | Op::Store(array, index, _) | Op::Accumulate(array, index, _) => {
                here.insert((known.owner(*array), index.clone()));
            }
            _ => {}
        }
    }
    for stmt in &region.stmts {
        if let (false, Some(result)) = (is_live(stmt), stmt.results.first()) {
            let needed = match &stmt.op {
                Op::Load(array, index) => {
                    known.function.checked.contains(result)
                        && !known.in_range(*array, index)
                        && here.insert((known.owner(*array), index.clone()))
                }
                Op::NewArray(NewArray::Window { array, part, .. }) => {
                    known.function.checked.contains(result) && !known.part_in_range(*array, *part)
                }
                Op::Opaque(opaque) => opaque.effect != Effect::Any && known.may_panic(opaque),
                _ => false,
            };
            if needed {
                out.push(*result);
            }
        }
        for inner in stmt.op.regions() {
            find(inner, known, is_live, &mut here, out);
        }
    }
}

/// Turns the accesses into checks, which have no results.
fn replace(region: &mut Region, wanted: &HashSet<Value>, read: &HashSet<Value>, lengths: &HashMap<Value, Atom>) {
    for stmt in &mut region.stmts {
        let unread = |result: &&Value| wanted.contains(*result) && !read.contains(*result);
        if stmt.results.first().filter(unread).is_some() {
            match &mut stmt.op {
                Op::Load(array, index) => {
                    if let ([index], Some(length)) = (&index[..], lengths.get(array)) {
                        stmt.op = length_check(*index, *length);
                    }
                    stmt.results.clear();
                }
                Op::NewArray(NewArray::Window { .. }) => {
                    stmt.op = window_check(&stmt.op);
                    stmt.results.clear();
                }
                Op::Opaque(opaque) => {
                    if let Code::Expr(expr, _) = &opaque.code {
                        let check: syn::Stmt = syn::parse_quote!(let _ = #expr;);
                        opaque.code = Code::Stmts(std::rc::Rc::new(vec![check]), Vec::new());
                        opaque.effect = Effect::Any;
                        stmt.results.clear();
                    }
                }
                _ => {}
            }
        }
        for inner in regions_mut(&mut stmt.op) {
            replace(inner, wanted, read, lengths);
        }
    }
}

/// The index of an array that nothing needs: `assert!(index < length);`.
fn length_check(index: Atom, length: Atom) -> Op {
    let args = vec![("index".into(), index), ("length".into(), length)];
    check(&syn::parse_quote!(::core::assert!(index < length, "index out of bounds");), args)
}

fn check(stmt: &syn::Stmt, args: Vec<(std::rc::Rc<str>, Atom)>) -> Op {
    let text = text_of(stmt);
    let code = Code::Stmts(std::rc::Rc::new(vec![stmt.clone()]), Vec::new());
    Op::Opaque(Opaque { code, args, effect: Effect::Any, text })
}

/// A window that nobody looks through: `let _ = &array[start..end];`.
fn window_check(op: &Op) -> Op {
    let Op::NewArray(NewArray::Window { array, part, .. }) = op else { return op.clone() };
    let (expr, atoms): (Expr, Vec<Atom>) = match *part {
        Part::Range(start, Some(end)) => (syn::parse_quote!(array[start..end]), vec![start, end]),
        Part::Range(start, None) | Part::Along(start, _) | Part::Tail(start) => {
            (syn::parse_quote!(array[start..]), vec![start])
        }
        Part::Head(end) => (syn::parse_quote!(array[..start]), vec![end]),
        Part::Row(row) => (syn::parse_quote!(array[start]), vec![row]),
    };
    let names = ["start", "end"].into_iter().map(std::rc::Rc::from);
    let mut args: Vec<(std::rc::Rc<str>, Atom)> = vec![("array".into(), Atom::Value(*array))];
    args.extend(names.zip(atoms));
    check(&syn::parse_quote!(let _ = &#expr;), args)
}

/// What the function shows of its lengths and indices.
struct Known<'a> {
    /// Types and shapes.
    function: &'a Function,
    ops: HashMap<Value, &'a Op>,
    /// The loops over ranges, by their indices.
    ranges: HashMap<Value, Range>,
    growing: HashSet<Value>,
}

/// A length that an index has to be below.
#[derive(Clone, Copy)]
enum Bound<'a> {
    Fixed(&'a Expr),
    Of(Value),
}

impl<'a> Known<'a> {
    fn new(function: &'a Function) -> Self {
        let mut known = Known { function, ops: HashMap::new(), ranges: HashMap::new(), growing: function.growing() };
        known.collect(&function.body);
        known
    }

    /// The lengths of arrays of one dimension that nothing reads, and that are never longer or shorter.
    fn lengths(&self, region: &Region, read: &HashSet<Value>, out: &mut HashMap<Value, Atom>) {
        for stmt in walk(&region.stmts) {
            if let (Op::NewArray(new), [array]) = (&stmt.op, &stmt.results[..])
                && !read.contains(array)
                && !self.growing.contains(array)
                && let Ty::Array(number) = self.function.values[array.0 as usize].ty
            {
                let length = match (new, &self.function.shapes[number as usize].dims[..]) {
                    (NewArray::Fill(_, lengths), [Dim::Dynamic]) => lengths.first().copied(),
                    (NewArray::Fill(..), [Dim::Fixed(length)]) => self.literal(Bound::Fixed(length)).map(Atom::Int),
                    (NewArray::Elements(elements), [_]) => i64::try_from(elements.len()).ok().map(Atom::Int),
                    _ => None,
                };
                out.extend(length.map(|length| (*array, length)));
            }
        }
    }

    fn collect(&mut self, region: &'a Region) {
        for stmt in walk(&region.stmts) {
            if let ([result], Op::Prim(..) | Op::NewArray(_) | Op::Opaque(_)) = (&stmt.results[..], &stmt.op) {
                self.ops.insert(*result, &stmt.op);
            }
            if let Op::Loop(l) = &stmt.op
                && let Header::Range(range) = &l.header
            {
                self.ranges.insert(range.index, range.clone());
            }
        }
    }

    /// The array whose length an array has: its own, or that of what its elements belong to.
    fn owner(&self, array: Value) -> Value {
        self.function.twins.get(&array).copied().unwrap_or(array)
    }

    fn in_range(&self, array: Value, index: &[Atom]) -> bool {
        let Ty::Array(number) = self.function.values[array.0 as usize].ty else { return false };
        let shape = &self.function.shapes[number as usize];
        // A struct has the parts that are read.
        shape.is_struct()
            || shape.dims.iter().zip(index).all(|(dim, at)| match dim {
                Dim::Fixed(length) => self.below(*at, Bound::Fixed(length)),
                Dim::Dynamic => !self.growing.contains(&array) && self.below(*at, Bound::Of(array)),
            })
    }

    fn part_in_range(&self, array: Value, part: Part) -> bool {
        match part {
            Part::Row(row) => self.in_range(array, &[row]),
            Part::Range(Atom::Int(0), None) => true,
            Part::Range(..) | Part::Along(..) | Part::Head(_) | Part::Tail(_) => false,
        }
    }

    /// Whether an index is certainly below a length.
    fn below(&self, at: Atom, bound: Bound<'_>) -> bool {
        let value = match at {
            Atom::Int(n) => return self.literal(bound).is_some_and(|length| (0..length).contains(&n)),
            Atom::Value(value) => value,
            Atom::Float(_) | Atom::Bool(_) | Atom::Undefined => return false,
        };
        match self.ranges.get(&value) {
            Some(range) => !range.inclusive && self.at_most(range.end, bound),
            None => false,
        }
    }

    /// Whether the end of a range is certainly no more than a length.
    fn at_most(&self, end: Atom, bound: Bound<'_>) -> bool {
        let value = match end {
            Atom::Int(n) => return self.literal(bound).is_some_and(|length| n <= length),
            Atom::Value(value) => value,
            Atom::Float(_) | Atom::Bool(_) | Atom::Undefined => return false,
        };
        match (self.ops.get(&value), bound) {
            (Some(Op::Opaque(opaque)), Bound::Fixed(length)) => match &opaque.code {
                Code::Expr(expr, _) => text_of(&**expr) == text_of(length),
                Code::Stmts(..) | Code::Assert(..) => false,
            },
            (op, Bound::Of(array)) => {
                let made = match self.ops.get(&array) {
                    Some(Op::NewArray(NewArray::Fill(_, lengths))) => lengths.first() == Some(&end),
                    Some(Op::NewArray(NewArray::Zeros(of) | NewArray::Copy(of))) => self.at_most(end, Bound::Of(*of)),
                    _ => false,
                };
                let measured = match op {
                    Some(Op::Opaque(opaque)) => match &opaque.code {
                        Code::Expr(expr, _) => is_within(expr, &opaque.args, self.owner(array)),
                        Code::Stmts(..) | Code::Assert(..) => false,
                    },
                    _ => false,
                };
                made || measured
            }
            (_, Bound::Fixed(_)) => false,
        }
    }

    fn literal(&self, bound: Bound<'_>) -> Option<i64> {
        match bound {
            Bound::Fixed(length) => literal_length(length),
            Bound::Of(array) => match self.ops.get(&array)? {
                Op::NewArray(NewArray::Elements(elements)) => i64::try_from(elements.len()).ok(),
                Op::NewArray(NewArray::Fill(_, lengths)) => match lengths.first()? {
                    Atom::Int(length) => Some(*length),
                    _ => None,
                },
                _ => None,
            },
        }
    }

    /// Whether verbatim code indexes something, perhaps out of range.
    fn may_panic(&self, opaque: &Opaque) -> bool {
        struct Found<'a> {
            known: &'a Known<'a>,
            args: &'a [(std::rc::Rc<str>, Atom)],
            panics: bool,
        }
        impl<'a> syn::visit::Visit<'a> for Found<'_> {
            fn visit_expr_index(&mut self, index: &'a syn::ExprIndex) {
                let atom = |expr: &Expr| {
                    let name = crate::fence::variable(expr)?;
                    self.args.iter().find(|(arg, _)| **arg == *name).map(|(_, atom)| *atom)
                };
                let (base, at) = (atom(&index.expr).and_then(Atom::value), atom(&index.index));
                let within = base.zip(at).is_some_and(|(base, at)| self.known.below(at, Bound::Of(base)));
                self.panics |= !within;
                syn::visit::visit_expr_index(self, index);
            }
            fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
        }
        let Code::Expr(expr, _) = &opaque.code else { return false };
        let mut found = Found { known: self, args: &opaque.args, panics: false };
        syn::visit::Visit::visit_expr(&mut found, expr);
        found.panics
    }
}

/// Whether an expression is certainly no more than the length of an array: `a.len()`, `a.len() - 1`, `a.len().min(n)`.
fn is_within(expr: &Expr, args: &[(std::rc::Rc<str>, Atom)], array: Value) -> bool {
    match expr {
        Expr::Paren(paren) => is_within(&paren.expr, args, array),
        Expr::MethodCall(call) if call.method == "len" && call.args.is_empty() => {
            let name = crate::fence::variable(&call.receiver);
            name.is_some_and(|name| args.iter().any(|(arg, atom)| **arg == *name && *atom == Atom::Value(array)))
        }
        Expr::MethodCall(call) if call.method == "min" => {
            is_within(&call.receiver, args, array) || call.args.iter().any(|arg| is_within(arg, args, array))
        }
        // Where this is below zero, it panics or there is no such index.
        Expr::MethodCall(call) if call.method == "saturating_sub" => is_within(&call.receiver, args, array),
        _ => false,
    }
}
