//! The progress of a descent enters, the decision to stop leaves.

use core::fmt;

use crate::descent::error::DescentError;
use crate::descent::method::require;
use crate::real::Real;

/// Why a descent stopped without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The norm of the gradient is at most the tolerance: a stationary point. With a constraint, the norm of
    /// `x - project(x - g)`.
    GradientNorm,
    /// The last step was shorter than the tolerance.
    Step,
    /// The last step changed the value by less than the tolerance.
    ValueChange,
    /// The allowed iterations are used up.
    Iterations,
    /// The allowed time is used up.
    Time,
    /// The observer asked to stop.
    Observer,
}

impl StopReason {
    /// Whether a tolerance was reached, rather than a limit.
    ///
    /// ```
    /// use diff_runtime::descent::StopReason;
    /// assert!(StopReason::GradientNorm.is_convergence());
    /// assert!(!StopReason::Iterations.is_convergence());
    /// ```
    pub fn is_convergence(self) -> bool {
        match self {
            Self::GradientNorm | Self::Step | Self::ValueChange => true,
            Self::Iterations | Self::Time | Self::Observer => false,
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GradientNorm => "the gradient is small enough",
            Self::Step => "the step is short enough",
            Self::ValueChange => "the value changes little enough",
            Self::Iterations => "the iterations are used up",
            Self::Time => "the time is used up",
            Self::Observer => "the observer asked to stop",
        })
    }
}

/// The tolerances and limits of a descent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopping {
    /// `None` stands for the cube root of the machine epsilon of the scalar.
    pub(crate) gradient_tolerance: Option<f64>,
    pub(crate) step_tolerance: Option<f64>,
    pub(crate) value_tolerance: Option<f64>,
    pub(crate) max_iterations: usize,
    #[cfg(feature = "std")]
    pub(crate) max_time: Option<core::time::Duration>,
}

impl Default for Stopping {
    fn default() -> Self {
        Self {
            gradient_tolerance: None,
            step_tolerance: None,
            value_tolerance: None,
            max_iterations: 100_000,
            #[cfg(feature = "std")]
            max_time: None,
        }
    }
}

impl Stopping {
    pub(crate) fn validate(&self) -> Result<(), DescentError> {
        let tolerance =
            |setting, value: Option<f64>| require(value.is_none_or(|value| value >= 0.0), setting, "at least 0");
        tolerance("gradient_tolerance", self.gradient_tolerance)?;
        tolerance("step_tolerance", self.step_tolerance)?;
        tolerance("value_tolerance", self.value_tolerance)
    }

    pub(crate) fn gradient_tolerance<F: Real>(&self) -> F {
        self.gradient_tolerance.map_or(F::EPSILON_CBRT, F::from_f64)
    }
}

/// The last step of a descent, relative to where it led.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<F> {
    /// `||x' - x|| / max(||x'||, 1)`.
    pub(crate) relative_step: F,
    /// `|f' - f| / max(|f'|, 1)`.
    pub(crate) relative_value: F,
}
