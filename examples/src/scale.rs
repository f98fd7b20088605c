//! Features enter, the same with mean 0 and variance 1 leave.

/// The means and standard deviations that features had before they were standardised.
#[derive(Clone, Debug)]
pub struct Scale<const N: usize> {
    means: [f64; N],
    deviations: [f64; N],
}

impl<const N: usize> Scale<N> {
    /// Brings every feature to mean 0 and variance 1, so that one step size suits all weights.
    pub fn standardize(rows: &mut [[f64; N]]) -> Self {
        let mean = |of: &dyn Fn(&[f64; N]) -> f64| rows.iter().map(of).sum::<f64>() / rows.len() as f64;
        let means: [f64; N] = std::array::from_fn(|j| mean(&|row| row[j]));
        let deviations = std::array::from_fn(|j| mean(&|row| (row[j] - means[j]).powi(2)).sqrt());
        for row in rows {
            for j in 0..N {
                row[j] = (row[j] - means[j]) / deviations[j];
            }
        }
        Self { means, deviations }
    }

    /// The weights for the features as they were, and the intercept behind them: `M` is `N + 1`.
    pub fn undo<const M: usize>(&self, weights: &[f64; M]) -> [f64; M] {
        let mut original = *weights;
        for j in 0..N {
            original[j] = weights[j] / self.deviations[j];
            original[N] -= original[j] * self.means[j];
        }
        original
    }
}
