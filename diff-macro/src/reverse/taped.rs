//! Loops with a tape: the forward sweep leaves a record per iteration, and a loop over the records backwards takes them.
//!
//! ```text
//! // Input:    for i in 0..n { y = exp(y) }
//! // Forward:  for i in 0..n { y = exp(y); push tape (y) }
//! // Reverse:  for i in (0..n).rev() { pop tape (y); y_bar = y * y_bar }
//! ```

use std::collections::HashSet;

use crate::accumulate::accumulators;
use crate::activity;
use crate::analyses::Analysis;
use crate::ir::{Atom, Header, Hint, Loop, Op, Range, Records, Region, Stmt, Taken, Ty, Value, walk};
use crate::primal::Mode;
use crate::rules::Prim;

use super::{Kind, Reverse, Swept, barred};

impl Reverse<'_> {
    pub(super) fn sweep_loop(&mut self, stmt: &Stmt, l: &Loop) -> Swept {
        let mut init = self.atoms(&l.init);
        let tape = self.b.value(Ty::Tape, Some(Hint::generated("tape", proc_macro2::Span::call_site())));
        let context = self.context(Kind::Body { tape, record: Vec::new() });
        let counted = l.breaks() || !matches!(l.header, Header::Range(_) | Header::Times(_));
        let candidates = self.candidates(l);
        self.b.open();
        let (header, mut params, swept, mut yields) = self.within(context, |pass| {
            let header = pass.sweep_header(&l.header);
            let params = pass.fresh_all(&l.body.params);
            let swept = pass.sweep_body(&l.body.stmts, &candidates);
            pass.keep(&header, context, &candidates);
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
        if !matches!(self.contexts[self.current].kind, Kind::Fused { .. }) {
            return None;
        }
        let plain =
            Analysis::Places.is_on() && !l.breaks() && !range.inclusive && !range.reversed && range.step.is_none();
        let from_literal = matches!(range.start, Atom::Int(start) if start >= 0);
        let counts =
            plain && from_literal && self.stands_before(range.end) && self.arrays.is_index(&l.body, source.index);
        counts.then_some((range.end, Atom::Value(range.index)))
    }

    /// Where both sweeps are in scope, the tapes of the statement to come are made in front of it.
    pub(super) fn make_tapes(&mut self) {
        if matches!(self.contexts[self.current].kind, Kind::Fused { in_loop: false }) {
            self.make_buffers();
            for (tape, capacity) in std::mem::take(&mut self.tapes) {
                self.b.contexts[tape.0 as usize] = self.current;
                if let Some((length, index)) = self.places.get(&tape).copied() {
                    if self.is_fixed(length) {
                        self.fixed.insert(tape);
                    }
                    let length = self.before(length);
                    self.places.insert(tape, (length, index));
                }
                self.b.push(vec![tape], Op::NewTape(capacity));
            }
        }
    }

    /// The reverse of a loop: the iterations backwards, each popping its record. The adjoints of carried values are
    /// carried the other way; those of values from outside accumulate.
    pub(super) fn back_loop(&mut self, stmt: &Stmt, swept: &Swept) {
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
        let mut counters = self.backward_counters(stmt, l);
        let is_unordered =
            carried.is_empty() && counters.is_empty() && !activity::stores_varied(&l.body, &self.primal.varied);
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
            for counter in &mut counters {
                counter.before = pass.count_back(counter, *context);
            }
            pass.show_kept(*context, *index);
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
        for counter in &counters {
            params.push(counter.after);
            init.push(counter.last);
            yields.push(counter.before);
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
            // Nothing passes from one iteration to another, nor do loops inside take records of earlier ones off a tape: they
            // can run in any order.
            Header::Range(range) if is_unordered && records.is_none() && !takes_records(&body) => {
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
        for (k, seed) in constant {
            if let Some(value) = self.active(l.init[k]) {
                self.accumulate(value, seed);
            }
        }
    }

    /// The carried indices that the reverse sweep reads: it counts them back.
    ///
    /// ```text
    /// // Input:    for i in 0..n { .. a[l] ..; l = l + t(i) }
    /// // Reverse:  for i in (0..n).rev() { l = l - t(i); .. a[l] .. }
    /// ```
    fn backward_counters(&mut self, stmt: &Stmt, l: &Loop) -> Vec<BackwardCounter> {
        let is_plain = matches!(&l.header, Header::Range(range) if !range.inclusive) && !l.breaks();
        if !Analysis::Counters.is_on() || !is_plain {
            return Vec::new();
        }
        let mut counters = Vec::new();
        for (k, param) in l.body.params.iter().enumerate() {
            let Some(term) = term_of(l, k) else { continue };
            if self.info(*param).ty != Ty::Int || !self.arrays.is_used_for_index(&l.body, *param) {
                continue;
            }
            let last = self.atom(Atom::Value(stmt.results[k]));
            let last = self.read(last);
            let info = self.info(*param);
            let after = self.b.value(Ty::Int, info.hint);
            let [param, term] = [Atom::Value(*param), term].map(|atom| self.atom(atom));
            counters.push(BackwardCounter { param, term, last, after, before: Atom::Undefined });
        }
        counters
    }

    fn count_back(&mut self, counter: &BackwardCounter, context: usize) -> Atom {
        let term = self.read(counter.term);
        let before = self.b.int_sub(Atom::Value(counter.after), term);
        if let Some(param) = counter.param.value() {
            self.contexts[context].available.insert(param, before);
        }
        before
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
}

/// An index that an iteration adds to, counted back.
struct BackwardCounter {
    /// In the forward sweep: its value as an iteration begins, and what the iteration adds.
    param: Atom,
    term: Atom,
    /// Its value after the last iteration.
    last: Atom,
    /// In the reverse sweep: its values after an iteration and before it.
    after: Value,
    before: Atom,
}

/// What an iteration adds to a carried value, where it does nothing else with it.
fn term_of(l: &Loop, k: usize) -> Option<Atom> {
    let next = l.body.yields[k + 1].value()?;
    let stmt = l.body.stmts.iter().find(|stmt| stmt.results.contains(&next))?;
    match &stmt.op {
        Op::Prim(Prim::IntAdd, args) if args[0] == Atom::Value(l.body.params[k]) && args[1] != args[0] => Some(args[1]),
        _ => None,
    }
}

/// Whether loops in a region take records off a tape.
fn takes_records(region: &Region) -> bool {
    walk(&region.stmts).any(|stmt| matches!(&stmt.op, Op::Loop(l) if l.records.is_some()))
}

/// A loop's header, for the dump.
pub(crate) fn header_text(header: &Header) -> String {
    match header {
        Header::Range(range) => format!("{} in {}..{}", range.index, range.start, range.end),
        Header::Iter { iter, .. } => format!("`{}`", iter.text),
        Header::While(_) => "`while`".to_owned(),
        Header::Forever => "`loop`".to_owned(),
        Header::Times(count) => format!("{count} times"),
    }
}
