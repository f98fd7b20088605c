//! There is nothing to differentiate with respect to, for four different reasons.

use diff_runtime::derivative;

type Real = f64;

#[derivative]
fn alias(x: Real) -> f64 {
    x * x
}

#[derivative]
fn none() -> f64 {
    1.0
}

#[derivative]
fn constant(#[constant] x: f64) -> f64 {
    x * x
}

#[derivative]
fn result(out: &mut [f64]) {
    out[0] *= 2.0;
}

fn main() {}
