//! The primals, as a user would write them. The derivative is attached; nothing else is.

use std::f64::consts::PI;

use diff_runtime::derivative;

/// A polynomial, term by term.
#[derivative]
#[inline]
pub fn polynomial(x: f64) -> f64 {
    3.0 * x.powi(4) - 2.0 * x.powi(3) + x.powi(2) - 5.0 * x + 7.0
}

/// The sine of a square: a chain of three functions.
#[derivative]
#[inline]
pub fn sine_of_square(x: f64) -> f64 {
    (4.0 * x).powi(2).sin()
}

/// The logistic function.
#[derivative]
#[inline]
pub fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The density of the normal distribution.
#[derivative]
#[inline]
pub fn normal_density(x: f64, #[constant] mean: f64, #[constant] deviation: f64) -> f64 {
    let z = (x - mean) / deviation;
    (-0.5 * z * z).exp() / (deviation * (2.0 * PI).sqrt())
}

/// A bump.
#[derivative]
#[inline]
pub fn bump(x: f64) -> f64 {
    (-x * x).exp()
}

/// A damped oscillation.
#[derivative]
#[inline]
pub fn oscillation(x: f64) -> f64 {
    (-x).exp() * (3.0 * x).cos()
}

/// A quotient whose denominator cannot be zero, as the macro sees.
#[derivative]
#[inline]
pub fn saturation(x: f64) -> f64 {
    (x * x * x + 2.0 * x) / (1.0 + x * x)
}

/// A quotient of two polynomials, whose denominator has no zero for positive arguments: that is not for the macro to see.
#[derivative]
#[inline]
pub fn rational(x: f64) -> f64 {
    (x * x + 1.0) / (x * x * x - 2.0 * x + 5.0)
}

/// A square root by five steps of Newton's method: a loop that carries a recurrence.
#[derivative]
#[inline]
pub fn newton_square_root(x: f64) -> f64 {
    let mut root = x;
    for _ in 0..5 {
        root = 0.5 * (root + x / root);
    }
    root
}

/// The Huber loss: a branch on the argument.
#[derivative]
#[inline]
pub fn huber(x: f64, #[constant] width: f64) -> f64 {
    if x.abs() <= width { 0.5 * x * x } else { width * (x.abs() - 0.5 * width) }
}

/// A polynomial with given coefficients, the highest first, by Horner's scheme: a loop of unknown length.
#[derivative]
#[inline]
pub fn horner(x: f64, #[constant] coefficients: &[f64]) -> f64 {
    let mut value = 0.0;
    for coefficient in coefficients {
        value = value * x + coefficient;
    }
    value
}

/// Three functions, one of the other: to be compared with the same in one.
#[derivative]
#[inline]
pub fn composed(x: f64) -> f64 {
    outer(middle(inner(x)))
}

/// The outermost of the three.
#[derivative]
#[inline]
pub fn outer(x: f64) -> f64 {
    x.sin()
}

/// The one in the middle.
#[derivative]
#[inline]
pub fn middle(x: f64) -> f64 {
    (-x).exp()
}

/// The innermost.
#[derivative]
#[inline]
pub fn inner(x: f64) -> f64 {
    x * x + 0.5 * x
}

/// The same in one function: what composition is measured against.
#[derivative]
#[inline]
pub fn composed_in_one(x: f64) -> f64 {
    (-(x * x + 0.5 * x)).exp().sin()
}

/// A function that is called in a loop.
#[derivative]
#[inline]
pub fn iterated(x: f64) -> f64 {
    let mut y = x;
    for _ in 0..4 {
        y = step(y, x);
    }
    y
}

/// One step of it.
#[derivative]
#[inline]
pub fn step(y: f64, x: f64) -> f64 {
    y * 0.5 + x * y * y * 0.1
}

/// The same in one function.
#[derivative]
#[inline]
pub fn iterated_in_one(x: f64) -> f64 {
    let mut y = x;
    for _ in 0..4 {
        y = y * 0.5 + x * y * y * 0.1;
    }
    y
}
