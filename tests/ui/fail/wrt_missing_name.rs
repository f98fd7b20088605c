//! `wrt` names parameters that do not exist.

use diff_runtime::derivative;

#[derivative(wrt(y))]
fn f(x: f64, z: f64) -> f64 {
    x * z
}

#[derivative(wrt(wieght))]
fn g(weight: f64) -> f64 {
    weight
}

#[derivative(wrt(self))]
fn without_receiver(x: f64) -> f64 {
    x * x
}

fn main() {}
