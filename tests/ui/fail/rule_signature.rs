//! Functions of a rule with other signatures than the rule needs: rustc compares them.

use diff_runtime::derivative;

fn slope(x: f64) -> f64 {
    2.0 * x
}

#[derivative(rule(partials(slope, slope)))]
fn other_arguments(x: f64, y: f64) -> f64 {
    x * y
}

fn forwards(x: f64, x_dot: f64) -> f64 {
    x * x_dot
}

#[derivative(rule(jvp = forwards, vjp = missing))]
fn other_results(x: f64) -> f64 {
    x
}

fn main() {}
