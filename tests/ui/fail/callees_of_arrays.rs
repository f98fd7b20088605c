//! Callees that cannot be differentiated in the arrays that they are given.

use diff_runtime::derivative;

fn plain(x: &[f64]) -> f64 {
    x[0]
}

#[derivative]
fn of_a_constant(x: f64, #[constant] w: &[f64]) -> f64 {
    x * w[0]
}

#[derivative]
fn weighted(x: &[f64], #[constant] w: &[f64]) -> f64 {
    x[0] * w[0]
}

fn table() -> Vec<f64> {
    vec![1.0, 2.0]
}

/// It lends what ends with it: fine by itself.
#[derivative]
fn by_a_table(x: &[f64]) -> f64 {
    let w = table();
    weighted(x, &w)
}

#[derivative]
fn without_the_attribute(x: &[f64]) -> f64 {
    plain(x) * 2.0
}

#[derivative]
fn varies_in_a_constant(x: f64, y: &[f64]) -> f64 {
    of_a_constant(x, y)
}

#[derivative]
fn calls_by_a_table(x: &[f64]) -> f64 {
    by_a_table(x)
}

fn main() {}
