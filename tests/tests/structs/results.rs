//! Structs and tuples that are returned.

use diff_runtime::{Differentiable, derivative};

use crate::case;
use crate::parameters::{A, B, Decay, Polar, Vec3, decay};

#[derivative(wrt(a, b))]
fn cross(a: &Vec3, b: &Vec3) -> Vec3 {
    Vec3 { x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x }
}
case!(a_literal, (A, B), |(a, b)| cross(&a, &b), |(a, b), (c, d)| cross::jvp(&a, &b, &c, &d), |(a, b), s| cross::vjp(
    &a, &b, s
));

#[derivative]
fn polar(x: f64, y: f64) -> Polar {
    if x == 0.0 {
        return Polar(y.abs(), 0.0);
    }
    let r = x.hypot(y);
    Polar(r, y.atan2(x))
}
case!(a_tuple_struct, (0.4, 1.3), |(x, y)| polar(x, y), |(x, y), (c, d)| polar::jvp(x, y, c, d), |(x, y), s| {
    let (value, [a, b]) = polar::vjp(x, y, s);
    (value, (a, b))
});

#[derivative(wrt(s, dt))]
fn advanced(mut s: Vec3, dt: f64) -> Vec3 {
    s.x += dt * s.y;
    s.y -= dt * s.x.sin();
    s
}
case!(
    a_parameter_that_was_changed,
    (A, 0.1),
    |(s, dt)| advanced(s, dt),
    |(s, dt), (c, d)| advanced::jvp(s, dt, c, d),
    |(s, dt), v| advanced::vjp(s, dt, v)
);

#[derivative(wrt(p))]
fn passed_on(p: &Decay) -> Decay {
    Decay { start: p.start * p.rate, ..p.clone() }
}
#[test]
fn what_is_not_mentioned_is_passed_on() {
    crate::check("passed_on", decay(), |p| passed_on(&p), |p, d| passed_on::jvp(&p, &d), |p, s| passed_on::vjp(&p, s));
    let (value, tangent) = passed_on::jvp(&decay(), &Decay { unused: 4.0, name: "other".to_owned(), ..decay() });
    assert_eq!((value.unused, tangent.unused), (9.0, 4.0));
    assert_eq!((value.name.as_str(), tangent.name.as_str(), tangent.steps), ("decay", "decay", 3));
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Report {
    value: f64,
    limit: f64,
    count: usize,
    text: String,
}

#[derivative]
fn report(x: f64, n: usize) -> Report {
    Report { value: x.sin() * n as f64, limit: 1.0, count: n + 1, text: format!("{n}") }
}
#[test]
fn constants_in_a_result() {
    crate::check("report", 0.6, |x| report(x, 3), |x, d| report::jvp(x, 3, d), |x, s| report::vjp(x, 3, s));
    let (value, tangent) = report::value_and_derivative(0.6, 3);
    assert_eq!(value, report(0.6, 3));
    assert_eq!(tangent, Report { value: 3.0 * 0.6_f64.cos(), limit: 0.0, ..value });
    assert_eq!(report::derivative(0.6, 3), tangent);
}

#[derivative(wrt(p))]
fn mixed(p: Polar) -> (Vec3, f64) {
    let v = Vec3 { x: p.0 * p.1.cos(), y: p.0 * p.1.sin(), z: 1.0 };
    let n = v.x * v.y;
    (v, n)
}
case!(a_struct_in_a_tuple, mixed, Polar(1.4, 0.6));

#[derivative]
fn nested(x: f64) -> (f64, (f64, f64)) {
    let pair = (x.sin(), x.cos());
    (x * pair.0, pair)
}
#[test]
fn a_tuple_in_a_tuple() {
    crate::check("nested", 0.6, nested, nested::jvp, nested::vjp);
}

#[derivative(wrt(a))]
fn variable(a: Vec3, #[constant] n: usize) -> Vec3 {
    let mut v = Vec3 { x: a.x, y: 0.0, z: 1.0 };
    for _ in 0..n {
        v = Vec3 { x: v.y * a.y, y: v.x + a.z, z: v.z * v.x };
        if v.x > 10.0 {
            break;
        }
    }
    v
}
case!(a_variable, A, |a| variable(a, 5), |a, d| variable::jvp(a, 5, d), |a, s| variable::vjp(a, 5, s));
