//! `#[derive(Differentiable)]`: a struct goes in, the implementation of the trait for it comes out.
//!
//! The derive sees tokens, not types. A field is a constant where its tokens say so: it is marked `#[constant]`, or its
//! type is a number that is no float, a `bool`, a `char`, a string or a `PhantomData` by name. Every other field is asked
//! for by trait dispatch: its type has to implement `Differentiable` itself, as floats, arrays, tuples, vectors of them
//! and other derived structs do. Where it does not, rustc reports so at the type of the field, with the help that the
//! trait carries.
//!
//! ```text
//! // Input:    struct Spring { stiffness: f64, label: String }
//! // Output:   zero_like        Spring { stiffness: 0, label: as it is }
//! //           zip_components   stiffness
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Data, DeriveInput, Field, GenericParam, Generics, Index, Member, Type};

use crate::diagnostics::{self, Diagnostics};
use crate::fence;
use crate::ir::Ty;

/// Expands `#[derive(Differentiable)]`. What cannot be derived is reported, and then nothing else comes out.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let implementation = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => implementation(&input, &mut diagnostics),
        Err(error) => {
            diagnostics.push(error);
            None
        }
    };
    let errors = diagnostics.into_tokens();
    quote!(#implementation #errors)
}

/// A field, with how the struct's other code names it.
struct Part<'a> {
    member: Member,
    ty: &'a Type,
    /// It is not differentiated in: it keeps its value.
    constant: bool,
}

impl Part<'_> {
    /// The path of the trait, where rustc is to report that the type of the field does not fit.
    fn at(&self, tokens: &TokenStream) -> TokenStream {
        let span = self.ty.span();
        tokens
            .clone()
            .into_iter()
            .map(|mut tree| {
                tree.set_span(tree.span().located_at(span));
                tree
            })
            .collect()
    }
}

fn implementation(input: &DeriveInput, diagnostics: &mut Diagnostics) -> Option<TokenStream> {
    let runtime = runtime(&input.attrs, diagnostics);
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => {
            diagnostics.report(data.enum_token, diagnostics::DERIVE_ENUM);
            return None;
        }
        Data::Union(data) => {
            diagnostics.report(data.union_token, diagnostics::DERIVE_UNION);
            return None;
        }
    };
    let before = diagnostics.count();
    let parts: Vec<Part<'_>> = fields.iter().enumerate().map(|(k, field)| part(k, field, diagnostics)).collect();
    let components: Vec<&Part<'_>> = parts.iter().filter(|part| !part.constant).collect();
    if components.is_empty() && diagnostics.count() == before {
        diagnostics.report(&input.ident, diagnostics::derive_empty(!parts.is_empty()));
    }
    if diagnostics.count() > before {
        return None;
    }
    Some(body(input, &parts, &components, &runtime))
}

fn body(input: &DeriveInput, parts: &[Part<'_>], components: &[&Part<'_>], runtime: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, clause) = input.generics.split_for_impl();
    let first = components.first().map(|part| part.ty);
    let trait_ = quote!(#runtime::Differentiable);
    let bounds = bounds(&input.generics, parts, &trait_);
    let clause = match clause {
        Some(clause) if clause.predicates.trailing_punct() || clause.predicates.is_empty() => {
            quote!(#clause #(#bounds,)*)
        }
        Some(clause) => quote!(#clause, #(#bounds,)*),
        None if bounds.is_empty() => quote!(),
        None => quote!(where #(#bounds,)*),
    };
    let zeros = parts.iter().map(|part| {
        let (member, trait_) = (&part.member, part.at(&trait_));
        if part.constant {
            let clone = part.at(&quote!(::core::clone::Clone));
            quote!(#member: #clone::clone(&self.#member))
        } else {
            quote!(#member: #trait_::zero_like(&self.#member))
        }
    });
    let same = components.iter().map(|part| {
        let member = &part.member;
        quote!(#trait_::same_shape(&self.#member, &other.#member))
    });
    let [targets, sources] = ["TARGETS", "SOURCES"].map(|wish| free_name(wish, &input.generics));
    let zips = components.iter().map(|part| {
        let (member, trait_) = (&part.member, part.at(&trait_));
        quote! {
            #trait_::zip_components(targets.each_mut().map(|t| &mut t.#member), sources.map(|s| &s.#member), visit);
        }
    });
    let products = components.iter().map(|part| {
        let (member, trait_) = (&part.member, part.at(&trait_));
        quote!(#trait_::inner_product(&self.#member, &other.#member))
    });
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        impl #generics #trait_ for #name #arguments #clause {
            type Scalar = <#first as #trait_>::Scalar;

            #[inline]
            fn zero_like(&self) -> Self {
                Self { #(#zeros),* }
            }

            fn same_shape(&self, other: &Self) -> ::core::primitive::bool {
                #(#same)&&*
            }

            #[inline]
            fn zip_components<const #targets: ::core::primitive::usize, const #sources: ::core::primitive::usize>(
                mut targets: [&mut Self; #targets],
                sources: [&Self; #sources],
                visit: &mut impl ::core::ops::FnMut([&mut Self::Scalar; #targets], [Self::Scalar; #sources]),
            ) {
                #(#zips)*
            }

            #[inline]
            fn inner_product(&self, other: &Self) -> Self::Scalar {
                #(#products)+*
            }
        }
    }
}

/// A field: whether it is a constant, from its attributes or from the name of its type.
fn part<'a>(position: usize, field: &'a Field, diagnostics: &mut Diagnostics) -> Part<'a> {
    let mut marked = false;
    for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("constant")) {
        if attr.meta.require_path_only().is_err() {
            diagnostics.report(attr, diagnostics::CONSTANT_FORM);
        }
        if std::mem::replace(&mut marked, true) {
            diagnostics.report(attr, diagnostics::duplicate("#[constant]"));
        }
    }
    let visible = is_visibly_constant(&field.ty);
    if !marked && !visible && holds_reference(&field.ty) {
        let found = diagnostics::type_text(&field.ty);
        diagnostics.report(&field.ty, diagnostics::derive_reference(&found));
    }
    let member = match &field.ident {
        Some(ident) => Member::Named(ident.clone()),
        None => Member::Unnamed(Index { index: u32::try_from(position).unwrap_or(u32::MAX), span: field.ty.span() }),
    };
    Part { member, ty: &field.ty, constant: marked || visible }
}

/// Whether the tokens of a type say that no float is in it.
fn is_visibly_constant(ty: &Type) -> bool {
    match ty {
        Type::Paren(paren) => is_visibly_constant(&paren.elem),
        Type::Group(group) => is_visibly_constant(&group.elem),
        Type::Reference(reference) => is_visibly_constant(&reference.elem),
        Type::Array(array) => is_visibly_constant(&array.elem),
        Type::Slice(slice) => is_visibly_constant(&slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_visibly_constant),
        Type::Path(path) => {
            let last = path.path.segments.last();
            let named = last.is_some_and(|segment| {
                let name = segment.ident.to_string();
                let plain = segment.arguments.is_none() && matches!(name.as_str(), "str" | "String" | "char");
                plain || name == "PhantomData"
            });
            named || matches!(fence::primitive_ty(ty), Ty::Int | Ty::Bool)
        }
        _ => false,
    }
}

/// Whether a type is a reference, or an array or a tuple of references: no gradient can be made of that type.
fn holds_reference(ty: &Type) -> bool {
    match ty {
        Type::Paren(paren) => holds_reference(&paren.elem),
        Type::Group(group) => holds_reference(&group.elem),
        Type::Reference(_) => true,
        Type::Array(array) => holds_reference(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().any(holds_reference),
        _ => false,
    }
}

/// What the types of the fields must be able to do, where it depends on the generics.
fn bounds(generics: &Generics, parts: &[Part<'_>], trait_: &TokenStream) -> Vec<TokenStream> {
    let first = parts.iter().find(|part| !part.constant).map(|part| part.ty);
    let mut seen = Vec::new();
    let mut bounds = Vec::new();
    for part in parts.iter().filter(|part| names_parameter(part.ty, generics)) {
        let (ty, trait_) = (part.ty, part.at(trait_));
        let text = (ty.to_token_stream().to_string(), part.constant);
        if seen.contains(&text) {
            continue;
        }
        bounds.push(match (part.constant, first) {
            (true, _) => quote!(#ty: ::core::clone::Clone),
            (false, Some(first)) if first.to_token_stream().to_string() != text.0 => {
                quote!(#ty: #trait_<Scalar = <#first as #trait_>::Scalar>)
            }
            (false, _) => quote!(#ty: #trait_),
        });
        seen.push(text);
    }
    bounds
}

/// Whether a type mentions a type parameter.
fn names_parameter(ty: &Type, generics: &Generics) -> bool {
    struct Found<'a>(&'a Generics, bool);
    impl<'a> Visit<'a> for Found<'_> {
        fn visit_ident(&mut self, ident: &'a Ident) {
            self.1 |= self.0.params.iter().any(|param| match param {
                GenericParam::Type(param) => param.ident == *ident,
                GenericParam::Lifetime(_) | GenericParam::Const(_) => false,
            });
        }
    }
    let mut found = Found(generics, false);
    found.visit_type(ty);
    found.1
}

/// A name for a generic parameter that the struct does not have.
fn free_name(wish: &str, generics: &Generics) -> Ident {
    let taken = |name: &str| {
        generics
            .to_token_stream()
            .to_string()
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == name)
    };
    let mut name = wish.to_owned();
    while taken(&name) {
        name.push('_');
    }
    Ident::new(&name, Span::mixed_site())
}

/// The path of the runtime crate: that of `#[differentiable(crate = path)]`, where it has another name.
fn runtime(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> TokenStream {
    let mut found = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("differentiable")) {
        let path = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            input.parse::<syn::Token![crate]>()?;
            input.parse::<syn::Token![=]>()?;
            input.call(syn::Path::parse_mod_style)
        });
        match path {
            Ok(path) => found = Some(quote!(#path)),
            Err(_) => diagnostics.report(attr, diagnostics::DIFFERENTIABLE_FORM),
        }
    }
    found.unwrap_or_else(|| quote!(::diff_runtime))
}
