//! The companions one by one: for each the pass that makes its body, its parameters, and its documentation.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::second::units;
use super::{Companion, Gives, Plan};
use crate::attr::Given;
use crate::cleanup::cleanup;
use crate::emit;
use crate::formula::formula;
use crate::forward::{self, Pushforward, Seed};
use crate::ir::{Atom, Dim, Function, Op, Region, Storage, Ty, Value};
use crate::names::{Names, generated, plain};
use crate::reverse::{self, Options, Pullback};
use crate::signature::Form;
use crate::windows::windows;

/// A gradient: the adjoint of the value is one.
const ONE: Options = Options { seeded: false, into: false };
const SEEDED: Options = Options { seeded: true, into: false };
pub(super) const SEEDED_INTO: Options = Options { seeded: true, into: true };

/// The parameters that receive adjoints.
pub(super) struct Buffers {
    pub(super) params: Vec<(Ident, TokenStream)>,
    pub(super) arrays: Vec<Ident>,
    scalars: Vec<Ident>,
    /// Checks the lengths.
    pub(super) checks: TokenStream,
    /// Checks the lengths, then clears.
    pub(super) prologue: TokenStream,
}

/// The seeds of a pullback.
struct Seeds {
    params: Vec<(Ident, TokenStream)>,
    /// The variables that hold them, in the order of the pullback's parameters.
    idents: Vec<Ident>,
    /// Checks their lengths, takes them apart.
    prologue: TokenStream,
}

impl Plan<'_> {
    // ---- bodies -------------------------------------------------------------------------------------------------

    /// The tokens of a body whose parameters are those of the function and `extra`.
    pub(super) fn body(
        &self,
        mut function: Function,
        extra: &[Ident],
        names: Names,
        wrap: &dyn Fn(&[TokenStream]) -> TokenStream,
    ) -> TokenStream {
        cleanup(&mut function);
        self.tell(&windows(&mut function));
        cleanup(&mut function);
        dump(&self.name(), "ready for emission", &function);
        let own = self.signature.parameters.iter().map(|parameter| parameter.ident.clone());
        let params: Vec<Ident> = own.chain(extra.iter().cloned()).collect();
        let Some(wrapper) = &self.signature.output.wrapper else {
            return emit::emit(&function, &params, &self.runtime, names, wrap);
        };
        let wrap = |atoms: &[TokenStream]| wrapper.wrap(&wrap(atoms));
        emit::emit(&function, &params, &self.runtime, names, &wrap)
    }

    pub(super) fn pushforward(&self, seeds: &[Vec<Seed>]) -> Pushforward {
        let pushforward =
            forward::jvp(self.function, &self.active_values(), &self.out_values(), seeds, self.signature.scalar);
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
        self.pushforward(&units(self.active().len())).function
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
                function.body.yields.drain(..n);
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
            Gives::Derivative => self.output_value(atoms),
            Gives::Both => {
                let (value, derivative) = (self.output_value(&atoms[..n]), self.output_value(&atoms[n..]));
                quote!((#value, #derivative))
            }
        };
        let body = self.body(function, &[], self.names(), &wrap);
        let output = self.output().map(|ty| Self::given(gives, &ty, &ty));
        Companion { name: name.to_owned(), docs: docs(summary, formula), extra: Vec::new(), output, body }
    }

    pub(super) fn partial(&self, k: usize) -> Companion {
        let active = vec![self.active_values()[k]];
        let mut function =
            forward::jvp(self.function, &active, &[], &[vec![Seed::One]], self.signature.scalar).function;
        let (f, x) = (self.name(), self.name_of(k));
        let formula = formula_line(&function, 1, &format!("d{f}/d{x}"));
        function.body.yields.remove(0);
        let body = self.body(function, &[], self.names(), &|atoms| atoms[0].clone());
        let summary = format!("The partial derivative of [`{f}`](fn@{f}) with respect to `{x}`.");
        let output = self.output();
        Companion { name: format!("partial_{x}"), docs: docs(summary, formula), extra: Vec::new(), output, body }
    }

    // ---- gradients ----------------------------------------------------------------------------------------------

    /// The gradient of the function itself.
    pub(super) fn gradient_function(&self) -> Function {
        let n = self.active().len();
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
        let (f, n) = (self.name(), self.active().len());
        let formulas: Vec<String> =
            (0..n).filter_map(|k| formula_line(&function, k + 1, &format!("d{f}/d{}", self.name_of(k)))).collect();
        let formula = (formulas.len() == n).then(|| formulas.join("\n\n"));
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
        let docs = with_allocations(docs(summary, formula), &function);
        let wrap = |atoms: &[TokenStream]| match gives {
            Gives::Derivative => self.gradient_value(atoms),
            Gives::Both => {
                let (value, gradient) = (&atoms[0], self.gradient_value(&atoms[1..]));
                quote!((#value, #gradient))
            }
        };
        let body = self.body(function, &[], self.names(), &wrap);
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
        let of_parameter = |k: usize| if in_place(self.parameter(k).ty) { Seed::InPlace } else { Seed::Param };
        let pushforward = self.pushforward(&[(0..self.active().len()).map(of_parameter).collect()]);
        let mut names = self.names();
        let function = &pushforward.function;
        let extra: Vec<(Ident, TokenStream)> = pushforward
            .seeds
            .iter()
            .map(|seed| {
                let info = &function.values[seed.0 as usize];
                let ident = self.extra_ident(function, *seed, &mut names);
                let declared = declared(info.ty);
                let ty = if in_place(declared) { self.buffer_type(declared) } else { self.tangent_type(declared) };
                (ident, ty)
            })
            .collect();
        let idents: Vec<Ident> = extra.iter().map(|(ident, _)| ident.clone()).collect();
        let (f, n) = (self.name(), self.output_count());
        let wrap = |atoms: &[TokenStream]| match self.signature.output.form {
            Form::Unit => quote!(),
            _ => {
                let (value, tangent) = (self.output_value(&atoms[..n]), self.output_value(&atoms[n..]));
                quote!((#value, #tangent))
            }
        };
        // One companion asks rustc for all of them.
        let guards = &self.function.guards;
        let mut prologue = self.callee_checks();
        prologue.extend(self.tangent_checks(&extra));
        let inner = match self.rule {
            Some(Given::Products { jvp: Some(jvp), .. }) => self.given_product(jvp, &idents),
            _ => self.body(pushforward.function, &idents, names, &wrap),
        };
        let docs = match self.signature.output.form {
            Form::Unit => vec![
                format!("Runs [`{f}`](fn@{f}), and writes its directional derivative (JVP, pushforward), the Jacobian"),
                "times the given tangents, into the tangents of its outputs.".to_owned(),
            ],
            _ => vec![
                format!("The value of [`{f}`](fn@{f}) and its directional derivative (JVP, pushforward):"),
                "the Jacobian times the given tangents, one per active parameter.".to_owned(),
            ],
        };
        let output = self.output().map(|output| quote!((#output, #output)));
        Companion { name: "jvp".to_owned(), docs, extra, output, body: quote!(#(#guards)* #prologue #inner) }
    }

    /// Tangents of slices must be as long as what they belong to.
    pub(super) fn tangent_checks(&self, extra: &[(Ident, TokenStream)]) -> TokenStream {
        let mut checks = TokenStream::new();
        let owners = self.signature.parameters.iter().filter(|parameter| parameter.active || parameter.output);
        for (parameter, (tangent, _)) in owners.zip(extra) {
            checks.extend(self.length_check(&parameter.ident, parameter.ty, tangent, "tangent"));
        }
        checks
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
        let pullback = self.pullback(SEEDED);
        let mut names = self.names();
        let seeds = self.seeds(&pullback, &mut names);
        let (f, n) = (self.name(), self.output_count());
        let wrap = |atoms: &[TokenStream]| {
            let gradient = self.gradient_value(&atoms[n..]);
            match self.signature.output.form {
                Form::Unit => gradient,
                _ => {
                    let value = self.output_value(&atoms[..n]);
                    quote!((#value, #gradient))
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
        let docs = with_allocations(docs, &pullback.function);
        let inner = match self.rule {
            Some(Given::Products { vjp: Some(vjp), .. }) => self.given_product(vjp, &seeds.idents),
            _ => self.body(pullback.function, &seeds.idents, names, &wrap),
        };
        let gradient = self.gradient_type();
        let output = match self.output() {
            Some(value) => quote!((#value, #gradient)),
            None => gradient,
        };
        let prologue = seeds.prologue;
        let body = quote!(#prologue #inner);
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

    fn seeds(&self, pullback: &Pullback, names: &mut Names) -> Seeds {
        let function = &pullback.function;
        let mut seeds = Seeds { params: Vec::new(), idents: Vec::new(), prologue: quote!() };
        for seed in &pullback.seeds {
            seeds.idents.push(self.extra_ident(function, *seed, names));
        }
        match (self.output(), &seeds.idents[..]) {
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
        for (k, seed) in self.outs().iter().zip(&pullback.out_seeds) {
            let parameter = &self.signature.parameters[*k];
            let ident = self.extra_ident(function, *seed, names);
            seeds.prologue.extend(self.length_check(&parameter.ident, parameter.ty, &ident, "seed"));
            seeds.params.push((ident.clone(), self.buffer_type(parameter.ty)));
            seeds.idents.push(ident);
        }
        seeds
    }

    // ---- companions that write into buffers --------------------------------------------------------------------

    /// The parameters for the adjoints of the active parameters, and what checks and clears them.
    pub(super) fn buffers(&self, names: &mut Names) -> Buffers {
        self.buffers_for("gradient", "bar", names)
    }

    /// Buffers for what has the shape of a gradient, under names that end in a word.
    pub(super) fn buffers_for(&self, what: &str, suffix: &str, names: &mut Names) -> Buffers {
        let mut buffers = Buffers {
            params: Vec::new(),
            arrays: Vec::new(),
            scalars: Vec::new(),
            checks: quote!(),
            prologue: quote!(),
        };
        let active = (0..self.active().len()).map(|k| self.parameter(k)).filter(|parameter| !parameter.output);
        let mut clears = TokenStream::new();
        for parameter in active {
            let wish = format!("{}_{suffix}", plain(&parameter.ident));
            let ident = generated(&names.fresh(&wish, false), parameter.ident.span());
            buffers.params.push((ident.clone(), self.buffer_type(parameter.ty)));
            match self.shape(parameter.ty) {
                Some(shape) => {
                    buffers.checks.extend(self.length_check(&parameter.ident, parameter.ty, &ident, what));
                    let zero = zero(&shape.dims[1..]);
                    clears.extend(quote!(#ident.fill(#zero);));
                    buffers.arrays.push(ident);
                }
                None => buffers.scalars.push(ident),
            }
        }
        // All lengths are checked before anything is written.
        let checks = &buffers.checks;
        buffers.prologue = quote!(#checks #clears);
        buffers
    }

    /// The parameter that the function returns as a whole.
    fn returned_parameter(&self) -> Option<usize> {
        let array = self.function.body.yields.first()?.value()?;
        let position = self.function.body.params.iter().position(|param| *param == array)?;
        (self.signature.output.form == Form::Whole).then_some(position)
    }

    /// The adjoints of scalars among what a pullback yields, as assignments to their buffers.
    pub(super) fn write_scalars(&self, buffers: &Buffers, adjoints: &[TokenStream]) -> TokenStream {
        let mut idents = buffers.scalars.iter();
        let mut tokens = TokenStream::new();
        let active = (0..self.active().len()).map(|k| self.parameter(k)).filter(|parameter| !parameter.output);
        for (parameter, adjoint) in active.zip(adjoints) {
            if parameter.ty.scalar().is_some() {
                let ident = idents.next();
                tokens.extend(quote!(*#ident = #adjoint;));
            }
        }
        tokens
    }

    fn with_buffers(&self, name: &str, summary: String, gives: Gives, options: Options) -> Companion {
        let mut pullback = self.pullback(options);
        let n = self.output_count();
        if gives == Gives::Derivative {
            // The value is not asked for.
            pullback.function.body.yields[..n].fill(Atom::Bool(true));
        }
        let mut names = self.names();
        let seeds = if options.seeded {
            self.seeds(&pullback, &mut names)
        } else {
            Seeds { params: Vec::new(), idents: Vec::new(), prologue: quote!() }
        };
        let mut buffers = self.buffers(&mut names);
        if let (Some(array), [seed]) = (self.returned_parameter(), &seeds.idents[..]) {
            // What is returned is a parameter: its adjoints begin as the seed.
            let name = self.signature.parameters[array].ident.clone();
            let position =
                self.active().iter().filter(|k| self.signature.parameters[**k].ty.is_array()).position(|k| *k == array);
            if let Some(buffer) = position.and_then(|position| buffers.arrays.get(position)) {
                let check = self.length_check(&name, self.signature.parameters[array].ty, seed, "seed");
                buffers.prologue.extend(quote!(#check #buffer.copy_from_slice(&#seed);));
            }
        }
        let idents: Vec<Ident> = seeds.idents.iter().chain(&buffers.arrays).cloned().collect();
        let returns = gives == Gives::Both && self.signature.output.form != Form::Unit;
        let wrap = |atoms: &[TokenStream]| {
            let writes = self.write_scalars(&buffers, &atoms[n..]);
            match returns {
                true if writes.is_empty() => self.output_value(&atoms[..n]),
                true => {
                    let value = self.output_value(&atoms[..n]);
                    quote!({ #writes #value })
                }
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
        docs = with_allocations(docs, &pullback.function);
        let inner = self.body(pullback.function, &idents, names, &wrap);
        let (checks, prologue) = (&seeds.prologue, &buffers.prologue);
        let body = quote!(#checks #prologue #inner);
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

/// The type that a parameter was declared with: tangents of arrays have another variant of it.
fn declared(ty: Ty) -> Ty {
    match ty {
        Ty::Array(number) => Ty::Array(number / 3 * 3),
        other => other,
    }
}

/// Says that a companion allocates, where it does.
pub(super) fn with_allocations(mut docs: Vec<String>, function: &Function) -> Vec<String> {
    if has_tape(&function.body) {
        docs.push(String::new());
        docs.push("Allocates: the iterations of a loop are recorded on a tape.".to_owned());
    }
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

/// Zero in the inner dimensions of an array, which are fixed.
fn zero(dims: &[Dim]) -> TokenStream {
    dims.iter().rev().fold(quote!(0.0), |inner, dim| match dim {
        Dim::Fixed(n) => quote!([#inner; #n]),
        Dim::Dynamic => inner,
    })
}

/// Forward mode where a loop would need a tape and few directions are to be carried; else reverse mode.
fn is_forward(function: &Function, inputs: usize) -> bool {
    inputs == 1 || (inputs <= 4 && has_loop(&function.body))
}

fn has_loop(region: &Region) -> bool {
    region.stmts.iter().any(|stmt| matches!(stmt.op, Op::Loop(_)) || stmt.op.regions().into_iter().any(has_loop))
}

fn has_tape(region: &Region) -> bool {
    region.stmts.iter().any(|stmt| {
        matches!(stmt.op, Op::NewTape(_) | Op::NewBuffer(_, _, false)) || stmt.op.regions().into_iter().any(has_tape)
    })
}
