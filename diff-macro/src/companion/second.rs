//! Companions of second order: compositions of the two modes, simplified in between.
//!
//! ```text
//! // hvp:      f(x) -> f_dot(x, x_dot) -> x_bar(x, x_dot)          reverse over forward
//! // hessian:  f(x) -> gradient(x) -> its tangent in each input    forward over either; one triangle
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::modes::{Buffers, docs, dump, formula_line, with_allocations};
use super::{Companion, Plan};
use crate::cleanup::cleanup;
use crate::forward::{self, Seed};
use crate::ir::{Atom, Dim, Function, Storage, Value};
use crate::names::{Names, generated, plain};
use crate::reverse::{self, Options};
use crate::signature::Parameter;
use crate::take_apart::{Apart, take_apart};

/// What a companion gives beside the Hessian.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    ValueAndGradient,
}

impl Beside {
    fn name(self, into: bool) -> String {
        let name = match self {
            Beside::Nothing => "hessian",
            Beside::ValueAndGradient => "value_gradient_and_hessian",
        };
        if into { format!("{name}_into") } else { name.to_owned() }
    }
}

impl Plan<'_> {
    /// The companions that the options ask for.
    pub(super) fn of_higher_order(&self) -> Vec<Companion> {
        let mut companions = Vec::new();
        let single = self.active().len() == 1 && !self.has_arrays();
        if single && (self.orders.hessian || self.orders.order >= Some(2)) {
            companions.push(self.second_derivative());
        }
        companions.extend(self.orders.order.map(|order| self.derivatives(order)));
        let scalars = if self.orders.hessian { self.in_scalars() } else { None };
        // A Hessian in arrays whose indices are not known is made of products.
        if self.orders.hvp || (self.orders.hessian && scalars.is_none()) {
            companions.push(self.hvp());
            if self.has_arrays() {
                companions.push(self.hvp_into());
            }
        }
        if self.orders.hvp {
            companions.push(self.gradient_and_hvp());
            if self.has_arrays() {
                companions.push(self.gradient_and_hvp_into());
            }
        }
        if self.orders.hessian {
            companions.extend(self.hessians(scalars.as_ref()));
        }
        companions
    }

    fn hessians(&self, scalars: Option<&Scalars>) -> Vec<Companion> {
        let mut companions = Vec::new();
        let one_shape = self.active().len() == 1 || !self.has_arrays();
        for beside in [Beside::Nothing, Beside::ValueAndGradient] {
            match scalars {
                Some(scalars) => {
                    companions.extend(one_shape.then(|| self.hessian(scalars, beside)));
                    companions.extend(self.has_arrays().then(|| self.scalar_hessian_into(scalars, beside)));
                }
                None => {
                    companions.extend(one_shape.then(|| self.hessian_of_array(beside)));
                    companions.push(self.hessian_into(beside));
                }
            }
        }
        companions
    }

    /// What is known of the derivatives without arguments.
    pub(super) fn patterns(&self) -> Vec<Companion> {
        let mut patterns = Vec::new();
        if self.orders.hessian {
            patterns.extend(self.in_scalars().map(|scalars| self.hessian_pattern(&scalars)));
        }
        if let Some(directions) = self.jacobian_directions() {
            patterns.push(self.jacobian_pattern(&directions));
        }
        patterns
    }

    // ---- Jacobians ----------------------------------------------------------------------------------------------

    /// The values and the tangents in all directions: with arrays taken apart where all indices are known, so that what
    /// is always zero is not computed.
    pub(super) fn jacobian_function(&self, directions: &[Vec<Seed>]) -> Function {
        let apart = self.has_arrays().then(|| take_apart(self.function, &self.active_values(), self.signature.scalar));
        let Some(apart) = apart.flatten() else { return self.pushforward(directions).function };
        let seeds = units(apart.active.len());
        let mut function = forward::jvp(&apart.function, &apart.active, &[], &seeds, self.signature.scalar).function;
        apart.load_elements(&mut function);
        dump(&self.name(), "after forward mode of its elements", &function);
        function
    }

    /// Which entries of the Jacobian may be other than zero.
    fn jacobian_pattern(&self, directions: &[Vec<Seed>]) -> Companion {
        let (n, width) = (self.output_count(), directions.len());
        let function = self.jacobian_function(directions);
        let tangents = &function.body.yields[n..];
        let entries: Vec<Atom> =
            (0..n).flat_map(|row| (0..width).map(move |column| tangents[column * n + row])).collect();
        let f = self.name();
        let docs = vec![
            format!(
                "Which partial derivatives of the results of [`{f}`](fn@{f}) may be other than zero: the others are"
            ),
            "zero for all arguments.".to_owned(),
        ];
        let (output, body) = pattern(&entries, width);
        Companion { name: "jacobian_pattern".to_owned(), docs, extra: Vec::new(), output: Some(output), body }
    }

    // ---- functions of one scalar --------------------------------------------------------------------------------

    /// The derivatives of orders up to `order` in the only parameter, after the value.
    fn orders_function(&self, order: usize) -> Function {
        let function = forward::derivatives(self.function, self.active_values()[0], order, self.signature.scalar);
        dump(&self.name(), "after forward mode of several orders", &function);
        function
    }

    fn second_derivative(&self) -> Companion {
        let mut function = self.orders_function(2);
        let (f, x, n) = (self.name(), self.name_of(0), self.output_count());
        let formula = if n == 1 { formula_line(&function, 2, &format!("d2{f}/d{x}2")) } else { None };
        function.body.yields.drain(..2 * n);
        let docs = docs(format!("The second derivative of [`{f}`](fn@{f}) with respect to `{x}`."), formula);
        let body = self.body(function, &[], self.names(), &|atoms| self.output_value(atoms));
        Companion { name: "second_derivative".to_owned(), docs, extra: Vec::new(), output: self.output(), body }
    }

    fn derivatives(&self, order: usize) -> Companion {
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
        let body = self.body(function, &[], self.names(), &wrap);
        let (output, length) = (self.output(), order + 1);
        let output = Some(quote!([#output; #length]));
        Companion { name: "derivatives".to_owned(), docs, extra: Vec::new(), output, body }
    }

    // ---- Hessian-vector products --------------------------------------------------------------------------------

    /// The gradient of the derivative along a direction, which is the Hessian times the direction: gives the function,
    /// and its parameters for the direction.
    fn product(&self, into: bool) -> (Function, Vec<Value>) {
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
    fn directions_of(&self, function: &Function, values: &[Value], names: &mut Names) -> Vec<(Ident, TokenStream)> {
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
        let inner = self.body(function, &idents, names, &|atoms| self.gradient_value(atoms));
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

    // ---- Hessians in scalars ------------------------------------------------------------------------------------

    /// The function in scalars alone: itself, or with its arrays taken apart where all indices are known.
    fn in_scalars(&self) -> Option<Scalars> {
        if self.has_arrays() {
            let apart = take_apart(self.function, &self.active_values(), self.signature.scalar)?;
            dump(&self.name(), "after taking its arrays apart", &apart.function);
            return Some(Scalars::Apart(apart));
        }
        Some(Scalars::Own(self.function.clone(), self.active_values()))
    }

    /// The gradient, and the tangents of its components in each input: yields the value, the gradient, and the Hessian
    /// row by row. One triangle is computed, and stands in both.
    fn scalar_hessian(&self, scalars: &Scalars, beside: Beside) -> Function {
        let (source, active) = scalars.parts();
        let n = active.len();
        let mut function = if let [input] = active[..] {
            let mut function = forward::derivatives(source, input, 2, self.signature.scalar);
            if beside == Beside::Nothing {
                function.body.yields.drain(..2);
            }
            function
        } else {
            let mut gradient = self.gradient_of(source, active);
            if beside == Beside::Nothing {
                gradient.body.yields.remove(0);
            }
            cleanup(&mut gradient);
            let place = |value: &Value| source.body.params.iter().position(|param| param == value);
            let inputs: Vec<Value> = active.iter().filter_map(place).map(|k| gradient.body.params[k]).collect();
            let mut function = forward::jvp(&gradient, &inputs, &[], &units(n), self.signature.scalar).function;
            let given = gradient.body.yields.len();
            let (first, tangents) = function.body.yields.split_at(given);
            // Direction `d` has a tangent of each yield; those of the components stand last.
            let entry = |row: usize, column: usize| tangents[row * given + given - n + column];
            let entries = (0..n).flat_map(|row| (0..n).map(move |column| entry(row.min(column), row.max(column))));
            let kept = if beside == Beside::Nothing { &first[..0] } else { first };
            function.body.yields = kept.iter().copied().chain(entries).collect();
            function
        };
        dump(&self.name(), "after forward mode over the gradient", &function);
        if let Scalars::Apart(apart) = scalars {
            apart.load_elements(&mut function);
        }
        function
    }

    /// What is given of the value and the gradient, and the entries of the Hessian, from the atoms of both.
    fn parts_of<'t>(
        &self,
        beside: Beside,
        atoms: &'t [TokenStream],
        n: usize,
    ) -> (&'t [TokenStream], &'t [TokenStream]) {
        atoms.split_at(if beside == Beside::Nothing { 0 } else { 1 + n })
    }

    /// The Hessian in scalars, or in the elements of one array.
    fn hessian(&self, scalars: &Scalars, beside: Beside) -> Companion {
        let n = scalars.parts().1.len();
        let function = self.scalar_hessian(scalars, beside);
        let formula = if self.has_arrays() { None } else { self.second_formulas(&function, beside) };
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

    fn is_one_scalar(&self) -> bool {
        self.active().len() == 1 && !self.has_arrays()
    }

    /// A gradient from the partial derivatives in all inputs, those of an array one after the other.
    fn gradient_from(&self, inputs: &[TokenStream]) -> TokenStream {
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
    fn second_formulas(&self, function: &Function, beside: Beside) -> Option<String> {
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

    /// Which entries of the Hessian may be other than zero.
    fn hessian_pattern(&self, scalars: &Scalars) -> Companion {
        let n = scalars.parts().1.len();
        let function = self.scalar_hessian(scalars, Beside::Nothing);
        let f = self.name();
        let docs = vec![
            format!(
                "Which second partial derivatives of [`{f}`](fn@{f}) may be other than zero: the others are zero for"
            ),
            "all arguments, and are not computed.".to_owned(),
        ];
        let (output, body) = pattern(&function.body.yields, n);
        Companion { name: "hessian_pattern".to_owned(), docs, extra: Vec::new(), output: Some(output), body }
    }

    /// The entries of a Hessian in scalars and elements, written into a row-major buffer; those that are always zero
    /// are cleared.
    fn scalar_hessian_into(&self, scalars: &Scalars, beside: Beside) -> Companion {
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
        let inner = self.body(function, &[], names, &wrap);
        let checks = buffers.iter().map(|buffers| &buffers.checks);
        let entries = n * n;
        let clear = zeros.contains(&true).then(|| quote!(#hessian.fill(0.0);));
        let body = quote! {
            #(#checks)*
            ::core::assert_eq!(#hessian.len(), #entries, "the buffer for the Hessian must hold `inputs x inputs`");
            #clear
            #inner
        };
        let mut extra: Vec<_> = buffers.into_iter().flat_map(|buffers| buffers.params).collect();
        let ty = self.ty(self.signature.scalar);
        extra.push((hessian, quote!(&mut [#ty])));
        let output = self.output().filter(|_| beside == Beside::ValueAndGradient);
        Companion { name: beside.name(true), docs: self.docs_of_into(), extra, output, body }
    }

    /// The components of a gradient, as assignments to its buffers.
    fn write_components(&self, buffers: &Option<Buffers>, components: &[TokenStream]) -> TokenStream {
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

    fn hessian_summary(&self, beside: Beside) -> String {
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

    fn with_value_and_gradient(&self, beside: Beside, hessian: TokenStream) -> TokenStream {
        match beside {
            Beside::Nothing => hessian,
            Beside::ValueAndGradient => {
                let (value, gradient) = (self.output(), self.gradient_type());
                quote!((#value, #gradient, #hessian))
            }
        }
    }

    // ---- Hessians in arrays -------------------------------------------------------------------------------------

    /// The arguments of the function, to be passed on to another companion.
    fn own_arguments(&self) -> Vec<TokenStream> {
        let receiver = self.item.sig.receiver().map(|_| quote!(self));
        let own = self.signature.parameters.iter().map(|parameter| {
            let ident = &parameter.ident;
            quote!(#ident)
        });
        receiver.into_iter().chain(own).collect()
    }

    /// The Hessian in one array, row by row.
    fn hessian_of_array(&self, beside: Beside) -> Companion {
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [hessian, row, column, length] = ["hessian", "row", "column", "n"].map(&mut fresh);
        let parameter = self.parameter(0);
        let primal = &parameter.ident;
        let direction = fresh(&format!("{}_dot", plain(primal)));
        let (runtime, scalar) = (&self.runtime, self.ty(self.signature.scalar));
        let (zeros, made, ty) = match self.shape(parameter.ty).and_then(|shape| shape.dims.first()) {
            Some(Dim::Fixed(n)) => (quote!([0.0; #n]), quote!([[0.0; #n]; #n]), quote!([[#scalar; #n]; #n])),
            _ => {
                let zeros = quote!(#runtime::private::vec![0.0; #length]);
                let vec = quote!(#runtime::private::Vec);
                (zeros.clone(), quote!(#runtime::private::vec![#zeros; #length]), quote!(#vec<#vec<#scalar>>))
            }
        };
        let own = self.own_arguments();
        let passed = self.direction_argument(parameter, &direction);
        let (product, first) = (self.sibling("hvp_into"), self.sibling("value_and_gradient"));
        let leaves = self.leaves();
        let value = match beside {
            Beside::Nothing => quote!(#hessian),
            Beside::ValueAndGradient => {
                let [value, gradient] = ["value", "gradient"].map(&mut fresh);
                let body =
                    quote!({ let (#value, #gradient) = #first(#(#own),*) #leaves; (#value, #gradient, #hessian) });
                body
            }
        };
        let value = self.wrapped(value);
        let body = quote! {
            let #length = #primal.len();
            let mut #hessian = #made;
            let mut #direction = #zeros;
            for #row in 0..#length {
                #direction[#row] = 1.0;
                #product(#(#own,)* #passed, &mut #hessian[#row]) #leaves;
                #direction[#row] = 0.0;
                for #column in 0..#row {
                    #hessian[#row][#column] = #hessian[#column][#row];
                }
            }
            #value
        };
        let docs = vec![
            self.hessian_summary(beside),
            String::new(),
            "Runs the function once per element. Row `i` is the gradient of the partial derivative in element `i`; the"
                .to_owned(),
            "matrix is symmetric to the last bit.".to_owned(),
        ];
        let output = Some(self.with_value_and_gradient(beside, ty));
        Companion { name: beside.name(false), docs, extra: Vec::new(), output, body }
    }

    /// A direction as it is passed on.
    fn direction_argument(&self, parameter: &Parameter, direction: &Ident) -> TokenStream {
        match self.shape(parameter.ty) {
            Some(shape) if !(shape.is_fixed() && shape.storage == Storage::Owned) => quote!(&#direction),
            _ => quote!(#direction),
        }
    }

    /// The Hessian in all active parameters side by side, row-major, row by row.
    fn hessian_into(&self, beside: Beside) -> Companion {
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
        let own = self.own_arguments();
        let Rows { lets, widths, directions, splits, parts, stores, passes } = &rows;
        let (product, leaves) = (self.sibling("hvp_into"), self.leaves());
        let passes = passes.iter().map(|pass| {
            pass.repeat(
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
        let ty = self.ty(self.signature.scalar);
        extra.push((hessian, quote!(&mut [#ty])));
        let output = self.output().filter(|_| beside == Beside::ValueAndGradient);
        Companion { name: beside.name(true), docs, extra, output, body }
    }

    fn docs_of_into(&self) -> Vec<String> {
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
        let (primal, runtime) = (&parameter.ident, &self.runtime);
        match self.shape(parameter.ty).and_then(|shape| shape.dims.first()) {
            None => {
                rows.lets.extend(quote!(let mut #direction = 0.0;));
                rows.widths.push(quote!(1usize));
                rows.splits.extend(quote!(let (#part, #rest) = #rest.split_at_mut(1);));
                rows.parts.push(quote!(&mut #part[0]));
                rows.passes.push(Pass::Scalar(direction.clone()));
            }
            Some(Dim::Dynamic) => {
                rows.lets.extend(quote!(let mut #direction = #runtime::private::vec![0.0; #primal.len()];));
                rows.widths.push(quote!(#primal.len()));
                rows.splits.extend(quote!(let (#part, #rest) = #rest.split_at_mut(#primal.len());));
                rows.parts.push(quote!(#part));
                rows.passes.push(Pass::Array(direction.clone(), primal.clone()));
            }
            Some(Dim::Fixed(n)) => {
                let values = format_ident!("{}_values", part, span = part.span());
                rows.lets.extend(quote!(let mut #direction = [0.0; #n]; let mut #values = [0.0; #n];));
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

/// A function in scalars alone.
enum Scalars {
    /// The function itself, and its active parameters.
    Own(Function, Vec<Value>),
    Apart(Apart),
}

impl Scalars {
    fn parts(&self) -> (&Function, &[Value]) {
        match self {
            Scalars::Own(function, active) => (function, active),
            Scalars::Apart(apart) => (&apart.function, &apart.active),
        }
    }
}

/// The directions along each of `n` inputs.
pub(super) fn units(n: usize) -> Vec<Vec<Seed>> {
    (0..n).map(|d| (0..n).map(|k| if k == d { Seed::One } else { Seed::Zero }).collect()).collect()
}

/// The type and the value of a pattern: which entries, in rows of `width`, are not the literal zero.
pub(super) fn pattern(entries: &[Atom], width: usize) -> (TokenStream, TokenStream) {
    let rows = entries.chunks(width).map(|row| {
        let row = row.iter().map(|atom| !atom.is_float(0.0));
        quote!([#(#row),*])
    });
    let height = entries.len() / width.max(1);
    (quote!([[::core::primitive::bool; #width]; #height]), quote!([#(#rows),*]))
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
}

impl Pass {
    /// Runs `row` along each unit vector of the parameter.
    fn repeat(&self, k: &Ident, row: &TokenStream) -> TokenStream {
        match self {
            Pass::Scalar(direction) => quote!(#direction = 1.0; #row #direction = 0.0;),
            Pass::Array(direction, primal) => quote! {
                for #k in 0..#primal.len() {
                    #direction[#k] = 1.0;
                    #row
                    #direction[#k] = 0.0;
                }
            },
        }
    }
}
