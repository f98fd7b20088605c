//! An iterate and a descent direction enter, the next iterate and its step length leave.
//!
//! Invariant: when a search succeeds, the trial iterate holds the accepted point, its value and its gradient, all finite.

use crate::descent::constraint::Constraint;
use crate::descent::error::DescentError;
use crate::descent::iterate::Iterate;
use crate::descent::objective::Objective;
use crate::descent::step_size::{Backtracking, StrongWolfe};
use crate::real::Real;
use crate::tangent::Differentiable;

/// Values that differ by less than this multiple of their rounding unit count as equal.
const ROUNDING_UNITS: f64 = 10.0;

/// A step accepted by its slope must have left this fraction of the slope or less: a step that is merely too short to
/// change the value is not accepted, least of all along a direction that climbs because the gradient is wrong.
const REMAINING_SLOPE: f64 = 0.9;

/// The function along the line `x + a d`, and its trials so far.
pub(crate) struct Line<'a, P: Differentiable, O, C> {
    pub(crate) objective: &'a mut O,
    pub(crate) constraint: &'a C,
    pub(crate) current: &'a Iterate<P>,
    pub(crate) trial: &'a mut Iterate<P>,
    pub(crate) direction: &'a P,
    /// `<g, d>`, negative.
    pub(crate) slope: P::Scalar,
    pub(crate) evaluations: &'a mut usize,
}

/// A step along the line, with the value and the slope there.
#[derive(Clone, Copy)]
struct Trial<F> {
    step: F,
    value: F,
    slope: F,
}

impl<P, O, C> Line<'_, P, O, C>
where
    P: Differentiable,
    C: Constraint<P>,
{
    /// Algorithm 3.1 of Nocedal & Wright; with a constraint, along the projected path (Bertsekas 1976, "On the
    /// Goldstein-Levitin-Polyak gradient projection method").
    pub(crate) fn backtrack<Shape>(
        &mut self,
        search: &Backtracking,
        first: P::Scalar,
    ) -> Result<P::Scalar, DescentError>
    where
        O: Objective<P, Shape>,
    {
        let shrink = P::Scalar::from_f64(search.shrink);
        let decrease = P::Scalar::from_f64(search.sufficient_decrease);
        let mut step = first;
        for _ in 0..search.max_trials {
            self.move_to(step);
            if self.accept_by_value(decrease, step)? {
                return Ok(step);
            }
            step *= shrink;
        }
        Err(failed(search.max_trials, step / shrink))
    }

    /// Evaluates the trial point and decides on it; evaluates the gradient only if the value can be accepted.
    fn accept_by_value<Shape>(&mut self, decrease: P::Scalar, step: P::Scalar) -> Result<bool, DescentError>
    where
        O: Objective<P, Shape>,
    {
        let predicted = self.predicted_change(step);
        let bound = self.current.value + decrease * predicted;
        if let Some(value) = self.objective.value(&self.trial.point) {
            *self.evaluations += 1;
            if !(value <= bound || self.is_rounding_level(value)) {
                return Ok(false);
            }
        }
        if !self.evaluate()? {
            return Ok(false);
        }
        if !self.is_rounding_level(self.trial.value) {
            return Ok(self.trial.value <= bound);
        }
        let achieved = self.achieved_change(step);
        let moved_far_enough =
            predicted < P::Scalar::ZERO && achieved >= P::Scalar::from_f64(REMAINING_SLOPE) * predicted;
        Ok(moved_far_enough && slope_decreased_enough(decrease, predicted, achieved))
    }

    /// Algorithm 3.5 of Nocedal & Wright: grow the step until it satisfies the conditions or brackets a step that does.
    pub(crate) fn strong_wolfe<Shape>(
        &mut self,
        search: &StrongWolfe,
        first: P::Scalar,
    ) -> Result<P::Scalar, DescentError>
    where
        O: Objective<P, Shape>,
    {
        let growth = P::Scalar::from_f64(search.growth);
        let mut previous = Trial { step: P::Scalar::ZERO, value: self.current.value, slope: self.slope };
        let mut step = first;
        for used in 1..=search.max_trials {
            let trial = self.try_step(step)?;
            if self.is_too_long(search, trial, previous, used > 1) {
                return self.zoom(search, previous, trial, used);
            }
            if self.is_flat_enough(search, trial) {
                return Ok(step);
            }
            if trial.slope >= P::Scalar::ZERO {
                return self.zoom(search, trial, previous, used);
            }
            previous = trial;
            step *= growth;
        }
        Err(failed(search.max_trials, previous.step))
    }

    /// Algorithm 3.6 of Nocedal & Wright: shrink the bracket, of which `low` has the lowest value so far that satisfies
    /// the Armijo condition, and a slope towards `high`.
    fn zoom<Shape>(
        &mut self,
        search: &StrongWolfe,
        mut low: Trial<P::Scalar>,
        mut high: Trial<P::Scalar>,
        used: usize,
    ) -> Result<P::Scalar, DescentError>
    where
        O: Objective<P, Shape>,
    {
        let mut last_step = high.step;
        for _ in used..search.max_trials {
            let trial = self.try_step(interpolate(low, high))?;
            last_step = trial.step;
            if self.is_too_long(search, trial, low, true) {
                high = trial;
                continue;
            }
            if self.is_flat_enough(search, trial) {
                return Ok(trial.step);
            }
            if trial.slope * (high.step - low.step) >= P::Scalar::ZERO {
                high = low;
            }
            low = trial;
        }
        Err(failed(search.max_trials, last_step))
    }

    /// Whether the trial fails the Armijo condition, or is no lower than `lower`.
    fn is_too_long(
        &self,
        search: &StrongWolfe,
        trial: Trial<P::Scalar>,
        lower: Trial<P::Scalar>,
        compare: bool,
    ) -> bool {
        let decrease = P::Scalar::from_f64(search.sufficient_decrease);
        if !trial.value.is_finite() {
            return true;
        }
        let enough = if self.is_rounding_level(trial.value) {
            slope_decreased_enough(decrease, self.slope, trial.slope)
        } else {
            trial.value <= self.current.value + decrease * trial.step * self.slope
        };
        !enough || (compare && trial.value - self.rounding() >= lower.value)
    }

    fn is_flat_enough(&self, search: &StrongWolfe, trial: Trial<P::Scalar>) -> bool {
        trial.slope.abs() <= -P::Scalar::from_f64(search.curvature) * self.slope
    }

    /// Moves to `x + a d` and evaluates there; a trial that is not finite has an infinite value.
    fn try_step<Shape>(&mut self, step: P::Scalar) -> Result<Trial<P::Scalar>, DescentError>
    where
        O: Objective<P, Shape>,
    {
        self.move_to(step);
        if self.evaluate()? {
            Ok(Trial { step, value: self.trial.value, slope: self.trial_slope() })
        } else {
            Ok(Trial { step, value: P::Scalar::INFINITY, slope: P::Scalar::ZERO })
        }
    }

    fn move_to(&mut self, step: P::Scalar) {
        let sources = [&self.current.point, self.direction];
        P::zip_components([&mut self.trial.point], sources, &mut |[out], [x, d]| *out = x + step * d);
        self.constraint.project(&mut self.trial.point);
    }

    /// Evaluates the trial, and returns whether all is finite there.
    fn evaluate<Shape>(&mut self) -> Result<bool, DescentError>
    where
        O: Objective<P, Shape>,
    {
        *self.evaluations += 1;
        match self.trial.evaluate(self.objective) {
            Ok(()) => Ok(true),
            Err(DescentError::NonFiniteValue { .. } | DescentError::NonFiniteGradient { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn trial_slope(&self) -> P::Scalar {
        self.trial.gradient.inner_product(self.direction)
    }

    /// `<g, x' - x>`, the change of the value to first order, negative. With a constraint, of the move really made.
    fn predicted_change(&self, step: P::Scalar) -> P::Scalar {
        if C::ACTIVE { self.change_along_move(&self.current.gradient) } else { step * self.slope }
    }

    /// `<g', x' - x>`, the same with the gradient at the trial point.
    fn achieved_change(&self, step: P::Scalar) -> P::Scalar {
        if C::ACTIVE { self.change_along_move(&self.trial.gradient) } else { step * self.trial_slope() }
    }

    fn change_along_move(&self, gradient: &P) -> P::Scalar {
        let mut change = P::Scalar::ZERO;
        let sources = [gradient, &self.trial.point, &self.current.point];
        P::zip_components([], sources, &mut |[], [g, moved, x]| change += g * (moved - x));
        change
    }

    fn rounding(&self) -> P::Scalar {
        P::Scalar::from_f64(ROUNDING_UNITS) * P::Scalar::EPSILON * self.current.value.abs()
    }

    fn is_rounding_level(&self, value: P::Scalar) -> bool {
        (value - self.current.value).abs() <= self.rounding()
    }
}

/// The Armijo condition for a quadratic, in terms of slopes, which rounding hurts less than values (Hager & Zhang 2005).
fn slope_decreased_enough<F: Real>(decrease: F, slope: F, trial_slope: F) -> bool {
    trial_slope <= (decrease + decrease - F::ONE) * slope
}

fn failed<F: Real>(trials: usize, last_step: F) -> DescentError {
    DescentError::LineSearchFailed { trials, last_step: last_step.to_f64() }
}

/// The minimum of the cubic with the values and slopes of both ends (equation 3.59 of Nocedal & Wright), kept away from
/// the ends by a tenth of the bracket; the middle, where there is no such minimum.
fn interpolate<F: Real>(low: Trial<F>, high: Trial<F>) -> F {
    let width = high.step - low.step;
    let middle = low.step + width / F::from_f64(2.0);
    if !high.value.is_finite() {
        return middle;
    }
    let three = F::from_f64(3.0);
    let d1 = low.slope + high.slope - three * (low.value - high.value) / (low.step - high.step);
    let discriminant = d1 * d1 - low.slope * high.slope;
    if !discriminant.is_finite() || discriminant < F::ZERO {
        return middle;
    }
    let root = discriminant.sqrt();
    let d2 = if width < F::ZERO { -root } else { root };
    let step = high.step - width * (high.slope + d2 - d1) / (high.slope - low.slope + d2 + d2);
    let position = (step - low.step) / width;
    if !position.is_finite() {
        return middle;
    }
    let (nearest, farthest) = (F::from_f64(0.1), F::from_f64(0.9));
    low.step + width * position.max(nearest).min(farthest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_finds_the_minimum_of_a_parabola() {
        // (a - 0.3)^2 between 0 and 1.
        let low = Trial { step: 0.0, value: 0.09, slope: -0.6 };
        let high = Trial { step: 1.0, value: 0.49, slope: 1.4 };
        // A few roundings of numbers of size 1.
        assert!((interpolate(low, high) - 0.3_f64).abs() < 1e-15);
        assert!((interpolate(high, low) - 0.3_f64).abs() < 1e-15);
    }

    #[test]
    fn interpolation_stays_inside_the_bracket() {
        let low = Trial { step: 1.0, value: 0.0, slope: -1e-9 };
        let high = Trial { step: 2.0, value: 1e9, slope: 1e9 };
        assert_eq!(interpolate(low, high), 1.1);
    }

    #[test]
    fn interpolation_towards_an_infinite_value_halves() {
        let low = Trial { step: 0.0, value: 0.0, slope: -1.0 };
        let high = Trial { step: 1.0, value: f64::INFINITY, slope: 0.0 };
        assert_eq!(interpolate(low, high), 0.5);
    }
}
