//! Too many and too few operands.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64, z: f64) -> f64 {
    x.powf() + f64::sin(x, z)
}

fn main() {}
