//! Regions whose yields have known adjoints: both sweeps stand in one region, and nothing has to be stored between them.
//! A branch at the end of such a region is one itself.

use std::collections::BTreeMap;

use crate::ir::{Atom, Op, Region, Stmt, Value};
use crate::primal::Mode;

use super::{Horizon, Kind, Reverse, barred};

impl Reverse<'_> {
    /// The primal of a region, then its reverse sweep; returns the primal yields. Adjoints of values from outside the
    /// region are left in `self.adjoints`.
    pub(super) fn tail(&mut self, region: &Region, seeds: &[Atom]) -> Vec<Atom> {
        let Some((last, prefix)) = region.stmts.split_last() else {
            return self.straight(region, seeds);
        };
        let Op::If { cond, then, otherwise } = &last.op else {
            return self.straight(region, seeds);
        };
        let is_tail = region.yields.iter().all(|atom| atom.value().is_some_and(|v| last.results.contains(&v)));
        // Where the arms make arrays longer, the lengths of their adjoints are not known before.
        let is_tail = is_tail && !self.grows(then) && !self.grows(otherwise);
        if !is_tail || !last.results.iter().any(|result| self.primal.varied.contains(result)) {
            return self.straight(region, seeds);
        }
        let swept = self.sweep(prefix, Some(Horizon { region, from: 0, seeds }));
        self.make_bars(prefix);
        let cond = self.atom(*cond);
        let mut result_seeds: Vec<Option<Atom>> = vec![None; last.results.len()];
        for (atom, seed) in region.yields.iter().zip(seeds).filter(|(_, seed)| !seed.is_float(0.0)) {
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
        self.check_seeds(&region.yields);
        for (atom, seed) in region.yields.iter().zip(seeds).filter(|(_, seed)| !seed.is_float(0.0)) {
            if let Some(value) = self.active(*atom).filter(|value| !self.returned.contains_key(value)) {
                self.accumulate(value, *seed);
            }
        }
        let yields = self.atoms(&region.yields);
        self.back(&region.stmts, &swept);
        yields
    }

    /// Joins two branches that have yielded primal results and adjoints.
    pub(super) fn merge(&mut self, cond: Atom, results: &[Value], arms: [Arm; 2]) {
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
}

/// A branch that is complete but for its joining: statements, primal yields, adjoints of values from outside.
pub(super) struct Arm {
    pub(super) stmts: Vec<Stmt>,
    pub(super) primal: Vec<Atom>,
    pub(super) adjoints: BTreeMap<Value, Atom>,
}
