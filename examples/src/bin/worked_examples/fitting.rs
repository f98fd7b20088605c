//! What both fits share: features of one scale, the mean over samples, lines of progress.

use std::ops::ControlFlow;

use diff_runtime::descent::{Outcome, State, StopReason};

/// The means and standard deviations that features had before they were standardised.
pub(crate) struct Scale<const N: usize> {
    means: [f64; N],
    deviations: [f64; N],
}

impl<const N: usize> Scale<N> {
    /// Brings every feature to mean 0 and variance 1, so that one step size suits all weights.
    pub(crate) fn standardize(rows: &mut [[f64; N]]) -> Self {
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
    pub(crate) fn undo<const M: usize>(&self, weights: &[f64; M]) -> [f64; M] {
        let mut original = *weights;
        for j in 0..N {
            original[j] = weights[j] / self.deviations[j];
            original[N] -= original[j] * self.means[j];
        }
        original
    }
}

/// The mean of values and the mean of their gradients, which is the gradient of the mean.
pub(crate) fn mean<const N: usize>(samples: impl ExactSizeIterator<Item = (f64, [f64; N])>) -> (f64, [f64; N]) {
    let count = samples.len() as f64;
    let mut value_sum = 0.0;
    let mut gradient_sum = [0.0; N];
    for (value, gradient) in samples {
        value_sum += value;
        gradient_sum.iter_mut().zip(gradient).for_each(|(sum, partial)| *sum += partial);
    }
    (value_sum / count, gradient_sum.map(|sum| sum / count))
}

/// Prints the iterations 0, 1, 10, 100, .. of a descent as it goes.
#[derive(Default)]
pub(crate) struct Progress {
    next: usize,
}

impl Progress {
    /// Prints the heads of the columns.
    pub(crate) fn new() -> Self {
        println!("    {:>9}{:>18}{:>20}", "iteration", "loss", "norm of gradient");
        Self::default()
    }

    /// Prints the state, if it is its turn.
    pub(crate) fn observe<const N: usize>(&mut self, state: &State<[f64; N]>) -> ControlFlow<StopReason> {
        if state.iteration() >= self.next {
            line(state.iteration(), state.value(), state.gradient_norm());
            self.next = (self.next * 10).max(1);
        }
        ControlFlow::Continue(())
    }

    /// Prints the last iteration.
    pub(crate) fn finish<const N: usize>(self, found: &Outcome<[f64; N]>) {
        line(found.iterations, found.value, found.gradient_norm);
    }
}

fn line(iteration: usize, loss: f64, gradient_norm: f64) {
    println!("    {iteration:>9}{loss:>18.8}{gradient_norm:>20.3e}");
}
