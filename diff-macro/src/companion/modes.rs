//! The companions one by one: for each the pass that makes its body, its parameters, and its documentation.

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::aggregates::Slot;
use super::allocations::Allocations;
use super::higher::units;
use super::{Companion, Gives, Plan};
use crate::attr::Given;
use crate::cleanup::cleanup;
use crate::emit::{self, Places};
use crate::formula::formula;
use crate::forward::{self, Pushforward, Seed};
use crate::ir::{Atom, Dim, Function, Op, Region, Shape, Storage, Ty, Value, walk};
use crate::names::{Names, generated, plain};
use crate::reverse::{self, Options, Pullback};
use crate::scatter::scatter;
use crate::signature::Form;
use crate::windows::windows;

/// A gradient: the adjoint of the value is one.
const ONE: Options = Options { seeded: false, into: false };
const SEEDED: Options = Options { seeded: true, into: false };
pub(super) const SEEDED_INTO: Options = Options { seeded: true, into: true };

/// A function that is ready to be written.
pub(super) struct Finished(pub(super) Function);

/// The parameters that receive adjoints.
#[derive(Default)]
pub(super) struct Buffers {
    pub(super) params: Vec<(Ident, TokenStream)>,
    /// Those that are arrays themselves.
    pub(super) arrays: Vec<Ident>,
    /// All of them, by the positions of the parameters that they belong to.
    bars: HashMap<usize, Ident>,
    /// Checks the lengths.
    pub(super) checks: TokenStream,
    /// Checks the lengths, then clears what is no array itself.
    pub(super) opening: TokenStream,
    /// Checks the lengths, then clears.
    pub(super) prologue: TokenStream,
}

/// The seeds of a pullback.
#[derive(Default)]
struct Seeds {
    params: Vec<(Ident, TokenStream)>,
    /// The variables that hold them, in the order of the pullback's parameters.
    idents: Vec<Ident>,
    /// What is written for those of them that stand for parts of others.
    places: Places,
    /// Checks their lengths, takes them apart.
    prologue: TokenStream,
    /// Adds what is passed on to the adjoints.
    passed: TokenStream,
    /// The seeds of parameters that are results.
    outs: HashMap<usize, Ident>,
}

/// The tangents of a pushforward.
#[derive(Default)]
pub(super) struct Tangents {
    pub(super) params: Vec<(Ident, TokenStream)>,
    /// The variables that hold them, in the order of the pushforward's parameters.
    pub(super) idents: Vec<Ident>,
    pub(super) places: Places,
    pub(super) checks: TokenStream,
    by_parameter: HashMap<usize, Ident>,
}

/// An expression after statements.
pub(super) fn block(before: &TokenStream, value: &TokenStream) -> TokenStream {
    if before.is_empty() { value.clone() } else { quote!({ #before #value }) }
}

/// Assignments that all take place at once: none of the values is overwritten before it is read.
pub(super) fn assigned(parts: &[TokenStream], values: &[TokenStream]) -> TokenStream {
    match (parts, values) {
        ([], _) | (_, []) => quote!(),
        ([part], [value]) => quote!(#part = #value;),
        _ => quote!((#(#parts),*) = (#(#values),*);),
    }
}

impl Plan<'_> {
    // ---- bodies -------------------------------------------------------------------------------------------------

    /// What is done once it is known what a companion gives.
    pub(super) fn finished(&self, mut function: Function) -> Finished {
        cleanup(&mut function);
        self.tell(&scatter(&mut function));
        self.tell(&windows(&mut function));
        cleanup(&mut function);
        dump(&self.name(), "ready for emission", &function);
        Finished(function)
    }

    /// The tokens of a body whose parameters are those of the function and `extra`.
    pub(super) fn body(
        &self,
        function: Finished,
        extra: &[Ident],
        names: Names,
        wrap: &dyn Fn(&[TokenStream]) -> TokenStream,
    ) -> TokenStream {
        self.body_with(function, extra, Places::new(), names, wrap)
    }

    /// The same, where some of the parameters stand for parts of others.
    pub(super) fn body_with(
        &self,
        Finished(function): Finished,
        extra: &[Ident],
        mut places: Places,
        mut names: Names,
        wrap: &dyn Fn(&[TokenStream]) -> TokenStream,
    ) -> TokenStream {
        let own = self.signature.parameters.iter().map(|parameter| parameter.ident.clone());
        let (leaves, of_leaves, prologue) = self.leaf_places(&mut names);
        places.extend(of_leaves);
        let params: Vec<Ident> = own.chain(leaves).chain(extra.iter().cloned()).collect();
        let wrapper = self.signature.output.wrapper.as_ref();
        let wrap = |atoms: &[TokenStream]| wrapper.map_or_else(|| wrap(atoms), |wrapper| wrapper.wrap(&wrap(atoms)));
        let body = emit::emit(&function, &params, &places, &self.runtime, names, &wrap);
        quote!(#prologue #body)
    }

    pub(super) fn pushforward(&self, seeds: &[Vec<Seed>]) -> Pushforward {
        let pushforward =
            forward::jvp(self.function, &self.active_values(), &self.out_values(), seeds, self.signature.scalar);
        self.tell(&pushforward.notes);
        dump(&self.name(), "after forward mode", &pushforward.function);
        pushforward
    }

    pub(super) fn pullback(&self, options: Options) -> Pullback {
        let pullback =
            reverse::vjp(self.function, &self.active_values(), &self.out_values(), options, self.signature.scalar);
        self.tell(&pullback.notes);
        dump(&self.name(), "after reverse mode", &pullback.function);
        pullback
    }

    /// Prints what was decided, if the environment asks for it.
    fn tell(&self, notes: &[String]) {
        tell(&self.name(), notes);
    }

    /// Forward mode in the direction of each active parameter, all of which are scalars.
    fn forward_gradient(&self) -> Function {
        self.pushforward(&units(self.slots().len())).function
    }

    /// A value and a derivative, or the derivative alone.
    pub(super) fn given(gives: Gives, value: &TokenStream, derivative: &TokenStream) -> TokenStream {
        match gives {
            Gives::Derivative => derivative.clone(),
            Gives::Both => quote!((#value, #derivative)),
        }
    }

    pub(super) fn name(&self) -> String {
        plain(&self.item.sig.ident)
    }

    /// The active parameters, for documentation.
    pub(super) fn active_list(&self) -> String {
        (0..self.active().len()).map(|k| format!("`{}`", self.name_of(k))).collect::<Vec<_>>().join(", ")
    }

    // ---- functions of one scalar --------------------------------------------------------------------------------

    pub(super) fn derivative(&self, gives: Gives) -> Companion {
        let mut function = self.forward_gradient();
        let (f, x, n) = (self.name(), self.name_of(0), self.output_count());
        let formula = if n == 1 { formula_line(&function, 1, &format!("d{f}/d{x}")) } else { None };
        let (name, summary) = match gives {
            Gives::Derivative => {
                if !self.returns_aggregate() {
                    function.body.yields.drain(..n);
                }
                ("derivative", format!("The derivative of [`{f}`](fn@{f}) with respect to `{x}`."))
            }
            Gives::Both => (
                "value_and_derivative",
                format!(
                    "The value of [`{f}`](fn@{f}) and its derivative with respect to `{x}`, the value computed once."
                ),
            ),
        };
        let wrap = |atoms: &[TokenStream]| match gives {
            _ if self.returns_aggregate() => {
                let (before, value, tangent) = self.made_with_tangent(&atoms[..n], &atoms[n..], &HashMap::new());
                let given = Self::given(gives, &value, &tangent);
                block(&before, &given)
            }
            Gives::Derivative => self.output_value(atoms),
            Gives::Both => {
                let (value, derivative) = (self.output_value(&atoms[..n]), self.output_value(&atoms[n..]));
                quote!((#value, #derivative))
            }
        };
        let function = self.finished(function);
        let docs = with_allocations(docs(summary, formula), &function);
        let body = self.body(function, &[], self.names(), &wrap);
        let output = self.output().map(|ty| Self::given(gives, &ty, &ty));
        Companion { name: name.to_owned(), docs, extra: Vec::new(), output, body }
    }

    pub(super) fn partial(&self, k: usize) -> Companion {
        let active = vec![self.function.body.params[self.active()[k]]];
        let mut function =
            forward::jvp(self.function, &active, &[], &[vec![Seed::One]], self.signature.scalar).function;
        let (f, x) = (self.name(), self.name_of(k));
        let formula = formula_line(&function, 1, &format!("d{f}/d{x}"));
        function.body.yields.remove(0);
        let summary = format!("The partial derivative of [`{f}`](fn@{f}) with respect to `{x}`.");
        let function = self.finished(function);
        let docs = with_allocations(docs(summary, formula), &function);
        let body = self.body(function, &[], self.names(), &|atoms| atoms[0].clone());
        let output = self.output();
        Companion { name: format!("partial_{x}"), docs, extra: Vec::new(), output, body }
    }

    // ---- gradients ----------------------------------------------------------------------------------------------

    /// The gradient of the function itself.
    pub(super) fn gradient_function(&self) -> Function {
        let n = self.slots().len();
        // Forward mode gives tangents of the output's type: it will do where that is the type of the parameters.
        let one_type = !self.has_arrays() && self.scalars().iter().all(|scalar| *scalar == self.signature.scalar);
        if one_type && is_forward(self.function, n) { self.forward_gradient() } else { self.pullback(ONE).function }
    }

    /// The gradient of a function of scalars that are of the type of its result.
    pub(super) fn gradient_of(&self, function: &Function, active: &[Value]) -> Function {
        if is_forward(function, active.len()) {
            forward::jvp(function, active, &[], &units(active.len()), self.signature.scalar).function
        } else {
            reverse::vjp(function, active, &[], ONE, self.signature.scalar).function
        }
    }

    pub(super) fn gradient(&self, gives: Gives) -> Companion {
        let mut function = self.gradient_function();
        let (f, slots) = (self.name(), self.slots());
        let n = slots.len();
        let formulas: Vec<String> = (0..n)
            .filter_map(|k| formula_line(&function, k + 1, &format!("d{f}/d{}", self.slot_name(slots[k]))))
            .collect();
        let formula = (formulas.len() == n && !self.has_aggregates()).then(|| formulas.join("\n\n"));
        let list = self.active_list();
        let (name, summary) = match gives {
            Gives::Derivative => {
                function.body.yields.remove(0);
                (
                    "gradient",
                    format!("The gradient of [`{f}`](fn@{f}): its partial derivatives with respect to {list}."),
                )
            }
            Gives::Both => (
                "value_and_gradient",
                format!(
                    "The value of [`{f}`](fn@{f}) and its gradient with respect to {list}, the value computed once."
                ),
            ),
        };
        let function = self.finished(function);
        let docs = with_allocations(docs(summary, formula), &function);
        let (mut names, mut places) = (self.names(), Places::new());
        let (bars, prologue) = self.bars(&mut names);
        let buffers = self.array_bars(&bars, &mut names, &mut places);
        let wrap = |atoms: &[TokenStream]| {
            let (values, adjoints) = atoms.split_at(usize::from(gives == Gives::Both));
            let (before, components) = self.gathered(&bars, adjoints);
            let gradient = self.gradient_value(&components);
            block(&before, &Self::given(gives, &quote!(#(#values)*), &gradient))
        };
        let body = self.body_with(function, &buffers, places, names, &wrap);
        let body = quote!(#prologue #body);
        let gradient = self.gradient_type();
        let output = self.output().map(|value| Self::given(gives, &value, &gradient));
        Companion { name: name.to_owned(), docs, extra: Vec::new(), output, body }
    }

    pub(super) fn gradient_into(&self, gives: Gives) -> Companion {
        let f = self.name();
        let (name, summary) = match gives {
            Gives::Derivative => ("gradient_into", format!("Writes the gradient of [`{f}`](fn@{f}) into the buffers.")),
            Gives::Both => (
                "value_and_gradient_into",
                format!("The value of [`{f}`](fn@{f}); writes the gradient into the buffers."),
            ),
        };
        self.with_buffers(name, summary, gives, Options { seeded: false, into: true })
    }

    // ---- products with the Jacobian ----------------------------------------------------------------------------

    pub(super) fn jvp(&self) -> Companion {
        let in_place = |ty: Ty| self.shape(ty).is_some_and(|shape| shape.storage == Storage::BorrowedMut);
        let of_slot = |slot: Slot| match slot.leaf {
            None if in_place(self.slot_ty(slot)) => Seed::InPlace,
            _ => Seed::Param,
        };
        let mut pushforward = self.pushforward(&[self.slots().into_iter().map(of_slot).collect()]);
        let (f, n) = (self.name(), self.output_count());
        if self.signature.output.form == Form::Unit {
            // The function itself writes its results into its parameters.
            let outs = self.lowered.outs.len();
            pushforward.function.body.yields[..outs].fill(Atom::Bool(true));
        }
        let mut names = self.names();
        let tangents = self.tangents(&pushforward.function, &pushforward.seeds, true, &mut names);
        let wrap = |atoms: &[TokenStream]| match self.signature.output.form {
            Form::Unit => {
                let outs = self.lowered.outs.len();
                assigned(&self.out_parts(&tangents.by_parameter), &atoms[outs..])
            }
            Form::Aggregate => {
                let (before, value, tangent) = self.made_with_tangent(&atoms[..n], &atoms[n..], &tangents.by_parameter);
                block(&before, &quote!((#value, #tangent)))
            }
            Form::Scalar | Form::Tuple | Form::Array | Form::Whole => {
                let (value, tangent) = (self.output_value(&atoms[..n]), self.output_value(&atoms[n..]));
                quote!((#value, #tangent))
            }
        };
        // One companion asks rustc for all of them.
        let guards = &self.function.guards;
        let mut prologue = self.callee_checks();
        prologue.extend(tangents.checks);
        let function = self.finished(pushforward.function);
        let allocates = Allocations::of(&function.0);
        let inner = match self.rule {
            Some(Given::Products { jvp: Some(jvp), .. }) => self.given_product(jvp, &tangents.idents),
            _ => self.body_with(function, &tangents.idents, tangents.places, names, &wrap),
        };
        let mut docs = match self.signature.output.form {
            Form::Unit => vec![
                format!("Runs [`{f}`](fn@{f}), and writes its directional derivative (JVP, pushforward), the Jacobian"),
                "times the given tangents, into the tangents of its outputs.".to_owned(),
            ],
            _ => vec![
                format!("The value of [`{f}`](fn@{f}) and its directional derivative (JVP, pushforward):"),
                "the Jacobian times the given tangents, one per active parameter.".to_owned(),
            ],
        };
        allocates.describe(&mut docs);
        let output = self.output().map(|output| quote!((#output, #output)));
        let body = quote!(#(#guards)* #prologue #inner);
        Companion { name: "jvp".to_owned(), docs, extra: tangents.params, output, body }
    }

    /// The parameters for a direction that is only read.
    pub(super) fn directions_of(&self, function: &Function, seeds: &[Value], names: &mut Names) -> Tangents {
        self.tangents(function, seeds, false, names)
    }

    /// The parameters for the tangents of the active parameters and of the outputs, and what the pushforward takes for
    /// its seeds. Those of what a mutable reference shows may stand `in_place`: they change with it.
    fn tangents(&self, function: &Function, seeds: &[Value], in_place: bool, names: &mut Names) -> Tangents {
        let (mut tangents, mut taken) = (Tangents::default(), TokenStream::new());
        let mut remaining = seeds.iter();
        let owners = |k: &usize| {
            let parameter = &self.signature.parameters[*k];
            parameter.active || parameter.output
        };
        let owners: Vec<usize> = (0..self.signature.parameters.len()).filter(owners).collect();
        // Whole parameters stand before the leaves of others.
        for k in owners.iter().copied().filter(|k| self.signature.parameters[*k].aggregate.is_none()) {
            let Some(seed) = remaining.next() else { continue };
            tangents.by_parameter.insert(k, self.extra_ident(function, *seed, names));
            tangents.idents.extend(tangents.by_parameter.get(&k).cloned());
        }
        for k in owners.iter().copied().filter(|k| self.signature.parameters[*k].aggregate.is_some()) {
            let parameter = &self.signature.parameters[k];
            let wish = format!("{}_dot", plain(&parameter.ident));
            tangents.by_parameter.insert(k, generated(&names.fresh(&wish, false), Span::call_site()));
        }
        for leaf in &self.lowered.leaves {
            let slot = self.slots_of(leaf.param).into_iter().any(|slot| slot.value == leaf.value);
            if let (true, Some(dot)) = (slot, tangents.by_parameter.get(&leaf.param)) {
                let parameter = &self.signature.parameters[leaf.param];
                let part = Self::place(dot, leaf, Self::tangent_is_reference(parameter));
                if parameter.output && self.is_taken_out(leaf) {
                    let (ident, tokens) = self.taken_out(&part, names, false);
                    tangents.idents.push(ident);
                    taken.extend(tokens);
                    continue;
                }
                tangents.idents.push(self.stand_in(part, names, &mut tangents.places));
            }
        }
        for k in owners {
            let (parameter, dot) = (&self.signature.parameters[k], &tangents.by_parameter[&k]);
            let is_mutable = self.shape(parameter.ty).is_some_and(|shape| shape.storage == Storage::BorrowedMut);
            let ty = match parameter.output || (in_place && is_mutable) {
                true => self.buffer_type_of(parameter),
                false => self.tangent_type_of(parameter),
            };
            tangents.checks.extend(match &parameter.aggregate {
                Some(aggregate) => {
                    let by_value = aggregate.storage == Storage::Owned && !ty.to_string().starts_with('&');
                    let dot = match (parameter.output, by_value) {
                        (true, _) => quote!(&*#dot),
                        (false, true) => quote!(&#dot),
                        (false, false) => quote!(#dot),
                    };
                    self.shape_check(parameter, &dot, "tangent")
                }
                None => self.length_check(&parameter.ident, parameter.ty, dot, "tangent"),
            });
            tangents.params.push((dot.clone(), ty));
        }
        // What is checked may not be there.
        tangents.checks.extend(taken);
        tangents
    }

    pub(super) fn length_check(&self, primal: &Ident, ty: Ty, other: &Ident, what: &str) -> TokenStream {
        match self.shape(ty).and_then(|shape| shape.dims.first()) {
            Some(Dim::Dynamic) => {
                let message = format!("the {what} of `{0}` must be as long as `{0}`", plain(primal));
                quote!(::core::assert_eq!(#other.len(), #primal.len(), #message);)
            }
            Some(Dim::Fixed(_)) | None => quote!(),
        }
    }

    pub(super) fn vjp(&self) -> Companion {
        let mut pullback = self.pullback(SEEDED);
        let (f, n) = (self.name(), self.output_count());
        let outs = self.drop_outs(&mut pullback);
        let mut names = self.names();
        let (bars, zeros) = self.bars(&mut names);
        let mut seeds = self.seeds(&pullback, &bars, false, &mut names);
        let buffers = self.array_bars(&bars, &mut names, &mut seeds.places);
        let wrap = |atoms: &[TokenStream]| {
            let (before, components) = self.gathered(&bars, &atoms[n + outs..]);
            let returned = self.returned_adjoints(&seeds, &atoms[n + outs..]);
            let gradient = self.gradient_value(&components);
            match self.signature.output.form {
                Form::Unit if returned.is_empty() => block(&before, &gradient),
                // The seeds are read before they are replaced.
                Form::Unit if components.is_empty() => quote!({ #before #returned }),
                Form::Unit => {
                    let gradient_name = self.result_name("adjoints", "");
                    let given = quote!(let #gradient_name = #gradient; #returned);
                    block(&quote!(#before #given), &quote!(#gradient_name))
                }
                _ => {
                    let value = self.output_value(&atoms[..n]);
                    block(&before, &quote!((#value, #gradient)))
                }
            }
        };
        let docs = match self.signature.output.form {
            Form::Unit => vec![
                format!(
                    "Runs [`{f}`](fn@{f}) and gives the adjoints of its active parameters (VJP, pullback): the seeds, the"
                ),
                "adjoints of its outputs, times the Jacobian. The seeds are read and set to zero.".to_owned(),
            ],
            _ => vec![
                format!("The value of [`{f}`](fn@{f}) and the adjoints of its active parameters (VJP, pullback):"),
                "the given seed, the adjoint of the value, times the Jacobian.".to_owned(),
            ],
        };
        let function = self.finished(pullback.function);
        let docs = with_allocations(docs, &function);
        let idents: Vec<Ident> = seeds.idents.iter().chain(&buffers).cloned().collect();
        let inner = match self.rule {
            Some(Given::Products { vjp: Some(vjp), .. }) => self.given_product(vjp, &seeds.idents),
            _ => self.body_with(function, &idents, seeds.places.clone(), names, &wrap),
        };
        let gradient = self.gradient_type();
        let output = match self.output() {
            Some(value) => quote!((#value, #gradient)),
            None => gradient,
        };
        let (guards, prologue, passed) = (self.guards(), seeds.prologue, seeds.passed);
        let body = quote!(#guards #prologue #zeros #passed #inner);
        Companion { name: "vjp".to_owned(), docs, extra: seeds.params, output: Some(output), body }
    }

    pub(super) fn vjp_into(&self) -> Companion {
        let f = self.name();
        let summary =
            format!("Runs [`{f}`](fn@{f}); writes the seed times the Jacobian (VJP, pullback) into the buffers.");
        self.with_buffers("vjp_into", summary, Gives::Both, Options { seeded: true, into: true })
    }

    /// A name for a parameter of a companion.
    pub(super) fn extra_ident(&self, function: &Function, value: Value, names: &mut Names) -> Ident {
        let (wish, span) = match &function.values[value.0 as usize].hint {
            Some(hint) => (hint.name.to_string(), hint.span),
            None => ("seed".to_owned(), Span::call_site()),
        };
        generated(&names.fresh(&wish, false), span)
    }

    /// The final values of leaves that are results are written by the function itself: only their adjoints are asked for.
    /// Gives their number.
    fn drop_outs(&self, pullback: &mut Pullback) -> usize {
        if self.signature.output.form != Form::Unit {
            return 0;
        }
        let outs = self.lowered.outs.len();
        pullback.function.body.yields[..outs].fill(Atom::Bool(true));
        outs
    }

    /// The parameters for the seeds, and what the pullback takes for them. What the function passes on of a parameter has
    /// its adjoint in one of the `bars`.
    fn seeds(&self, pullback: &Pullback, bars: &HashMap<usize, Ident>, into: bool, names: &mut Names) -> Seeds {
        let function = &pullback.function;
        let mut seeds = Seeds::default();
        if self.returns_aggregate() {
            let whole = generated(&names.fresh("seed", false), Span::call_site());
            for part in self.seed_parts(&whole) {
                seeds.idents.push(self.stand_in(part, names, &mut seeds.places));
            }
            seeds.passed = self.seeds_passed_on(&whole, bars, into);
            seeds.params.extend(self.output().map(|ty| (whole, ty)));
        } else if self.signature.output.form != Form::Unit {
            for seed in &pullback.seeds {
                seeds.idents.push(self.extra_ident(function, *seed, names));
            }
        }
        match (self.output(), &seeds.idents[..]) {
            _ if self.returns_aggregate() => {}
            (Some(ty), [seed]) => {
                if self.signature.output.form == Form::Whole {
                    // It becomes the array of the adjoints of the result.
                    seeds.prologue.extend(quote!(let mut #seed = #seed;));
                }
                seeds.params.push((seed.clone(), ty));
            }
            // The seed has the form of the result: it is taken apart.
            (Some(ty), idents @ [_, _, ..]) => {
                let whole = generated(&names.fresh("seeds", false), Span::call_site());
                let parts: Vec<TokenStream> = idents.iter().map(|ident| quote!(#ident)).collect();
                let pattern = self.output_value(&parts);
                seeds.prologue.extend(quote!(let #pattern = #whole;));
                seeds.params.push((whole, ty));
            }
            _ => {}
        }
        self.out_seeds(pullback, &mut seeds, names);
        seeds
    }

    /// The seeds of parameters that are results.
    fn out_seeds(&self, pullback: &Pullback, seeds: &mut Seeds, names: &mut Names) {
        let mut arrays = Vec::new();
        let mut given = pullback.out_seeds.iter();
        for k in self.outs() {
            let parameter = &self.signature.parameters[k];
            let ident = match &parameter.aggregate {
                None => {
                    let Some(seed) = given.next() else { continue };
                    let ident = self.extra_ident(&pullback.function, *seed, names);
                    seeds.prologue.extend(self.length_check(&parameter.ident, parameter.ty, &ident, "seed"));
                    arrays.push(ident.clone());
                    ident
                }
                Some(_) => {
                    let ident = self.bar_name(parameter, names);
                    seeds.prologue.extend(self.shape_check(parameter, &quote!(&*#ident), "seed"));
                    for slot in self.slots_of(k).into_iter().filter(|slot| self.slot_ty(*slot).is_array()) {
                        let Some(leaf) = slot.leaf else { continue };
                        given.next();
                        let part = Self::place(&ident, &self.lowered.leaves[leaf], true);
                        arrays.push(self.stand_in(part, names, &mut seeds.places));
                    }
                    ident
                }
            };
            seeds.params.push((ident.clone(), self.buffer_type_of(parameter)));
            seeds.outs.insert(k, ident);
        }
        if self.signature.output.form == Form::Unit {
            for (k, part) in self.lowered.outs.iter().zip(self.out_parts(&seeds.outs)) {
                if self.is_in_whole(&self.lowered.leaves[*k]) {
                    let (ident, taken) = self.taken_out(&part, names, true);
                    seeds.idents.push(ident);
                    seeds.prologue.extend(taken);
                } else {
                    seeds.idents.push(self.stand_in(part, names, &mut seeds.places));
                }
            }
        }
        seeds.idents.extend(arrays);
    }

    /// The adjoints of what leaves of results held on entry, which take the places of the seeds.
    fn returned_adjoints(&self, seeds: &Seeds, adjoints: &[TokenStream]) -> TokenStream {
        let (mut parts, mut values, mut added) = (Vec::new(), Vec::new(), TokenStream::new());
        // Arrays that are results are not among the adjoints.
        let outs = self.out_values();
        let given = self.slots().into_iter().filter(|slot| !outs.contains(&slot.value));
        for (slot, adjoint) in given.zip(adjoints) {
            if let (Some(leaf), Some(seed)) = (slot.leaf, seeds.outs.get(&slot.param)) {
                if self.is_in_whole(&self.lowered.leaves[leaf]) {
                    added.extend(self.set_adjoint(seed, leaf, adjoint));
                    continue;
                }
                parts.push(Self::part(seed, &self.lowered.leaves[leaf]));
                values.push(adjoint.clone());
            }
        }
        let assigned = assigned(&parts, &values);
        quote!(#added #assigned)
    }

    // ---- companions that write into buffers --------------------------------------------------------------------

    /// The parameters for the adjoints of the active parameters, and what checks and clears them.
    pub(super) fn buffers(&self, names: &mut Names) -> Buffers {
        self.buffers_for("gradient", "bar", names)
    }

    /// Buffers for what has the shape of a gradient, under names that end in a word.
    pub(super) fn buffers_for(&self, what: &str, suffix: &str, names: &mut Names) -> Buffers {
        let mut buffers = Buffers::default();
        let (mut clears, mut fills) = (TokenStream::new(), TokenStream::new());
        for k in self.active() {
            let parameter = &self.signature.parameters[k];
            if parameter.output {
                continue;
            }
            let ident = self.named_after(parameter, suffix, names);
            buffers.params.push((ident.clone(), self.buffer_type_of(parameter)));
            match (&parameter.aggregate, self.shape(parameter.ty)) {
                (Some(_), _) => {
                    buffers.checks.extend(self.shape_check(parameter, &quote!(&*#ident), what));
                    let runtime = &self.runtime;
                    clears.extend(quote!(#runtime::private::clear(&mut *#ident);));
                }
                (None, Some(shape)) => {
                    buffers.checks.extend(self.length_check(&parameter.ident, parameter.ty, &ident, what));
                    let zero = zero(shape, &shape.dims[1..]);
                    fills.extend(quote!(#ident.fill(#zero);));
                    buffers.arrays.push(ident.clone());
                }
                (None, None) => {}
            }
            buffers.bars.insert(k, ident);
        }
        // All lengths are checked before anything is written.
        let checks = &buffers.checks;
        buffers.prologue = quote!(#checks #clears #fills);
        buffers.opening = quote!(#checks #clears);
        buffers
    }

    /// The arrays that a pullback writes adjoints into, in the order of what is differentiated in.
    pub(super) fn buffer_arrays(&self, buffers: &Buffers, names: &mut Names, places: &mut Places) -> Vec<Ident> {
        let mut idents = Vec::new();
        for slot in self.slots().into_iter().filter(|slot| self.slot_ty(*slot).is_array()) {
            let Some(bar) = buffers.bars.get(&slot.param) else { continue };
            idents.push(match slot.leaf {
                Some(leaf) => self.stand_in(Self::place(bar, &self.lowered.leaves[leaf], true), names, places),
                None => bar.clone(),
            });
        }
        idents
    }

    /// The parameter that the function returns as a whole.
    fn returned_parameter(&self) -> Option<usize> {
        let array = self.function.body.yields.first()?.value()?;
        let position = self.function.body.params.iter().position(|param| *param == array)?;
        (self.signature.output.form == Form::Whole).then_some(position)
    }

    /// The adjoints of scalars among what a pullback yields, as assignments to their buffers.
    pub(super) fn write_scalars(&self, buffers: &Buffers, adjoints: &[TokenStream]) -> TokenStream {
        let mut tokens = TokenStream::new();
        let outs = self.out_values();
        let given = self.slots().into_iter().filter(|slot| !outs.contains(&slot.value));
        for (slot, adjoint) in given.zip(adjoints) {
            let Some(bar) = buffers.bars.get(&slot.param) else { continue };
            if self.slot_ty(slot).scalar().is_some() {
                tokens.extend(match slot.leaf {
                    Some(leaf) => self.set_adjoint(bar, leaf, adjoint),
                    None => quote!(*#bar = #adjoint;),
                });
            }
        }
        tokens
    }

    fn with_buffers(&self, name: &str, summary: String, gives: Gives, options: Options) -> Companion {
        let mut pullback = self.pullback(options);
        let n = self.output_count();
        let outs = self.drop_outs(&mut pullback);
        if gives == Gives::Derivative {
            // The value is not asked for.
            pullback.function.body.yields[..n].fill(Atom::Bool(true));
        }
        let mut names = self.names();
        let buffers = self.buffers(&mut names);
        let mut prologue = buffers.opening.clone();
        pullback.clear_buffers();
        let mut seeds =
            if options.seeded { self.seeds(&pullback, &buffers.bars, true, &mut names) } else { Seeds::default() };
        if let (Some(array), [seed]) = (self.returned_parameter(), &seeds.idents[..]) {
            // What is returned is a parameter: its adjoints begin as the seed.
            let name = self.signature.parameters[array].ident.clone();
            if let Some(buffer) = buffers.bars.get(&array) {
                let check = self.length_check(&name, self.signature.parameters[array].ty, seed, "seed");
                prologue.extend(quote!(#check #buffer.copy_from_slice(&#seed);));
            }
        }
        let arrays = self.buffer_arrays(&buffers, &mut names, &mut seeds.places);
        let idents: Vec<Ident> = seeds.idents.iter().chain(&arrays).cloned().collect();
        let returns = gives == Gives::Both && self.signature.output.form != Form::Unit;
        let wrap = |atoms: &[TokenStream]| {
            let (writes, returned) =
                (self.write_scalars(&buffers, &atoms[n + outs..]), self.returned_adjoints(&seeds, &atoms[n + outs..]));
            let writes = quote!(#writes #returned);
            match returns {
                true => block(&writes, &self.output_value(&atoms[..n])),
                false if writes.is_empty() => writes,
                false => quote!({ #writes }),
            }
        };
        let mut docs = vec![
            summary,
            "One buffer per active parameter, in its shape; what the buffers hold is overwritten.".to_owned(),
            String::new(),
            "# Panics".to_owned(),
            String::new(),
            "If the length of a buffer is not that of its parameter, and where the function itself does.".to_owned(),
        ];
        let function = self.finished(pullback.function);
        docs = with_allocations(docs, &function);
        let inner = self.body_with(function, &idents, seeds.places.clone(), names, &wrap);
        let (checks, passed) = (&seeds.prologue, &seeds.passed);
        let body = quote!(#checks #prologue #passed #inner);
        let output = self.output().filter(|_| returns);
        let extra = seeds.params.into_iter().chain(buffers.params).collect();
        Companion { name: name.to_owned(), docs, extra, output, body }
    }
}

/// The environment variable that names the function whose representation is printed at expansion.
const DUMP: &str = "DIFF_MACRO_DUMP";

fn is_dumped(name: &str) -> bool {
    std::env::var(DUMP).is_ok_and(|wanted| wanted == name)
}

/// Prints what was decided, if the environment asks for it.
pub(crate) fn tell(name: &str, notes: &[String]) {
    if is_dumped(name) {
        notes.iter().for_each(|note| eprintln!("{name}: {note}"));
    }
}

/// Prints the representation after a pass, if the environment asks for it.
pub(super) fn dump(name: &str, pass: &str, function: &Function) {
    if is_dumped(name) {
        eprintln!("{name}, {pass}:\n{function}\n");
    }
}

/// Says what a companion allocates.
pub(super) fn with_allocations(mut docs: Vec<String>, function: &Finished) -> Vec<String> {
    Allocations::of(&function.0).describe(&mut docs);
    docs
}

pub(super) fn docs(summary: String, formula: Option<String>) -> Vec<String> {
    let mut docs = vec![summary];
    if let Some(formula) = formula {
        docs.push(String::new());
        docs.extend(formula.lines().map(str::to_owned));
    }
    docs
}

pub(super) fn formula_line(function: &Function, index: usize, left: &str) -> Option<String> {
    let mut function = function.clone();
    function.body.yields = vec![function.body.yields[index]];
    cleanup(&mut function);
    formula(&function, 0).map(|right| format!("`{left} = {right}`"))
}

/// Zero in some dimensions of an array, which are fixed.
pub(super) fn zero(shape: &Shape, dims: &[Dim]) -> TokenStream {
    dims.iter().rev().fold(shape.scalar.literal(0.0), |inner, dim| match dim {
        Dim::Fixed(n) => quote!([#inner; #n]),
        Dim::Dynamic => inner,
    })
}

/// Forward mode where a loop would need a tape and few directions are to be carried; else reverse mode.
fn is_forward(function: &Function, inputs: usize) -> bool {
    inputs == 1 || (inputs <= 4 && has_loop(&function.body))
}

fn has_loop(region: &Region) -> bool {
    walk(&region.stmts).any(|stmt| matches!(stmt.op, Op::Loop(_)))
}
