//! The arithmetic of the function is written out.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64, z: f64) -> f64 {
    2.0 * (x * z).tanh() + z
}

fn main() {
    assert_eq!(f::gradient(0.0, 2.0), [4.0, 1.0]);
}
