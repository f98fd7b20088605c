//! An active value enters a variable that the macro does not take for a float.

use diff_runtime::derivative;

fn start() -> f64 {
    1.0
}

#[derivative]
fn f(x: f64) -> f64 {
    let mut pair = (start(), 1);
    pair.0 = x;
    pair = (x, 2);
    pair.0
}

fn main() {}
