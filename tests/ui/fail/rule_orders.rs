//! Rules that do not tell what an option of higher order asks for.

use diff_runtime::derivative;

fn pull(x: f64, seed: f64) -> (f64, f64) {
    (x.sin(), x.cos() * seed)
}

fn product(x: f64, x_dot: f64) -> f64 {
    -x.sin() * x_dot
}

#[derivative(hessian, rule(vjp = pull))]
fn of_first_order(x: f64) -> f64 {
    x.sin()
}

#[derivative(order = 3, rule(vjp = pull, hvp = product))]
fn of_second_order(x: f64) -> f64 {
    x.sin()
}

#[derivative(rule(hvp = product))]
fn of_no_first_order(x: f64) -> f64 {
    x.sin()
}

fn main() {}
