//! Options in a form that they do not have.

use diff_runtime::derivative;

#[derivative(wrt = x, partials(x), suffix = true, crate = "diff_runtime", "partials")]
fn f(x: f64) -> f64 {
    x
}

#[derivative(wrt x, crate(diff_runtime), wrt(x) z, , partials)]
fn g(x: f64) -> f64 {
    x
}

fn main() {}
