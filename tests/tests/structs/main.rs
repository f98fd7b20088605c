//! The derivatives of functions of structs, tuples and methods, written as users write them.
//!
//! Each function is compared at its point along several directions:
//! - the value of every companion with that of the function, bit by bit;
//! - forward mode with extrapolated central differences;
//! - reverse with forward mode, by the identity `<J v, w> = <v, J^T w>`, in every component.

#![allow(
    clippy::assign_op_pattern,
    clippy::clone_on_copy,
    clippy::needless_late_init,
    clippy::needless_borrow,
    clippy::needless_lifetimes,
    clippy::needless_range_loop,
    clippy::never_loop,
    clippy::ptr_arg,
    reason = "written in the ways that users write, and not in clippy's alone"
)]

use diff_runtime::Differentiable;

mod calls;
mod descent;
mod hygiene;
mod literals;
mod methods;
mod odd;
mod parameters;
mod places;
mod results;
mod runs;

/// Two exact methods differ by the roundings of a few dozen operations.
const EXACT: f64 = 1e-12;

/// Extrapolated central differences with a step of 1e-3: truncation of order 1e-12 and rounding of 2e-13, times the
/// higher derivatives and the values of the functions, which stay below 1e4.
const DIFFERENCE: f64 = 1e-7;

/// Numbers without pattern in [-1, 1], from a linear congruential generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn fill<T: Differentiable<Scalar = f64>>(&mut self, mut value: T) -> T {
        value.for_each_component_mut(|x| *x = self.next());
        value
    }
}

fn components<T: Differentiable<Scalar = f64>>(value: &T) -> Vec<f64> {
    let mut components = Vec::new();
    value.for_each_component(|x| components.push(x));
    components
}

fn bits<T: Differentiable<Scalar = f64>>(value: &T) -> Vec<u64> {
    components(value).into_iter().map(f64::to_bits).collect()
}

fn assert_close(name: &str, what: &str, found: f64, expected: f64, tolerance: f64) {
    let scale = 1.0 + found.abs().max(expected.abs());
    assert!((found - expected).abs() <= tolerance * scale, "{name}: {what}: {found} against {expected}");
}

/// Compares the companions of a function from `P` to `Q`.
fn check<P, Q>(name: &str, point: P, f: impl Fn(P) -> Q, jvp: impl Fn(P, P) -> (Q, Q), vjp: impl Fn(P, Q) -> (Q, P))
where
    P: Differentiable<Scalar = f64> + Clone,
    Q: Differentiable<Scalar = f64> + Clone,
{
    let mut random = Random(7);
    let value = f(point.clone());
    assert!(value.all_finite() && value.dimension() > 0, "{name}: a value that can be compared");
    for _ in 0..4 {
        let direction = random.fill(point.clone());
        let seed = random.fill(value.clone());
        let (forward, tangent) = jvp(point.clone(), direction.clone());
        let (reverse, adjoint) = vjp(point.clone(), seed.clone());
        assert_eq!(bits(&forward), bits(&value), "{name}: the value of jvp");
        assert_eq!(bits(&reverse), bits(&value), "{name}: the value of vjp");
        assert_close(name, "the two modes", seed.inner_product(&tangent), adjoint.inner_product(&direction), EXACT);
        let at = |step: f64| {
            let mut moved = point.clone();
            moved.add_scaled(step, &direction);
            components(&f(moved))
        };
        let h = 1e-3;
        let (wide, narrow) = ((at(h), at(-h)), (at(h / 2.0), at(-h / 2.0)));
        for (k, tangent) in components(&tangent).into_iter().enumerate() {
            let [coarse, fine] = [(&wide, h), (&narrow, h / 2.0)].map(|(at, h)| (at.0[k] - at.1[k]) / (2.0 * h));
            assert_close(name, "differences", tangent, (4.0 * fine - coarse) / 3.0, DIFFERENCE);
        }
    }
}

/// Compares a gradient with the adjoints for the seed one.
fn check_gradient<P: Differentiable<Scalar = f64>>(
    name: &str,
    gradient: P,
    value_and_gradient: (f64, P),
    vjp: (f64, P),
) {
    for (gradient, adjoint) in components(&gradient).into_iter().zip(components(&vjp.1)) {
        assert_close(name, "the gradient", gradient, adjoint, EXACT);
    }
    assert_eq!(bits(&value_and_gradient.1), bits(&gradient), "{name}: value_and_gradient");
    assert_eq!(value_and_gradient.0.to_bits(), vjp.0.to_bits(), "{name}: the value");
}

/// Compares what is left in a buffer with a gradient, which may come from the other mode.
fn check_buffer<P: Differentiable<Scalar = f64>>(name: &str, buffer: &P, gradient: &P) {
    for (written, gradient) in components(buffer).into_iter().zip(components(gradient)) {
        assert_close(name, "the buffer", written, gradient, EXACT);
    }
}

/// A test of one function: the point, then the function and its companions at a point.
macro_rules! case {
    ($name:ident, $point:expr, $f:expr, $jvp:expr, $vjp:expr) => {
        #[test]
        fn $name() {
            $crate::check(stringify!($name), $point, $f, $jvp, $vjp);
        }
    };
    // A function of one parameter that is passed by reference and gives a number.
    ($name:ident, $function:ident, &$point:expr) => {
        #[test]
        fn $name() {
            let name = stringify!($name);
            $crate::check(name, $point, |p| $function(&p), |p, d| $function::jvp(&p, &d), |p, s| $function::vjp(&p, s));
            let p = $point;
            $crate::check_gradient(
                name,
                $function::gradient(&p),
                $function::value_and_gradient(&p),
                $function::vjp(&p, 1.0),
            );
            let mut buffer = $crate::Random(3).fill($point);
            let value = $function::value_and_gradient_into(&p, &mut buffer);
            assert_eq!(value.to_bits(), $function(&p).to_bits(), "{name}: the value with a buffer");
            $crate::check_buffer(name, &buffer, &$function::gradient(&p));
        }
    };
    // A function of one parameter that is passed by value.
    ($name:ident, $function:ident, $point:expr) => {
        #[test]
        fn $name() {
            $crate::check(
                stringify!($name),
                $point,
                |p| $function(p),
                |p, d| $function::jvp(p, d),
                |p, s| $function::vjp(p, s),
            );
        }
    };
}
use case;
