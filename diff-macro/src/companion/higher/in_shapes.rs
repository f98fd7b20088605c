//! Hessians that are shaped after others which fill a buffer: those in one array, and in structs whose leaves are
//! scalars.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{Beside, Scalars};
use crate::companion::allocations::Allocations;
use crate::companion::modes::with_allocations;
use crate::companion::{Companion, Plan};
use crate::ir::Dim;
use crate::names::generated;

impl Plan<'_> {
    /// The Hessian in one array: a matrix of the elements, each row in the shape of the array. None in slices of rows,
    /// whose matrix has no plain shape.
    pub(super) fn hessian_of_array(&self, beside: Beside) -> Option<Companion> {
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [hessian, gradient, value, length] = ["hessian", "gradient", "value", "n"].map(&mut fresh);
        let parameter = self.parameter(0);
        let shape = self.shape(parameter.ty)?;
        let (runtime, scalar, primal) = (&self.runtime, self.ty(shape.scalar), &parameter.ident);
        let length_of = |dim: &Dim| match dim {
            Dim::Fixed(n) => Some(n.clone()),
            Dim::Dynamic => None,
        };
        let fixed: Option<Vec<_>> = shape.dims.iter().map(length_of).collect();
        let zero = self.number(0.0);
        let (zeros, made, rows, ty) = match (fixed, &shape.dims[..]) {
            (Some(lengths), _) => {
                let nest = |inner: TokenStream, brackets: &dyn Fn(TokenStream, &syn::Expr) -> TokenStream| {
                    lengths.iter().rev().fold(inner, |inner, n| brackets(inner, n))
                };
                let array = |inner: TokenStream, n: &syn::Expr| quote!([#inner; #n]);
                let zeros = nest(zero.clone(), &array);
                let made = nest(zeros.clone(), &array);
                let ty = nest(nest(scalar, &array), &array);
                (zeros, made, quote!(#hessian), ty)
            }
            (None, [_]) => {
                let vec = quote!(#runtime::private::Vec);
                let zeros = quote!(#runtime::private::vec![#zero; #length]);
                let chunks = quote!(#hessian.chunks(::core::cmp::Ord::max(#length, 1)));
                let rows = quote!(::core::iter::Iterator::map(#chunks, <[#scalar]>::to_vec));
                let rows = quote!(::core::iter::Iterator::collect(#rows));
                (zeros, quote!(#runtime::private::vec![#zero; #length * #length]), rows, quote!(#vec<#vec<#scalar>>))
            }
            (None, _) => return None,
        };
        let flattened = (1..2 * shape.dims.len()).map(|_| quote!(.as_flattened_mut()));
        let buffer = if shape.is_fixed() { quote!(#hessian #(#flattened)*) } else { quote!(&mut #hessian) };
        let (own, into, leaves) = (self.own_arguments(), self.sibling(&beside.name(true)), self.leaves());
        let lengths = (!shape.is_fixed()).then(|| quote!(let #length = #primal.len();));
        let given = match beside {
            Beside::Nothing => quote!(#into(#(#own,)* #buffer) #leaves; #rows),
            Beside::ValueAndGradient => quote! {
                let mut #gradient = #zeros;
                let #value = #into(#(#own,)* &mut #gradient, #buffer) #leaves;
                (#value, #gradient, #rows)
            },
        };
        let given = self.wrapped(quote!({ #given }));
        let body = quote!(#lengths let mut #hessian = #made; #given);
        let mut docs = vec![
            self.hessian_summary(beside),
            String::new(),
            "Row `i` is the gradient of the partial derivative in element `i`; the matrix is symmetric to the last bit."
                .to_owned(),
        ];
        Allocations { results: !shape.is_fixed(), ..Allocations::default() }.describe(&mut docs);
        let output = Some(self.with_value_and_gradient(beside, ty));
        Some(Companion { name: beside.name(false), docs, extra: Vec::new(), output, body })
    }

    /// The Hessian in structs of which the function reads scalars alone, row-major: the entries in these are computed, the
    /// others are zero. Which component of a struct a leaf is, rustc finds out.
    ///
    /// ```text
    /// let at = [component(p.zero_like(), |p| p.x = 1.0), ..];
    /// hessian[at[0] * n + at[0]] = ..;
    /// ```
    pub(super) fn hessian_of_structs(&self, scalars: &Scalars, beside: Beside) -> Companion {
        let function = self.scalar_hessian(scalars, beside);
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [hessian, width, at] = ["hessian", "n", "at"].map(&mut fresh);
        let (places, widths) = self.component_places(&mut fresh);
        let n = places.len();
        let given = if beside == Beside::Nothing { 0 } else { 1 + n };
        let zeros: Vec<bool> = function.body.yields[given..].iter().map(|atom| atom.is_float(0.0)).collect();
        let buffers = (beside == Beside::ValueAndGradient).then(|| self.buffers(&mut names));
        let wrap = |atoms: &[TokenStream]| {
            let (first, entries) = self.parts_of(beside, atoms, n);
            let stores = entries.iter().zip(&zeros).enumerate().filter(|(_, (_, zero))| !**zero);
            let stores = stores.map(|(k, (entry, _))| {
                let (row, column) = (k / n, k % n);
                quote!(#hessian[#at[#row] * #width + #at[#column]] = #entry;)
            });
            match (first.split_first(), &buffers) {
                (Some((value, components)), Some(buffers)) => {
                    let writes = self.write_scalars(buffers, components);
                    quote!({ #writes #(#stores)* #value })
                }
                _ => quote!({ #(#stores)* }),
            }
        };
        let function = self.finished(function);
        let docs = with_allocations(self.docs_of_into(), &function);
        let inner = self.body(function, &[], names, &wrap);
        let prologue = buffers.iter().map(|buffers| &buffers.prologue);
        let zero = self.number(0.0);
        let body = quote! {
            let #width: ::core::primitive::usize = #widths;
            ::core::assert_eq!(#hessian.len(), #width * #width, "the buffer for the Hessian must hold `inputs x inputs`");
            #(#prologue)*
            let #at: [::core::primitive::usize; #n] = [#(#places),*];
            #hessian.fill(#zero);
            #inner
        };
        self.hessian_companion(beside, buffers.into_iter().flat_map(|buffers| buffers.params), hessian, docs, body)
    }

    /// Where each scalar that is differentiated in stands among the components of all active parameters, and how many of
    /// these there are.
    fn component_places(&self, fresh: &mut dyn FnMut(&str) -> Ident) -> (Vec<TokenStream>, TokenStream) {
        let runtime = &self.runtime;
        let (mut places, mut before) = (Vec::new(), quote!(0));
        for k in self.active() {
            let parameter = &self.signature.parameters[k];
            if parameter.aggregate.is_none() {
                places.push(before.clone());
                before = quote!(#before + 1);
                continue;
            }
            let (zero, one) = (self.zero_of(parameter), self.number(1.0));
            for slot in self.slots_of(k) {
                let Some(leaf) = slot.leaf else { continue };
                let mark = fresh("mark");
                let part = Self::part(&mark, &self.lowered.leaves[leaf]);
                places.push(quote!(#before + #runtime::private::component(#zero, |#mark| #part = #one)));
            }
            let width = self.width_of(parameter);
            before = quote!(#before + #width);
        }
        (places, before)
    }
}
