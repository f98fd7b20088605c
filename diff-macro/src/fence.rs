//! The accepted source language: questions about the syntax tree that decide how lowering treats it.
//!
//! Invariant: nothing here guesses. What a question cannot answer for certain, it answers in the way that leads to an
//! error or to verbatim code, never to a derivative.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Stmt};

use crate::generic;
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

/// The expression without parentheses around it.
pub(crate) fn strip_parens(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => strip_parens(&paren.expr),
        Expr::Group(group) => strip_parens(&group.expr),
        other => other,
    }
}

/// The name of a function of `std::mem` that changes what its arguments refer to, if a call looks like one.
pub(crate) fn mem_function(call: &syn::ExprCall) -> Option<String> {
    let Expr::Path(path) = &*call.func else { return None };
    let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ([name] | ["mem", name] | ["std" | "core", "mem", name]) = names[..] else { return None };
    let count = match name {
        "swap" | "replace" => 2,
        "take" => 1,
        _ => return None,
    };
    let lends = |arg: &Expr| match strip_parens(arg) {
        Expr::Reference(reference) => reference.mutability.is_some(),
        other => variable(other).is_some(),
    };
    let fits = call.args.len() == count && path.qself.is_none() && mem_places_of(name, call).all(lends);
    fits.then(|| name.to_owned())
}

fn mem_places_of<'c>(name: &str, call: &'c syn::ExprCall) -> impl Iterator<Item = &'c Expr> {
    call.args.iter().take(if name == "swap" { 2 } else { 1 })
}

/// The places that a function of `std::mem` changes.
fn changed_by_mem(call: &syn::ExprCall) -> Vec<Expr> {
    let Some(name) = mem_function(call) else { return Vec::new() };
    let places = mem_places_of(&name, call).map(|arg| match strip_parens(arg) {
        Expr::Reference(reference) => (*reference.expr).clone(),
        other => syn::parse_quote!(*#other),
    });
    places.collect()
}

/// The variable that an assignment changes, be it whole or in part.
pub(crate) fn root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        Expr::Unary(unary) => root(&unary.expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Group(group) => root(&group.expr),
        other => variable(other),
    }
}

/// The variables that the code takes apart: by their fields, or by a pattern.
pub(crate) fn taken_apart(block: &Block) -> HashSet<String> {
    struct Found(HashSet<String>);
    impl Found {
        fn pattern(&mut self, pat: &syn::Pat, value: &Expr) {
            match pat {
                syn::Pat::Type(typed) => self.pattern(&typed.pat, value),
                syn::Pat::Paren(paren) => self.pattern(&paren.pat, value),
                syn::Pat::Reference(reference) => self.pattern(&reference.pat, value),
                syn::Pat::Tuple(_) | syn::Pat::TupleStruct(_) | syn::Pat::Struct(_) => self.0.extend(base(value)),
                _ => {}
            }
        }
    }
    /// The variable through references and copies.
    fn base(expr: &Expr) -> Option<String> {
        match expr {
            Expr::Reference(reference) => base(&reference.expr),
            Expr::Paren(paren) => base(&paren.expr),
            Expr::MethodCall(call) if call.method == "clone" && call.args.is_empty() => base(&call.receiver),
            other => root(other),
        }
    }
    impl<'a> Visit<'a> for Found {
        fn visit_expr_field(&mut self, field: &'a syn::ExprField) {
            self.0.extend(base(&field.base));
            visit::visit_expr_field(self, field);
        }
        fn visit_expr_struct(&mut self, literal: &'a syn::ExprStruct) {
            self.0.extend(literal.rest.as_deref().and_then(base));
            visit::visit_expr_struct(self, literal);
        }
        fn visit_local(&mut self, local: &'a syn::Local) {
            if let Some(init) = &local.init {
                self.pattern(&local.pat, &init.expr);
            }
            visit::visit_local(self, local);
        }
        fn visit_macro(&mut self, mac: &'a syn::Macro) {
            macro_arguments(mac).iter().flatten().for_each(|arg| self.visit_expr(arg));
        }
    }
    let mut found = Found(HashSet::new());
    found.visit_block(block);
    found.0
}

/// The variables and fields that the code uses as arrays: that it indexes or iterates over, say.
pub(crate) fn indexed(block: &Block) -> HashSet<String> {
    struct Found(HashSet<String>);
    impl<'a> Visit<'a> for Found {
        fn visit_expr_index(&mut self, index: &'a syn::ExprIndex) {
            self.0.extend(path_text(&index.expr));
            visit::visit_expr_index(self, index);
        }
        fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
            const OF_ARRAYS: &[&str] = &[
                "iter",
                "iter_mut",
                "to_vec",
                "fill",
                "swap",
                "chunks_exact",
                "windows",
                "split_at",
                "copy_from_slice",
            ];
            let name = call.method.to_string();
            if OF_ARRAYS.contains(&name.as_str()) {
                self.0.extend(path_text(&call.receiver));
                call.args.iter().for_each(|arg| self.0.extend(path_text(arg)));
            }
            if name == "len" || name == "is_empty" {
                self.0.extend(variable_through_deref(&call.receiver));
            }
            visit::visit_expr_method_call(self, call);
        }
        fn visit_expr_for_loop(&mut self, l: &'a syn::ExprForLoop) {
            self.0.extend(path_text(&l.expr));
            visit::visit_expr_for_loop(self, l);
        }
    }
    let mut found = Found(HashSet::new());
    found.visit_block(block);
    found.0
}

/// The places that the code assigns to.
pub(crate) fn assigned_in_stmts(stmts: &[Stmt]) -> Vec<Expr> {
    struct Found(Vec<Expr>);
    impl Found {
        fn assign(&mut self, target: &Expr) {
            match target {
                Expr::Paren(paren) => self.assign(&paren.expr),
                Expr::Tuple(tuple) => tuple.elems.iter().for_each(|elem| self.assign(elem)),
                other => self.0.push(other.clone()),
            }
        }
    }
    impl<'a> Visit<'a> for Found {
        fn visit_expr_assign(&mut self, assign: &'a syn::ExprAssign) {
            self.assign(&assign.left);
            visit::visit_expr_assign(self, assign);
        }
        fn visit_expr_binary(&mut self, binary: &'a syn::ExprBinary) {
            if is_compound(&binary.op).is_some() || is_bit_assign(&binary.op) {
                self.assign(&binary.left);
            }
            visit::visit_expr_binary(self, binary);
        }
        fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
            self.0.extend(changed_by_mem(call));
            visit::visit_expr_call(self, call);
        }
        fn visit_item(&mut self, _: &'a syn::Item) {}
    }
    let mut found = Found(Vec::new());
    stmts.iter().for_each(|stmt| found.visit_stmt(stmt));
    found.0
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
        if !(is_length && root(&call.receiver).is_some()) {
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

/// Whether an expression borrows from a value that has no name, and so ends with the statement.
pub(crate) fn borrows_temporary(expr: &Expr) -> bool {
    fn place(expr: &Expr) -> &Expr {
        match expr {
            Expr::Reference(reference) => place(&reference.expr),
            Expr::Paren(paren) => place(&paren.expr),
            Expr::Index(index) => place(&index.expr),
            Expr::Field(field) => place(&field.base),
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => place(&unary.expr),
            other => other,
        }
    }
    // References to literals are constants.
    fn is_literal(expr: &Expr) -> bool {
        match expr {
            Expr::Lit(_) => true,
            Expr::Unary(unary) => is_literal(&unary.expr),
            Expr::Array(array) => array.elems.iter().all(is_literal),
            Expr::Repeat(repeat) => is_literal(&repeat.expr),
            _ => false,
        }
    }
    let place = place(expr);
    matches!(expr, Expr::Reference(_)) && !matches!(place, Expr::Path(_)) && !is_literal(place)
}

/// The variables whose elements an iterator lends out mutably.
pub(crate) fn mutably_iterated(expr: &Expr) -> Vec<String> {
    #[derive(Default)]
    struct Found(Vec<String>);
    impl<'a> Visit<'a> for Found {
        fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
            if call.method == "iter_mut" {
                self.0.extend(variable(&call.receiver));
            }
            visit::visit_expr_method_call(self, call);
        }
        fn visit_expr_reference(&mut self, reference: &'a syn::ExprReference) {
            if reference.mutability.is_some() {
                self.0.extend(variable(&reference.expr));
            }
        }
        fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
    }
    let mut found = Found::default();
    found.visit_expr(expr);
    found.0
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
    /// Variables that the code changes if they are mutable and a method or a macro does: receivers, and what macros name.
    pub(crate) touched: HashSet<String>,
    in_closure: bool,
}

impl Writes {
    /// Variables that the code assigns and does not lend out: lowering can follow them.
    pub(crate) fn plain(&self) -> impl Iterator<Item = &String> {
        self.assigned.difference(&self.lent)
    }

    fn assign(&mut self, target: &Expr) {
        match target {
            Expr::Paren(paren) => self.assign(&paren.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|elem| self.assign(elem)),
            Expr::Array(array) => array.elems.iter().for_each(|elem| self.assign(elem)),
            Expr::Call(call) => self.within(|writes| call.args.iter().for_each(|arg| writes.assign(arg))),
            Expr::Struct(s) => self.within(|writes| s.fields.iter().for_each(|field| writes.assign(&field.expr))),
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

    /// Reads code whose assignments cannot be followed.
    fn within(&mut self, run: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.in_closure, true);
        run(self);
        self.in_closure = outer;
    }

    /// `let ref mut r = place`, and the like in the patterns of a `match`.
    fn borrow(&mut self, pat: &syn::Pat, place: &Expr) {
        struct Found(bool);
        impl<'a> Visit<'a> for Found {
            fn visit_pat_ident(&mut self, pat: &'a syn::PatIdent) {
                self.0 |= pat.by_ref.is_some() && pat.mutability.is_some();
                visit::visit_pat_ident(self, pat);
            }
        }
        let mut found = Found(false);
        found.visit_pat(pat);
        if found.0 {
            self.lent.extend(root(place));
        }
    }
}

impl<'a> Visit<'a> for Writes {
    fn visit_expr_assign(&mut self, assign: &'a syn::ExprAssign) {
        self.assign(&assign.left);
        visit::visit_expr_assign(self, assign);
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
    fn visit_expr_raw_addr(&mut self, address: &'a syn::ExprRawAddr) {
        self.lent.extend(root(&address.expr));
        visit::visit_expr_raw_addr(self, address);
    }
    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        let changed = changed_by_mem(call);
        if changed.is_empty() {
            visit::visit_expr_call(self, call);
            return;
        }
        changed.iter().for_each(|place| self.assign(place));
        // What stands beside the places: their indices, and the value that takes the place of another.
        for arg in &call.args {
            match strip_parens(arg) {
                Expr::Reference(reference) if reference.mutability.is_some() => self.visit_expr(&reference.expr),
                other => self.visit_expr(other),
            }
        }
    }
    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        if !is_harmless_method(&call.method.to_string()) {
            self.touched.extend(root(&call.receiver));
        }
        visit::visit_expr_method_call(self, call);
    }
    fn visit_expr_closure(&mut self, closure: &'a syn::ExprClosure) {
        self.within(|writes| visit::visit_expr_closure(writes, closure));
    }
    fn visit_local(&mut self, local: &'a syn::Local) {
        if let Some(init) = &local.init {
            self.borrow(&local.pat, &init.expr);
        }
        visit::visit_local(self, local);
    }
    fn visit_expr_let(&mut self, cond: &'a syn::ExprLet) {
        self.borrow(&cond.pat, &cond.expr);
        visit::visit_expr_let(self, cond);
    }
    fn visit_expr_match(&mut self, m: &'a syn::ExprMatch) {
        m.arms.iter().for_each(|arm| self.borrow(&arm.pat, &m.expr));
        visit::visit_expr_match(self, m);
    }
    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        match macro_arguments(mac) {
            Some(args) => self.within(|writes| args.iter().for_each(|arg| writes.visit_expr(arg))),
            None => token_names(mac.tokens.clone(), &mut self.touched),
        }
    }
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

/// The arguments of a macro that only reads them; none for any other macro.
pub(crate) fn macro_arguments(mac: &syn::Macro) -> Option<Vec<Expr>> {
    let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
    let name = mac.path.segments.last()?.ident.to_string();
    if name == "vec" {
        let repeat = |input: syn::parse::ParseStream<'_>| {
            let value: Expr = input.parse()?;
            input.parse::<syn::Token![;]>()?;
            Ok(vec![value, input.parse()?])
        };
        return mac
            .parse_body_with(repeat)
            .ok()
            .or_else(|| Some(mac.parse_body_with(parser).ok()?.into_iter().collect()));
    }
    if !is_format(mac) {
        return None;
    }
    let args = mac.parse_body_with(parser).ok()?;
    // `name = value` names an argument of the format string.
    let value = |arg| if let Expr::Assign(named) = arg { *named.right } else { arg };
    Some(args.into_iter().map(value).collect())
}

/// Whether a macro formats its arguments, or asserts something of them, and does nothing else with them.
fn is_format(mac: &syn::Macro) -> bool {
    crate::resolve::is_format_macro(mac)
        && !mac.path.segments.last().is_some_and(|segment| segment.ident == "write" || segment.ident == "writeln")
}

/// The identifiers in macros of which nothing is known.
pub(crate) fn macro_names(block: &Block) -> HashSet<String> {
    struct Found(HashSet<String>);
    impl<'a> Visit<'a> for Found {
        fn visit_macro(&mut self, mac: &'a syn::Macro) {
            match macro_arguments(mac) {
                Some(args) => args.iter().for_each(|arg| self.visit_expr(arg)),
                None => token_names(mac.tokens.clone(), &mut self.0),
            }
        }
        fn visit_item(&mut self, _: &'a syn::Item) {}
    }
    let mut found = Found(HashSet::new());
    found.visit_block(block);
    found.0
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
    /// It leaves the function, and its companions, with an error or with `None`.
    leaves: bool,
    /// Labels of loops around the code that it jumps to; none for the innermost.
    pub(crate) jumps: Vec<Option<String>>,
    /// Where the first of them stands.
    pub(crate) first: Option<proc_macro2::Span>,
    labels: Vec<Option<String>>,
}

impl Exits {
    fn note(&mut self, span: proc_macro2::Span) {
        self.first.get_or_insert(span);
    }

    pub(crate) fn any(&self) -> bool {
        self.returns || self.leaves || !self.jumps.is_empty()
    }

    /// Whether there is a `return`, with whatever value.
    pub(crate) fn leaves_function(&self) -> bool {
        self.returns || self.leaves
    }

    fn jump(&mut self, label: Option<&syn::Lifetime>, span: proc_macro2::Span) {
        match label {
            None if self.labels.is_empty() => {
                self.note(span);
                self.jumps.push(None);
            }
            None => {}
            Some(label) => {
                let name = label.ident.to_string();
                if !self.labels.contains(&Some(name.clone())) {
                    self.note(span);
                    self.jumps.push(Some(name));
                }
            }
        }
    }

    /// Tokens that jump wherever the macro puts them: lowering has to see them.
    fn macro_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if ident == "return" || ident == "break" || ident == "continue" => {
                    self.returns = true;
                    self.note(ident.span());
                }
                TokenTree::Punct(punct) if punct.as_char() == '?' => {
                    self.returns = true;
                    self.note(punct.span());
                }
                TokenTree::Group(group) => self.macro_tokens(group.stream()),
                _ => {}
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
        match expr.expr.as_deref().is_some_and(is_failure) {
            true => self.leaves = true,
            false => self.returns = true,
        }
        self.note(expr.return_token.span);
        visit::visit_expr_return(self, expr);
    }
    // `?` leaves the companion by the same door as the function, in verbatim code too.
    fn visit_expr_break(&mut self, expr: &'a syn::ExprBreak) {
        self.jump(expr.label.as_ref(), expr.break_token.span);
        visit::visit_expr_break(self, expr);
    }
    fn visit_expr_continue(&mut self, expr: &'a syn::ExprContinue) {
        self.jump(expr.label.as_ref(), expr.continue_token.span);
    }
    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        self.macro_tokens(mac.tokens.clone());
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
                self.leaves |= inner.leaves;
                let outer = inner.jumps.into_iter().filter(|jump| *jump != Some(name.clone()));
                let mut leaves = inner.returns || inner.leaves;
                for jump in outer {
                    match &jump {
                        None if !self.labels.is_empty() => {}
                        Some(_) if self.labels.contains(&jump) => {}
                        _ => {
                            leaves = true;
                            self.jumps.push(jump);
                        }
                    }
                }
                if let (true, Some(span)) = (leaves, inner.first) {
                    self.note(span);
                }
            }
            None => visit::visit_expr_block(self, block),
        }
    }
    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'a syn::ExprAsync) {}
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

/// `Err(..)` or `None`: what a function is left with that gives no floats.
pub(crate) fn is_failure(value: &Expr) -> bool {
    match value {
        Expr::Paren(paren) => is_failure(&paren.expr),
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if names_variant(&path.path, "Err")),
        Expr::Path(path) => names_variant(&path.path, "None"),
        _ => false,
    }
}

/// Whether a path is that of a variant of the standard library: `Some`, `Option::Some`, `core::option::Option::Some`.
pub(crate) fn names_variant(path: &syn::Path, name: &str) -> bool {
    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    match names[..] {
        [last] | [.., "Option" | "Result", last] => last == name,
        _ => false,
    }
}

pub(crate) fn exits_of_expr(expr: &Expr) -> Exits {
    let mut exits = Exits::default();
    exits.visit_expr(expr);
    exits
}

pub(crate) fn exits_of_macro(mac: &syn::Macro) -> Exits {
    let mut exits = Exits::default();
    exits.macro_tokens(mac.tokens.clone());
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

/// Whether an expression is the answer to a query, or made of one by methods.
pub(crate) fn is_answer(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(e) => is_answer(&e.expr),
        Expr::MethodCall(e) => is_query(&e.method.to_string()) || is_answer(&e.receiver),
        _ => false,
    }
}

/// Methods that change no float and no array, whatever else has a method of that name.
fn is_harmless_method(name: &str) -> bool {
    is_number_method(name)
        || matches!(name, "clone" | "to_owned" | "to_vec" | "len" | "is_empty" | "iter" | "as_slice" | "as_ref")
}

/// Methods without effects, on whatever type of the standard library has them.
fn is_pure_method(name: &str) -> bool {
    is_number_method(name)
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
        )
}

/// Methods of floats, which have no effects on any type that imitates floats either.
fn is_number_method(name: &str) -> bool {
    rules::method(name).is_some() || is_query(name) || matches!(name, "sin_cos" | "to_bits")
}

/// What may change behind a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stability {
    /// Nothing: numbers, arrays and slices of numbers, and shared references to them.
    Constant,
    /// Nothing that is read in place; a method may find something else each time.
    Shared,
    /// Anything: it may be a mutable reference, and the function does more than to read through it.
    Open,
    /// The variable itself.
    Cell,
}

/// What may change behind a variable of a type, as far as its form tells.
pub(crate) fn stability_of_type(ty: &syn::Type) -> Stability {
    match ty {
        syn::Type::Paren(paren) => stability_of_type(&paren.elem),
        syn::Type::Group(group) => stability_of_type(&group.elem),
        syn::Type::Reference(reference) if reference.mutability.is_some() => Stability::Open,
        syn::Type::Reference(reference) => match stability_of_type(&reference.elem) {
            Stability::Constant => Stability::Constant,
            Stability::Shared | Stability::Open | Stability::Cell => Stability::Shared,
        },
        syn::Type::Slice(slice) => stability_of_type(&slice.elem),
        syn::Type::Array(array) => stability_of_type(&array.elem),
        syn::Type::Tuple(tuple) if tuple.elems.iter().all(|elem| stability_of_type(elem) == Stability::Constant) => {
            Stability::Constant
        }
        syn::Type::Path(path) => stability_of_path(path),
        _ => Stability::Open,
    }
}

fn stability_of_path(path: &syn::TypePath) -> Stability {
    let Some(last) = path.path.segments.last() else { return Stability::Open };
    let name = last.ident.to_string();
    match &last.arguments {
        syn::PathArguments::None if is_primitive_name(&name) || name == "str" || name == "String" => {
            Stability::Constant
        }
        syn::PathArguments::AngleBracketed(args) if name == "Vec" || name == "Option" => match args.args.first() {
            Some(syn::GenericArgument::Type(element)) => stability_of_type(element),
            _ => Stability::Open,
        },
        _ => Stability::Open,
    }
}

/// The variables with which the code does more than to read numbers through them: they may be lent or moved elsewhere.
pub(crate) fn touched(block: &Block) -> HashSet<String> {
    let mut touches = Touches::default();
    touches.visit_block(block);
    touches.names
}

#[derive(Default)]
struct Touches {
    names: HashSet<String>,
}

impl Touches {
    /// A place that is only read: its variable is not touched.
    fn read(&mut self, expr: &Expr) {
        if variable(expr).is_none() {
            self.visit_expr(expr);
        }
    }
}

impl<'a> Visit<'a> for Touches {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Path(_) => self.names.extend(variable(expr)),
            Expr::Field(e) => self.read(&e.base),
            Expr::Index(e) => {
                self.read(&e.expr);
                self.read(&e.index);
            }
            Expr::Unary(e) => self.read(&e.expr),
            Expr::Cast(e) => self.read(&e.expr),
            Expr::Reference(e) if e.mutability.is_none() => self.read(&e.expr),
            Expr::Reference(e) => {
                self.names.extend(root(&e.expr));
                self.visit_expr(&e.expr);
            }
            Expr::RawAddr(e) => {
                self.names.extend(root(&e.expr));
                self.visit_expr(&e.expr);
            }
            Expr::Assign(e) => {
                self.names.extend(root(&e.left));
                self.visit_expr(&e.left);
                self.read(&e.right);
            }
            Expr::Binary(e) => {
                if is_compound(&e.op).is_some() || is_bit_assign(&e.op) {
                    self.names.extend(root(&e.left));
                }
                self.read(&e.left);
                self.read(&e.right);
            }
            Expr::MethodCall(e) if is_pure_method(&e.method.to_string()) => {
                self.read(&e.receiver);
                e.args.iter().for_each(|arg| self.read(arg));
            }
            Expr::MethodCall(e) => {
                self.names.extend(root(&e.receiver));
                visit::visit_expr_method_call(self, e);
            }
            Expr::Call(e) if is_pure_function(&e.func) => e.args.iter().for_each(|arg| self.read(arg)),
            other => visit::visit_expr(self, other),
        }
    }
    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        match macro_arguments(mac) {
            Some(args) => args.iter().for_each(|arg| self.read(arg)),
            None => token_names(mac.tokens.clone(), &mut self.names),
        }
    }
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

/// How far verbatim code may be moved; `of` says what may change behind a variable.
pub(crate) fn effect_of(expr: &Expr, of: &dyn Fn(&str) -> Stability) -> Effect {
    let worst = |parts: &[&Expr]| parts.iter().map(|part| effect_of(part, of)).max().unwrap_or(Effect::Pure);
    match expr {
        Expr::Lit(_) => Effect::Pure,
        Expr::Path(_) => match variable(expr) {
            Some(name) if of(&name) == Stability::Cell => Effect::Reads,
            _ => Effect::Pure,
        },
        Expr::Paren(e) => effect_of(&e.expr, of),
        Expr::Group(e) => effect_of(&e.expr, of),
        Expr::Unary(e) if matches!(e.op, syn::UnOp::Deref(_)) => worst(&[&e.expr]).max(read_through(&e.expr, of)),
        Expr::Unary(e) => effect_of(&e.expr, of),
        Expr::Cast(e) => effect_of(&e.expr, of),
        Expr::Field(e) => worst(&[&e.base]).max(read_through(&e.base, of)),
        Expr::Reference(e) if e.mutability.is_none() => effect_of(&e.expr, of),
        Expr::Binary(e) if is_compound(&e.op).is_none() && !is_bit_assign(&e.op) => worst(&[&e.left, &e.right]),
        Expr::Index(e) => worst(&[&e.expr, &e.index]).max(read_through(&e.expr, of)),
        Expr::Range(e) => worst(&e.start.iter().chain(&e.end).map(|e| &**e).collect::<Vec<_>>()),
        Expr::Tuple(e) => worst(&e.elems.iter().collect::<Vec<_>>()),
        Expr::Array(e) => worst(&e.elems.iter().collect::<Vec<_>>()),
        Expr::MethodCall(e) if is_pure_method(&e.method.to_string()) => {
            let args = e.args.iter().map(|arg| effect_of(arg, of)).max().unwrap_or(Effect::Pure);
            let found = if is_number_method(&e.method.to_string()) {
                read_through(&e.receiver, of)
            } else {
                found_by_method(&e.receiver, of)
            };
            args.max(found).max(effect_of(&e.receiver, of))
        }
        Expr::Call(e) if is_pure_function(&e.func) => {
            e.args.iter().map(|arg| effect_of(arg, of).max(read_through(arg, of))).max().unwrap_or(Effect::Pure)
        }
        _ => Effect::Any,
    }
}

/// Reading a place behind a variable.
fn read_through(place: &Expr, of: &dyn Fn(&str) -> Stability) -> Effect {
    match root(place).map(|name| of(&name)) {
        Some(Stability::Open | Stability::Cell) => Effect::Reads,
        Some(Stability::Constant | Stability::Shared) | None => Effect::Pure,
    }
}

/// Asking a place behind a variable, by a method that any type may have.
fn found_by_method(receiver: &Expr, of: &dyn Fn(&str) -> Stability) -> Effect {
    match root(receiver).map(|name| of(&name)) {
        Some(Stability::Constant) | None => Effect::Pure,
        Some(Stability::Shared | Stability::Open | Stability::Cell) => Effect::Reads,
    }
}

/// Whether code with effects makes a value whose end has none: a number, a text, a vector of numbers.
pub(crate) fn makes_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(e) => makes_plain(&e.expr),
        Expr::Lit(_) | Expr::Path(_) | Expr::Cast(_) => true,
        Expr::Unary(e) => makes_plain(&e.expr),
        Expr::Binary(e) => makes_plain(&e.left) && makes_plain(&e.right),
        Expr::Macro(mac) if mac.mac.path.is_ident("format") => true,
        Expr::Macro(mac) => macro_arguments(&mac.mac).is_some_and(|args| args.iter().all(makes_plain)),
        _ => false,
    }
}

/// Whether a literal without a suffix stands in the code: rustc finds its type.
pub(crate) fn has_untyped_literal(expr: &Expr) -> bool {
    struct Found(bool);
    impl<'a> Visit<'a> for Found {
        fn visit_lit(&mut self, lit: &'a syn::Lit) {
            self.0 |= match lit {
                syn::Lit::Int(int) => int.suffix().is_empty(),
                syn::Lit::Float(float) => float.suffix().is_empty(),
                _ => false,
            };
        }
        fn visit_macro(&mut self, _: &'a syn::Macro) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_expr(expr);
    found.0
}

/// The operands of all arithmetic and of all comparisons in the code.
pub(crate) fn operands_of_binaries(expr: &Expr) -> Vec<(Expr, Expr)> {
    struct Found(Vec<(Expr, Expr)>);
    impl<'a> Visit<'a> for Found {
        fn visit_expr_binary(&mut self, e: &'a syn::ExprBinary) {
            use syn::BinOp::{And, Or, Shl, ShlAssign, Shr, ShrAssign};
            if !matches!(e.op, And(_) | Or(_) | Shl(_) | ShlAssign(_) | Shr(_) | ShrAssign(_)) {
                self.0.push(((*e.left).clone(), (*e.right).clone()));
            }
            visit::visit_expr_binary(self, e);
        }
    }
    let mut found = Found(Vec::new());
    found.visit_expr(expr);
    found.0
}

/// Whether the body names a primitive type, be it as the suffix of a literal.
pub(crate) fn names_type(block: &Block, name: &str) -> bool {
    fn find(tokens: TokenStream, name: &str) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == name,
            TokenTree::Literal(literal) => literal.to_string().ends_with(name),
            TokenTree::Group(group) => find(group.stream(), name),
            TokenTree::Punct(_) => false,
        })
    }
    find(block.to_token_stream(), name)
}

/// Whether a type is visibly an array of integers, or a reference to one.
pub(crate) fn holds_integers(ty: &syn::Type) -> bool {
    let of = |element: &syn::Type| primitive_ty(element) == Ty::Int;
    match ty {
        syn::Type::Reference(reference) => holds_integers(&reference.elem),
        syn::Type::Paren(paren) => holds_integers(&paren.elem),
        syn::Type::Slice(slice) => of(&slice.elem),
        syn::Type::Array(array) => of(&array.elem),
        syn::Type::Path(path) => match path.path.segments.last() {
            Some(last) if last.ident == "Vec" => match &last.arguments {
                syn::PathArguments::AngleBracketed(args) => {
                    matches!(args.args.first(), Some(syn::GenericArgument::Type(element)) if of(element))
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

/// Whether a body imports functions of `std::mem` by their names.
pub(crate) fn imports_mem(block: &Block) -> bool {
    fn leads_to_mem(tree: &syn::UseTree) -> bool {
        match tree {
            syn::UseTree::Path(path) => path.ident == "mem" || leads_to_mem(&path.tree),
            syn::UseTree::Group(group) => group.items.iter().any(leads_to_mem),
            syn::UseTree::Name(_) | syn::UseTree::Rename(_) | syn::UseTree::Glob(_) => false,
        }
    }
    block.stmts.iter().any(|stmt| matches!(stmt, Stmt::Item(syn::Item::Use(item)) if leads_to_mem(&item.tree)))
}

/// Whether an import brings in names that it does not spell.
pub(crate) fn has_glob(tree: &syn::UseTree) -> bool {
    match tree {
        syn::UseTree::Path(path) => has_glob(&path.tree),
        syn::UseTree::Group(group) => group.items.iter().any(has_glob),
        syn::UseTree::Glob(_) => true,
        syn::UseTree::Name(_) | syn::UseTree::Rename(_) => false,
    }
}

/// The first place where code names a variable.
pub(crate) fn mention(tokens: TokenStream, name: &str) -> Option<proc_macro2::Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => (ident == name).then(|| ident.span()),
        TokenTree::Group(group) => mention(group.stream(), name),
        TokenTree::Literal(_) | TokenTree::Punct(_) => None,
    })
}

/// Whether evaluating the code, which has no effects, certainly does not panic.
pub(crate) fn cannot_panic(expr: &Expr) -> bool {
    use syn::BinOp::{And, Eq, Ge, Gt, Le, Lt, Ne, Or};
    match expr {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Paren(e) => cannot_panic(&e.expr),
        Expr::Group(e) => cannot_panic(&e.expr),
        Expr::Field(e) => cannot_panic(&e.base),
        Expr::Cast(e) => cannot_panic(&e.expr),
        Expr::Unary(e) => !matches!(e.op, syn::UnOp::Neg(_)) && cannot_panic(&e.expr),
        Expr::Reference(e) => e.mutability.is_none() && cannot_panic(&e.expr),
        Expr::Binary(e) => {
            matches!(e.op, Lt(_) | Le(_) | Gt(_) | Ge(_) | Eq(_) | Ne(_) | And(_) | Or(_))
                && cannot_panic(&e.left)
                && cannot_panic(&e.right)
        }
        Expr::MethodCall(e) => {
            let name = e.method.to_string();
            (is_query(&name)
                || matches!(name.as_str(), "len" | "is_empty" | "is_some" | "is_none" | "is_ok" | "is_err"))
                && cannot_panic(&e.receiver)
                && e.args.iter().all(cannot_panic)
        }
        _ => false,
    }
}

/// `f64::from(..)`, `f64::sin(..)`, `Some(..)` and the like.
pub(crate) fn is_pure_function(func: &Expr) -> bool {
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
    (prefix_ok && is_primitive_name(&ty)).then_some(ty)
}

pub(crate) fn is_primitive_name(name: &str) -> bool {
    name == "bool" || Scalar::from_name(name).is_some() || is_integer_name(name)
}

pub(crate) fn is_integer_name(name: &str) -> bool {
    matches!(name, "usize" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "i8" | "i16" | "i32" | "i64" | "i128")
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
        // A field of a struct that is taken apart has a name of its own.
        Expr::Field(_) => path_text(expr).map_or(Ty::Unknown, |name| variable_ty(&name)),
        // The elements of an array are asked for by its name with brackets.
        Expr::Index(_) => root(expr).map_or(Ty::Unknown, |name| variable_ty(&format!("{name}[]"))),
        Expr::Paren(e) => of(&e.expr),
        Expr::Group(e) => of(&e.expr),
        Expr::Cast(e) => primitive_ty(&e.ty),
        Expr::Unary(e) => match e.op {
            syn::UnOp::Neg(_) => of(&e.expr),
            syn::UnOp::Not(_) => match of(&e.expr) {
                ty @ (Ty::Int | Ty::Bool) => ty,
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        },
        Expr::Binary(e) => binary_ty(&e.op, (&e.left, of(&e.left)), (&e.right, of(&e.right))),
        Expr::MethodCall(e) => match of(&e.receiver) {
            Ty::Float(scalar) if rules::method(&e.method.to_string()).is_some() => Ty::Float(scalar),
            Ty::Int if is_integer_method(&e.method.to_string()) => Ty::Int,
            _ if e.method == "len" || (e.method == "count" && e.args.is_empty()) => Ty::Int,
            _ if is_found_position(e) => Ty::Int,
            _ if generic::to_integer(e).is_some_and(|x| of(x) == Ty::Float(Scalar::Generic)) => Ty::Int,
            _ if generic::is_float(expr) => Ty::Float(Scalar::Generic),
            _ => Ty::Unknown,
        },
        Expr::Call(_) if generic::is_float(expr) => Ty::Float(Scalar::Generic),
        Expr::Call(e) => match &*e.func {
            Expr::Path(path) => match primitive_type(&path.path).and_then(|name| Scalar::from_name(&name)) {
                None if is_conversion_to_integer(&path.path) => Ty::Int,
                Some(scalar) => {
                    let last = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                    // A generic float converts into an `Option`.
                    let converts = last == "from" && scalar != Scalar::Generic;
                    let known = converts || rules::method(&last).is_some();
                    if known { Ty::Float(scalar) } else { Ty::Unknown }
                }
                None => Ty::Unknown,
            },
            _ => Ty::Unknown,
        },
        _ => Ty::Unknown,
    }
}

/// `position(..)` of an iterator, taken out of its `Option`.
fn is_found_position(call: &syn::ExprMethodCall) -> bool {
    let takes_out = matches!(call.method.to_string().as_str(), "unwrap" | "expect" | "unwrap_or" | "unwrap_or_default");
    takes_out && matches!(strip_parens(&call.receiver), Expr::MethodCall(inner) if inner.method == "position")
}

/// `u8::from` and the like.
fn is_conversion_to_integer(path: &syn::Path) -> bool {
    let of_integer = primitive_type(path).is_some_and(|name| is_integer_name(&name));
    of_integer && path.segments.last().is_some_and(|last| last.ident == "from")
}

/// A variable or a field of one, as text.
fn path_text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Field(field) => {
            let member = match &field.member {
                syn::Member::Named(ident) => crate::names::plain(ident),
                syn::Member::Unnamed(index) => index.index.to_string(),
            };
            Some(format!("{}.{member}", path_text(&field.base)?))
        }
        Expr::Paren(paren) => path_text(&paren.expr),
        Expr::Reference(reference) => path_text(&reference.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => path_text(&unary.expr),
        other => variable(other),
    }
}

/// Methods of integers that give an integer of the same type.
fn is_integer_method(name: &str) -> bool {
    matches!(name, "min" | "max" | "abs" | "pow" | "clamp" | "rem_euclid" | "div_euclid" | "signum" | "clone")
        || ["saturating_", "wrapping_"].iter().any(|prefix| name.starts_with(prefix))
}

/// What a type is that names a primitive type: `f64`, `std::primitive::u8`.
pub(crate) fn primitive_ty(ty: &syn::Type) -> Ty {
    let path = match ty {
        syn::Type::Path(path) if path.qself.is_none() => &path.path,
        syn::Type::Paren(paren) => return primitive_ty(&paren.elem),
        syn::Type::Group(group) => return primitive_ty(&group.elem),
        _ => return Ty::Unknown,
    };
    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (["std" | "core", "primitive", name] | [name]) = names[..] else { return Ty::Unknown };
    match Scalar::from_name(name) {
        Some(scalar) => Ty::Float(scalar),
        None if name == "bool" => Ty::Bool,
        None if is_integer_name(name) => Ty::Int,
        None => Ty::Unknown,
    }
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
    use syn::BinOp::{Add, And, BitAnd, BitOr, BitXor, Div, Eq, Ge, Gt, Le, Lt, Mul, Ne, Or, Rem, Shl, Shr, Sub};
    match op {
        Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_) | And(_) | Or(_) => Ty::Bool,
        Add(_) | Sub(_) | Mul(_) | Div(_) | Rem(_) => match (left.1, right.1) {
            (a, b) if a == b => a,
            // A float literal takes the type of the other operand, if that is a float.
            (ty @ Ty::Float(_), Ty::Unknown) if is_float_literal(right.0) => ty,
            (Ty::Unknown, ty @ Ty::Float(_)) if is_float_literal(left.0) => ty,
            _ => Ty::Unknown,
        },
        BitAnd(_) | BitOr(_) | BitXor(_) if left.1 == right.1 && left.1 == Ty::Int => Ty::Int,
        Shl(_) | Shr(_) if left.1 == Ty::Int => Ty::Int,
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
    is_format(mac)
        && !mac.path.segments.last().is_some_and(|segment| segment.ident == "format" || segment.ident == "dbg")
}

/// A call of which nothing is known but its name.
pub(crate) struct Call {
    pub(crate) args: Vec<Expr>,
    pub(crate) is_method: bool,
    pub(crate) span: proc_macro2::Span,
}

/// The calls in an expression that are not known to be pure, and are not named like questions.
pub(crate) fn unknown_calls(expr: &Expr) -> Vec<Call> {
    struct Found(Vec<Call>);
    impl<'a> Visit<'a> for Found {
        fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
            let name = call.method.to_string();
            let asks = ["is_", "has_", "contains"].iter().any(|prefix| name.starts_with(prefix));
            if !is_pure_method(&name) && !asks {
                let args = call.args.iter().cloned().collect();
                self.0.push(Call { args, is_method: true, span: call.method.span() });
            }
            visit::visit_expr_method_call(self, call);
        }
        fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
            if !is_pure_function(&call.func) {
                let args = call.args.iter().cloned().collect();
                self.0.push(Call { args, is_method: false, span: call.func.span() });
            }
            visit::visit_expr_call(self, call);
        }
    }
    let mut found = Found(Vec::new());
    found.visit_expr(expr);
    found.0
}

/// Whether control never gets past a macro.
pub(crate) fn is_panic(mac: &syn::Macro) -> bool {
    let last = mac.path.segments.last().map(|segment| segment.ident.to_string());
    matches!(last.as_deref(), Some("panic" | "todo" | "unimplemented" | "unreachable"))
}

// ---- attributes -------------------------------------------------------------------------------------------------

/// The attribute, if there is one, that may change what the code under it means.
pub(crate) fn strange_attribute(attrs: &[syn::Attribute]) -> Option<&syn::Attribute> {
    attrs.iter().find(|attr| !is_harmless_attribute(attr))
}

fn is_harmless_attribute(attr: &syn::Attribute) -> bool {
    let first = attr.path().segments.first().map(|segment| segment.ident.to_string());
    matches!(
        (attr.path().segments.len(), first.as_deref()),
        (1, Some("allow" | "expect" | "warn" | "deny" | "forbid" | "inline" | "cold" | "doc"))
            | (2, Some("rustfmt" | "clippy"))
    )
}

/// The attributes of an expression.
pub(crate) fn attributes(expr: &Expr) -> &[syn::Attribute] {
    match expr {
        Expr::Array(e) => &e.attrs,
        Expr::Assign(e) => &e.attrs,
        Expr::Binary(e) => &e.attrs,
        Expr::Block(e) => &e.attrs,
        Expr::Break(e) => &e.attrs,
        Expr::Call(e) => &e.attrs,
        Expr::Cast(e) => &e.attrs,
        Expr::Closure(e) => &e.attrs,
        Expr::Continue(e) => &e.attrs,
        Expr::Field(e) => &e.attrs,
        Expr::ForLoop(e) => &e.attrs,
        Expr::Group(e) => &e.attrs,
        Expr::If(e) => &e.attrs,
        Expr::Index(e) => &e.attrs,
        Expr::Let(e) => &e.attrs,
        Expr::Lit(e) => &e.attrs,
        Expr::Loop(e) => &e.attrs,
        Expr::Macro(e) => &e.attrs,
        Expr::Match(e) => &e.attrs,
        Expr::MethodCall(e) => &e.attrs,
        Expr::Paren(e) => &e.attrs,
        Expr::Path(e) => &e.attrs,
        Expr::Range(e) => &e.attrs,
        Expr::Reference(e) => &e.attrs,
        Expr::Repeat(e) => &e.attrs,
        Expr::Return(e) => &e.attrs,
        Expr::Struct(e) => &e.attrs,
        Expr::Try(e) => &e.attrs,
        Expr::Tuple(e) => &e.attrs,
        Expr::Unary(e) => &e.attrs,
        Expr::Unsafe(e) => &e.attrs,
        Expr::While(e) => &e.attrs,
        _ => &[],
    }
}
