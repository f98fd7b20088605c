//! Chains that end early, and chains that choose an item.

use diff_runtime::derivative;

#[derivative]
pub fn any_and_all(x: &[f64]) -> f64 {
    let scale = if x.iter().any(|v| *v > 0.5) { 2.0 } else { 1.0 };
    let all = x.iter().all(|&v| v < 0.8);
    let sum: f64 = x.iter().map(|v| v * v).sum();
    if all { scale * sum } else { sum.sin() }
}
sample!(any_and_all, [-1.0..1.0; [0, 1, 4]]);

#[derivative]
pub fn count_of_positive(x: &[f64]) -> f64 {
    let n = x.iter().filter(|v| **v > 0.0).count();
    x.iter().map(|v| v.exp()).sum::<f64>() * n as f64
}
sample!(count_of_positive, [-1.0..1.0; [0, 1, 4]]);

#[derivative]
pub fn spread(x: &[f64]) -> f64 {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = x.iter().copied().fold(f64::INFINITY, f64::min);
    (largest - smallest).powi(2)
}
sample!(spread, [-1.0..1.0; [1, 4]]);

#[derivative]
pub fn largest_by(x: &[f64]) -> f64 {
    let largest = x.iter().max_by(|a, b| a.partial_cmp(b).unwrap()).unwrap();
    let smallest = x.iter().copied().min_by(|a, b| a.total_cmp(b)).unwrap_or(0.0);
    largest.exp() * smallest
}
sample!(largest_by, [-1.0..1.0; [1, 4]]);

#[derivative]
pub fn largest_index(x: &[f64], #[constant] w: &[f64]) -> f64 {
    let (k, v) = x.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap();
    w[k] * v * v
}
sample!(largest_index, [-1.0..1.0; [1, 4]], [-1.0..1.0; 4]);

#[derivative]
pub fn position(x: &[f64]) -> f64 {
    let k = x.iter().position(|v| *v > 0.3).unwrap_or(x.len() - 1);
    x[k] * (k + 1) as f64 + x[0]
}
sample!(position, [-1.0..1.0; [1, 4]]);

#[derivative]
pub fn found(x: &[f64]) -> f64 {
    match x.iter().find(|v| **v > 0.3) {
        Some(v) => v.exp(),
        None => x.iter().sum::<f64>(),
    }
}
sample!(found, [-1.0..1.0; [0, 1, 4]]);

#[derivative]
pub fn reduced(x: &[f64]) -> f64 {
    let last = x.iter().last().copied().map_or(1.0, |v| v * v);
    let second = x.iter().nth(1).map(|v| v.sin()).unwrap_or(0.5);
    if let Some(total) = x.iter().copied().reduce(|a, b| a * b + 1.0) {
        return total * last + second;
    }
    last + second
}
sample!(reduced, [-1.0..1.0; [0, 1, 4]]);

#[derivative]
pub fn first_maps(x: &[f64]) -> f64 {
    x.iter().filter_map(|v| if *v > 0.0 { Some(v.ln()) } else { None }).sum::<f64>()
        + x.iter().map_while(|v| (*v < 0.7).then_some(v * v)).sum::<f64>()
}
sample!(first_maps, [-1.0..1.0; [0, 1, 4]]);
