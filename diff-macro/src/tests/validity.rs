//! The invariants of the representation after every pass, on functions with all kinds of control flow.

use quote::ToTokens;
use syn::ItemFn;

use crate::attr;
use crate::check::check;
use crate::cleanup::cleanup;
use crate::diagnostics::Diagnostics;
use crate::emit::emit_once;
use crate::expand::lower_body;
use crate::forward::{self, Seed};
use crate::ir::{Function, Scalar, Value};
use crate::names::Names;
use crate::{reverse, signature};

/// Lowers a function and gives its active parameters.
pub(super) fn lowered(text: &str) -> (Function, Vec<Value>) {
    let item: ItemFn = syn::parse_str(text).unwrap();
    let mut diagnostics = Diagnostics::default();
    let options = attr::parse(proc_macro2::TokenStream::new(), &mut diagnostics);
    let signature = signature::read(&item, &options, &mut diagnostics).expect("a valid signature");
    let function = lower_body(&item.block, &signature, &options.runtime(), &mut diagnostics).function;
    assert!(diagnostics.is_empty(), "{}: {}", item.sig.ident, diagnostics.into_tokens().to_token_stream());
    let pairs = signature.parameters.iter().zip(&function.body.params);
    let active = pairs.filter(|(parameter, _)| parameter.active).map(|(_, value)| *value).collect();
    (function, active)
}

const SEEDED: reverse::Options = reverse::Options { seeded: true, into: false };

fn valid(function: &Function, pass: &str) {
    if let Err(error) = check(function) {
        panic!("after {pass}: {error}\n{function}");
    }
}

const FUNCTIONS: &[&str] = &[
    "fn polynomial(x: f64) -> f64 { 3.0 * x.powi(3) - x / 2.0 + 1.0 }",
    "fn early(x: f64, y: f64) -> f64 { if x > y { return x * y; } let z = x.sin(); if z < 0.0 { return z; } z * y }",
    "fn nested(x: f64, n: usize) -> f64 {
        let mut s = 0.0;
        'outer: for i in 0..n {
            for j in 0..i {
                let t = x * j as f64;
                if t > 10.0 { break 'outer; }
                if t < 0.5 { continue 'outer; }
                if s > 100.0 { return s; }
                s += t.sin() * s.cos();
            }
            s *= x;
        }
        s
    }",
    "fn newton(a: f64) -> f64 { let mut x = a; while (x * x - a).abs() > 1e-12 { x = 0.5 * (x + a / x); } x }",
    "fn with_break(x: f64) -> f64 {
        let mut y = x;
        let k = loop { y = y * 1.5 + x; if y > 50.0 { break y * 2.0; } if y < -50.0 { break x; } };
        k + y
    }",
    "fn overwritten(mut x: f64, y: f64) -> f64 { x = x * y; let z = x; x += z; let x = x.exp(); x / z }",
    "fn branches(x: f64, y: f64, flag: bool) -> f64 {
        let mut m;
        if flag { m = x; } else if x > y { m = y * y; m += 1.0; } else { m = 2.0; }
        let (s, c) = m.sin_cos();
        let k = { let q = s * c; q * q };
        k + if s > c { s } else { c }
    }",
    "fn outer_label(x: f64) -> f64 {
        let mut y = x;
        let mut rounds = 0;
        'outer: while rounds < 6 {
            rounds += 1;
            let mut k = 0;
            while k < 5 {
                k += 1;
                y += 0.1 * x * k as f64;
                if y > 1.0 { y *= 0.5; continue 'outer; }
            }
            y -= 0.2 * y * y;
        }
        y
    }",
    "fn swap(x: f64, z: f64, n: usize) -> f64 {
        let (mut a, mut b) = (x, z);
        for _ in 0..n { let t = a; a = b; b = t + a * 0.5; }
        a * b
    }",
    "fn inside_branch(x: f64, n: i32) -> f64 {
        let mut p = 1.0;
        if x > 0.0 { for _ in 0..n { p = p * x + p.sin(); if p > 1e6 { break; } } } else { p = -x; }
        p
    }",
];

#[test]
fn every_pass_keeps_the_invariants() {
    for text in FUNCTIONS {
        let (function, active) = lowered(text);
        valid(&function, "lower");
        let seeds = vec![vec![Seed::Param; active.len()]];
        let mut forward = forward::jvp(&function, &active, &[], &seeds, Scalar::F64).function;
        valid(&forward, "forward");
        cleanup(&mut forward);
        valid(&forward, "cleanup of forward");
        let mut reverse = reverse::vjp(&function, &active, &[], SEEDED, Scalar::F64).function;
        valid(&reverse, "reverse");
        cleanup(&mut reverse);
        valid(&reverse, "cleanup of reverse");
    }
}

#[test]
fn higher_order_keeps_the_invariants() {
    for text in FUNCTIONS {
        let (function, active) = lowered(text);
        let seeds = vec![vec![Seed::Param; active.len()]];
        let mut first = forward::jvp(&function, &active, &[], &seeds, Scalar::F64).function;
        cleanup(&mut first);
        let second_active: Vec<Value> = first.body.params[..active.len()].to_vec();
        let mut second = reverse::vjp(&first, &second_active, &[], SEEDED, Scalar::F64).function;
        valid(&second, "reverse of forward");
        cleanup(&mut second);
        valid(&second, "cleanup of reverse of forward");

        // The other order meets the tapes.
        let mut first = reverse::vjp(&function, &active, &[], SEEDED, Scalar::F64).function;
        cleanup(&mut first);
        let second_active: Vec<Value> = first.body.params[..active.len()].to_vec();
        let mut second = forward::jvp(&first, &second_active, &[], &seeds, Scalar::F64).function;
        valid(&second, "forward of reverse");
        cleanup(&mut second);
        valid(&second, "cleanup of forward of reverse");
    }
}

/// Sharing variables is what makes generated code readable: it must not be what makes it wrong.
#[test]
fn every_value_is_read_where_it_is_held() {
    for text in FUNCTIONS {
        let (function, active) = lowered(text);
        let seeds = vec![vec![Seed::Param; active.len()]];
        let forward = forward::jvp(&function, &active, &[], &seeds, Scalar::F64).function;
        let reverse = reverse::vjp(&function, &active, &[], SEEDED, Scalar::F64).function;
        for mut function in [forward, reverse] {
            cleanup(&mut function);
            let params: Vec<proc_macro2::Ident> = (0..function.body.params.len())
                .map(|k| proc_macro2::Ident::new(&format!("p{k}"), proc_macro2::Span::call_site()))
                .collect();
            let emit = |shares| {
                let wrap = |atoms: &[proc_macro2::TokenStream]| quote::quote!((#(#atoms),*));
                emit_once(
                    &function,
                    &params,
                    &Default::default(),
                    &quote::quote!(::diff_runtime),
                    Names::default(),
                    &wrap,
                    shares,
                )
            };
            assert!(emit(false).1, "{text}\nwithout sharing: {}", emit(false).0);
            assert!(emit(true).1, "{text}\nwith sharing: {}", emit(true).0);
        }
    }
}

#[test]
fn the_validator_finds_a_value_out_of_scope() {
    let (mut function, _) = lowered(FUNCTIONS[0]);
    function.body.stmts.remove(0);
    assert!(check(&function).is_err());
}
