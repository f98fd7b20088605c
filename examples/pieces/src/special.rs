//! Functions whose bodies are not differentiated: each carries its own rule. The partial derivatives are functions with
//! the attribute, so that the rules have second derivatives too.

use diff_runtime::derivative;

/// The error function, by `libm`: `2 / sqrt(pi)` times the integral of `exp(-t^2)` from 0 to `x`.
///
/// ```
/// use pieces::special::erf;
///
/// assert_eq!(erf::derivative(0.0), std::f64::consts::FRAC_2_SQRT_PI);
/// assert_eq!(erf::hvp(0.5, 1.0), -2.0 * 0.5 * erf::derivative(0.5)); // erf'' = -2 x erf'
/// ```
#[derivative(hvp, rule(partials(erf_prime)))]
#[must_use]
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

#[derivative]
fn erf_prime(x: f64) -> f64 {
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp()
}

/// The distribution function of the standard normal distribution.
///
/// ```
/// use pieces::special::normal_cdf;
///
/// assert_eq!(normal_cdf(0.0), 0.5);
/// // The density, 1 / sqrt(2 pi) at 0.
/// assert!((normal_cdf::derivative(0.0) - 0.398_942_280_401_432_7).abs() < 1e-16);
/// ```
#[derivative(hvp, rule(partials(normal_density)))]
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The density of the standard normal distribution, `exp(-x^2 / 2) / sqrt(2 pi)`.
#[derivative]
#[must_use]
pub fn normal_density(x: f64) -> f64 {
    0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2 * (-0.5 * x * x).exp()
}
