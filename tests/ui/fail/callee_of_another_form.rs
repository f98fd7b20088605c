//! Results in another form than the call expects, and wrong arguments.

use diff_runtime::derivative;

#[derivative]
fn pair(x: f64) -> (f64, f64) {
    (x, x * x)
}

#[derivative]
fn single(x: f32) -> f32 {
    x * x
}

#[derivative]
fn square(x: f64) -> f64 {
    x * x
}

#[derivative]
fn takes_a_pair_for_a_float(x: f64) -> f64 {
    2.0 * pair(x)
}

#[derivative]
fn takes_a_float_for_a_pair(x: f64) -> f64 {
    let (a, b) = square(x);
    a * b
}

#[derivative]
fn another_float_type(x: f64) -> f64 {
    single(x)
}

#[derivative]
fn too_many(x: f64) -> f64 {
    square(x, x)
}

fn main() {}
