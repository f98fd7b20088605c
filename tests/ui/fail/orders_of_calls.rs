//! Second and higher order where a callee, or a rule, has derivatives of lower order alone.

use diff_runtime::derivative;

#[derivative]
fn of_first_order(x: f64) -> f64 {
    x.sin()
}

#[derivative(hvp)]
fn of_second_order(x: f64, y: f64) -> f64 {
    x.sin() * y
}

#[derivative(hessian)]
fn needs_second_order(x: f64) -> f64 {
    of_first_order(x * x)
}

#[derivative(order = 3)]
fn needs_third_order(x: f64) -> f64 {
    of_second_order(x, 2.0) * x
}

struct Curve;

impl Curve {
    #[derivative]
    fn at(&self, x: f64) -> f64 {
        x * x
    }

    #[derivative(associated)]
    fn start(x: f64) -> f64 {
        x * x
    }

    #[derivative(hvp)]
    fn needs_more(&self, x: f64) -> f64 {
        self.at(x) + Self::start(x)
    }
}

#[derivative(hvp, rule(partials(plain_slope)))]
fn without_attribute(x: f64) -> f64 {
    x.sin()
}

fn plain_slope(x: f64) -> f64 {
    x.cos()
}

#[derivative(order = 3, rule(partials(slope)))]
fn of_lower_order(x: f64) -> f64 {
    x.sin()
}

#[derivative]
fn slope(x: f64) -> f64 {
    x.cos()
}

fn main() {}
