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

#[derivative(order = 3)]
fn third_of_an_array(x: f64, y: f64) -> f64 {
    first(&[x, y])
}

#[derivative(hessian)]
fn runs_once(x: f64, y: f64, names: Vec<String>) -> f64 {
    drop(names);
    first(&[x, y])
}

#[derivative(wrt(p), hvp)]
fn of_a_struct(p: &Point) -> f64 {
    p.x * p.x
}

#[derivative(wrt(p), hvp)]
fn struct_in_a_call(p: &Point) -> f64 {
    of_a_struct(p)
}

#[derivative(hesian)]
fn misspelt(x: f64) -> f64 {
    x
}

fn main() {}
