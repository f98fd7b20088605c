//! The states of a descent enter, the record of its values and points leaves: for plots and for tests.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use crate::descent::StopReason;
use crate::descent::constraint::Constraint;
use crate::descent::state::State;
use crate::tangent::Differentiable;

/// The course of a descent, entry 0 the start. Recording allocates, the descent itself does not.
///
/// ```
/// use diff_runtime::descent::{Descent, History};
///
/// let bowl = |x: &[f64; 1]| (x[0] * x[0], [2.0 * x[0]]);
/// let mut history = History::with_points();
/// let descent = Descent::new().fixed_step(0.25).max_iterations(2);
/// descent.minimize_observed(bowl, [4.0], |state| history.record(state)).unwrap();
/// assert_eq!(history.values, [16.0, 4.0, 1.0]);
/// assert_eq!(history.points, [[4.0], [2.0], [1.0]]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct History<P: Differentiable> {
    /// The values.
    pub values: Vec<P::Scalar>,
    /// The norms of the gradients.
    pub gradient_norms: Vec<P::Scalar>,
    /// The points; empty unless made by [`with_points`](Self::with_points).
    pub points: Vec<P>,
    keeps_points: bool,
}

impl<P: Differentiable> History<P> {
    /// A history of values and gradient norms.
    pub fn new() -> Self {
        Self { values: Vec::new(), gradient_norms: Vec::new(), points: Vec::new(), keeps_points: false }
    }

    /// A history that keeps the points as well: the path of the descent.
    pub fn with_points() -> Self {
        Self { keeps_points: true, ..Self::new() }
    }

    /// Appends the current iterate, and lets the descent continue.
    pub fn record<C: Constraint<P>>(&mut self, state: &State<P, C>) -> ControlFlow<StopReason> {
        self.values.push(state.value());
        self.gradient_norms.push(state.gradient_norm());
        if self.keeps_points {
            let mut point = state.point().zero_like();
            point.copy_components(state.point());
            self.points.push(point);
        }
        ControlFlow::Continue(())
    }
}

impl<P: Differentiable> Default for History<P> {
    fn default() -> Self {
        Self::new()
    }
}
