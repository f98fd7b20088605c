//! A regression whose weights must stay in a ball: the solver PANOC of optimization_engine on a generated gradient, held
//! against ridge regression, of which it is the other form.

use diff_runtime::{Differentiable as _, derivative, unit};
use examples::least_squares::normal_equations;
use examples::report::{about, section, show, title};
use examples::scale::Scale;
use optimization_engine::Problem;
use optimization_engine::SolverError;
use optimization_engine::constraints::Ball2;
use optimization_engine::panoc::{PANOCCache, PANOCOptimizer};

/// The measurements of a patient.
const FEATURES: usize = 10;

/// The mean squared error of the weighted sum of the measurements.
#[derivative]
fn loss(weights: &[f64], #[constant] rows: &[[f64; FEATURES]], #[constant] targets: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..rows.len() {
        let mut error = -targets[i];
        for j in 0..FEATURES {
            error += weights[j] * rows[i][j];
        }
        sum += error * error;
    }
    sum / rows.len() as f64
}

/// The patients, features and targets with mean 0, so that no intercept is needed.
struct Patients {
    rows: Vec<[f64; FEATURES]>,
    targets: Vec<f64>,
}

impl Patients {
    fn load() -> Self {
        let data = linfa_datasets::diabetes();
        let rows = data.records().outer_iter().map(|row| std::array::from_fn(|j| row[j]));
        let mut rows: Vec<[f64; FEATURES]> = rows.collect();
        Scale::standardize(&mut rows);
        let mean = data.targets().iter().sum::<f64>() / data.targets().len() as f64;
        Self { rows, targets: data.targets().iter().map(|target| target - mean).collect() }
    }

    /// The weights of least loss among those with `||w|| <= radius`.
    fn fit_within(&self, radius: f64) -> [f64; FEATURES] {
        let ball = Ball2::new(None, radius);
        let gradient = |weights: &[f64], gradient: &mut [f64]| -> Result<(), SolverError> {
            loss::gradient_into(weights, &self.rows, &self.targets, gradient);
            Ok(())
        };
        let cost = |weights: &[f64], value: &mut f64| -> Result<(), SolverError> {
            *value = loss(weights, &self.rows, &self.targets);
            Ok(())
        };
        let mut cache = PANOCCache::new(FEATURES, 1e-9, 10);
        let mut solver = PANOCOptimizer::new(Problem::new(&ball, gradient, cost), &mut cache).with_max_iter(1000);
        let mut weights = [0.0; FEATURES];
        let status = solver.solve(&mut weights).expect("the loss is finite");
        assert!(status.has_converged());
        show("iterations", status.iterations() as f64);
        weights
    }

    /// The weights that minimise `loss(w) + penalty ||w||^2`: least squares with a row more for each weight.
    fn ridge(&self, penalty: f64) -> [f64; FEATURES] {
        let weight = (penalty * self.rows.len() as f64).sqrt();
        let extra = (0..FEATURES).map(|j| std::array::from_fn(|k| if j == k { weight } else { 0.0 }));
        let rows: Vec<[f64; FEATURES]> = self.rows.iter().copied().chain(extra).collect();
        let targets = [&self.targets[..], &[0.0; FEATURES]].concat();
        normal_equations(&rows, &targets).expect("independent columns")
    }
}

fn main() {
    title("A regression with a constraint");
    let patients = Patients::load();
    let free = patients.ridge(0.0);

    section(
        "No constraint that matters: least squares",
        "441 patients, ten measurements each (Efron, Hastie, Johnstone & Tibshirani 2004). In a ball that is large\n\
         enough, the solver must find the weights of least squares.",
    );
    let found = patients.fit_within(10.0 * free.norm());
    show("norm of the weights", found.norm());
    // The tolerance of the solver over the least curvature, 0.017.
    about("distance from least squares", distance(&found, &free), 0.0, 1e-5);

    section(
        "Half of that norm: ridge regression",
        "At the edge of the ball the gradient points to the middle: grad loss(w) = -m w. So w is also the least of\n\
         loss(w) + m/2 ||w||^2, which has a closed form.",
    );
    let radius = 0.5 * free.norm();
    let found = patients.fit_within(radius);
    about("norm of the weights", found.norm(), radius, 1e-9 * radius);
    let gradient: [f64; FEATURES] =
        loss::gradient(&found, &patients.rows, &patients.targets)[..].try_into().expect("a gradient");
    let inward = unit(&found).expect("the weights are not zero").inner_product(&gradient);
    let multiplier = -inward / radius;
    show("multiplier m", multiplier);
    assert!(multiplier > 0.0);
    about("share of the gradient that points inward", -inward / gradient.norm(), 1.0, 1e-12);
    about("distance from ridge regression", distance(&found, &patients.ridge(0.5 * multiplier)), 0.0, 1e-5);
    let [free_loss, bound_loss] = [&free, &found].map(|weights| loss(weights, &patients.rows, &patients.targets));
    show("loss of least squares", free_loss);
    show("loss within the ball", bound_loss);
    assert!(free_loss < bound_loss);
    println!("\nThe constrained fits agreed with their closed forms.");
}

fn distance(a: &[f64; FEATURES], b: &[f64; FEATURES]) -> f64 {
    let mut difference = *a;
    difference.add_scaled(-1.0, b);
    difference.norm()
}

#[cfg(test)]
mod tests {
    #[test]
    fn constrained_fits_agree_with_closed_forms() {
        super::main();
    }
}
