//! Prices of options, and other sums of money.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use diff_runtime::derivative;

/// The price of a European call by the formula of Black and Scholes, its normal distribution by a series.
#[derivative]
pub fn black_scholes(spot: f64, strike: f64, rate: f64, sigma: f64, t: f64) -> f64 {
    let cdf = |d: f64| {
        let k = 1.0 / (1.0 + 0.2316419 * d.abs());
        let poly = [0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
            .iter()
            .rev()
            .fold(0.0, |acc, c| (acc + c) * k);
        let tail = (-0.5 * d * d).exp() / (2.0 * PI).sqrt() * poly;
        if d > 0.0 { 1.0 - tail } else { tail }
    };
    let d1 = ((spot / strike).ln() + (rate + 0.5 * sigma * sigma) * t) / (sigma * t.sqrt());
    let d2 = d1 - sigma * t.sqrt();
    spot * cdf(d1) - strike * (-rate * t).exp() * cdf(d2)
}
sample!(black_scholes, 90.0..110.0, 90.0..110.0, 0.01..0.05, 0.1..0.4, 0.5..2.0);

/// The present value of cash flows.
#[derivative]
pub fn present_value(rate: f64, flows: &[f64]) -> f64 {
    flows.iter().zip(1..).map(|(flow, year)| flow / (1.0 + rate).powi(year)).sum()
}
sample!(present_value, 0.01..0.1, [1.0..5.0; [0, 1, 6]]);

/// The duration of a bond.
#[derivative]
pub fn duration(rate: f64, coupon: f64, years: u32) -> f64 {
    let discounted = |k: u32| {
        let flow = if k == years { 1.0 + coupon } else { coupon };
        flow * (-rate * f64::from(k)).exp()
    };
    let (weighted, price) =
        (1..=years).fold((0.0, 0.0), |(w, p), k| (w + f64::from(k) * discounted(k), p + discounted(k)));
    weighted / price
}
sample!(duration, 0.01..0.1, 0.02..0.06, [1, 3, 7]);

/// An option on a binomial tree: what it is worth at the end, by backward induction over its expectation.
#[derivative]
pub fn binomial(spot: f64, strike: f64, sigma: f64, steps: i32, put: bool) -> f64 {
    let up = (sigma * 0.1).exp();
    let p = (1.0 - 1.0 / up) / (up - 1.0 / up);
    let payoff = |s: f64| match put {
        true => (strike - s).max(0.0),
        false => (s - strike).max(0.0),
    };
    let mut weight = (1.0 - p).powi(steps);
    let mut total = 0.0;
    for k in 0..=steps {
        total += weight * payoff(spot * up.powi(2 * k - steps));
        weight *= f64::from(steps - k) / f64::from(k + 1) * p / (1.0 - p);
    }
    total
}
sample!(binomial, 95.0..105.0, 95.0..105.0, 0.1..0.3, [1, 4, 9], [true, false]);

#[derivative]
pub fn portfolio_risk(w: &[f64], #[constant] covariance: &[[f64; 3]]) -> f64 {
    covariance
        .iter()
        .zip(w)
        .map(|(row, wi)| wi * row.iter().zip(w).map(|(c, wj)| c * wj).sum::<f64>())
        .sum::<f64>()
        .abs()
        .sqrt()
}
sample!(portfolio_risk, [0.1..0.5; 3], [[0.1..1.0; 3]; 3]);

#[derivative]
pub fn sharpe_ratio(returns: &[f64], risk_free: f64) -> f64 {
    let n = returns.len() as f64;
    let mean = returns.iter().map(|r| r - risk_free).sum::<f64>() / n;
    let variance = returns.iter().map(|r| (r - risk_free - mean).powi(2)).sum::<f64>() / (n - 1.0);
    mean / variance.sqrt()
}
sample!(sharpe_ratio, [0.0..0.1; 5], 0.0..0.01);

/// The largest loss from a peak.
#[derivative]
pub fn drawdown(prices: &[f64]) -> f64 {
    let mut peak = f64::NEG_INFINITY;
    prices.iter().fold(0.0, |worst: f64, &price| {
        peak = peak.max(price);
        worst.max((peak - price) / peak)
    })
}
sample!(drawdown, [1.0..2.0; [1, 2, 6]]);

#[derivative]
pub fn error_function(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for n in 1..30 {
        term *= -x * x / n as f64;
        let next = term / (2 * n + 1) as f64;
        sum += next;
        if next.abs() < 1e-17 {
            break;
        }
    }
    sum * 2.0 / PI.sqrt() * FRAC_1_SQRT_2
}
sample!(error_function, -1.5..1.5);
