//! `if` and `else` for a `match`.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64, n: u32) -> f64 {
    if n == 0 {
        x
    } else if n == 1 {
        x * x
    } else {
        1.0
    }
}

fn main() {
    assert_eq!(f::derivative(3.0, 0), 1.0);
    assert_eq!(f::derivative(3.0, 1), 6.0);
    assert_eq!(f::derivative(3.0, 2), 0.0);
}
