//! An active value where the callee takes a constant.

use diff_runtime::derivative;

#[derivative]
fn scaled(x: f64, #[constant] rate: f64) -> f64 {
    x * rate
}

type Real = f64;

#[derivative(wrt(x))]
fn of_alias(x: f64, y: Real) -> f64 {
    x * y
}

#[derivative]
fn passes_a_variable(x: f64, y: f64) -> f64 {
    scaled(x, y) + of_alias(x, y * y)
}

fn main() {}
