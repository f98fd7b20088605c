//! Structs that are passed to other functions as a whole.

use diff_runtime::{Differentiable, derivative};

use crate::case;
use crate::parameters::{A, B, Decay, Vec3, decay};

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Body {
    position: Vec3,
    velocity: Vec3,
    mass: f64,
    charges: Vec<f64>,
    steps: usize,
}

fn body() -> Body {
    Body { position: A, velocity: B, mass: 2.5, charges: vec![0.4, -0.3, 0.9], steps: 3 }
}

#[derivative(wrt(v))]
fn square(v: &Vec3) -> f64 {
    v.x * v.x + v.y * v.y + v.z.powi(2)
}

#[derivative(wrt(v))]
fn square_of_value(v: Vec3) -> f64 {
    v.x * v.x + v.y * v.y + v.z.powi(2)
}

#[derivative(wrt(body))]
fn charge(body: &Body, scale: f64) -> f64 {
    let mut sum = scale;
    for q in &body.charges {
        sum = sum * q.cos() + q * scale * body.mass;
    }
    sum * body.steps as f64
}

#[derivative(wrt(body))]
fn kinetic(body: &Body) -> f64 {
    0.5 * body.mass * square(&body.velocity)
}
case!(part_is_passed, kinetic, &body());

#[derivative(wrt(body))]
fn kinetic_by_value(body: &Body) -> f64 {
    0.5 * body.mass * square_of_value(body.velocity.clone()) + square(&body.position).sin()
}
case!(copy_of_a_part_is_passed, kinetic_by_value, &body());

#[derivative(wrt(body))]
fn total(body: &Body) -> f64 {
    kinetic(body) + charge(body, body.mass * 0.3) * body.velocity.x
}
case!(whole_is_passed, total, &body());

#[derivative(wrt(body))]
fn deeper(body: &Body) -> f64 {
    total(body).sin() + 0.1 * total(&body) * body.mass
}
case!(whole_is_passed_deeper, deeper, &body());

#[derivative(wrt(body))]
fn in_loop(body: &Body) -> f64 {
    let mut x = 0.3;
    for k in 0..body.steps {
        if k % 2 == 0 {
            x = charge(body, x * 0.5).sin();
        } else {
            x += 0.01 * kinetic(body);
        }
    }
    x
}
case!(whole_is_passed_in_a_loop, in_loop, &body());

#[derivative(wrt(body))]
fn recursive(body: &Body, depth: usize, x: f64) -> f64 {
    if depth == 0 { charge(body, x) } else { recursive(body, depth - 1, x * body.mass * 0.3).sin() + x }
}

#[derivative(wrt(body))]
fn recursion(body: &Body) -> f64 {
    recursive(body, 4, body.velocity.y)
}
case!(whole_is_passed_recursively, recursion, &body());

impl Body {
    #[derivative(wrt(self))]
    fn momentum(&self, factor: f64) -> f64 {
        self.mass * self.velocity.x * factor
    }

    #[derivative(wrt(self))]
    fn both(&self, factor: f64) -> f64 {
        self.momentum(factor) + self.velocity.dot(&self.position) * self.mass + charge(self, factor)
    }

    #[derivative(wrt(self))]
    fn by_paths(&self) -> f64 {
        Self::momentum(self, 2.0) * Body::both(&self, self.mass) + Vec3::dot(&self.velocity, &self.velocity)
    }
}

impl Vec3 {
    #[derivative(wrt(self, other))]
    fn dot(&self, other: &Vec3) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }
}

case!(methods_of_self, body(), |p| p.both(0.7), |p, d| p.both_jvp(0.7, &d), |p, s| p.both_vjp(0.7, s));
case!(methods_by_paths, body(), |p| p.by_paths(), |p, d| p.by_paths_jvp(&d), |p, s| p.by_paths_vjp(s));

#[derivative(wrt(body, p))]
fn methods_of_others(body: &Body, p: &Decay) -> f64 {
    body.momentum(p.start) * body.both(p.rate) + body.position.dot(&body.velocity)
}
case!(
    methods_of_parameters,
    (body(), decay()),
    |(b, p)| methods_of_others(&b, &p),
    |(b, p), (c, d)| methods_of_others::jvp(&b, &p, &c, &d),
    |(b, p), s| methods_of_others::vjp(&b, &p, s)
);
