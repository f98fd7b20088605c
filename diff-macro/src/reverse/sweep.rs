//! The forward sweep: statements of the source go in; the primal with the coefficients of its linear form comes out,
//! and for each statement what its reverse needs (`Swept`).

use std::collections::{HashMap, HashSet};

use crate::ir::{Atom, Header, NewArray, Op, Region, Stmt, Ty, Value};
use crate::primal::Mode;

use super::taped::header_text;
use super::{Horizon, Kind, Reverse, Swept};

impl Reverse<'_> {
    pub(super) fn sweep(&mut self, stmts: &[Stmt], horizon: Option<Horizon<'_>>) -> Vec<Swept> {
        let swept = stmts
            .iter()
            .enumerate()
            .map(|(position, stmt)| {
                if let Some(horizon) = horizon {
                    self.settle(&horizon.region.stmts[position..]);
                }
                let rest = horizon.map(|horizon| Horizon { from: position + 1, ..horizon });
                self.sweep_stmt(stmt, rest)
            })
            .collect();
        self.measure(stmts);
        swept
    }

    /// The forward sweep of a function whose reverse sweep is one of its own.
    pub(super) fn sweep_alone(&mut self, stmts: &[Stmt]) -> Vec<Swept> {
        let sweep = |(position, stmt)| {
            self.settle(&stmts[position..]);
            self.sweep_stmt(stmt, None)
        };
        let swept = stmts.iter().enumerate().map(sweep).collect();
        self.settle(&[]);
        self.measure(stmts);
        swept
    }

    /// Arrays that neither the statements to come nor what is around them change hold their final elements: these can
    /// be loaded again in the reverse sweep.
    fn settle(&mut self, rest: &[Stmt]) {
        let outside = self.unsettled_outside.iter().map(|array| self.root(*array));
        let unsettled: HashSet<Value> = outside.chain(self.written_roots(rest)).collect();
        for array in &self.primal.changing {
            let new = self.primal.map.get(array).and_then(|atom| atom.value());
            // The other arm of a branch may change what is settled in the first.
            if let Some(new) = new {
                self.b.set_changing(new, unsettled.contains(&self.root(*array)));
            }
        }
        self.unsettled = unsettled;
    }

    pub(super) fn sweep_stmt(&mut self, stmt: &Stmt, horizon: Option<Horizon<'_>>) -> Swept {
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
            Op::Call(call) if self.takes_arrays(call) => self.sweep_call(stmt, call),
            Op::Call(call) => {
                let linears = self.copy_call(&stmt.results, call, 1).into_iter();
                let linears: Vec<_> = linears.filter_map(|call| Some((call.source?, call.linear))).collect();
                if linears.is_empty() {
                    return Swept::Inactive;
                }
                Swept::Call { linears, args: call.args.clone() }
            }
            Op::If { cond, then, otherwise } => self.sweep_if(stmt, *cond, then, otherwise),
            Op::Loop(l) => match self.early_seeds(stmt, l, horizon) {
                Ok(seeds) => self.loop_at_once(stmt, l, &seeds, horizon),
                Err(reason) => {
                    self.notes
                        .push(format!("the loop of {} is not reversed at once: {reason}", header_text(&l.header)));
                    self.sweep_loop(stmt, l)
                }
            },
            Op::Load(array, index) => {
                let Some(result) = stmt.results.first().copied() else {
                    self.copy_check(*array, index);
                    return Swept::Inactive;
                };
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
            Op::Append(..) | Op::Take(_) | Op::Resize(..) => self.sweep_growth(stmt),
            Op::Pull(_) | Op::Closure(_) => unreachable!("reverse mode is applied to functions without pullbacks"),
            Op::Clear(_) => unreachable!("only the passes clear arrays"),
            Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {
                unreachable!("reverse mode is applied to functions without tapes")
            }
        }
    }

    fn sweep_new_array(&mut self, result: Value, new: &NewArray) -> Swept {
        let (fresh, renamed) = self.copy_new_array(result, new);
        if let (NewArray::Copy(of), true) = (new, self.is_struct(result)) {
            self.copies.insert(result, *of);
            self.lengths.insert(result, Vec::new());
            self.bars.remove(&result);
            return Swept::Copy { array: result, of: *of };
        }
        let lengths = match &renamed {
            NewArray::Window { part, .. } => {
                if let NewArray::Window { array, .. } = new {
                    self.windows.insert(result, (*array, *part));
                }
                return Swept::Inactive;
            }
            NewArray::Fill(_, lengths) => lengths.clone(),
            // Its adjoints are a struct that is made in the same way.
            NewArray::Elements(elements) if self.is_struct(result) => elements.clone(),
            NewArray::Elements(elements) => vec![Atom::Int(i64::try_from(elements.len()).unwrap_or(0))],
            NewArray::Empty(_) => Vec::new(),
            // Only forward mode makes these, once, of arrays of tangents.
            NewArray::Zeros(_) | NewArray::Copy(_) => {
                self.alike.insert(result, fresh);
                Vec::new()
            }
        };
        let lengths = if self.growing.contains(&result) { Vec::new() } else { lengths };
        self.lengths.insert(result, lengths);
        // Each run of the region makes another array.
        if !self.returned.contains_key(&result) {
            self.bars.remove(&result);
        }
        match new {
            NewArray::Elements(elements) if self.is_varied(result) => {
                Swept::Elements { array: result, elements: elements.clone() }
            }
            NewArray::Fill(value, _) if self.active(*value).is_some() => Swept::Fill { array: result, value: *value },
            NewArray::Copy(of) if self.is_varied(*of) => Swept::Copy { array: result, of: *of },
            _ => Swept::Inactive,
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

    pub(super) fn sweep_header(&mut self, header: &Header) -> Header {
        self.copy_header(header, |pass, cond| {
            pass.b.open();
            let params = pass.fresh_all(&cond.params);
            pass.sweep(&cond.stmts, None);
            let yields = pass.atoms(&cond.yields);
            pass.b.close_region(params, yields)
        })
    }
}
