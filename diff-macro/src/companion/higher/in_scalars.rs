//! Hessians in scalars, and in the elements of arrays that can be taken apart.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::{Beside, Scalars};
use crate::companion::modes::{Buffers, docs, dump, formula_line, with_allocations};
use crate::companion::{Companion, Plan};
use crate::ir::{Atom, Function};
use crate::names::generated;
use crate::take_apart::take_apart;

impl Plan<'_> {
    /// The function in scalars alone: itself, or with its arrays taken apart where all indices are known.
    pub(super) fn in_scalars(&self) -> Option<Scalars> {
        if self.has_arrays() {
            let apart = take_apart(self.function, &self.active_values(), self.signature.scalar)?;
            dump(&self.name(), "after taking its arrays apart", &apart.function);
            return Some(Scalars::Apart(apart));
        }
        Some(Scalars::Own(self.function.clone(), self.active_values()))
    }

    /// The gradient, and the tangents of its components in each input: yields the value, the gradient, and the Hessian
    /// row by row. One triangle is computed, and stands in both.
    pub(super) fn scalar_hessian(&self, scalars: &Scalars, beside: Beside) -> Function {
        let (source, active) = scalars.parts();
        let n = active.len();
        let lowest = if beside == Beside::Nothing { 2 } else { 0 };
        let entries = self.entries(source, active, lowest, 2);
        let matrix = (0..n).flat_map(|row| (0..n).map(move |column| (row, column)));
        let matrix: Vec<Atom> = matrix.map(|(row, column)| entries.atom(&mut [row, column])).collect();
        let mut function = entries.function;
        function.body.yields.truncate(if beside == Beside::Nothing { 0 } else { 1 + n });
        function.body.yields.extend(matrix);
        dump(&self.name(), "after forward mode over the gradient", &function);
        if let Scalars::Apart(apart) = scalars {
            apart.load_elements(&mut function);
        }
        function
    }

    /// What is given of the value and the gradient, and the entries of the Hessian, from the atoms of both.
    pub(super) fn parts_of<'t>(
        &self,
        beside: Beside,
        atoms: &'t [TokenStream],
        n: usize,
    ) -> (&'t [TokenStream], &'t [TokenStream]) {
        atoms.split_at(if beside == Beside::Nothing { 0 } else { 1 + n })
    }

    /// The Hessian in scalars, or in the elements of one array.
    pub(super) fn hessian(&self, scalars: &Scalars, beside: Beside) -> Companion {
        let n = scalars.parts().1.len();
        let function = self.scalar_hessian(scalars, beside);
        let formula = if self.has_arrays() { None } else { self.second_formulas(&function, beside) };
        let function = self.finished(function);
        let docs = with_allocations(docs(self.hessian_summary(beside), formula), &function);
        let wrap = |atoms: &[TokenStream]| {
            let (first, entries) = self.parts_of(beside, atoms, n);
            let rows = entries.chunks(n).map(|row| quote!([#(#row),*]));
            let hessian = if self.is_one_scalar() { entries[0].clone() } else { quote!([#(#rows),*]) };
            match first.split_first() {
                None => hessian,
                Some((value, components)) => {
                    let gradient = self.gradient_from(components);
                    quote!((#value, #gradient, #hessian))
                }
            }
        };
        let body = self.body(function, &[], self.names(), &wrap);
        let scalar = self.ty(self.signature.scalar);
        let hessian = if self.is_one_scalar() { scalar } else { quote!([[#scalar; #n]; #n]) };
        let output = Some(self.with_value_and_gradient(beside, hessian));
        Companion { name: beside.name(false), docs, extra: Vec::new(), output, body }
    }

    pub(super) fn is_one_scalar(&self) -> bool {
        self.active().len() == 1 && !self.has_arrays() && !self.has_aggregates()
    }

    /// A gradient from the partial derivatives in all inputs, those of an array one after the other.
    pub(super) fn gradient_from(&self, inputs: &[TokenStream]) -> TokenStream {
        let mut inputs = inputs.iter();
        let components = (0..self.active().len()).map(|k| match self.function.length(self.parameter(k).ty) {
            Some(length) => {
                let elements = inputs.by_ref().take(length);
                quote!([#(#elements),*])
            }
            None => inputs.next().cloned().unwrap_or_default(),
        });
        let components: Vec<TokenStream> = components.collect();
        self.gradient_value(&components)
    }

    /// The second partial derivatives as formulas, if all of them are short.
    pub(super) fn second_formulas(&self, function: &Function, beside: Beside) -> Option<String> {
        let (f, n) = (self.name(), self.active().len());
        let first = if beside == Beside::Nothing { 0 } else { 1 + n };
        let label = |row: usize, column: usize| match (row, column) {
            (r, c) if r == c => format!("d2{f}/d{}2", self.name_of(r)),
            (r, c) => format!("d2{f}/d{}d{}", self.name_of(r), self.name_of(c)),
        };
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|row| (row..n).map(move |column| (row, column))).collect();
        let formulas: Vec<String> =
            pairs.iter().filter_map(|(r, c)| formula_line(function, first + r * n + c, &label(*r, *c))).collect();
        (formulas.len() == pairs.len() && n <= 3).then(|| formulas.join("\n\n"))
    }

    /// The entries of a Hessian in scalars and elements, written into a row-major buffer; those that are always zero
    /// are cleared.
    pub(super) fn scalar_hessian_into(&self, scalars: &Scalars, beside: Beside) -> Companion {
        let n = scalars.parts().1.len();
        let function = self.scalar_hessian(scalars, beside);
        let mut names = self.names();
        let hessian = generated(&names.fresh("hessian", false), Span::call_site());
        let given = if beside == Beside::Nothing { 0 } else { 1 + n };
        let zeros: Vec<bool> = function.body.yields[given..].iter().map(|atom| atom.is_float(0.0)).collect();
        let buffers = (beside == Beside::ValueAndGradient).then(|| self.buffers(&mut names));
        let wrap = |atoms: &[TokenStream]| {
            let (first, entries) = self.parts_of(beside, atoms, n);
            let stores = entries.iter().zip(&zeros).enumerate().filter(|(_, (_, zero))| !**zero);
            let stores = stores.map(|(k, (entry, _))| quote!(#hessian[#k] = #entry;));
            match first.split_first() {
                None => quote!({ #(#stores)* }),
                Some((value, components)) => {
                    let writes = self.write_components(&buffers, components);
                    quote!({ #writes #(#stores)* #value })
                }
            }
        };
        let inner = self.body(self.finished(function), &[], names, &wrap);
        let checks = buffers.iter().map(|buffers| &buffers.checks);
        let entries = n * n;
        let zero = self.number(0.0);
        let clear = zeros.contains(&true).then(|| quote!(#hessian.fill(#zero);));
        let body = quote! {
            #(#checks)*
            ::core::assert_eq!(#hessian.len(), #entries, "the buffer for the Hessian must hold `inputs x inputs`");
            #clear
            #inner
        };
        self.hessian_companion(
            beside,
            buffers.into_iter().flat_map(|buffers| buffers.params),
            hessian,
            self.docs_of_into(),
            body,
        )
    }

    /// The components of a gradient, as assignments to its buffers.
    pub(super) fn write_components(&self, buffers: &Option<Buffers>, components: &[TokenStream]) -> TokenStream {
        let mut components = components.iter();
        let mut writes = TokenStream::new();
        let params = buffers.iter().flat_map(|buffers| &buffers.params);
        for (k, (ident, _)) in params.enumerate() {
            match self.function.length(self.parameter(k).ty) {
                Some(length) => {
                    let elements = components.by_ref().take(length);
                    writes.extend(quote!(*#ident = [#(#elements),*];));
                }
                None => {
                    let component = components.next();
                    writes.extend(quote!(*#ident = #component;));
                }
            }
        }
        writes
    }

    pub(super) fn hessian_summary(&self, beside: Beside) -> String {
        let (f, list) = (self.name(), self.active_list());
        match beside {
            Beside::Nothing => {
                format!("The Hessian of [`{f}`](fn@{f}): its second partial derivatives with respect to {list}.")
            }
            Beside::ValueAndGradient => {
                format!("The value of [`{f}`](fn@{f}), its gradient and its Hessian with respect to {list}.")
            }
        }
    }

    pub(super) fn with_value_and_gradient(&self, beside: Beside, hessian: TokenStream) -> TokenStream {
        match beside {
            Beside::Nothing => hessian,
            Beside::ValueAndGradient => {
                let (value, gradient) = (self.output(), self.gradient_type());
                quote!((#value, #gradient, #hessian))
            }
        }
    }

    /// The third partial derivatives in several scalars: the tangents of the entries of the Hessian. Of those that are
    /// equal by symmetry, one is computed.
    pub(super) fn third_derivatives(&self) -> Companion {
        let n = self.active().len();
        let entries = self.entries(self.function, &self.active_values(), 3, 3);
        dump(&self.name(), "after forward mode over the Hessian", &entries.function);
        let cube = (0..n * n * n).map(|k| entries.atom(&mut [k / (n * n), k / n % n, k % n])).collect();
        let mut function = entries.function;
        function.body.yields = cube;
        let f = self.name();
        let docs = vec![
            format!(
                "The third partial derivatives of [`{f}`](fn@{f}) with respect to {}: symmetric in all",
                self.active_list()
            ),
            "three indices, to the last bit.".to_owned(),
        ];
        let wrap = |atoms: &[TokenStream]| {
            let slices = atoms.chunks(n * n).map(|slice| {
                let rows = slice.chunks(n).map(|row| quote!([#(#row),*]));
                quote!([#(#rows),*])
            });
            quote!([#(#slices),*])
        };
        let function = self.finished(function);
        let docs = with_allocations(docs, &function);
        let body = self.body(function, &[], self.names(), &wrap);
        let scalar = self.ty(self.signature.scalar);
        let output = Some(quote!([[[#scalar; #n]; #n]; #n]));
        Companion { name: "third_derivatives".to_owned(), docs, extra: Vec::new(), output, body }
    }
}
