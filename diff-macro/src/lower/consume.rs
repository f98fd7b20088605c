//! What is made of the items of a chain: sums, folds, extrema, searches.
//!
//! The standard library's own definitions, so that the value is the same to the bit: `sum` starts from `-0.0`, `max_by`
//! keeps the last of several equal items, `min_by` the first.

use quote::ToTokens;
use syn::{Expr, Ident, Stmt, parse_quote};

use super::chain::{Iter, Site};
use super::fallible::{Failure, Leave, wrapped_in};
use super::{Lowering, Val};
use crate::diagnostics;
use crate::fence;
use crate::ir::Ty;
use crate::names;

/// The methods that end a chain.
const CONSUMERS: &[&str] = &[
    "sum",
    "product",
    "fold",
    "for_each",
    "count",
    "any",
    "all",
    "position",
    "find",
    "find_map",
    "last",
    "nth",
    "next",
    "max_by",
    "min_by",
    "reduce",
    "try_fold",
    "try_for_each",
];

/// Makes the condition on which an item replaces another, after statements that it needs.
type Replaces<'r, 'a> = &'r mut dyn FnMut(&mut Lowering<'a>, &Expr, &Expr) -> Option<Vec<Stmt>>;

/// Makes the statements of an item: from the variables that say whether one was found, and which; the statements that
/// put the item in variables, and these.
type Search<'s, 'a> = &'s mut dyn FnMut(&mut Lowering<'a>, &Ident, &Expr, &[Stmt], &Expr) -> Option<Vec<Stmt>>;

/// The type of the vector that `collect` makes, if it makes one.
pub(super) fn collects(call: &syn::ExprMethodCall, ascribed: Option<&syn::Type>) -> Option<syn::Type> {
    if call.method != "collect" || !call.args.is_empty() {
        return None;
    }
    let ty = turbofish(call).or_else(|| ascribed.cloned())?;
    is_vector(&ty).then_some(ty)
}

/// The types of the vector and of the error of a `collect` that may fail.
fn collects_or_fails(
    call: &syn::ExprMethodCall,
    ascribed: Option<&syn::Type>,
) -> Option<(syn::Type, Option<syn::Type>)> {
    if call.method != "collect" || !call.args.is_empty() {
        return None;
    }
    let written = turbofish(call);
    let wrapped = written.as_ref().and_then(|ty| wrapped_in(ty, "Option").or_else(|| wrapped_in(ty, "Result")));
    if written.is_some() && wrapped.is_none() {
        return None;
    }
    let (ty, error) = wrapped.map_or((None, None), |(ty, error)| (Some(ty), error));
    let ty = ty.filter(is_vector).or_else(|| ascribed.cloned()).filter(is_vector)?;
    Some((ty, error))
}

fn is_vector(ty: &syn::Type) -> bool {
    let last = if let syn::Type::Path(path) = ty { path.path.segments.last() } else { None };
    last.is_some_and(|last| last.ident == "Vec")
}

/// The first type among the arguments of a method.
pub(super) fn turbofish(call: &syn::ExprMethodCall) -> Option<syn::Type> {
    call.turbofish.as_ref().and_then(|turbofish| match turbofish.args.first() {
        Some(syn::GenericArgument::Type(ty)) => Some(ty.clone()),
        _ => None,
    })
}

impl<'a> Lowering<'a> {
    /// A chain and the method that ends it; none if the call is no such method of a chain.
    pub(super) fn consumer(&mut self, call: &syn::ExprMethodCall) -> Option<Val> {
        self.consumer_or_else(call, None)
    }

    /// Reports where a chain that a consumer ends cannot be followed. False if the method is no consumer.
    pub(super) fn report_chain(&mut self, call: &syn::ExprMethodCall) -> bool {
        let name = call.method.to_string();
        // Methods of floats and of options have some of the names.
        let certain =
            ["sum", "product", "fold", "for_each", "try_fold", "try_for_each", "collect", "reduce", "max_by", "min_by"];
        if !certain.contains(&name.as_str()) {
            return false;
        }
        let mut at = &*call.receiver;
        let mut method = &call.method;
        while let (None, Expr::MethodCall(inner)) = (self.chain_of(at), at) {
            (at, method) = (&*inner.receiver, &inner.method);
        }
        let message = diagnostics::chain_source(&name);
        if self.chain_of(at).is_some() {
            self.error(method, message)
        } else {
            self.error(at, message)
        }
        true
    }

    /// A consumer whose failure, if there is a `?` behind it, leaves the function.
    pub(super) fn consumer_or_else(&mut self, call: &syn::ExprMethodCall, leave: Option<Leave>) -> Option<Val> {
        let name = call.method.to_string();
        if !CONSUMERS.contains(&name.as_str()) {
            return None;
        }
        if leave.is_some() && !matches!(name.as_str(), "sum" | "product" | "try_fold" | "try_for_each") {
            return None;
        }
        let mut iter = self.chain_of(&call.receiver)?;
        let lenders = fence::mutably_iterated(&call.receiver);
        if lenders.iter().any(|name| self.array_named(name).is_none()) && self.follow_arrays(&lenders) {
            // Active values may enter these arrays: they are followed from the next round on.
            return Some(Val::Unit);
        }
        let whole = Expr::MethodCall(call.clone());
        let site = self.site(&whole);
        self.settle(&mut iter, &site);
        let args: Vec<Expr> = call.args.iter().cloned().collect();
        let value = match (name.as_str(), &args[..]) {
            ("sum" | "product", []) => self.sum(call, &iter, &site, leave),
            ("try_fold", [init, f]) => self.try_fold(call, &iter, &site, init, f, leave),
            ("try_for_each", [f]) => self.try_for_each(call, &iter, &site, f, leave),
            ("find_map", [f]) => {
                let found = Iter::FilterMap(Box::new(iter), f.clone());
                self.first(&whole, &found, &site, None)
            }
            ("fold", [init, f]) => self.fold(&whole, &iter, &site, init, f),
            ("for_each", [f]) => self
                .run_chain(&whole, &iter, &site, &mut |pass, item| {
                    let call = pass.applied(f, vec![item])?;
                    Some(vec![Stmt::Expr(call, Some(syn::token::Semi::default()))])
                })
                .map(|()| Val::Unit),
            ("count", []) => self.count(&whole, &iter, &site),
            ("any" | "all", [f]) => self.search(&whole, &iter, &site, f, name == "all"),
            ("position", [f]) => self.position(&whole, &iter, &site, f),
            ("find", [f]) => self.first(&whole, &iter, &site, Some(f)),
            ("next", []) => self.first(&whole, &iter, &site, None),
            ("nth", [n]) => {
                let mut rest = Iter::Skip(Box::new(iter), n.clone());
                if let Iter::Skip(_, n) = &mut rest {
                    self.settle_number(n, &site);
                }
                self.first(&whole, &rest, &site, None)
            }
            ("last", []) => self.best(&whole, &iter, &site, &mut |_, _, _| Some(Vec::new())),
            ("max_by" | "min_by", [f]) => {
                let largest = name == "max_by";
                self.best(&whole, &iter, &site, &mut |pass, best, item| {
                    let order = pass.own(&site, "order");
                    let compared = pass.applied(f, vec![parse_quote!(&#best), parse_quote!(&#item)])?;
                    let test: Expr = if largest {
                        parse_quote!(#order != ::core::cmp::Ordering::Greater)
                    } else {
                        parse_quote!(#order == ::core::cmp::Ordering::Greater)
                    };
                    Some(vec![parse_quote!(let #order: ::core::cmp::Ordering = #compared;), Stmt::Expr(test, None)])
                })
            }
            ("reduce", [f]) => self.reduce(&whole, &iter, &site, f),
            _ => return None,
        };
        Some(value.unwrap_or(Val::Atom(crate::ir::Atom::Undefined)))
    }

    /// `let name: Vec<_> = chain.collect()`: a vector that the items are pushed on. False if it is no such chain.
    pub(super) fn let_collected(&mut self, name: &str, ascribed: Option<&syn::Type>, init: &Expr) -> bool {
        let (call, leave) = match fence::strip_parens(init) {
            Expr::MethodCall(call) => (call, None),
            Expr::Try(tried) => match fence::strip_parens(&tried.expr) {
                Expr::MethodCall(call) => (call, Some(Leave::by(!self.returns_tried))),
                _ => return false,
            },
            _ => return false,
        };
        let vector = match &leave {
            None => collects(call, ascribed).map(|ty| (ty, None)),
            Some(_) => collects_or_fails(call, ascribed),
        };
        let Some((ty, error)) = vector else { return false };
        let Some(mut iter) = self.chain_of(&call.receiver) else { return false };
        let site = self.site(init);
        self.settle(&mut iter, &site);
        // An annotation with `_` tells nothing: the elements are floats of the function's type.
        let annotation = super::shape_of(&ty).is_some().then(|| ty.clone());
        let annotation = annotation.map(|ty| quote::quote!(: #ty));
        let (ident, capacity) = (names::ident(name), self.capacity(&iter));
        self.run(&[parse_quote!(let mut #ident #annotation = Vec::with_capacity(#capacity);)]);
        // Errors are reported where they are found.
        let _ = match leave {
            Some(leave) => {
                self.returns_tried = false;
                let failure = Failure::Leave(Box::new(leave.with_error(error)));
                self.run_fallible(init, &iter, &site, &failure, &mut |_, term| {
                    Some(vec![parse_quote!(#ident.push(#term);)])
                })
            }
            None => self.run_chain(init, &iter, &site, &mut |pass, item| {
                let value = pass.own(&site, "item");
                Some(vec![parse_quote!(let #value = #item;), parse_quote!(#ident.push(#value);)])
            }),
        };
        true
    }

    /// `let (a, b): (Vec<_>, Vec<_>) = chain.unzip()`, and of `partition`. False if it is no such chain.
    pub(super) fn let_unzipped(&mut self, pat: &syn::Pat, ascribed: Option<&syn::Type>, init: &Expr) -> bool {
        let Expr::MethodCall(call) = init else { return false };
        let by_test = call.method == "partition" && call.args.len() == 1;
        let (syn::Pat::Tuple(pats), true) = (pat, by_test || (call.method == "unzip" && call.args.is_empty())) else {
            return false;
        };
        let names: Vec<&syn::PatIdent> = pats
            .elems
            .iter()
            .filter_map(|pat| if let syn::Pat::Ident(ident) = pat { Some(ident) } else { None })
            .collect();
        let [a, b] = names[..] else { return false };
        let types: Vec<Option<&syn::Type>> = match ascribed {
            Some(syn::Type::Tuple(types)) => types.elems.iter().map(Some).collect(),
            _ => return false,
        };
        if !self.is_active(init) || !types.iter().flatten().all(|ty| is_vector(ty)) {
            return false;
        }
        let Some(mut iter) = self.chain_of(&call.receiver) else { return false };
        let site = self.site(init);
        self.settle(&mut iter, &site);
        let capacity = self.capacity(&iter);
        for (name, ty) in [a, b].into_iter().zip(&types) {
            let (ident, annotation) = (&name.ident, ty.filter(|ty| super::shape_of(ty).is_some()));
            let annotation = annotation.map(|ty| quote::quote!(: #ty));
            self.run(&[parse_quote!(let mut #ident #annotation = Vec::with_capacity(#capacity);)]);
        }
        let (a, b) = (&a.ident, &b.ident);
        // Errors are reported where they are found.
        let _ = self.run_chain(init, &iter, &site, &mut |pass, item| {
            let (mut stmts, item) = pass.parts(&site, &item);
            if let Some(f) = call.args.first() {
                let test = pass.applied(f, vec![parse_quote!(&#item)])?;
                stmts.push(parse_quote!(if #test { #a.push(#item); } else { #b.push(#item); }));
                return Some(stmts);
            }
            let (first, second) = (pass.own(&site, "first"), pass.own(&site, "second"));
            stmts.push(parse_quote!(let (#first, #second) = #item;));
            stmts.push(parse_quote!(#a.push(#first);));
            stmts.push(parse_quote!(#b.push(#second);));
            Some(stmts)
        });
        true
    }

    /// The type that the method's own arguments, or the variable that its value is for, tell.
    fn expected_type(&self, call: &syn::ExprMethodCall) -> Option<syn::Type> {
        turbofish(call).or_else(|| self.expected.clone()).filter(|ty| !matches!(ty, syn::Type::Infer(_)))
    }

    fn sum(&mut self, call: &syn::ExprMethodCall, iter: &Iter, site: &Site, leave: Option<Leave>) -> Option<Val> {
        let product = call.method == "product";
        let ty = self.expected_type(call);
        let wrapped = ty.as_ref().and_then(|ty| wrapped_in(ty, "Option").or_else(|| wrapped_in(ty, "Result")));
        let failure = match (&wrapped, leave) {
            (Some((_, error)), Some(leave)) => Some(Failure::Leave(Box::new(leave.with_error(error.clone())))),
            (None, Some(leave)) => Some(Failure::Leave(Box::new(leave))),
            (Some((_, None)), None) => Some(self.failure(call, None, site)?),
            (Some((_, Some(_))), None) => {
                self.error(&call.method, diagnostics::KEPT_RESULT);
                return None;
            }
            (None, None) => None,
        };
        let ty = wrapped.map(|(ty, _)| ty).or(ty).filter(|ty| !matches!(ty, syn::Type::Infer(_)));
        let known = ty.as_ref().map(fence::primitive_ty);
        let start: Expr = match (known, product) {
            (Some(Ty::Int), false) => parse_quote!(0),
            (Some(Ty::Int), true) => parse_quote!(1),
            (Some(Ty::Float(_)) | None, false) => self.number(-0.0),
            (Some(Ty::Float(_)) | None, true) => self.number(1.0),
            (Some(_), _) => {
                self.error(&call.turbofish, diagnostics::unsupported("a sum of this type", "sum floats or integers"));
                return None;
            }
        };
        let annotation = ty.map(|ty| quote::quote!(: #ty));
        let total = self.own(site, if product { "product" } else { "sum" });
        self.run(&[parse_quote!(let mut #total #annotation = #start;)]);
        let whole = Expr::MethodCall(call.clone());
        let update = |term: &Expr| -> Stmt {
            if product { parse_quote!(#total *= #term;) } else { parse_quote!(#total += #term;) }
        };
        match &failure {
            Some(failure) => {
                self.run_fallible(&whole, iter, site, failure, &mut |_, term| Some(vec![update(&term)]))?;
            }
            None => self.run_chain(&whole, iter, site, &mut |pass, item| {
                let term = pass.own(site, "term");
                Some(vec![parse_quote!(let #term = #item;), update(&parse_quote!(#term))])
            })?,
        }
        let total = self.expr(&parse_quote!(#total));
        Some(match &failure {
            Some(failure) => self.value_or_option(failure, total),
            None => total,
        })
    }

    fn try_fold(
        &mut self,
        call: &syn::ExprMethodCall,
        iter: &Iter,
        site: &Site,
        init: &Expr,
        f: &Expr,
        leave: Option<Leave>,
    ) -> Option<Val> {
        let failure = self.failure(call, leave, site)?;
        let (stmts, state) = self.state(site, init);
        self.run(&stmts);
        self.run_chain(&Expr::MethodCall(call.clone()), iter, site, &mut |pass, item| {
            pass.call_fallible(f, vec![state.clone(), item], site, &failure, &mut |_, next| {
                Some(vec![parse_quote!(#state = #next;)])
            })
        })?;
        let value = self.expr(&state);
        Some(self.value_or_option(&failure, value))
    }

    fn try_for_each(
        &mut self,
        call: &syn::ExprMethodCall,
        iter: &Iter,
        site: &Site,
        f: &Expr,
        leave: Option<Leave>,
    ) -> Option<Val> {
        let failure = self.failure(call, leave, site)?;
        self.run_chain(&Expr::MethodCall(call.clone()), iter, site, &mut |pass, item| {
            if let Failure::Leave(leave) = &failure {
                let done = pass.tried_call(f, vec![item], leave)?;
                return Some(vec![Stmt::Expr(done, Some(syn::token::Semi::default()))]);
            }
            pass.call_fallible(f, vec![item], site, &failure, &mut |_, _| Some(Vec::new()))
        })?;
        Some(self.value_or_option(&failure, Val::Unit))
    }

    fn fold(&mut self, whole: &Expr, iter: &Iter, site: &Site, init: &Expr, f: &Expr) -> Option<Val> {
        let (mut stmts, state) = self.state(site, init);
        self.run(&std::mem::take(&mut stmts));
        self.run_chain(whole, iter, site, &mut |pass, item| {
            let next = pass.applied(f, vec![state.clone(), item])?;
            Some(vec![parse_quote!(#state = #next;)])
        })?;
        Some(self.expr(&state))
    }

    /// Mutable variables for a value: one for each part of a tuple.
    fn state(&mut self, site: &Site, init: &Expr) -> (Vec<Stmt>, Expr) {
        if let Expr::Tuple(tuple) = init {
            let mut stmts = Vec::new();
            let mut parts = Vec::new();
            for part in &tuple.elems {
                let (more, part) = self.state(site, part);
                stmts.extend(more);
                parts.push(part);
            }
            return (stmts, parse_quote!((#(#parts),*)));
        }
        let state = self.own(site, "state");
        (vec![parse_quote!(let mut #state = #init;)], parse_quote!(#state))
    }

    fn count(&mut self, whole: &Expr, iter: &Iter, site: &Site) -> Option<Val> {
        let count = self.own(site, "count");
        self.run(&[parse_quote!(let mut #count: usize = 0;)]);
        self.run_chain(whole, iter, site, &mut |pass, item| {
            let item = (!item.to_token_stream().is_empty()).then(|| -> Stmt { parse_quote!(let _ = #item;) });
            let _ = pass;
            Some(item.into_iter().chain([parse_quote!(#count += 1;)]).collect())
        })?;
        Some(self.expr(&parse_quote!(#count)))
    }

    /// `any`, or `all`, which is that there is none for which the condition does not hold.
    fn search(&mut self, whole: &Expr, iter: &Iter, site: &Site, f: &Expr, all: bool) -> Option<Val> {
        let (found, label) = (self.own(site, "found"), site.label());
        self.run(&[parse_quote!(let mut #found = false;)]);
        self.run_chain(whole, iter, site, &mut |pass, item| {
            let holds = pass.applied(f, vec![item])?;
            let test: Expr = if all { parse_quote!(!(#holds)) } else { holds };
            Some(vec![parse_quote!(if #test { #found = true; break #label; })])
        })?;
        let found = self.expr(&parse_quote!(#found)).atom();
        Some(Val::Atom(if all { self.exact(crate::rules::Prim::Not, &[found]) } else { found }))
    }

    fn position(&mut self, whole: &Expr, iter: &Iter, site: &Site, f: &Expr) -> Option<Val> {
        let (found, count, label) = (self.own(site, "found"), self.own(site, "count"), site.label());
        self.run(&[parse_quote!(let mut #found = false;), parse_quote!(let mut #count: usize = 0;)]);
        self.run_chain(whole, iter, site, &mut |pass, item| {
            let holds = pass.applied(f, vec![item])?;
            Some(vec![parse_quote!(if #holds { #found = true; break #label; }), parse_quote!(#count += 1;)])
        })?;
        let found = self.expr(&parse_quote!(#found)).atom();
        let count = self.expr(&parse_quote!(#count));
        Some(Val::Option { some: found, value: Box::new(count) })
    }

    /// The first item, or the first of which a condition holds.
    fn first(&mut self, whole: &Expr, iter: &Iter, site: &Site, f: Option<&Expr>) -> Option<Val> {
        let label = site.label();
        self.searched(whole, iter, site, &mut |pass, found, best, parts, item| {
            let mut stmts = parts.to_vec();
            let test = match f {
                Some(f) => pass.applied(f, vec![parse_quote!(&#item)])?,
                None => parse_quote!(true),
            };
            let keep: Vec<Stmt> =
                vec![parse_quote!(#found = true;), parse_quote!(#best = #item;), parse_quote!(break #label;)];
            match f {
                Some(_) => stmts.push(parse_quote!(if #test { #(#keep)* })),
                None => stmts.extend(keep),
            }
            Some(stmts)
        })
    }

    /// The item that replaced all others. `replaces` makes statements that end in the condition on which it does.
    fn best(&mut self, whole: &Expr, iter: &Iter, site: &Site, replaces: Replaces<'_, 'a>) -> Option<Val> {
        self.searched(whole, iter, site, &mut |pass, found, best, parts, item| {
            let mut stmts = parts.to_vec();
            let mut test = replaces(pass, best, item)?;
            match test.pop() {
                Some(Stmt::Expr(holds, None)) => stmts.push(parse_quote! {
                    if !#found {
                        #found = true;
                        #best = #item;
                    } else {
                        #(#test)*
                        if #holds {
                            #best = #item;
                        }
                    }
                }),
                _ => stmts.extend([parse_quote!(#found = true;), parse_quote!(#best = #item;)]),
            }
            Some(stmts)
        })
    }

    fn reduce(&mut self, whole: &Expr, iter: &Iter, site: &Site, f: &Expr) -> Option<Val> {
        self.searched(whole, iter, site, &mut |pass, found, best, parts, item| {
            let mut stmts = parts.to_vec();
            let next = pass.applied(f, vec![best.clone(), item.clone()])?;
            stmts.push(parse_quote! {
                if !#found {
                    #found = true;
                    #best = #item;
                } else {
                    #best = #next;
                }
            });
            Some(stmts)
        })
    }

    /// A chain that leaves an item or none: `body` is given the variables that hold it, and each item in variables.
    fn searched(&mut self, whole: &Expr, iter: &Iter, site: &Site, body: Search<'_, 'a>) -> Option<Val> {
        let found = self.own(site, "found");
        self.run(&[parse_quote!(let mut #found = false;)]);
        let mut best = None;
        let loops = self.drive(iter, site, &mut |pass, item| {
            let (parts, item) = pass.parts(site, &item);
            let best = best.get_or_insert_with(|| pass.blank(site, &item)).clone();
            body(pass, &found, &best.1, &parts, &item)
        });
        let (Some(loops), Some((blank, best))) = (loops, best) else {
            self.error(whole, diagnostics::CHAIN);
            return None;
        };
        self.run(&blank);
        let loops = Self::labelled(site, loops);
        self.run(&loops);
        let some = self.expr(&parse_quote!(#found)).atom();
        let value = Box::new(self.expr(&best));
        Some(Val::Option { some, value })
    }

    /// An item in variables: one for each part of a tuple.
    pub(super) fn parts(&mut self, site: &Site, item: &Expr) -> (Vec<Stmt>, Expr) {
        if let Expr::Tuple(tuple) = item {
            let mut stmts = Vec::new();
            let mut parts = Vec::new();
            for part in &tuple.elems {
                let (more, part) = self.parts(site, part);
                stmts.extend(more);
                parts.push(part);
            }
            return (stmts, parse_quote!((#(#parts),*)));
        }
        let name = self.own(site, "item");
        (vec![parse_quote!(let #name = #item;)], parse_quote!(#name))
    }

    /// Variables for what the parts of an item will be assigned to.
    pub(super) fn blank(&mut self, site: &Site, item: &Expr) -> (Vec<Stmt>, Expr) {
        if let Expr::Tuple(tuple) = item {
            let mut stmts = Vec::new();
            let mut parts = Vec::new();
            for part in &tuple.elems {
                let (more, part) = self.blank(site, part);
                stmts.extend(more);
                parts.push(part);
            }
            return (stmts, parse_quote!((#(#parts),*)));
        }
        let best = self.own(site, "best");
        (vec![parse_quote!(let #best;)], parse_quote!(#best))
    }
}
