//! A type of the function's name is there already. The option `suffix` is the way out: see `pass/suffix.rs`.

use diff_runtime::derivative;

#[allow(non_camel_case_types)]
struct loss;

#[derivative]
fn loss(x: f64) -> f64 {
    x * x
}

mod energy {}

#[derivative]
fn energy(x: f64) -> f64 {
    x * x
}

fn main() {}
