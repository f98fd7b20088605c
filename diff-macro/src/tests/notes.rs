//! Each decision about a loop is told where the representation is dumped.

use super::validity::lowered;
use crate::cleanup::cleanup;
use crate::forward::{self, Seed};
use crate::ir::Scalar;
use crate::reverse::{self, Options};
use crate::scatter::scatter;
use crate::windows::windows;

/// What is told of the gradient without the value, in buffers.
fn of_gradient(text: &str) -> String {
    let (function, active) = lowered(text);
    let mut pullback = reverse::vjp(&function, &active, &[], Options { seeded: false, into: true }, Scalar::F64);
    pullback.clear_buffers();
    let mut function = pullback.function;
    function.body.yields.remove(0);
    cleanup(&mut function);
    let mut notes = pullback.notes;
    notes.extend(scatter(&mut function));
    notes.extend(windows(&mut function));
    notes.join("\n")
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let notes = of_gradient(text);
    for note in expected {
        assert!(notes.contains(note), "no `{note}` in\n{notes}");
    }
}

#[test]
fn loops_that_are_reversed_at_once() {
    check(
        "fn f(x: &[f64]) -> f64 { let mut s = 0.0; for i in 0..x.len() { s += x[i] * x[i]; } s }",
        &["is reversed at once: it only accumulates", "is the first to add to", "through a window"],
    );
    check(
        "fn f(x: &[f64]) -> f64 {
            let mut c = vec![0.0; 3];
            let mut s = 0.0;
            for i in 0..x.len() {
                for k in 0..3 { c[k] = x[i].sin(); }
                for k in 0..3 { s += c[k]; }
            }
            s
        }",
        &["to itself"],
    );
}

#[test]
fn loops_that_are_not_reversed_at_once() {
    check(
        "fn f(x: &[f64]) -> f64 { let mut p = 1.0; for i in 0..x.len() { p *= x[i]; } p }",
        &["not reversed at once: %3 does more than add up", "records 1 value(s) per iteration", "are kept in"],
    );
    check(
        "fn f(x: &[f64]) -> f64 { let mut s = 0.0; for i in 0..x.len() { s += x[i]; } s.sin() }",
        &["not reversed at once: the adjoint of", "is not known before", "records nothing"],
    );
    check(
        "fn f(x: &[f64]) -> f64 {
            let mut y = x.to_vec();
            let mut s = 0.0;
            for i in 1..x.len() { y[i] = y[i - 1] * y[i]; s += y[i]; }
            s
        }",
        &["changes, and not in one iteration alone"],
    );
}

#[test]
fn neighbours() {
    let text = "fn f(x: &[f64]) -> f64 { let mut s = 0.0; for i in 1..x.len() { s += x[i] * x[i - 1]; } s }";
    check(text, &["gathers what its iterations add to neighbours"]);
    check(&text.replace("x[i] * x[i - 1]", "(x[i] * x[i - 1]).exp()"), &["carries what it adds to"]);
}

#[test]
fn expressions() {
    let (function, active) = lowered(
        "fn f(a: f64, b: f64, c: f64, n: usize) -> f64 {
            let mut s = a;
            for _ in 0..n { s = a * s - b * s * c; }
            s
        }",
    );
    let unit = |d: usize| (0..3).map(|k| if k == d { Seed::One } else { Seed::Zero }).collect();
    let seeds: Vec<Vec<Seed>> = (0..3).map(unit).collect();
    let notes = forward::jvp(&function, &active, &[], &seeds, Scalar::F64).notes.join("\n");
    assert!(notes.contains("serve all directions"), "{notes}");
}
