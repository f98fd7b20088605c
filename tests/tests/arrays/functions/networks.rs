//! Layers of neural networks.

use diff_runtime::derivative;

/// Two dense layers with `tanh`, the weights in nested arrays.
#[derivative]
pub fn perceptron(
    w1: &[[f64; 2]; 3],
    b1: &[f64; 3],
    w2: &[f64; 3],
    b2: f64,
    #[constant] x: &[[f64; 2]],
    #[constant] y: &[f64],
) -> f64 {
    let mut loss = 0.0;
    for n in 0..x.len() {
        let mut out = b2;
        for i in 0..3 {
            let mut z = b1[i];
            for j in 0..2 {
                z += w1[i][j] * x[n][j];
            }
            out += w2[i] * z.tanh();
        }
        loss += (out - y[n]).powi(2);
    }
    loss
}
sample!(
    perceptron,
    [[-1.0..1.0; 2]; 3],
    [-0.5..0.5; 3],
    [-1.0..1.0; 3],
    -0.5..0.5,
    [[-1.0..1.0; 2]; 4],
    [-1.0..1.0; 4]
);

/// All weights in one slice, the layers' sizes in another.
#[derivative]
pub fn layers_from_a_flat_slice(w: &[f64], #[constant] x: &[f64; 2], sizes: &[usize]) -> f64 {
    let mut a = vec![0.0; 8];
    a[0] = x[0];
    a[1] = x[1];
    let mut offset = 0;
    for l in 0..sizes.len() - 1 {
        let mut z = vec![0.0; 8];
        for i in 0..sizes[l + 1] {
            let mut sum = w[offset];
            offset += 1;
            for j in 0..sizes[l] {
                sum += w[offset] * a[j];
                offset += 1;
            }
            z[i] = sum.tanh();
        }
        for i in 0..8 {
            a[i] = z[i];
        }
    }
    let mut out = 0.0;
    for v in &a {
        out += v;
    }
    out
}
sample!(layers_from_a_flat_slice, [-1.0..1.0; [22, 9]], [0.2..1.0; 2], [&[2, 4, 2][..], &[2, 3][..]]);

#[derivative]
pub fn relu_layer(w: &[[f64; 3]; 4], x: &[f64; 3]) -> f64 {
    let mut sum = 0.0;
    for i in 0..4 {
        let mut z = 0.0;
        for j in 0..3 {
            z += w[i][j] * x[j];
        }
        sum += z.max(0.0) * z.max(0.1 * z);
    }
    sum
}
sample!(relu_layer, [[-1.0..1.0; 3]; 4], [-1.0..1.0; 3]);

/// One query against keys, softmax, and a mixture of values.
#[derivative]
pub fn attention(query: &[f64; 2], keys: &[[f64; 2]], values: &[f64]) -> f64 {
    let n = keys.len();
    let mut scores = vec![0.0; n];
    let mut top = f64::NEG_INFINITY;
    for i in 0..n {
        let mut s = 0.0;
        for d in 0..2 {
            s += query[d] * keys[i][d];
        }
        scores[i] = s / 2.0_f64.sqrt();
        top = top.max(scores[i]);
    }
    let mut total = 0.0;
    for s in scores.iter_mut() {
        *s = (*s - top).exp();
        total += *s;
    }
    let mut out = 0.0;
    for (s, v) in scores.iter().zip(values) {
        out += s / total * v;
    }
    out
}
sample!(attention, [-2.0..2.0; 2], [[-1.0..1.0; 2]; [1, 5]], [-1.0..1.0; [1, 5]]);

/// Self-attention of three tokens: a matrix of weights.
#[derivative]
pub fn self_attention(x: &[[f64; 2]; 3], wq: &[[f64; 2]; 2], wk: &[[f64; 2]; 2]) -> f64 {
    let mut q = [[0.0; 2]; 3];
    let mut k = [[0.0; 2]; 3];
    for t in 0..3 {
        for i in 0..2 {
            for j in 0..2 {
                q[t][i] += wq[i][j] * x[t][j];
                k[t][i] += wk[i][j] * x[t][j];
            }
        }
    }
    let mut loss = 0.0;
    for t in 0..3 {
        let mut weights = [0.0; 3];
        let mut total = 0.0;
        for s in 0..3 {
            weights[s] = (q[t][0] * k[s][0] + q[t][1] * k[s][1]).exp();
            total += weights[s];
        }
        let mut out = [0.0; 2];
        for s in 0..3 {
            for d in 0..2 {
                out[d] += weights[s] / total * x[s][d];
            }
        }
        loss += out[0] * out[1] + out[0];
    }
    loss
}
sample!(self_attention, [[-1.0..1.0; 2]; 3], [[-1.0..1.0; 2]; 2], [[-1.0..1.0; 2]; 2]);

#[derivative]
pub fn softmax_in_place(x: &mut [f64], #[constant] w: &[f64]) -> f64 {
    let mut total = 0.0;
    for v in x.iter_mut() {
        *v = v.exp();
        total += *v;
    }
    for v in x.iter_mut() {
        *v /= total;
    }
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += w[i] * x[i];
    }
    sum
}
sample!(softmax_in_place, [-1.0..1.0; [1, 5]], [-1.0..1.0; [1, 5]]);

#[derivative]
pub fn layer_norm(x: &[f64], gain: &[f64], #[constant] w: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mut mean = 0.0;
    for v in x {
        mean += v / n;
    }
    let mut variance = 0.0;
    for v in x {
        variance += (v - mean).powi(2) / n;
    }
    let inverse = (variance + 1e-2).sqrt().recip();
    let mut out = 0.0;
    for i in 0..x.len() {
        out += w[i] * (gain[i] * (x[i] - mean) * inverse).tanh();
    }
    out
}
sample!(layer_norm, [-1.0..1.0; 5], [0.5..1.5; 5], [-1.0..1.0; 5]);

/// A recurrent layer of three units over a sequence.
#[derivative]
pub fn recurrent_layer(w: &[[f64; 3]; 3], input: &[f64; 3], sequence: &[f64]) -> f64 {
    let mut h = [0.0; 3];
    for x in sequence {
        let old = h;
        for i in 0..3 {
            let mut z = input[i] * x;
            for j in 0..3 {
                z += w[i][j] * old[j];
            }
            h[i] = z.tanh();
        }
    }
    h[0] + h[1] * h[2]
}
sample!(recurrent_layer, [[-1.0..1.0; 3]; 3], [-1.0..1.0; 3], [-1.0..1.0; [0, 1, 5]]);

/// Channels, kernel, stride: indices that are computed.
#[derivative]
pub fn strided_convolution(x: &[f64], kernel: &[[f64; 3]; 2], stride: usize) -> f64 {
    let mut out = 0.0;
    for c in 0..2 {
        let mut at = 0;
        while at + 3 <= x.len() {
            let mut z = 0.0;
            for k in 0..3 {
                z += kernel[c][k] * x[at + k];
            }
            out += if z > 0.0 { z * z } else { 0.1 * z };
            at += stride;
        }
    }
    out
}
sample!(strided_convolution, [-1.0..1.0; [2, 9]], [[-1.0..1.0; 3]; 2], [1, 2, 4]);

#[derivative]
pub fn max_pool(x: &[f64], width: usize) -> f64 {
    let mut out = 0.0;
    for start in (0..x.len()).step_by(width) {
        let mut top = x[start];
        for i in start..(start + width).min(x.len()) {
            top = top.max(x[i]);
        }
        out += top.powi(2);
    }
    out
}
sample!(max_pool, [-1.0..1.0; [1, 8]], [1, 3, 9]);

/// Rows of a table that the words choose.
#[derivative]
pub fn embedding(table: &[[f64; 2]], words: &[usize]) -> f64 {
    let mut mean = [0.0; 2];
    for &word in words {
        for d in 0..2 {
            mean[d] += table[word][d];
        }
    }
    mean[0] * mean[1] + mean[0].sin()
}
sample!(embedding, [[-1.0..1.0; 2]; 4], [&[0, 2, 2, 3][..], &[][..], &[1][..]]);

/// Weights and biases by descent inside the function: a loss after some steps, differentiated in the rate.
#[derivative]
pub fn unrolled_descent(rate: f64, momentum: f64, #[constant] x: &[f64], #[constant] y: &[f64]) -> f64 {
    let mut w = [0.0, 0.0];
    let mut velocity = [0.0, 0.0];
    for _ in 0..5 {
        let mut g = [0.0, 0.0];
        for (x, y) in x.iter().zip(y) {
            let r = w[0] * x + w[1] - y;
            g[0] += r * x;
            g[1] += r;
        }
        for k in 0..2 {
            velocity[k] = momentum * velocity[k] - rate * g[k];
            w[k] += velocity[k];
        }
    }
    let mut loss = 0.0;
    for (x, y) in x.iter().zip(y) {
        loss += (w[0] * x + w[1] - y).powi(2);
    }
    loss
}
sample!(unrolled_descent, 0.02..0.1, 0.1..0.7, [-1.0..1.0; 6], [-1.0..2.0; 6]);
