//! The whole of the macro, as a function of token streams: the attribute and the item go in, the item and its
//! companions, or the item and its errors, come out.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, ItemFn};

use crate::attr;
use crate::companion::Plan;
use crate::diagnostics::{self, Diagnostics};
use crate::lower::{self, Param, Source};
use crate::resolve;
use crate::signature;

/// Expands `#[derivative(options)] item`. Never panics: an item in error comes back with its errors beside it, so that
/// the rest of the user's code is still checked.
pub(crate) fn derivative(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = attr::parse(options, &mut diagnostics);
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            // A broken function is rustc's to explain; anything else than a function is ours.
            if !is_function(&item) {
                diagnostics.report(&item, diagnostics::NOT_A_FUNCTION);
            }
            let _ = error;
            let errors = diagnostics.into_tokens();
            return quote!(#item #errors);
        }
    };
    let companions = signature::read(&function, &options, &mut diagnostics)
        .and_then(|signature| companions(&function, &options, &signature, &mut diagnostics));
    let original = strip(&function);
    let errors = diagnostics.into_tokens();
    quote!(#original #companions #errors)
}

fn companions(
    item: &ItemFn,
    options: &attr::Options,
    signature: &signature::Signature,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let mut body = (*item.block).clone();
    let params: Vec<_> = signature.parameters.iter().map(|p| p.ident.clone()).collect();
    let resolved = resolve::resolve(&params, &mut body);
    let runtime = options.runtime();
    let lowered: Vec<Param> = signature
        .parameters
        .iter()
        .map(|p| Param { name: p.ident.to_string(), ty: p.ty, active: p.active, mutable: p.mutable })
        .collect();
    let source = Source {
        params: &lowered,
        body: &body,
        resolved: &resolved,
        output: signature.output,
        shapes: &signature.shapes,
        runtime: &runtime,
    };
    let function = lower::lower(&source, diagnostics);
    if !diagnostics.is_empty() {
        return None;
    }
    let plan =
        Plan { item, signature, function: &function, runtime, partials: options.partials, suffix: options.suffix };
    Some(plan.expand())
}

/// The function without the attributes that are ours.
fn strip(function: &ItemFn) -> ItemFn {
    let mut function = function.clone();
    for input in &mut function.sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &mut receiver.attrs,
            FnArg::Typed(typed) => &mut typed.attrs,
        };
        attrs.retain(|attr| !attr.path().is_ident("constant"));
    }
    function
}

/// Whether the tokens are meant as a function: there is an `fn` outside of all brackets.
fn is_function(item: &TokenStream) -> bool {
    item.clone().into_iter().any(|token| matches!(token, proc_macro2::TokenTree::Ident(ident) if ident == "fn"))
}
