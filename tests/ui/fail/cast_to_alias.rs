//! The macro does not know whether the type is a float.

use diff_runtime::derivative;

type Real = f64;

#[derivative]
fn f(x: f64) -> f64 {
    let y = x as Real;
    y * y
}

fn main() {}
