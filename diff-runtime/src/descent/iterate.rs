//! A point enters, the point with its value and gradient leaves, if they are finite.

use crate::descent::error::DescentError;
use crate::descent::objective::Objective;
use crate::real::Real;
use crate::tangent::Differentiable;

/// A point with what is known of the function there.
#[derive(Clone, Debug)]
pub(crate) struct Iterate<P: Differentiable> {
    pub(crate) point: P,
    pub(crate) gradient: P,
    pub(crate) value: P::Scalar,
    /// The Euclidean norm of the gradient.
    pub(crate) gradient_norm: P::Scalar,
}

impl<P: Differentiable> Iterate<P> {
    pub(crate) fn new(point: P) -> Self {
        let nan = P::Scalar::from_f64(f64::NAN);
        Self { gradient: point.zero_like(), point, value: nan, gradient_norm: nan }
    }

    /// Evaluates the objective at the point.
    pub(crate) fn evaluate<Shape>(&mut self, objective: &mut impl Objective<P, Shape>) -> Result<(), DescentError> {
        self.value = objective.value_and_gradient(&self.point, &mut self.gradient);
        if !self.value.is_finite() {
            return Err(DescentError::NonFiniteValue { value: self.value.to_f64() });
        }
        if !self.gradient.same_shape(&self.point) {
            return Err(DescentError::DimensionMismatch {
                what: "gradient",
                expected: self.point.dimension(),
                found: self.gradient.dimension(),
            });
        }
        self.gradient_norm = self.gradient.norm();
        // A finite norm has finite components only; an infinite one may be an overflow of finite components.
        if self.gradient_norm.is_finite() { Ok(()) } else { self.require_finite_gradient() }
    }

    #[cold]
    fn require_finite_gradient(&self) -> Result<(), DescentError> {
        let (mut culprit, mut position) = (None, 0);
        self.gradient.for_each_component(|g| {
            if culprit.is_none() && !g.is_finite() {
                culprit = Some((position, g.to_f64()));
            }
            position += 1;
        });
        match culprit {
            Some((component, value)) => Err(DescentError::NonFiniteGradient { component, value }),
            None => Ok(()),
        }
    }
}
