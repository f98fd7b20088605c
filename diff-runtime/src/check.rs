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
//! `rounding` is large, and [`Comparison::tolerance`] tells. A component that disagrees is looked at again from either
//! side: if the one-sided slopes differ however small the step, and the derivative lies between them, it is a
//! [`Kink`](Verdict::Kink), where no derivative exists and a convention decides; otherwise it is [`Wrong`](Verdict::Wrong).
//!
//! # With approx
//!
//! With the feature `approx`, `Components` wraps any [`Differentiable`] value for the macros of the approx crate, for
//! tests that compare whole gradients with their own tolerances.

use core::fmt;

use crate::function::Function;
use crate::random::SplitMix64;
use crate::real::Real;
use crate::tangent::Differentiable;

/// The number of steps of which the best is taken.
const STEPS: usize = 13;

/// The largest step relative to that of Richardson's scheme.
const LARGEST_STEP: f64 = 8.0;

/// How far beyond the bound of an estimate the next one may lie.
const SAFETY: f64 = 4.0;

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
    fn severity(&self) -> u8 {
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

    /// The error in units of the tolerance: at most 1 if the two agree, infinite if one is not finite.
    fn excess(&self) -> F {
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

/// Points drawn uniformly from the box between two corners, for checks at random points: an endless iterator.
///
/// The points depend on the seed alone, on every platform.
///
/// # Panics
///
/// If the corners differ in shape.
///
/// ```
/// use diff_runtime::check::{assert_gradient, random_points};
///
/// let f = |x: f64, y: f64| x.sin() * y;
/// for point in random_points(&[-3.0, -1.0], &[3.0, 1.0], 42).take(100) {
///     assert_gradient(f, |x: f64, y: f64| [x.cos() * y, x.sin()], &point);
/// }
/// ```
pub fn random_points<P: Differentiable>(lower: &P, upper: &P, seed: u64) -> impl Iterator<Item = P> {
    let mut random = SplitMix64::new(seed);
    core::iter::repeat_with(move || {
        let mut point = lower.zero_like();
        P::zip_components([&mut point], [lower, upper], &mut |[x], [lower, upper]| {
            *x = lower + P::Scalar::from_f64(random.next_unit()) * (upper - lower);
        });
        point
    })
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
    /// Default: 1, good for scales from about 1e-4 upwards in `f64`.
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

    fn tolerance(&self, analytic: F, estimate: &Estimate<F>) -> F {
        let scale = analytic.abs().max(estimate.numeric.abs());
        let truncation = estimate.truncation.min(self.relative.sqrt() * scale);
        self.absolute + self.relative * scale + estimate.rounding + truncation
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

/// The worst comparison so far.
struct Worst<F> {
    verdict: Verdict<F>,
    comparison: Comparison<F>,
}

impl<F: Real> Worst<F> {
    fn new() -> Self {
        let zero = F::ZERO;
        let comparison = Comparison { output: 0, input: 0, analytic: zero, numeric: zero, step: zero, tolerance: zero };
        Self { verdict: Verdict::Agrees, comparison }
    }

    fn record(&mut self, verdict: Verdict<F>, comparison: Comparison<F>) {
        let (old, new) = (self.verdict.severity(), verdict.severity());
        // The first comparison replaces the empty one, which has no step.
        let first = self.comparison.step == F::ZERO;
        if first || new > old || (new == old && comparison.excess() > self.comparison.excess()) {
            *self = Self { verdict, comparison };
        }
    }

    fn into_report(self, verdict: Option<Verdict<F>>, components: usize) -> Report<F> {
        Report { verdict: verdict.unwrap_or(self.verdict), worst: self.comparison, components }
    }
}

/// A numeric derivative with its error bounds.
struct Estimate<F> {
    numeric: F,
    truncation: F,
    rounding: F,
}

/// One column of the Jacobian: the variable `x`, and the value of the function at the point.
struct Column<'a, Y: Differentiable> {
    x: Y::Scalar,
    value: &'a Y,
    /// [`Check::scale`].
    scale: Y::Scalar,
}

impl<Y: Differentiable> Column<'_, Y> {
    /// Compares the column with finite differences of `at`, a function of this variable.
    fn check(
        &self,
        check: &Check<Y::Scalar>,
        worst: &mut Worst<Y::Scalar>,
        input: usize,
        entry: impl Fn(usize) -> Y::Scalar,
        mut at: impl FnMut(Y::Scalar) -> Y,
    ) {
        let ladder = self.estimate(&mut at);
        let mut sides = None;
        let mut output = 0;
        Y::zip_components(
            [],
            [&ladder.numeric, &ladder.truncation, &ladder.rounding, &ladder.step],
            &mut |[], found| {
                let [numeric, truncation, rounding, step] = found;
                let analytic = entry(output);
                let estimate = Estimate { numeric, truncation, rounding };
                let tolerance = check.tolerance(analytic, &estimate);
                let comparison = Comparison { output, input, analytic, numeric, step, tolerance };
                let verdict = if comparison.error() <= tolerance {
                    Verdict::Agrees
                } else if !analytic.is_finite() {
                    Verdict::NotFinite
                } else {
                    let sides = sides.get_or_insert_with(|| self.one_sided_slopes(&mut at));
                    classify(&comparison, &estimate, sides, self.value.component(output))
                };
                worst.record(verdict, comparison);
                output += 1;
            },
        );
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
            let new_rounding = units * upper.abs().max(lower.abs()) / step;
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
    let rounding = Y::Scalar::from_f64(8.0) * Y::Scalar::EPSILON * value.unwrap_or(nan).abs() / sides.step;
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

/// A [`Differentiable`] value for the macros of the approx crate, compared component by component. Values of different
/// shapes are different.
///
/// ```
/// use approx::assert_relative_eq;
/// use diff_runtime::check::Components;
/// use diff_runtime::finite_difference::{Scheme, gradient};
///
/// let f = |(w, b): &([f64; 2], f64)| w[0] * w[1] + b * b;
/// let point = ([2.0, 3.0], 4.0);
/// let numeric = gradient(Scheme::Richardson, f, &point);
/// assert_relative_eq!(Components(&([3.0, 2.0], 8.0)), Components(&numeric), max_relative = 1e-10);
/// ```
#[cfg(feature = "approx")]
#[derive(Debug)]
pub struct Components<'a, P: ?Sized>(pub &'a P);

#[cfg(feature = "approx")]
mod approx_impls {
    use super::Components;
    use crate::real::Real;
    use crate::tangent::Differentiable;
    use approx::{AbsDiffEq, RelativeEq, UlpsEq};

    impl<P: Differentiable + ?Sized> Components<'_, P> {
        fn all(&self, other: &Self, equal: impl Fn(P::Scalar, P::Scalar) -> bool) -> bool {
            let mut all = self.0.same_shape(other.0);
            if all {
                P::zip_components([], [self.0, other.0], &mut |[], [a, b]| all &= equal(a, b));
            }
            all
        }
    }

    impl<P: Differentiable + ?Sized> PartialEq for Components<'_, P> {
        fn eq(&self, other: &Self) -> bool {
            self.all(other, |a, b| a == b)
        }
    }

    impl<P> AbsDiffEq for Components<'_, P>
    where
        P: Differentiable + ?Sized,
        P::Scalar: AbsDiffEq<Epsilon = P::Scalar>,
    {
        type Epsilon = P::Scalar;

        fn default_epsilon() -> P::Scalar {
            P::Scalar::EPSILON
        }

        fn abs_diff_eq(&self, other: &Self, epsilon: P::Scalar) -> bool {
            self.all(other, |a, b| a.abs_diff_eq(&b, epsilon))
        }
    }

    impl<P> RelativeEq for Components<'_, P>
    where
        P: Differentiable + ?Sized,
        P::Scalar: RelativeEq<Epsilon = P::Scalar>,
    {
        fn default_max_relative() -> P::Scalar {
            P::Scalar::EPSILON
        }

        fn relative_eq(&self, other: &Self, epsilon: P::Scalar, max_relative: P::Scalar) -> bool {
            self.all(other, |a, b| a.relative_eq(&b, epsilon, max_relative))
        }
    }

    impl<P> UlpsEq for Components<'_, P>
    where
        P: Differentiable + ?Sized,
        P::Scalar: UlpsEq<Epsilon = P::Scalar>,
    {
        fn default_max_ulps() -> u32 {
            4
        }

        fn ulps_eq(&self, other: &Self, epsilon: P::Scalar, max_ulps: u32) -> bool {
            self.all(other, |a, b| a.ulps_eq(&b, epsilon, max_ulps))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relu(x: f64) -> f64 {
        x.max(0.0)
    }

    #[test]
    fn right_gradients_agree_at_random_points() {
        let f = |x: &[f64; 3]| x[0] * x[1] * x[1] - x[2] / (1.0 + x[0] * x[0]);
        let gradient = |x: &[f64; 3]| {
            let d = 1.0 + x[0] * x[0];
            [x[1] * x[1] + 2.0 * x[0] * x[2] / (d * d), 2.0 * x[0] * x[1], -1.0 / d]
        };
        for point in random_points(&[-3.0; 3], &[3.0; 3], 1).take(200) {
            assert_gradient(f, gradient, &point);
        }
    }

    #[test]
    fn an_error_of_one_part_in_a_hundred_thousand_is_found() {
        let report = check_derivative(|x: f64| x * x * x, |x: f64| 3.0 * x * x * (1.0 + 1e-5), 0.7);
        assert_eq!(report.verdict, Verdict::Wrong);
    }

    #[test]
    fn the_worst_component_is_reported_with_both_values_and_the_step() {
        let f = |x: &[f64; 3]| [x[0] * x[1], x[1] * x[2]];
        let wrong = |x: &[f64; 3]| [[x[1], x[0], 1e-3], [0.0, -x[2], x[1]]];
        let report = check_jacobian(f, wrong, &[2.0, 3.0, 5.0]);
        let worst = report.worst;
        assert_eq!((report.verdict, report.components), (Verdict::Wrong, 6));
        assert_eq!((worst.output, worst.input, worst.analytic), (1, 1, -5.0));
        // Products have no truncation error: rounding eps |f| / h.
        assert!((worst.numeric - 5.0).abs() < 1e-10 && worst.step > 0.0);
    }

    #[test]
    fn a_kink_is_told_from_a_wrong_derivative() {
        assert_eq!(check_derivative(relu, |_: f64| 1.0, 0.0).verdict, Verdict::Kink { left: 0.0, right: 1.0 });
        assert_eq!(check_derivative(relu, |_: f64| 2.0, 0.0).verdict, Verdict::Wrong);
        assert_eq!(check_derivative(relu, |_: f64| 0.0, 1.0).verdict, Verdict::Wrong);
    }

    #[test]
    fn a_kink_nearby_does_not_hide_the_derivative() {
        // Both lie within the first steps of the ladder.
        assert!(check_derivative(relu, |_: f64| 1.0, 1e-3).agrees());
        assert_eq!(check_derivative(relu, |_: f64| 0.0, 1e-3).verdict, Verdict::Wrong);
    }

    #[test]
    fn a_kink_closer_than_the_smallest_step_is_no_licence() {
        assert!(matches!(check_derivative(relu, |_: f64| 1.0, 1e-9).verdict, Verdict::Kink { .. }));
        assert_eq!(check_derivative(relu, |_: f64| 7.0, 1e-9).verdict, Verdict::Wrong);
    }

    #[test]
    #[cfg(feature = "std")]
    fn steps_beyond_the_period_do_not_mislead() {
        // The larger steps skip several periods.
        for x in random_points(&-3.0, &3.0, 2).take(200) {
            assert_derivative(|x: f64| (300.0 * x).sin(), |x: f64| 300.0 * (300.0 * x).cos(), x);
        }
    }

    #[test]
    fn strong_curvature_is_no_kink() {
        let report = check_derivative(|x: f64| 1e6 * x * x, |_: f64| 1.0, 0.0);
        assert_eq!(report.verdict, Verdict::Wrong);
    }

    #[test]
    fn a_zero_derivative_of_a_large_function_agrees() {
        // Rounding noise, not a derivative.
        assert!(check_derivative(|x: f64| (1e8 + x) - x, |_: f64| 0.0, 0.3).agrees());
    }

    #[test]
    fn a_derivative_that_is_not_finite_is_reported_as_such() {
        assert_eq!(check_derivative(|x: f64| x, |_: f64| f64::NAN, 1.0).verdict, Verdict::NotFinite);
        assert_eq!(check_derivative(|_: f64| f64::NAN, |_: f64| 1.0, 1.0).verdict, Verdict::NotFinite);
    }

    #[test]
    fn the_edge_of_the_domain_is_approached_by_small_steps() {
        // The function is NaN for the larger steps to the left.
        let f = |x: f64| if x < 0.0 { f64::NAN } else { x * x };
        assert!(check_derivative(f, |x: f64| 2.0 * x, 1e-3).agrees());
    }

    #[test]
    fn a_derivative_of_the_wrong_shape_is_reported_as_such() {
        let report = check_gradient(|x: &[f64; 2]| x[0], |_: &[f64; 2]| [1.0, 0.0, 0.0], &[1.0, 2.0]);
        assert_eq!(report.verdict, Verdict::WrongShape { found: 3, expected: 2 });
    }

    #[test]
    fn an_asymmetric_hessian_is_wrong() {
        let gradient = |x: f64, y: f64| [2.0 * x * y, x * x];
        let report = check_hessian(gradient, |x: f64, y: f64| [[2.0 * y, 2.0 * x], [0.0, 0.0]], &[2.0, 3.0]);
        assert_eq!((report.worst.output, report.worst.input), (1, 0));
        assert_eq!(report.verdict, Verdict::Wrong);
    }

    #[test]
    fn single_precision_has_its_own_tolerances() {
        assert!(check_derivative(|x: f32| x * x * x, |x: f32| 3.0 * x * x, 0.7).agrees());
        assert_eq!(check_derivative(|x: f32| x * x * x, |x: f32| 3.1 * x * x, 0.7).verdict, Verdict::Wrong);
    }

    #[test]
    fn a_wrong_component_outranks_a_kink() {
        let f = |x: &[f64; 2]| relu(x[0]) + x[1];
        let report = check_gradient(f, |_: &[f64; 2]| [1.0, 2.0], &[0.0, 1.0]);
        assert_eq!((report.verdict, report.worst.input), (Verdict::Wrong, 1));
    }

    #[test]
    #[should_panic(expected = "the derivative is wrong; worst: output 0, input 1: derivative 3e0")]
    fn assertions_panic_with_the_report() {
        assert_gradient(|x: f64, y: f64| x + y, |_: f64, _: f64| [1.0, 3.0], &[1.0, 2.0]);
    }

    #[test]
    fn random_points_stay_in_the_box_and_repeat_with_the_seed() {
        let draw = |seed| random_points(&(-1.0, [2.0]), &(1.0, [4.0]), seed).take(50);
        assert!(draw(3).all(|(a, [b])| (-1.0..1.0).contains(&a) && (2.0..4.0).contains(&b)));
        assert!(draw(3).eq(draw(3)));
        assert!(draw(3).ne(draw(4)));
    }

    #[test]
    #[cfg(feature = "approx")]
    fn components_compare_with_approx() {
        use approx::{assert_abs_diff_eq, assert_relative_eq, assert_relative_ne};
        assert_abs_diff_eq!(Components(&[1.0, 2.0]), Components(&[1.0 + 1e-9, 2.0]), epsilon = 1e-8);
        assert_relative_eq!(Components(&([1e9], 2.0)), Components(&([1e9 + 1.0], 2.0)), max_relative = 1e-8);
        assert_relative_ne!(Components(&[1.0, 2.0][..]), Components(&[1.0][..]));
    }
}
