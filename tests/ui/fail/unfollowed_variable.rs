//! An active value enters a variable that the macro does not follow, since its declaration shows no float.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let (a, b);
    a = x;
    b = 2.0;
    a * b
}

fn main() {}
