//! Closures: a call of one is its body, with its parameters bound to the arguments.
//!
//! ```text
//! let f = |a, &b| a * b + c;      f(x, &y)      { let a = x; let &b = &y; a * b + c }
//! ```
//!
//! What a closure captures by reference is the variable itself: Rust sees to it that nothing else changes it in between.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, Lifetime, Pat, Stmt};

use super::Lowering;
use crate::diagnostics;
use crate::fence;
use crate::names;

impl Lowering<'_> {
    /// The call of a closure, or of a function that is named in its place, as an expression; none, with an error, if it
    /// cannot be seen what is called.
    pub(super) fn applied(&mut self, function: &Expr, args: Vec<Expr>) -> Option<Expr> {
        match function {
            Expr::Paren(paren) => self.applied(&paren.expr, args),
            Expr::Group(group) => self.applied(&group.expr, args),
            Expr::Reference(reference) => self.applied(&reference.expr, args),
            Expr::Closure(closure) => self.inlined(closure, args),
            Expr::Path(path) => {
                let known = fence::variable(function).and_then(|name| self.closures.get(&name).cloned());
                if let Some(closure) = known {
                    return self.applied(&closure, args);
                }
                let variable = fence::variable(function).filter(|name| self.is_variable(name));
                if let (Some(name), true) = (variable, args.iter().any(|arg| self.is_active(arg))) {
                    let name = self.source_name(&name);
                    self.error(path, diagnostics::unknown_closure(&name));
                    return None;
                }
                Some(syn::parse_quote!(#function(#(#args),*)))
            }
            other => {
                self.error(other, diagnostics::unsupported("this function value", "write a closure here"));
                None
            }
        }
    }

    fn inlined(&mut self, closure: &syn::ExprClosure, args: Vec<Expr>) -> Option<Expr> {
        if let Some(token) = closure.asyncness.as_ref() {
            self.error(token, diagnostics::unsupported("an asynchronous closure", "await before the call"));
            return None;
        }
        if let (Some(token), true) = (&closure.capture, !self.captured_writes(closure).is_empty()) {
            self.error(
                token,
                diagnostics::unsupported(
                    "a `move` closure that changes what it captures",
                    "leave out `move`, or change a variable inside the closure",
                ),
            );
            return None;
        }
        if closure.inputs.len() != args.len() {
            // rustc says best how many arguments it takes.
            return None;
        }
        let Expr::Closure(closure) = self.instance(&Expr::Closure(closure.clone())) else { return None };
        let mut body = (*closure.body).clone();
        let mut stmts: Vec<Stmt> = Vec::new();
        for (pat, arg) in closure.inputs.iter().zip(args) {
            let alias = alias_of(pat, &arg);
            match alias {
                Some((name, target)) => Alias { name, target }.visit_expr_mut(&mut body),
                None => stmts.push(syn::parse_quote!(let #pat = #arg;)),
            }
        }
        match self.without_returns(body, &closure.output)? {
            Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => stmts.extend(block.block.stmts),
            body => stmts.push(Stmt::Expr(at_start(body), None)),
        }
        Some(block_of(stmts))
    }

    /// A `return` in a closure leaves the closure: it breaks out of a block. So does `?`, with nothing.
    fn without_returns(&mut self, mut body: Expr, output: &syn::ReturnType) -> Option<Expr> {
        // A closure inside of it has ways out of its own.
        let leave = self.leaving.take();
        let is_option = gives(output, "Option") || super::optional::is_plain_option(&body);
        if let Some(span) = tries(&body)
            && !leave.is_some_and(|leave| leave.tried_inside(is_option, &mut body))
        {
            if !is_option {
                self.error_at(span, diagnostics::TRY_IN_CLOSURE);
                return None;
            }
            let number = self.instances.number("tried");
            Tried { found: self.fresh("found", number) }.visit_expr_mut(&mut body);
        }
        if !fence::exits_of_expr(&body).leaves_function() {
            return Some(body);
        }
        let number = self.instances.number("closure");
        let label = Lifetime::new(&format!("'closure__{number}"), Span::call_site());
        Returns { label: label.clone() }.visit_expr_mut(&mut body);
        let body = at_start(body);
        Some(syn::parse_quote!(#label: { #body }))
    }

    /// Whether a function value is a closure that visibly gives an `Option`.
    pub(super) fn closure_gives_option(&self, function: &Expr) -> bool {
        match function {
            Expr::Paren(paren) => self.closure_gives_option(&paren.expr),
            Expr::Path(_) => {
                let closure = fence::variable(function).and_then(|name| self.closures.get(&name));
                closure.is_some_and(|closure| self.closure_gives_option(closure))
            }
            Expr::Closure(closure) => {
                let body = &*closure.body;
                gives(&closure.output, "Option") || super::optional::is_plain_option(body) || self.is_option(body)
            }
            _ => false,
        }
    }

    /// A `move` closure holds copies of what it captures, as it was where the closure stands.
    pub(super) fn captured_by_value(&mut self, closure: &syn::ExprClosure) -> Expr {
        let own = declared_in(closure);
        let whole = Expr::Closure(closure.clone());
        let mut names: Vec<String> = fence::mentions_in_expr(&closure.body).into_iter().collect();
        names.retain(|name| !own.contains(name) && self.is_followed(name) && self.is_mutable(name));
        names.retain(|name| self.array_named(name).is_none());
        names.sort();
        let mut body = (*closure.body).clone();
        for name in names {
            let number = self.instances.number(&format!("{name} {}", whole.to_token_stream()));
            let (held, original) = (self.fresh(&name, number), names::ident(&name));
            self.run(&[syn::parse_quote!(let #held = #original;)]);
            Alias { name: original, target: syn::parse_quote!(#held) }.visit_expr_mut(&mut body);
        }
        Expr::Closure(syn::ExprClosure { body: Box::new(body), ..closure.clone() })
    }

    /// The variables from outside that a closure changes.
    pub(super) fn captured_writes(&self, closure: &syn::ExprClosure) -> Vec<String> {
        let writes = fence::writes_in_expr(&closure.body);
        let own = declared_in(closure);
        let changed = writes.assigned.iter().chain(&writes.lent);
        let touched = writes.touched.iter().filter(|name| self.is_mutable(name));
        let mut names: Vec<String> = changed.chain(touched).filter(|name| !own.contains(name)).cloned().collect();
        names.sort();
        names
    }

    /// The closures in these variables, and those that they call.
    pub(super) fn called_closures(&self, mentions: std::collections::HashSet<String>) -> Vec<&syn::ExprClosure> {
        let mut seen: Vec<String> = Vec::new();
        let mut open: Vec<String> = mentions.into_iter().collect();
        let mut called = Vec::new();
        while let Some(name) = open.pop() {
            let Some(Expr::Closure(closure)) = self.closures.get(&name) else { continue };
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            called.push(closure);
            open.extend(fence::mentions_in_expr(&closure.body));
        }
        called
    }

    /// The variables that change where closures in these variables are called.
    pub(super) fn changed_by_closures(&self, mentions: std::collections::HashSet<String>) -> Vec<String> {
        let called = self.called_closures(mentions);
        let mut changed: Vec<String> = called.into_iter().flat_map(|closure| self.captured_writes(closure)).collect();
        changed.sort();
        changed.dedup();
        changed
    }

    /// Whether it makes no difference how often, and when, a closure is called.
    pub(super) fn is_pure_closure(&self, function: &Expr) -> bool {
        match function {
            Expr::Closure(closure) => self.captured_writes(closure).is_empty() && !may_act(&closure.body),
            Expr::Path(_) => match fence::variable(function).and_then(|name| self.closures.get(&name)) {
                Some(closure) => self.is_pure_closure(closure),
                None => fence::is_pure_function(function),
            },
            Expr::Paren(paren) => self.is_pure_closure(&paren.expr),
            Expr::Reference(reference) => self.is_pure_closure(&reference.expr),
            _ => false,
        }
    }
}

fn block_of(stmts: Vec<Stmt>) -> Expr {
    let block = syn::Block { brace_token: syn::token::Brace::default(), stmts };
    Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block })
}

/// An expression where a statement starts: `if a { b } else { c } * d` would be two statements there.
fn at_start(expr: Expr) -> Expr {
    fn starts_with_block(expr: &Expr) -> bool {
        match expr {
            Expr::Binary(e) => is_block_like(&e.left) || starts_with_block(&e.left),
            Expr::MethodCall(e) => is_block_like(&e.receiver) || starts_with_block(&e.receiver),
            Expr::Field(e) => is_block_like(&e.base) || starts_with_block(&e.base),
            Expr::Index(e) => is_block_like(&e.expr) || starts_with_block(&e.expr),
            Expr::Call(e) => is_block_like(&e.func) || starts_with_block(&e.func),
            Expr::Cast(e) => is_block_like(&e.expr) || starts_with_block(&e.expr),
            Expr::Try(e) => is_block_like(&e.expr) || starts_with_block(&e.expr),
            Expr::Assign(e) => is_block_like(&e.left) || starts_with_block(&e.left),
            Expr::Range(e) => e.start.as_deref().is_some_and(|start| is_block_like(start) || starts_with_block(start)),
            _ => false,
        }
    }
    fn is_block_like(expr: &Expr) -> bool {
        matches!(
            expr,
            Expr::If(_)
                | Expr::Match(_)
                | Expr::Block(_)
                | Expr::Loop(_)
                | Expr::While(_)
                | Expr::ForLoop(_)
                | Expr::Unsafe(_)
        )
    }
    if starts_with_block(&expr) { syn::parse_quote!((#expr)) } else { expr }
}

/// The variables that a closure declares itself.
fn declared_in(closure: &syn::ExprClosure) -> Vec<String> {
    struct Found(Vec<String>);
    impl<'a> Visit<'a> for Found {
        fn visit_pat_ident(&mut self, pat: &'a syn::PatIdent) {
            self.0.push(pat.ident.to_string());
            syn::visit::visit_pat_ident(self, pat);
        }
    }
    let mut found = Found(Vec::new());
    found.visit_expr_closure(closure);
    found.0
}

/// Whether code may do more than to compute: it calls functions of which nothing is known, or macros.
fn may_act(body: &Expr) -> bool {
    struct Found(bool);
    impl<'a> Visit<'a> for Found {
        fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
            self.0 |= !fence::is_pure_function(&call.func);
            syn::visit::visit_expr_call(self, call);
        }
        fn visit_macro(&mut self, _: &'a syn::Macro) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_expr(body);
    found.0
}

/// Where the code has an operator `?` of its own.
fn tries(body: &Expr) -> Option<Span> {
    struct Found(Option<Span>);
    impl<'a> Visit<'a> for Found {
        fn visit_expr_try(&mut self, expr: &'a syn::ExprTry) {
            self.0.get_or_insert(expr.question_token.span);
            syn::visit::visit_expr_try(self, expr);
        }
        fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
        fn visit_item(&mut self, _: &'a syn::Item) {}
    }
    let mut found = Found(None);
    found.visit_expr(body);
    found.0
}

/// Whether a closure is declared to return a type of this name.
fn gives(output: &syn::ReturnType, name: &str) -> bool {
    let syn::ReturnType::Type(_, ty) = output else { return false };
    matches!(&**ty, syn::Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// Writes `value?` as a `match` that returns where there is none.
struct Tried {
    found: Ident,
}

impl VisitMut for Tried {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::Try(tried) = expr {
            let (value, found) = (&tried.expr, &self.found);
            // What cannot be matched is reported at the `?`.
            *expr = syn::parse_quote_spanned!(tried.question_token.span=> match (#value) {
                ::core::option::Option::Some(#found) => #found,
                ::core::option::Option::None => return ::core::option::Option::None,
            });
        }
    }
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

struct Returns {
    label: Lifetime,
}

impl VisitMut for Returns {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::Return(jump) = expr {
            let (label, value) = (&self.label, &jump.expr);
            *expr = syn::parse_quote!(break #label #value);
        }
    }
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

/// A parameter that stands for a variable, which is lent to it mutably.
fn alias_of(pat: &Pat, arg: &Expr) -> Option<(Ident, Expr)> {
    let Expr::Reference(reference) = arg else { return None };
    let pat = if let Pat::Type(typed) = pat { &*typed.pat } else { pat };
    let Pat::Ident(ident) = pat else { return None };
    fence::variable(&reference.expr).filter(|_| reference.mutability.is_some())?;
    Some((ident.ident.clone(), (*reference.expr).clone()))
}

/// Writes a variable where a mutable reference to it stands.
struct Alias {
    name: Ident,
    target: Expr,
}

impl VisitMut for Alias {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let is_name = |expr: &Expr| fence::variable(expr).is_some_and(|name| self.name == name);
        match expr {
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) && is_name(&unary.expr) => {
                *expr = self.target.clone();
            }
            _ if is_name(expr) => *expr = self.target.clone(),
            other => visit_mut::visit_expr_mut(self, other),
        }
    }
}
