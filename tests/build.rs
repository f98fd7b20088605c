//! Writes the twins of the corpus: the files in `tests/corpus/functions` go in, `twins.rs` and `cases.rs` come out.
//!
//! A twin is the function's own text on dual numbers: `f64` becomes `Dual64`, a float literal a constant dual, `as` a
//! call of a trait. Nothing else is changed, so the twin and the function cannot drift apart. `cases.rs` is the list of
//! all functions with the points at which they are tested, which each states in its `sample!(..)`: per parameter an
//! interval, or a list of choices if the parameter is inactive.
//!
//! This shares nothing with the macro under test: it replaces types and never looks at what the code computes.

use std::path::Path;
use std::{env, fs};

use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, FnArg, Item, ItemFn, Lit, Pat, Token, Type, UnOp, UseTree, parse_quote};

const FUNCTIONS: &str = "tests/corpus/functions";

fn main() {
    println!("cargo::rerun-if-changed={FUNCTIONS}");
    let mut files: Vec<_> = fs::read_dir(FUNCTIONS)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    files.sort();
    let (mut twins, mut cases) = (TokenStream::new(), TokenStream::new());
    for path in files {
        let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("a readable file");
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let ident = format_ident!("{module}");
        let twin = twin(&file);
        twins.extend(quote!(pub mod #ident { #(#twin)* }));
        for sample in file.items.iter().filter_map(Sample::read) {
            cases.extend(case(&module, &file, &sample));
        }
    }
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let write = |name: &str, tokens: TokenStream| {
        fs::write(Path::new(&out).join(name), tokens.to_string()).expect("a writable directory");
    };
    write("twins.rs", twins);
    write("cases.rs", quote!([#cases]));
}

// ---- twins ------------------------------------------------------------------------------------------------------

/// The items of a file on dual numbers.
fn twin(file: &syn::File) -> Vec<Item> {
    let is_sample = |item: &Item| Sample::read(item).is_some();
    let mut items: Vec<Item> = file.items.iter().filter(|item| !is_sample(item)).cloned().collect();
    items.iter_mut().for_each(|item| Rewrite.visit_item_mut(item));
    items
}

struct Rewrite;

impl Rewrite {
    fn attributes(attributes: &mut Vec<Attribute>) {
        let ours = ["derivative", "constant", "doc", "allow", "expect"];
        attributes.retain(|attr| !ours.iter().any(|name| attr.path().is_ident(name)));
    }
}

/// The dual of a float type.
fn dual(name: &str) -> Option<syn::Path> {
    match name {
        "f64" => Some(parse_quote!(::tests::dual::Dual64)),
        "f32" => Some(parse_quote!(::tests::dual::Dual32)),
        _ => None,
    }
}

fn is_float(lit: &Lit) -> bool {
    match lit {
        Lit::Float(_) => true,
        Lit::Int(int) => matches!(int.suffix(), "f64" | "f32"),
        _ => false,
    }
}

impl VisitMut for Rewrite {
    fn visit_item_fn_mut(&mut self, item: &mut ItemFn) {
        Self::attributes(&mut item.attrs);
        visit_mut::visit_item_fn_mut(self, item);
    }

    fn visit_pat_type_mut(&mut self, typed: &mut syn::PatType) {
        Self::attributes(&mut typed.attrs);
        visit_mut::visit_pat_type_mut(self, typed);
    }

    fn visit_item_const_mut(&mut self, item: &mut syn::ItemConst) {
        Self::attributes(&mut item.attrs);
        let is_scalar = matches!(&*item.ty, Type::Path(path) if path.path.is_ident("f64") || path.path.is_ident("f32"));
        self.visit_type_mut(&mut item.ty);
        if is_scalar {
            // The expression stays one of floats: the operators of duals are not `const`.
            let value = &item.expr;
            *item.expr = parse_quote!(::tests::dual::Dual::lit(#value));
        } else {
            self.visit_expr_mut(&mut item.expr);
        }
    }

    fn visit_use_tree_mut(&mut self, tree: &mut UseTree) {
        let text = quote!(#tree).to_string();
        if text.starts_with("std :: f64 :: consts") {
            let renamed = text.replacen("std :: f64", "tests :: dual", 1);
            *tree = syn::parse_str(&renamed).expect("a path with other names");
        }
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        let ident = if let Type::Path(path) = &*ty { path.path.get_ident() } else { None };
        match ident.and_then(|ident| dual(&ident.to_string())) {
            Some(dual) => *ty = parse_quote!(#dual),
            None => visit_mut::visit_type_mut(self, ty),
        }
    }

    fn visit_expr_path_mut(&mut self, path: &mut syn::ExprPath) {
        let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names[..] {
            ["std" | "core", "f64", "consts", _] => {
                let name = &path.path.segments[3];
                path.path = parse_quote!(::tests::dual::consts::#name);
            }
            [float @ ("f64" | "f32"), _] => {
                let (dual, name) = (dual(float), &path.path.segments[1]);
                path.path = parse_quote!(#dual::#name);
            }
            _ => visit_mut::visit_expr_path_mut(self, path),
        }
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Lit(lit) if is_float(&lit.lit) => *expr = parse_quote!(::tests::dual::Dual::lit(#lit)),
            Expr::Unary(unary) if matches!((&unary.op, &*unary.expr), (UnOp::Neg(_), Expr::Lit(lit)) if is_float(&lit.lit)) =>
            {
                *expr = parse_quote!(::tests::dual::Dual::lit(#unary));
            }
            Expr::Cast(cast) => {
                visit_mut::visit_expr_cast_mut(self, cast);
                let (operand, ty) = (&cast.expr, &cast.ty);
                *expr = parse_quote!(::tests::dual::Cast::<#ty>::cast(#operand));
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    /// Macros that take expressions, such as `assert!` and `println!`.
    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(mut arguments) = arguments.parse2(mac.tokens.clone()) {
            arguments.iter_mut().for_each(|argument| self.visit_expr_mut(argument));
            mac.tokens = quote!(#arguments);
        }
    }
}

// ---- cases ------------------------------------------------------------------------------------------------------

/// `sample!(name, per parameter an interval or a list of choices)`
struct Sample {
    name: String,
    parameters: Vec<Expr>,
}

impl Sample {
    fn read(item: &Item) -> Option<Self> {
        let Item::Macro(item) = item else { return None };
        if !item.mac.path.is_ident("sample") {
            return None;
        }
        let parse = Punctuated::<Expr, Token![,]>::parse_terminated;
        let mut parts = parse.parse2(item.mac.tokens.clone()).expect("expressions in `sample!`").into_iter();
        let Some(Expr::Path(name)) = parts.next() else { panic!("`sample!` starts with the name of a function") };
        let name = name.path.require_ident().expect("a plain name").to_string();
        Some(Self { name, parameters: parts.collect() })
    }
}

/// What the attribute of a function says.
#[derive(Default)]
struct Options {
    wrt: Option<Vec<String>>,
    partials: bool,
}

fn options(item: &ItemFn) -> Option<Options> {
    let attr = item.attrs.iter().find(|attr| attr.path().is_ident("derivative"))?;
    let mut options = Options::default();
    if matches!(attr.meta, syn::Meta::Path(_)) {
        return Some(options);
    }
    attr.parse_nested_meta(|meta| {
        if meta.path.is_ident("partials") {
            options.partials = true;
        } else if meta.path.is_ident("wrt") {
            let mut names = Vec::new();
            meta.parse_nested_meta(|name| {
                names.push(name.path.require_ident()?.to_string());
                Ok(())
            })?;
            options.wrt = Some(names);
        }
        Ok(())
    })
    .expect("options of the form that the corpus uses");
    Some(options)
}

/// Whether an identifier occurs anywhere.
fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// One element of the list of cases, with a comma.
fn case(module: &str, file: &syn::File, sample: &Sample) -> TokenStream {
    let of_name = |item: &Item| match item {
        Item::Fn(item) if item.sig.ident == sample.name => Some(item.clone()),
        _ => None,
    };
    let item = file.items.iter().find_map(of_name).unwrap_or_else(|| panic!("no function `{}`", sample.name));
    let options = options(&item).unwrap_or_else(|| panic!("`{}` has no derivative", sample.name));
    assert_eq!(item.sig.inputs.len(), sample.parameters.len(), "a sample per parameter of `{}`", sample.name);

    let (mut inputs, mut arguments, mut duals, mut tangents, mut partials) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (input, sampled) in item.sig.inputs.iter().zip(&sample.parameters) {
        let FnArg::Typed(typed) = input else { panic!("a method in the corpus") };
        let Pat::Ident(pat) = &*typed.pat else { panic!("a pattern as a parameter in the corpus") };
        let (name, ty) = (pat.ident.to_string(), &typed.ty);
        let is_scalar = matches!(quote!(#ty).to_string().as_str(), "f64" | "f32");
        let constant = typed.attrs.iter().any(|attr| attr.path().is_ident("constant"));
        let active = match &options.wrt {
            Some(names) => names.contains(&name),
            None => is_scalar && !constant,
        };
        if !active {
            let mut lifted = sampled.clone();
            Rewrite.visit_expr_mut(&mut lifted);
            arguments.push(quote!(pick(#sampled, k)));
            duals.push(quote!(pick(#lifted, k)));
            continue;
        }
        let Expr::Range(range) = sampled else { panic!("an interval for `{name}` of `{}`", sample.name) };
        let (low, high) = (&range.start, &range.end);
        let (n, single) = (inputs.len(), quote!(#ty).to_string() == "f32");
        inputs.push(quote!(Input { name: #name, single: #single, low: #low, high: #high }));
        arguments.push(if single { quote!(p[#n] as f32) } else { quote!(p[#n]) });
        tangents.push(if single { quote!(t[#n] as f32) } else { quote!(t[#n]) });
        let mut dual_ty = ty.clone();
        Rewrite.visit_type_mut(&mut dual_ty);
        duals.push(quote!(::tests::dual::Cast::<#dual_ty>::cast(p[#n])));
        partials.push(format_ident!("partial_{name}"));
    }

    let (module_ident, ident) = (format_ident!("{module}"), &item.sig.ident);
    let (name, f) = (format!("{module}::{ident}"), quote!(functions::#module_ident::#ident));
    let output = &item.sig.output;
    let single = quote!(#output).to_string().ends_with("f32");
    let narrow = mentions(&quote!(#item), "f32");
    let seed = if single { quote!(seed as f32) } else { quote!(seed) };
    let derivative = if inputs.len() == 1 {
        quote!(Some(|p, k| {
            let (value, derivative) = #f::value_and_derivative(#(#arguments),*);
            (f64::from(value), f64::from(derivative), f64::from(#f::derivative(#(#arguments),*)))
        }))
    } else {
        quote!(None)
    };
    let partials = partials.iter().filter(|_| options.partials);
    let partials = partials.map(|partial| quote!(|p, k| f64::from(#f::#partial(#(#arguments),*))));
    quote! {
        Case {
            name: #name,
            inputs: &[#(#inputs),*],
            single: #single,
            narrow: #narrow,
            value: |p, k| f64::from(#f(#(#arguments),*)),
            derivative: #derivative,
            gradient: |p, k| #f::gradient(#(#arguments),*).flat(),
            value_and_gradient: |p, k| {
                let (value, gradient) = #f::value_and_gradient(#(#arguments),*);
                (f64::from(value), gradient.flat())
            },
            jvp: |p, t, k| {
                let (value, tangent) = #f::jvp(#(#arguments,)* #(#tangents),*);
                (f64::from(value), f64::from(tangent))
            },
            vjp: |p, seed, k| {
                let (value, adjoints) = #f::vjp(#(#arguments,)* #seed);
                (f64::from(value), adjoints.flat())
            },
            partials: &[#(#partials),*],
            twin: |p, k| ::tests::dual::Cast::<Dual64>::cast(twins::#module_ident::#ident(#(#duals),*)),
        },
    }
}
