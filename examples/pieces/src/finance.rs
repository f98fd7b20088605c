//! Prices of options, made of the special functions.

use diff_runtime::derivative;

use crate::special::normal_cdf;

/// What one unit of money, paid after `time` years at the rate `rate`, is worth now.
#[derivative(hvp)]
#[must_use]
#[inline]
pub fn discount(rate: f64, time: f64) -> f64 {
    (-rate * time).exp()
}

/// The price of a European call option by Black and Scholes:
///
/// ```text
/// S N(d1) - K exp(-r T) N(d2),   d1 = (ln(S / K) + (r + v^2 / 2) T) / (v sqrt(T)),   d2 = d1 - v sqrt(T)
/// ```
///
/// for the price `spot` (S) of the share, the strike price `strike` (K), the rate of interest `rate` (r), the
/// volatility `volatility` (v), and the time `time` (T) to expiry in years. Its partial derivatives are the Greeks, those
/// of second order among them: gamma, vanna, vomma, charm.
#[derivative(partials, hessian)]
#[must_use]
pub fn call_price(spot: f64, strike: f64, rate: f64, volatility: f64, time: f64) -> f64 {
    let deviation = volatility * time.sqrt();
    let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * time) / deviation;
    spot * normal_cdf(d1) - strike * discount(rate, time) * normal_cdf(d1 - deviation)
}
