//! A macro makes a value out of an active one.

use diff_runtime::derivative;

macro_rules! square {
    ($x:expr) => {
        $x * $x
    };
}

#[derivative]
fn f(x: f64) -> f64 {
    square!(x) + 1.0
}

fn main() {}
