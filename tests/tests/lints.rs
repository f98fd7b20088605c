//! A crate that denies its lints at the root, clippy's pedantic and nursery groups among them, and defines private
//! functions: the companions must not trip a lint that the function does not. For public items see
//! `tests::linted`.
#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    unused_results
)]
#![forbid(unsafe_code)]

use diff_runtime::derivative;
use tests::linted;

#[derivative]
fn elementary(x: f64, y: f64) -> f64 {
    (x * y).sin() + y.atan2(x) - x.powf(y) / x.hypot(y)
}

/// Accumulates, leaves early and skips.
#[derivative]
fn jumping(x: f64, count: usize) -> f64 {
    let mut sum = 0.0;
    'outer: for i in 0..count {
        for j in 0..=i {
            if j == 3 {
                continue 'outer;
            }
            sum += x.powi(2);
            if sum > 100.0 {
                return sum;
            }
        }
    }
    sum
}

/// A loop whose value is that of its `break`.
#[derivative]
fn halved_until_small(x: f64) -> f64 {
    let mut y = x;
    loop {
        if y < 1.0 {
            break y;
        }
        y *= 0.5;
    }
}

/// Unused results of inactive code, and a variable that only the value needs.
#[derivative]
fn with_inactive_code(x: f64, log: &mut Vec<usize>) -> f64 {
    log.push(1);
    let length = log.len();
    let factor = if length > 100 { 2.0 } else { 1.0 };
    assert!(x > 0.0, "x = {x}");
    x * factor
}

struct Model {
    weight: f64,
}

impl Model {
    #[derivative]
    fn apply(&self, x: f64) -> f64 {
        x.exp() * self.weight
    }
}

#[test]
#[allow(clippy::float_cmp, reason = "the expected numbers are exact")]
fn private_functions_trip_no_lint() {
    assert!((elementary(1.0, 1.0) - elementary::value_and_gradient(1.0, 1.0).0).abs() == 0.0);
    assert_eq!(jumping(2.0, 4), 36.0);
    assert_eq!(jumping::derivative(2.0, 4), 36.0);
    assert_eq!(jumping::vjp(2.0, 4, 1.0), (36.0, 36.0));
    assert_eq!((halved_until_small(3.0), halved_until_small::derivative(3.0)), (0.75, 0.25));
    let mut log = Vec::new();
    assert_eq!(with_inactive_code(3.0, &mut log), 3.0);
    assert_eq!(with_inactive_code::derivative(3.0, &mut log), 1.0);
    assert_eq!(log, [1, 1]);
    let model = Model { weight: 2.0 };
    assert_eq!((model.apply(0.0), model.apply_derivative(0.0)), (2.0, 2.0));
}

/// A function that is used through its derivative alone is used: no lint says otherwise.
#[test]
#[allow(clippy::float_cmp, reason = "the expected numbers are exact")]
fn using_only_a_companion_is_a_use() {
    #[derivative]
    fn square(x: f64) -> f64 {
        x * x
    }
    assert_eq!(square::derivative(3.0), 6.0);
}

#[test]
#[allow(clippy::float_cmp, reason = "the expected numbers are exact")]
fn public_functions_that_trip_no_lint_have_their_derivatives() {
    // [y^3 + 1 / (2 sqrt(x)), 3 x y^2]
    assert_eq!(linted::documented::gradient(4.0, 1.0), [1.25, 12.0]);
    // The sum of five cosines of zero.
    assert_eq!(linted::series::derivative(0.0, 5), 5.0);
    // The third power is the first to pass the limit.
    assert_eq!(linted::recurrence::gradient(2.0, 5.0), [12.0, 0.0]);
    // The logarithm is the smaller: its square.
    assert_eq!(linted::branches::derivative(2.0, true), 2.0_f64.ln());
    assert_eq!(linted::single::derivative(0.0, 2.0), 0.0);
    assert_eq!(linted::Spring { stiffness: 2.0 }.energy_derivative(3.0), 6.0);
    assert_eq!(linted::Spring::unit_energy_derivative(3.0), 3.0);
}
