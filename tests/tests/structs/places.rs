//! Fields that are written.

use diff_runtime::{Differentiable, derivative};

use crate::case;
use crate::parameters::{A, B, Decay, Polar, Vec3, decay};

#[derivative(wrt(p))]
fn written(mut p: Vec3) -> f64 {
    p.x *= p.y;
    p.y = p.x.sin() + p.z;
    p.z -= 2.0 * p.y;
    p.x * p.y * p.z
}
case!(fields_of_a_parameter, written, A);

#[derivative(wrt(p))]
fn branches(mut p: Vec3) -> f64 {
    if p.x > 0.0 {
        p.y = p.x * p.z;
    } else {
        p.z += p.y;
        if p.z > p.x {
            return p.z * p.x;
        }
    }
    p.x + p.y.powi(2) + p.z
}
case!(in_branches, branches, A);
case!(in_other_branches, branches, Vec3 { x: -0.5, y: -0.3, z: 0.1 });
case!(with_early_returns, branches, Vec3 { x: -0.5, y: 0.3, z: 0.1 });

#[derivative(wrt(s, dt))]
fn leapfrog(s: &Polar, dt: f64, steps: usize) -> f64 {
    let mut q = *s;
    for _ in 0..steps {
        q.1 -= 0.5 * dt * q.0.sin();
        q.0 += dt * q.1;
        q.1 -= 0.5 * dt * q.0.sin();
    }
    0.5 * q.1 * q.1 - q.0.cos() + s.0
}
case!(
    in_loops,
    (Polar(0.8, 0.3), 0.1),
    |(s, dt)| leapfrog(&s, dt, 20),
    |(s, dt), (c, d)| leapfrog::jvp(&s, dt, 20, &c, d),
    |(s, dt), v| leapfrog::vjp(&s, dt, 20, v)
);

#[derivative(wrt(a, b))]
fn copies(a: Vec3, b: Vec3) -> f64 {
    let mut c = a;
    c.x += b.x;
    let d = c.clone();
    c.x *= 3.0;
    let mut e = if c.x > d.x { c } else { b };
    e.y = e.x * d.x;
    a.x * c.x * d.x + e.y + e.z
}
case!(copies_are_independent, (A, B), |(a, b)| copies(a, b), |(a, b), (c, d)| copies::jvp(a, b, c, d), |(a, b), s| {
    copies::vjp(a, b, s)
});

#[derivative(wrt(a, b))]
fn references(a: &Vec3, b: &Vec3) -> f64 {
    let longer = a;
    let other = &b.y;
    let mut own = *b;
    let r = &mut own;
    r.x *= longer.x;
    r.y += *other;
    own.x * own.y
}
case!(
    references_to_structs,
    (A, B),
    |(a, b)| references(&a, &b),
    |(a, b), (c, d)| references::jvp(&a, &b, &c, &d),
    |(a, b), s| references::vjp(&a, &b, s)
);

#[derivative(wrt(p))]
fn arrays(mut p: Decay) -> f64 {
    for i in 1..3 {
        p.weights[i] += p.weights[i - 1] * p.start;
        p.weights[i] *= p.rate;
    }
    p.weights[0] = p.weights[2].sin();
    p.weights[0] * p.weights[1] * p.weights[2]
}
case!(arrays_in_structs_are_written, arrays, decay());

/// One step of a pendulum with friction, in place.
#[derivative(wrt(state, dt))]
fn step(state: &mut Polar, dt: f64) {
    let force = -state.0.sin() - 0.1 * state.1;
    state.1 += dt * force;
    state.0 += dt * state.1;
}
case!(
    results_in_a_struct,
    (Polar(0.8, 0.3), 0.1),
    |(mut s, dt)| {
        step(&mut s, dt);
        s
    },
    |(mut s, dt), (mut c, d)| {
        step::jvp(&mut s, dt, &mut c, d);
        (s, c)
    },
    |(mut s, dt), mut seed| {
        let dt_bar = step::vjp(&mut s, dt, &mut seed);
        (s, (seed, dt_bar))
    }
);

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Chain {
    x: Vec<f64>,
    total: f64,
    calls: usize,
}

#[derivative(wrt(chain, k))]
fn relax(chain: &mut Chain, k: f64) {
    chain.calls += 1;
    let n = chain.x.len();
    for i in 1..n {
        chain.x[i] = chain.x[i] + k * (chain.x[i - 1] - chain.x[i]) * chain.total;
    }
    chain.total += chain.x[n - 1].powi(2);
}
case!(
    results_in_an_array_of_a_struct,
    (Chain { x: vec![0.3, 1.2, -0.7], total: 0.6, calls: 4 }, 0.25),
    |(mut c, k)| {
        relax(&mut c, k);
        assert_eq!(c.calls, 5);
        c
    },
    |(mut c, k), (mut d, e)| {
        relax::jvp(&mut c, k, &mut d, e);
        assert_eq!(c.calls, 5);
        (c, d)
    },
    |(mut c, k), mut seed| {
        let k_bar = relax::vjp(&mut c, k, &mut seed);
        (c, (seed, k_bar))
    }
);

#[derivative(wrt(p))]
fn left_changed(p: &mut Vec3) -> f64 {
    p.x = p.x * p.y;
    p.y += 1.0;
    p.x * p.y
}
#[test]
fn companions_leave_a_parameter_as_the_function_does() {
    let (mut a, mut b, mut c, mut d) = (A, A, A, A);
    let value = left_changed(&mut a);
    assert_eq!(left_changed::jvp(&mut b, &B).0, value);
    let (other, gradient) = left_changed::value_and_gradient(&mut c);
    assert_eq!(other, value);
    assert_eq!((b, c), (a, a));
    assert_eq!(left_changed::vjp(&mut d, 1.0).1, gradient);
    // x y (y + 1)
    assert!((gradient.x - A.y * (A.y + 1.0)).abs() < 1e-15);
    assert!((gradient.y - A.x * (2.0 * A.y + 1.0)).abs() < 1e-15);
}

#[derivative]
fn tuple_variable(x: f64, y: f64) -> f64 {
    let mut t = (x * y, [x, y], 3.0);
    t.0 += t.1[0];
    t.1[1] *= t.0;
    t.2 = t.2 * x;
    (t.0, t.2) = (t.2, t.0);
    t.0 - t.1[1] * t.2
}
case!(
    tuples_in_a_variable,
    (0.4, 1.3),
    |(x, y)| tuple_variable(x, y),
    |(x, y), (c, d)| tuple_variable::jvp(x, y, c, d),
    |(x, y), s| {
        let (value, [a, b]) = tuple_variable::vjp(x, y, s);
        (value, (a, b))
    }
);

#[derivative(wrt(ps))]
fn elements(ps: &mut [Polar]) -> f64 {
    for i in 1..ps.len() {
        ps[i].0 += ps[i - 1].0 * ps[i].1;
    }
    let last = &ps[ps.len() - 1];
    last.0 * last.1
}
case!(
    elements_of_structs_are_written,
    vec![Polar(1.0, 0.1), Polar(1.5, 1.9), Polar(0.7, 3.5)],
    |mut p| elements(&mut p),
    |mut p, d| elements::jvp(&mut p, &d),
    |mut p, s| elements::vjp(&mut p, s)
);

/// An array outside of the structs is looked at through a part of it; those in the structs cannot be.
#[derivative(wrt(ps, w))]
fn weighted_points(ps: &[Vec3], w: &[f64; 8], n: usize) -> f64 {
    let mut s = 0.0;
    for i in 0..n {
        s += w[i] * ps[i].x.sin() * ps[i].y;
    }
    s
}

#[test]
fn parts_beside_structs() {
    let (ps, w) = ([A, B], [0.5, -1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let (points, weights) = weighted_points::gradient(&ps, &w, 2);
    for (i, p) in ps.iter().enumerate() {
        approx::assert_relative_eq!(weights[i], p.x.sin() * p.y, max_relative = 1e-15);
        approx::assert_relative_eq!(points[i].x, w[i] * p.x.cos() * p.y, max_relative = 1e-15);
        approx::assert_relative_eq!(points[i].y, w[i] * p.x.sin(), max_relative = 1e-15);
    }
    assert_eq!(weights[2..], [0.0; 6]);
}
