//! Options that do not exist: one that is nearly one, and one that is not.

use diff_runtime::derivative;

#[derivative(partial)]
fn f(x: f64) -> f64 {
    x
}

#[derivative(fast, wrt(x))]
fn g(x: f64) -> f64 {
    x
}

fn main() {
    f::derivative(1.0);
}
