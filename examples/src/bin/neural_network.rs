//! A neural network that reads handwritten digits, trained with Adam on the gradient that `#[derivative]` generates from
//! the loss as it is written down.

use std::ops::ControlFlow;

use diff_runtime::check::random_points;
use diff_runtime::descent::{Descent, MiniBatches};
use diff_runtime::finite_difference::{Scheme, directional};
use diff_runtime::{derivative, directional_derivative};
use examples::progress::Progress;
use examples::report::{about, exactly, section, show, title};

/// The pixels of an image.
const PIXELS: usize = 64;
/// The neurons of the hidden layer.
const HIDDEN: usize = 32;
/// The digits.
const CLASSES: usize = 10;
/// The weights: one per connection, and a bias per neuron.
const WEIGHTS: usize = HIDDEN * (PIXELS + 1) + CLASSES * (HIDDEN + 1);

/// The images of a batch.
const BATCH: usize = 32;
const EPOCHS: usize = 40;

/// The accuracy on images that the network has not seen, at least.
const ACCURACY: f64 = 0.96;

/// The mean over a batch of `-ln(p)`, where `p` is the probability that the network gives to the true digit.
///
/// The hidden layer is `tanh(W1 x + b1)`, the scores are `W2 h + b2`, and the probabilities `exp(s_k) / sum_j exp(s_j)`.
/// `weights` holds the rows of `W1` and then those of `W2`, each row with its bias behind it.
#[derivative]
fn loss(
    weights: &[f64],
    #[constant] images: &[[f64; PIXELS]],
    #[constant] digits: &[usize],
    #[constant] batch: &[usize],
) -> f64 {
    let (first, second) = weights.split_at(HIDDEN * (PIXELS + 1));
    let mut sum = 0.0;
    for k in 0..batch.len() {
        let image = &images[batch[k]];
        let mut hidden = [0.0; HIDDEN];
        for i in 0..HIDDEN {
            let row = &first[i * (PIXELS + 1)..(i + 1) * (PIXELS + 1)];
            let mut z = row[PIXELS];
            for j in 0..PIXELS {
                z += row[j] * image[j];
            }
            hidden[i] = z.tanh();
        }
        let mut scores = [0.0; CLASSES];
        let mut largest = f64::NEG_INFINITY;
        for i in 0..CLASSES {
            let row = &second[i * (HIDDEN + 1)..(i + 1) * (HIDDEN + 1)];
            let mut z = row[HIDDEN];
            for j in 0..HIDDEN {
                z += row[j] * hidden[j];
            }
            scores[i] = z;
            largest = largest.max(z);
        }
        let mut total = 0.0;
        for score in &scores {
            total += (score - largest).exp();
        }
        sum += total.ln() + largest - scores[digits[batch[k]]];
    }
    sum / batch.len() as f64
}

/// Images with their digits, some to learn from and some to be tested with.
struct Data {
    images: Vec<[f64; PIXELS]>,
    digits: Vec<usize>,
    train: Vec<usize>,
    test: Vec<usize>,
}

impl Data {
    /// Reads what smartcore ships, with the brightness from 0 to 1, and draws a fifth of it for the test.
    fn load() -> Self {
        let data = smartcore::dataset::digits::load_dataset();
        let (images, rest) = data.data.as_chunks::<PIXELS>();
        assert!(rest.is_empty());
        let images: Vec<_> = images.iter().map(|image| image.map(|pixel| f64::from(pixel) / 16.0)).collect();
        let digits = data.target.iter().map(|&digit| digit as usize).collect();
        // The order of one epoch is a random order.
        let mut order = MiniBatches::new(images.len(), images.len(), 1).next_batch().to_vec();
        let test = order.split_off(4 * images.len() / 5);
        Self { images, digits, train: order, test }
    }

    /// The digit that the network finds most probable: the one with the least loss.
    fn read(&self, weights: &[f64], image: usize) -> usize {
        let loss_of = |digit| loss(weights, &self.images[image..=image], &[digit], &[0]);
        let losses: [f64; CLASSES] = std::array::from_fn(loss_of);
        (0..CLASSES).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).expect("there are digits")
    }

    /// The share of these images that the network reads right.
    fn accuracy(&self, weights: &[f64], images: &[usize]) -> f64 {
        let right = images.iter().filter(|&&image| self.read(weights, image) == self.digits[image]).count();
        right as f64 / images.len() as f64
    }
}

/// A vector of numbers drawn uniformly between `-bound` and `bound`.
fn random_vector(length: usize, bound: f64, seed: u64) -> Vec<f64> {
    let mut vectors = random_points(&vec![-bound; length], &vec![bound; length], seed);
    vectors.next().expect("there is no end of random points")
}

/// Small random weights: uniform, with the variance `1 / (number of inputs)` for each layer (LeCun et al. 1998).
fn initial_weights() -> Vec<f64> {
    let layer =
        |neurons: usize, inputs: usize, seed| random_vector(neurons * (inputs + 1), (3.0 / inputs as f64).sqrt(), seed);
    [layer(HIDDEN, PIXELS, 1), layer(CLASSES, HIDDEN, 2)].concat()
}

fn about_the_data(data: &Data) {
    section(
        "The data: 1797 handwritten digits (Alpaydin & Kaynak 1998)",
        "Images of 8 x 8 pixels, which the crate smartcore ships. Four fifths are learnt, one fifth is for the test.",
    );
    exactly("images to learn", data.train.len() as f64, 1437.0);
    exactly("images for the test", data.test.len() as f64, 360.0);
    exactly("weights", WEIGHTS as f64, 2410.0);
}

/// Along a random direction, the gradient must agree with a finite difference of the loss.
fn check_gradient(data: &Data, weights: &[f64]) {
    section("The check: a finite difference", "The slope of the loss of one batch along some direction, both ways.");
    let batch = &data.train[..BATCH];
    let (images, digits) = (&data.images[..], &data.digits[..]);
    let gradient = loss::gradient(weights, images, digits, batch);
    let direction = random_vector(WEIGHTS, 1.0, 3);
    let at = |weights: &[f64]| loss(weights, images, digits, batch);
    let numeric = directional(Scheme::Richardson, at, &weights.to_vec(), &direction);
    let exact = directional_derivative(&gradient[..], &direction[..]);
    show("by the generated gradient", exact);
    // A finite difference of this scheme is good to about twelve digits.
    about("by a finite difference", numeric, exact, 1e-9 * exact.abs());
}

fn train(data: &Data, start: Vec<f64>) -> Vec<f64> {
    section(
        "The training: Adam, on batches of 32",
        "Each step takes the generated gradient of the mean loss of one batch, in an order shuffled for each epoch.",
    );
    let batches = MiniBatches::new(data.train.len(), BATCH, 7);
    let steps = EPOCHS * batches.batches_per_epoch();
    let mut chosen = Vec::with_capacity(BATCH);
    let objective = batches.objective(|weights: &Vec<f64>, batch: &[usize], gradient: &mut Vec<f64>| {
        chosen.clear();
        chosen.extend(batch.iter().map(|&i| data.train[i]));
        loss::value_and_gradient_into(weights, &data.images, &data.digits, &chosen, gradient)
    });
    let mut progress = Progress::new(steps as u64, "steps");
    let descent = Descent::new().adam().fixed_step(3e-3).max_iterations(steps);
    let found = descent
        .minimize_observed(objective, start, |state| {
            progress.show(state.iteration() as u64, &format!("loss of the batch {:.4}", state.value()));
            ControlFlow::Continue(())
        })
        .expect("the loss stays finite");
    show("steps", found.iterations as f64);
    show("loss of the last batch", found.value);
    found.point
}

fn main() {
    title("A neural network that reads digits");
    let data = Data::load();
    about_the_data(&data);
    let start = initial_weights();
    check_gradient(&data, &start);
    let weights = train(&data, start.clone());

    section("The test: 360 images that the network has not seen", "The share that it reads right; chance is 0.1.");
    let before = data.accuracy(&start, &data.test);
    show("before the training", before);
    assert!(before < 0.3);
    show("images that it has learnt", data.accuracy(&weights, &data.train));
    let accuracy = data.accuracy(&weights, &data.test);
    show("images that it has not seen", accuracy);
    assert!(accuracy >= ACCURACY, "{accuracy} is less than {ACCURACY}");
    println!("\nThe network reads at least {:.0} % of new digits right.", 100.0 * ACCURACY);
}
