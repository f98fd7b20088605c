//! Calls with arrays: a callee gives a pullback, a closure that keeps what its reverse sweep needs. The forward sweep
//! calls the callee, the reverse sweep the pullback.
//!
//! ```text
//! // Input:    y = g(w, x)
//! // Forward:  y, pull = g with pullback (w, x)
//! // Reverse:  x_bar += pull(y_bar, w_bar)          adds to w_bar
//! ```
//!
//! Seen from the callee, `split` makes the pullback: the two sweeps of a function, the second in a closure.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::fence;
use crate::ir::{
    Atom, Call, Closure, Code, Effect, Function, Hint, NewArray, Op, Opaque, Pass, Pull, Region, Rule, Scalar, Slot,
    Stmt, Storage, Ty, Value,
};
use crate::primal::Mode;

use super::residuals::Residuals;
use super::{Kind, Reverse, Swept, barred};

/// A function with its reverse sweep in a closure, which it yields last.
pub(crate) struct Parted {
    pub(crate) function: Function,
    /// The parameters that say which adjoints are asked for, one per active parameter that is lent.
    pub(crate) asked: Vec<Value>,
    /// The parameters that are lent, and so read in the closure.
    pub(crate) lent: Vec<Value>,
}

/// Splits the two sweeps. The closure takes the adjoints of what the function yields, then for each active array that
/// is a reference the array of its adjoints; it yields the adjoints of the other active parameters.
pub(crate) fn split(function: &Function, active: &[Value], outs: &[Value], default: Scalar) -> Parted {
    let mut pass = Reverse::new(function, active, default);
    // What a mutable reference shows may change before the closure runs: its elements are recorded.
    let windows = pass.roots.iter().filter(|(_, root)| outs.contains(root)).map(|(window, _)| *window);
    let unsettled: HashSet<Value> = windows.chain(outs.iter().copied()).collect();
    pass.primal.changing.extend(&unsettled);
    pass.unsettled_outside.extend(&unsettled);
    pass.split = Some(Split::default());
    pass.b.open();
    let mut params = pass.fresh_all(&function.body.params);
    let storage = |value: &Value| match function.values[value.0 as usize].ty {
        Ty::Array(number) => Some(function.shapes[number as usize].storage),
        _ => None,
    };
    let lent: Vec<Value> = active.iter().filter(|v| storage(v) == Some(Storage::Borrowed)).copied().collect();
    let gated = active.iter().filter(|param| !outs.contains(param)).count() > 1 || !outs.is_empty();
    let mut asked = Vec::new();
    for param in &lent {
        let hint = pass.info(*param).hint.map(|hint| Hint::generated(format!("asks_{}", hint.name), hint.span));
        let flag = pass.b.value(Ty::Bool, hint);
        asked.push(flag);
        if gated {
            pass.gates.insert(*param, Atom::Value(flag));
        }
    }
    params.extend(&asked);
    let swept = pass.sweep_alone(&function.body.stmts);
    let mut yields = pass.atoms(&function.body.yields);
    // The closure.
    pass.b.open();
    let mut inner = Vec::new();
    for (k, atom) in function.body.yields.iter().enumerate() {
        let name = if k == 0 { "seed".to_owned() } else { format!("seed_{k}") };
        let ty = pass.source_ty(*atom);
        let seed = pass.b.value(ty, Some(Hint::generated(name, proc_macro2::Span::call_site())));
        inner.push(seed);
        if let Some(value) = pass.active(*atom) {
            pass.accumulate(value, Atom::Value(seed));
        }
    }
    for param in active.iter().filter(|param| storage(param).is_some()) {
        let info = pass.info(*param);
        let bar = if storage(param) == Some(Storage::Owned) {
            let primal = pass.array(*param);
            pass.b.new_array(NewArray::Zeros(primal), info.ty.owned(), barred(&info))
        } else {
            let bar = pass.b.value(info.ty.borrowed(), barred(&info));
            inner.push(bar);
            bar
        };
        pass.set_bar(*param, bar);
    }
    pass.keep_in_closure(&function.body.stmts, outs);
    pass.make_bars(&function.body.stmts);
    pass.back(&function.body.stmts, &swept);
    let returned = active.iter().filter(|v| matches!(storage(v), None | Some(Storage::Owned)));
    let adjoints: Vec<Atom> = returned
        .map(|param| match pass.bars.get(param) {
            Some(bar) => Atom::Value(*bar),
            None => pass.adjoints.remove(param).unwrap_or(Atom::Float(0.0)),
        })
        .collect();
    let region = pass.b.close_region(inner, adjoints);
    let closure = pass.b.value(Ty::Unknown, Some(Hint::generated("pull", proc_macro2::Span::call_site())));
    pass.b.push(vec![closure], Op::Closure(Closure { region, kept: Vec::new() }));
    yields.push(Atom::Value(closure));
    let lent = lent.iter().map(|param| pass.array(*param)).collect();
    let body = pass.b.close_region(params, yields);
    // The adjoints of what is not asked for are empty: nothing is as long as its array for certain.
    let twins = pass.inherited_twins();
    let checked = std::mem::take(&mut pass.b.checked);
    let mut function =
        Function { values: pass.b.values, shapes: pass.b.shapes, body, checked, twins, guards: Vec::new() };
    let types = function.values.iter().map(|info| info.ty).collect();
    let residuals =
        Residuals { contexts: pass.contexts, exports: pass.exports, places: pass.places, fixed: pass.fixed, types };
    residuals.complete(&mut function.body);
    Parted { function, asked, lent }
}

/// What a closure can keep of the forward sweep, by values of the forward sweep. It cannot keep what is borrowed for a
/// shorter time than it lives, nor a part of what it keeps itself.
#[derive(Default)]
pub(super) struct Split {
    /// The windows of what it keeps, which it makes again.
    windows: HashMap<Value, Value>,
    /// The arrays behind mutable references and their windows: it does not keep these.
    outs: HashSet<Value>,
    /// For mutable references, the arrays of their adjoints, which are as long.
    bars: HashMap<Value, Value>,
}

impl Reverse<'_> {
    /// Decides what the closure keeps, where it begins.
    fn keep_in_closure(&mut self, stmts: &[Stmt], outs: &[Value]) {
        let new = |pass: &Self, array: &Value| pass.array(*array);
        let bars = outs.iter().filter_map(|out| Some((new(self, out), *self.bars.get(out)?))).collect();
        let mut split = Split { bars, outs: outs.iter().map(|out| new(self, out)).collect(), ..Split::default() };
        for stmt in stmts {
            let Op::NewArray(NewArray::Window { array, part, .. }) = &stmt.op else { continue };
            let [base, window] = [array, &stmt.results[0]].map(|array| new(self, array));
            if split.outs.contains(&base) {
                split.outs.insert(window);
                continue;
            }
            let array = *split.windows.get(&base).unwrap_or(&base);
            let part = part.map(|atom| self.atom(atom));
            let info = self.b.values[window.0 as usize].clone();
            let again =
                self.b.new_array(NewArray::Window { array, part, mutable: false }, info.ty.borrowed(), info.hint);
            split.windows.insert(window, again);
        }
        self.split = Some(split);
    }

    /// A value of the forward sweep that is in scope, as the closure has it; none if it cannot keep it.
    pub(super) fn kept_by_closure(&self, value: Value) -> Option<Value> {
        let Some(split) = &self.split else { return Some(value) };
        match split.windows.get(&value) {
            Some(again) => Some(*again),
            None => (!split.outs.contains(&value)).then_some(value),
        }
    }

    /// For an array that the closure does not keep, of which code asks the length alone: one that is as long.
    pub(super) fn as_long(&self, array: Value, name: &str, code: &syn::Expr) -> Option<Atom> {
        let bar = self.split.as_ref()?.bars.get(&array)?;
        (!fence::active_mentions_in_expr(code).contains(name)).then_some(Atom::Value(*bar))
    }

    /// Whether the closure may keep what verbatim code reads. Of a type that only rustc knows, a local variable might be
    /// a reference to another.
    pub(super) fn may_be_kept(&self, atom: Atom) -> bool {
        let Some(value) = atom.value().filter(|_| self.split.is_some()) else { return true };
        let is_known = !matches!(self.b.values[value.0 as usize].ty, Ty::Unknown);
        is_known || self.primal.source.body.params.iter().any(|param| self.array(*param) == value)
    }

    /// Whether an array that varies is passed to a call: else its partials are all that is needed.
    pub(super) fn takes_arrays(&self, call: &Call) -> bool {
        let varied = |atom: &Atom| self.active(*atom).is_some_and(|value| self.info(value).ty.is_array());
        call.args.iter().any(varied)
    }

    /// Writes the call with its pullback.
    pub(super) fn sweep_call(&mut self, stmt: &Stmt, call: &Call) -> Swept {
        let args = self.atoms(&call.args);
        let asked: Vec<bool> = call.args.iter().map(|atom| self.active(*atom).is_some()).collect();
        let copied = call.args.iter().map(|atom| self.is_copied(*atom)).collect();
        let mut results = self.fresh_all(&stmt.results);
        let hint = Hint::generated("pull", proc_macro2::Span::call_site());
        let pullback = self.b.value(Ty::Unknown, Some(hint.clone()));
        results.push(pullback);
        let rule = Rule::Pullback { asked: asked.clone(), copied };
        self.b.push(results, Op::Call(Call { callee: call.callee.clone(), args, rule }));
        // A branch that is not taken has no pullback.
        let optional = matches!(self.contexts[self.current].kind, Kind::Branch { .. });
        let pullback = if optional { self.some(pullback, hint) } else { Atom::Value(pullback) };
        Swept::Pullback { pullback, optional, asked }
    }

    fn some(&mut self, value: Value, hint: Hint) -> Atom {
        let name = format!("{}{}", crate::lower::PLACEHOLDER, value.0);
        let ident = proc_macro2::Ident::new(&name, proc_macro2::Span::call_site());
        let code = Code::Expr(Rc::new(syn::parse_quote!(::core::option::Option::Some(#ident))), None);
        let args = vec![(Rc::from(name.as_str()), Atom::Value(value))];
        let some = self.b.value(Ty::Unknown, Some(hint));
        self.b.push(vec![some], Op::Opaque(Opaque { code, args, effect: Effect::Any, text: "some".into() }));
        Atom::Value(some)
    }

    /// Whether an array changes before the reverse sweep of the region reads it, or does not live so long.
    fn is_copied(&self, atom: Atom) -> bool {
        let Some(array) = atom.value().filter(|value| self.info(*value).ty.is_array()) else { return false };
        let root = self.root(array);
        let known = self.primal.map.get(&root).and_then(|atom| atom.value());
        let home = known.map(|value| self.b.contexts[value.0 as usize]);
        let in_scope = home.is_some_and(|home| matches!(self.contexts[home].kind, Kind::Fused { .. }));
        // A closure cannot borrow from what it is returned with.
        self.split.is_some() || self.unsettled.contains(&root) || !in_scope
    }

    /// Calls the pullback: adds the adjoints of the arguments.
    pub(super) fn back_call(&mut self, stmt: &Stmt, pullback: Atom, optional: bool, asked: &[bool]) {
        let Op::Call(call) = &stmt.op else { return };
        let seeds: Vec<Option<Atom>> = stmt.results.iter().map(|result| self.adjoints.remove(result)).collect();
        let mutable = |k: usize| call.callee.passes[k] == Pass::Mutable;
        if seeds.iter().all(Option::is_none) && !(0..asked.len()).any(|k| asked[k] && mutable(k)) {
            return;
        }
        let seeds = seeds.into_iter().map(|seed| seed.unwrap_or(Atom::Float(0.0))).collect();
        let pullback = self.read(pullback);
        let mut slots = Vec::new();
        let mut results = Vec::new();
        for (k, atom) in call.args.iter().enumerate() {
            let slot = match self.active(*atom) {
                None => Slot::Constant,
                Some(value) if self.info(value).ty.is_array() && call.callee.passes[k] != Pass::Value => {
                    match self.bar_of_argument(value) {
                        Some(bar) if mutable(k) => Slot::Exchanged(bar),
                        Some(bar) => Slot::Added(bar),
                        None => Slot::Constant,
                    }
                }
                Some(value) => {
                    let info = self.info(value);
                    let adjoint = self.b.value(info.ty.owned(), barred(&info));
                    results.push((value, adjoint));
                    Slot::Adjoint
                }
            };
            slots.push(slot);
        }
        let given = results.iter().map(|(_, adjoint)| *adjoint).collect();
        let callee = call.callee.clone();
        self.b.push(given, Op::Pull(Pull { pullback, optional, callee, seeds, slots }));
        for (value, adjoint) in results {
            self.accumulate(value, Atom::Value(adjoint));
        }
    }

    /// The array of the adjoints of an argument: a window of that of the array that it shows.
    fn bar_of_argument(&mut self, array: Value) -> Option<Value> {
        if let Some(bar) = self.bars.get(&array) {
            return Some(*bar);
        }
        let (base, part) = self.windows.get(&array).copied()?;
        let base = self.bar_of_argument(base)?;
        let part = part.map(|atom| self.read(atom));
        let info = self.info(array);
        let window = self.b.new_array(NewArray::Window { array: base, part, mutable: true }, info.ty, barred(&info));
        self.b.changing.insert(window);
        Some(window)
    }

    /// Adds to an element of an array of adjoints that the caller may not have asked for.
    pub(super) fn accumulate_if(&mut self, gate: Atom, bar: Value, index: Vec<Atom>, adjoint: Atom) {
        let then = Region {
            params: Vec::new(),
            stmts: vec![Stmt { results: Vec::new(), op: Op::Accumulate(bar, index, adjoint) }],
            yields: Vec::new(),
        };
        let otherwise = Region { params: Vec::new(), stmts: Vec::new(), yields: Vec::new() };
        self.b.push(Vec::new(), Op::If { cond: gate, then, otherwise });
    }
}
