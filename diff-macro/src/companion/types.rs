//! Types: those of tangents, adjoints, buffers and results, after the parameters and the result of the function.

use proc_macro2::TokenStream;
use quote::quote;

use super::Plan;
use crate::ir::{Dim, Scalar, Shape, Storage, Ty};
use crate::names::plain;
use crate::signature::Form;

impl Plan<'_> {
    pub(super) fn shape(&self, ty: Ty) -> Option<&Shape> {
        match ty {
            Ty::Array(number) => self.signature.shapes.get(number as usize),
            _ => None,
        }
    }

    /// The type of an adjoint: a float, or an array that is owned.
    pub(super) fn owned_type(&self, ty: Ty) -> TokenStream {
        match self.shape(ty) {
            Some(shape) => self.array_type(shape, &shape.dims),
            None => self.ty(ty.scalar().unwrap_or(self.signature.scalar)),
        }
    }

    pub(super) fn array_type(&self, shape: &Shape, dims: &[Dim]) -> TokenStream {
        match dims.split_first() {
            None => self.ty(shape.scalar),
            Some((Dim::Fixed(n), inner)) => {
                let inner = self.array_type(shape, inner);
                quote!([#inner; #n])
            }
            Some((Dim::Dynamic, inner)) => {
                let inner = self.array_type(shape, inner);
                let runtime = &self.runtime;
                quote!(#runtime::private::Vec<#inner>)
            }
        }
    }

    /// The type of a buffer for an adjoint: a slice where the length is dynamic.
    pub(super) fn buffer_type(&self, ty: Ty) -> TokenStream {
        let inner = match self.shape(ty) {
            Some(Shape { dims, .. }) if matches!(dims.first(), Some(Dim::Dynamic)) => self.slice_type(ty),
            _ => self.owned_type(ty),
        };
        quote!(&mut #inner)
    }

    pub(super) fn slice_type(&self, ty: Ty) -> TokenStream {
        match self.shape(ty) {
            Some(shape) => {
                let inner = self.array_type(shape, &shape.dims[1..]);
                quote!([#inner])
            }
            None => self.owned_type(ty),
        }
    }

    /// The type of a tangent, which is passed as its parameter is.
    pub(super) fn tangent_type(&self, ty: Ty) -> TokenStream {
        let Some(shape) = self.shape(ty) else { return self.owned_type(ty) };
        match (shape.dims.first(), shape.storage) {
            (Some(Dim::Dynamic), _) => {
                let slice = self.slice_type(ty);
                quote!(&#slice)
            }
            (_, Storage::Owned) => self.owned_type(ty),
            (_, Storage::Borrowed | Storage::BorrowedMut) => {
                let owned = self.owned_type(ty);
                quote!(&#owned)
            }
        }
    }

    pub(super) fn name_of(&self, k: usize) -> String {
        plain(&self.signature.parameters[self.active()[k]].ident)
    }

    pub(super) fn ty(&self, scalar: Scalar) -> TokenStream {
        scalar.path(&self.runtime)
    }

    /// A literal of the function's float type.
    pub(super) fn number(&self, x: f64) -> TokenStream {
        self.signature.scalar.literal(x)
    }

    /// The type that the function returns; none if it returns nothing.
    pub(super) fn output(&self) -> Option<TokenStream> {
        let output = &self.signature.output;
        let types: Vec<TokenStream> = output.scalars.iter().map(|scalar| self.ty(*scalar)).collect();
        match output.form {
            Form::Scalar => types.first().cloned(),
            Form::Tuple => Some(quote!((#(#types),*))),
            Form::Array => {
                let (ty, n) = (types.first(), types.len());
                Some(quote!([#ty; #n]))
            }
            Form::Whole => output.whole.map(|ty| self.owned_type(ty)),
            Form::Aggregate => match &self.item.sig.output {
                syn::ReturnType::Type(_, ty) => Some(quote!(#ty)),
                syn::ReturnType::Default => None,
            },
            Form::Unit => None,
        }
    }

    /// The floats that the function returns, in its form.
    pub(super) fn output_value(&self, atoms: &[TokenStream]) -> TokenStream {
        match self.signature.output.form {
            Form::Scalar | Form::Whole => atoms[0].clone(),
            Form::Tuple => quote!((#(#atoms),*)),
            Form::Array => quote!([#(#atoms),*]),
            Form::Aggregate => {
                let made = self.made(atoms);
                let (before, value) = (made.before, made.value);
                if before.is_empty() { value } else { quote!({ #before #value }) }
            }
            Form::Unit => quote!(),
        }
    }

    /// What follows the call of another companion, whose result may be in a wrapper.
    pub(super) fn leaves(&self) -> Option<TokenStream> {
        self.signature.output.wrapper.as_ref().map(|_| quote!(?))
    }

    /// A result, in the wrapper of the function's result.
    pub(super) fn wrapped(&self, value: TokenStream) -> TokenStream {
        match &self.signature.output.wrapper {
            Some(wrapper) => wrapper.wrap(&value),
            None => value,
        }
    }

    /// The number of floats that the function returns.
    pub(super) fn output_count(&self) -> usize {
        match self.signature.output.form {
            Form::Unit => 0,
            Form::Aggregate => self.function.body.yields.len(),
            Form::Scalar | Form::Tuple | Form::Array | Form::Whole => self.signature.output.scalars.len(),
        }
    }

    /// Whether the gradient is an array of scalars.
    pub(super) fn is_vector(&self) -> bool {
        let scalars = self.scalars();
        !self.has_arrays()
            && !self.has_aggregates()
            && scalars.len() > 1
            && scalars.iter().all(|scalar| *scalar == scalars[0])
    }

    /// The type of a gradient: that of the only parameter, an array of scalars of one type, or a tuple.
    pub(super) fn gradient_type(&self) -> TokenStream {
        let active = (0..self.active().len()).map(|k| self.parameter(k)).filter(|parameter| !parameter.output);
        let types: Vec<TokenStream> = active.map(|parameter| self.gradient_type_of(parameter)).collect();
        match &types[..] {
            [ty] => ty.clone(),
            types if self.is_vector() => {
                let (ty, n) = (&types[0], types.len());
                quote!([#ty; #n])
            }
            types => quote!((#(#types),*)),
        }
    }

    /// The value of a gradient from its components.
    pub(super) fn gradient_value(&self, components: &[TokenStream]) -> TokenStream {
        match components {
            [component] => component.clone(),
            components if self.is_vector() => quote!([#(#components),*]),
            components => quote!((#(#components),*)),
        }
    }
}
