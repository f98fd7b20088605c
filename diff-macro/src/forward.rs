//! Forward mode: a function goes in, the function that also pushes tangents forward comes out.
//!
//! ```text
//! // Input:    fn(x) { y = sin x; yield y }
//! // Output:   fn(x, x_dot) { y = sin x; c = cos x; y_dot = c * x_dot; yield y, y_dot }
//! ```
//!
//! Several directions are carried at once; a seed that is a literal is folded as it goes. In place of tangents in several
//! directions, the derivatives of several orders in one direction can be carried: then only the rule for primitives
//! differs (`taylor.rs`), since all else that happens to tangents is linear.

mod expressions;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use self::expressions::{Part, parts};
use crate::analyses::Analysis;
use crate::build::Builder;
use crate::ir::{
    Atom, Call, Function, Hint, Info, Loop, NewArray, Op, Pass, Range, Records, Region, Rule, Scalar, Stmt, Ty, Value,
};
use crate::linearize::Linear;
use crate::primal::{CallLinear, Mode, Primal};
use crate::taylor::{self, Derivatives};

/// The tangent of one value in each direction; none where it is zero.
type Tangent = Vec<Option<Atom>>;

/// The seed of one active parameter in one direction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seed {
    Zero,
    One,
    /// A parameter of the generated function, after those of the function itself.
    Param,
    /// The same, of an array that is a mutable reference: the parameter holds the tangents of what the array holds, on
    /// entry and at the end.
    InPlace,
    /// Of an array: one in this element, zero in the others.
    Unit(usize),
}

/// What the tangents of a value are.
enum Tangents {
    /// Those in each direction.
    Directions,
    /// The derivatives of each order along one path.
    Orders {
        /// Those of the values of the generated function that are in scope.
        known: HashMap<Value, Derivatives>,
        /// The linear forms of what calls give.
        calls: taylor::Calls,
    },
}

impl Seed {
    fn is_param(self) -> bool {
        matches!(self, Seed::Param | Seed::InPlace)
    }
}

/// What forward mode gives: the function, and in which order its parameters and yields stand.
pub(crate) struct Pushforward {
    pub(crate) function: Function,
    /// The parameters that were added for seeds, in the order of the active parameters and directions.
    pub(crate) seeds: Vec<Value>,
    /// What was decided for each expression, for the dump.
    pub(crate) notes: Vec<String>,
}

/// Differentiates forwards. `seeds[d][k]` is the seed of the `k`-th active parameter in direction `d`. The function
/// yields what the input yields, then for each direction the tangents of the yields.
///
/// The tangents of `outs`, parameters that the function writes its results into, are written into parameters.
pub(crate) fn jvp(
    function: &Function,
    active: &[Value],
    outs: &[Value],
    seeds: &[Vec<Seed>],
    default: Scalar,
) -> Pushforward {
    let mut pass = Forward::new(function, active, seeds.len(), Tangents::Directions, default);
    pass.b.open();
    let mut params = pass.fresh_all(&function.body.params);
    let mut seed_params = Vec::new();
    let mut array_seeds = Vec::new();
    for (k, param) in active.iter().enumerate() {
        let info = &function.values[param.0 as usize];
        if info.ty.is_array() {
            if seeds.iter().any(|direction| direction[k].is_param()) {
                let seed = pass.b.value(function.tangent_ty(info.ty), dotted(info));
                seed_params.push((*param, seed));
                array_seeds.push((*param, seed));
            }
            continue;
        }
        let tangent = seeds
            .iter()
            .map(|direction| match direction[k] {
                Seed::Zero => None,
                Seed::One => Some(Atom::Float(1.0)),
                Seed::Param | Seed::InPlace => {
                    let info = &function.values[param.0 as usize];
                    let seed = pass.b.value(info.ty, dotted(info));
                    seed_params.push((*param, seed));
                    Some(Atom::Value(seed))
                }
                Seed::Unit(_) => None,
            })
            .collect();
        pass.set_tangent(*param, tangent);
    }
    for out in outs.iter().filter(|out| !active.contains(out)) {
        let info = &function.values[out.0 as usize];
        let seed = pass.b.value(info.ty.borrowed(), dotted(info));
        pass.b.changing.insert(seed);
        seed_params.push((*out, seed));
    }
    // Tangents stand in the order of the parameters that they belong to.
    let position = |param: &Value| function.body.params.iter().position(|known| known == param);
    seed_params.sort_by_key(|(param, _)| position(param));
    params.extend(seed_params.iter().map(|(_, seed)| *seed));
    for (out, seed) in seed_params.iter().filter(|(param, _)| outs.contains(param)) {
        pass.b.changing.insert(*seed);
        if !active.contains(out) {
            // What the output held on entry is a constant.
            pass.b.push(Vec::new(), Op::Clear(*seed));
        }
        pass.arrays.insert(*out, vec![Some(*seed); seeds.len()]);
    }
    for (param, seed) in array_seeds.into_iter().filter(|(param, _)| !outs.contains(param)) {
        let in_place = active.iter().position(|known| *known == param).is_some_and(|k| seeds[0][k] == Seed::InPlace);
        let shadow = if in_place { seed } else { pass.tangent_array(param, seed) };
        if in_place && pass.primal.changing.contains(&param) {
            pass.b.changing.insert(seed);
        }
        pass.arrays.insert(param, vec![Some(shadow); seeds.len()]);
    }
    for (k, param) in active.iter().enumerate().filter(|(_, param)| function.values[param.0 as usize].ty.is_array()) {
        pass.unit_seeds(*param, seeds, k);
    }
    pass.zero_seeds();
    pass.stmts(&function.body);
    let mut yields = pass.atoms(&function.body.yields);
    for d in 0..seeds.len() {
        yields.extend(pass.yielded_all(&function.body.yields, d));
    }
    let body = pass.b.close_region(params, yields);
    let notes = std::mem::take(&mut pass.notes);
    let seeds = seed_params.into_iter().map(|(_, seed)| seed).collect();
    Pushforward { function: pass.finish(body), seeds, notes }
}

/// The derivatives up to an order in a parameter: the function yields what the input yields, then for each order the
/// derivatives of the yields.
pub(crate) fn derivatives(function: &Function, active: Value, order: usize, default: Scalar) -> Function {
    let mut pass = Forward::new(
        function,
        &[active],
        order,
        Tangents::Orders { known: HashMap::new(), calls: HashMap::new() },
        default,
    );
    pass.b.open();
    let params = pass.fresh_all(&function.body.params);
    let mut along = vec![None; order];
    along[0] = Some(Atom::Float(1.0));
    pass.set_tangent(active, along);
    pass.finish_orders(params)
}

/// The same along a path that parameters give: after those of the function stand the derivatives of the active parameters,
/// order after order, in the order of these. Those of `outs`, which the function writes its results into, are written
/// into them.
pub(crate) fn along_path(
    function: &Function,
    active: &[Value],
    outs: &[Value],
    order: usize,
    default: Scalar,
) -> Function {
    let kind = Tangents::Orders { known: HashMap::new(), calls: HashMap::new() };
    let mut pass = Forward::new(function, active, order, kind, default);
    pass.b.open();
    let mut params = pass.fresh_all(&function.body.params);
    let mut given: HashMap<Value, Vec<Value>> = HashMap::new();
    for _ in 0..order {
        for param in active {
            let (info, is_out) = (pass.info(*param), outs.contains(param));
            let ty = if is_out { info.ty.borrowed() } else { function.tangent_ty(info.ty) };
            let seed = pass.b.value(ty, dotted(&info));
            if is_out {
                pass.b.changing.insert(seed);
            }
            params.push(seed);
            given.entry(*param).or_default().push(seed);
        }
    }
    for param in active {
        let seeds = given.remove(param).unwrap_or_default();
        if pass.info(*param).ty.is_array() {
            let is_out = outs.contains(param);
            let shadow = |seed| Some(if is_out { seed } else { pass.tangent_array(*param, seed) });
            let shadows = seeds.into_iter().map(shadow).collect();
            pass.arrays.insert(*param, shadows);
        } else {
            pass.set_tangent(*param, seeds.into_iter().map(|seed| Some(Atom::Value(seed))).collect());
        }
    }
    pass.finish_orders(params)
}

/// The name of a tangent.
fn dotted(info: &Info) -> Option<Hint> {
    info.hint.as_ref().map(|hint| Hint::generated(format!("{}_dot", hint.name), hint.span))
}

struct Forward<'a> {
    b: Builder,
    primal: Primal<'a>,
    /// The tangents of the values of the source.
    tangents: HashMap<Value, Tangent>,
    /// The tangents of the arrays of the source.
    arrays: HashMap<Value, Vec<Option<Value>>>,
    /// For each tape, the values as which its records are read back.
    fields: HashMap<Value, Vec<Value>>,
    /// How many tangents a value has.
    directions: usize,
    kind: Tangents,
    /// The values that are only a part of an expression, and those of them whose tangents are not pushed yet.
    parts: HashSet<Value>,
    pending: HashMap<Value, Part>,
    notes: Vec<String>,
}

impl<'a> Mode<'a> for Forward<'a> {
    fn primal(&self) -> &Primal<'a> {
        &self.primal
    }

    fn parts(&mut self) -> (&mut Builder, &mut Primal<'a>) {
        (&mut self.b, &mut self.primal)
    }
}

impl<'a> Forward<'a> {
    fn new(function: &'a Function, active: &[Value], directions: usize, kind: Tangents, default: Scalar) -> Self {
        let mut b = Builder::new(default);
        b.shapes = function.shapes.clone();
        let primal = Primal::new(function, active);
        let fields = function.fields();
        // In a function that differentiation made, it is not known yet which directions of which value are needed.
        let is_first = !function.values.iter().any(|info| info.derived);
        let has_parts = directions > 1 && is_first && matches!(kind, Tangents::Directions);
        let parts = if has_parts && Analysis::Partials.is_on() { parts(function) } else { HashSet::new() };
        let (tangents, arrays, pending) = (HashMap::new(), HashMap::new(), HashMap::new());
        Forward { b, primal, tangents, arrays, fields, directions, kind, parts, pending, notes: Vec::new() }
    }
}

impl Forward<'_> {
    fn set_tangent(&mut self, value: Value, tangent: Tangent) {
        if let (Tangents::Orders { known, .. }, Some(new)) =
            (&mut self.kind, self.primal.map.get(&value).and_then(|a| a.value()))
        {
            known.insert(new, tangent.clone());
        }
        self.tangents.insert(value, tangent);
    }

    /// Runs in a region of its own: what is known in it is not in scope after it.
    fn scoped<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = match &self.kind {
            Tangents::Orders { known, .. } => Some(known.clone()),
            Tangents::Directions => None,
        };
        let result = run(self);
        if let (Tangents::Orders { known, .. }, Some(outer)) = (&mut self.kind, outer) {
            *known = outer;
        }
        result
    }

    fn tangent(&self, atom: Atom, direction: usize) -> Option<Atom> {
        *self.tangents.get(&atom.value()?)?.get(direction)?
    }

    /// The function of which this is the body.
    fn finish(self, body: Region) -> Function {
        let mut twins = self.inherited_twins();
        for (array, shadows) in &self.arrays {
            let primal = self.array(*array);
            twins.extend(shadows.iter().flatten().map(|shadow| (*shadow, primal)));
        }
        let shapes = self.b.shapes.clone();
        Function { values: self.b.values, shapes, body, checked: self.b.checked, twins, guards: Vec::new() }
    }

    /// The tangent of what the function yields: zero, or zeros, if it does not vary.
    fn yielded(&mut self, atom: Atom, direction: usize) -> Atom {
        let array = atom.value().filter(|value| self.info(*value).ty.is_array());
        let Some(array) = array else {
            return self.tangent(atom, direction).unwrap_or(Atom::Float(0.0));
        };
        let known = self.arrays.get(&array).and_then(|shadows| shadows[direction]);
        let shadow = known.unwrap_or_else(|| {
            let (alike, ty) = (self.array(array), self.info(array).ty.owned());
            self.b.new_array(NewArray::Zeros(alike), ty, dotted(&self.info(array)))
        });
        Atom::Value(shadow)
    }

    fn yielded_all(&mut self, atoms: &[Atom], direction: usize) -> Vec<Atom> {
        atoms.iter().map(|atom| self.yielded(*atom, direction)).collect()
    }

    fn stmts(&mut self, region: &Region) {
        for stmt in &region.stmts {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.op {
            Op::Prim(prim, args) => {
                let result = stmt.results[0];
                match self.copy_prim(result, *prim, args) {
                    (_, Some(linear)) if self.parts.contains(&result) => self.keep_part(result, *prim, args, linear),
                    (_, Some(linear)) => self.push_expression(result, *prim, args, linear),
                    (y, None) => self.set_constant(y),
                }
            }
            Op::Opaque(opaque) => self.copy_opaque(stmt, opaque),
            Op::Call(call) if self.takes_arrays(call) => self.push_call(&stmt.results, call),
            Op::Pull(_) | Op::Closure(_) => unreachable!("forward mode is applied to functions without pullbacks"),
            Op::Call(call) => self.push_partials(&stmt.results, call),
            Op::If { cond, then, otherwise } => self.branch(stmt, *cond, then, otherwise),
            Op::Loop(l) => self.repeat(stmt, l),
            Op::Load(array, index) => match stmt.results.first() {
                Some(result) => self.load(*result, *array, index),
                None => self.copy_check(*array, index),
            },
            Op::Store(array, index, value) => self.store(*array, index, *value),
            Op::NewArray(new) => self.new_array(stmt.results[0], new),
            Op::Accumulate(array, index, term) => self.accumulate(*array, index, *term),
            Op::Append(array, value) => {
                self.copy_growth(stmt);
                self.for_each_shadow(*array, |pass, shadow, d| {
                    let tangent = pass.tangent(*value, d).unwrap_or(Atom::Float(0.0));
                    pass.b.push(Vec::new(), Op::Append(shadow, tangent));
                });
            }
            Op::Take(array) => self.take(stmt, *array),
            Op::Resize(array, length) => {
                self.copy_growth(stmt);
                let length = self.atom(*length);
                self.for_each_shadow(*array, |pass, shadow, _| {
                    pass.b.push(Vec::new(), Op::Resize(shadow, length));
                });
            }
            Op::Clear(array) => self.clear(*array),
            Op::NewTape(range) => self.new_tape(stmt.results[0], range.as_ref()),
            Op::NewBuffer(length, fields, fixed) => self.new_buffer(stmt.results[0], *length, fields, *fixed),
            Op::Push(tape, record) => {
                let record = self.record(record);
                let tape = self.array(*tape);
                self.b.push(Vec::new(), Op::Push(tape, record));
            }
            Op::Put(tape, index, record) => {
                let record = self.record(record);
                let (tape, index) = (self.array(*tape), self.atom(*index));
                self.b.push(Vec::new(), Op::Put(tape, index, record));
            }
        }
    }

    /// A value of the source that does not vary has no derivative of any order.
    fn set_constant(&mut self, atom: Atom) {
        if let (Tangents::Orders { known, .. }, Some(value)) = (&mut self.kind, atom.value()) {
            known.entry(value).or_insert_with(|| vec![None; self.directions]);
        }
    }

    /// The function that yields what the input yields, then for each order the derivatives of the yields.
    fn finish_orders(mut self, params: Vec<Value>) -> Function {
        let body = &self.primal.source.body;
        self.zero_seeds();
        self.stmts(body);
        let mut yields = self.atoms(&body.yields);
        for k in 0..self.directions {
            yields.extend(self.yielded_all(&body.yields, k));
        }
        let body = self.b.close_region(params, yields);
        self.finish(body)
    }

    /// Whether an array that varies is passed to a call: else its partials are all that is needed.
    fn takes_arrays(&self, call: &Call) -> bool {
        let is_varied = |value: Value| self.is_varied(value) && self.info(value).ty.is_array();
        call.inputs().into_iter().flatten().any(|atom| atom.value().is_some_and(is_varied))
    }

    /// Writes a call with tangents.
    fn push_call(&mut self, results: &[Value], call: &Call) {
        assert!(matches!(call.rule, Rule::Primal), "tangents of calls with tangents are taken in reverse mode");
        match self.kind {
            Tangents::Directions => self.push_call_in_directions(results, call),
            Tangents::Orders { .. } => self.push_call_of_orders(results, call),
        }
    }

    /// The derivatives of all orders come from one call.
    fn push_call_of_orders(&mut self, results: &[Value], call: &Call) {
        let args = self.atoms(&call.args);
        let tangents =
            (0..self.directions).flat_map(|d| call.args.iter().map(move |arg| (d, *arg))).collect::<Vec<_>>();
        let tangents = tangents.into_iter().map(|(d, arg)| self.tangent_of_argument(arg, d)).collect();
        let mut all = self.fresh_all(results);
        let mut derivatives: Vec<Tangent> = vec![Vec::new(); results.len()];
        for _ in 0..self.directions {
            for (result, derivatives) in results.iter().zip(&mut derivatives) {
                let info = self.info(*result);
                let derivative = self.b.value(info.ty, dotted(&info));
                all.push(derivative);
                derivatives.push(Some(Atom::Value(derivative)));
            }
        }
        let rule = Rule::Pushforward(tangents);
        self.b.push(all, Op::Call(Call { callee: call.callee.clone(), args, rule }));
        for (result, derivatives) in results.iter().zip(derivatives) {
            self.set_tangent(*result, derivatives);
        }
    }

    /// Once per direction: the function runs on copies of the arrays that it changes in all directions but one.
    fn push_call_in_directions(&mut self, results: &[Value], call: &Call) {
        let args = self.atoms(&call.args);
        let mut runs = Vec::new();
        for d in 0..self.directions {
            let mut args = args.clone();
            for (arg, pass) in args.iter_mut().zip(&call.callee.passes) {
                if let (true, Pass::Mutable, Some(array)) = (d > 0, pass, arg.value()) {
                    let (ty, hint) = (self.b.values[array.0 as usize].ty.owned(), None);
                    let copy = self.b.new_array(NewArray::Copy(array), ty, hint);
                    self.b.changing.insert(copy);
                    *arg = Atom::Value(copy);
                }
            }
            runs.push(args);
        }
        let mut tangents: Vec<Tangent> = vec![Vec::new(); results.len()];
        for (d, args) in runs.into_iter().enumerate() {
            let rule = Rule::Pushforward(call.args.iter().map(|arg| self.tangent_of_argument(*arg, d)).collect());
            let mut all = match d {
                0 => self.fresh_all(results),
                _ => results.iter().map(|result| self.b.value(self.info(*result).ty, None)).collect(),
            };
            for (result, tangents) in results.iter().zip(&mut tangents) {
                let tangent = self.b.value(self.info(*result).ty, dotted(&self.info(*result)));
                all.push(tangent);
                tangents.push(Some(Atom::Value(tangent)));
            }
            self.b.push(all, Op::Call(Call { callee: call.callee.clone(), args, rule }));
        }
        for (result, tangent) in results.iter().zip(tangents) {
            self.set_tangent(*result, tangent);
        }
    }

    fn tangent_of_argument(&mut self, arg: Atom, direction: usize) -> Option<Atom> {
        let value = arg.value().filter(|value| self.is_varied(*value))?;
        match self.info(value).ty {
            Ty::Array(_) => self.arrays.get(&value)?[direction].map(Atom::Value),
            _ => self.tangent(arg, direction),
        }
    }

    /// Writes a call with its partials; of as many orders as are carried.
    fn push_partials(&mut self, results: &[Value], call: &Call) {
        let orders = if let Tangents::Orders { .. } = self.kind { self.directions } else { 1 };
        let args = self.atoms(&call.args);
        let linears = self.copy_call(results, call, orders);
        let mut varied = Vec::new();
        for CallLinear { source, result, linear } in linears {
            let linear = Rc::new(linear);
            if let Tangents::Orders { calls, .. } = &mut self.kind {
                calls.insert(result, (linear.clone(), args.clone()));
            }
            varied.extend(source.map(|source| (source, linear)));
        }
        for (source, linear) in varied {
            self.push_tangent(source, &linear, &call.args);
        }
    }

    /// The tangent of a value, from its linear form.
    fn push_tangent(&mut self, result: Value, linear: &Linear, args: &[Atom]) {
        let y = self.atom(Atom::Value(result));
        let name = dotted(&self.info(result));
        let tangent: Tangent = match &self.kind {
            Tangents::Directions => (0..self.directions).map(|d| self.differential(linear, args, y, d)).collect(),
            Tangents::Orders { known, calls } => taylor::derivatives(&mut self.b, y, self.directions, known, calls),
        };
        for atom in tangent.iter().flatten() {
            self.b.name_derived(*atom, name.clone());
        }
        self.set_tangent(result, tangent);
    }

    /// The sum of the terms of a primitive in one direction.
    fn differential(&mut self, linear: &Linear, args: &[Atom], y: Atom, direction: usize) -> Option<Atom> {
        let target = self.b.scalar(y);
        let tangents: Vec<(usize, Atom)> =
            args.iter().enumerate().filter_map(|(index, arg)| Some((index, self.tangent(*arg, direction)?))).collect();
        linear.differential(&mut self.b, &tangents, target)
    }

    // ---- arrays ------------------------------------------------------------------------------------------------

    /// The tangents of an array along its elements.
    fn unit_seeds(&mut self, param: Value, seeds: &[Vec<Seed>], k: usize) {
        if seeds.iter().any(|direction| direction[k].is_param()) {
            return;
        }
        let info = self.info(param);
        let length = self.primal.source.length(info.ty).unwrap_or(0);
        let mut shadows = Vec::new();
        for direction in seeds {
            let Seed::Unit(element) = direction[k] else {
                shadows.push(None);
                continue;
            };
            let elements = (0..length).map(|j| Atom::Float(if j == element { 1.0 } else { 0.0 })).collect();
            let shadow = self.shadow(param, NewArray::Elements(elements), info.ty.owned());
            shadows.push(Some(shadow));
        }
        self.arrays.insert(param, shadows);
    }

    /// The tangents of arrays that are constants on entry, into which the function stores what varies.
    fn zero_seeds(&mut self) {
        for param in &self.primal.source.body.params {
            let ty = self.info(*param).ty;
            if !ty.is_array() || !self.is_varied(*param) || self.arrays.contains_key(param) {
                continue;
            }
            let alike = self.array(*param);
            let shadows = (0..self.directions).map(|_| Some(self.shadow(*param, NewArray::Zeros(alike), ty.owned())));
            let shadows = shadows.collect();
            self.arrays.insert(*param, shadows);
        }
    }

    /// The array that holds the tangents of a parameter: a copy of what is given, if the function changes the parameter.
    fn tangent_array(&mut self, param: Value, seed: Value) -> Value {
        if !self.primal.changing.contains(&param) {
            return seed;
        }
        let ty = self.info(param).ty.owned();
        self.shadow(param, NewArray::Copy(seed), ty)
    }

    fn load(&mut self, result: Value, array: Value, index: &[Atom]) {
        let index = self.copy_load(result, array, index);
        let info = self.info(result);
        let shadows = self.arrays.get(&array).cloned().unwrap_or_default();
        let tangent: Tangent = shadows
            .into_iter()
            .map(|shadow| {
                let info = Info { hint: dotted(&info), ..info.clone() };
                let tangent = shadow.map(|shadow| self.b.load(shadow, index.clone(), info));
                tangent.filter(|atom| !atom.is_float(0.0))
            })
            .collect();
        if !tangent.is_empty() {
            self.set_tangent(result, tangent);
        }
    }

    fn store(&mut self, array: Value, index: &[Atom], value: Atom) {
        let index = self.copy_store(array, index, value);
        self.for_each_shadow(array, |pass, shadow, d| {
            let tangent = pass.tangent(value, d).unwrap_or(Atom::Float(0.0));
            pass.b.push(Vec::new(), Op::Store(shadow, index.clone(), tangent));
        });
    }

    /// Runs for the tangents of an array, direction by direction.
    fn for_each_shadow(&mut self, array: Value, mut run: impl FnMut(&mut Self, Value, usize)) {
        for d in 0..self.directions {
            let shadow = self.arrays.get(&array).and_then(|shadows| shadows[d]);
            if let Some(shadow) = shadow {
                run(self, shadow, d);
            }
        }
    }

    /// ```text
    /// // Input:    y = a.pop()
    /// // Output:   y = a.pop(); y_dot = a_dot.pop()
    /// ```
    fn take(&mut self, stmt: &Stmt, array: Value) {
        self.copy_growth(stmt);
        let mut tangents: Tangent = vec![None; self.directions];
        let info = stmt.results.first().map(|result| self.info(*result));
        self.for_each_shadow(array, |pass, shadow, d| {
            let results = info.iter().map(|info| pass.b.value(info.ty, dotted(info))).collect::<Vec<_>>();
            tangents[d] = results.first().copied().map(Atom::Value);
            pass.b.push(results, Op::Take(shadow));
        });
        if let Some(result) = stmt.results.first() {
            self.set_tangent(*result, tangents);
        }
    }

    fn accumulate(&mut self, array: Value, index: &[Atom], term: Atom) {
        let index = self.copy_accumulate(array, index, term);
        self.for_each_shadow(array, |pass, shadow, d| {
            if let Some(tangent) = pass.tangent(term, d) {
                pass.b.push(Vec::new(), Op::Accumulate(shadow, index.clone(), tangent));
            }
        });
    }

    fn new_array(&mut self, result: Value, new: &NewArray) {
        let (fresh, _) = self.copy_new_array(result, new);
        if !self.is_varied(result) {
            return;
        }
        let info = self.info(result);
        let ty = if matches!(new, NewArray::Window { .. }) { info.ty.borrowed() } else { info.ty.owned() };
        let mut shadows = Vec::new();
        for d in 0..self.directions {
            let shadow = match new {
                NewArray::Elements(parts) if self.primal.source.is_struct(result) => {
                    Some(self.tangent_of_struct(result, parts, d))
                }
                _ => self.tangent_of_new(fresh, new, d).map(|shadow| self.shadow(result, shadow, ty)),
            };
            shadows.push(shadow);
        }
        self.arrays.insert(result, shadows);
    }

    /// The tangent of a struct that is made of parts: what of it is no float it has like the struct itself.
    fn tangent_of_struct(&mut self, result: Value, parts: &[Atom], direction: usize) -> Value {
        let (fresh, info) = (self.array(result), self.info(result));
        let shadow = self.b.new_array(NewArray::Zeros(fresh), info.ty.owned(), dotted(&info));
        self.b.changing.insert(shadow);
        for (k, part) in parts.iter().enumerate() {
            if let Some(tangent) = self.tangent(*part, direction) {
                let index = vec![Atom::Int(i64::try_from(k).unwrap_or(0))];
                self.b.push(Vec::new(), Op::Store(shadow, index, tangent));
            }
        }
        shadow
    }

    fn clear(&mut self, array: Value) {
        let shadows = self.arrays.get(&array).cloned().unwrap_or_default();
        let copied = self.array(array);
        for cleared in std::iter::once(copied).chain(shadows.into_iter().flatten()) {
            self.b.push(Vec::new(), Op::Clear(cleared));
        }
    }

    // ---- tapes --------------------------------------------------------------------------------------------------

    fn new_tape(&mut self, tape: Value, range: Option<&Range>) {
        let range = range.map(|range| Range {
            start: self.atom(range.start),
            end: self.atom(range.end),
            step: range.step.map(|step| self.atom(step)),
            ..range.clone()
        });
        let tape = self.fresh(tape);
        self.b.push(vec![tape], Op::NewTape(range));
    }

    /// The tangents of a record stand behind it, field by field.
    fn new_buffer(&mut self, tape: Value, length: Atom, fields: &[Ty], fixed: bool) {
        let binds = self.fields.get(&tape).cloned().unwrap_or_default();
        let mut types = fields.to_vec();
        for (bind, ty) in binds.iter().zip(fields).filter(|(bind, _)| self.is_varied(**bind)) {
            debug_assert_eq!(self.info(*bind).ty, *ty, "a field is read back as what it was");
            types.extend(std::iter::repeat_n(*ty, self.directions));
        }
        let length = self.atom(length);
        let tape = self.fresh(tape);
        self.b.push(vec![tape], Op::NewBuffer(length, types, fixed));
    }

    fn record(&mut self, record: &[Atom]) -> Vec<Atom> {
        let mut fields = self.atoms(record);
        for atom in record.iter().filter(|atom| atom.value().is_some_and(|value| self.is_varied(value))) {
            fields.extend((0..self.directions).map(|d| self.tangent(*atom, d).unwrap_or(Atom::Float(0.0))));
        }
        fields
    }

    /// The records that a loop takes off a tape, with their tangents.
    fn records(&mut self, records: &Records) -> Records {
        let varied: Vec<usize> = (0..records.binds.len()).filter(|k| self.is_varied(records.binds[*k])).collect();
        let binds = self.carried(&records.binds, &varied);
        Records { tape: self.array(records.tape), binds, taken: records.taken }
    }

    /// What the tangent of a new array holds in one direction; none for a window of an array that has none.
    fn tangent_of_new(&self, fresh: Value, new: &NewArray, direction: usize) -> Option<NewArray> {
        let element = |atom: &Atom| self.tangent(*atom, direction).unwrap_or(Atom::Float(0.0));
        let known = |array: &Value| self.arrays.get(array).and_then(|shadows| shadows[direction]);
        Some(match new {
            NewArray::Fill(value, lengths) => NewArray::Fill(element(value), self.atoms(lengths)),
            NewArray::Elements(elements) => NewArray::Elements(elements.iter().map(element).collect()),
            NewArray::Empty(capacity) => NewArray::Empty(capacity.map(|atom| self.atom(atom))),
            NewArray::Zeros(_) => NewArray::Zeros(fresh),
            NewArray::Copy(array) => known(array).map_or(NewArray::Zeros(fresh), NewArray::Copy),
            NewArray::Window { array, part, mutable } => {
                let part = part.map(|atom| self.atom(atom));
                NewArray::Window { array: known(array)?, part, mutable: *mutable }
            }
        })
    }

    /// The array of the tangents of an array, which changes if that does.
    fn shadow(&mut self, array: Value, new: NewArray, ty: Ty) -> Value {
        let shadow = self.b.new_array(new, ty, dotted(&self.info(array)));
        if self.primal.changing.contains(&array) {
            self.b.changing.insert(shadow);
        }
        shadow
    }

    /// One branch: its statements, its yields, and the tangents of those yields that belong to varied results.
    fn arm(&mut self, region: &Region, varied: &[usize]) -> (Vec<Stmt>, Vec<Atom>, Vec<Tangent>) {
        self.scoped(|pass| {
            pass.b.open();
            pass.stmts(region);
            let yields = pass.atoms(&region.yields);
            let of_yield = |k: &usize| (0..pass.directions).map(|d| pass.tangent(region.yields[*k], d)).collect();
            let tangents = varied.iter().map(of_yield).collect();
            (pass.b.close(), yields, tangents)
        })
    }

    fn branch(&mut self, stmt: &Stmt, cond: Atom, then: &Region, otherwise: &Region) {
        let cond = self.atom(cond);
        let varied: Vec<usize> = (0..stmt.results.len()).filter(|k| self.is_varied(stmt.results[*k])).collect();
        let (then_stmts, mut then_yields, then_tangents) = self.arm(then, &varied);
        let (else_stmts, mut else_yields, else_tangents) = self.arm(otherwise, &varied);
        let mut results = self.fresh_all(&stmt.results);
        for (slot, k) in varied.iter().enumerate() {
            let info = self.info(stmt.results[*k]);
            let mut tangent = Tangent::new();
            for d in 0..self.directions {
                let (a, b) = (then_tangents[slot][d], else_tangents[slot][d]);
                if a.is_none() && b.is_none() {
                    tangent.push(None);
                    continue;
                }
                let result = self.b.value(info.ty, dotted(&info));
                results.push(result);
                then_yields.push(a.unwrap_or(Atom::Float(0.0)));
                else_yields.push(b.unwrap_or(Atom::Float(0.0)));
                tangent.push(Some(Atom::Value(result)));
            }
            self.set_tangent(stmt.results[*k], tangent);
        }
        let then = Region { params: Vec::new(), stmts: then_stmts, yields: then_yields };
        let otherwise = Region { params: Vec::new(), stmts: else_stmts, yields: else_yields };
        self.b.push(results, Op::If { cond, then, otherwise });
    }

    fn repeat(&mut self, stmt: &Stmt, l: &Loop) {
        let carried: Vec<usize> = (0..l.body.params.len()).filter(|k| self.is_varied(l.body.params[*k])).collect();
        let mut init = self.atoms(&l.init);
        for k in &carried {
            for d in 0..self.directions {
                init.push(self.tangent(l.init[*k], d).unwrap_or(Atom::Float(0.0)));
            }
        }
        let header = self.copy_header(&l.header, |pass, cond| {
            pass.scoped(|pass| {
                pass.b.open();
                let params = pass.carried(&cond.params, &carried);
                pass.stmts(cond);
                let yields = pass.atoms(&cond.yields);
                pass.b.close_region(params, yields)
            })
        });
        let records = l.records.as_ref().map(|records| self.records(records));
        let body = self.scoped(|pass| {
            pass.b.open();
            let params = pass.carried(&l.body.params, &carried);
            pass.stmts(&l.body);
            let mut yields = pass.atoms(&l.body.yields);
            for k in &carried {
                for d in 0..pass.directions {
                    yields.push(pass.tangent(l.body.yields[k + 1], d).unwrap_or(Atom::Float(0.0)));
                }
            }
            pass.b.close_region(params, yields)
        });
        let results = self.carried(&stmt.results, &carried);
        self.b.push(results, Op::Loop(Box::new(Loop { header, records, init, body })));
    }

    /// New values for carried ones, followed by their tangents.
    fn carried(&mut self, values: &[Value], varied: &[usize]) -> Vec<Value> {
        let mut new = self.fresh_all(values);
        for k in varied {
            let info = self.info(values[*k]);
            let tangents: Vec<Value> = (0..self.directions).map(|_| self.b.value(info.ty, dotted(&info))).collect();
            self.set_tangent(values[*k], tangents.iter().map(|t| Some(Atom::Value(*t))).collect());
            new.extend(tangents);
        }
        new
    }
}
