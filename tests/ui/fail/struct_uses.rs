//! Uses of structs that cannot be followed.

use diff_runtime::{Differentiable, derivative};

#[derive(Clone, Copy, Debug, Differentiable)]
struct Point {
    x: f64,
    y: f64,
    n: usize,
}

fn length(p: &Point) -> f64 {
    p.x.hypot(p.y)
}

impl Point {
    fn norm(&self) -> f64 {
        self.x.hypot(self.y)
    }
}

#[derivative(wrt(p))]
fn passed_to_a_function(p: Point) -> f64 {
    length(&p)
}

#[derivative(wrt(p))]
fn receiver_of_a_method(p: &Point) -> f64 {
    p.norm() * 2.0
}

#[derivative(wrt(p))]
fn printed_after_a_change(mut p: Point) -> f64 {
    p.x *= 2.0;
    println!("{p:?}");
    p.x
}

#[derivative]
fn printed_local(x: f64) -> f64 {
    let p = Point { x, y: x, n: 1 };
    println!("{p:?}");
    p.x
}

#[derivative]
fn integer_of_a_local(x: f64) -> f64 {
    let mut p = Point { x, y: x, n: 1 };
    p.n += 1;
    p.x
}

#[derivative(wrt(p))]
fn lent(mut p: Point) -> f64 {
    let q = std::mem::replace(&mut p, Point { x: 0.0, y: 0.0, n: 0 });
    q.x
}

#[derivative(wrt(a, b))]
fn one_or_the_other(a: Point, b: Point) -> Point {
    if a.x > b.x { a } else { b }
}

#[derivative]
fn made_elsewhere(x: f64) -> Point {
    let p = Point { x, y: 0.0, n: 1 };
    std::convert::identity(p)
}

fn main() {}
