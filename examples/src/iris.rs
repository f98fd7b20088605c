//! Two species of iris (Anderson 1935, Fisher 1936), and the published fit of a logistic regression to them.

use crate::scale::Scale;

/// The measurements of a flower.
pub const FEATURES: usize = 4;
/// Their weights, and the intercept.
pub const WEIGHTS: usize = FEATURES + 1;

/// What the weights are of.
pub const NAMES: [&str; WEIGHTS] = ["sepal length", "sepal width", "petal length", "petal width", "intercept"];

/// The fit of R's `glm(Species ~ ., binomial, iris[51:150, ])`: the weights per centimetre, and the intercept.
pub const PUBLISHED: [f64; WEIGHTS] = [-2.465, -6.681, 9.429, 18.286, -42.638];
/// Its residual deviance: twice the sum of the losses.
pub const PUBLISHED_DEVIANCE: f64 = 11.899;
/// Half a unit of the last published digit.
pub const ROUNDING: f64 = 0.0005;

/// The flowers of two species.
#[derive(Clone, Debug)]
pub struct Flowers {
    /// The measurements.
    pub rows: Vec<[f64; FEATURES]>,
    /// Whether the flower is of the second species.
    pub is_virginica: Vec<bool>,
}

impl Flowers {
    /// Reads versicolor and virginica from what `linfa-datasets` ships, each feature brought to mean 0 and variance 1.
    pub fn load() -> (Self, Scale<FEATURES>) {
        let data = linfa_datasets::iris();
        let records = data.records().outer_iter().map(|row| std::array::from_fn(|j| row[j]));
        let both = records.zip(data.targets()).filter(|&(_, &species)| species > 0);
        let (mut rows, is_virginica): (Vec<_>, Vec<_>) = both.map(|(row, &species)| (row, species == 2)).unzip();
        let scale = Scale::standardize(&mut rows);
        (Self { rows, is_virginica }, scale)
    }
}
