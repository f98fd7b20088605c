//! A closure that takes an active value in, and one that changes it.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let scaled = |k: f64| k * x;
    scaled(2.0) + scaled(3.0)
}

#[derivative]
fn g(x: f64) -> f64 {
    let mut y = x;
    let mut double = || y *= 2.0;
    double();
    y * x
}

fn main() {}
