//! Arrays: their types, elements, initial values, and loops over them.
//!
//! An array that an active value enters is an array of the representation: its elements are loaded and stored by
//! index. A loop over one is a loop over its indices. Any other array is left to the user's code.

use std::rc::Rc;

use proc_macro2::{Ident, Span};
use syn::{Expr, Pat, Stmt};

use super::{Lowering, Val};
use crate::diagnostics;
use crate::fence;
use crate::ir::{Atom, Dim, Header, Hint, Info, Loop, NewArray, Op, Part, Range, Scalar, Shape, Storage, Ty, Value};
use crate::rules::Prim;

/// The shape of a type that is visibly an array of floats.
pub(crate) fn shape_of(ty: &syn::Type) -> Option<Shape> {
    match ty {
        syn::Type::Paren(paren) => shape_of(&paren.elem),
        syn::Type::Group(group) => shape_of(&group.elem),
        syn::Type::Reference(reference) => {
            let storage = if reference.mutability.is_some() { Storage::BorrowedMut } else { Storage::Borrowed };
            let shape = match &*reference.elem {
                syn::Type::Slice(slice) => outer(Dim::Dynamic, &slice.elem)?,
                other => shape_of(other)?,
            };
            (shape.storage == Storage::Owned).then_some(Shape { storage, ..shape })
        }
        syn::Type::Array(array) => outer(Dim::Fixed(Rc::new(array.len.clone())), &array.elem),
        syn::Type::Path(path) => outer(Dim::Dynamic, vec_element(path)?),
        _ => None,
    }
}

/// `T` of `Vec<T>`.
fn vec_element(path: &syn::TypePath) -> Option<&syn::Type> {
    let last = path.path.segments.last().filter(|segment| segment.ident == "Vec")?;
    let syn::PathArguments::AngleBracketed(args) = &last.arguments else { return None };
    match (args.args.len(), args.args.first()?) {
        (1, syn::GenericArgument::Type(element)) => Some(element),
        _ => None,
    }
}

/// An array whose elements are floats, or arrays of fixed length.
fn outer(dim: Dim, element: &syn::Type) -> Option<Shape> {
    if let Some(scalar) = super::stmt_scalar_type(element) {
        return Some(Shape::new(scalar, vec![dim], Storage::Owned));
    }
    let inner = shape_of(element).filter(|inner| inner.storage == Storage::Owned && inner.is_fixed())?;
    let dims = std::iter::once(dim).chain(inner.dims).collect();
    Some(Shape::new(inner.scalar, dims, Storage::Owned))
}

/// What a `for` loop runs over.
pub(super) enum Source {
    /// The elements of an array.
    Elements {
        array: Value,
        expr: Expr,
        mutable: bool,
    },
    /// The rows of an array of several dimensions.
    Rows {
        array: Value,
        expr: Expr,
        mutable: bool,
    },
    /// Parts of an array: of a size, the next one `stride` further.
    Parts {
        array: Value,
        expr: Expr,
        size: Box<Expr>,
        overlapping: bool,
        mutable: bool,
    },
    /// The elements of inactive data that can be indexed.
    Data {
        expr: Expr,
    },
    /// The numbers of a range that starts at zero.
    Numbers {
        end: Expr,
    },
    Enumerate(Box<Source>),
    Zip(Box<Source>, Box<Source>),
}

/// A loop over a source: forwards or backwards.
pub(super) struct Over {
    pub(super) source: Source,
    pub(super) reversed: bool,
}

impl Lowering<'_> {
    pub(super) fn array_ty(&mut self, shape: Shape) -> Ty {
        let shapes = Rc::make_mut(&mut self.b.shapes);
        let number = u16::try_from(shapes.len()).unwrap_or(u16::MAX - 2);
        shapes.extend(shape.variants());
        Ty::Array(number)
    }

    pub(super) fn shape(&self, array: Value) -> Option<Shape> {
        match self.b.values[array.0 as usize].ty {
            Ty::Array(number) => self.b.shapes.get(number as usize).cloned(),
            _ => None,
        }
    }

    /// The array that a variable holds, if lowering follows it.
    pub(super) fn array_named(&self, name: &str) -> Option<Value> {
        if self.is_cell(name) {
            return None;
        }
        let value = self.env.get(name)?.value()?;
        self.b.values[value.0 as usize].ty.is_array().then_some(value)
    }

    /// The array that an expression is: a variable, or a reference to one.
    pub(super) fn array_of(&self, expr: &Expr) -> Option<Value> {
        if let Some(array) = self.array_place(expr) {
            return Some(array);
        }
        match expr {
            Expr::Reference(reference) => self.array_of(&reference.expr),
            Expr::Paren(paren) => self.array_of(&paren.expr),
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => self.array_of(&unary.expr),
            Expr::MethodCall(call) if call.args.is_empty() && is_view(&call.method.to_string()) => {
                self.array_of(&call.receiver)
            }
            Expr::Index(index) if is_full_range(&index.index) => self.array_of(&index.expr),
            other => self.array_named(&fence::variable(other)?),
        }
    }

    /// The float type of an element, for code that indexes an array.
    pub(super) fn element_ty(&self, name: &str) -> Ty {
        match self.array_named(name) {
            Some(array) => Ty::Float(self.b.element(array)),
            None if self.of_integers.contains(name) => Ty::Int,
            None => Ty::Unknown,
        }
    }

    /// Notes an array of integers: what is found in it does not vary, by whatever index it is found.
    pub(super) fn note_integers(&mut self, name: &str, ascribed: Option<&syn::Type>, init: &Expr) {
        let listed = match init {
            Expr::Array(array) => array.elems.first().is_some_and(|element| self.type_of(element) == Ty::Int),
            Expr::Repeat(repeat) => self.type_of(&repeat.expr) == Ty::Int,
            Expr::Reference(reference) => match &*reference.expr {
                Expr::Array(array) => array.elems.first().is_some_and(|element| self.type_of(element) == Ty::Int),
                _ => false,
            },
            Expr::Macro(mac) if mac.mac.path.is_ident("vec") => {
                let elements = fence::macro_arguments(&mac.mac).unwrap_or_default();
                elements.first().is_some_and(|element| self.type_of(element) == Ty::Int)
            }
            _ => false,
        };
        if ascribed.map_or(listed, fence::holds_integers) {
            self.of_integers.insert(name.to_owned());
        }
    }

    /// An element of an array of integers, at an index that active values may be in.
    fn integer_element(&mut self, expr: &Expr) -> Option<Atom> {
        let Expr::Index(index) = expr else { return None };
        let name = fence::variable_through_deref(&index.expr)?;
        if !self.of_integers.contains(&name) || self.known.active.contains(&name) {
            return None;
        }
        let at = self.integer(&index.index);
        let (base, at) = (&index.expr, self.placeholder(at));
        Some(self.verbatim(&syn::parse_quote!(#base[#at]), Ty::Int, None, None))
    }

    // ---- elements -----------------------------------------------------------------------------------------------

    /// `array[i][j]` as the array and its indices, the outermost first.
    pub(super) fn place<'e>(&self, expr: &'e Expr) -> Option<(Value, Vec<&'e Expr>)> {
        match expr {
            Expr::Index(index) if is_full_range(&index.index) => self.place(&index.expr),
            Expr::Index(index) => {
                let (array, mut indices) = self.place(&index.expr)?;
                indices.push(&index.index);
                Some((array, indices))
            }
            Expr::Paren(paren) => self.place(&paren.expr),
            other => Some((self.array_of(other)?, Vec::new())),
        }
    }

    /// Where an element stands: none, with an error, if the expression is no element.
    pub(super) fn element_place(&mut self, expr: &Expr) -> Option<(Value, Vec<Atom>)> {
        if let Some((array, index)) =
            fence::variable_through_deref(expr).and_then(|name| self.places.get(&name).cloned())
        {
            return Some((array, index));
        }
        let (array, indices) = self.place(expr)?;
        let depth = self.shape(array)?.dims.len();
        if indices.len() != depth {
            self.error(expr, diagnostics::unsupported("a part of an array", "index single elements"));
            return None;
        }
        let mut atoms = Vec::new();
        for index in indices {
            if matches!(index, Expr::Range(_)) {
                self.error(index, diagnostics::unsupported("a range of an array", "index single elements"));
                return None;
            }
            atoms.push(self.integer(index));
        }
        Some((array, atoms))
    }

    /// An expression that does not vary, though active values may enter it: an index, a bound of a loop.
    pub(super) fn integer(&mut self, expr: &Expr) -> Atom {
        if self.counts(expr) {
            return self.counted(expr, Ty::Int, false);
        }
        self.scalar(expr)
    }

    /// The float type of an element, without evaluating where it stands.
    pub(super) fn scalar_of_element(&self, target: &Expr) -> Scalar {
        let variable = fence::variable_through_deref(target).and_then(|name| self.places.get(&name));
        let array = variable.map(|(array, _)| *array).or_else(|| Some(self.place(target)?.0));
        array.map_or(self.b.default_scalar, |array| self.b.element(array))
    }

    /// Whether the expression is an element of an array that lowering follows.
    pub(super) fn is_element(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Index(_)) && self.place(expr).is_some_and(|(_, indices)| !indices.is_empty())
    }

    /// Whether the expression is one float of an array that lowering follows.
    pub(super) fn is_single_element(&self, expr: &Expr) -> bool {
        self.place(expr).is_some_and(|(array, indices)| {
            let depth = self.shape(array).map_or(0, |shape| shape.dims.len());
            indices.len() == depth && !indices.iter().any(|index| matches!(index, Expr::Range(_)))
        })
    }

    pub(super) fn load(&mut self, expr: &Expr) -> Val {
        if let Some(atom) = self.integer_element(expr) {
            return Val::Atom(atom);
        }
        match self.element_place(expr) {
            Some((array, index)) => Val::Atom(self.load_from(array, index, None)),
            None => self.no_element(expr),
        }
    }

    fn no_element(&mut self, expr: &Expr) -> Val {
        let base = fence::root(expr).filter(|name| matches!(expr, Expr::Index(_)) && self.is_variable(name));
        if let Some(name) = base.filter(|name| self.env.contains_key(name) && !self.known.active.contains(name)) {
            // An index that is made of active values needs an array that is followed: from the next round on it is.
            self.known.cells.remove(&name);
            self.known.active.insert(name);
            return Val::Atom(Atom::Undefined);
        }
        if self.errors.is_empty() {
            self.error(expr, diagnostics::unsupported("this index", "index an array of floats by integers"));
        }
        Val::Atom(Atom::Undefined)
    }

    pub(super) fn load_from(&mut self, array: Value, index: Vec<Atom>, hint: Option<Hint>) -> Atom {
        if index.contains(&Atom::Undefined) {
            return Atom::Undefined;
        }
        let info = Info { ty: Ty::Float(self.b.element(array)), hint, derived: false };
        let atom = self.b.load(array, index, info);
        if self.is_varying(Atom::Value(array)) {
            self.varying.extend(atom.value());
        }
        atom
    }

    /// `array[i] = value`; what is stored may make the array active.
    pub(super) fn store(&mut self, target: &Expr, value: Atom) {
        let Some((array, index)) = self.element_place(target) else {
            self.no_element(target);
            return;
        };
        self.store_to(array, index, value);
    }

    pub(super) fn store_to(&mut self, array: Value, index: Vec<Atom>, value: Atom) {
        if value == Atom::Undefined || index.contains(&Atom::Undefined) {
            return;
        }
        self.changes(array, value);
        self.b.push(Vec::new(), Op::Store(array, index, value));
    }

    /// A value enters an array: what varies makes it active. What is stored through a window is stored in the array
    /// that it shows.
    pub(super) fn changes(&mut self, array: Value, value: Atom) {
        let mut shown = vec![array];
        while let Some(base) = shown.last().and_then(|array| self.windows.get(array)) {
            shown.push(*base);
        }
        if self.is_varying(value) {
            self.varying.extend(&shown);
            let names: Vec<String> = self
                .env
                .iter()
                .filter(|(_, atom)| atom.value().is_some_and(|v| shown.contains(&v)))
                .map(|(name, _)| name.clone())
                .collect();
            self.known.active.extend(names);
        }
        self.b.changing.extend(&shown);
    }

    /// `array[i] op= value`.
    pub(super) fn update(&mut self, target: &Expr, prim: Prim, value: &Expr) {
        // The right side is evaluated before the place, and the place once.
        let scalar = self.scalar_of_element(target);
        let operand = self.float(value, scalar);
        let Some((array, index)) = self.element_place(target) else {
            self.no_element(target);
            return;
        };
        self.update_element(array, index, prim, operand);
    }

    pub(super) fn update_element(&mut self, array: Value, index: Vec<Atom>, prim: Prim, operand: Atom) {
        if matches!(prim, Prim::Add | Prim::Sub) && operand != Atom::Undefined {
            // What an element is added to is linear in it: its adjoint stays where it is.
            let term = if prim == Prim::Sub { self.exact(Prim::Neg, &[operand]) } else { operand };
            self.changes(array, term);
            self.b.push(Vec::new(), Op::Accumulate(array, index, term));
            return;
        }
        let current = self.load_from(array, index.clone(), None);
        let updated = self.exact(prim, &[current, operand]);
        self.store_to(array, index, updated);
    }

    /// Whether the target of an assignment is an element of an array that lowering follows.
    pub(super) fn is_array_target(&self, target: &Expr) -> bool {
        self.is_element(target)
            || fence::variable_through_deref(target).is_some_and(|name| self.places.contains_key(&name))
    }

    // ---- new arrays ---------------------------------------------------------------------------------------------

    /// A new array in a variable; none if the expression makes none.
    pub(super) fn let_array(&mut self, name: &str, ascribed: Option<&syn::Type>, init: &Expr) -> bool {
        let ascribed = ascribed.and_then(shape_of);
        let scalar = ascribed.as_ref().map_or(self.b.default_scalar, |shape| shape.scalar);
        let new = match self.empty_vector(init, ascribed.as_ref()) {
            Some((new, shape)) => Some((new, shape.dims, shape.scalar)),
            None => self.new_array(init, scalar).map(|(new, dims)| (new, dims, scalar)),
        };
        let Some((new, dims, scalar)) = new else { return false };
        let ty = self.array_ty(Shape::new(scalar, dims, Storage::Owned));
        let array = self.b.new_array(new.clone(), ty, self.hint(name));
        self.b.changing.insert(array);
        let varies = match &new {
            NewArray::Elements(elements) => elements.iter().any(|atom| self.is_varying(*atom)),
            NewArray::Fill(value, _) => self.is_varying(*value),
            NewArray::Empty(_) | NewArray::Zeros(_) | NewArray::Copy(_) | NewArray::Window { .. } => false,
        };
        if varies || self.known.active.contains(name) {
            self.varying.insert(array);
        }
        // Whether its elements vary or not: no verbatim code may change an array that the IR holds.
        self.known.active.insert(name.to_owned());
        self.env.insert(name.to_owned(), Atom::Value(array));
        for (index, atom) in std::mem::take(&mut self.pending) {
            self.store_to(array, index, atom);
        }
        true
    }

    /// An array that an expression makes, in a variable of its own. False if it makes none that lowering follows.
    pub(super) fn let_made(&mut self, name: &str, ascribed: Option<&syn::Type>, init: &Expr) -> bool {
        self.let_collected(name, ascribed, init)
            || self.let_mapped(name, ascribed, init)
            || self.let_copy(name, init)
            || self.let_array(name, ascribed, init)
    }

    /// Whether an expression visibly makes an array that active values are in.
    pub(super) fn makes_array(&self, expr: &Expr) -> bool {
        let made = match expr {
            Expr::Paren(paren) => return self.makes_array(&paren.expr),
            Expr::Array(array) => {
                !array.elems.iter().any(|element| matches!(element, Expr::Tuple(_) | Expr::Struct(_)))
            }
            Expr::Repeat(_) => true,
            Expr::Macro(mac) => mac.mac.path.segments.last().is_some_and(|segment| segment.ident == "vec"),
            Expr::MethodCall(call) => match call.method.to_string().as_str() {
                "to_vec" | "clone" | "to_owned" => self.array_of(&call.receiver).is_some(),
                "map" => self.is_mapped_array(call),
                "collect" => super::consume::collects(call, None).is_some() && self.chain_of(&call.receiver).is_some(),
                _ => false,
            },
            _ => false,
        };
        made && self.is_active(expr)
    }

    /// `x.map(f)` of an array of floats of known length.
    fn is_mapped_array(&self, call: &syn::ExprMethodCall) -> bool {
        let is_array = |array: Value| self.shape(array).is_some_and(|shape| shape.is_fixed() && shape.dims.len() == 1);
        let named = self.array_of(&call.receiver).is_some_and(is_array);
        let written =
            matches!(strip(&call.receiver), Expr::Array(_) | Expr::Repeat(_)) && self.makes_array(&call.receiver);
        call.args.len() == 1 && (named || written)
    }

    /// `let name = x.map(f)` of an array, and `let name: [f64; 3] = std::array::from_fn(f)`.
    fn let_mapped(&mut self, name: &str, ascribed: Option<&syn::Type>, init: &Expr) -> bool {
        let (number, ident) = (self.instances.number(&format!("mapped {name}")), crate::names::ident(name));
        let index = self.fresh("i", number);
        let (length, element, f): (Expr, Expr, &Expr) = match init {
            Expr::MethodCall(call) if call.method == "map" && self.is_mapped_array(call) => {
                let mut array = strip(&call.receiver).clone();
                if self.array_of(&array).is_none() {
                    let part = self.fresh("part", number);
                    self.run(&[syn::parse_quote!(let #part = #array;)]);
                    array = syn::parse_quote!(#part);
                }
                let shape = self.array_of(&array).and_then(|array| self.shape(array));
                let Some(Dim::Fixed(length)) = shape.as_ref().and_then(|shape| shape.dims.first()) else {
                    return false;
                };
                ((**length).clone(), syn::parse_quote!(#array[#index]), &call.args[0])
            }
            Expr::Call(call) if is_from_fn(call) => {
                let Some(syn::Type::Array(ty)) = ascribed else { return false };
                if let Expr::Path(path) = &*call.func {
                    self.guard_from_fn(path);
                }
                (ty.len.clone(), syn::parse_quote!(#index), &call.args[0])
            }
            _ => return false,
        };
        let Some(value) = self.applied(f, vec![element]) else { return true };
        let scalar = ascribed.and_then(shape_of).map_or(self.b.default_scalar, |shape| shape.scalar);
        let (float, zero) = (Ident::new(scalar.name(), Span::call_site()), scalar.literal(0.0));
        let item = self.fresh("item", number);
        self.run(&[
            syn::parse_quote!(let mut #ident: [#float; #length] = [#zero; #length];),
            syn::parse_quote!(for #index in 0..#length {
                let #item = #value;
                #ident[#index] = #item;
            }),
        ]);
        true
    }

    fn new_array(&mut self, init: &Expr, scalar: Scalar) -> Option<(NewArray, Vec<Dim>)> {
        match init {
            Expr::Paren(paren) => self.new_array(&paren.expr, scalar),
            Expr::Array(array) => {
                let elements: Vec<Expr> = array.elems.iter().cloned().collect();
                self.elements(&elements, scalar, true)
            }
            Expr::Repeat(repeat) => {
                let (value, mut dims) = self.repeated(&repeat.expr, scalar)?;
                dims.insert(0, Dim::Fixed(Rc::new((*repeat.len).clone())));
                Some((NewArray::Fill(value, Vec::new()), dims))
            }
            Expr::Macro(mac) if mac.mac.path.segments.last().is_some_and(|segment| segment.ident == "vec") => {
                self.vec_macro(&mac.mac, scalar)
            }
            _ => None,
        }
    }

    /// The value that fills an array, through the inner dimensions.
    fn repeated(&mut self, value: &Expr, scalar: Scalar) -> Option<(Atom, Vec<Dim>)> {
        if matches!(self.type_of(value), Ty::Int | Ty::Bool) {
            return None;
        }
        if let Expr::Repeat(_) = value {
            return match self.new_array(value, scalar)? {
                (NewArray::Fill(value, _), dims) => Some((value, dims)),
                _ => None,
            };
        }
        Some((self.float(value, scalar), Vec::new()))
    }

    fn elements(&mut self, elements: &[Expr], scalar: Scalar, fixed: bool) -> Option<(NewArray, Vec<Dim>)> {
        if elements.iter().any(|element| matches!(element, Expr::Array(_) | Expr::Repeat(_))) {
            return self.nested(elements, scalar, fixed);
        }
        if elements.iter().any(|element| matches!(self.type_of(element), Ty::Int | Ty::Bool)) {
            return None;
        }
        let atoms = elements.iter().map(|element| self.float(element, scalar)).collect();
        let length = syn::LitInt::new(&elements.len().to_string(), Span::call_site());
        let dim = if fixed { Dim::Fixed(Rc::new(syn::parse_quote!(#length))) } else { Dim::Dynamic };
        Some((NewArray::Elements(atoms), vec![dim]))
    }

    /// An array of arrays: zeros, whose elements are stored once the array has a name.
    fn nested(&mut self, rows: &[Expr], scalar: Scalar, fixed: bool) -> Option<(NewArray, Vec<Dim>)> {
        let mut dims = None;
        for (k, row) in rows.iter().enumerate() {
            let Expr::Array(row) = row else { return None };
            let elements: Vec<Expr> = row.elems.iter().cloned().collect();
            let (NewArray::Elements(atoms), inner) = self.elements(&elements, scalar, true)? else { return None };
            let row = Atom::Int(i64::try_from(k).ok()?);
            for (j, atom) in atoms.into_iter().enumerate() {
                self.pending.push((vec![row, Atom::Int(i64::try_from(j).ok()?)], atom));
            }
            dims = Some(inner);
        }
        let length = syn::LitInt::new(&rows.len().to_string(), Span::call_site());
        let (outer, lengths) = if fixed {
            (Dim::Fixed(Rc::new(syn::parse_quote!(#length))), Vec::new())
        } else {
            (Dim::Dynamic, vec![Atom::Int(i64::try_from(rows.len()).ok()?)])
        };
        let dims = std::iter::once(outer).chain(dims?).collect();
        Some((NewArray::Fill(Atom::Float(0.0), lengths), dims))
    }

    fn vec_macro(&mut self, mac: &syn::Macro, scalar: Scalar) -> Option<(NewArray, Vec<Dim>)> {
        let repeat = |input: syn::parse::ParseStream<'_>| {
            let value: Expr = input.parse()?;
            input.parse::<syn::Token![;]>()?;
            let length: Expr = input.parse()?;
            Ok((value, length))
        };
        if let Ok((value, length)) = mac.parse_body_with(repeat) {
            let (value, mut dims) = self.repeated(&value, scalar)?;
            let length = self.integer(&length);
            dims.insert(0, Dim::Dynamic);
            return Some((NewArray::Fill(value, vec![length]), dims));
        }
        let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        let elements: Vec<Expr> = mac.parse_body_with(parser).ok()?.into_iter().collect();
        self.elements(&elements, scalar, false)
    }

    // ---- windows ------------------------------------------------------------------------------------------------

    /// A window in a variable: `&x[a..b]`, or `&x[i]` of an array of several dimensions. False if the expression is
    /// none.
    pub(super) fn let_window(&mut self, name: &str, init: &Expr) -> bool {
        let Expr::Reference(reference) = init else { return false };
        let Expr::Index(index) = &*reference.expr else { return false };
        let Some(array) = self.array_of(&index.expr) else {
            self.follow_base(name, &index.expr);
            return false;
        };
        let Some(shape) = self.shape(array) else { return false };
        let part = match &*index.index {
            Expr::Range(range) => {
                let start = range.start.as_deref().map_or(Atom::Int(0), |start| self.integer(start));
                let end = range.end.as_deref().map(|end| self.integer(end));
                let inclusive = matches!(range.limits, syn::RangeLimits::Closed(_));
                Part::Range(start, end.map(|end| if inclusive { self.b.int_add(end, Atom::Int(1)) } else { end }))
            }
            row if shape.dims.len() > 1 => Part::Row(self.integer(row)),
            _ => return false,
        };
        self.window(name, array, part, reference.mutability.is_some());
        true
    }

    /// An array that active values enter through a window is followed from the next round on.
    fn follow_base(&mut self, window: &str, base: &Expr) {
        let base = fence::root(base).filter(|base| self.env.contains_key(base));
        if let (Some(base), true) = (base, self.known.active.contains(window)) {
            self.known.cells.remove(&base);
            self.known.active.insert(base);
        }
    }

    /// `let (a, b) = x.split_at(k)`.
    pub(super) fn let_split(&mut self, pat: &Pat, init: &Expr) -> bool {
        let (Pat::Tuple(pats), Expr::MethodCall(call)) = (pat, init) else { return false };
        let mutable = call.method == "split_at_mut";
        if !mutable && call.method != "split_at" {
            return false;
        }
        let Some(array) = self.array_of(&call.receiver) else {
            if let (true, Pat::Tuple(pats)) = (mutable, pat) {
                let names = pats.elems.iter().flat_map(super::stmt::bindings).map(|(name, _)| name);
                let names: Vec<String> = names.collect();
                names.iter().for_each(|name| self.follow_base(name, &call.receiver));
            }
            return false;
        };
        let (Some(Pat::Ident(first)), Some(Pat::Ident(second)), Some(middle)) =
            (pats.elems.first(), pats.elems.get(1), call.args.first())
        else {
            return false;
        };
        let middle = self.integer(middle);
        if mutable {
            self.window(&first.ident.to_string(), array, Part::Head(middle), true);
            self.window(&second.ident.to_string(), array, Part::Tail(middle), true);
        } else {
            self.window(&first.ident.to_string(), array, Part::Range(Atom::Int(0), Some(middle)), false);
            self.window(&second.ident.to_string(), array, Part::Range(middle, None), false);
        }
        true
    }

    pub(super) fn window(&mut self, name: &str, array: Value, part: Part, mutable: bool) {
        let Some(shape) = self.shape(array) else { return };
        let dims = match part {
            Part::Range(..) | Part::Along(..) | Part::Head(_) | Part::Tail(_) => {
                std::iter::once(Dim::Dynamic).chain(shape.dims[1..].iter().cloned()).collect()
            }
            Part::Row(_) => shape.dims[1..].to_vec(),
        };
        let storage = if mutable { Storage::BorrowedMut } else { Storage::Borrowed };
        let ty = self.array_ty(Shape::new(shape.scalar, dims, storage));
        let window = self.b.new_array(NewArray::Window { array, part, mutable }, ty, self.hint(name));
        self.windows.insert(window, array);
        if self.b.changing.contains(&array) {
            self.b.changing.insert(window);
        }
        if self.is_varying(Atom::Value(array)) {
            self.varying.insert(window);
            self.known.active.insert(name.to_owned());
        }
        // It may have been left to the user's code before the array was followed.
        self.known.cells.remove(name);
        self.env.insert(name.to_owned(), Atom::Value(window));
    }

    // ---- copies -------------------------------------------------------------------------------------------------

    /// A copy of an array in a variable of its own: `x.to_vec()`, `*x`, and `x` itself where arrays are copied by name.
    /// False if the expression is none.
    pub(super) fn let_copy(&mut self, name: &str, source: &Expr) -> bool {
        if self.is_row(source) {
            let row = self.fresh_name();
            let reference: Expr = syn::parse_quote!(&#source);
            let named = crate::names::ident(&row);
            return self.let_window(&row, &reference) && self.let_copy(name, &syn::parse_quote!(*#named));
        }
        let Some((array, expr)) = self.copied(source) else { return false };
        let Some(shape) = self.shape(array) else { return false };
        let length = self.length(&expr);
        let lengths = if matches!(shape.dims[0], Dim::Dynamic) { vec![length] } else { Vec::new() };
        let ty = self.array_ty(Shape { storage: Storage::Owned, ..shape.clone() });
        let copy = self.b.new_array(NewArray::Fill(Atom::Float(0.0), lengths), ty, self.hint(name));
        self.b.changing.insert(copy);
        self.env.insert(name.to_owned(), Atom::Value(copy));
        self.copy_elements(array, copy, length, &shape.dims);
        true
    }

    /// Whether the expression is a row of an array of several dimensions, by value.
    fn is_row(&self, expr: &Expr) -> bool {
        let Expr::Index(index) = expr else { return false };
        !matches!(&*index.index, Expr::Range(_))
            && self.array_of(&index.expr).and_then(|array| self.shape(array)).is_some_and(|shape| shape.dims.len() > 1)
    }

    /// The array that an expression copies.
    fn copied(&self, source: &Expr) -> Option<(Value, Expr)> {
        match source {
            Expr::Paren(paren) => self.copied(&paren.expr),
            Expr::MethodCall(call) if matches!(call.method.to_string().as_str(), "to_vec" | "clone" | "to_owned") => {
                Some((self.array_of(&call.receiver)?, (*call.receiver).clone()))
            }
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => {
                Some((self.array_of(&unary.expr)?, (*unary.expr).clone()))
            }
            // A `Vec` is moved, a reference is copied as such: the name alone changes.
            Expr::Path(_) => {
                let array = self.array_of(source)?;
                let shape = self.shape(array).filter(|shape| shape.is_fixed() && shape.storage == Storage::Owned)?;
                let _ = shape;
                Some((array, source.clone()))
            }
            _ => None,
        }
    }

    /// Stores the elements of one array in another of the same shape.
    pub(super) fn copy_elements(&mut self, from: Value, to: Value, length: Atom, dims: &[Dim]) {
        self.for_each_element(length, &dims[1..], Vec::new(), &mut |pass, index| {
            let element = pass.load_from(from, index.clone(), None);
            pass.store_to(to, index, element);
        });
    }

    /// Nested loops over the indices of an array.
    pub(super) fn for_each_element(
        &mut self,
        length: Atom,
        inner: &[Dim],
        outer: Vec<Atom>,
        body: &mut dyn FnMut(&mut Self, Vec<Atom>),
    ) {
        self.for_each_index(length, |pass, index| {
            let mut indices = outer.clone();
            indices.push(index);
            match inner.split_first() {
                None => body(pass, indices),
                Some((Dim::Fixed(length), rest)) => {
                    let length = pass.inactive(length);
                    pass.for_each_element(length, rest, indices, body);
                }
                Some((Dim::Dynamic, _)) => {}
            }
        });
    }

    /// An assignment of a whole array to one that lowering follows.
    pub(super) fn assign_array(&mut self, name: &str, source: &Expr) -> Val {
        let Some((target, shape)) = self.array_named(name).and_then(|array| Some((array, self.shape(array)?))) else {
            return Val::Unit;
        };
        let fixed = shape.is_fixed() && shape.storage == Storage::Owned;
        let copied = self.copied(source).filter(|_| fixed);
        if let Some((array, expr)) = copied {
            let length = self.length(&expr);
            self.copy_elements(array, target, length, &shape.dims);
            return Val::Unit;
        }
        match source {
            Expr::Array(array) if fixed && shape.dims.len() == 1 => {
                let atoms: Vec<Atom> = array.elems.iter().map(|element| self.float(element, shape.scalar)).collect();
                for (k, atom) in atoms.into_iter().enumerate() {
                    self.store_to(target, vec![Atom::Int(i64::try_from(k).unwrap_or(0))], atom);
                }
            }
            Expr::Repeat(repeat) if fixed && shape.dims.len() == 1 => {
                let value = self.float(&repeat.expr, shape.scalar);
                let length = self.inactive(&repeat.len);
                self.for_each_index(length, |pass, index| pass.store_to(target, vec![index], value));
            }
            _ => self.error(
                source,
                diagnostics::unsupported(
                    "an assignment of this whole array",
                    "assign its elements, or use `copy_from_slice`",
                ),
            ),
        }
        Val::Unit
    }

    /// A loop over the indices of an array.
    pub(super) fn for_each_index(&mut self, length: Atom, body: impl FnOnce(&mut Self, Atom)) {
        let index = self.b.value(Ty::Int, Some(Hint::generated("i", Span::call_site())));
        self.b.open();
        body(self, Atom::Value(index));
        let body = self.b.close_region(Vec::new(), vec![Atom::Bool(true)]);
        let (start, end) = (Atom::Int(0), length);
        let header = Header::Range(Range { index, start, end, inclusive: false, step: None, reversed: false });
        self.b.push(Vec::new(), Op::Loop(Box::new(Loop { header, records: None, init: Vec::new(), body })));
    }

    /// An array that a method gives active elements to is followed from the next round on.
    fn follow_receiver(&mut self, call: &syn::ExprMethodCall) -> bool {
        let gives = matches!(
            call.method.to_string().as_str(),
            "fill"
                | "copy_from_slice"
                | "clone_from_slice"
                | "swap_with_slice"
                | "push"
                | "extend_from_slice"
                | "resize"
        );
        let Some(name) = fence::variable(&call.receiver).filter(|name| self.env.contains_key(name)) else {
            return false;
        };
        if !gives || !call.args.iter().any(|arg| self.is_active(arg)) || self.known.active.contains(&name) {
            return false;
        }
        self.known.cells.remove(&name);
        self.known.active.insert(name);
        true
    }

    /// Arrays that active values enter through their elements are followed from the next round on. False if all of them
    /// are already.
    pub(super) fn follow_arrays(&mut self, names: &[String]) -> bool {
        let mut learned = false;
        for name in names.iter().filter(|name| self.env.contains_key(*name)) {
            if self.known.active.insert(name.clone()) {
                self.known.cells.remove(name);
                learned = true;
            }
        }
        learned
    }

    /// A method that changes an array as a whole, in a statement of its own: `fill`, `swap`, `copy_from_slice`. False
    /// if the call is none of these.
    pub(super) fn array_method(&mut self, call: &syn::ExprMethodCall) -> bool {
        let Some(array) = self.array_of(&call.receiver) else { return self.follow_receiver(call) };
        if self.growth_method(array, call) {
            return true;
        }
        let Some(shape) = self.shape(array) else { return false };
        let args: Vec<&Expr> = call.args.iter().collect();
        match (call.method.to_string().as_str(), &args[..]) {
            ("swap", [i, j]) => {
                let (i, j) = (self.integer(i), self.integer(j));
                self.swap_elements(array, i, j, &shape.dims[1..]);
                return true;
            }
            ("reverse", []) => {
                let number = self.instances.number(&format!("reversed {}", quote::quote!(#call)));
                let (index, x) = (self.fresh("i", number), strip(&call.receiver));
                self.run(&[syn::parse_quote!(for #index in 0..#x.len() / 2 {
                    #x.swap(#index, #x.len() - 1 - #index);
                })]);
                return true;
            }
            _ if shape.dims.len() > 1 => return false,
            _ => {}
        }
        match (call.method.to_string().as_str(), &args[..]) {
            ("fill", [value]) => {
                let value = self.float(value, shape.scalar);
                let length = self.length(&call.receiver);
                self.for_each_index(length, |pass, index| pass.store_to(array, vec![index], value));
            }
            ("swap_with_slice", [other]) => {
                let Some(other_array) = self.array_of(other) else { return false };
                self.swap_arrays((array, strip(&call.receiver)), (other_array, strip(other)));
            }
            ("copy_from_slice" | "clone_from_slice", [source]) => {
                let Some(from) = self.array_of(source) else { return false };
                self.check_lengths(strip(&call.receiver), strip(source));
                let length = self.length(&call.receiver);
                self.for_each_index(length, |pass, index| {
                    let element = pass.load_from(from, vec![index], None);
                    pass.store_to(array, vec![index], element);
                });
            }
            _ => return false,
        }
        true
    }

    /// Exchanges two elements, or two rows.
    fn swap_elements(&mut self, array: Value, i: Atom, j: Atom, inner: &[Dim]) {
        let exchange = |pass: &mut Self, below: Vec<Atom>| {
            let at = |k: Atom| std::iter::once(k).chain(below.iter().copied()).collect::<Vec<_>>();
            let (a, b) = (pass.load_from(array, at(i), None), pass.load_from(array, at(j), None));
            pass.store_to(array, at(i), b);
            pass.store_to(array, at(j), a);
        };
        match inner.split_first() {
            None => exchange(self, Vec::new()),
            Some((Dim::Fixed(length), rest)) => {
                let length = self.inactive(length);
                self.for_each_element(length, rest, Vec::new(), &mut |pass, below| exchange(pass, below));
            }
            Some((Dim::Dynamic, _)) => {}
        }
    }

    /// The panic of what takes two arrays of one length.
    fn check_lengths(&mut self, a: &Expr, b: &Expr) {
        let check: Stmt = syn::parse_quote!(::core::assert_eq!(#a.len(), #b.len()););
        self.carry(&check, &[]);
    }

    /// Exchanges the elements of two arrays.
    pub(super) fn swap_arrays(&mut self, (a, a_expr): (Value, &Expr), (b, b_expr): (Value, &Expr)) {
        self.check_lengths(a_expr, b_expr);
        let inner = self.shape(a).map_or(Vec::new(), |shape| shape.dims[1..].to_vec());
        let length = self.length(a_expr);
        self.for_each_element(length, &inner, Vec::new(), &mut |pass, index| {
            let (of_a, of_b) = (pass.load_from(a, index.clone(), None), pass.load_from(b, index.clone(), None));
            pass.store_to(a, index.clone(), of_b);
            pass.store_to(b, index, of_a);
        });
    }

    /// `array.len()`.
    pub(super) fn length(&mut self, expr: &Expr) -> Atom {
        let base = strip(expr);
        let length: Expr = syn::parse_quote!(#base.len());
        self.verbatim(&length, Ty::Int, None, None)
    }

    // ---- loops over arrays --------------------------------------------------------------------------------------

    /// The source that a `for` loop runs over, if it is made of arrays that lowering follows.
    pub(super) fn source_of(&self, expr: &Expr) -> Option<Over> {
        let forwards = |source| Some(Over { source, reversed: false });
        match expr {
            Expr::Paren(paren) => self.source_of(&paren.expr),
            Expr::Range(range) => self.numbers(range).and_then(forwards),
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                match (name.as_str(), call.args.first()) {
                    ("iter" | "into_iter" | "iter_mut", None) => {
                        let array = self.array_of(&call.receiver);
                        match array {
                            Some(array) => {
                                let expr = strip(&call.receiver).clone();
                                forwards(self.elements_of(array, expr, name == "iter_mut"))
                            }
                            None => self
                                .source_of(&call.receiver)
                                .or_else(|| self.data_of(&call.receiver))
                                .filter(|_| name != "iter_mut"),
                        }
                    }
                    ("chunks_exact" | "chunks_exact_mut" | "windows", Some(size)) => {
                        let array = self.array_of(&call.receiver)?;
                        let expr = strip(&call.receiver).clone();
                        let (size, overlapping) = (size.clone(), name == "windows");
                        let mutable = name == "chunks_exact_mut";
                        forwards(Source::Parts { array, expr, size: Box::new(size), overlapping, mutable })
                    }
                    ("copied" | "cloned", None) => self.source_of(&call.receiver),
                    ("rev", None) => {
                        let over = self.source_of(&call.receiver)?;
                        // Zipped arrays may have different lengths: their ends do not meet.
                        let plain = matches!(over.source, Source::Elements { .. });
                        plain.then_some(Over { reversed: !over.reversed, ..over })
                    }
                    ("enumerate", None) => {
                        let over = self.source_of(&call.receiver).filter(|over| !over.reversed)?;
                        forwards(Source::Enumerate(Box::new(over.source)))
                    }
                    ("zip", Some(other)) => {
                        let left = self.source_of(&call.receiver).filter(|over| !over.reversed)?;
                        let right =
                            self.source_of(other).or_else(|| self.data_of(other)).filter(|over| !over.reversed)?;
                        forwards(Source::Zip(Box::new(left.source), Box::new(right.source)))
                    }
                    _ => None,
                }
            }
            other => {
                let array = self.array_of(other)?;
                let mutable = matches!(other, Expr::Reference(reference) if reference.mutability.is_some());
                forwards(self.elements_of(array, strip(other).clone(), mutable))
            }
        }
    }

    /// Inactive data in a variable that can be indexed: a parameter that is a slice, an array or a `Vec`.
    fn data_of(&self, expr: &Expr) -> Option<Over> {
        let expr = strip(expr);
        let name = fence::variable(expr)?;
        let indexed = self.source.params.iter().any(|param| param.name == name && param.indexed);
        let inactive = !self.known.active.contains(&name) && !self.is_cell(&name);
        (indexed && inactive).then(|| Over { source: Source::Data { expr: expr.clone() }, reversed: false })
    }

    /// The elements of an array: floats, or rows.
    fn elements_of(&self, array: Value, expr: Expr, mutable: bool) -> Source {
        if self.shape(array).is_some_and(|shape| shape.dims.len() > 1) {
            Source::Rows { array, expr, mutable }
        } else {
            Source::Elements { array, expr, mutable }
        }
    }

    fn numbers(&self, range: &syn::ExprRange) -> Option<Source> {
        let zero = matches!(range.start.as_deref(), Some(Expr::Lit(lit)) if matches!(&lit.lit, syn::Lit::Int(n) if n.base10_digits() == "0"));
        let half_open = matches!(range.limits, syn::RangeLimits::HalfOpen(_));
        let end = range.end.as_deref().cloned()?;
        (zero && half_open).then_some(Source::Numbers { end })
    }

    /// The sizes of parts are evaluated once, before the loop.
    pub(super) fn evaluate_sizes(&mut self, source: &mut Source) {
        match source {
            Source::Parts { size, .. } => {
                let atom = self.integer(size);
                **size = self.placeholder(atom);
            }
            Source::Enumerate(inner) => self.evaluate_sizes(inner),
            Source::Zip(a, b) => {
                self.evaluate_sizes(a);
                self.evaluate_sizes(b);
            }
            Source::Elements { .. } | Source::Rows { .. } | Source::Data { .. } | Source::Numbers { .. } => {}
        }
    }

    /// How many iterations a source has, as the user would write it.
    pub(super) fn length_of(source: &Source) -> Expr {
        match source {
            Source::Elements { expr, .. } | Source::Rows { expr, .. } | Source::Data { expr } => {
                syn::parse_quote!(#expr.len())
            }
            Source::Parts { expr, size, overlapping: false, .. } => syn::parse_quote!(#expr.len() / #size),
            Source::Parts { expr, size, overlapping: true, .. } => {
                syn::parse_quote!((#expr.len() + 1).saturating_sub(#size))
            }
            Source::Numbers { end } => end.clone(),
            Source::Enumerate(inner) => Self::length_of(inner),
            Source::Zip(a, b) => {
                let (a, b) = (Self::length_of(a), Self::length_of(b));
                let a = if matches!(a, Expr::MethodCall(_) | Expr::Path(_)) { a } else { syn::parse_quote!((#a)) };
                syn::parse_quote!(#a.min(#b))
            }
        }
    }

    /// Binds the variables of a loop's pattern to the elements at an index.
    pub(super) fn bind_element(&mut self, pat: &Pat, source: &Source, index: Value) {
        let at = vec![Atom::Value(index)];
        match (pat, source) {
            (Pat::Paren(paren), source) => self.bind_element(&paren.pat, source, index),
            (Pat::Wild(_), _) => {}
            (pat, Source::Elements { expr, .. }) if self.binds_struct(pat, expr) => self.bind_struct(pat, expr, index),
            (Pat::Reference(reference), Source::Elements { .. }) => {
                if let Pat::Ident(ident) = &*reference.pat {
                    self.by_value.insert(ident.ident.to_string());
                }
                self.bind_element(&reference.pat, source, index);
            }
            (Pat::Ident(ident), Source::Elements { array, mutable: true, .. }) => {
                self.places.insert(ident.ident.to_string(), (*array, at));
                // A read of the variable is a read of the element.
                self.known.active.insert(ident.ident.to_string());
            }
            (Pat::Ident(ident), Source::Elements { array, .. }) => {
                let name = ident.ident.to_string();
                if self.shape(*array).is_some_and(|shape| shape.dims.len() > 1) {
                    self.error(ident, diagnostics::unsupported("a row of an array", "index single elements"));
                    return;
                }
                let hint = self.hint(&name);
                let atom = self.load_from(*array, at, hint);
                if self.is_varying(atom) {
                    self.known.active.insert(name.clone());
                }
                self.env.insert(name, atom);
            }
            (Pat::Reference(reference), Source::Data { expr }) => {
                let Pat::Ident(ident) = &*reference.pat else {
                    self.error(pat, diagnostics::unsupported("this pattern", "bind single elements"));
                    return;
                };
                let index = self.placeholder(Atom::Value(index));
                self.bind_data(&ident.ident.to_string(), &syn::parse_quote!(#expr[#index]));
            }
            (Pat::Ident(ident), Source::Data { expr }) => {
                let index = self.placeholder(Atom::Value(index));
                self.bind_data(&ident.ident.to_string(), &syn::parse_quote!(&#expr[#index]));
            }
            (Pat::Ident(ident), Source::Rows { array, mutable, .. }) => {
                self.window(&ident.ident.to_string(), *array, Part::Row(Atom::Value(index)), *mutable);
            }
            (Pat::Ident(ident), Source::Parts { array, size, overlapping, mutable, .. }) => {
                let start = if *overlapping {
                    Atom::Value(index)
                } else {
                    let index = self.placeholder(Atom::Value(index));
                    let product: Expr = syn::parse_quote!(#index * #size);
                    self.verbatim(&product, Ty::Int, None, None)
                };
                let size = self.integer(size);
                let end = self.b.int_add(start, size);
                self.window(&ident.ident.to_string(), *array, Part::Range(start, Some(end)), *mutable);
            }
            (Pat::Ident(ident), Source::Numbers { .. }) => {
                self.env.insert(ident.ident.to_string(), Atom::Value(index));
            }
            (Pat::Tuple(pats), Source::Enumerate(inner)) if pats.elems.len() == 2 => {
                if let Pat::Ident(ident) = &pats.elems[0] {
                    self.env.insert(ident.ident.to_string(), Atom::Value(index));
                }
                self.bind_element(&pats.elems[1], inner, index);
            }
            (Pat::Tuple(pats), Source::Zip(a, b)) if pats.elems.len() == 2 => {
                self.bind_element(&pats.elems[0], a, index);
                self.bind_element(&pats.elems[1], b, index);
            }
            (pat, _) => self.error(pat, diagnostics::unsupported("this pattern", "bind single elements")),
        }
    }

    fn bind_data(&mut self, name: &str, element: &Expr) {
        let atom = self.verbatim(element, Ty::Unknown, None, self.hint(name));
        self.env.insert(name.to_owned(), atom);
    }

    /// The name for the index of a loop over a source: that of an `enumerate`, if it has one.
    pub(super) fn index_name(pat: &Pat, source: &Source) -> Option<String> {
        match (pat, source) {
            (Pat::Tuple(pats), Source::Enumerate(_)) => match pats.elems.first() {
                Some(Pat::Ident(ident)) => Some(ident.ident.to_string()),
                _ => None,
            },
            (Pat::Ident(ident), Source::Numbers { .. }) => Some(ident.ident.to_string()),
            (Pat::Tuple(pats), Source::Zip(a, b)) => {
                let (first, second) = (pats.elems.first()?, pats.elems.get(1)?);
                Self::index_name(first, a).or_else(|| Self::index_name(second, b))
            }
            _ => None,
        }
    }

    /// The value of a variable that stands for an element.
    pub(super) fn read_place(&mut self, name: &str) -> Option<Atom> {
        let (array, index) = self.places.get(name).cloned()?;
        Some(self.load_from(array, index, None))
    }

    /// Assigns to an element: `array[i] = value`.
    pub(super) fn assign_element(&mut self, target: &Expr, source: &Expr) -> Val {
        let scalar = self.scalar_of_element(target);
        let value = self.float(source, scalar);
        self.store(target, value);
        Val::Unit
    }
}

/// Whether a call is one of `std::array::from_fn`.
fn is_from_fn(call: &syn::ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "from_fn") && call.args.len() == 1
}

/// The expression without references and views.
pub(super) fn strip(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(reference) => strip(&reference.expr),
        Expr::Paren(paren) => strip(&paren.expr),
        Expr::MethodCall(call) if call.args.is_empty() && is_view(&call.method.to_string()) => strip(&call.receiver),
        other => other,
    }
}

/// Methods that give the same array by reference.
fn is_view(method: &str) -> bool {
    matches!(method, "as_slice" | "as_ref" | "as_mut_slice" | "as_mut")
}

/// `..`
fn is_full_range(index: &Expr) -> bool {
    matches!(index, Expr::Range(range) if range.start.is_none() && range.end.is_none())
}
