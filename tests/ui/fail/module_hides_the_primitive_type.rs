//! A module of the name of a primitive type is what paths mean.

use diff_runtime::derivative;

mod f64 {
    pub fn sin(x: core::primitive::f64) -> core::primitive::f64 {
        x
    }

    pub fn from(x: core::primitive::f64) -> core::primitive::f64 {
        2.0 * x
    }
}

#[derivative]
fn of_a_path(x: f64) -> f64 {
    f64::sin(x) + f64::cos(x)
}

#[derivative]
fn of_a_conversion(x: f64) -> f64 {
    f64::from(x)
}

fn main() {}
