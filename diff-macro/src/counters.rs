//! Counters: a function goes in whose verbatim code counts up an index of its own; one in which the index is a value like
//! any other comes out. Where it goes up by the same in every iteration, it is computed from the index of the loop.
//!
//! ```text
//! // Input:    let mut l = b; for j in s..e { .. a[l] ..; l += 1 }
//! // Output:   for j in s..e { .. a[b + (j - s)] .. }                 l is b + (e - s) from here on
//! ```
//!
//! A variable is a counter if verbatim code declares it, only reads it and adds to it, and an array is indexed by it: so it
//! is a `usize`.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::affine::mentioned;
use crate::analyses::Analysis;
use crate::cleanup::{regions_mut, rename_region};
use crate::ir::{
    Atom, Code, Effect, Function, Header, Hint, Info, Loop, Op, Opaque, Range, Region, Stmt, Ty, Value, walk,
};
use crate::rules::Prim;
use crate::scratch::Arrays;

/// Follows the counters of a function; tells of each.
pub(crate) fn follow_counters(function: &mut Function) -> Vec<String> {
    if !Analysis::Counters.is_on() {
        return Vec::new();
    }
    let mut notes = Vec::new();
    let mut tried = Vec::new();
    while let Some(counter) = next_counter(&function.body, &tried) {
        tried.push(counter.cell);
        if !counter.is_followed(&function.body) {
            continue;
        }
        notes.push(format!("`{}` is a counter", counter.name));
        let mut open = HashSet::new();
        changed_by_code(&function.body, &mut open);
        let values = std::mem::take(&mut function.values);
        let mut pass = Follow { counter, values, open, names: HashMap::new() };
        pass.region(&mut function.body, None);
        rename_region(&mut function.body, &pass.names);
        function.values = pass.values;
    }
    if !notes.is_empty() {
        let arrays = Arrays::of(function);
        let mut names = HashMap::new();
        let mut values = std::mem::take(&mut function.values);
        eliminate(&mut function.body, &arrays, &mut values, &mut names);
        function.values = values;
        rename_region(&mut function.body, &names);
    }
    notes
}

/// A variable of verbatim code.
struct Counter {
    cell: Value,
    name: Rc<str>,
}

fn next_counter(region: &Region, tried: &[Value]) -> Option<Counter> {
    region.stmts.iter().find_map(|stmt| {
        declared(stmt)
            .filter(|counter| !tried.contains(&counter.cell))
            .or_else(|| stmt.op.regions().into_iter().find_map(|inner| next_counter(inner, tried)))
    })
}

/// The variable that a statement declares by a sum or product of integers.
fn declared(stmt: &Stmt) -> Option<Counter> {
    let (Op::Opaque(opaque), [cell]) = (&stmt.op, &stmt.results[..]) else { return None };
    let (Code::Stmts(_, names), Some(init)) = (&opaque.code, initial(opaque)) else { return None };
    mentioned(init)?;
    let [name] = &names[..] else { return None };
    Some(Counter { cell: *cell, name: name.clone() })
}

/// `init` of `let mut name = init;`, or with the type `usize`.
fn initial(opaque: &Opaque) -> Option<&syn::Expr> {
    let Code::Stmts(stmts, _) = &opaque.code else { return None };
    let [syn::Stmt::Local(local)] = &stmts[..] else { return None };
    let pat = match &local.pat {
        syn::Pat::Type(typed) => match &*typed.ty {
            syn::Type::Path(path) if path.path.is_ident("usize") => &*typed.pat,
            _ => return None,
        },
        pat => pat,
    };
    let init = local.init.as_ref().filter(|init| init.diverge.is_none())?;
    matches!(pat, syn::Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none()).then_some(&*init.expr)
}

/// What a statement of verbatim code does with the variable.
enum Use<'a> {
    Nothing,
    Declares(&'a syn::Expr),
    /// It is the value.
    Is,
    Reads,
    Adds(&'a syn::Expr),
    Other,
}

impl Counter {
    fn use_of<'a>(&self, stmt: &Stmt, opaque: &'a Opaque) -> Use<'a> {
        if stmt.results.contains(&self.cell) {
            return initial(opaque).map_or(Use::Other, Use::Declares);
        }
        if !opaque.args.iter().any(|(_, atom)| *atom == Atom::Value(self.cell)) {
            return Use::Nothing;
        }
        match &opaque.code {
            Code::Expr(expr, None) if matches!(&**expr, syn::Expr::Path(path) if path.path.is_ident(&*self.name)) => {
                Use::Is
            }
            Code::Expr(..) if opaque.effect != Effect::Any => Use::Reads,
            Code::Stmts(stmts, _) => match &stmts[..] {
                [syn::Stmt::Expr(syn::Expr::Binary(binary), _)] => match (&binary.op, &*binary.left) {
                    (syn::BinOp::AddAssign(_), syn::Expr::Path(path))
                        if path.path.is_ident(&*self.name)
                            && mentioned(&binary.right).is_some_and(|names| !names.contains(&*self.name)) =>
                    {
                        Use::Adds(&binary.right)
                    }
                    _ => Use::Other,
                },
                _ => Use::Other,
            },
            Code::Expr(..) | Code::Assert(..) => Use::Other,
        }
    }

    /// Whether all that is done with the variable can be followed, and an array is indexed by it.
    fn is_followed(&self, region: &Region) -> bool {
        let (mut known, mut reads) = (true, Vec::new());
        self.scan(region, &mut known, &mut reads);
        known && reads.iter().any(|read| is_index(region, *read))
    }

    fn scan(&self, region: &Region, known: &mut bool, reads: &mut Vec<Value>) {
        let cell = Atom::Value(self.cell);
        for stmt in &region.stmts {
            match &stmt.op {
                Op::Opaque(opaque) => match self.use_of(stmt, opaque) {
                    Use::Is => reads.extend(&stmt.results),
                    Use::Other => *known = false,
                    Use::Nothing | Use::Declares(_) | Use::Reads | Use::Adds(_) => {}
                },
                Op::Loop(l) => {
                    if let Header::Iter { iter, .. } = &l.header {
                        *known &= !iter.args.iter().any(|(_, atom)| *atom == cell);
                    }
                    *known &= !l.init.contains(&cell);
                }
                op => *known &= !op.operands().contains(&cell),
            }
            stmt.op.regions().into_iter().for_each(|inner| self.scan(inner, known, reads));
        }
        *known &= !region.yields.contains(&cell);
    }

    fn changes(&self, region: &Region) -> bool {
        walk(&region.stmts)
            .any(|stmt| matches!(&stmt.op, Op::Opaque(opaque) if matches!(self.use_of(stmt, opaque), Use::Adds(_))))
    }
}

fn is_index(region: &Region, value: Value) -> bool {
    walk(&region.stmts).filter_map(|stmt| stmt.op.index()).any(|at| at.contains(&Atom::Value(value)))
}

/// What verbatim code declares as variables, or may change.
fn changed_by_code(region: &Region, out: &mut HashSet<Value>) {
    for stmt in walk(&region.stmts) {
        if let Op::Opaque(opaque) = &stmt.op
            && opaque.effect == Effect::Any
        {
            out.extend(&stmt.results);
            out.extend(opaque.args.iter().filter_map(|(_, atom)| atom.value()));
        }
    }
}

/// Turns a counter into values.
struct Follow {
    counter: Counter,
    values: Vec<Info>,
    /// Variables that verbatim code may change.
    open: HashSet<Value>,
    /// What the values that read the variable are.
    names: HashMap<Value, Atom>,
}

impl Follow {
    fn value(&mut self) -> Value {
        let hint = self.values[self.counter.cell.0 as usize].hint.clone();
        let hint = hint.map(|hint| Hint { declared: false, ..hint });
        let value = Value(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.values.push(Info { ty: Ty::Int, hint, derived: false });
        value
    }

    /// Goes through a region; gives the value of the counter at its end.
    fn region(&mut self, region: &mut Region, mut current: Option<Atom>) -> Option<Atom> {
        let mut stmts = Vec::new();
        for mut stmt in std::mem::take(&mut region.stmts) {
            match &mut stmt.op {
                Op::Opaque(_) => {
                    self.opaque(stmt, &mut current, &mut stmts);
                    continue;
                }
                Op::If { then, otherwise, .. } => {
                    let [a, b] = [then, otherwise].map(|arm| {
                        let after = self.region(arm, current);
                        (arm, after)
                    });
                    if let (Some(x), Some(y), true) = (a.1, b.1, current.is_some() && a.1 != b.1) {
                        a.0.yields.push(x);
                        b.0.yields.push(y);
                        let result = self.value();
                        stmt.results.push(result);
                        current = Some(Atom::Value(result));
                    } else if current.is_some() {
                        current = a.1;
                    }
                }
                Op::Loop(l) => self.repeat(l, &mut stmt.results, &mut current),
                Op::Prim(..) | Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) => {}
                Op::Pull(_) | Op::Closure(_) => {}
                Op::Call(_) | Op::Clear(_) | Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {}
                Op::Append(..) | Op::Take(_) | Op::Resize(..) => {}
            }
            stmts.push(stmt);
        }
        region.stmts = stmts;
        current
    }

    fn opaque(&mut self, mut stmt: Stmt, current: &mut Option<Atom>, out: &mut Vec<Stmt>) {
        let Op::Opaque(opaque) = &stmt.op else { return };
        match self.counter.use_of(&stmt, opaque) {
            Use::Nothing | Use::Other => {}
            Use::Declares(init) => {
                *current = Some(self.operand(init, opaque, out));
                return;
            }
            Use::Is => {
                self.names.extend(stmt.results.iter().zip(*current).map(|(result, current)| (*result, current)));
                return;
            }
            Use::Adds(term) => {
                let term = self.operand(term, opaque, out);
                if let Some(before) = *current {
                    let after = self.value();
                    out.push(Stmt { results: vec![after], op: Op::Prim(Prim::IntAdd, vec![before, term]) });
                    *current = Some(Atom::Value(after));
                }
                return;
            }
            Use::Reads => {
                let cell = self.counter.cell;
                if let (Op::Opaque(opaque), Some(current)) = (&mut stmt.op, *current) {
                    let own = opaque.args.iter_mut().filter(|(_, atom)| *atom == Atom::Value(cell));
                    own.for_each(|(_, atom)| *atom = current);
                }
            }
        }
        out.push(stmt);
    }

    /// A sum or product of integers as an operand.
    fn operand(&mut self, expr: &syn::Expr, opaque: &Opaque, out: &mut Vec<Stmt>) -> Atom {
        if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(literal), .. }) = expr
            && let (true, Ok(n)) = (literal.suffix().is_empty(), literal.base10_parse())
        {
            return Atom::Int(n);
        }
        let names = mentioned(expr).unwrap_or_default();
        let args: Vec<_> = opaque.args.iter().filter(|(name, _)| names.contains(&**name)).cloned().collect();
        // What other code may change is read where it stands.
        let is_fixed = |atom: &Atom| atom.value().is_none_or(|value| !self.open.contains(&value));
        let effect = if args.iter().all(|(_, atom)| is_fixed(atom)) { Effect::Pure } else { Effect::Reads };
        let ty = args.is_empty().then(|| Rc::new(syn::parse_quote!(::core::primitive::usize)));
        let text = quote::quote!(#expr).to_string().into();
        let result = self.value();
        let op = Op::Opaque(Opaque { code: Code::Expr(Rc::new(expr.clone()), ty), args, effect, text });
        out.push(Stmt { results: vec![result], op });
        Atom::Value(result)
    }

    fn repeat(&mut self, l: &mut Loop, results: &mut Vec<Value>, current: &mut Option<Atom>) {
        let changes = self.counter.changes(&l.body);
        let Some(init) = current.filter(|_| changes) else {
            if let Header::While(cond) = &mut l.header {
                self.region(cond, *current);
            }
            self.region(&mut l.body, *current);
            return;
        };
        let [param, result] = [0, 1].map(|_| self.value());
        if let Header::While(cond) = &mut l.header {
            let own = self.value();
            cond.params.push(own);
            self.region(cond, Some(Atom::Value(own)));
        }
        let next = self.region(&mut l.body, Some(Atom::Value(param))).unwrap_or(Atom::Value(param));
        l.init.push(init);
        l.body.params.push(param);
        l.body.yields.push(next);
        results.push(result);
        *current = Some(Atom::Value(result));
    }
}

/// Computes carried integers that go up evenly from the indices of their loops.
fn eliminate(region: &mut Region, arrays: &Arrays, values: &mut Vec<Info>, names: &mut HashMap<Value, Atom>) {
    let mut stmts = Vec::new();
    for mut stmt in std::mem::take(&mut region.stmts) {
        for inner in regions_mut(&mut stmt.op) {
            eliminate(inner, arrays, values, names);
        }
        let mut after = Vec::new();
        if let Op::Loop(l) = &mut stmt.op {
            // What the loops inside have become is what this one is judged by.
            rename_region(&mut l.body, names);
            after = eliminate_in(l, &mut stmt.results, arrays, values, names);
        }
        stmts.push(stmt);
        stmts.extend(after);
    }
    region.stmts = stmts;
}

fn eliminate_in(
    l: &mut Loop,
    results: &mut Vec<Value>,
    arrays: &Arrays,
    values: &mut Vec<Info>,
    names: &mut HashMap<Value, Atom>,
) -> Vec<Stmt> {
    let mut after = Vec::new();
    let is_index = |range: &&Range| !range.reversed && arrays.is_index(&l.body, range.index);
    let Some(range) = l.plain_range().filter(is_index).cloned() else { return after };
    for k in (0..l.body.params.len()).rev() {
        let param = l.body.params[k];
        if values[param.0 as usize].ty != Ty::Int || !goes_up_by_one(l, k) {
            continue;
        }
        let mut make = |stmts: &mut Vec<Stmt>, prim: Prim, args: Vec<Atom>| {
            let value = Value(u32::try_from(values.len()).unwrap_or(u32::MAX));
            values.push(Info { ty: Ty::Int, hint: None, derived: true });
            stmts.push(Stmt { results: vec![value], op: Op::Prim(prim, args) });
            Atom::Value(value)
        };
        let init = l.init.remove(k);
        let mut first = Vec::new();
        let run = match range.start {
            Atom::Int(0) => Atom::Value(range.index),
            start => make(&mut first, Prim::IntSub, vec![Atom::Value(range.index), start]),
        };
        let whole = match range.start {
            Atom::Int(0) => range.end,
            start => make(&mut after, Prim::IntSpan, vec![range.end, start]),
        };
        let [now, last] = match init {
            Atom::Int(0) => [run, whole],
            init => {
                [make(&mut first, Prim::IntAdd, vec![init, run]), make(&mut after, Prim::IntAdd, vec![init, whole])]
            }
        };
        l.body.params.remove(k);
        l.body.yields.remove(k + 1);
        l.body.stmts.splice(0..0, first);
        names.insert(param, now);
        names.insert(results.remove(k), last);
    }
    after
}

fn goes_up_by_one(l: &Loop, k: usize) -> bool {
    let by_one = [Atom::Value(l.body.params[k]), Atom::Int(1)];
    l.body.stmts.iter().any(|stmt| {
        stmt.results.first().map(|result| Atom::Value(*result)) == Some(l.body.yields[k + 1])
            && matches!(&stmt.op, Op::Prim(Prim::IntAdd, args) if args[..] == by_one)
    })
}
