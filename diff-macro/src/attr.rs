//! The attribute: the tokens in `#[derivative(..)]` go in, the options come out.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
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
    /// Give the Hessian; where the option stands.
    pub(crate) hessian: Option<Span>,
    /// Give products of the Hessian with a vector; where the option stands.
    pub(crate) hvp: Option<Span>,
    /// Give the derivatives up to this order; where the option stands.
    pub(crate) order: Option<(Span, usize)>,
    /// The derivative is given by functions of the user's; the body is not differentiated.
    pub(crate) rule: Option<Rule>,
    /// Give these companions and no others.
    pub(crate) only: Option<Vec<Ident>>,
    /// The path of the runtime crate.
    runtime: Option<syn::Path>,
}

/// A derivative that is given by functions of the user's.
pub(crate) struct Rule {
    pub(crate) span: Span,
    pub(crate) given: Given,
}

/// The functions that give a derivative.
pub(crate) enum Given {
    /// One per active parameter, of the arguments of the function.
    Partials(Vec<syn::Path>),
    /// Those with the signatures of the companions `jvp`, `vjp` and `hvp`.
    Products { jvp: Option<syn::Path>, vjp: Option<syn::Path>, hvp: Option<syn::Path> },
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
    Rule(Rule),
    Only(Ident, Vec<Ident>),
    Crate(Span, syn::Path),
    Order(Span, usize),
}

/// The highest order of derivatives that can be asked for: code grows with its square.
const HIGHEST_ORDER: usize = 16;

/// Reads the options; what cannot be read is reported and left out.
pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Options {
    let mut options = Options::default();
    for tokens in split(tokens) {
        match option.parse2(tokens) {
            Ok(option) => apply(&mut options, option, diagnostics),
            Err(error) => diagnostics.push(error),
        }
    }
    options
}

/// The tokens between the commas. Each piece is parsed alone, so that an error in one hides none in another.
fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let mut pieces = vec![TokenStream::new()];
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let Some(piece) = pieces.last_mut() else { break };
        // A comma with nothing before it stays in its piece, where it is an error.
        if !is_comma(&token) || piece.is_empty() {
            piece.extend([token]);
        } else if tokens.peek().is_some() {
            pieces.push(TokenStream::new());
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn option(input: ParseStream<'_>) -> syn::Result<Option_> {
    let unknown = |span| syn::Error::new(span, diagnostics::NOT_AN_OPTION);
    let (name, _) = input.cursor().ident().ok_or_else(|| unknown(input.span()))?;
    let malformed = |form: &str| {
        input.parse::<TokenStream>()?;
        Err(syn::Error::new(name.span(), diagnostics::option_form(&name.to_string(), form)))
    };
    input.call(Ident::parse_any)?;
    match name.to_string().as_str() {
        "wrt" if input.peek(syn::token::Paren) => {
            let content;
            parenthesized!(content in input);
            let names = Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, Ident::parse_any);
            match names {
                Ok(_) if !input.is_empty() => malformed("wrt(x, y)"),
                Ok(names) => Ok(Option_::Wrt(name, names.into_iter().collect())),
                Err(error) => {
                    content.parse::<TokenStream>()?;
                    Err(syn::Error::new(error.span(), diagnostics::WRT_NAMES))
                }
            }
        }
        "wrt" => malformed("wrt(x, y)"),
        "rule" if input.peek(syn::token::Paren) => {
            let content;
            parenthesized!(content in input);
            let given = given(&content);
            content.parse::<TokenStream>()?;
            match given {
                Ok(given) if input.is_empty() => Ok(Option_::Rule(Rule { span: name.span(), given })),
                _ => malformed(RULE_FORM),
            }
        }
        "rule" => malformed(RULE_FORM),
        "only" if input.peek(syn::token::Paren) => {
            let content;
            parenthesized!(content in input);
            let names = Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, Ident::parse_any);
            match names {
                Ok(names) if input.is_empty() && !names.is_empty() => {
                    Ok(Option_::Only(name, names.into_iter().collect()))
                }
                _ => {
                    content.parse::<TokenStream>()?;
                    malformed("only(gradient, jvp)")
                }
            }
        }
        "only" => malformed("only(gradient, jvp)"),
        "crate" => {
            let path = input.parse::<Token![=]>().and_then(|_| input.call(syn::Path::parse_mod_style));
            match path {
                Ok(path) if input.is_empty() => Ok(Option_::Crate(name.span(), path)),
                _ => malformed("crate = path::to::diff_runtime"),
            }
        }
        "order" => match input.parse::<Token![=]>().and_then(|_| input.parse::<syn::LitInt>()) {
            Ok(literal) if input.is_empty() => match literal.base10_parse() {
                Ok(order @ 1..=HIGHEST_ORDER) => Ok(Option_::Order(name.span(), order)),
                _ => Err(syn::Error::new(literal.span(), diagnostics::order_range(HIGHEST_ORDER))),
            },
            _ => malformed("order = 3"),
        },
        "partials" | "associated" | "suffix" | "hessian" | "hvp" if input.is_empty() => Ok(Option_::Flag(name)),
        flag @ ("partials" | "associated" | "suffix" | "hessian" | "hvp") => malformed(flag),
        other => {
            input.parse::<TokenStream>()?;
            Err(syn::Error::new(name.span(), diagnostics::unknown_option(other)))
        }
    }
}

const RULE_FORM: &str = "rule(partials(df_dx, df_dy))` or `rule(jvp = f_jvp, vjp = f_vjp)";

/// What stands in `rule(..)`.
fn given(content: ParseStream<'_>) -> syn::Result<Given> {
    let (mut partials, mut jvp, mut vjp, mut hvp) = (None, None, None, None);
    while !content.is_empty() {
        let kind: Ident = content.parse()?;
        let duplicate = match kind.to_string().as_str() {
            "partials" => {
                let inner;
                parenthesized!(inner in content);
                let paths =
                    Punctuated::<syn::Path, Token![,]>::parse_terminated_with(&inner, syn::Path::parse_mod_style)?;
                partials.replace(paths.into_iter().collect()).is_some()
            }
            product @ ("jvp" | "vjp" | "hvp") => {
                content.parse::<Token![=]>()?;
                let path = syn::Path::parse_mod_style(content)?;
                let place = match product {
                    "jvp" => &mut jvp,
                    "vjp" => &mut vjp,
                    _ => &mut hvp,
                };
                place.replace(path).is_some()
            }
            _ => true,
        };
        if duplicate {
            return Err(syn::Error::new(kind.span(), ""));
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    match (partials, jvp, vjp, hvp) {
        (Some(partials), None, None, None) => Ok(Given::Partials(partials)),
        (None, None, None, _) | (Some(_), ..) => Err(content.error("")),
        (None, jvp, vjp, hvp) => Ok(Given::Products { jvp, vjp, hvp }),
    }
}

fn apply(options: &mut Options, option: Option_, diagnostics: &mut Diagnostics) {
    match option {
        Option_::Flag(name) => {
            let given_twice = match name.to_string().as_str() {
                "partials" => std::mem::replace(&mut options.partials, true),
                "associated" => std::mem::replace(&mut options.associated, true),
                "hessian" => options.hessian.replace(name.span()).is_some(),
                "hvp" => options.hvp.replace(name.span()).is_some(),
                _ => std::mem::replace(&mut options.suffix, true),
            };
            if given_twice {
                diagnostics.report_at(name.span(), diagnostics::duplicate(&name.to_string()));
            }
        }
        Option_::Order(span, order) => {
            if options.order.replace((span, order)).is_some() {
                diagnostics.report_at(span, diagnostics::duplicate("order"));
            }
        }
        Option_::Only(name, names) => {
            for (k, ident) in names.iter().enumerate() {
                if names[..k].contains(ident) {
                    diagnostics.report_at(ident.span(), diagnostics::duplicate(&ident.to_string()));
                }
            }
            if options.only.replace(names).is_some() {
                diagnostics.report_at(name.span(), diagnostics::duplicate("only"));
            }
        }
        Option_::Wrt(name, names) => {
            for (k, ident) in names.iter().enumerate() {
                if names[..k].contains(ident) {
                    diagnostics.report_at(ident.span(), diagnostics::duplicate(&ident.to_string()));
                }
            }
            if names.is_empty() {
                diagnostics.report_at(name.span(), diagnostics::EMPTY_WRT);
            }
            if options.wrt.replace(names).is_some() {
                diagnostics.report_at(name.span(), diagnostics::duplicate("wrt"));
            }
        }
        Option_::Rule(rule) => {
            let span = rule.span;
            if options.rule.replace(rule).is_some() {
                diagnostics.report_at(span, diagnostics::duplicate("rule"));
            }
        }
        Option_::Crate(span, path) => {
            if options.runtime.replace(path).is_some() {
                diagnostics.report_at(span, diagnostics::duplicate("crate"));
            }
        }
    }
}
