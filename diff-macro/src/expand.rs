//! The whole of the macro, as a function of token streams: the attribute and the item go in, the item and its
//! companions, or the item and its errors, come out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Item, ItemFn, TraitItemFn, parse_quote};

use crate::attr;
use crate::companion::{self, Plan};
use crate::counters::follow_counters;
use crate::custom;
use crate::diagnostics::{self, Diagnostics};
use crate::generic;
use crate::ir::{Scalar, Storage};
use crate::lower::{self, Lowered, Param, Source};
use crate::names;
use crate::resolve;
use crate::signature;

/// Expands `#[derivative(options)] item`. Never panics: an item in error comes back with its errors beside it, so that
/// the rest of the user's code is still checked.
pub(crate) fn derivative(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = attr::parse(options, &mut diagnostics);
    let mut function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            report_item(&item, &error, &mut diagnostics);
            let errors = diagnostics.into_tokens();
            return quote!(#item #errors);
        }
    };
    let floats = generic::parameters(&function, &options);
    let float = floats.first();
    if let Some(marked) = float.and_then(|float| syn::parse2(generic::mark(item.clone(), float)).ok()) {
        function = marked;
    }
    for other in floats.iter().skip(1) {
        diagnostics.report(other, diagnostics::two_generic_floats(&floats[0].to_string(), &other.to_string()));
    }
    // A defect of ours must not take the user's function away: what was found until then is reported with it.
    let companions = catch_unwind(AssertUnwindSafe(|| {
        signature::read(&function, &options, &mut diagnostics)
            .and_then(|signature| companions(&function, &options, &signature, &mut diagnostics))
    }))
    .unwrap_or_else(|_| {
        diagnostics.report(&function.sig.ident, diagnostics::INTERNAL);
        None
    });
    let original = strip(item);
    let generated = diagnostics.into_tokens();
    let generated = quote!(#companions #generated);
    let generated = match float {
        Some(float) => generic::restore(generated, float),
        None => generated,
    };
    // A function of which only the derivatives are called is in use, though rustc cannot know that.
    quote!(#[allow(dead_code)] #original #generated)
}

/// The companions. In the presence of errors they have the right signatures and no meaning, so that the code that
/// calls them is not in error as well.
fn companions(
    item: &ItemFn,
    options: &attr::Options,
    signature: &signature::Signature,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let runtime = options.runtime();
    let orders = companion::orders(item, options, signature, diagnostics);
    if let Some(rule) = &options.rule {
        return custom_companions(item, options, signature, orders, rule, diagnostics);
    }
    let mut lowered = lower_body(&item.block, signature, &runtime, diagnostics);
    companion::check_calls(item, signature, &lowered, orders, diagnostics);
    if !diagnostics.is_empty() {
        // A struct that is returned is made of fields that only the body shows.
        if !signature.certain || signature.output.form == signature::Form::Aggregate {
            return None;
        }
        lowered = lower_body(&stub(signature), signature, &runtime, &mut Diagnostics::default());
    }
    companion::tell(&names::plain(&item.sig.ident), &follow_counters(&mut lowered.function));
    let (partials, suffix, only) = (options.partials, options.suffix, options.only.as_deref());
    let plan = Plan {
        item,
        signature,
        function: &lowered.function,
        lowered: &lowered,
        runtime,
        partials,
        suffix,
        only,
        orders,
        rule: None,
        outlives: false,
    };
    let companions = plan.expand();
    // Only the companions that are asked for have a place in the implementation of a trait.
    let rules = if only.is_some() { quote!() } else { rules(&plan) };
    Some(quote!(#companions #rules))
}

/// The companions of a function whose derivative is given: those of a function that calls it by its own rule.
fn custom_companions(
    item: &ItemFn,
    options: &attr::Options,
    signature: &signature::Signature,
    orders: companion::Orders,
    rule: &attr::Rule,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    custom::check(options, signature, rule, diagnostics);
    let orders = orders.of_rule(rule, diagnostics);
    if !diagnostics.is_empty() {
        return None;
    }
    let lowered = Lowered::plain(custom::function(item, signature));
    let plan = Plan {
        item,
        signature,
        function: &lowered.function,
        lowered: &lowered,
        runtime: options.runtime(),
        partials: options.partials,
        suffix: options.suffix,
        only: options.only.as_deref(),
        orders,
        rule: Some(&rule.given),
        outlives: false,
    };
    let (companions, rules) = (plan.expand(), plan.rules(1..=orders.of_callers(), &(1..=orders.of_callers())));
    Some(quote!(#companions #rules))
}

/// The hidden companions for callers, to whom `wrt` does not matter: where the body can be differentiated with respect
/// to all parameters, all can be active.
fn rules(plan: &Plan<'_>) -> TokenStream {
    if plan.signature.output.form == signature::Form::Aggregate {
        return quote!();
    }
    let structs = plan.signature.parameters.iter().any(|parameter| parameter.aggregate.is_some());
    let highest = plan.orders.of_callers();
    // What is differentiated in structs may not be in all else as well.
    for with_structs in if structs { &[true, false][..] } else { &[true] } {
        let Some(signature) = plan.signature.for_callers(*with_structs) else {
            if *with_structs {
                break;
            }
            return quote!();
        };
        let mut diagnostics = Diagnostics::default();
        let mut lowered = lower_body(&plan.item.block, &signature, &plan.runtime, &mut diagnostics);
        if diagnostics.is_empty() {
            follow_counters(&mut lowered.function);
            let of_callers = Plan {
                signature: &signature,
                function: &lowered.function,
                lowered: &lowered,
                runtime: plan.runtime.clone(),
                ..*plan
            };
            // The number of derivatives of higher order grows fast: they are those in the function's own parameters. So are
            // those of second order, where the others are passed on in arrays: the function that takes them need not have any.
            let passes_on_more = of_callers.calls_with_arrays() != plan.calls_with_arrays();
            let (lower, of_arrays) = if passes_on_more { (1, 1) } else { (highest.min(2), highest) };
            let first = if passes_on_more && is_entered(plan.signature) { 2 } else { highest + 1 };
            let higher = if structs { quote!() } else { plan.rules(lower + 1..=highest, &(first..=highest)) };
            let lower = of_callers.rules(1..=lower, &(1..=of_arrays));
            return quote!(#lower #higher);
        }
    }
    let first = if is_entered(plan.signature) { 1 } else { highest + 1 };
    plan.rules(1..=highest, &(first..=highest))
}

/// Whether all arrays that are written into are differentiated in: else what a caller passes by mutable reference could not
/// vary on entry.
fn is_entered(signature: &signature::Signature) -> bool {
    !signature.parameters.iter().any(|parameter| parameter.output && !parameter.active)
}

/// Lowers a body, which is that of the function or stands for it.
pub(crate) fn lower_body(
    body: &syn::Block,
    signature: &signature::Signature,
    runtime: &TokenStream,
    diagnostics: &mut Diagnostics,
) -> Lowered {
    let mut body = body.clone();
    body.stmts.splice(0..0, signature.patterns.iter().cloned());
    let params: Vec<_> = signature.parameters.iter().map(|p| p.ident.clone()).collect();
    let resolved = resolve::resolve(&params, &mut body);
    let lowered: Vec<Param> = signature
        .parameters
        .iter()
        .map(|p| Param {
            name: p.ident.to_string(),
            ty: p.ty,
            active: p.active,
            mutable: p.mutable,
            stability: p.stability,
            indexed: p.indexed,
            counts: p.counts,
            aggregate: p.aggregate.is_some(),
            storage: p.aggregate.as_ref().map_or(Storage::Owned, |aggregate| aggregate.storage),
            output: p.output,
        })
        .collect();
    lower::lower(
        &Source {
            params: &lowered,
            body: &body,
            resolved: &resolved,
            is_generic: signature.scalar == Scalar::Generic,
            outputs: &signature.output.scalars,
            whole: signature.output.whole,
            receiver: signature.receiver,
            form: signature.output.form,
            wrapped: signature.output.wrapper.is_some(),
            shapes: &signature.shapes,
            runtime,
        },
        diagnostics,
    )
}

/// A body that gives zeros, for the companions of a function that is in error.
fn stub(signature: &signature::Signature) -> syn::Block {
    let zero = signature.scalar.literal(0.0);
    let zeros = signature.output.scalars.iter().map(|_| &zero);
    let value = match signature.output.form {
        signature::Form::Scalar => quote!(#zero),
        signature::Form::Tuple => quote!((#(#zeros),*)),
        signature::Form::Array => quote!([#(#zeros),*]),
        signature::Form::Aggregate | signature::Form::Unit => quote!(),
        signature::Form::Whole => return parse_quote!({}),
    };
    let value = signature.output.wrapper.as_ref().map_or(value.clone(), |wrapper| wrapper.wrap(&value));
    parse_quote!({ #value })
}

/// The function without the attributes that are ours. The rest are the user's own tokens, and not a syntax tree written
/// out again: rustc ignores the invisible groups that a macro puts out, so that precedence would change.
fn strip(item: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    if let [TokenTree::Group(group)] = &tokens[..] {
        // An item that came through a macro by example.
        return strip(group.stream());
    }
    // A second attribute is reported: expanded, it would define every companion again.
    remove_attribute(&mut tokens, "derivative");
    if let Some(TokenTree::Group(parameters)) = parameter_list(&mut tokens) {
        let mut inner: Vec<TokenTree> = parameters.stream().into_iter().collect();
        let before = inner.len();
        remove_attribute(&mut inner, "constant");
        if inner.len() < before {
            let mut stripped = Group::new(Delimiter::Parenthesis, inner.into_iter().collect());
            stripped.set_span(parameters.span());
            *parameters = stripped;
        }
    }
    tokens.into_iter().collect()
}

/// The parameters of a function, in parentheses: what follows its name and its generics.
fn parameter_list(tokens: &mut [TokenTree]) -> Option<&mut TokenTree> {
    let name = 1 + tokens.iter().position(|token| matches!(token, TokenTree::Ident(ident) if ident == "fn"))?;
    let mut depth = 0;
    let mut arrow = false;
    tokens.iter_mut().skip(name + 1).find(|token| {
        if let TokenTree::Punct(punct) = token {
            match punct.as_char() {
                '<' => depth += 1,
                '>' if !arrow => depth -= 1,
                _ => {}
            }
            arrow = punct.as_char() == '-';
        }
        depth == 0 && matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
    })
}

/// Removes `#[name ..]`.
fn remove_attribute(tokens: &mut Vec<TokenTree>, name: &str) {
    let is_ours = |pair: &[TokenTree]| match pair {
        [TokenTree::Punct(hash), TokenTree::Group(group)] if hash.as_char() == '#' => {
            let first = group.stream().into_iter().next();
            matches!(first, Some(TokenTree::Ident(ident)) if ident == name)
        }
        _ => false,
    };
    while let Some(position) = tokens.windows(2).position(is_ours) {
        tokens.drain(position..position + 2);
    }
}

/// Says why an item is no function that has a derivative.
fn report_item(item: &TokenStream, error: &syn::Error, diagnostics: &mut Diagnostics) {
    let (keyword, what) = match syn::parse2(item.clone()) {
        Ok(Item::Const(item)) => (item.const_token.span, "a constant"),
        Ok(Item::Enum(item)) => (item.enum_token.span, "an enum"),
        Ok(Item::Impl(item)) => (item.impl_token.span, "an `impl` block"),
        Ok(Item::Mod(item)) => (item.mod_token.span, "a module"),
        Ok(Item::Static(item)) => (item.static_token.span, "a static"),
        Ok(Item::Struct(item)) => (item.struct_token.span, "a struct"),
        Ok(Item::Trait(item)) => (item.trait_token.span, "a trait"),
        Ok(Item::Type(item)) => (item.type_token.span, "a type alias"),
        Ok(Item::Union(item)) => (item.union_token.span, "a union"),
        Ok(Item::Use(item)) => (item.use_token.span, "an import"),
        Ok(Item::Macro(item)) => (item.mac.path.span(), "a macro"),
        _ => match syn::parse2::<TraitItemFn>(item.clone()) {
            Ok(function) => return diagnostics.report(function.sig.ident, diagnostics::NO_BODY),
            Err(_) => return diagnostics.report_at(error.span(), diagnostics::unknown_syntax(error)),
        },
    };
    diagnostics.report_at(keyword, diagnostics::not_a_function(what));
}
