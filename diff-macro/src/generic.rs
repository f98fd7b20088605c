//! Functions that are generic in their float type: the item goes in, and comes out with a name for the type parameter
//! that the passes know; what they make of it gets the user's name back.
//!
//! ```text
//! fn f<T: Float>(x: T, v: &[T]) -> T { T::from(2.0).unwrap() * x + v[0] }
//! fn f<__Float: Float>(x: __Float, v: &[__Float]) -> __Float { __Float::from(2.0).unwrap() * x + v[0] }
//! ```
//!
//! So a pass sees from a name alone that a type is a float, as it does with `f64`. Generated code asks no more of the type
//! than the bound `num_traits::Float` gives: literals are `T::zero()`, `T::one()` and `T::from(2.0).unwrap()`, and
//! `s += t` is `s = s + t`.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit::Visit;
use syn::{Expr, FnArg, GenericParam, ItemFn, ReturnType, Type, TypeParamBound, WherePredicate};

use crate::attr::Options;
use crate::fence;

/// The name of the float type parameter while the passes run.
pub(crate) const NAME: &str = "__Float";

/// The traits of `num-traits` that make a type parameter a float.
const BOUNDS: &[&str] = &["Float", "FloatCore"];

/// Methods that `f64` has and `num_traits::Float` has not.
const MISSING: &[&str] = &["div_euclid", "rem_euclid", "round_ties_even"];

/// Whether a method of `f64` is none of a generic float.
pub(crate) fn is_missing(method: &str) -> bool {
    MISSING.contains(&method)
}

/// The type parameters that are floats, that of the passes first.
///
/// Those of the function are seen by their bounds. Those of an `impl` block are not visible: of a method that returns `T`, or
/// floats made of it, and that takes no `T` apart, `T` is one if it is a single letter, as type parameters are written, or
/// if the body asks it for numbers, as in `T::one()`.
pub(crate) fn parameters(function: &ItemFn, options: &Options) -> Vec<Ident> {
    let generics = &function.sig.generics;
    let declared: Vec<&syn::TypeParam> = generics.type_params().collect();
    let floats = declared.iter().filter(|param| is_bound(&param.bounds) || is_bound_below(generics, &param.ident));
    let mut floats: Vec<Ident> = floats.map(|param| param.ident.clone()).collect();
    let is_declared = |ident: &Ident| {
        generics.params.iter().any(|param| match param {
            GenericParam::Type(param) => param.ident == *ident,
            GenericParam::Const(param) => param.ident == *ident,
            GenericParam::Lifetime(_) => false,
        })
    };
    let named = named_types(function, options);
    // A bound by a trait of the user's: `wrt` tells.
    floats.extend(named.iter().filter(|ty| declared.iter().any(|param| param.ident == **ty)).cloned());
    let is_method = options.associated || function.sig.receiver().is_some();
    if is_method && floats.is_empty() {
        let undeclared = |ident: &Ident| !is_declared(ident) && !fence::is_primitive_name(&ident.to_string());
        floats.extend(returned_name(function).filter(undeclared).filter(|ident| is_float_of_impl(function, ident)));
    }
    let mut seen = HashSet::new();
    floats.retain(|ident| seen.insert(ident.to_string()));
    floats
}

fn is_bound<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> bool {
    bounds.into_iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|last| BOUNDS.iter().any(|name| last.ident == name))
        }
        _ => false,
    })
}

/// Whether the `where` clause has a float bound for the parameter.
fn is_bound_below(generics: &syn::Generics, param: &Ident) -> bool {
    generics.where_clause.iter().flat_map(|clause| &clause.predicates).any(|predicate| match predicate {
        WherePredicate::Type(predicate) => {
            name_of(&predicate.bounded_ty).as_ref() == Some(param) && is_bound(&predicate.bounds)
        }
        _ => false,
    })
}

/// The name that a type is: `T`.
fn name_of(ty: &Type) -> Option<Ident> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident().cloned(),
        Type::Paren(paren) => name_of(&paren.elem),
        Type::Group(group) => name_of(&group.elem),
        _ => None,
    }
}

/// The name of the scalars that a type is made of: `T` of `&[T]`, `[T; N]`, `(T, T)`, `Vec<T>`, `Option<T>`.
fn scalar_name(ty: &Type) -> Option<Ident> {
    match ty {
        Type::Reference(reference) => scalar_name(&reference.elem),
        Type::Slice(slice) => scalar_name(&slice.elem),
        Type::Array(array) => scalar_name(&array.elem),
        Type::Tuple(tuple) => scalar_name(tuple.elems.first()?),
        Type::Paren(paren) => scalar_name(&paren.elem),
        Type::Group(group) => scalar_name(&group.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match &last.arguments {
                syn::PathArguments::AngleBracketed(args)
                    if ["Vec", "Option", "Result"].iter().any(|name| last.ident == name) =>
                {
                    match args.args.first()? {
                        syn::GenericArgument::Type(inner) => scalar_name(inner),
                        _ => None,
                    }
                }
                _ => name_of(ty),
            }
        }
        _ => None,
    }
}

/// The names of the types of those parameters that `wrt` names.
fn named_types(function: &ItemFn, options: &Options) -> Vec<Ident> {
    let names = options.wrt.as_deref().unwrap_or_default();
    let typed = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let named = typed.filter(|typed| match &*typed.pat {
        syn::Pat::Ident(pat) => names.contains(&pat.ident),
        _ => false,
    });
    named.filter_map(|typed| scalar_name(&typed.ty)).collect()
}

/// The name of the scalars that the function returns, or writes into the slices that it is given.
fn returned_name(function: &ItemFn) -> Option<Ident> {
    match &function.sig.output {
        ReturnType::Type(_, ty) => scalar_name(ty),
        ReturnType::Default => function.sig.inputs.iter().find_map(|input| match input {
            FnArg::Typed(typed) => match &*typed.ty {
                Type::Reference(reference) if reference.mutability.is_some() => match &*reference.elem {
                    inner @ (Type::Slice(_) | Type::Array(_)) => scalar_name(inner),
                    _ => None,
                },
                _ => None,
            },
            FnArg::Receiver(_) => None,
        }),
    }
}

/// Whether a name that the function does not declare is that of a float type parameter of its `impl` block.
fn is_float_of_impl(function: &ItemFn, name: &Ident) -> bool {
    /// What the body does with the type.
    struct Uses<'n> {
        name: &'n Ident,
        asks_for_numbers: bool,
        makes: bool,
    }
    impl<'a> Visit<'a> for Uses<'_> {
        fn visit_path(&mut self, path: &'a syn::Path) {
            let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            if let [ty, function] = &names[..] {
                let number = ["zero", "one", "from", "epsilon", "infinity", "nan"].contains(&function.as_str());
                self.asks_for_numbers |= self.name == ty && number;
            }
            syn::visit::visit_path(self, path);
        }
        fn visit_expr_struct(&mut self, made: &'a syn::ExprStruct) {
            self.makes |= made.path.is_ident(self.name);
            syn::visit::visit_expr_struct(self, made);
        }
        fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
            self.makes |= matches!(&*call.func, Expr::Path(path) if path.path.is_ident(self.name));
            syn::visit::visit_expr_call(self, call);
        }
    }
    let mut uses = Uses { name, asks_for_numbers: false, makes: false };
    uses.visit_block(&function.block);
    let text = name.to_string();
    let single = text.len() == 1 && text.chars().all(char::is_uppercase);
    let apart = fence::taken_apart(&function.block);
    let is_struct = function.sig.inputs.iter().any(|input| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            syn::Pat::Ident(pat) => {
                scalar_name(&typed.ty).as_ref() == Some(name) && apart.contains(&pat.ident.to_string())
            }
            _ => false,
        },
        FnArg::Receiver(_) => false,
    });
    !uses.makes && !is_struct && (single || uses.asks_for_numbers)
}

/// Whether a function, whose type parameter has the name that the passes know, is generic in its float type.
pub(crate) fn is_generic(signature: &syn::Signature) -> bool {
    fn mentions(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Ident(ident) => ident == NAME,
            TokenTree::Group(group) => mentions(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    mentions(signature.to_token_stream())
}

/// The item with the name that the passes know in place of the type parameter's.
pub(crate) fn mark(tokens: TokenStream, name: &Ident) -> TokenStream {
    renamed(tokens, &name.to_string(), NAME)
}

/// The user's name again: in code, and in the text of messages.
pub(crate) fn restore(tokens: TokenStream, name: &Ident) -> TokenStream {
    renamed(tokens, NAME, &name.to_string())
}

fn renamed(tokens: TokenStream, from: &str, to: &str) -> TokenStream {
    let rename = |tree: TokenTree| match tree {
        TokenTree::Ident(ident) if ident == from => TokenTree::Ident(Ident::new(to, ident.span())),
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), renamed(group.stream(), from, to));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        TokenTree::Literal(literal) if from == NAME && literal.to_string().contains(NAME) => {
            let text = syn::parse2::<syn::LitStr>(literal.to_token_stream());
            let text = text.map(|text| Literal::string(&text.value().replace(NAME, to)));
            let mut restored = text.unwrap_or_else(|_| literal.clone());
            restored.set_span(literal.span());
            TokenTree::Literal(restored)
        }
        other => other,
    };
    tokens.into_iter().map(rename).collect()
}

/// A number that is not negative, as generated code writes it.
pub(crate) fn literal(x: f64) -> TokenStream {
    let name = Ident::new(NAME, Span::call_site());
    if x == 0.0 {
        quote!(#name::zero())
    } else if x == 1.0 {
        quote!(#name::one())
    } else {
        let literal = format!("{x:?}").parse::<Literal>().unwrap_or_else(|_| Literal::f64_unsuffixed(x));
        quote!(#name::from(#literal).unwrap())
    }
}

/// What a variable is called that holds a number.
pub(crate) fn name_of_number(x: f64) -> String {
    const NAMES: &[(f64, &str)] = &[
        (0.5, "half"),
        (2.0, "two"),
        (3.0, "three"),
        (4.0, "four"),
        (5.0, "five"),
        (6.0, "six"),
        (7.0, "seven"),
        (8.0, "eight"),
        (9.0, "nine"),
        (10.0, "ten"),
        (100.0, "hundred"),
        (std::f64::consts::LN_2, "ln_2"),
        (std::f64::consts::LN_10, "ln_10"),
    ];
    let known = NAMES.iter().find(|(number, _)| *number == x).map(|(_, name)| (*name).to_owned());
    known.unwrap_or_else(|| "constant".to_owned())
}

/// The number that an expression of the user's is: `T::one()`, `-T::zero()`, `T::from(2.5).unwrap()`.
pub(crate) fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Paren(paren) => number(&paren.expr),
        Expr::Group(group) => number(&group.expr),
        Expr::Call(call) => match (function_of(&call.func)?.as_str(), call.args.len()) {
            ("zero", 0) => Some(0.0),
            ("one", 0) => Some(1.0),
            _ => None,
        },
        Expr::MethodCall(call) => {
            let (operand, function) = from_number(call)?;
            plain_number(operand).filter(|_| *function == "from" || *function == "from_f64")
        }
        _ => None,
    }
}

/// Whether an expression is of the float type by the function of it that is called: `T::epsilon()`, `T::from(n).unwrap()`.
pub(crate) fn is_float(expr: &Expr) -> bool {
    const CONVERSIONS: &[&str] =
        &["from", "from_f64", "from_f32", "from_usize", "from_isize", "from_i32", "from_u32", "from_i64", "from_u64"];
    const NUMBERS: &[&str] =
        &["zero", "one", "epsilon", "infinity", "neg_infinity", "nan", "max_value", "min_value", "min_positive_value"];
    match expr {
        Expr::Call(call) => function_of(&call.func).is_some_and(|name| NUMBERS.contains(&name.as_str())),
        Expr::MethodCall(call) => {
            from_number(call).is_some_and(|(_, function)| CONVERSIONS.iter().any(|name| function == name))
        }
        _ => false,
    }
}

/// The float of which an expression makes an integer: `x` in `x.to_usize().unwrap()`.
pub(crate) fn to_integer(call: &syn::ExprMethodCall) -> Option<&Expr> {
    let (operand, method) = converted(call)?;
    fence::is_integer_name(method.to_string().strip_prefix("to_")?).then_some(operand)
}

/// Where an expression makes a float of another type, `x.to_f64().unwrap()`: that float, and the method.
pub(crate) fn to_float(call: &syn::ExprMethodCall) -> Option<(&Expr, &Ident)> {
    converted(call).filter(|(_, method)| *method == "to_f64" || *method == "to_f32")
}

/// What is converted into the float type, and by which function of it: `T::from(k).unwrap()`.
pub(crate) fn from_number(call: &syn::ExprMethodCall) -> Option<(&Expr, &Ident)> {
    let takes_out = matches!(call.method.to_string().as_str(), "unwrap" | "expect");
    let Expr::Call(from) = &*call.receiver else { return None };
    let Expr::Path(path) = &*from.func else { return None };
    let is_from = function_of(&from.func).is_some_and(|name| name.starts_with("from"));
    let function = &path.path.segments.last()?.ident;
    (takes_out && is_from && from.args.len() == 1).then(|| (&from.args[0], function))
}

/// What is converted, and by which method, if the result is taken out of its `Option` here.
fn converted(call: &syn::ExprMethodCall) -> Option<(&Expr, &Ident)> {
    let takes_out = matches!(call.method.to_string().as_str(), "unwrap" | "expect" | "unwrap_or");
    match &*call.receiver {
        Expr::MethodCall(inner) if takes_out && inner.args.is_empty() => Some((&inner.receiver, &inner.method)),
        _ => None,
    }
}

/// The method of the float trait that a path names: `Float::sin`, `<T as Float>::sin`.
pub(crate) fn method_of_trait(path: &syn::ExprPath) -> Option<&Ident> {
    let of_float = path.qself.as_ref().is_none_or(|qself| name_of(&qself.ty).is_some_and(|name| name == NAME));
    let mut segments = path.path.segments.iter().rev();
    let (method, owner) = (segments.next()?, segments.next()?);
    (of_float && BOUNDS.iter().any(|name| owner.ident == name)).then_some(&method.ident)
}

/// The function of the float type that a path leads to.
fn function_of(func: &Expr) -> Option<String> {
    let Expr::Path(path) = func else { return None };
    let segments: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match &segments[..] {
        [ty, function] if ty == NAME => Some(function.clone()),
        _ => None,
    }
}

/// A literal that is converted without loss.
fn plain_number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Paren(paren) => plain_number(&paren.expr),
        Expr::Group(group) => plain_number(&group.expr),
        // Zero has no sign among integers.
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            let is_float = fence::is_float_literal(&unary.expr);
            plain_number(&unary.expr).map(|x| if is_float { -x } else { 0.0 - x })
        }
        Expr::Lit(lit) => match &lit.lit {
            syn::Lit::Float(float) if matches!(float.suffix(), "" | "f64") => {
                float.base10_parse::<f64>().ok().filter(|x| x.is_finite())
            }
            syn::Lit::Int(int) => int.base10_parse::<u32>().ok().filter(|n| *n < 1 << 24).map(f64::from),
            _ => None,
        },
        _ => None,
    }
}
