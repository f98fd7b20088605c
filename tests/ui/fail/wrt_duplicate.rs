//! A name twice, an option twice, a mark twice, the attribute twice.

use diff_runtime::derivative;

#[derivative(wrt(x, z, x))]
fn f(x: f64, z: f64) -> f64 {
    x * z
}

#[derivative(wrt(x), partials, partials, wrt(z))]
fn g(x: f64, z: f64) -> f64 {
    x * z
}

#[derivative]
fn h(
    x: f64,
    #[constant]
    #[constant]
    z: f64,
) -> f64 {
    x * z
}

#[derivative]
#[derivative(partials)]
fn k(x: f64) -> f64 {
    x
}

fn main() {}
