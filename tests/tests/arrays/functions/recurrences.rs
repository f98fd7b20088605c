//! State that each step changes.

use diff_runtime::derivative;

/// Prey and predators: the state in an array, the four parameters in another.
#[derivative(hvp)]
pub fn lotka_volterra_by_rk4(start: &[f64; 2], p: &[f64; 4], steps: usize) -> f64 {
    let h = 0.1;
    let mut s = *start;
    for _ in 0..steps {
        let k1 = [p[0] * s[0] - p[1] * s[0] * s[1], p[2] * s[0] * s[1] - p[3] * s[1]];
        let m = [s[0] + 0.5 * h * k1[0], s[1] + 0.5 * h * k1[1]];
        let k2 = [p[0] * m[0] - p[1] * m[0] * m[1], p[2] * m[0] * m[1] - p[3] * m[1]];
        let n = [s[0] + 0.5 * h * k2[0], s[1] + 0.5 * h * k2[1]];
        let k3 = [p[0] * n[0] - p[1] * n[0] * n[1], p[2] * n[0] * n[1] - p[3] * n[1]];
        let e = [s[0] + h * k3[0], s[1] + h * k3[1]];
        let k4 = [p[0] * e[0] - p[1] * e[0] * e[1], p[2] * e[0] * e[1] - p[3] * e[1]];
        for i in 0..2 {
            s[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
    }
    s[0] + s[1] * s[1]
}
sample!(lotka_volterra_by_rk4, [0.5..1.5; 2], [0.4..1.2; 4], [0, 1, 10]);

/// Chemical kinetics: three species, two rates.
#[derivative(hvp)]
pub fn kinetics_by_euler(rates: &[f64; 2], #[constant] dt: f64, steps: usize) -> f64 {
    let mut c = vec![1.0, 0.0, 0.0];
    for _ in 0..steps {
        let forward = rates[0] * c[0];
        let backward = rates[1] * c[1] * c[1];
        c[0] -= dt * forward;
        c[1] += dt * (forward - backward);
        c[2] += dt * backward;
    }
    c[2] + 0.1 * c[1]
}
sample!(kinetics_by_euler, [0.5..2.0; 2], 0.02..0.1, [0, 1, 25]);

/// Positions and momenta in turn.
#[derivative(hvp)]
pub fn leapfrog(q: &[f64; 3], p: &[f64; 3], steps: u32) -> f64 {
    let mut q = *q;
    let mut p = *p;
    for _ in 0..steps {
        for i in 0..3 {
            p[i] -= 0.05 * q[i].sin();
        }
        for i in 0..3 {
            q[i] += 0.1 * p[i];
        }
        for i in 0..3 {
            p[i] -= 0.05 * q[i].sin();
        }
    }
    let mut energy = 0.0;
    for i in 0..3 {
        energy += 0.5 * p[i] * p[i] * q[i];
    }
    energy
}
sample!(leapfrog, [-1.0..1.0; 3], [-1.0..1.0; 3], [0, 1, 8]);

#[derivative(hvp)]
pub fn exponential_smoothing(x: &[f64], alpha: f64) -> f64 {
    let mut level = x[0];
    let mut error = 0.0;
    for i in 1..x.len() {
        error += (x[i] - level).powi(2);
        level = alpha * x[i] + (1.0 - alpha) * level;
    }
    error + level
}
sample!(exponential_smoothing, [-1.0..1.0; [1, 2, 8]], 0.1..0.9);

/// A filter of second order: two delays in a local array.
#[derivative(hvp)]
pub fn biquad(signal: &[f64], b: &[f64; 3], a: &[f64; 2]) -> f64 {
    let mut delays = [0.0, 0.0];
    let mut power = 0.0;
    for &x in signal {
        let y = b[0] * x + delays[0];
        delays[0] = b[1] * x - a[0] * y + delays[1];
        delays[1] = b[2] * x - a[1] * y;
        power += y * y;
    }
    power
}
sample!(biquad, [-1.0..1.0; [0, 3, 9]], [-1.0..1.0; 3], [-0.5..0.5; 2]);

/// The probability of a sequence of symbols.
#[derivative(hvp)]
pub fn hmm_forward(start: &[f64; 2], step: &[[f64; 2]; 2], emit: &[[f64; 3]; 2], seen: &[usize]) -> f64 {
    let mut alpha = [start[0] * emit[0][seen[0]], start[1] * emit[1][seen[0]]];
    for t in 1..seen.len() {
        let mut next = [0.0; 2];
        for j in 0..2 {
            for i in 0..2 {
                next[j] += alpha[i] * step[i][j];
            }
            next[j] *= emit[j][seen[t]];
        }
        alpha[0] = next[0];
        alpha[1] = next[1];
    }
    (alpha[0] + alpha[1]).ln()
}
sample!(
    hmm_forward,
    [0.2..0.8; 2],
    [[0.2..0.8; 2]; 2],
    [[0.1..0.9; 3]; 2],
    [&[0, 2, 1, 1, 0][..], &[1][..], &[2, 0, 2][..]]
);

/// The same with a scale taken out at each step, and its logarithm added up.
#[derivative(hvp)]
pub fn hmm_forward_scaled(step: &[f64], emit: &[f64], seen: &[usize]) -> f64 {
    let n = emit.len() / 3;
    let mut alpha = vec![1.0 / n as f64; n];
    let mut log_likelihood = 0.0;
    for &symbol in seen {
        let mut next = vec![0.0; n];
        let mut scale = 0.0;
        for j in 0..n {
            for i in 0..n {
                next[j] += alpha[i] * step[i * n + j];
            }
            next[j] *= emit[j * 3 + symbol];
            scale += next[j];
        }
        for j in 0..n {
            alpha[j] = next[j] / scale;
        }
        log_likelihood += scale.ln();
    }
    log_likelihood
}
sample!(hmm_forward_scaled, [0.2..0.8; [4, 9]], [0.2..0.8; [6, 9]], [&[0, 2, 1][..], &[2, 2, 1, 0][..], &[][..]]);

#[derivative(hvp)]
pub fn horner(coefficients: &[f64], x: f64) -> f64 {
    let mut value = 0.0;
    for i in (0..coefficients.len()).rev() {
        value = value * x + coefficients[i];
    }
    value
}
sample!(horner, [-1.0..1.0; [0, 1, 6]], -1.2..1.2);

#[derivative(hvp)]
pub fn horner_over_reversed(coefficients: &[f64], x: f64) -> f64 {
    let mut value = 0.0;
    for c in coefficients.iter().rev() {
        value = value * x + c;
    }
    value
}
sample!(horner_over_reversed, [-1.0..1.0; [0, 1, 6]], -1.2..1.2);

/// Powers beside the sum.
#[derivative(hvp)]
pub fn polynomial_by_powers(x: f64, coefficients: &[f64; 5]) -> f64 {
    let mut power = 1.0;
    let mut sum = 0.0;
    for c in coefficients {
        sum += c * power;
        power *= x;
    }
    sum
}
sample!(polynomial_by_powers, -1.2..1.2, [-1.0..1.0; 5]);

/// Clenshaw's recurrence for a sum of Chebyshev polynomials.
#[derivative(hvp)]
pub fn clenshaw(c: &[f64], x: f64) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for i in (1..c.len()).rev() {
        let b = c[i] + 2.0 * x * b1 - b2;
        b2 = b1;
        b1 = b;
    }
    c[0] + x * b1 - b2
}
sample!(clenshaw, [-1.0..1.0; [1, 2, 7]], -0.9..0.9);

#[derivative(hvp)]
pub fn continued_fraction(a: &[f64], b: &[f64]) -> f64 {
    let mut value = 0.0;
    for (a, b) in a.iter().zip(b) {
        value = a / (b + value);
    }
    value
}
sample!(continued_fraction, [0.2..1.0; [0, 2, 7]], [1.0..2.0; [0, 2, 7]]);

/// A cell with four gates over a sequence of scalars.
#[derivative(hvp)]
pub fn lstm(w: &[f64; 4], u: &[f64; 4], b: &[f64; 4], #[constant] x: &[f64]) -> f64 {
    let mut h = 0.0;
    let mut c = 0.0;
    for x in x {
        let mut gates = [0.0; 4];
        for k in 0..4 {
            gates[k] = w[k] * x + u[k] * h + b[k];
        }
        let input = 1.0 / (1.0 + (-gates[0]).exp());
        let forget = 1.0 / (1.0 + (-gates[1]).exp());
        let output = 1.0 / (1.0 + (-gates[2]).exp());
        c = forget * c + input * gates[3].tanh();
        h = output * c.tanh();
    }
    h
}
sample!(lstm, [-1.0..1.0; 4], [-1.0..1.0; 4], [-0.5..0.5; 4], [-1.0..1.0; [1, 2, 6]]);

/// A filter with position and velocity, and the likelihood of what it sees.
#[derivative(hvp)]
pub fn kalman(noise: f64, drift: f64, #[constant] seen: &[f64]) -> f64 {
    let mut x = [0.0, 0.0];
    let mut p = [[1.0, 0.0], [0.0, 1.0]];
    let mut nll = 0.0;
    for z in seen {
        x[0] += x[1];
        let predicted =
            [[p[0][0] + p[0][1] + p[1][0] + p[1][1] + drift, p[0][1] + p[1][1]], [p[1][0] + p[1][1], p[1][1] + drift]];
        let s = predicted[0][0] + noise;
        let r = z - x[0];
        nll += 0.5 * (r * r / s + s.ln());
        let gain = [predicted[0][0] / s, predicted[1][0] / s];
        for i in 0..2 {
            x[i] += gain[i] * r;
            for j in 0..2 {
                p[i][j] = predicted[i][j] - gain[i] * predicted[0][j];
            }
        }
    }
    nll
}
sample!(kalman, 0.3..1.5, 0.05..0.5, [-1.0..1.0; [0, 1, 6]]);

/// A scalar filter, with the variance in an element of an array.
#[derivative(hvp)]
pub fn kalman_of_a_level(noise: &[f64; 2], #[constant] seen: &[f64]) -> f64 {
    let mut state = [0.0, 1.0];
    let mut nll = 0.0;
    for z in seen.iter() {
        state[1] += noise[1];
        let s = state[1] + noise[0];
        let r = z - state[0];
        nll += 0.5 * (r * r / s + s.ln());
        let gain = state[1] / s;
        state[0] += gain * r;
        state[1] *= 1.0 - gain;
    }
    nll
}
sample!(kalman_of_a_level, [0.2..1.0; 2], [-1.0..1.0; [0, 1, 6]]);

/// Fibonacci's recurrence in a vector: each element from the two before it.
#[derivative(hvp)]
pub fn second_order_recurrence(x: f64, y: f64, n: usize) -> f64 {
    let mut a = vec![0.0; n + 2];
    a[0] = x;
    a[1] = y;
    for i in 2..n + 2 {
        a[i] = a[i - 1] * 0.5 + a[i - 2].sin();
    }
    a[n + 1] * a[n]
}
sample!(second_order_recurrence, -1.0..1.0, -1.0..1.0, [0, 1, 6]);

/// Logistic maps that are coupled to their neighbours on a ring.
#[derivative(hvp)]
pub fn coupled_maps(x: &[f64], coupling: f64, steps: usize) -> f64 {
    let n = x.len();
    let mut state = x.to_vec();
    for _ in 0..steps {
        let mut mapped = vec![0.0; n];
        for i in 0..n {
            mapped[i] = 2.5 * state[i] * (1.0 - state[i]);
        }
        for i in 0..n {
            state[i] = (1.0 - coupling) * mapped[i] + 0.5 * coupling * (mapped[(i + n - 1) % n] + mapped[(i + 1) % n]);
        }
    }
    let mut sum = 0.0;
    for (i, s) in state.iter().enumerate() {
        sum += s * s * (i + 1) as f64;
    }
    sum
}
sample!(coupled_maps, [0.2..0.8; [1, 2, 5]], 0.1..0.4, [0, 1, 4]);
