//! Companions: what is generated for a function. Signatures, documentation, attributes and visibility are made here;
//! the bodies come from the passes.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, FnArg, ItemFn, Pat, parse_quote};

use crate::attr::Given;
use crate::call;
use crate::diagnostics::{self, Diagnostics};
use crate::forward::Seed;
use crate::ir::{Function, Scalar, Storage, Value};
use crate::lower::Lowered;
use crate::names::{Names, plain};
use crate::signature::{Aggregate, Form, Parameter, Signature};

mod aggregates;
mod allocations;
mod higher;
mod jacobian;
mod modes;
mod orders;
mod rule;
mod rule_of_arrays;
mod types;

pub(crate) use self::modes::tell;
pub(crate) use orders::{Orders, check_calls, orders};

/// Lints that generated code may trip, with the reason.
const ALLOWED: &[&str] = &[
    // An unused companion is no mistake of the user's.
    "dead_code",
    "non_upper_case_globals",
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
    /// What lowering tells of the structs in it.
    pub(crate) lowered: &'a Lowered,
    pub(crate) runtime: TokenStream,
    pub(crate) partials: bool,
    pub(crate) suffix: bool,
    /// The companions that are asked for; none for all.
    pub(crate) only: Option<&'a [Ident]>,
    pub(crate) orders: Orders,
    /// The user's functions that give the derivative; none where it is made from the body.
    pub(crate) rule: Option<&'a Given>,
    /// A closure in the body outlives the function, and what its mutable references refer to.
    pub(crate) outlives: bool,
}

/// One companion.
struct Companion {
    name: String,
    /// Hidden without any.
    docs: Vec<String>,
    /// The parameters that it has beyond those of the function.
    extra: Vec<(Ident, TokenStream)>,
    /// The type that it returns; none for nothing.
    output: Option<TokenStream>,
    body: TokenStream,
}

/// Which of the value and the derivative a companion gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Derivative,
    Both,
}

impl Plan<'_> {
    /// The items that stand beside the function.
    pub(crate) fn expand(&self) -> TokenStream {
        modes::dump(&plain(&self.item.sig.ident), "after lowering", self.function);
        let mut companions = Vec::new();
        let buffers = self.has_arrays() || self.has_aggregates();
        let single = self.active().len() == 1 && !buffers && self.outs().is_empty();
        let scalar = self.signature.output.form == Form::Scalar;
        if single {
            companions.push(self.derivative(Gives::Derivative));
            companions.push(self.derivative(Gives::Both));
        }
        if scalar {
            companions.push(self.gradient(Gives::Derivative));
            companions.push(self.gradient(Gives::Both));
        }
        if scalar && buffers {
            companions.push(self.gradient_into(Gives::Derivative));
            companions.push(self.gradient_into(Gives::Both));
        }
        companions.push(self.jvp());
        companions.push(self.vjp());
        if buffers {
            companions.push(self.vjp_into());
        }
        companions.extend(self.jacobians());
        if self.partials && scalar {
            let scalars = (0..self.active().len()).filter(|k| self.parameter(*k).ty.scalar().is_some());
            companions.extend(scalars.map(|k| self.partial(k)));
        }
        companions.extend(self.of_higher_order());
        let (companions, errors) = self.chosen(companions);
        let items = self.items(&companions, &self.patterns());
        quote!(#items #errors)
    }

    /// Those companions that option `only` names, and the errors in it.
    fn chosen(&self, companions: Vec<Companion>) -> (Vec<Companion>, TokenStream) {
        let Some(only) = self.only else { return (companions, TokenStream::new()) };
        let mut diagnostics = Diagnostics::default();
        let names: Vec<String> = companions.iter().map(|companion| companion.name.clone()).collect();
        for name in only.iter().filter(|name| !names.contains(&name.to_string())) {
            diagnostics.report(name, diagnostics::unknown_companion(&name.to_string(), &names));
        }
        let is_chosen = |companion: &Companion| only.iter().any(|name| *name == companion.name);
        let (chosen, others): (Vec<Companion>, Vec<Companion>) = companions.into_iter().partition(is_chosen);
        for name in only {
            let body = chosen.iter().find(|companion| *name == companion.name);
            let body = body.map(|companion| plain_text(&companion.body));
            let call = |other: &&Companion| {
                let callee = format!("{}(", plain_text(&self.sibling(&other.name)));
                body.as_ref().is_some_and(|body| body.contains(&callee))
            };
            if let Some(needed) = others.iter().find(call) {
                diagnostics.report(name, diagnostics::needs_companion(&name.to_string(), &needed.name));
            }
        }
        (chosen, diagnostics.into_tokens())
    }

    /// The directions of the Jacobian of what the function returns.
    fn jacobian_directions(&self) -> Option<Vec<Vec<Seed>>> {
        self.directions().filter(|_| matches!(self.signature.output.form, Form::Tuple | Form::Array))
    }

    /// The items for callers: rules of these orders for calls with scalars, and of others for those with arrays.
    pub(crate) fn rules(&self, orders: RangeInclusive<usize>, of_arrays: &RangeInclusive<usize>) -> TokenStream {
        let first = *orders.start() == 1;
        let companions: Vec<Companion> = orders.filter_map(|order| self.partials_rule(order)).collect();
        let of_arrays = self.rules_of_arrays(of_arrays);
        if self.suffix || (companions.is_empty() && of_arrays.is_empty()) {
            return TokenStream::new();
        }
        let singular = first.then(|| self.singular());
        let (name, allowed) = (&self.item.sig.ident, allowed_lints());
        let cfg = self.attributes("cfg");
        let hidden = companions.iter().map(|companion| {
            if self.signature.is_method {
                let ident = call::suffixed(name, &companion.name);
                self.method(&ident, companion, &allowed)
            } else {
                let ident = Ident::new(&companion.name, name.span());
                self.method(&ident, companion, &TokenStream::new())
            }
        });
        if self.signature.is_method {
            return quote!(#singular #(#hidden)* #(#of_arrays)*);
        }
        quote! {
            #(#cfg)*
            #allowed
            impl #name {
                #singular
                #(#hidden)*
                #(#of_arrays)*
            }
        }
    }

    /// The companions, and those that take no arguments.
    fn items(&self, companions: &[Companion], patterns: &[Companion]) -> TokenStream {
        let name = &self.item.sig.ident;
        let allowed = allowed_lints();
        if self.signature.is_method || self.suffix {
            let ident = |companion: &Companion| format_ident!("{}_{}", plain(name), companion.name, span = name.span());
            let methods = companions.iter().map(|companion| self.method(&ident(companion), companion, &allowed));
            let patterns = patterns.iter().map(|pattern| self.constant(&ident(pattern), pattern, &allowed));
            return quote!(#(#methods)* #(#patterns)*);
        }
        let (vis, cfg) = (&self.item.vis, self.attributes("cfg"));
        let methods = companions.iter().map(|companion| {
            let ident = Ident::new(&companion.name, name.span());
            self.method(&ident, companion, &TokenStream::new())
        });
        let patterns = patterns.iter().map(|pattern| {
            let ident = Ident::new(&pattern.name, name.span());
            self.constant(&ident, pattern, &TokenStream::new())
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
                #(#patterns)*
            }
        }
    }

    /// A companion that takes no arguments.
    fn constant(&self, ident: &Ident, companion: &Companion, allowed: &TokenStream) -> TokenStream {
        let Companion { docs, output, body, .. } = companion;
        let vis = &self.item.vis;
        let cfg = if self.signature.is_method || self.suffix { self.attributes("cfg") } else { Vec::new() };
        let docs = docs.iter().map(|line| format!(" {line}"));
        quote! {
            #(#[doc = #docs])*
            #(#cfg)*
            #allowed
            #vis const fn #ident() -> #output {
                #body
            }
        }
    }

    fn method(&self, ident: &Ident, companion: &Companion, allowed: &TokenStream) -> TokenStream {
        let Companion { docs, extra, output, body, .. } = companion;
        let vis = &self.item.vis;
        let generics = self.bounded(self.item.sig.generics.clone(), body);
        let clause = &generics.where_clause;
        let inputs = self.inputs();
        let extra = extra.iter().map(|(name, ty)| quote!(#name: #ty));
        // A rule disappears in its caller, also in one of another crate.
        let inline = match (docs.is_empty(), &self.attributes("inline")[..]) {
            (true, []) => vec![quote!(#[inline])],
            (_, inline) => inline.iter().map(|attr| attr.to_token_stream()).collect(),
        };
        let cfg = if self.signature.is_method || self.suffix { self.attributes("cfg") } else { Vec::new() };
        let hidden = docs.is_empty().then(|| quote!(#[doc(hidden)]));
        let docs = docs.iter().map(|line| format!(" {line}"));
        let params = inputs.into_iter().chain(extra);
        let output = match &self.signature.output.wrapper {
            Some(wrapper) => Some(wrapper.around(&output.clone().unwrap_or_else(|| quote!(())))),
            None => output.clone(),
        };
        let output = output.map(|output| quote!(-> #output));
        let method = quote! {
            #(#[doc = #docs])*
            #hidden
            #(#cfg)*
            #(#inline)*
            #allowed
            #vis fn #ident #generics (#(#params),*) #output #clause {
                #body
            }
        };
        if !allocates(&method) {
            return method;
        }
        // Without an allocator the companion is left out, and the others stay.
        let runtime = &self.runtime;
        quote!(#runtime::private::with_alloc! { #method })
    }

    /// The generics of a companion. Where the body of a companion asks for the operations of structs, and these are of a
    /// generic float, it takes a bound that the function does not need.
    fn bounded(&self, mut generics: syn::Generics, body: &TokenStream) -> syn::Generics {
        if self.signature.scalar != Scalar::Generic || !takes_differentiable(body) {
            return generics;
        }
        let (runtime, float) = (&self.runtime, Scalar::Generic.path(&self.runtime));
        let active = self.signature.parameters.iter().filter(|parameter| parameter.active || parameter.output);
        let structs = active.filter_map(|parameter| parameter.aggregate.as_ref()).filter_map(Aggregate::of_type);
        let types = std::iter::once(parse_quote!(#float)).chain(structs);
        let mut seen = HashSet::new();
        let types: Vec<syn::Type> = types.filter(|ty| seen.insert(ty.to_token_stream().to_string())).collect();
        let bounds = types
            .iter()
            .map(|ty| -> syn::WherePredicate { parse_quote!(#ty: #runtime::Differentiable<Scalar = #float>) });
        generics.make_where_clause().predicates.extend(bounds);
        generics
    }

    /// The parameters of the function, as companions take them.
    fn inputs(&self) -> Vec<TokenStream> {
        let mut parameters = self.signature.parameters.iter().zip(&self.function.body.params);
        // A `Vec` that is moved to a mutable name is changed under its own.
        let changing = self.function.changing();
        let is_moved = |p: &Parameter, value: &Value| {
            changing.contains(value) && self.shape(p.ty).is_some_and(|shape| shape.storage == Storage::Owned)
        };
        self.item
            .sig
            .inputs
            .iter()
            .map(|input| match input {
                FnArg::Receiver(receiver) => {
                    if self.signature.parameters.first().is_some_and(|first| first.ident == "self") {
                        parameters.next();
                    }
                    quote!(#receiver)
                }
                FnArg::Typed(typed) => {
                    let ty = &typed.ty;
                    let attrs = typed.attrs.iter().filter(|attr| !attr.path().is_ident("constant"));
                    let parameter = parameters.next();
                    let keeps_mut = parameter.is_some_and(|(p, value)| {
                        is_moved(p, value) || (p.mutable && (p.ty.scalar().is_none() || !p.active))
                    });
                    let pat = match &*typed.pat {
                        Pat::Ident(pat) => {
                            let ident = &pat.ident;
                            let mutability = keeps_mut.then(|| quote!(mut));
                            quote!(#mutability #ident)
                        }
                        Pat::Wild(_) => quote!(_),
                        // A pattern is bound in the body.
                        pat => parameter.map_or(quote!(#pat), |(parameter, _)| {
                            let ident = &parameter.ident;
                            quote!(#ident)
                        }),
                    };
                    quote!(#(#attrs)* #pat: #ty)
                }
            })
            .collect()
    }

    fn attributes(&self, name: &str) -> Vec<&Attribute> {
        self.item.attrs.iter().filter(|attr| attr.path().is_ident(name)).collect()
    }

    /// How many calls of the function are given arrays that vary.
    pub(crate) fn calls_with_arrays(&self) -> usize {
        orders::calls_with_arrays(self.function, &self.active_values()).len()
    }

    // ---- what is active -----------------------------------------------------------------------------------------

    /// The positions of the active parameters.
    fn active(&self) -> Vec<usize> {
        let parameters = &self.signature.parameters;
        (0..parameters.len()).filter(|k| parameters[*k].active).collect()
    }

    /// The positions of the parameters that the function writes its results into.
    fn outs(&self) -> Vec<usize> {
        let parameters = &self.signature.parameters;
        (0..parameters.len()).filter(|k| parameters[*k].output).collect()
    }

    /// The arrays that the function writes its results into.
    fn out_values(&self) -> Vec<Value> {
        let arrays = |k: usize| match self.signature.parameters[k].aggregate {
            None => vec![self.function.body.params[k]],
            Some(_) => {
                let slots = self.slots_of(k).into_iter();
                slots.filter(|slot| self.slot_ty(*slot).is_array()).map(|slot| slot.value).collect()
            }
        };
        self.outs().into_iter().flat_map(arrays).collect()
    }

    fn active_values(&self) -> Vec<Value> {
        self.slots().into_iter().map(|slot| slot.value).collect()
    }

    /// The `k`-th active parameter.
    fn parameter(&self, k: usize) -> &Parameter {
        &self.signature.parameters[self.active()[k]]
    }

    fn has_arrays(&self) -> bool {
        self.slots().into_iter().any(|slot| self.slot_ty(slot).is_array())
    }

    /// The float types of what is differentiated in, as far as these are scalars.
    fn scalars(&self) -> Vec<Scalar> {
        self.slots().into_iter().filter_map(|slot| self.slot_ty(slot).scalar()).collect()
    }
}

impl Plan<'_> {
    /// The names that are taken in a companion.
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

    /// What another companion of the function is called from one of them.
    fn sibling(&self, name: &str) -> TokenStream {
        let function = &self.item.sig.ident;
        let suffixed = format_ident!("{}_{}", plain(function), name, span = function.span());
        let plain = format_ident!("{}", name, span = function.span());
        match (self.signature.is_method, self.suffix) {
            (true, _) => quote!(Self::#suffixed),
            (false, true) => quote!(#suffixed),
            (false, false) => quote!(Self::#plain),
        }
    }
}

/// Tokens as text without spaces.
fn plain_text(tokens: &TokenStream) -> String {
    tokens.to_string().split_whitespace().collect()
}

fn allowed_lints() -> TokenStream {
    let lints = ALLOWED.iter().filter_map(|lint| syn::parse_str::<syn::Path>(lint).ok());
    quote!(#[allow(#(#lints),*)])
}

/// Whether generated code names what only an allocator provides.
fn allocates(tokens: &TokenStream) -> bool {
    let text = plain_text(tokens);
    ["private::Vec", "private::vec"].iter().any(|name| text.contains(name))
}

/// Whether generated code asks for the operations that structs and nested arrays of floats have as a whole.
fn takes_differentiable(tokens: &TokenStream) -> bool {
    const NAMES: &[&str] = &[
        "::Differentiable::",
        "private::clear(",
        "private::component(",
        "private::same_shape(",
        "private::set_component(",
        "private::write_components(",
        "private::zero_of(",
        "private::zeros_like(",
    ];
    let text = plain_text(tokens);
    NAMES.iter().any(|name| text.contains(name))
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
