//! Patterns: `match`, `if let`, `let .. else`, `while let`.
//!
//! A `match` is a chain of branches. What no active value enters is matched verbatim, first to choose the arm, then to
//! bind its variables there:
//!
//! ```text
//! match kind { Kind::A => x, Kind::B(k) if k > 1 => k as f64 * x, _ => 0.0 }
//!
//! if matches!(kind, Kind::A) { x } else if { let Kind::B(k) = kind .. k > 1 } { let Kind::B(k) = kind ..; .. } else { 0.0 }
//! ```
//!
//! What lowering has taken apart (tuples, options, floats that vary) is matched part by part.

use std::rc::Rc;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Pat, Stmt, parse_quote};

use super::{Lowering, Val};
use crate::diagnostics;
use crate::emit::text_of;
use crate::fence;
use crate::ir::{Atom, Code, Effect, Info, Opaque, Ty};
use crate::rules::Prim;

/// What patterns are matched against.
#[derive(Clone)]
pub(super) enum Subject {
    /// Code that no active value enters, which can be evaluated again.
    Verbatim(Expr),
    Value(Val, usize),
    Tuple(Vec<Subject>),
}

/// One arm, its variables told apart from all others.
struct Case {
    pat: Pat,
    guard: Option<Expr>,
    body: Expr,
}

impl Lowering<'_> {
    // ---- the constructs -------------------------------------------------------------------------------------------

    pub(super) fn match_expr(&mut self, m: &syn::ExprMatch) -> Val {
        self.check_attributes(&m.attrs);
        if let Some(span) = fence::exits_of_expr(&m.expr).first {
            self.error_at(span, diagnostics::JUMP_IN_OPERAND);
            return Val::Atom(Atom::Undefined);
        }
        if let Some(branches) = self.branches_by_length(m) {
            return self.expr(&branches);
        }
        if let Some(branch) = self.element_or_none(m) {
            return self.if_let(&branch, &[]);
        }
        let subject = self.subject(&m.expr);
        let cases: Vec<Case> = m
            .arms
            .iter()
            .map(|arm| {
                self.check_attributes(&arm.attrs);
                let (pat, guard) = match &arm.pat {
                    Pat::Guard(guarded) => ((*guarded.pat).clone(), Some((*guarded.guard).clone())),
                    pat => (pat.clone(), None),
                };
                self.case(pat, guard, (*arm.body).clone())
            })
            .collect();
        self.cases(&subject, &cases)
    }

    fn cases(&mut self, subject: &Subject, cases: &[Case]) -> Val {
        let Some((case, others)) = cases.split_first() else { return Val::Never };
        let Some(test) = self.test(&case.pat, subject) else { return Val::Atom(Atom::Undefined) };
        let cond = match (&case.guard, test) {
            _ if others.is_empty() => None,
            (None, test) => test,
            (Some(guard), test) => Some(self.guarded(case, guard, test, subject)),
        };
        let Some(cond) = cond else {
            self.bind_subject(&case.pat, subject);
            return self.expr(&case.body);
        };
        let then = self.arm(|pass| {
            pass.bind_subject(&case.pat, subject);
            pass.expr(&case.body)
        });
        let otherwise = self.arm(|pass| pass.cases(subject, others));
        self.merge(cond, then, otherwise)
    }

    /// The condition of an arm with a guard, which sees the variables of the pattern.
    fn guarded(&mut self, case: &Case, guard: &Expr, test: Option<Atom>, subject: &Subject) -> Atom {
        let holds = self.arm(|pass| {
            pass.bind_subject(&case.pat, subject);
            Val::Atom(pass.condition(guard))
        });
        let fails = self.arm(|_| Val::Atom(Atom::Bool(false)));
        self.merge(test.unwrap_or(Atom::Bool(true)), holds, fails).atom()
    }

    /// `if let`, also in a chain of conditions. What follows runs where the branch does not leave.
    pub(super) fn if_let(&mut self, branch: &syn::ExprIf, rest: &[Stmt]) -> Val {
        self.check_attributes(&branch.attrs);
        let conditions = conjuncts(&branch.cond);
        self.if_all(&conditions, branch, rest)
    }

    fn if_all(&mut self, conditions: &[Expr], branch: &syn::ExprIf, rest: &[Stmt]) -> Val {
        let Some((first, others)) = conditions.split_first() else {
            let leaves = fence::diverges(&branch.then_branch);
            return self.then_block(&branch.then_branch, leaves, rest);
        };
        let Expr::Let(cond) = first else {
            let cond = self.condition(first);
            let then = self.arm(|pass| pass.if_all(others, branch, rest));
            let otherwise = self.arm(|pass| pass.else_branch(branch, rest));
            return self.merge(cond, then, otherwise);
        };
        if self.asks_for_element(&cond.expr) || matches!(*cond.pat, Pat::Slice(_)) {
            let (pat, others, branch) = self.scope_of_let(&cond.pat, others, branch);
            if let Some((there, binding)) = self.matched_element(&pat, &cond.expr) {
                let cond = self.condition(&there);
                let then = self.arm(|pass| {
                    pass.run(&[binding]);
                    pass.if_all(&others, &branch, rest)
                });
                let otherwise = self.arm(|pass| pass.else_branch(&branch, rest));
                return self.merge(cond, then, otherwise);
            }
        }
        let subject = self.subject(&cond.expr);
        let (pat, others, branch) = self.scope_of_let(&cond.pat, others, branch);
        let Some(cond) = self.test(&pat, &subject) else { return Val::Atom(Atom::Undefined) };
        let then = |pass: &mut Self| {
            pass.bind_subject(&pat, &subject);
            pass.if_all(&others, &branch, rest)
        };
        let Some(cond) = cond else { return then(self) };
        let then = self.arm(then);
        let otherwise = self.arm(|pass| pass.else_branch(&branch, rest));
        self.merge(cond, then, otherwise)
    }

    /// A `let` in a condition, its variables told apart from all others: its pattern, and what sees its variables.
    fn scope_of_let(&mut self, pat: &Pat, others: &[Expr], branch: &syn::ExprIf) -> (Pat, Vec<Expr>, syn::ExprIf) {
        let then = &branch.then_branch;
        let body = tuple_of(vec![tuple_of(others.to_vec()), parse_quote!(#then)]);
        let case = self.case(pat.clone(), None, body);
        let mut branch = branch.clone();
        let Expr::Tuple(mut parts) = case.body else { return (case.pat, others.to_vec(), branch) };
        if let Some(Expr::Block(block)) = parts.elems.pop() {
            branch.then_branch = block.block;
        }
        let others = match parts.elems.pop() {
            Some(Expr::Tuple(others)) => others.elems.into_iter().collect(),
            _ => others.to_vec(),
        };
        (case.pat, others, branch)
    }

    /// `let pattern = value else { leaves }`, with what follows it.
    pub(super) fn let_else(&mut self, local: &syn::Local, rest: &[Stmt]) -> Val {
        let pat = if let Pat::Type(typed) = &local.pat { &*typed.pat } else { &local.pat };
        let Some((init, Some((_, diverge)))) = local.init.as_ref().map(|init| (&init.expr, &init.diverge)) else {
            return Val::Unit;
        };
        let subject = self.subject(init);
        let names: Vec<String> = self.declared(pat).into_iter().map(|(name, _)| name).collect();
        let Some(test) = self.test(pat, &subject) else { return Val::Unit };
        let then = |pass: &mut Self| {
            pass.bind_subject(pat, &subject);
            pass.check_variables(&names);
            pass.run(rest)
        };
        let Some(cond) = test else { return then(self) };
        let then = self.arm(then);
        let otherwise = self.arm(|pass| pass.expr(diverge));
        self.merge(cond, then, otherwise)
    }

    /// `while let pattern = value { body }` as `loop { match value { pattern => body, _ => break } }`.
    pub(super) fn while_let(l: &syn::ExprWhile) -> syn::ExprLoop {
        let (stmts, label) = (&l.body.stmts, &l.label);
        let mut tested: syn::ExprLoop = match &*l.cond {
            Expr::Let(cond) => {
                let (pat, value) = (&cond.pat, &cond.expr);
                parse_quote!(loop {
                    match (#value) {
                        #pat => { #(#stmts)* }
                        _ => break,
                    }
                })
            }
            cond => parse_quote!(loop {
                if #cond {
                    #(#stmts)*
                } else {
                    break;
                }
            }),
        };
        tested.label.clone_from(label);
        tested
    }

    /// Whether a statement is a `let` with `else` that has to be taken apart.
    pub(super) fn is_structural_let_else<'s>(&self, stmt: &'s Stmt) -> Option<&'s syn::Local> {
        let Stmt::Local(local) = stmt else { return None };
        let init = local.init.as_ref()?;
        let (_, diverge) = init.diverge.as_ref()?;
        (self.is_active(&init.expr) || fence::exits_of_expr(diverge).any()).then_some(local)
    }

    // ---- subjects -------------------------------------------------------------------------------------------------

    pub(super) fn subject(&mut self, expr: &Expr) -> Subject {
        match expr {
            Expr::Paren(paren) => return self.subject(&paren.expr),
            Expr::Group(group) => return self.subject(&group.expr),
            Expr::Tuple(tuple) if !tuple.elems.is_empty() => {
                return Subject::Tuple(tuple.elems.iter().map(|elem| self.subject(elem)).collect());
            }
            _ => {}
        }
        let whole = fence::variable(expr).and_then(|name| self.aggregates.get(&name).cloned());
        if let Some(whole) = whole {
            return Subject::Value(whole, self.depth_of(expr));
        }
        let changes = self.changes_followed(&fence::writes_in_expr(expr));
        if self.is_active(expr) || fence::exits_of_expr(expr).any() || changes {
            let value = self.expr(expr);
            let known = self.known_parts(&value);
            return match value {
                Val::Atom(atom) if !known => Subject::Verbatim(self.placeholder(atom)),
                value => Subject::Value(value, self.depth_of(expr)),
            };
        }
        if is_place(expr) {
            return Subject::Verbatim(expr.clone());
        }
        let number = self.instances.number(&format!("subject {}", expr.to_token_stream()));
        let name = self.fresh("subject", number);
        self.carry(&parse_quote!(let #name = #expr;), &[name.to_string()]);
        Subject::Verbatim(parse_quote!(#name))
    }

    /// Whether lowering knows a value by more than its code.
    fn known_parts(&self, value: &Val) -> bool {
        match value {
            Val::Atom(atom) => self.is_varying(*atom) || self.b.ty(*atom) != Ty::Unknown,
            Val::Tuple(_) | Val::Option { .. } | Val::Unit | Val::Never => true,
        }
    }

    /// An arm in which single identifiers in lower case are variables: rustc is asked whether they are constants.
    fn case(&mut self, pat: Pat, guard: Option<Expr>, body: Expr) -> Case {
        let lone: Vec<syn::Ident> = lone_identifiers(&pat)
            .into_iter()
            .filter(|ident| !self.is_variable(&ident.to_string()) && is_lower(ident))
            .collect();
        let mut lone = lone;
        lone.sort();
        lone.dedup();
        if lone.is_empty() {
            return Case { pat, guard, body };
        }
        let test = guard.clone().unwrap_or_else(|| parse_quote!(true));
        let mut whole: syn::ExprClosure = parse_quote!(|#(#lone),*| ());
        *whole.body = tuple_of(vec![test, body.clone()]);
        let Expr::Closure(copy) = self.instance(&Expr::Closure(whole)) else { return Case { pat, guard, body } };
        let Expr::Tuple(parts) = *copy.body else { return Case { pat, guard, body } };
        let renamed: Vec<(syn::Ident, syn::Ident)> = lone
            .into_iter()
            .zip(copy.inputs.iter().filter_map(|input| match input {
                Pat::Ident(ident) => Some(ident.ident.clone()),
                _ => None,
            }))
            .collect();
        let mut pat = pat;
        Renamed { names: &renamed }.visit_pat_mut(&mut pat);
        let names: Vec<String> = renamed.iter().map(|(_, new)| new.to_string()).collect();
        self.check_variables(&names);
        let mut parts = parts.elems.into_iter();
        let (test, body) = (parts.next(), parts.next().unwrap_or(body));
        Case { pat, guard: guard.and(test), body }
    }

    // ---- tests ----------------------------------------------------------------------------------------------------

    /// The condition on which a pattern matches; none if it always does. Nothing, with an error, if it cannot be tested.
    #[allow(clippy::option_option, reason = "an error, no condition, a condition")]
    pub(super) fn test(&mut self, pat: &Pat, subject: &Subject) -> Option<Option<Atom>> {
        match (pat, subject) {
            (Pat::Wild(_) | Pat::Rest(_), _) => Some(None),
            (Pat::Paren(paren), subject) => self.test(&paren.pat, subject),
            (Pat::Type(typed), subject) => self.test(&typed.pat, subject),
            (Pat::Ident(ident), subject) if self.is_variable(&ident.ident.to_string()) => match &ident.subpat {
                Some((_, subpattern)) => self.test(subpattern, subject),
                None => Some(None),
            },
            (pat, Subject::Verbatim(expr)) => Some(self.test_verbatim(pat, expr)),
            (Pat::Tuple(tuple), Subject::Tuple(subjects)) => {
                let parts: Vec<&Subject> = subjects.iter().collect();
                self.test_all(tuple, &parts)
            }
            (Pat::Tuple(tuple), Subject::Value(Val::Tuple(values), depth)) => {
                let parts: Vec<Subject> = values.iter().map(|value| self.part(value, *depth)).collect();
                self.test_all(tuple, &parts.iter().collect::<Vec<_>>())
            }
            (Pat::Or(or), subject) => {
                let mut any = None;
                for case in &or.cases {
                    let Some(test) = self.test(case, subject)? else { return Some(None) };
                    any = Some(match any {
                        None => test,
                        Some(any) => self.exact(Prim::Or, &[any, test]),
                    });
                }
                Some(any)
            }
            (Pat::Reference(reference), Subject::Value(value, depth)) => {
                self.test(&reference.pat, &Subject::Value(value.clone(), depth.saturating_sub(1)))
            }
            (pat, Subject::Value(Val::Option { some, value }, depth)) => match option_pattern(pat) {
                Some(None) => Some(Some(self.exact(Prim::Not, &[*some]))),
                Some(Some(inner)) => {
                    let part = self.part(value, *depth);
                    let (some, inner) = (*some, self.test(inner, &part)?);
                    Some(Some(match inner {
                        None => some,
                        Some(inner) => self.exact(Prim::And, &[some, inner]),
                    }))
                }
                None => self.no_pattern(pat),
            },
            (
                Pat::Lit(_) | Pat::Range(_) | Pat::Path(_) | Pat::Ident(_) | Pat::Const(_),
                Subject::Value(Val::Atom(atom), depth),
            ) => {
                let mut operand = self.placeholder(*atom);
                for _ in 0..*depth {
                    operand = parse_quote!(&#operand);
                }
                Some(self.test_verbatim(pat, &operand))
            }
            (_, Subject::Value(Val::Never, _)) => Some(None),
            (pat, _) => self.no_pattern(pat),
        }
    }

    #[allow(clippy::option_option, reason = "as of `test`")]
    fn no_pattern(&mut self, pat: &Pat) -> Option<Option<Atom>> {
        if self.errors.is_empty() {
            self.error(pat, diagnostics::unsupported("this pattern", "match tuples, options, numbers and ranges"));
        }
        None
    }

    #[allow(clippy::option_option, reason = "as of `test`")]
    fn test_all(&mut self, tuple: &syn::PatTuple, parts: &[&Subject]) -> Option<Option<Atom>> {
        let mut all = None;
        for (pat, part) in aligned(tuple, parts) {
            let Some(test) = self.test(pat, part)? else { continue };
            all = Some(match all {
                None => test,
                Some(all) => self.exact(Prim::And, &[all, test]),
            });
        }
        Some(all)
    }

    fn part(&mut self, value: &Val, depth: usize) -> Subject {
        match value {
            Val::Atom(atom) if !self.known_parts(value) => {
                let mut operand = self.placeholder(*atom);
                for _ in 0..depth {
                    operand = parse_quote!(&#operand);
                }
                Subject::Verbatim(operand)
            }
            value => Subject::Value(value.clone(), depth),
        }
    }

    /// Whether a pattern matches code that no active value enters: its variables are not bound.
    fn test_verbatim(&mut self, pat: &Pat, expr: &Expr) -> Option<Atom> {
        let mut pat = pat.clone();
        Blank { pass: self }.visit_pat_mut(&mut pat);
        if matches!(pat, Pat::Wild(_)) {
            return None;
        }
        let whole: Expr = parse_quote!(::core::matches!(#expr, #pat));
        let mut args = self.arguments(&fence::mentions_in_expr(expr));
        args.extend(self.placeholders(expr));
        let effect = fence::effect_of(expr, &|name| self.stability(name)).min(Effect::Reads);
        let opaque = Opaque { text: text_of(&whole), code: Code::Expr(Rc::new(whole), None), args, effect };
        Some(self.b.opaque(opaque, Info { ty: Ty::Bool, hint: None, derived: false }))
    }

    // ---- bindings -------------------------------------------------------------------------------------------------

    /// Binds the variables of a pattern that matches.
    pub(super) fn bind_subject(&mut self, pat: &Pat, subject: &Subject) {
        match (pat, subject) {
            (Pat::Paren(paren), subject) => self.bind_subject(&paren.pat, subject),
            (Pat::Ident(ident), Subject::Verbatim(expr)) if ident.subpat.is_none() => {
                if self.is_variable(&ident.ident.to_string()) {
                    self.run(&[parse_quote!(let #pat = #expr;)]);
                }
            }
            (pat, Subject::Verbatim(expr)) => {
                if !self.declared(pat).is_empty() {
                    let stmt: Stmt = parse_quote!(let #pat = #expr else { ::core::unreachable!() };);
                    self.declare_pattern(pat, &stmt, expr);
                }
            }
            (Pat::Tuple(tuple), Subject::Tuple(subjects)) => {
                let parts: Vec<&Subject> = subjects.iter().collect();
                for (pat, part) in aligned(tuple, &parts) {
                    self.bind_subject(pat, part);
                }
            }
            (Pat::Tuple(tuple), Subject::Value(Val::Tuple(values), depth)) => {
                let parts: Vec<Subject> = values.iter().map(|value| self.part(value, *depth)).collect();
                for (pat, part) in aligned(tuple, &parts.iter().collect::<Vec<_>>()) {
                    self.bind_subject(pat, part);
                }
            }
            (Pat::Ident(ident), subject) if self.is_variable(&ident.ident.to_string()) => {
                let value = self.value_of(subject);
                let depth = if let Subject::Value(_, depth) = subject { *depth } else { 0 };
                let mut whole = ident.clone();
                let subpat = whole.subpat.take();
                self.bind(&Pat::Ident(whole), value, &parse_quote!(value), depth);
                if let Some((_, subpat)) = subpat {
                    self.bind_subject(&subpat, subject);
                }
            }
            (Pat::Reference(reference), Subject::Value(value, depth)) => {
                self.bind_subject(&reference.pat, &Subject::Value(value.clone(), depth.saturating_sub(1)));
            }
            (Pat::Or(or), subject) if !self.declared(pat).is_empty() => {
                self.error(or, diagnostics::unsupported("this pattern", "write an arm for each alternative"));
                let _ = subject;
            }
            (pat, Subject::Value(Val::Option { value, .. }, depth)) => {
                if let Some(Some(inner)) = option_pattern(pat) {
                    let part = self.part(value, *depth);
                    self.bind_subject(inner, &part);
                }
            }
            (_, Subject::Value(..) | Subject::Tuple(_)) => {}
        }
    }

    fn value_of(&mut self, subject: &Subject) -> Val {
        match subject {
            Subject::Verbatim(expr) => self.expr(expr),
            Subject::Value(value, _) => value.clone(),
            Subject::Tuple(parts) => Val::Tuple(parts.iter().map(|part| self.value_of(part)).collect()),
        }
    }
}

/// The patterns of a tuple with what they stand for, `..` left out.
fn aligned<'p, 's>(tuple: &'p syn::PatTuple, parts: &[&'s Subject]) -> Vec<(&'p Pat, &'s Subject)> {
    let rest = tuple.elems.iter().position(|pat| matches!(pat, Pat::Rest(_)));
    let Some(rest) = rest else { return tuple.elems.iter().zip(parts.iter().copied()).collect() };
    let behind = tuple.elems.len() - rest - 1;
    let mut out: Vec<_> = tuple.elems.iter().take(rest).zip(parts.iter().copied()).collect();
    out.extend(tuple.elems.iter().skip(rest + 1).zip(parts[parts.len().saturating_sub(behind)..].iter().copied()));
    out
}

/// `Some(pattern)` as the pattern, `None` as none; nothing if it is neither.
#[allow(clippy::option_option, reason = "the pattern of an option of a pattern")]
fn option_pattern(pat: &Pat) -> Option<Option<&Pat>> {
    match pat {
        Pat::TupleStruct(pat) if pat.elems.len() == 1 && fence::names_variant(&pat.path, "Some") => {
            pat.elems.first().map(Some)
        }
        Pat::Ident(ident) if ident.ident == "None" => Some(None),
        Pat::Path(path) if fence::names_variant(&path.path, "None") => Some(None),
        Pat::Reference(reference) => option_pattern(&reference.pat),
        Pat::Paren(paren) => option_pattern(&paren.pat),
        _ => None,
    }
}

/// A tuple of code that need not be complete by itself, as a `let` in a condition.
fn tuple_of(elems: Vec<Expr>) -> Expr {
    let elems = elems.into_iter().collect();
    Expr::Tuple(syn::ExprTuple { attrs: Vec::new(), paren_token: syn::token::Paren::default(), elems })
}

fn conjuncts(cond: &Expr) -> Vec<Expr> {
    match cond {
        Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
            let mut parts = conjuncts(&binary.left);
            parts.extend(conjuncts(&binary.right));
            parts
        }
        other => vec![other.clone()],
    }
}

/// Whether evaluating an expression again gives the same place.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Paren(e) => is_place(&e.expr),
        Expr::Field(e) => is_place(&e.base),
        Expr::Index(e) => is_place(&e.expr) && is_place(&e.index),
        Expr::Reference(e) => e.mutability.is_none() && is_place(&e.expr),
        Expr::Unary(e) => is_place(&e.expr),
        _ => false,
    }
}

fn is_lower(ident: &syn::Ident) -> bool {
    !crate::names::plain(ident).chars().next().is_some_and(char::is_uppercase)
}

/// Identifiers that stand alone in a pattern.
fn lone_identifiers(pat: &Pat) -> Vec<syn::Ident> {
    struct Found(Vec<syn::Ident>);
    impl<'a> syn::visit::Visit<'a> for Found {
        fn visit_pat_ident(&mut self, pat: &'a syn::PatIdent) {
            self.0.push(pat.ident.clone());
            syn::visit::visit_pat_ident(self, pat);
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut found = Found(Vec::new());
    syn::visit::Visit::visit_pat(&mut found, pat);
    found.0
}

struct Renamed<'n> {
    names: &'n [(syn::Ident, syn::Ident)],
}

impl VisitMut for Renamed<'_> {
    fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
        if let Some((_, new)) = self.names.iter().find(|(old, _)| *old == pat.ident) {
            pat.ident = new.clone();
        }
        visit_mut::visit_pat_ident_mut(self, pat);
    }
    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}

/// Replaces the variables of a pattern by `_`.
struct Blank<'b, 'a> {
    pass: &'b Lowering<'a>,
}

impl VisitMut for Blank<'_, '_> {
    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        visit_mut::visit_pat_mut(self, pat);
        if let Pat::Ident(ident) = pat
            && self.pass.is_variable(&ident.ident.to_string())
        {
            *pat = match ident.subpat.take() {
                Some((_, subpat)) => *subpat,
                None => parse_quote!(_),
            };
        }
    }
    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}
