//! An array of tuples in a variable.

use diff_runtime::derivative;

#[derivative]
fn g(x: f64, y: f64) -> f64 {
    let terms = [(x, 1.0), (y, 2.0)];
    terms.iter().map(|(v, w)| v * w).sum()
}

fn main() {}
