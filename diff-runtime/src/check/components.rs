//! Gradients enter the macros of the approx crate, component by component.

use approx::{AbsDiffEq, RelativeEq, UlpsEq};

use crate::real::Real;
use crate::tangent::Differentiable;

/// A [`Differentiable`](trait@crate::Differentiable) value for the macros of the approx crate, compared component by component. Values of different
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
#[derive(Debug)]
pub struct Components<'a, P: ?Sized>(pub &'a P);

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
