//! A range of integers for a loop over values.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let mut sum = 0.0;
    let mut y = x;
    for _ in 0..3 {
        sum += y;
        y *= 0.5;
    }
    sum
}

fn main() {
    assert_eq!(f::derivative(3.0), 1.75);
}
