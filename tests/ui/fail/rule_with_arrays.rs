//! Rules for functions of arrays that are not those of their functions.

use diff_runtime::derivative;

fn jvp(x: &[f64], x_dot: &[f64]) -> (f64, f64) {
    (x[0], x_dot[0])
}

fn vjp(x: &[f64], seed: f64) -> (f64, Vec<f64>) {
    (x[0], vec![seed; x.len()])
}

#[derivative(rule(jvp = jvp))]
fn of_one_product(x: &[f64]) -> f64 {
    x[0]
}

#[derivative(rule(jvp = jvp, vjp = vjp))]
fn of_an_output(x: &mut [f64]) -> f64 {
    x[0]
}

#[derivative(hvp, rule(jvp = jvp, vjp = vjp))]
fn of_second_order(x: &[f64]) -> f64 {
    x[0]
}

fn vjp_of_an_array(x: &[f64], seed: f64) -> (f64, [f64; 1]) {
    (x[0], [seed])
}

#[derivative(rule(jvp = jvp, vjp = vjp_of_an_array))]
fn of_another_signature(x: &[f64]) -> f64 {
    x[0]
}

fn main() {}
