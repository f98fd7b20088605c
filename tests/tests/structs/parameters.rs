//! Structs and tuples as parameters, of which fields are read.

use diff_runtime::{Differentiable, derivative};

use crate::case;

#[derive(Clone, Debug, PartialEq, Differentiable)]
pub(crate) struct Decay {
    pub(crate) start: f64,
    pub(crate) rate: f64,
    pub(crate) weights: [f64; 3],
    pub(crate) steps: usize,
    pub(crate) name: String,
    pub(crate) squared: bool,
    pub(crate) unused: f64,
}

pub(crate) fn decay() -> Decay {
    Decay {
        start: 1.5,
        rate: 0.7,
        weights: [0.3, -0.4, 1.1],
        steps: 3,
        name: "decay".to_owned(),
        squared: true,
        unused: 9.0,
    }
}

#[derivative(wrt(p))]
fn scalars(p: &Decay) -> f64 {
    p.start * (-p.rate * 2.0).exp() + p.rate.powi(2)
}
case!(fields_by_reference, scalars, &decay());

#[derivative(wrt(p))]
fn by_value(p: Decay) -> f64 {
    p.start / (1.0 + p.rate * p.rate)
}
case!(fields_by_value, by_value, decay());

#[derivative(wrt(p))]
fn array_in_struct(p: &Decay) -> f64 {
    let mut sum = 0.0;
    for i in 0..p.steps {
        sum += p.weights[i] * p.weights[(i + 1) % p.weights.len()] * p.start;
    }
    if p.squared { sum * sum } else { sum }
}
case!(arrays_in_structs, array_in_struct, &decay());

#[derivative(wrt(p))]
fn iterated(p: &Decay) -> f64 {
    let mut product = p.start;
    for w in &p.weights {
        product *= 1.0 + w * w;
    }
    for (i, w) in p.weights.iter().enumerate() {
        product += w.sin() * i as f64;
    }
    product
}
case!(arrays_in_structs_are_iterated, iterated, &decay());

#[derivative(wrt(p))]
fn counted(p: &Decay) -> f64 {
    let n: usize = p.steps + 1;
    let mut x = p.start;
    for _ in 0..n {
        x = x - p.rate * x.sin();
    }
    x * p.steps as f64 + p.name.len() as f64
}
case!(integers_in_structs, counted, &decay());

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub(crate) struct Vec3 {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
}

pub(crate) const A: Vec3 = Vec3 { x: 0.3, y: -1.2, z: 0.8 };
pub(crate) const B: Vec3 = Vec3 { x: 1.1, y: 0.4, z: -0.6 };

#[derivative(wrt(a, b))]
fn angle(a: Vec3, b: Vec3) -> f64 {
    let dot = a.x * b.x + a.y * b.y + a.z * b.z;
    let (u, v) = (a.x.hypot(a.y).hypot(a.z), b.x.hypot(b.y).hypot(b.z));
    (dot / (u * v)).acos()
}
case!(two_structs, (A, B), |(a, b)| angle(a, b), |(a, b), (c, d)| angle::jvp(a, b, c, d), |(a, b), s| angle::vjp(
    a, b, s
));

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Body {
    position: Vec3,
    velocity: Vec3,
    mass: f64,
}

fn body() -> Body {
    Body { position: A, velocity: B, mass: 2.5 }
}

#[derivative(wrt(body))]
fn energy(body: &Body, #[constant] gravity: f64) -> f64 {
    let v = &body.velocity;
    let kinetic = 0.5 * body.mass * (v.x * v.x + v.y * v.y + v.z.powi(2));
    kinetic + body.mass * gravity * body.position.z
}
case!(nested_structs, body(), |p| energy(&p, 9.81), |p, d| energy::jvp(&p, 9.81, &d), |p, s| energy::vjp(&p, 9.81, s));

#[derivative]
fn of_tuple(p: (f64, f64), q: &(f64, [f64; 2])) -> f64 {
    p.0 * p.1.sin() + q.0 * q.1[0] * q.1[1] + (p.0 / q.0).atan()
}
case!(
    tuples,
    ((0.4, 1.3), (0.8, [0.2, -0.7])),
    |(p, q)| of_tuple(p, &q),
    |(p, q), (c, d)| of_tuple::jvp(p, &q, c, &d),
    |(p, q), s| of_tuple::vjp(p, &q, s)
);

#[derivative]
fn nested_tuple(p: ((f64, f64), f64)) -> f64 {
    p.0.0 * p.0.1 / p.1
}
case!(nested_tuples, nested_tuple, ((0.4, 1.3), -0.9));

#[derivative]
fn pattern((a, b): (f64, f64), &(c, d): &(f64, f64)) -> f64 {
    a * c - b * d.exp()
}
case!(
    patterns_of_tuples,
    ((0.4, 1.3), (0.8, 0.2)),
    |(p, q)| pattern(p, &q),
    |(p, q), (c, d)| pattern::jvp(p, &q, c, &d),
    |(p, q), s| pattern::vjp(p, &q, s)
);

#[derivative(wrt(v, t))]
fn destructured(v: Vec3, t: f64) -> f64 {
    let Vec3 { x, y: height, .. } = v;
    let Vec3 { z, .. } = &v;
    x * t + height.powi(2) * t.cos() - *z
}
case!(
    destructuring,
    (A, 0.7),
    |(v, t)| destructured(v, t),
    |(v, t), (c, d)| destructured::jvp(v, t, c, d),
    |(v, t), s| destructured::vjp(v, t, s)
);

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub(crate) struct Polar(pub(crate) f64, pub(crate) f64);

#[derivative(wrt(p))]
fn tuple_struct(p: &Polar) -> f64 {
    let Polar(r, phi) = *p;
    r * phi.cos() + p.0.ln()
}
case!(tuple_structs, tuple_struct, &Polar(1.4, 0.6));

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Points<T: Copy> {
    list: Vec<T>,
    scale: T,
    grid: [[T; 2]; 2],
}

#[derivative(wrt(p))]
fn generic_struct(p: &Points<f64>) -> f64 {
    let mut sum = p.scale;
    for i in 0..p.list.len() {
        sum += (p.list[i] - p.scale).powi(2) * p.grid[i % 2][1 - i % 2];
    }
    sum
}
case!(
    generic_structs_with_vectors,
    generic_struct,
    &Points { list: vec![0.1, -0.5, 2.0], scale: 0.3, grid: [[0.1, 0.2], [1.3, -1.4]] }
);

#[derivative(wrt(points))]
fn polygon(points: &[Polar]) -> f64 {
    let mut sum = 0.0;
    for i in 0..points.len() {
        let p = &points[i];
        let q = &points[(i + 1) % points.len()];
        sum += 0.5 * p.0 * q.0 * (q.1 - p.1).sin();
    }
    sum
}
case!(
    slices_of_structs,
    vec![Polar(1.0, 0.1), Polar(1.5, 1.9), Polar(0.7, 3.5)],
    |p| polygon(&p),
    |p, d| polygon::jvp(&p, &d),
    |p, s| polygon::vjp(&p, s)
);

#[derivative(wrt(points))]
fn moments(points: &[Vec3], #[constant] power: i32) -> f64 {
    let mut sum = 0.0;
    for p in points {
        sum += p.x.powi(power) * p.y + points[0].z;
    }
    for (k, p) in points.iter().enumerate() {
        sum *= 1.0 + 0.1 * k as f64 * p.z;
    }
    sum
}
case!(
    slices_of_structs_are_iterated,
    vec![A, B, Vec3 { x: 0.5, y: 0.6, z: 0.7 }],
    |p| moments(&p, 3),
    |p, d| moments::jvp(&p, 3, &d),
    |p, s| moments::vjp(&p, 3, s)
);

#[test]
fn gradients_are_structs_with_the_constants_of_the_point() {
    let gradient = scalars::gradient(&decay());
    let e = (-1.4_f64).exp();
    assert_eq!(gradient.start, e);
    assert!((gradient.rate - (1.4 - 3.0 * e)).abs() < 1e-15);
    assert_eq!((gradient.weights, gradient.unused), ([0.0; 3], 0.0));
    assert_eq!((gradient.steps, gradient.name.as_str(), gradient.squared), (3, "decay", true));
}

#[test]
fn buffers_are_overwritten_in_all_components() {
    let mut buffer = Decay { start: 7.0, weights: [7.0; 3], unused: 7.0, steps: 8, ..decay() };
    scalars::gradient_into(&decay(), &mut buffer);
    assert_eq!((buffer.weights, buffer.unused), ([0.0; 3], 0.0));
    assert_eq!(buffer.start, scalars::gradient(&decay()).start);
    assert_eq!(buffer.steps, 8);
}

#[test]
#[should_panic(expected = "the gradient of `p` must have the shape of `p`")]
fn buffers_of_another_shape_panic() {
    let p = Points { list: vec![1.0, 2.0], scale: 0.3, grid: [[0.0; 2]; 2] };
    let mut buffer = Points { list: vec![1.0], scale: 0.3, grid: [[0.0; 2]; 2] };
    generic_struct::gradient_into(&p, &mut buffer);
}
