//! Fields whose types rustc finds wanting: no floats, other floats, constants that cannot be copied.

use diff_runtime::Differentiable;

struct Matrix;

#[derive(Differentiable)]
struct WithMatrix {
    x: f64,
    matrix: Matrix,
}

#[derive(Differentiable)]
struct Mixed {
    x: f64,
    y: f32,
}

#[derive(Differentiable)]
struct WithConstant {
    x: f64,
    #[constant]
    matrix: Matrix,
}

fn main() {}
