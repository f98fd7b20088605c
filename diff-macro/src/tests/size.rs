//! Expressions do not swell: the size of an expansion grows with the function, not with the paths through it.

use std::fmt::Write as _;

use proc_macro2::{TokenStream, TokenTree};

/// `n` statements, each of which uses its predecessor, `P`, more than once.
fn chain(n: usize, statement: &str) -> TokenStream {
    let mut text = "fn chain(x: f64, y: f64) -> f64 { let a0 = x;".to_owned();
    for k in 1..=n {
        let value = statement.replace('P', &format!("a{}", k - 1));
        let _ = write!(text, "let a{k} = {value};");
    }
    let _ = write!(text, "a{n} }}");
    text.parse().unwrap()
}

const STATEMENTS: &[&str] = &[
    "P * P.sin()",
    "(P * P + y) / (1.0 + P.exp())",
    "if P > y { P * y } else { P.cos() + P }",
    "P.powf(y) - 2.0 * P * y * P",
    "P.max(y).hypot(P) + P.tanh()",
];

fn count(tokens: TokenStream) -> usize {
    let size = |tree| match tree {
        TokenTree::Group(group) => 1 + count(group.stream()),
        TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Punct(_) => 1,
    };
    tokens.into_iter().map(size).sum()
}

fn expanded(n: usize, statement: &str) -> usize {
    count(crate::expand::derivative(TokenStream::new(), chain(n, statement)))
}

#[test]
fn an_expansion_grows_linearly() {
    for statement in STATEMENTS {
        let sizes = [40, 80, 160].map(|n| expanded(n, statement));
        let growth = [sizes[1] - sizes[0], sizes[2] - sizes[1]];
        // Twice the statements add twice the tokens, to a token per statement.
        assert!(growth[1].abs_diff(2 * growth[0]) <= 160, "{statement}: {sizes:?}");
        // All companions together, those for callers among them, stay within 1200 tokens per statement.
        assert!(sizes[2] < 160 * 1200, "{statement}: {sizes:?}");
    }
}

#[test]
fn the_time_of_an_expansion_does_not_explode() {
    // With paths in place of values, 640 statements would never end.
    let statement = STATEMENTS[0];
    assert!(expanded(640, statement) > expanded(320, statement));
}

/// An assignment far below may make a variable active that a statement far above reads: each round of lowering finds
/// one more.
#[test]
fn activity_that_is_found_backwards_is_found() {
    let mut text = "fn f(x: f64) -> f64 {".to_owned();
    for k in 0..30 {
        let _ = write!(text, "let mut a{k} = 1.0;");
    }
    text.push_str("for _ in 0..3 {");
    for k in 0..29 {
        let _ = write!(text, "a{k} = a{} * 0.5;", k + 1);
    }
    text.push_str("a29 = x; } a0 }");
    assert!(count(crate::expand::derivative(TokenStream::new(), text.parse().unwrap())) > 1000);
}
