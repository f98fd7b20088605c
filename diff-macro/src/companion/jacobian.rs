//! Jacobians: by forward mode in a few directions that are known, unrolled; else along all unit vectors at once, of
//! the inputs or of the outputs, whichever there are certainly fewer of.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::allocations::Allocations;
use super::modes::{SEEDED_INTO, dump, with_allocations};
use super::{Companion, Gives, Plan};
use crate::batch::{Frame, Linear, Role, Way, batch};
use crate::forward::Seed;
use crate::ir::{Atom, Dim, Function, Info, Scalar, Shape, Storage, Ty, Value, literal_length};
use crate::names::{Names, generated};
use crate::signature::{Form, Parameter};

/// A function that fills a Jacobian.
struct Filling {
    function: Function,
    /// Its parameters beyond those of the function.
    extra: Vec<Ident>,
    /// Binds these parameters.
    lets: TokenStream,
    columns: TokenStream,
    rows: TokenStream,
    /// For each active parameter the first of its columns, and its length if that is dynamic.
    starts: Vec<(Option<TokenStream>, Option<Ident>)>,
    way: Way,
}

/// How many scalars a parameter has.
struct Extent {
    known: Option<i64>,
    tokens: TokenStream,
}

/// Numbers of rows or columns that a filling function takes as parameters, where no literal tells them.
#[derive(Default)]
pub(super) struct Numbers {
    pub(super) lets: TokenStream,
    pub(super) params: Vec<(Ident, Value)>,
}

impl Plan<'_> {
    pub(super) fn jacobians(&self) -> Vec<Companion> {
        if self.has_aggregates() || self.returns_aggregate() {
            // The rows of structs are made of their leaves, which are scalars.
            let returned = matches!(self.signature.output.form, Form::Tuple | Form::Array);
            let directions = self.directions().filter(|_| returned);
            let gives = [Gives::Derivative, Gives::Both];
            return directions.map_or_else(Vec::new, |known| gives.map(|gives| self.jacobian(&known, gives)).into());
        }
        let returned = matches!(self.signature.output.form, Form::Tuple | Form::Array);
        let gives: &[Gives] = &[Gives::Derivative, Gives::Both];
        let mut companions: Vec<Companion> = Vec::new();
        let whole = self.signature.output.form == Form::Whole;
        if whole && self.fixed_rows().is_some() {
            companions.extend(gives.iter().filter_map(|gives| self.filled_jacobian(*gives)));
        }
        if returned {
            match self.directions() {
                Some(directions) => companions.extend(gives.iter().map(|gives| self.jacobian(&directions, *gives))),
                None => companions.extend(gives.iter().filter_map(|gives| self.filled_jacobian(*gives))),
            }
        }
        if !self.outs().is_empty() {
            companions.extend(self.jacobian_into(Gives::Derivative));
        } else if whole || (returned && self.has_arrays()) {
            companions.extend(gives.iter().filter_map(|gives| self.jacobian_into(*gives)));
        }
        companions
    }

    // ---- unrolled ---------------------------------------------------------------------------------------------------

    /// The directions of a Jacobian by forward mode: one per scalar, and one per element of an array whose length a
    /// literal tells. None if some length is not known, or if there are too many to be unrolled.
    pub(super) fn directions(&self) -> Option<Vec<Vec<Seed>>> {
        const MOST: usize = 32;
        let slots = self.slots();
        let n = slots.len();
        let mut directions = Vec::new();
        for (k, slot) in slots.iter().enumerate() {
            let ty = self.slot_ty(*slot);
            let along: Vec<Seed> = match ty.scalar() {
                Some(scalar) if scalar == self.signature.scalar => vec![Seed::One],
                Some(_) => return None,
                None => (0..self.function.length(ty)?).map(Seed::Unit).collect(),
            };
            for seed in along {
                directions.push((0..n).map(|j| if j == k { seed } else { Seed::Zero }).collect());
            }
        }
        (directions.len() <= MOST).then_some(directions)
    }

    /// The Jacobian by forward mode in all directions at once: the primal runs once.
    pub(super) fn jacobian(&self, directions: &[Vec<Seed>], gives: Gives) -> Companion {
        let mut function = self.jacobian_function(directions);
        let (f, n) = (self.name(), self.output_count());
        let list = self.active_list();
        let (name, summary) = match gives {
            Gives::Derivative => {
                function.body.yields.drain(..n);
                ("jacobian", format!("The Jacobian of [`{f}`](fn@{f}) with respect to {list}."))
            }
            Gives::Both => (
                "value_and_jacobian",
                format!(
                    "The value of [`{f}`](fn@{f}) and its Jacobian with respect to {list}, the value computed once."
                ),
            ),
        };
        let wrap = |atoms: &[TokenStream]| {
            let (values, tangents) = if gives == Gives::Both { atoms.split_at(n) } else { atoms.split_at(0) };
            let rows = (0..n).map(|row| self.row(tangents, row));
            let jacobian = quote!([#(#rows),*]);
            if gives == Gives::Both {
                let value = self.output_value(values);
                quote!((#value, #jacobian))
            } else {
                jacobian
            }
        };
        let function = self.finished(function);
        let docs = vec![summary, String::new(), "Row `i` is the gradient of output `i`.".to_owned()];
        let docs = with_allocations(docs, &function);
        let body = self.body(function, &[], self.names(), &wrap);
        let row = self.gradient_type();
        let jacobian = quote!([#row; #n]);
        let output = self.output().map(|value| Self::given(gives, &value, &jacobian));
        Companion { name: name.to_owned(), docs, extra: Vec::new(), output, body }
    }

    /// One row of a Jacobian from the tangents, direction by direction.
    fn row(&self, tangents: &[TokenStream], row: usize) -> TokenStream {
        let n = self.output_count();
        let mut entries = tangents.chunks(n).map(|outputs| outputs[row].clone());
        let components: Vec<TokenStream> = self
            .active()
            .into_iter()
            .map(|k| {
                let parameter = &self.signature.parameters[k];
                if parameter.aggregate.is_some() {
                    return self.row_of_struct(k, &mut entries);
                }
                match parameter.ty.scalar() {
                    Some(_) => entries.next().unwrap_or_default(),
                    None => {
                        let length = self.function.length(parameter.ty).unwrap_or(0);
                        let elements: Vec<TokenStream> = entries.by_ref().take(length).collect();
                        quote!([#(#elements),*])
                    }
                }
            })
            .collect();
        self.gradient_value(&components)
    }

    /// The number of outputs of an array of one dimension whose length is known at compile time.
    fn fixed_rows(&self) -> Option<TokenStream> {
        match self.signature.output.whole.and_then(|ty| self.shape(ty)) {
            Some(shape) => match &shape.dims[..] {
                [Dim::Fixed(length)] => Some(quote!({#length})),
                _ => None,
            },
            None => {
                let n = self.output_count();
                Some(quote!(#n))
            }
        }
    }

    // ---- all unit vectors at once -----------------------------------------------------------------------------------

    /// How many scalars a parameter has.
    fn extent(&self, parameter: &Parameter) -> Extent {
        let Some(shape) = self.shape(parameter.ty) else { return Extent { known: Some(1), tokens: quote!(1usize) } };
        let mut extent = Extent { known: Some(1), tokens: quote!() };
        for (k, dim) in shape.dims.iter().enumerate() {
            let factor = match dim {
                Dim::Fixed(length) => {
                    extent.known = extent.known.zip(literal_length(length)).map(|(a, b)| a * b);
                    quote!((#length))
                }
                Dim::Dynamic => {
                    extent.known = None;
                    let ident = &parameter.ident;
                    quote!(#ident.len())
                }
            };
            extent.tokens = if k == 0 {
                factor
            } else {
                [std::mem::take(&mut extent.tokens), quote!(* #factor)].into_iter().collect()
            };
        }
        extent
    }

    /// Where the scalars of each parameter begin, and how many there are in all.
    pub(super) fn starts(
        &self,
        parameters: &[usize],
        word: &str,
        numbers: &mut Numbers,
        names: &mut Names,
        function: &mut Function,
    ) -> Vec<(Atom, TokenStream)> {
        let mut starts = vec![(Atom::Int(0), quote!(0usize))];
        for k in parameters {
            let extent = self.extent(&self.signature.parameters[*k]);
            let (start, tokens) = starts.last().cloned().unwrap_or((Atom::Int(0), quote!(0usize)));
            starts.push(match (start, extent.known) {
                (Atom::Int(start), Some(known)) => {
                    let literal = proc_macro2::Literal::usize_suffixed(usize::try_from(start + known).unwrap_or(0));
                    (Atom::Int(start + known), quote!(#literal))
                }
                (start, _) => {
                    let ident = generated(&names.fresh(word, false), Span::call_site());
                    let width = &extent.tokens;
                    numbers.lets.extend(if start == Atom::Int(0) {
                        quote!(let #ident = #width;)
                    } else {
                        quote!(let #ident = #tokens + #width;)
                    });
                    let value = push_value(function, Ty::Int);
                    numbers.params.push((ident.clone(), value));
                    (Atom::Value(value), quote!(#ident))
                }
            });
        }
        starts
    }

    /// The function that fills a Jacobian which holds zeros. None if its numbers are not all of one type.
    fn filling(&self, jacobian: &Ident, names: &mut Names) -> Option<Filling> {
        let scalar = self.signature.scalar;
        let parameters = &self.signature.parameters;
        let of_type = |k: &usize| match self.shape(parameters[*k].ty) {
            Some(shape) => shape.scalar == scalar,
            None => parameters[*k].ty.scalar() == Some(scalar),
        };
        let (active, outs) = (self.active(), self.outs());
        if !active.iter().chain(&outs).all(of_type) || self.signature.output.scalars.iter().any(|own| *own != scalar) {
            return None;
        }
        let (mut numbers, mut lengths) = (Numbers::default(), Vec::new());
        let way = self.way();
        let mut function = match way {
            Way::Columns => self.pushforward(&[vec![Seed::Param; active.len()]]).function,
            Way::Rows => self.pullback(SEEDED_INTO).function,
        };
        let columns = self.starts(&active, "columns", &mut numbers, names, &mut function);
        let rows = self.starts(&outs, "rows", &mut numbers, names, &mut function);
        let m = i64::try_from(self.output_count()).unwrap_or(0);
        let jacobian_value = push_buffer(&mut function, scalar);
        let own = parameters.len();
        let results = self.output_count();
        let mut roles = Vec::new();
        let mut entries: Vec<Option<Atom>> = vec![None; results];
        let mut linear = function.body.params[own..].iter().copied();
        match way {
            Way::Columns => {
                for k in (0..own).filter(|k| parameters[*k].active || parameters[*k].output) {
                    let unit = active.iter().position(|a| *a == k).map(|at| columns[at].0);
                    let entry = outs.iter().position(|o| *o == k).map(|at| rows[at].0);
                    let role = match (unit, entry) {
                        (Some(unit), Some(entry)) => Role::Both { unit, entry },
                        (Some(unit), None) => Role::Unit(unit),
                        (None, Some(entry)) => Role::Entry(entry),
                        (None, None) => continue,
                    };
                    roles.push(Linear { value: linear.next()?, role, primal: Some(function.body.params[k]) });
                }
                entries.extend((0..m).map(|row| Some(Atom::Int(row))));
            }
            Way::Rows => {
                for row in 0..m {
                    roles.push(Linear { value: linear.next()?, role: Role::Unit(Atom::Int(row)), primal: None });
                }
                for (at, k) in active.iter().enumerate() {
                    if parameters[*k].ty.is_array() {
                        let (role, primal) = (Role::Entry(columns[at].0), Some(function.body.params[*k]));
                        roles.push(Linear { value: linear.next()?, role, primal });
                    }
                    entries.push(Some(columns[at].0));
                }
            }
        }
        let total = columns[active.len()].clone();
        let units = match way {
            Way::Columns => total.0,
            Way::Rows => Atom::Int(m),
        };
        function.body.params.push(jacobian_value);
        function.body.params.extend(numbers.params.iter().map(|(_, value)| *value));
        let frame = Frame { way, jacobian: jacobian_value, columns: total.0, units, symmetric: false };
        let function = batch(function, frame, &roles, &entries, scalar)?;
        dump(&self.name(), "with all unit vectors at once", &function);
        for k in &active {
            let dynamic = self.shape(parameters[*k].ty).is_some_and(|shape| matches!(shape.dims[0], Dim::Dynamic));
            lengths.push(dynamic.then(|| {
                let ident = generated(&names.fresh("length", false), Span::call_site());
                let primal = &parameters[*k].ident;
                numbers.lets.extend(quote!(let #ident = #primal.len();));
                ident
            }));
        }
        let rows = if outs.is_empty() {
            let m = self.output_count();
            quote!(#m)
        } else {
            rows[outs.len()].1.clone()
        };
        let extra = std::iter::once(jacobian.clone()).chain(numbers.params.into_iter().map(|(ident, _)| ident));
        Some(Filling {
            function,
            extra: extra.collect(),
            lets: numbers.lets,
            columns: total.1,
            rows,
            starts: columns
                .into_iter()
                .map(|(start, tokens)| (start != Atom::Int(0)).then_some(tokens))
                .zip(lengths)
                .collect(),
            way,
        })
    }

    /// Along the outputs where there are certainly fewer of them than there are inputs, as far as the types tell: that
    /// is where their number is known and the other is not, or is larger.
    fn way(&self) -> Way {
        if !self.outs().is_empty() || self.signature.output.form == Form::Whole {
            return Way::Columns;
        }
        let inputs =
            self.active().iter().try_fold(0, |sum, k| Some(sum + self.extent(&self.signature.parameters[*k]).known?));
        match inputs {
            Some(inputs) if inputs <= i64::try_from(self.output_count()).unwrap_or(i64::MAX) => Way::Columns,
            Some(_) | None => Way::Rows,
        }
    }

    /// The Jacobian in the buffer of the caller.
    fn jacobian_into(&self, gives: Gives) -> Option<Companion> {
        let mut names = self.names();
        let jacobian = generated(&names.fresh("jacobian", false), Span::call_site());
        let Filling { mut function, extra, lets, columns, rows, way, .. } = self.filling(&jacobian, &mut names)?;
        let returns = gives == Gives::Both;
        let whole = self.signature.output.form == Form::Whole;
        if !returns {
            function.body.yields.drain(..self.output_count());
        }
        let message = "the buffer for the Jacobian must hold `outputs x inputs`";
        let wrap = |atoms: &[TokenStream]| {
            let value = if returns { self.output_value(atoms) } else { quote!() };
            match atoms.last().filter(|_| whole) {
                // Only now it is known how many outputs there are.
                Some(tangents) => quote!({
                    ::core::assert_eq!(#jacobian.len(), #tangents.len(), #message);
                    #jacobian.copy_from_slice(&#tangents);
                    #value
                }),
                None => value,
            }
        };
        let function = self.finished(function);
        let allocates = Allocations::of(&function.0);
        let inner = self.body(function, &extra, names, &wrap);
        let zero = self.number(0.0);
        let prologue = (!whole).then(|| {
            quote! {
                ::core::assert_eq!(#jacobian.len(), #rows * #columns, #message);
                #jacobian.fill(#zero);
            }
        });
        let body = quote!(#lets #prologue #inner);
        let f = self.name();
        let (name, what) = match gives {
            Gives::Derivative => ("jacobian_into", "Writes"),
            Gives::Both => ("value_and_jacobian_into", "The value; writes"),
        };
        let mut docs = vec![
            format!(
                "{what} the Jacobian of [`{f}`](fn@{f}) into the buffer, row-major, `outputs x inputs`; the active"
            ),
            "parameters stand side by side.".to_owned(),
            String::new(),
        ];
        docs.push(way_docs(way));
        docs.extend([
            String::new(),
            "# Panics".to_owned(),
            String::new(),
            "If the buffer does not hold `outputs x inputs`, and where the function itself does.".to_owned(),
        ]);
        allocates.describe(&mut docs);
        let ty = self.ty(self.signature.scalar);
        let output = self.output().filter(|_| returns);
        Some(Companion { name: name.to_owned(), docs, extra: vec![(jacobian, quote!(&mut [#ty]))], output, body })
    }

    /// The Jacobian in rows, each in the shape of a gradient.
    fn filled_jacobian(&self, gives: Gives) -> Option<Companion> {
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [jacobian, row] = ["jacobian", "row"].map(&mut fresh);
        let Filling { mut function, extra, lets, columns, rows, starts, way } = self.filling(&jacobian, &mut names)?;
        if gives == Gives::Derivative {
            function.body.yields.drain(..self.output_count());
        }
        let whole = self.signature.output.form == Form::Whole;
        let n = self.fixed_rows()?;
        let components: Vec<TokenStream> = starts
            .iter()
            .zip(self.active())
            .map(|((start, length), k)| {
                let ty = self.signature.parameters[k].ty;
                let at = quote!(#row * #columns);
                let at = start.as_ref().map_or(at.clone(), |start| quote!(#at + #start));
                self.component(&jacobian, &at, ty, length.as_ref())
            })
            .collect();
        let gradient = self.gradient_value(&components);
        let (f, list) = (self.name(), self.active_list());
        let filled = quote!(::core::array::from_fn::<_, #n, _>(|#row| #gradient));
        let wrap = |atoms: &[TokenStream]| {
            let given = match gives {
                Gives::Derivative => filled.clone(),
                Gives::Both => {
                    let value = self.output_value(atoms);
                    quote!((#value, #filled))
                }
            };
            match atoms.last().filter(|_| whole) {
                Some(tangents) => quote!({ let #jacobian = #tangents; #given }),
                None => given,
            }
        };
        let function = self.finished(function);
        let mut allocates = Allocations::of(&function.0);
        allocates.vectors |= !whole;
        let is_dynamic = |k: &usize| {
            let shape = self.shape(self.signature.parameters[*k].ty);
            shape.is_some_and(|shape| matches!(shape.dims.first(), Some(Dim::Dynamic)))
        };
        allocates.results |= self.active().iter().any(is_dynamic);
        let inner = self.body(function, &extra, names, &wrap);
        let runtime = &self.runtime;
        let zero = self.zero();
        let made = (!whole).then(|| quote!(let mut #jacobian = #runtime::private::vec![#zero; #rows * #columns];));
        let body = quote!(#lets #made #inner);
        let (name, summary) = match gives {
            Gives::Derivative => ("jacobian", format!("The Jacobian of [`{f}`](fn@{f}) with respect to {list}.")),
            Gives::Both => (
                "value_and_jacobian",
                format!(
                    "The value of [`{f}`](fn@{f}) and its Jacobian with respect to {list}, the value computed once."
                ),
            ),
        };
        let mut docs = vec![summary, String::new(), "Row `i` is the gradient of output `i`.".to_owned(), String::new()];
        docs.push(way_docs(way));
        allocates.describe(&mut docs);
        let ty = self.gradient_type();
        let jacobian = quote!([#ty; #n]);
        let output = self.output().map(|value| Self::given(gives, &value, &jacobian));
        Some(Companion { name: name.to_owned(), docs, extra: Vec::new(), output, body })
    }

    /// The part of a row that belongs to one parameter, in its shape.
    fn component(&self, jacobian: &Ident, start: &TokenStream, ty: Ty, length: Option<&Ident>) -> TokenStream {
        let Some(shape) = self.shape(ty) else { return quote!(#jacobian[#start]) };
        match length {
            Some(length) if shape.dims.len() == 1 => quote!(#jacobian[#start..][..#length].to_vec()),
            Some(length) => {
                let k = generated("k", Span::call_site());
                let width = width(&shape.dims[1..]);
                let element = elements(jacobian, &quote!(#start + #k * #width), &shape.dims[1..], 0);
                quote!(::core::iter::Iterator::collect(::core::iter::Iterator::map(0..#length, |#k| #element)))
            }
            None => elements(jacobian, start, &shape.dims, 0),
        }
    }

    fn zero(&self) -> TokenStream {
        match self.signature.scalar {
            Scalar::Generic => self.number(0.0),
            scalar @ (Scalar::F64 | Scalar::F32) => {
                let zero = syn::LitFloat::new(&format!("0.0_{}", scalar.name()), Span::call_site());
                quote!(#zero)
            }
        }
    }
}

/// How many scalars stand in fixed dimensions.
fn width(dims: &[Dim]) -> TokenStream {
    let factors = dims.iter().map(|dim| match dim {
        Dim::Fixed(length) => quote!((#length)),
        Dim::Dynamic => quote!(1usize),
    });
    quote!((1usize #(* #factors)*))
}

/// Nested arrays of the scalars from a place on.
fn elements(jacobian: &Ident, start: &TokenStream, dims: &[Dim], depth: usize) -> TokenStream {
    let Some((Dim::Fixed(length), inner)) = dims.split_first() else { return quote!(#jacobian[#start]) };
    let index = generated(&format!("i_{depth}"), Span::call_site());
    let width = width(inner);
    let element = elements(jacobian, &quote!(#start + #index * #width), inner, depth + 1);
    quote!(::core::array::from_fn::<_, {#length}, _>(|#index| #element))
}

fn way_docs(way: Way) -> String {
    match way {
        Way::Columns => "Forward mode, along all inputs at once: the function runs once.".to_owned(),
        Way::Rows => "Reverse mode, from all outputs at once: the function runs once.".to_owned(),
    }
}

fn push_value(function: &mut Function, ty: Ty) -> Value {
    let value = Value(u32::try_from(function.values.len()).unwrap_or(u32::MAX));
    function.values.push(Info { ty, hint: None, derived: false });
    value
}

/// A parameter that is a slice of floats, to be written to.
pub(super) fn push_buffer(function: &mut Function, scalar: crate::ir::Scalar) -> Value {
    let mut shapes = (*function.shapes).clone();
    let number = u16::try_from(shapes.len()).unwrap_or(u16::MAX - 2);
    shapes.extend(Shape::new(scalar, vec![Dim::Dynamic], Storage::BorrowedMut).variants());
    function.shapes = std::rc::Rc::new(shapes);
    push_value(function, Ty::Array(number))
}
