//! `if cfg!(..)` for a statement under `cfg`.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let mut y = x;
    if cfg!(any()) {
        y = 2.0 * x;
    }
    y * x
}

fn main() {
    assert_eq!(f::derivative(3.0), 6.0);
}
