//! Uses of whole arrays, and of rows.

use diff_runtime::derivative;

#[derivative]
fn filled(x: &[f64]) -> f64 {
    let a = [x[0]; 4];
    a[1]
}

#[derivative]
fn pattern(x: &[f64; 2]) -> f64 {
    let [a, b] = *x;
    a * b
}

fn main() {}
