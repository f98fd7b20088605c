//! Guards on names: code of the user that is taken for a method of a float must be one.
//!
//! An attribute sees names alone. A module `f64` hides the primitive type in `f64::sin(x)`, and a trait of the user's
//! that has a method `sin(&self)` comes before the method of the float where `r.sin()` is called on a reference. So the
//! generated code asks rustc, in closures that never run:
//! - the path and the function of the primitive type must be one and the same: `same(f64::sin, <f64>::sin)`;
//! - on a reference, the method must be ambiguous with none: a trait of the runtime crate, or of the guard itself, that
//!   has the same method is the only one that applies.

use quote::quote;
use syn::{Expr, Stmt};

use super::Lowering;
use crate::fence;
use crate::ir::{Scalar, Ty};

impl Lowering<'_> {
    fn confirm(&mut self, stmt: Stmt) {
        let text = crate::emit::text_of(&stmt);
        if self.guards.iter().all(|known| crate::emit::text_of(known) != text) {
            self.guards.push(stmt);
        }
    }

    /// `f64::sin(x)`: the path means what the primitive type has.
    pub(super) fn guard_path(&mut self, path: &syn::ExprPath, scalar: Scalar) {
        if scalar == Scalar::Generic {
            // Nothing comes before a type parameter.
            return;
        }
        let runtime = self.source.runtime;
        let float = scalar.path(runtime);
        let Some(last) = path.path.segments.last().map(|segment| segment.ident.clone()) else { return };
        let own = if last == "from" {
            quote!(<#float as ::core::convert::From<#float>>::from)
        } else {
            quote!(<#float>::#last)
        };
        let span = last.span();
        self.confirm(syn::parse_quote_spanned!(span=> let _ = || #runtime::private::same(#path, #own);));
    }

    /// `Float::sin(x)` of a generic float: the trait is that of its bound.
    pub(super) fn guard_trait(&mut self, path: &syn::ExprPath, method: &syn::Ident) {
        let (runtime, float) = (self.source.runtime, Scalar::Generic.path(self.source.runtime));
        let span = method.span();
        self.confirm(syn::parse_quote_spanned!(span=> let _ = || #runtime::private::same(#path, <#float>::#method);));
    }

    /// `Vec::new()`: of the `Vec` of the standard library.
    pub(super) fn guard_vector(&mut self, path: &syn::ExprPath, scalar: Scalar) {
        let runtime = self.source.runtime;
        let float = scalar.path(runtime);
        let Some(last) = path.path.segments.last().map(|segment| segment.ident.clone()) else { return };
        let plain = path.path.segments.iter().all(|segment| segment.arguments.is_empty());
        // With an annotation, the elements may be arrays.
        let element = if plain { float } else { quote!(_) };
        let own = quote!(#runtime::private::Vec::<#element>::#last);
        let span = last.span();
        self.confirm(syn::parse_quote_spanned!(span=> let _ = || #runtime::private::same(#path, #own);));
    }

    /// `mem::swap(..)`: the function of the standard library.
    pub(super) fn guard_mem(&mut self, path: &syn::ExprPath, name: &str) {
        let runtime = self.source.runtime;
        let plain = path.path.segments.iter().all(|segment| segment.arguments.is_empty());
        let element = if plain { quote!(#runtime::private::f64) } else { quote!(_) };
        let function = syn::Ident::new(name, proc_macro2::Span::call_site());
        let span = path.path.segments.last().map_or_else(proc_macro2::Span::call_site, |last| last.ident.span());
        self.confirm(syn::parse_quote_spanned! {span=>
            let _ = || #runtime::private::same(#path, ::core::mem::#function::<#element>);
        });
    }

    /// `std::array::from_fn(..)`: the function of the standard library.
    pub(super) fn guard_from_fn(&mut self, path: &syn::ExprPath) {
        let runtime = self.source.runtime;
        let mut own = path.clone();
        if let Some(last) = own.path.segments.last_mut() {
            last.arguments = syn::PathArguments::None;
        }
        let generics = quote!(::<(), 1, fn(::core::primitive::usize)>);
        let span = path.path.segments.last().map_or_else(proc_macro2::Span::call_site, |last| last.ident.span());
        self.confirm(syn::parse_quote_spanned! {span=>
            let _ = || #runtime::private::same(#own #generics, ::core::array::from_fn #generics);
        });
    }

    /// `r.sin()` where `r` may be a reference: no trait has a method that comes before that of the float.
    pub(super) fn guard_method(&mut self, call: &syn::ExprMethodCall, scalar: Scalar) {
        if self.is_by_value(&call.receiver) {
            return;
        }
        let runtime = self.source.runtime;
        let float = scalar.path(runtime);
        let method = &call.method;
        let args: Vec<Expr> = call.args.iter().map(|_| syn::parse_quote!(())).collect();
        if scalar == Scalar::Generic {
            // Traits of the guard's own, which no type beyond it has.
            let types: Vec<syn::Ident> = (0..args.len()).map(|k| quote::format_ident!("A{k}")).collect();
            let guard = |receiver: proc_macro2::TokenStream| {
                quote! {
                    trait Guard { fn #method<#(#types),*>(&self, #(_: #types),*) {} }
                    impl<F> Guard for #receiver {}
                    float.#method(#(#args),*);
                }
            };
            let (of_float, of_reference) = (guard(quote!(F)), guard(quote!(&F)));
            self.confirm(syn::parse_quote!(let _ = |float: &#float| { { #of_float } { #of_reference } };));
            return;
        }
        self.confirm(syn::parse_quote! {
            let _ = |float: &#float| {
                {
                    use #runtime::private::MethodOfTheFloat as _;
                    float.#method(#(#args),*);
                }
                {
                    use #runtime::private::MethodOfTheReference as _;
                    float.#method(#(#args),*);
                }
            };
        });
    }

    /// Whether an expression is certainly a float itself, and not a reference to one.
    pub(super) fn is_by_value(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Paren(paren) => self.is_by_value(&paren.expr),
            Expr::Group(group) => self.is_by_value(&group.expr),
            Expr::Lit(_) | Expr::Unary(_) | Expr::Binary(_) | Expr::Cast(_) | Expr::Index(_) => true,
            Expr::MethodCall(call) => crate::rules::method(&call.method.to_string()).is_some(),
            Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if fence::primitive_type(&path.path).is_some()),
            Expr::Path(_) => fence::variable(expr).is_some_and(|name| {
                let is_float = |param: &super::Param| param.name == name && matches!(param.ty, Ty::Float(_));
                self.by_value.contains(&name) || self.source.params.iter().any(is_float)
            }),
            _ => false,
        }
    }

    /// Notes whether a variable holds a float itself.
    pub(super) fn note_by_value(&mut self, name: &str, ascribed: Option<&syn::Type>, init: &Expr) {
        let is_float = ascribed.is_some_and(|ty| super::stmt::scalar_type(ty).is_some());
        if is_float || self.is_by_value(init) {
            self.by_value.insert(name.to_owned());
        }
    }
}
