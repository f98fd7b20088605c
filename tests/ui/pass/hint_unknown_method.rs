//! The method of the user's is written with the methods of `f64`.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    3.0 * x.exp().ln_1p()
}

fn main() {
    assert_eq!(f::derivative(0.0), 1.5);
}
