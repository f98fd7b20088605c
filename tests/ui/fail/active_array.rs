//! An array with an active element, and an index that reads it.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let powers = [1.0, x, x * x];
    powers[1] + powers[2]
}

#[derivative]
fn g(x: f64) -> f64 {
    let mut sums = [0.0; 2];
    sums[1] += x;
    sums[1]
}

fn main() {}
