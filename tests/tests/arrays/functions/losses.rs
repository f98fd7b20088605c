//! Losses of models that are linear in their weights, over rows of data.

use diff_runtime::derivative;

/// A line through points, with weight and bias as scalars.
#[derivative]
pub fn squared_error(slope: f64, intercept: f64, #[constant] x: &[f64], #[constant] y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        let residual = slope * x[i] + intercept - y[i];
        sum += residual * residual;
    }
    sum / x.len() as f64
}
sample!(squared_error, -1.0..1.0, 0.0..1.0, [-1.0..1.0; 7], [-1.0..2.0; 7]);

/// Rows of a matrix in one slice.
#[derivative]
pub fn logistic(w: &[f64], b: f64, #[constant] x: &[f64], labels: &[i32]) -> f64 {
    let d = w.len();
    let mut loss = 0.0;
    for (i, label) in labels.iter().enumerate() {
        let mut z = b;
        for j in 0..d {
            z += w[j] * x[i * d + j];
        }
        let sign = if *label == 1 { 1.0 } else { -1.0 };
        loss += (-sign * z).exp().ln_1p();
    }
    loss / labels.len() as f64
}
sample!(logistic, [-1.0..1.0; 3], -0.5..0.5, [-2.0..2.0; 12], [&[1, 0, 0, 1][..], &[1, 1, 1][..]]);

/// Kinks where the margin is one.
#[derivative]
pub fn hinge(w: &[f64; 3], #[constant] x: &[[f64; 3]], #[constant] y: &[f64]) -> f64 {
    let mut loss = 0.0;
    for i in 0..x.len() {
        let mut score = 0.0;
        for j in 0..3 {
            score += w[j] * x[i][j];
        }
        let margin = 1.0 - y[i] * score;
        if margin > 0.0 {
            loss += margin;
        }
    }
    loss + 0.01 * (w[0] * w[0] + w[1] * w[1] + w[2] * w[2])
}
sample!(hinge, [-1.0..1.0; 3], [[-1.0..1.0; 3]; 5], [-1.5..1.5; 5]);

#[derivative]
pub fn squared_hinge(w: &[f64], #[constant] x: &[f64], #[constant] y: &[f64]) -> f64 {
    let n = w.len();
    let mut loss = 0.0;
    for (i, target) in y.iter().enumerate() {
        let mut score = 0.0;
        for j in 0..n {
            score += w[j] * x[n * i + j];
        }
        loss += (1.0 - target * score).max(0.0).powi(2);
    }
    loss
}
sample!(squared_hinge, [-1.0..1.0; 2], [-1.0..1.0; 10], [-2.0..2.0; 5]);

#[derivative]
pub fn huber(w: [f64; 2], delta: f64, #[constant] x: &[f64], #[constant] y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (x, y) in x.iter().zip(y.iter()) {
        let r = w[0] * x + w[1] - y;
        sum += if r.abs() <= delta { 0.5 * r * r } else { delta * (r.abs() - 0.5 * delta) };
    }
    sum
}
sample!(huber, [-1.0..1.0; 2], 0.4..0.9, [-1.0..1.0; 8], [-2.0..2.0; 8]);

/// Log-sum-exp against the maximum, over classes in a local array.
#[derivative]
pub fn softmax_cross_entropy(w: &[[f64; 2]; 3], b: &[f64; 3], #[constant] x: &[[f64; 2]], label: &[usize]) -> f64 {
    let mut loss = 0.0;
    for i in 0..x.len() {
        let mut z = [0.0; 3];
        for c in 0..3 {
            z[c] = b[c];
            for j in 0..2 {
                z[c] += w[c][j] * x[i][j];
            }
        }
        let mut top = z[0];
        for c in 1..3 {
            top = top.max(z[c]);
        }
        let mut total = 0.0;
        for c in 0..3 {
            total += (z[c] - top).exp();
        }
        loss += top + total.ln() - z[label[i]];
    }
    loss / x.len() as f64
}
sample!(
    softmax_cross_entropy,
    [[-1.0..1.0; 2]; 3],
    [-0.5..0.5; 3],
    [[-2.0..2.0; 2]; 4],
    [&[0, 2, 1, 1][..], &[2, 2, 0, 1][..]]
);

#[derivative]
pub fn ridge(w: &[f64], penalty: f64, #[constant] x: &[f64], #[constant] y: &[f64]) -> f64 {
    let d = w.len();
    let mut fit = 0.0;
    for i in 0..y.len() {
        let mut r = -y[i];
        for j in 0..d {
            r += x[i * d + j] * w[j];
        }
        fit += r.powi(2);
    }
    let mut size = 0.0;
    for v in w {
        size += v.powi(2);
    }
    0.5 * fit + 0.5 * penalty * size
}
sample!(ridge, [-1.0..1.0; 3], 0.1..1.0, [-1.0..1.0; 15], [-1.0..1.0; 5]);

#[derivative]
pub fn smoothed_lasso(w: &[f64], #[constant] smoothing: f64) -> f64 {
    let mut sum = 0.0;
    for v in w.iter() {
        sum += v.hypot(smoothing) - smoothing;
    }
    sum
}
sample!(smoothed_lasso, [-1.0..1.0; 5], 0.1..0.5);

#[derivative]
pub fn poisson_deviance(w: &[f64; 2], #[constant] x: &[f64], counts: &[u32]) -> f64 {
    let mut loss = 0.0;
    for (x, count) in x.iter().zip(counts) {
        let eta = w[0] + w[1] * x;
        loss += eta.exp() - f64::from(*count) * eta;
    }
    loss
}
sample!(poisson_deviance, [-0.5..1.0; 2], [-1.0..1.0; 4], [&[0, 3, 1, 2][..], &[5, 0, 0, 1][..]]);

#[derivative]
pub fn log_cosh(prediction: &[f64], target: &[f64]) -> f64 {
    let mut loss = 0.0;
    for (p, t) in prediction.iter().zip(target.iter()) {
        loss += (p - t).cosh().ln();
    }
    loss
}
sample!(log_cosh, [-1.0..1.0; 6], [-2.0..2.0; 6]);

#[derivative]
pub fn pinball(prediction: &[f64], #[constant] target: &[f64], level: f64) -> f64 {
    let mut loss = 0.0;
    for i in 0..prediction.len() {
        let error = target[i] - prediction[i];
        loss += (level * error).max((level - 1.0) * error);
    }
    loss
}
sample!(pinball, [-1.0..1.0; 5], [-2.0..2.0; 5], 0.2..0.8);

#[derivative]
pub fn cosine_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut dot = 0.0;
    let mut aa = 0.0;
    let mut bb = 0.0;
    for i in 0..a.len() {
        dot += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    1.0 - dot / (aa.sqrt() * bb.sqrt())
}
sample!(cosine_distance, [0.3..1.5; 4], [-1.0..1.0; 4]);

/// Distances to the nearest of the centres: which one is nearest depends on the data.
#[derivative]
pub fn k_means(centres: &[[f64; 2]; 3], #[constant] x: &[[f64; 2]]) -> f64 {
    let mut total = 0.0;
    for i in 0..x.len() {
        let mut nearest = f64::INFINITY;
        for c in 0..3 {
            let mut d = 0.0;
            for j in 0..2 {
                d += (x[i][j] - centres[c][j]).powi(2);
            }
            if d < nearest {
                nearest = d;
            }
        }
        total += nearest;
    }
    total
}
sample!(k_means, [[-1.0..1.0; 2]; 3], [[-1.0..1.0; 2]; 6]);

/// The pairs of a ranking: the inner loop starts where the outer one stands.
#[derivative]
pub fn pairwise_ranking(scores: &[f64]) -> f64 {
    let mut loss = 0.0;
    for i in 0..scores.len() {
        for j in i + 1..scores.len() {
            loss += (scores[j] - scores[i]).exp().ln_1p();
        }
    }
    loss
}
sample!(pairwise_ranking, [-2.0..2.0; [1, 2, 6]]);
