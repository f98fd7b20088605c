//! Control flow: branches, loops and jumps.

use std::rc::Rc;

use syn::spanned::Spanned;
use syn::{Expr, Stmt};

use super::array::{Over, Source};
use super::{Lowering, Val, go_key, live_key, return_key};
use crate::diagnostics;
use crate::emit::text_of;
use crate::fence;
use crate::ir::{Atom, Code, Effect, Header, Hint, Loop, Op, Opaque, Range, Region, Returns, Ty, Value};
use crate::signature::Form;

/// What one branch has done: its statements, what the variables are after it, and its value.
pub(super) struct Arm {
    pub(super) stmts: Vec<crate::ir::Stmt>,
    pub(super) env: std::collections::HashMap<String, Atom>,
    value: Val,
    /// Control does not come out of it, and does not go on elsewhere in the function.
    gone: bool,
}

impl Lowering<'_> {
    // ---- branches -----------------------------------------------------------------------------------------------

    /// A branch, followed by statements that run if it does not leave.
    pub(super) fn if_expr(&mut self, branch: &syn::ExprIf, rest: &[Stmt]) -> Val {
        if fence_has_let(&branch.cond) {
            return self.if_let(branch, rest);
        }
        self.check_attributes(&branch.attrs);
        if let Some(span) = fence::exits_of_expr(&branch.cond).first {
            self.error_at(span, diagnostics::JUMP_IN_CONDITION);
        }
        let cond = self.condition(&branch.cond);
        let then_leaves = fence::diverges(&branch.then_branch);
        let then = self.arm(|pass| pass.then_block(&branch.then_branch, then_leaves, rest));
        let otherwise = self.arm(|pass| pass.else_branch(branch, rest));
        self.merge(cond, then, otherwise)
    }

    /// A branch, and what follows it if it does not leave.
    pub(super) fn then_block(&mut self, block: &syn::Block, leaves: bool, rest: &[Stmt]) -> Val {
        let value = self.block(block, rest);
        if leaves { value } else { self.then_rest(value, rest) }
    }

    /// The other branch, and what follows it if it does not leave.
    pub(super) fn else_branch(&mut self, branch: &syn::ExprIf, rest: &[Stmt]) -> Val {
        let value = match &branch.else_branch {
            Some((_, otherwise)) => self.expr(otherwise),
            None => Val::Unit,
        };
        let leaves = branch.else_branch.as_ref().is_some_and(|(_, e)| fence::expr_diverges(e));
        if leaves { value } else { self.then_rest(value, rest) }
    }

    /// What follows a branch that did not leave: its statements, or nothing.
    fn then_rest(&mut self, value: Val, rest: &[Stmt]) -> Val {
        if rest.is_empty() {
            return value;
        }
        match self.live() {
            Atom::Bool(true) => self.run(rest),
            Atom::Bool(false) => Val::Never,
            live => self.when(live, rest, Val::Unit),
        }
    }

    /// Runs the rest of a block where control is still in the frame.
    pub(super) fn when(&mut self, live: Atom, rest: &[Stmt], value: Val) -> Val {
        if rest.is_empty() {
            return value;
        }
        let then = self.arm(|pass| {
            // Inside, the flag is known.
            if let Some(frame) = pass.frames.last() {
                pass.env.insert(live_key(frame.id), Atom::Bool(true));
            }
            pass.run(rest)
        });
        let otherwise = self.arm(|pass| {
            if let Some(frame) = pass.frames.last() {
                pass.env.insert(live_key(frame.id), Atom::Bool(false));
            }
            Val::Never
        });
        self.merge(live, then, otherwise)
    }

    pub(super) fn arm(&mut self, run: impl FnOnce(&mut Self) -> Val) -> Arm {
        let before = self.env.clone();
        let outer = std::mem::replace(&mut self.gone, false);
        self.b.open();
        let value = run(self);
        let stmts = self.b.close();
        let gone = std::mem::replace(&mut self.gone, outer) && matches!(value, Val::Never);
        Arm { stmts, env: std::mem::replace(&mut self.env, before), value, gone }
    }

    /// A branch of which control does not come out, before what happens otherwise.
    fn guard(&mut self, cond: Atom, gone: Arm, goes_on: Arm, when: bool) -> Val {
        let region = |stmts| Region { params: Vec::new(), stmts, yields: Vec::new() };
        let (then, otherwise) = if when { (gone.stmts, Vec::new()) } else { (Vec::new(), gone.stmts) };
        self.b.push(Vec::new(), Op::If { cond, then: region(then), otherwise: region(otherwise) });
        for stmt in goes_on.stmts {
            self.b.push(stmt.results, stmt.op);
        }
        for (name, atom) in &mut self.env {
            *atom = goes_on.env.get(name).copied().unwrap_or(*atom);
        }
        goes_on.value
    }

    /// Joins two branches: a variable that differs becomes a result.
    pub(super) fn merge(&mut self, cond: Atom, then: Arm, otherwise: Arm) -> Val {
        match (then.gone, otherwise.gone) {
            (true, false) => return self.guard(cond, then, otherwise, true),
            (false, true) => return self.guard(cond, otherwise, then, false),
            (true, true) => self.gone = true,
            (false, false) => {}
        }
        let mut results = Vec::new();
        let mut yields = (Vec::new(), Vec::new());
        let mut names: Vec<String> = self.env.keys().cloned().collect();
        names.sort();
        for name in names {
            let before = self.env[&name];
            let a = then.env.get(&name).copied().unwrap_or(before);
            let b = otherwise.env.get(&name).copied().unwrap_or(before);
            if a == b {
                self.env.insert(name, a);
                continue;
            }
            self.join_leaves(a, b);
            let ty = self.joined_ty(a, b, &name);
            if ty.is_array() {
                let span = self.variable(&name).map_or_else(proc_macro2::Span::call_site, |v| v.span);
                self.error_at(
                    span,
                    diagnostics::unsupported("a variable that stands for one array or another", "copy the elements"),
                );
                continue;
            }
            let result = self.b.value(ty, self.state_hint(&name));
            if self.is_varying(a) || self.is_varying(b) {
                self.varying.insert(result);
            }
            results.push(result);
            yields.0.push(a);
            yields.1.push(b);
            self.env.insert(name, Atom::Value(result));
        }
        let value = self.join(then.value, otherwise.value, &mut results, &mut yields);
        let region = |stmts, yields| Region { params: Vec::new(), stmts, yields };
        let then = region(then.stmts, yields.0);
        let otherwise = region(otherwise.stmts, yields.1);
        self.b.push(results, Op::If { cond, then, otherwise });
        value
    }

    fn joined_ty(&self, a: Atom, b: Atom, name: &str) -> Ty {
        let typed = [a, b].into_iter().find(|atom| atom.value().is_some() && self.b.ty(*atom) != Ty::Unknown);
        let literal = [a, b].into_iter().find(|atom| *atom != Atom::Undefined);
        match typed {
            Some(atom) => self.b.ty(atom),
            None => self.known.types.get(name).copied().unwrap_or(literal.map_or(Ty::Unknown, |atom| self.b.ty(atom))),
        }
    }

    /// The value of two branches.
    fn join(&mut self, a: Val, b: Val, results: &mut Vec<Value>, yields: &mut (Vec<Atom>, Vec<Atom>)) -> Val {
        match (a, b) {
            (Val::Never, Val::Never) => Val::Never,
            (Val::Unit, Val::Unit | Val::Never) | (Val::Never, Val::Unit) => Val::Unit,
            (Val::Tuple(a), Val::Tuple(b)) if a.len() == b.len() => {
                Val::Tuple(a.into_iter().zip(b).map(|(a, b)| self.join(a, b, results, yields)).collect())
            }
            (Val::Option { some: a, value: x }, Val::Option { some: b, value: y }) => {
                let some = self.join(Val::Atom(a), Val::Atom(b), results, yields).atom();
                Val::Option { some, value: Box::new(self.join(*x, *y, results, yields)) }
            }
            (Val::Option { some, value }, Val::Never) => {
                let some = self.join(Val::Atom(some), Val::Never, results, yields).atom();
                Val::Option { some, value: Box::new(self.join(*value, Val::Never, results, yields)) }
            }
            (Val::Never, Val::Option { some, value }) => {
                let some = self.join(Val::Never, Val::Atom(some), results, yields).atom();
                Val::Option { some, value: Box::new(self.join(Val::Never, *value, results, yields)) }
            }
            (Val::Tuple(parts), Val::Never) => {
                Val::Tuple(parts.into_iter().map(|a| self.join(a, Val::Never, results, yields)).collect())
            }
            (Val::Never, Val::Tuple(parts)) => {
                Val::Tuple(parts.into_iter().map(|b| self.join(Val::Never, b, results, yields)).collect())
            }
            (a, b) => {
                let is_whole = |value: &Val| matches!(value, Val::Tuple(_) | Val::Option { .. });
                let is_value = |value: &Val| matches!(value, Val::Atom(atom) if *atom != Atom::Undefined);
                if (is_whole(&a) && is_value(&b)) || (is_value(&a) && is_whole(&b)) {
                    self.error_at(self.here, diagnostics::BRANCHES);
                }
                let (a, b) = (a.atom(), b.atom());
                if a == b {
                    return Val::Atom(a);
                }
                self.join_leaves(a, b);
                let ty = self.joined_ty(a, b, "");
                let result = self.b.value(ty, None);
                if self.is_varying(a) || self.is_varying(b) {
                    self.varying.insert(result);
                }
                results.push(result);
                yields.0.push(a);
                yields.1.push(b);
                Val::Atom(Atom::Value(result))
            }
        }
    }

    // ---- blocks and jumps ---------------------------------------------------------------------------------------

    pub(super) fn block_expr(&mut self, block: &syn::ExprBlock) -> Val {
        let Some(label) = &block.label else {
            return self.scoped(&block.block);
        };
        let id = self.enter(Some(label.name.ident.to_string()), false);
        let key = value_key(id);
        self.env.insert(key.clone(), Atom::Undefined);
        let value = self.scoped(&block.block);
        let value = self.value_of_frame(value, &key);
        self.leave(id);
        value
    }

    /// A branch of an `if`, which is followed by `rest` where it does not leave.
    fn block(&mut self, block: &syn::Block, rest: &[Stmt]) -> Val {
        if rest.is_empty() { self.stmts(&block.stmts) } else { self.scoped(block) }
    }

    /// A block whose statements join those around it, unless it declares what must not outlive it: it stays a block then, as
    /// the branch of an `if true`.
    fn scoped(&mut self, block: &syn::Block) -> Val {
        if !self.declares_guard(block) {
            return self.stmts(&block.stmts);
        }
        let always = self.verbatim(&syn::parse_quote!(true), Ty::Bool, None, None);
        let then = self.arm(|pass| pass.stmts(&block.stmts));
        let otherwise = self.arm(|_| Val::Never);
        self.merge(always, then, otherwise)
    }

    /// Whether a block declares a variable whose end may have an effect, or has a macro that may declare one.
    fn declares_guard(&self, block: &syn::Block) -> bool {
        block.stmts.iter().any(|stmt| match stmt {
            Stmt::Local(local) => local.init.as_ref().is_some_and(|init| {
                let ascribed = matches!(&local.pat, syn::Pat::Type(typed)
                    if fence::stability_of_type(&typed.ty) == fence::Stability::Constant);
                let effect = fence::effect_of(&init.expr, &|name| self.stability(name));
                !ascribed && effect == Effect::Any && !self.is_active(&init.expr) && !fence::makes_plain(&init.expr)
            }),
            Stmt::Macro(mac) => fence::macro_arguments(&mac.mac).is_none(),
            Stmt::Expr(Expr::Macro(mac), _) => fence::macro_arguments(&mac.mac).is_none(),
            Stmt::Item(_) | Stmt::Expr(..) => false,
        })
    }

    /// The value of a labelled block or a `loop`: what it was left with, or what its end gave.
    fn value_of_frame(&mut self, value: Val, key: &str) -> Val {
        let broken = self.env.remove(key).unwrap_or(Atom::Undefined);
        match (value, broken, self.live()) {
            (value, Atom::Undefined, _) => {
                if matches!(value, Val::Never) {
                    Val::Unit
                } else {
                    value
                }
            }
            (Val::Atom(atom), broken, live) if live != Atom::Bool(false) => {
                Val::Atom(self.exact(crate::rules::Prim::Select, &[live, atom, broken]))
            }
            (_, broken, _) => Val::Atom(broken),
        }
    }

    pub(super) fn jump_expr(&mut self, expr: &Expr) -> Val {
        match expr {
            Expr::Return(e) => self.return_expr(e),
            Expr::Break(e) => {
                let Some(depth) = self.target(e.label.as_ref()) else {
                    return Val::Never;
                };
                if let Some(value) = &e.expr {
                    let atom = self.scalar(value);
                    let key = value_key(self.frames[depth].id);
                    if self.is_varying(atom) {
                        self.known.types.insert(key.clone(), self.b.ty(atom));
                        self.known.active.insert(key.clone());
                    }
                    self.env.insert(key, atom);
                }
                self.jump(depth, false);
                Val::Never
            }
            Expr::Continue(e) => {
                let Some(depth) = self.target(e.label.as_ref()) else {
                    return Val::Never;
                };
                self.jump(depth, true);
                Val::Never
            }
            other => {
                self.error_at(
                    other.span(),
                    diagnostics::unsupported("this jump", "use `break`, `continue` or `return`"),
                );
                Val::Never
            }
        }
    }

    fn return_expr(&mut self, expr: &syn::ExprReturn) -> Val {
        if let (Some(value), true) = (&expr.expr, self.source.form == Form::Aggregate) {
            self.return_aggregate(value);
            self.jump(0, false);
            return Val::Never;
        }
        if let (Some(value), true) = (&expr.expr, self.source.wrapped) {
            return self.return_wrapped(value);
        }
        self.return_floats(expr.expr.as_deref())
    }

    /// Leaves the function, with the floats that it returns. What returns nothing may still do something.
    pub(super) fn return_floats(&mut self, value: Option<&Expr>) -> Val {
        if let (Some(value), Form::Unit) = (value, self.source.form) {
            if !matches!(value, Expr::Tuple(unit) if unit.elems.is_empty()) {
                self.run(&[syn::parse_quote!(#value;)]);
            }
        } else if let Some(value) = value {
            let atoms = self.returned(value);
            for (k, atom) in atoms.into_iter().enumerate() {
                if self.is_varying(atom) {
                    self.known.active.insert(return_key(k));
                }
                self.env.insert(return_key(k), atom);
            }
        }
        self.jump(0, false);
        Val::Never
    }

    /// The floats that an expression returns: one, those of a tuple, or the elements of an array.
    pub(super) fn returned(&mut self, value: &Expr) -> Vec<Atom> {
        let outputs = self.source.outputs;
        if let Some(ty) = self.source.whole {
            return vec![self.returned_array(value, ty)];
        }
        if let [output] = outputs {
            return vec![self.float(value, *output)];
        }
        let parts: Option<Vec<Expr>> = match value {
            Expr::Paren(paren) => return self.returned(&paren.expr),
            Expr::Tuple(tuple) => Some(tuple.elems.iter().cloned().collect()),
            Expr::Array(array) => Some(array.elems.iter().cloned().collect()),
            other => self
                .array_of(other)
                .map(|_| (0..outputs.len()).map(syn::Index::from).map(|k| syn::parse_quote!(#other[#k])).collect()),
        };
        if let Some(parts) = parts.filter(|parts| parts.len() == outputs.len()) {
            return parts.iter().zip(outputs).map(|(part, output)| self.float(part, *output)).collect();
        }
        let returns = match self.source.form {
            Form::Tuple => Returns::Tuple(outputs.len()),
            Form::Array => Returns::Array(outputs.len()),
            Form::Scalar | Form::Aggregate | Form::Unit | Form::Whole => Returns::Scalar,
        };
        match self.expr_of_form(value, returns) {
            Val::Tuple(parts) if parts.len() == outputs.len() => parts.into_iter().map(Val::atom).collect(),
            _ => {
                self.error(value, diagnostics::unsupported("this value", "return a tuple or an array of floats"));
                Vec::new()
            }
        }
    }

    // ---- loops --------------------------------------------------------------------------------------------------

    pub(super) fn loop_expr(&mut self, expr: &Expr) -> Val {
        match expr {
            Expr::ForLoop(l) => {
                if self.source_of(&l.expr).is_none() && self.for_chain(l) {
                    return Val::Unit;
                }
                let label = label_of(l.label.as_ref());
                let carried = self.carried(&l.body, label.as_deref());
                let header = self.for_header(l);
                self.repeat(label, &carried, header, &l.body)
            }
            Expr::While(l) => {
                if fence_has_let(&l.cond) {
                    return self.loop_expr(&Expr::Loop(Self::while_let(l)));
                }
                let by_closures = self.changed_by_closures(fence::mentions_in_expr(&l.cond));
                if fence::exits_of_expr(&l.cond).any()
                    || self.changes_followed(&fence::writes_in_expr(&l.cond))
                    || !by_closures.is_empty()
                {
                    return self.loop_expr(&Expr::Loop(tested_inside(l)));
                }
                let label = label_of(l.label.as_ref());
                let carried = self.carried(&l.body, label.as_deref());
                self.repeat(label, &carried, Pending::While(&l.cond), &l.body)
            }
            Expr::Loop(l) => {
                let label = label_of(l.label.as_ref());
                let carried = self.carried(&l.body, label.as_deref());
                self.repeat(label, &carried, Pending::Ready(Header::Forever), &l.body)
            }
            _ => Val::Unit,
        }
    }

    /// The variables that the body changes and that live on after an iteration, with the flags that it may clear.
    fn carried(&self, body: &syn::Block, label: Option<&str>) -> Vec<String> {
        let mut mentions = std::collections::HashSet::new();
        body.stmts.iter().for_each(|stmt| mentions.extend(fence::mentions_in_stmt(stmt)));
        let mut names: Vec<String> = fence::writes_in_stmts(&body.stmts)
            .assigned
            .into_iter()
            .chain(self.changed_by_closures(mentions.clone()))
            .filter(|name| self.is_followed(name) && self.array_named(name).is_none() && !self.is_aggregate(name))
            .collect();
        names.extend(fence::assigned_in_stmts(&body.stmts).iter().flat_map(|target| self.assigned_leaves(target)));
        for closure in self.called_closures(mentions) {
            let inside = [Stmt::Expr((*closure.body).clone(), None)];
            names.extend(fence::assigned_in_stmts(&inside).iter().flat_map(|target| self.assigned_leaves(target)));
        }
        names.extend(self.leaves_changed_by_calls());
        let exits = fence::exits_of_stmts(&body.stmts);
        let mut outermost = self.frames.len();
        if exits.returns {
            outermost = 0;
            names.extend(self.result_keys());
        }
        for jump in exits.jumps.iter().flatten().filter(|jump| Some(jump.as_str()) != label) {
            if let Some(depth) = self.frames.iter().rposition(|frame| frame.label.as_ref() == Some(jump)) {
                outermost = outermost.min(depth);
                names.push(value_key(self.frames[depth].id));
            }
        }
        for frame in &self.frames[outermost..] {
            names.push(live_key(frame.id));
            names.push(go_key(frame.id));
        }
        names.retain(|name| self.env.contains_key(name));
        names.sort();
        names.dedup();
        names
    }

    fn for_header<'l>(&mut self, l: &'l syn::ExprForLoop) -> Pending<'l> {
        let is_range = range_of(&l.expr).is_some();
        if let Some(over) = self.source_of(&l.expr).filter(|_| !is_range) {
            return self.over(l, over);
        }
        let lenders = fence::mutably_iterated(&l.expr);
        if self.is_active(&l.expr) && !is_range && !self.follow_arrays(&lenders) {
            self.error(&l.expr, diagnostics::unsupported("a loop over values", "iterate over a range of integers"));
        }
        if let (Some(range), Some(index)) = (range_of(&l.expr), index_of(&l.pat))
            && let (Some(start), Some(end)) = (&range.start, &range.end)
        {
            let start = self.integer(start);
            let end = self.integer(end);
            let step = range.step.as_ref().map(|step| self.integer(step));
            let hint = index.as_deref().and_then(|name| self.hint(name));
            let value = self.b.value(Ty::Int, hint);
            if let Some(name) = index {
                self.env.insert(name, Atom::Value(value));
            }
            let (inclusive, reversed) = (range.inclusive, range.reversed);
            return Pending::Ready(Header::Range(Range { index: value, start, end, inclusive, step, reversed }));
        }
        self.lend_all(&fence::writes_in_expr(&l.expr), &l.expr);
        let args = self.arguments(&fence::mentions_in_expr(&l.expr));
        let iter = Opaque {
            code: Code::Expr(Rc::new((*l.expr).clone()), None),
            args,
            effect: Effect::Any,
            text: text_of(&l.expr),
        };
        let declared = self.declared(&l.pat);
        self.note_references(declared.iter().map(|(name, _)| name), &fence::mentions_in_expr(&l.expr));
        let mut binds = Vec::new();
        for (name, mutable) in &declared {
            if *mutable {
                self.known.cells.insert(name.clone());
            }
            let ty =
                if matches!(*l.pat, syn::Pat::Ident(_)) && is_part_of_range(&l.expr) { Ty::Int } else { Ty::Unknown };
            let value = self.b.value(ty, self.hint(name));
            self.env.insert(name.clone(), Atom::Value(value));
            self.lenders.insert(name.clone(), lenders.clone());
            binds.push(value);
        }
        let names = declared.iter().map(|(name, _)| Rc::from(name.as_str())).collect();
        Pending::Ready(Header::Iter { pat: Rc::new((*l.pat).clone()), names, binds, iter })
    }

    /// A loop over arrays is a loop over their indices.
    fn over<'l>(&mut self, l: &'l syn::ExprForLoop, mut over: Over) -> Pending<'l> {
        self.evaluate_sizes(&mut over.source);
        let end = self.integer(&Self::length_of(&over.source));
        let name = Self::index_name(&l.pat, &over.source);
        let hint = name.as_deref().and_then(|name| self.hint(name));
        let hint = hint.or_else(|| Some(Hint::generated("i", proc_macro2::Span::call_site())));
        let index = self.b.value(Ty::Int, hint);
        let (start, reversed) = (Atom::Int(0), over.reversed);
        let range = Range { index, start, end, inclusive: false, step: None, reversed };
        Pending::Over(Header::Range(range), &l.pat, Box::new(over.source), index)
    }

    fn repeat(&mut self, label: Option<String>, carried: &[String], header: Pending<'_>, body: &syn::Block) -> Val {
        let id = self.next_frame;
        let key = value_key(id);
        let has_value = breaks_with_value(body);
        let mut carried = carried.to_vec();
        if has_value {
            self.env.insert(key.clone(), Atom::Undefined);
            carried.push(key.clone());
        }
        let init: Vec<Atom> = carried.iter().map(|name| self.env[name]).collect();
        let (header, elements) = match header {
            Pending::Ready(header) => (header, None),
            Pending::Over(header, pat, source, index) => (header, Some((pat, source, index))),
            Pending::While(cond) => {
                self.b.open();
                let params = self.parameters(&carried);
                let cond = self.condition(cond);
                (Header::While(self.b.close_region(params, vec![cond])), None)
            }
        };
        self.b.open();
        let params = self.parameters(&carried);
        let entered = self.enter(label, true);
        if let Some((pat, source, index)) = &elements {
            self.bind_element(pat, source, *index);
        }
        self.stmts(&body.stmts);
        for (name, init) in carried.iter().zip(&init) {
            self.join_leaves(*init, self.env[name]);
        }
        let mut yields = vec![self.env.get(&go_key(entered)).copied().unwrap_or(Atom::Bool(true))];
        yields.extend(carried.iter().map(|name| self.env[name]));
        self.leave(entered);
        let body = self.b.close_region(params, yields);
        let results = self.parameters(&carried);
        self.b.push(results, Op::Loop(Box::new(Loop { header, records: None, init, body })));
        if has_value {
            let atom = self.env.remove(&key).unwrap_or(Atom::Undefined);
            return Val::Atom(atom);
        }
        Val::Unit
    }

    /// New values for carried variables.
    fn parameters(&mut self, carried: &[String]) -> Vec<Value> {
        carried
            .iter()
            .map(|name| {
                let current = self.env[name];
                let ty = match (current, self.known.types.get(name)) {
                    (Atom::Value(_), _) => self.b.ty(current),
                    (_, Some(ty)) => *ty,
                    (Atom::Undefined, None) => Ty::Float(self.b.default_scalar),
                    (literal, None) => self.b.ty(literal),
                };
                let value = self.b.value(ty, self.state_hint(name));
                // A part may vary if its variable does: what the loop makes of it is not known yet.
                let is_number = matches!(ty, Ty::Float(_) | Ty::Unknown);
                if self.known.active.contains(name)
                    || (is_number && self.known.active.contains(super::aggregate::root_of(name)))
                {
                    self.varying.insert(value);
                }
                self.env.insert(name.clone(), Atom::Value(value));
                value
            })
            .collect()
    }

    /// The name of a variable, or of the state that lowering keeps: flags and values on their way out.
    fn state_hint(&self, name: &str) -> Option<Hint> {
        let word = match name.split(' ').next() {
            _ if self.is_variable(name) => return self.again(name),
            Some(key) if key.contains(['.', '[']) && !key.starts_with(super::RESULT) => return self.leaf_hint(key),
            Some(key) if key.starts_with("return.") => "result",
            Some("live") => "running",
            Some("go") => "again",
            Some("return") => "result",
            _ => "value",
        };
        Some(Hint::generated(word, proc_macro2::Span::call_site()))
    }
}

enum Pending<'a> {
    Ready(Header),
    While(&'a Expr),
    /// Over arrays: the pattern is bound to their elements at the index.
    Over(Header, &'a syn::Pat, Box<Source>, Value),
}

/// `while cond { .. }` as `loop { if !cond { break; } .. }`.
fn tested_inside(l: &syn::ExprWhile) -> syn::ExprLoop {
    let (cond, stmts, label) = (&l.cond, &l.body.stmts, &l.label);
    let mut tested: syn::ExprLoop = syn::parse_quote!(loop {
        if !(#cond) {
            break;
        }
        #(#stmts)*
    });
    tested.label.clone_from(label);
    tested
}

fn value_key(frame: usize) -> String {
    format!("value {frame}")
}

fn label_of(label: Option<&syn::Label>) -> Option<String> {
    label.map(|label| label.name.ident.to_string())
}

/// Whether a condition binds variables.
fn fence_has_let(cond: &Expr) -> bool {
    match cond {
        Expr::Let(_) => true,
        Expr::Binary(binary) => fence_has_let(&binary.left) || fence_has_let(&binary.right),
        Expr::Paren(paren) => fence_has_let(&paren.expr),
        _ => false,
    }
}

/// Whether a `break` of this loop carries a value.
fn breaks_with_value(body: &syn::Block) -> bool {
    struct Found(bool);
    impl<'a> syn::visit::Visit<'a> for Found {
        fn visit_expr_break(&mut self, expr: &'a syn::ExprBreak) {
            self.0 |= expr.expr.is_some();
        }
        fn visit_expr_loop(&mut self, _: &'a syn::ExprLoop) {}
        fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
        fn visit_item(&mut self, _: &'a syn::Item) {}
    }
    let mut found = Found(false);
    syn::visit::Visit::visit_block(&mut found, body);
    found.0
}

pub(super) struct RangeExpr {
    start: Option<Expr>,
    end: Option<Expr>,
    inclusive: bool,
    step: Option<Expr>,
    reversed: bool,
}

/// A range, in steps, reversed: the headers that can be run backwards.
pub(super) fn range_of(expr: &Expr) -> Option<RangeExpr> {
    match expr {
        Expr::Paren(paren) => range_of(&paren.expr),
        Expr::Group(group) => range_of(&group.expr),
        Expr::Range(range) => Some(RangeExpr {
            start: range.start.as_deref().cloned(),
            end: range.end.as_deref().cloned(),
            inclusive: matches!(range.limits, syn::RangeLimits::Closed(_)),
            step: None,
            reversed: false,
        }),
        Expr::MethodCall(call) if call.method == "rev" && call.args.is_empty() => {
            let range = range_of(&call.receiver)?;
            Some(RangeExpr { reversed: !range.reversed, ..range })
        }
        // Steps before a reversal only: reversed first, the steps would start from the other end.
        Expr::MethodCall(call) if call.method == "step_by" && call.args.len() == 1 => {
            let range = range_of(&call.receiver)?;
            if range.reversed || range.step.is_some() {
                return None;
            }
            Some(RangeExpr { step: call.args.first().cloned(), ..range })
        }
        _ => None,
    }
}

/// Whether an iterator gives the numbers of a range, or some of them.
fn is_part_of_range(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_part_of_range(&paren.expr),
        Expr::MethodCall(call) if matches!(call.method.to_string().as_str(), "skip" | "take" | "step_by" | "rev") => {
            is_part_of_range(&call.receiver)
        }
        other => range_of(other).is_some(),
    }
}

/// The index variable of a loop over a range; none for `_`.
fn index_of(pat: &syn::Pat) -> Option<Option<String>> {
    match pat {
        syn::Pat::Ident(ident) if ident.mutability.is_none() && ident.subpat.is_none() => {
            Some(Some(ident.ident.to_string()))
        }
        syn::Pat::Wild(_) => Some(None),
        _ => None,
    }
}
