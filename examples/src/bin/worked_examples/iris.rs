//! A classifier of flowers: logistic regression, fitted by gradient descent, held against the published fit.

use diff_runtime::derivative;
use diff_runtime::descent::Descent;
use examples::iris::{FEATURES, Flowers, NAMES, PUBLISHED, PUBLISHED_DEVIANCE, ROUNDING, WEIGHTS};
use examples::report::{about, exactly, section, show, title};
use examples::scale::Scale;

use super::fitting::{Progress, mean};

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

/// The mean loss, and its gradient.
fn loss(flowers: &Flowers, weights: &[f64; WEIGHTS]) -> (f64, [f64; WEIGHTS]) {
    let &[a, b, c, d, intercept] = weights;
    mean(
        flowers
            .rows
            .iter()
            .zip(&flowers.is_virginica)
            .map(|(x, &is_virginica)| logistic_loss::value_and_gradient(a, b, c, d, intercept, x, is_virginica)),
    )
}

/// How many flowers the model puts into the wrong species.
fn mistakes(flowers: &Flowers, weights: &[f64; WEIGHTS]) -> usize {
    let score = |x: &[f64; FEATURES]| weights[FEATURES] + weights.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
    flowers.rows.iter().zip(&flowers.is_virginica).filter(|(x, is)| (score(x) > 0.0) != **is).count()
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
            |weights: &[f64; WEIGHTS]| loss(flowers, weights),
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
    let deviance = |weights| 2.0 * flowers.rows.len() as f64 * loss(flowers, weights).0;
    let zero = [0.0; WEIGHTS];
    about("deviance before: 200 ln 2", deviance(&zero), 200.0 * 2.0_f64.ln(), 1e-9);
    about("deviance after the descent", deviance(weights), PUBLISHED_DEVIANCE, ROUNDING);
    show("published", PUBLISHED_DEVIANCE);
    exactly("mistakes among 100 flowers, before", mistakes(flowers, &zero) as f64, 50.0);
    exactly("mistakes after", mistakes(flowers, weights) as f64, 2.0);
}
