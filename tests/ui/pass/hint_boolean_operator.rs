//! Comparisons and the short-circuit operators for `^`.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    if x > 1.0 && !(x > 2.0) { x } else { x * x }
}

fn main() {
    assert_eq!(f::derivative(1.5), 1.0);
    assert_eq!(f::derivative(3.0), 6.0);
}
