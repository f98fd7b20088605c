//! The `#[derivative]` attribute.
use proc_macro::TokenStream;

/// Generates derivative companions.
#[proc_macro_attribute]
pub fn derivative(_options: TokenStream, item: TokenStream) -> TokenStream {
    item
}
