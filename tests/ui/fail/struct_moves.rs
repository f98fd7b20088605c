use diff_runtime::{Differentiable, derivative};

#[derive(Clone, Copy, Differentiable)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Clone, Differentiable)]
struct Path {
    lengths: [f64; 3],
}

#[derivative(wrt(p, q))]
fn another_reference<'a>(mut p: &'a Point, q: &'a Point) -> f64 {
    if p.x > 0.0 {
        p = q;
    }
    p.x * p.y
}

#[derivative(wrt(p))]
fn returned_with_an_array(p: &Path) -> Path {
    Path { lengths: [p.lengths[0], 0.0, 0.0] }
}

fn main() {}
