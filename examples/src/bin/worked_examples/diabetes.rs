//! A linear model of 441 patients, fitted by gradient descent and by the normal equations.

use diff_runtime::derivative;
use diff_runtime::descent::{Descent, Outcome};
use examples::least_squares::normal_equations;
use examples::report::{about, section, show, title};
use examples::scale::Scale;

use super::fitting::{Progress, mean};

/// The measurements of a patient.
const FEATURES: usize = 10;
/// Their weights, and the intercept.
const WEIGHTS: usize = FEATURES + 1;

const NAMES: [&str; WEIGHTS] = [
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
];

/// The weights of least squares on all 442 patients, as they are published (scikit-learn's `LinearRegression`, R's
/// `lars`), for features of length 1: divided by the root of the number of patients, they are for a variance of 1.
const PUBLISHED: [f64; FEATURES] = [-10.0, -239.8, 519.8, 324.4, -792.2, 476.7, 101.0, 177.1, 751.3, 67.6];
/// The published intercept.
const PUBLISHED_INTERCEPT: f64 = 152.1;
/// The published share of the variance that the model explains.
const PUBLISHED_SHARE: f64 = 0.5177;

/// The step of the descent: below 2 / 8.05, the largest curvature of the loss, beyond which a descent diverges.
const STEP: f64 = 0.12;

/// Fits the model, and prints how.
pub(crate) fn run() {
    title("Part 2: a model of real data");
    let data = Data::load();
    about_the_data(&data);
    let closed_form = normal_equations(&data.rows_with_one(), &data.targets).expect("independent columns");
    let fitted = fit(&data);
    compare(&data, &fitted, &closed_form);
    with_momentum(&data, &fitted);
}

/// The squared error of the model's prediction for one patient.
#[derivative]
#[allow(clippy::too_many_arguments, reason = "one parameter per weight")]
fn squared_error(
    age: f64,
    sex: f64,
    mass: f64,
    pressure: f64,
    cholesterol: f64,
    low: f64,
    high: f64,
    ratio: f64,
    triglycerides: f64,
    sugar: f64,
    intercept: f64,
    #[constant] x: &[f64; FEATURES],
    #[constant] target: f64,
) -> f64 {
    let body = age * x[0] + sex * x[1] + mass * x[2] + pressure * x[3];
    let blood = cholesterol * x[4] + low * x[5] + high * x[6] + ratio * x[7] + triglycerides * x[8] + sugar * x[9];
    (intercept + body + blood - target).powi(2)
}

/// The patients.
struct Data {
    rows: Vec<[f64; FEATURES]>,
    targets: Vec<f64>,
}

impl Data {
    /// Reads the data that `linfa-datasets` ships, each feature brought to mean 0 and variance 1.
    fn load() -> Self {
        let data = linfa_datasets::diabetes();
        let rows = data.records().outer_iter().map(|row| std::array::from_fn(|j| row[j]));
        let mut rows: Vec<[f64; FEATURES]> = rows.collect();
        Scale::standardize(&mut rows);
        Self { rows, targets: data.targets().to_vec() }
    }

    /// The rows with the constant 1 behind them, whose weight is the intercept.
    fn rows_with_one(&self) -> Vec<[f64; WEIGHTS]> {
        let extend = |row: &[f64; FEATURES]| std::array::from_fn(|j| row.get(j).copied().unwrap_or(1.0));
        self.rows.iter().map(extend).collect()
    }

    /// The mean squared error over all patients, and its gradient: the mean of the gradients.
    fn loss(&self, weights: &[f64; WEIGHTS]) -> (f64, [f64; WEIGHTS]) {
        let &[age, sex, mass, pressure, cholesterol, low, high, ratio, triglycerides, sugar, intercept] = weights;
        mean(self.rows.iter().zip(&self.targets).map(|(x, &target)| {
            squared_error::value_and_gradient(
                age,
                sex,
                mass,
                pressure,
                cholesterol,
                low,
                high,
                ratio,
                triglycerides,
                sugar,
                intercept,
                x,
                target,
            )
        }))
    }
}

fn about_the_data(data: &Data) {
    section(
        "11. The data: diabetes of 441 patients (Efron, Hastie, Johnstone & Tibshirani 2004)",
        "Ten measurements of each patient, and how far the disease had progressed a year later, from 25 to 346.\n\
         The crate linfa-datasets ships it (its reader takes the first of the 442 patients for a header).\n\
         The model: progression = intercept + the weighted sum of the measurements, each brought to mean 0 and\n\
         variance 1. The loss: the mean squared error of the prediction.",
    );
    let targets = &data.targets;
    show("patients", targets.len() as f64);
    show("mean progression", targets.iter().sum::<f64>() / targets.len() as f64);
    show("least", targets.iter().copied().fold(f64::INFINITY, f64::min));
    show("most", targets.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    assert_eq!(targets.len(), 441);
}

fn fit(data: &Data) -> Outcome<[f64; WEIGHTS]> {
    section(
        "12. The fit: gradient descent from zero weights",
        "The derivative of one patient's squared error in all eleven weights is generated; a loop takes the mean\n\
         over the patients, and the descent steps against it.",
    );
    let mut progress = Progress::new();
    let descent = Descent::new().fixed_step(STEP).gradient_tolerance(1e-8).max_iterations(100_000);
    let found = descent
        .minimize_observed(
            |weights: &[f64; WEIGHTS]| data.loss(weights),
            [0.0; WEIGHTS],
            |state| progress.observe(state),
        )
        .expect("the step is small enough");
    progress.finish(&found);
    assert!(found.reason.is_convergence());
    found
}

/// The largest difference of two weights that is tolerated, on weights of up to 150.
const TOLERANCE: f64 = 1e-6;
/// The same against the published weights: what the one patient more may change.
const PUBLISHED_TOLERANCE: f64 = 1.0;

/// The published weight of a feature of variance 1, or the published intercept.
fn published(weight: usize) -> f64 {
    PUBLISHED.get(weight).map_or(PUBLISHED_INTERCEPT, |weight| weight / 442.0_f64.sqrt())
}

fn compare(data: &Data, fitted: &Outcome<[f64; WEIGHTS]>, closed_form: &[f64; WEIGHTS]) {
    section(
        "13. The check: the closed form",
        "For this model the best weights are known: they solve the normal equations. Beside them, the published\n\
         weights, rounded, which are those of all 442 patients.",
    );
    println!("    {:<26}{:>14}{:>14}{:>12}{:>12}", "weight of", "descent", "closed form", "difference", "published");
    for (i, name) in NAMES.iter().enumerate() {
        let (weight, best, published) = (fitted.point[i], closed_form[i], published(i));
        println!("    {name:<26}{weight:>14.7}{best:>14.7}{:>12.1e}{published:>12.1}", weight - best);
        assert!((weight - best).abs() <= TOLERANCE, "{name}: {weight}, not {best}");
        assert!((weight - published).abs() <= PUBLISHED_TOLERANCE, "{name}: {weight}, published {published}");
    }
    println!();
    let best = data.loss(closed_form).0;
    show("loss before, all weights zero", data.loss(&[0.0; WEIGHTS]).0);
    about("loss after the descent", fitted.value, best, best * 1e-12);
    show("loss of the closed form", best);
    let share = 1.0 - fitted.value / variance(&data.targets);
    about("share of the variance that is explained", share, PUBLISHED_SHARE, 0.005);
    show("published, of all 442 patients", PUBLISHED_SHARE);
}

fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count
}

fn with_momentum(data: &Data, steepest: &Outcome<[f64; WEIGHTS]>) {
    section(
        "14. Faster: Nesterov's momentum",
        "Some measurements say almost the same (the lipoproteins add up to the cholesterol), so the loss is a long\n\
         narrow valley, and steepest descent crawls along it. Momentum takes the same gradients further.",
    );
    let descent = Descent::new().nesterov(0.9).fixed_step(STEP).gradient_tolerance(1e-8).max_iterations(100_000);
    let found = descent
        .minimize(|weights: &[f64; WEIGHTS]| data.loss(weights), [0.0; WEIGHTS])
        .expect("the step is small enough");
    assert!(found.reason.is_convergence() && found.iterations < steepest.iterations);
    about("loss", found.value, steepest.value, steepest.value * 1e-12);
    show("iterations of steepest descent", steepest.iterations as f64);
    show("iterations with momentum", found.iterations as f64);
}
