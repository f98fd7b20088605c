//! The closure's body where it was called.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    2.0 * x + 3.0 * x
}

#[derivative]
fn g(x: f64) -> f64 {
    let mut y = x;
    y *= 2.0;
    y * x
}

fn main() {
    assert_eq!(f::derivative(3.0), 5.0);
    assert_eq!(g::derivative(3.0), 12.0);
}
