//! Items that have the name of a variable, or of a primitive type.

use diff_runtime::derivative;

#[derivative]
fn constant(x: f64) -> f64 {
    let y = {
        const x: f64 = 3.0;
        x * x
    };
    y * x
}

#[derivative]
fn import(E: f64) -> f64 {
    use std::f64::consts::E;
    E * 2.0
}

#[derivative]
fn module(x: f64) -> f64 {
    mod f64 {
        pub fn sin(x: ::core::primitive::f64) -> ::core::primitive::f64 {
            x * 100.0
        }
    }
    f64::sin(x)
}

fn main() {}
