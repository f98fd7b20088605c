//! Generated derivatives against hand-written ones: functions of scalars, each in a loop over [`POINTS`] points, and
//! functions of arrays ([`arrays`]).
//!
//! | command | gives |
//! | --- | --- |
//! | `cargo bench -p benches --bench scalar` | the time of each loop, by divan |
//! | `cargo bench -p benches --bench ratios` | both loops of each function interleaved in one process, the ratio of their medians |
//! | `cargo bench -p benches --bench arrays` | gradients of functions of arrays, also against other crates; a word after `--` chooses functions |
//! | `cargo bench -p benches --bench orders` | second and third derivatives, also against dual numbers |
//! | `benches/instruction_counts.sh` | the instructions of each loop per point; fails where the generated loop has more |
//! | `cargo run --release -p benches --bin chain_instruction_counts` | the instructions of iterator chains and of the same loops; fails where they differ by more than 2 % |
//! | `cargo run --release -p benches --bin array_instruction_counts` | the instructions of each gradient of a function of arrays |

pub mod arrays;
pub mod by_hand;
pub mod callgrind;
pub mod chains;
pub mod functions;
pub mod generics;

use std::hint::black_box;

/// The points in a loop: 32 KiB of input and 32 KiB of output.
pub const POINTS: usize = 4096;

/// Numbers on a boundary of cache lines, so that no loop is slower for where its data lies.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Buffer(pub [f64; POINTS]);

impl Buffer {
    /// A buffer of zeros.
    pub fn zeros() -> Box<Self> {
        Box::new(Self([0.0; POINTS]))
    }

    /// Points spread over an interval, in an order that no branch predictor learns.
    pub fn spread(interval: [f64; 2]) -> Box<Self> {
        let [lower, upper] = interval;
        let mut buffer = Self::zeros();
        for (i, x) in buffer.0.iter_mut().enumerate() {
            // Multiples of the golden ratio modulo 1 fill the interval evenly, and jump about in it.
            let fraction = (i as f64 * 0.618_033_988_749_894_9).fract();
            *x = lower + (upper - lower) * fraction;
        }
        buffer
    }
}

/// A loop over all points.
pub type Loop = fn(&[f64; POINTS], &mut [f64; POINTS]);

/// A function with the loops to compare.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The name of the function.
    pub name: &'static str,
    /// Where the points lie.
    pub interval: [f64; 2],
    /// The loop over the generated derivative.
    pub generated: Loop,
    /// The loop over the derivative by hand.
    pub by_hand: Loop,
    /// The loop over another algorithm for the same number, if there is one.
    pub refactored: Option<Loop>,
    /// Why the generated loop may execute more instructions than the one by hand, if it may.
    pub more: Option<&'static str>,
}

/// The loop, for all the same.
#[inline(always)]
fn map(x: &[f64; POINTS], y: &mut [f64; POINTS], derivative: impl Fn(f64) -> f64) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = derivative(x);
    }
}

/// The coefficients of the polynomial in Horner's scheme.
const COEFFICIENTS: &[f64] = &[0.5, -1.0, 2.0, 3.0, -0.25, 1.0, -2.0, 4.0];

/// Expands to a loop: `each!(f)`, or `each!(f, name = constant, ..)` with constants that the optimiser does not see.
macro_rules! each {
    ($derivative:expr) => {
        |x, y| map(x, y, $derivative)
    };
    ($derivative:expr, $($constant:ident = $value:expr),+) => {
        |x, y| {
            $(let $constant = black_box($value);)+
            map(x, y, |x| $derivative(x, $($constant),+))
        }
    };
}

/// All functions.
#[rustfmt::skip]
pub const CASES: [Case; 13] = [
    Case {
        name: "polynomial",
        interval: [-3.0, 3.0],
        generated: each!(functions::polynomial::derivative),
        by_hand: each!(by_hand::polynomial),
        refactored: Some(each!(by_hand::refactored::polynomial)),
        more: None,
    },
    Case {
        name: "sine of square",
        interval: [-3.0, 3.0],
        generated: each!(functions::sine_of_square::derivative),
        by_hand: each!(by_hand::sine_of_square),
        refactored: None,
        more: None,
    },
    Case {
        name: "logistic",
        interval: [-6.0, 6.0],
        generated: each!(functions::logistic::derivative),
        by_hand: each!(by_hand::logistic),
        refactored: Some(each!(by_hand::refactored::logistic)),
        more: None,
    },
    Case {
        name: "normal density",
        interval: [-4.0, 4.0],
        generated: each!(functions::normal_density::derivative, mean = 0.3, deviation = 1.7),
        by_hand: each!(by_hand::normal_density, mean = 0.3, deviation = 1.7),
        refactored: None,
        more: None,
    },
    Case {
        name: "bump",
        interval: [-3.0, 3.0],
        generated: each!(functions::bump::derivative),
        by_hand: each!(by_hand::bump),
        refactored: None,
        more: None,
    },
    Case {
        name: "oscillation",
        interval: [0.0, 3.0],
        generated: each!(functions::oscillation::derivative),
        by_hand: each!(by_hand::oscillation),
        refactored: None,
        more: None,
    },
    Case {
        name: "saturation",
        interval: [-3.0, 3.0],
        generated: each!(functions::saturation::derivative),
        by_hand: each!(by_hand::saturation),
        refactored: Some(each!(by_hand::refactored::saturation)),
        more: None,
    },
    Case {
        name: "rational",
        interval: [0.1, 4.0],
        generated: each!(functions::rational::derivative),
        by_hand: each!(by_hand::rational),
        refactored: Some(each!(by_hand::refactored::rational)),
        more: Some("for the conventions at singular points and kinks"),
    },
    Case {
        name: "newton square root",
        interval: [0.1, 4.0],
        generated: each!(functions::newton_square_root::derivative),
        by_hand: each!(by_hand::newton_square_root),
        refactored: Some(each!(by_hand::refactored::newton_square_root)),
        more: Some("for the conventions at singular points and kinks"),
    },
    Case {
        name: "huber",
        interval: [-3.0, 3.0],
        generated: each!(functions::huber::derivative, width = 1.5),
        by_hand: each!(by_hand::huber, width = 1.5),
        refactored: Some(each!(by_hand::refactored::huber, width = 1.5)),
        more: Some("for the conventions at singular points and kinks"),
    },
    Case {
        name: "three functions",
        interval: [-2.0, 2.0],
        generated: each!(functions::composed::derivative),
        by_hand: each!(functions::composed_in_one::derivative),
        refactored: None,
        more: None,
    },
    Case {
        name: "loop over a function",
        interval: [-2.0, 2.0],
        generated: each!(functions::iterated::derivative),
        by_hand: each!(functions::iterated_in_one::derivative),
        refactored: None,
        more: Some("for what is not simplified across the call"),
    },
    Case {
        name: "horner",
        interval: [-1.5, 1.5],
        generated: each!(functions::horner::derivative, coefficients = COEFFICIENTS),
        by_hand: each!(by_hand::horner, coefficients = COEFFICIENTS),
        refactored: None,
        more: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn values(run: Loop, x: &Buffer) -> Box<Buffer> {
        let mut y = Buffer::zeros();
        run(&x.0, &mut y.0);
        y
    }

    /// Both sides must compute the same number, or their times compare nothing.
    #[test]
    fn all_derivatives_of_a_function_agree() {
        for case in CASES {
            let x = Buffer::spread(case.interval);
            let reference = values(case.by_hand, &x);
            for other in [Some(case.generated), case.refactored].into_iter().flatten() {
                let other = values(other, &x);
                for ((a, b), x) in other.0.iter().zip(&reference.0).zip(&x.0) {
                    let error = (a - b).abs() / (1.0 + b.abs());
                    assert!(error < 1e-13, "{} at {x}: {a} and {b}", case.name);
                }
            }
        }
    }
}
