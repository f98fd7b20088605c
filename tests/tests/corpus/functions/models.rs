//! Formulas of the kind that people differentiate: physics, statistics, finance, test functions of optimization.

use diff_runtime::derivative;
use std::f64::consts::PI;

/// Standard gravity in metres per second squared.
const GRAVITY: f64 = 9.806_65;

const BOLTZMANN: f64 = 1.380_649e-23;

#[derivative]
pub fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
sample!(logistic, -4.0..4.0);

/// The logarithm of `1 + exp(x)`, without overflow.
#[derivative]
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
sample!(softplus, -8.0..8.0);

#[derivative]
pub fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + ((2.0 / PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
}
sample!(gelu, -2.0..3.0);

#[derivative]
pub fn log_normal_density(x: f64, mu: f64, sigma: f64) -> f64 {
    let z = (x.ln() - mu) / sigma;
    -0.5 * z * z - (x * sigma).ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
}
sample!(log_normal_density, 0.5..3.0, -0.5..0.5, 0.5..1.5);

/// Black and Scholes' call with the normal distribution in Abramowitz and Stegun's approximation 26.2.17.
#[derivative]
pub fn black_scholes_call(spot: f64, strike: f64, rate: f64, volatility: f64, years: f64) -> f64 {
    let deviation = volatility * years.sqrt();
    let d1 = ((spot / strike).ln() + (rate + volatility * volatility / 2.0) * years) / deviation;
    let d2 = d1 - deviation;
    let k1 = 1.0 / (1.0 + 0.2316419 * d1.abs());
    let series1 =
        k1 * (0.319381530 + k1 * (-0.356563782 + k1 * (1.781477937 + k1 * (-1.821255978 + k1 * 1.330274429))));
    let upper1 = (-d1 * d1 / 2.0).exp() / (2.0 * PI).sqrt() * series1;
    let n1 = if d1 >= 0.0 { 1.0 - upper1 } else { upper1 };
    let k2 = 1.0 / (1.0 + 0.2316419 * d2.abs());
    let series2 =
        k2 * (0.319381530 + k2 * (-0.356563782 + k2 * (1.781477937 + k2 * (-1.821255978 + k2 * 1.330274429))));
    let upper2 = (-d2 * d2 / 2.0).exp() / (2.0 * PI).sqrt() * series2;
    let n2 = if d2 >= 0.0 { 1.0 - upper2 } else { upper2 };
    spot * n1 - strike * (-rate * years).exp() * n2
}
sample!(black_scholes_call, 80.0..120.0, 90.0..110.0, 0.01..0.05, 0.1..0.4, 0.25..2.0);

#[derivative(partials)]
pub fn lennard_jones(distance: f64, depth: f64, size: f64) -> f64 {
    let ratio = (size / distance).powi(6);
    4.0 * depth * (ratio * ratio - ratio)
}
sample!(lennard_jones, 0.9..2.0, 0.5..1.5, 0.8..1.2);

#[derivative]
pub fn morse(r: f64, depth: f64, width: f64, rest: f64) -> f64 {
    depth * (1.0 - (-width * (r - rest)).exp()).powi(2)
}
sample!(morse, 0.5..3.0, 1.0..5.0, 0.5..2.0, 0.8..1.4);

#[derivative]
pub fn van_der_waals(volume: f64, temperature: f64, a: f64, b: f64) -> f64 {
    const GAS: f64 = 8.314;
    GAS * temperature / (volume - b) - a / volume.powi(2)
}
sample!(van_der_waals, 1.0..4.0, 250.0..350.0, 0.1..1.0, 0.01..0.1);

/// Spectral radiance of a black body, in units in which it is of order one.
#[derivative]
pub fn planck(frequency: f64, temperature: f64) -> f64 {
    frequency.powi(3) / (frequency / temperature).exp_m1()
}
sample!(planck, 0.5..5.0, 0.5..2.0);

#[derivative]
pub fn barometric(altitude: f64, temperature: f64) -> f64 {
    const MASS: f64 = 4.8e-26;
    101_325.0 * (-MASS * GRAVITY * altitude / (BOLTZMANN * temperature)).exp()
}
sample!(barometric, 0.0..9000.0, 250.0..300.0);

#[derivative]
pub fn pendulum_energy(angle: f64, momentum: f64, length: f64) -> f64 {
    momentum.powi(2) / (2.0 * length.powi(2)) + GRAVITY * length * (1.0 - angle.cos())
}
sample!(pendulum_energy, -3.0..3.0, -2.0..2.0, 0.5..1.5);

/// Distance on a sphere by the haversine formula.
#[derivative]
pub fn haversine(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    const RADIUS: f64 = 6371.0;
    let (phi1, phi2) = (lat1.to_radians(), lat2.to_radians());
    let half_phi = (phi2 - phi1) / 2.0;
    let half_lambda = (lon2 - lon1).to_radians() / 2.0;
    let a = half_phi.sin().powi(2) + phi1.cos() * phi2.cos() * half_lambda.sin().powi(2);
    2.0 * RADIUS * a.sqrt().atan2((1.0 - a).sqrt())
}
sample!(haversine, 40.0..50.0, -10.0..10.0, 20.0..30.0, 30.0..60.0);

#[derivative]
pub fn lorentz_factor(velocity: f64) -> f64 {
    (1.0 - velocity * velocity).sqrt().recip()
}
sample!(lorentz_factor, -0.8..0.8);

#[derivative]
pub fn michaelis_menten(substrate: f64, inhibitor: f64, maximum: f64, affinity: f64) -> f64 {
    maximum * substrate / (affinity * (1.0 + inhibitor / 0.3) + substrate)
}
sample!(michaelis_menten, 0.1..5.0, 0.0..1.0, 1.0..2.0, 0.2..1.0);

/// Payment of a loan, with the limit at a rate of zero.
#[derivative]
pub fn annuity(principal: f64, rate: f64, periods: u32) -> f64 {
    if rate == 0.0 {
        return principal / f64::from(periods);
    }
    let growth = (1.0 + rate).powi(periods as i32);
    principal * rate * growth / (growth - 1.0)
}
sample!(annuity, 1e3..1e4, 0.01..0.1, [12, 24, 36]);

#[derivative]
pub fn rosenbrock(x: f64, y: f64) -> f64 {
    (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
}
sample!(rosenbrock, -2.0..2.0, -1.0..3.0);

#[derivative]
pub fn himmelblau(x: f64, y: f64) -> f64 {
    let a = x * x + y - 11.0;
    let b = x + y * y - 7.0;
    a * a + b * b
}
sample!(himmelblau, -4.0..4.0, -4.0..4.0);

#[derivative]
pub fn beale(x: f64, y: f64) -> f64 {
    let t1 = 1.5 - x + x * y;
    let t2 = 2.25 - x + x * y.powi(2);
    let t3 = 2.625 - x + x * y.powi(3);
    t1.powi(2) + t2.powi(2) + t3.powi(2)
}
sample!(beale, -2.0..3.0, -1.0..1.0);

#[derivative]
pub fn ackley(x: f64, y: f64) -> f64 {
    let mean = 0.5 * (x * x + y * y);
    let waves = 0.5 * ((2.0 * PI * x).cos() + (2.0 * PI * y).cos());
    -20.0 * (-0.2 * mean.sqrt()).exp() - waves.exp() + 20.0 + std::f64::consts::E
}
sample!(ackley, 0.2..2.0, -2.0..-0.1);

#[derivative]
pub fn mccormick(x: f64, y: f64) -> f64 {
    (x + y).sin() + (x - y) * (x - y) - 1.5 * x + 2.5 * y + 1.0
}
sample!(mccormick, -1.5..4.0, -3.0..4.0);

#[derivative]
pub fn goldstein_price(x: f64, y: f64) -> f64 {
    let a =
        1.0 + (x + y + 1.0).powi(2) * (19.0 - 14.0 * x + 3.0 * x.powi(2) - 14.0 * y + 6.0 * x * y + 3.0 * y.powi(2));
    let b = 30.0
        + (2.0 * x - 3.0 * y).powi(2)
            * (18.0 - 32.0 * x + 12.0 * x.powi(2) + 48.0 * y - 36.0 * x * y + 27.0 * y.powi(2));
    a * b
}
sample!(goldstein_price, -1.0..1.0, -1.5..0.5);

#[derivative]
pub fn huber(residual: f64, delta: f64) -> f64 {
    if residual.abs() <= delta { 0.5 * residual.powi(2) } else { delta * (residual.abs() - 0.5 * delta) }
}
sample!(huber, -3.0..3.0, 0.5..1.5);

#[derivative]
pub fn cross_entropy(score: f64, target: bool) -> f64 {
    let signed = if target { score } else { -score };
    (-signed).exp().ln_1p()
}
sample!(cross_entropy, -3.0..3.0, [true, false, true]);

#[derivative]
pub fn von_mises(angle: f64, mean: f64, kappa: f64) -> f64 {
    kappa * (angle - mean).cos() - (2.0 * PI * kappa.sqrt()).ln()
}
sample!(von_mises, -3.0..3.0, -1.0..1.0, 0.5..3.0);

/// Energy of a relativistic particle from its momentum and mass.
#[derivative]
pub fn dispersion(momentum: f64, mass: f64) -> f64 {
    momentum.hypot(mass)
}
sample!(dispersion, -2.0..2.0, 0.1..2.0);

/// Drag-limited fall.
#[derivative]
pub fn terminal_velocity(time: f64, mass: f64, drag: f64) -> f64 {
    let limit = (mass * GRAVITY / drag).sqrt();
    limit * (GRAVITY * time / limit).tanh()
}
sample!(terminal_velocity, 0.1..3.0, 0.5..5.0, 0.1..1.0);
