//! Reverse mode: a function goes in, the function that pulls adjoints back comes out.
//!
//! ```text
//! // Input:    fn(x) { y = sin x; yield y }
//! // Output:   fn(x, y_bar) { y = sin x; c = cos x; x_bar = c * y_bar; yield y, x_bar }
//! ```
//!
//! The forward sweep computes the primal and the coefficients of its linear form; the reverse sweep transposes the
//! linear form, statement by statement, backwards. What the reverse sweep reads of the forward sweep are the
//! residuals. A residual of straight-line code is simply in scope. One that was made in a branch becomes a result of
//! the branch; one that was made in a loop becomes a field of the record that each iteration pushes on the tape of
//! that loop; and one that is cheaper to compute again than to store is computed again (`Reverse::read`).
//!
//! A branch in tail position needs no residuals: the adjoints of its results are the seeds, which are known, so that
//! both sweeps of it run inside the branch (`Reverse::tail`).

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::activity;
use crate::build::Builder;
use crate::forward::{rename, rename_opaque};
use crate::ir::{
    Atom, Code, Function, Header, Hint, Info, Loop, Op, Opaque, Range, Records, Region, Scalar, Stmt, Ty, Value,
};
use crate::linearize::{Linear, linearize};
use crate::names;
use crate::rules::Prim;

/// What reverse mode gives: the function, and the parameters that were added for the seeds.
pub(crate) struct Pullback {
    pub(crate) function: Function,
    pub(crate) seeds: Vec<Value>,
}

/// Differentiates backwards. Without `seeded`, the adjoint of each yield is one, else a parameter named `seed`. The
/// function yields what the input yields, then the adjoints of the active parameters.
pub(crate) fn vjp(function: &Function, active: &[Value], seeded: bool, default: Scalar) -> Pullback {
    let mut pass = Reverse {
        b: Builder::new(default),
        map: HashMap::new(),
        adjoints: BTreeMap::new(),
        varied: activity::varied(function, active),
        contexts: vec![Context::fused()],
        current: 0,
        tapes: Vec::new(),
        exports: HashMap::new(),
        source: function,
    };
    pass.b.open();
    let mut params: Vec<Value> = function.body.params.iter().map(|param| pass.fresh(*param)).collect();
    let seeds: Vec<Value> = if seeded {
        let hint = |k: usize| {
            let name = if k == 0 { "seed".to_owned() } else { format!("seed_{k}") };
            Hint::generated(name, proc_macro2::Span::call_site())
        };
        let types: Vec<Ty> = function.body.yields.iter().map(|atom| pass.source_ty(*atom)).collect();
        types.into_iter().enumerate().map(|(k, ty)| pass.b.value(ty, Some(hint(k)))).collect()
    } else {
        Vec::new()
    };
    let seed_atoms: Vec<Atom> = if seeded {
        seeds.iter().map(|seed| Atom::Value(*seed)).collect()
    } else {
        function.body.yields.iter().map(|_| Atom::Float(1.0)).collect()
    };
    params.extend(&seeds);
    let mut yields = pass.tail(&function.body, &seed_atoms);
    yields.extend(active.iter().map(|param| pass.adjoints.remove(param).unwrap_or(Atom::Float(0.0))));
    let body = pass.b.close_region(params, yields);
    let mut function = Function { values: pass.b.values, body };
    let residuals = Residuals { contexts: pass.contexts, exports: pass.exports };
    residuals.complete(&mut function.body);
    Pullback { function, seeds }
}

/// Where a value of the forward sweep was made, and so how the reverse sweep can read it.
struct Context {
    kind: Kind,
    parent: usize,
    /// What the reverse sweep of this context has at hand of the forward sweep.
    available: HashMap<Value, Atom>,
}

enum Kind {
    /// Both sweeps share one region: everything is in scope.
    Fused,
    /// A branch: residuals are further results of the `If` that the marker names.
    Branch { marker: Value, then: bool, yielded: HashMap<Value, Value> },
    /// The body of a loop: residuals are fields of the record.
    Body { tape: Value, record: Vec<(Atom, Value)> },
    /// The reverse sweep itself.
    Sweep,
}

impl Context {
    fn fused() -> Self {
        Context { kind: Kind::Fused, parent: 0, available: HashMap::new() }
    }
}

/// A further result of an `If`: the result, and what each branch yields for it.
type Export = (Value, Atom, Atom);

/// A statement of the source in the forward sweep, with what its reverse needs.
enum Swept {
    Prim { linear: Linear, args: Vec<Atom>, result: Value },
    If { cond: Atom, arms: [(usize, Vec<Swept>); 2] },
    Loop { context: usize, trips: Option<Atom>, index: Option<Value>, body: Vec<Swept> },
    Inactive,
}

struct Reverse<'a> {
    b: Builder,
    map: HashMap<Value, Atom>,
    /// The adjoints of the values of the source, as far as they are known.
    adjoints: BTreeMap<Value, Atom>,
    varied: HashSet<Value>,
    contexts: Vec<Context>,
    current: usize,
    /// The tapes that still have to be made, with the range whose length they have.
    tapes: Vec<(Value, Option<Range>)>,
    exports: HashMap<Value, Vec<Export>>,
    source: &'a Function,
}

/// The name of an adjoint.
fn barred(info: &Info) -> Option<Hint> {
    info.hint.as_ref().map(|hint| Hint::generated(format!("{}_bar", hint.name), hint.span))
}

impl Reverse<'_> {
    fn info(&self, value: Value) -> Info {
        self.source.values[value.0 as usize].clone()
    }

    fn source_ty(&self, atom: Atom) -> Ty {
        match atom {
            Atom::Value(value) => self.info(value).ty,
            _ => Ty::Float(self.b.default_scalar),
        }
    }

    fn fresh(&mut self, value: Value) -> Value {
        let info = self.info(value);
        let new = self.b.value(info.ty, info.hint);
        self.map.insert(value, Atom::Value(new));
        new
    }

    fn atom(&self, atom: Atom) -> Atom {
        rename(&self.map, atom)
    }

    fn active(&self, atom: Atom) -> Option<Value> {
        atom.value().filter(|value| self.varied.contains(value))
    }

    fn context(&mut self, kind: Kind) -> usize {
        self.contexts.push(Context { kind, parent: self.current, available: HashMap::new() });
        self.contexts.len() - 1
    }

    /// Runs with another context as the one in which values are made and read.
    fn within<T>(&mut self, context: usize, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = (self.current, self.b.context);
        (self.current, self.b.context) = (context, context);
        let result = run(self);
        (self.current, self.b.context) = outer;
        result
    }

    // ---- both sweeps of a region whose yields have known adjoints -----------------------------------------------

    /// The primal of a region, then its reverse sweep; returns the primal yields. Adjoints of values from outside the
    /// region are left in `self.adjoints`.
    fn tail(&mut self, region: &Region, seeds: &[Atom]) -> Vec<Atom> {
        let Some((last, prefix)) = region.stmts.split_last() else {
            return self.straight(region, seeds);
        };
        let Op::If { cond, then, otherwise } = &last.op else {
            return self.straight(region, seeds);
        };
        let is_tail = region.yields.iter().all(|atom| atom.value().is_some_and(|v| last.results.contains(&v)));
        if !is_tail || !last.results.iter().any(|result| self.varied.contains(result)) {
            return self.straight(region, seeds);
        }
        let swept = self.sweep(prefix);
        let cond = self.atom(*cond);
        let mut result_seeds: Vec<Option<Atom>> = vec![None; last.results.len()];
        for (atom, seed) in region.yields.iter().zip(seeds) {
            let position = last.results.iter().position(|result| Some(*result) == atom.value());
            if let Some(k) = position {
                result_seeds[k] = Some(match result_seeds[k] {
                    Some(sum) => self.b.add(sum, *seed),
                    None => *seed,
                });
            }
        }
        let arms = [then, otherwise].map(|arm| self.tail_arm(arm, &result_seeds));
        self.merge(cond, &last.results, arms);
        let yields = region.yields.iter().map(|atom| self.atom(*atom)).collect();
        self.back(prefix, &swept);
        yields
    }

    /// A branch in tail position: both sweeps inside it.
    fn tail_arm(&mut self, region: &Region, seeds: &[Option<Atom>]) -> Arm {
        let context = self.context(Kind::Fused);
        let outer = std::mem::take(&mut self.adjoints);
        self.b.open();
        let seeds: Vec<Atom> = seeds.iter().map(|seed| seed.unwrap_or(Atom::Float(0.0))).collect();
        let primal = self.within(context, |pass| pass.tail(region, &seeds));
        let adjoints = std::mem::replace(&mut self.adjoints, outer);
        Arm { stmts: self.b.close(), primal, adjoints }
    }

    fn straight(&mut self, region: &Region, seeds: &[Atom]) -> Vec<Atom> {
        let swept = self.sweep(&region.stmts);
        for (atom, seed) in region.yields.iter().zip(seeds) {
            if let Some(value) = self.active(*atom) {
                self.accumulate(value, *seed);
            }
        }
        let yields = region.yields.iter().map(|atom| self.atom(*atom)).collect();
        self.back(&region.stmts, &swept);
        yields
    }

    /// Joins two branches that have yielded primal results and adjoints.
    fn merge(&mut self, cond: Atom, results: &[Value], arms: [Arm; 2]) {
        let [mut then, mut otherwise] = arms;
        let mut new: Vec<Value> = results.iter().map(|result| self.fresh(*result)).collect();
        let mut outer: Vec<Value> = then.adjoints.keys().chain(otherwise.adjoints.keys()).copied().collect();
        outer.sort_unstable();
        outer.dedup();
        let mut joined = Vec::new();
        for value in outer {
            let info = self.info(value);
            let result = self.b.value(info.ty, barred(&info));
            new.push(result);
            for arm in [&mut then, &mut otherwise] {
                let yielded = arm.adjoints.remove(&value).unwrap_or(Atom::Float(0.0));
                arm.primal.push(yielded);
            }
            joined.push((value, result));
        }
        let [then, otherwise] =
            [then, otherwise].map(|arm| Region { params: Vec::new(), stmts: arm.stmts, yields: arm.primal });
        self.b.push(new, Op::If { cond, then, otherwise });
        for (value, result) in joined {
            self.accumulate(value, Atom::Value(result));
        }
    }

    fn accumulate(&mut self, value: Value, term: Atom) {
        let sum = match self.adjoints.get(&value) {
            Some(known) => self.b.add(*known, term),
            None => term,
        };
        self.adjoints.insert(value, sum);
    }

    // ---- the forward sweep --------------------------------------------------------------------------------------

    fn sweep(&mut self, stmts: &[Stmt]) -> Vec<Swept> {
        stmts.iter().map(|stmt| self.sweep_stmt(stmt)).collect()
    }

    fn sweep_stmt(&mut self, stmt: &Stmt) -> Swept {
        match &stmt.op {
            Op::Prim(prim, args) => {
                let result = stmt.results[0];
                let atoms: Vec<Atom> = args.iter().map(|atom| self.atom(*atom)).collect();
                let info = self.info(result);
                let y = self.b.exact(*prim, &atoms, &info);
                self.map.insert(result, y);
                if !self.varied.contains(&result) {
                    return Swept::Inactive;
                }
                let linear = linearize(&mut self.b, *prim, &atoms, y);
                Swept::Prim { linear, args: args.clone(), result }
            }
            Op::Opaque(opaque) => {
                self.sweep_opaque(stmt, opaque);
                Swept::Inactive
            }
            Op::If { cond, then, otherwise } => self.sweep_if(stmt, *cond, then, otherwise),
            Op::Loop(l) => self.sweep_loop(stmt, l),
            Op::NewTape(_) | Op::Push(..) => {
                unreachable!("reverse mode is applied to functions without tapes")
            }
        }
    }

    fn sweep_opaque(&mut self, stmt: &Stmt, opaque: &Opaque) {
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

    fn sweep_if(&mut self, stmt: &Stmt, cond: Atom, then: &Region, otherwise: &Region) -> Swept {
        let cond = self.atom(cond);
        let marker = self.b.value(Ty::Bool, None);
        let mut arms = Vec::new();
        let mut regions = Vec::new();
        for (region, is_then) in [(then, true), (otherwise, false)] {
            let context = self.context(Kind::Branch { marker, then: is_then, yielded: HashMap::new() });
            self.b.open();
            let swept = self.within(context, |pass| pass.sweep(&region.stmts));
            let mut yields: Vec<Atom> = region.yields.iter().map(|atom| self.atom(*atom)).collect();
            yields.push(Atom::Bool(is_then));
            regions.push(self.b.close_region(Vec::new(), yields));
            arms.push((context, swept));
        }
        let mut results: Vec<Value> = stmt.results.iter().map(|result| self.fresh(*result)).collect();
        for ((context, _), region) in arms.iter().zip(&regions) {
            if let Kind::Branch { yielded, .. } = &mut self.contexts[*context].kind {
                let pairs = region.yields.iter().zip(&results);
                yielded.extend(pairs.filter_map(|(atom, result)| Some((atom.value()?, *result))));
            }
        }
        results.push(marker);
        self.make_tapes();
        if let ([then, otherwise], Ok(arms)) = (&regions[..], <[_; 2]>::try_from(arms)) {
            self.b.push(results, Op::If { cond, then: then.clone(), otherwise: otherwise.clone() });
            return Swept::If { cond, arms };
        }
        Swept::Inactive
    }

    fn sweep_loop(&mut self, stmt: &Stmt, l: &Loop) -> Swept {
        let mut init: Vec<Atom> = l.init.iter().map(|atom| self.atom(*atom)).collect();
        let tape = self.b.value(Ty::Tape, Some(Hint::generated("tape", proc_macro2::Span::call_site())));
        let context = self.context(Kind::Body { tape, record: Vec::new() });
        let counted = l.breaks() || !matches!(l.header, Header::Range(_) | Header::Times(_));
        self.b.open();
        let (header, mut params, swept, mut yields) = self.within(context, |pass| {
            let header = pass.sweep_header(&l.header);
            let params: Vec<Value> = l.body.params.iter().map(|param| pass.fresh(*param)).collect();
            let swept = pass.sweep(&l.body.stmts);
            let yields: Vec<Atom> = l.body.yields.iter().map(|atom| pass.atom(*atom)).collect();
            (header, params, swept, yields)
        });
        // The record is filled in when the reverse sweep is known.
        self.b.push(Vec::new(), Op::Push(tape, Vec::new()));
        let mut trips = None;
        let mut results: Vec<Value> = stmt.results.iter().map(|result| self.fresh(*result)).collect();
        let mut header = header;
        if counted {
            let hint = Hint::generated("trips", proc_macro2::Span::call_site());
            let [param, result] = [0, 1].map(|_| self.b.value(Ty::Int, Some(hint.clone())));
            let next = self.b.prim(Prim::IntSucc, &[Atom::Value(param)]);
            init.push(Atom::Int(0));
            params.push(param);
            yields.push(next);
            results.push(result);
            trips = Some(Atom::Value(result));
            if let Header::While(cond) = &mut header {
                cond.params.push(self.b.value(Ty::Int, Some(hint)));
            }
        }
        let body = self.b.close_region(params, yields);
        let capacity = match &header {
            Header::Range(range) if !l.breaks() && matches!(self.contexts[self.current].kind, Kind::Fused) => {
                Some(range.clone())
            }
            _ => None,
        };
        self.tapes.push((tape, capacity));
        self.make_tapes();
        let index = match &header {
            Header::Range(range) => Some(range.index),
            _ => None,
        };
        self.b.push(results, Op::Loop(Box::new(Loop { header, records: None, init, body })));
        Swept::Loop { context, trips, index, body: swept }
    }

    /// Where both sweeps are in scope, the tapes of the statement to come are made in front of it.
    fn make_tapes(&mut self) {
        if matches!(self.contexts[self.current].kind, Kind::Fused) {
            for (tape, capacity) in std::mem::take(&mut self.tapes) {
                self.b.contexts[tape.0 as usize] = self.current;
                self.b.push(vec![tape], Op::NewTape(capacity));
            }
        }
    }

    fn sweep_header(&mut self, header: &Header) -> Header {
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
                let params = cond.params.iter().map(|param| self.fresh(*param)).collect();
                self.sweep(&cond.stmts);
                let yields = cond.yields.iter().map(|atom| self.atom(*atom)).collect();
                Header::While(self.b.close_region(params, yields))
            }
            Header::Forever => Header::Forever,
            Header::Times(count) => Header::Times(self.atom(*count)),
        }
    }

    // ---- the reverse sweep --------------------------------------------------------------------------------------

    fn back(&mut self, stmts: &[Stmt], swept: &[Swept]) {
        for (stmt, swept) in stmts.iter().zip(swept).rev() {
            match swept {
                Swept::Prim { linear, args, result } => self.transpose(linear, args, *result),
                Swept::If { cond, arms } => self.back_if(stmt, *cond, arms),
                Swept::Loop { .. } => self.back_loop(stmt, swept),
                Swept::Inactive => {}
            }
        }
    }

    /// The transpose of one linear statement.
    ///
    /// ```text
    /// // Linear:   y_dot = c * a_dot
    /// // Adjoint:  a_bar += c * y_bar
    /// ```
    fn transpose(&mut self, linear: &Linear, args: &[Atom], result: Value) {
        let Some(adjoint) = self.adjoints.remove(&result) else {
            return;
        };
        for (index, arg) in args.iter().enumerate() {
            let Some(value) = self.active(*arg) else {
                continue;
            };
            if !linear.depends_on(index) {
                continue;
            }
            let target = self.info(value).ty.scalar().unwrap_or(self.b.default_scalar);
            // The coefficients are read where the adjoint is: `read` needs the whole pass, so they are collected first.
            let term = self.term(linear, index, (adjoint, target));
            if let Some(term) = term {
                self.accumulate(value, term);
            }
        }
    }

    fn term(&mut self, linear: &Linear, index: usize, t: (Atom, Scalar)) -> Option<Atom> {
        let mut readings: HashMap<Atom, Atom> = HashMap::new();
        for atom in linear.coefficients(index) {
            let read = self.read(atom);
            readings.insert(atom, read);
        }
        linear.term(&mut self.b, index, t, &mut |_, atom| *readings.get(&atom).unwrap_or(&atom))
    }

    fn back_if(&mut self, stmt: &Stmt, cond: Atom, arms: &[(usize, Vec<Swept>); 2]) {
        let Op::If { then, otherwise, .. } = &stmt.op else {
            return;
        };
        let seeds: Vec<Option<Atom>> = stmt.results.iter().map(|result| self.adjoints.remove(result)).collect();
        if seeds.iter().all(Option::is_none) {
            return;
        }
        let cond = self.read(cond);
        let [then, otherwise] = [(then, &arms[0]), (otherwise, &arms[1])]
            .map(|(region, (context, swept))| self.back_arm(region, *context, swept, &seeds));
        self.merge(cond, &[], [then, otherwise]);
    }

    fn back_arm(&mut self, region: &Region, context: usize, swept: &[Swept], seeds: &[Option<Atom>]) -> Arm {
        let outer = std::mem::take(&mut self.adjoints);
        self.b.open();
        self.in_sweep(context, |pass| {
            for (atom, seed) in region.yields.iter().zip(seeds) {
                if let (Some(value), Some(seed)) = (pass.active(*atom), seed) {
                    pass.accumulate(value, *seed);
                }
            }
            pass.back(&region.stmts, swept);
        });
        let adjoints = std::mem::replace(&mut self.adjoints, outer);
        Arm { stmts: self.b.close(), primal: Vec::new(), adjoints }
    }

    /// Runs the reverse sweep of a context: values are made in the sweep and read in the context.
    fn in_sweep(&mut self, context: usize, run: impl FnOnce(&mut Self)) {
        let sweep = self.context(Kind::Sweep);
        let outer = (self.current, self.b.context);
        (self.current, self.b.context) = (context, sweep);
        run(self);
        (self.current, self.b.context) = outer;
    }

    /// The reverse of a loop: the iterations backwards, each popping its record. The adjoints of carried values are
    /// carried the other way; those of values from outside accumulate.
    fn back_loop(&mut self, stmt: &Stmt, swept: &Swept) {
        let (Op::Loop(l), Swept::Loop { context, trips, index, body }) = (&stmt.op, swept) else {
            return;
        };
        let carried = self.useful(stmt, l);
        if carried.is_empty() {
            return;
        }
        let mut init = Vec::new();
        let mut params = Vec::new();
        for k in &carried {
            init.push(self.adjoints.remove(&stmt.results[*k]).unwrap_or(Atom::Float(0.0)));
            let info = self.info(l.body.params[*k]);
            params.push(self.b.value(info.ty, barred(&info)));
        }
        let header = self.back_header(l, *context, *trips, *index);
        let outer = std::mem::take(&mut self.adjoints);
        self.b.open();
        self.in_sweep(*context, |pass| {
            for (k, param) in carried.iter().zip(&params) {
                if let Some(value) = pass.active(l.body.yields[k + 1]) {
                    pass.accumulate(value, Atom::Value(*param));
                }
            }
            pass.back(&l.body.stmts, body);
        });
        let mut adjoints = std::mem::replace(&mut self.adjoints, outer);
        let mut yields = vec![Atom::Bool(true)];
        for k in &carried {
            yields.push(adjoints.remove(&l.body.params[*k]).unwrap_or(Atom::Float(0.0)));
        }
        for param in &l.body.params {
            adjoints.remove(param);
        }
        let captured: Vec<Value> = adjoints.keys().copied().collect();
        for (value, contribution) in adjoints {
            let info = self.info(value);
            let param = self.b.value(info.ty, barred(&info));
            params.push(param);
            init.push(self.adjoints.remove(&value).unwrap_or(Atom::Float(0.0)));
            yields.push(self.b.add(Atom::Value(param), contribution));
        }
        let body = self.b.close_region(params.clone(), yields);
        let records = self.records(*context);
        // A tape that is consumed whole needs no count.
        let drained = trips.is_some() && records.as_ref().is_some_and(|records| records.all);
        let header = if drained { Header::Forever } else { header };
        let results: Vec<Value> = params
            .iter()
            .map(|param| {
                let info = self.b.values[param.0 as usize].clone();
                self.b.value(info.ty, info.hint)
            })
            .collect();
        self.b.push(results.clone(), Op::Loop(Box::new(Loop { header, records, init, body })));
        let (of_carried, of_captured) = results.split_at(carried.len());
        for (value, result) in captured.iter().zip(of_captured) {
            self.adjoints.insert(*value, Atom::Value(*result));
        }
        for (k, result) in carried.iter().zip(of_carried) {
            if let Some(value) = self.active(l.init[*k]) {
                self.accumulate(value, Atom::Value(*result));
            }
        }
    }

    /// The carried values whose adjoints matter: those of results that have one, and what these depend on.
    fn useful(&self, stmt: &Stmt, l: &Loop) -> Vec<usize> {
        let params = &l.body.params;
        let mut wanted: HashSet<Value> = (0..params.len())
            .filter(|k| self.varied.contains(&params[*k]) && self.adjoints.contains_key(&stmt.results[*k]))
            .map(|k| params[k])
            .collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        activity::loop_slice(l, &mut wanted, &self.varied);
        (0..params.len()).filter(|k| wanted.contains(&params[*k])).collect()
    }

    fn back_header(&mut self, l: &Loop, context: usize, trips: Option<Atom>, index: Option<Value>) -> Header {
        if let Some(trips) = trips {
            return Header::Times(self.read(trips));
        }
        match (&l.header, index) {
            (Header::Range(range), Some(forward)) => {
                let info = self.info(range.index);
                let reverse = self.b.value(info.ty, info.hint);
                let [start, end] = [range.start, range.end].map(|atom| {
                    let atom = self.atom(atom);
                    self.read(atom)
                });
                let step = range.step.map(|step| {
                    let step = self.atom(step);
                    self.read(step)
                });
                self.contexts[context].available.insert(forward, Atom::Value(reverse));
                Header::Range(Range {
                    index: reverse,
                    start,
                    end,
                    step,
                    inclusive: range.inclusive,
                    reversed: !range.reversed,
                })
            }
            (Header::Times(count), _) => {
                let count = self.atom(*count);
                Header::Times(self.read(count))
            }
            _ => unreachable!("a loop that is not a plain range is counted"),
        }
    }

    fn records(&self, context: usize) -> Option<Records> {
        let Kind::Body { tape, record } = &self.contexts[context].kind else {
            return None;
        };
        if record.is_empty() {
            return None;
        }
        let mut outer = self.contexts[context].parent;
        loop {
            match self.contexts[outer].kind {
                Kind::Fused => break,
                Kind::Body { .. } => {
                    return Some(Records {
                        tape: *tape,
                        binds: record.iter().map(|(_, bind)| *bind).collect(),
                        all: false,
                    });
                }
                Kind::Branch { .. } | Kind::Sweep => outer = self.contexts[outer].parent,
            }
        }
        Some(Records { tape: *tape, binds: record.iter().map(|(_, bind)| *bind).collect(), all: true })
    }

    // ---- residuals ----------------------------------------------------------------------------------------------

    /// The atom by which the reverse sweep knows an atom of the forward sweep.
    fn read(&mut self, atom: Atom) -> Atom {
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
        if matches!(self.contexts[home].kind, Kind::Fused | Kind::Sweep) {
            return Some(Atom::Value(value));
        }
        let mut context = self.current;
        loop {
            if let Some(known) = self.contexts[context].available.get(&value) {
                return Some(*known);
            }
            if matches!(self.contexts[context].kind, Kind::Fused) {
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
        let (prim, args) = self.b.definition(value)?.clone();
        if !is_cheap(prim, &args) {
            return None;
        }
        let mut atoms = Vec::new();
        for arg in args {
            atoms.push(match arg.value() {
                None => arg,
                Some(value) => match self.at_hand(value) {
                    Some(known) => known,
                    None => self.recompute(value, depth - 1)?,
                },
            });
        }
        let info = self.b.values[value.0 as usize].clone();
        Some(self.b.exact(prim, &atoms, &info))
    }

    /// Writes pure arithmetic of the user's once more, where all that it reads is at hand.
    fn repeat_verbatim(&mut self, value: Value, opaque: Opaque) -> Option<Atom> {
        let Code::Expr(expr, _) = &opaque.code else {
            return None;
        };
        if !matches!(&**expr, syn::Expr::Binary(_) | syn::Expr::Unary(_) | syn::Expr::Path(_) | syn::Expr::Cast(_)) {
            return None;
        }
        let mut args = Vec::new();
        for (name, atom) in &opaque.args {
            let read = match atom.value() {
                None => *atom,
                Some(value) => self.at_hand(value)?,
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
            Kind::Fused | Kind::Sweep => Atom::Value(value),
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
fn is_cheap(prim: Prim, args: &[Atom]) -> bool {
    use Prim::{
        Abs, Add, And, Cast, Copysign, Eq, Ge, Gt, IntEq, IntPred, IntToFloat, Le, Lt, Max, Min, Mul, Ne, Neg, Not, Or,
        Select, Sub,
    };
    match prim {
        Neg | Add | Sub | Mul | Abs | Copysign | Min | Max | Lt | Le | Gt | Ge | Eq | Ne | IntEq | And | Or | Not
        | Select | Cast(_) | IntToFloat(_) | IntPred => true,
        Prim::Powi => matches!(args.get(1), Some(Atom::Int(2 | 3))),
        _ => false,
    }
}

/// A branch that is complete but for its joining: statements, primal yields, adjoints of values from outside.
struct Arm {
    stmts: Vec<Stmt>,
    primal: Vec<Atom>,
    adjoints: BTreeMap<Value, Atom>,
}

/// What the reverse sweep asked of the forward sweep; writes it into the finished function.
struct Residuals {
    contexts: Vec<Context>,
    exports: HashMap<Value, Vec<Export>>,
}

impl Residuals {
    fn record(&self, tape: Value) -> Vec<Atom> {
        let fields = self.contexts.iter().find_map(|context| match &context.kind {
            Kind::Body { tape: own, record } if *own == tape => Some(record.iter().map(|(atom, _)| *atom).collect()),
            Kind::Body { .. } | Kind::Fused | Kind::Branch { .. } | Kind::Sweep => None,
        });
        fields.unwrap_or_default()
    }

    fn complete(&self, region: &mut Region) {
        region.stmts.retain(|stmt| match &stmt.op {
            Op::NewTape(_) => !self.record(stmt.results[0]).is_empty(),
            Op::Push(tape, _) => !self.record(*tape).is_empty(),
            Op::Prim(..) | Op::Opaque(_) | Op::If { .. } | Op::Loop(_) => true,
        });
        for stmt in &mut region.stmts {
            match &mut stmt.op {
                Op::Push(tape, record) => *record = self.record(*tape),
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
                Op::Loop(l) => self.complete(&mut l.body),
                Op::Prim(..) | Op::Opaque(_) | Op::NewTape(_) => {}
            }
        }
    }
}
