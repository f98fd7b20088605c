//! Writes the twins of the two corpora: the files in `tests/corpus/functions` go in, `corpus_twins.rs` and
//! `corpus_cases.rs` come out; the same for `arrays` and `chains`.
//!
//! A twin is the function's own text on dual numbers: `f64` becomes `Dual64`, a float literal a constant dual, `as` a
//! call of a trait. Nothing else is changed, so the twin and the function cannot drift apart. The cases are the list of
//! all functions with the points at which they are tested, which each states in its `sample!(..)`. Per parameter:
//! - an interval, `0.0..1.0`, or an array of intervals, `[0.0..1.0; 3]`, `[0.0..1.0, 2.0..3.0]`, `[[0.0..1.0; 3]; 2]`, for
//!   parameters made of floats, active or not. A length that is an array is one of these lengths at each point:
//!   `[0.0..1.0; [0, 3, 8]]`;
//! - for any other parameter a list of choices.
//!
//! This shares nothing with the macro under test: it replaces types and never looks at what the code computes.

use std::path::Path;
use std::{env, fs};

use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, BinOp, Expr, FnArg, Item, ItemFn, Lit, Pat, Token, Type, UnOp, UseTree, parse_quote};

fn main() {
    corpus("corpus", None);
    corpus("arrays", Some("arrays_through_calls"));
    corpus("chains", Some("chains_through_calls"));
    corpus("storage", None);
    corpus("generics", Some("generics_through_calls"));
    // The macro reads it: what it has expanded must be expanded anew.
    println!("cargo::rerun-if-env-changed=DIFF_MACRO_WITHOUT");
}

/// Writes the twins and the cases of a corpus; if it has a name through calls, also those of functions that call those of
/// the corpus.
fn corpus(name: &str, through_calls: Option<&str>) {
    let functions = format!("tests/{name}/functions");
    println!("cargo::rerun-if-changed={functions}");
    let mut files: Vec<_> = fs::read_dir(functions)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    files.sort();
    let (mut twins, mut cases) = (TokenStream::new(), TokenStream::new());
    let (mut callers, mut cases_of_callers, mut originals) =
        (TokenStream::new(), TokenStream::new(), TokenStream::new());
    for path in files {
        let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("a readable file");
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let ident = format_ident!("{module}");
        let twin = twin(&file);
        twins.extend(quote!(pub mod #ident { #(#twin)* }));
        let absolute = fs::canonicalize(&path).expect("the file is there").display().to_string();
        originals.extend(quote!(#[path = #absolute] pub(crate) mod #ident;));
        let mut own_callers = Vec::new();
        for sample in file.items.iter().filter_map(Sample::read) {
            let item = sample.function(&file);
            for (at, instance) in instances(item) {
                cases.extend(case(&format!("{module}{at}"), &module, &instance, &sample));
            }
            if through_calls.is_some() && may_be_called(item) {
                let [once, twice] =
                    [caller(item, &parse_quote!(crate::originals::#ident)), caller(item, &parse_quote!(once))];
                for (at, instance) in instances(&twice) {
                    cases_of_callers.extend(case(&format!("{module}{at}"), &module, &instance, &sample));
                }
                own_callers.push((once, twice));
            }
        }
        let uses: Vec<&Item> = file.items.iter().filter(|item| matches!(item, Item::Use(_))).collect();
        let (once, twice): (Vec<ItemFn>, Vec<ItemFn>) = own_callers.into_iter().unzip();
        callers.extend(quote!(pub mod #ident {
            pub use crate::originals::#ident::*;
            #(#uses)*
            mod once {
                #(#uses)*
                use crate::originals::#ident::*;
                #(#once)*
            }
            #(#twice)*
        }));
    }
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let write = |name: &str, what: &str, tokens: &TokenStream| {
        fs::write(Path::new(&out).join(format!("{name}_{what}.rs")), tokens.to_string()).expect("a writable directory");
    };
    write(name, "twins", &twins);
    write(name, "cases", &quote!([#cases]));
    if let Some(name) = through_calls {
        write(name, "twins", &twins);
        write(name, "cases", &quote!([#cases_of_callers]));
        write(name, "callers", &callers);
        write(name, "originals", &originals);
    }
}

/// Whether a caller can pass all parameters on. Floats of two types cannot be passed to one function, nor can what varies
/// be left in a constant.
fn may_be_called(item: &ItemFn) -> bool {
    let signature = &item.sig;
    let mixed = mentions(&quote!(#signature), "f64") && mentions(&quote!(#signature), "f32");
    let is_written = |input: &FnArg| match input {
        FnArg::Typed(typed) => {
            let constant = typed.attrs.iter().any(|attr| attr.path().is_ident("constant"));
            constant && matches!(&*typed.ty, Type::Reference(reference) if reference.mutability.is_some())
        }
        FnArg::Receiver(_) => false,
    };
    !mixed && !signature.inputs.iter().any(is_written)
}

/// The types of the parameters and of the result at which a function is tested: its own, or, if it is generic in its float
/// type, those at `f64` and at `f32`. With each, what stands before its name.
fn instances(item: &ItemFn) -> Vec<(&'static str, ItemFn)> {
    struct Instance {
        parameter: String,
        float: syn::Ident,
    }
    impl VisitMut for Instance {
        fn visit_ident_mut(&mut self, ident: &mut syn::Ident) {
            if *ident == self.parameter {
                *ident = self.float.clone();
            }
        }
    }
    let signature = &item.sig;
    let is_float = |param: &&syn::TypeParam| {
        let bounds = &param.bounds;
        let below = signature.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        let below = below.filter(|predicate| mentions(&quote!(#predicate), &param.ident.to_string()));
        mentions(&quote!(#bounds #(#below)*), "Float") || mentions(&quote!(#bounds), "Number")
    };
    let Some(param) = signature.generics.type_params().find(is_float) else { return vec![("", item.clone())] };
    let instance = |float: &str| {
        let mut instance = item.clone();
        let mut visitor = Instance { parameter: param.ident.to_string(), float: format_ident!("{float}") };
        visitor.visit_signature_mut(&mut instance.sig);
        visitor.visit_block_mut(&mut instance.block);
        instance
    };
    vec![(" at f64", instance("f64")), (" at f32", instance("f32"))]
}

/// A function that does nothing but to call one of its name in a module, with all of its parameters.
fn caller(item: &ItemFn, module: &syn::Path) -> ItemFn {
    let mut caller = item.clone();
    caller.attrs.retain(|attr| attr.path().is_ident("derivative"));
    for attr in &mut caller.attrs {
        let Some(Options { wrt, hvp, .. }) = options(item) else { continue };
        let wrt = wrt.map(|names| {
            let names = names.iter().map(|name| format_ident!("{name}"));
            quote!(wrt(#(#names),*),)
        });
        let hvp = hvp.then(|| quote!(hvp));
        *attr = parse_quote!(#[::diff_runtime::derivative(#wrt #hvp)]);
    }
    let arguments = item.sig.inputs.iter().map(|input| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pat) => &pat.ident,
            _ => panic!("a pattern as a parameter in the corpus"),
        },
        FnArg::Receiver(_) => panic!("a method in the corpus"),
    });
    for input in &mut caller.sig.inputs {
        if let FnArg::Typed(typed) = input
            && let Pat::Ident(pat) = &mut *typed.pat
        {
            pat.mutability = None;
        }
    }
    let name = &item.sig.ident;
    let arguments: Vec<_> = arguments.collect();
    *caller.block = parse_quote!({ #module::#name(#(#arguments),*) });
    caller
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

fn is_compound(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_) | BinOp::SubAssign(_) | BinOp::MulAssign(_) | BinOp::DivAssign(_) | BinOp::RemAssign(_)
    )
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

    /// Nothing is derived for a twin's struct that is not for its fields.
    fn visit_item_struct_mut(&mut self, item: &mut syn::ItemStruct) {
        for attribute in item.attrs.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
            let names = Punctuated::<syn::Path, Token![,]>::parse_terminated;
            let Ok(names) = attribute.parse_args_with(names) else { continue };
            let names = names.iter().filter(|name| !name.is_ident("Differentiable"));
            *attribute = parse_quote!(#[derive(#(#names),*)]);
        }
        visit_mut::visit_item_struct_mut(self, item);
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
            // Of floats, the right side is evaluated before the element is borrowed.
            Expr::Binary(binary) if is_compound(&binary.op) && matches!(*binary.left, Expr::Index(_)) => {
                visit_mut::visit_expr_binary_mut(self, binary);
                let (element, op, value) = (&binary.left, &binary.op, &binary.right);
                *expr = parse_quote!({
                    let value_of_the_twin = #value;
                    #element #op value_of_the_twin;
                });
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    /// Macros that take expressions, such as `assert!` and `println!`, and `vec![x; n]`.
    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let repeated = |input: ParseStream<'_>| {
            let value: Expr = input.parse()?;
            input.parse::<Token![;]>()?;
            Ok((value, input.parse::<Expr>()?))
        };
        if let Ok((mut value, mut length)) = repeated.parse2(mac.tokens.clone()) {
            self.visit_expr_mut(&mut value);
            self.visit_expr_mut(&mut length);
            mac.tokens = quote!(#value; #length);
            return;
        }
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(mut arguments) = arguments.parse2(mac.tokens.clone()) {
            arguments.iter_mut().for_each(|argument| self.visit_expr_mut(argument));
            mac.tokens = quote!(#arguments);
        }
    }
}

// ---- cases ------------------------------------------------------------------------------------------------------

/// `sample!(name, per parameter intervals or a list of choices)`
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

    /// The function that is sampled.
    fn function<'a>(&self, file: &'a syn::File) -> &'a ItemFn {
        let of_name = |item: &'a Item| match item {
            Item::Fn(item) if item.sig.ident == self.name => Some(item),
            _ => None,
        };
        file.items.iter().find_map(of_name).unwrap_or_else(|| panic!("no function `{}`", self.name))
    }
}

/// What the attribute of a function says.
#[derive(Default)]
struct Options {
    wrt: Option<Vec<String>>,
    partials: bool,
    hvp: bool,
}

fn options(item: &ItemFn) -> Option<Options> {
    let is_derivative = |attr: &&Attribute| attr.path().segments.last().is_some_and(|last| last.ident == "derivative");
    let attr = item.attrs.iter().find(is_derivative)?;
    let mut options = Options::default();
    if matches!(attr.meta, syn::Meta::Path(_)) {
        return Some(options);
    }
    attr.parse_nested_meta(|meta| {
        if meta.path.is_ident("partials") {
            options.partials = true;
        } else if meta.path.is_ident("hvp") {
            options.hvp = true;
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

/// The vector of inputs, one per interval of a sample; none if it is a list of choices.
fn intervals(sampled: &Expr, input: &dyn Fn(&Expr, &Expr) -> TokenStream) -> Option<TokenStream> {
    match sampled {
        Expr::Range(range) => {
            let input = input(range.start.as_deref()?, range.end.as_deref()?);
            Some(quote!(vec![#input]))
        }
        Expr::Repeat(repeat) => {
            let (element, length) = (intervals(&repeat.expr, input)?, &repeat.len);
            let length = if matches!(**length, Expr::Array(_)) { quote!(pick(#length, k)) } else { quote!(#length) };
            Some(quote!(vec![#element; #length].concat()))
        }
        Expr::Array(array) => {
            let elements: Vec<TokenStream> =
                array.elems.iter().map(|element| intervals(element, input)).collect::<Option<_>>()?;
            Some(quote!([#(#elements),*].concat()))
        }
        _ => None,
    }
}

/// The type of the parameter without references: what it is built as.
fn owned(ty: &Type) -> Type {
    match ty {
        Type::Reference(reference) => owned(&reference.elem),
        Type::Slice(slice) => {
            let element = &slice.elem;
            parse_quote!(Vec<#element>)
        }
        other => other.clone(),
    }
}

fn is_scalar(ty: &Type) -> bool {
    matches!(quote!(#ty).to_string().as_str(), "f64" | "f32")
}

/// Whether a type without references is a float or an array of floats.
fn is_made_of_floats(ty: &Type) -> bool {
    match ty {
        Type::Array(array) => is_made_of_floats(&array.elem),
        Type::Path(path) => {
            let last = path.path.segments.last().expect("a path has a name");
            let of_floats = mentions(&quote!(#last), "f64") || mentions(&quote!(#last), "f32");
            is_scalar(ty) || (last.ident == "Vec" && of_floats)
        }
        _ => false,
    }
}

/// Lengths of arrays that are constants of a module, named from elsewhere, or constants that the function is generic in,
/// of the values that the sample gives them.
struct Lengths<'a> {
    module: &'a syn::Ident,
    generic: Vec<(String, Expr)>,
}

impl<'a> Lengths<'a> {
    fn of(module: &'a syn::Ident, item: &ItemFn, sample: &Sample) -> Self {
        let names: Vec<String> = item.sig.generics.const_params().map(|param| param.ident.to_string()).collect();
        let mut lengths = Self { module, generic: Vec::new() };
        for (input, sampled) in item.sig.inputs.iter().zip(&sample.parameters) {
            if let FnArg::Typed(typed) = input {
                lengths.learn(&names, &typed.ty, sampled);
            }
        }
        lengths
    }

    fn learn(&mut self, names: &[String], ty: &Type, sampled: &Expr) {
        match (ty, sampled) {
            (Type::Reference(reference), _) => self.learn(names, &reference.elem, sampled),
            (Type::Array(array), Expr::Repeat(repeat)) => {
                let length = &array.len;
                let name = quote!(#length).to_string();
                if names.contains(&name) {
                    self.generic.push((name, (*repeat.len).clone()));
                }
                self.learn(names, &array.elem, &repeat.expr);
            }
            _ => {}
        }
    }
}

impl VisitMut for Lengths<'_> {
    fn visit_type_array_mut(&mut self, array: &mut syn::TypeArray) {
        let module = self.module;
        if let Expr::Path(path) = &array.len {
            let name = quote!(#path).to_string();
            array.len = match self.generic.iter().find(|(own, _)| *own == name) {
                Some((_, length)) => length.clone(),
                None => parse_quote!(functions::#module::#path),
            };
        }
        visit_mut::visit_type_array_mut(self, array);
    }
}

/// A parameter of a function of the corpus.
struct Parameter {
    name: String,
    ty: Type,
    active: bool,
    sampled: Expr,
}

impl Parameter {
    fn read(module: &syn::Ident, item: &ItemFn, options: &Options, sample: &Sample) -> Vec<Self> {
        assert_eq!(item.sig.inputs.len(), sample.parameters.len(), "a sample per parameter of `{}`", sample.name);
        let parameter = |(input, sampled): (&FnArg, &Expr)| {
            let FnArg::Typed(typed) = input else { panic!("a method in the corpus") };
            let Pat::Ident(pat) = &*typed.pat else { panic!("a pattern as a parameter in the corpus") };
            let (name, mut ty) = (pat.ident.to_string(), (*typed.ty).clone());
            Lengths::of(module, item, sample).visit_type_mut(&mut ty);
            let constant = typed.attrs.iter().any(|attr| attr.path().is_ident("constant"));
            let of_floats = is_made_of_floats(&owned(&ty));
            let active = match &options.wrt {
                Some(names) => names.contains(&name),
                None => of_floats && !constant,
            };
            Self { name, ty, active, sampled: sampled.clone() }
        };
        item.sig.inputs.iter().zip(&sample.parameters).map(parameter).collect()
    }

    /// The inputs of the parameter, if it is sampled in intervals.
    fn inputs(&self) -> Option<TokenStream> {
        let (name, active, ty) = (&self.name, self.active, &self.ty);
        let single = mentions(&quote!(#ty), "f32");
        let input = |low: &Expr, high: &Expr| quote!(Input { name: #name, active: #active, single: #single, low: #low, high: #high });
        let inputs = intervals(&self.sampled, &input);
        assert!(inputs.is_some() || !self.active, "intervals for `{name}`");
        inputs
    }

    /// The value that is built of the `n`-th vector of components, passed as the parameter is.
    fn argument(&self, components: &TokenStream) -> TokenStream {
        let owned = owned(&self.ty);
        let value = quote!(unflat::<_, #owned>(&#components));
        match &self.ty {
            Type::Reference(reference) if reference.mutability.is_some() => quote!(&mut #value),
            Type::Reference(_) => quote!(&#value),
            _ => value,
        }
    }

    /// As `argument`, for a tangent: that of a `Vec` is a slice.
    fn tangent(&self, components: &TokenStream) -> TokenStream {
        let argument = self.argument(components);
        let ty = &self.ty;
        if quote!(#ty).to_string().starts_with("Vec") { quote!(&#argument) } else { argument }
    }

    fn twin(&self, components: &TokenStream) -> TokenStream {
        let mut ty = owned(&self.ty);
        Rewrite.visit_type_mut(&mut ty);
        let by_reference = matches!(&self.ty, Type::Reference(_));
        let mutable = matches!(&self.ty, Type::Reference(reference) if reference.mutability.is_some());
        let value = quote!(unflat::<_, #ty>(&#components));
        match (by_reference, mutable) {
            (true, true) => quote!(&mut #value),
            (true, false) => quote!(&#value),
            (false, _) => value,
        }
    }
}

/// One element of the list of cases, with a comma.
fn case(subject: &str, module: &str, item: &ItemFn, sample: &Sample) -> TokenStream {
    let options = options(item).unwrap_or_else(|| panic!("`{}` has no derivative", sample.name));
    let module_ident = format_ident!("{module}");
    let parameters = Parameter::read(&module_ident, item, &options, sample);

    let (mut inputs, mut arguments, mut duals, mut tangents, mut buffers) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for parameter in &parameters {
        let n = inputs.len();
        if let Some(of_parameter) = parameter.inputs() {
            inputs.push(of_parameter);
            arguments.push(parameter.argument(&quote!(p[#n])));
            duals.push(parameter.twin(&quote!(p[#n])));
        } else {
            let sampled = &parameter.sampled;
            let mut lifted = sampled.clone();
            Rewrite.visit_expr_mut(&mut lifted);
            arguments.push(quote!(pick(#sampled, k)));
            duals.push(quote!(pick(#lifted, k)));
        }
        if parameter.active {
            tangents.push(parameter.tangent(&quote!(t[#n])));
            let owned = owned(&parameter.ty);
            buffers.push((format_ident!("buffer_{n}"), quote!(unflat::<_, #owned>(&dirty[#n]))));
        }
    }

    let ident = &item.sig.ident;
    let (name, f) = (format!("{subject}::{ident}"), quote!(functions::#module_ident::#ident));
    let output = &item.sig.output;
    let single = quote!(#output).to_string().ends_with("f32");
    let narrow = mentions(&quote!(#item), "f32");
    let seed = if single { quote!(seed as f32) } else { quote!(seed) };
    let mut active = parameters.iter().filter(|parameter| parameter.active);
    let scalars = active.clone().all(|parameter| is_scalar(&parameter.ty));
    let derivative = if scalars && active.clone().count() == 1 {
        quote!(Some(|p, k| {
            let (value, derivative) = #f::value_and_derivative(#(#arguments),*);
            (f64::from(value), f64::from(derivative), f64::from(#f::derivative(#(#arguments),*)))
        }))
    } else {
        quote!(None)
    };
    let into = if scalars { quote!(None) } else { into(&f, &arguments, &buffers, &seed) };
    assert!(scalars || !options.partials, "partials of scalars alone in the corpus");
    let partials = active.by_ref().filter(|_| options.partials);
    let partials = partials.map(|parameter| {
        let partial = format_ident!("partial_{}", parameter.name);
        quote!(|p, k| f64::from(#f::#partial(#(#arguments),*)))
    });
    let second = if options.hvp {
        quote!(Some(compare::Second {
            hvp: |p, t, k| #f::hvp(#(#arguments,)* #(#tangents),*).flat(),
            beside: |p, t, k| {
                let (value, gradient, product) = #f::value_gradient_and_hvp(#(#arguments,)* #(#tangents),*);
                (f64::from(value), gradient.flat(), product.flat())
            },
        }))
    } else {
        quote!(None)
    };
    quote! {
        Case {
            name: #name,
            inputs: |k| vec![#(#inputs),*],
            single: #single,
            narrow: #narrow,
            value: |p, k| f64::from(#f(#(#arguments),*)),
            derivative: #derivative,
            gradient: |p, k| #f::gradient(#(#arguments),*).flat(),
            value_and_gradient: |p, k| {
                let (value, gradient) = #f::value_and_gradient(#(#arguments),*);
                (f64::from(value), gradient.flat())
            },
            into: #into,
            second: #second,
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

/// The companions that write into buffers.
fn into(
    f: &TokenStream,
    arguments: &[TokenStream],
    buffers: &[(syn::Ident, TokenStream)],
    seed: &TokenStream,
) -> TokenStream {
    let lets = buffers.iter().map(|(name, value)| quote!(let mut #name = #value;));
    let lets = quote!(let dirty = compare::dirty(p); #(#lets)*);
    let names: Vec<&syn::Ident> = buffers.iter().map(|(name, _)| name).collect();
    let flat = quote!([#(#names.flat()),*].concat());
    quote! {
        Some(compare::Into {
            gradient: |p, k| {
                #lets
                let () = #f::gradient_into(#(#arguments,)* #(&mut #names),*);
                #flat
            },
            value_and_gradient: |p, k| {
                #lets
                let value = #f::value_and_gradient_into(#(#arguments,)* #(&mut #names),*);
                (f64::from(value), #flat)
            },
            vjp: |p, seed, k| {
                #lets
                let value = #f::vjp_into(#(#arguments,)* #seed, #(&mut #names),*);
                (f64::from(value), #flat)
            },
        })
    }
}
