//! Derivatives of every order in one scalar.

use proc_macro2::TokenStream;
use quote::quote;

use crate::companion::modes::{docs, dump, formula_line, with_allocations};
use crate::companion::{Companion, Plan};
use crate::forward;
use crate::ir::Function;
use crate::reciprocals::reciprocals;

impl Plan<'_> {
    /// The derivatives of orders up to `order` in the only parameter, after the value.
    pub(super) fn orders_function(&self, order: usize) -> Function {
        let mut function = forward::derivatives(self.function, self.active_values()[0], order, self.signature.scalar);
        reciprocals(&mut function);
        dump(&self.name(), "after forward mode of several orders", &function);
        function
    }

    pub(super) fn second_derivative(&self) -> Companion {
        let mut function = self.orders_function(2);
        let (f, x, n) = (self.name(), self.name_of(0), self.output_count());
        let formula = if n == 1 { formula_line(&function, 2, &format!("d2{f}/d{x}2")) } else { None };
        function.body.yields.drain(..2 * n);
        let docs = docs(format!("The second derivative of [`{f}`](fn@{f}) with respect to `{x}`."), formula);
        let function = self.finished(function);
        let docs = with_allocations(docs, &function);
        let body = self.body(function, &[], self.names(), &|atoms| self.output_value(atoms));
        Companion { name: "second_derivative".to_owned(), docs, extra: Vec::new(), output: self.output(), body }
    }

    pub(super) fn derivatives(&self, order: usize) -> Companion {
        let function = self.orders_function(order);
        let (f, x, n) = (self.name(), self.name_of(0), self.output_count());
        let docs = vec![
            format!("The value of [`{f}`](fn@{f}) and its derivatives of the orders 1 to {order} with respect to"),
            format!("`{x}`: element `k` is the derivative of order `k`."),
        ];
        let wrap = |atoms: &[TokenStream]| {
            let orders = atoms.chunks(n).map(|atoms| self.output_value(atoms));
            quote!([#(#orders),*])
        };
        let function = self.finished(function);
        let docs = with_allocations(docs, &function);
        let body = self.body(function, &[], self.names(), &wrap);
        let (output, length) = (self.output(), order + 1);
        let output = Some(quote!([#output; #length]));
        Companion { name: "derivatives".to_owned(), docs, extra: Vec::new(), output, body }
    }
}
