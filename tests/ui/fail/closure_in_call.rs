//! A closure is passed to a function with an attribute, which calls it with an active value.

use diff_runtime::derivative;

#[derivative]
fn midpoint(f: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    (b - a) * f(0.5 * (a + b))
}

#[derivative]
fn passed(x: f64, y: f64) -> f64 {
    midpoint(|t| t * y, 0.0, x)
}

#[derivative]
fn lent(x: f64, y: f64) -> f64 {
    let f = |t: f64| t * y;
    midpoint(&f, 0.0, x)
}

fn main() {}
