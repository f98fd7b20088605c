//! The `cfg` on the whole function, one function for each case.
use diff_runtime::derivative;

#[cfg(all())]
#[derivative]
fn f(x: f64, z: f64) -> f64 {
    x * z
}

#[derivative]
#[cfg(any())]
fn f(x: f64) -> f64 {
    x
}

fn main() {
    assert_eq!(f::gradient(2.0, 3.0), [3.0, 2.0]);
}
