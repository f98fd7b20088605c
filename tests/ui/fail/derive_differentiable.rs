//! Everything that `#[derive(Differentiable)]` rejects itself.

use diff_runtime::Differentiable;

#[derive(Differentiable)]
enum Shape {
    Circle(f64),
}

#[derive(Differentiable)]
union Bits {
    float: f64,
    bits: u64,
}

#[derive(Differentiable)]
struct Unit;

#[derive(Differentiable)]
struct Constants {
    count: usize,
    #[constant]
    limit: f64,
}

#[derive(Differentiable)]
struct Borrowed<'a> {
    values: &'a [f64],
    name: &'a str,
}

#[derive(Differentiable)]
struct Marked {
    x: f64,
    #[constant(limit)]
    limit: f64,
    #[constant]
    #[constant]
    other: f64,
}

#[derive(Differentiable)]
#[differentiable(path)]
struct Renamed {
    x: f64,
}

fn main() {}
