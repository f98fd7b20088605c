//! Parts of arrays that are not followed, and a whole array handed to a function.

use diff_runtime::derivative;

#[derivative]
fn f(x: &[f64]) -> f64 {
    let tail = &x[1..=2];
    tail[0] * x[0]
}

#[derivative]
fn g(x: f64) -> f64 {
    let mut sums = [0.0; 2];
    sums[1] += x;
    total(&sums)
}

fn total(values: &[f64]) -> f64 {
    values[0] + values[1]
}

fn main() {}
