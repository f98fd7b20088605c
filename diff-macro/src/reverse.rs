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

use crate::accumulate::{accumulators, uses_in_stmt};
use crate::activity;
use crate::build::Builder;
use crate::carry::carry_neighbours;
use crate::ir::Taken;
use crate::ir::{
    Atom, Code, Effect, Function, Header, Hint, Info, Loop, NewArray, Op, Opaque, Part, Range, Records, Region, Scalar,
    Stmt, Ty, Value,
};
use crate::linearize::Linear;
use crate::names;
use crate::primal::{Mode, Primal};
use crate::rules::Prim;

/// What reverse mode gives: the function, and the parameters that were added for the seeds.
pub(crate) struct Pullback {
    pub(crate) function: Function,
    pub(crate) seeds: Vec<Value>,
    /// The parameters that were added for the seeds of parameters that are outputs.
    pub(crate) out_seeds: Vec<Value>,
    /// What was decided for each loop, for the dump.
    pub(crate) notes: Vec<String>,
}

/// What the generated function takes and gives.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// The adjoints of the yields are parameters; else they are one.
    pub(crate) seeded: bool,
    /// The adjoints of arrays are accumulated into buffers that are parameters, which hold zeros; else they are made.
    pub(crate) into: bool,
}

/// Differentiates backwards. Without `seeded`, the adjoint of each yield is one, else a parameter named `seed`. The
/// function yields what the input yields, then the adjoints of the active parameters.
///
/// The adjoints of `outs`, parameters that the function writes its results into, are parameters too.
pub(crate) fn vjp(
    function: &Function,
    active: &[Value],
    outs: &[Value],
    options: Options,
    default: Scalar,
) -> Pullback {
    let Options { seeded, into } = options;
    let mut pass = Reverse {
        b: Builder::new(default),
        primal: Primal::new(function, active),
        adjoints: BTreeMap::new(),
        contexts: vec![Context::fused()],
        current: 0,
        tapes: Vec::new(),
        places: HashMap::new(),
        exports: HashMap::new(),
        notes: Vec::new(),
        bars: HashMap::new(),
        lengths: HashMap::new(),
        windows: HashMap::new(),
        roots: function.roots(),
        unsettled: function.changing(),
        unsettled_outside: HashSet::new(),
    };
    pass.b.shapes = function.shapes.clone();
    pass.b.open();
    let mut params = pass.fresh_all(&function.body.params);
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
    let mut out_seeds = Vec::new();
    for out in outs {
        let info = pass.info(*out);
        let bar = pass.b.value(info.ty.borrowed(), barred(&info));
        pass.b.changing.insert(bar);
        pass.bars.insert(*out, bar);
        out_seeds.push(bar);
    }
    params.extend(&out_seeds);
    let mut buffers = Vec::new();
    for param in active {
        let info = pass.info(*param);
        if !info.ty.is_array() || outs.contains(param) {
            continue;
        }
        let bar = if into {
            let bar = pass.b.value(info.ty.borrowed(), barred(&info));
            buffers.push(bar);
            bar
        } else {
            let primal = pass.array(*param);
            pass.b.new_array(NewArray::Zeros(primal), info.ty.owned(), barred(&info))
        };
        pass.b.changing.insert(bar);
        pass.bars.insert(*param, bar);
    }
    params.extend(&buffers);
    let mut yields = pass.tail(&function.body, &seed_atoms);
    for (out, bar) in outs.iter().zip(&out_seeds) {
        // What the output held on entry is a constant, unless it is active: then its adjoint is what is left.
        if !active.contains(out) {
            pass.b.push(Vec::new(), Op::Clear(*bar));
        }
    }
    let returned = active.iter().filter(|param| !outs.contains(param));
    yields.extend(returned.map(|param| match pass.bars.get(param) {
        Some(bar) => Atom::Value(*bar),
        None => pass.adjoints.remove(param).unwrap_or(Atom::Float(0.0)),
    }));
    let body = pass.b.close_region(params, yields);
    let notes = std::mem::take(&mut pass.notes);
    let mut function = Function { values: pass.b.values, shapes: function.shapes.clone(), body };
    let types = function.values.iter().map(|info| info.ty).collect();
    let residuals = Residuals { contexts: pass.contexts, exports: pass.exports, places: pass.places, types };
    residuals.complete(&mut function.body);
    Pullback { function, seeds, out_seeds, notes }
}

/// Where a value of the forward sweep was made, and so how the reverse sweep can read it.
struct Context {
    kind: Kind,
    parent: usize,
    /// What the reverse sweep of this context has at hand of the forward sweep.
    available: HashMap<Value, Atom>,
}

enum Kind {
    /// Both sweeps share one region: everything is in scope. Inside a loop that is reversed at once, a tape is used
    /// again in every iteration.
    Fused { in_loop: bool },
    /// A branch: residuals are further results of the `If` that the marker names.
    Branch { marker: Value, then: bool, yielded: HashMap<Value, Value> },
    /// The body of a loop: residuals are fields of the record.
    Body { tape: Value, record: Vec<(Atom, Value)> },
    /// The reverse sweep itself.
    Sweep,
}

impl Context {
    fn fused() -> Self {
        Context { kind: Kind::Fused { in_loop: false }, parent: 0, available: HashMap::new() }
    }
}

/// What comes after a statement whose both sweeps share a region, and what the adjoints of the region's yields are.
#[derive(Clone, Copy)]
struct Horizon<'r> {
    region: &'r Region,
    from: usize,
    seeds: &'r [Atom],
}

/// A further result of an `If`: the result, and what each branch yields for it.
type Export = (Value, Atom, Atom);

/// A statement of the source in the forward sweep, with what its reverse needs.
enum Swept {
    Prim {
        linear: Linear,
        args: Vec<Atom>,
        result: Value,
    },
    If {
        cond: Atom,
        arms: [(usize, Vec<Swept>); 2],
    },
    Loop {
        context: usize,
        trips: Option<Atom>,
        index: Option<Value>,
        body: Vec<Swept>,
    },
    Load {
        array: Value,
        index: Vec<Atom>,
        result: Value,
    },
    Store {
        array: Value,
        index: Vec<Atom>,
        value: Atom,
    },
    Accumulate {
        array: Value,
        index: Vec<Atom>,
        term: Atom,
    },
    Elements {
        array: Value,
        elements: Vec<Atom>,
    },
    /// Both sweeps are done; the adjoints of the results are spent.
    Done {
        results: Vec<Value>,
    },
    Inactive,
}

struct Reverse<'a> {
    b: Builder,
    primal: Primal<'a>,
    /// The adjoints of the values of the source, as far as they are known.
    adjoints: BTreeMap<Value, Atom>,
    contexts: Vec<Context>,
    current: usize,
    /// The tapes that still have to be made, with the range whose length they have.
    tapes: Vec<(Value, Option<Range>)>,
    /// The tapes that are buffers of known length: the length, and the index of each record.
    places: HashMap<Value, (Atom, Atom)>,
    exports: HashMap<Value, Vec<Export>>,
    /// What was decided for each loop.
    notes: Vec<String>,
    /// The arrays of adjoints.
    bars: HashMap<Value, Value>,
    /// For each window, the array that it shows and the part, in atoms of the forward sweep.
    windows: HashMap<Value, (Value, Part)>,
    /// For each window, the array that it shows in the end.
    roots: HashMap<Value, Value>,
    /// The lengths of the arrays that were made, as far as they are dynamic.
    lengths: HashMap<Value, Vec<Atom>>,
    /// Those that the current statement or a later one changes.
    unsettled: HashSet<Value>,
    /// Those that the loops around the current region change.
    unsettled_outside: HashSet<Value>,
}

/// The name of an adjoint.
fn barred(info: &Info) -> Option<Hint> {
    info.hint.as_ref().map(|hint| Hint::generated(format!("{}_bar", hint.name), hint.span))
}

impl<'a> Mode<'a> for Reverse<'a> {
    fn primal(&self) -> &Primal<'a> {
        &self.primal
    }

    fn parts(&mut self) -> (&mut Builder, &mut Primal<'a>) {
        (&mut self.b, &mut self.primal)
    }
}

impl Reverse<'_> {
    fn source_ty(&self, atom: Atom) -> Ty {
        match atom {
            Atom::Value(value) => self.info(value).ty,
            _ => Ty::Float(self.b.default_scalar),
        }
    }

    fn active(&self, atom: Atom) -> Option<Value> {
        atom.value().filter(|value| self.primal.varied.contains(value))
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
        if !is_tail || !last.results.iter().any(|result| self.primal.varied.contains(result)) {
            return self.straight(region, seeds);
        }
        let swept = self.sweep(prefix, Some(Horizon { region, from: 0, seeds }));
        self.make_bars(prefix);
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
        let yields = self.atoms(&region.yields);
        self.back(prefix, &swept);
        yields
    }

    /// A branch in tail position: both sweeps inside it.
    fn tail_arm(&mut self, region: &Region, seeds: &[Option<Atom>]) -> Arm {
        let in_loop = matches!(self.contexts[self.current].kind, Kind::Fused { in_loop: true });
        let context = self.context(Kind::Fused { in_loop });
        let outer = std::mem::take(&mut self.adjoints);
        self.b.open();
        let seeds: Vec<Atom> = seeds.iter().map(|seed| seed.unwrap_or(Atom::Float(0.0))).collect();
        let primal = self.within(context, |pass| pass.tail(region, &seeds));
        let adjoints = std::mem::replace(&mut self.adjoints, outer);
        Arm { stmts: self.b.close(), primal, adjoints }
    }

    fn straight(&mut self, region: &Region, seeds: &[Atom]) -> Vec<Atom> {
        let swept = self.sweep(&region.stmts, Some(Horizon { region, from: 0, seeds }));
        self.make_bars(&region.stmts);
        for (atom, seed) in region.yields.iter().zip(seeds) {
            if let Some(value) = self.active(*atom) {
                self.accumulate(value, *seed);
            }
        }
        let yields = self.atoms(&region.yields);
        self.back(&region.stmts, &swept);
        yields
    }

    /// Joins two branches that have yielded primal results and adjoints.
    fn merge(&mut self, cond: Atom, results: &[Value], arms: [Arm; 2]) {
        let [mut then, mut otherwise] = arms;
        let mut new = self.fresh_all(results);
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

    fn sweep(&mut self, stmts: &[Stmt], horizon: Option<Horizon<'_>>) -> Vec<Swept> {
        stmts
            .iter()
            .enumerate()
            .map(|(position, stmt)| {
                if let Some(horizon) = horizon {
                    self.settle(&horizon.region.stmts[position..]);
                }
                let rest = horizon.map(|horizon| Horizon { from: position + 1, ..horizon });
                self.sweep_stmt(stmt, rest)
            })
            .collect()
    }

    /// Arrays that neither the statements to come nor what is around them change hold their final elements: these can
    /// be loaded again in the reverse sweep.
    fn settle(&mut self, rest: &[Stmt]) {
        let mut written = self.unsettled_outside.clone();
        written_in(rest, &mut written);
        let unsettled: HashSet<Value> = written.iter().map(|array| self.root(*array)).collect();
        for array in &self.primal.changing {
            let new = self.primal.map.get(array).and_then(|atom| atom.value());
            match new {
                Some(new) if !unsettled.contains(&self.root(*array)) => self.b.changing.remove(&new),
                _ => false,
            };
        }
        self.unsettled = unsettled;
    }

    fn sweep_stmt(&mut self, stmt: &Stmt, horizon: Option<Horizon<'_>>) -> Swept {
        match &stmt.op {
            Op::Prim(prim, args) => {
                let result = stmt.results[0];
                match self.copy_prim(result, *prim, args) {
                    (_, Some(linear)) => Swept::Prim { linear, args: args.clone(), result },
                    (_, None) => Swept::Inactive,
                }
            }
            Op::Opaque(opaque) => {
                self.copy_opaque(stmt, opaque);
                Swept::Inactive
            }
            Op::If { cond, then, otherwise } => self.sweep_if(stmt, *cond, then, otherwise),
            Op::Loop(l) => match horizon.and_then(|horizon| self.early_seeds(stmt, l, horizon)) {
                Some(seeds) => self.loop_at_once(stmt, l, &seeds),
                None => self.sweep_loop(stmt, l),
            },
            Op::Load(array, index) => {
                let result = stmt.results[0];
                let index = self.copy_load(result, *array, index);
                if self.is_varied(result) { Swept::Load { array: *array, index, result } } else { Swept::Inactive }
            }
            Op::Store(array, index, value) => {
                let index = self.copy_store(*array, index, *value);
                if self.primal.varied.contains(array) {
                    Swept::Store { array: *array, index, value: *value }
                } else {
                    Swept::Inactive
                }
            }
            Op::NewArray(new) => self.sweep_new_array(stmt.results[0], new),
            Op::Accumulate(array, index, term) => {
                let index = self.copy_accumulate(*array, index, *term);
                if self.primal.varied.contains(array) {
                    Swept::Accumulate { array: *array, index, term: *term }
                } else {
                    Swept::Inactive
                }
            }
            Op::Clear(_) => unreachable!("only the passes clear arrays"),
            Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {
                unreachable!("reverse mode is applied to functions without tapes")
            }
        }
    }

    fn sweep_new_array(&mut self, result: Value, new: &NewArray) -> Swept {
        let (_, renamed) = self.copy_new_array(result, new);
        let lengths = match &renamed {
            NewArray::Window { part, .. } => {
                if let NewArray::Window { array, .. } = new {
                    self.windows.insert(result, (*array, *part));
                }
                return Swept::Inactive;
            }
            NewArray::Fill(_, lengths) => lengths.clone(),
            NewArray::Elements(elements) => vec![Atom::Int(i64::try_from(elements.len()).unwrap_or(0))],
            NewArray::Zeros(_) | NewArray::Copy(_) => Vec::new(),
        };
        self.lengths.insert(result, lengths);
        // Each run of the region makes another array.
        self.bars.remove(&result);
        match new {
            NewArray::Elements(elements) if self.is_varied(result) => {
                Swept::Elements { array: result, elements: elements.clone() }
            }
            _ => Swept::Inactive,
        }
    }

    /// The arrays of adjoints for the arrays that a region makes. They are made where its reverse sweep begins, unless
    /// a loop that is reversed at once has needed them before.
    fn make_bars(&mut self, stmts: &[Stmt]) {
        for stmt in stmts.iter().filter(|stmt| matches!(stmt.op, Op::NewArray(_))) {
            self.make_bar(stmt.results[0]);
        }
    }

    fn make_bar(&mut self, array: Value) {
        let Some(lengths) = self.lengths.get(&array).cloned() else { return };
        if !self.is_varied(array) || self.bars.contains_key(&array) {
            return;
        }
        let lengths = lengths.into_iter().map(|atom| self.read(atom)).collect();
        let info = self.info(array);
        let bar = self.b.new_array(NewArray::Fill(Atom::Float(0.0), lengths), info.ty.owned(), barred(&info));
        self.b.changing.insert(bar);
        self.bars.insert(array, bar);
    }

    /// The arrays from outside a loop that it reads: their adjoints must exist before it is reversed at once.
    fn make_bars_before(&mut self, body: &Region) {
        let mut read = HashSet::new();
        loaded_in(&body.stmts, &mut read);
        let read: HashSet<Value> = read.into_iter().map(|array| self.root(array)).collect();
        let mut read: Vec<Value> = read.into_iter().filter(|array| self.lengths.contains_key(array)).collect();
        read.sort_unstable();
        read.into_iter().for_each(|array| self.make_bar(array));
    }

    fn sweep_if(&mut self, stmt: &Stmt, cond: Atom, then: &Region, otherwise: &Region) -> Swept {
        let cond = self.atom(cond);
        let marker = self.b.value(Ty::Bool, None);
        let mut arms = Vec::new();
        let mut regions = Vec::new();
        for (region, is_then) in [(then, true), (otherwise, false)] {
            let context = self.context(Kind::Branch { marker, then: is_then, yielded: HashMap::new() });
            self.b.open();
            let swept = self.within(context, |pass| pass.sweep(&region.stmts, None));
            let mut yields = self.atoms(&region.yields);
            yields.push(Atom::Bool(is_then));
            regions.push(self.b.close_region(Vec::new(), yields));
            arms.push((context, swept));
        }
        let mut results = self.fresh_all(&stmt.results);
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
        let mut init = self.atoms(&l.init);
        let tape = self.b.value(Ty::Tape, Some(Hint::generated("tape", proc_macro2::Span::call_site())));
        let context = self.context(Kind::Body { tape, record: Vec::new() });
        let counted = l.breaks() || !matches!(l.header, Header::Range(_) | Header::Times(_));
        self.b.open();
        let (header, mut params, swept, mut yields) = self.within(context, |pass| {
            let header = pass.sweep_header(&l.header);
            let params = pass.fresh_all(&l.body.params);
            let swept = pass.sweep(&l.body.stmts, None);
            let yields = pass.atoms(&l.body.yields);
            (header, params, swept, yields)
        });
        // The record is filled in when the reverse sweep is known.
        self.b.push(Vec::new(), Op::Push(tape, Vec::new()));
        let mut trips = None;
        let mut results = self.fresh_all(&stmt.results);
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
            Header::Range(range)
                if !l.breaks() && matches!(self.contexts[self.current].kind, Kind::Fused { in_loop: false }) =>
            {
                Some(range.clone())
            }
            _ => None,
        };
        if let Some(place) = self.place(l, &header) {
            self.places.insert(tape, place);
        }
        self.tapes.push((tape, capacity));
        self.make_tapes();
        let index = match &header {
            Header::Range(range) => Some(range.index),
            _ => None,
        };
        self.b.push(results, Op::Loop(Box::new(Loop { header, records: None, init, body })));
        Swept::Loop { context, trips, index, body: swept }
    }

    /// The length of the tape of a loop and the index of each record, where both are known: the loop counts from zero to
    /// an end that stands before all loops around it, and its index is one of arrays.
    fn place(&self, l: &Loop, header: &Header) -> Option<(Atom, Atom)> {
        let (Header::Range(range), Header::Range(source)) = (header, &l.header) else { return None };
        let in_loop = match self.contexts[self.current].kind {
            Kind::Fused { in_loop } => in_loop,
            Kind::Branch { .. } | Kind::Body { .. } | Kind::Sweep => return None,
        };
        let plain = !l.breaks() && !range.inclusive && !range.reversed && range.step.is_none();
        let stands_before = range.end.value().is_none_or(|end| {
            !in_loop || matches!(self.contexts[self.b.contexts[end.0 as usize]].kind, Kind::Fused { in_loop: false })
        });
        let counts = plain && range.start == Atom::Int(0) && stands_before && indexes(&l.body, source.index);
        counts.then_some((range.end, Atom::Value(range.index)))
    }

    /// Where both sweeps are in scope, the tapes of the statement to come are made in front of it.
    fn make_tapes(&mut self) {
        if matches!(self.contexts[self.current].kind, Kind::Fused { in_loop: false }) {
            for (tape, capacity) in std::mem::take(&mut self.tapes) {
                self.b.contexts[tape.0 as usize] = self.current;
                self.b.push(vec![tape], Op::NewTape(capacity));
            }
        }
    }

    fn sweep_header(&mut self, header: &Header) -> Header {
        self.copy_header(header, |pass, cond| {
            pass.b.open();
            let params = pass.fresh_all(&cond.params);
            pass.sweep(&cond.stmts, None);
            let yields = pass.atoms(&cond.yields);
            pass.b.close_region(params, yields)
        })
    }

    // ---- the reverse sweep --------------------------------------------------------------------------------------

    fn back(&mut self, stmts: &[Stmt], swept: &[Swept]) {
        for (stmt, swept) in stmts.iter().zip(swept).rev() {
            match swept {
                Swept::Prim { linear, args, result } => self.transpose(linear, args, *result),
                Swept::If { cond, arms } => self.back_if(stmt, *cond, arms),
                Swept::Loop { .. } => self.back_loop(stmt, swept),
                Swept::Load { array, index, result } => self.back_load(*array, index, *result),
                Swept::Store { array, index, value } => self.back_store(*array, index, *value),
                Swept::Accumulate { array, index, term } => self.back_accumulate(*array, index, *term),
                Swept::Elements { array, elements } => self.back_elements(*array, elements),
                Swept::Done { results } => results.iter().for_each(|result| {
                    self.adjoints.remove(result);
                }),
                Swept::Inactive => {}
            }
        }
    }

    /// ```text
    /// // Input:    y = a[i]
    /// // Adjoint:  a_bar[i] += y_bar
    /// ```
    fn back_load(&mut self, array: Value, index: &[Atom], result: Value) {
        let Some(adjoint) = self.adjoints.remove(&result) else { return };
        let Some((bar, index)) = self.bar_element(array, index) else { return };
        self.b.push(Vec::new(), Op::Accumulate(bar, index, adjoint));
    }

    /// Where the adjoint of an element stands: that of an element of a window stands in the array that it shows.
    fn bar_element(&mut self, array: Value, index: &[Atom]) -> Option<(Value, Vec<Atom>)> {
        let mut array = array;
        let mut index: Vec<Atom> = index.iter().map(|atom| self.read(*atom)).collect();
        while let Some((base, part)) = self.windows.get(&array).copied() {
            match part {
                Part::Range(start, _) => {
                    let start = self.read(start);
                    index[0] = self.b.int_add(start, index[0]);
                }
                Part::Row(row) => {
                    let row = self.read(row);
                    index.insert(0, row);
                }
            }
            array = base;
        }
        Some((*self.bars.get(&array)?, index))
    }

    /// The adjoint of an element, which is to be added to that of a value.
    fn load_bar(&mut self, bar: Value, index: Vec<Atom>, value: Value) -> Atom {
        let info = self.info(value);
        self.b.load(bar, index, Info { hint: barred(&info), derived: true, ..info })
    }

    fn root(&self, array: Value) -> Value {
        *self.roots.get(&array).unwrap_or(&array)
    }

    /// ```text
    /// // Input:    a[i] = v
    /// // Adjoint:  v_bar += a_bar[i]; a_bar[i] = 0
    /// ```
    fn back_store(&mut self, array: Value, index: &[Atom], value: Atom) {
        let Some((bar, index)) = self.bar_element(array, index) else { return };
        let stored = self.active(value).map(|value| (value, self.load_bar(bar, index.clone(), value)));
        self.b.push(Vec::new(), Op::Store(bar, index, Atom::Float(0.0)));
        if let Some((value, adjoint)) = stored {
            self.accumulate(value, adjoint);
        }
    }

    /// ```text
    /// // Input:    a[i] += t
    /// // Adjoint:  t_bar += a_bar[i]
    /// ```
    fn back_accumulate(&mut self, array: Value, index: &[Atom], term: Atom) {
        let Some(value) = self.active(term) else { return };
        let Some((bar, index)) = self.bar_element(array, index) else { return };
        let adjoint = self.load_bar(bar, index, value);
        self.accumulate(value, adjoint);
    }

    /// ```text
    /// // Input:    a = [x, y]
    /// // Adjoint:  x_bar += a_bar[0]; y_bar += a_bar[1]
    /// ```
    fn back_elements(&mut self, array: Value, elements: &[Atom]) {
        let Some(bar) = self.bars.get(&array).copied() else { return };
        for (k, element) in elements.iter().enumerate() {
            let Some(value) = self.active(*element) else { continue };
            let adjoint = self.load_bar(bar, vec![Atom::Int(i64::try_from(k).unwrap_or(0))], value);
            self.accumulate(value, adjoint);
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
        let stores = [then, otherwise].iter().any(|region| activity::stores_varied(region, &self.primal.varied));
        if !stores && seeds.iter().all(Option::is_none) {
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
            pass.make_bars(&region.stmts);
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
        if carried.is_empty() && !activity::stores_varied(&l.body, &self.primal.varied) {
            return;
        }
        // The adjoint of an accumulator is the same in every iteration.
        let additive = accumulators(l);
        let (constant, carried): (Vec<usize>, Vec<usize>) = carried.into_iter().partition(|k| additive[*k]);
        let constant: Vec<(usize, Atom)> =
            constant.into_iter().filter_map(|k| Some((k, self.adjoints.remove(&stmt.results[k])?))).collect();
        let mut init = Vec::new();
        let mut params = Vec::new();
        for k in &carried {
            init.push(self.adjoints.remove(&stmt.results[*k]).unwrap_or(Atom::Float(0.0)));
            let info = self.info(l.body.params[*k]);
            params.push(self.b.value(info.ty, barred(&info)));
        }
        let is_unordered = carried.is_empty() && !activity::stores_varied(&l.body, &self.primal.varied);
        let header = self.back_header(l, *context, *trips, *index);
        let outer = std::mem::take(&mut self.adjoints);
        self.b.open();
        self.in_sweep(*context, |pass| {
            for (k, param) in carried.iter().zip(&params) {
                if let Some(value) = pass.active(l.body.yields[k + 1]) {
                    pass.accumulate(value, Atom::Value(*param));
                }
            }
            for (k, seed) in &constant {
                if let Some(value) = pass.active(l.body.yields[k + 1]) {
                    pass.accumulate(value, *seed);
                }
            }
            pass.make_bars(&l.body.stmts);
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
        self.notes.push(match &records {
            Some(records) => {
                let way = match records.taken {
                    Taken::All => "for good",
                    Taken::Drained => "reused by a loop around it",
                    Taken::OneByOne => "shared by the runs of the loop",
                    Taken::Places => "in their places",
                };
                format!(
                    "the loop of {} records {} value(s) per iteration, {way}",
                    header_text(&l.header),
                    records.binds.len()
                )
            }
            None => format!("the loop of {} records nothing", header_text(&l.header)),
        });
        let drained = trips.is_some() && records.as_ref().is_some_and(|records| records.taken != Taken::OneByOne);
        let header = match header {
            _ if drained => Header::Forever,
            // Nothing passes from one iteration to another: they can run in any order.
            Header::Range(range) if is_unordered && records.is_none() => {
                Header::Range(Range { reversed: !range.reversed, ..range })
            }
            header => header,
        };
        let results: Vec<Value> = params
            .iter()
            .map(|param| {
                let info = self.b.values[param.0 as usize].clone();
                self.b.value(info.ty, info.hint)
            })
            .collect();
        self.push_loop(results.clone(), Loop { header, records, init, body });
        let (of_carried, of_captured) = results.split_at(carried.len());
        for (value, result) in captured.iter().zip(of_captured) {
            self.adjoints.insert(*value, Atom::Value(*result));
        }
        for (k, result) in carried.iter().zip(of_carried) {
            if let Some(value) = self.active(l.init[*k]) {
                self.accumulate(value, Atom::Value(*result));
            }
        }
        for (k, seed) in constant {
            if let Some(value) = self.active(l.init[k]) {
                self.accumulate(value, seed);
            }
        }
    }

    // ---- loops that are reversed at once -----------------------------------------------------------------------

    /// The adjoints of the results of a loop, if they are known before it runs, and if no iteration needs another:
    /// then the reverse of each iteration can follow its primal, and nothing is recorded.
    fn early_seeds(&mut self, stmt: &Stmt, l: &Loop, horizon: Horizon<'_>) -> Option<Vec<Option<Atom>>> {
        let carried: Vec<usize> = (0..l.body.params.len()).filter(|k| self.is_varied(l.body.params[*k])).collect();
        let additive = accumulators(l);
        if carried.is_empty() || !carried.iter().all(|k| additive[*k]) || self.touches_changing(&l.body) {
            return None;
        }
        let mut seeds = vec![None; l.body.params.len()];
        for k in carried {
            seeds[k] = self.early_seed(stmt.results[k], horizon)?;
        }
        seeds.iter().any(Option::is_some).then_some(seeds)
    }

    /// Whether a region loads from, or stores in, an array that changes and that lives longer than the region: the
    /// adjoints of its elements depend on what comes later.
    fn touches_changing(&self, region: &Region) -> bool {
        // Whatever is written in the loop itself is unsettled.
        fn touched(region: &Region, made: &mut HashSet<Value>, out: &mut HashSet<Value>) {
            for stmt in &region.stmts {
                match &stmt.op {
                    Op::Load(array, _) => {
                        out.insert(*array);
                    }
                    Op::NewArray(_) => made.extend(&stmt.results),
                    op => out.extend(op.written_array()),
                }
                stmt.op.regions().into_iter().for_each(|inner| touched(inner, made, out));
            }
        }
        let (mut made, mut out) = (HashSet::new(), HashSet::new());
        touched(region, &mut made, &mut out);
        out.iter()
            .map(|array| self.root(*array))
            .any(|array| self.unsettled.contains(&array) && self.is_varied(array) && !made.contains(&array))
    }

    /// The adjoint of a value, from the statements that read it, if these are linear with coefficients that are known
    /// already. Some(None) if nothing reads it.
    fn early_seed(&mut self, value: Value, horizon: Horizon<'_>) -> Option<Option<Atom>> {
        let mut sum: Option<Atom> = None;
        for (atom, seed) in horizon.region.yields.iter().zip(horizon.seeds) {
            if atom.value() == Some(value) {
                sum = Some(sum.map_or(*seed, |sum| self.b.add(sum, *seed)));
            }
        }
        for stmt in &horizon.region.stmts[horizon.from..] {
            if uses_in_stmt(stmt, value) == 0 {
                continue;
            }
            let Op::Prim(prim, args) = &stmt.op else { return None };
            let Some(seed) = self.early_seed(stmt.results[0], horizon)? else { continue };
            for (k, _) in args.iter().enumerate().filter(|(_, arg)| arg.value() == Some(value)) {
                let term = match (prim, k) {
                    (Prim::Add, _) | (Prim::Sub, 0) => seed,
                    (Prim::Sub, _) | (Prim::Neg, _) => self.b.neg(seed),
                    (Prim::Mul, k) => {
                        let factor = self.early(args[1 - k], horizon)?;
                        self.b.mul(factor, seed)
                    }
                    (Prim::Div, 0) => {
                        let divisor = self.early(args[1], horizon)?;
                        self.b.div(seed, divisor)
                    }
                    _ => return None,
                };
                sum = Some(sum.map_or(term, |sum| self.b.add(sum, term)));
            }
        }
        Some(sum)
    }

    /// A constant of the differentiation, computed before its place if need be.
    fn early(&mut self, atom: Atom, horizon: Horizon<'_>) -> Option<Atom> {
        let Some(value) = atom.value() else { return Some(atom) };
        if self.is_varied(value) {
            return None;
        }
        if let Some(known) = self.primal.map.get(&value) {
            return Some(*known);
        }
        let stmt = horizon.region.stmts[horizon.from..].iter().find(|stmt| stmt.results.contains(&value))?;
        match &stmt.op {
            Op::Prim(prim, args) => {
                let args: Option<Vec<Atom>> = args.iter().map(|arg| self.early(*arg, horizon)).collect();
                let info = self.info(value);
                Some(self.b.exact(*prim, &args?, &info))
            }
            Op::Opaque(opaque) if opaque.effect == Effect::Pure => {
                let mut args = Vec::new();
                for (name, arg) in &opaque.args {
                    args.push((name.clone(), self.early(*arg, horizon)?));
                }
                let info = self.info(value);
                Some(self.b.opaque(Opaque { args, ..opaque.clone() }, info))
            }
            _ => None,
        }
    }

    /// Both sweeps of a loop of accumulators, iteration by iteration.
    fn loop_at_once(&mut self, stmt: &Stmt, l: &Loop, seeds: &[Option<Atom>]) -> Swept {
        self.notes.push(format!("the loop of {} is reversed at once: it only accumulates", header_text(&l.header)));
        let mut init = self.atoms(&l.init);
        self.make_bars_before(&l.body);
        let context = self.context(Kind::Fused { in_loop: true });
        let outer = std::mem::take(&mut self.adjoints);
        let unsettled = self.unsettled_outside.clone();
        let (mut written, mut made) = (HashSet::new(), HashSet::new());
        written_in(&l.body.stmts, &mut written);
        made_in(&l.body.stmts, &mut made);
        let written: HashSet<Value> = written.iter().map(|array| self.root(*array)).collect();
        self.unsettled_outside.extend(written.difference(&made));
        self.b.open();
        let (header, mut params, mut yields) = self.within(context, |pass| {
            let header = pass.sweep_header(&l.header);
            let params = pass.fresh_all(&l.body.params);
            let mut yield_seeds = vec![Atom::Float(0.0)];
            yield_seeds.extend(seeds.iter().map(|seed| seed.unwrap_or(Atom::Float(0.0))));
            let horizon = Horizon { region: &l.body, from: 0, seeds: &yield_seeds };
            let swept = pass.sweep(&l.body.stmts, Some(horizon));
            pass.make_bars(&l.body.stmts);
            for (k, seed) in seeds.iter().enumerate() {
                if let (Some(seed), Some(value)) = (seed, pass.active(l.body.yields[k + 1])) {
                    pass.accumulate(value, *seed);
                }
            }
            pass.back(&l.body.stmts, &swept);
            let yields = pass.atoms(&l.body.yields);
            (header, params, yields)
        });
        self.unsettled_outside = unsettled;
        let mut adjoints = std::mem::replace(&mut self.adjoints, outer);
        for param in &l.body.params {
            adjoints.remove(param);
        }
        let mut results = self.fresh_all(&stmt.results);
        let mut captured = Vec::new();
        let mut header = header;
        for (value, contribution) in adjoints {
            let info = self.info(value);
            let [param, result] = [0, 1].map(|_| self.b.value(info.ty, barred(&info)));
            params.push(param);
            init.push(Atom::Float(0.0));
            yields.push(self.b.add(Atom::Value(param), contribution));
            results.push(result);
            captured.push((value, result));
            if let Header::While(cond) = &mut header {
                cond.params.push(self.b.value(info.ty, barred(&info)));
            }
        }
        let body = self.b.close_region(params, yields);
        self.make_tapes();
        self.push_loop(results, Loop { header, records: None, init, body });
        for (value, result) in captured {
            self.accumulate(value, Atom::Value(result));
        }
        for (k, seed) in seeds.iter().enumerate() {
            if let (Some(seed), Some(value)) = (seed, self.active(l.init[k])) {
                self.accumulate(value, *seed);
            }
        }
        Swept::Done { results: stmt.results.clone() }
    }

    /// Puts out a loop that adds to arrays of adjoints.
    fn push_loop(&mut self, mut results: Vec<Value>, mut l: Loop) {
        let (further, after) = carry_neighbours(&mut self.b, &mut l);
        results.extend(further);
        self.b.push(results, Op::Loop(Box::new(l)));
        for stmt in after {
            self.b.push(stmt.results, stmt.op);
        }
    }

    /// The carried values whose adjoints matter: those of results that have one, and what these depend on.
    fn useful(&self, stmt: &Stmt, l: &Loop) -> Vec<usize> {
        let params = &l.body.params;
        let mut wanted: HashSet<Value> = (0..params.len())
            .filter(|k| self.is_varied(params[*k]) && self.adjoints.contains_key(&stmt.results[*k]))
            .map(|k| params[k])
            .collect();
        if wanted.is_empty() && !activity::stores_varied(&l.body, &self.primal.varied) {
            return Vec::new();
        }
        activity::loop_slice(l, &mut wanted, &self.primal.varied);
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
        let binds = record.iter().map(|(_, bind)| *bind).collect();
        let mut outer = self.contexts[context].parent;
        loop {
            let taken = match self.contexts[outer].kind {
                Kind::Fused { in_loop: false } => Taken::All,
                Kind::Fused { in_loop: true } => Taken::Drained,
                Kind::Body { .. } => Taken::OneByOne,
                Kind::Branch { .. } | Kind::Sweep => {
                    outer = self.contexts[outer].parent;
                    continue;
                }
            };
            return Some(Records { tape: *tape, binds, taken });
        }
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
        if matches!(self.contexts[home].kind, Kind::Fused { .. } | Kind::Sweep) {
            return Some(Atom::Value(value));
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
        let atoms = self.recompute_all(&args, depth)?;
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
        let array = self.at_hand(array)?.value()?;
        let index = self.recompute_all(index, depth)?;
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

/// Whether a value is an index of an array somewhere in the region.
fn indexes(region: &Region, index: Value) -> bool {
    region.stmts.iter().any(|stmt| {
        let own = match &stmt.op {
            Op::Load(_, at) | Op::Store(_, at, _) | Op::Accumulate(_, at, _) => at.contains(&Atom::Value(index)),
            _ => false,
        };
        own || stmt.op.regions().into_iter().any(|inner| indexes(inner, index))
    })
}

/// A loop's header, for the dump.
fn header_text(header: &Header) -> String {
    match header {
        Header::Range(range) => format!("{} in {}..{}", range.index, range.start, range.end),
        Header::Iter { iter, .. } => format!("`{}`", iter.text),
        Header::While(_) => "`while`".to_owned(),
        Header::Forever => "`loop`".to_owned(),
        Header::Times(count) => format!("{count} times"),
    }
}

/// The arrays that statements change.
fn written_in(stmts: &[Stmt], out: &mut HashSet<Value>) {
    for stmt in stmts {
        out.extend(stmt.op.written_array());
        stmt.op.regions().into_iter().for_each(|inner| written_in(&inner.stmts, out));
    }
}

/// The arrays that statements read.
fn loaded_in(stmts: &[Stmt], out: &mut HashSet<Value>) {
    for stmt in stmts {
        if let Op::Load(array, _) = &stmt.op {
            out.insert(*array);
        }
        stmt.op.regions().into_iter().for_each(|inner| loaded_in(&inner.stmts, out));
    }
}

/// The arrays that statements make.
fn made_in(stmts: &[Stmt], out: &mut HashSet<Value>) {
    for stmt in stmts {
        if matches!(stmt.op, Op::NewArray(_)) {
            out.extend(&stmt.results);
        }
        stmt.op.regions().into_iter().for_each(|inner| made_in(&inner.stmts, out));
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
    places: HashMap<Value, (Atom, Atom)>,
    types: Vec<Ty>,
}

impl Residuals {
    /// The place of each record on a tape, and the types of its fields, if these have a zero that the macro knows.
    fn buffer(&self, tape: Value) -> Option<(Atom, Atom, Vec<Ty>)> {
        let (length, index) = *self.places.get(&tape)?;
        let ty = |atom: &Atom| atom.value().map_or(Ty::Unknown, |value| self.types[value.0 as usize]);
        let fields: Vec<Ty> = self.record(tape).iter().map(ty).collect();
        let known = fields.iter().all(|ty| matches!(ty, Ty::Float(_) | Ty::Bool));
        known.then_some((length, index, fields))
    }

    fn record(&self, tape: Value) -> Vec<Atom> {
        let fields = self.contexts.iter().find_map(|context| match &context.kind {
            Kind::Body { tape: own, record } if *own == tape => Some(record.iter().map(|(atom, _)| *atom).collect()),
            Kind::Body { .. } | Kind::Fused { .. } | Kind::Branch { .. } | Kind::Sweep => None,
        });
        fields.unwrap_or_default()
    }

    fn complete(&self, region: &mut Region) {
        region.stmts.retain(|stmt| match &stmt.op {
            Op::NewTape(_) => !self.record(stmt.results[0]).is_empty(),
            Op::Push(tape, _) => !self.record(*tape).is_empty(),
            Op::Prim(..) | Op::Opaque(_) | Op::If { .. } | Op::Loop(_) => true,
            Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) => true,
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
                        stmt.op = Op::NewBuffer(length, fields);
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
                Op::Prim(..) | Op::Opaque(_) | Op::NewBuffer(..) | Op::Put(..) => {}
                Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) => {}
            }
        }
    }
}
