//! The documentation of each companion says that it allocates where its body does, and nowhere else.

use quote::ToTokens;

use super::support::expand;

const FUNCTIONS: &[(&str, &str)] = &[
    ("", "fn scalars(x: f64, y: f64) -> f64 { x * y.sin() }"),
    ("", "fn slice(x: &[f64]) -> f64 { let mut p = 1.0; for i in 0..x.len() { p *= x[i]; } p }"),
    ("", "fn tape(x: &[f64]) -> f64 { let mut p = 1.0; for i in 0..x.len() { p = (p * x[i]).sin(); } p }"),
    ("", "fn array(x: &[f64; 4]) -> f64 { let mut p = 1.0; for i in 0..4 { p = (p * x[i]).sin(); } p }"),
    ("", "fn growing(x: &[f64]) -> f64 { let mut v = Vec::new(); for i in 0..x.len() { v.push(x[i]); } v[0] }"),
    ("", "fn own(x: f64, n: usize) -> f64 { let mut v = vec![0.0; n]; for i in 0..n { v[i] = x; } v[0] * v[1] }"),
    ("", "fn rows(x: &[f64]) -> [f64; 2] { [x[0] * x[1], x[1]] }"),
    ("", "fn columns(x: [f64; 40]) -> [f64; 2] { [x[0] * x[1], x[1]] }"),
    ("", "fn whole(x: &[f64]) -> Vec<f64> { let mut v = x.to_vec(); v[0] = x[1] * x[0]; v }"),
    ("", "fn out(x: &[f64], y: &mut [f64]) { for i in 0..x.len() { y[i] = x[i] * x[0]; } }"),
    ("hessian, hvp", "fn second(x: &[f64]) -> f64 { let mut s = 0.0; for i in 0..x.len() { s += x[i].sin(); } s }"),
    (
        "hessian, hvp",
        "fn two(x: &[f64], y: f64) -> f64 {
            let mut s = y;
            let mut k = 0;
            while k < x.len() { s = (s * x[k]).sin(); k += 1; }
            s
        }",
    ),
    ("hessian, hvp", "fn fixed(x: [f64; 3]) -> f64 { x[0] * x[1] * x[2] }"),
    ("hessian, hvp", "fn many(x: f64, n: usize) -> f64 { let mut s = x; for _ in 0..n { s = s.sin(); } s }"),
];

#[test]
fn documentation_tells_of_allocations() {
    for (options, text) in FUNCTIONS {
        let file = syn::parse_file(&expand(options, text)).unwrap();
        for item in file.items {
            let syn::Item::Impl(item) = item else { continue };
            for function in item.items {
                let syn::ImplItem::Fn(function) = function else { continue };
                let name = &function.sig.ident;
                let attrs: String = function.attrs.iter().map(|attr| attr.to_token_stream().to_string()).collect();
                if attrs.contains("hidden") {
                    continue;
                }
                let body = function.block.to_token_stream().to_string();
                let allocates =
                    ["private :: Vec", "private :: vec", "to_vec", "clone"].iter().any(|s| body.contains(s));
                assert_eq!(attrs.contains("Allocates: "), allocates, "{name} of {text}:\n{attrs}\n{body}");
            }
        }
    }
}
