//! The `#[derivative]` attribute. Use it through the crate `diff-runtime`, which re-exports it: generated code calls
//! that crate.

use proc_macro::TokenStream;

mod accumulate;
mod activity;
mod attr;
mod build;
#[cfg(test)]
mod check;
mod cleanup;
mod companion;
mod diagnostics;
mod emit;
mod expand;
mod fence;
mod formula;
mod forward;
mod ir;
mod linearize;
mod lower;
mod names;
mod resolve;
mod reverse;
mod rules;
mod signature;
#[cfg(test)]
mod tests;

/// Generates the derivatives of a function.
#[proc_macro_attribute]
pub fn derivative(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::derivative(options.into(), item.into()).into()
}
