//! Vectors that grow in ways that are not followed, and a whole array handed to a function.

use diff_runtime::derivative;

#[derivative]
fn f(x: &mut Vec<f64>, y: f64) -> f64 {
    x.push(y);
    x[0]
}

#[derivative]
fn resized(x: f64) -> f64 {
    let mut v = vec![x];
    v.resize(4, 1.0);
    v[0] * v[3]
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
