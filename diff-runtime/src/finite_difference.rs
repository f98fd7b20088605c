//! A function and a point enter, approximate derivatives leave: forward, central and Richardson-extrapolated
//! differences, for checks and for functions that nothing else can differentiate.
//!
//! | scheme | formula | truncation | step | error of a smooth `f64` function | values per component |
//! | --- | --- | --- | --- | --- | --- |
//! | [`Scheme::Forward`] | `(f(x + h) - f(x)) / h` | `h f''/2` | `eps^(1/2) s` | 1e-8 | 1, and one at `x` |
//! | [`Scheme::Central`] | `(f(x + h) - f(x - h)) / 2h` | `h^2 f'''/6` | `eps^(1/3) s` | 1e-10 | 2 |
//! | [`Scheme::Richardson`] | `(4 C(h/2) - C(h)) / 3`, with `C` central | `h^4 f'''''/480` | `eps^(1/5) s` | 1e-12 | 4 |
//!
//! The step balances truncation against rounding, `eps |f| / h`, for a function that varies on the scale
//! `s = max(|x|, 1)`, and is rounded so that `x + h` is exact (Dennis & Schnabel 1996, "Numerical Methods for
//! Unconstrained Optimization", section 5.6; Press et al. 2007, "Numerical Recipes", section 5.7). Where the function
//! varies on another scale, say so with [`derivative_with_step`].
//!
//! These are approximations: a companion of `#[derivative]` is exact to rounding, and a gradient of `n` components costs
//! it about as much as a few values, not `n` to `4 n`. Nothing here allocates beyond the values that the function returns
//! and the result.

use crate::function::Function;
use crate::real::Real;
use crate::tangent::Differentiable;

/// Which finite difference: see the [table](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `(f(x + h) - f(x)) / h`. First order; the cheapest, and the only one that stays on one side of `x`.
    Forward,
    /// `(f(x + h) - f(x - h)) / 2h`. Second order; a good default.
    #[default]
    Central,
    /// `(4 C(h/2) - C(h)) / 3` from central differences `C` (Richardson 1911). Fourth order; the most accurate.
    Richardson,
}

impl Scheme {
    /// The relative step `h / s`: the root of the machine epsilon that balances truncation and rounding.
    ///
    /// ```
    /// use diff_runtime::finite_difference::Scheme;
    /// assert_eq!(Scheme::Forward.relative_step::<f64>(), f64::EPSILON.sqrt());
    /// ```
    pub fn relative_step<F: Real>(self) -> F {
        match self {
            Self::Forward => F::EPSILON_SQRT,
            Self::Central => F::EPSILON_CBRT,
            Self::Richardson => F::EPSILON_FIFTH_ROOT,
        }
    }

    /// The step that [`derivative`] takes at `x`: the relative step times `max(|x|, 1)`, rounded so that `x + h` is
    /// exact.
    ///
    /// ```
    /// use diff_runtime::finite_difference::Scheme;
    ///
    /// let h = Scheme::Central.step(1000.0_f64);
    /// assert!((h / 6.06e-3 - 1.0).abs() < 1e-3);
    /// assert_eq!((1000.0 + h) - 1000.0, h);
    /// ```
    pub fn step<F: Real>(self, x: F) -> F {
        let step = self.relative_step::<F>() * x.abs().max(F::ONE);
        (x + step) - x
    }

    /// The difference quotient of `at(t)` at `t = 0` with step `h`.
    fn quotient<Y: Differentiable>(self, h: Y::Scalar, mut at: impl FnMut(Y::Scalar) -> Y) -> Y {
        let two = Y::Scalar::from_f64(2.0);
        match self {
            Self::Forward => difference_quotient(at(h), &at(Y::Scalar::ZERO), h),
            Self::Central => difference_quotient(at(h), &at(-h), two * h),
            Self::Richardson => {
                let half = h / two;
                let coarse = difference_quotient(at(h), &at(-h), two * h);
                let mut fine = difference_quotient(at(half), &at(-half), h);
                let (three, four) = (Y::Scalar::from_f64(3.0), Y::Scalar::from_f64(4.0));
                Y::zip_components([&mut fine], [&coarse], &mut |[fine], [coarse]| {
                    *fine = (four * *fine - coarse) / three;
                });
                fine
            }
        }
    }
}

/// `(upper - lower) / width`, component by component.
fn difference_quotient<Y: Differentiable>(mut upper: Y, lower: &Y, width: Y::Scalar) -> Y {
    Y::zip_components([&mut upper], [lower], &mut |[upper], [lower]| *upper = (*upper - lower) / width);
    upper
}

/// The slope of the secant through `(a, f(a))` and `(b, f(b))`: `(f(b) - f(a)) / (b - a)`.
///
/// The average rate of change, which tends to the derivative at `a` as `b` tends to `a`. For `a == b` it is `0 / 0`, NaN.
///
/// ```
/// use diff_runtime::finite_difference::secant_slope;
///
/// let square = |x: f64| x * x;
/// assert_eq!(secant_slope(square, 1.0, 3.0), 4.0);
/// assert!(secant_slope(square, 1.0, 1.0).is_nan());
/// ```
pub fn secant_slope<F: Real>(mut function: impl FnMut(F) -> F, a: F, b: F) -> F {
    (function(b) - function(a)) / (b - a)
}

/// The derivative of a function of one variable at `x`, in the shape of its value (a scalar, an array, a tuple, ...).
///
/// The step is [`Scheme::step`].
///
/// # Panics
///
/// If the function returns values of different shapes.
///
/// ```
/// use diff_runtime::finite_difference::{Scheme, derivative};
///
/// let slope = derivative(Scheme::Richardson, |x: f64| x.sin(), 1.0);
/// assert!((slope - 1.0_f64.cos()).abs() < 1e-11);
///
/// let velocity = derivative(Scheme::Central, |t: f64| [t.cos(), t.sin()], 0.0);
/// assert!((velocity[1] - 1.0).abs() < 1e-9);
/// ```
pub fn derivative<F, Y>(scheme: Scheme, function: impl FnMut(F) -> Y, x: F) -> Y
where
    F: Real,
    Y: Differentiable<Scalar = F>,
{
    derivative_with_step(scheme, function, x, scheme.step(x))
}

/// [`derivative`] with a step of your choice, for a function that varies on another scale than `max(|x|, 1)`.
///
/// A negative step makes [`Scheme::Forward`] a backward difference.
///
/// # Panics
///
/// If the function returns values of different shapes.
///
/// ```
/// use diff_runtime::finite_difference::{Scheme, derivative_with_step};
///
/// let backward = derivative_with_step(Scheme::Forward, |x: f64| x.abs(), 0.0, -1e-8);
/// assert_eq!(backward, -1.0);
/// ```
pub fn derivative_with_step<F, Y>(scheme: Scheme, mut function: impl FnMut(F) -> Y, x: F, step: F) -> Y
where
    F: Real,
    Y: Differentiable<Scalar = F>,
{
    scheme.quotient(step, |t| function(x + t))
}

/// The directional derivative `d/dt f(x + t v)` at `t = 0`, in the shape of the value of `f`; `v` as given.
///
/// The step in `t` is the relative step of the scheme times `max(||x||, 1) / ||v||`. The zero direction gives zero, and a
/// direction with an infinite or NaN component gives NaN.
///
/// # Panics
///
/// If the shapes of `x` and `v` differ, or if the function returns values of different shapes.
///
/// ```
/// use diff_runtime::finite_difference::{Scheme, directional};
///
/// let rate = directional(Scheme::Central, |x: &[f64; 2]| x[0] * x[0] * x[1], &[3.0, 2.0], &[1.0, -1.0]);
/// assert!((rate - 3.0).abs() < 1e-9);               // <(12, 9), (1, -1)>
/// ```
pub fn directional<P, Y, Shape>(scheme: Scheme, mut function: impl Function<P, Y, Shape>, point: &P, direction: &P) -> Y
where
    P: Differentiable,
    Y: Differentiable<Scalar = P::Scalar>,
{
    let mut moved = point.zero_like();
    let mut at = |t| {
        P::zip_components([&mut moved], [point, direction], &mut |[m], [x, v]| *m = x + t * v);
        function.at(&moved)
    };
    let length = direction.norm();
    if length == P::Scalar::ZERO {
        return at(P::Scalar::ZERO).zero_like();
    }
    let step = scheme.relative_step::<P::Scalar>() * point.norm().max(P::Scalar::ONE) / length;
    scheme.quotient(step, at)
}

/// The gradient of a scalar function: component `i` is the partial derivative `df/dx_i`, in the shape of the point.
///
/// The step of each component is [`Scheme::step`] of that component.
///
/// ```
/// use diff_runtime::finite_difference::{Scheme, gradient};
///
/// fn f(x: f64, y: f64) -> f64 {
///     x * x * y
/// }
/// let [fx, fy] = gradient(Scheme::Central, f, &[3.0, 2.0]);
/// assert!((fx - 12.0).abs() < 1e-8 && (fy - 9.0).abs() < 1e-8);
/// ```
pub fn gradient<P, Shape>(scheme: Scheme, mut function: impl Function<P, P::Scalar, Shape>, point: &P) -> P
where
    P: Differentiable,
{
    let mut result = point.zero_like();
    for_each_column(scheme, &mut function, point, |index, partial| result.set_component(index, partial));
    result
}

/// The Jacobian of a function from `[F; N]` to `[F; M]`: row `i` is the gradient of output `i`.
///
/// The step of each component is [`Scheme::step`] of that component.
///
/// ```
/// use diff_runtime::finite_difference::{Scheme, jacobian};
///
/// let polar = |r: f64, phi: f64| [r * phi.cos(), r * phi.sin()];
/// let j = jacobian(Scheme::Central, polar, &[2.0, 0.0]);
/// let exact = [[1.0, 0.0], [0.0, 2.0]];
/// for (row, exact_row) in j.iter().zip(exact) {
///     for (a, b) in row.iter().zip(exact_row) {
///         assert!((a - b).abs() < 1e-9);
///     }
/// }
/// ```
pub fn jacobian<F, const M: usize, const N: usize, Shape>(
    scheme: Scheme,
    mut function: impl Function<[F; N], [F; M], Shape>,
    point: &[F; N],
) -> [[F; N]; M]
where
    F: Real,
{
    let mut result = [[F::ZERO; N]; M];
    for_each_column(scheme, &mut function, point, |column, partials: [F; M]| {
        result.iter_mut().zip(partials).for_each(|(row, partial)| row[column] = partial);
    });
    result
}

/// The Jacobian of any function, row-major into a buffer: entry `i * inputs + j` is the derivative of output `i` with
/// respect to input `j`.
///
/// The step of each component is [`Scheme::step`] of that component.
///
/// # Panics
///
/// If the buffer has not `outputs * inputs` entries, or if the function returns values of different shapes.
///
/// ```
/// use diff_runtime::finite_difference::{Scheme, jacobian_into};
///
/// let residuals = |p: &[f64]| [p[0] * p[1], p[0] - p[1], p[1]];
/// let mut j = [0.0; 6];
/// jacobian_into(Scheme::Central, residuals, &[2.0, 3.0], &mut j);
/// for (a, b) in j.iter().zip([3.0, 2.0, 1.0, -1.0, 0.0, 1.0]) {
///     assert!((a - b).abs() < 1e-9);
/// }
/// ```
pub fn jacobian_into<P, Y, Shape>(
    scheme: Scheme,
    mut function: impl Function<P, Y, Shape>,
    point: &P,
    jacobian: &mut [P::Scalar],
) where
    P: Differentiable,
    Y: Differentiable<Scalar = P::Scalar>,
{
    let inputs = point.dimension();
    let found = jacobian.len();
    for_each_column(scheme, &mut function, point, |column, partials: Y| {
        let outputs = partials.dimension();
        assert!(found == outputs * inputs, "a Jacobian buffer of {found} entries for {outputs} x {inputs}");
        let mut entry = column;
        partials.for_each_component(|partial| {
            jacobian[entry] = partial;
            entry += inputs;
        });
    });
}

/// Calls `visit(i, df/dx_i)` for each component `i` of the point.
fn for_each_column<P, Y, Shape>(
    scheme: Scheme,
    function: &mut impl Function<P, Y, Shape>,
    point: &P,
    mut visit: impl FnMut(usize, Y),
) where
    P: Differentiable,
    Y: Differentiable<Scalar = P::Scalar>,
{
    let mut moved = point.zero_like();
    moved.copy_components(point);
    let mut index = 0;
    point.for_each_component(|x| {
        let partial = scheme.quotient(scheme.step(x), |t| {
            moved.set_component(index, x + t);
            function.at(&moved)
        });
        moved.set_component(index, x);
        visit(index, partial);
        index += 1;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cubic(x: f64) -> f64 {
        x * x * x
    }

    fn cubic_error(scheme: Scheme) -> f64 {
        (derivative(scheme, cubic, 2.0) / 12.0 - 1.0).abs()
    }

    #[test]
    fn schemes_reach_the_accuracy_that_they_promise() {
        // The bounds are the table's, with a factor 10 for the constants.
        assert!(cubic_error(Scheme::Forward) < 1e-7);
        assert!(cubic_error(Scheme::Central) < 1e-9);
        assert!(cubic_error(Scheme::Richardson) < 1e-11);
    }

    #[test]
    fn orders_of_convergence_are_one_two_and_four() {
        let quintic = |x: f64| x * x * x * x * x;
        for (scheme, factor) in [(Scheme::Forward, 2.0), (Scheme::Central, 4.0), (Scheme::Richardson, 16.0)] {
            let error = |h| (derivative_with_step(scheme, quintic, 1.0, h) - 5.0).abs();
            let ratio = error(1.0 / 32.0) / error(1.0 / 64.0);
            // 10 %: the next term of the expansion.
            assert!((ratio / factor - 1.0).abs() < 0.1, "{scheme:?}: {ratio}");
        }
    }

    #[test]
    fn central_differences_are_exact_for_quadratics_with_a_power_of_two_step() {
        assert_eq!(derivative_with_step(Scheme::Central, |x: f64| x * x, 3.0, 0.25), 6.0);
    }

    #[test]
    fn large_arguments_get_large_steps() {
        // Truncation and rounding are relative to the scale of x.
        let error = derivative(Scheme::Central, cubic, 2e6) / 12e12 - 1.0;
        assert!(error.abs() < 1e-9, "{error:e}");
    }

    #[test]
    fn single_precision_works_at_its_own_scale() {
        let slope = derivative(Scheme::Central, |x: f32| x * x * x, 2.0);
        // eps^(2/3) is 2.4e-5, times a factor 10 for the constants.
        assert!((slope / 12.0 - 1.0).abs() < 3e-4, "{slope}");
    }

    #[test]
    fn step_is_exact_and_scaled() {
        for x in [0.0, 1e-9, 1.0, -7.3, 1e8] {
            let h = Scheme::Central.step(x);
            assert_eq!((x + h) - x, h);
            // 1 part in 1000: the rounding of x + h.
            assert!((h / (f64::EPSILON_CBRT * x.abs().max(1.0)) - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn secant_slope_is_the_slope_of_the_chord() {
        assert_eq!(secant_slope(cubic, 1.0, 2.0), 7.0);
        assert_eq!(secant_slope(cubic, 2.0, 1.0), 7.0);
    }

    #[test]
    fn directional_scales_with_the_direction() {
        let product = |x: f64, y: f64| x * y;
        for factor in [1.0, 1e-6, 1e6] {
            let rate = directional(Scheme::Central, product, &[2.0, 3.0], &[factor, factor]);
            // A bilinear function has no truncation error: rounding eps |f| / h.
            assert!((rate / (5.0 * factor) - 1.0).abs() < 1e-9, "{factor}: {rate}");
        }
    }

    #[test]
    fn directional_along_zero_is_zero() {
        let f = |x: &[f64; 2]| [x[0], 1.0 / x[1]];
        assert_eq!(directional(Scheme::Forward, f, &[2.0, 3.0], &[0.0, 0.0]), [0.0, 0.0]);
    }

    #[test]
    fn directional_along_nan_is_nan() {
        let f = |x: &[f64; 2]| x[0] + x[1];
        assert!(directional(Scheme::Central, f, &[2.0, 3.0], &[f64::NAN, 0.0]).is_nan());
    }

    #[test]
    fn gradient_has_the_shape_of_the_point() {
        let f = |(w, b): &([f64; 2], f64)| w[0] * w[1] + 3.0 * b;
        let (w, b) = gradient(Scheme::Richardson, f, &([2.0, 5.0], 1.0));
        // A polynomial of degree two: rounding eps |f| / h.
        assert!((w[0] - 5.0).abs() < 1e-11 && (w[1] - 2.0).abs() < 1e-11 && (b - 3.0).abs() < 1e-11);
    }

    #[test]
    fn gradient_is_nan_where_the_function_is() {
        let root = |x: &[f64; 2]| if x[0] < 0.0 { f64::NAN } else { x[1] };
        let g = gradient(Scheme::Central, root, &[0.0, 1.0]);
        assert!(g[0].is_nan());
        assert!((g[1] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn forward_differences_stay_on_one_side() {
        let root = |x: &[f64; 1]| if x[0] < 0.0 { f64::NAN } else { x[0] };
        assert_eq!(gradient(Scheme::Forward, root, &[0.0]), [1.0]);
    }

    #[test]
    fn jacobian_rows_are_gradients_of_outputs() {
        let f = |x: &[f64; 2]| [x[0] * x[1], x[0] - x[1], 7.0];
        let j = jacobian(Scheme::Central, f, &[2.0, 3.0]);
        let mut flat = [0.0; 6];
        jacobian_into(Scheme::Central, f, &[2.0, 3.0], &mut flat);
        assert_eq!(j.as_flattened(), flat);
        for (found, exact) in flat.iter().zip([3.0, 2.0, 1.0, -1.0, 0.0, 0.0]) {
            // No truncation error: rounding eps |f| / h.
            assert!((found - exact).abs() < 1e-9);
        }
    }

    #[test]
    #[should_panic(expected = "a Jacobian buffer of 3 entries for 2 x 2")]
    fn jacobian_buffer_of_the_wrong_length_panics() {
        jacobian_into(Scheme::Central, |x: &[f64; 2]| [x[0], x[1]], &[1.0, 2.0], &mut [0.0; 3]);
    }

    #[test]
    fn the_point_is_restored_between_components() {
        let mut arguments = [[0.0; 2]; 4];
        let mut calls = 0;
        gradient(
            Scheme::Central,
            |x: &[f64; 2]| {
                arguments[calls] = *x;
                calls += 1;
                0.0
            },
            &[1.0, 2.0],
        );
        assert_eq!((arguments[0][1], arguments[1][1]), (2.0, 2.0));
        assert_eq!((arguments[2][0], arguments[3][0]), (1.0, 1.0));
    }
}
