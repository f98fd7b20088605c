//! Statistics and log-likelihoods of samples.

use std::f64::consts::{PI, TAU};

use diff_runtime::derivative;

#[derivative]
pub fn mean(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for v in x {
        sum += v;
    }
    sum / x.len() as f64
}
sample!(mean, [-1.0..1.0; [1, 4, 9]]);

/// Two passes: the second needs the result of the first.
#[derivative]
pub fn variance(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mut mean = 0.0;
    for v in x {
        mean += v / n;
    }
    let mut sum = 0.0;
    for v in x {
        sum += (v - mean).powi(2);
    }
    sum / (n - 1.0)
}
sample!(variance, [-1.0..1.0; [2, 7]]);

/// One pass, with a recurrence of two numbers.
#[derivative]
pub fn variance_by_welford(x: &[f64]) -> f64 {
    let mut mean = 0.0;
    let mut squares = 0.0;
    let mut n = 0.0;
    for &v in x {
        n += 1.0;
        let delta = v - mean;
        mean += delta / n;
        squares += delta * (v - mean);
    }
    squares / n
}
sample!(variance_by_welford, [-1.0..1.0; [1, 2, 8]]);

#[derivative]
pub fn covariance(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mut mx, mut my) = (0.0, 0.0);
    for i in 0..x.len() {
        mx += x[i];
        my += y[i];
    }
    mx /= n;
    my /= n;
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += (x[i] - mx) * (y[i] - my);
    }
    sum / n
}
sample!(covariance, [-1.0..1.0; 5], [-1.0..2.0; 5]);

#[derivative]
pub fn correlation(x: &[f64; 6], y: &[f64; 6]) -> f64 {
    let mut mx = 0.0;
    let mut my = 0.0;
    for (a, b) in x.iter().zip(y) {
        mx += a / 6.0;
        my += b / 6.0;
    }
    let mut sxx = 0.0;
    let mut syy = 0.0;
    let mut sxy = 0.0;
    for (a, b) in x.iter().zip(y) {
        let (dx, dy) = (a - mx, b - my);
        sxx += dx * dx;
        syy += dy * dy;
        sxy += dx * dy;
    }
    sxy / (sxx * syy).sqrt()
}
sample!(correlation, [-1.0..1.0; 6], [-1.0..1.0; 6]);

#[derivative]
pub fn skewness(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mut mean = 0.0;
    for v in x.iter() {
        mean += v;
    }
    mean /= n;
    let mut second = 0.0;
    let mut third = 0.0;
    for v in x.iter() {
        let d = v - mean;
        second += d.powi(2);
        third += d.powi(3);
    }
    (third / n) / (second / n).powf(1.5)
}
sample!(skewness, [-1.0..1.0; 7]);

#[derivative]
pub fn normal_log_likelihood(mu: f64, sigma: f64, #[constant] x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for v in x {
        let z = (v - mu) / sigma;
        sum -= 0.5 * z * z + sigma.ln() + 0.5 * TAU.ln();
    }
    sum
}
sample!(normal_log_likelihood, -1.0..1.0, 0.5..2.0, [-2.0..2.0; [0, 1, 9]]);

/// A mixture of three, its weights by softmax.
#[derivative]
pub fn gaussian_mixture(logits: &[f64; 3], means: &[f64; 3], log_sigmas: &[f64; 3], #[constant] x: &[f64]) -> f64 {
    let mut normaliser = 0.0;
    for k in 0..3 {
        normaliser += logits[k].exp();
    }
    let mut total = 0.0;
    for i in 0..x.len() {
        let mut density = 0.0;
        for k in 0..3 {
            let z = (x[i] - means[k]) * (-log_sigmas[k]).exp();
            density += (logits[k] - log_sigmas[k] - 0.5 * z * z).exp();
        }
        total += density.ln();
    }
    total - x.len() as f64 * (normaliser.ln() + 0.5 * (2.0 * PI).ln())
}
sample!(gaussian_mixture, [-1.0..1.0; 3], [-1.0..1.0; 3], [-0.5..0.5; 3], [-1.5..1.5; 6]);

#[derivative]
pub fn log_sum_exp(x: &[f64]) -> f64 {
    let mut top = f64::NEG_INFINITY;
    for v in x {
        top = top.max(*v);
    }
    let mut sum = 0.0;
    for v in x {
        sum += (v - top).exp();
    }
    top + sum.ln()
}
sample!(log_sum_exp, [-3.0..3.0; [1, 5, 9]]);

#[derivative]
pub fn entropy(p: &[f64]) -> f64 {
    let mut total = 0.0;
    for i in 0..p.len() {
        total += p[i];
    }
    let mut entropy = 0.0;
    for i in 0..p.len() {
        let q = p[i] / total;
        entropy -= q * q.ln();
    }
    entropy
}
sample!(entropy, [0.1..1.0; 5]);

#[derivative]
pub fn geometric_and_harmonic_mean(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mut logs = 0.0;
    let mut reciprocals = 0.0;
    for v in x.iter().copied() {
        logs += v.ln();
        reciprocals += v.recip();
    }
    (logs / n).exp() - n / reciprocals
}
sample!(geometric_and_harmonic_mean, [0.5..3.0; 6]);

#[derivative]
pub fn autocorrelation(x: &[f64], lag: usize) -> f64 {
    let mut sum = 0.0;
    let mut norm = 0.0;
    for i in 0..x.len() {
        norm += x[i] * x[i];
        if i >= lag {
            sum += x[i] * x[i - lag];
        }
    }
    sum / norm
}
sample!(autocorrelation, [0.2..1.0; 8], [0, 1, 3, 9]);

#[derivative]
pub fn weighted_mean(x: &Vec<f64>, w: &Vec<f64>) -> f64 {
    let mut sum = 0.0;
    let mut weights = 0.0;
    for (x, w) in x.iter().zip(w.iter()) {
        sum += w * x;
        weights += w;
    }
    sum / weights
}
sample!(weighted_mean, [-1.0..1.0; 5], [0.1..1.0; 5]);

/// The variance of a moving average over a window.
#[derivative]
pub fn smoothness(x: &[f64], width: usize) -> f64 {
    let mut sum = 0.0;
    let mut i = 0;
    while i + width <= x.len() {
        let mut average = 0.0;
        for j in i..i + width {
            average += x[j];
        }
        average /= width as f64;
        sum += (x[i] - average).powi(2);
        i += 1;
    }
    sum
}
sample!(smoothness, [-1.0..1.0; 7], [2, 3, 7, 9]);

/// A conditional variance that each observation changes.
#[derivative]
pub fn garch(omega: f64, alpha: f64, beta: f64, #[constant] returns: &[f64]) -> f64 {
    let mut h = omega / (1.0 - alpha - beta);
    let mut nll = 0.0;
    for r in returns {
        nll += 0.5 * (h.ln() + r * r / h);
        h = omega + alpha * r * r + beta * h;
    }
    nll
}
sample!(garch, 0.1..0.5, 0.05..0.3, 0.2..0.6, [-1.0..1.0; [0, 1, 12]]);
