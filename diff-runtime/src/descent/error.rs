//! What can go wrong in a descent, and what is kept when it does.

use core::fmt;

use crate::tangent::Differentiable;

/// Why a descent could not go on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DescentError {
    /// A setting, or a combination of settings, that makes no sense.
    InvalidSetting {
        /// The name of the setting.
        setting: &'static str,
        /// What it must be.
        requirement: &'static str,
    },
    /// A gradient or a bound has not the shape of the point.
    DimensionMismatch {
        /// What has another shape: `"gradient"`, `"lower bound"`, `"upper bound"`.
        what: &'static str,
        /// The components of the point.
        expected: usize,
        /// The components that were found.
        found: usize,
    },
    /// The function is infinite or NaN at the start or, without a line search, at the next iterate.
    NonFiniteValue {
        /// The value.
        value: f64,
    },
    /// A component of the gradient is infinite or NaN, though the value is finite.
    NonFiniteGradient {
        /// The first such component.
        component: usize,
        /// Its value.
        value: f64,
    },
    /// The function does not decrease along the direction (possible for methods with memory): a line search cannot
    /// start. Also the sign of a gradient that is not the function's.
    NotADescentDirection {
        /// The directional derivative, which should be negative.
        slope: f64,
    },
    /// No step along the direction decreased the function enough. Either the gradient is not the function's (compare
    /// them with [`check_gradient`](crate::check::check_gradient)), or the function has a kink here, or its values are
    /// too noisy for the tolerances.
    LineSearchFailed {
        /// The trial steps.
        trials: usize,
        /// The last of them.
        last_step: f64,
    },
}

impl fmt::Display for DescentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidSetting { setting, requirement } => write!(f, "{setting} must be {requirement}"),
            Self::DimensionMismatch { what, expected, found } => {
                write!(f, "the {what} has {found} components, shaped unlike the point with {expected}")
            }
            Self::NonFiniteValue { value } => write!(f, "the function is {value}"),
            Self::NonFiniteGradient { component, value } => {
                write!(f, "component {component} of the gradient is {value}")
            }
            Self::NotADescentDirection { slope } => {
                write!(f, "the function does not decrease along the direction (slope {slope:e})")
            }
            Self::LineSearchFailed { trials, last_step } => {
                write!(f, "no sufficient decrease in {trials} trial steps (the last was {last_step:e})")
            }
        }
    }
}

impl core::error::Error for DescentError {}

/// A descent that ended in an error, with the last iterate at which all was well.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure<P: Differentiable> {
    /// What went wrong.
    pub error: DescentError,
    /// The last iterate: the start, if nothing better is known.
    pub point: P,
    /// The value there: NaN, or whatever the function gave, if the start itself failed.
    pub value: P::Scalar,
    /// The iterations that succeeded.
    pub iterations: usize,
    /// The evaluations of the function, failed ones included.
    pub evaluations: usize,
}

impl<P: Differentiable> fmt::Display for Failure<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "descent failed after {} iterations: {}", self.iterations, self.error)
    }
}

impl<P: Differentiable + fmt::Debug> core::error::Error for Failure<P> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}
