//! Elements and parts of arrays that methods give in an `Option`: `first`, `last`, `get`, `split_first`, `pop`.
//!
//! ```text
//! x.last().unwrap()                      &x[x.len() - 1], which panics where there is none
//! let (a, b) = x.split_first()?;         if x.is_empty() { return None; } let (a, b) = (&x[0], &x[1..]);
//! if let Some(v) = x.last_mut() { .. }   if !x.is_empty() { let v = &mut x[x.len() - 1]; .. }
//! x.first().map_or(0.0, |v| v * v)       whether there is one, and the element if there is
//! ```

use quote::ToTokens;
use syn::{Expr, ExprMethodCall, Pat, Stmt, parse_quote};

use super::array::strip;
use super::{Lowering, Val};
use crate::diagnostics;
use crate::fence;
use crate::ir::Storage;

/// What a method gives in an `Option`.
pub(super) struct Element {
    /// Whether there is one.
    there: Expr,
    /// The element or the part, where there is one.
    value: Expr,
}

impl Lowering<'_> {
    /// The element that a method call asks an array for.
    fn element_of(&mut self, call: &ExprMethodCall) -> Option<Element> {
        let name = call.method.to_string();
        if !self.is_asked(&call.receiver, &name) {
            return None;
        }
        let x = strip(&call.receiver).clone();
        let some: Expr = parse_quote!(!#x.is_empty());
        let (there, value): (Expr, Expr) = match (name.as_str(), call.args.first()) {
            ("first", None) => (some, parse_quote!(&#x[0])),
            ("last", None) => (some, parse_quote!(&#x[#x.len() - 1])),
            ("first_mut", None) => (some, parse_quote!(&mut #x[0])),
            ("last_mut", None) => (some, parse_quote!(&mut #x[#x.len() - 1])),
            ("split_first", None) => (some, parse_quote!((&#x[0], &#x[1..]))),
            ("split_last", None) => (some, parse_quote!((&#x[#x.len() - 1], &#x[..#x.len() - 1]))),
            ("pop", None) => (some, parse_quote!(#call.unwrap())),
            ("get" | "get_mut", Some(index)) if !is_range(index) => {
                let index = self.settled_index(index);
                let mutability = (name == "get_mut").then(syn::token::Mut::default);
                (parse_quote!(#index < #x.len()), parse_quote!(&#mutability #x[#index]))
            }
            _ => return None,
        };
        Some(Element { there, value })
    }

    /// Whether a method is one that asks an array, which lowering follows or may follow once it is changed, for an element.
    fn is_asked(&self, receiver: &Expr, method: &str) -> bool {
        let asks = matches!(
            method,
            "first" | "last" | "first_mut" | "last_mut" | "split_first" | "split_last" | "pop" | "get" | "get_mut"
        );
        let is_followed = self.array_of(receiver).is_some();
        let may_be = method.ends_with("t_mut") && method != "get_mut";
        asks && (is_followed || (may_be && fence::variable(receiver).is_some_and(|name| self.env.contains_key(&name))))
    }

    /// Whether an expression is an element in an `Option`.
    pub(super) fn is_element_option(&self, call: &ExprMethodCall) -> bool {
        let fits = match call.method.to_string().as_str() {
            "get" | "get_mut" => call.args.first().is_some_and(|index| !is_range(index)),
            _ => call.args.is_empty(),
        };
        fits && self.is_asked(&call.receiver, &call.method.to_string())
    }

    /// An index that is named more than once.
    fn settled_index(&mut self, index: &Expr) -> Expr {
        if matches!(index, Expr::Lit(_) | Expr::Path(_)) {
            return index.clone();
        }
        let number = self.instances.number(&format!("index {}", index.to_token_stream()));
        let name = self.fresh("index", number);
        self.run(&[parse_quote!(let #name: usize = #index;)]);
        parse_quote!(#name)
    }

    /// An element as an option that lowering takes apart; none if the call asks for none.
    pub(super) fn element_option(&mut self, call: &ExprMethodCall) -> Option<Val> {
        let Element { there, value } = self.element_of(call)?;
        let place = if let Expr::Reference(reference) = &value { &*reference.expr } else { &value };
        if !(call.method == "pop" || self.is_single_element(place)) {
            self.error(&call.method, diagnostics::PART_IN_OPTION);
            return Some(Val::Atom(crate::ir::Atom::Undefined));
        }
        let some = self.condition(&there);
        let then = self.arm(|pass| pass.expr(&value));
        let otherwise = self.arm(|_| Val::Never);
        Some(Val::Option { some, value: Box::new(self.merge(some, then, otherwise)) })
    }

    /// An element that is taken out of its `Option`, by `unwrap`, `expect` or `?`: the element itself, after the way out
    /// where there is none.
    pub(super) fn unwrapped_place(&mut self, expr: &Expr) -> Option<Expr> {
        match expr {
            Expr::Paren(paren) => self.unwrapped_place(&paren.expr),
            Expr::MethodCall(call) if call.method == "unwrap" || call.method == "expect" => {
                let (inner, copied) = asked(&call.receiver)?;
                if inner.method == "pop" {
                    return None;
                }
                let value = self.element_of(inner)?.value;
                Some(if copied { copy_of(value) } else { value })
            }
            Expr::Try(tried) => {
                let (option, error) = match fence::strip_parens(&tried.expr) {
                    Expr::MethodCall(call) if call.method == "ok_or" || call.method == "ok_or_else" => {
                        (&*call.receiver, Some((call.method == "ok_or_else", call.args.first()?)))
                    }
                    other => (other, None),
                };
                let (inner, copied) = asked(option)?;
                let Element { there, value } = self.element_of(inner)?;
                let exit: Expr = match error {
                    None => parse_quote!(::core::option::Option::None),
                    Some((lazy, error)) => {
                        let error = if lazy { self.applied(error, Vec::new())? } else { error.clone() };
                        parse_quote!(::core::result::Result::Err(::core::convert::From::from(#error)))
                    }
                };
                self.run(&[parse_quote!(if !(#there) { return #exit; })]);
                Some(if copied { copy_of(value) } else { value })
            }
            _ => None,
        }
    }

    /// Whether an expression asks an array for an element.
    pub(super) fn asks_for_element(&self, expr: &Expr) -> bool {
        asked(expr).is_some_and(|(call, _)| self.is_element_option(call))
    }

    /// `[a, .., b]` against an array of unknown length: what its length is to be, and the bindings.
    fn matched_slice(&self, pat: &Pat, value: &Expr) -> Option<(Expr, Stmt)> {
        let Pat::Slice(slice) = pat else { return None };
        let array = self.array_of(value)?;
        let by_reference = self.shape(array)?.storage != Storage::Owned || matches!(value, Expr::Reference(_));
        if !by_reference {
            return None;
        }
        let x = strip(value);
        let is_rest = |pat: &Pat| match pat {
            Pat::Rest(_) => true,
            Pat::Ident(ident) => matches!(ident.subpat.as_ref().map(|(_, pat)| &**pat), Some(Pat::Rest(_))),
            _ => false,
        };
        if !slice.elems.iter().all(|pat| is_rest(pat) || always_matches(pat)) {
            return None;
        }
        let rest = slice.elems.iter().position(is_rest);
        let fixed = slice.elems.len() - usize::from(rest.is_some());
        let (mut pats, mut values): (Vec<Pat>, Vec<Expr>) = (Vec::new(), Vec::new());
        for (k, pat) in slice.elems.iter().enumerate() {
            let (from_start, from_end) = (syn::Index::from(k), syn::Index::from(slice.elems.len() - k));
            match (pat, rest) {
                (Pat::Ident(ident), Some(at)) if at == k => {
                    let (name, behind) = (&ident.ident, syn::Index::from(slice.elems.len() - k - 1));
                    pats.push(parse_quote!(#name));
                    values.push(parse_quote!(&#x[#from_start..#x.len() - #behind]));
                }
                (_, Some(at)) if at == k => {}
                (pat, Some(at)) if at < k => {
                    pats.push(pat.clone());
                    values.push(parse_quote!(&#x[#x.len() - #from_end]));
                }
                (pat, _) => {
                    pats.push(pat.clone());
                    values.push(parse_quote!(&#x[#from_start]));
                }
            }
        }
        let length = syn::Index::from(fixed);
        let there = if rest.is_some() { parse_quote!(#x.len() >= #length) } else { parse_quote!(#x.len() == #length) };
        Some((there, parse_quote!(let (#(#pats,)*) = (#(#values,)*);)))
    }

    /// `match x { [] => a, [v] => b, _ => c }` of an array as branches.
    pub(super) fn branches_by_length(&self, m: &syn::ExprMatch) -> Option<Expr> {
        self.array_of(&m.expr)?;
        let (last, arms) = m.arms.split_last()?;
        let is_plain = |arm: &syn::Arm| matches!(arm.pat, Pat::Slice(_));
        let covers = match &last.pat {
            Pat::Wild(_) => true,
            Pat::Slice(slice) => !slice.elems.is_empty(),
            _ => false,
        };
        if arms.is_empty() || !arms.iter().all(is_plain) || !covers {
            return None;
        }
        let value = &m.expr;
        let (pat, body) = (&last.pat, &last.body);
        let end: Expr = match pat {
            Pat::Slice(_) => parse_quote!({ if let #pat = #value { #body } else { ::core::unreachable!() } }),
            _ => parse_quote!({ #body }),
        };
        Some(arms.iter().rev().fold(end, |otherwise, arm| {
            let (pat, body) = (&arm.pat, &arm.body);
            parse_quote!(if let #pat = #value { #body } else #otherwise)
        }))
    }

    /// `let Some(pattern) = element`: the condition, and the binding.
    pub(super) fn matched_element(&mut self, pat: &Pat, value: &Expr) -> Option<(Expr, Stmt)> {
        if let Some(matched) = self.matched_slice(pat, value) {
            return Some(matched);
        }
        let Pat::TupleStruct(some) = pat else { return None };
        let inner = some.elems.first().filter(|_| fence::names_variant(&some.path, "Some") && some.elems.len() == 1)?;
        let (call, copied) = asked(value)?;
        let Element { there, value } = self.element_of(call)?;
        let value = if copied { copy_of(value) } else { value };
        Some((there, parse_quote!(let #inner = #value;)))
    }

    /// `let Some(pattern) = element else { leaves }` as a branch and a `let`.
    pub(super) fn element_or_else(&mut self, stmt: &Stmt) -> Option<Vec<Stmt>> {
        let Stmt::Local(local) = stmt else { return None };
        let init = local.init.as_ref()?;
        let (_, diverge) = init.diverge.as_ref()?;
        let (there, binding) = self.matched_element(&local.pat, &init.expr)?;
        Some(vec![parse_quote!(if !(#there) #diverge), binding])
    }

    /// `match element { Some(pattern) => a, None => b }` as a branch.
    pub(super) fn element_or_none(&self, m: &syn::ExprMatch) -> Option<syn::ExprIf> {
        let [a, b] = &m.arms.iter().collect::<Vec<_>>()[..] else { return None };
        let is_some =
            |arm: &syn::Arm| matches!(&arm.pat, Pat::TupleStruct(some) if fence::names_variant(&some.path, "Some"));
        let (found, none) = if is_some(a) { (a, b) } else { (b, a) };
        let is_none = match &none.pat {
            Pat::Wild(_) => true,
            Pat::Ident(ident) => ident.ident == "None",
            Pat::Path(path) => fence::names_variant(&path.path, "None"),
            _ => false,
        };
        if !(self.asks_for_element(&m.expr) && is_some(found) && is_none) {
            return None;
        }
        let (pat, element, then, otherwise) = (&found.pat, &m.expr, &found.body, &none.body);
        Some(parse_quote!(if let #pat = #element { #then } else { #otherwise }))
    }

    /// A place in an array behind `*x.last_mut().unwrap()`.
    pub(super) fn target_behind(&mut self, target: &Expr) -> Option<Expr> {
        let Expr::Unary(unary) = fence::strip_parens(target) else { return None };
        if !matches!(unary.op, syn::UnOp::Deref(_)) {
            return None;
        }
        match self.unwrapped_place(&unary.expr)? {
            Expr::Reference(reference) => Some(*reference.expr),
            _ => None,
        }
    }
}

/// The call that asks for an element, and whether the element is copied.
fn asked(expr: &Expr) -> Option<(&ExprMethodCall, bool)> {
    match expr {
        Expr::Paren(paren) => asked(&paren.expr),
        Expr::MethodCall(call) if call.method == "copied" || call.method == "cloned" => {
            asked(&call.receiver).map(|(call, _)| (call, true))
        }
        Expr::MethodCall(call) => Some((call, false)),
        _ => None,
    }
}

/// Whether a pattern matches every float: it is a name, or none.
fn always_matches(pat: &Pat) -> bool {
    match pat {
        Pat::Wild(_) => true,
        Pat::Ident(ident) => ident.subpat.is_none(),
        Pat::Reference(reference) => always_matches(&reference.pat),
        Pat::Paren(paren) => always_matches(&paren.pat),
        _ => false,
    }
}

fn copy_of(value: Expr) -> Expr {
    match value {
        Expr::Reference(reference) => *reference.expr,
        value => value,
    }
}

fn is_range(index: &Expr) -> bool {
    matches!(fence::strip_parens(index), Expr::Range(_))
}
