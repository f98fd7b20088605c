//! A gradient and a direction enter, rates of change and unit directions leave.
//!
//! # The identity with the JVP
//!
//! For a function `f` of `n` variables and a direction `v`, these are one number:
//!
//! ```text
//! D_v f(x) = lim (f(x + t v) - f(x)) / t  =  <grad f(x), v>  =  the tangent of f::jvp(x, v)
//!            t->0
//! ```
//!
//! `f::jvp` computes it in one forward pass without the gradient: use it for one direction of many variables. Use
//! [`directional_derivative`] when the gradient is there already, or for several directions at one point.
//!
//! ```
//! use diff_runtime::{derivative, directional_derivative};
//!
//! #[derivative]
//! fn f(x: f64, y: f64) -> f64 {
//!     x * x * y
//! }
//!
//! let (value, tangent) = f::jvp(3.0, 2.0, 1.0, -1.0); // at (3, 2), along (1, -1)
//! assert_eq!((value, tangent), (18.0, 3.0));
//! assert_eq!(tangent, directional_derivative(&f::gradient(3.0, 2.0), &[1.0, -1.0]));
//! ```

use crate::real::Real;
use crate::tangent::Differentiable;

/// The directional derivative along `direction` as given: `<gradient, direction> = sum_i gradient_i direction_i`.
///
/// The result is per unit of the parameter `t` in `x + t v`: it scales with the length of `v`, and is zero for the zero
/// vector. For the rate of change per unit of distance, see [`directional_derivative_along_unit`].
///
/// # Panics
///
/// If the shapes differ.
///
/// ```
/// use diff_runtime::directional_derivative;
///
/// // f(x, y) = x^2 + y^2 at (1, 2) has the gradient (2, 4).
/// assert_eq!(directional_derivative(&[2.0, 4.0], &[3.0, 4.0]), 22.0);
/// // Slices of any length:
/// assert_eq!(directional_derivative(&[2.0, 4.0][..], &[3.0, 4.0][..]), 22.0);
/// ```
pub fn directional_derivative<P>(gradient: &P, direction: &P) -> P::Scalar
where
    P: Differentiable + ?Sized,
{
    gradient.inner_product(direction)
}

/// The rate of change per unit of distance along `direction`: `<gradient, direction> / ||direction||`.
///
/// `None` if the direction has no length to divide by: if it is the zero vector, or has an infinite or NaN component.
///
/// # Panics
///
/// If the shapes differ.
///
/// ```
/// use diff_runtime::directional_derivative_along_unit;
///
/// assert_eq!(directional_derivative_along_unit(&[2.0, 4.0], &[3.0, 4.0]), Some(4.4));
/// assert_eq!(directional_derivative_along_unit(&[2.0, 4.0], &[0.0, 0.0]), None);
/// ```
pub fn directional_derivative_along_unit<P>(gradient: &P, direction: &P) -> Option<P::Scalar>
where
    P: Differentiable + ?Sized,
{
    let norm = direction.norm();
    has_direction(norm).then(|| {
        let product = gradient.inner_product(direction);
        if product.is_finite() && norm * norm >= P::Scalar::MIN_POSITIVE {
            return product / norm;
        }
        // The product may have overflowed or underflowed where the quotient does not: divide first.
        let mut sum = P::Scalar::ZERO;
        P::zip_components([], [gradient, direction], &mut |[], [g, v]| sum += g * (v / norm));
        sum
    })
}

/// The vector of length 1 in the direction of `vector`: `vector / ||vector||`.
///
/// `None` for the zero vector and for one with an infinite or NaN component. For a slice, see [`normalize`].
///
/// ```
/// use diff_runtime::unit;
///
/// assert_eq!(unit(&[3.0, 4.0]), Some([0.6, 0.8]));
/// assert_eq!(unit(&[0.0, 0.0]), None);
/// ```
pub fn unit<P: Differentiable>(vector: &P) -> Option<P> {
    let mut result = vector.zero_like();
    result.copy_components(vector);
    normalize(&mut result).map(|_| result)
}

/// Divides `vector` by its length in place, and returns that length.
///
/// `None`, with the vector unchanged, for the zero vector and for one with an infinite or NaN component.
///
/// ```
/// use diff_runtime::normalize;
///
/// let mut v = [3.0, 4.0];
/// assert_eq!(normalize(&mut v[..]), Some(5.0));
/// assert_eq!(v, [0.6, 0.8]);
/// ```
pub fn normalize<P: Differentiable + ?Sized>(vector: &mut P) -> Option<P::Scalar> {
    let norm = vector.norm();
    has_direction(norm).then(|| {
        vector.for_each_component_mut(|x| *x /= norm);
        norm
    })
}

/// The direction in which the function grows fastest, and how fast: `(gradient / ||gradient||, ||gradient||)`.
///
/// By the Cauchy-Schwarz inequality no other unit vector has a larger directional derivative. Steepest descent is the
/// opposite direction, with the rate negated. `None` at a stationary point (zero gradient), where no direction is
/// steepest, and for a gradient with an infinite or NaN component.
///
/// ```
/// use diff_runtime::{directional_derivative, steepest_ascent};
///
/// let gradient = [6.0, 8.0];
/// let (direction, rate) = steepest_ascent(&gradient).unwrap();
/// assert_eq!((direction, rate), ([0.6, 0.8], 10.0));
/// assert_eq!(directional_derivative(&gradient, &direction), rate);
/// ```
pub fn steepest_ascent<P: Differentiable>(gradient: &P) -> Option<(P, P::Scalar)> {
    let mut direction = gradient.zero_like();
    direction.copy_components(gradient);
    normalize(&mut direction).map(|rate| (direction, rate))
}

fn has_direction<F: Real>(norm: F) -> bool {
    norm.is_finite() && norm > F::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f(x, y) = x^2 y + sin-free polynomial terms, with its derivatives by hand.
    fn gradient([x, y]: [f64; 2]) -> [f64; 2] {
        [2.0 * x * y + 3.0, x * x - 2.0 * y]
    }

    fn jvp([x, y]: [f64; 2], [x_dot, y_dot]: [f64; 2]) -> f64 {
        2.0 * x * y * x_dot + x * x * y_dot + 3.0 * x_dot - 2.0 * y * y_dot
    }

    #[test]
    fn equals_the_jvp() {
        let (x, v) = ([1.7, -0.4], [0.3, 2.1]);
        let difference = directional_derivative(&gradient(x), &v) - jvp(x, v);
        // A few roundings of terms of size 10.
        assert!(difference.abs() < 1e-14, "{difference:e}");
    }

    #[test]
    fn scales_with_the_direction_as_given() {
        let g = gradient([1.0, 2.0]);
        assert_eq!(directional_derivative(&g, &[2.0, 4.0]), 2.0 * directional_derivative(&g, &[1.0, 2.0]));
    }

    #[test]
    fn along_the_unit_vector_does_not_depend_on_the_length() {
        let g = gradient([1.0, 2.0]);
        let short = directional_derivative_along_unit(&g, &[3e-200, 4e-200]).unwrap();
        let long = directional_derivative_along_unit(&g, &[3e200, 4e200]).unwrap();
        // 4 ulp: quotients of rounded components.
        assert!((short - long).abs() <= 4.0 * f64::EPSILON * long.abs(), "{short} {long}");
    }

    #[test]
    fn along_the_unit_vector_survives_products_that_overflow() {
        let rate: f64 = directional_derivative_along_unit(&[1e200, 1e200], &[3e200, 4e200]).unwrap();
        // 2 ulp: one rounding per quotient.
        assert!((rate / 1.4e200 - 1.0).abs() <= 2.0 * f64::EPSILON, "{rate:e}");
    }

    #[test]
    fn along_the_zero_vector_is_zero_as_given_and_none_normalised() {
        assert_eq!(directional_derivative(&[1.0, 2.0], &[0.0, 0.0]), 0.0);
        assert_eq!(directional_derivative_along_unit(&[1.0, 2.0], &[0.0, 0.0]), None);
    }

    #[test]
    fn along_a_direction_that_is_not_finite_is_none() {
        assert_eq!(directional_derivative_along_unit(&[1.0, 2.0], &[f64::INFINITY, 0.0]), None);
        assert_eq!(directional_derivative_along_unit(&[1.0, 2.0], &[f64::NAN, 0.0]), None);
    }

    #[test]
    fn steepest_ascent_beats_every_other_direction() {
        let g = [1.0, -2.0];
        let (_, rate) = steepest_ascent(&g).unwrap();
        for k in 0..64 {
            let v = [f64::from(k) - 31.5, 7.0];
            let other = directional_derivative_along_unit(&g, &v).unwrap();
            assert!(other <= rate, "{v:?}: {other} > {rate}");
        }
    }

    #[test]
    fn steepest_ascent_at_a_stationary_point_is_none() {
        assert_eq!(steepest_ascent(&[0.0, 0.0]), None);
    }

    #[test]
    fn normalize_leaves_the_zero_vector_alone() {
        let mut zero = [0.0, -0.0];
        assert_eq!(normalize(&mut zero), None);
        assert_eq!(zero, [0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "different shapes")]
    fn shapes_must_agree() {
        directional_derivative(&[1.0, 2.0][..], &[1.0][..]);
    }
}
