//! Methods, with `self` as a constant and as what is differentiated in.

use diff_runtime::{Differentiable, derivative};

use crate::parameters::Vec3;
use crate::{check, check_gradient};

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Spring {
    stiffness: f64,
    length: f64,
    coils: u32,
}

const SPRING: Spring = Spring { stiffness: 3.0, length: 0.4, coils: 7 };

impl Spring {
    #[derivative]
    fn energy(&self, x: f64) -> f64 {
        0.5 * self.stiffness * (x - self.length).powi(2) + f64::from(self.coils)
    }

    #[derivative(wrt(self, x))]
    fn full(&self, x: f64) -> f64 {
        0.5 * self.stiffness * (x - self.length).powi(2) + f64::from(self.coils)
    }

    #[derivative(wrt(self))]
    fn consumed(self, x: f64) -> f64 {
        let Spring { stiffness, length, .. } = self;
        stiffness * length.exp() * x
    }

    #[derivative(wrt(self, load))]
    fn stretch(&mut self, load: f64) {
        self.coils += 1;
        self.length += load / self.stiffness;
        self.stiffness *= 0.9;
    }

    #[derivative(wrt(self))]
    fn softer(&self) -> Self {
        Self { stiffness: self.stiffness * 0.5 + self.length, ..*self }
    }

    #[derivative(associated)]
    fn of_period(period: f64, mass: f64) -> Self {
        Self { stiffness: mass * (6.0 / period).powi(2), length: mass, coils: 1 }
    }
}

#[test]
fn fields_of_self_are_constants() {
    assert!((SPRING.energy_derivative(1.4) - 3.0).abs() < 1e-15);
}

#[test]
fn gradient_in_self() {
    check(
        "full",
        (SPRING, 1.4),
        |(s, x)| s.full(x),
        |(s, x), (c, d)| s.full_jvp(x, &c, d),
        |(s, x), v| s.full_vjp(x, v),
    );
    let (gradient, slope) = SPRING.full_gradient(1.4);
    assert!((gradient.stiffness - 0.5).abs() < 1e-15 && (gradient.length + 3.0).abs() < 1e-15);
    assert_eq!((gradient.coils, slope), (7, SPRING.energy_derivative(1.4)));
    check_gradient("full", SPRING.full_gradient(1.4), SPRING.full_value_and_gradient(1.4), SPRING.full_vjp(1.4, 1.0));
    let (mut s, mut x) = (SPRING, 0.0);
    SPRING.full_gradient_into(1.4, &mut s, &mut x);
    assert_eq!((s, x), (gradient, slope));
}

#[test]
fn self_by_value() {
    check("consumed", SPRING, |s| s.consumed(2.0), |s, d| s.consumed_jvp(2.0, d), |s, v| s.consumed_vjp(2.0, v));
}

#[test]
fn self_by_mutable_reference() {
    check(
        "stretch",
        (SPRING, 1.4),
        |(mut s, x)| {
            s.stretch(x);
            s
        },
        |(mut s, x), (mut c, d)| {
            s.stretch_jvp(x, &mut c, d);
            assert_eq!(s.coils, 8);
            (s, c)
        },
        |(mut s, x), mut seed| {
            let x_bar = s.stretch_vjp(x, &mut seed);
            (s, (seed, x_bar))
        },
    );
}

#[test]
fn self_as_a_result() {
    check("softer", SPRING, |s| s.softer(), |s, d| s.softer_jvp(&d), |s, v| s.softer_vjp(v));
    assert_eq!(SPRING.softer_jvp(&SPRING).1.coils, 7);
    let (value, [period, mass]) = Spring::of_period_vjp(2.0, 3.0, Spring { stiffness: 1.0, length: 0.0, coils: 0 });
    assert_eq!(value, Spring { stiffness: 27.0, length: 3.0, coils: 1 });
    assert!((period + 27.0).abs() < 1e-12 && (mass - 9.0).abs() < 1e-12);
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Cloud<T> {
    points: Vec<Vec3>,
    #[constant]
    tag: T,
}

impl<T> Cloud<T>
where
    T: Clone + PartialEq,
{
    #[derivative(wrt(self))]
    fn inertia(&self, #[constant] center: &Vec3) -> f64 {
        let mut sum = 0.0;
        for p in &self.points {
            sum += (p.x - center.x).powi(2) + (p.y - center.y).powi(2) * p.z;
        }
        sum
    }

    #[derivative(wrt(self, by))]
    fn shift(&mut self, by: Vec3) {
        for i in 0..self.points.len() {
            self.points[i].x += by.x * self.points[i].y;
            self.points[i].z -= by.z;
        }
    }
}

fn cloud() -> Cloud<&'static str> {
    Cloud { points: vec![Vec3 { x: 0.1, y: 0.2, z: 0.3 }, Vec3 { x: -1.0, y: 0.7, z: 0.4 }], tag: "tag" }
}

#[test]
fn generic_blocks() {
    let center = Vec3 { x: 0.5, y: 0.25, z: 0.0 };
    check(
        "inertia",
        cloud(),
        |c| c.inertia(&center),
        |c, d| c.inertia_jvp(&center, &d),
        |c, s| c.inertia_vjp(&center, s),
    );
    assert_eq!(cloud().inertia_gradient(&center).tag, "tag");
    check(
        "shift",
        (cloud(), center),
        |(mut c, by)| {
            c.shift(by);
            c
        },
        |(mut c, by), (mut d, e)| {
            c.shift_jvp(by, &mut d, e);
            (c, d)
        },
        |(mut c, by), mut seed| {
            let by_bar = c.shift_vjp(by, &mut seed);
            (c, (seed, by_bar))
        },
    );
}
