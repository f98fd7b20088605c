//! The signature: the item and its options go in; what is differentiated, with respect to what, comes out.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Attribute, FnArg, ItemFn, Pat, ReturnType, Safety};

use crate::attr::Options;
use crate::diagnostics::{self, Diagnostics};
use crate::fence::{self, Stability};
use crate::generic;
use crate::ir::{Scalar, Shape, Storage, Ty};
use crate::lower::{shape_of, stmt_scalar_type as scalar_type};
use crate::names::{Names, plain};

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
    /// It is an array whose elements are visibly integers.
    pub(crate) counts: bool,
    /// The function returns nothing: what it leaves in this `&mut` parameter is a result.
    pub(crate) output: bool,
    /// An active parameter that is a struct or a tuple.
    pub(crate) aggregate: Option<Aggregate>,
}

/// A struct, a tuple, or an array of structs, that is differentiated in.
#[derive(Clone)]
pub(crate) struct Aggregate {
    /// The type, without a reference to it.
    pub(crate) ty: syn::Type,
    pub(crate) storage: Storage,
}

impl Aggregate {
    /// The type of which the components are asked for: that of the elements, of an array. A tuple is taken apart.
    pub(crate) fn of_type(&self) -> Option<syn::Type> {
        fn element(ty: &syn::Type) -> Option<syn::Type> {
            match ty {
                syn::Type::Slice(slice) => element(&slice.elem),
                syn::Type::Array(array) => element(&array.elem),
                syn::Type::Paren(paren) => element(&paren.elem),
                syn::Type::Group(group) => element(&group.elem),
                syn::Type::Tuple(_) => None,
                syn::Type::Path(path) => match path.path.segments.last().map(|last| &last.arguments) {
                    Some(syn::PathArguments::AngleBracketed(args)) if path.path.segments.last()?.ident == "Vec" => {
                        args.args.iter().find_map(|arg| match arg {
                            syn::GenericArgument::Type(inner) => element(inner),
                            _ => None,
                        })
                    }
                    _ => Some(ty.clone()),
                },
                other => Some(other.clone()),
            }
        }
        element(&self.ty)
    }

    /// Of a parameter of the type, which is a reference to it or the type itself.
    fn of(ty: &syn::Type) -> Self {
        match ty {
            syn::Type::Paren(paren) => Aggregate::of(&paren.elem),
            syn::Type::Group(group) => Aggregate::of(&group.elem),
            syn::Type::Reference(reference) => {
                let storage = if reference.mutability.is_some() { Storage::BorrowedMut } else { Storage::Borrowed };
                Aggregate { ty: (*reference.elem).clone(), storage }
            }
            other => Aggregate { ty: other.clone(), storage: Storage::Owned },
        }
    }

    /// The type of `self`.
    fn of_receiver(receiver: &syn::Receiver) -> Self {
        let ty = syn::parse_quote!(Self);
        let storage = match &receiver.kind {
            syn::ReceiverKind::Reference(_, _, None) => Storage::Borrowed,
            syn::ReceiverKind::Reference(..) => Storage::BorrowedMut,
            syn::ReceiverKind::Typed(_, ty) => Aggregate::of(ty).storage,
            _ => Storage::Owned,
        };
        Aggregate { ty, storage }
    }
}

/// The form of what the function returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Scalar,
    Tuple,
    Array,
    /// One array as a whole: a `Vec`, or one that is nested, long, or as long as a constant says.
    Whole,
    /// A struct, or a tuple with parts that are no floats.
    Aggregate,
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
    /// The declarations of the variables that patterns in the place of parameters bind.
    pub(crate) patterns: Vec<syn::Stmt>,
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
    let mut patterns = Vec::new();
    let mut parameters = parameters(item, options, &mut shapes, &mut patterns, diagnostics);
    let certain = diagnostics.count() == before;
    let output = output(&sig.output, sig, options.wrt.as_deref(), &mut parameters, &mut shapes, diagnostics);
    if certain && options.wrt.as_ref().is_none_or(|names| !names.is_empty()) && !any_active(&parameters) {
        let result = parameters.iter().any(|parameter| parameter.output);
        let constant = sig.inputs.iter().any(|input| match input {
            FnArg::Typed(typed) => is_made_of_floats(&typed.ty),
            FnArg::Receiver(_) => false,
        });
        diagnostics.report(&sig.ident, diagnostics::no_active(!sig.inputs.is_empty(), constant, result));
    }
    let known = diagnostics.count();
    report_mixed(item, &parameters, &shapes, output.as_ref(), diagnostics);
    let certain = certain && diagnostics.count() == known;
    let is_method = has_receiver || options.associated || names_self;
    let all_read = parameters.iter().filter(|parameter| parameter.ident != "self").count()
        == sig.inputs.len() - usize::from(has_receiver)
        && any_active(&parameters);
    let output = output?;
    let of_parameters =
        parameters.iter().filter(|parameter| parameter.active).find_map(|parameter| parameter.ty.scalar());
    let scalar = match generic::is_generic(sig) {
        true => Scalar::Generic,
        false => output.scalars.first().copied().or(of_parameters).unwrap_or(Scalar::F64),
    };
    let receiver = sig.receiver().map_or(Stability::Open, |receiver| match &receiver.kind {
        syn::ReceiverKind::Reference(_, _, None) => Stability::Shared,
        syn::ReceiverKind::Typed(_, ty) => fence::stability_of_type(ty),
        _ => Stability::Open,
    });
    Some(Signature { parameters, shapes, scalar, output, receiver, patterns, is_method, certain }).filter(|_| all_read)
}

impl Signature {
    /// The same function as a caller sees it, who may make any parameter active that is made of floats, whatever `wrt`
    /// says. None if that is no difference.
    /// `structs`: those that it is differentiated in take part.
    pub(crate) fn for_callers(&self, structs: bool) -> Option<Self> {
        let mut signature = self.clone();
        let mut changed = false;
        for parameter in &mut signature.parameters {
            if !structs && parameter.aggregate.take().is_some() {
                (parameter.active, changed) = (false, true);
            }
            if let Some(aggregate) = &parameter.aggregate {
                let output = aggregate.storage == Storage::BorrowedMut;
                changed |= output && !parameter.output;
                parameter.output |= output;
                continue;
            }
            let shape = match parameter.ty {
                Ty::Array(number) => self.shapes.get(number as usize),
                _ => None,
            };
            let scalar = shape.map(|shape| shape.scalar).or(parameter.ty.scalar());
            // Beside a generic float, other floats are constants.
            let differentiable = scalar.is_some_and(|scalar| self.scalar != Scalar::Generic || scalar == self.scalar);
            let active = differentiable && !parameter.constant && parameter.ident != "_";
            // What a function leaves in an array is seen by its caller, whatever else it returns.
            let output = active && shape.is_some_and(|shape| shape.storage == Storage::BorrowedMut);
            changed |= (active && !parameter.active) || (output && !parameter.output);
            parameter.active |= active;
            parameter.output |= output;
        }
        signature.parameters.retain(|parameter| parameter.ident != "self" || parameter.aggregate.is_some());
        (changed && any_active(&signature.parameters)).then_some(signature)
    }
}

/// Reports what varies in `f64` beside a generic float, as conversions between the two are not followed.
fn report_mixed(
    item: &ItemFn,
    parameters: &[Parameter],
    shapes: &[Shape],
    output: Option<&Output>,
    diagnostics: &mut Diagnostics,
) {
    let scalar = |parameter: &Parameter| match parameter.ty {
        Ty::Array(number) => shapes.get(number as usize).map(|shape| shape.scalar),
        ty => ty.scalar(),
    };
    if !parameters.iter().any(|parameter| scalar(parameter) == Some(Scalar::Generic)) {
        return;
    }
    let typed = item.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (parameter, typed) in parameters.iter().filter(|parameter| parameter.ident != "self").zip(typed) {
        let name = scalar(parameter).filter(|scalar| parameter.active && *scalar != Scalar::Generic);
        if let Some(own) = name {
            diagnostics.report(&typed.ty, diagnostics::beside_generic(&plain(&parameter.ident), own.name()));
        }
    }
    let returned = output.iter().flat_map(|output| &output.scalars).find(|scalar| **scalar != Scalar::Generic);
    if let (Some(own), ReturnType::Type(_, ty)) = (returned, &item.sig.output) {
        diagnostics.report(ty, diagnostics::returned_beside_generic(own.name()));
    }
}

fn any_active(parameters: &[Parameter]) -> bool {
    parameters.iter().any(|parameter| parameter.active)
}

fn parameters(
    item: &ItemFn,
    options: &Options,
    shapes: &mut Vec<Shape>,
    patterns: &mut Vec<syn::Stmt>,
    diagnostics: &mut Diagnostics,
) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let mut names = Names::default();
    names.reserve_tokens(item.to_token_stream());
    for input in &item.sig.inputs {
        match input {
            FnArg::Receiver(receiver) => parameters.extend(active_receiver(receiver, options)),
            FnArg::Typed(typed) => {
                let (ident, mutable) = match &*typed.pat {
                    Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
                        (pat.ident.clone(), pat.mutability.is_some())
                    }
                    Pat::Wild(wild) => (Ident::new("_", wild.underscore_token.span), false),
                    pat => {
                        let ident = crate::names::generated(&names.fresh("argument", false), Span::call_site());
                        patterns.push(syn::parse_quote!(let #pat = #ident;));
                        (ident, false)
                    }
                };
                parameters.push(parameter(item, options, (typed, ident, mutable), shapes, diagnostics));
            }
        }
    }
    let names: Vec<String> = item
        .sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Receiver(_) => Some("self".to_owned()),
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(pat) => Some(plain(&pat.ident)),
                _ => None,
            },
        })
        .collect();
    for name in options.wrt.iter().flatten().filter(|name| !names.contains(&plain(name))) {
        diagnostics.report(name, diagnostics::unknown_wrt(&plain(name), &names));
    }
    parameters
}

/// `self`, if it is differentiated in.
fn active_receiver(receiver: &syn::Receiver, options: &Options) -> Option<Parameter> {
    let named = options.wrt.iter().flatten().any(|name| name == "self");
    named.then(|| Parameter {
        ident: Ident::new("self", receiver.self_token.span),
        ty: Ty::Unknown,
        active: true,
        constant: false,
        mutable: receiver.mutability.is_some(),
        stability: Stability::Open,
        indexed: false,
        counts: false,
        output: false,
        aggregate: Some(Aggregate::of_receiver(receiver)),
    })
}

fn parameter(
    item: &ItemFn,
    options: &Options,
    (typed, ident, mutable): (&syn::PatType, Ident, bool),
    shapes: &mut Vec<Shape>,
    diagnostics: &mut Diagnostics,
) -> Parameter {
    let mut ty = ty_of(&typed.ty, shapes);
    let constant = has_constant(&typed.attrs, diagnostics);
    let named = options.wrt.as_ref().map(|names| names.iter().find(|name| plain(name) == plain(&ident)));
    let active = match named {
        Some(Some(name)) => {
            if constant {
                diagnostics.report(name, diagnostics::constant_wrt(&ident.to_string()));
            }
            let possible = may_vary(&typed.ty, ty);
            if !possible {
                let found = diagnostics::type_text(&typed.ty);
                diagnostics.report(name, diagnostics::parameter_type(&ident.to_string(), &found));
            }
            possible
        }
        Some(None) => false,
        None => is_made_of_floats(&typed.ty) && !constant && ident != "_",
    };
    let unknown = active && ty.scalar().is_none() && !ty.is_array();
    let aggregate = (unknown && !is_named_scalar(item, &typed.ty, &ident)).then(|| Aggregate::of(&typed.ty));
    if unknown && aggregate.is_none() {
        // An alias of a float, or a generic one, that `wrt` names and the body computes with.
        ty = Ty::Float(scalar_of_output(&item.sig.output));
    }
    let stability = fence::stability_of_type(&typed.ty);
    let indexed = is_indexed(&typed.ty);
    let counts = fence::holds_integers(&typed.ty);
    Parameter { ident, ty, active, constant, mutable, stability, indexed, counts, output: false, aggregate }
}

/// Whether a type is visibly made of floats: one, an array of them, or a tuple of such.
fn is_made_of_floats(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Paren(paren) => is_made_of_floats(&paren.elem),
        syn::Type::Group(group) => is_made_of_floats(&group.elem),
        syn::Type::Tuple(tuple) => !tuple.elems.is_empty() && tuple.elems.iter().all(is_made_of_floats),
        syn::Type::Reference(reference) if matches!(&*reference.elem, syn::Type::Tuple(_)) => {
            is_made_of_floats(&reference.elem)
        }
        other => scalar_type(other).is_some() || shape_of(other).is_some(),
    }
}

/// Whether `wrt` may name a parameter of the type: it is made of floats, or its type tells nothing.
fn may_vary(ty: &syn::Type, known: Ty) -> bool {
    match ty {
        syn::Type::Paren(paren) => may_vary(&paren.elem, known),
        syn::Type::Group(group) => may_vary(&group.elem, known),
        syn::Type::Reference(reference) => may_vary(&reference.elem, known),
        syn::Type::Slice(_) | syn::Type::Array(_) | syn::Type::Tuple(_) => true,
        syn::Type::Path(path) => {
            let last = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
            let owner = last == "Vec" || last == "Box";
            !matches!(known, Ty::Int | Ty::Bool) && (owner || !OTHERS.contains(&last.as_str()))
        }
        _ => false,
    }
}

/// Whether the body computes with a parameter, whose type is a mere name, as with a float.
fn is_named_scalar(item: &ItemFn, ty: &syn::Type, ident: &Ident) -> bool {
    let named = matches!(ty, syn::Type::Path(path)
        if path.path.segments.last().is_some_and(|segment| segment.arguments.is_none()));
    let floats = match &item.sig.output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => returned(ty).is_some_and(|output| output.form != Form::Aggregate),
    };
    named && floats && !fence::taken_apart(&item.block).contains(&plain(ident))
}

fn scalar_of_output(output: &ReturnType) -> Scalar {
    let known = match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => returned(ty).and_then(|output| output.scalars.first().copied()),
    };
    known.unwrap_or(Scalar::F64)
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
            let known = returned(inner).or_else(|| returned_whole(inner, shapes));
            let known = known.filter(|output| wrapper.is_none() || output.form != Form::Aggregate);
            let known = known.map(|output| Output { wrapper, ..output });
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
    let scalar_of_struct = if generic::is_generic(sig) { Scalar::Generic } else { Scalar::F64 };
    let typed: Vec<&syn::PatType> = sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        })
        .collect();
    let mut typed = typed.into_iter().peekable();
    for parameter in parameters.iter_mut() {
        if let Some(aggregate) = &parameter.aggregate
            && aggregate.storage == Storage::BorrowedMut
        {
            parameter.output = true;
            scalars.push(scalar_of_struct);
        }
        let Some(typed) = typed.next_if(|_| parameter.ident != "self") else { continue };
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
            match scalars {
                Some(scalars) => Some(Output { form: Form::Tuple, scalars, wrapper: None, whole: None }),
                None => tuple.elems.iter().all(is_aggregate_part).then(Output::aggregate),
            }
        }
        syn::Type::Array(array) => {
            let scalar = scalar_type(&array.elem)?;
            let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(length), .. }) = &array.len else { return None };
            let length: usize = length.base10_parse().ok().filter(|n| (1..=64).contains(n))?;
            Some(Output { form: Form::Array, scalars: vec![scalar; length], wrapper: None, whole: None })
        }
        other => match scalar_type(other) {
            Some(scalar) => Some(Output { form: Form::Scalar, scalars: vec![scalar], wrapper: None, whole: None }),
            None => is_struct(other).then(Output::aggregate),
        },
    }
}

impl Output {
    /// The floats of a struct are found where it is made, in the body.
    fn aggregate() -> Self {
        Output { form: Form::Aggregate, scalars: Vec::new(), wrapper: None, whole: None }
    }
}

/// What a tuple that is returned may be made of.
fn is_aggregate_part(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Tuple(tuple) => !tuple.elems.is_empty() && tuple.elems.iter().all(is_aggregate_part),
        other => scalar_type(other).is_some() || is_struct(other),
    }
}

/// Types that are no structs of floats.
const OTHERS: &[&str] = &[
    "Vec", "Option", "Result", "Box", "String", "str", "char", "Rc", "Arc", "Cow", "HashMap", "BTreeMap", "HashSet",
    "BTreeSet", "VecDeque",
];

/// Whether a type may be a struct of the user's.
fn is_struct(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|segment| {
            let name = segment.ident.to_string();
            !OTHERS.contains(&name.as_str()) && !fence::is_primitive_name(&name)
        }),
        _ => false,
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
