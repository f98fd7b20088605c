//! A configured descent and a start enter, one iterate after the other leaves.
//!
//! Invariant: after the first step, the current iterate is finite: its value and its gradient. A step that fails leaves
//! the current iterate as it was. Nothing is allocated after the start.

use core::fmt;
use core::ops::ControlFlow;

use crate::descent::Descent;
use crate::descent::constraint::{Constraint, Unconstrained};
use crate::descent::error::{DescentError, Failure};
use crate::descent::iterate::Iterate;
use crate::descent::line_search::Line;
use crate::descent::method::{Method, Rule, require};
use crate::descent::objective::Objective;
use crate::descent::step_size::{Backtracking, StepSize, StrongWolfe};
use crate::descent::stopping::{Change, StopReason, Stopping};
use crate::real::Real;
use crate::tangent::Differentiable;

/// A descent in progress, to be stepped by hand.
///
/// [`Descent::minimize`] is a loop around [`step`](Self::step); write your own for anything that it does not do.
///
/// ```
/// use core::ops::ControlFlow;
/// use diff_runtime::descent::Descent;
///
/// let mut bowl = |x: &[f64; 2]| (x[0] * x[0] + x[1] * x[1], [2.0 * x[0], 2.0 * x[1]]);
/// let mut state = Descent::new().fixed_step(0.25).start([8.0, 4.0]).unwrap();
///
/// assert_eq!(state.step(&mut bowl), Ok(ControlFlow::Continue(())));
/// assert_eq!(state.point(), &[4.0, 2.0]);             // x - 0.25 * 2 x
/// assert_eq!((state.value(), state.iteration()), (20.0, 1));
///
/// while state.step(&mut bowl).unwrap().is_continue() {}
/// assert!(state.gradient_norm() < 1e-5);
/// ```
#[derive(Clone)]
pub struct State<P: Differentiable, C = Unconstrained> {
    iterates: [Iterate<P>; 2],
    /// Which of the two is current; the other is where the next step leads.
    current: usize,
    rule: Rule<P>,
    stride: Stride<P>,
    constraint: C,
    stopping: Stopping,
    gradient_tolerance: P::Scalar,
    /// Whether the start has been evaluated, and is finite.
    has_started: bool,
    iteration: usize,
    evaluations: usize,
    step_length: P::Scalar,
    last_change: Option<Change<P::Scalar>>,
    #[cfg(feature = "std")]
    started: std::time::Instant,
}

/// A [`StepSize`] with its memory.
#[derive(Clone, Debug)]
enum Stride<P: Differentiable> {
    Schedule(Schedule<P::Scalar>),
    Search {
        search: Search,
        direction: P,
        /// The last search, if there was one.
        last: Option<Searched<P::Scalar>>,
    },
}

/// A step size that depends on the iteration alone.
#[derive(Clone, Debug)]
enum Schedule<F> {
    Fixed(F),
    InverseTime { initial: F, decay: F },
    Exponential { next: F, factor: F },
    Function(fn(usize) -> f64),
}

/// A step size that depends on the function.
#[derive(Clone, Copy, Debug)]
enum Search {
    Backtracking(Backtracking),
    StrongWolfe(StrongWolfe),
}

/// What a line search leaves to the next one.
#[derive(Clone, Copy, Debug)]
struct Searched<F> {
    slope: F,
    step: F,
}

impl<P: Differentiable, C: Constraint<P>> State<P, C> {
    pub(crate) fn new(descent: Descent<C>, point: P) -> Result<Self, Failure<P>> {
        let step_size = descent.step_size();
        if let Err(error) = validate(&descent, step_size, &point) {
            let value = P::Scalar::from_f64(f64::NAN);
            return Err(Failure { error, point, value, iterations: 0, evaluations: 0 });
        }
        let rule = Rule::new(descent.method, &point);
        let stride = Stride::new(step_size, &point);
        let mut next = point.zero_like();
        next.copy_components(&point);
        let mut start = Iterate::new(point);
        descent.constraint.project(&mut start.point);
        Ok(Self {
            iterates: [start, Iterate::new(next)],
            current: 0,
            rule,
            stride,
            constraint: descent.constraint,
            gradient_tolerance: descent.stopping.gradient_tolerance(),
            stopping: descent.stopping,
            has_started: false,
            iteration: 0,
            evaluations: 0,
            step_length: P::Scalar::ZERO,
            last_change: None,
            #[cfg(feature = "std")]
            started: std::time::Instant::now(),
        })
    }

    /// Makes one iteration.
    ///
    /// The first call evaluates the start, and stops there if a tolerance is reached already. Every later one finds the
    /// objective evaluated at the current point, and evaluates it at the next: once, or as often as the line search asks.
    /// `Break` says that the criterion holds at the current point; calling again does not move on.
    ///
    /// # Errors
    ///
    /// See [`DescentError`]. The current iterate stays what it was; the memory of the method does not.
    pub fn step<Shape>(
        &mut self,
        objective: &mut impl Objective<P, Shape>,
    ) -> Result<ControlFlow<StopReason>, DescentError> {
        self.evaluate_start(objective)?;
        if let Some(reason) = self.stop_reason() {
            return Ok(ControlFlow::Break(reason));
        }
        self.advance(objective)?;
        Ok(match self.stop_reason() {
            Some(reason) => ControlFlow::Break(reason),
            None => ControlFlow::Continue(()),
        })
    }

    /// Evaluates the objective at the start, if that has not happened yet.
    pub(crate) fn evaluate_start<Shape, O: Objective<P, Shape>>(
        &mut self,
        objective: &mut O,
    ) -> Result<(), DescentError> {
        if self.has_started {
            return Ok(());
        }
        let searches = matches!(self.stride, Stride::Search { .. });
        require(O::DETERMINISTIC || !searches, "step size", "no line search for a stochastic objective")?;
        self.evaluations += 1;
        let (current, other) = split(&mut self.iterates, self.current);
        current.evaluate(objective)?;
        measure_stationarity(&self.constraint, current, &mut other.point);
        self.has_started = true;
        Ok(())
    }

    fn advance<Shape>(&mut self, objective: &mut impl Objective<P, Shape>) -> Result<(), DescentError> {
        let (current, next) = split(&mut self.iterates, self.current);
        let step = match &mut self.stride {
            Stride::Schedule(schedule) => {
                let step = schedule.step(self.iteration);
                let combine = |x, p| x - step * p;
                self.rule.apply(&current.point, &current.gradient, &mut next.point, combine);
                self.constraint.project(&mut next.point);
                self.evaluations += 1;
                next.evaluate(objective)?;
                step
            }
            Stride::Search { search, direction, last } => {
                self.rule.apply(&current.point, &current.gradient, direction, |_, p| -p);
                let slope = current.gradient.inner_product(direction);
                let mut line = Line {
                    objective,
                    constraint: &self.constraint,
                    current,
                    trial: next,
                    direction,
                    slope,
                    evaluations: &mut self.evaluations,
                };
                let step = search.step(&mut line, *last)?;
                *last = Some(Searched { slope, step });
                step
            }
        };
        self.accept(step);
        Ok(())
    }

    /// Makes the next iterate the current one.
    fn accept(&mut self, step: P::Scalar) {
        let (previous, accepted) = split(&mut self.iterates, self.current);
        if self.stopping.step_tolerance.is_some() || self.stopping.value_tolerance.is_some() {
            self.last_change = Some(change(previous, accepted));
        }
        measure_stationarity(&self.constraint, accepted, &mut previous.point);
        self.current = 1 - self.current;
        self.iteration += 1;
        self.step_length = step;
    }

    /// The criterion that holds at the current iterate, if any.
    fn stop_reason(&self) -> Option<StopReason> {
        let stopping = &self.stopping;
        let at_most = |value: P::Scalar, tolerance: Option<f64>| {
            tolerance.is_some_and(|tolerance| value <= P::Scalar::from_f64(tolerance))
        };
        if self.gradient_norm() <= self.gradient_tolerance {
            return Some(StopReason::GradientNorm);
        }
        if let Some(change) = self.last_change {
            if at_most(change.relative_step, stopping.step_tolerance) {
                return Some(StopReason::Step);
            }
            if at_most(change.relative_value, stopping.value_tolerance) {
                return Some(StopReason::ValueChange);
            }
        }
        if self.iteration >= stopping.max_iterations {
            return Some(StopReason::Iterations);
        }
        #[cfg(feature = "std")]
        if stopping.max_time.is_some_and(|limit| self.started.elapsed() >= limit) {
            return Some(StopReason::Time);
        }
        None
    }

    /// The current point.
    pub fn point(&self) -> &P {
        &self.iterates[self.current].point
    }

    /// The value at the current point; NaN before the first step.
    pub fn value(&self) -> P::Scalar {
        self.iterates[self.current].value
    }

    /// The gradient at the current point; zero before the first step.
    pub fn gradient(&self) -> &P {
        &self.iterates[self.current].gradient
    }

    /// The Euclidean norm of the gradient, or of `x - project(x - g)` with a constraint; NaN before the first step.
    pub fn gradient_norm(&self) -> P::Scalar {
        self.iterates[self.current].gradient_norm
    }

    /// The iterations made.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// The evaluations of the objective so far.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// The step size `a` of the last iteration; 0 before the first.
    pub fn step_length(&self) -> P::Scalar {
        self.step_length
    }

    /// The time since the start.
    #[cfg(feature = "std")]
    pub fn elapsed(&self) -> core::time::Duration {
        self.started.elapsed()
    }

    /// The current point, taken out.
    pub fn into_point(self) -> P {
        let [first, second] = self.iterates;
        if self.current == 0 { first.point } else { second.point }
    }
}

impl<P: Differentiable + fmt::Debug, C> fmt::Debug for State<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = &self.iterates[self.current];
        f.debug_struct("State")
            .field("iteration", &self.iteration)
            .field("evaluations", &self.evaluations)
            .field("point", &current.point)
            .field("value", &current.value)
            .field("gradient_norm", &current.gradient_norm)
            .field("step_length", &self.step_length)
            .finish_non_exhaustive()
    }
}

impl<P: Differentiable> Stride<P> {
    fn new(step_size: StepSize, point: &P) -> Self {
        let scalar = P::Scalar::from_f64;
        let search = |search| Self::Search { search, direction: point.zero_like(), last: None };
        match step_size {
            StepSize::Fixed(step) => Self::Schedule(Schedule::Fixed(scalar(step))),
            StepSize::InverseTime { initial, decay } => {
                Self::Schedule(Schedule::InverseTime { initial: scalar(initial), decay: scalar(decay) })
            }
            StepSize::Exponential { initial, factor } => {
                Self::Schedule(Schedule::Exponential { next: scalar(initial), factor: scalar(factor) })
            }
            StepSize::Schedule(function) => Self::Schedule(Schedule::Function(function)),
            StepSize::Backtracking(parameters) => search(Search::Backtracking(parameters)),
            StepSize::StrongWolfe(parameters) => search(Search::StrongWolfe(parameters)),
        }
    }
}

impl<F: Real> Schedule<F> {
    fn step(&mut self, iteration: usize) -> F {
        match self {
            Self::Fixed(step) => *step,
            Self::InverseTime { initial, decay } => *initial / (F::ONE + *decay * F::from_f64(iteration as f64)),
            Self::Exponential { next, factor } => {
                let step = *next;
                *next *= *factor;
                step
            }
            Self::Function(function) => F::from_f64(function(iteration)),
        }
    }
}

impl Search {
    fn step<P, O, C, Shape>(
        &self,
        line: &mut Line<'_, P, O, C>,
        last: Option<Searched<P::Scalar>>,
    ) -> Result<P::Scalar, DescentError>
    where
        P: Differentiable,
        O: Objective<P, Shape>,
        C: Constraint<P>,
    {
        let scalar = P::Scalar::from_f64;
        let descends = line.slope < P::Scalar::ZERO;
        if !descends {
            return Err(DescentError::NotADescentDirection { slope: line.slope.to_f64() });
        }
        match self {
            Self::Backtracking(search) => {
                let first = last.map_or(scalar(search.initial), |last| scalar(search.growth) * last.step);
                line.backtrack(search, first)
            }
            Self::StrongWolfe(search) => {
                let first = last.map_or(scalar(search.initial), |last| last.step * last.slope / line.slope);
                line.strong_wolfe(search, first)
            }
        }
    }
}

fn validate<P: Differentiable, C: Constraint<P>>(
    descent: &Descent<C>,
    step_size: StepSize,
    point: &P,
) -> Result<(), DescentError> {
    descent.method.validate()?;
    step_size.validate()?;
    descent.stopping.validate()?;
    descent.constraint.check(point)?;
    if C::ACTIVE && step_size.is_search() {
        let backtracks = matches!(step_size, StepSize::Backtracking(_));
        let requirement = "steepest descent with backtracking, or no line search, under a constraint";
        require(backtracks && descent.method == Method::Steepest, "method", requirement)?;
    }
    Ok(())
}

/// The current iterate and the other one.
fn split<P: Differentiable>(iterates: &mut [Iterate<P>; 2], current: usize) -> (&mut Iterate<P>, &mut Iterate<P>) {
    let [first, second] = iterates;
    if current == 0 { (first, second) } else { (second, first) }
}

/// With a constraint, replaces the norm of the gradient by that of `x - project(x - g)`, which is zero exactly at the
/// stationary points of the constrained problem.
fn measure_stationarity<P: Differentiable, C: Constraint<P>>(
    constraint: &C,
    iterate: &mut Iterate<P>,
    scratch: &mut P,
) {
    if !C::ACTIVE {
        return;
    }
    P::zip_components([scratch], [&iterate.point, &iterate.gradient], &mut |[out], [x, g]| *out = x - g);
    constraint.project(scratch);
    P::zip_components([scratch], [&iterate.point], &mut |[out], [x]| *out = x - *out);
    iterate.gradient_norm = scratch.norm();
}

fn change<P: Differentiable>(previous: &Iterate<P>, accepted: &Iterate<P>) -> Change<P::Scalar> {
    let one = P::Scalar::ONE;
    let mut squared = P::Scalar::ZERO;
    P::zip_components([], [&previous.point, &accepted.point], &mut |[], [a, b]| squared += (b - a) * (b - a));
    Change {
        relative_step: squared.sqrt() / accepted.point.norm().max(one),
        relative_value: (accepted.value - previous.value).abs() / accepted.value.abs().max(one),
    }
}
