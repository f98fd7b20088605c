//! Structs that are made in the function.

use diff_runtime::{Differentiable, derivative};

use crate::case;
use crate::parameters::{A, B, Polar, Vec3};

#[derivative]
fn local(x: f64, y: f64) -> f64 {
    let p = Vec3 { x: x * y, y: x - y, z: 2.0 };
    let q = Vec3 { x: p.y, ..p };
    p.x * q.x + q.y * q.z
}
case!(literals_and_updates, (0.4, 1.3), |(x, y)| local(x, y), |(x, y), (c, d)| local::jvp(x, y, c, d), |(x, y), s| {
    let (value, [a, b]) = local::vjp(x, y, s);
    (value, (a, b))
});

#[derivative(wrt(base, t))]
fn update_of_parameter(base: Vec3, t: f64) -> f64 {
    let moved = Vec3 { x: base.x + t, ..base };
    let scaled = Vec3 { y: moved.y * t, ..moved };
    scaled.x * scaled.y + scaled.z.exp() * moved.y
}
case!(
    updates_of_parameters,
    (A, 0.7),
    |(p, t)| update_of_parameter(p, t),
    |(p, t), (c, d)| update_of_parameter::jvp(p, t, c, d),
    |(p, t), s| update_of_parameter::vjp(p, t, s)
);

struct Wave {
    shape: Polar,
    at: Vec3,
    count: usize,
    label: &'static str,
}

#[derivative]
fn nested(x: f64) -> f64 {
    let mut w = Wave { shape: Polar(x, x * x), at: Vec3 { x, y: 1.0, z: x.sin() }, count: 4, label: "wave" };
    w.shape.0 += w.at.z;
    w.at = Vec3 { y: w.shape.1, ..w.at };
    let mut sum = w.shape.0;
    for _ in 0..w.count {
        sum = sum * w.at.y + w.at.x * w.label.len() as f64;
    }
    sum
}
#[test]
fn nested_literals() {
    crate::check("nested", 0.6, nested, nested::jvp, nested::vjp);
    assert!((nested::derivative(0.6) - nested::jvp(0.6, 1.0).1).abs() < 1e-12);
}

#[derivative]
fn orbit(x: f64, v: f64, n: usize) -> f64 {
    let mut s = Polar(x, v);
    for _ in 0..n {
        let next = Polar(s.0 + 0.1 * s.1, s.1 - 0.1 * s.0);
        s = next;
    }
    s.0 * s.1
}
case!(
    a_struct_that_a_loop_replaces,
    (0.4, 1.3),
    |(x, v)| orbit(x, v, 9),
    |(x, v), (c, d)| orbit::jvp(x, v, 9, c, d),
    |(x, v), s| {
        let (value, [a, b]) = orbit::vjp(x, v, 9, s);
        (value, (a, b))
    }
);

#[derivative]
fn branch(x: f64, y: f64) -> f64 {
    let p = if x > y { Polar(x, y * y) } else { Polar(y, x) };
    let q = {
        let r = p.0 * p.1;
        Polar(r, r + x)
    };
    let Polar(u, v) = if q.1 > 0.0 { q } else { p };
    u * v.cos()
}
case!(
    a_struct_from_a_branch,
    (0.4, 1.3),
    |(x, v)| branch(x, v),
    |(x, v), (c, d)| branch::jvp(x, v, c, d),
    |(x, v), s| {
        let (value, [a, b]) = branch::vjp(x, v, s);
        (value, (a, b))
    }
);
case!(
    a_struct_from_the_other_branch,
    (1.4, -1.3),
    |(x, v)| branch(x, v),
    |(x, v), (c, d)| branch::jvp(x, v, c, d),
    |(x, v), s| {
        let (value, [a, b]) = branch::vjp(x, v, s);
        (value, (a, b))
    }
);

#[derivative]
fn inactive_base(x: f64) -> f64 {
    let mut p = B;
    p.x = x;
    p.y *= x;
    let q = Vec3 { z: x, ..A };
    p.x * p.y + p.z * x + q.x * q.z
}
#[test]
fn constants_that_active_values_enter() {
    crate::check("inactive_base", 0.6, inactive_base, inactive_base::jvp, inactive_base::vjp);
}

#[derive(Differentiable, Clone, Debug, PartialEq)]
struct Fit {
    coefficients: [f64; 3],
    offset: f64,
}

#[derivative(wrt(fit))]
fn arrays(fit: &Fit, #[constant] at: f64) -> f64 {
    let mut local = Fit { coefficients: [fit.offset, at, 0.0], offset: fit.coefficients[2] };
    for i in 0..3 {
        local.coefficients[i] += fit.coefficients[i] * local.offset;
    }
    let t = (local.coefficients[0], local.coefficients[1] * local.coefficients[2]);
    t.0 * t.1
}
case!(
    arrays_in_local_structs,
    Fit { coefficients: [0.3, 0.7, -1.1], offset: 0.4 },
    |p| arrays(&p, 1.5),
    |p, d| arrays::jvp(&p, 1.5, &d),
    |p, s| arrays::vjp(&p, 1.5, s)
);

#[derivative]
fn observed(x: f64) -> f64 {
    let mut p = Polar(x, 2.0 * x);
    assert!(p.0 < p.1, "{} must be less than {}", p.0, p.1);
    p.0 *= 3.0;
    debug_assert!(p.0 > p.1);
    p.0 * p.1
}
#[test]
fn assertions_see_the_fields_as_they_are() {
    assert_eq!(observed::derivative(0.5), 6.0);
    assert!(std::panic::catch_unwind(|| observed::derivative(-0.5)).is_err());
}

/// Only `dt` varies: the copy of a constant struct is taken apart once an active value enters it.
#[derivative(wrt(dt))]
fn copied_constant(s: &Polar, dt: f64, steps: usize) -> f64 {
    let mut q = *s;
    for _ in 0..steps {
        q.1 -= 0.5 * dt * q.0.sin();
        q.0 += dt * q.1;
    }
    0.5 * q.1 * q.1 - q.0.cos() + s.0
}
case!(
    a_copy_of_a_constant,
    0.1,
    |t| copied_constant(&Polar(0.8, 0.3), t, 12),
    |t, d| copied_constant::jvp(&Polar(0.8, 0.3), t, 12, d),
    |t, s| copied_constant::vjp(&Polar(0.8, 0.3), t, 12, s)
);
