//! A classifier of flowers: logistic regression, fitted by gradient descent, held against the published fit.

use diff_runtime::derivative;
use diff_runtime::descent::Descent;
use examples::report::{about, exactly, section, show, title};
use examples::scale::Scale;

use super::fitting::{Progress, mean};

/// The measurements of a flower.
const FEATURES: usize = 4;
/// Their weights, and the intercept.
const WEIGHTS: usize = FEATURES + 1;

const NAMES: [&str; WEIGHTS] = ["sepal length", "sepal width", "petal length", "petal width", "intercept"];

/// The fit of R's `glm(Species ~ ., binomial, iris[51:150, ])`: the weights per centimetre, and the intercept.
const PUBLISHED: [f64; WEIGHTS] = [-2.465, -6.681, 9.429, 18.286, -42.638];
/// Its residual deviance: twice the sum of the losses.
const PUBLISHED_DEVIANCE: f64 = 11.899;
/// Half a unit of the last published digit.
const ROUNDING: f64 = 0.0005;

/// Fits the model, and prints how.
pub(crate) fn run() {
    title("Part 3: a classifier");
    let (flowers, scale) = Flowers::load();
    let weights = fit(&flowers);
    compare(&flowers, &scale, &weights);
}

/// The logistic loss of one flower: `-ln(p)`, with `p` the probability `1 / (1 + exp(-z))` that the model gives to
/// the true species, written so that no `exp` overflows.
#[derivative]
#[allow(clippy::too_many_arguments, reason = "one parameter per weight")]
fn logistic_loss(
    sepal_length: f64,
    sepal_width: f64,
    petal_length: f64,
    petal_width: f64,
    intercept: f64,
    #[constant] x: &[f64; FEATURES],
    #[constant] is_virginica: bool,
) -> f64 {
    let score = intercept + sepal_length * x[0] + sepal_width * x[1] + petal_length * x[2] + petal_width * x[3];
    let z = if is_virginica { score } else { -score };
    (-z).max(0.0) + (-z.abs()).exp().ln_1p()
}

/// The flowers of two species.
struct Flowers {
    rows: Vec<[f64; FEATURES]>,
    is_virginica: Vec<bool>,
}

impl Flowers {
    /// Reads versicolor and virginica from what `linfa-datasets` ships, each feature brought to mean 0 and variance 1.
    fn load() -> (Self, Scale<FEATURES>) {
        let data = linfa_datasets::iris();
        let records = data.records().outer_iter().map(|row| std::array::from_fn(|j| row[j]));
        let both = records.zip(data.targets()).filter(|&(_, &species)| species > 0);
        let (mut rows, is_virginica): (Vec<_>, Vec<_>) = both.map(|(row, &species)| (row, species == 2)).unzip();
        let scale = Scale::standardize(&mut rows);
        (Self { rows, is_virginica }, scale)
    }

    /// The mean loss, and its gradient.
    fn loss(&self, weights: &[f64; WEIGHTS]) -> (f64, [f64; WEIGHTS]) {
        let &[a, b, c, d, intercept] = weights;
        mean(
            self.rows
                .iter()
                .zip(&self.is_virginica)
                .map(|(x, &is_virginica)| logistic_loss::value_and_gradient(a, b, c, d, intercept, x, is_virginica)),
        )
    }

    /// How many flowers the model puts into the wrong species.
    fn mistakes(&self, weights: &[f64; WEIGHTS]) -> usize {
        let score = |x: &[f64; FEATURES]| weights[FEATURES] + weights.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        self.rows.iter().zip(&self.is_virginica).filter(|(x, is)| (score(x) > 0.0) != **is).count()
    }
}

fn fit(flowers: &Flowers) -> [f64; WEIGHTS] {
    section(
        "15. Logistic regression: which iris is it? (Anderson 1935, Fisher 1936)",
        "Four measurements of 50 versicolor and 50 virginica. The model: the score is the intercept plus the\n\
         weighted sum of the measurements; the probability of virginica is 1 / (1 + exp(-score)). The loss is\n\
         -ln of the probability of the true species. One flower is differentiated; a loop takes the mean.",
    );
    let mut progress = Progress::new();
    let descent = Descent::new().nesterov(0.99).fixed_step(1.0).gradient_tolerance(1e-9).max_iterations(200_000);
    let found = descent
        .minimize_observed(
            |weights: &[f64; WEIGHTS]| flowers.loss(weights),
            [0.0; WEIGHTS],
            |state| progress.observe(state),
        )
        .expect("the step is small enough");
    progress.finish(&found);
    assert!(found.reason.is_convergence());
    found.point
}

fn compare(flowers: &Flowers, scale: &Scale<FEATURES>, weights: &[f64; WEIGHTS]) {
    section(
        "16. The check: the published fit",
        "There is no closed form, but R's glm has long published weights per centimetre; so back to centimetres.",
    );
    println!("    {:<26}{:>14}{:>14}", "weight of", "descent", "published");
    for ((name, weight), published) in NAMES.iter().zip(scale.undo(weights)).zip(PUBLISHED) {
        println!("    {name:<26}{weight:>14.6}{published:>14.3}");
        assert!((weight - published).abs() <= 1.01 * ROUNDING, "{name}: {weight}, published {published}");
    }
    println!();
    let deviance = |weights| 2.0 * flowers.rows.len() as f64 * flowers.loss(weights).0;
    let zero = [0.0; WEIGHTS];
    about("deviance before: 200 ln 2", deviance(&zero), 200.0 * 2.0_f64.ln(), 1e-9);
    about("deviance after the descent", deviance(weights), PUBLISHED_DEVIANCE, ROUNDING);
    show("published", PUBLISHED_DEVIANCE);
    exactly("mistakes among 100 flowers, before", flowers.mistakes(&zero) as f64, 50.0);
    exactly("mistakes after", flowers.mistakes(weights) as f64, 2.0);
}
