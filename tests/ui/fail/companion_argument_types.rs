//! A mistake in the call of a companion is explained by its signature.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64, n: i32) -> f64 {
    x.powi(n)
}

fn main() {
    f::derivative(1, 2);
    f::jvp(1.0, 2);
}
