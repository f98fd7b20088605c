//! Rules that are not those of their functions.

use diff_runtime::derivative;

fn one(x: f64, y: f64) -> f64 {
    x * y
}

#[derivative(rule(partials(one)))]
fn too_few(x: f64, y: f64) -> f64 {
    x * y
}

#[derivative(rule(partials(one)))]
fn of_a_pair(x: f64) -> (f64, f64) {
    (x, x)
}

#[derivative(rule(partials(one, one)))]
fn of_an_array(x: &[f64], y: f64) -> f64 {
    x[0] * y
}

#[derivative(rule(partials(one, one)))]
fn of_two_types(x: f64, y: f32) -> f64 {
    x * f64::from(y)
}

#[derivative(suffix, rule(partials(one, one)))]
fn with_suffix(x: f64, y: f64) -> f64 {
    x * y
}

#[derivative(rule(jvp = one, partials(one, one)))]
fn of_two_kinds(x: f64, y: f64) -> f64 {
    x * y
}

#[derivative(rule)]
fn empty(x: f64, y: f64) -> f64 {
    x * y
}

#[derivative(rule(partials(one, one)))]
fn of_a_blank(x: f64, _: f64) -> f64 {
    x
}

fn main() {}
