//! Calls of functions without companions, or without one where an active value goes.

use diff_runtime::derivative;

fn erf(x: f64) -> f64 {
    x
}

mod special {
    pub fn gamma(x: f64) -> f64 {
        x
    }
}

struct Curve;

impl Curve {
    fn at(&self, x: f64) -> f64 {
        x
    }

    fn start(x: f64) -> f64 {
        x
    }
}

#[derivative]
fn free(x: f64) -> f64 {
    erf(x)
}

#[derivative]
fn in_module(x: f64) -> f64 {
    2.0 * special::gamma(x * x)
}

#[derivative]
fn of_type(x: f64, curve: &Curve) -> f64 {
    curve.at(x) + Curve::start(x)
}

#[derivative]
fn of_standard_type(x: f64, values: &std::cell::Cell<f64>) -> f64 {
    x * values.replace(x)
}

fn main() {}
