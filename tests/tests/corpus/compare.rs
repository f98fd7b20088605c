//! The comparison: a function with its companions and its twin goes in, the largest errors come out.

use std::fmt;

use super::{Dual, Dual64};

/// Points at which a function is compared.
const POINTS: usize = 16;

/// Of these, so many finite differences may be skipped because a kink or a jump is too near.
const SKIPPED_AT_MOST: usize = 4;

/// Two exact methods differ by roundings alone. Each rounds a few dozen operations, some of which amplify what came
/// before: the functions are sampled where their condition numbers stay below some 1e3, and 1e3 * eps is 2e-13.
const EXACT: f64 = 1e-12;

/// In `f32` the same number of roundings, each of 6e-8.
const EXACT_SINGLE: f64 = 1e-4;

/// Extrapolated central differences with a step of 1e-3: truncation of order h^4 = 1e-12 times a fifth derivative,
/// rounding of eps / h = 2e-13 times the value. The functions' higher derivatives and values add some 1e4.
const DIFFERENCE: f64 = 1e-7;

/// In `f32`, with a step of 0.05: h^4 = 6e-6 and eps / h = 1e-6 times the same.
const DIFFERENCE_SINGLE: f64 = 2e-2;

/// An active parameter.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) single: bool,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// A derivative at a point: `value_and_derivative`, and `derivative`.
pub(crate) type DerivativeAt = fn(p: &[f64], k: usize) -> (f64, f64, f64);
/// A value and a tangent at a point along a direction.
pub(crate) type JvpAt = fn(p: &[f64], t: &[f64], k: usize) -> (f64, f64);
/// A value and adjoints at a point for a seed.
pub(crate) type VjpAt = fn(p: &[f64], seed: f64, k: usize) -> (f64, Vec<f64>);

/// A function of the corpus: `p` is a point, `k` its number, which picks the inactive arguments.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) inputs: &'static [Input],
    /// The function returns an `f32`.
    pub(crate) single: bool,
    /// Something in the function is an `f32`, so that no more than that precision can be asked for.
    pub(crate) narrow: bool,
    pub(crate) value: fn(p: &[f64], k: usize) -> f64,
    pub(crate) derivative: Option<DerivativeAt>,
    pub(crate) gradient: fn(p: &[f64], k: usize) -> Vec<f64>,
    pub(crate) value_and_gradient: fn(p: &[f64], k: usize) -> (f64, Vec<f64>),
    pub(crate) jvp: JvpAt,
    pub(crate) vjp: VjpAt,
    /// One per active parameter, or none without the option.
    pub(crate) partials: &'static [fn(p: &[f64], k: usize) -> f64],
    pub(crate) twin: fn(p: &[Dual64], k: usize) -> Dual64,
}

/// The inactive argument at the `k`-th point.
pub(crate) fn pick<T: Copy, const N: usize>(choices: [T; N], k: usize) -> T {
    choices[k % N]
}

/// The components of a gradient, in order.
pub(crate) trait Flat {
    fn flat(self) -> Vec<f64>;
}

impl Flat for f64 {
    fn flat(self) -> Vec<f64> {
        vec![self]
    }
}

impl Flat for f32 {
    fn flat(self) -> Vec<f64> {
        vec![f64::from(self)]
    }
}

impl<F: Into<f64>, const N: usize> Flat for [F; N] {
    fn flat(self) -> Vec<f64> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<A: Into<f64>, B: Into<f64>> Flat for (A, B) {
    fn flat(self) -> Vec<f64> {
        vec![self.0.into(), self.1.into()]
    }
}

impl<A: Into<f64>, B: Into<f64>, C: Into<f64>> Flat for (A, B, C) {
    fn flat(self) -> Vec<f64> {
        vec![self.0.into(), self.1.into(), self.2.into()]
    }
}

/// What a comparison found.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) points: usize,
    /// Largest relative error against dual numbers, of the forward and the reverse companions.
    forward: f64,
    reverse: f64,
    /// Largest relative error against finite differences, how many were compared and how many were not.
    difference: f64,
    compared: usize,
    skipped: usize,
    /// Largest relative error of the dot-product identity.
    product: f64,
    pub(crate) failures: Vec<String>,
}

impl Outcome {
    pub(crate) fn failure(text: String) -> Self {
        Self { failures: vec![text], ..Self::default() }
    }

    /// Takes over the errors of another, where they are larger.
    pub(crate) fn include(&mut self, other: &Self) {
        self.points += other.points;
        self.forward = self.forward.max(other.forward);
        self.reverse = self.reverse.max(other.reverse);
        self.difference = self.difference.max(other.difference);
        self.product = self.product.max(other.product);
        self.compared += other.compared;
        self.skipped += other.skipped;
    }

    /// An error, NaN included, must not be larger than the tolerance.
    fn check(&mut self, error: f64, tolerance: f64, what: impl FnOnce() -> String) {
        if error > tolerance || error.is_nan() {
            self.failures.push(format!("{} (error {error:.1e})", what()));
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} points, forward {:.1e}, reverse {:.1e}, identity {:.1e}, differences {:.1e} ({} of {} skipped)",
            self.points,
            self.forward,
            self.reverse,
            self.product,
            self.difference,
            self.skipped,
            self.compared + self.skipped
        )
    }
}

/// The `k`-th of a sequence that fills the unit interval evenly; another sequence for each `n`.
fn spread(k: usize, n: usize) -> f64 {
    const STEPS: [f64; 8] = [
        0.618_033_988_749_895,
        0.414_213_562_373_095,
        0.732_050_807_568_877,
        0.236_067_977_499_790,
        0.645_751_311_064_591,
        0.316_624_790_355_400,
        0.605_551_275_463_989,
        0.123_105_625_617_661,
    ];
    #[allow(clippy::cast_precision_loss, reason = "small integers")]
    let k = k as f64 + 0.5;
    (k * STEPS[n % STEPS.len()]).fract()
}

/// The nearest number that the parameter's type has.
#[allow(clippy::cast_possible_truncation, reason = "the rounding is what is asked for")]
fn rounded(x: f64, single: bool) -> f64 {
    if single { f64::from(x as f32) } else { x }
}

impl Case {
    fn tolerance(&self) -> f64 {
        if self.narrow { EXACT_SINGLE } else { EXACT }
    }

    fn point(&self, k: usize) -> Vec<f64> {
        let inputs = self.inputs.iter().enumerate();
        inputs.map(|(n, input)| rounded(input.low + spread(k, n) * (input.high - input.low), input.single)).collect()
    }

    /// A direction without a zero or a one in it.
    fn direction(&self, k: usize) -> Vec<f64> {
        let inputs = self.inputs.iter().enumerate();
        inputs.map(|(n, input)| rounded(0.3 + 1.4 * spread(k + 7, n + 3), input.single)).collect()
    }

    /// Value and tangent of the twin along a direction.
    fn reference(&self, p: &[f64], direction: &[f64], k: usize) -> Dual64 {
        let p: Vec<Dual64> = p.iter().zip(direction).map(|(re, eps)| Dual::new(*re, *eps)).collect();
        (self.twin)(&p, k)
    }

    fn unit(&self, n: usize) -> Vec<f64> {
        (0..self.inputs.len()).map(|m| f64::from(u8::from(m == n))).collect()
    }

    /// Compares everything at every point.
    pub(crate) fn compare(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for k in 0..POINTS {
            let p = self.point(k);
            outcome.points += 1;
            self.values(&p, k, &mut outcome);
            let expected: Vec<f64> = (0..self.inputs.len()).map(|n| self.reference(&p, &self.unit(n), k).eps).collect();
            self.forward(&p, k, &expected, &mut outcome);
            self.reverse(&p, k, &expected, &mut outcome);
            self.differences(&p, k, &expected, &mut outcome);
        }
        let allowed = SKIPPED_AT_MOST * self.inputs.len();
        if outcome.skipped > allowed {
            let skipped = outcome.skipped;
            outcome.failures.push(format!("{skipped} finite differences were skipped, at most {allowed} may be"));
        }
        outcome
    }

    /// The value of every companion, and of the twin, has the bits of the function's.
    fn values(&self, p: &[f64], k: usize, outcome: &mut Outcome) {
        let expected = (self.value)(p, k);
        let direction = self.direction(k);
        let mut values = vec![
            ("value_and_gradient", (self.value_and_gradient)(p, k).0),
            ("jvp", (self.jvp)(p, &direction, k).0),
            ("vjp", (self.vjp)(p, 0.7, k).0),
            ("the twin", self.reference(p, &direction, k).re),
        ];
        if let Some(derivative) = self.derivative {
            values.push(("value_and_derivative", derivative(p, k).0));
        }
        for (companion, value) in values {
            if value.to_bits() != expected.to_bits() {
                outcome.failures.push(format!("{companion} at {p:?}: value {value:e}, expected {expected:e}"));
            }
        }
    }

    /// Forward companions, and `gradient` in whatever mode it is.
    fn forward(&self, p: &[f64], k: usize, expected: &[f64], outcome: &mut Outcome) {
        let mut results = vec![
            ("gradient", (self.gradient)(p, k)),
            ("value_and_gradient", (self.value_and_gradient)(p, k).1),
            ("jvp", (0..self.inputs.len()).map(|n| (self.jvp)(p, &self.unit(n), k).1).collect()),
        ];
        if !self.partials.is_empty() {
            results.push(("partials", self.partials.iter().map(|partial| partial(p, k)).collect()));
        }
        if let Some(derivative) = self.derivative {
            let (_, beside_value, alone) = derivative(p, k);
            results.push(("value_and_derivative", vec![beside_value]));
            results.push(("derivative", vec![alone]));
        }
        for (companion, found) in results {
            let error = error(&found, expected);
            outcome.forward = outcome.forward.max(error);
            outcome.check(error, self.tolerance(), || self.difference(companion, p, &found, expected));
        }
        let direction = self.direction(k);
        let (found, expected) = ((self.jvp)(p, &direction, k).1, self.reference(p, &direction, k).eps);
        let scale: f64 = (0..p.len()).map(|n| (self.reference(p, &self.unit(n), k).eps * direction[n]).abs()).sum();
        let error = (found - expected).abs() / positive(scale);
        outcome.forward = outcome.forward.max(error);
        outcome.check(error, self.tolerance(), || {
            format!("jvp at {p:?} along {direction:?}: {found:e}, expected {expected:e}")
        });
    }

    fn reverse(&self, p: &[f64], k: usize, expected: &[f64], outcome: &mut Outcome) {
        let found = (self.vjp)(p, 1.0, k).1;
        let error = error(&found, expected);
        outcome.reverse = outcome.reverse.max(error);
        outcome.check(error, self.tolerance(), || self.difference("vjp", p, &found, expected));

        // <J v, w> = <v, J^T w>, relative to the terms of the sums, which may cancel.
        let (v, w) = (self.direction(k), rounded(0.5 + spread(k, 5), self.single));
        let (tangent, adjoints) = ((self.jvp)(p, &v, k).1, (self.vjp)(p, w, k).1);
        let terms = v.iter().zip(&adjoints).map(|(v, adjoint)| v * adjoint);
        let scale: f64 = terms.clone().map(f64::abs).sum();
        let error = (tangent * w - terms.sum::<f64>()).abs() / positive(scale);
        outcome.product = outcome.product.max(error);
        outcome.check(error, self.tolerance(), || {
            format!("at {p:?}: <J v, w> with v = {v:?}, w = {w}: tangent {tangent:e}, adjoints {adjoints:?}")
        });
    }

    fn differences(&self, p: &[f64], k: usize, expected: &[f64], outcome: &mut Outcome) {
        let (step, tolerance) = if self.narrow { (0.05, DIFFERENCE_SINGLE) } else { (1e-3, DIFFERENCE) };
        for n in 0..p.len() {
            let central = |h: f64| {
                let at = |x: f64| {
                    let mut p = p.to_vec();
                    p[n] = rounded(x, self.inputs[n].single);
                    (p[n], (self.value)(&p, k))
                };
                let ((low, below), (high, above)) = (at(p[n] - h), at(p[n] + h));
                (above - below) / (high - low)
            };
            // Three steps: where a kink or a jump lies within them, the extrapolations disagree.
            let h = step * (self.inputs[n].high - self.inputs[n].low).min(1.0);
            let (wide, middle, narrow) = (central(h), central(h / 2.0), central(h / 4.0));
            let (first, second) = ((4.0 * middle - wide) / 3.0, (4.0 * narrow - middle) / 3.0);
            let scale = positive(largest(expected).max((self.value)(p, k).abs() * 1e-2));
            let disagreement = (first - second).abs() / scale;
            if disagreement > tolerance || disagreement.is_nan() {
                outcome.skipped += 1;
                continue;
            }
            outcome.compared += 1;
            let error = (second - expected[n]).abs() / scale;
            outcome.difference = outcome.difference.max(error);
            outcome.check(error, 4.0 * tolerance, || {
                let (name, expected) = (self.inputs[n].name, expected[n]);
                format!("finite difference in {name} at {p:?}: {second:e}, dual numbers {expected:e}")
            });
        }
    }

    fn difference(&self, companion: &str, p: &[f64], found: &[f64], expected: &[f64]) -> String {
        let names: Vec<&str> = self.inputs.iter().map(|input| input.name).collect();
        format!("{companion} at {} = {p:?}: {found:?}, expected {expected:?}", names.join(", "))
    }
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest, x| x.abs().max(largest))
}

/// A scale to divide by: anything counts in full where everything is zero.
fn positive(scale: f64) -> f64 {
    if scale > 0.0 { scale } else { 1.0 }
}

/// The largest difference relative to the largest component: a component that cancels is known no better.
fn error(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let differences = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    let scale = positive(largest(expected));
    differences
        .map(|difference| difference / scale)
        .fold(0.0, |largest, x| if x > largest || x.is_nan() { x } else { largest })
}
