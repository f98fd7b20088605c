//! A method with a slip of the pen.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    x.sinn() + 1.0
}

fn main() {}
