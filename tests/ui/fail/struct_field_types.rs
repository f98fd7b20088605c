//! Fields that are computed with and are no floats, and a function that looks like a constructor.

use diff_runtime::{Differentiable, derivative};

#[derive(Clone, Copy, Differentiable)]
struct Point {
    x: f64,
    n: usize,
    single: Single,
}

#[derive(Clone, Copy, Differentiable)]
struct Single {
    #[constant]
    z: f32,
    w: f64,
}

#[derivative(wrt(p))]
fn integer(p: &Point) -> f64 {
    let m: usize = p.n;
    p.x * m as f64
}

#[derivative(wrt(p))]
fn cast(p: &Point) -> f64 {
    p.single.z as f64 * p.x
}

#[allow(non_snake_case)]
fn Squared(x: f64) -> (f64,) {
    (x * x,)
}

#[derivative]
fn function(x: f64) -> f64 {
    let s = Squared(x);
    s.0
}

fn main() {}
