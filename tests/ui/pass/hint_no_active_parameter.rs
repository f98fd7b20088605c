//! The float type by its own name, and a mark left out.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64, #[constant] _y: f64) -> f64 {
    x * x
}

#[derivative]
fn single(x: f32) -> f32 {
    x * x
}

fn main() {
    assert_eq!(f::derivative(3.0, 1.0), 6.0);
    assert_eq!(single::derivative(3.0), 6.0);
}
