//! The condition as a comparison; an option taken apart where no active value is.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64, scale: Option<f64>) -> f64 {
    let factor = scale.unwrap_or(1.0);
    if scale.is_some() { x * factor } else { x }
}

fn main() {
    assert_eq!(f::derivative(3.0, Some(2.0)), 2.0);
    assert_eq!(f::derivative(3.0, None), 1.0);
}
