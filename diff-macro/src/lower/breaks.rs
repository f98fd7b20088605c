//! What a loop or a labelled block is left with, where that has several parts: a tuple, an array, an option.
//!
//! ```text
//! let (p, q) = loop { .. break (a, b); .. };        let p_1; let q_1;
//!                                                   loop { .. { p_1 = a; q_1 = b; break; } .. }
//!                                                   let (p, q) = (p_1, q_1);
//! ```

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Stmt, parse_quote};

use super::Lowering;
use crate::fence;

/// The parts of a value, as far as its form shows.
#[derive(Clone, PartialEq)]
enum Parts {
    /// Nothing is seen of it: control leaves, or it is `None`.
    Hidden,
    One,
    Tuple(Vec<Parts>),
    Array(Vec<Parts>),
    Option(Box<Parts>),
}

/// A variable for each part.
enum Held {
    One(Ident),
    Tuple(Vec<Held>),
    Array(Vec<Held>),
    /// Whether there is a value, the name of one that a pattern finds, and what holds the value.
    Option(Ident, Ident, Box<Held>),
}

impl Lowering<'_> {
    /// A loop or a labelled block that is left with several parts, as statements that leave them in variables, and the
    /// value made of these; none if the expression is no such thing.
    pub(super) fn left_in_parts(&mut self, expr: &Expr) -> Option<(Vec<Stmt>, Expr)> {
        if matches!(expr, Expr::If(_) | Expr::Match(_)) || matches!(expr, Expr::Block(block) if block.label.is_none()) {
            return self.array_of_branches(expr);
        }
        let parts = self.parts_left(expr)?;
        if !matches!(parts, Parts::Tuple(_) | Parts::Array(_) | Parts::Option(_)) {
            return None;
        }
        let number = self.instances.number(&format!("left {}", expr.to_token_stream()));
        let mut stmts = Vec::new();
        let held = self.held(&parts, number, &mut stmts);
        let mut whole = expr.clone();
        if let Expr::Block(block) = &mut whole
            && let Some(Stmt::Expr(value, None)) = block.block.stmts.last_mut()
        {
            *value = block_of(held.stored(value));
        }
        let mut breaks =
            Breaks { held: &held, label: label_of(expr), depth: 0, is_loop: matches!(expr, Expr::Loop(_)) };
        breaks.inside(&mut whole);
        stmts.push(Stmt::Expr(whole, Some(syn::token::Semi::default())));
        Some((stmts, held.value()))
    }

    /// An array that each side of a branch writes down: its elements are what differs.
    fn array_of_branches(&mut self, expr: &Expr) -> Option<(Vec<Stmt>, Expr)> {
        let parts = self.parts_of_form(expr);
        if !matches!(parts, Parts::Array(_)) || !self.is_active(expr) {
            return None;
        }
        let number = self.instances.number(&format!("left {}", expr.to_token_stream()));
        let mut stmts = Vec::new();
        let held = self.held(&parts, number, &mut stmts);
        stmts.extend(held.stored(expr));
        Some((stmts, held.value()))
    }

    /// Whether a loop or a labelled block is left with an option.
    pub(super) fn leaves_option(&self, expr: &Expr) -> bool {
        matches!(self.parts_left(expr), Some(Parts::Option(_)))
    }

    fn parts_left(&self, expr: &Expr) -> Option<Parts> {
        let label = label_of(expr);
        let mut found = Found { values: Vec::new(), label: label.clone(), depth: 0, is_loop: false };
        match expr {
            Expr::Loop(l) => {
                found.is_loop = true;
                found.visit_stmts(&l.body.stmts);
            }
            Expr::Block(block) if label.is_some() => {
                found.visit_stmts(&block.block.stmts);
                if let Some(Stmt::Expr(value, None)) = block.block.stmts.last() {
                    found.values.push(value.clone());
                }
            }
            _ => return None,
        }
        let parts = found.values.iter().map(|value| self.parts_of_form(value));
        parts.reduce(Parts::or)
    }

    fn parts_of_form(&self, expr: &Expr) -> Parts {
        let of_block = |block: &syn::Block| match block.stmts.last() {
            Some(Stmt::Expr(value, None)) => self.parts_of_form(value),
            Some(Stmt::Expr(value, Some(_))) if fence::expr_diverges(value) => Parts::Hidden,
            _ => Parts::One,
        };
        match expr {
            Expr::Paren(paren) => self.parts_of_form(&paren.expr),
            Expr::Tuple(tuple) if !tuple.elems.is_empty() => {
                Parts::Tuple(tuple.elems.iter().map(|elem| self.parts_of_form(elem)).collect())
            }
            Expr::Array(array) => Parts::Array(array.elems.iter().map(|elem| self.parts_of_form(elem)).collect()),
            Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if fence::names_variant(&path.path, "Some")) => {
                let inner = call.args.first().map_or(Parts::One, |arg| self.parts_of_form(arg));
                Parts::Option(Box::new(inner))
            }
            Expr::Path(path) if fence::names_variant(&path.path, "None") => Parts::Option(Box::new(Parts::Hidden)),
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => Parts::Hidden,
            Expr::If(branch) => {
                let otherwise = branch.else_branch.as_ref().map_or(Parts::One, |(_, e)| self.parts_of_form(e));
                of_block(&branch.then_branch).or(otherwise)
            }
            Expr::Match(m) => {
                m.arms.iter().map(|arm| self.parts_of_form(&arm.body)).reduce(Parts::or).unwrap_or(Parts::Hidden)
            }
            Expr::Block(block) if block.label.is_none() => of_block(&block.block),
            Expr::Block(_) | Expr::Loop(_) => self.parts_left(expr).unwrap_or(Parts::One),
            Expr::Macro(mac) if fence::is_panic(&mac.mac) => Parts::Hidden,
            other if self.is_option(other) => Parts::Option(Box::new(Parts::One)),
            _ => Parts::One,
        }
    }

    /// Variables for the parts, declared.
    fn held(&mut self, parts: &Parts, number: usize, stmts: &mut Vec<Stmt>) -> Held {
        let mut all = |parts: &[Parts], stmts: &mut Vec<Stmt>| {
            parts.iter().map(|part| self.held(part, number, stmts)).collect::<Vec<_>>()
        };
        match parts {
            Parts::Tuple(parts) => Held::Tuple(all(parts, stmts)),
            Parts::Array(parts) => Held::Array(all(parts, stmts)),
            Parts::One | Parts::Hidden => {
                let name = self.part_of(number, "left");
                stmts.push(parse_quote!(let #name;));
                Held::One(name)
            }
            Parts::Option(inner) => {
                let some = self.part_of(number, "some");
                stmts.push(parse_quote!(let mut #some = false;));
                let found = self.part_of(number, "found");
                Held::Option(some, found, Box::new(self.held(inner, number, stmts)))
            }
        }
    }

    fn part_of(&mut self, number: usize, word: &str) -> Ident {
        let number = self.instances.number(&format!("{word} of {number}"));
        self.fresh(word, number)
    }
}

impl Parts {
    /// What is seen of a value that is one or the other.
    fn or(self, other: Parts) -> Parts {
        let all = |a: Vec<Parts>, b: Vec<Parts>| a.into_iter().zip(b).map(|(a, b)| a.or(b)).collect();
        match (self, other) {
            (Parts::Hidden, parts) | (parts, Parts::Hidden) => parts,
            (Parts::Tuple(a), Parts::Tuple(b)) if a.len() == b.len() => Parts::Tuple(all(a, b)),
            (Parts::Array(a), Parts::Array(b)) if a.len() == b.len() => Parts::Array(all(a, b)),
            (Parts::Option(a), Parts::Option(b)) => Parts::Option(Box::new(a.or(*b))),
            // What is a value in one place is taken apart there by a pattern.
            (Parts::One, parts @ (Parts::Tuple(_) | Parts::Array(_) | Parts::Option(_))) => parts,
            (parts @ (Parts::Tuple(_) | Parts::Array(_) | Parts::Option(_)), Parts::One) => parts,
            _ => Parts::One,
        }
    }
}

impl Held {
    fn value(&self) -> Expr {
        match self {
            Held::One(name) => parse_quote!(#name),
            Held::Tuple(parts) => {
                let parts = parts.iter().map(Held::value);
                parse_quote!((#(#parts,)*))
            }
            Held::Array(parts) => {
                let parts = parts.iter().map(Held::value);
                parse_quote!([#(#parts),*])
            }
            Held::Option(some, _, inner) => {
                let inner = inner.value();
                parse_quote!((#some).then_some(#inner))
            }
        }
    }

    /// Statements that put the parts of an expression into the variables.
    fn stored(&self, expr: &Expr) -> Vec<Stmt> {
        match (self, expr) {
            (held, Expr::Paren(paren)) => held.stored(&paren.expr),
            (_, Expr::Return(_) | Expr::Break(_) | Expr::Continue(_)) => {
                vec![Stmt::Expr(expr.clone(), Some(syn::token::Semi::default()))]
            }
            (_, Expr::Macro(mac)) if fence::is_panic(&mac.mac) => {
                vec![Stmt::Expr(expr.clone(), Some(syn::token::Semi::default()))]
            }
            (held, Expr::If(_) | Expr::Match(_) | Expr::Block(_)) if held.stores_tails(expr) => {
                vec![Stmt::Expr(held.in_tails(expr.clone()), Some(syn::token::Semi::default()))]
            }
            (Held::One(name), _) => vec![parse_quote!(#name = #expr;)],
            (Held::Tuple(held), Expr::Tuple(tuple)) if held.len() == tuple.elems.len() => {
                held.iter().zip(&tuple.elems).flat_map(|(held, elem)| held.stored(elem)).collect()
            }
            (Held::Array(held), Expr::Array(array)) if held.len() == array.elems.len() => {
                held.iter().zip(&array.elems).flat_map(|(held, elem)| held.stored(elem)).collect()
            }
            (Held::Tuple(_) | Held::Array(_), _) => {
                // The variables are declared, and not assigned yet: a destructuring assignment gives them their values.
                let target = self.target();
                vec![parse_quote!(#target = #expr;)]
            }
            (Held::Option(some, _, inner), Expr::Call(call)) if matches!(&*call.func, Expr::Path(path) if fence::names_variant(&path.path, "Some")) =>
            {
                let mut stmts = call.args.first().map_or_else(Vec::new, |arg| inner.stored(arg));
                stmts.push(parse_quote!(#some = true;));
                stmts
            }
            (Held::Option(some, ..), Expr::Path(path)) if fence::names_variant(&path.path, "None") => {
                vec![parse_quote!(#some = false;)]
            }
            (Held::Option(some, found, inner), _) => {
                let stored = inner.stored(&parse_quote!(#found));
                vec![parse_quote!(match (#expr) {
                    ::core::option::Option::Some(#found) => {
                        #(#stored)*
                        #some = true;
                    }
                    ::core::option::Option::None => {
                        #some = false;
                    }
                })]
            }
        }
    }

    /// The pattern of places that a destructuring assignment assigns to.
    fn target(&self) -> Expr {
        match self {
            Held::One(name) | Held::Option(name, ..) => parse_quote!(#name),
            Held::Tuple(parts) => {
                let parts = parts.iter().map(Held::target);
                parse_quote!((#(#parts,)*))
            }
            Held::Array(parts) => {
                let parts = parts.iter().map(Held::target);
                parse_quote!([#(#parts),*])
            }
        }
    }

    /// Whether the value of a branch is stored at the end of each side.
    fn stores_tails(&self, expr: &Expr) -> bool {
        let is_whole = |block: &syn::Block| matches!(block.stmts.last(), Some(Stmt::Expr(_, None)));
        match expr {
            Expr::If(branch) => branch.else_branch.is_some() && is_whole(&branch.then_branch),
            Expr::Match(_) => true,
            Expr::Block(block) => block.label.is_none() && is_whole(&block.block),
            _ => false,
        }
    }

    fn in_tails(&self, mut expr: Expr) -> Expr {
        let tail = |block: &mut syn::Block| {
            if let Some(Stmt::Expr(value, None)) = block.stmts.last() {
                let stored = self.stored(value);
                block.stmts.pop();
                block.stmts.extend(stored);
            }
        };
        match &mut expr {
            Expr::If(branch) => {
                tail(&mut branch.then_branch);
                if let Some((_, otherwise)) = &mut branch.else_branch {
                    let stored = self.stored(otherwise);
                    **otherwise = block_of(stored);
                }
            }
            Expr::Match(m) => {
                for arm in &mut m.arms {
                    *arm.body = block_of(self.stored(&arm.body));
                }
            }
            Expr::Block(block) => tail(&mut block.block),
            _ => {}
        }
        expr
    }
}

fn block_of(stmts: Vec<Stmt>) -> Expr {
    parse_quote!({ #(#stmts)* })
}

fn label_of(expr: &Expr) -> Option<String> {
    let label = match expr {
        Expr::Loop(l) => l.label.as_ref(),
        Expr::Block(block) => block.label.as_ref(),
        _ => None,
    };
    label.map(|label| label.name.ident.to_string())
}

/// The values with which a loop or a block is left.
struct Found {
    values: Vec<Expr>,
    label: Option<String>,
    depth: usize,
    is_loop: bool,
}

impl Found {
    fn visit_stmts(&mut self, stmts: &[Stmt]) {
        stmts.iter().for_each(|stmt| syn::visit::Visit::visit_stmt(self, stmt));
    }
    fn deeper(&mut self, run: impl FnOnce(&mut Self)) {
        self.depth += 1;
        run(self);
        self.depth -= 1;
    }
}

impl<'a> syn::visit::Visit<'a> for Found {
    fn visit_expr_break(&mut self, jump: &'a syn::ExprBreak) {
        if let (true, Some(value)) = (leaves(jump, self.label.as_ref(), self.depth, self.is_loop), &jump.expr) {
            self.values.push((**value).clone());
        }
        syn::visit::visit_expr_break(self, jump);
    }
    fn visit_expr_loop(&mut self, l: &'a syn::ExprLoop) {
        self.deeper(|found| syn::visit::visit_expr_loop(found, l));
    }
    fn visit_expr_while(&mut self, l: &'a syn::ExprWhile) {
        self.deeper(|found| syn::visit::visit_expr_while(found, l));
    }
    fn visit_expr_for_loop(&mut self, l: &'a syn::ExprForLoop) {
        self.deeper(|found| syn::visit::visit_expr_for_loop(found, l));
    }
    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

/// Whether a `break` leaves the loop or the block of a label.
fn leaves(jump: &syn::ExprBreak, label: Option<&String>, depth: usize, is_loop: bool) -> bool {
    match &jump.label {
        None => is_loop && depth == 0,
        Some(own) => label.is_some_and(|label| own.ident == label.as_str()),
    }
}

/// Stores what a loop or a block is left with, and leaves it with nothing.
struct Breaks<'h> {
    held: &'h Held,
    label: Option<String>,
    depth: usize,
    is_loop: bool,
}

impl Breaks<'_> {
    fn inside(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Loop(l) => self.visit_block_mut(&mut l.body),
            Expr::Block(block) => self.visit_block_mut(&mut block.block),
            _ => {}
        }
    }
    fn deeper(&mut self, run: impl FnOnce(&mut Self)) {
        self.depth += 1;
        run(self);
        self.depth -= 1;
    }
}

impl VisitMut for Breaks<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        let Expr::Break(jump) = expr else { return };
        if !leaves(jump, self.label.as_ref(), self.depth, self.is_loop) {
            return;
        }
        if let Some(value) = jump.expr.take() {
            let mut stmts = self.held.stored(&value);
            stmts.push(Stmt::Expr(Expr::Break(jump.clone()), Some(syn::token::Semi::default())));
            *expr = block_of(stmts);
        }
    }
    fn visit_expr_loop_mut(&mut self, l: &mut syn::ExprLoop) {
        self.deeper(|breaks| visit_mut::visit_expr_loop_mut(breaks, l));
    }
    fn visit_expr_while_mut(&mut self, l: &mut syn::ExprWhile) {
        self.deeper(|breaks| visit_mut::visit_expr_while_mut(breaks, l));
    }
    fn visit_expr_for_loop_mut(&mut self, l: &mut syn::ExprForLoop) {
        self.deeper(|breaks| visit_mut::visit_expr_for_loop_mut(breaks, l));
    }
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
