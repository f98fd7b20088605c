//! Vectors that grow and shrink: `push`, `pop`, `extend_from_slice`, `truncate`, `clear`, `resize`; the first and the
//! last element.

use syn::{Expr, GenericArgument, PathArguments};

use super::array::{shape_of, strip};
use super::{Lowering, Val};
use crate::diagnostics;
use crate::fence;
use crate::ir::{Atom, Dim, Info, NewArray, Op, Shape, Storage, Ty, Value};
use crate::names;

impl Lowering<'_> {
    /// `Vec::new()` and `Vec::with_capacity(n)`, with the shape that an annotation or the path shows.
    pub(super) fn empty_vector(&mut self, init: &Expr, ascribed: Option<&Shape>) -> Option<(NewArray, Shape)> {
        let (Expr::Call(call), true) = (init, is_empty_vector(init)) else { return None };
        let Expr::Path(path) = &*call.func else { return None };
        let plain = Shape::new(self.b.default_scalar, vec![Dim::Dynamic], Storage::Owned);
        let shape = ascribed.cloned().or_else(|| shape_in_path(&path.path)).unwrap_or(plain);
        self.guard_vector(path, shape.scalar);
        let capacity = call.args.first().map(|capacity| self.integer(capacity));
        Some((NewArray::Empty(capacity), shape))
    }

    /// A vector that is a parameter is copied where it grows: the array of its adjoints has the length that it had.
    pub(super) fn copy_grown_parameters(&mut self) {
        for param in self.source.params {
            if !self.known.grown.contains(&param.name) {
                continue;
            }
            let Some(array) = self.array_named(&param.name) else { continue };
            if self.shape(array).is_some_and(|shape| shape.storage == Storage::Owned) {
                let name = names::ident(&param.name);
                self.let_copy(&param.name, &syn::parse_quote!(#name.to_vec()));
                self.known.active.insert(param.name.clone());
            }
        }
    }

    /// A method that changes the length of a vector. False if the call is none.
    pub(super) fn growth_method(&mut self, array: Value, call: &syn::ExprMethodCall) -> bool {
        let args: Vec<&Expr> = call.args.iter().collect();
        let name = call.method.to_string();
        match (name.as_str(), &args[..]) {
            ("push", [value]) => self.push_element(array, &call.receiver, value),
            ("pop", []) => {
                // Where there is nothing to lose, its adjoint does not come back either.
                let receiver = strip(&call.receiver);
                let there = self.condition(&syn::parse_quote!(!#receiver.is_empty()));
                let then = self.arm(|pass| {
                    pass.take(array, &call.receiver);
                    Val::Unit
                });
                let otherwise = self.arm(|_| Val::Unit);
                self.merge(there, then, otherwise);
            }
            ("extend_from_slice", [source]) => return self.extend(array, &call.receiver, source),
            ("extend", [items]) => return self.extend_by_items(array, call, items),
            ("clear", []) => self.resize(array, &call.receiver, Atom::Int(0)),
            ("truncate", [length]) => {
                let receiver = strip(&call.receiver);
                let length: Expr = syn::parse_quote!(::core::cmp::Ord::min(#length, #receiver.len()));
                let length = self.verbatim(&length, Ty::Int, None, None);
                self.resize(array, &call.receiver, length);
            }
            ("resize", [length, value]) if self.inactive_literal(value) == Atom::Float(0.0) => {
                let length = self.integer(length);
                self.resize(array, &call.receiver, length);
            }
            ("resize", _) => {
                self.error(
                    &call.method,
                    diagnostics::unsupported("`resize` with this value", "resize with `0.0`, and assign the elements"),
                );
            }
            ("reserve" | "reserve_exact" | "shrink_to_fit", _) => {}
            _ => return false,
        }
        true
    }

    /// Whether the array may change its length: it is a vector of the function's own. Notes that it does.
    fn grows(&mut self, array: Value, receiver: &Expr) -> bool {
        let owned = self
            .shape(array)
            .is_some_and(|shape| shape.storage == Storage::Owned && matches!(shape.dims.first(), Some(Dim::Dynamic)));
        if !owned {
            self.error(
                receiver,
                diagnostics::unsupported(
                    "a vector behind a reference whose length changes",
                    "copy it first, with `to_vec`",
                ),
            );
            return false;
        }
        let names = self.env.iter().filter(|(_, atom)| atom.value() == Some(array)).map(|(name, _)| name.clone());
        self.known.grown.extend(names);
        true
    }

    pub(super) fn append(&mut self, array: Value, value: Atom) {
        if value == Atom::Undefined {
            return;
        }
        self.changes(array, value);
        self.b.push(Vec::new(), Op::Append(array, value));
    }

    fn push_element(&mut self, array: Value, receiver: &Expr, value: &Expr) {
        let Some(shape) = self.shape(array) else { return };
        if !self.grows(array, receiver) {
            return;
        }
        if shape.dims.len() == 1 {
            let value = self.float(value, shape.scalar);
            self.append(array, value);
            return;
        }
        // A row of zeros, whose elements are then set. The row is evaluated first.
        let row = match fence::strip_parens(value) {
            Expr::Array(row) if shape.dims.len() == 2 => {
                Row::Elements(row.elems.iter().map(|element| self.float(element, shape.scalar)).collect())
            }
            other => match self.array_of(other) {
                Some(row) => Row::Array(row, Box::new(other.clone())),
                None => {
                    let message = diagnostics::unsupported("this row", "give it a name with `let` first");
                    self.error(value, message);
                    return;
                }
            },
        };
        let last = self.length(receiver);
        let length = self.b.int_add(last, Atom::Int(1));
        self.resize(array, receiver, length);
        match row {
            Row::Elements(elements) => {
                for (k, element) in (0_i64..).zip(elements) {
                    self.store_to(array, vec![last, Atom::Int(k)], element);
                }
            }
            Row::Array(row, expr) => {
                let length = self.length(&expr);
                self.for_each_element(length, &shape.dims[2..], Vec::new(), &mut |pass, index| {
                    let element = pass.load_from(row, index.clone(), None);
                    let at = std::iter::once(last).chain(index).collect();
                    pass.store_to(array, at, element);
                });
            }
        }
    }

    /// The last element, which the vector loses.
    fn take(&mut self, array: Value, receiver: &Expr) -> Atom {
        if !self.grows(array, receiver) {
            return Atom::Undefined;
        }
        let info = Info { ty: Ty::Float(self.b.element(array)), hint: None, derived: false };
        let last = self.b.value(info.ty, None);
        self.changes(array, Atom::Value(last));
        self.b.push(vec![last], Op::Take(array));
        if self.is_varying(Atom::Value(array)) {
            self.varying.insert(last);
        }
        Atom::Value(last)
    }

    fn resize(&mut self, array: Value, receiver: &Expr, length: Atom) {
        if self.grows(array, receiver) {
            self.changes(array, Atom::Float(0.0));
            self.b.push(Vec::new(), Op::Resize(array, length));
        }
    }

    /// Pushes the items of a chain.
    fn extend_by_items(&mut self, array: Value, call: &syn::ExprMethodCall, items: &Expr) -> bool {
        let flat = self.shape(array).is_some_and(|shape| shape.dims.len() == 1);
        let Some(mut iter) = self.chain_of(items).filter(|_| flat) else { return false };
        let (receiver, site) = (&call.receiver, self.site(&Expr::MethodCall(call.clone())));
        self.settle(&mut iter, &site);
        // Errors are reported where they are found.
        let _ = self.run_chain(items, &iter, &site, &mut |pass, item| {
            let value = pass.own(&site, "item");
            Some(vec![syn::parse_quote!(let #value = *(&#item);), syn::parse_quote!(#receiver.push(#value);)])
        });
        true
    }

    /// Pushes the elements of a slice.
    fn extend(&mut self, array: Value, receiver: &Expr, source: &Expr) -> bool {
        let flat = self.shape(array).is_some_and(|shape| shape.dims.len() == 1);
        if !flat || !self.grows(array, receiver) {
            return true;
        }
        let name = self.fresh_name();
        let named: Expr = syn::parse_str(&name).unwrap_or_else(|_| source.clone());
        let is_new = matches!(source, Expr::Reference(reference) if self.let_array(&name, None, &reference.expr));
        let from = if is_new || self.let_window(&name, source) {
            self.array_named(&name).map(|from| (from, named))
        } else {
            self.array_of(source).map(|from| (from, strip(source).clone()))
        };
        if let Some((from, expr)) = from {
            let length = self.length(&expr);
            self.for_each_index(length, |pass, index| {
                let element = pass.load_from(from, vec![index], None);
                pass.append(array, element);
            });
            return true;
        }
        if self.is_active(source) {
            self.error(source, diagnostics::unsupported("this slice", "give it a name with `let` first"));
            return true;
        }
        let source = self.verbatim(source, Ty::Unknown, None, None);
        let source = self.placeholder(source);
        let scalar = self.b.element(array);
        let length = self.verbatim(&syn::parse_quote!(#source.len()), Ty::Int, None, None);
        self.for_each_index(length, |pass, index| {
            let index = pass.placeholder(index);
            let element = pass.float(&syn::parse_quote!(#source[#index]), scalar);
            pass.append(array, element);
        });
        true
    }

    /// The last element of a vector, which it loses, unwrapped.
    pub(super) fn popped(&mut self, call: &syn::ExprMethodCall) -> Option<Val> {
        let Expr::MethodCall(inner) = fence::strip_parens(&call.receiver) else { return None };
        let is_popped = (call.method == "unwrap" || call.method == "expect") && inner.method == "pop";
        let array = self.array_of(&inner.receiver).filter(|_| is_popped && inner.args.is_empty())?;
        Some(Val::Atom(self.take(array, &inner.receiver)))
    }

    /// The array that the function returns: one that has a name, or a new one.
    pub(super) fn returned_array(&mut self, value: &Expr, ty: Ty) -> Atom {
        if let Some(array) = self.array_of(value) {
            return Atom::Value(array);
        }
        if fence::variable(value).is_some_and(|name| self.env.contains_key(&name)) {
            // It is followed from the next round on, also if nothing that varies enters it.
            let learned = fence::variable(value).is_some_and(|name| self.follow_arrays(&[name]));
            if !learned {
                self.error(value, diagnostics::unsupported("this array", "return one that the function makes"));
            }
            return Atom::Undefined;
        }
        // Not one of those that `fresh_name` gives.
        let name = format!("{}0", super::VALUE);
        let ident = names::ident(&name);
        let Ty::Array(number) = ty else { return Atom::Undefined };
        let dims = &self.b.shapes[number as usize];
        let ascribed = type_of_shape(dims);
        self.known.active.insert(name.clone());
        self.statement(&syn::parse_quote!(let #ident: #ascribed = #value;));
        match self.array_named(&name) {
            Some(array) => Atom::Value(array),
            None => {
                self.error(value, diagnostics::unsupported("this array", "give it a name with `let` first"));
                Atom::Undefined
            }
        }
    }

    /// A name for what has none.
    pub(super) fn fresh_name(&mut self) -> String {
        self.next_value += 1;
        format!("{}{}", super::VALUE, self.next_value)
    }
}

/// The type of arrays of a shape, as the user writes it.
fn type_of_shape(shape: &Shape) -> syn::Type {
    let scalar = syn::Ident::new(shape.scalar.name(), proc_macro2::Span::call_site());
    shape.dims.iter().rev().fold(syn::parse_quote!(#scalar), |inner: syn::Type, dim| match dim {
        Dim::Fixed(length) => syn::parse_quote!([#inner; #length]),
        Dim::Dynamic => syn::parse_quote!(Vec<#inner>),
    })
}

/// A row that is pushed.
enum Row {
    Elements(Vec<Atom>),
    Array(Value, Box<Expr>),
}

/// Whether the expression is `Vec::new()` or `Vec::with_capacity(n)`.
pub(super) fn is_empty_vector(init: &Expr) -> bool {
    let Expr::Call(call) = init else { return false };
    let Expr::Path(path) = &*call.func else { return false };
    let mut segments = path.path.segments.iter().rev();
    let (Some(last), Some(ty)) = (segments.next(), segments.next()) else { return false };
    let arity = match last.ident.to_string().as_str() {
        "new" => 0,
        "with_capacity" => 1,
        _ => return false,
    };
    ty.ident == "Vec" && path.qself.is_none() && call.args.len() == arity
}

/// The shape that `Vec::<[f64; 2]>::new` shows.
fn shape_in_path(path: &syn::Path) -> Option<Shape> {
    let segment = path.segments.iter().rev().nth(1)?;
    let PathArguments::AngleBracketed(args) = &segment.arguments else { return None };
    let GenericArgument::Type(element) = args.args.first()? else { return None };
    shape_of(&syn::parse_quote!(Vec<#element>))
}
