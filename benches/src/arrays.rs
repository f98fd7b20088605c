//! Generated gradients of functions of arrays against hand-written ones.
//!
//! A [`Case`] makes its two sides: closures that own their data, write a gradient into one flat buffer and return the
//! value (zero where the contract of both sides is the gradient alone).

pub mod by_hand;
pub mod data;
pub mod functions;

use std::hint::black_box;

use by_hand::Layers;
use data::{Aligned, GAMMA, Mixture, Perceptron, STEP, STEPS, WISHART};

/// One call: writes the gradient into the buffer, returns the value.
pub type Side = Box<dyn FnMut(&mut [f64]) -> f64>;

/// A function with the two sides to compare.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The name of the function.
    pub name: &'static str,
    /// The companion that is called; the side by hand has the same contract.
    pub companion: &'static str,
    /// The length of the gradient.
    pub active: usize,
    /// Makes the side that calls the generated companion.
    pub generated: fn() -> Side,
    /// Makes the side by hand.
    pub by_hand: fn() -> Side,
}

/// The length of the Rosenbrock function's argument.
pub const CHAIN: usize = 1000;
/// The number of factors.
pub const FACTORS: usize = 32;
/// The number of weights of the logistic loss.
pub const WEIGHTS: usize = 20;

/// An array in place of a flat buffer.
fn array<const N: usize>(buffer: &mut [f64]) -> &mut [f64; N] {
    buffer.try_into().expect("a buffer of the gradient's length")
}

/// The generated side of a form of the perceptron.
macro_rules! generated_perceptron {
    ($function:ident) => {
        || {
            let Perceptron { layers: Layers { first, second, last }, x, targets } = Perceptron::new();
            Box::new(move |g| {
                let bars = Perceptron::split(g);
                functions::$function::value_and_gradient_into(
                    black_box(&first.0),
                    black_box(&first.1),
                    black_box(&second.0),
                    black_box(&second.1),
                    black_box(&last.0),
                    black_box(&last.1),
                    black_box(&x),
                    black_box(&targets),
                    bars.first.0,
                    bars.first.1,
                    bars.second.0,
                    bars.second.1,
                    bars.last.0,
                    bars.last.1,
                )
            })
        }
    };
}

/// The side by hand of a form of the perceptron.
macro_rules! perceptron_by_hand {
    ($function:ident) => {
        || {
            let Perceptron { layers, x, targets } = Perceptron::new();
            Box::new(move |g| {
                let layers = black_box(&layers);
                let parameters = Layers {
                    first: (&*layers.first.0, &*layers.first.1),
                    second: (&*layers.second.0, &*layers.second.1),
                    last: (&*layers.last.0, &*layers.last.1),
                };
                by_hand::$function(parameters, black_box(&x), black_box(&targets), Perceptron::split(g))
            })
        }
    };
}

/// All functions.
#[rustfmt::skip]
pub const CASES: [Case; 12] = [
    Case {
        name: "rosenbrock, n=1000",
        companion: "value_and_gradient_into",
        active: CHAIN,
        generated: || {
            let x = data::chain(CHAIN);
            Box::new(move |g| functions::rosenbrock::value_and_gradient_into(black_box(&x), g))
        },
        by_hand: || {
            let x = data::chain(CHAIN);
            Box::new(move |g| by_hand::rosenbrock(black_box(&x), g))
        },
    },
    Case {
        name: "rosenbrock, n=1000",
        companion: "gradient_into",
        active: CHAIN,
        generated: || {
            let x = data::chain(CHAIN);
            Box::new(move |g| {
                functions::rosenbrock::gradient_into(black_box(&x), g);
                0.0
            })
        },
        by_hand: || {
            let x = data::chain(CHAIN);
            Box::new(move |g| {
                by_hand::rosenbrock_gradient(black_box(&x), g);
                0.0
            })
        },
    },
    Case {
        name: "product, slice of 32",
        companion: "value_and_gradient_into",
        active: FACTORS,
        generated: || {
            let x = data::factors(FACTORS);
            Box::new(move |g| functions::product_of_slice::value_and_gradient_into(black_box(&x), g))
        },
        by_hand: || {
            let x = data::factors(FACTORS);
            Box::new(move |g| by_hand::product_of_slice(black_box(&x), g))
        },
    },
    Case {
        name: "product, array of 32",
        companion: "value_and_gradient_into",
        active: FACTORS,
        generated: || {
            let mut x = data::factors(FACTORS);
            Box::new(move |g| functions::product_of_array::value_and_gradient_into(black_box(array(&mut x)), array(g)))
        },
        by_hand: || {
            let mut x = data::factors(FACTORS);
            Box::new(move |g| by_hand::product_of_array(black_box(array(&mut x)), array(g)))
        },
    },
    Case {
        name: "logistic loss, 1000x20",
        companion: "value_and_gradient_into",
        active: WEIGHTS,
        generated: || {
            let (w, rows, labels) = data::logistic(1000, WEIGHTS);
            Box::new(move |g| {
                functions::logistic_loss::value_and_gradient_into(black_box(&w), black_box(&rows), black_box(&labels), g)
            })
        },
        by_hand: || {
            let (w, rows, labels) = data::logistic(1000, WEIGHTS);
            Box::new(move |g| by_hand::logistic_loss(black_box(&w), black_box(&rows), black_box(&labels), g))
        },
    },
    Case {
        name: "mixture, d=10 k=5 n=1000",
        companion: "value_and_gradient_into",
        active: Mixture::ACTIVE,
        generated: || {
            let Mixture { alphas, means, icf, x } = Mixture::new();
            Box::new(move |g| {
                let [alphas_bar, means_bar, icf_bar] = Mixture::split(g);
                functions::gaussian_mixture::value_and_gradient_into(
                    black_box(&alphas), black_box(&means), black_box(&icf), black_box(&x), black_box(GAMMA), black_box(WISHART),
                    black_box(Mixture::D), alphas_bar, means_bar, icf_bar,
                )
            })
        },
        by_hand: || {
            let Mixture { alphas, means, icf, x } = Mixture::new();
            Box::new(move |g| {
                let [alphas_bar, means_bar, icf_bar] = Mixture::split(g);
                by_hand::gaussian_mixture(
                    black_box(&alphas), black_box(&means), black_box(&icf), black_box(&x), black_box(GAMMA), black_box(WISHART),
                    black_box(Mixture::D), alphas_bar, means_bar, icf_bar,
                )
            })
        },
    },
    Case {
        name: "perceptron, batch 64",
        companion: "value_and_gradient_into",
        active: Perceptron::ACTIVE,
        generated: generated_perceptron!(perceptron),
        by_hand: perceptron_by_hand!(perceptron),
    },
    Case {
        name: "perceptron, in passes",
        companion: "value_and_gradient_into",
        active: Perceptron::ACTIVE,
        generated: generated_perceptron!(perceptron_in_passes),
        by_hand: perceptron_by_hand!(perceptron_in_passes),
    },
    Case {
        name: "lotka-volterra, 1000 steps",
        companion: "value_and_gradient",
        active: 4,
        generated: || Box::new(|g| {
            let [a, b, c, d] = black_box(data::RATES);
            let (value, gradient) =
                functions::lotka_volterra::value_and_gradient(a, b, c, d, black_box(STEPS), black_box(STEP));
            g.copy_from_slice(&gradient);
            value
        }),
        by_hand: || Box::new(|g| {
            by_hand::lotka_volterra_forward(black_box(data::RATES), black_box(STEPS), black_box(STEP), array(g))
        }),
    },
    Case {
        name: "lotka-volterra, 1000 steps",
        companion: "vjp",
        active: 4,
        generated: || Box::new(|g| {
            let [a, b, c, d] = black_box(data::RATES);
            let (value, gradient) = functions::lotka_volterra::vjp(a, b, c, d, black_box(STEPS), black_box(STEP), 1.0);
            g.copy_from_slice(&gradient);
            value
        }),
        by_hand: || Box::new(|g| {
            by_hand::lotka_volterra_reverse(black_box(data::RATES), black_box(STEPS), black_box(STEP), array(g))
        }),
    },
    Case {
        name: "lotka-volterra state, 1000",
        companion: "value_and_jacobian",
        active: 8,
        generated: || Box::new(|g| {
            let [a, b, c, d] = black_box(data::RATES);
            let ((x, y), [first, second]) =
                functions::lotka_volterra_state::value_and_jacobian(a, b, c, d, black_box(STEPS), black_box(STEP));
            g[..4].copy_from_slice(&first);
            g[4..].copy_from_slice(&second);
            x + y
        }),
        by_hand: || Box::new(|g| {
            by_hand::lotka_volterra_jacobian(black_box(data::RATES), black_box(STEPS), black_box(STEP), array(g))
        }),
    },
    Case {
        name: "rosenbrock, n=1000000",
        companion: "value_and_gradient_into",
        active: 1_000_000,
        generated: || {
            let x = data::chain(1_000_000);
            Box::new(move |g| functions::rosenbrock::value_and_gradient_into(black_box(&x), g))
        },
        by_hand: || {
            let x = data::chain(1_000_000);
            Box::new(move |g| by_hand::rosenbrock(black_box(&x), g))
        },
    },
];

/// The two results of a case: value and gradient.
fn result(make: fn() -> Side, active: usize) -> (f64, Aligned) {
    let mut gradient = Aligned::new(active, |_| f64::NAN);
    let value = make()(&mut gradient);
    (value, gradient)
}

impl Case {
    /// How far the generated gradient is from the one by hand, relative to the greatest component; likewise the value.
    pub fn error(&self) -> f64 {
        let (value, gradient) = result(self.generated, self.active);
        let (expected, reference) = result(self.by_hand, self.active);
        relative_error(&[value], &[expected]).max(relative_error(&gradient, &reference))
    }
}

/// The greatest difference, relative to the greatest component of the reference; infinite where anything is not a number.
pub fn relative_error(numbers: &[f64], reference: &[f64]) -> f64 {
    let scale = reference.iter().fold(1e-300_f64, |scale, b| scale.max(b.abs()));
    let error = |(a, b): (&f64, &f64)| if (a - b).is_nan() { f64::INFINITY } else { (a - b).abs() / scale };
    numbers.iter().zip(reference).map(error).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both sides must compute the same numbers, or their times compare nothing.
    #[test]
    fn generated_gradients_are_those_by_hand() {
        let wrong = CASES.iter().filter(|case| case.error() > 1e-10);
        let wrong: Vec<_> = wrong.map(|case| (case.name, case.companion, case.error())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    /// A gradient by central differences, as a check of both sides.
    #[test]
    fn the_mixture_by_hand_is_what_differences_give() {
        let Mixture { alphas, means, icf, x } = Mixture::new();
        let (_, gradient) = result(CASES[5].by_hand, Mixture::ACTIVE);
        let h = 1e-5;
        let value = |k: usize, h: f64| {
            let mut point: Vec<f64> = [&*alphas, &*means, &*icf].concat();
            point[k] += h;
            let [alphas, means, icf] = Mixture::split(&mut point);
            functions::gaussian_mixture(alphas, means, icf, &x, GAMMA, WISHART, Mixture::D)
        };
        for k in (0..Mixture::ACTIVE).step_by(7) {
            let difference = (value(k, h) - value(k, -h)) / (2.0 * h);
            let error = (difference - gradient[k]).abs() / (1.0 + difference.abs());
            assert!(error < 1e-5, "{k}: {} and {difference}", gradient[k]);
        }
    }
}
