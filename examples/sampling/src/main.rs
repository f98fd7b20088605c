//! The posterior distribution of a regression, sampled by the No-U-Turn Sampler of nuts-rs on a generated gradient, and
//! held against its closed form.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use diff_runtime::derivative;
use examples::least_squares::normal_equations;
use examples::progress::Progress;
use examples::report::{exactly, section, show, title};
use examples::scale::Scale;
use nalgebra::DMatrix;
use nuts_rs::{Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings};
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

/// The measurements of a patient.
const FEATURES: usize = 10;
/// Their weights, and the intercept.
const WEIGHTS: usize = FEATURES + 1;
/// The weights, and the logarithm of the standard deviation of the noise.
const PARAMETERS: usize = WEIGHTS + 1;

const CHAINS: u64 = 4;
/// The steps of each chain in which the sampler adapts, and those that are kept.
const TUNE: u64 = 500;
const DRAWS: u64 = 1000;

/// The logarithm of the posterior density, up to a constant: `-n ln(s) - sum_i (y_i - <w, x_i>)^2 / (2 s^2)`.
///
/// The progression of the disease is normal around a weighted sum of the measurements, with the standard deviation `s`.
/// `parameters` holds the weights `w` and then `ln(s)`; the prior is flat in both (Jeffreys' for `s`).
#[derivative]
fn log_posterior(parameters: &[f64], #[constant] rows: &[[f64; WEIGHTS]], #[constant] targets: &[f64]) -> f64 {
    let log_deviation = parameters[WEIGHTS];
    let mut squares = 0.0;
    for i in 0..rows.len() {
        let mut error = targets[i];
        for j in 0..WEIGHTS {
            error -= parameters[j] * rows[i][j];
        }
        squares += error * error;
    }
    -log_deviation * rows.len() as f64 - 0.5 * squares * (-2.0 * log_deviation).exp()
}

/// The patients: each row ends in 1, for the intercept.
struct Patients {
    rows: Vec<[f64; WEIGHTS]>,
    targets: Vec<f64>,
}

impl Patients {
    /// Reads what `linfa-datasets` ships, each feature brought to mean 0 and variance 1.
    fn load() -> Self {
        let data = linfa_datasets::diabetes();
        let rows = data.records().outer_iter().map(|row| std::array::from_fn(|j| row[j]));
        let mut rows: Vec<[f64; FEATURES]> = rows.collect();
        Scale::standardize(&mut rows);
        let with_one = |row: &[f64; FEATURES]| std::array::from_fn(|j| row.get(j).copied().unwrap_or(1.0));
        Self { rows: rows.iter().map(with_one).collect(), targets: data.targets().to_vec() }
    }
}

/// What nuts-rs wants to know of the model. Its `logp` is the companion, as it is.
impl CpuLogpFunc for &Patients {
    type LogpError = Never;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        PARAMETERS
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, Never> {
        Ok(log_posterior::value_and_gradient_into(position, &self.rows, &self.targets, gradient))
    }

    fn expand_vector<R: rand::Rng + ?Sized>(&mut self, _: &mut R, position: &[f64]) -> Result<Vec<f64>, CpuMathError> {
        Ok(position.to_vec())
    }
}

impl HasDims for &Patients {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), PARAMETERS as u64)])
    }
}

/// The error of a density that never fails.
#[derive(Debug)]
struct Never(Infallible);

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl Error for Never {}

impl LogpError for Never {
    fn is_recoverable(&self) -> bool {
        match self.0 {}
    }
}

/// The mean and the standard deviation of every weight and of the variance of the noise.
struct Moments {
    means: [f64; PARAMETERS],
    deviations: [f64; PARAMETERS],
}

impl Moments {
    /// Those of draws, with the variance of the noise in place of its parameter.
    fn of(draws: &[[f64; PARAMETERS]]) -> Self {
        let count = draws.len() as f64;
        let mean = |of: &dyn Fn(&[f64; PARAMETERS]) -> f64| draws.iter().map(of).sum::<f64>() / count;
        let means: [f64; PARAMETERS] = std::array::from_fn(|j| mean(&|draw| draw[j]));
        let deviations = std::array::from_fn(|j| mean(&|draw| (draw[j] - means[j]).powi(2)).sqrt());
        Self { means, deviations }
    }

    /// The closed form. With `d` weights, `n` patients, `k = n - d` and `s^2` the residual sum of squares over `k`, the
    /// weights have a t-distribution with `k` degrees of freedom around those of least squares, with the scale matrix
    /// `s^2 (X^T X)^-1`, and the variance of the noise is inverse gamma, `k s^2 / chi^2_k` (Gelman et al. 2013, "Bayesian
    /// data analysis", section 14.2).
    fn closed_form(patients: &Patients) -> Self {
        let weights = normal_equations(&patients.rows, &patients.targets).expect("independent columns");
        let x = DMatrix::from_fn(patients.rows.len(), WEIGHTS, |i, j| patients.rows[i][j]);
        let inverse = x.tr_mul(&x).try_inverse().expect("independent columns");
        let error =
            |(row, target): (&[f64; WEIGHTS], &f64)| target - row.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
        let squares: f64 = patients.rows.iter().zip(&patients.targets).map(|pair| error(pair).powi(2)).sum();
        let k = (patients.rows.len() - WEIGHTS) as f64;
        let variance = squares / (k - 2.0);
        let mut moments = Self { means: [variance; PARAMETERS], deviations: [0.0; PARAMETERS] };
        for j in 0..WEIGHTS {
            moments.means[j] = weights[j];
            moments.deviations[j] = (variance * inverse[(j, j)]).sqrt();
        }
        moments.deviations[WEIGHTS] = variance * (2.0 / (k - 4.0)).sqrt();
        moments
    }
}

/// The draws of all chains, and how many steps diverged.
fn sample(patients: &Patients) -> (Vec<[f64; PARAMETERS]>, usize) {
    let settings = DiagNutsSettings { num_tune: TUNE, num_draws: DRAWS, seed: 42, ..DiagNutsSettings::default() };
    let mut progress = Progress::new(CHAINS * (TUNE + DRAWS), "draws");
    let (mut draws, mut divergences) = (Vec::new(), 0);
    for chain in 0..CHAINS {
        let mut random = ChaCha8Rng::seed_from_u64(chain);
        let mut sampler = settings.new_chain(chain, CpuMath::new(patients), &mut random).expect("valid settings");
        // Each chain begins elsewhere: no weights, and noise from 50 to 400.
        let mut start = [0.0; PARAMETERS];
        start[WEIGHTS] = (50.0 * 2.0_f64.powi(chain as i32)).ln();
        sampler.set_position(&start).expect("the density is finite");
        for draw in 0..TUNE + DRAWS {
            let (position, info) = sampler.draw().expect("the density is finite");
            if draw >= TUNE {
                let mut kept: [f64; PARAMETERS] = position[..].try_into().expect("one number per parameter");
                kept[WEIGHTS] = f64::exp(2.0 * kept[WEIGHTS]);
                draws.push(kept);
                divergences += usize::from(info.diverging);
            }
            let message = format!("chain {}, steps of {:.3}", chain + 1, info.step_size);
            progress.show(chain * (TUNE + DRAWS) + draw + 1, &message);
        }
    }
    (draws, divergences)
}

/// The difference of a mean that is tolerated, in standard deviations: five times the error of as many draws as there
/// would be if one in four were independent.
fn tolerance(draws: usize) -> f64 {
    5.0 / (draws as f64 / 4.0).sqrt()
}

fn compare(draws: &[[f64; PARAMETERS]], exact: &Moments) {
    section(
        "The check: the closed form",
        "For this model the posterior is known: weights have t-distributions around those of least squares.",
    );
    let found = Moments::of(draws);
    let tolerance = tolerance(draws.len());
    println!("    {:<26}{:>12}{:>12}{:>14}{:>12}", "", "mean", "exact", "deviation", "exact");
    let names = [
        "age",
        "sex",
        "body mass index",
        "blood pressure",
        "total cholesterol",
        "low-density lipoproteins",
        "high-density lipoproteins",
        "cholesterol ratio",
        "log of triglycerides",
        "blood sugar",
        "intercept",
        "variance of the noise",
    ];
    for (j, name) in names.iter().enumerate() {
        let [mean, exact_mean] = [found.means[j], exact.means[j]];
        let [deviation, exact_deviation] = [found.deviations[j], exact.deviations[j]];
        println!("    {name:<26}{mean:>12.2}{exact_mean:>12.2}{deviation:>14.3}{exact_deviation:>12.3}");
        assert!((mean - exact_mean).abs() <= tolerance * exact_deviation, "{name}: {mean}, not {exact_mean}");
        assert!((deviation / exact_deviation - 1.0).abs() <= tolerance, "{name}: {deviation}, not {exact_deviation}");
    }
    println!();
    show("tolerance, in deviations", tolerance);
}

fn main() {
    title("A posterior distribution, sampled on a generated gradient");
    let patients = Patients::load();
    section(
        "The data: diabetes of 441 patients (Efron, Hastie, Johnstone & Tibshirani 2004)",
        "Ten measurements, and the progression of the disease a year later. The model: normal noise around a weighted\n\
         sum. Which weights are plausible, and how large is the noise?",
    );
    exactly("patients", patients.targets.len() as f64, 441.0);

    section(
        "The sampler: four chains of the No-U-Turn Sampler",
        "Hamiltonian dynamics follow the gradient of the log density; nuts-rs chooses how far.",
    );
    let (draws, divergences) = sample(&patients);
    exactly("draws", draws.len() as f64, (CHAINS * DRAWS) as f64);
    exactly("divergences", divergences as f64, 0.0);
    compare(&draws, &Moments::closed_form(&patients));
    println!("\nEvery mean and deviation agreed with the closed form.");
}
