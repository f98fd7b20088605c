//! The same functions for the number types of other crates: `echidna`'s tape, `num-dual`'s dual numbers.
//!
//! The functions are those of [`benches::arrays::functions`], generic over the number, with the parameters in one flat
//! slice. What is no parameter stays `f64` wherever the crates can mix the two, so that no tape records constants.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

use benches::arrays::functions::{HIDDEN, INPUTS, OUTPUTS};
use num_dual::{Dual64, DualNum, DualSVec64};

/// A number that carries a derivative.
pub(crate) trait Number:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    fn constant(value: f64) -> Self;
    fn value(self) -> f64;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn ln_1p(self) -> Self;
    fn tanh(self) -> Self;
    fn square(self) -> Self;
}

/// The tape's number.
pub(crate) type Taped = echidna::Reverse<f64>;

impl Number for Taped {
    fn constant(value: f64) -> Self {
        Self::constant(value)
    }
    fn value(self) -> f64 {
        num_traits::ToPrimitive::to_f64(&self).unwrap_or(f64::NAN)
    }
    fn exp(self) -> Self {
        num_traits::Float::exp(self)
    }
    fn ln(self) -> Self {
        num_traits::Float::ln(self)
    }
    fn ln_1p(self) -> Self {
        num_traits::Float::ln_1p(self)
    }
    fn tanh(self) -> Self {
        num_traits::Float::tanh(self)
    }
    fn square(self) -> Self {
        num_traits::Float::powi(self, 2)
    }
}

/// Dual numbers have the same methods, for one direction and for several.
macro_rules! impl_number_for_dual {
    ($dual:ty $(, $n:ident)?) => {
        impl$(<const $n: usize>)? Number for $dual {
            fn constant(value: f64) -> Self {
                Self::from_re(value)
            }
            fn value(self) -> f64 {
                self.re
            }
            fn exp(self) -> Self {
                DualNum::exp(&self)
            }
            fn ln(self) -> Self {
                DualNum::ln(&self)
            }
            fn ln_1p(self) -> Self {
                DualNum::ln_1p(&self)
            }
            fn tanh(self) -> Self {
                DualNum::tanh(&self)
            }
            fn square(self) -> Self {
                DualNum::powi(&self, 2)
            }
        }
    };
}

impl_number_for_dual!(Dual64);
impl_number_for_dual!(DualSVec64<N>, N);

pub(crate) fn rosenbrock<T: Number>(x: &[T]) -> T {
    let mut sum = T::constant(0.0);
    for i in 0..x.len() - 1 {
        sum += (x[i + 1] - x[i] * x[i]).square() * 100.0 + (-x[i] + 1.0).square();
    }
    sum
}

pub(crate) fn product<T: Number>(x: &[T]) -> T {
    x.iter().fold(T::constant(1.0), |product, factor| product * *factor)
}

pub(crate) fn logistic_loss<T: Number>(weights: &[T], rows: &[f64], labels: &[f64]) -> T {
    let mut loss = T::constant(0.0);
    for (row, label) in rows.chunks_exact(weights.len()).zip(labels) {
        let mut score = T::constant(0.0);
        for (weight, x) in weights.iter().zip(row) {
            score += *weight * *x;
        }
        loss += (score * -label).exp().ln_1p();
    }
    loss
}

fn log_sum_exp<T: Number>(terms: &[T]) -> T {
    let mut greatest = terms[0];
    for term in &terms[1..] {
        if term.value() > greatest.value() {
            greatest = *term;
        }
    }
    let mut sum = T::constant(0.0);
    for term in terms {
        sum += (*term - greatest).exp();
    }
    sum.ln() + greatest
}

/// The sizes of a mixture and its prior.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) d: usize,
    pub(crate) k: usize,
    pub(crate) gamma: f64,
    pub(crate) m: usize,
}

/// The components' factors.
struct Factors<'a, T> {
    icf: &'a [T],
    diagonals: Vec<T>,
    sums: Vec<T>,
}

impl<'a, T: Number> Factors<'a, T> {
    fn new(icf: &'a [T], Sizes { d, k, .. }: Sizes) -> Self {
        let size = d * (d + 1) / 2;
        let mut diagonals = Vec::with_capacity(d * k);
        let mut sums = Vec::with_capacity(k);
        for factor in icf.chunks_exact(size) {
            let mut sum = T::constant(0.0);
            for q in &factor[..d] {
                sum += *q;
                diagonals.push(q.exp());
            }
            sums.push(sum);
        }
        Self { icf, diagonals, sums }
    }

    /// The squared norm of the factor times the centered point.
    fn square(&self, ik: usize, centered: &[T], rotated: &mut [T]) -> T {
        let d = centered.len();
        for i in 0..d {
            rotated[i] = self.diagonals[ik * d + i] * centered[i];
        }
        let mut l = ik * d * (d + 1) / 2 + d;
        for i in 0..d {
            for rotated in &mut rotated[i + 1..] {
                *rotated += self.icf[l] * centered[i];
                l += 1;
            }
        }
        rotated.iter().fold(T::constant(0.0), |sum, r| sum + *r * *r)
    }
}

/// The mixture without the terms that no parameter enters.
pub(crate) fn mixture<T: Number>(parameters: &[T], x: &[f64], sizes: Sizes) -> T {
    let Sizes { d, k, gamma, m } = sizes;
    let (alphas, rest) = parameters.split_at(k);
    let (means, icf) = rest.split_at(k * d);
    let factors = Factors::new(icf, sizes);
    let (mut centered, mut rotated) = (vec![T::constant(0.0); d], vec![T::constant(0.0); d]);
    let mut terms = vec![T::constant(0.0); k];
    let mut sum = T::constant(0.0);
    for point in x.chunks_exact(d) {
        for ik in 0..k {
            for i in 0..d {
                centered[i] = -means[ik * d + i] + point[i];
            }
            terms[ik] = alphas[ik] + factors.sums[ik] - factors.square(ik, &centered, &mut rotated) * 0.5;
        }
        sum += log_sum_exp(&terms);
    }
    sum = sum - log_sum_exp(alphas) * (x.len() / d) as f64;
    for ik in 0..k {
        let size = d * (d + 1) / 2;
        let below = &icf[ik * size..][..size][d..];
        let squares = factors.diagonals[ik * d..][..d].iter().chain(below);
        let frobenius = squares.fold(T::constant(0.0), |sum, q| sum + *q * *q);
        sum += frobenius * (0.5 * gamma * gamma) - factors.sums[ik] * m as f64;
    }
    sum
}

fn affine<T: Number + Mul<U, Output = T>, U: Copy>(w: &[T], b: &[T], h: &[U]) -> Vec<T> {
    let row = |(row, b): (&[T], &T)| row.iter().zip(h).fold(*b, |sum, (w, h)| sum + *w * *h);
    w.chunks_exact(h.len()).zip(b).map(row).collect()
}

pub(crate) fn perceptron<T: Number>(parameters: &[T], x: &[f64], targets: &[f64]) -> T {
    let (w1, rest) = parameters.split_at(HIDDEN * INPUTS);
    let (b1, rest) = rest.split_at(HIDDEN);
    let (w2, rest) = rest.split_at(HIDDEN * HIDDEN);
    let (b2, rest) = rest.split_at(HIDDEN);
    let (w3, b3) = rest.split_at(OUTPUTS * HIDDEN);
    let batch = x.len() / INPUTS;
    let mut loss = T::constant(0.0);
    for (x, targets) in x.chunks_exact(INPUTS).zip(targets.chunks_exact(OUTPUTS)) {
        let mut h1 = affine(w1, b1, x);
        h1.iter_mut().for_each(|h| *h = h.tanh());
        let mut h2 = affine(w2, b2, &h1);
        h2.iter_mut().for_each(|h| *h = h.tanh());
        for (z, target) in affine(w3, b3, &h2).iter().zip(targets) {
            loss += (*z - *target).square();
        }
    }
    loss * (1.0 / batch as f64)
}

pub(crate) fn lotka_volterra<T: Number>(rates: &[T], steps: usize, h: f64) -> T {
    let slope = |x: T, y: T| (rates[0] * x - rates[1] * x * y, rates[3] * x * y - rates[2] * y);
    let (mut x, mut y) = (T::constant(1.0), T::constant(1.0));
    for _ in 0..steps {
        let (x1, y1) = slope(x, y);
        let (x2, y2) = slope(x + x1 * (0.5 * h), y + y1 * (0.5 * h));
        let (x3, y3) = slope(x + x2 * (0.5 * h), y + y2 * (0.5 * h));
        let (x4, y4) = slope(x + x3 * h, y + y3 * h);
        x += (x1 + x2 * 2.0 + x3 * 2.0 + x4) * (h / 6.0);
        y += (y1 + y2 * 2.0 + y3 * 2.0 + y4) * (h / 6.0);
    }
    x * y
}
