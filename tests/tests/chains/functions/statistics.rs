//! Statistics.

use diff_runtime::derivative;

#[derivative]
pub fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}
sample!(mean, [-2.0..2.0; [1, 5]]);

#[derivative]
pub fn variance(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)
}
sample!(variance, [-2.0..2.0; [2, 5]]);

#[derivative]
pub fn covariance(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    x.iter().zip(y.iter()).map(|(a, b)| (a - mx) * (b - my)).sum::<f64>() / n
}
sample!(covariance, [-2.0..2.0; 4], [-2.0..2.0; 4]);

#[derivative]
pub fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = |total: f64| total / n;
    let (mx, my) = (mean(x.iter().sum()), mean(y.iter().sum()));
    let (sxy, sxx, syy) = x.iter().zip(y).fold((0.0, 0.0, 0.0), |(sxy, sxx, syy), (a, b)| {
        let (dx, dy) = (a - mx, b - my);
        (sxy + dx * dy, sxx + dx * dx, syy + dy * dy)
    });
    sxy / (sxx * syy).sqrt()
}
sample!(correlation, [-2.0..2.0; 5], [-2.0..2.0; 5]);

#[derivative]
pub fn log_sum_exp(x: &[f64]) -> f64 {
    let max = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max + x.iter().map(|v| (v - max).exp()).sum::<f64>().ln()
}
sample!(log_sum_exp, [-3.0..3.0; [1, 4]]);

#[derivative]
pub fn softmax_cross_entropy(logits: &[f64], label: usize) -> f64 {
    let max = logits.iter().cloned().fold(f64::NEG_INFINITY, |a, b| a.max(b));
    let total: f64 = logits.iter().map(|&z| (z - max).exp()).sum();
    total.ln() + max - logits[label]
}
sample!(softmax_cross_entropy, [-2.0..2.0; 4], [0, 2, 3]);

#[derivative]
pub fn weighted_mean(x: &[f64], #[constant] w: &[f64]) -> f64 {
    let total: f64 = w.iter().sum();
    x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>() / total
}
sample!(weighted_mean, [-2.0..2.0; 4], [0.5..1.5; 4]);

#[derivative]
pub fn geometric_mean(x: &[f64]) -> f64 {
    (x.iter().map(|v| v.ln()).sum::<f64>() / x.len() as f64).exp()
}
sample!(geometric_mean, [0.5..2.0; [1, 4]]);

#[derivative]
pub fn harmonic_mean(x: &[f64]) -> f64 {
    x.len() as f64 / x.iter().map(|v| v.recip()).sum::<f64>()
}
sample!(harmonic_mean, [0.5..2.0; 3]);

#[derivative]
pub fn p_norm(x: &[f64], p: f64) -> f64 {
    x.iter().map(|v| v.abs().powf(p)).sum::<f64>().powf(1.0 / p)
}
sample!(p_norm, [0.5..2.0; 3], 1.5..3.0);

#[derivative]
pub fn entropy(p: &[f64]) -> f64 {
    -p.iter().filter(|&&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>()
}
sample!(entropy, [0.1..0.9; 4]);

#[derivative]
pub fn kl_divergence(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).filter(|(p, _)| **p > 0.3).map(|(p, q)| p * (p / q).ln()).sum()
}
sample!(kl_divergence, [0.1..0.9; 5], [0.2..0.9; 5]);

#[derivative]
pub fn normal_log_likelihood(mu: f64, log_sigma: f64, #[constant] data: &[f64]) -> f64 {
    let sigma = log_sigma.exp();
    data.iter().map(|x| -0.5 * ((x - mu) / sigma).powi(2) - log_sigma).sum::<f64>()
}
sample!(normal_log_likelihood, -1.0..1.0, -0.5..0.5, [-2.0..2.0; [0, 1, 6]]);

/// Welford's algorithm: a recurrence in three variables.
#[derivative]
pub fn welford(x: &[f64]) -> f64 {
    let mut mean = 0.0;
    let mut m2 = 0.0;
    for (k, v) in x.iter().enumerate() {
        let delta = v - mean;
        mean += delta / (k + 1) as f64;
        m2 += delta * (v - mean);
    }
    m2 / x.len() as f64
}
sample!(welford, [-2.0..2.0; [1, 5]]);

#[derivative]
pub fn skewness(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let moment = |k: i32| x.iter().map(|v| (v - mean).powi(k)).sum::<f64>() / n;
    moment(3) / moment(2).powf(1.5)
}
sample!(skewness, [-2.0..2.0; 5]);

#[derivative]
pub fn autocovariance(x: &[f64], lag: usize) -> f64 {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    x.iter().skip(lag).zip(x.iter()).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>()
}
sample!(autocovariance, [-2.0..2.0; 6], [0, 1, 3, 7]);
