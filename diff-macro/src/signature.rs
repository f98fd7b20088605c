//! The signature: the item and its options go in; what is differentiated, with respect to what, comes out.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{FnArg, ItemFn, Pat, ReturnType, Safety};

use crate::attr::Options;
use crate::diagnostics::{self, Diagnostics};
use crate::ir::{Scalar, Shape, Ty};
use crate::lower::{shape_of, stmt_scalar_type as scalar_type};

/// A parameter of the user's function.
pub(crate) struct Parameter {
    pub(crate) ident: Ident,
    pub(crate) ty: Ty,
    pub(crate) active: bool,
    pub(crate) mutable: bool,
}

/// What the macro knows of the function from its signature.
pub(crate) struct Signature {
    pub(crate) parameters: Vec<Parameter>,
    /// The shapes of the parameters that are arrays.
    pub(crate) shapes: Vec<Shape>,
    pub(crate) output: Scalar,
    /// The companions are associated functions with a suffix.
    pub(crate) is_method: bool,
}

/// Reads the signature. Reports everything in it that rules out a derivative; none if anything does.
pub(crate) fn read(item: &ItemFn, options: &Options, diagnostics: &mut Diagnostics) -> Option<Signature> {
    let sig = &item.sig;
    let before = diagnostics.count();
    if let Some(token) = &sig.asyncness {
        diagnostics.report(token, diagnostics::ASYNC);
    }
    if let Safety::Unsafe(token) = &sig.safety {
        diagnostics.report(token, diagnostics::UNSAFE_FN);
    }
    if let Some(variadic) = &sig.variadic {
        diagnostics.report(variadic, diagnostics::VARIADIC);
    }
    let mut shapes = Vec::new();
    let parameters = parameters(item, options, &mut shapes, diagnostics);
    let has_receiver = sig.receiver().is_some();
    if !has_receiver && !options.associated {
        report_self_types(item, diagnostics);
    }
    let output = output(&sig.output, sig, diagnostics);
    if parameters.iter().all(|parameter| !parameter.active) && diagnostics.count() == before {
        diagnostics.report(&sig.ident, diagnostics::NO_ACTIVE);
    }
    if diagnostics.count() > before {
        return None;
    }
    Some(Signature { parameters, shapes, output: output?, is_method: has_receiver || options.associated })
}

fn parameters(
    item: &ItemFn,
    options: &Options,
    shapes: &mut Vec<Shape>,
    diagnostics: &mut Diagnostics,
) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for input in &item.sig.inputs {
        let FnArg::Typed(typed) = input else { continue };
        let (ident, mutable) = match &*typed.pat {
            Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
                (pat.ident.clone(), pat.mutability.is_some())
            }
            Pat::Wild(wild) => (Ident::new("_", wild.underscore_token.span), false),
            pat => {
                diagnostics.report(pat, diagnostics::PARAMETER_PATTERN);
                continue;
            }
        };
        let ty = ty_of(&typed.ty, shapes);
        let is_made_of_floats = ty.scalar().is_some() || ty.is_array();
        let constant = typed.attrs.iter().find(|attr| attr.path().is_ident("constant"));
        if let Some(attr) = constant.filter(|attr| attr.meta.require_path_only().is_err()) {
            diagnostics.report(attr, diagnostics::NESTED_ATTRIBUTE);
        }
        let named = options.wrt.as_ref().map(|names| names.iter().find(|name| **name == ident));
        let active = match named {
            Some(Some(name)) => {
                if constant.is_some() {
                    diagnostics.report(name, diagnostics::constant_wrt(&ident.to_string()));
                }
                if !is_made_of_floats {
                    let found = typed.ty.to_token_stream().to_string().replace("& ", "&").replace(" ;", ";");
                    diagnostics.report(name, diagnostics::parameter_type(&ident.to_string(), &found));
                }
                is_made_of_floats
            }
            Some(None) => false,
            None => is_made_of_floats && constant.is_none() && ident != "_",
        };
        parameters.push(Parameter { ident, ty, active, mutable });
    }
    let names: Vec<String> = parameters.iter().map(|parameter| parameter.ident.to_string()).collect();
    for name in options.wrt.iter().flatten().filter(|name| !names.contains(&name.to_string())) {
        diagnostics.report(name, diagnostics::unknown_wrt(&name.to_string(), &names));
    }
    parameters
}

fn ty_of(ty: &syn::Type, shapes: &mut Vec<Shape>) -> Ty {
    if let Some(scalar) = scalar_type(ty) {
        return Ty::Float(scalar);
    }
    if let Some(shape) = shape_of(ty) {
        let number = u16::try_from(shapes.len()).unwrap_or(u16::MAX - 2);
        shapes.extend(shape.variants());
        return Ty::Array(number);
    }
    let name = ty.to_token_stream().to_string();
    match name.as_str() {
        "bool" => Ty::Bool,
        "usize" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "i8" | "i16" | "i32" | "i64" | "i128" => Ty::Int,
        _ => Ty::Unknown,
    }
}

fn output(output: &ReturnType, sig: &syn::Signature, diagnostics: &mut Diagnostics) -> Option<Scalar> {
    match output {
        ReturnType::Default => {
            diagnostics.report(&sig.ident, diagnostics::UNIT_RETURN);
            None
        }
        ReturnType::Type(_, ty) => {
            let scalar = scalar_type(ty);
            if scalar.is_none() {
                let found = ty
                    .to_token_stream()
                    .to_string()
                    .replace("& ", "&")
                    .replace(" <", "<")
                    .replace("< ", "<")
                    .replace(" >", ">");
                diagnostics.report(ty, diagnostics::return_type(&found));
            }
            scalar
        }
    }
}

/// `Self` in a function without a receiver tells that it stands in an `impl` block.
fn report_self_types(item: &ItemFn, diagnostics: &mut Diagnostics) {
    fn find(tokens: proc_macro2::TokenStream) -> Option<Ident> {
        tokens.into_iter().find_map(|token| match token {
            proc_macro2::TokenTree::Ident(ident) if ident == "Self" => Some(ident),
            proc_macro2::TokenTree::Group(group) => find(group.stream()),
            _ => None,
        })
    }
    let found = find(item.sig.to_token_stream()).or_else(|| find(item.block.to_token_stream()));
    if let Some(ident) = found {
        diagnostics.report(ident, diagnostics::SELF_WITHOUT_ASSOCIATED);
    }
}
