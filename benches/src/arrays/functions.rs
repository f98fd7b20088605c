//! The primals, as a user would write them: slices, indices, loops. The derivative is attached; nothing else is.

// Indices are what is to be differentiated.
#![allow(clippy::needless_range_loop)]

use std::f64::consts::{LN_2, PI};

use diff_runtime::derivative;

/// The chained Rosenbrock function: neighbours are coupled.
#[derivative]
pub fn rosenbrock(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
    }
    sum
}

/// The product of the elements of a slice: a recurrence.
#[derivative]
pub fn product_of_slice(x: &[f64]) -> f64 {
    let mut product = 1.0;
    for factor in x {
        product *= factor;
    }
    product
}

/// The product of the elements of an array: the same with a length that is known.
#[derivative]
pub fn product_of_array(x: &[f64; 32]) -> f64 {
    let mut product = 1.0;
    for i in 0..32 {
        product *= x[i];
    }
    product
}

/// The logistic loss of linear weights over rows of data with labels of -1 and 1.
#[derivative]
pub fn logistic_loss(weights: &[f64], #[constant] rows: &[f64], #[constant] labels: &[f64]) -> f64 {
    let d = weights.len();
    let mut loss = 0.0;
    for i in 0..labels.len() {
        let mut score = 0.0;
        for j in 0..d {
            score += weights[j] * rows[i * d + j];
        }
        loss += (-labels[i] * score).exp().ln_1p();
    }
    loss
}

/// The logarithm of the multivariate gamma function of order `p` at half of an integer.
pub fn log_gamma_distribution(twice: usize, p: usize) -> f64 {
    let first = 0.25 * (p * (p - 1)) as f64 * PI.ln();
    (0..p).fold(first, |sum, j| sum + log_gamma_of_half(twice - j))
}

/// The logarithm of the gamma function at `n / 2`, for a positive `n`.
fn log_gamma_of_half(n: usize) -> f64 {
    let (mut value, first) = if n.is_multiple_of(2) { (0.0, 2) } else { (0.5 * PI.ln(), 1) };
    for k in (first..n).step_by(2) {
        value += (0.5 * k as f64).ln();
    }
    value
}

/// The log-likelihood of a Gaussian mixture with a Wishart prior, as ADBench has it: `alphas` are the logarithms of the
/// weights, `icf` holds per component the logarithms of the diagonal of the inverse covariance's factor, then the
/// columns of its strict lower triangle.
#[derivative]
#[allow(clippy::too_many_arguments)]
pub fn gaussian_mixture(
    alphas: &[f64],
    means: &[f64],
    icf: &[f64],
    #[constant] x: &[f64],
    #[constant] gamma: f64,
    m: usize,
    d: usize,
) -> f64 {
    let k = alphas.len();
    let n = x.len() / d;
    let icf_size = d * (d + 1) / 2;
    let mut diagonals = vec![0.0; d * k];
    let mut sums = vec![0.0; k];
    let mut centered = vec![0.0; d];
    let mut rotated = vec![0.0; d];
    let mut terms = vec![0.0; k];

    for ik in 0..k {
        sums[ik] = 0.0;
        for i in 0..d {
            let q = icf[ik * icf_size + i];
            sums[ik] += q;
            diagonals[ik * d + i] = q.exp();
        }
    }

    let mut slse = 0.0;
    for ix in 0..n {
        for ik in 0..k {
            for i in 0..d {
                centered[i] = x[ix * d + i] - means[ik * d + i];
            }
            for i in 0..d {
                rotated[i] = diagonals[ik * d + i] * centered[i];
            }
            let mut l = ik * icf_size + d;
            for i in 0..d {
                for j in i + 1..d {
                    rotated[j] += icf[l] * centered[i];
                    l += 1;
                }
            }
            let mut square = 0.0;
            for i in 0..d {
                square += rotated[i] * rotated[i];
            }
            terms[ik] = alphas[ik] + sums[ik] - 0.5 * square;
        }
        let mut greatest = terms[0];
        for ik in 1..k {
            if terms[ik] > greatest {
                greatest = terms[ik];
            }
        }
        let mut exponentials = 0.0;
        for ik in 0..k {
            exponentials += (terms[ik] - greatest).exp();
        }
        slse += exponentials.ln() + greatest;
    }

    let mut greatest = alphas[0];
    for ik in 1..k {
        if alphas[ik] > greatest {
            greatest = alphas[ik];
        }
    }
    let mut exponentials = 0.0;
    for ik in 0..k {
        exponentials += (alphas[ik] - greatest).exp();
    }
    let lse_alphas = exponentials.ln() + greatest;

    let twice = d + m + 1;
    let constant = (twice * d) as f64 * (gamma.ln() - 0.5 * LN_2) - log_gamma_distribution(twice, d);
    let mut prior = 0.0;
    for ik in 0..k {
        let mut frobenius = 0.0;
        for i in 0..d {
            frobenius += diagonals[ik * d + i] * diagonals[ik * d + i];
        }
        for i in d..icf_size {
            frobenius += icf[ik * icf_size + i] * icf[ik * icf_size + i];
        }
        prior += 0.5 * gamma * gamma * frobenius - m as f64 * sums[ik];
    }
    prior -= k as f64 * constant;
    -((n * d) as f64) * 0.5 * (2.0 * PI).ln() + slse - n as f64 * lse_alphas + prior
}

/// The inputs of the perceptron.
pub const INPUTS: usize = 32;
/// The width of its two hidden layers.
pub const HIDDEN: usize = 64;
/// Its outputs.
pub const OUTPUTS: usize = 10;

/// The squared error, summed over the outputs and averaged over the batch, of a perceptron with two hidden layers of
/// hyperbolic tangents. Row `i` of a layer's weights belongs to its output `i`.
#[derivative]
#[allow(clippy::too_many_arguments)]
pub fn perceptron(
    w1: &[f64],
    b1: &[f64],
    w2: &[f64],
    b2: &[f64],
    w3: &[f64],
    b3: &[f64],
    #[constant] x: &[f64],
    #[constant] targets: &[f64],
) -> f64 {
    let batch = x.len() / INPUTS;
    let mut loss = 0.0;
    for sample in 0..batch {
        let mut h1 = [0.0; HIDDEN];
        for i in 0..HIDDEN {
            let mut z = b1[i];
            for j in 0..INPUTS {
                z += w1[i * INPUTS + j] * x[sample * INPUTS + j];
            }
            h1[i] = z.tanh();
        }
        let mut h2 = [0.0; HIDDEN];
        for i in 0..HIDDEN {
            let mut z = b2[i];
            for j in 0..HIDDEN {
                z += w2[i * HIDDEN + j] * h1[j];
            }
            h2[i] = z.tanh();
        }
        for i in 0..OUTPUTS {
            let mut z = b3[i];
            for j in 0..HIDDEN {
                z += w3[i * HIDDEN + j] * h2[j];
            }
            loss += (z - targets[sample * OUTPUTS + i]).powi(2);
        }
    }
    loss / batch as f64
}

/// The same with the sums of a layer in one loop and its hyperbolic tangents in another: the processor overlaps sums
/// that no call stands between.
#[derivative]
#[allow(clippy::too_many_arguments)]
pub fn perceptron_in_passes(
    w1: &[f64],
    b1: &[f64],
    w2: &[f64],
    b2: &[f64],
    w3: &[f64],
    b3: &[f64],
    #[constant] x: &[f64],
    #[constant] targets: &[f64],
) -> f64 {
    let batch = x.len() / INPUTS;
    let mut loss = 0.0;
    for sample in 0..batch {
        let mut z1 = [0.0; HIDDEN];
        for i in 0..HIDDEN {
            let mut z = b1[i];
            for j in 0..INPUTS {
                z += w1[i * INPUTS + j] * x[sample * INPUTS + j];
            }
            z1[i] = z;
        }
        let mut h1 = [0.0; HIDDEN];
        for i in 0..HIDDEN {
            h1[i] = z1[i].tanh();
        }
        let mut z2 = [0.0; HIDDEN];
        for i in 0..HIDDEN {
            let mut z = b2[i];
            for j in 0..HIDDEN {
                z += w2[i * HIDDEN + j] * h1[j];
            }
            z2[i] = z;
        }
        let mut h2 = [0.0; HIDDEN];
        for i in 0..HIDDEN {
            h2[i] = z2[i].tanh();
        }
        for i in 0..OUTPUTS {
            let mut z = b3[i];
            for j in 0..HIDDEN {
                z += w3[i * HIDDEN + j] * h2[j];
            }
            loss += (z - targets[sample * OUTPUTS + i]).powi(2);
        }
    }
    loss / batch as f64
}

/// Prey and predators after steps of the classical Runge-Kutta method from (1, 1), their product: a recurrence of
/// unknown length.
#[derivative]
pub fn lotka_volterra(alpha: f64, beta: f64, gamma: f64, delta: f64, steps: usize, #[constant] h: f64) -> f64 {
    let mut x = 1.0;
    let mut y = 1.0;
    for _ in 0..steps {
        let x1 = alpha * x - beta * x * y;
        let y1 = delta * x * y - gamma * y;
        let (u, v) = (x + 0.5 * h * x1, y + 0.5 * h * y1);
        let x2 = alpha * u - beta * u * v;
        let y2 = delta * u * v - gamma * v;
        let (u, v) = (x + 0.5 * h * x2, y + 0.5 * h * y2);
        let x3 = alpha * u - beta * u * v;
        let y3 = delta * u * v - gamma * v;
        let (u, v) = (x + h * x3, y + h * y3);
        let x4 = alpha * u - beta * u * v;
        let y4 = delta * u * v - gamma * v;
        x += h / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4);
        y += h / 6.0 * (y1 + 2.0 * y2 + 2.0 * y3 + y4);
    }
    x * y
}

/// The same system, both populations.
#[derivative]
pub fn lotka_volterra_state(
    alpha: f64,
    beta: f64,
    gamma: f64,
    delta: f64,
    steps: usize,
    #[constant] h: f64,
) -> (f64, f64) {
    let mut x = 1.0;
    let mut y = 1.0;
    for _ in 0..steps {
        let x1 = alpha * x - beta * x * y;
        let y1 = delta * x * y - gamma * y;
        let (u, v) = (x + 0.5 * h * x1, y + 0.5 * h * y1);
        let x2 = alpha * u - beta * u * v;
        let y2 = delta * u * v - gamma * v;
        let (u, v) = (x + 0.5 * h * x2, y + 0.5 * h * y2);
        let x3 = alpha * u - beta * u * v;
        let y3 = delta * u * v - gamma * v;
        let (u, v) = (x + h * x3, y + h * y3);
        let x4 = alpha * u - beta * u * v;
        let y4 = delta * u * v - gamma * v;
        x += h / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4);
        y += h / 6.0 * (y1 + 2.0 * y2 + 2.0 * y3 + y4);
    }
    (x, y)
}
