//! Loops that are reversed at once: where no iteration needs the adjoint of another, both sweeps of an iteration stand in
//! one body, and nothing is recorded.
//!
//! ```text
//! // Input:    for i in 0..n { y = exp(x[i]); s = s + y }
//! // Output:   for i in 0..n { y = exp(x[i]); s = s + y; x_bar[i] += y * s_bar }
//! ```

use std::collections::HashSet;

use crate::accumulate::{accumulators, uses_in_stmt};
use crate::analyses::Analysis;
use crate::ir::{Atom, Effect, Header, Loop, Op, Opaque, Region, Stmt, Value, loaded_in, walk};
use crate::primal::Mode;
use crate::rules::Prim;

use super::{Horizon, Kind, Reverse, Swept, barred, taped::header_text};

impl Reverse<'_> {
    /// The adjoints of the results of a loop, if they are known before it runs, and if no iteration needs another:
    /// then the reverse of each iteration can follow its primal, and nothing is recorded. Else the reason.
    pub(super) fn early_seeds(
        &mut self,
        stmt: &Stmt,
        l: &Loop,
        horizon: Option<Horizon<'_>>,
    ) -> Result<Vec<Option<Atom>>, String> {
        if !Analysis::AtOnce.is_on() {
            return Err("that is turned off".to_owned());
        }
        let Some(horizon) = horizon else {
            return Err("what is around it is not reversed at once either".to_owned());
        };
        let carried: Vec<usize> = (0..l.body.params.len()).filter(|k| self.is_varied(l.body.params[*k])).collect();
        let additive = accumulators(l);
        if let Some(k) = carried.iter().find(|k| !additive[**k]) {
            return Err(format!("{} does more than add up", l.body.params[*k]));
        }
        let owned = self.owned_by_iteration(l, horizon);
        if let Some(array) = self.changing_in(&l.body, &owned) {
            return Err(format!("{array} changes, and not in one iteration alone"));
        }
        let mut seeds = vec![None; l.body.params.len()];
        for k in carried {
            let result = stmt.results[k];
            let seed = self.early_seed(result, horizon);
            seeds[k] = seed.ok_or_else(|| format!("the adjoint of {result} is not known before"))?;
        }
        match seeds.iter().any(Option::is_some) {
            true => Ok(seeds),
            false => Err("nothing that it adds up is differentiated".to_owned()),
        }
    }

    /// The arrays that belong to an iteration of the loop: those that it makes, and local ones that it overwrites before it
    /// reads them, as does whatever follows the loop. The adjoints of their elements begin and end an iteration as zeros.
    fn owned_by_iteration(&self, l: &Loop, horizon: Horizon<'_>) -> HashSet<Value> {
        let makes_array = |stmt: &&Stmt| matches!(stmt.op, Op::NewArray(_));
        let made = walk(&l.body.stmts).filter(makes_array).flat_map(|stmt| &stmt.results);
        let mut owned: HashSet<Value> = made.copied().collect();
        if !Analysis::Scratch.is_on() {
            return owned;
        }
        let exposed = self.arrays.iteration(l).exposed;
        let later = self.arrays.exposed(&horizon.region.stmts[horizon.from..], &horizon.region.yields);
        let is_local = |array: &Value| match &self.owned {
            Some(outer) => outer.contains(array),
            None => self.lengths.contains_key(array),
        };
        let roots = self.written_roots(&l.body.stmts).into_iter();
        owned.extend(roots.filter(|root| is_local(root) && !exposed.contains(root) && !later.contains(root)));
        owned
    }

    /// An array that a region loads from, or stores in, that changes and lives longer than the region: the adjoints of its
    /// elements depend on what comes later.
    fn changing_in(&self, region: &Region, owned: &HashSet<Value>) -> Option<Value> {
        // Whatever is written in the loop itself is unsettled.
        let loaded = loaded_in(&region.stmts).into_iter().map(|array| self.root(array));
        let touched = self.written_roots(&region.stmts).into_iter().chain(loaded);
        touched.filter(|array| self.unsettled.contains(array) && self.is_varied(*array) && !owned.contains(array)).min()
    }

    /// The adjoint of a value, from the statements that read it, if these are linear with coefficients that are known
    /// already. Some(None) if nothing reads it.
    fn early_seed(&mut self, value: Value, horizon: Horizon<'_>) -> Option<Option<Atom>> {
        let mut sum: Option<Atom> = None;
        for (atom, seed) in horizon.region.yields.iter().zip(horizon.seeds) {
            // A zero adds nothing.
            if atom.value() == Some(value) && !seed.is_float(0.0) {
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
    pub(super) fn loop_at_once(
        &mut self,
        stmt: &Stmt,
        l: &Loop,
        seeds: &[Option<Atom>],
        horizon: Option<Horizon<'_>>,
    ) -> Swept {
        self.notes.push(format!("the loop of {} is reversed at once: it only accumulates", header_text(&l.header)));
        let mut init = self.atoms(&l.init);
        self.make_bars_before(&l.body);
        let context = self.context(Kind::Fused { in_loop: true });
        let outer = std::mem::take(&mut self.adjoints);
        let unsettled = self.unsettled_outside.clone();
        let owned = horizon.map(|horizon| self.owned_by_iteration(l, horizon)).unwrap_or_default();
        let written = self.written_roots(&l.body.stmts);
        let mut scratch: Vec<&Value> = owned.intersection(&written).collect();
        scratch.sort_unstable();
        for array in scratch {
            self.notes.push(format!("each iteration of the loop of {} has {array} to itself", header_text(&l.header)));
        }
        self.unsettled_outside.extend(written.difference(&owned));
        let outer_owned = self.owned.replace(owned);
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
        self.owned = outer_owned;
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
        self.b.push(results, Op::Loop(Box::new(Loop { header, records: None, init, body })));
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
}
