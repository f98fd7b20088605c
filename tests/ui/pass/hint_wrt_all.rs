//! `wrt` left out, and with two names; `#[constant]` or `wrt`, but not both.
use diff_runtime::derivative;

#[derivative]
fn all(x: f64, z: f64) -> f64 {
    x * z
}

#[derivative(wrt(x, z))]
fn both(x: f64, z: f64) -> f64 {
    x * z
}

#[derivative]
fn marked(x: f64, #[constant] z: f64) -> f64 {
    x * z
}

#[derivative(wrt(x))]
fn named(x: f64, z: f64) -> f64 {
    x * z
}

fn main() {
    assert_eq!(all::gradient(2.0, 3.0), [3.0, 2.0]);
    assert_eq!(both::gradient(2.0, 3.0), [3.0, 2.0]);
    assert_eq!(marked::derivative(2.0, 3.0), 3.0);
    assert_eq!(named::derivative(2.0, 3.0), 3.0);
}
