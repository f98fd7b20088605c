//! Operators of booleans other than `&&`, `||`, `!` and comparisons.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    if (x > 1.0) ^ (x > 2.0) { x } else { x * x }
}

fn main() {}
