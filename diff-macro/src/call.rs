//! Calls of other differentiable functions: how the companions of the callee are named. A caller sees a path and no
//! types; where the companions stand follows from the form of the path alone.
//!
//! ```text
//! g(x), m::g(x)             <g>::__partials(x, ..), <m::g>::__partials(x, ..)
//! Type::g(x), Self::g(x)    Type::g__derivative_partials(x, ..), Self::g__derivative_partials(x, ..)
//! receiver.g(x)             receiver.g__derivative_partials(x, ..)
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{ExprPath, PathArguments};

use crate::ir::Name;
use crate::names::plain;

/// The companion that gives the value and the partial derivatives that are asked for.
pub(crate) const PARTIALS: &str = "__partials";

/// The companion that gives the partial derivatives up to an order. rustc shows the name where the callee has none.
pub(crate) fn partials(order: usize) -> String {
    match order {
        0 | 1 => PARTIALS.to_owned(),
        2 => "__partials_of_order_2_need_option_hvp_hessian_or_order_2".to_owned(),
        _ => format!("__partials_of_order_{order}_need_option_order_{order}"),
    }
}

/// The companion that pushes tangents forward, those of arrays among them.
pub(crate) const PUSHFORWARD: &str = "__pushforward";

/// The companion that pushes the derivatives up to an order along a path forward.
pub(crate) fn pushforward(order: usize) -> String {
    match order {
        0 | 1 => PUSHFORWARD.to_owned(),
        2 => "__derivatives_of_order_2_need_option_hvp_hessian_or_order_2".to_owned(),
        _ => format!("__derivatives_of_order_{order}_need_option_order_{order}"),
    }
}

/// The companion that gives the value and the pullback.
pub(crate) const PULLBACK: &str = "__pullback";

/// The companion that pushes tangents forward, and gives the pullback of that. rustc shows the name where the callee has
/// none.
pub(crate) const PULLBACK_OF_PUSHFORWARD: &str = "__pullback_of_order_2_needs_option_hvp_hessian_or_order_2";

/// The constant that tells whether the partial derivatives may be infinite.
pub(crate) const SINGULAR: &str = "__SINGULAR";

/// The companion of a function that is named by a path.
pub(crate) fn companion_of_path(path: &ExprPath, companion: &str) -> TokenStream {
    let mut path = path.clone();
    let associated = is_associated(&path);
    let Some(last) = path.path.segments.last_mut() else { return quote!(#path) };
    if associated {
        last.ident = suffixed(&last.ident, companion);
        return quote!(#path);
    }
    let span = last.ident.span();
    let arguments = std::mem::replace(&mut last.arguments, PathArguments::None);
    let companion = format_ident!("{}", companion, span = span);
    quote!(<#path>::#companion #arguments)
}

/// The name of a hidden companion that is an associated function. rustc shows it where the function has none.
pub(crate) fn suffixed(name: &Ident, companion: &str) -> Ident {
    format_ident!("{}__derivative_{}", plain(name), companion.trim_start_matches('_'), span = name.span())
}

/// A name for a function that rustc shows if the function has no companions.
pub(crate) fn advice(path: &syn::Path) -> Ident {
    match path.segments.last() {
        Some(last) => format_ident!("{}_needs_the_attribute_derivative", plain(&last.ident), span = last.ident.span()),
        None => format_ident!("callee"),
    }
}

/// Whether a path leads to an associated function: `Self`, or a type by the way it is written, stands before its name.
pub(crate) fn is_associated(path: &ExprPath) -> bool {
    let owner = path.path.segments.iter().rev().nth(1);
    path.qself.is_some() || owner.is_some_and(|owner| starts_upper(&plain(&owner.ident)))
}

/// Whether a name is written as that of a type or a variant.
pub(crate) fn starts_upper(name: &str) -> bool {
    name.chars().find(|c| *c != '_').is_some_and(char::is_uppercase)
}

/// The constant that tells whether the partials of the function may be infinite; none where no path leads to it.
pub(crate) fn singular(name: &Name) -> Option<syn::Expr> {
    match name {
        Name::Path(path) => {
            let mut path = path.clone();
            if let Some(last) = path.path.segments.last_mut() {
                last.arguments = PathArguments::None;
            }
            syn::parse2(companion_of_path(&path, SINGULAR)).ok()
        }
        Name::Method(..) => None,
    }
}
