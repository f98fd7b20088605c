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

#[derivative(wrt(p))]
fn changed_after_the_pattern(mut p: Path) -> f64 {
    let Path { lengths } = p;
    p.lengths[0] = 2.0 * lengths[1];
    lengths[0] * p.lengths[0]
}

#[derivative(wrt(p))]
fn lost(p: &Path) -> f64 {
    let mut q = p.clone();
    let lengths = q.lengths;
    q.lengths[0] = 2.0;
    lengths.len() as f64 * q.lengths[1]
}

fn main() {}
