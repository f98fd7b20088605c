//! Functions that are named like a rule, like a parameter, like a local, like a companion.

use diff_runtime::derivative;

#[derivative]
fn sin(x: f64) -> f64 {
    x.sin() * 2.0
}

#[derivative]
fn max(x: f64, y: f64) -> f64 {
    x.max(y) * f64::max(x, 1.0)
}

#[derivative]
fn x(x: f64) -> f64 {
    x * x
}

#[derivative]
fn local(y: f64) -> f64 {
    let local = y * y;
    local * y
}

#[derivative]
fn gradient(x: f64, y: f64) -> f64 {
    x * y
}

#[derivative]
fn derivative(x: f64) -> f64 {
    x * x
}

fn main() {
    assert_eq!(sin::derivative(0.0), 2.0);
    assert_eq!(max::gradient(3.0, 2.0), [6.0, 0.0]);
    assert_eq!(x::derivative(3.0), 6.0);
    assert_eq!(local::derivative(3.0), 27.0);
    assert_eq!(gradient::gradient(3.0, 2.0), [2.0, 3.0]);
    assert_eq!(derivative::derivative(3.0), 6.0);
}
