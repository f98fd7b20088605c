//! Iterator chains: a chain is a loop over its items, with nothing allocated.
//!
//! ```text
//! x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>()
//!
//! let mut sum = -0.0;
//! for i in 0..x.len().min(y.len()) {
//!     let term = { let (a, b) = (&x[i], &y[i]); a * b };
//!     sum += term;
//! }
//! ```
//!
//! What can be reached by index (arrays, their parts, what is zipped, numbered, reversed, cut or mapped of them, by
//! closures that only compute) is one loop over the indices. Everything else happens to the items of that loop one by
//! one, in the order in which the standard library calls the closures. A range, and an iterator that no active value
//! enters, is the iterator of a loop as it stands.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, Lifetime, Pat, Stmt, parse_quote};

use super::Lowering;
use super::array::strip;
use super::control::range_of;
use crate::diagnostics;
use crate::fence;
use crate::ir::Storage;

/// What a chain gives, item by item.
#[derive(Clone)]
pub(super) enum Iter {
    /// The elements, or the rows, of an array.
    Slice {
        array: Expr,
        by: By,
    },
    /// Parts of an array, of a size.
    Parts {
        array: Expr,
        size: Expr,
        kind: Kind,
    },
    /// Tuples in an array that is written down: `[(a, 1), (b, 2)]`. `settle` puts the columns side by side.
    Table(Vec<Vec<Expr>>),
    /// What a loop can run over as it stands.
    Plain(Expr),
    /// The values behind the references.
    Copied(Box<Iter>),
    /// References to the values.
    Borrowed(Box<Iter>),
    Map(Box<Iter>, Expr),
    Enumerate(Box<Iter>),
    Zip(Box<Iter>, Box<Iter>),
    Rev(Box<Iter>),
    Skip(Box<Iter>, Expr),
    Take(Box<Iter>, Expr),
    StepBy(Box<Iter>, Expr),
    Filter(Box<Iter>, Expr),
    FilterMap(Box<Iter>, Expr),
    TakeWhile(Box<Iter>, Expr),
    SkipWhile(Box<Iter>, Expr),
    MapWhile(Box<Iter>, Expr),
    Scan(Box<Iter>, Expr, Expr),
    Inspect(Box<Iter>, Expr),
    Chain(Box<Iter>, Box<Iter>),
    FlatMap(Box<Iter>, Expr),
    Flatten(Box<Iter>),
}

impl Iter {
    /// The iterators that it takes its items from, in the order in which they are evaluated.
    fn sources(&self) -> Vec<&Iter> {
        match self {
            Iter::Slice { .. } | Iter::Parts { .. } | Iter::Table(_) | Iter::Plain(_) => Vec::new(),
            Iter::Copied(inner) | Iter::Borrowed(inner) | Iter::Enumerate(inner) => vec![inner],
            Iter::Rev(inner) | Iter::Flatten(inner) => vec![inner],
            Iter::Skip(inner, _) | Iter::Take(inner, _) | Iter::StepBy(inner, _) => vec![inner],
            Iter::Map(inner, _) | Iter::Filter(inner, _) | Iter::FilterMap(inner, _) => vec![inner],
            Iter::TakeWhile(inner, _) | Iter::SkipWhile(inner, _) | Iter::MapWhile(inner, _) => vec![inner],
            Iter::Scan(inner, ..) | Iter::Inspect(inner, _) | Iter::FlatMap(inner, _) => vec![inner],
            Iter::Zip(a, b) | Iter::Chain(a, b) => vec![a, b],
        }
    }

    fn sources_mut(&mut self) -> Vec<&mut Iter> {
        match self {
            Iter::Slice { .. } | Iter::Parts { .. } | Iter::Table(_) | Iter::Plain(_) => Vec::new(),
            Iter::Copied(inner) | Iter::Borrowed(inner) | Iter::Enumerate(inner) => vec![inner],
            Iter::Rev(inner) | Iter::Flatten(inner) => vec![inner],
            Iter::Skip(inner, _) | Iter::Take(inner, _) | Iter::StepBy(inner, _) => vec![inner],
            Iter::Map(inner, _) | Iter::Filter(inner, _) | Iter::FilterMap(inner, _) => vec![inner],
            Iter::TakeWhile(inner, _) | Iter::SkipWhile(inner, _) | Iter::MapWhile(inner, _) => vec![inner],
            Iter::Scan(inner, ..) | Iter::Inspect(inner, _) | Iter::FlatMap(inner, _) => vec![inner],
            Iter::Zip(a, b) | Iter::Chain(a, b) => vec![a, b],
        }
    }

    /// What is called for each item.
    fn function(&self) -> Option<&Expr> {
        match self {
            Iter::Map(_, f) | Iter::Filter(_, f) | Iter::FilterMap(_, f) | Iter::TakeWhile(_, f) => Some(f),
            Iter::SkipWhile(_, f) | Iter::MapWhile(_, f) | Iter::Scan(_, _, f) => Some(f),
            Iter::Inspect(_, f) | Iter::FlatMap(_, f) => Some(f),
            Iter::Slice { .. } | Iter::Parts { .. } | Iter::Table(_) | Iter::Plain(_) => None,
            Iter::Copied(_) | Iter::Borrowed(_) | Iter::Enumerate(_) => None,
            Iter::Rev(_) | Iter::Flatten(_) | Iter::Skip(..) | Iter::Take(..) | Iter::StepBy(..) => None,
            Iter::Zip(..) | Iter::Chain(..) => None,
        }
    }
}

/// How an iterator gives the elements of an array.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Reference,
    MutableReference,
    Value,
}

/// How an array is cut into parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Windows,
    ChunksExact,
    Chunks,
}

/// The chain that is lowered: what its variables and its label are named by.
pub(super) struct Site {
    text: String,
    /// Leaves all loops of the chain.
    label: Lifetime,
}

impl Site {
    pub(super) fn label(&self) -> Lifetime {
        self.label.clone()
    }
}

/// Makes the statements of an item.
type Body<'b, 'a> = &'b mut dyn FnMut(&mut Lowering<'a>, Expr) -> Option<Vec<Stmt>>;

impl<'a> Lowering<'a> {
    // ---- reading --------------------------------------------------------------------------------------------------

    /// The chain that an expression is, if it is visibly one.
    pub(super) fn chain_of(&self, expr: &Expr) -> Option<Iter> {
        let found = self.structured(expr);
        found.or_else(|| self.is_inactive_iterator(expr).then(|| Iter::Plain(expr.clone())))
    }

    /// Whether an expression can be a loop's iterator as it stands.
    fn is_inactive_iterator(&self, expr: &Expr) -> bool {
        !self.is_active(expr)
            && !fence::exits_of_expr(expr).any()
            && !self.changes_followed(&fence::writes_in_expr(expr))
    }

    fn structured(&self, expr: &Expr) -> Option<Iter> {
        match expr {
            Expr::Array(array) if self.is_active(expr) && is_table(array) => Some(table_of(array)),
            Expr::Paren(paren) => self.structured(&paren.expr),
            Expr::Group(group) => self.structured(&group.expr),
            Expr::Range(_) => Some(Iter::Plain(expr.clone())),
            Expr::MethodCall(_) if range_of(expr).is_some() => Some(Iter::Plain(expr.clone())),
            Expr::MethodCall(call) => self.adaptor(call).or_else(|| self.whole(expr)),
            other => self.whole(other),
        }
    }

    /// The elements of an expression that is an array, or a reference to one.
    fn whole(&self, expr: &Expr) -> Option<Iter> {
        let by = match expr {
            Expr::Reference(reference) if reference.mutability.is_some() => By::MutableReference,
            Expr::Reference(_) => By::Reference,
            other => self.by_of(other)?,
        };
        self.is_source(expr).then(|| Iter::Slice { array: strip(expr).clone(), by })
    }

    /// How an array gives its elements if it is iterated over as it is named.
    fn by_of(&self, expr: &Expr) -> Option<By> {
        if self.makes_array(expr) {
            return Some(By::Value);
        }
        let array = self.array_of(expr)?;
        Some(match self.shape(array)?.storage {
            Storage::Borrowed => By::Reference,
            Storage::BorrowedMut => By::MutableReference,
            Storage::Owned => By::Value,
        })
    }

    /// Whether an expression is an array that lowering follows, a part of one, or inactive data that can be indexed.
    fn is_source(&self, expr: &Expr) -> bool {
        let base = strip(expr);
        match base {
            _ if self.array_of(base).is_some() || self.makes_array(base) => true,
            Expr::Index(_) => self.place(base).is_some_and(|(array, indices)| {
                let whole = self.shape(array).is_some_and(|shape| shape.dims.len() > indices.len());
                let cut = matches!(indices[..], [Expr::Range(_)]);
                indices.len() == 1 && (whole || cut)
            }),
            other => self.is_data(other),
        }
    }

    /// Inactive data in a variable that can be indexed: a parameter that is a slice, an array or a `Vec`.
    fn is_data(&self, expr: &Expr) -> bool {
        fence::variable(expr).is_some_and(|name| {
            let indexed = self.source.params.iter().any(|param| param.name == name && param.indexed);
            indexed && !self.known.active.contains(&name) && !self.is_cell(&name)
        })
    }

    fn adaptor(&self, call: &syn::ExprMethodCall) -> Option<Iter> {
        let name = call.method.to_string();
        let inner = || self.chain_of(&call.receiver).map(Box::new);
        let array = || self.is_source(&call.receiver).then(|| strip(&call.receiver).clone());
        let args: Vec<&Expr> = call.args.iter().collect();
        let in_table = match strip(&call.receiver) {
            Expr::Array(array) if self.is_active(&call.receiver) && is_table(array) => Some(table_of(array)),
            _ => None,
        };
        Some(match (name.as_str(), &args[..]) {
            ("iter", []) if in_table.is_some() => Iter::Borrowed(Box::new(in_table?)),
            ("into_iter", []) if in_table.is_some() => in_table?,
            ("iter", []) => Iter::Slice { array: array()?, by: By::Reference },
            ("iter_mut", []) => Iter::Slice { array: array()?, by: By::MutableReference },
            ("into_iter", []) => return self.structured(&call.receiver),
            ("windows", [size]) => Iter::Parts { array: array()?, size: (*size).clone(), kind: Kind::Windows },
            ("chunks_exact", [size]) => Iter::Parts { array: array()?, size: (*size).clone(), kind: Kind::ChunksExact },
            ("chunks", [size]) => Iter::Parts { array: array()?, size: (*size).clone(), kind: Kind::Chunks },
            ("copied" | "cloned", []) => Iter::Copied(inner()?),
            ("enumerate", []) => Iter::Enumerate(inner()?),
            ("rev", []) => Iter::Rev(inner()?),
            ("flatten", []) => Iter::Flatten(inner()?),
            ("fuse" | "peekable", []) => return self.chain_of(&call.receiver),
            ("map", [f]) => Iter::Map(inner()?, (*f).clone()),
            ("filter", [f]) => Iter::Filter(inner()?, (*f).clone()),
            ("filter_map", [f]) => Iter::FilterMap(inner()?, (*f).clone()),
            ("take_while", [f]) => Iter::TakeWhile(inner()?, (*f).clone()),
            ("skip_while", [f]) => Iter::SkipWhile(inner()?, (*f).clone()),
            ("map_while", [f]) => Iter::MapWhile(inner()?, (*f).clone()),
            ("scan", [init, f]) => Iter::Scan(inner()?, (*init).clone(), (*f).clone()),
            ("inspect", [f]) => Iter::Inspect(inner()?, (*f).clone()),
            ("flat_map", [f]) => Iter::FlatMap(inner()?, (*f).clone()),
            ("skip", [n]) => Iter::Skip(inner()?, (*n).clone()),
            ("take", [n]) => Iter::Take(inner()?, (*n).clone()),
            ("step_by", [n]) => Iter::StepBy(inner()?, (*n).clone()),
            ("zip", [other]) => Iter::Zip(inner()?, Box::new(self.chain_of(other)?)),
            ("chain", [other]) => Iter::Chain(inner()?, Box::new(self.chain_of(other)?)),
            _ => return None,
        })
    }

    /// Where a chain stands.
    pub(super) fn site(&mut self, chain: &Expr) -> Site {
        let text = chain.to_token_stream().to_string();
        let number = self.instances.number(&format!("chain {text}"));
        let label = Lifetime::new(&format!("'chain__{number}"), Span::call_site());
        Site { text, label }
    }

    /// A variable for the chain.
    pub(super) fn own(&mut self, site: &Site, word: &str) -> Ident {
        let number = self.instances.number(&format!("{word} {}", site.text));
        self.fresh(word, number)
    }

    // ---- what is evaluated first ----------------------------------------------------------------------------------

    /// Evaluates what stands in the chain beside its closures, in order: sources and numbers.
    pub(super) fn settle(&mut self, iter: &mut Iter, site: &Site) {
        for source in iter.sources_mut() {
            self.settle(source, site);
        }
        match iter {
            Iter::Slice { array, by } => self.settle_array(array, *by == By::MutableReference, site),
            Iter::Parts { array, size, kind } => {
                self.settle_array(array, false, site);
                self.settle_number(size, site);
                if *kind != Kind::ChunksExact {
                    self.check_nonzero(size);
                }
            }
            Iter::Table(rows) => {
                let rows = std::mem::take(rows);
                *iter = self.columns(rows, site);
            }
            Iter::Scan(_, init, _) => {
                let state = self.own(site, "state");
                self.run(&[parse_quote!(let mut #state = #init;)]);
                *init = parse_quote!(#state);
            }
            Iter::Skip(_, n) | Iter::Take(_, n) => self.settle_number(n, site),
            Iter::StepBy(_, n) => {
                self.settle_number(n, site);
                self.check_nonzero(n);
            }
            Iter::Plain(_) | Iter::Copied(_) | Iter::Borrowed(_) | Iter::Enumerate(_) | Iter::Rev(_) => {}
            Iter::Flatten(_)
            | Iter::Map(..)
            | Iter::Filter(..)
            | Iter::FilterMap(..)
            | Iter::TakeWhile(..)
            | Iter::SkipWhile(..) => {}
            Iter::MapWhile(..) | Iter::Inspect(..) | Iter::FlatMap(..) | Iter::Zip(..) | Iter::Chain(..) => {}
        }
    }

    /// The standard library's adaptors panic where this number is zero.
    fn check_nonzero(&mut self, number: &Expr) {
        if !matches!(number, Expr::Lit(_)) {
            self.carry(&parse_quote!(::core::assert!(#number != 0);), &[]);
        }
    }

    /// The columns of a table, each in a variable: what is evaluated is evaluated row by row.
    fn columns(&mut self, mut rows: Vec<Vec<Expr>>, site: &Site) -> Iter {
        for cell in rows.iter_mut().flatten() {
            if !matches!(cell, Expr::Lit(_) | Expr::Path(_)) {
                let value = self.own(site, "value");
                self.run(&[parse_quote!(let #value = #cell;)]);
                *cell = parse_quote!(#value);
            }
        }
        let width = rows.first().map_or(0, Vec::len);
        let mut columns = Vec::new();
        let mut names = Vec::new();
        for k in 0..width {
            let (column, cells) = (self.own(site, "column"), rows.iter().map(|row| &row[k]));
            self.run(&[parse_quote!(let #column = [#(#cells),*];)]);
            columns.push(Iter::Slice { array: parse_quote!(#column), by: By::Value });
            names.push(self.own(site, "value"));
        }
        let zipped = columns.into_iter().reduce(|a, b| Iter::Zip(Box::new(a), Box::new(b)));
        let Some(zipped) = zipped else { return Iter::Table(rows) };
        let pattern = names[1..].iter().fold(names[0].to_token_stream(), |left, name| quote::quote!((#left, #name)));
        Iter::Map(Box::new(zipped), parse_quote!(|#pattern| (#(#names,)*)))
    }

    /// A part of an array, or a new one, gets a variable.
    fn settle_array(&mut self, array: &mut Expr, mutable: bool, site: &Site) {
        if matches!(array, Expr::Path(_)) {
            return;
        }
        let part = self.own(site, "part");
        if self.makes_array(array) {
            self.run(&[parse_quote!(let #part = #array;)]);
            *array = parse_quote!(#part);
            return;
        }
        let mutability = mutable.then(syn::token::Mut::default);
        self.run(&[parse_quote!(let #part = &#mutability #array;)]);
        *array = parse_quote!(#part);
    }

    pub(super) fn settle_number(&mut self, number: &mut Expr, site: &Site) {
        let constant = match &*number {
            Expr::Lit(_) => true,
            other => fence::variable(other).is_some_and(|name| !self.is_mutable(&name)),
        };
        if constant {
            return;
        }
        let ident = self.own(site, "number");
        self.run(&[parse_quote!(let #ident = #number;)]);
        *number = parse_quote!(#ident);
    }

    // ---- items by index -------------------------------------------------------------------------------------------

    /// Whether the items can be reached by index, in any order and any number of times.
    fn is_indexed(&self, iter: &Iter) -> bool {
        let keeps_indices = match iter {
            Iter::Slice { .. } | Iter::Parts { .. } | Iter::Table(_) | Iter::Copied(_) | Iter::Borrowed(_) => true,
            Iter::Enumerate(_) | Iter::Rev(_) | Iter::Skip(..) | Iter::Take(..) | Iter::StepBy(..) | Iter::Zip(..) => {
                true
            }
            Iter::Map(_, f) => self.is_pure_closure(f),
            Iter::Plain(_) | Iter::Filter(..) | Iter::FilterMap(..) | Iter::TakeWhile(..) | Iter::SkipWhile(..) => {
                false
            }
            Iter::MapWhile(..) | Iter::Scan(..) | Iter::Inspect(..) | Iter::Chain(..) => false,
            Iter::FlatMap(..) | Iter::Flatten(_) => false,
        };
        keeps_indices && iter.sources().into_iter().all(|source| self.is_indexed(source))
    }

    /// How many items there will be, if their number is known before.
    pub(super) fn capacity(&self, iter: &Iter) -> Expr {
        if self.is_indexed(iter) { Self::count_of(iter) } else { parse_quote!(0) }
    }

    /// The number of items that can be reached by index.
    fn count_of(iter: &Iter) -> Expr {
        match iter {
            Iter::Slice { array, .. } => parse_quote!(#array.len()),
            Iter::Parts { array, size, kind: Kind::Windows } => parse_quote!((#array.len() + 1).saturating_sub(#size)),
            Iter::Parts { array, size, kind: Kind::ChunksExact } => parse_quote!((#array.len() / #size)),
            Iter::Parts { array, size, kind: Kind::Chunks } => parse_quote!(#array.len().div_ceil(#size)),
            Iter::Skip(inner, n) => {
                let length = Self::count_of(inner);
                parse_quote!(#length.saturating_sub(#n))
            }
            Iter::Take(inner, n) => {
                let length = Self::count_of(inner);
                parse_quote!(#length.min(#n))
            }
            Iter::StepBy(inner, n) => {
                let length = Self::count_of(inner);
                parse_quote!(#length.div_ceil(#n))
            }
            Iter::Zip(a, b) => {
                let (a, b) = (Self::count_of(a), Self::count_of(b));
                parse_quote!(#a.min(#b))
            }
            Iter::Copied(inner) | Iter::Borrowed(inner) | Iter::Enumerate(inner) => Self::count_of(inner),
            Iter::Rev(inner) | Iter::Map(inner, _) => Self::count_of(inner),
            Iter::Plain(_)
            | Iter::Table(_)
            | Iter::Filter(..)
            | Iter::FilterMap(..)
            | Iter::TakeWhile(..)
            | Iter::SkipWhile(..)
            | Iter::MapWhile(..)
            | Iter::Scan(..)
            | Iter::Inspect(..)
            | Iter::Chain(..)
            | Iter::FlatMap(..)
            | Iter::Flatten(_) => parse_quote!(0),
        }
    }

    /// The item at an index.
    fn item_at(&mut self, iter: &Iter, index: &Expr) -> Option<Expr> {
        Some(match iter {
            Iter::Slice { array, by: By::Reference } => parse_quote!(&#array[#index]),
            Iter::Slice { array, by: By::MutableReference } => parse_quote!(&mut #array[#index]),
            Iter::Slice { array, by: By::Value } => parse_quote!(#array[#index]),
            Iter::Parts { array, size, kind: Kind::Windows } => parse_quote!(&#array[#index..#index + #size]),
            Iter::Parts { array, size, kind: Kind::ChunksExact } => {
                parse_quote!(&#array[#index * #size..#index * #size + #size])
            }
            Iter::Parts { array, size, kind: Kind::Chunks } => {
                parse_quote!(&#array[#index * #size..(#index * #size + #size).min(#array.len())])
            }
            Iter::Copied(inner) => value_behind(self.item_at(inner, index)?),
            Iter::Borrowed(inner) => reference_to(self.item_at(inner, index)?),
            Iter::Map(inner, f) => {
                let item = self.item_at(inner, index)?;
                self.applied(f, vec![item])?
            }
            Iter::Enumerate(inner) => {
                let item = self.item_at(inner, index)?;
                parse_quote!((#index, #item))
            }
            Iter::Zip(a, b) => {
                let (a, b) = (self.item_at(a, index)?, self.item_at(b, index)?);
                parse_quote!((#a, #b))
            }
            Iter::Rev(inner) => {
                let length = Self::count_of(inner);
                self.item_at(inner, &parse_quote!((#length - 1 - #index)))?
            }
            Iter::Skip(inner, n) => self.item_at(inner, &parse_quote!((#index + #n)))?,
            Iter::Take(inner, _) => self.item_at(inner, index)?,
            Iter::StepBy(inner, n) => self.item_at(inner, &parse_quote!((#index * #n)))?,
            Iter::Plain(_)
            | Iter::Table(_)
            | Iter::Filter(..)
            | Iter::FilterMap(..)
            | Iter::TakeWhile(..)
            | Iter::SkipWhile(..)
            | Iter::MapWhile(..)
            | Iter::Scan(..)
            | Iter::Inspect(..)
            | Iter::Chain(..)
            | Iter::FlatMap(..)
            | Iter::Flatten(_) => return None,
        })
    }

    /// The indices of a loop, and what it takes by them: what is cut, stepped or reversed outermost is the range's.
    fn indices(iter: &Iter) -> (Expr, &Iter) {
        match iter {
            Iter::Rev(inner) => match &**inner {
                Iter::Rev(inner) => Self::indices(inner),
                other => {
                    let length = Self::count_of(other);
                    (parse_quote!((0..#length).rev()), other)
                }
            },
            Iter::Skip(inner, n) if !matches!(**inner, Iter::Rev(_)) => {
                let length = Self::count_of(inner);
                (parse_quote!(#n..#length), &**inner)
            }
            Iter::StepBy(inner, n) => {
                let length = Self::count_of(inner);
                (parse_quote!((0..#length).step_by(#n)), &**inner)
            }
            other => {
                let length = Self::count_of(other);
                (parse_quote!(0..#length), other)
            }
        }
    }

    // ---- loops ----------------------------------------------------------------------------------------------------

    /// The loops over the items of a chain, with the statements that `body` makes of an item.
    pub(super) fn drive(&mut self, iter: &Iter, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        if self.is_indexed(iter) {
            let index = self.own(site, "i");
            return self.drive_indices(iter, &index, body);
        }
        match iter {
            Iter::Plain(header) => {
                let item = self.own(site, "item");
                let stmts = body(self, parse_quote!(#item))?;
                Some(vec![parse_quote!(for #item in #header { #(#stmts)* })])
            }
            Iter::Slice { .. } | Iter::Parts { .. } | Iter::Table(_) => None,
            Iter::Copied(inner) => self.drive(inner, site, &mut |pass, item| body(pass, value_behind(item))),
            Iter::Borrowed(inner) => self.drive(inner, site, &mut |pass, item| body(pass, reference_to(item))),
            Iter::Map(inner, f) => self.drive(inner, site, &mut |pass, item| {
                let item = pass.applied(f, vec![item])?;
                body(pass, item)
            }),
            Iter::Inspect(inner, f) => self.drive(inner, site, &mut |pass, item| {
                let (mut stmts, item) = pass.named(item, site);
                let call = pass.applied(f, vec![parse_quote!(&#item)])?;
                stmts.push(Stmt::Expr(call, Some(syn::token::Semi::default())));
                stmts.extend(body(pass, parse_quote!(#item))?);
                Some(stmts)
            }),
            Iter::Filter(inner, f) => self.drive(inner, site, &mut |pass, item| {
                let (mut stmts, item) = pass.named(item, site);
                let keeps = pass.applied(f, vec![parse_quote!(&#item)])?;
                let rest = body(pass, parse_quote!(#item))?;
                stmts.push(parse_quote!(if #keeps { #(#rest)* }));
                Some(stmts)
            }),
            Iter::TakeWhile(inner, f) => self.drive(inner, site, &mut |pass, item| {
                let (mut stmts, item) = pass.named(item, site);
                let goes_on = pass.applied(f, vec![parse_quote!(&#item)])?;
                let label = &site.label;
                stmts.push(parse_quote!(if !(#goes_on) { break #label; }));
                stmts.extend(body(pass, parse_quote!(#item))?);
                Some(stmts)
            }),
            Iter::SkipWhile(inner, f) => self.drive_skip_while(inner, f, site, body),
            Iter::FilterMap(inner, f) => self.drive(inner, site, &mut |pass, item| {
                let found = pass.applied(f, vec![item])?;
                let item = pass.own(site, "item");
                let rest = body(pass, parse_quote!(#item))?;
                let stmt: Stmt = parse_quote!(if let ::core::option::Option::Some(#item) = (#found) { #(#rest)* });
                Some(vec![stmt])
            }),
            Iter::MapWhile(inner, f) => self.drive(inner, site, &mut |pass, item| {
                let found = pass.applied(f, vec![item])?;
                pass.while_some(found, site, body)
            }),
            Iter::Scan(inner, state, f) => self.drive(inner, site, &mut |pass, item| {
                let found = pass.applied(f, vec![parse_quote!(&mut #state), item])?;
                pass.while_some(found, site, body)
            }),
            Iter::Enumerate(inner) => {
                let count = self.own(site, "count");
                let mut stmts: Vec<Stmt> = vec![parse_quote!(let mut #count: usize = 0;)];
                stmts.extend(self.drive(inner, site, &mut |pass, item| {
                    let number = pass.own(site, "number");
                    let mut stmts: Vec<Stmt> = vec![parse_quote!(let #number: usize = #count;)];
                    stmts.push(parse_quote!(#count += 1;));
                    stmts.extend(body(pass, parse_quote!((#number, #item)))?);
                    Some(stmts)
                })?);
                Some(stmts)
            }
            Iter::Skip(inner, n) => self.drive_skip(inner, n, site, body),
            Iter::Take(inner, n) => self.drive_take(inner, n, site, body),
            Iter::StepBy(inner, n) => self.drive_steps(inner, n, site, body),
            Iter::Rev(inner) => {
                let reversed = reversed(inner)?;
                self.drive(&reversed, site, body)
            }
            Iter::Zip(a, b) => self.drive_zip(a, b, site, body),
            Iter::Chain(a, b) => {
                let mut stmts = self.drive(a, site, body)?;
                stmts.extend(self.drive(b, site, body)?);
                Some(stmts)
            }
            Iter::FlatMap(inner, f) => self.drive(inner, site, &mut |pass, item| {
                let items = pass.applied(f, vec![item])?;
                pass.drive_inner(items, site, body)
            }),
            Iter::Flatten(inner) => self.drive(inner, site, &mut |pass, item| {
                let (mut stmts, item) = pass.named(item, site);
                stmts.extend(pass.drive_inner(parse_quote!(#item), site, body)?);
                Some(stmts)
            }),
        }
    }

    /// A loop over indices, in the variable `index`.
    fn drive_indices(&mut self, iter: &Iter, index: &Ident, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        let (header, inner) = Self::indices(iter);
        let item = self.item_at(inner, &parse_quote!(#index))?;
        let stmts = body(self, item)?;
        Some(vec![parse_quote!(for #index in #header { #(#stmts)* })])
    }

    /// An item in a variable, to be used more than once.
    fn named(&mut self, item: Expr, site: &Site) -> (Vec<Stmt>, Expr) {
        self.parts(site, &item)
    }

    /// Goes on with the value of an option, or leaves the chain.
    fn while_some(&mut self, found: Expr, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        let (item, label) = (self.own(site, "item"), &site.label);
        let mut stmts: Vec<Stmt> =
            vec![parse_quote!(let ::core::option::Option::Some(#item) = (#found) else { break #label; };)];
        stmts.extend(body(self, parse_quote!(#item))?);
        Some(stmts)
    }

    /// A loop over what a closure gives: the statements before its value, then a loop over that.
    fn drive_inner(&mut self, items: Expr, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        let (mut stmts, items) = match items {
            Expr::Block(mut block) if block.label.is_none() => match block.block.stmts.pop() {
                Some(Stmt::Expr(value, None)) => (block.block.stmts, value),
                _ => return None,
            },
            other => (Vec::new(), other),
        };
        let item = self.own(site, "item");
        let inner = body(self, parse_quote!(#item))?;
        stmts.push(parse_quote!(for #item in #items { #(#inner)* }));
        Some(stmts)
    }

    fn drive_skip_while(&mut self, inner: &Iter, f: &Expr, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        let skips = self.own(site, "skips");
        let mut stmts: Vec<Stmt> = vec![parse_quote!(let mut #skips = true;)];
        stmts.extend(self.drive(inner, site, &mut |pass, item| {
            let (mut stmts, item) = pass.named(item, site);
            let skipped = pass.applied(f, vec![parse_quote!(&#item)])?;
            let rest = body(pass, parse_quote!(#item))?;
            stmts.push(parse_quote!(if #skips { #skips = #skipped; }));
            stmts.push(parse_quote!(if !#skips { #(#rest)* }));
            Some(stmts)
        })?);
        Some(stmts)
    }

    fn drive_skip(&mut self, inner: &Iter, n: &Expr, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        let left = self.own(site, "left");
        let mut stmts: Vec<Stmt> = vec![parse_quote!(let mut #left: usize = #n;)];
        stmts.extend(self.drive(inner, site, &mut |pass, item| {
            let (mut stmts, item) = pass.named(item, site);
            let rest = body(pass, parse_quote!(#item))?;
            stmts.push(parse_quote!(if #left > 0 { #left -= 1; } else { #(#rest)* }));
            Some(stmts)
        })?);
        Some(stmts)
    }

    /// The last item that is taken is the last that is asked for.
    fn drive_take(&mut self, inner: &Iter, n: &Expr, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        let (left, label) = (self.own(site, "left"), &site.label);
        let mut stmts: Vec<Stmt> = vec![parse_quote!(let mut #left: usize = #n;)];
        let loops = self.drive(inner, site, &mut |pass, item| {
            let (mut stmts, item) = pass.named(item, site);
            stmts.push(parse_quote!(#left -= 1;));
            stmts.extend(body(pass, parse_quote!(#item))?);
            stmts.push(parse_quote!(if #left == 0 { break #label; }));
            Some(stmts)
        })?;
        match n {
            Expr::Lit(_) => stmts.extend(loops),
            _ => stmts.push(parse_quote!(if #left > 0 { #(#loops)* })),
        }
        Some(stmts)
    }

    fn drive_steps(&mut self, inner: &Iter, n: &Expr, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        let left = self.own(site, "left");
        let mut stmts: Vec<Stmt> = vec![parse_quote!(let mut #left: usize = 0;)];
        stmts.extend(self.drive(inner, site, &mut |pass, item| {
            let (mut stmts, item) = pass.named(item, site);
            let rest = body(pass, parse_quote!(#item))?;
            stmts.push(parse_quote!(if #left > 0 { #left -= 1; } else { #left = #n - 1; #(#rest)* }));
            Some(stmts)
        })?);
        Some(stmts)
    }

    /// Two chains side by side: what can be reached by index follows the other.
    fn drive_zip(&mut self, a: &Iter, b: &Iter, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        match (a, b) {
            (Iter::Plain(a), Iter::Plain(b)) => {
                let both: Expr = parse_quote!((#a).zip(#b));
                self.drive(&Iter::Plain(both), site, body)
            }
            (Iter::Plain(a), b) if self.is_indexed(b) => {
                let (item, index, length) = (self.own(site, "item"), self.own(site, "i"), Self::count_of(b));
                let other = self.item_at(b, &parse_quote!(#index))?;
                let stmts = body(self, parse_quote!((#item, #other)))?;
                Some(vec![parse_quote!(for (#item, #index) in (#a).zip(0..#length) { #(#stmts)* })])
            }
            (a, Iter::Plain(b)) if self.is_indexed(a) => {
                let (item, index, length) = (self.own(site, "item"), self.own(site, "i"), Self::count_of(a));
                let other = self.item_at(a, &parse_quote!(#index))?;
                let stmts = body(self, parse_quote!((#other, #item)))?;
                Some(vec![parse_quote!(for (#index, #item) in (0..#length).zip(#b) { #(#stmts)* })])
            }
            (a, b) if self.is_indexed(b) => self.drive_beside(a, b, false, site, body),
            // One more item of `b` is made than is asked for: that must not make a difference.
            (a, b) if self.is_indexed(a) && self.is_pure(b) => self.drive_beside(b, a, true, site, body),
            (a, b) => self.drive_pulled(a, b, site, body),
        }
    }

    /// A chain, and beside it the items of another that goes on where it stopped.
    fn drive_pulled(&mut self, a: &Iter, b: &Iter, site: &Site, body: Body<'_, 'a>) -> Option<Vec<Stmt>> {
        let (next, from) = (self.own(site, "next"), self.own(site, "from"));
        let rest = self.resumed(b, &next, &from)?;
        let mut stmts: Vec<Stmt> = vec![parse_quote!(let mut #next: usize = 0;)];
        stmts.extend(self.drive(a, site, &mut |pass, item| {
            let (mut stmts, item) = pass.named(item, site);
            let (found, inner) = (pass.own(site, "found"), pass.site(&parse_quote!(#next)));
            let (label, end) = (inner.label(), site.label());
            let mut held = None;
            let loops = pass.drive(&rest, &inner, &mut |pass, other| {
                let (mut stmts, other) = pass.parts(site, &other);
                let (_, held) = held.get_or_insert_with(|| pass.blank(site, &other)).clone();
                stmts.push(parse_quote!(#found = true;));
                stmts.push(parse_quote!(#held = #other;));
                stmts.push(parse_quote!(break #label;));
                Some(stmts)
            })?;
            let (declared, other) = held?;
            stmts.push(parse_quote!(let mut #found = false;));
            stmts.push(parse_quote!(let #from: usize = #next;));
            stmts.extend(declared);
            stmts.extend(Self::labelled(&inner, loops));
            stmts.push(parse_quote!(if !#found { break #end; }));
            stmts.extend(body(pass, parse_quote!((#item, #other)))?);
            Some(stmts)
        })?);
        Some(stmts)
    }

    /// The rest of a chain, from an item of its source on, while `next` counts these; none if it cannot go on from there.
    fn resumed(&self, iter: &Iter, next: &Ident, from: &Ident) -> Option<Iter> {
        let again = |inner: &Iter| self.resumed(inner, next, from).map(Box::new);
        let counted = |rest: Iter| Iter::Inspect(Box::new(rest), parse_quote!(|_| { #next += 1; }));
        Some(match iter {
            _ if self.is_indexed(iter) => counted(Iter::Skip(Box::new(iter.clone()), parse_quote!(#from))),
            Iter::Plain(header) if range_of(header).is_some() => {
                counted(Iter::Plain(parse_quote!((#header).skip(#from))))
            }
            Iter::Copied(inner) => Iter::Copied(again(inner)?),
            Iter::Borrowed(inner) => Iter::Borrowed(again(inner)?),
            Iter::Map(inner, f) => Iter::Map(again(inner)?, f.clone()),
            Iter::Inspect(inner, f) => Iter::Inspect(again(inner)?, f.clone()),
            Iter::Filter(inner, f) => Iter::Filter(again(inner)?, f.clone()),
            Iter::FilterMap(inner, f) => Iter::FilterMap(again(inner)?, f.clone()),
            Iter::Plain(_)
            | Iter::Slice { .. }
            | Iter::Parts { .. }
            | Iter::Table(_)
            | Iter::Enumerate(_)
            | Iter::Zip(..)
            | Iter::Rev(_)
            | Iter::Skip(..)
            | Iter::Take(..)
            | Iter::StepBy(..)
            | Iter::TakeWhile(..)
            | Iter::SkipWhile(..)
            | Iter::MapWhile(..)
            | Iter::Scan(..)
            | Iter::Chain(..)
            | Iter::FlatMap(..)
            | Iter::Flatten(_) => return None,
        })
    }

    /// A chain, and beside it the items of another by their indices, which come first or second.
    fn drive_beside(
        &mut self,
        chain: &Iter,
        indexed: &Iter,
        first: bool,
        site: &Site,
        body: Body<'_, 'a>,
    ) -> Option<Vec<Stmt>> {
        let (next, length, label) = (self.own(site, "next"), Self::count_of(indexed), &site.label);
        let mut stmts: Vec<Stmt> = vec![parse_quote!(let mut #next: usize = 0;)];
        stmts.extend(self.drive(chain, site, &mut |pass, item| {
            let (mut stmts, item) = pass.named(item, site);
            let index = pass.own(site, "i");
            let other = pass.item_at(indexed, &parse_quote!(#index))?;
            stmts.push(parse_quote!(if #next >= #length { break #label; }));
            stmts.push(parse_quote!(let #index: usize = #next;));
            stmts.push(parse_quote!(#next += 1;));
            let pair = if first { parse_quote!((#other, #item)) } else { parse_quote!((#item, #other)) };
            stmts.extend(body(pass, pair)?);
            Some(stmts)
        })?);
        Some(stmts)
    }

    /// Whether making an item has no effect.
    fn is_pure(&self, iter: &Iter) -> bool {
        let acts = match iter {
            Iter::Plain(header) => range_of(header).is_none(),
            Iter::Scan(..) | Iter::Inspect(..) => true,
            other => other.function().is_some_and(|f| !self.is_pure_closure(f)),
        };
        !acts && iter.sources().into_iter().all(|source| self.is_pure(source))
    }

    /// The loops of a chain as one statement that its label leaves.
    pub(super) fn labelled(site: &Site, stmts: Vec<Stmt>) -> Vec<Stmt> {
        let label = &site.label;
        if !stmts.iter().any(|stmt| breaks_to(stmt, label)) {
            return stmts;
        }
        vec![parse_quote!(#label: { #(#stmts)* })]
    }

    /// Runs the loops of a chain.
    pub(super) fn run_chain(&mut self, chain: &Expr, iter: &Iter, site: &Site, body: Body<'_, 'a>) -> Option<()> {
        match self.drive(iter, site, body) {
            Some(stmts) => {
                let stmts = Self::labelled(site, stmts);
                self.run(&stmts);
                Some(())
            }
            None => {
                if self.errors.is_empty() {
                    self.error(chain, diagnostics::CHAIN);
                }
                None
            }
        }
    }

    // ---- `for` ----------------------------------------------------------------------------------------------------

    /// A `for` loop over a chain of which more is seen than an iterator: false if there is none.
    pub(super) fn for_chain(&mut self, l: &syn::ExprForLoop) -> bool {
        if range_of(&l.expr).is_some() {
            return false;
        }
        if fence::mutably_iterated(&l.expr).iter().any(|name| self.array_named(name).is_none()) {
            return false;
        }
        let Some(mut iter) = self.chain_of(&l.expr) else { return false };
        if matches!(iter, Iter::Plain(_)) || !(self.is_active(&l.expr) || self.is_indexed(&iter)) {
            return false;
        }
        let site = self.site(&l.expr);
        self.settle(&mut iter, &site);
        let (pat, body) = (&l.pat, &l.body);
        if self.is_indexed(&iter) {
            let index = index_name(pat, &iter).unwrap_or_else(|| self.own(&site, "i"));
            let loops = self.drive_indices(&iter, &index, &mut |_, item| Some(bound(pat, &item, &body.stmts)));
            let Some([Stmt::Expr(Expr::ForLoop(inner), _)]) = loops.as_deref() else { return true };
            let inner = syn::ExprForLoop { label: l.label.clone(), attrs: l.attrs.clone(), ..inner.clone() };
            self.loop_expr(&Expr::ForLoop(inner));
            return true;
        }
        // Several loops, or one with an end: `break` leaves them all.
        let mut body = body.clone();
        let mut relabel = Relabel { site: &site, own: l.label.as_ref(), depth: 0, bottom: false, unclear: None };
        relabel.bottom = has_bottom(&iter);
        relabel.visit_block_mut(&mut body);
        if let Some(span) = relabel.unclear {
            self.error_at(span, diagnostics::unsupported("this `continue`", "nest what follows it in an `if`"));
            return true;
        }
        let mut copies = 0;
        self.run_chain(&l.expr, &iter, &site, &mut |pass, item| {
            copies += 1;
            if copies == 1 {
                return Some(bound(pat, &item, &body.stmts));
            }
            let copy: Expr = parse_quote!(for #pat in #item #body);
            let Expr::ForLoop(copy) = pass.instance(&copy) else { return None };
            Some(bound(&copy.pat, &copy.expr, &copy.body.stmts))
        });
        true
    }
}

/// A body with its pattern bound to an item.
fn bound(pat: &Pat, item: &Expr, body: &[Stmt]) -> Vec<Stmt> {
    let mut stmts: Vec<Stmt> = vec![parse_quote!(let #pat = #item;)];
    stmts.extend_from_slice(body);
    stmts
}

/// Whether an array that is written down holds tuples of one length.
fn is_table(array: &syn::ExprArray) -> bool {
    let width = |row: &Expr| if let Expr::Tuple(tuple) = row { tuple.elems.len() } else { 0 };
    let first = array.elems.first().map_or(0, width);
    first > 0 && array.elems.iter().all(|row| width(row) == first)
}

fn table_of(array: &syn::ExprArray) -> Iter {
    let rows = array.elems.iter().map(|row| match row {
        Expr::Tuple(tuple) => tuple.elems.iter().cloned().collect(),
        other => vec![other.clone()],
    });
    Iter::Table(rows.collect())
}

/// `&item`, to one level.
fn reference_to(item: Expr) -> Expr {
    parse_quote!(&#item)
}

/// `*item`, without a reference that is taken only to be followed.
fn value_behind(item: Expr) -> Expr {
    match item {
        Expr::Reference(reference) => *reference.expr,
        item => parse_quote!(*(#item)),
    }
}

/// A chain whose last item comes first, where that is another chain.
fn reversed(iter: &Iter) -> Option<Iter> {
    let again = |inner: &Iter| reversed(inner).map(Box::new);
    Some(match iter {
        Iter::Plain(header) => Iter::Plain(parse_quote!((#header).rev())),
        Iter::Slice { .. } | Iter::Parts { .. } | Iter::Table(_) => Iter::Rev(Box::new(iter.clone())),
        Iter::Rev(inner) => (**inner).clone(),
        Iter::Copied(inner) => Iter::Copied(again(inner)?),
        Iter::Borrowed(inner) => Iter::Borrowed(again(inner)?),
        Iter::Map(inner, f) => Iter::Map(again(inner)?, f.clone()),
        Iter::Inspect(inner, f) => Iter::Inspect(again(inner)?, f.clone()),
        Iter::Filter(inner, f) => Iter::Filter(again(inner)?, f.clone()),
        Iter::FilterMap(inner, f) => Iter::FilterMap(again(inner)?, f.clone()),
        Iter::Chain(a, b) => Iter::Chain(again(b)?, again(a)?),
        Iter::Enumerate(_)
        | Iter::Zip(..)
        | Iter::Skip(..)
        | Iter::Take(..)
        | Iter::StepBy(..)
        | Iter::TakeWhile(..)
        | Iter::SkipWhile(..)
        | Iter::MapWhile(..)
        | Iter::Scan(..)
        | Iter::FlatMap(..)
        | Iter::Flatten(_) => return None,
    })
}

/// Whether something happens after the body of an item: a `continue` must not pass it over.
fn has_bottom(iter: &Iter) -> bool {
    matches!(iter, Iter::Take(..)) || iter.sources().into_iter().any(has_bottom)
}

/// The name for the index of a loop: that of an `enumerate`, if it has one.
fn index_name(pat: &Pat, iter: &Iter) -> Option<Ident> {
    match (pat, iter) {
        (Pat::Tuple(pats), Iter::Enumerate(_)) => match pats.elems.first() {
            Some(Pat::Ident(ident)) if ident.mutability.is_none() => Some(ident.ident.clone()),
            _ => None,
        },
        (Pat::Tuple(pats), Iter::Zip(a, b)) => {
            let (first, second) = (pats.elems.first()?, pats.elems.get(1)?);
            index_name(first, a).or_else(|| index_name(second, b))
        }
        _ => None,
    }
}

/// Whether a statement leaves the labelled block.
fn breaks_to(stmt: &Stmt, label: &Lifetime) -> bool {
    let exits = fence::exits_of_stmts(std::slice::from_ref(stmt));
    exits.jumps.iter().flatten().any(|jump| label.ident == jump.as_str())
}

/// Lets the jumps of a loop's body leave all loops that stand for it.
struct Relabel<'s> {
    site: &'s Site,
    own: Option<&'s syn::Label>,
    depth: usize,
    /// A `continue` would pass over what follows the body.
    bottom: bool,
    unclear: Option<Span>,
}

impl VisitMut for Relabel<'_> {
    fn visit_expr_break_mut(&mut self, jump: &mut syn::ExprBreak) {
        visit_mut::visit_expr_break_mut(self, jump);
        let own = match &jump.label {
            None => self.depth == 0,
            Some(label) => self.own.is_some_and(|own| own.name.ident == label.ident),
        };
        if own {
            jump.label = Some(self.site.label.clone());
        }
    }
    fn visit_expr_continue_mut(&mut self, jump: &mut syn::ExprContinue) {
        let labelled = jump.label.as_ref().is_some_and(|l| self.own.is_some_and(|own| own.name.ident == l.ident));
        if labelled || (jump.label.is_none() && self.depth == 0 && self.bottom) {
            self.unclear = Some(jump.continue_token.span);
        }
    }
    fn visit_expr_loop_mut(&mut self, l: &mut syn::ExprLoop) {
        self.depth += 1;
        visit_mut::visit_expr_loop_mut(self, l);
        self.depth -= 1;
    }
    fn visit_expr_while_mut(&mut self, l: &mut syn::ExprWhile) {
        self.depth += 1;
        visit_mut::visit_expr_while_mut(self, l);
        self.depth -= 1;
    }
    fn visit_expr_for_loop_mut(&mut self, l: &mut syn::ExprForLoop) {
        self.depth += 1;
        visit_mut::visit_expr_for_loop_mut(self, l);
        self.depth -= 1;
    }
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
