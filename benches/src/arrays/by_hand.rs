//! Values and gradients of [`functions`](super::functions) by hand, as a careful engineer would write them: the primal's
//! order of operations, a reverse sweep, no storage and no allocation that is not needed, windows instead of indices.
//!
//! All gradients are written into the caller's buffers, which are overwritten. Functions return the value.

use std::f64::consts::{LN_2, PI};

use super::functions::{HIDDEN, INPUTS, OUTPUTS, log_gamma_distribution};

/// The sweep follows the sum. What an element gets from its successor's term is carried to it in a register.
pub fn rosenbrock(x: &[f64], x_bar: &mut [f64]) -> f64 {
    let terms = x.len() - 1;
    let x_bar = &mut x_bar[..terms + 1];
    let mut sum = 0.0;
    let mut carried = 0.0;
    for (pair, bar) in x.windows(2).zip(&mut *x_bar) {
        let residual = pair[1] - pair[0] * pair[0];
        let rest = 1.0 - pair[0];
        sum += 100.0 * (residual * residual) + rest * rest;
        *bar = carried - 400.0 * residual * pair[0] - 2.0 * rest;
        carried = 200.0 * residual;
    }
    x_bar[terms] = carried;
    sum
}

/// Each element gathers what it gets from both of its terms: no iteration depends on another.
pub fn rosenbrock_gradient(x: &[f64], x_bar: &mut [f64]) {
    let last = x.len() - 1;
    let x_bar = &mut x_bar[..last + 1];
    x_bar[0] = -400.0 * (x[1] - x[0] * x[0]) * x[0] - 2.0 * (1.0 - x[0]);
    for (triple, bar) in x.windows(3).zip(&mut x_bar[1..]) {
        let [left, middle, right] = [triple[0], triple[1], triple[2]];
        let own = -400.0 * (right - middle * middle) * middle - 2.0 * (1.0 - middle);
        *bar = 200.0 * (middle - left * left) + own;
    }
    x_bar[last] = 200.0 * (x[last] - x[last - 1] * x[last - 1]);
}

/// Prefixes on the way there, kept in the buffer of the gradient; suffixes on the way back.
pub fn product_of_slice(x: &[f64], x_bar: &mut [f64]) -> f64 {
    let mut product = 1.0;
    for (factor, bar) in x.iter().zip(&mut *x_bar) {
        *bar = product;
        product *= factor;
    }
    let mut suffix = 1.0;
    for (factor, bar) in x.iter().zip(x_bar).rev() {
        *bar *= suffix;
        suffix *= factor;
    }
    product
}

/// As for the slice.
pub fn product_of_array(x: &[f64; 32], x_bar: &mut [f64; 32]) -> f64 {
    let mut product = 1.0;
    for i in 0..32 {
        x_bar[i] = product;
        product *= x[i];
    }
    let mut suffix = 1.0;
    for i in (0..32).rev() {
        x_bar[i] *= suffix;
        suffix *= x[i];
    }
    product
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (a, b) in a.iter().zip(b) {
        sum += a * b;
    }
    sum
}

/// `y += a x`.
fn add_scaled(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// Each row's part of the gradient right after its part of the loss.
pub fn logistic_loss(weights: &[f64], rows: &[f64], labels: &[f64], weights_bar: &mut [f64]) -> f64 {
    weights_bar.fill(0.0);
    let mut loss = 0.0;
    for (row, label) in rows.chunks_exact(weights.len()).zip(labels) {
        let e = (-label * dot(weights, row)).exp();
        loss += e.ln_1p();
        add_scaled(weights_bar, -label * (e / (1.0 + e)), row);
    }
    loss
}

/// The logarithm of the sum of exponentials; leaves the softmax in place of the terms.
fn log_sum_exp(terms: &mut [f64]) -> f64 {
    let mut greatest = terms[0];
    for term in &terms[1..] {
        if *term > greatest {
            greatest = *term;
        }
    }
    let mut sum = 0.0;
    for term in &mut *terms {
        *term = (*term - greatest).exp();
        sum += *term;
    }
    let reciprocal = 1.0 / sum;
    terms.iter_mut().for_each(|term| *term *= reciprocal);
    sum.ln() + greatest
}

/// The factor of one component's inverse covariance: the exponential of its diagonal, the rest of its columns.
#[derive(Clone, Copy)]
struct Factor<'a> {
    diagonal: &'a [f64],
    columns: &'a [f64],
}

impl Factor<'_> {
    /// `rotated = factor * centered`.
    fn apply(self, centered: &[f64], rotated: &mut [f64]) {
        let d = self.diagonal.len();
        let (centered, rotated) = (&centered[..d], &mut rotated[..d]);
        for i in 0..d {
            rotated[i] = self.diagonal[i] * centered[i];
        }
        let mut columns = self.columns;
        for i in 0..d {
            let (column, rest) = columns.split_at(d - i - 1);
            add_scaled(&mut rotated[i + 1..], centered[i], column);
            columns = rest;
        }
    }

    /// Pulls the adjoint of `rotated` back, to the factor and to the mean (whose sign is the opposite).
    fn pull_back(self, centered: &[f64], rotated_bar: &[f64], factor_bar: FactorBar<'_>, mean_bar: &mut [f64]) {
        let d = self.diagonal.len();
        let (centered, rotated_bar) = (&centered[..d], &rotated_bar[..d]);
        let (diagonal_bar, mean_bar) = (&mut factor_bar.diagonal[..d], &mut mean_bar[..d]);
        let (mut columns, mut columns_bar) = (self.columns, factor_bar.columns);
        for i in 0..d {
            let below = &rotated_bar[i + 1..];
            let (column, rest) = columns.split_at(below.len());
            let (column_bar, rest_bar) = columns_bar.split_at_mut(below.len());
            let mut centered_bar = self.diagonal[i] * rotated_bar[i];
            for ((l, l_bar), bar) in column.iter().zip(column_bar).zip(below) {
                centered_bar += l * bar;
                *l_bar += centered[i] * bar;
            }
            diagonal_bar[i] += rotated_bar[i] * centered[i];
            mean_bar[i] -= centered_bar;
            (columns, columns_bar) = (rest, rest_bar);
        }
    }
}

/// The adjoint of a [`Factor`].
struct FactorBar<'a> {
    diagonal: &'a mut [f64],
    columns: &'a mut [f64],
}

/// What the sweep over the points of the mixture reads.
struct Mixture<'a> {
    alphas: &'a [f64],
    means: &'a [f64],
    icf: &'a [f64],
    diagonals: &'a [f64],
    sums: &'a [f64],
    d: usize,
}

/// What the sweep over the points adds to, and works with.
struct MixtureBar<'a> {
    alphas: &'a mut [f64],
    means: &'a mut [f64],
    icf: &'a mut [f64],
    diagonals: &'a mut [f64],
    sums: &'a mut [f64],
}

impl Mixture<'_> {
    fn icf_size(&self) -> usize {
        self.d * (self.d + 1) / 2
    }

    fn factor(&self, ik: usize) -> Factor<'_> {
        let size = self.icf_size();
        Factor { diagonal: &self.diagonals[ik * self.d..][..self.d], columns: &self.icf[ik * size..][..size][self.d..] }
    }

    /// The log-likelihood of all points but for constants; the reverse of each right after it.
    fn points(&self, x: &[f64], bar: &mut MixtureBar<'_>) -> f64 {
        let (d, k) = (self.d, self.alphas.len());
        let mut centered = vec![0.0; d * k];
        let mut rotated = vec![0.0; d * k];
        let mut terms = vec![0.0; k];
        let mut slse = 0.0;
        for point in x.chunks_exact(d) {
            for ik in 0..k {
                let (centered, rotated) = (&mut centered[ik * d..][..d], &mut rotated[ik * d..][..d]);
                for ((c, x), mean) in centered.iter_mut().zip(point).zip(&self.means[ik * d..][..d]) {
                    *c = x - mean;
                }
                self.factor(ik).apply(centered, rotated);
                terms[ik] = self.alphas[ik] + self.sums[ik] - 0.5 * dot(rotated, rotated);
            }
            slse += log_sum_exp(&mut terms);
            for ik in 0..k {
                self.pull_back(ik, terms[ik], &centered[ik * d..][..d], &mut rotated[ik * d..][..d], bar);
            }
        }
        slse
    }

    /// Pulls the adjoint of one component's term back; `rotated` becomes its own adjoint.
    fn pull_back(&self, ik: usize, term_bar: f64, centered: &[f64], rotated: &mut [f64], bar: &mut MixtureBar<'_>) {
        let (d, size) = (self.d, self.icf_size());
        bar.alphas[ik] += term_bar;
        bar.sums[ik] += term_bar;
        rotated.iter_mut().for_each(|rotated| *rotated *= -term_bar);
        let factor_bar =
            FactorBar { diagonal: &mut bar.diagonals[ik * d..][..d], columns: &mut bar.icf[ik * size..][..size][d..] };
        self.factor(ik).pull_back(centered, rotated, factor_bar, &mut bar.means[ik * d..][..d]);
    }

    /// The Wishart prior but for its constant, with its gradient.
    fn prior(&self, gamma: f64, m: usize, bar: &mut MixtureBar<'_>) -> f64 {
        let (d, size) = (self.d, self.icf_size());
        let mut prior = 0.0;
        for ik in 0..self.alphas.len() {
            let Factor { diagonal, columns } = self.factor(ik);
            let mut frobenius = dot(diagonal, diagonal);
            for column in columns {
                frobenius += column * column;
            }
            prior += 0.5 * gamma * gamma * frobenius - m as f64 * self.sums[ik];
            add_scaled(&mut bar.diagonals[ik * d..][..d], gamma * gamma, diagonal);
            add_scaled(&mut bar.icf[ik * size..][..size][d..], gamma * gamma, columns);
            bar.sums[ik] -= m as f64;
        }
        prior
    }
}

/// Each point's part of the gradient right after its part of the likelihood; the exponentials of the diagonals last.
#[allow(clippy::too_many_arguments)]
pub fn gaussian_mixture(
    alphas: &[f64],
    means: &[f64],
    icf: &[f64],
    x: &[f64],
    gamma: f64,
    m: usize,
    d: usize,
    alphas_bar: &mut [f64],
    means_bar: &mut [f64],
    icf_bar: &mut [f64],
) -> f64 {
    let (k, n, size) = (alphas.len(), x.len() / d, d * (d + 1) / 2);
    let mut diagonals = vec![0.0; d * k];
    let mut sums = vec![0.0; k];
    for ik in 0..k {
        for (i, q) in icf[ik * size..][..d].iter().enumerate() {
            sums[ik] += q;
            diagonals[ik * d + i] = q.exp();
        }
    }
    let mut diagonals_bar = vec![0.0; d * k];
    let mut sums_bar = vec![0.0; k];
    alphas_bar.fill(0.0);
    means_bar.fill(0.0);
    icf_bar.fill(0.0);
    let mixture = Mixture { alphas, means, icf, diagonals: &diagonals, sums: &sums, d };
    let mut bar = MixtureBar {
        alphas: alphas_bar,
        means: means_bar,
        icf: icf_bar,
        diagonals: &mut diagonals_bar,
        sums: &mut sums_bar,
    };
    let slse = mixture.points(x, &mut bar);
    let mut softmax = alphas.to_vec();
    let lse_alphas = log_sum_exp(&mut softmax);
    add_scaled(bar.alphas, -(n as f64), &softmax);
    let twice = d + m + 1;
    let constant = (twice * d) as f64 * (gamma.ln() - 0.5 * LN_2) - log_gamma_distribution(twice, d);
    let prior = mixture.prior(gamma, m, &mut bar) - k as f64 * constant;
    for ik in 0..k {
        let q_bar = &mut icf_bar[ik * size..][..d];
        for (i, q_bar) in q_bar.iter_mut().enumerate() {
            *q_bar = diagonals_bar[ik * d + i] * diagonals[ik * d + i] + sums_bar[ik];
        }
    }
    -((n * d) as f64) * 0.5 * (2.0 * PI).ln() + slse - n as f64 * lse_alphas + prior
}

/// `z = activation(b + W h)`, row by row.
#[inline(always)]
fn layer(w: &[f64], b: &[f64], h: &[f64], z: &mut [f64], activation: impl Fn(f64) -> f64) {
    for ((row, b), z) in w.chunks_exact(h.len()).zip(b).zip(z) {
        let mut sum = *b;
        for (w, h) in row.iter().zip(h) {
            sum += w * h;
        }
        *z = activation(sum);
    }
}

/// A layer of hyperbolic tangents, in one loop.
#[inline(always)]
fn tanh_layer(w: &[f64], b: &[f64], h: &[f64], result: &mut [f64]) {
    layer(w, b, h, result, f64::tanh);
}

/// A layer of hyperbolic tangents: first all sums, then all tangents.
#[inline(always)]
fn tanh_layer_in_passes(w: &[f64], b: &[f64], h: &[f64], result: &mut [f64]) {
    layer(w, b, h, result, |sum| sum);
    result.iter_mut().for_each(|h| *h = h.tanh());
}

/// Adds a layer's part of the gradient, for the adjoints of its sums.
fn add_outer(w_bar: &mut [f64], b_bar: &mut [f64], z_bar: &[f64], h: &[f64]) {
    for ((row_bar, b_bar), z_bar) in w_bar.chunks_exact_mut(h.len()).zip(b_bar).zip(z_bar) {
        *b_bar += z_bar;
        add_scaled(row_bar, *z_bar, h);
    }
}

/// The adjoints of the sums of the layer before, whose results were `h = tanh(z)`.
fn through_tanh(w: &[f64], z_bar: &[f64], h: &[f64; HIDDEN]) -> [f64; HIDDEN] {
    let mut bar = [0.0; HIDDEN];
    for (row, z_bar) in w.chunks_exact(HIDDEN).zip(z_bar) {
        add_scaled(&mut bar, *z_bar, row);
    }
    for (bar, h) in bar.iter_mut().zip(h) {
        *bar *= 1.0 - h * h;
    }
    bar
}

/// The six parameters of the perceptron, or their adjoints.
pub struct Layers<T> {
    /// Weights and biases of the first layer.
    pub first: (T, T),
    /// Weights and biases of the second layer.
    pub second: (T, T),
    /// Weights and biases of the last layer.
    pub last: (T, T),
}

impl Layers<&mut [f64]> {
    fn clear(&mut self) {
        let Self { first, second, last } = self;
        for bar in [&mut *first.0, first.1, second.0, second.1, last.0, last.1] {
            bar.fill(0.0);
        }
    }
}

/// Each sample's part of the gradient right after its part of the loss; all between on the stack.
pub fn perceptron(parameters: Layers<&[f64]>, x: &[f64], targets: &[f64], bars: Layers<&mut [f64]>) -> f64 {
    perceptron_of(tanh_layer, parameters, x, targets, bars)
}

/// The same for the primal in passes.
pub fn perceptron_in_passes(parameters: Layers<&[f64]>, x: &[f64], targets: &[f64], bars: Layers<&mut [f64]>) -> f64 {
    perceptron_of(tanh_layer_in_passes, parameters, x, targets, bars)
}

#[inline(always)]
fn perceptron_of(
    tanh_layer: impl Fn(&[f64], &[f64], &[f64], &mut [f64]),
    parameters: Layers<&[f64]>,
    x: &[f64],
    targets: &[f64],
    mut bars: Layers<&mut [f64]>,
) -> f64 {
    let Layers { first: (w1, b1), second: (w2, b2), last: (w3, b3) } = parameters;
    bars.clear();
    let Layers { first: (w1_bar, b1_bar), second: (w2_bar, b2_bar), last: (w3_bar, b3_bar) } = bars;
    let batch = (x.len() / INPUTS) as f64;
    let (mut h1, mut h2, mut z3) = ([0.0; HIDDEN], [0.0; HIDDEN], [0.0; OUTPUTS]);
    let mut loss = 0.0;
    for (x, targets) in x.chunks_exact(INPUTS).zip(targets.chunks_exact(OUTPUTS)) {
        tanh_layer(w1, b1, x, &mut h1);
        tanh_layer(w2, b2, &h1, &mut h2);
        layer(w3, b3, &h2, &mut z3, |sum| sum);
        for (z, target) in z3.iter_mut().zip(targets) {
            let error = *z - target;
            loss += error * error;
            *z = 2.0 / batch * error;
        }
        add_outer(w3_bar, b3_bar, &z3, &h2);
        let z2_bar = through_tanh(w3, &z3, &h2);
        add_outer(w2_bar, b2_bar, &z2_bar, &h1);
        let z1_bar = through_tanh(w2, &z2_bar, &h1);
        add_outer(w1_bar, b1_bar, &z1_bar, x);
    }
    loss / batch
}

/// The parameters of the Lotka-Volterra equations.
#[derive(Clone, Copy)]
struct Rates {
    alpha: f64,
    beta: f64,
    gamma: f64,
    delta: f64,
}

impl Rates {
    #[inline]
    fn slope(self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.alpha * x - self.beta * x * y, self.delta * x * y - self.gamma * y]
    }

    /// The tangent of the slope in the directions of the four parameters.
    #[inline]
    fn slope_tangents(self, [x, y]: [f64; 2], dots: &Tangents) -> Tangents {
        let [dx, dy] = dots;
        let (xx, xy) = (self.alpha - self.beta * y, -self.beta * x);
        let (yx, yy) = (self.delta * y, self.delta * x - self.gamma);
        let mut slopes = [[0.0; 4]; 2];
        for i in 0..4 {
            slopes[0][i] = xx * dx[i] + xy * dy[i];
            slopes[1][i] = yx * dx[i] + yy * dy[i];
        }
        slopes[0][0] += x;
        slopes[0][1] -= x * y;
        slopes[1][2] -= y;
        slopes[1][3] += x * y;
        slopes
    }

    /// Pulls the adjoint of the slope at a state back to the state, and to the parameters.
    #[inline]
    fn pull_back(self, [x, y]: [f64; 2], [p, q]: [f64; 2], bar: &mut [f64; 4]) -> [f64; 2] {
        let xy = x * y;
        bar[0] += x * p;
        bar[1] -= xy * p;
        bar[2] -= y * q;
        bar[3] += xy * q;
        let shared = self.delta * q - self.beta * p;
        [self.alpha * p + shared * y, shared * x - self.gamma * q]
    }
}

/// Per component of the state its derivatives in the four parameters.
type Tangents = [[f64; 4]; 2];

#[inline]
fn advance([x, y]: [f64; 2], h: f64, [dx, dy]: [f64; 2]) -> [f64; 2] {
    [x + h * dx, y + h * dy]
}

#[inline]
fn advance_tangents(state: &Tangents, h: f64, slope: &Tangents) -> Tangents {
    let mut result = *state;
    for (result, slope) in result.iter_mut().zip(slope) {
        add_scaled(result, h, slope);
    }
    result
}

#[inline]
fn weighted(h: f64, slopes: [[f64; 2]; 4]) -> [f64; 2] {
    let [a, b, c, d] = slopes;
    [h / 6.0 * (a[0] + 2.0 * b[0] + 2.0 * c[0] + d[0]), h / 6.0 * (a[1] + 2.0 * b[1] + 2.0 * c[1] + d[1])]
}

/// The final state with its derivatives: forward mode, all four directions at once.
#[inline]
fn lotka_volterra_tangents(parameters: [f64; 4], steps: usize, h: f64) -> ([f64; 2], Tangents) {
    let [alpha, beta, gamma, delta] = parameters;
    let rates = Rates { alpha, beta, gamma, delta };
    let mut state = [1.0, 1.0];
    let mut dots: Tangents = [[0.0; 4]; 2];
    for _ in 0..steps {
        let first = rates.slope(state);
        let first_dots = rates.slope_tangents(state, &dots);
        let at = advance(state, 0.5 * h, first);
        let second = rates.slope(at);
        let second_dots = rates.slope_tangents(at, &advance_tangents(&dots, 0.5 * h, &first_dots));
        let at = advance(state, 0.5 * h, second);
        let third = rates.slope(at);
        let third_dots = rates.slope_tangents(at, &advance_tangents(&dots, 0.5 * h, &second_dots));
        let at = advance(state, h, third);
        let fourth = rates.slope(at);
        let fourth_dots = rates.slope_tangents(at, &advance_tangents(&dots, h, &third_dots));
        let change = weighted(h, [first, second, third, fourth]);
        for i in 0..2 {
            state[i] += change[i];
            for j in 0..4 {
                let middle = second_dots[i][j] + third_dots[i][j];
                dots[i][j] += h / 6.0 * (first_dots[i][j] + 2.0 * middle + fourth_dots[i][j]);
            }
        }
    }
    (state, dots)
}

/// The Jacobian of the final state, row by row; returns the sum of its components.
pub fn lotka_volterra_jacobian(parameters: [f64; 4], steps: usize, h: f64, jacobian: &mut [f64; 8]) -> f64 {
    let ([x, y], [first, second]) = lotka_volterra_tangents(parameters, steps, h);
    jacobian[..4].copy_from_slice(&first);
    jacobian[4..].copy_from_slice(&second);
    x + y
}

/// The gradient of the product of the final populations, in forward mode.
pub fn lotka_volterra_forward(parameters: [f64; 4], steps: usize, h: f64, bar: &mut [f64; 4]) -> f64 {
    let ([x, y], dots) = lotka_volterra_tangents(parameters, steps, h);
    for (j, bar) in bar.iter_mut().enumerate() {
        *bar = x * dots[1][j] + y * dots[0][j];
    }
    x * y
}

/// The states at which a step evaluates its slope, and the state after it.
#[inline]
fn step(rates: Rates, state: [f64; 2], h: f64) -> ([[f64; 2]; 4], [f64; 2]) {
    let first = rates.slope(state);
    let second_at = advance(state, 0.5 * h, first);
    let second = rates.slope(second_at);
    let third_at = advance(state, 0.5 * h, second);
    let third = rates.slope(third_at);
    let fourth_at = advance(state, h, third);
    let fourth = rates.slope(fourth_at);
    let change = weighted(h, [first, second, third, fourth]);
    ([state, second_at, third_at, fourth_at], [state[0] + change[0], state[1] + change[1]])
}

/// Reverse mode: the four states of each step are stored, in one buffer.
pub fn lotka_volterra_reverse(parameters: [f64; 4], steps: usize, h: f64, bar: &mut [f64; 4]) -> f64 {
    let [alpha, beta, gamma, delta] = parameters;
    let rates = Rates { alpha, beta, gamma, delta };
    let mut tape = vec![[[0.0; 2]; 4]; steps];
    let mut state = [1.0, 1.0];
    for record in &mut tape {
        (*record, state) = step(rates, state, h);
    }
    *bar = [0.0; 4];
    let [mut p, mut q] = [state[1], state[0]];
    for [first, second, third, fourth] in tape.iter().rev() {
        let (weight_p, weight_q) = (h / 6.0 * p, h / 6.0 * q);
        let a = rates.pull_back(*fourth, [weight_p, weight_q], bar);
        let b = rates.pull_back(*third, [2.0 * weight_p + h * a[0], 2.0 * weight_q + h * a[1]], bar);
        let half = 0.5 * h;
        let c = rates.pull_back(*second, [2.0 * weight_p + half * b[0], 2.0 * weight_q + half * b[1]], bar);
        let d = rates.pull_back(*first, [weight_p + half * c[0], weight_q + half * c[1]], bar);
        p += a[0] + b[0] + c[0] + d[0];
        q += a[1] + b[1] + c[1] + d[1];
    }
    state[0] * state[1]
}
