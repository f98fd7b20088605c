//! Constants that only rustc sees, with the names of variables: it says that they are no variables.

use diff_runtime::derivative;

mod m {
    pub const x: f64 = 3.0;
}

#[derivative]
fn imported(x: f64) -> f64 {
    use m::*;
    x * x
}

const one: f64 = 1.0;

#[derivative]
fn matched(x: f64) -> f64 {
    let Some(one) = Some(1.0) else { panic!() };
    x * one
}

fn main() {}
