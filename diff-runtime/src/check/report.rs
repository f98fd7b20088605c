//! Compared components enter, the verdict on the worst of them leaves.

use core::fmt;

use crate::real::Real;

/// What a check found for the worst component.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict<F> {
    /// The derivative agrees with finite differences, in all components.
    Agrees,
    /// The finite differences do not settle: the function is too noisy or varies too fast to tell.
    Unresolved,
    /// The function has a kink (or a jump) at the point, and the derivative lies between the slopes on either side.
    Kink {
        /// The slope towards smaller values of the variable.
        left: F,
        /// The slope towards larger values of the variable.
        right: F,
    },
    /// The derivative, or every finite difference, is infinite or NaN.
    NotFinite,
    /// The derivative is wrong.
    Wrong,
    /// The derivative has not `outputs * inputs` components.
    WrongShape {
        /// The number of components.
        found: usize,
        /// The number of outputs times the number of inputs.
        expected: usize,
    },
}

impl<F> Verdict<F> {
    /// The more severe verdict is the one to report.
    pub(super) fn severity(&self) -> u8 {
        match self {
            Self::Agrees => 0,
            Self::Unresolved => 1,
            Self::Kink { .. } => 2,
            Self::NotFinite => 3,
            Self::Wrong => 4,
            Self::WrongShape { .. } => 5,
        }
    }
}

/// One component of a derivative beside its finite difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison<F> {
    /// The index of the output: the row of the Jacobian; 0 for a gradient.
    pub output: usize,
    /// The index of the input: the column of the Jacobian, the component of the gradient.
    pub input: usize,
    /// The derivative that was checked.
    pub analytic: F,
    /// The finite difference.
    pub numeric: F,
    /// The step of the finite difference.
    pub step: F,
    /// By how much the two may differ.
    pub tolerance: F,
}

impl<F: Real> Comparison<F> {
    /// `|analytic - numeric|`.
    pub fn error(&self) -> F {
        (self.analytic - self.numeric).abs()
    }

    /// Whether the error is within the tolerance.
    pub(super) fn agrees(&self) -> bool {
        self.error() <= self.tolerance
    }

    /// The error in units of the tolerance: at most 1 if the two agree, infinite if one is not finite.
    pub(super) fn excess(&self) -> F {
        let error = self.error();
        if error == F::ZERO {
            F::ZERO
        } else if error.is_finite() {
            error / self.tolerance
        } else {
            F::INFINITY
        }
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Report<F> {
    /// The verdict on the worst component, and so on the derivative.
    pub verdict: Verdict<F>,
    /// The worst component: the one with the most severe verdict, and of these the one with the largest error in units of
    /// its tolerance.
    pub worst: Comparison<F>,
    /// The number of components compared.
    pub components: usize,
}

impl<F: Real> Report<F> {
    /// Whether the verdict is [`Verdict::Agrees`].
    ///
    /// ```
    /// use diff_runtime::check::check_derivative;
    /// assert!(check_derivative(|x: f64| x.sin(), |x: f64| x.cos(), 1.0).agrees());
    /// assert!(!check_derivative(|x: f64| x.sin(), |x: f64| -x.cos(), 1.0).agrees());
    /// ```
    pub fn agrees(&self) -> bool {
        matches!(self.verdict, Verdict::Agrees)
    }

    /// Panics with the report, unless the derivative agrees.
    ///
    /// # Panics
    ///
    /// If the verdict is any but [`Verdict::Agrees`].
    ///
    /// ```should_panic
    /// use diff_runtime::check::check_derivative;
    /// check_derivative(|x: f64| x.sin(), |x: f64| -x.cos(), 1.0).assert();
    /// ```
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.agrees(), "{self}");
    }
}

impl<F: Real> Report<F> {
    /// Whether this is the report to give, rather than `other`.
    pub(super) fn is_worse_than(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.verdict.severity(), other.verdict.severity());
        ours > theirs || (ours == theirs && self.worst.excess() > other.worst.excess())
    }
}

impl<F: Real> fmt::Display for Report<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { output, input, analytic, numeric, step, tolerance } = self.worst;
        match self.verdict {
            Verdict::Agrees => {
                write!(f, "the derivative agrees with finite differences in {} components", self.components)?
            }
            Verdict::Unresolved => f.write_str("the finite differences do not settle, nothing can be said")?,
            Verdict::Kink { left, right } => {
                write!(f, "the function has a kink here, with the slopes {left:e} and {right:e} on either side")?;
            }
            Verdict::NotFinite => f.write_str("the derivative or the function is not finite")?,
            Verdict::Wrong => f.write_str("the derivative is wrong")?,
            Verdict::WrongShape { found, expected } => {
                return write!(f, "the derivative has {found} components where the function needs {expected}");
            }
        }
        write!(
            f,
            "; worst: output {output}, input {input}: derivative {analytic:e}, finite difference {numeric:e} \
             (error {:e}, tolerance {tolerance:e}, step {step:e})",
            self.worst.error()
        )
    }
}

/// The worst comparison so far.
pub(super) struct Worst<F> {
    verdict: Verdict<F>,
    comparison: Comparison<F>,
}

impl<F: Real> Worst<F> {
    pub(super) fn new() -> Self {
        let zero = F::ZERO;
        let comparison = Comparison { output: 0, input: 0, analytic: zero, numeric: zero, step: zero, tolerance: zero };
        Self { verdict: Verdict::Agrees, comparison }
    }

    pub(super) fn record(&mut self, verdict: Verdict<F>, comparison: Comparison<F>) {
        let (old, new) = (self.verdict.severity(), verdict.severity());
        // The first comparison replaces the empty one, which has no step.
        let first = self.comparison.step == F::ZERO;
        if first || new > old || (new == old && comparison.excess() > self.comparison.excess()) {
            *self = Self { verdict, comparison };
        }
    }

    pub(super) fn into_report(self, verdict: Option<Verdict<F>>, components: usize) -> Report<F> {
        Report { verdict: verdict.unwrap_or(self.verdict), worst: self.comparison, components }
    }
}
