//! `wrt` without a name, and `wrt` with what is no name.

use diff_runtime::derivative;

#[derivative(wrt())]
fn f(x: f64) -> f64 {
    x
}

#[derivative(wrt(x.0))]
fn g(x: f64) -> f64 {
    x
}

fn main() {}
