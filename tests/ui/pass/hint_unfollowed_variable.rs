//! The variables declared with their types.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let a: f64;
    let b: f64;
    a = x;
    b = 2.0;
    a * b
}

fn main() {
    assert_eq!(f::derivative(3.0), 2.0);
}
