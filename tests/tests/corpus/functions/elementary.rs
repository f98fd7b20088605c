//! Every method of `f64` that has a derivative, in the surroundings in which it is met.

use diff_runtime::derivative;

/// A polynomial by Horner's rule.
#[derivative(hvp)]
pub fn horner(x: f64) -> f64 {
    ((2.0 * x - 3.0) * x + 0.5) * x - 7.0
}
sample!(horner, -2.0..2.0);

#[derivative(hvp)]
pub fn quotient(x: f64, y: f64) -> f64 {
    (x * x - y) / (1.0 + x * x + y * y) - x / y
}
sample!(quotient, -2.0..2.0, 0.5..3.0);

#[derivative(hvp)]
pub fn negations(x: f64, y: f64) -> f64 {
    -x * -(y - x) - -(-x)
}
sample!(negations, -2.0..2.0, -1.0..3.0);

#[derivative(partials, hvp)]
pub fn integer_powers(x: f64, z: f64) -> f64 {
    2.0 * z.powi(3) * x.powi(2) + x.powi(-2) - z.powi(1) + x.powi(0) * z.powi(7)
}
sample!(integer_powers, 0.4..2.0, -1.5..1.5);

#[derivative(hvp)]
pub fn power_of_integer_parameter(x: f64, n: i32) -> f64 {
    x.powi(n) + x.powi(n - 1) / 3.0
}
sample!(power_of_integer_parameter, 0.5..1.5, [0, 1, 2, 5, -3]);

#[derivative(hvp)]
pub fn constant_powers(x: f64) -> f64 {
    x.powf(1.5) + x.powf(-0.25) + x.powf(2.0) + x.powf(0.5) - x.powf(3.7)
}
sample!(constant_powers, 0.3..2.5);

#[derivative(partials, hvp)]
pub fn variable_power(x: f64, y: f64) -> f64 {
    x.powf(y) + x.powf(y - x) * 0.1
}
sample!(variable_power, 0.3..2.5, -2.0..2.0);

#[derivative(hvp)]
pub fn exponential_of_base(y: f64) -> f64 {
    2.0_f64.powf(y) + 0.5_f64.powf(y * y)
}
sample!(exponential_of_base, -2.0..2.0);

#[derivative(hvp)]
pub fn roots(x: f64, y: f64) -> f64 {
    (x * x + y.sqrt()).sqrt() - y.cbrt() * x.cbrt()
}
sample!(roots, 0.3..3.0, 0.2..4.0);

#[derivative(hvp)]
pub fn reciprocal(x: f64) -> f64 {
    x.recip() + (x * x + 1.0).recip()
}
sample!(reciprocal, 0.4..3.0);

#[derivative(hvp)]
pub fn exponentials(x: f64) -> f64 {
    x.exp() - (0.5 * x).exp2() + (x * 0.1).exp_m1() * (-x * x).exp()
}
sample!(exponentials, -2.0..2.0);

#[derivative(hvp)]
pub fn logarithms(x: f64) -> f64 {
    x.ln() + x.log2() * x.log10() - x.ln_1p() + x.log(3.0)
}
sample!(logarithms, 0.3..5.0);

#[derivative(hvp)]
pub fn logarithm_of_any_base(x: f64, base: f64) -> f64 {
    x.log(base) * base
}
sample!(logarithm_of_any_base, 0.3..5.0, 1.5..4.0);

#[derivative(hvp)]
pub fn trigonometric(x: f64, y: f64) -> f64 {
    x.sin() * y.cos() + (x * y).tan() * 0.1
}
sample!(trigonometric, -1.0..1.0, -1.2..1.2);

#[derivative(hvp)]
pub fn inverse_trigonometric(x: f64, y: f64) -> f64 {
    x.asin() - y.acos() * x.acos() + (x + y).atan()
}
sample!(inverse_trigonometric, -0.8..0.8, -0.7..0.9);

#[derivative(hvp)]
pub fn hyperbolic(x: f64) -> f64 {
    x.sinh() / x.cosh() - 2.0 * x.tanh() + x.cosh() * 0.25
}
sample!(hyperbolic, -2.0..2.0);

#[derivative(hvp)]
pub fn inverse_hyperbolic(x: f64, y: f64) -> f64 {
    x.asinh() + (1.5 + y * y).acosh() * x.atanh()
}
sample!(inverse_hyperbolic, -0.8..0.8, -1.0..2.0);

#[derivative(partials, hvp)]
pub fn angle_and_length(x: f64, y: f64) -> f64 {
    y.atan2(x) * x.hypot(y) + (x * y).hypot(3.0)
}
sample!(angle_and_length, 0.3..2.0, -2.0..2.0);

#[derivative(hvp)]
pub fn fused(x: f64, y: f64, z: f64) -> f64 {
    x.mul_add(y, z).mul_add(x, -1.0)
}
sample!(fused, -1.0..1.0, 0.5..2.0, -2.0..2.0);

#[derivative(hvp)]
pub fn magnitudes(x: f64, y: f64) -> f64 {
    (x - 1.0).abs() * y + (x * y).abs().sqrt() + x.signum() * y.powi(2)
}
sample!(magnitudes, 1.2..3.0, -3.0..-0.5);

#[derivative(hvp)]
pub fn extremes(x: f64, y: f64) -> f64 {
    x.max(y) * 2.0 - x.min(y * y) + x.max(0.25) * y.min(1.0) + 0.0_f64.max(x)
}
sample!(extremes, -1.0..2.0, -2.0..2.0);

#[derivative(hvp)]
pub fn clamped(x: f64, low: f64, width: f64) -> f64 {
    x.clamp(low, low + width) * x + x.clamp(-0.5, 0.5)
}
sample!(clamped, -2.0..2.0, -1.0..0.0, 0.5..1.0);

#[derivative(hvp)]
pub fn sign_copied(x: f64, y: f64) -> f64 {
    x.copysign(y) * y + y.copysign(-x)
}
sample!(sign_copied, -3.0..-0.2, -2.0..2.0);

#[derivative(hvp)]
pub fn steps(x: f64) -> f64 {
    let level = x.floor() + 2.0 * x.ceil() - x.round() + 0.5 * x.trunc() + x.round_ties_even();
    level * x
}
sample!(steps, -3.3..3.4);

#[derivative(hvp)]
pub fn fractions(x: f64, y: f64) -> f64 {
    x.fract() * y + (x * y) % 1.75 + x % y
}
sample!(fractions, -3.0..3.0, 0.7..1.2);

#[derivative(hvp)]
pub fn euclidean(x: f64, y: f64) -> f64 {
    x.rem_euclid(y) * 3.0 + x.div_euclid(y) * y
}
sample!(euclidean, -3.0..3.0, 0.7..1.2);

#[derivative(hvp)]
pub fn angles_converted(degrees: f64, radians: f64) -> f64 {
    degrees.to_radians().sin() + radians.to_degrees() * 0.01
}
sample!(angles_converted, -180.0..180.0, -3.0..3.0);

#[derivative(hvp)]
pub fn sine_and_cosine(x: f64, y: f64) -> f64 {
    let (s, c) = x.sin_cos();
    let (_, along) = (y * s).sin_cos();
    s * y + c * c * along
}
sample!(sine_and_cosine, -3.0..3.0, 0.5..2.0);

#[derivative(hvp)]
pub fn one_of_sine_and_cosine(x: f64) -> f64 {
    x.sin_cos().0 * 2.0 - x * x.sin_cos().1
}
sample!(one_of_sine_and_cosine, -3.0..3.0);

/// Functions of the type, called with their receivers as arguments.
#[derivative(hvp)]
pub fn called_as_functions(x: f64, y: f64) -> f64 {
    f64::sin(x) + f64::powi(y, 3) * f64::max(x, 0.1) - f64::atan2(y, f64::exp(x)) + f64::mul_add(x, y, 1.0)
}
sample!(called_as_functions, -1.0..2.0, 0.3..1.5);

#[derivative(hvp)]
pub fn composed_deeply(x: f64) -> f64 {
    (((x.sin() + 2.0).ln() * 3.0).cos().exp() + x.tanh().cosh()).sqrt().atan()
}
sample!(composed_deeply, -2.0..2.0);

#[derivative(hvp)]
pub fn powers_of_powers(x: f64) -> f64 {
    x.powi(2).powi(3) + (4.0 * x).powi(2).sin()
}
sample!(powers_of_powers, -1.0..1.0);

/// No part of the result varies.
#[derivative(hvp)]
pub fn constant_value(x: f64) -> f64 {
    let _ = x;
    4.25
}
sample!(constant_value, -1.0..1.0);

#[derivative(hvp)]
pub fn identity(x: f64) -> f64 {
    x
}
sample!(identity, -1.0..1.0);
