//! The derivatives of [`functions`](crate::functions) by hand, as a careful engineer would write them next to the primal.
//!
//! They compute the derivative and nothing else, share what can be shared, and keep the structure of the primal: a sum of
//! powers stays a sum of powers. What is beyond that (another algorithm for the same number) is in [`refactored`].

use std::f64::consts::PI;

/// `12 x^3 - 6 x^2 + 2 x - 5`.
#[inline]
pub fn polynomial(x: f64) -> f64 {
    12.0 * x.powi(3) - 6.0 * x.powi(2) + 2.0 * x - 5.0
}

/// `32 x cos(16 x^2)`.
#[inline]
pub fn sine_of_square(x: f64) -> f64 {
    let u = 4.0 * x;
    8.0 * u * (u * u).cos()
}

/// `e / (1 + e)^2` with `e = exp(-x)`, with one division and without squaring an `e` that may be huge.
#[inline]
pub fn logistic(x: f64) -> f64 {
    let e = (-x).exp();
    let value = 1.0 / (1.0 + e);
    e * value * value
}

/// `-z / deviation` times the density.
#[inline]
pub fn normal_density(x: f64, mean: f64, deviation: f64) -> f64 {
    let z = (x - mean) / deviation;
    let density = (-0.5 * z * z).exp() / (deviation * (2.0 * PI).sqrt());
    -z / deviation * density
}

/// `-2 x` times the bump.
#[inline]
pub fn bump(x: f64) -> f64 {
    -2.0 * x * (-x * x).exp()
}

/// `-e (cos + 3 sin)` of `3 x`, with `e = exp(-x)`.
#[inline]
pub fn oscillation(x: f64) -> f64 {
    let (sin, cos) = (3.0 * x).sin_cos();
    -(-x).exp() * (cos + 3.0 * sin)
}

/// The quotient rule, `(n' - (n / d) d') / d`: the quotient is the primal's, and no square can overflow.
#[inline]
pub fn saturation(x: f64) -> f64 {
    let square = x * x;
    let denominator = 1.0 + square;
    let value = (square * x + 2.0 * x) / denominator;
    (3.0 * square + 2.0 - 2.0 * value * x) / denominator
}

/// The quotient rule, `(n' - (n / d) d') / d`, with one division for both quotients. Unlike the textbook's form it has no
/// square of the denominator that could overflow.
#[inline]
pub fn rational(x: f64) -> f64 {
    let square = x * x;
    let reciprocal = 1.0 / (square * x - 2.0 * x + 5.0);
    let value = (square + 1.0) * reciprocal;
    (2.0 * x - value * (3.0 * square - 2.0)) * reciprocal
}

/// The derivative of each step along with the step.
#[inline]
pub fn newton_square_root(x: f64) -> f64 {
    let mut root = x;
    let mut slope = 1.0;
    for _ in 0..5 {
        let quotient = x / root;
        slope = 0.5 * (slope + (1.0 - quotient * slope) / root);
        root = 0.5 * (root + quotient);
    }
    slope
}

/// The argument, limited to the width.
#[inline]
pub fn huber(x: f64, width: f64) -> f64 {
    if x.abs() <= width { x } else { width.copysign(x) }
}

/// Horner's scheme for the derivative, beside the one for the value.
#[inline]
pub fn horner(x: f64, coefficients: &[f64]) -> f64 {
    let mut value = 0.0;
    let mut slope = 0.0;
    for &coefficient in coefficients {
        slope = slope * x + value;
        value = value * x + coefficient;
    }
    slope
}

/// The same numbers by other algorithms, for the record: what rewriting by hand could still gain over any derivative
/// that keeps the primal's structure. Not held against the generated code.
pub mod refactored {
    /// The derivative's own Horner form.
    #[inline]
    pub fn polynomial(x: f64) -> f64 {
        ((12.0 * x - 6.0) * x + 2.0) * x - 5.0
    }

    /// One division: the quotient gets another rounding than in the primal, and a tiny denominator overflows.
    #[inline]
    pub fn saturation(x: f64) -> f64 {
        let square = x * x;
        let reciprocal = 1.0 / (1.0 + square);
        let value = (square * x + 2.0 * x) * reciprocal;
        (3.0 * square + 2.0 - 2.0 * value * x) * reciprocal
    }

    /// The quotient rule of the textbook: one division, and a square that overflows for huge arguments.
    #[inline]
    pub fn rational(x: f64) -> f64 {
        let square = x * x;
        let denominator = square * x - 2.0 * x + 5.0;
        let slope = 2.0 * x * denominator - (square + 1.0) * (3.0 * square - 2.0);
        slope / (denominator * denominator)
    }

    /// `value (1 - value)`: loses all digits for large arguments.
    #[inline]
    pub fn logistic(x: f64) -> f64 {
        let value = 1.0 / (1.0 + (-x).exp());
        value * (1.0 - value)
    }

    /// One division in each step: `x / root` gets another rounding than in the primal.
    #[inline]
    pub fn newton_square_root(x: f64) -> f64 {
        let mut root = x;
        let mut slope = 1.0;
        for _ in 0..5 {
            let reciprocal = 1.0 / root;
            let quotient = x * reciprocal;
            slope = 0.5 * (slope + (1.0 - quotient * slope) * reciprocal);
            root = 0.5 * (root + quotient);
        }
        slope
    }

    /// The same limit by `clamp`, which panics for a negative width.
    #[inline]
    pub fn huber(x: f64, width: f64) -> f64 {
        x.clamp(-width, width)
    }
}
