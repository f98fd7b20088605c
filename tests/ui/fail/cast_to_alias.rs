//! An alias may stand for a float: a cast to it would have a derivative.

use diff_runtime::derivative;

type Real = f64;

#[derivative]
fn alias(x: f64) -> f64 {
    let y = x as Real;
    y * y
}

#[derivative]
fn inferred(x: f64) -> f64 {
    let y: f64 = x as _;
    y * y
}

fn main() {}
