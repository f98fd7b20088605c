//! The whole value under a name, destructured with a `let`.
use diff_runtime::derivative;

#[derivative]
fn f(pair: (f64, f64), w: f64) -> f64 {
    let (x, z) = pair;
    x * z * w
}

fn main() {
    assert_eq!(f::derivative((2.0, 3.0), 1.0), 6.0);
}
