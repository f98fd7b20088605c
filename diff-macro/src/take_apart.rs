//! Arrays as scalars: a function of arrays of known length goes in; one whose loops over them are unrolled, and that
//! takes their elements as further parameters, comes out, if all indices are known at compile time.
//!
//! ```text
//! // Input:    fn(a) { for i in 0..2 { s = s + a[i] * a[i + 1] }; yield s }
//! // Output:   fn(a, a_0, a_1, a_2) { s = a_0 * a_1; t = a_1 * a_2; yield s + t }
//! ```
//!
//! So the dependency structure is that of values: what does not depend on an element has no tangent in its direction.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::build::Builder;
use crate::ir::{
    Atom, Call, Code, Effect, Function, Header, Hint, Info, Loop, NewArray, Op, Opaque, Part, Range, Region, Scalar,
    Stmt, Ty, Value,
};
use crate::primal::{Mode, Primal};
use crate::rules::Prim;

/// A function of scalars, and where they come from.
pub(crate) struct Apart {
    pub(crate) function: Function,
    /// The scalars that it is differentiated in: active scalar parameters, and elements of active arrays.
    pub(crate) active: Vec<Value>,
    /// The parameters that stand for elements: the array, and the index.
    elements: Vec<(Value, Value, usize)>,
}

/// The largest number of inputs, and of statements after loops are unrolled: the code for a Hessian grows with both.
const MOST_INPUTS: usize = 32;
const MOST_STATEMENTS: usize = 600;

/// Takes the active arrays of a function apart, and its own arrays too where that can be done. None where an index is
/// not known at compile time.
pub(crate) fn take_apart(function: &Function, active: &[Value], default: Scalar) -> Option<Apart> {
    run(function, active, default, true).or_else(|| run(function, active, default, false))
}

fn run(function: &Function, active: &[Value], default: Scalar, with_locals: bool) -> Option<Apart> {
    let mut pass = TakeApart {
        b: Builder::of_user(default),
        primal: Primal::new(function, &[]),
        elements: HashMap::new(),
        windows: HashMap::new(),
        locals: HashMap::new(),
        with_locals,
        depth: 0,
        failed: false,
        statements: 0,
    };
    pass.b.shapes = function.shapes.clone();
    pass.b.open();
    let mut params = pass.fresh_all(&function.body.params);
    let (mut scalars, mut elements) = (Vec::new(), Vec::new());
    for param in active {
        let info = pass.info(*param);
        let new = pass.array(*param);
        if !info.ty.is_array() {
            scalars.push(new);
            continue;
        }
        let length = function.length(info.ty).filter(|_| !pass.primal.changing.contains(param))?;
        let ty = Ty::Float(pass.b.element(new));
        let values: Vec<Value> = (0..length).map(|k| pass.b.value(ty, element_hint(&info, k))).collect();
        elements.extend(values.iter().enumerate().map(|(k, value)| (*value, new, k)));
        scalars.extend(&values);
        params.extend(&values);
        pass.elements.insert(*param, values);
    }
    pass.stmts(&function.body);
    let yields = pass.atoms(&function.body.yields);
    let body = pass.b.close_region(params, yields);
    let fits = scalars.len() <= MOST_INPUTS && pass.statements <= MOST_STATEMENTS;
    let checked = std::mem::take(&mut pass.b.checked);
    let twins = HashMap::new();
    let shapes = function.shapes.clone();
    let function = Function { values: pass.b.values, shapes, body, checked, twins, guards: Vec::new() };
    (fits && !pass.failed).then_some(Apart { function, active: scalars, elements })
}

impl Apart {
    /// Loads the elements where a function begins that has them as parameters. A pass gives parameters new values, and
    /// keeps their order.
    pub(crate) fn load_elements(&self, function: &mut Function) {
        let first = self.function.body.params.len() - self.elements.len();
        let own = function.body.params.clone();
        let position = |array: &Value| self.function.body.params.iter().position(|param| param == array);
        let loads = self.elements.iter().zip(&own[first..]).filter_map(|((_, array, k), element)| {
            let array = own[position(array)?];
            let index = Atom::Int(i64::try_from(*k).unwrap_or(i64::MAX));
            Some(Stmt { results: vec![*element], op: Op::Load(array, vec![index]) })
        });
        let loads: Vec<Stmt> = loads.collect();
        function.body.params.drain(first..first + self.elements.len());
        function.body.stmts.splice(0..0, loads);
    }
}

fn element_hint(info: &Info, k: usize) -> Option<Hint> {
    info.hint.as_ref().map(|hint| Hint::generated(format!("{}_{k}", hint.name), hint.span))
}

struct TakeApart<'a> {
    b: Builder,
    primal: Primal<'a>,
    /// The elements of the arrays that are taken apart.
    elements: HashMap<Value, Vec<Value>>,
    /// The windows of such arrays: the array, and where the window begins.
    windows: HashMap<Value, (Value, usize)>,
    /// The elements of arrays that the function makes, as they are at the moment, and how deep these are made.
    locals: HashMap<Value, (usize, Vec<Atom>)>,
    /// Such arrays are taken apart.
    with_locals: bool,
    /// How many branches and loops are around the current statement.
    depth: usize,
    /// Something needs an array as a whole, or an element that is not known.
    failed: bool,
    statements: usize,
}

impl<'a> Mode<'a> for TakeApart<'a> {
    fn primal(&self) -> &Primal<'a> {
        &self.primal
    }

    fn parts(&mut self) -> (&mut Builder, &mut Primal<'a>) {
        (&mut self.b, &mut self.primal)
    }
}

impl TakeApart<'_> {
    fn stmts(&mut self, region: &Region) {
        for stmt in &region.stmts {
            self.statements += 1;
            if self.statements > MOST_STATEMENTS || self.failed {
                self.failed = true;
                return;
            }
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.op {
            Op::Prim(Prim::IntAdd, args) => {
                let sum = match self.atoms(args)[..] {
                    [Atom::Int(a), Atom::Int(b)] => a.checked_add(b),
                    _ => None,
                };
                self.prim_or(stmt, sum.map(Atom::Int), &Prim::IntAdd, args);
            }
            Op::Prim(prim @ Prim::IntToFloat(_), args) => {
                let float = match self.atom(args[0]) {
                    // Small integers are floats of either type.
                    #[allow(clippy::cast_precision_loss, reason = "checked to be exact")]
                    Atom::Int(n) if n.unsigned_abs() < 1 << 20 => Some(Atom::Float(n as f64)),
                    _ => None,
                };
                self.prim_or(stmt, float, prim, args);
            }
            Op::Prim(prim, args) => self.prim_or(stmt, None, prim, args),
            Op::Opaque(opaque) => self.verbatim(stmt, opaque),
            Op::If { cond, then, otherwise } => {
                let cond = self.atom(*cond);
                if let Atom::Bool(taken) = cond {
                    let region = if taken { then } else { otherwise };
                    self.stmts(region);
                    let yields = self.atoms(&region.yields);
                    self.primal.map.extend(stmt.results.iter().copied().zip(yields));
                    return;
                }
                let [then, otherwise] = [then, otherwise].map(|region| self.region(region, Vec::new()));
                let results = self.fresh_all(&stmt.results);
                self.b.push(results, Op::If { cond, then, otherwise });
            }
            Op::Loop(l) => self.repeat(stmt, l),
            Op::Load(array, index) => self.load(stmt.results[0], *array, index),
            Op::Store(array, index, value) => self.store(*array, index, *value),
            Op::Accumulate(array, index, term) => {
                self.failed |= self.is_apart(*array);
                self.copy_accumulate(*array, index, *term);
            }
            Op::NewArray(new) => self.new_array(stmt.results[0], new),
            // A call with an array needs it as a whole.
            Op::Call(call) => {
                let is_array = |value: Value| self.info(value).ty.is_array();
                self.failed |= call.args.iter().filter_map(|atom| atom.value()).any(is_array);
                let (args, results) = (self.atoms(&call.args), self.fresh_all(&stmt.results));
                self.b.push(results, Op::Call(Call { args, ..call.clone() }));
            }
            Op::Pull(_) | Op::Closure(_) => self.failed = true,
            Op::Append(array, _) | Op::Take(array) | Op::Resize(array, _) => {
                self.failed |= self.is_apart(*array);
                self.copy_growth(stmt);
            }
            Op::Clear(_) | Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => self.failed = true,
        }
    }

    fn region(&mut self, region: &Region, params: Vec<Value>) -> Region {
        self.b.open();
        self.depth += 1;
        self.stmts(region);
        self.depth -= 1;
        let yields = self.atoms(&region.yields);
        self.b.close_region(params, yields)
    }

    /// A primitive, or the literal that it is.
    fn prim_or(&mut self, stmt: &Stmt, literal: Option<Atom>, prim: &Prim, args: &[Atom]) {
        match literal {
            Some(literal) => {
                self.primal.map.insert(stmt.results[0], literal);
            }
            None => {
                self.copy_prim(stmt.results[0], *prim, args);
            }
        }
    }

    fn verbatim(&mut self, stmt: &Stmt, opaque: &Opaque) {
        if let ([result], Code::Expr(expr, _), Effect::Pure) = (&stmt.results[..], &opaque.code, opaque.effect) {
            if let Some(known) =
                self.evaluate(expr, opaque).map(Atom::Int).or_else(|| self.decide(expr, opaque).map(Atom::Bool))
            {
                self.primal.map.insert(*result, known);
                return;
            }
            let reads_literal = opaque.args.iter().any(|(_, atom)| matches!(self.atom(*atom), Atom::Int(_)));
            self.failed |= reads_literal && !self.has_known_indices(expr, opaque);
        }
        // Parameters stay what they are, beside their elements; other arrays are no more.
        let is_gone = |value: Value| self.windows.contains_key(&value) || self.locals.contains_key(&value);
        self.failed |= opaque.args.iter().any(|(_, atom)| atom.value().is_some_and(is_gone));
        // The same code with other literals is other code.
        let literals: Vec<String> = opaque.args.iter().map(|(_, atom)| self.atom(*atom).to_string()).collect();
        let text: Rc<str> = if literals.iter().any(|text| text.starts_with(|c: char| c.is_ascii_digit())) {
            format!("{} with {}", opaque.text, literals.join(", ")).into()
        } else {
            opaque.text.clone()
        };
        self.copy_opaque(stmt, &Opaque { text, ..opaque.clone() });
    }

    fn is_apart(&self, value: Value) -> bool {
        self.elements.contains_key(&value) || self.windows.contains_key(&value) || self.locals.contains_key(&value)
    }

    /// The number of elements of an array that is taken apart, or of another whose length is known.
    fn length(&self, array: Value) -> Option<i64> {
        if self.windows.contains_key(&array) {
            return None;
        }
        let length = match self.elements.get(&array) {
            Some(elements) => elements.len(),
            None => self.primal.source.length(self.info(array).ty)?,
        };
        i64::try_from(length).ok()
    }

    /// The value of arithmetic of indices, where it is known and not negative.
    fn evaluate(&self, expr: &syn::Expr, opaque: &Opaque) -> Option<i64> {
        let argument = |expr: &syn::Expr| {
            let syn::Expr::Path(path) = expr else { return None };
            let name = path.path.get_ident()?.to_string();
            opaque.args.iter().find(|(known, _)| **known == *name).map(|(_, atom)| *atom)
        };
        match expr {
            syn::Expr::Paren(paren) => self.evaluate(&paren.expr, opaque),
            syn::Expr::Group(group) => self.evaluate(&group.expr, opaque),
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(literal), .. }) => literal.base10_parse().ok(),
            syn::Expr::Path(_) => match self.atom(argument(expr)?) {
                Atom::Int(n) => Some(n),
                Atom::Value(_) | Atom::Float(_) | Atom::Bool(_) | Atom::Undefined => None,
            },
            syn::Expr::MethodCall(call) if call.method == "len" && call.args.is_empty() => {
                self.length(argument(&call.receiver)?.value()?)
            }
            syn::Expr::MethodCall(call) if call.method == "saturating_sub" && call.args.len() == 1 => {
                let (a, b) = (self.evaluate(&call.receiver, opaque)?, self.evaluate(&call.args[0], opaque)?);
                Some((a - b).max(0))
            }
            syn::Expr::Binary(binary) => {
                let (a, b) = (self.evaluate(&binary.left, opaque)?, self.evaluate(&binary.right, opaque)?);
                let result = match binary.op {
                    syn::BinOp::Add(_) => a.checked_add(b),
                    syn::BinOp::Sub(_) => a.checked_sub(b),
                    syn::BinOp::Mul(_) => a.checked_mul(b),
                    syn::BinOp::Div(_) => a.checked_div(b),
                    syn::BinOp::Rem(_) => a.checked_rem(b),
                    _ => None,
                };
                result.filter(|n| (0..1 << 20).contains(n))
            }
            _ => None,
        }
    }

    /// A condition on integers that are known.
    fn decide(&self, expr: &syn::Expr, opaque: &Opaque) -> Option<bool> {
        let binary = match expr {
            syn::Expr::Paren(paren) => return self.decide(&paren.expr, opaque),
            syn::Expr::Group(group) => return self.decide(&group.expr, opaque),
            syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Not(_), expr, .. }) => {
                return self.decide(expr, opaque).map(|known| !known);
            }
            syn::Expr::Binary(binary) => binary,
            _ => return None,
        };
        let conditions = || Some((self.decide(&binary.left, opaque)?, self.decide(&binary.right, opaque)?));
        let integers = || Some((self.evaluate(&binary.left, opaque)?, self.evaluate(&binary.right, opaque)?));
        Some(match binary.op {
            syn::BinOp::And(_) => conditions().map(|(a, b)| a && b)?,
            syn::BinOp::Or(_) => conditions().map(|(a, b)| a || b)?,
            syn::BinOp::Lt(_) => integers().map(|(a, b)| a < b)?,
            syn::BinOp::Le(_) => integers().map(|(a, b)| a <= b)?,
            syn::BinOp::Gt(_) => integers().map(|(a, b)| a > b)?,
            syn::BinOp::Ge(_) => integers().map(|(a, b)| a >= b)?,
            syn::BinOp::Eq(_) => integers().map(|(a, b)| a == b)?,
            syn::BinOp::Ne(_) => integers().map(|(a, b)| a != b)?,
            _ => return None,
        })
    }

    /// An element whose indices are known.
    fn has_known_indices(&self, expr: &syn::Expr, opaque: &Opaque) -> bool {
        match expr {
            syn::Expr::Paren(paren) => self.has_known_indices(&paren.expr, opaque),
            syn::Expr::Group(group) => self.has_known_indices(&group.expr, opaque),
            syn::Expr::Path(_) => true,
            syn::Expr::Index(index) => {
                self.evaluate(&index.index, opaque).is_some() && self.has_known_indices(&index.expr, opaque)
            }
            _ => false,
        }
    }

    fn known_index(&self, index: &[Atom]) -> Option<usize> {
        match self.atoms(index)[..] {
            [Atom::Int(k)] => usize::try_from(k).ok(),
            _ => None,
        }
    }

    /// A change of an array of the function's own: what it holds is known where both stand in the same region.
    fn store(&mut self, array: Value, index: &[Atom], value: Atom) {
        if !self.locals.contains_key(&array) {
            self.copy_store(array, index, value);
            return;
        }
        let (known, value, depth) = (self.known_index(index), self.atom(value), self.depth);
        let element = match (self.locals.get_mut(&array), known) {
            (Some((made, elements)), Some(k)) if *made == depth => elements.get_mut(k),
            _ => None,
        };
        match element {
            Some(element) => *element = value,
            None => self.failed = true,
        }
    }

    fn load(&mut self, result: Value, array: Value, index: &[Atom]) {
        if let Some((_, elements)) = self.locals.get(&array) {
            let element = self.known_index(index).and_then(|k| elements.get(k)).copied();
            match element {
                Some(element) => {
                    self.primal.map.insert(result, element);
                }
                None => self.failed = true,
            }
            return;
        }
        let (base, offset) = self.windows.get(&array).copied().unwrap_or((array, 0));
        let Some(elements) = self.elements.get(&base) else {
            self.copy_load(result, array, index);
            return;
        };
        match self.known_index(index).and_then(|k| elements.get(offset + k)) {
            Some(element) => {
                self.primal.map.insert(result, Atom::Value(*element));
            }
            None => self.failed = true,
        }
    }

    /// The elements of an array that the function makes, if it is to be taken apart.
    fn own_elements(&self, result: Value, new: &NewArray) -> Option<Vec<Atom>> {
        let length = self.primal.source.length(self.info(result).ty).filter(|_| self.with_locals)?;
        match new {
            NewArray::Fill(value, _) => Some(vec![self.atom(*value); length]),
            NewArray::Elements(elements) => Some(self.atoms(elements)),
            NewArray::Empty(_) | NewArray::Zeros(_) | NewArray::Copy(_) | NewArray::Window { .. } => None,
        }
    }

    fn new_array(&mut self, result: Value, new: &NewArray) {
        if let Some(elements) = self.own_elements(result, new) {
            self.locals.insert(result, (self.depth, elements));
            return;
        }
        let NewArray::Window { array, part, .. } = new else {
            self.failed |= new_reads(new).is_some_and(|array| self.is_apart(array));
            self.copy_new_array(result, new);
            return;
        };
        if !self.is_apart(*array) {
            self.copy_new_array(result, new);
            return;
        }
        self.failed |= self.locals.contains_key(array);
        let (base, offset) = self.windows.get(array).copied().unwrap_or((*array, 0));
        let start = match part {
            Part::Head(_) => Some(0),
            Part::Range(start, _) | Part::Along(start, _) | Part::Tail(start) => match self.atom(*start) {
                Atom::Int(start) => usize::try_from(start).ok(),
                Atom::Value(_) | Atom::Float(_) | Atom::Bool(_) | Atom::Undefined => None,
            },
            Part::Row(_) => None,
        };
        match start {
            Some(start) => {
                self.windows.insert(result, (base, offset + start));
            }
            None => self.failed = true,
        }
    }

    // ---- loops --------------------------------------------------------------------------------------------------

    fn repeat(&mut self, stmt: &Stmt, l: &Loop) {
        match self.trips(l) {
            Some((index, trips)) => self.unroll(stmt, l, index, trips),
            None => {
                let init = self.atoms(&l.init);
                let header = self.copy_header(&l.header, |pass, cond| {
                    let params = pass.fresh_all(&cond.params);
                    pass.region(cond, params)
                });
                let params = self.fresh_all(&l.body.params);
                let body = self.region(&l.body, params);
                let results = self.fresh_all(&stmt.results);
                self.failed |= l.records.is_some();
                self.b.push(results, Op::Loop(Box::new(Loop { header, records: None, init, body })));
            }
        }
    }

    /// The index of a loop, and what it becomes in each iteration, if that is known and if only arithmetic of indices
    /// reads it.
    fn trips(&self, l: &Loop) -> Option<(Value, Vec<i64>)> {
        let Header::Range(Range { index, start, end, inclusive, step, reversed }) = &l.header else { return None };
        let known = |atom: Atom| match self.atom(atom) {
            Atom::Int(n) => Some(n),
            Atom::Value(_) | Atom::Float(_) | Atom::Bool(_) | Atom::Undefined => None,
        };
        let (start, end) = (known(*start)?, known(*end)? + i64::from(*inclusive));
        let step = step.map_or(Some(1), known).and_then(|step| usize::try_from(step).ok()).filter(|step| *step > 0)?;
        let few = end - start <= i64::try_from(MOST_STATEMENTS).ok()?;
        if l.breaks() || !few || !reads_as_index(&l.body, &mut HashSet::from([*index])) {
            return None;
        }
        let mut trips: Vec<i64> = (start..end).step_by(step).collect();
        if *reversed {
            trips.reverse();
        }
        Some((*index, trips))
    }

    fn unroll(&mut self, stmt: &Stmt, l: &Loop, index: Value, trips: Vec<i64>) {
        let mut carried = self.atoms(&l.init);
        for trip in trips {
            self.primal.map.insert(index, Atom::Int(trip));
            self.primal.map.extend(l.body.params.iter().copied().zip(carried));
            self.stmts(&l.body);
            if self.failed {
                return;
            }
            carried = self.atoms(&l.body.yields[1..]);
        }
        self.primal.map.extend(stmt.results.iter().copied().zip(carried));
    }
}

/// The array that a new array is made of.
fn new_reads(new: &NewArray) -> Option<Value> {
    match new {
        NewArray::Zeros(array) | NewArray::Copy(array) | NewArray::Window { array, .. } => Some(*array),
        NewArray::Fill(..) | NewArray::Elements(_) | NewArray::Empty(_) => None,
    }
}

/// Whether a region reads the integers only where a literal will do: in indices, in arithmetic of such, as floats.
fn reads_as_index(region: &Region, integers: &mut HashSet<Value>) -> bool {
    let reads = |opaque: &Opaque, integers: &HashSet<Value>| {
        opaque.args.iter().any(|(_, atom)| atom.value().is_some_and(|value| integers.contains(&value)))
    };
    region.stmts.iter().all(|stmt| {
        match &stmt.op {
            Op::Opaque(opaque) if reads(opaque, integers) => match &opaque.code {
                Code::Expr(expr, None) if opaque.effect == Effect::Pure && is_arithmetic(expr) => {
                    integers.extend(&stmt.results);
                }
                Code::Expr(expr, None) if opaque.effect == Effect::Pure && is_element(expr) => {}
                Code::Expr(..) | Code::Stmts(..) | Code::Assert(..) => return false,
            },
            Op::Prim(Prim::IntAdd, args)
                if args.iter().any(|arg| arg.value().is_some_and(|value| integers.contains(&value))) =>
            {
                integers.extend(&stmt.results);
            }
            Op::Loop(l) => {
                let iterates = matches!(&l.header, Header::Iter { iter, .. } if reads(iter, integers));
                if iterates {
                    return false;
                }
            }
            Op::Call(call) => {
                return !call.args.iter().any(|arg| arg.value().is_some_and(|value| integers.contains(&value)));
            }
            Op::Prim(..) | Op::Opaque(_) | Op::If { .. } | Op::Load(..) | Op::Store(..) | Op::Accumulate(..) => {}
            Op::NewArray(_) | Op::Clear(_) | Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {}
            Op::Append(..) | Op::Take(_) | Op::Resize(..) => {}
            Op::Pull(_) | Op::Closure(_) => return false,
        }
        stmt.op.regions().into_iter().all(|inner| reads_as_index(inner, integers))
    })
}

/// Sums, differences and products of integers.
fn is_arithmetic(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Paren(paren) => is_arithmetic(&paren.expr),
        syn::Expr::Group(group) => is_arithmetic(&group.expr),
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(_), .. }) | syn::Expr::Path(_) => true,
        syn::Expr::Unary(unary) => is_arithmetic(&unary.expr),
        syn::Expr::MethodCall(call) if call.method == "len" => is_arithmetic(&call.receiver),
        syn::Expr::Binary(binary) => is_arithmetic(&binary.left) && is_arithmetic(&binary.right),
        _ => false,
    }
}

/// An element of a variable, or of a row of it.
fn is_element(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Paren(paren) => is_element(&paren.expr),
        syn::Expr::Group(group) => is_element(&group.expr),
        syn::Expr::Index(index) => {
            is_arithmetic(&index.index) && (matches!(&*index.expr, syn::Expr::Path(_)) || is_element(&index.expr))
        }
        _ => false,
    }
}
