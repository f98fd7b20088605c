//! Forward mode: a function goes in, the function that also pushes tangents forward comes out.
//!
//! ```text
//! // Input:    fn(x) { y = sin x; yield y }
//! // Output:   fn(x, x_dot) { y = sin x; c = cos x; y_dot = c * x_dot; yield y, y_dot }
//! ```
//!
//! Several directions are carried at once; a seed that is a literal is folded as it goes.

use std::collections::{HashMap, HashSet};

use crate::activity;
use crate::build::Builder;
use crate::ir::{
    Atom, Code, Function, Header, Hint, Info, Loop, NewArray, Op, Opaque, Range, Region, Scalar, Stmt, Value,
};
use crate::linearize::linearize;

/// The tangent of one value in each direction; none where it is zero.
type Tangent = Vec<Option<Atom>>;

/// The seed of one active parameter in one direction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seed {
    Zero,
    One,
    /// A parameter of the generated function, after those of the function itself.
    Param,
    /// Of an array: one in this element, zero in the others.
    Unit(usize),
}

/// What forward mode gives: the function, and in which order its parameters and yields stand.
pub(crate) struct Pushforward {
    pub(crate) function: Function,
    /// The parameters that were added for seeds, in the order of the active parameters and directions.
    pub(crate) seeds: Vec<Value>,
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
    let mut pass = Forward {
        b: Builder::new(default),
        map: HashMap::new(),
        tangents: HashMap::new(),
        varied: activity::varied(function, active),
        directions: seeds.len(),
        arrays: HashMap::new(),
        changing: function.changing(),
        source: function,
    };
    pass.b.shapes = function.shapes.clone();
    pass.b.open();
    let mut params: Vec<Value> = function.body.params.iter().map(|param| pass.fresh(*param)).collect();
    let mut seed_params = Vec::new();
    let mut array_seeds = Vec::new();
    for (k, param) in active.iter().enumerate() {
        let info = &function.values[param.0 as usize];
        if info.ty.is_array() {
            if seeds.iter().any(|direction| direction[k] == Seed::Param) {
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
                Seed::Param => {
                    let info = &function.values[param.0 as usize];
                    let seed = pass.b.value(info.ty, dotted(info));
                    seed_params.push((*param, seed));
                    Some(Atom::Value(seed))
                }
                Seed::Unit(_) => None,
            })
            .collect();
        pass.tangents.insert(*param, tangent);
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
        let shadow = pass.tangent_array(param, seed);
        pass.arrays.insert(param, vec![Some(shadow); seeds.len()]);
    }
    for (k, param) in active.iter().enumerate().filter(|(_, param)| function.values[param.0 as usize].ty.is_array()) {
        pass.unit_seeds(*param, seeds, k);
    }
    pass.stmts(&function.body);
    let mut yields: Vec<Atom> = function.body.yields.iter().map(|atom| pass.atom(*atom)).collect();
    for d in 0..seeds.len() {
        yields.extend(function.body.yields.iter().map(|atom| pass.yielded(*atom, d)));
    }
    let body = pass.b.close_region(params, yields);
    Pushforward {
        function: Function { values: pass.b.values, shapes: function.shapes.clone(), body },
        seeds: seed_params.into_iter().map(|(_, seed)| seed).collect(),
    }
}

/// The name of a tangent.
fn dotted(info: &Info) -> Option<Hint> {
    info.hint.as_ref().map(|hint| Hint::generated(format!("{}_dot", hint.name), hint.span))
}

struct Forward<'a> {
    b: Builder,
    /// The atoms that the values of the source have become.
    map: HashMap<Value, Atom>,
    /// The tangents of the values of the source.
    tangents: HashMap<Value, Tangent>,
    varied: HashSet<Value>,
    /// The tangents of the arrays of the source.
    arrays: HashMap<Value, Vec<Option<Value>>>,
    /// The arrays of the source that change.
    changing: HashSet<Value>,
    directions: usize,
    source: &'a Function,
}

impl Forward<'_> {
    fn info(&self, value: Value) -> Info {
        self.source.values[value.0 as usize].clone()
    }

    /// A new value for one of the source.
    fn fresh(&mut self, value: Value) -> Value {
        let info = self.info(value);
        let new = self.b.value(info.ty, info.hint);
        if self.changing.contains(&value) {
            self.b.changing.insert(new);
        }
        self.map.insert(value, Atom::Value(new));
        new
    }

    fn atom(&self, atom: Atom) -> Atom {
        rename(&self.map, atom)
    }

    fn tangent(&self, atom: Atom, direction: usize) -> Option<Atom> {
        *self.tangents.get(&atom.value()?)?.get(direction)?
    }

    /// The tangent of what the function yields: zero, if it does not vary.
    fn yielded(&self, atom: Atom, direction: usize) -> Atom {
        let array = atom.value().and_then(|value| self.arrays.get(&value)).and_then(|shadows| shadows[direction]);
        array.map(Atom::Value).or_else(|| self.tangent(atom, direction)).unwrap_or(Atom::Float(0.0))
    }

    fn is_varied(&self, value: Value) -> bool {
        self.varied.contains(&value)
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
                let atoms: Vec<Atom> = args.iter().map(|atom| self.atom(*atom)).collect();
                let info = self.info(result);
                let y = self.b.exact(*prim, &atoms, &info);
                self.map.insert(result, y);
                if self.is_varied(result) {
                    let active: Vec<bool> =
                        args.iter().map(|atom| atom.value().is_some_and(|v| self.is_varied(v))).collect();
                    let linear = linearize(&mut self.b, *prim, &atoms, y, &active);
                    let tangent: Tangent =
                        (0..self.directions).map(|d| self.differential(&linear, args, y, d)).collect();
                    for atom in tangent.iter().flatten() {
                        self.b.name_derived(*atom, dotted(&info));
                    }
                    self.tangents.insert(result, tangent);
                }
            }
            Op::Opaque(opaque) => self.opaque(stmt, opaque),
            Op::If { cond, then, otherwise } => self.branch(stmt, *cond, then, otherwise),
            Op::Loop(l) => self.repeat(stmt, l),
            Op::Load(array, index) => self.load(stmt.results[0], *array, index),
            Op::Store(array, index, value) => self.store(*array, index, *value),
            Op::NewArray(new) => self.new_array(stmt.results[0], new),
            Op::Accumulate(array, index, term) => self.accumulate(*array, index, *term),
            Op::Clear(_) => unreachable!("only the passes clear arrays"),
            Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {
                unreachable!("forward mode is applied before reverse mode makes tapes")
            }
        }
    }

    /// The sum of the terms of a primitive in one direction.
    fn differential(
        &mut self,
        linear: &crate::linearize::Linear,
        args: &[Atom],
        y: Atom,
        direction: usize,
    ) -> Option<Atom> {
        let target = self.b.scalar(y);
        let tangents: Vec<(usize, Atom)> =
            args.iter().enumerate().filter_map(|(index, arg)| Some((index, self.tangent(*arg, direction)?))).collect();
        linear.differential(&mut self.b, &tangents, target)
    }

    // ---- arrays ------------------------------------------------------------------------------------------------

    /// The tangents of an array along its elements.
    fn unit_seeds(&mut self, param: Value, seeds: &[Vec<Seed>], k: usize) {
        if seeds.iter().any(|direction| direction[k] == Seed::Param) {
            return;
        }
        let info = self.info(param);
        let length = self.source.length(info.ty).unwrap_or(0);
        let mut shadows = Vec::new();
        for direction in seeds {
            let Seed::Unit(element) = direction[k] else {
                shadows.push(None);
                continue;
            };
            let elements = (0..length).map(|j| Atom::Float(if j == element { 1.0 } else { 0.0 })).collect();
            let shadow = self.b.new_array(NewArray::Elements(elements), info.ty.owned(), dotted(&info));
            if self.changing.contains(&param) {
                self.b.changing.insert(shadow);
            }
            shadows.push(Some(shadow));
        }
        self.arrays.insert(param, shadows);
    }

    /// The array that holds the tangents of a parameter: a copy of what is given, if the function changes the parameter.
    fn tangent_array(&mut self, param: Value, seed: Value) -> Value {
        if !self.changing.contains(&param) {
            return seed;
        }
        let info = self.info(param);
        let copy = self.b.new_array(NewArray::Copy(seed), info.ty.owned(), dotted(&info));
        self.b.changing.insert(copy);
        copy
    }

    fn array(&self, array: Value) -> Value {
        self.atom(Atom::Value(array)).value().unwrap_or(array)
    }

    fn load(&mut self, result: Value, array: Value, index: &[Atom]) {
        let index: Vec<Atom> = index.iter().map(|atom| self.atom(*atom)).collect();
        let info = self.info(result);
        let loaded = self.b.load(self.array(array), index.clone(), info.clone());
        self.map.insert(result, loaded);
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
            self.tangents.insert(result, tangent);
        }
    }

    fn store(&mut self, array: Value, index: &[Atom], value: Atom) {
        let new_index: Vec<Atom> = index.iter().map(|atom| self.atom(*atom)).collect();
        let stored = self.atom(value);
        self.b.push(Vec::new(), Op::Store(self.array(array), new_index.clone(), stored));
        for d in 0..self.directions {
            let shadow = self.arrays.get(&array).and_then(|shadows| shadows[d]);
            if let Some(shadow) = shadow {
                let tangent = self.tangent(value, d).unwrap_or(Atom::Float(0.0));
                self.b.push(Vec::new(), Op::Store(shadow, new_index.clone(), tangent));
            }
        }
    }

    fn accumulate(&mut self, array: Value, index: &[Atom], term: Atom) {
        let new_index: Vec<Atom> = index.iter().map(|atom| self.atom(*atom)).collect();
        let added = self.atom(term);
        self.b.push(Vec::new(), Op::Accumulate(self.array(array), new_index.clone(), added));
        for d in 0..self.directions {
            let shadow = self.arrays.get(&array).and_then(|shadows| shadows[d]);
            if let (Some(shadow), Some(tangent)) = (shadow, self.tangent(term, d)) {
                self.b.push(Vec::new(), Op::Accumulate(shadow, new_index.clone(), tangent));
            }
        }
    }

    fn new_array(&mut self, result: Value, new: &NewArray) {
        let primal = match new {
            NewArray::Fill(value, lengths) => {
                NewArray::Fill(self.atom(*value), lengths.iter().map(|atom| self.atom(*atom)).collect())
            }
            NewArray::Elements(elements) => NewArray::Elements(elements.iter().map(|a| self.atom(*a)).collect()),
            NewArray::Zeros(array) => NewArray::Zeros(self.array(*array)),
            NewArray::Copy(array) => NewArray::Copy(self.array(*array)),
            NewArray::Window { array, part, mutable } => NewArray::Window {
                array: self.array(*array),
                part: part.map(|atom| self.atom(atom)),
                mutable: *mutable,
            },
        };
        let fresh = self.fresh(result);
        self.b.push(vec![fresh], Op::NewArray(primal));
        if !self.is_varied(result) {
            return;
        }
        let info = self.info(result);
        let mut shadows = Vec::new();
        for d in 0..self.directions {
            let zero = Atom::Float(0.0);
            if let NewArray::Window { array, part, mutable } = new {
                let base = self.arrays.get(array).and_then(|shadows| shadows[d]);
                let part = part.map(|atom| self.atom(atom));
                let shadow = base.map(|array| {
                    let window = NewArray::Window { array, part, mutable: *mutable };
                    self.b.new_array(window, info.ty.borrowed(), dotted(&info))
                });
                if let (Some(shadow), true) = (shadow, self.changing.contains(&result)) {
                    self.b.changing.insert(shadow);
                }
                shadows.push(shadow);
                continue;
            }
            let shadow = match new {
                NewArray::Window { .. } => continue,
                NewArray::Fill(value, lengths) => {
                    let lengths = lengths.iter().map(|atom| self.atom(*atom)).collect();
                    NewArray::Fill(self.tangent(*value, d).unwrap_or(zero), lengths)
                }
                NewArray::Elements(elements) => {
                    NewArray::Elements(elements.iter().map(|a| self.tangent(*a, d).unwrap_or(zero)).collect())
                }
                NewArray::Zeros(_) => NewArray::Zeros(fresh),
                NewArray::Copy(array) => match self.arrays.get(array).and_then(|shadows| shadows[d]) {
                    Some(shadow) => NewArray::Copy(shadow),
                    None => NewArray::Zeros(fresh),
                },
            };
            let shadow = self.b.new_array(shadow, info.ty.owned(), dotted(&info));
            if self.changing.contains(&result) {
                self.b.changing.insert(shadow);
            }
            shadows.push(Some(shadow));
        }
        self.arrays.insert(result, shadows);
    }

    fn opaque(&mut self, stmt: &Stmt, opaque: &Opaque) {
        let renamed = rename_opaque(&self.map, opaque);
        if let (Code::Expr(..), [result]) = (&renamed.code, &stmt.results[..]) {
            let info = self.info(*result);
            let atom = self.b.opaque(renamed, info);
            self.map.insert(*result, atom);
        } else {
            let results = stmt.results.iter().map(|result| self.fresh(*result)).collect();
            self.b.push(results, Op::Opaque(renamed));
        }
    }

    /// One branch: its statements, its yields, and the tangents of those yields that belong to varied results.
    fn arm(&mut self, region: &Region, varied: &[usize]) -> (Vec<Stmt>, Vec<Atom>, Vec<Tangent>) {
        self.b.open();
        self.stmts(region);
        let yields: Vec<Atom> = region.yields.iter().map(|atom| self.atom(*atom)).collect();
        let tangents =
            varied.iter().map(|k| (0..self.directions).map(|d| self.tangent(region.yields[*k], d)).collect()).collect();
        (self.b.close(), yields, tangents)
    }

    fn branch(&mut self, stmt: &Stmt, cond: Atom, then: &Region, otherwise: &Region) {
        let cond = self.atom(cond);
        let varied: Vec<usize> = (0..stmt.results.len()).filter(|k| self.is_varied(stmt.results[*k])).collect();
        let (then_stmts, mut then_yields, then_tangents) = self.arm(then, &varied);
        let (else_stmts, mut else_yields, else_tangents) = self.arm(otherwise, &varied);
        let mut results: Vec<Value> = stmt.results.iter().map(|result| self.fresh(*result)).collect();
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
            self.tangents.insert(stmt.results[*k], tangent);
        }
        let then = Region { params: Vec::new(), stmts: then_stmts, yields: then_yields };
        let otherwise = Region { params: Vec::new(), stmts: else_stmts, yields: else_yields };
        self.b.push(results, Op::If { cond, then, otherwise });
    }

    fn repeat(&mut self, stmt: &Stmt, l: &Loop) {
        let carried: Vec<usize> = (0..l.body.params.len()).filter(|k| self.is_varied(l.body.params[*k])).collect();
        let mut init: Vec<Atom> = l.init.iter().map(|atom| self.atom(*atom)).collect();
        for k in &carried {
            for d in 0..self.directions {
                init.push(self.tangent(l.init[*k], d).unwrap_or(Atom::Float(0.0)));
            }
        }
        let header = self.header(&l.header, &carried);
        self.b.open();
        let params = self.carried(&l.body.params, &carried);
        self.stmts(&l.body);
        let mut yields: Vec<Atom> = l.body.yields.iter().map(|atom| self.atom(*atom)).collect();
        for k in &carried {
            for d in 0..self.directions {
                yields.push(self.tangent(l.body.yields[k + 1], d).unwrap_or(Atom::Float(0.0)));
            }
        }
        let body = self.b.close_region(params, yields);
        let results = self.carried(&stmt.results, &carried);
        self.b.push(results, Op::Loop(Box::new(Loop { header, records: None, init, body })));
    }

    /// New values for carried ones, followed by their tangents.
    fn carried(&mut self, values: &[Value], varied: &[usize]) -> Vec<Value> {
        let mut new: Vec<Value> = values.iter().map(|value| self.fresh(*value)).collect();
        for k in varied {
            let info = self.info(values[*k]);
            let tangents: Vec<Value> = (0..self.directions).map(|_| self.b.value(info.ty, dotted(&info))).collect();
            self.tangents.insert(values[*k], tangents.iter().map(|t| Some(Atom::Value(*t))).collect());
            new.extend(tangents);
        }
        new
    }

    fn header(&mut self, header: &Header, carried: &[usize]) -> Header {
        match header {
            Header::Range(range) => {
                let (start, end) = (self.atom(range.start), self.atom(range.end));
                let step = range.step.map(|step| self.atom(step));
                let index = self.fresh(range.index);
                Header::Range(Range { index, start, end, step, ..range.clone() })
            }
            Header::Iter { pat, names, binds, iter } => {
                let iter = rename_opaque(&self.map, iter);
                let binds = binds.iter().map(|bind| self.fresh(*bind)).collect();
                Header::Iter { pat: pat.clone(), names: names.clone(), binds, iter }
            }
            Header::While(cond) => {
                self.b.open();
                let params = self.carried(&cond.params, carried);
                self.stmts(cond);
                let yields = cond.yields.iter().map(|atom| self.atom(*atom)).collect();
                Header::While(self.b.close_region(params, yields))
            }
            Header::Forever => Header::Forever,
            Header::Times(count) => Header::Times(self.atom(*count)),
        }
    }
}

/// The atom that an atom of the source has become.
pub(crate) fn rename(map: &HashMap<Value, Atom>, atom: Atom) -> Atom {
    match atom {
        Atom::Value(value) => *map.get(&value).unwrap_or(&atom),
        Atom::Float(_) | Atom::Int(_) | Atom::Bool(_) | Atom::Undefined => atom,
    }
}

pub(crate) fn rename_opaque(map: &HashMap<Value, Atom>, opaque: &Opaque) -> Opaque {
    let args = opaque.args.iter().map(|(name, atom)| (name.clone(), rename(map, *atom))).collect();
    Opaque { args, ..opaque.clone() }
}
