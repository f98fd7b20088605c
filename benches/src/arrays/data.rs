//! The data: spread evenly, reproducible, on boundaries of cache lines.

use std::ops::{Deref, DerefMut};

use super::by_hand::Layers;
use super::functions::{HIDDEN, INPUTS, OUTPUTS};

/// Numbers in a line of cache.
const LINE: usize = 8;

/// Numbers that begin on a boundary of cache lines, so that no loop is slower for where its data lies.
#[derive(Debug)]
pub struct Aligned {
    numbers: Vec<f64>,
    start: usize,
    length: usize,
}

impl Aligned {
    /// Numbers that are given by their positions.
    pub fn new(length: usize, number: impl FnMut(usize) -> f64) -> Self {
        let mut numbers = vec![0.0; length + LINE];
        let address = numbers.as_ptr() as usize / size_of::<f64>();
        let start = address.next_multiple_of(LINE) - address;
        let filled = (0..length).map(number);
        numbers[start..].iter_mut().zip(filled).for_each(|(to, from)| *to = from);
        Self { numbers, start, length }
    }

    /// Numbers that fill an interval evenly and jump about in it; series with different seeds differ.
    pub fn spread(length: usize, seed: usize, [lower, upper]: [f64; 2]) -> Self {
        // Multiples of the golden ratio modulo 1 fill the interval evenly.
        let fraction = |i: usize| ((i + 1) as f64 * 0.618_033_988_749_894_9 + seed as f64 * 0.324_717_957).fract();
        Self::new(length, |i| lower + (upper - lower) * fraction(i + 31 * seed))
    }
}

impl Deref for Aligned {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.numbers[self.start..][..self.length]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.numbers[self.start..][..self.length]
    }
}

/// A point for the Rosenbrock function.
pub fn chain(n: usize) -> Aligned {
    Aligned::spread(n, 1, [-1.0, 2.0])
}

/// Factors whose product neither overflows nor vanishes.
pub fn factors(n: usize) -> Aligned {
    Aligned::spread(n, 2, [0.5, 1.7])
}

/// Weights, rows of data and labels of -1 and 1.
pub fn logistic(n: usize, d: usize) -> (Aligned, Aligned, Aligned) {
    let weights = Aligned::spread(d, 3, [-0.5, 0.5]);
    let rows = Aligned::spread(n * d, 4, [-1.0, 1.0]);
    let labels = Aligned::new(n, |i| if (i * i) % 3 == 0 { -1.0 } else { 1.0 });
    (weights, rows, labels)
}

/// The scale of the Wishart prior.
pub const GAMMA: f64 = 1.0;
/// The degrees of freedom that the Wishart prior has beyond the least.
pub const WISHART: usize = 2;

/// The parameters and the points of a Gaussian mixture.
pub struct Mixture {
    /// The logarithms of the weights.
    pub alphas: Aligned,
    /// The means, one after the other.
    pub means: Aligned,
    /// The factors of the inverse covariances, one after the other.
    pub icf: Aligned,
    /// The points, one after the other.
    pub x: Aligned,
}

impl Mixture {
    /// The dimensions.
    pub const D: usize = 10;
    /// The components.
    pub const K: usize = 5;
    /// The points.
    pub const N: usize = 1000;
    /// The numbers in the factor of one inverse covariance.
    pub const FACTOR: usize = Self::D * (Self::D + 1) / 2;
    /// The parameters.
    pub const ACTIVE: usize = Self::K * (1 + Self::D + Self::FACTOR);

    /// The data of the benchmark.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            alphas: Aligned::spread(Self::K, 5, [-1.0, 1.0]),
            means: Aligned::spread(Self::K * Self::D, 6, [0.0, 1.0]),
            icf: Aligned::spread(Self::K * Self::FACTOR, 7, [-0.5, 0.5]),
            x: Aligned::spread(Self::N * Self::D, 8, [-1.0, 2.0]),
        }
    }

    /// The parts of a flat buffer that belong to the parameters.
    pub fn split(parameters: &mut [f64]) -> [&mut [f64]; 3] {
        let (alphas, rest) = parameters.split_at_mut(Self::K);
        let (means, icf) = rest.split_at_mut(Self::K * Self::D);
        [alphas, means, icf]
    }
}

/// The parameters and the data of a perceptron.
pub struct Perceptron {
    /// Weights and biases.
    pub layers: Layers<Aligned>,
    /// The inputs, sample by sample.
    pub x: Aligned,
    /// What the outputs should be.
    pub targets: Aligned,
}

impl Perceptron {
    /// The samples.
    pub const BATCH: usize = 64;
    /// The parameters.
    pub const ACTIVE: usize = HIDDEN * (INPUTS + 1) + HIDDEN * (HIDDEN + 1) + OUTPUTS * (HIDDEN + 1);

    /// The data of the benchmark.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let weights = |n, seed| Aligned::spread(n, seed, [-0.3, 0.3]);
        Self {
            layers: Layers {
                first: (weights(HIDDEN * INPUTS, 9), weights(HIDDEN, 10)),
                second: (weights(HIDDEN * HIDDEN, 11), weights(HIDDEN, 12)),
                last: (weights(OUTPUTS * HIDDEN, 13), weights(OUTPUTS, 14)),
            },
            x: Aligned::spread(Self::BATCH * INPUTS, 15, [-1.0, 1.0]),
            targets: Aligned::spread(Self::BATCH * OUTPUTS, 16, [-1.0, 1.0]),
        }
    }

    /// All parameters, one after the other.
    pub fn parameters(&self) -> Vec<f64> {
        let Layers { first, second, last } = &self.layers;
        [&*first.0, &*first.1, &*second.0, &*second.1, &*last.0, &*last.1].concat()
    }

    /// The parts of a flat buffer that belong to the parameters.
    pub fn split(parameters: &mut [f64]) -> Layers<&mut [f64]> {
        let (w1, rest) = parameters.split_at_mut(HIDDEN * INPUTS);
        let (b1, rest) = rest.split_at_mut(HIDDEN);
        let (w2, rest) = rest.split_at_mut(HIDDEN * HIDDEN);
        let (b2, rest) = rest.split_at_mut(HIDDEN);
        let (w3, b3) = rest.split_at_mut(OUTPUTS * HIDDEN);
        Layers { first: (w1, b1), second: (w2, b2), last: (w3, b3) }
    }
}

/// The four parameters of the Lotka-Volterra equations.
pub const RATES: [f64; 4] = [1.5, 1.0, 3.0, 1.0];
/// The steps in time.
pub const STEPS: usize = 1000;
/// The length of a step.
pub const STEP: f64 = 0.01;
