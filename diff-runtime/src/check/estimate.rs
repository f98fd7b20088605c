//! A function of one variable enters, its derivatives by finite differences with bounds of their errors leave, and what
//! a component that disagrees with them is.

use super::Check;
use super::report::{Comparison, Verdict, Worst};
use crate::real::Real;
use crate::tangent::Differentiable;

/// The number of steps of which the best is taken.
const STEPS: usize = 13;

/// The largest step relative to that of Richardson's scheme.
const LARGEST_STEP: f64 = 8.0;

/// How much finer the steps are with which a component that disagrees is looked at again.
const REFINEMENT: f64 = 4096.0;

/// How far beyond the bound of an estimate the next one may lie.
const SAFETY: f64 = 4.0;

/// A numeric derivative with its error bounds.
pub(super) struct Estimate<F> {
    pub(super) numeric: F,
    pub(super) truncation: F,
    pub(super) rounding: F,
    pub(super) step: F,
}

impl<F: Real> Estimate<F> {
    fn bound(&self) -> F {
        self.truncation + self.rounding
    }

    /// Whether this estimate, with smaller steps, is the better one: its bound is smaller, or the two contradict each
    /// other, since then the larger steps have skipped a feature of the function.
    fn is_preferred_to(&self, coarse: &Self) -> bool {
        let safety = F::from_f64(SAFETY);
        let contradicts = (self.numeric - coarse.numeric).abs() > safety * (self.bound() + coarse.bound());
        self.numeric.is_finite() && (!coarse.numeric.is_finite() || contradicts || self.bound() < coarse.bound())
    }
}

/// One column of the Jacobian: the variable `x`, and the value of the function at the point.
pub(super) struct Column<'a, Y: Differentiable> {
    pub(super) x: Y::Scalar,
    pub(super) value: &'a Y,
    /// [`Check::scale`].
    pub(super) scale: Y::Scalar,
}

impl<Y: Differentiable> Column<'_, Y> {
    /// Compares the column with finite differences of `at`, a function of this variable.
    pub(super) fn check(
        &self,
        check: &Check<Y::Scalar>,
        worst: &mut Worst<Y::Scalar>,
        input: usize,
        entry: impl Fn(usize) -> Y::Scalar,
        mut at: impl FnMut(Y::Scalar) -> Y,
    ) {
        let ladder = self.estimate(&mut at);
        let (mut refined, mut sides) = (None, None);
        let mut output = 0;
        Y::zip_components([], [&ladder.numeric, &ladder.truncation, &ladder.rounding, &ladder.step], &mut |[],
                                                                                                           [
            numeric,
            truncation,
            rounding,
            step,
        ]| {
            let analytic = entry(output);
            let mut estimate = Estimate { numeric, truncation, rounding, step };
            let mut comparison = check.compare([output, input], analytic, &estimate);
            if !comparison.agrees() && analytic.is_finite() {
                let refined = refined.get_or_insert_with(|| self.refined().estimate(&mut at));
                let candidate = refined.component(output);
                if candidate.is_preferred_to(&estimate) {
                    comparison = check.compare([output, input], analytic, &candidate);
                    estimate = candidate;
                }
            }
            let verdict = if comparison.agrees() {
                Verdict::Agrees
            } else if !analytic.is_finite() {
                Verdict::NotFinite
            } else {
                let sides = sides.get_or_insert_with(|| self.one_sided_slopes(&mut at));
                classify(&comparison, &estimate, sides, self.value.component(output))
            };
            worst.record(verdict, comparison);
            output += 1;
        });
    }

    /// The same column on a scale so fine that its largest step is about the smallest step of this one.
    fn refined(&self) -> Self {
        Self { scale: self.scale / Y::Scalar::from_f64(REFINEMENT), ..*self }
    }

    /// The scale on which the variable is assumed to matter. The square root lies between functions that vary on the
    /// scale of 1 and those that vary on the scale of `x`; steps must stay well above the spacing of numbers at `x`.
    fn scale(&self) -> Y::Scalar {
        let magnitude = self.x.abs();
        let least_step = Y::Scalar::EPSILON_CBRT * Y::Scalar::EPSILON_CBRT * magnitude;
        let resolved = least_step / Self::smallest_step();
        (self.scale * magnitude.sqrt().max(Y::Scalar::ONE)).max(resolved)
    }

    /// The smallest step relative to the scale.
    fn smallest_step() -> Y::Scalar {
        let halvings = Y::Scalar::from_f64((1_u64 << (STEPS - 1)) as f64);
        Y::Scalar::from_f64(LARGEST_STEP) * Y::Scalar::EPSILON_FIFTH_ROOT / halvings
    }

    /// The derivative of every output, with its error bounds.
    fn estimate(&self, at: &mut impl FnMut(Y::Scalar) -> Y) -> Ladder<Y> {
        let two = Y::Scalar::from_f64(2.0);
        let mut step = Self::smallest_step() * self.scale();
        let mut ladder = Ladder::new(self.value, step);
        let mut fine: Option<Y> = None;
        let mut estimates: [Option<Y>; 2] = [None, None];
        for _ in 0..STEPS {
            let (upper, lower) = (at(self.x + step), at(self.x - step));
            let width = (self.x + step) - (self.x - step);
            let coarse = combine(&upper, &lower, |upper, lower| (upper - lower) / width);
            let estimate = fine.map(|fine| combine(&fine, &coarse, richardson));
            if let (Some(new), [Some(last), Some(before)]) = (&estimate, &estimates) {
                ladder.climb([new, last, before, &upper, &lower], step);
            }
            let [_, last] = estimates;
            estimates = [last, estimate];
            fine = Some(coarse);
            step *= two;
        }
        ladder
    }

    /// The slopes `[left, right]` of every output with a small step, and with one four times larger.
    fn one_sided_slopes(&self, at: &mut impl FnMut(Y::Scalar) -> Y) -> OneSided<Y> {
        let four = Y::Scalar::from_f64(4.0);
        let small = Y::Scalar::from_f64(16.0) * Y::Scalar::EPSILON_SQRT * self.scale();
        let mut slope = |step: Y::Scalar| {
            let moved = self.x + step;
            let exact_step = moved - self.x;
            combine(&at(moved), self.value, |moved, here| (moved - here) / exact_step)
        };
        OneSided { near: [slope(-small), slope(small)], far: [slope(-four * small), slope(four * small)], step: small }
    }
}

struct OneSided<Y: Differentiable> {
    near: [Y; 2],
    far: [Y; 2],
    step: Y::Scalar,
}

/// The extrapolation of central differences with the steps `h` and `2 h`.
fn richardson<F: Real>(fine: F, coarse: F) -> F {
    (F::from_f64(4.0) * fine - coarse) / F::from_f64(3.0)
}

/// The best estimates so far, one entry per output.
struct Ladder<Y: Differentiable> {
    numeric: Y,
    truncation: Y,
    rounding: Y,
    step: Y,
    /// 1 as long as larger steps have agreed, then 0.
    open: Y,
}

impl<Y: Differentiable> Ladder<Y> {
    /// The best estimate of one output.
    fn component(&self, output: usize) -> Estimate<Y::Scalar> {
        let of = |values: &Y| values.component(output).unwrap_or(Y::Scalar::from_f64(f64::NAN));
        Estimate {
            numeric: of(&self.numeric),
            truncation: of(&self.truncation),
            rounding: of(&self.rounding),
            step: of(&self.step),
        }
    }

    /// No estimates, with infinite bounds: any finite estimate is better.
    fn new(shape: &Y, step: Y::Scalar) -> Self {
        let filled = |with: Y::Scalar| {
            let mut result = shape.zero_like();
            result.for_each_component_mut(|x| *x = with);
            result
        };
        Self {
            numeric: filled(Y::Scalar::from_f64(f64::NAN)),
            truncation: filled(Y::Scalar::INFINITY),
            rounding: filled(Y::Scalar::ZERO),
            step: filled(step),
            open: filled(Y::Scalar::ONE),
        }
    }

    /// Takes the new estimates that are better, given the last two and the values with the new, larger step.
    fn climb(&mut self, found: [&Y; 5], step: Y::Scalar) {
        let units = Y::Scalar::from_f64(8.0) * Y::Scalar::EPSILON;
        let safety = Y::Scalar::from_f64(SAFETY);
        let best = [&mut self.numeric, &mut self.truncation, &mut self.rounding, &mut self.step, &mut self.open];
        Y::zip_components(best, found, &mut |best, [new, last, before, upper, lower]| {
            let [numeric, truncation, rounding, best_step, open] = best;
            let bound = *truncation + *rounding;
            // Not the negation: the first estimate is compared with NaN, and is consistent.
            if (new - *numeric).abs() > safety * bound {
                *open = Y::Scalar::ZERO;
            }
            let new_truncation = (new - last).abs().max((new - before).abs());
            // The finer half of the extrapolation has half the step.
            // Values below the least normal number are rounded as it is.
            let magnitude = upper.abs().max(lower.abs()).max(Y::Scalar::MIN_POSITIVE);
            let new_rounding = units * magnitude / step;
            if *open == Y::Scalar::ONE && new_truncation + new_rounding < bound {
                (*numeric, *truncation, *rounding, *best_step) = (new, new_truncation, new_rounding, step);
            }
        });
    }
}

/// What a component that disagrees is.
fn classify<Y: Differentiable>(
    comparison: &Comparison<Y::Scalar>,
    estimate: &Estimate<Y::Scalar>,
    sides: &OneSided<Y>,
    value: Option<Y::Scalar>,
) -> Verdict<Y::Scalar> {
    let nan = Y::Scalar::from_f64(f64::NAN);
    let of = |slopes: &[Y; 2]| slopes.each_ref().map(|slope| slope.component(comparison.output).unwrap_or(nan));
    let ([left, right], [far_left, far_right]) = (of(&sides.near), of(&sides.far));
    let magnitude = value.unwrap_or(nan).abs().max(Y::Scalar::MIN_POSITIVE);
    let rounding = Y::Scalar::from_f64(8.0) * Y::Scalar::EPSILON * magnitude / sides.step;
    let (gap, far_gap) = ((right - left).abs(), (far_right - far_left).abs());
    // Where the second derivative exists, a step four times smaller makes the gap four times smaller.
    let is_kink = gap + gap > far_gap && gap > comparison.tolerance + rounding;
    let slack = comparison.tolerance + rounding;
    let (least, most) = (left.min(right) - slack, left.max(right) + slack);
    if is_kink && least <= comparison.analytic && comparison.analytic <= most {
        Verdict::Kink { left, right }
    } else if !comparison.numeric.is_finite() {
        Verdict::NotFinite
    } else if comparison.error() <= Y::Scalar::from_f64(SAFETY) * estimate.truncation {
        Verdict::Unresolved
    } else {
        Verdict::Wrong
    }
}

fn combine<Y: Differentiable>(a: &Y, b: &Y, operation: impl Fn(Y::Scalar, Y::Scalar) -> Y::Scalar) -> Y {
    let mut result = a.zero_like();
    Y::zip_components([&mut result], [a, b], &mut |[out], [a, b]| *out = operation(a, b));
    result
}
