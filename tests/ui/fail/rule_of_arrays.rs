//! Rules for functions of arrays that are not theirs.

use diff_runtime::derivative;

fn product(x: &[f64], x_dot: &[f64]) -> (f64, f64) {
    (x[0] * x[1], x_dot[0] * x[1] + x[0] * x_dot[1])
}

#[derivative(rule(jvp = product))]
fn one_product(x: &[f64]) -> f64 {
    x[0] * x[1]
}

#[derivative(rule(jvp = product, vjp = product))]
fn written_into(x: &mut [f64]) -> f64 {
    x[0] *= x[1];
    x[0]
}

fn main() {}
