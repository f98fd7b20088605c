//! A point enters, the nearest point that is allowed leaves: bounds and other projections.

use crate::descent::error::DescentError;
use crate::tangent::Differentiable;

/// A set of allowed points, given by its projection.
pub trait Constraint<P: Differentiable> {
    /// Whether there is anything to project.
    const ACTIVE: bool = true;

    /// Replaces the point by the nearest allowed one.
    fn project(&self, point: &mut P);

    /// Whether the constraint fits the shape of the point.
    ///
    /// # Errors
    ///
    /// If it does not.
    fn check(&self, point: &P) -> Result<(), DescentError> {
        let _ = point;
        Ok(())
    }
}

/// Every point is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unconstrained;

impl<P: Differentiable> Constraint<P> for Unconstrained {
    const ACTIVE: bool = false;

    #[inline]
    fn project(&self, _: &mut P) {}
}

/// `lower_i <= x_i <= upper_i` for every component; infinite bounds are no bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds<P> {
    /// The smallest allowed components.
    pub lower: P,
    /// The largest allowed components.
    pub upper: P,
}

impl<P: Differentiable> Constraint<P> for Bounds<P> {
    fn project(&self, point: &mut P) {
        P::zip_components([point], [&self.lower, &self.upper], &mut |[x], [lower, upper]| {
            // Comparisons instead of min and max, so that NaN stays NaN and is reported.
            if *x < lower {
                *x = lower;
            } else if *x > upper {
                *x = upper;
            }
        });
    }

    fn check(&self, point: &P) -> Result<(), DescentError> {
        for (what, bound) in [("lower bound", &self.lower), ("upper bound", &self.upper)] {
            if !bound.same_shape(point) {
                let (expected, found) = (point.dimension(), bound.dimension());
                return Err(DescentError::DimensionMismatch { what, expected, found });
            }
        }
        let mut ordered = true;
        P::zip_components([], [&self.lower, &self.upper], &mut |[], [lower, upper]| ordered &= lower <= upper);
        if ordered {
            Ok(())
        } else {
            Err(DescentError::InvalidSetting { setting: "lower bound", requirement: "at most the upper bound" })
        }
    }
}

/// Any closed convex set, given by a function that projects onto it.
#[derive(Clone, Copy, Debug)]
pub struct Projection<C>(pub C);

impl<P: Differentiable, C: Fn(&mut P)> Constraint<P> for Projection<C> {
    fn project(&self, point: &mut P) {
        (self.0)(point);
    }
}
