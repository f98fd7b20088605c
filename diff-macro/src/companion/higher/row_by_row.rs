//! Hessians row by row, one product with a unit vector per input: in structs with arrays, and where a tape would hold
//! tangents of all inputs.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::Beside;
use crate::companion::allocations::Allocations;
use crate::companion::{Companion, Plan};
use crate::ir::{Dim, Scalar, Storage};
use crate::names::{generated, plain};
use crate::signature::Parameter;

impl Plan<'_> {
    /// The arguments of the function, to be passed on to another companion.
    pub(super) fn own_arguments(&self) -> Vec<TokenStream> {
        let receiver = self.item.sig.receiver().map(|_| quote!(self));
        let named = self.signature.parameters.iter().filter(|parameter| parameter.ident != "self");
        let own = named.map(|parameter| {
            let ident = &parameter.ident;
            quote!(#ident)
        });
        receiver.into_iter().chain(own).collect()
    }

    /// A direction as it is passed on.
    pub(super) fn direction_argument(&self, parameter: &Parameter, direction: &Ident) -> TokenStream {
        let storage = parameter.aggregate.as_ref().map(|aggregate| aggregate.storage);
        match (self.shape(parameter.ty), storage) {
            (Some(shape), _) if !(shape.is_fixed() && shape.storage == Storage::Owned) => quote!(&#direction),
            (None, Some(Storage::Borrowed | Storage::BorrowedMut)) => quote!(&#direction),
            _ => quote!(#direction),
        }
    }

    /// The Hessian in several scalars, row by row; of two entries that are equal by symmetry, one is used.
    pub(super) fn hessian_of_scalars_by_products(&self, beside: Beside) -> Companion {
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let n = self.active().len();
        let [value, gradient] = ["value", "gradient"].map(&mut fresh);
        let rows: Vec<Ident> = (0..n).map(|_| fresh("row")).collect();
        let (own, leaves) = (self.own_arguments(), self.leaves());
        let lets = rows.iter().enumerate().map(|(row, name)| {
            let along = (0..n).map(|k| self.number(if k == row { 1.0 } else { 0.0 }));
            match (beside, row) {
                (Beside::ValueAndGradient, 0) => {
                    let first = self.sibling("value_gradient_and_hvp");
                    quote!(let (#value, #gradient, #name) = #first(#(#own,)* #(#along),*) #leaves;)
                }
                _ => {
                    let product = self.sibling("hvp");
                    quote!(let #name = #product(#(#own,)* #(#along),*) #leaves;)
                }
            }
        });
        let lets: TokenStream = lets.collect();
        let entry = |row: usize, column: usize| {
            let (name, k) = (&rows[row.min(column)], row.max(column));
            quote!(#name[#k])
        };
        let matrix = (0..n).map(|row| {
            let entries = (0..n).map(|column| entry(row, column));
            quote!([#(#entries),*])
        });
        let matrix = quote!([#(#matrix),*]);
        let given = match beside {
            Beside::Nothing => matrix,
            Beside::ValueAndGradient => quote!((#value, #gradient, #matrix)),
        };
        let body = self.wrapped(quote!({ #lets #given }));
        let docs = vec![self.hessian_summary(beside), String::new(), "Runs the function once per input.".to_owned()];
        let scalar = self.ty(self.signature.scalar);
        let output = Some(self.with_value_and_gradient(beside, quote!([[#scalar; #n]; #n])));
        Companion { name: beside.name(false), docs, extra: Vec::new(), output, body }
    }

    /// The Hessian in all active parameters side by side, row-major, row by row.
    pub(super) fn hessian_into(&self, beside: Beside) -> Companion {
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [hessian, width, row, column, rest] = ["hessian", "n", "row", "column", "rest"].map(&mut fresh);
        let index = fresh("k");
        let mut rows = Rows::default();
        for k in 0..self.active().len() {
            let parameter = self.parameter(k);
            let wish = plain(&parameter.ident);
            let [direction, part] = [format!("{wish}_dot"), format!("{wish}_bar")].map(|wish| fresh(&wish));
            self.plan_row(&mut rows, parameter, &direction, &part, &rest);
        }
        let has_slices = rows.passes.iter().any(|pass| matches!(pass, Pass::Array(..)));
        let own = self.own_arguments();
        let Rows { lets, widths, directions, splits, parts, stores, passes } = &rows;
        let (product, leaves) = (self.sibling("hvp_into"), self.leaves());
        let passes = passes.iter().map(|pass| {
            pass.repeat(
                &self.runtime,
                self.signature.scalar,
                &index,
                &quote! {
                    let #rest = &mut #hessian[#row * #width..][..#width];
                    #splits
                    #product(#(#own,)* #(#directions,)* #(#parts),*) #leaves;
                    #stores
                    for #column in 0..#row {
                        #hessian[#row * #width + #column] = #hessian[#column * #width + #row];
                    }
                    #row += 1;
                },
            )
        });
        let mut extra = Vec::new();
        let mut value = quote!();
        if beside == Beside::ValueAndGradient {
            extra = self.buffers(&mut names).params;
            let first = self.sibling("value_and_gradient_into");
            let buffers = extra.iter().map(|(ident, _)| ident);
            value = quote!(#first(#(#own,)* #(#buffers),*) #leaves);
        }
        let value = self.wrapped(value);
        let body = quote! {
            let #width = #(#widths)+*;
            ::core::assert_eq!(#hessian.len(), #width * #width, "the buffer for the Hessian must hold `inputs x inputs`");
            #lets
            let mut #row = 0usize;
            #(#passes)*
            #value
        };
        let mut docs = self.docs_of_into();
        docs.splice(2..2, [String::new(), "Runs the function once per input.".to_owned()]);
        Allocations { vectors: has_slices, ..Allocations::default() }.describe(&mut docs);
        self.hessian_companion(beside, extra, hessian, docs, body)
    }

    /// A companion that fills a buffer with the Hessian, behind those for the gradient.
    pub(super) fn hessian_companion(
        &self,
        beside: Beside,
        gradient: impl IntoIterator<Item = (Ident, TokenStream)>,
        hessian: Ident,
        docs: Vec<String>,
        body: TokenStream,
    ) -> Companion {
        let ty = self.ty(self.signature.scalar);
        let mut extra: Vec<(Ident, TokenStream)> = gradient.into_iter().collect();
        extra.push((hessian, quote!(&mut [#ty])));
        let output = self.output().filter(|_| beside == Beside::ValueAndGradient);
        Companion { name: beside.name(true), docs, extra, output, body }
    }

    /// How many components a parameter has.
    pub(super) fn width_of(&self, parameter: &Parameter) -> TokenStream {
        let (runtime, value) = (&self.runtime, self.reference(parameter));
        quote!(#runtime::Differentiable::dimension(#value))
    }

    pub(super) fn docs_of_into(&self) -> Vec<String> {
        let f = self.name();
        vec![
            format!("Writes the Hessian of [`{f}`](fn@{f}) into the buffer, row-major, `inputs x inputs`; the active"),
            "parameters stand side by side, in their order. It is symmetric to the last bit.".to_owned(),
            String::new(),
            "# Panics".to_owned(),
            String::new(),
            "If the buffer does not hold `inputs x inputs`, and where the function itself does.".to_owned(),
        ]
    }

    /// The part of a row that belongs to a parameter.
    fn plan_row(&self, rows: &mut Rows, parameter: &Parameter, direction: &Ident, part: &Ident, rest: &Ident) {
        let (primal, runtime, zero) = (&parameter.ident, &self.runtime, self.number(0.0));
        let dims = self.shape(parameter.ty).map_or(&[][..], |shape| &shape.dims);
        match dims.first() {
            _ if parameter.aggregate.is_some() || dims.len() > 1 => {
                let (zero, values) = (self.zero_of(parameter), format_ident!("{}_values", part, span = part.span()));
                let width = self.width_of(parameter);
                rows.lets.extend(quote!(let mut #direction = #zero; let mut #values = #zero;));
                rows.widths.push(width.clone());
                rows.splits.extend(quote!(let (#part, #rest) = #rest.split_at_mut(#width);));
                rows.parts.push(quote!(&mut #values));
                rows.stores.extend(quote!(#runtime::private::write_components(&#values, #part);));
                rows.passes.push(Pass::Components(direction.clone(), width));
            }
            None => {
                rows.lets.extend(quote!(let mut #direction = #zero;));
                rows.widths.push(quote!(1usize));
                rows.splits.extend(quote!(let (#part, #rest) = #rest.split_at_mut(1);));
                rows.parts.push(quote!(&mut #part[0]));
                rows.passes.push(Pass::Scalar(direction.clone()));
            }
            Some(Dim::Dynamic) => {
                rows.lets.extend(quote!(let mut #direction = #runtime::private::vec![#zero; #primal.len()];));
                rows.widths.push(quote!(#primal.len()));
                rows.splits.extend(quote!(let (#part, #rest) = #rest.split_at_mut(#primal.len());));
                rows.parts.push(quote!(#part));
                rows.passes.push(Pass::Array(direction.clone(), primal.clone()));
            }
            Some(Dim::Fixed(n)) => {
                let values = format_ident!("{}_values", part, span = part.span());
                rows.lets.extend(quote!(let mut #direction = [#zero; #n]; let mut #values = [#zero; #n];));
                rows.widths.push(quote!(#primal.len()));
                rows.splits.extend(quote!(let (#part, #rest) = #rest.split_at_mut(#primal.len());));
                rows.parts.push(quote!(&mut #values));
                rows.stores.extend(quote!(#part.copy_from_slice(&#values);));
                rows.passes.push(Pass::Array(direction.clone(), primal.clone()));
            }
        }
        rows.directions.push(self.direction_argument(parameter, direction));
    }
}

/// What the rows of a Hessian are computed with.
#[derive(Default)]
struct Rows {
    /// The directions, which hold zeros, and what receives the products that cannot be written in place.
    lets: TokenStream,
    widths: Vec<TokenStream>,
    directions: Vec<TokenStream>,
    /// Takes a row apart.
    splits: TokenStream,
    parts: Vec<TokenStream>,
    stores: TokenStream,
    passes: Vec<Pass>,
}

/// The direction along a parameter, and the parameter.
enum Pass {
    Scalar(Ident),
    Array(Ident, Ident),
    /// The direction, and the number of components.
    Components(Ident, TokenStream),
}

impl Pass {
    /// Runs `row` along each unit vector of the parameter.
    fn repeat(&self, runtime: &TokenStream, scalar: Scalar, k: &Ident, row: &TokenStream) -> TokenStream {
        let [zero, one] = [0.0, 1.0].map(|x| scalar.literal(x));
        match self {
            Pass::Scalar(direction) => quote!(#direction = #one; #row #direction = #zero;),
            Pass::Array(direction, primal) => quote! {
                for #k in 0..#primal.len() {
                    #direction[#k] = #one;
                    #row
                    #direction[#k] = #zero;
                }
            },
            Pass::Components(direction, width) => quote! {
                for #k in 0..#width {
                    #runtime::private::set_component(&mut #direction, #k, #one);
                    #row
                    #runtime::private::set_component(&mut #direction, #k, #zero);
                }
            },
        }
    }
}
