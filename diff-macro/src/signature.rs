//! The signature: the item and its options go in; what is differentiated, with respect to what, comes out.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Attribute, FnArg, ItemFn, Pat, ReturnType, Safety};

use crate::attr::Options;
use crate::diagnostics::{self, Diagnostics};
use crate::fence::{self, Stability};
use crate::ir::{Scalar, Shape, Storage, Ty};
use crate::lower::{shape_of, stmt_scalar_type as scalar_type};
use crate::names::plain;

/// A parameter of the user's function.
#[derive(Clone)]
pub(crate) struct Parameter {
    pub(crate) ident: Ident,
    pub(crate) ty: Ty,
    pub(crate) active: bool,
    /// Marked `#[constant]`: no caller may pass an active value.
    pub(crate) constant: bool,
    pub(crate) mutable: bool,
    /// What may change behind it.
    pub(crate) stability: Stability,
    /// The type is visibly a slice, an array or a `Vec`.
    pub(crate) indexed: bool,
    /// The function returns nothing: what it leaves in this `&mut` parameter is a result.
    pub(crate) output: bool,
}

/// The form of what the function returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Scalar,
    Tuple,
    Array,
    /// One array as a whole: a `Vec`, or one that is nested, long, or as long as a constant says.
    Whole,
    /// Nothing: its results are in `&mut` parameters.
    Unit,
}

/// What the function returns: floats, in a form.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) form: Form,
    pub(crate) scalars: Vec<Scalar>,
    /// The floats are in an `Option` or a `Result`.
    pub(crate) wrapper: Option<Wrapper>,
    /// The type of an array that is returned as a whole.
    pub(crate) whole: Option<Ty>,
}

/// An `Option` or a `Result` around what a function returns.
#[derive(Clone)]
pub(crate) struct Wrapper {
    kind: Kind,
    /// The type, as the user wrote it.
    ty: syn::TypePath,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Option,
    Result,
}

impl Wrapper {
    /// The wrapper that a type is, and what is in it.
    fn read(ty: &syn::Type) -> Option<(Self, &syn::Type)> {
        let syn::Type::Path(path) = ty else { return None };
        let last = path.path.segments.last()?;
        let kind = match last.ident.to_string().as_str() {
            "Option" => Kind::Option,
            "Result" => Kind::Result,
            _ => return None,
        };
        let syn::PathArguments::AngleBracketed(args) = &last.arguments else { return None };
        let inner = args.args.iter().find_map(|arg| match arg {
            syn::GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })?;
        Some((Self { kind, ty: path.clone() }, inner))
    }

    /// The same wrapper around something else.
    pub(crate) fn around(&self, inner: &TokenStream) -> TokenStream {
        let mut ty = self.ty.clone();
        if let Some(last) = ty.path.segments.last_mut()
            && let syn::PathArguments::AngleBracketed(args) = &mut last.arguments
        {
            let types = args.args.iter_mut().find(|arg| matches!(arg, syn::GenericArgument::Type(_)));
            if let Some(arg) = types {
                *arg = syn::GenericArgument::Type(syn::Type::Verbatim(inner.clone()));
            }
        }
        ty.into_token_stream()
    }

    /// The value, in the wrapper.
    pub(crate) fn wrap(&self, value: &TokenStream) -> TokenStream {
        let value = if value.is_empty() { quote::quote!(()) } else { value.clone() };
        match self.kind {
            Kind::Option => quote::quote!(::core::option::Option::Some(#value)),
            Kind::Result => quote::quote!(::core::result::Result::Ok(#value)),
        }
    }
}

/// What the macro knows of the function from its signature.
#[derive(Clone)]
pub(crate) struct Signature {
    pub(crate) parameters: Vec<Parameter>,
    /// The shapes of the parameters that are arrays.
    pub(crate) shapes: Vec<Shape>,
    /// The float type where nothing else tells one.
    pub(crate) scalar: Scalar,
    pub(crate) output: Output,
    /// What may change behind `self`.
    pub(crate) receiver: Stability,
    /// The companions are associated functions with a suffix.
    pub(crate) is_method: bool,
    /// It is known which parameters are active, and so what the companions look like.
    pub(crate) certain: bool,
}

/// Reads the signature, and reports everything in it that rules out a derivative. None if the body cannot be looked at
/// for what the signature leaves open.
pub(crate) fn read(item: &ItemFn, options: &Options, diagnostics: &mut Diagnostics) -> Option<Signature> {
    let sig = &item.sig;
    if let Some(token) = &sig.asyncness {
        diagnostics.report(token, diagnostics::ASYNC);
    }
    if let Safety::Unsafe(token) = &sig.safety {
        diagnostics.report(token, diagnostics::UNSAFE_FN);
    }
    if let Some(variadic) = &sig.variadic {
        diagnostics.report(variadic, diagnostics::VARIADIC);
    }
    for attr in item.attrs.iter().filter(|attr| attr.path().is_ident("derivative")) {
        diagnostics.report(attr, diagnostics::TWICE);
    }
    let has_receiver = sig.receiver().is_some();
    let names_self = !has_receiver && !options.associated && report_self_types(item, diagnostics);
    let before = diagnostics.count();
    let mut shapes = Vec::new();
    let mut parameters = parameters(item, options, &mut shapes, diagnostics);
    let certain = diagnostics.count() == before;
    let output = output(&sig.output, sig, options.wrt.as_deref(), &mut parameters, &mut shapes, diagnostics);
    if certain && options.wrt.as_ref().is_none_or(|names| !names.is_empty()) && !any_active(&parameters) {
        let constant = parameters.iter().any(|parameter| parameter.ty.scalar().is_some() || parameter.ty.is_array());
        diagnostics.report(&sig.ident, diagnostics::no_active(!sig.inputs.is_empty(), constant));
    }
    let is_method = has_receiver || options.associated || names_self;
    let known = parameters.len() == sig.inputs.len() - usize::from(has_receiver) && any_active(&parameters);
    let output = output?;
    let scalar = *output.scalars.first()?;
    let receiver = sig.receiver().map_or(Stability::Open, |receiver| match &receiver.kind {
        syn::ReceiverKind::Reference(_, _, None) => Stability::Shared,
        syn::ReceiverKind::Typed(_, ty) => fence::stability_of_type(ty),
        _ => Stability::Open,
    });
    Some(Signature { parameters, shapes, scalar, output, receiver, is_method, certain }).filter(|_| known)
}

impl Signature {
    /// The same function as a caller sees it, who may make any parameter active that is made of floats, whatever `wrt`
    /// says. None if that is no difference.
    pub(crate) fn for_callers(&self) -> Option<Self> {
        let mut signature = self.clone();
        let mut changed = false;
        for parameter in &mut signature.parameters {
            let differentiable = parameter.ty.scalar().is_some() || parameter.ty.is_array();
            let active = differentiable && !parameter.constant && !parameter.output && parameter.ident != "_";
            changed |= active && !parameter.active;
            parameter.active |= active;
        }
        changed.then_some(signature)
    }
}

fn any_active(parameters: &[Parameter]) -> bool {
    parameters.iter().any(|parameter| parameter.active)
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
        let constant = has_constant(&typed.attrs, diagnostics);
        let named = options.wrt.as_ref().map(|names| names.iter().find(|name| plain(name) == plain(&ident)));
        let active = match named {
            Some(Some(name)) => {
                if constant {
                    diagnostics.report(name, diagnostics::constant_wrt(&ident.to_string()));
                }
                if !is_made_of_floats {
                    let found = diagnostics::type_text(&typed.ty);
                    diagnostics.report(name, diagnostics::parameter_type(&ident.to_string(), &found));
                }
                is_made_of_floats
            }
            Some(None) => false,
            None => is_made_of_floats && !constant && ident != "_",
        };
        let stability = fence::stability_of_type(&typed.ty);
        let indexed = is_indexed(&typed.ty);
        parameters.push(Parameter { ident, ty, active, constant, mutable, stability, indexed, output: false });
    }
    let names: Vec<String> = parameters.iter().map(|parameter| plain(&parameter.ident)).collect();
    for name in options.wrt.iter().flatten().filter(|name| !names.contains(&plain(name))) {
        diagnostics.report(name, diagnostics::unknown_wrt(&plain(name), &names));
    }
    parameters
}

/// Whether a parameter is marked `#[constant]`.
fn has_constant(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> bool {
    let mut marked = false;
    for attr in attrs {
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            diagnostics.report(attr, diagnostics::PARAMETER_CFG);
        }
        if attr.path().is_ident("constant") {
            if attr.meta.require_path_only().is_err() {
                diagnostics.report(attr, diagnostics::CONSTANT_FORM);
            }
            if std::mem::replace(&mut marked, true) {
                diagnostics.report(attr, diagnostics::duplicate("#[constant]"));
            }
        }
    }
    marked
}

/// Whether a type is visibly a slice, an array or a `Vec`, or a shared reference to one.
fn is_indexed(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Reference(reference) => reference.mutability.is_none() && is_indexed(&reference.elem),
        syn::Type::Slice(_) | syn::Type::Array(_) => true,
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "Vec"),
        _ => false,
    }
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

fn output(
    output: &ReturnType,
    sig: &syn::Signature,
    named: Option<&[Ident]>,
    parameters: &mut [Parameter],
    shapes: &mut Vec<Shape>,
    diagnostics: &mut Diagnostics,
) -> Option<Output> {
    match output {
        ReturnType::Default => {
            let scalars = outputs(sig, named, parameters, shapes);
            if scalars.is_empty() {
                diagnostics.report(&sig.ident, diagnostics::UNIT_RETURN);
                return None;
            }
            Some(Output { form: Form::Unit, scalars, wrapper: None, whole: None })
        }
        ReturnType::Type(_, ty) => {
            let (wrapper, inner) = match Wrapper::read(ty) {
                Some((wrapper, inner)) => (Some(wrapper), inner),
                None => (None, &**ty),
            };
            if wrapper.is_some() && is_unit(inner) {
                let scalars = outputs(sig, named, parameters, shapes);
                if scalars.is_empty() {
                    diagnostics.report(&sig.ident, diagnostics::UNIT_RETURN);
                    return None;
                }
                return Some(Output { form: Form::Unit, scalars, wrapper, whole: None });
            }
            let known =
                returned(inner).or_else(|| returned_whole(inner, shapes)).map(|output| Output { wrapper, ..output });
            if known.is_none() {
                let found = diagnostics::type_text(ty);
                diagnostics.report(ty, diagnostics::return_type(&found));
            }
            known
        }
    }
}

fn is_unit(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Marks the parameters that a function without a value writes its results into, and gives their float types.
fn outputs(
    sig: &syn::Signature,
    named: Option<&[Ident]>,
    parameters: &mut [Parameter],
    shapes: &[Shape],
) -> Vec<Scalar> {
    let mut scalars = Vec::new();
    let typed = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (parameter, typed) in parameters.iter_mut().zip(typed) {
        let Ty::Array(number) = parameter.ty else { continue };
        let shape = &shapes[number as usize];
        let constant = typed.attrs.iter().any(|attr| attr.path().is_ident("constant"));
        if shape.storage == Storage::BorrowedMut && !constant {
            parameter.output = true;
            // What it holds on entry is a constant, unless `wrt` names it.
            parameter.active &= named.is_some_and(|names| names.contains(&parameter.ident));
            scalars.push(shape.scalar);
        }
    }
    scalars
}

/// A float, a tuple of floats, or an array of as many floats as a literal says.
fn returned(ty: &syn::Type) -> Option<Output> {
    match ty {
        syn::Type::Paren(paren) => returned(&paren.elem),
        syn::Type::Group(group) => returned(&group.elem),
        syn::Type::Tuple(tuple) if tuple.elems.len() > 1 => {
            let scalars: Option<Vec<Scalar>> = tuple.elems.iter().map(scalar_type).collect();
            Some(Output { form: Form::Tuple, scalars: scalars?, wrapper: None, whole: None })
        }
        syn::Type::Array(array) => {
            let scalar = scalar_type(&array.elem)?;
            let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(length), .. }) = &array.len else { return None };
            let length: usize = length.base10_parse().ok().filter(|n| (1..=64).contains(n))?;
            Some(Output { form: Form::Array, scalars: vec![scalar; length], wrapper: None, whole: None })
        }
        other => Some(Output { form: Form::Scalar, scalars: vec![scalar_type(other)?], wrapper: None, whole: None }),
    }
}

/// A `Vec` or an array of floats.
fn returned_whole(ty: &syn::Type, shapes: &mut Vec<Shape>) -> Option<Output> {
    let shape = shape_of(ty).filter(|shape| shape.storage == Storage::Owned)?;
    let number = u16::try_from(shapes.len()).unwrap_or(u16::MAX - 2);
    let scalars = vec![shape.scalar];
    shapes.extend(shape.variants());
    Some(Output { form: Form::Whole, scalars, wrapper: None, whole: Some(Ty::Array(number)) })
}

/// `Self` in a function without a receiver tells that it stands in an `impl` block.
fn report_self_types(item: &ItemFn, diagnostics: &mut Diagnostics) -> bool {
    #[derive(Default)]
    struct Found(Option<Ident>);
    impl<'a> Visit<'a> for Found {
        fn visit_ident(&mut self, ident: &'a Ident) {
            if ident == "Self" {
                self.0.get_or_insert_with(|| ident.clone());
            }
        }
        fn visit_macro(&mut self, mac: &'a syn::Macro) {
            let found = find(mac.tokens.clone());
            self.0 = self.0.take().or(found);
        }
        // An `impl` block in the body has a `Self` of its own.
        fn visit_item(&mut self, _: &'a syn::Item) {}
    }
    fn find(tokens: TokenStream) -> Option<Ident> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => Some(ident),
            TokenTree::Group(group) => find(group.stream()),
            _ => None,
        })
    }
    let mut found = Found::default();
    found.visit_signature(&item.sig);
    found.visit_block(&item.block);
    if let Some(ident) = &found.0 {
        diagnostics.report(ident, diagnostics::SELF_WITHOUT_ASSOCIATED);
    }
    found.0.is_some()
}
