//! Calls with arrays: a callee gives a pullback, a closure that keeps what its reverse sweep needs. The forward sweep
//! calls the callee, the reverse sweep the pullback.
//!
//! ```text
//! // Input:    y = g(w, x)
//! // Forward:  y, pull = g with pullback (w, x)
//! // Reverse:  x_bar += pull(y_bar, w_bar)          adds to w_bar
//! ```
//!
//! The same for a call with tangents, which is a call of the callee's pushforward: its inputs are the arguments and their
//! tangents, and the callee gives the pullback of that.
//!
//! Seen from the callee, `split` makes the pullback: the two sweeps of a function, the second in a closure.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::fence;
use crate::ir::{
    Atom, Call, Closure, Code, Dim, Effect, Function, Header, Hint, Info, Loop, NewArray, Op, Opaque, Pass, Pull,
    Range, Region, Rule, Scalar, Slot, Stmt, Storage, Ty, Value, walk,
};
use crate::primal::Mode;

use super::{Kind, Reverse, Swept, barred};

/// What the signature of a function says of its parameters.
pub(crate) struct Lending {
    /// Those that a caller lends or gives to the closure, which may read them.
    pub(crate) kept: Vec<Value>,
    /// Other shared references.
    pub(crate) references: Vec<Value>,
    /// The receiver is a shared reference.
    pub(crate) receiver: bool,
}

/// A function with its reverse sweep in a closure, which it yields last. Its last parameters say which adjoints are asked
/// for, one per active parameter that is lent.
pub(crate) struct Parted {
    pub(crate) function: Function,
    /// The references whose parts the closure keeps, by parameters of the source; and whether the receiver is one.
    pub(crate) lasting: HashSet<Value>,
    pub(crate) receiver_lasts: bool,
}

/// Splits the two sweeps. The closure takes the adjoints of what the function yields, then for each active array that
/// is a reference the array of its adjoints; it yields the adjoints of the other active parameters.
///
/// None if the closure would have to keep what ends before it.
pub(crate) fn split(function: &Function, active: &[Value], lending: Lending, default: Scalar) -> Option<Parted> {
    let mut pass = Reverse::new(function, active, default);
    let storage = |value: &Value| match function.values[value.0 as usize].ty {
        Ty::Array(number) => Some(function.shapes[number as usize].storage),
        _ => None,
    };
    // What a mutable reference shows may change before the closure runs: its elements are recorded.
    let mutable = function.body.params.iter().filter(|param| storage(param) == Some(Storage::BorrowedMut));
    let mutable: Vec<Value> = mutable.copied().collect();
    let windows = pass.roots.iter().filter(|(_, root)| mutable.contains(root)).map(|(window, _)| *window);
    let unsettled: HashSet<Value> = windows.chain(mutable.iter().copied()).collect();
    pass.primal.changing.extend(&unsettled);
    pass.unsettled_outside.extend(&unsettled);
    pass.b.open();
    let mut params = pass.fresh_all(&function.body.params);
    // The adjoints of what is in a struct stand in another, which is there in any case.
    let lent = active.iter().filter(|v| storage(v) == Some(Storage::Borrowed) && !pass.b.is_part(pass.info(**v).ty));
    let lent: Vec<Value> = lent.copied().collect();
    let mut asked = Vec::new();
    for param in &lent {
        let hint = pass.info(*param).hint.map(|hint| Hint::generated(format!("asks_{}", hint.name), hint.span));
        let flag = pass.b.value(Ty::Bool, hint);
        asked.push(flag);
        pass.gates.insert(*param, Atom::Value(flag));
    }
    params.extend(&asked);
    pass.split = Some(Split::new(function, lending));
    let given: Vec<Value> = active.iter().filter(|param| storage(param).is_some()).copied().collect();
    pass.zero_bars(&given);
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
    for param in &given {
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
    pass.keep_in_closure(&function.body.stmts, &mutable);
    pass.make_bars(&function.body.stmts);
    pass.back(&function.body.stmts, &swept);
    let returned = active.iter().filter(|v| matches!(storage(v), None | Some(Storage::Owned)));
    let adjoints: Vec<Atom> = returned.map(|param| pass.adjoint_of(*param)).collect();
    let region = pass.b.close_region(inner, adjoints);
    let closure = pass.b.value(Ty::Unknown, Some(Hint::generated("pull", proc_macro2::Span::call_site())));
    pass.b
        .push(vec![closure], Op::Closure(Closure { region, kept: Vec::new(), structs: Vec::new(), parts: Vec::new() }));
    yields.push(Atom::Value(closure));
    let body = pass.b.close_region(params, yields);
    // The adjoints of what is not asked for are empty: nothing is as long as its array for certain.
    let twins = pass.inherited_twins();
    let Split { lasting, receiver_lasts, fails, .. } = pass.split.take()?;
    let function = pass.finish(body, twins);
    (!fails).then_some(Parted { function, lasting, receiver_lasts })
}

/// What a closure can keep of the forward sweep, by values of the forward sweep. It cannot keep what is borrowed for a
/// shorter time than it lives, nor a part of what it keeps itself.
pub(super) struct Split<'a> {
    lending: Lending,
    /// The windows of what it keeps, which it makes again.
    windows: HashMap<Value, Value>,
    /// The arrays behind mutable references and their windows: it does not keep these.
    outs: HashSet<Value>,
    /// For mutable references, the arrays of their adjoints, which are as long.
    bars: HashMap<Value, Value>,
    /// The verbatim code that values of the source are.
    verbatim: HashMap<Value, &'a Opaque>,
    lasting: HashSet<Value>,
    receiver_lasts: bool,
    /// It would have to keep what ends before it.
    fails: bool,
}

impl<'a> Split<'a> {
    fn new(source: &'a Function, lending: Lending) -> Self {
        let verbatim = walk(&source.body.stmts).filter_map(|stmt| match (&stmt.op, &stmt.results[..]) {
            (Op::Opaque(opaque), [result]) => Some((*result, opaque)),
            _ => None,
        });
        Split {
            lending,
            verbatim: verbatim.collect(),
            windows: HashMap::new(),
            outs: HashSet::new(),
            bars: HashMap::new(),
            lasting: HashSet::new(),
            receiver_lasts: false,
            fails: false,
        }
    }

    /// Whether what verbatim code of a value borrows lives as long as the closure. `is_plain` tells values that borrow
    /// nothing.
    fn lasts(&mut self, value: Value, params: &[Value], is_plain: &dyn Fn(Value) -> bool) -> bool {
        if is_plain(value) {
            return true;
        }
        if params.contains(&value) {
            self.lasting.extend(Some(value).filter(|value| self.lending.references.contains(value)));
            return true;
        }
        let Some(opaque) = self.verbatim.get(&value).copied() else { return false };
        let Code::Expr(expr, _) = &opaque.code else { return false };
        if let (syn::Expr::Path(_), [(_, Atom::Value(value))]) = (&**expr, &opaque.args[..]) {
            return self.lasts(*value, params, is_plain);
        }
        if fence::mentions_in_expr(expr).contains("self") {
            self.receiver_lasts = true;
            if !self.lending.receiver {
                return false;
            }
        }
        let args = opaque.args.iter().filter_map(|(_, atom)| atom.value());
        !fence::borrows_temporary(expr) && args.into_iter().all(|arg| self.is_reference(arg, params, is_plain))
    }

    /// Whether a value is a reference that lives as long as the closure, or borrows nothing.
    fn is_reference(&mut self, value: Value, params: &[Value], is_plain: &dyn Fn(Value) -> bool) -> bool {
        if params.contains(&value) && !is_plain(value) {
            self.lasting.insert(value);
            return self.lending.references.contains(&value);
        }
        let is_borrowed = self.verbatim.get(&value).is_some_and(|opaque| match &opaque.code {
            Code::Expr(expr, _) => matches!(**expr, syn::Expr::Reference(_)),
            Code::Stmts(..) | Code::Assert(..) => false,
        });
        is_plain(value) || (is_borrowed && self.lasts(value, params, is_plain))
    }
}

impl Reverse<'_> {
    /// Decides what the closure keeps, where it begins.
    fn keep_in_closure(&mut self, stmts: &[Stmt], outs: &[Value]) {
        let new = |pass: &Self, array: &Value| pass.array(*array);
        let Some(mut split) = self.split.take() else { return };
        split.bars = outs.iter().filter_map(|out| Some((new(self, out), *self.bars.get(out)?))).collect();
        split.outs = outs.iter().map(|out| new(self, out)).collect();
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

    /// Whether the closure may keep what verbatim code reads: numbers, and what it is lent. Of a type that only rustc
    /// knows, a variable might be a reference to another.
    pub(super) fn may_be_kept(&self, atom: Atom) -> bool {
        let (Some(value), Some(split)) = (atom.value(), &self.split) else { return true };
        let is_known = !matches!(self.b.values[value.0 as usize].ty, Ty::Unknown);
        is_known || split.lending.kept.iter().any(|param| self.array(*param) == value)
    }

    /// The pullback of a callee is kept: so is what arguments of it borrow. Tangents are floats and arrays of these.
    fn keep_arguments(&mut self, call: &Call) {
        let Some(mut split) = self.split.take() else { return };
        let source = self.primal.source;
        let is_plain = |value: Value| match source.values[value.0 as usize].ty {
            Ty::Float(_) | Ty::Bool | Ty::Int | Ty::Array(_) | Ty::Tape => true,
            Ty::Unknown => false,
        };
        let mut args = call.args.iter().filter_map(|atom| atom.value());
        split.fails |= !args.all(|value| split.lasts(value, &source.body.params, &is_plain));
        self.split = Some(split);
    }

    /// Whether an array that varies is passed to a call: else its partials are all that is needed.
    pub(super) fn takes_arrays(&self, call: &Call) -> bool {
        let varied = |atom: Atom| self.active(atom).is_some_and(|value| self.info(value).ty.is_array());
        call.inputs().into_iter().flatten().any(varied)
    }

    /// Writes the call with its pullback.
    ///
    /// ```text
    /// // Input:    y, y_dot = g with tangents (x; x_dot)
    /// // Forward:  y, y_dot, pull = g with tangents and their pullback (x; x_dot)
    /// // Reverse:  x_bar, x_dot_bar += pull(y_bar, y_dot_bar)
    /// ```
    pub(super) fn sweep_call(&mut self, stmt: &Stmt, call: &Call) -> Swept {
        self.keep_arguments(call);
        let args = self.atoms(&call.args);
        let (asked, tangents) = self.requests(call);
        let copied = call.inputs().into_iter().map(|atom| atom.is_some_and(|atom| self.is_copied(atom))).collect();
        let mut results = self.fresh_all(&stmt.results);
        let hint = Hint::generated("pull", proc_macro2::Span::call_site());
        let pullback = self.b.value(Ty::Unknown, Some(hint.clone()));
        results.push(pullback);
        let rule = Rule::Pullback { tangents, asked, copied };
        self.b.push(results, Op::Call(Call { callee: call.callee.clone(), args, rule }));
        // A branch that is not taken has no pullback.
        let optional = matches!(self.contexts[self.current].kind, Kind::Branch { .. });
        let pullback = if optional { self.some(pullback, hint) } else { Atom::Value(pullback) };
        Swept::Pullback { pullback, optional }
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

    /// What the caller asks for in each input, and the tangents of the arguments: those that are asked for have one.
    fn requests(&mut self, call: &Call) -> (Vec<Option<Atom>>, Vec<Option<Atom>>) {
        let mut asked: Vec<Option<Atom>> = call.inputs().into_iter().map(|atom| self.request(atom?)).collect();
        let (mut tangents, own) = (Vec::new(), call.args.len());
        for (k, tangent) in call.rule.tangents().iter().enumerate() {
            tangents.push(match (tangent, asked[k]) {
                (Some(tangent), _) => Some(self.atom(*tangent)),
                (None, Some(_)) => Some(self.zero_tangent(call.args[k])),
                (None, None) => None,
            });
            asked[k] = asked[k].or(tangent.map(|_| Atom::Bool(true)));
            debug_assert!(asked[own + k].is_none() || asked[k].is_some(), "what has a tangent is asked for");
        }
        (asked, tangents)
    }

    fn zero_tangent(&mut self, arg: Atom) -> Atom {
        match arg.value().filter(|value| self.info(*value).ty.is_array()) {
            Some(array) => {
                let (alike, ty) = (self.array(array), self.info(array).ty.owned());
                Atom::Value(self.b.new_array(NewArray::Zeros(alike), ty, None))
            }
            None => Atom::Float(0.0),
        }
    }

    /// What the caller asks for in an input: nothing if it does not vary, else what its own caller asks for.
    fn request(&self, atom: Atom) -> Option<Atom> {
        let value = self.active(atom)?;
        Some(self.gate(value).unwrap_or(Atom::Bool(true)))
    }

    /// The flag that says whether the adjoints of an array are asked for, if they may not be.
    fn gate(&self, array: Value) -> Option<Atom> {
        self.gates.get(&self.root(array)).copied()
    }

    /// Calls the pullback: adds the adjoints of the arguments.
    pub(super) fn back_call(&mut self, stmt: &Stmt, pullback: Atom, optional: bool) {
        let Op::Call(call) = &stmt.op else { return };
        let seeds: Vec<Option<Atom>> = stmt.results.iter().map(|result| self.adjoints.remove(result)).collect();
        let inputs = call.inputs();
        let is_written = |k: usize| call.pass(k) == Pass::Mutable && self.input(inputs[k]).is_some();
        if seeds.iter().all(Option::is_none) && !(0..inputs.len()).any(is_written) {
            return;
        }
        let seeds = seeds.into_iter().map(|seed| seed.unwrap_or(Atom::Float(0.0))).collect();
        let pullback = self.read(pullback);
        let slots = vec![Slot::Constant; inputs.len()];
        let pull = Pull { pullback, optional, callee: call.callee.clone(), seeds, slots };
        // There are no parts of adjoints that are not asked for.
        let is_part = |value: &Value| self.windows.contains_key(value) && !self.bars.contains_key(value);
        let parts = inputs.iter().filter_map(|atom| self.input(*atom)).filter(is_part);
        let mut gates: Vec<Atom> = parts.filter_map(|part| self.gate(part)).collect();
        gates.sort_unstable_by_key(|gate| gate.value());
        gates.dedup();
        for (value, adjoint) in self.pull_if(call, &pull, &gates, &mut Vec::new()) {
            self.accumulate(value, adjoint);
        }
    }

    /// The call of a pullback, under conditions: those that are refused do not hold. Gives the adjoints of scalars.
    fn pull_if(&mut self, call: &Call, pull: &Pull, gates: &[Atom], refused: &mut Vec<Atom>) -> Vec<(Value, Atom)> {
        let Some((gate, gates)) = gates.split_first() else { return self.pull(call, pull, refused) };
        self.b.open();
        let given = self.pull_if(call, pull, gates, refused);
        let then = self.b.close_region(Vec::new(), given.iter().map(|(_, adjoint)| *adjoint).collect());
        refused.push(*gate);
        self.b.open();
        let given_otherwise = self.pull_if(call, pull, gates, refused);
        let yields = given_otherwise.iter().map(|(_, adjoint)| *adjoint).collect();
        let otherwise = self.b.close_region(Vec::new(), yields);
        refused.pop();
        let results = given.iter().map(|(value, _)| {
            let info = self.info(*value);
            self.b.value(info.ty, barred(&info))
        });
        let results: Vec<Value> = results.collect();
        self.b.push(results.clone(), Op::If { cond: *gate, then, otherwise });
        given.iter().zip(results).map(|((value, _), result)| (*value, Atom::Value(result))).collect()
    }

    /// An input of a call, if it varies.
    fn input(&self, input: Option<Atom>) -> Option<Value> {
        self.active(input?)
    }

    fn is_refused(&self, value: Value, refused: &[Atom]) -> bool {
        self.gate(value).is_some_and(|gate| refused.contains(&gate))
    }

    pub(super) fn is_struct(&self, value: Value) -> bool {
        self.primal.source.is_struct(value)
    }

    /// The positions of arguments that are parts of arrays of which an earlier argument is a part.
    fn lent_again(&self, call: &Call) -> Vec<usize> {
        let mut seen = HashSet::new();
        let lent = call.inputs().into_iter().enumerate().filter_map(|(k, atom)| {
            let is_lent = |value: &Value| call.pass(k) == Pass::Shared || self.is_struct(*value);
            let value = self.input(atom).filter(|value| self.info(*value).ty.is_array() && is_lent(value))?;
            Some((k, self.root(value)))
        });
        lent.filter(|(_, root)| !seen.insert(*root)).map(|(k, _)| k).collect()
    }

    fn pull(&mut self, call: &Call, pull: &Pull, refused: &[Atom]) -> Vec<(Value, Atom)> {
        let mut pull = pull.clone();
        let mut results = Vec::new();
        // What is lent once more has its adjoints in an array of its own: one array is not added to in two places at once.
        let (again, inputs) = (self.lent_again(call), call.inputs());
        let mut terms = Vec::new();
        for k in &again {
            let Some(value) = self.input(inputs[*k]).filter(|value| !self.is_refused(*value, refused)) else {
                continue;
            };
            let Some(bar) = self.bar_of_argument(value) else { continue };
            let info = self.info(value);
            let own = self.b.new_array(NewArray::Zeros(bar), info.ty.owned(), barred(&info));
            self.b.changing.insert(own);
            pull.slots[*k] = Slot::Added(own);
            terms.push((value, own));
        }
        for (k, atom) in inputs.iter().enumerate().filter(|(k, _)| !again.contains(k)) {
            let Some(value) = self.input(*atom).filter(|value| !self.is_refused(*value, refused)) else { continue };
            let is_array = self.info(value).ty.is_array();
            // A struct that is moved is added to like one that is lent.
            if is_array && (call.pass(k) != Pass::Value || self.is_struct(value)) {
                let mutable = call.pass(k) == Pass::Mutable;
                let slot = |bar| if mutable { Slot::Exchanged(bar) } else { Slot::Added(bar) };
                pull.slots[k] = self.bar_of_argument(value).map_or(Slot::Constant, slot);
                continue;
            }
            let info = self.info(value);
            results.push((value, self.b.value(info.ty.owned(), barred(&info))));
            pull.slots[k] = Slot::Adjoint;
        }
        self.b.push(results.iter().map(|(_, adjoint)| *adjoint).collect(), Op::Pull(pull));
        let (arrays, scalars): (Vec<_>, Vec<_>) =
            results.into_iter().partition(|(value, _)| self.info(*value).ty.is_array());
        terms.into_iter().chain(arrays).for_each(|(array, terms)| self.add_to_bar(array, terms));
        scalars.into_iter().map(|(value, adjoint)| (value, Atom::Value(adjoint))).collect()
    }

    /// Adds the elements of an array to the adjoints of those of another.
    pub(super) fn add_to_bar(&mut self, array: Value, terms: Value) {
        if self.is_struct(array) {
            let Some(bar) = self.bar_of_argument(array) else { return };
            self.b.push(Vec::new(), Op::Accumulate(bar, Vec::new(), Atom::Value(terms)));
            return;
        }
        let Ty::Array(number) = self.info(array).ty else { return };
        let dims = self.primal.source.shapes[number as usize].dims.clone();
        let lengths: Vec<Atom> = dims
            .iter()
            .map(|dim| match dim {
                Dim::Fixed(length) => self.b.fixed_length(length),
                Dim::Dynamic => self.b.opaque(Opaque::length(terms), Info { ty: Ty::Int, hint: None, derived: false }),
            })
            .collect();
        self.add_elements(array, terms, &lengths, &mut Vec::new());
    }

    fn add_elements(&mut self, array: Value, terms: Value, lengths: &[Atom], index: &mut Vec<Atom>) {
        let Some((length, inner)) = lengths.split_first() else {
            let Some((bar, at)) = self.bar_element_at(array, index.clone()) else { return };
            let info = Info { ty: Ty::Float(self.b.element(terms)), hint: None, derived: true };
            let term = self.b.load(terms, index.clone(), info);
            self.add_to_element(array, bar, at, term);
            return;
        };
        let at = self.b.value(Ty::Int, Some(Hint::generated("i", proc_macro2::Span::call_site())));
        index.push(Atom::Value(at));
        self.b.open();
        self.add_elements(array, terms, inner, index);
        index.pop();
        let body = self.b.close_region(Vec::new(), vec![Atom::Bool(true)]);
        let range =
            Range { index: at, start: Atom::Int(0), end: *length, inclusive: false, step: None, reversed: false };
        let l = Loop { header: Header::Range(range), records: None, init: Vec::new(), body };
        self.b.push(Vec::new(), Op::Loop(Box::new(l)));
    }

    /// The array of the adjoints of an argument: a window of that of the array that it shows.
    pub(super) fn bar_of_argument(&mut self, array: Value) -> Option<Value> {
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

    /// Adds to an element of an array of adjoints, if the caller has asked for them.
    pub(super) fn add_to_element(&mut self, array: Value, bar: Value, index: Vec<Atom>, term: Atom) {
        match self.gate(array) {
            Some(gate) => self.accumulate_if(gate, bar, index, term),
            None => self.b.push(Vec::new(), Op::Accumulate(bar, index, term)),
        }
    }

    fn accumulate_if(&mut self, gate: Atom, bar: Value, index: Vec<Atom>, adjoint: Atom) {
        let then = Region {
            params: Vec::new(),
            stmts: vec![Stmt { results: Vec::new(), op: Op::Accumulate(bar, index, adjoint) }],
            yields: Vec::new(),
        };
        let otherwise = Region { params: Vec::new(), stmts: Vec::new(), yields: Vec::new() };
        self.b.push(Vec::new(), Op::If { cond: gate, then, otherwise });
    }
}
