//! There is nothing to differentiate with respect to, for three different reasons.

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

fn main() {}
