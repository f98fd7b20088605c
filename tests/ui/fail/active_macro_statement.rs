//! A macro as a statement may do anything to what it is given.

use diff_runtime::derivative;

macro_rules! double {
    ($x:ident) => {
        $x *= 2.0
    };
}

#[derivative]
fn f(mut x: f64) -> f64 {
    double!(x);
    x * x
}

fn main() {}
