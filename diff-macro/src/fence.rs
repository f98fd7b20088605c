//! The accepted source language: questions about the syntax tree that decide how lowering treats it.
//!
//! Invariant: nothing here guesses. What a question cannot answer for certain, it answers in the way that leads to an
//! error or to verbatim code, never to a derivative.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, Expr, Stmt};

use crate::ir::{Effect, Scalar, Ty};
use crate::rules;

/// The name of a path of one segment.
pub(crate) fn variable(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().map(ToString::to_string),
        Expr::Paren(paren) => variable(&paren.expr),
        Expr::Group(group) => variable(&group.expr),
        _ => None,
    }
}

/// The variable that an assignment changes, be it whole or in part.
pub(crate) fn root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        Expr::Unary(unary) => root(&unary.expr),
        other => variable(other),
    }
}

fn token_names(tokens: TokenStream, out: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                out.insert(ident.to_string());
            }
            TokenTree::Group(group) => token_names(group.stream(), out),
            TokenTree::Literal(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// All single identifiers that the code mentions as values.
#[derive(Default)]
pub(crate) struct Mentions {
    pub(crate) names: HashSet<String>,
}

impl<'a> Visit<'a> for Mentions {
    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        if let (None, Some(ident)) = (&path.qself, path.path.get_ident()) {
            self.names.insert(ident.to_string());
        }
    }
    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        token_names(mac.tokens.clone(), &mut self.names);
    }
}

pub(crate) fn mentions_in_expr(expr: &Expr) -> HashSet<String> {
    let mut mentions = Mentions::default();
    mentions.visit_expr(expr);
    mentions.names
}

/// The variables through which values enter an expression: `x.len()` tells nothing of what `x` holds.
pub(crate) fn active_mentions_in_expr(expr: &Expr) -> HashSet<String> {
    let mut mentions = ActiveMentions::default();
    mentions.visit_expr(expr);
    mentions.0.names
}

/// The same, of a statement.
pub(crate) fn active_mentions_in_stmt(stmt: &Stmt) -> HashSet<String> {
    let mut mentions = ActiveMentions::default();
    mentions.visit_stmt(stmt);
    mentions.0.names
}

#[derive(Default)]
struct ActiveMentions(Mentions);

impl<'a> Visit<'a> for ActiveMentions {
    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        let is_length = call.args.is_empty() && (call.method == "len" || call.method == "is_empty");
        if !(is_length && variable(&call.receiver).is_some()) {
            visit::visit_expr_method_call(self, call);
        }
    }
    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        self.0.visit_expr_path(path);
    }
    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        match macro_arguments(mac) {
            Some(args) => {
                for arg in args {
                    self.0.names.extend(active_mentions_in_expr(&arg));
                }
            }
            None => self.0.visit_macro(mac),
        }
    }
}

/// The arguments of `vec![..]`, which are expressions.
fn macro_arguments(mac: &syn::Macro) -> Option<Vec<Expr>> {
    use syn::punctuated::Punctuated;
    if !mac.path.is_ident("vec") {
        return None;
    }
    if let Ok(list) = mac.parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated) {
        return Some(list.into_iter().collect());
    }
    let pair = Punctuated::<Expr, syn::Token![;]>::parse_terminated;
    mac.parse_body_with(pair).ok().map(|pair| pair.into_iter().collect())
}

/// The variable of `v` or `*v`.
pub(crate) fn variable_through_deref(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => variable(&unary.expr),
        other => variable(other),
    }
}

pub(crate) fn mentions_in_stmt(stmt: &Stmt) -> HashSet<String> {
    let mut mentions = Mentions::default();
    mentions.visit_stmt(stmt);
    mentions.names
}

/// Variables that the code assigns, and those that it lends out mutably or changes inside a closure or a macro.
#[derive(Default)]
pub(crate) struct Writes {
    pub(crate) assigned: HashSet<String>,
    pub(crate) lent: HashSet<String>,
    in_closure: bool,
}

impl Writes {
    fn assign(&mut self, target: &Expr) {
        match target {
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|elem| self.assign(elem)),
            Expr::Array(array) => array.elems.iter().for_each(|elem| self.assign(elem)),
            other => {
                if let Some(name) = root(other) {
                    let whole = variable(other).is_some();
                    if self.in_closure || !whole {
                        self.lent.insert(name.clone())
                    } else {
                        self.assigned.insert(name.clone())
                    };
                    self.assigned.insert(name);
                }
            }
        }
    }
}

impl<'a> Visit<'a> for Writes {
    fn visit_expr_assign(&mut self, assign: &'a syn::ExprAssign) {
        self.assign(&assign.left);
        visit::visit_expr(self, &assign.right);
    }
    fn visit_expr_binary(&mut self, binary: &'a syn::ExprBinary) {
        if is_compound(&binary.op).is_some() || is_bit_assign(&binary.op) {
            self.assign(&binary.left);
        }
        visit::visit_expr_binary(self, binary);
    }
    fn visit_expr_reference(&mut self, reference: &'a syn::ExprReference) {
        if reference.mutability.is_some() {
            self.lent.extend(root(&reference.expr));
        }
        visit::visit_expr_reference(self, reference);
    }
    fn visit_expr_closure(&mut self, closure: &'a syn::ExprClosure) {
        let outer = std::mem::replace(&mut self.in_closure, true);
        visit::visit_expr_closure(self, closure);
        self.in_closure = outer;
    }
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

pub(crate) fn writes_in_stmts(stmts: &[Stmt]) -> Writes {
    let mut writes = Writes::default();
    stmts.iter().for_each(|stmt| writes.visit_stmt(stmt));
    writes
}

pub(crate) fn writes_in_expr(expr: &Expr) -> Writes {
    let mut writes = Writes::default();
    writes.visit_expr(expr);
    writes
}

/// The operator of a compound assignment.
pub(crate) fn is_compound(op: &syn::BinOp) -> Option<crate::rules::Prim> {
    use crate::rules::Prim;
    match op {
        syn::BinOp::AddAssign(_) => Some(Prim::Add),
        syn::BinOp::SubAssign(_) => Some(Prim::Sub),
        syn::BinOp::MulAssign(_) => Some(Prim::Mul),
        syn::BinOp::DivAssign(_) => Some(Prim::Div),
        syn::BinOp::RemAssign(_) => Some(Prim::Rem),
        _ => None,
    }
}

pub(crate) fn is_bit_assign(op: &syn::BinOp) -> bool {
    use syn::BinOp::{BitAndAssign, BitOrAssign, BitXorAssign, ShlAssign, ShrAssign};
    matches!(op, BitAndAssign(_) | BitOrAssign(_) | BitXorAssign(_) | ShlAssign(_) | ShrAssign(_))
}

/// Jumps that leave a piece of code: to a loop around it, or out of the function.
#[derive(Default)]
pub(crate) struct Exits {
    pub(crate) returns: bool,
    /// Labels of loops around the code that it jumps to; none for the innermost.
    pub(crate) jumps: Vec<Option<String>>,
    labels: Vec<Option<String>>,
}

impl Exits {
    pub(crate) fn any(&self) -> bool {
        self.returns || !self.jumps.is_empty()
    }

    fn jump(&mut self, label: Option<&syn::Lifetime>) {
        match label {
            None if self.labels.is_empty() => self.jumps.push(None),
            None => {}
            Some(label) => {
                let name = label.ident.to_string();
                if !self.labels.contains(&Some(name.clone())) {
                    self.jumps.push(Some(name));
                }
            }
        }
    }

    fn within(&mut self, label: Option<&syn::Label>, run: impl FnOnce(&mut Self)) {
        self.labels.push(label.map(|label| label.name.ident.to_string()));
        run(self);
        self.labels.pop();
    }
}

impl<'a> Visit<'a> for Exits {
    fn visit_expr_return(&mut self, expr: &'a syn::ExprReturn) {
        self.returns = true;
        visit::visit_expr_return(self, expr);
    }
    fn visit_expr_try(&mut self, expr: &'a syn::ExprTry) {
        self.returns = true;
        visit::visit_expr_try(self, expr);
    }
    fn visit_expr_break(&mut self, expr: &'a syn::ExprBreak) {
        self.jump(expr.label.as_ref());
        visit::visit_expr_break(self, expr);
    }
    fn visit_expr_continue(&mut self, expr: &'a syn::ExprContinue) {
        self.jump(expr.label.as_ref());
    }
    fn visit_expr_for_loop(&mut self, l: &'a syn::ExprForLoop) {
        self.visit_expr(&l.expr);
        self.within(l.label.as_ref(), |exits| visit::visit_block(exits, &l.body));
    }
    fn visit_expr_while(&mut self, l: &'a syn::ExprWhile) {
        self.within(l.label.as_ref(), |exits| visit::visit_expr_while(exits, l));
    }
    fn visit_expr_loop(&mut self, l: &'a syn::ExprLoop) {
        self.within(l.label.as_ref(), |exits| visit::visit_block(exits, &l.body));
    }
    fn visit_expr_block(&mut self, block: &'a syn::ExprBlock) {
        match &block.label {
            // Only a labelled break leaves a labelled block.
            Some(label) => {
                let name = label.name.ident.to_string();
                let mut inner = Exits::default();
                visit::visit_block(&mut inner, &block.block);
                self.returns |= inner.returns;
                let outer = inner.jumps.into_iter().filter(|jump| *jump != Some(name.clone()));
                for jump in outer {
                    match &jump {
                        None if !self.labels.is_empty() => {}
                        Some(_) if self.labels.contains(&jump) => {}
                        _ => self.jumps.push(jump),
                    }
                }
            }
            None => visit::visit_expr_block(self, block),
        }
    }
    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'a syn::ExprAsync) {}
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

pub(crate) fn exits_of_expr(expr: &Expr) -> Exits {
    let mut exits = Exits::default();
    exits.visit_expr(expr);
    exits
}

pub(crate) fn exits_of_stmts(stmts: &[Stmt]) -> Exits {
    let mut exits = Exits::default();
    stmts.iter().for_each(|stmt| exits.visit_stmt(stmt));
    exits
}

/// Whether a `break` leaves the loop.
pub(crate) fn has_break(l: &syn::ExprLoop) -> bool {
    struct Found {
        depth: usize,
        label: Option<String>,
        found: bool,
    }
    impl<'a> Visit<'a> for Found {
        fn visit_expr_break(&mut self, expr: &'a syn::ExprBreak) {
            self.found |= match &expr.label {
                None => self.depth == 0,
                Some(label) => Some(label.ident.to_string()) == self.label,
            };
            visit::visit_expr_break(self, expr);
        }
        fn visit_expr_loop(&mut self, l: &'a syn::ExprLoop) {
            self.depth += 1;
            visit::visit_expr_loop(self, l);
            self.depth -= 1;
        }
        fn visit_expr_while(&mut self, l: &'a syn::ExprWhile) {
            self.depth += 1;
            visit::visit_expr_while(self, l);
            self.depth -= 1;
        }
        fn visit_expr_for_loop(&mut self, l: &'a syn::ExprForLoop) {
            self.depth += 1;
            visit::visit_expr_for_loop(self, l);
            self.depth -= 1;
        }
        fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
        fn visit_item(&mut self, _: &'a syn::Item) {}
    }
    let label = l.label.as_ref().map(|label| label.name.ident.to_string());
    let mut found = Found { depth: 0, label, found: false };
    found.visit_block(&l.body);
    found.found
}

/// Whether control never reaches the end of the block.
pub(crate) fn diverges(block: &Block) -> bool {
    block.stmts.iter().any(|stmt| match stmt {
        Stmt::Expr(expr, _) => expr_diverges(expr),
        Stmt::Macro(_) | Stmt::Local(_) | Stmt::Item(_) => false,
    })
}

pub(crate) fn expr_diverges(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Block(block) => block.label.is_none() && diverges(&block.block),
        Expr::If(branch) => {
            let otherwise = branch.else_branch.as_ref().is_some_and(|(_, otherwise)| expr_diverges(otherwise));
            diverges(&branch.then_branch) && otherwise
        }
        Expr::Paren(paren) => expr_diverges(&paren.expr),
        _ => false,
    }
}

/// Methods that only look at a value: their results do not vary.
pub(crate) fn is_query(method: &str) -> bool {
    matches!(
        method,
        "is_nan"
            | "is_infinite"
            | "is_finite"
            | "is_normal"
            | "is_subnormal"
            | "is_sign_positive"
            | "is_sign_negative"
            | "to_bits"
            | "total_cmp"
            | "partial_cmp"
            | "classify"
            | "eq"
            | "ne"
            | "lt"
            | "le"
            | "gt"
            | "ge"
    )
}

/// Methods without effects, on whatever type of the standard library has them.
fn is_pure_method(name: &str) -> bool {
    rules::method(name).is_some()
        || is_query(name)
        || matches!(
            name,
            "len"
                | "is_empty"
                | "clone"
                | "pow"
                | "abs_diff"
                | "saturating_sub"
                | "saturating_add"
                | "wrapping_add"
                | "wrapping_sub"
                | "count_ones"
                | "is_some"
                | "is_none"
                | "is_ok"
                | "is_err"
                | "sin_cos"
        )
}

/// How far verbatim code may be moved; `is_cell` says which variables change.
pub(crate) fn effect_of(expr: &Expr, is_cell: &dyn Fn(&str) -> bool) -> Effect {
    let worst = |parts: &[&Expr]| parts.iter().map(|part| effect_of(part, is_cell)).max().unwrap_or(Effect::Pure);
    match expr {
        Expr::Lit(_) => Effect::Pure,
        Expr::Path(_) => match variable(expr) {
            Some(name) if is_cell(&name) => Effect::Reads,
            _ => Effect::Pure,
        },
        Expr::Paren(e) => effect_of(&e.expr, is_cell),
        Expr::Group(e) => effect_of(&e.expr, is_cell),
        Expr::Unary(e) => effect_of(&e.expr, is_cell),
        Expr::Cast(e) => effect_of(&e.expr, is_cell),
        Expr::Field(e) => effect_of(&e.base, is_cell),
        Expr::Reference(e) if e.mutability.is_none() => effect_of(&e.expr, is_cell),
        Expr::Binary(e) if is_compound(&e.op).is_none() && !is_bit_assign(&e.op) => worst(&[&e.left, &e.right]),
        Expr::Index(e) => worst(&[&e.expr, &e.index]),
        Expr::Range(e) => worst(&e.start.iter().chain(&e.end).map(|e| &**e).collect::<Vec<_>>()),
        Expr::Tuple(e) => worst(&e.elems.iter().collect::<Vec<_>>()),
        Expr::Array(e) => worst(&e.elems.iter().collect::<Vec<_>>()),
        Expr::MethodCall(e) if is_pure_method(&e.method.to_string()) => {
            let args = e.args.iter().map(|arg| effect_of(arg, is_cell)).max().unwrap_or(Effect::Pure);
            args.max(effect_of(&e.receiver, is_cell))
        }
        Expr::Call(e) if is_pure_function(&e.func) => {
            e.args.iter().map(|arg| effect_of(arg, is_cell)).max().unwrap_or(Effect::Pure)
        }
        _ => Effect::Any,
    }
}

/// `f64::from(..)`, `f64::sin(..)`, `Some(..)` and the like.
fn is_pure_function(func: &Expr) -> bool {
    let Expr::Path(path) = func else { return false };
    let Some(last) = path.path.segments.last().map(|segment| segment.ident.to_string()) else {
        return false;
    };
    match primitive_type(&path.path) {
        Some(_) => last == "from" || rules::method(&last).is_some() || matches!(last.as_str(), "min" | "max" | "pow"),
        None => matches!(last.as_str(), "Some" | "Ok" | "Err") && path.path.segments.len() == 1,
    }
}

/// The primitive type whose associated item a path names: `f64` of `f64::sin` and of `std::primitive::f64::sin`.
pub(crate) fn primitive_type(path: &syn::Path) -> Option<String> {
    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let ty = segments.len().checked_sub(2).map(|k| segments[k].clone())?;
    let leading = &segments[..segments.len() - 2];
    let prefix_ok = leading.is_empty()
        || matches!(leading, [root, inner] if (root == "std" || root == "core") && inner == "primitive");
    let is_primitive = matches!(
        ty.as_str(),
        "f64"
            | "f32"
            | "usize"
            | "isize"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "bool"
    );
    (prefix_ok && is_primitive).then_some(ty)
}

/// The type of code whose variables have known types, as far as its form tells.
pub(crate) fn type_of(expr: &Expr, variable_ty: &dyn Fn(&str) -> Ty) -> Ty {
    let of = |e: &Expr| type_of(e, variable_ty);
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            syn::Lit::Float(float) => Scalar::from_name(float.suffix()).map_or(Ty::Unknown, Ty::Float),
            syn::Lit::Int(int) => Scalar::from_name(int.suffix()).map_or(Ty::Int, Ty::Float),
            syn::Lit::Bool(_) => Ty::Bool,
            _ => Ty::Unknown,
        },
        Expr::Path(path) => match variable(expr) {
            Some(name) => variable_ty(&name),
            None => constant_ty(&path.path),
        },
        // The elements of an array are asked for by its name with brackets.
        Expr::Index(_) => root(expr).map_or(Ty::Unknown, |name| variable_ty(&format!("{name}[]"))),
        Expr::Paren(e) => of(&e.expr),
        Expr::Group(e) => of(&e.expr),
        Expr::Cast(e) => match &*e.ty {
            syn::Type::Path(ty) => match ty.path.get_ident().map(ToString::to_string) {
                Some(name) => Scalar::from_name(&name).map_or(integer_or_unknown(&name), Ty::Float),
                None => Ty::Unknown,
            },
            _ => Ty::Unknown,
        },
        Expr::Unary(e) => match e.op {
            syn::UnOp::Neg(_) => of(&e.expr),
            _ => Ty::Unknown,
        },
        Expr::Binary(e) => binary_ty(&e.op, (&e.left, of(&e.left)), (&e.right, of(&e.right))),
        Expr::MethodCall(e) => match of(&e.receiver) {
            Ty::Float(scalar) if rules::method(&e.method.to_string()).is_some() => Ty::Float(scalar),
            Ty::Int if is_integer_method(&e.method.to_string()) => Ty::Int,
            _ if e.method == "len" => Ty::Int,
            _ => Ty::Unknown,
        },
        Expr::Call(e) => match &*e.func {
            Expr::Path(path) => match primitive_type(&path.path).and_then(|name| Scalar::from_name(&name)) {
                Some(scalar) => {
                    let last = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                    let known = last == "from" || rules::method(&last).is_some();
                    if known { Ty::Float(scalar) } else { Ty::Unknown }
                }
                None => Ty::Unknown,
            },
            _ => Ty::Unknown,
        },
        _ => Ty::Unknown,
    }
}

/// Methods of integers that give an integer of the same type.
fn is_integer_method(name: &str) -> bool {
    matches!(name, "min" | "max" | "abs" | "pow" | "clamp" | "rem_euclid" | "div_euclid" | "signum" | "clone")
        || ["saturating_", "wrapping_"].iter().any(|prefix| name.starts_with(prefix))
}

fn integer_or_unknown(name: &str) -> Ty {
    let integer = matches!(
        name,
        "usize" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "i8" | "i16" | "i32" | "i64" | "i128"
    );
    if integer { Ty::Int } else { Ty::Unknown }
}

pub(crate) fn is_float_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(lit) => matches!(lit.lit, syn::Lit::Float(_)),
        Expr::Paren(e) => is_float_literal(&e.expr),
        Expr::Unary(e) => matches!(e.op, syn::UnOp::Neg(_)) && is_float_literal(&e.expr),
        _ => false,
    }
}

fn binary_ty(op: &syn::BinOp, left: (&Expr, Ty), right: (&Expr, Ty)) -> Ty {
    use syn::BinOp::{Add, And, Div, Eq, Ge, Gt, Le, Lt, Mul, Ne, Or, Rem, Sub};
    match op {
        Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_) | And(_) | Or(_) => Ty::Bool,
        Add(_) | Sub(_) | Mul(_) | Div(_) | Rem(_) => match (left.1, right.1) {
            (a, b) if a == b => a,
            // A float literal takes the type of the other operand, if that is a float.
            (ty @ Ty::Float(_), Ty::Unknown) if is_float_literal(right.0) => ty,
            (Ty::Unknown, ty @ Ty::Float(_)) if is_float_literal(left.0) => ty,
            _ => Ty::Unknown,
        },
        _ => Ty::Unknown,
    }
}

/// `std::f64::consts::PI`, `f64::EPSILON`: constants of the standard library whose type their path tells.
fn constant_ty(path: &syn::Path) -> Ty {
    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    let scalar = match names[..] {
        ["std" | "core", ty, "consts", _] | ["std" | "core", ty, _] => Scalar::from_name(ty),
        [ty, "EPSILON" | "MAX" | "MIN" | "MIN_POSITIVE" | "INFINITY" | "NEG_INFINITY" | "NAN"] => Scalar::from_name(ty),
        _ => None,
    };
    scalar.map_or(Ty::Unknown, Ty::Float)
}

/// Whether a macro only looks at its arguments: it prints, or it asserts.
pub(crate) fn is_observer(mac: &syn::Macro) -> bool {
    crate::resolve::is_format_macro(mac)
        && !mac.path.segments.last().is_some_and(|segment| segment.ident == "format" || segment.ident == "dbg")
}
