//! A parameter is marked as a constant, and named as active.

use diff_runtime::derivative;

#[derivative(wrt(x, z))]
fn f(x: f64, #[constant] z: f64) -> f64 {
    x * z
}

#[derivative]
fn g(x: f64, #[constant(always)] z: f64) -> f64 {
    x * z
}

fn main() {}
