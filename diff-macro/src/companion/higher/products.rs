//! Products of the Hessian with a direction.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Beside;
use crate::attr::Given;
use crate::cleanup::cleanup;
use crate::companion::modes::{block, dump, with_allocations};
use crate::companion::{Companion, Plan};
use crate::forward::{self, Seed};
use crate::ir::{Function, Value};
use crate::reciprocals::reciprocals;
use crate::reverse::{self, Options};

impl Plan<'_> {
    /// The parameters of a function made from this one that are differentiated in.
    fn inputs_of(&self, function: &Function) -> Vec<Value> {
        let own = &self.function.body.params;
        let place = |value: &Value| own.iter().position(|param| param == value);
        self.active_values().iter().filter_map(place).map(|k| function.body.params[k]).collect()
    }

    /// The gradient of the derivative along a direction, which is the Hessian times the direction: gives the function,
    /// and its parameters for the direction.
    pub(super) fn product(&self, into: bool) -> (Function, Vec<Value>) {
        let pushforward = self.pushforward(&[vec![Seed::Param; self.slots().len()]]);
        let mut tangent = pushforward.function;
        // The value of the function is not asked for.
        tangent.body.yields.remove(0);
        cleanup(&mut tangent);
        let active = self.inputs_of(&tangent);
        let positions = pushforward.seeds.iter().map(|seed| tangent.body.params.iter().position(|p| p == seed));
        let positions: Vec<usize> = positions.flatten().collect();
        let options = Options { seeded: false, into };
        let mut pullback = reverse::vjp(&tangent, &active, &[], options, self.signature.scalar);
        pullback.clear_buffers();
        let mut function = pullback.function;
        dump(&self.name(), "after reverse over forward mode", &function);
        function.body.yields.remove(0);
        reciprocals(&mut function);
        let directions = positions.into_iter().map(|k| function.body.params[k]).collect();
        (function, directions)
    }

    pub(super) fn hvp(&self) -> Companion {
        let (function, values) = self.product(false);
        let mut names = self.names();
        let mut along = self.directions_of(&function, &values, &mut names);
        let (bars, zeros) = self.bars_for("hvp", &mut names);
        let arrays = self.array_bars(&bars, &mut names, &mut along.places);
        let idents: Vec<Ident> = along.idents.iter().chain(&arrays).cloned().collect();
        let f = self.name();
        let summary = vec![
            format!("The product of the Hessian of [`{f}`](fn@{f}) with a direction: the second partial derivatives"),
            "times the direction, one part per active parameter, in the shape of the gradient.".to_owned(),
        ];
        let function = self.finished(function);
        let docs = with_allocations(summary, &function);
        let inner = match self.rule {
            Some(Given::Products { hvp: Some(hvp), .. }) => self.given_product(hvp, &idents),
            _ => self.body_with(function, &idents, along.places, names, &|atoms| {
                let (before, components) = self.gathered(&bars, atoms);
                block(&before, &self.gradient_value(&components))
            }),
        };
        let output = Some(self.gradient_type());
        let checks = &along.checks;
        Companion { name: "hvp".to_owned(), docs, extra: along.params, output, body: quote!(#checks #zeros #inner) }
    }

    pub(super) fn hvp_into(&self) -> Companion {
        let (function, values) = self.product(true);
        let mut names = self.names();
        let mut along = self.directions_of(&function, &values, &mut names);
        let buffers = self.buffers_for("product", "hvp", &mut names);
        let arrays = self.buffer_arrays(&buffers, &mut names, &mut along.places);
        let idents: Vec<Ident> = along.idents.iter().chain(&arrays).cloned().collect();
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
        let function = self.finished(function);
        docs = with_allocations(docs, &function);
        let wrap = |atoms: &[TokenStream]| self.write_scalars(&buffers, atoms);
        let inner = self.body_with(function, &idents, along.places, names, &wrap);
        let (checks, opening) = (&along.checks, &buffers.opening);
        let body = quote!(#checks #opening #inner);
        let extra = along.params.into_iter().chain(buffers.params).collect();
        Companion { name: "hvp_into".to_owned(), docs, extra, output: None, body }
    }

    /// A gradient and its tangent along a direction: the function that yields the value and both, its parameters for the
    /// direction. The arrays of adjoints that the gradient has as parameters have their
    /// tangents in parameters behind those.
    pub(super) fn gradient_and_tangent(&self, mut gradient: Function) -> (Function, Vec<Value>) {
        cleanup(&mut gradient);
        let n = self.slots().len();
        let active = self.inputs_of(&gradient);
        let bars = gradient.body.params[self.function.body.params.len()..].to_vec();
        let seeds = vec![vec![Seed::Param; n]];
        let pushforward = forward::jvp(&gradient, &active, &bars, &seeds, self.signature.scalar);
        let mut function = pushforward.function;
        dump(&self.name(), "after forward mode over the gradient", &function);
        // The tangent of the value is not asked for.
        function.body.yields.remove(n + 1);
        reciprocals(&mut function);
        (function, pushforward.seeds[..n].to_vec())
    }

    /// The same by the adjoints of the tangent, which is the product of the gradient and the direction: that in the
    /// direction is the gradient, that in the point the product with the Hessian.
    ///
    /// ```text
    /// // Input:    y_dot = <gradient(x), x_dot>
    /// // Adjoint:  x_dot_bar = gradient(x); x_bar = hessian(x) * x_dot
    /// ```
    fn adjoints_of_tangent(&self, into: bool) -> (Function, Vec<Value>) {
        let n = self.slots().len();
        let pushforward = self.pushforward(&[vec![Seed::Param; n]]);
        let (mut tangent, seeds) = (pushforward.function, pushforward.seeds);
        cleanup(&mut tangent);
        let own = self.function.body.params.len();
        let active: Vec<Value> = self.inputs_of(&tangent).into_iter().chain(seeds).collect();
        let mut pullback = reverse::vjp_of(&tangent, &active, 1, into, self.signature.scalar);
        pullback.clear_buffers();
        let mut function = pullback.function;
        dump(&self.name(), "after reverse over forward mode", &function);
        // The value, its tangent, the product, the gradient.
        let yields = &function.body.yields;
        function.body.yields = [&yields[..1], &yields[2 + n..], &yields[2..2 + n]].concat();
        let (params, bars) = function.body.params.split_at(own + n);
        let (products, gradient) = bars.split_at(bars.len() / 2);
        let directions = params[own..].to_vec();
        function.body.params = [&params[..own], gradient, &directions, products].concat();
        reciprocals(&mut function);
        (function, directions)
    }

    /// The value, the gradient and the product with a direction. Through calls with arrays, these give products.
    fn gradient_with_product(&self, into: bool) -> (Function, Vec<Value>) {
        match (self.calls_with_arrays() > 0, into) {
            (true, _) => self.adjoints_of_tangent(into),
            (false, true) => self.gradient_and_tangent(self.pullback(Options { seeded: false, into: true }).function),
            (false, false) => self.gradient_and_tangent(self.gradient_function()),
        }
    }

    /// The value, the gradient, and the tangent of the gradient: forward over the gradient, so that all of them share
    /// one pass.
    pub(super) fn gradient_and_hvp(&self) -> Companion {
        let n = self.slots().len();
        let (function, seeds) = self.gradient_with_product(false);
        let mut names = self.names();
        let mut along = self.directions_of(&function, &seeds, &mut names);
        let (first, zeros) = self.bars_for("bar", &mut names);
        let (second, more_zeros) = self.bars_for("hvp", &mut names);
        let mut idents = self.array_bars(&first, &mut names, &mut along.places);
        idents.extend(along.idents.iter().cloned());
        idents.extend(self.array_bars(&second, &mut names, &mut along.places));
        let f = self.name();
        let function = self.finished(function);
        let docs = with_allocations(
            vec![format!(
                "The value of [`{f}`](fn@{f}), its gradient, and the product of its Hessian with a direction, in one pass."
            )],
            &function,
        );
        let wrap = |atoms: &[TokenStream]| {
            let (before, gradient) = self.gathered(&first, &atoms[1..=n]);
            let (more, product) = self.gathered(&second, &atoms[n + 1..]);
            let (value, gradient, product) = (&atoms[0], self.gradient_value(&gradient), self.gradient_value(&product));
            block(&quote!(#before #more), &quote!((#value, #gradient, #product)))
        };
        let inner = self.body_with(function, &idents, along.places, names, &wrap);
        let output = Some(self.with_value_and_gradient(Beside::ValueAndGradient, self.gradient_type()));
        let checks = &along.checks;
        let body = quote!(#checks #zeros #more_zeros #inner);
        Companion { name: "value_gradient_and_hvp".to_owned(), docs, extra: along.params, output, body }
    }

    /// The same into buffers: the tangents of the buffers for the gradient are those for the product.
    pub(super) fn gradient_and_hvp_into(&self) -> Companion {
        let n = self.slots().len();
        let (function, seeds) = self.gradient_with_product(true);
        let mut names = self.names();
        let mut along = self.directions_of(&function, &seeds, &mut names);
        let first = self.buffers(&mut names);
        let second = self.buffers_for("product", "hvp", &mut names);
        let mut idents = self.buffer_arrays(&first, &mut names, &mut along.places);
        idents.extend(along.idents.iter().cloned());
        idents.extend(self.buffer_arrays(&second, &mut names, &mut along.places));
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
        let function = self.finished(function);
        let docs = with_allocations(docs, &function);
        let wrap = |atoms: &[TokenStream]| {
            let writes = [self.write_scalars(&first, &atoms[1..=n]), self.write_scalars(&second, &atoms[n + 1..])];
            let value = &atoms[0];
            if writes.iter().all(TokenStream::is_empty) { value.clone() } else { quote!({ #(#writes)* #value }) }
        };
        let inner = self.body_with(function, &idents, along.places, names, &wrap);
        let (checks, of_first) = (&along.checks, &first.prologue);
        // Tangents of whole arrays are cleared where the function begins; those of structs are cleared here.
        let of_second = if self.has_aggregates() { &second.prologue } else { &second.checks };
        let body = quote!(#checks #of_second #of_first #inner);
        let extra = along.params.into_iter().chain(first.params).chain(second.params).collect();
        Companion { name: "value_gradient_and_hvp_into".to_owned(), docs, extra, output: self.output(), body }
    }
}
