//! Options and results that active values are in: whether there is a value, and the value if there is.

use quote::ToTokens;
use syn::{Expr, Stmt, parse_quote};

use super::{Lowering, Val};
use crate::diagnostics;
use crate::fence;
use crate::ir::Atom;
use crate::rules::Prim;
use crate::signature::Form;

impl Lowering<'_> {
    /// `Some(x)`; none if the call is another one.
    pub(super) fn constructor(&mut self, call: &syn::ExprCall) -> Option<Val> {
        let Expr::Path(path) = &*call.func else { return None };
        let (true, [arg]) = (fence::names_variant(&path.path, "Some"), &call.args.iter().collect::<Vec<_>>()[..])
        else {
            return None;
        };
        let value = Box::new(self.expr(arg));
        Some(Val::Option { some: Atom::Bool(true), value })
    }

    /// `Some(x)` and `None` as they stand: what the other branch gives may vary.
    pub(super) fn plain_option(&mut self, expr: &Expr) -> Option<Val> {
        match expr {
            Expr::Call(call) => self.constructor(call),
            Expr::Path(path) if fence::names_variant(&path.path, "None") => {
                Some(Val::Option { some: Atom::Bool(false), value: Box::new(Val::Never) })
            }
            _ => None,
        }
    }

    /// Whether an expression is an option that lowering takes apart.
    pub(super) fn is_option(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Paren(paren) => self.is_option(&paren.expr),
            Expr::Group(group) => self.is_option(&group.expr),
            Expr::Reference(reference) => self.is_option(&reference.expr),
            Expr::Call(call) => {
                let is_some = matches!(&*call.func, Expr::Path(path) if fence::names_variant(&path.path, "Some"));
                self.is_active(expr) && (is_some || self.closure_gives_option(&call.func))
            }
            Expr::Path(_) => {
                fence::variable(expr).is_some_and(|name| matches!(self.aggregates.get(&name), Some(Val::Option { .. })))
            }
            Expr::MethodCall(call) if self.is_element_option(call) => true,
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                let searches = ["position", "find", "find_map", "last", "nth", "next", "max_by", "min_by", "reduce"]
                    .contains(&name.as_str());
                let fallible = match name.as_str() {
                    "try_fold" | "try_for_each" => call.args.last().is_some_and(|f| self.closure_gives_option(f)),
                    "sum" | "product" => super::consume::turbofish(call)
                        .is_some_and(|ty| super::fallible::wrapped_in(&ty, "Option").is_some()),
                    _ => false,
                };
                let searches = searches || fallible;
                let chosen = ["then", "then_some"].contains(&name.as_str()) && call.args.len() == 1;
                if chosen && self.is_active(expr) {
                    return true;
                }
                let searched = searches && self.is_active(expr) && self.chain_of(&call.receiver).is_some();
                let kept = ["map", "and_then", "filter", "copied", "cloned", "or", "as_ref"].contains(&name.as_str());
                searched || (kept && self.is_option(&call.receiver))
            }
            Expr::Block(block) if block.label.is_some() => self.leaves_option(expr),
            Expr::Loop(_) => self.leaves_option(expr),
            Expr::Block(block) => match block.block.stmts.last() {
                Some(Stmt::Expr(value, None)) => self.is_option(value),
                _ => false,
            },
            Expr::If(_) | Expr::Match(_) => ends_in_option(expr) && self.is_active(expr),
            _ => false,
        }
    }

    /// A method of an option that lowering takes apart; none if the call is another one.
    pub(super) fn option_method(&mut self, call: &syn::ExprMethodCall) -> Option<Val> {
        let name = call.method.to_string();
        let args: Vec<Expr> = call.args.iter().cloned().collect();
        if let ("then" | "then_some", [value]) = (name.as_str(), &args[..]) {
            return self.chosen(&call.receiver, value, name == "then");
        }
        if !self.is_option(&call.receiver) {
            return self.value_or_default(call, &name, &args);
        }
        let known = [
            "unwrap",
            "expect",
            "unwrap_or",
            "unwrap_or_else",
            "unwrap_or_default",
            "is_some",
            "is_none",
            "copied",
            "cloned",
            "as_ref",
            "map",
            "map_or",
            "map_or_else",
            "and_then",
            "filter",
            "or",
        ];
        if !known.contains(&name.as_str()) {
            self.error(&call.method, diagnostics::option_method(&name));
            return Some(Val::Atom(Atom::Undefined));
        }
        let Val::Option { some, value } = self.expr(&call.receiver) else {
            return Some(Val::Atom(Atom::Undefined));
        };
        let whole = Expr::MethodCall(call.clone());
        Some(match (name.as_str(), &args[..]) {
            ("unwrap", []) => self.unwrapped(some, *value, &parse_quote!(::core::option::Option::<()>::None.unwrap();)),
            ("expect", [message]) => {
                let panic = parse_quote!(::core::option::Option::<()>::None.expect(#message););
                self.unwrapped(some, *value, &panic)
            }
            ("is_some", []) => Val::Atom(some),
            ("is_none", []) => Val::Atom(self.exact(Prim::Not, &[some])),
            ("copied" | "cloned" | "as_ref", []) => Val::Option { some, value },
            ("unwrap_or", [other]) => {
                let other = self.expr(other);
                self.either(some, *value, |_| other)
            }
            ("unwrap_or_default", []) => self.either(some, *value, |_| Val::Atom(Atom::Float(0.0))),
            ("unwrap_or_else", [f]) => {
                let other = self.applied(f, Vec::new())?;
                self.either(some, *value, |pass| pass.expr(&other))
            }
            ("map", [f]) => {
                let mapped = self.with_value(&whole, &value, f)?;
                let then = self.arm(|pass| pass.run(&mapped));
                let otherwise = self.arm(|_| Val::Never);
                let value = Box::new(self.merge(some, then, otherwise));
                Val::Option { some, value }
            }
            ("map_or", [default, f]) => {
                let default = self.expr(default);
                let mapped = self.with_value(&whole, &value, f)?;
                let then = self.arm(|pass| pass.run(&mapped));
                let otherwise = self.arm(|_| default);
                self.merge(some, then, otherwise)
            }
            ("map_or_else", [default, f]) => {
                let mapped = self.with_value(&whole, &value, f)?;
                let default = self.applied(default, Vec::new())?;
                let then = self.arm(|pass| pass.run(&mapped));
                let otherwise = self.arm(|pass| pass.expr(&default));
                self.merge(some, then, otherwise)
            }
            ("and_then", [f]) => {
                let mapped = self.with_value(&whole, &value, f)?;
                let then = self.arm(|pass| pass.run(&mapped));
                let otherwise = self.arm(|_| Val::Option { some: Atom::Bool(false), value: Box::new(Val::Never) });
                self.merge(some, then, otherwise)
            }
            ("filter", [f]) => {
                let kept = self.with_value(&whole, &value, f)?;
                let then = self.arm(|pass| pass.run(&kept));
                let otherwise = self.arm(|_| Val::Atom(Atom::Bool(false)));
                let some = self.merge(some, then, otherwise).atom();
                Val::Option { some, value }
            }
            ("or", [other]) => {
                let other = self.expr(other);
                self.either(some, Val::Option { some: Atom::Bool(true), value }, |_| other)
            }
            _ => {
                // rustc says best how many arguments there are.
                Val::Atom(Atom::Undefined)
            }
        })
    }

    /// `cond.then_some(value)`, and `cond.then(|| value)`, which evaluates the value only if the condition holds.
    fn chosen(&mut self, cond: &Expr, value: &Expr, lazy: bool) -> Option<Val> {
        let some = self.condition(cond);
        let value = if lazy {
            let value = self.applied(value, Vec::new())?;
            let then = self.arm(|pass| pass.expr(&value));
            let otherwise = self.arm(|_| Val::Never);
            self.merge(some, then, otherwise)
        } else {
            self.expr(value)
        };
        Some(Val::Option { some, value: Box::new(value) })
    }

    /// Statements that end in what a function gives for a value.
    fn with_value(&mut self, whole: &Expr, value: &Val, f: &Expr) -> Option<Vec<Stmt>> {
        let number = self.instances.number(&format!("some {}", whole.to_token_stream()));
        let name = self.fresh("some", number);
        self.bind(&parse_quote!(#name), value.clone(), &parse_quote!(some), 0);
        let applied = self.applied(f, vec![parse_quote!(#name)])?;
        Some(vec![Stmt::Expr(applied, None)])
    }

    /// An option that no active value enters, with a default or a closure that one does. That it is an option is for rustc
    /// to see, by the patterns.
    ///
    /// ```text
    /// // Input:    o.map_or(x, |v| v * x)
    /// // Lowered:  let option = o;  let default = x;  match option { Some(v) => v * x, None => default }
    /// ```
    fn value_or_default(&mut self, call: &syn::ExprMethodCall, name: &str, args: &[Expr]) -> Option<Val> {
        if self.is_active(&call.receiver) {
            return None;
        }
        let (default, mapped) = match (name, args) {
            ("unwrap_or", [default]) => (default, None),
            ("map_or", [default, f]) => (default, Some(f)),
            _ => return None,
        };
        let site = self.site(&Expr::MethodCall(call.clone()));
        let [option, other, some] = ["option", "default", "some"].map(|word| self.own(&site, word));
        let value = match mapped {
            Some(f) => self.applied(f, vec![parse_quote!(#some)])?,
            None => parse_quote!(#some),
        };
        let receiver = &call.receiver;
        Some(self.run(&[
            parse_quote!(let #option = #receiver;),
            parse_quote!(let #other = #default;),
            Stmt::Expr(
                parse_quote!(match #option {
                    ::core::option::Option::Some(#some) => #value,
                    ::core::option::Option::None => #other,
                }),
                None,
            ),
        ]))
    }

    /// One value or the other.
    fn either(&mut self, cond: Atom, value: Val, other: impl FnOnce(&mut Self) -> Val) -> Val {
        let then = self.arm(|_| value);
        let otherwise = self.arm(other);
        self.merge(cond, then, otherwise)
    }

    // ---- leaving the function with an `Option` or a `Result` -----------------------------------------------------

    /// `return value` of a function whose floats are in a wrapper.
    pub(super) fn return_wrapped(&mut self, value: &Expr) -> Val {
        match value {
            Expr::Paren(paren) => return self.return_wrapped(&paren.expr),
            Expr::Group(group) => return self.return_wrapped(&group.expr),
            Expr::If(_) | Expr::Match(_) | Expr::Block(_) => {
                let mut inside = value.clone();
                super::return_expr(&mut inside);
                if !matches!(inside, Expr::Return(_)) {
                    return self.expr(&inside);
                }
            }
            Expr::Call(call) => {
                let name =
                    |name: &str| matches!(&*call.func, Expr::Path(path) if fence::names_variant(&path.path, name));
                let inner = call.args.first();
                match inner {
                    Some(inner) if name("Ok") || name("Some") => {
                        return self.return_floats(Some(inner));
                    }
                    Some(_) if name("Err") => return self.leave_with(value),
                    _ => {}
                }
            }
            Expr::Path(path) if fence::names_variant(&path.path, "None") => return self.leave_with(value),
            _ => {}
        }
        // What comes out of `value?` is returned, and what leaves there leaves here.
        let inside: Expr = parse_quote!((#value)?);
        self.returns_tried = true;
        if self.source.form != Form::Unit || self.is_active(value) || self.is_option(value) {
            return self.return_floats(Some(&inside));
        }
        self.carry(&parse_quote!(#inside;), &[]);
        self.return_floats(None)
    }

    /// Leaves the function, and its companions, with an error, or with `None`: as the user's code says.
    pub(super) fn leave_with(&mut self, value: &Expr) -> Val {
        self.carry(&parse_quote!(return #value;), &[]);
        self.gone = true;
        Val::Never
    }

    /// `value?` where an active value is in it.
    pub(super) fn try_expr(&mut self, expr: &syn::ExprTry) -> Val {
        let converts = !std::mem::take(&mut self.returns_tried);
        if let Some(place) = self.unwrapped_place(&Expr::Try(expr.clone())) {
            return self.expr(&place);
        }
        if let Some(value) = self.tried_value(fence::strip_parens(&expr.expr), converts) {
            return value;
        }
        match fence::strip_parens(&expr.expr) {
            Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if fence::names_variant(&path.path, "Ok") || fence::names_variant(&path.path, "Some")) => {
                match call.args.first() {
                    Some(value) => self.expr(value),
                    None => Val::Unit,
                }
            }
            Expr::MethodCall(call)
                if (call.method == "ok_or" || call.method == "ok_or_else") && self.is_option(&call.receiver) =>
            {
                let Val::Option { some, value } = self.expr(&call.receiver) else { return Val::Never };
                let error = match call.args.first() {
                    Some(f) if call.method == "ok_or_else" => match self.applied(f, Vec::new()) {
                        Some(error) => error,
                        None => return Val::Never,
                    },
                    Some(error) => error.clone(),
                    None => return Val::Never,
                };
                let error = parse_quote!(::core::result::Result::Err(::core::convert::From::from(#error)));
                self.or_leave(some, *value, &error)
            }
            option if self.is_option(option) => {
                let Val::Option { some, value } = self.expr(option) else { return Val::Never };
                self.or_leave(some, *value, &parse_quote!(::core::option::Option::None))
            }
            other => {
                let before = self.errors.len();
                self.expr(other);
                if self.errors.len() == before {
                    self.error(
                        expr.question_token,
                        diagnostics::unsupported(
                            "this `?`",
                            "use it on `ok_or(..)`, and let functions that are called return floats",
                        ),
                    );
                }
                Val::Atom(Atom::Undefined)
            }
        }
    }

    /// The value, if there is one; else the function is left.
    fn or_leave(&mut self, some: Atom, value: Val, exit: &Expr) -> Val {
        if some == Atom::Bool(true) {
            return value;
        }
        let then = self.arm(|_| Val::Unit);
        let otherwise = self.arm(|pass| pass.leave_with(exit));
        self.merge(some, then, otherwise);
        value
    }

    /// The value, after a panic if there is none.
    fn unwrapped(&mut self, some: Atom, value: Val, panic: &Stmt) -> Val {
        if some != Atom::Bool(true) {
            let then = self.arm(|_| Val::Unit);
            let otherwise = self.arm(|pass| {
                pass.carry(panic, &[]);
                pass.gone = true;
                Val::Never
            });
            self.merge(some, then, otherwise);
        }
        value
    }
}

/// Whether a block, or a branch, has `Some(..)` or `None` as its value.
pub(super) fn ends_in_option(expr: &Expr) -> bool {
    let ends =
        |block: &syn::Block| matches!(block.stmts.last(), Some(Stmt::Expr(value, None)) if is_plain_option(value));
    match expr {
        Expr::Block(block) => ends(&block.block),
        Expr::If(branch) => {
            let otherwise = branch.else_branch.as_ref().is_some_and(|(_, otherwise)| ends_in_option(otherwise));
            ends(&branch.then_branch) || otherwise
        }
        Expr::Match(m) => m.arms.iter().any(|arm| is_plain_option(&arm.body)),
        _ => false,
    }
}

/// Whether an expression is `Some(..)` or `None`, or a branch that has one of these as its value.
pub(super) fn is_plain_option(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if fence::names_variant(&path.path, "Some")),
        Expr::Path(path) => fence::names_variant(&path.path, "None"),
        other => ends_in_option(other),
    }
}
