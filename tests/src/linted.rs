//! Public functions in a crate that denies every lint it can: the companions must not trip one that the function does
//! not.
//!
//! This module is in the library, as lints of public items, such as `missing_docs`, are silent in a test.
#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    unused_lifetimes,
    single_use_lifetimes,
    let_underscore_drop,
    trivial_casts,
    trivial_numeric_casts,
    unused_import_braces,
    unused_results,
    rust_2018_idioms
)]

use diff_runtime::derivative;

/// A power and a root.
#[derivative(partials)]
#[must_use]
pub fn documented(x: f64, y: f64) -> f64 {
    x.mul_add(y.powi(3), x.sqrt())
}

/// The sum of a series, by a loop with a counter.
#[derivative]
#[must_use]
pub fn series(x: f64, terms: u32) -> f64 {
    let mut sum = 0.0;
    for k in 1..=terms {
        sum += (x * f64::from(k)).sin() / f64::from(k);
    }
    sum
}

/// A recurrence of unknown length with two ways out.
#[derivative]
#[must_use]
#[allow(clippy::while_float, reason = "the loop is what is tested")]
pub fn recurrence(start: f64, limit: f64) -> f64 {
    let mut y = start;
    let mut steps = 0;
    while y < limit {
        if steps > 20 {
            return y.sqrt();
        }
        y *= start;
        steps += 1;
    }
    y
}

/// Branches on active values and on a flag.
#[derivative]
#[must_use]
pub fn branches(x: f64, flag: bool) -> f64 {
    let scaled = if flag && x > 1.0 {
        x.ln()
    } else if x > 0.0 {
        x.tanh()
    } else {
        x.abs()
    };
    scaled * x.max(0.5).min(scaled)
}

/// Second and third derivatives.
#[derivative(hessian, hvp, order = 3)]
#[must_use]
pub fn quartic(x: f64, y: f64) -> f64 {
    x.powi(4) * y * (x * y).sqrt()
}

/// Second derivatives in a slice.
#[derivative(hessian, hvp)]
#[must_use]
pub fn chained(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 1..x.len() {
        sum += x[i] * x[i - 1].powi(2);
    }
    sum
}

/// Calls, differentiated again.
#[derivative(hessian, hvp)]
#[must_use]
pub fn of_calls(x: f64, y: f64) -> f64 {
    quartic(x * y, y) + with_rule(x)
}

/// A rule, differentiated again.
#[derivative(hvp, rule(partials(slope_of_rule)))]
#[must_use]
pub fn with_rule(x: f64) -> f64 {
    x.sin()
}

/// The slope of the rule.
#[derivative]
#[must_use]
pub fn slope_of_rule(x: f64) -> f64 {
    x.cos()
}

/// A rule of products.
#[derivative(hessian, hvp, rule(vjp = pull_of_products, hvp = hvp_of_products))]
#[must_use]
pub fn with_products(x: f64) -> f64 {
    x.sin()
}

fn pull_of_products(x: f64, seed: f64) -> (f64, f64) {
    (x.sin(), seed * x.cos())
}

fn hvp_of_products(x: f64, x_dot: f64) -> f64 {
    -x.sin() * x_dot
}

/// Second derivatives in rows.
#[derivative(hessian, hvp)]
#[must_use]
pub fn rows(x: &[[f64; 2]], k: usize) -> f64 {
    x[k][0] * x[0][1].exp()
}

/// Single precision and a constant.
#[derivative(wrt(x))]
#[must_use]
pub fn single(x: f32, rate: f32) -> f32 {
    x.hypot(rate) * x.powf(rate)
}

/// A spring.
#[derive(Debug, Clone, Copy)]
pub struct Spring {
    /// Newtons per metre.
    pub stiffness: f64,
}

impl Spring {
    /// The energy at a displacement.
    #[derivative]
    #[must_use]
    pub fn energy(&self, displacement: f64) -> f64 {
        0.5 * self.stiffness * displacement.powi(2)
    }

    /// The energy of a spring of unit stiffness.
    #[derivative(associated)]
    #[must_use]
    pub fn unit_energy(displacement: f64) -> f64 {
        0.5 * displacement.powi(2)
    }
}
