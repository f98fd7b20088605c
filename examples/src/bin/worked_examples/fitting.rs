//! What both fits share: the mean over samples, lines of progress.

use std::ops::ControlFlow;

use diff_runtime::descent::{Outcome, State, StopReason};

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
