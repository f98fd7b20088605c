//! What the messages about derivatives of higher order suggest.

use diff_runtime::derivative;

#[derivative(order = 3)]
fn callee(x: f64) -> f64 {
    x.sin()
}

#[derivative(hessian, order = 3)]
fn caller(x: f64) -> f64 {
    callee(x * x)
}

#[derivative(hessian, rule(vjp = pull, hvp = product))]
fn with_product(x: f64) -> f64 {
    x.sin()
}

fn pull(x: f64, seed: f64) -> (f64, f64) {
    (x.sin(), x.cos() * seed)
}

fn product(x: f64, x_dot: f64) -> f64 {
    -x.sin() * x_dot
}

#[derivative(order = 3, rule(partials(slope)))]
fn with_partials(x: f64) -> f64 {
    x.sin()
}

#[derivative(hvp)]
fn slope(x: f64) -> f64 {
    x.cos()
}

fn main() {
    assert_eq!(caller::derivatives(0.0), [0.0, 0.0, 2.0, 0.0]);
    assert_eq!(with_product::hessian(0.5), -0.5_f64.sin());
    assert_eq!(with_partials::derivatives(0.0), [0.0, 1.0, 0.0, -1.0]);
}
