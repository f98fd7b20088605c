//! The number of samples and a seed enter, shuffled mini-batches of sample indices leave, in a reproducible order.

use alloc::vec::Vec;

use crate::descent::objective::{Objective, shape};
use crate::random::SplitMix64;
use crate::tangent::Differentiable;

/// The samples `0..n` in batches: every sample once per epoch, in an order shuffled anew for every epoch (Fisher & Yates).
///
/// The order depends on the seed alone, on every platform. The last batch of an epoch is smaller if the size does not
/// divide `n`. Nothing is allocated after the construction.
///
/// ```
/// use diff_runtime::descent::MiniBatches;
///
/// let mut batches = MiniBatches::new(5, 2, 42);
/// let mut epoch = [batches.next_batch(), &[]].concat();
/// epoch.extend_from_slice(batches.next_batch());
/// epoch.extend_from_slice(batches.next_batch());
/// epoch.sort();
/// assert_eq!(epoch, [0, 1, 2, 3, 4]);
/// ```
#[derive(Clone, Debug)]
pub struct MiniBatches {
    order: Vec<usize>,
    batch_size: usize,
    /// Where the next batch begins.
    position: usize,
    epochs: usize,
    random: SplitMix64,
}

impl MiniBatches {
    /// Batches of `batch_size` of `samples` samples.
    ///
    /// # Panics
    ///
    /// If there are no samples, or if the batch size is zero.
    pub fn new(samples: usize, batch_size: usize, seed: u64) -> Self {
        assert!(samples > 0, "mini-batches need at least one sample");
        assert!(batch_size > 0, "mini-batches need a batch size of at least one");
        // At the end of an epoch before the first one, so that the first batch shuffles.
        Self { order: (0..samples).collect(), batch_size, position: samples, epochs: 0, random: SplitMix64::new(seed) }
    }

    /// The indices of the next batch.
    pub fn next_batch(&mut self) -> &[usize] {
        if self.position == self.order.len() {
            self.shuffle();
            self.position = 0;
            self.epochs += 1;
        }
        let start = self.position;
        self.position = self.order.len().min(start + self.batch_size);
        &self.order[start..self.position]
    }

    /// The epochs begun.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The batches of one epoch: `samples / batch_size`, rounded up.
    pub fn batches_per_epoch(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }

    /// An objective for a descent without line search: each evaluation takes the next batch.
    ///
    /// `loss(point, batch, gradient)` returns the loss over the samples of the batch (usually the mean, so that its
    /// gradient estimates that of the whole) and overwrites the gradient. Since values and gradients are estimates,
    /// bound the iterations; the tolerances may be met by chance.
    ///
    /// ```
    /// use diff_runtime::descent::{Descent, MiniBatches};
    ///
    /// // The mean of samples minimises the mean squared distance.
    /// let samples = [1.0, 2.0, 3.0, 4.0];
    /// let loss = |x: &f64, batch: &[usize], gradient: &mut f64| {
    ///     let count = batch.len() as f64;
    ///     *gradient = batch.iter().map(|&i| 2.0 * (x - samples[i])).sum::<f64>() / count;
    ///     batch.iter().map(|&i| (x - samples[i]).powi(2)).sum::<f64>() / count
    /// };
    /// let batches = MiniBatches::new(samples.len(), 2, 7);
    /// let descent = Descent::new().decaying_step(0.25, 0.1).max_iterations(2000);
    /// let found = descent.minimize(batches.objective(loss), 0.0).unwrap();
    /// assert!((found.point - 2.5).abs() < 0.05);
    /// ```
    pub fn objective<L>(self, loss: L) -> MiniBatchObjective<L> {
        MiniBatchObjective { batches: self, loss }
    }

    fn shuffle(&mut self) {
        for last in (1..self.order.len()).rev() {
            let other = self.random.next_below(last + 1);
            self.order.swap(last, other);
        }
    }
}

/// A loss over mini-batches as an objective: see [`MiniBatches::objective`].
#[derive(Clone, Debug)]
pub struct MiniBatchObjective<L> {
    /// The batches: their epochs, for one.
    pub batches: MiniBatches,
    loss: L,
}

impl<P, L> Objective<P, shape::Own> for MiniBatchObjective<L>
where
    P: Differentiable,
    L: FnMut(&P, &[usize], &mut P) -> P::Scalar,
{
    const DETERMINISTIC: bool = false;

    fn value_and_gradient(&mut self, point: &P, gradient: &mut P) -> P::Scalar {
        (self.loss)(point, self.batches.next_batch(), gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn epoch(batches: &mut MiniBatches) -> Vec<usize> {
        (0..batches.batches_per_epoch()).flat_map(|_| batches.next_batch().to_vec()).collect()
    }

    #[test]
    fn every_epoch_has_every_sample_once() {
        let mut batches = MiniBatches::new(10, 3, 1);
        for _ in 0..5 {
            let mut seen = epoch(&mut batches);
            seen.sort_unstable();
            assert_eq!(seen, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn batches_have_the_size_except_the_last() {
        let mut batches = MiniBatches::new(10, 4, 1);
        let sizes: Vec<usize> = (0..4).map(|_| batches.next_batch().len()).collect();
        assert_eq!(sizes, vec![4, 4, 2, 4]);
        assert_eq!(batches.epochs(), 2);
    }

    #[test]
    fn order_depends_on_the_seed_alone() {
        let order = |seed| epoch(&mut MiniBatches::new(20, 7, seed));
        assert_eq!(order(3), order(3));
        assert_ne!(order(3), order(4));
    }

    #[test]
    fn order_changes_from_epoch_to_epoch() {
        let mut batches = MiniBatches::new(20, 7, 3);
        assert_ne!(epoch(&mut batches), epoch(&mut batches));
    }

    #[test]
    fn order_is_pinned() {
        // So that a change of the generator or of the shuffle does not go unnoticed: users' runs would change.
        assert_eq!(epoch(&mut MiniBatches::new(8, 8, 42)), [4, 3, 2, 0, 7, 6, 1, 5]);
    }

    #[test]
    #[should_panic(expected = "at least one sample")]
    fn no_samples_panic() {
        MiniBatches::new(0, 1, 0);
    }
}
