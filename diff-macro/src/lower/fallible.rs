//! Code that may fail, and whose failure leaves the function: `?` on chains, closures and branches that give a `Result`
//! or an `Option`.
//!
//! ```text
//! x.iter().map(|v| if *v > 0.0 { Ok(v.ln()) } else { Err(Negative) }).sum::<Result<f64, Negative>>()?
//!
//! let mut sum = -0.0;
//! for i in 0..x.len() {
//!     let term = { let v = &x[i]; if *v > 0.0 { v.ln() } else { return Err(From::from(Negative)) } };
//!     sum += term;
//! }
//! ```
//!
//! What would be given as a failure leaves at once, since nothing happens between. Where an option is kept instead, the
//! loop is left, and a variable tells that there is no value.

use proc_macro2::Ident;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Stmt, Type, parse_quote};

use super::chain::{Iter, Site};
use super::{Lowering, Val};
use crate::diagnostics;
use crate::fence;

/// What happens where there is no value.
#[derive(Clone)]
pub(super) enum Failure {
    /// The variable is cleared, and the loop is left.
    Keep(Ident),
    /// The function is left.
    Leave(Box<Leave>),
}

/// How a failure leaves the function.
#[derive(Clone, Default)]
pub(super) struct Leave {
    /// The type of the error before it is converted, as far as it is written down.
    error: Option<Type>,
    /// By `?`, which converts the error; else it is returned as it is.
    converts: bool,
}

/// Makes the statements of a value.
type Each<'b, 'a> = &'b mut dyn FnMut(&mut Lowering<'a>, Expr) -> Option<Vec<Stmt>>;

impl<'a> Lowering<'a> {
    /// The value of fallible code under a `?`; none if the code is no such.
    pub(super) fn tried_value(&mut self, inner: &Expr, converts: bool) -> Option<Val> {
        if !self.is_active(inner) {
            return None;
        }
        let leave = Leave::by(converts);
        match inner {
            Expr::MethodCall(call) => self.consumer_or_else(call, Some(leave)),
            Expr::Call(call) if self.is_local_closure(&call.func) => {
                let args = call.args.iter().cloned().collect();
                let Some(value) = self.tried_call(&call.func, args, &leave) else { return Some(Val::Never) };
                Some(self.expr(&value))
            }
            Expr::If(_) | Expr::Match(_) | Expr::Block(_) if gives_result(inner) => {
                let value = leave.tried(inner.clone());
                Some(self.expr(&value))
            }
            _ => None,
        }
    }

    fn is_local_closure(&self, function: &Expr) -> bool {
        match function {
            Expr::Paren(paren) => matches!(&*paren.expr, Expr::Closure(_)),
            other => fence::variable(other).is_some_and(|name| self.closures.contains_key(&name)),
        }
    }

    /// Whether code gives a `Result` of an active value, which cannot be kept.
    pub(super) fn keeps_result(&self, expr: &Expr) -> bool {
        let gives = match expr {
            Expr::Paren(paren) => return self.keeps_result(&paren.expr),
            Expr::MethodCall(call) => match call.method.to_string().as_str() {
                "try_fold" | "try_for_each" => call.args.last().is_some_and(|f| !self.closure_gives_option(f)),
                "sum" | "product" | "collect" => {
                    super::consume::turbofish(call).is_some_and(|ty| wrapped_in(&ty, "Result").is_some())
                }
                _ => false,
            },
            Expr::Call(call) if self.is_local_closure(&call.func) => !self.closure_gives_option(&call.func),
            other => gives_result(other),
        };
        gives && self.is_active(expr)
    }

    /// The value that a call of a closure gives, where a failure leaves the function.
    pub(super) fn tried_call(&mut self, function: &Expr, args: Vec<Expr>, leave: &Leave) -> Option<Expr> {
        let error = self.error_of(function).or_else(|| leave.error.clone());
        let leave = Leave { error, ..leave.clone() };
        let around = self.leaving.replace(leave.clone());
        let value = self.applied(function, args);
        self.leaving = around;
        Some(leave.tried(value?))
    }

    /// The type of the errors of a closure that is declared to return a `Result`.
    fn error_of(&self, function: &Expr) -> Option<Type> {
        match function {
            Expr::Closure(syn::ExprClosure { output: syn::ReturnType::Type(_, ty), .. }) => wrapped_in(ty, "Result")?.1,
            Expr::Paren(paren) => self.error_of(&paren.expr),
            Expr::Reference(reference) => self.error_of(&reference.expr),
            other => {
                let closure = fence::variable(other).and_then(|name| self.closures.get(&name))?;
                self.error_of(closure)
            }
        }
    }

    /// The loops of a chain whose items may fail, with the statements for each value.
    pub(super) fn run_fallible(
        &mut self,
        whole: &Expr,
        iter: &Iter,
        site: &Site,
        failure: &Failure,
        each: Each<'_, 'a>,
    ) -> Option<()> {
        let leave = match failure {
            Failure::Leave(leave) => leave,
            Failure::Keep(found) => {
                return self.run_chain(whole, iter, site, &mut |pass, item| pass.kept(item, found, site, each));
            }
        };
        // The last closure is the one that fails: those before it may have options of their own.
        let (inner, f) = if let Iter::Map(inner, f) = iter { (&**inner, Some(f)) } else { (iter, None) };
        self.run_chain(whole, inner, site, &mut |pass, item| {
            let value = match f {
                Some(f) => pass.tried_call(f, vec![item], leave)?,
                None => leave.tried(item),
            };
            pass.each_value(value, site, each)
        })
    }

    /// The statements for what a function makes of an item, or of a state and an item.
    pub(super) fn call_fallible(
        &mut self,
        f: &Expr,
        args: Vec<Expr>,
        site: &Site,
        failure: &Failure,
        each: Each<'_, 'a>,
    ) -> Option<Vec<Stmt>> {
        match failure {
            Failure::Leave(leave) => {
                let value = self.tried_call(f, args, leave)?;
                self.each_value(value, site, each)
            }
            Failure::Keep(found) => {
                let value = self.applied(f, args)?;
                self.kept(value, found, site, each)
            }
        }
    }

    fn each_value(&mut self, value: Expr, site: &Site, each: Each<'_, 'a>) -> Option<Vec<Stmt>> {
        let term = self.own(site, "term");
        let mut stmts: Vec<Stmt> = vec![parse_quote!(let #term = #value;)];
        stmts.extend(each(self, parse_quote!(#term))?);
        Some(stmts)
    }

    fn kept(&mut self, option: Expr, found: &Ident, site: &Site, each: Each<'_, 'a>) -> Option<Vec<Stmt>> {
        let (term, label) = (self.own(site, "term"), site.label());
        let mut stmts: Vec<Stmt> = vec![parse_quote!(
            let ::core::option::Option::Some(#term) = (#option) else {
                #found = false;
                break #label;
            };
        )];
        stmts.extend(each(self, parse_quote!(#term))?);
        Some(stmts)
    }

    /// What a fallible consumer does where there is no value; none, with an error, if the failure cannot be kept.
    pub(super) fn failure(&mut self, call: &syn::ExprMethodCall, leave: Option<Leave>, site: &Site) -> Option<Failure> {
        if let Some(leave) = leave {
            return Some(Failure::Leave(Box::new(leave)));
        }
        let gives_option = match call.args.last() {
            Some(f) => self.closure_gives_option(f),
            None => true,
        };
        if !gives_option {
            self.error(&call.method, diagnostics::KEPT_RESULT);
            return None;
        }
        let found = self.own(site, "found");
        self.run(&[parse_quote!(let mut #found = true;)]);
        Some(Failure::Keep(found))
    }

    /// The value of a fallible consumer, or the option of it.
    pub(super) fn value_or_option(&mut self, failure: &Failure, value: Val) -> Val {
        match failure {
            Failure::Leave(_) => value,
            Failure::Keep(found) => {
                let some = self.expr(&parse_quote!(#found)).atom();
                Val::Option { some, value: Box::new(value) }
            }
        }
    }
}

impl Leave {
    /// By a `?`, or by the `return` of the value itself.
    pub(super) fn by(converts: bool) -> Self {
        Leave { error: None, converts }
    }

    /// With the type of the errors that an annotation shows.
    pub(super) fn with_error(self, error: Option<Type>) -> Self {
        Leave { error: error.or(self.error), ..self }
    }

    /// The value of fallible code, with the ways out in the places of failures.
    fn tried(&self, expr: Expr) -> Expr {
        match expr {
            Expr::Paren(paren) => self.tried(*paren.expr),
            Expr::If(mut branch) if branch.else_branch.is_some() => {
                self.tail(&mut branch.then_branch);
                if let Some((_, otherwise)) = &mut branch.else_branch {
                    **otherwise = self.tried((**otherwise).clone());
                }
                Expr::If(branch)
            }
            Expr::Match(mut m) => {
                for arm in &mut m.arms {
                    *arm.body = self.tried((*arm.body).clone());
                }
                Expr::Match(m)
            }
            Expr::Block(mut block) => {
                if let Some(label) = &block.label {
                    Breaks { leave: self, label: label.name.clone() }.visit_block_mut(&mut block.block);
                }
                self.tail(&mut block.block);
                Expr::Block(block)
            }
            Expr::Call(call) if is_variant(&call, "Ok") || is_variant(&call, "Some") => {
                call.args.first().cloned().unwrap_or(Expr::Call(call))
            }
            Expr::Call(call) if is_variant(&call, "Err") => self.exit_with(call.args.first()),
            Expr::Path(path) if fence::names_variant(&path.path, "None") => {
                parse_quote!(return ::core::option::Option::None)
            }
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => expr,
            Expr::Macro(mac) if fence::is_panic(&mac.mac) => Expr::Macro(mac),
            other => parse_quote!((#other)?),
        }
    }

    fn tail(&self, block: &mut syn::Block) {
        if let Some(Stmt::Expr(value, None)) = block.stmts.last_mut() {
            *value = self.tried(value.clone());
        }
    }

    fn exit_with(&self, error: Option<&Expr>) -> Expr {
        match (&self.error, self.converts) {
            (_, false) => parse_quote!(return ::core::result::Result::Err(#error)),
            (Some(ty), true) if !matches!(ty, Type::Infer(_)) => {
                parse_quote!(return ::core::result::Result::Err(::core::convert::From::<#ty>::from(#error)))
            }
            (_, true) => parse_quote!(return ::core::result::Result::Err(::core::convert::From::from(#error))),
        }
    }

    /// `value?` in a closure, whose failure the closure gives: it is converted to the closure's error, then leaves.
    pub(super) fn tried_inside(&self, is_option: bool, body: &mut Expr) -> bool {
        if is_option || !self.converts {
            // One conversion, or none: that of the `?` itself.
            return true;
        }
        let Some(ty) = self.error.clone().filter(|ty| !matches!(ty, Type::Infer(_))) else { return false };
        Converted { ty }.visit_expr_mut(body);
        true
    }
}

/// Values with which a labelled block is left.
struct Breaks<'l> {
    leave: &'l Leave,
    label: syn::Lifetime,
}

impl VisitMut for Breaks<'_> {
    fn visit_expr_break_mut(&mut self, jump: &mut syn::ExprBreak) {
        visit_mut::visit_expr_break_mut(self, jump);
        if let (true, Some(value)) = (jump.label.as_ref() == Some(&self.label), &mut jump.expr) {
            **value = self.leave.tried((**value).clone());
        }
    }
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

/// Writes `value?` such that the error is converted to a type first.
struct Converted {
    ty: Type,
}

impl VisitMut for Converted {
    fn visit_expr_try_mut(&mut self, tried: &mut syn::ExprTry) {
        visit_mut::visit_expr_try_mut(self, tried);
        let (value, ty) = (&tried.expr, &self.ty);
        *tried.expr = parse_quote!((#value).map_err(<#ty as ::core::convert::From<_>>::from));
    }
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

fn is_variant(call: &syn::ExprCall, name: &str) -> bool {
    matches!(&*call.func, Expr::Path(path) if fence::names_variant(&path.path, name))
}

/// Whether a branch visibly gives `Ok` or `Err`.
fn gives_result(expr: &Expr) -> bool {
    let ends = |block: &syn::Block| matches!(block.stmts.last(), Some(Stmt::Expr(value, None)) if gives_result(value));
    match expr {
        Expr::Paren(paren) => gives_result(&paren.expr),
        Expr::Call(call) => is_variant(call, "Ok") || is_variant(call, "Err"),
        Expr::Block(block) => ends(&block.block),
        Expr::If(branch) => {
            ends(&branch.then_branch)
                || branch.else_branch.as_ref().is_some_and(|(_, otherwise)| gives_result(otherwise))
        }
        Expr::Match(m) => m.arms.iter().any(|arm| gives_result(&arm.body)),
        _ => false,
    }
}

/// `Option<T>` or `Result<T, E>` as `T` and `E`.
pub(super) fn wrapped_in(ty: &Type, name: &str) -> Option<(Type, Option<Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let syn::PathArguments::AngleBracketed(args) = &last.arguments else { return None };
    let mut types = args.args.iter().filter_map(|arg| match arg {
        syn::GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    Some((types.next()?, types.next()))
}
