//! Scalar variables for an array and for a struct, and a tuple taken apart.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let (first, second) = (x, x * x);
    first + second
}

#[derivative]
fn g(x: f64) -> f64 {
    let px = x;
    let py = 2.0;
    px * py
}

#[derivative]
fn h(x: f64) -> f64 {
    let (sine, cosine) = x.sin_cos();
    sine * cosine
}

fn main() {
    assert_eq!(f::derivative(3.0), 7.0);
    assert_eq!(g::derivative(3.0), 2.0);
    assert_eq!(h::derivative(0.0), 1.0);
}
