//! Companions: what is generated for a function. Signatures, documentation, attributes and visibility are made here;
//! the bodies come from the passes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, FnArg, ItemFn, Pat};

use crate::cleanup::cleanup;
use crate::emit;
use crate::formula::formula;
use crate::forward::{self, Seed};
use crate::ir::{Atom, Dim, Function, Op, Region, Scalar, Shape, Storage, Ty, Value};
use crate::names::{Names, generated, plain};
use crate::reverse;
use crate::signature::{Parameter, Signature};

/// Lints that generated code may trip, with the reason.
const ALLOWED: &[&str] = &[
    // An unused companion is no mistake of the user's.
    "dead_code",
    // A primal that only the value needs is still computed where its effects are the user's.
    "unused_variables",
    "unused_assignments",
    "unused_mut",
    "unused_must_use",
    // The user's statements are repeated verbatim: they are judged where they stand, once.
    "unused_parens",
    "unused_braces",
    "unused_unsafe",
    "deprecated",
    "non_snake_case",
    "let_underscore_drop",
    "unused_qualifications",
    "unused_results",
    "unreachable_code",
    "clippy::all",
    "clippy::pedantic",
    "clippy::nursery",
    "clippy::restriction",
];

/// Everything that the companions of one function are made from.
pub(crate) struct Plan<'a> {
    pub(crate) item: &'a ItemFn,
    pub(crate) signature: &'a Signature,
    pub(crate) function: &'a Function,
    pub(crate) runtime: TokenStream,
    pub(crate) partials: bool,
    pub(crate) suffix: bool,
}

/// The parameters that receive adjoints.
struct Buffers {
    params: Vec<(Ident, TokenStream)>,
    arrays: Vec<Ident>,
    scalars: Vec<Ident>,
    /// Checks the lengths, then clears.
    prologue: TokenStream,
}

/// One companion.
struct Companion {
    name: String,
    docs: Vec<String>,
    /// The parameters that it has beyond those of the function.
    extra: Vec<(Ident, TokenStream)>,
    output: TokenStream,
    body: TokenStream,
}

/// A gradient: the adjoint of the value is one.
const ONE: reverse::Options = reverse::Options { seeded: false, into: false };
const SEEDED: reverse::Options = reverse::Options { seeded: true, into: false };

/// Which of the value and the derivative a companion gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Derivative,
    Both,
}

impl Plan<'_> {
    /// The items that stand beside the function.
    pub(crate) fn expand(&self) -> TokenStream {
        let mut companions = Vec::new();
        let single = self.active().len() == 1 && !self.has_arrays();
        if single {
            companions.push(self.derivative(Gives::Derivative));
            companions.push(self.derivative(Gives::Both));
        }
        companions.push(self.gradient(Gives::Derivative));
        companions.push(self.gradient(Gives::Both));
        if self.has_arrays() {
            companions.push(self.gradient_into(Gives::Derivative));
            companions.push(self.gradient_into(Gives::Both));
        }
        companions.push(self.jvp());
        companions.push(self.vjp());
        if self.has_arrays() {
            companions.push(self.vjp_into());
        }
        if self.partials {
            let scalars = (0..self.active().len()).filter(|k| self.parameter(*k).ty.scalar().is_some());
            companions.extend(scalars.map(|k| self.partial(k)));
        }
        self.items(&companions)
    }

    fn items(&self, companions: &[Companion]) -> TokenStream {
        let name = &self.item.sig.ident;
        let allowed = allowed_lints();
        if self.signature.is_method || self.suffix {
            let methods = companions.iter().map(|companion| {
                let ident = format_ident!("{}_{}", plain(name), companion.name, span = name.span());
                let method = self.method(&ident, companion);
                quote!(#allowed #method)
            });
            return quote!(#(#methods)*);
        }
        let (vis, cfg) = (&self.item.vis, self.attributes("cfg"));
        let methods = companions.iter().map(|companion| {
            let ident = Ident::new(&companion.name, name.span());
            self.method(&ident, companion)
        });
        let docs = format!(" Derivatives of the function [`{0}`](fn@{0}), as associated functions.", plain(name));
        quote! {
            #[doc = #docs]
            #(#cfg)*
            #[allow(non_camel_case_types, dead_code, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
            #vis enum #name {}
            #(#cfg)*
            #allowed
            impl #name {
                #(#methods)*
            }
        }
    }

    fn method(&self, ident: &Ident, companion: &Companion) -> TokenStream {
        let Companion { docs, extra, output, body, .. } = companion;
        let vis = &self.item.vis;
        let generics = &self.item.sig.generics;
        let clause = &self.item.sig.generics.where_clause;
        let inputs = self.inputs();
        let extra = extra.iter().map(|(name, ty)| quote!(#name: #ty));
        let inline = self.attributes("inline");
        let cfg = if self.signature.is_method || self.suffix { self.attributes("cfg") } else { Vec::new() };
        let docs = docs.iter().map(|line| format!(" {line}"));
        let params = inputs.into_iter().chain(extra);
        quote! {
            #(#[doc = #docs])*
            #(#cfg)*
            #(#inline)*
            #vis fn #ident #generics (#(#params),*) -> #output #clause {
                #body
            }
        }
    }

    /// The parameters of the function, as companions take them.
    fn inputs(&self) -> Vec<TokenStream> {
        let mut parameters = self.signature.parameters.iter();
        self.item
            .sig
            .inputs
            .iter()
            .map(|input| match input {
                FnArg::Receiver(receiver) => quote!(#receiver),
                FnArg::Typed(typed) => {
                    let ty = &typed.ty;
                    let attrs = typed.attrs.iter().filter(|attr| !attr.path().is_ident("constant"));
                    let keeps_mut = parameters.next().is_some_and(|p| p.ty.scalar().is_none() && p.mutable);
                    let pat = match &*typed.pat {
                        Pat::Ident(pat) => {
                            let ident = &pat.ident;
                            let mutability = keeps_mut.then(|| quote!(mut));
                            quote!(#mutability #ident)
                        }
                        pat => quote!(#pat),
                    };
                    quote!(#(#attrs)* #pat: #ty)
                }
            })
            .collect()
    }

    fn attributes(&self, name: &str) -> Vec<&Attribute> {
        self.item.attrs.iter().filter(|attr| attr.path().is_ident(name)).collect()
    }

    // ---- what is active -----------------------------------------------------------------------------------------

    /// The positions of the active parameters.
    fn active(&self) -> Vec<usize> {
        let parameters = &self.signature.parameters;
        (0..parameters.len()).filter(|k| parameters[*k].active).collect()
    }

    fn active_values(&self) -> Vec<Value> {
        self.active().into_iter().map(|k| self.function.body.params[k]).collect()
    }

    /// The `k`-th active parameter.
    fn parameter(&self, k: usize) -> &Parameter {
        &self.signature.parameters[self.active()[k]]
    }

    fn has_arrays(&self) -> bool {
        (0..self.active().len()).any(|k| self.parameter(k).ty.is_array())
    }

    /// The float types of the active parameters, if all of them are scalars.
    fn scalars(&self) -> Vec<Scalar> {
        self.active().into_iter().filter_map(|k| self.signature.parameters[k].ty.scalar()).collect()
    }

    fn shape(&self, ty: Ty) -> Option<&Shape> {
        match ty {
            Ty::Array(number) => self.signature.shapes.get(number as usize),
            _ => None,
        }
    }

    /// The type of an adjoint: a float, or an array that is owned.
    fn owned_type(&self, ty: Ty) -> TokenStream {
        match self.shape(ty) {
            Some(shape) => self.array_type(shape, &shape.dims),
            None => self.ty(ty.scalar().unwrap_or(self.signature.output)),
        }
    }

    fn array_type(&self, shape: &Shape, dims: &[Dim]) -> TokenStream {
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
    fn buffer_type(&self, ty: Ty) -> TokenStream {
        let inner = match self.shape(ty) {
            Some(Shape { dims, .. }) if matches!(dims.first(), Some(Dim::Dynamic)) => self.slice_type(ty),
            _ => self.owned_type(ty),
        };
        quote!(&mut #inner)
    }

    fn slice_type(&self, ty: Ty) -> TokenStream {
        match self.shape(ty) {
            Some(shape) => {
                let inner = self.array_type(shape, &shape.dims[1..]);
                quote!([#inner])
            }
            None => self.owned_type(ty),
        }
    }

    /// The type of a tangent, which is passed as its parameter is.
    fn tangent_type(&self, ty: Ty) -> TokenStream {
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

    fn name_of(&self, k: usize) -> String {
        plain(&self.signature.parameters[self.active()[k]].ident)
    }

    fn ty(&self, scalar: Scalar) -> TokenStream {
        let runtime = &self.runtime;
        let name = Ident::new(scalar.name(), Span::call_site());
        quote!(#runtime::private::#name)
    }

    fn output(&self) -> TokenStream {
        self.ty(self.signature.output)
    }

    /// Whether the gradient is an array of scalars.
    fn is_vector(&self) -> bool {
        let scalars = self.scalars();
        !self.has_arrays() && scalars.len() > 1 && scalars.iter().all(|scalar| *scalar == scalars[0])
    }

    /// The type of a gradient: that of the only parameter, an array of scalars of one type, or a tuple.
    fn gradient_type(&self) -> TokenStream {
        let types: Vec<TokenStream> = (0..self.active().len()).map(|k| self.owned_type(self.parameter(k).ty)).collect();
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
    fn gradient_value(&self, components: &[TokenStream]) -> TokenStream {
        match components {
            [component] => component.clone(),
            components if self.is_vector() => quote!([#(#components),*]),
            components => quote!((#(#components),*)),
        }
    }

    // ---- bodies -------------------------------------------------------------------------------------------------

    fn names(&self) -> Names {
        let mut names = Names::default();
        let item = self.item;
        names.reserve_tokens(quote!(#item));
        for parameter in &self.signature.parameters {
            names.take(parameter.ident.to_string());
        }
        for name in free_names(item) {
            names.take(name);
        }
        names
    }

    /// The tokens of a body whose parameters are those of the function and `extra`.
    fn body(
        &self,
        mut function: Function,
        extra: &[Ident],
        names: Names,
        wrap: &dyn Fn(&[TokenStream]) -> TokenStream,
    ) -> TokenStream {
        cleanup(&mut function);
        let params: Vec<Ident> = self
            .signature
            .parameters
            .iter()
            .map(|parameter| parameter.ident.clone())
            .chain(extra.iter().cloned())
            .collect();
        emit::emit(&function, &params, &self.runtime, names, wrap)
    }

    fn seed_params(&self, function: &Function, seeds: &[Value], names: &mut Names) -> Vec<(Ident, TokenStream)> {
        seeds
            .iter()
            .map(|seed| {
                let info = &function.values[seed.0 as usize];
                let (wish, span) = match &info.hint {
                    Some(hint) => (hint.name.to_string(), hint.span),
                    None => ("seed".to_owned(), Span::call_site()),
                };
                let ident = generated(&names.fresh(&wish, false), span);
                (ident, self.tangent_type(self.declared(info.ty)))
            })
            .collect()
    }

    /// The type that a parameter was declared with: tangents of arrays have the borrowed variant of it.
    fn declared(&self, ty: Ty) -> Ty {
        match ty {
            Ty::Array(number) => Ty::Array(number / 3 * 3),
            other => other,
        }
    }

    /// Forward mode in the direction of each active parameter.
    fn forward_gradient(&self) -> Function {
        let active = self.active_values();
        let seeds: Vec<Vec<Seed>> = (0..active.len())
            .map(|d| (0..active.len()).map(|k| if k == d { Seed::One } else { Seed::Zero }).collect())
            .collect();
        forward::jvp(self.function, &active, &seeds, self.signature.output).function
    }

    fn derivative(&self, gives: Gives) -> Companion {
        let mut function = self.forward_gradient();
        let x = self.name_of(0);
        let f = plain(&self.item.sig.ident);
        let formula = formula_line(&function, 1, &format!("d{f}/d{x}"));
        let (name, summary) = match gives {
            Gives::Derivative => {
                function.body.yields.remove(0);
                ("derivative", format!("The derivative of [`{f}`](fn@{f}) with respect to `{x}`."))
            }
            Gives::Both => (
                "value_and_derivative",
                format!(
                    "The value of [`{f}`](fn@{f}) and its derivative with respect to `{x}`, the value computed once."
                ),
            ),
        };
        let body = self.body(function, &[], self.names(), &|atoms| tuple(atoms));
        let (value, derivative) = (self.output(), self.output());
        let output = if gives == Gives::Both { quote!((#value, #derivative)) } else { derivative };
        Companion { name: name.to_owned(), docs: self.docs(summary, formula), extra: Vec::new(), output, body }
    }

    /// Forward mode where a loop would need a tape and few directions are to be carried; else reverse mode.
    fn gradient_function(&self) -> Function {
        let active = self.active_values();
        // Forward mode gives tangents of the output's type: it will do where that is the type of the parameters.
        let one_type = !self.has_arrays() && self.scalars().iter().all(|scalar| *scalar == self.signature.output);
        if one_type && (active.len() == 1 || (active.len() <= 4 && has_loop(&self.function.body))) {
            self.forward_gradient()
        } else {
            reverse::vjp(self.function, &active, ONE, self.signature.output).function
        }
    }

    fn gradient(&self, gives: Gives) -> Companion {
        let mut function = self.gradient_function();
        let f = plain(&self.item.sig.ident);
        let formulas: Vec<String> = (0..self.active().len())
            .filter_map(|k| formula_line(&function, k + 1, &format!("d{f}/d{}", self.name_of(k))))
            .collect();
        let formula = (formulas.len() == self.active().len()).then(|| formulas.join("\n\n"));
        let list = (0..self.active().len()).map(|k| format!("`{}`", self.name_of(k))).collect::<Vec<_>>().join(", ");
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
        let docs = self.with_allocations(self.docs(summary, formula), &function);
        let wrap = |atoms: &[TokenStream]| match gives {
            Gives::Derivative => self.gradient_value(atoms),
            Gives::Both => {
                let (value, gradient) = (&atoms[0], self.gradient_value(&atoms[1..]));
                quote!((#value, #gradient))
            }
        };
        let body = self.body(function, &[], self.names(), &wrap);
        let gradient = self.gradient_type();
        let value = self.output();
        let output = if gives == Gives::Both { quote!((#value, #gradient)) } else { gradient };
        Companion { name: name.to_owned(), docs, extra: Vec::new(), output, body }
    }

    fn jvp(&self) -> Companion {
        let active = self.active_values();
        let seeds = vec![vec![Seed::Param; active.len()]];
        let pushforward = forward::jvp(self.function, &active, &seeds, self.signature.output);
        let mut names = self.names();
        let extra = self.seed_params(&pushforward.function, &pushforward.seeds, &mut names);
        let idents: Vec<Ident> = extra.iter().map(|(ident, _)| ident.clone()).collect();
        let body = self.body(pushforward.function, &idents, names, &|atoms| tuple(atoms));
        let f = plain(&self.item.sig.ident);
        let docs = vec![
            format!("The value of [`{f}`](fn@{f}) and its directional derivative (JVP, pushforward):"),
            "the Jacobian times the given tangents, one per active parameter.".to_owned(),
        ];
        let output = self.output();
        Companion { name: "jvp".to_owned(), docs, extra, output: quote!((#output, #output)), body }
    }

    fn vjp(&self) -> Companion {
        let active = self.active_values();
        let pullback = reverse::vjp(self.function, &active, SEEDED, self.signature.output);
        let mut names = self.names();
        let extra = self.seed_params(&pullback.function, &pullback.seeds, &mut names);
        let idents: Vec<Ident> = extra.iter().map(|(ident, _)| ident.clone()).collect();
        let wrap = |atoms: &[TokenStream]| {
            let (value, gradient) = (&atoms[0], self.gradient_value(&atoms[1..]));
            quote!((#value, #gradient))
        };
        let f = plain(&self.item.sig.ident);
        let docs = vec![
            format!("The value of [`{f}`](fn@{f}) and the adjoints of its active parameters (VJP, pullback):"),
            "the given seed, the adjoint of the value, times the Jacobian.".to_owned(),
        ];
        let docs = self.with_allocations(docs, &pullback.function);
        let body = self.body(pullback.function, &idents, names, &wrap);
        let (value, gradient) = (self.output(), self.gradient_type());
        Companion { name: "vjp".to_owned(), docs, extra, output: quote!((#value, #gradient)), body }
    }

    /// The parameters for the adjoints of the active parameters, and what checks and clears them.
    fn buffers(&self, pullback: &reverse::Pullback, names: &mut Names) -> Buffers {
        let mut buffers = Buffers { params: Vec::new(), arrays: Vec::new(), scalars: Vec::new(), prologue: quote!() };
        for k in 0..self.active().len() {
            let parameter = self.parameter(k);
            let ident =
                generated(&names.fresh(&format!("{}_bar", plain(&parameter.ident)), false), parameter.ident.span());
            buffers.params.push((ident.clone(), self.buffer_type(parameter.ty)));
            match self.shape(parameter.ty) {
                Some(shape) => {
                    let primal = &parameter.ident;
                    if matches!(shape.dims.first(), Some(Dim::Dynamic)) {
                        let message =
                            format!("the buffer for the gradient in `{0}` must be as long as `{0}`", plain(primal));
                        buffers.prologue.extend(quote!(::core::assert_eq!(#ident.len(), #primal.len(), #message);));
                    }
                    let zero = zero(&shape.dims[1..]);
                    buffers.prologue.extend(quote!(#ident.fill(#zero);));
                    buffers.arrays.push(ident);
                }
                None => buffers.scalars.push(ident),
            }
        }
        debug_assert_eq!(buffers.arrays.len(), pullback.buffers.len());
        buffers
    }

    /// The adjoints of scalars among what a pullback yields, as assignments to their buffers.
    fn write_scalars(&self, buffers: &Buffers, adjoints: &[TokenStream]) -> TokenStream {
        let mut idents = buffers.scalars.iter();
        let mut tokens = TokenStream::new();
        for (k, adjoint) in adjoints.iter().enumerate() {
            if self.parameter(k).ty.scalar().is_some() {
                let ident = idents.next();
                tokens.extend(quote!(*#ident = #adjoint;));
            }
        }
        tokens
    }

    fn into_companion(&self, name: &str, docs: Vec<String>, gives: Gives, options: reverse::Options) -> Companion {
        let mut pullback = reverse::vjp(self.function, &self.active_values(), options, self.signature.output);
        if gives == Gives::Derivative {
            pullback.function.body.yields[0] = Atom::Bool(true);
        }
        let mut names = self.names();
        let seeds = self.seed_params(&pullback.function, &pullback.seeds, &mut names);
        let buffers = self.buffers(&pullback, &mut names);
        let idents: Vec<Ident> =
            seeds.iter().map(|(ident, _)| ident.clone()).chain(buffers.arrays.iter().cloned()).collect();
        let wrap = |atoms: &[TokenStream]| {
            let writes = self.write_scalars(&buffers, &atoms[1..]);
            match gives {
                Gives::Both if writes.is_empty() => atoms[0].clone(),
                Gives::Both => {
                    let value = &atoms[0];
                    quote!({ #writes #value })
                }
                Gives::Derivative => quote!({ #writes }),
            }
        };
        let docs = self.with_allocations(docs, &pullback.function);
        let inner = self.body(pullback.function, &idents, names, &wrap);
        let prologue = &buffers.prologue;
        let body = quote!(#prologue #inner);
        let output = if gives == Gives::Both { self.output() } else { quote!(()) };
        let extra = seeds.into_iter().chain(buffers.params).collect();
        Companion { name: name.to_owned(), docs, extra, output, body }
    }

    fn gradient_into(&self, gives: Gives) -> Companion {
        let f = plain(&self.item.sig.ident);
        let mut docs = match gives {
            Gives::Derivative => vec![format!("Writes the gradient of [`{f}`](fn@{f}) into the buffers.")],
            Gives::Both => vec![format!("The value of [`{f}`](fn@{f}); writes the gradient into the buffers.")],
        };
        docs.extend(self.buffer_docs());
        let name = if gives == Gives::Both { "value_and_gradient_into" } else { "gradient_into" };
        self.into_companion(name, docs, gives, reverse::Options { seeded: false, into: true })
    }

    fn vjp_into(&self) -> Companion {
        let f = plain(&self.item.sig.ident);
        let mut docs = vec![format!(
            "The value of [`{f}`](fn@{f}); writes the seed times the Jacobian (VJP, pullback) into the buffers."
        )];
        docs.extend(self.buffer_docs());
        self.into_companion("vjp_into", docs, Gives::Both, reverse::Options { seeded: true, into: true })
    }

    fn buffer_docs(&self) -> Vec<String> {
        vec![
            "One buffer per active parameter, in its shape; what the buffers hold is overwritten.".to_owned(),
            String::new(),
            "# Panics".to_owned(),
            String::new(),
            "If the length of a buffer is not that of its parameter, and where the function itself does.".to_owned(),
        ]
    }

    /// Says that a companion allocates, where it does.
    fn with_allocations(&self, mut docs: Vec<String>, function: &Function) -> Vec<String> {
        if has_tape(&function.body) {
            docs.push(String::new());
            docs.push("Allocates: the iterations of a loop are recorded on a tape.".to_owned());
        }
        docs
    }

    fn partial(&self, k: usize) -> Companion {
        let active = vec![self.active_values()[k]];
        let mut function = forward::jvp(self.function, &active, &[vec![Seed::One]], self.signature.output).function;
        let (f, x) = (plain(&self.item.sig.ident), self.name_of(k));
        let formula = formula_line(&function, 1, &format!("d{f}/d{x}"));
        function.body.yields.remove(0);
        let body = self.body(function, &[], self.names(), &|atoms| tuple(atoms));
        let summary = format!("The partial derivative of [`{f}`](fn@{f}) with respect to `{x}`.");
        let output = self.output();
        Companion { name: format!("partial_{x}"), docs: self.docs(summary, formula), extra: Vec::new(), output, body }
    }

    fn docs(&self, summary: String, formula: Option<String>) -> Vec<String> {
        let mut docs = vec![summary];
        if let Some(formula) = formula {
            docs.push(String::new());
            docs.extend(formula.lines().map(str::to_owned));
        }
        docs
    }
}

fn formula_line(function: &Function, index: usize, left: &str) -> Option<String> {
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

fn tuple(atoms: &[TokenStream]) -> TokenStream {
    match atoms {
        [atom] => atom.clone(),
        atoms => quote!((#(#atoms),*)),
    }
}

fn allowed_lints() -> TokenStream {
    let lints = ALLOWED.iter().filter_map(|lint| syn::parse_str::<syn::Path>(lint).ok());
    quote!(#[allow(#(#lints),*)])
}

fn has_loop(region: &Region) -> bool {
    region.stmts.iter().any(|stmt| matches!(stmt.op, Op::Loop(_)) || stmt.op.regions().into_iter().any(has_loop))
}

fn has_tape(region: &Region) -> bool {
    region.stmts.iter().any(|stmt| matches!(stmt.op, Op::NewTape(_)) || stmt.op.regions().into_iter().any(has_tape))
}

/// Names that the body uses without declaring them: functions and constants, which no variable may hide.
fn free_names(item: &ItemFn) -> Vec<String> {
    let mentioned = crate::fence::mentions_in_stmt(&syn::Stmt::Expr(
        syn::Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block: (*item.block).clone() }),
        None,
    ));
    struct Bound(std::collections::HashSet<String>);
    impl<'a> syn::visit::Visit<'a> for Bound {
        fn visit_pat_ident(&mut self, pat: &'a syn::PatIdent) {
            self.0.insert(pat.ident.to_string());
            syn::visit::visit_pat_ident(self, pat);
        }
    }
    let mut bound = Bound(std::collections::HashSet::new());
    syn::visit::Visit::visit_item_fn(&mut bound, item);
    mentioned.into_iter().filter(|name| !bound.0.contains(name)).collect()
}
