//! An assignment for a mutable reference.
use diff_runtime::derivative;

#[derivative]
fn f(mut x: f64) -> f64 {
    x *= 2.0;
    x
}

fn main() {
    assert_eq!(f::derivative(3.0), 2.0);
}
