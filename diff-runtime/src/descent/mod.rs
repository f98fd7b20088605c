//! A function with its gradient and a start enter, a point where the function is (locally) least leaves.
//!
//! [`minimize`] needs no settings; [`Descent`] has all of them: the [method](Method), the [step size](StepSize) or line
//! search, [when to stop](StopReason), and a [constraint](Constraint). It runs to the end with
//! [`minimize`](Descent::minimize), or step by step with [`start`](Descent::start) and [`State::step`].
//!
//! ```
//! use diff_runtime::derivative;
//! use diff_runtime::descent::{Descent, minimize};
//!
//! #[derivative]
//! fn rosenbrock(x: &[f64; 2]) -> f64 {
//!     (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2)
//! }
//!
//! let found = minimize(rosenbrock::value_and_gradient, [-1.2, 1.0]).unwrap();
//! assert!((found.point[0] - 1.0).abs() < 1e-4 && (found.point[1] - 1.0).abs() < 1e-4);
//!
//! let descent = Descent::new().momentum(0.99).fixed_step(1e-4);
//! let found = descent.minimize(rosenbrock::value_and_gradient, [-1.2, 1.0]).unwrap();
//! assert!(found.reason.is_convergence());
//! ```
//!
//! # What it is for
//!
//! First-order methods: large problems, stochastic gradients, teaching, and starts for better methods. Steepest descent
//! converges linearly, at the rate `((k - 1) / (k + 1))^2` in the value for the condition number `k` of the Hessian
//! (Nocedal & Wright 2006, "Numerical Optimization", theorem 3.4). For small smooth problems a quasi-Newton or Newton
//! method of another crate takes far fewer steps.
//!
//! # Costs
//!
//! Nothing is allocated after the start. Beside the objective, an iteration makes one pass over the components for the
//! update and one for the norm of the gradient. Two points and two gradients are kept, so that an iterate survives a
//! step that fails; the methods with memory keep one vector more (Adam: two), a line search keeps its direction.

mod constraint;
mod error;
#[cfg(feature = "alloc")]
mod history;
mod iterate;
mod line_search;
mod method;
#[cfg(feature = "alloc")]
mod mini_batch;
mod objective;
mod state;
mod step_size;
mod stopping;
#[cfg(test)]
mod tests;

use core::ops::ControlFlow;

use crate::tangent::Differentiable;

pub use constraint::{Bounds, Constraint, Projection, Unconstrained};
pub use error::{DescentError, Failure};
#[cfg(feature = "alloc")]
pub use history::History;
pub use method::Method;
#[cfg(feature = "alloc")]
pub use mini_batch::{MiniBatchObjective, MiniBatches};
pub use objective::{Objective, Separate, shape};
pub use state::State;
pub use step_size::{Backtracking, StepSize, StrongWolfe};
pub use stopping::StopReason;

use stopping::Stopping;

/// Minimises a function by steepest descent with a backtracking line search, from `start`, with the default settings of
/// [`Descent`].
///
/// The objective is a companion or a closure in any shape of [`Objective`].
///
/// # Errors
///
/// See [`DescentError`]; the failure keeps the last good iterate.
///
/// ```
/// use diff_runtime::descent::minimize;
///
/// let found = minimize(|x: f64, y: f64| (x * x + y * y, [2.0 * x, 2.0 * y]), [3.0, 4.0]).unwrap();
/// assert_eq!(found.point, [0.0, 0.0]);
/// ```
pub fn minimize<P, Shape>(objective: impl Objective<P, Shape>, start: P) -> Result<Outcome<P>, Failure<P>>
where
    P: Differentiable,
{
    Descent::new().minimize(objective, start)
}

/// Where a descent stopped, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<P: Differentiable> {
    /// The last iterate.
    pub point: P,
    /// The value there.
    pub value: P::Scalar,
    /// The norm of the gradient there: see [`State::gradient_norm`].
    pub gradient_norm: P::Scalar,
    /// The iterations made.
    pub iterations: usize,
    /// The evaluations of the objective.
    pub evaluations: usize,
    /// Why it stopped. Reaching the limit of iterations is no error: ask [`StopReason::is_convergence`].
    pub reason: StopReason,
}

/// The settings of a descent, built up by its methods.
///
/// | setting | default |
/// | --- | --- |
/// | method | [`Method::Steepest`] |
/// | step size | [`Backtracking`] for steepest descent, the fixed step 1e-3 for the other methods |
/// | gradient tolerance | cube root of the machine epsilon: 6.1e-6 for `f64`, 4.9e-3 for `f32` |
/// | step and value tolerance | none |
/// | iterations | at most 100 000 |
/// | time | unlimited |
/// | constraint | none |
///
/// ```
/// use diff_runtime::descent::{Descent, StopReason};
///
/// let valley = |x: &[f64; 2]| (x[0] * x[0] + 10.0 * x[1] * x[1], [2.0 * x[0], 20.0 * x[1]]);
/// let found = Descent::new()
///     .adam()
///     .fixed_step(0.1)
///     .gradient_tolerance(1e-4)
///     .max_iterations(1000)
///     .minimize(valley, [3.0, 1.0])
///     .unwrap();
/// assert_eq!(found.reason, StopReason::GradientNorm);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Descent<C = Unconstrained> {
    method: Method,
    step_size: Option<StepSize>,
    stopping: Stopping,
    constraint: C,
}

impl Descent {
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The method.
impl<C> Descent<C> {
    /// Any method, with all its parameters.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// [`Method::Momentum`].
    pub fn momentum(self, momentum: f64) -> Self {
        self.method(Method::Momentum { momentum })
    }

    /// [`Method::Nesterov`].
    pub fn nesterov(self, momentum: f64) -> Self {
        self.method(Method::Nesterov { momentum })
    }

    /// [`Method::RmsProp`] with the decay 0.9 and the epsilon 1e-8.
    pub fn rms_prop(self) -> Self {
        self.method(Method::RmsProp { decay: 0.9, epsilon: 1e-8 })
    }

    /// [`Method::Adam`] with the parameters of its authors: 0.9, 0.999, 1e-8, and no weight decay.
    pub fn adam(self) -> Self {
        self.adam_w(0.0)
    }

    /// [`Method::Adam`] with decoupled weight decay (AdamW), and otherwise the parameters of its authors.
    pub fn adam_w(self, weight_decay: f64) -> Self {
        self.method(Method::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay })
    }
}

/// The step size.
impl<C> Descent<C> {
    /// Any step size or line search, with all its parameters.
    pub fn step(mut self, step_size: StepSize) -> Self {
        self.step_size = Some(step_size);
        self
    }

    /// [`StepSize::Fixed`].
    pub fn fixed_step(self, step: f64) -> Self {
        self.step(StepSize::Fixed(step))
    }

    /// [`StepSize::InverseTime`]: `initial / (1 + decay k)`.
    pub fn decaying_step(self, initial: f64, decay: f64) -> Self {
        self.step(StepSize::InverseTime { initial, decay })
    }

    /// [`Backtracking`] with its default parameters.
    pub fn backtracking(self) -> Self {
        self.step(StepSize::Backtracking(Backtracking::default()))
    }

    /// [`StrongWolfe`] with its default parameters.
    pub fn strong_wolfe(self) -> Self {
        self.step(StepSize::StrongWolfe(StrongWolfe::default()))
    }

    fn step_size(&self) -> StepSize {
        self.step_size.unwrap_or(match self.method {
            Method::Steepest => StepSize::Backtracking(Backtracking::default()),
            _ => StepSize::Fixed(1e-3),
        })
    }
}

/// When to stop.
impl<C> Descent<C> {
    /// Stops where the norm of the gradient is at most this; with a constraint, the norm of `x - project(x - g)`.
    pub fn gradient_tolerance(mut self, tolerance: f64) -> Self {
        self.stopping.gradient_tolerance = Some(tolerance);
        self
    }

    /// Stops after a step with `||x' - x|| <= tolerance max(||x'||, 1)`.
    pub fn step_tolerance(mut self, tolerance: f64) -> Self {
        self.stopping.step_tolerance = Some(tolerance);
        self
    }

    /// Stops after a step with `|f' - f| <= tolerance max(|f'|, 1)`.
    pub fn value_tolerance(mut self, tolerance: f64) -> Self {
        self.stopping.value_tolerance = Some(tolerance);
        self
    }

    /// Stops after this many iterations.
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.stopping.max_iterations = iterations;
        self
    }

    /// Stops after the first iteration that ends later than this.
    #[cfg(feature = "std")]
    pub fn max_time(mut self, time: core::time::Duration) -> Self {
        self.stopping.max_time = Some(time);
        self
    }
}

/// The constraint.
impl<C> Descent<C> {
    /// Keeps every component within its bounds, by projecting every iterate, the start included.
    ///
    /// With a line search, the method must be steepest descent with backtracking.
    ///
    /// ```
    /// use diff_runtime::descent::Descent;
    ///
    /// let bowl = |x: &[f64; 2]| (x[0] * x[0] + x[1] * x[1], [2.0 * x[0], 2.0 * x[1]]);
    /// let bounds = ([1.0, -1.0], [5.0, 1.0]);
    /// let found = Descent::new().bounds(bounds.0, bounds.1).minimize(bowl, [4.0, 3.0]).unwrap();
    /// assert_eq!(found.point, [1.0, 0.0]);
    /// ```
    pub fn bounds<P: Differentiable>(self, lower: P, upper: P) -> Descent<Bounds<P>> {
        self.constraint(Bounds { lower, upper })
    }

    /// Keeps every iterate in a closed convex set, given by a function that projects a point onto it.
    ///
    /// ```
    /// use diff_runtime::descent::Descent;
    /// use diff_runtime::normalize;
    ///
    /// // The point of the unit disc nearest to (3, 4).
    /// let distance = |x: &[f64; 2]| {
    ///     let d = [x[0] - 3.0, x[1] - 4.0];
    ///     (d[0] * d[0] + d[1] * d[1], [2.0 * d[0], 2.0 * d[1]])
    /// };
    /// let onto_disc = |x: &mut [f64; 2]| {
    ///     if x[0] * x[0] + x[1] * x[1] > 1.0 {
    ///         normalize(x);
    ///     }
    /// };
    /// let found = Descent::new().projection(onto_disc).minimize(distance, [0.0, 0.0]).unwrap();
    /// assert!((found.point[0] - 0.6).abs() < 1e-6 && (found.point[1] - 0.8).abs() < 1e-6);
    /// ```
    pub fn projection<F>(self, project: F) -> Descent<Projection<F>> {
        self.constraint(Projection(project))
    }

    fn constraint<D>(self, constraint: D) -> Descent<D> {
        Descent { method: self.method, step_size: self.step_size, stopping: self.stopping, constraint }
    }
}

/// Running it.
impl<C> Descent<C> {
    /// Minimises the objective from `start`.
    ///
    /// # Errors
    ///
    /// See [`DescentError`]; the failure keeps the last good iterate.
    pub fn minimize<P, Shape>(self, objective: impl Objective<P, Shape>, start: P) -> Result<Outcome<P>, Failure<P>>
    where
        P: Differentiable,
        C: Constraint<P>,
    {
        self.minimize_observed(objective, start, |_| ControlFlow::Continue(()))
    }

    /// Minimises the objective, and shows `observe` the state at the start and after every iteration.
    ///
    /// The observer prints progress, records a `History`, or returns `Break` to stop, with a reason of its choice
    /// (usually [`StopReason::Observer`]).
    ///
    /// # Errors
    ///
    /// See [`DescentError`]; the failure keeps the last good iterate.
    ///
    /// ```
    /// use core::ops::ControlFlow;
    /// use diff_runtime::descent::{Descent, StopReason};
    ///
    /// let bowl = |x: &[f64; 1]| (x[0] * x[0], [2.0 * x[0]]);
    /// let mut lines = Vec::new();
    /// let found = Descent::new().fixed_step(0.25).minimize_observed(bowl, [4.0], |state| {
    ///     lines.push(format!("{}: {}", state.iteration(), state.value()));
    ///     if state.value() > 1.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(StopReason::Observer) }
    /// });
    /// assert_eq!(lines, ["0: 16", "1: 4", "2: 1"]);
    /// assert_eq!(found.unwrap().reason, StopReason::Observer);
    /// ```
    pub fn minimize_observed<P, Shape>(
        self,
        mut objective: impl Objective<P, Shape>,
        start: P,
        mut observe: impl FnMut(&State<P, C>) -> ControlFlow<StopReason>,
    ) -> Result<Outcome<P>, Failure<P>>
    where
        P: Differentiable,
        C: Constraint<P>,
    {
        let mut state = self.start(start)?;
        match run(&mut state, &mut objective, &mut observe) {
            Ok(reason) => Ok(Outcome {
                value: state.value(),
                gradient_norm: state.gradient_norm(),
                iterations: state.iteration(),
                evaluations: state.evaluations(),
                reason,
                point: state.into_point(),
            }),
            Err(error) => Err(Failure {
                error,
                value: state.value(),
                iterations: state.iteration(),
                evaluations: state.evaluations(),
                point: state.into_point(),
            }),
        }
    }

    /// Minimises the objective in place: `point` is the start, and afterwards the last good iterate, in any case.
    ///
    /// For points that live in a slice of something else; the state is allocated once.
    ///
    /// # Errors
    ///
    /// See [`DescentError`].
    ///
    /// ```
    /// use diff_runtime::descent::Descent;
    ///
    /// let bowl = |x: &[f64], gradient: &mut [f64]| {
    ///     gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * x);
    ///     x.iter().map(|x| x * x).sum()
    /// };
    /// let mut parameters = [9.0, 3.0, 4.0];
    /// Descent::new().minimize_slice(bowl, &mut parameters[1..]).unwrap();
    /// assert_eq!(parameters, [9.0, 0.0, 0.0]);
    /// ```
    #[cfg(feature = "alloc")]
    pub fn minimize_slice<F, Shape>(
        self,
        objective: impl Objective<alloc::vec::Vec<F>, Shape>,
        point: &mut [F],
    ) -> Result<Outcome<alloc::vec::Vec<F>>, Failure<alloc::vec::Vec<F>>>
    where
        F: crate::Real,
        C: Constraint<alloc::vec::Vec<F>>,
    {
        let result = self.minimize(objective, point.to_vec());
        point.copy_from_slice(match &result {
            Ok(outcome) => &outcome.point,
            Err(failure) => &failure.point,
        });
        result
    }

    /// The state at the start, to be stepped by hand.
    ///
    /// # Errors
    ///
    /// For a setting that makes no sense, and for a bound that has not the shape of the point. The failure carries the
    /// start.
    pub fn start<P>(self, point: P) -> Result<State<P, C>, Failure<P>>
    where
        P: Differentiable,
        C: Constraint<P>,
    {
        State::new(self, point)
    }
}

fn run<P, C, Shape>(
    state: &mut State<P, C>,
    objective: &mut impl Objective<P, Shape>,
    observe: &mut impl FnMut(&State<P, C>) -> ControlFlow<StopReason>,
) -> Result<StopReason, DescentError>
where
    P: Differentiable,
    C: Constraint<P>,
{
    state.evaluate_start(objective)?;
    if let ControlFlow::Break(reason) = observe(state) {
        return Ok(reason);
    }
    loop {
        let before = state.iteration();
        let flow = state.step(objective)?;
        if state.iteration() > before
            && let ControlFlow::Break(reason) = observe(state)
        {
            return Ok(reason);
        }
        if let ControlFlow::Break(reason) = flow {
            return Ok(reason);
        }
    }
}
