//! An array that is filled with a value that varies.

use diff_runtime::derivative;

#[derivative]
fn filled(x: &[f64]) -> f64 {
    let a = [x[0]; 4];
    a[1]
}

fn main() {}
