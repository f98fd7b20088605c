//! Losses of learning.

use diff_runtime::derivative;

#[derivative]
pub fn mean_squared_error(w: &[f64], b: f64, #[constant] x: &[[f64; 3]], #[constant] y: &[f64]) -> f64 {
    let predict = |row: &[f64; 3]| row.iter().zip(w.iter()).map(|(x, w)| x * w).sum::<f64>() + b;
    x.iter().zip(y).map(|(row, y)| (predict(row) - y).powi(2)).sum::<f64>() / x.len() as f64
}
sample!(mean_squared_error, [-1.0..1.0; 3], -0.5..0.5, [[-1.0..1.0; 3]; 4], [-1.0..1.0; 4]);

#[derivative]
pub fn logistic(w: &[f64], #[constant] x: &[f64], labels: &[bool]) -> f64 {
    x.chunks_exact(w.len())
        .zip(labels.iter())
        .map(|(row, label)| {
            let z: f64 = row.iter().zip(w).map(|(x, w)| x * w).sum();
            let margin = if *label { z } else { -z };
            (-margin).exp().ln_1p()
        })
        .sum()
}
sample!(logistic, [-1.0..1.0; 2], [-1.0..1.0; 8], [&[true, false, true, true][..], &[false, false][..]]);

#[derivative]
pub fn huber(residuals: &[f64], delta: f64) -> f64 {
    residuals
        .iter()
        .map(|r| match r.abs() {
            a if a <= delta => 0.5 * a * a,
            a => delta * (a - 0.5 * delta),
        })
        .sum::<f64>()
}
sample!(huber, [-2.0..2.0; [0, 1, 6]], 0.4..0.9);

#[derivative]
pub fn elastic_net(w: &[f64], l1: f64, l2: f64) -> f64 {
    l1 * w.iter().map(|v| v.abs()).sum::<f64>() + 0.5 * l2 * w.iter().map(|v| v * v).sum::<f64>()
}
sample!(elastic_net, [-1.0..1.0; [1, 5]], 0.1..1.0, 0.1..1.0);

#[derivative]
pub fn contrastive(a: &[f64], b: &[f64], same: bool, margin: f64) -> f64 {
    let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    match (same, distance < margin) {
        (true, _) => distance * distance,
        (false, true) => (margin - distance).powi(2),
        (false, false) => 0.0,
    }
}
sample!(contrastive, [-1.0..1.0; 3], [-1.0..1.0; 3], [true, false], 0.5..3.0);

#[derivative]
pub fn triplet(anchor: &[f64], positive: &[f64], negative: &[f64]) -> f64 {
    let (p, n) = anchor
        .iter()
        .zip(positive.iter().zip(negative))
        .fold((0.0, 0.0), |(p, n), (a, (b, c))| (p + (a - b).powi(2), n + (a - c).powi(2)));
    (p - n + 0.5).max(0.0)
}
sample!(triplet, [-1.0..1.0; 3], [-1.0..1.0; 3], [-1.0..1.0; 3]);

#[derivative]
pub fn focal(logits: &[f64], target: usize, gamma: f64) -> f64 {
    let max = logits.iter().copied().fold(f64::MIN, f64::max);
    let total: f64 = logits.iter().map(|z| (z - max).exp()).sum();
    let p = (logits[target] - max).exp() / total;
    -(1.0 - p).powf(gamma) * p.ln()
}
sample!(focal, [-1.0..1.0; 3], [0, 1, 2], 1.0..3.0);

#[derivative]
pub fn cosine_distance(a: &[f64], b: &[f64]) -> f64 {
    let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
    1.0 - dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
sample!(cosine_distance, [0.2..1.0; 3], [-1.0..1.0; 3]);

#[derivative]
pub fn layer_norm(x: &[f64], gain: &[f64], bias: &[f64], k: usize) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let scale = (variance + 1e-5).sqrt().recip();
    x.iter().zip(gain).zip(bias).map(|((x, g), b)| ((x - mean) * scale * g + b).powi(3)).take(k).sum()
}
sample!(layer_norm, [-1.0..1.0; 4], [0.5..1.5; 4], [-0.5..0.5; 4], [0, 2, 9]);

#[derivative]
pub fn attention(query: &[f64; 2], keys: &[[f64; 2]], values: &[f64]) -> f64 {
    let score = |key: &[f64; 2]| query.iter().zip(key).map(|(q, k)| q * k).sum::<f64>() / 2_f64.sqrt();
    let total: f64 = keys.iter().map(|key| score(key).exp()).sum();
    keys.iter().zip(values.iter()).map(|(key, v)| score(key).exp() / total * v).sum()
}
sample!(attention, [-1.0..1.0; 2], [[-1.0..1.0; 2]; 3], [-1.0..1.0; 3]);
