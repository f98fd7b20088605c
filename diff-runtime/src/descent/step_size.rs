//! An iteration enters, the length of its step leaves, or the parameters of the line search that finds it.

use crate::descent::error::DescentError;
use crate::descent::method::require;

/// How long the step `a` in `x <- x - a p` is. Iterations count from 0.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum StepSize {
    /// The same in every iteration.
    Fixed(f64),
    /// `initial / (1 + decay k)` in iteration `k`: the steps sum to infinity and their squares do not, as stochastic
    /// gradients need (Robbins & Monro 1951, "A stochastic approximation method").
    InverseTime {
        /// The first step.
        initial: f64,
        /// The rate of the decay, per iteration.
        decay: f64,
    },
    /// `initial factor^k` in iteration `k`.
    Exponential {
        /// The first step.
        initial: f64,
        /// The factor per iteration, in `(0, 1]`.
        factor: f64,
    },
    /// Any function of the iteration.
    Schedule(fn(usize) -> f64),
    /// A backtracking line search.
    Backtracking(Backtracking),
    /// A line search for the strong Wolfe conditions.
    StrongWolfe(StrongWolfe),
}

impl StepSize {
    pub(crate) fn is_search(self) -> bool {
        matches!(self, Self::Backtracking(_) | Self::StrongWolfe(_))
    }

    pub(crate) fn validate(self) -> Result<(), DescentError> {
        match self {
            Self::Fixed(step) => positive("step", step),
            Self::InverseTime { initial, decay } => {
                positive("initial step", initial)?;
                require(decay >= 0.0 && decay.is_finite(), "decay", "finite and at least 0")
            }
            Self::Exponential { initial, factor } => {
                positive("initial step", initial)?;
                require(factor > 0.0 && factor <= 1.0, "factor", "above 0 and at most 1")
            }
            Self::Schedule(_) => Ok(()),
            Self::Backtracking(search) => search.validate(),
            Self::StrongWolfe(search) => search.validate(),
        }
    }
}

fn positive(setting: &'static str, value: f64) -> Result<(), DescentError> {
    require(value > 0.0 && value.is_finite(), setting, "positive and finite")
}

/// Backtracking to the Armijo condition: the first of `a, shrink a, shrink^2 a, ..` with
///
/// ```text
/// f(x + a d) <= f(x) + sufficient_decrease a <g, d>
/// ```
///
/// (Armijo 1966; Nocedal & Wright 2006, "Numerical Optimization", algorithm 3.1). The first iteration starts from
/// `a = initial`, every later one from `growth` times the step accepted before. Where `f` is infinite or NaN the step is
/// too long. Where the values differ by no more than their rounding, the derivative along `d` decides instead, as in the
/// approximate Wolfe conditions of Hager & Zhang 2005, so that the search does not stall near a minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtracking {
    /// The first trial step of the first iteration. Default: 1.
    pub initial: f64,
    /// The factor between trials, in `(0, 1)`. Default: 0.5.
    pub shrink: f64,
    /// The first trial of an iteration relative to the last accepted step, at least 1. Default: 2.
    pub growth: f64,
    /// The fraction of the decrease predicted by the slope that is enough, in `(0, 1)`. Default: 1e-4.
    pub sufficient_decrease: f64,
    /// The trials after which the search fails. Default: 60.
    pub max_trials: usize,
}

impl Default for Backtracking {
    fn default() -> Self {
        Self { initial: 1.0, shrink: 0.5, growth: 2.0, sufficient_decrease: 1e-4, max_trials: 60 }
    }
}

impl Backtracking {
    fn validate(self) -> Result<(), DescentError> {
        positive("initial step", self.initial)?;
        require(self.shrink > 0.0 && self.shrink < 1.0, "shrink", "above 0 and below 1")?;
        require(self.growth >= 1.0 && self.growth.is_finite(), "growth", "finite and at least 1")?;
        let decrease = self.sufficient_decrease;
        require(decrease > 0.0 && decrease < 1.0, "sufficient_decrease", "above 0 and below 1")?;
        require(self.max_trials > 0, "max_trials", "at least 1")
    }
}

/// A line search for a step `a` that satisfies the strong Wolfe conditions
///
/// ```text
/// f(x + a d) <= f(x) + sufficient_decrease a <g, d>
/// |<grad f(x + a d), d>| <= curvature |<g, d>|
/// ```
///
/// by bracketing and cubic interpolation (Nocedal & Wright 2006, "Numerical Optimization", algorithms 3.5 and 3.6 and
/// equation 3.59). The first iteration starts from `initial`, every later one from the step whose first-order decrease is
/// that of the step before (page 59). Values that are not finite, or that differ by no more than their rounding, are
/// treated as in [`Backtracking`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrongWolfe {
    /// The first trial step of the first iteration. Default: 1.
    pub initial: f64,
    /// The factor by which the step grows until the minimum along the line is bracketed, above 1. Default: 2.
    pub growth: f64,
    /// In `(0, curvature)`. Default: 1e-4.
    pub sufficient_decrease: f64,
    /// In `(sufficient_decrease, 1)`: the smaller, the closer to the minimum along the line. Default: 0.9.
    pub curvature: f64,
    /// The trials after which the search fails. Default: 60.
    pub max_trials: usize,
}

impl Default for StrongWolfe {
    fn default() -> Self {
        Self { initial: 1.0, growth: 2.0, sufficient_decrease: 1e-4, curvature: 0.9, max_trials: 60 }
    }
}

impl StrongWolfe {
    fn validate(self) -> Result<(), DescentError> {
        positive("initial step", self.initial)?;
        require(self.growth > 1.0 && self.growth.is_finite(), "growth", "finite and above 1")?;
        let (decrease, curvature) = (self.sufficient_decrease, self.curvature);
        require(decrease > 0.0 && decrease < curvature, "sufficient_decrease", "above 0 and below curvature")?;
        require(curvature < 1.0, "curvature", "below 1")?;
        require(self.max_trials > 0, "max_trials", "at least 1")
    }
}
