//! Options of second and higher order where they do not fit.

use diff_runtime::derivative;

#[derivative(order)]
fn no_number(x: f64) -> f64 {
    x
}

#[derivative(order = 0)]
fn no_order(x: f64) -> f64 {
    x
}

#[derivative(order = 40)]
fn too_high(x: f64) -> f64 {
    x
}

#[derivative(order = 2, order = 3)]
fn twice(x: f64) -> f64 {
    x
}

#[derivative(order = 4)]
fn of_two(x: f64, y: f64) -> f64 {
    x * y
}

#[derivative(order = 2)]
fn of_a_slice(x: &[f64]) -> f64 {
    x[0]
}

#[derivative(hessian(x))]
fn with_arguments(x: f64) -> f64 {
    x
}

#[derivative(hessian)]
fn of_two_results(x: f64) -> (f64, f64) {
    (x, x)
}

#[derivative(hvp)]
fn of_outputs(x: &[f64], out: &mut [f64]) {
    out[0] = x[0];
}

#[derivative(hessian)]
fn mixed(x: f64, y: f32) -> f64 {
    x * y as f64
}

#[derivative(hessian)]
fn moved(x: Vec<f64>) -> f64 {
    x[0]
}

#[derive(Clone, diff_runtime::Differentiable)]
struct Point {
    x: f64,
}

#[derivative(wrt(p), hessian)]
fn moved_struct(p: Point) -> f64 {
    p.x
}

#[derivative(hvp)]
fn first(x: &[f64]) -> f64 {
    x[0]
}

#[derivative(hessian)]
fn array_in_a_call(x: &[f64]) -> f64 {
    first(x)
}

#[derivative(hesian)]
fn misspelt(x: f64) -> f64 {
    x
}

fn main() {}
