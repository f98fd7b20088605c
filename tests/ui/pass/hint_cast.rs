//! A cast to a type by its own name.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let y = x as f64;
    let steps = x as u32;
    y * y * f64::from(steps)
}

fn main() {
    assert_eq!(f::derivative(3.5), 21.0);
}
