//! A function is called through an expression.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64, table: &[fn(f64) -> f64]) -> f64 {
    x * table[0](x)
}

fn main() {}
