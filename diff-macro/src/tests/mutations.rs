//! Random edits of valid functions, of their tokens and of their syntax: whatever comes in, the macro does not panic,
//! comes to an end, and gives back code that parses, or errors that point into the function.
//!
//! `MUTATIONS=1000000 SEED=1 cargo test --release -p diff-macro mutations` runs as many as are asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Item, ItemFn};

use crate::{diagnostics, expand};

/// Edits in a run of the test suite.
const FEW: u64 = 1000;

/// An expansion takes milliseconds: what takes so long in a debug build on a busy machine does not come to an end.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn mutations() {
    let number = |name: &str, default| env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (count, seed): (u64, u64) = (number("MUTATIONS", FEW), number("SEED", 1));
    let functions = functions();
    assert!(functions.len() > 400, "the functions of the corpora: {}", functions.len());
    let (mut accepted, mut slowest) = (0_u64, Duration::ZERO);
    // What panics is caught, and reported with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let mut failures = Vec::new();
    for seed in seed..seed + count {
        let mut editor = Editor { random: Pcg64Mcg::seed_from_u64(seed), functions: &functions };
        let (options, item) = (editor.options(), editor.edited());
        let start = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| judge(options.clone(), &item))) {
            Ok(Ok(without_errors)) => accepted += u64::from(without_errors),
            Ok(Err(failure)) => failures.push(format!("seed {seed}: {failure}\n#[derivative({options})]\n{item}\n")),
            Err(_) => failures.push(format!("seed {seed}: panics\n#[derivative({options})]\n{item}\n")),
        }
        slowest = slowest.max(start.elapsed());
        if slowest > LIMIT {
            failures.push(format!("seed {seed}: takes {slowest:?}\n{item}\n"));
            break;
        }
    }
    let _ = std::panic::take_hook();
    println!("{count} edits, {accepted} accepted, the slowest took {slowest:?}");
    assert!(accepted * 50 > count, "few edited functions are valid: {accepted} of {count}");
    assert!(
        failures.is_empty(),
        "{} failures\n{}",
        failures.len(),
        failures.iter().take(5).cloned().collect::<String>()
    );
}

/// Whether the function is accepted; an error if the macro does what it must not.
fn judge(options: TokenStream, item: &TokenStream) -> Result<bool, String> {
    let output = expand::derivative(options, item.clone());
    let text = output.to_string();
    if text.contains(diagnostics::INTERNAL) {
        return Err("an internal error".to_owned());
    }
    let errors = errors(&output);
    if syn::parse2::<ItemFn>(item.clone()).is_err() {
        return if errors.is_empty() { Err("no function, and no error".to_owned()) } else { Ok(false) };
    }
    syn::parse2::<syn::File>(output).map_err(|error| format!("the output does not parse: {error}"))?;
    match errors.iter().find(|span| span.byte_range().is_empty()) {
        Some(_) => Err(format!("an error that points nowhere: {}", message(&text))),
        None => Ok(errors.is_empty()),
    }
}

/// Where the errors point.
fn errors(output: &TokenStream) -> Vec<Span> {
    let mut spans = Vec::new();
    for token in output.clone() {
        match token {
            TokenTree::Ident(ident) if ident == "compile_error" => spans.push(ident.span()),
            TokenTree::Group(group) => spans.extend(errors(&group.stream())),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    spans
}

fn message(text: &str) -> &str {
    let start = text.find("compile_error").unwrap_or(0);
    text.get(start..(start + 200).min(text.len())).unwrap_or_default()
}

/// The functions of the corpora.
fn functions() -> Vec<ItemFn> {
    let mut functions = Vec::new();
    for corpus in ["corpus", "arrays"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tests").join(corpus).join("functions");
        let mut files: Vec<_> =
            fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("a file").path()).collect();
        files.sort();
        for file in files {
            let file = syn::parse_file(&fs::read_to_string(file).expect("a text")).expect("a file of functions");
            functions.extend(file.items.into_iter().filter_map(|item| match item {
                Item::Fn(mut function) => {
                    function.attrs.clear();
                    Some(function)
                }
                _ => None,
            }));
        }
    }
    functions
}

struct Editor<'f> {
    random: Pcg64Mcg,
    functions: &'f [ItemFn],
}

impl Editor<'_> {
    fn function(&mut self) -> ItemFn {
        self.functions.choose(&mut self.random).expect("a function").clone()
    }

    /// Options, now and then with an edit.
    fn options(&mut self) -> TokenStream {
        const OPTIONS: &[&str] = &[
            "partials",
            "wrt(x)",
            "wrt(x, y), partials",
            "suffix",
            "associated",
            "crate = ::runtime",
            "hessian, hvp",
            "order = 3",
            "rule(partials(df))",
            "rule(jvp = f_jvp, vjp = f_vjp)",
        ];
        if self.random.random_bool(0.6) {
            return TokenStream::new();
        }
        let options = OPTIONS.choose(&mut self.random).expect("options").parse().expect("tokens");
        if self.random.random_bool(0.3) { self.edit_tokens(options) } else { options }
    }

    /// A function with some edits.
    fn edited(&mut self) -> TokenStream {
        let mut function = self.function();
        let mut tokens = None;
        for _ in 0..self.random.random_range(1..=3) {
            match &mut tokens {
                None if self.random.random_bool(0.7) => self.edit_syntax(&mut function),
                None => tokens = Some(self.edit_tokens(spanned(&function))),
                Some(tokens) => *tokens = self.edit_tokens(tokens.clone()),
            }
        }
        tokens.unwrap_or_else(|| spanned(&function))
    }

    /// Puts an expression of another function in the place of one, or leaves a statement out.
    fn edit_syntax(&mut self, function: &mut ItemFn) {
        let mut other = Expressions::default();
        other.visit_item_fn_mut(&mut self.function());
        let mut own = Expressions::default();
        own.visit_item_fn_mut(function);
        if own.found.is_empty() || other.found.is_empty() || self.random.random_bool(0.2) {
            let statements = &mut function.block.stmts;
            if !statements.is_empty() {
                statements.remove(self.random.random_range(0..statements.len()));
            }
            return;
        }
        let at = self.random.random_range(0..own.found.len());
        let source = if self.random.random_bool(0.5) { &own.found } else { &other.found };
        let expression = source.choose(&mut self.random).expect("an expression").clone();
        Replace { at, expression: Some(expression) }.visit_item_fn_mut(function);
    }

    /// Leaves a token out, doubles it, exchanges it, or puts another there.
    fn edit_tokens(&mut self, stream: TokenStream) -> TokenStream {
        let mut tokens: Vec<TokenTree> = stream.into_iter().collect();
        let groups: Vec<usize> = (0..tokens.len())
            .filter(|n| matches!(&tokens[*n], TokenTree::Group(group) if !group.stream().is_empty()))
            .collect();
        // Deep inside more often than not: that is where the code is.
        if let (Some(n), true) = (groups.choose(&mut self.random).copied(), self.random.random_bool(0.85)) {
            if let TokenTree::Group(group) = &tokens[n] {
                let mut edited = Group::new(group.delimiter(), self.edit_tokens(group.stream()));
                edited.set_span(group.span());
                tokens[n] = edited.into();
            }
            return tokens.into_iter().collect();
        }
        if tokens.is_empty() {
            return self.token().into();
        }
        let at = self.random.random_range(0..tokens.len());
        match self.random.random_range(0..7) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[at].clone()),
            2 => {
                let other = self.random.random_range(0..tokens.len());
                tokens.swap(at, other);
            }
            3 => tokens.insert(at, self.token()),
            4 => {
                let delimiter = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None]
                    .choose(&mut self.random)
                    .copied()
                    .expect("a delimiter");
                let inner: TokenStream = tokens[at].clone().into();
                let mut group = Group::new(delimiter, inner);
                group.set_span(tokens[at].span());
                tokens[at] = group.into();
            }
            5 => {
                if let TokenTree::Group(group) = tokens[at].clone() {
                    tokens.splice(at..=at, group.stream());
                }
            }
            _ => tokens[at] = self.token(),
        }
        tokens.into_iter().collect()
    }

    /// A token of another function, or one that is rare in them.
    fn token(&mut self) -> TokenTree {
        let all: Vec<TokenTree> = flat(spanned(&self.function()));
        let span = all[0].span();
        const RARE: &[&str] = &[
            "async",
            "await",
            "unsafe",
            "match",
            "if",
            "else",
            "loop",
            "while",
            "for",
            "in",
            "let",
            "mut",
            "ref",
            "move",
            "return",
            "break",
            "continue",
            "dyn",
            "impl",
            "where",
            "static",
            "const",
            "self",
            "Self",
            "super",
            "crate",
            "as",
            "f64",
            "f32",
            "usize",
            "_",
            "x_bar",
            "x_dot",
            "Vec",
            "Some",
            "Ok",
            "derivative",
            "union",
            "try",
        ];
        match self.random.random_range(0..4) {
            0 => Ident::new(RARE.choose(&mut self.random).expect("a word"), span).into(),
            1 => {
                let mut punct = Punct::new(
                    *['&', '|', '?', '!', '#', ':', '.', '=', '<', '>', '*', ';', ',']
                        .choose(&mut self.random)
                        .expect("a sign"),
                    Spacing::Alone,
                );
                punct.set_span(span);
                punct.into()
            }
            _ => all.choose(&mut self.random).expect("a token").clone(),
        }
    }
}

/// The tokens of a function, all of which stand somewhere: `syn` adds parentheses that do not.
fn spanned(function: &ItemFn) -> TokenStream {
    function.to_token_stream().to_string().parse().expect("the text of tokens")
}

fn flat(stream: TokenStream) -> Vec<TokenTree> {
    stream
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) => flat(group.stream()),
            token => vec![token],
        })
        .collect()
}

/// All expressions.
#[derive(Default)]
struct Expressions {
    found: Vec<Expr>,
}

impl VisitMut for Expressions {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        self.found.push(expr.clone());
        visit_mut::visit_expr_mut(self, expr);
    }
}

/// Puts an expression in the place of the one of a number.
struct Replace {
    at: usize,
    expression: Option<Expr>,
}

impl VisitMut for Replace {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if self.at == 0
            && let Some(expression) = self.expression.take()
        {
            *expr = expression;
            return;
        }
        self.at = self.at.saturating_sub(1);
        visit_mut::visit_expr_mut(self, expr);
    }
}
