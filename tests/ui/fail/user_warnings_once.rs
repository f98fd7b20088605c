//! The user's warnings show once, at the user's code.

#![deny(warnings)]

use diff_runtime::derivative;

#[derivative]
fn f(x: f64, z: f64) -> f64 {
    let unused = 3.0;
    let mut y = (x * x);
    return y;
    y
}

fn main() {
    f::gradient(1.0, 2.0);
}
