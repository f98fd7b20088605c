//! The attribute: the tokens in `#[derivative(..)]` go in, the options come out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Token, parenthesized};

use crate::diagnostics::{self, Diagnostics};

/// The options of one use of the attribute.
#[derive(Default)]
pub(crate) struct Options {
    /// The parameters to differentiate with respect to; none for all that are visibly floats.
    pub(crate) wrt: Option<Vec<Ident>>,
    /// Give `partial_x` for each active scalar `x`.
    pub(crate) partials: bool,
    /// The function is an associated function without a receiver.
    pub(crate) associated: bool,
    /// Plain functions with a suffix rather than a type of the function's name.
    pub(crate) suffix: bool,
    /// The path of the runtime crate.
    runtime: Option<syn::Path>,
}

impl Options {
    /// The path under which generated code finds the runtime crate.
    pub(crate) fn runtime(&self) -> TokenStream {
        match &self.runtime {
            Some(path) => quote!(#path),
            None => quote!(::diff_runtime),
        }
    }
}

enum Option_ {
    Flag(Ident),
    Wrt(Ident, Vec<Ident>),
    Crate(Span, syn::Path),
    /// Something in the form of an option that is none, or a known one in the wrong form.
    Unknown(Ident),
    Malformed(syn::Error),
}

impl Parse for Option_ {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![crate]) {
            let token = input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            return Ok(Option_::Crate(token.span, input.call(syn::Path::parse_mod_style)?));
        }
        let name: Ident = input.parse()?;
        let text = name.to_string();
        let has_arguments = input.peek(syn::token::Paren) || input.peek(Token![=]);
        match text.as_str() {
            "wrt" if input.peek(syn::token::Paren) => {
                let content;
                parenthesized!(content in input);
                let names = Punctuated::<Ident, Token![,]>::parse_terminated(&content)?;
                Ok(Option_::Wrt(name, names.into_iter().collect()))
            }
            "wrt" => {
                skip(input);
                let message = diagnostics::option_form("wrt", "wrt(x, y)");
                Ok(Option_::Malformed(syn::Error::new(name.span(), message)))
            }
            "partials" | "associated" | "suffix" if !has_arguments => Ok(Option_::Flag(name)),
            "partials" | "associated" | "suffix" => {
                skip(input);
                let message = diagnostics::option_form(&text, &text);
                Ok(Option_::Malformed(syn::Error::new(name.span(), message)))
            }
            _ => {
                skip(input);
                Ok(Option_::Unknown(name))
            }
        }
    }
}

/// Passes over the arguments of an option that is in error.
fn skip(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<proc_macro2::TokenTree>().is_err() {
            return;
        }
    }
}

/// Reads the options; what cannot be read is reported and left out.
pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Options {
    let mut options = Options::default();
    let list = match Punctuated::<Option_, Token![,]>::parse_terminated.parse2(tokens) {
        Ok(list) => list,
        Err(error) => {
            diagnostics.push(error);
            return options;
        }
    };
    for option in list {
        apply(&mut options, option, diagnostics);
    }
    options
}

fn apply(options: &mut Options, option: Option_, diagnostics: &mut Diagnostics) {
    match option {
        Option_::Flag(name) => {
            let flag = match name.to_string().as_str() {
                "partials" => &mut options.partials,
                "associated" => &mut options.associated,
                _ => &mut options.suffix,
            };
            if std::mem::replace(flag, true) {
                diagnostics.report_at(name.span(), diagnostics::duplicate(&name.to_string()));
            }
        }
        Option_::Wrt(name, names) => {
            for (k, ident) in names.iter().enumerate() {
                if names[..k].contains(ident) {
                    diagnostics.report_at(ident.span(), diagnostics::duplicate(&ident.to_string()));
                }
            }
            if options.wrt.replace(names).is_some() {
                diagnostics.report_at(name.span(), diagnostics::duplicate("wrt"));
            }
        }
        Option_::Crate(span, path) => {
            if options.runtime.replace(path).is_some() {
                diagnostics.report_at(span, diagnostics::duplicate("crate"));
            }
        }
        Option_::Unknown(name) => {
            diagnostics.report_at(name.span(), diagnostics::unknown_option(&name.to_string()));
        }
        Option_::Malformed(error) => diagnostics.push(error),
    }
}
