//! A function, a derivative of it by whatever means, and a point enter; a report leaves that says whether the two belong
//! together, and if not, where and why.
//!
//! ```
//! use diff_runtime::check::{Verdict, assert_gradient, check_gradient};
//!
//! fn f(x: &[f64; 2]) -> f64 {
//!     x[0] * x[0] * x[1]
//! }
//!
//! // In a test of your own:
//! assert_gradient(f, |x: &[f64; 2]| [2.0 * x[0] * x[1], x[0] * x[0]], &[3.0, 2.0]);
//!
//! // A wrong second component:
//! let report = check_gradient(f, |x: &[f64; 2]| [2.0 * x[0] * x[1], x[0]], &[3.0, 2.0]);
//! assert_eq!(report.verdict, Verdict::Wrong);
//! assert_eq!((report.worst.input, report.worst.analytic), (1, 3.0));
//! assert!((report.worst.numeric - 9.0).abs() < 1e-6);
//! ```
//!
//! # How
//!
//! Every partial derivative is estimated by central differences extrapolated once (Richardson), with thirteen steps from
//! `2e-6 s` to `6e-3 s` for `f64`, each twice the one before, on the scale `s = max(1, |x|^(1/2))`. The bound of each
//! estimate is the larger of its differences from the two before it, plus the rounding `4 eps |f| / h` (after Ridders
//! 1982, "Accurate computation of F'(x) and F'(x) F''(x)"). From small steps to large ones, an estimate replaces the one
//! before if its bound is smaller, and as long as it lies within the bounds so far: a step so large that it skips the
//! features of the function does not. The derivative agrees if it differs by no more than
//!
//! ```text
//! absolute + relative max(|analytic|, |numeric|) + rounding + min(truncation, relative^(1/2) max(|analytic|, |numeric|))
//! ```
//!
//! What finite differences cannot resolve is not held against the derivative: where `|f|` is large beside its derivative,
//! `rounding` is large, and [`Comparison::tolerance`] tells. A component that disagrees is looked at again with steps that
//! are 4096 times finer, in case the function varies on a finer scale (near a pole, say), and then from either side: if
//! the one-sided slopes differ however small the step, and the derivative lies between them, it is a
//! [`Kink`](Verdict::Kink), where no derivative exists and a convention decides; otherwise it is [`Wrong`](Verdict::Wrong).
//!
//! # At random points
//!
//! [`random_points`] draws them, and [`check_points`] keeps the worst report, with its point.
//!
//! # With approx
//!
//! With the feature `approx`, `Components` wraps any [`Differentiable`](trait@crate::Differentiable) value for the macros of the approx crate, for
//! tests that compare whole gradients with their own tolerances.

#[cfg(feature = "approx")]
mod components;
mod estimate;
mod points;
mod report;
#[cfg(test)]
mod tests;

use crate::function::Function;
use crate::real::Real;
use crate::tangent::Differentiable;

#[cfg(feature = "approx")]
pub use components::Components;
pub use points::{WorstPoint, check_points, random_points};
pub use report::{Comparison, Report, Verdict};

use estimate::{Column, Estimate};
use report::Worst;

/// Compares a gradient with finite differences of the function, with the default [`Check`].
///
/// The gradient has one component per component of the point, in any shape: the companion `f::gradient`, say.
///
/// ```
/// use diff_runtime::check::check_gradient;
///
/// let f = |x: &[f64]| x[0] * x[1];
/// assert!(check_gradient(f, |x: &[f64]| [x[1], x[0]], &[2.0, 3.0]).agrees());
/// ```
pub fn check_gradient<P, G, S, T>(
    function: impl Function<P, P::Scalar, S>,
    gradient: impl Function<P, G, T>,
    point: &P,
) -> Report<P::Scalar>
where
    P: Differentiable,
    G: Differentiable<Scalar = P::Scalar>,
{
    Check::default().gradient(function, gradient, point)
}

/// Compares the derivative of a function of one variable with its finite differences, with the default [`Check`].
///
/// The function returns a scalar, an array or a tuple, and the derivative has the same number of components.
///
/// ```
/// use diff_runtime::check::check_derivative;
///
/// assert!(check_derivative(|t: f64| [t.cos(), t.sin()], |t: f64| [-t.sin(), t.cos()], 0.7).agrees());
/// ```
pub fn check_derivative<F, Y, D>(function: impl FnMut(F) -> Y, derivative: impl FnMut(F) -> D, x: F) -> Report<F>
where
    F: Real,
    Y: Differentiable<Scalar = F>,
    D: Differentiable<Scalar = F>,
{
    Check::default().derivative(function, derivative, x)
}

/// Compares a Jacobian with finite differences of the function, with the default [`Check`].
///
/// The components of the Jacobian are in the order of its rows: `[[F; N]; M]`, or a flat row-major `Vec`.
///
/// # Panics
///
/// If the function returns values of different shapes at different points.
///
/// ```
/// use diff_runtime::check::check_jacobian;
///
/// let f = |x: f64, y: f64| [x * y, x - y, y];
/// assert!(check_jacobian(f, |x: f64, y: f64| [[y, x], [1.0, -1.0], [0.0, 1.0]], &[2.0, 3.0]).agrees());
/// ```
pub fn check_jacobian<P, Y, J, S, T>(
    function: impl Function<P, Y, S>,
    jacobian: impl Function<P, J, T>,
    point: &P,
) -> Report<P::Scalar>
where
    P: Differentiable,
    Y: Differentiable<Scalar = P::Scalar>,
    J: Differentiable<Scalar = P::Scalar>,
{
    Check::default().jacobian(function, jacobian, point)
}

/// Compares a Hessian with finite differences of the gradient, with the default [`Check`].
///
/// Check the gradient first: a Hessian can agree with a wrong one.
///
/// ```
/// use diff_runtime::check::check_hessian;
///
/// // f(x, y) = x^2 y
/// let gradient = |x: f64, y: f64| [2.0 * x * y, x * x];
/// assert!(check_hessian(gradient, |x: f64, y: f64| [[2.0 * y, 2.0 * x], [2.0 * x, 0.0]], &[2.0, 3.0]).agrees());
/// ```
pub fn check_hessian<P, G, H, S, T>(
    gradient: impl Function<P, G, S>,
    hessian: impl Function<P, H, T>,
    point: &P,
) -> Report<P::Scalar>
where
    P: Differentiable,
    G: Differentiable<Scalar = P::Scalar>,
    H: Differentiable<Scalar = P::Scalar>,
{
    Check::default().hessian(gradient, hessian, point)
}

/// [`check_gradient`] as an assertion for tests.
///
/// # Panics
///
/// If the gradient does not agree.
///
/// ```
/// use diff_runtime::check::assert_gradient;
/// assert_gradient(|x: f64, y: f64| x * y, |x: f64, y: f64| [y, x], &[2.0, 3.0]);
/// ```
#[track_caller]
pub fn assert_gradient<P, G, S, T>(
    function: impl Function<P, P::Scalar, S>,
    gradient: impl Function<P, G, T>,
    point: &P,
) where
    P: Differentiable,
    G: Differentiable<Scalar = P::Scalar>,
{
    check_gradient(function, gradient, point).assert();
}

/// [`check_derivative`] as an assertion for tests.
///
/// # Panics
///
/// If the derivative does not agree.
///
/// ```
/// use diff_runtime::check::assert_derivative;
/// assert_derivative(|x: f64| x.exp(), |x: f64| x.exp(), 1.0);
/// ```
#[track_caller]
pub fn assert_derivative<F, Y, D>(function: impl FnMut(F) -> Y, derivative: impl FnMut(F) -> D, x: F)
where
    F: Real,
    Y: Differentiable<Scalar = F>,
    D: Differentiable<Scalar = F>,
{
    check_derivative(function, derivative, x).assert();
}

/// [`check_jacobian`] as an assertion for tests.
///
/// # Panics
///
/// If the Jacobian does not agree.
///
/// ```
/// use diff_runtime::check::assert_jacobian;
/// assert_jacobian(|x: &[f64; 2]| [x[0] * x[1]], |x: &[f64; 2]| [[x[1], x[0]]], &[2.0, 3.0]);
/// ```
#[track_caller]
pub fn assert_jacobian<P, Y, J, S, T>(function: impl Function<P, Y, S>, jacobian: impl Function<P, J, T>, point: &P)
where
    P: Differentiable,
    Y: Differentiable<Scalar = P::Scalar>,
    J: Differentiable<Scalar = P::Scalar>,
{
    check_jacobian(function, jacobian, point).assert();
}

/// [`check_hessian`] as an assertion for tests.
///
/// # Panics
///
/// If the Hessian does not agree.
///
/// ```
/// use diff_runtime::check::assert_hessian;
/// assert_hessian(|x: f64, y: f64| [y, x], |_: f64, _: f64| [[0.0, 1.0], [1.0, 0.0]], &[2.0, 3.0]);
/// ```
#[track_caller]
pub fn assert_hessian<P, G, H, S, T>(gradient: impl Function<P, G, S>, hessian: impl Function<P, H, T>, point: &P)
where
    P: Differentiable,
    G: Differentiable<Scalar = P::Scalar>,
    H: Differentiable<Scalar = P::Scalar>,
{
    check_hessian(gradient, hessian, point).assert();
}

/// The tolerances and the scale of a check; see [how](self#how) they are used.
///
/// ```
/// use diff_runtime::check::Check;
///
/// // A derivative good to three digits, by a cheap approximation of the exponential.
/// let check = Check { relative: 1e-3, ..Check::default() };
/// let rough = |x: f64| 1.0 + x + x * x / 2.0;
/// check.derivative(|x: f64| x.exp(), rough, 0.1).assert();
///
/// // A function with a period of 6e-6.
/// let check = Check { scale: 1e-6, ..Check::default() };
/// check.derivative(|x: f64| (1e6 * x).sin(), |x: f64| 1e6 * (1e6 * x).cos(), 0.3).assert();
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check<F> {
    /// Relative to the larger of the two values. Default: `eps^(2/5)`, 5.5e-7 for `f64` and 1.7e-3 for `f32`.
    pub relative: F,
    /// Default: 0.
    pub absolute: F,
    /// The scale on which the function varies, as a multiple of `max(1, |x|^(1/2))`; the steps are proportional to it.
    /// Default: 1, good for scales from about 1e-7 upwards in `f64`.
    pub scale: F,
}

impl<F: Real> Default for Check<F> {
    fn default() -> Self {
        Self { relative: F::EPSILON_FIFTH_ROOT * F::EPSILON_FIFTH_ROOT, absolute: F::ZERO, scale: F::ONE }
    }
}

impl<F: Real> Check<F> {
    /// [`check_gradient`] with these tolerances.
    pub fn gradient<P, G, S, T>(
        &self,
        function: impl Function<P, F, S>,
        gradient: impl Function<P, G, T>,
        point: &P,
    ) -> Report<F>
    where
        P: Differentiable<Scalar = F>,
        G: Differentiable<Scalar = F>,
    {
        self.jacobian(function, gradient, point)
    }

    /// [`check_derivative`] with these tolerances.
    pub fn derivative<Y, D>(&self, function: impl FnMut(F) -> Y, derivative: impl FnMut(F) -> D, x: F) -> Report<F>
    where
        Y: Differentiable<Scalar = F>,
        D: Differentiable<Scalar = F>,
    {
        self.jacobian(function, derivative, &x)
    }

    /// [`check_hessian`] with these tolerances.
    pub fn hessian<P, G, H, S, T>(
        &self,
        gradient: impl Function<P, G, S>,
        hessian: impl Function<P, H, T>,
        point: &P,
    ) -> Report<F>
    where
        P: Differentiable<Scalar = F>,
        G: Differentiable<Scalar = F>,
        H: Differentiable<Scalar = F>,
    {
        self.jacobian(gradient, hessian, point)
    }

    /// [`check_jacobian`] with these tolerances.
    ///
    /// # Panics
    ///
    /// If the function returns values of different shapes at different points.
    pub fn jacobian<P, Y, J, S, T>(
        &self,
        mut function: impl Function<P, Y, S>,
        mut jacobian: impl Function<P, J, T>,
        point: &P,
    ) -> Report<F>
    where
        P: Differentiable<Scalar = F>,
        Y: Differentiable<Scalar = F>,
        J: Differentiable<Scalar = F>,
    {
        let analytic = jacobian.at(point);
        let value = function.at(point);
        let inputs = point.dimension();
        let (expected, found) = (value.dimension() * inputs, analytic.dimension());
        let mut worst = Worst::new();
        if found != expected {
            return worst.into_report(Some(Verdict::WrongShape { found, expected }), found);
        }
        let entry = lookup(analytic);
        let mut moved = point.zero_like();
        moved.copy_components(point);
        let mut input = 0;
        point.for_each_component(|x| {
            let column = Column { x, value: &value, scale: self.scale };
            column.check(
                self,
                &mut worst,
                input,
                |row| entry(row * inputs + input),
                |x| {
                    moved.set_component(input, x);
                    function.at(&moved)
                },
            );
            moved.set_component(input, x);
            input += 1;
        });
        worst.into_report(None, expected)
    }

    /// A component `[output, input]` of the derivative beside its estimate.
    fn compare(&self, [output, input]: [usize; 2], analytic: F, estimate: &Estimate<F>) -> Comparison<F> {
        let &Estimate { numeric, truncation, rounding, step } = estimate;
        let scale = analytic.abs().max(numeric.abs());
        let truncation = truncation.min(self.relative.sqrt() * scale);
        let tolerance = self.absolute + self.relative * scale + rounding + truncation;
        Comparison { output, input, analytic, numeric, step, tolerance }
    }
}

/// Random access to the components.
#[cfg(feature = "alloc")]
fn lookup<J: Differentiable>(jacobian: J) -> impl Fn(usize) -> J::Scalar {
    let mut entries = alloc::vec::Vec::with_capacity(jacobian.dimension());
    jacobian.for_each_component(|entry| entries.push(entry));
    move |index| entries[index]
}

/// Random access to the components, each by a walk over all of them.
#[cfg(not(feature = "alloc"))]
fn lookup<J: Differentiable>(jacobian: J) -> impl Fn(usize) -> J::Scalar {
    move |index| jacobian.component(index).unwrap_or(J::Scalar::from_f64(f64::NAN))
}
