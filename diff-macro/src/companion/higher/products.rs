//! Products of the Hessian with a direction.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Beside;
use crate::attr::Given;
use crate::cleanup::cleanup;
use crate::companion::modes::{dump, with_allocations};
use crate::companion::{Companion, Plan};
use crate::forward::{self, Seed};
use crate::ir::{Function, Value};
use crate::names::Names;
use crate::reverse::{self, Options};

impl Plan<'_> {
    /// The gradient of the derivative along a direction, which is the Hessian times the direction: gives the function,
    /// and its parameters for the direction.
    pub(super) fn product(&self, into: bool) -> (Function, Vec<Value>) {
        let pushforward = self.pushforward(&[vec![Seed::Param; self.active().len()]]);
        let mut tangent = pushforward.function;
        // The value of the function is not asked for.
        tangent.body.yields.remove(0);
        cleanup(&mut tangent);
        let active: Vec<Value> = self.active().into_iter().map(|k| tangent.body.params[k]).collect();
        let positions = pushforward.seeds.iter().map(|seed| tangent.body.params.iter().position(|p| p == seed));
        let positions: Vec<usize> = positions.flatten().collect();
        let options = Options { seeded: false, into };
        let mut function = reverse::vjp(&tangent, &active, &[], options, self.signature.scalar).function;
        dump(&self.name(), "after reverse over forward mode", &function);
        function.body.yields.remove(0);
        let directions = positions.into_iter().map(|k| function.body.params[k]).collect();
        (function, directions)
    }

    /// The parameters for the direction: one per active parameter, each passed as its parameter is.
    pub(super) fn directions_of(
        &self,
        function: &Function,
        values: &[Value],
        names: &mut Names,
    ) -> Vec<(Ident, TokenStream)> {
        let active = (0..self.active().len()).map(|k| self.parameter(k));
        active
            .zip(values)
            .map(|(parameter, value)| (self.extra_ident(function, *value, names), self.tangent_type(parameter.ty)))
            .collect()
    }

    pub(super) fn hvp(&self) -> Companion {
        let (function, values) = self.product(false);
        let mut names = self.names();
        let extra = self.directions_of(&function, &values, &mut names);
        let idents: Vec<Ident> = extra.iter().map(|(ident, _)| ident.clone()).collect();
        let prologue = self.tangent_checks(&extra);
        let f = self.name();
        let summary = vec![
            format!("The product of the Hessian of [`{f}`](fn@{f}) with a direction: the second partial derivatives"),
            "times the direction, one part per active parameter, in the shape of the gradient.".to_owned(),
        ];
        let docs = with_allocations(summary, &function);
        let inner = match self.rule {
            Some(Given::Products { hvp: Some(hvp), .. }) => self.given_product(hvp, &idents),
            _ => self.body(function, &idents, names, &|atoms| self.gradient_value(atoms)),
        };
        let output = Some(self.gradient_type());
        Companion { name: "hvp".to_owned(), docs, extra, output, body: quote!(#prologue #inner) }
    }

    pub(super) fn hvp_into(&self) -> Companion {
        let (function, values) = self.product(true);
        let mut names = self.names();
        let directions = self.directions_of(&function, &values, &mut names);
        let buffers = self.buffers_for("product", "hvp", &mut names);
        let idents: Vec<Ident> = directions.iter().map(|(ident, _)| ident).chain(&buffers.arrays).cloned().collect();
        let f = self.name();
        let mut docs = vec![
            format!("Writes the product of the Hessian of [`{f}`](fn@{f}) with a direction into the buffers, one per"),
            "active parameter, in its shape; what the buffers hold is overwritten.".to_owned(),
            String::new(),
            "# Panics".to_owned(),
            String::new(),
            "If the length of a direction or of a buffer is not that of its parameter, and where the function does."
                .to_owned(),
        ];
        docs = with_allocations(docs, &function);
        let wrap = |atoms: &[TokenStream]| self.write_scalars(&buffers, atoms);
        let inner = self.body(function, &idents, names, &wrap);
        let (checks, prologue) = (self.tangent_checks(&directions), &buffers.prologue);
        let body = quote!(#checks #prologue #inner);
        let extra = directions.into_iter().chain(buffers.params).collect();
        Companion { name: "hvp_into".to_owned(), docs, extra, output: None, body }
    }

    /// The value, the gradient, and the tangent of the gradient: forward over the gradient, so that all of them share
    /// one pass.
    pub(super) fn gradient_and_hvp(&self) -> Companion {
        let n = self.active().len();
        let mut gradient = self.gradient_function();
        cleanup(&mut gradient);
        let active: Vec<Value> = self.active().into_iter().map(|k| gradient.body.params[k]).collect();
        let seeds = vec![vec![Seed::Param; n]];
        let pushforward = forward::jvp(&gradient, &active, &[], &seeds, self.signature.scalar);
        let mut function = pushforward.function;
        dump(&self.name(), "after forward mode over the gradient", &function);
        // The tangent of the value is not asked for.
        function.body.yields.remove(n + 1);
        let mut names = self.names();
        let extra = self.directions_of(&function, &pushforward.seeds, &mut names);
        let idents: Vec<Ident> = extra.iter().map(|(ident, _)| ident.clone()).collect();
        let prologue = self.tangent_checks(&extra);
        let f = self.name();
        let docs = with_allocations(
            vec![format!(
                "The value of [`{f}`](fn@{f}), its gradient, and the product of its Hessian with a direction, in one pass."
            )],
            &function,
        );
        let wrap = |atoms: &[TokenStream]| {
            let (value, gradient) = (&atoms[0], self.gradient_value(&atoms[1..=n]));
            let product = self.gradient_value(&atoms[n + 1..]);
            quote!((#value, #gradient, #product))
        };
        let inner = self.body(function, &idents, names, &wrap);
        let output = Some(self.with_value_and_gradient(Beside::ValueAndGradient, self.gradient_type()));
        let body = quote!(#prologue #inner);
        Companion { name: "value_gradient_and_hvp".to_owned(), docs, extra, output, body }
    }

    /// The same into buffers: the tangents of the buffers for the gradient are those for the product.
    pub(super) fn gradient_and_hvp_into(&self) -> Companion {
        let mut gradient = self.pullback(Options { seeded: false, into: true }).function;
        cleanup(&mut gradient);
        let (own, n) = (self.signature.parameters.len(), self.active().len());
        let active: Vec<Value> = self.active().into_iter().map(|k| gradient.body.params[k]).collect();
        let bars = gradient.body.params[own..].to_vec();
        let seeds = vec![vec![Seed::Param; n]];
        let pushforward = forward::jvp(&gradient, &active, &bars, &seeds, self.signature.scalar);
        let mut function = pushforward.function;
        dump(&self.name(), "after forward mode over reverse mode", &function);
        function.body.yields.remove(n + 1);
        let mut names = self.names();
        let directions = self.directions_of(&function, &pushforward.seeds[..n], &mut names);
        let first = self.buffers(&mut names);
        let second = self.buffers_for("product", "hvp", &mut names);
        let idents = first.arrays.iter().chain(directions.iter().map(|(ident, _)| ident)).chain(&second.arrays);
        let idents: Vec<Ident> = idents.cloned().collect();
        let f = self.name();
        let docs = vec![
            format!(
                "The value of [`{f}`](fn@{f}); writes the gradient and the product of the Hessian with a direction"
            ),
            "into the buffers, in one pass: first one buffer per active parameter for the gradient, then one for the"
                .to_owned(),
            "product. What they hold is overwritten.".to_owned(),
            String::new(),
            "# Panics".to_owned(),
            String::new(),
            "If the length of a direction or of a buffer is not that of its parameter, and where the function does."
                .to_owned(),
        ];
        let docs = with_allocations(docs, &function);
        let wrap = |atoms: &[TokenStream]| {
            let writes = [self.write_scalars(&first, &atoms[1..=n]), self.write_scalars(&second, &atoms[n + 1..])];
            let value = &atoms[0];
            if writes.iter().all(TokenStream::is_empty) { value.clone() } else { quote!({ #(#writes)* #value }) }
        };
        let inner = self.body(function, &idents, names, &wrap);
        let (checks, of_first, of_second) = (self.tangent_checks(&directions), &first.prologue, &second.checks);
        let body = quote!(#checks #of_second #of_first #inner);
        let extra = directions.into_iter().chain(first.params).chain(second.params).collect();
        Companion { name: "value_gradient_and_hvp_into".to_owned(), docs, extra, output: self.output(), body }
    }
}
