//! Second and third derivatives: generated against by hand and against dual numbers, as one table.
//!
//! All sides of a row run in turn in one process; a ratio is the median of the ratios of the rounds. Every side's numbers
//! are compared with those by hand before anything is timed.

#![allow(clippy::needless_range_loop, reason = "written in the ways that users write")]

mod functions;

use std::hint::black_box;
use std::time::Instant;

use functions as f;
use nalgebra::SVector;
use num_dual::Dual2SVec64;

const ROUNDS: usize = 101;
/// A sample of time lasts at least this long.
const SAMPLE: f64 = 50e-6;

/// What is timed: writes its numbers.
type Side = Box<dyn FnMut(&mut [f64])>;

struct Row {
    name: &'static str,
    companion: &'static str,
    /// How many numbers are compared.
    length: usize,
    by_hand: fn() -> Side,
    generated: Side,
    /// The generated gradient, for products with the Hessian.
    gradient: Option<Side>,
    dual: Option<Side>,
}

struct Runner {
    side: Side,
    numbers: Vec<f64>,
    calls: usize,
    nanoseconds: Vec<f64>,
}

impl Runner {
    fn new(side: Side, length: usize) -> Self {
        let mut runner = Self { side, numbers: vec![f64::NAN; length], calls: 1, nanoseconds: Vec::new() };
        runner.seconds();
        let once = (0..5).map(|_| runner.seconds()).fold(f64::INFINITY, f64::min);
        runner.calls = (SAMPLE / once.max(1e-9)).ceil().max(1.0) as usize;
        runner
    }

    fn seconds(&mut self) -> f64 {
        let clock = Instant::now();
        for _ in 0..self.calls {
            (self.side)(&mut self.numbers);
            black_box(&mut self.numbers);
        }
        clock.elapsed().as_secs_f64()
    }

    fn sample(&mut self) {
        let nanoseconds = self.seconds() * 1e9 / self.calls as f64;
        self.nanoseconds.push(nanoseconds);
    }

    fn ratio(&self, other: &Self) -> f64 {
        median(self.nanoseconds.iter().zip(&other.nanoseconds).map(|(a, b)| a / b).collect())
    }

    fn agrees(&self, by_hand: &Self) -> bool {
        let scale = by_hand.numbers.iter().fold(0.0_f64, |scale, x| scale.max(x.abs()));
        self.numbers.iter().zip(&by_hand.numbers).all(|(a, b)| (a - b).abs() <= 1e-10 * scale)
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Numbers that fill an interval evenly, in no order.
fn spread(n: usize, low: f64, high: f64) -> Vec<f64> {
    (0..n).map(|k| low + (high - low) * (k as f64 * 0.618_033_988_749_895).fract()).collect()
}

fn eight() -> [f64; 8] {
    spread(8, -1.5, 1.5).try_into().expect("eight numbers")
}

/// Writes rows one after the other.
fn flatten<const N: usize>(rows: &[[f64; N]; N], out: &mut [f64]) {
    out.copy_from_slice(rows.as_flattened());
}

/// The Hessian by dual numbers of second order.
fn dual_hessian<const N: usize>(x: [f64; N], f: impl Fn(&[Dual2SVec64<N>]) -> Dual2SVec64<N> + 'static) -> Side {
    Box::new(move |out| {
        let x = SVector::<f64, N>::from_column_slice(black_box(&x));
        let (_, _, hessian) = num_dual::hessian(|x: SVector<Dual2SVec64<N>, N>| f(x.as_slice()), &x);
        out.copy_from_slice(hessian.as_slice());
    })
}

fn samples() -> ([f64; 5], Vec<f64>, Vec<f64>) {
    ([1.5, 0.4, -0.7, 1.3, 0.2], spread(100, 0.0, 4.0), spread(100, -1.0, 1.0))
}

fn examples() -> [Vec<f64>; 4] {
    let labels = spread(1000, -1.0, 1.0).into_iter().map(f64::signum).collect();
    [spread(20, -0.5, 0.5), spread(20 * 1000, -1.0, 1.0), labels, spread(20, -1.0, 1.0)]
}

const STATE: (f64, f64) = (0.9, 0.7);

fn rows() -> Vec<Row> {
    let (x, v) = (spread(1000, -1.5, 1.5), spread(1000, -1.0, 1.0));
    let at = x.clone();
    let (p, t, y) = samples();
    let (p2, t2, y2) = samples();
    let [w, data, labels, along] = examples();
    let [w2, data2, labels2, _] = examples();
    vec![
        Row {
            name: "Hessian of Rosenbrock, n = 8",
            companion: "hessian",
            length: 64,
            by_hand: || Box::new(|out| flatten(&f::rosenbrock_hessian(black_box(&eight())), out)),
            generated: {
                let x = eight();
                Box::new(move |out| flatten(&f::rosenbrock_8::hessian(black_box(&x)), out))
            },
            gradient: None,
            dual: Some(dual_hessian(eight(), f::rosenbrock_of)),
        },
        Row {
            name: "Hessian of two exponentials",
            companion: "hessian",
            length: 25,
            by_hand: || {
                let (p, t, y) = samples();
                Box::new(move |out| flatten(&f::exponentials_hessian(black_box(&p), &t, &y), out))
            },
            generated: Box::new(move |out| flatten(&f::exponentials::hessian(black_box(&p), &t, &y), out)),
            gradient: None,
            dual: Some(dual_hessian(p2, move |p| f::exponentials_of(p, &t2, &y2))),
        },
        Row {
            name: "the same in a slice",
            companion: "hessian_into",
            length: 25,
            by_hand: || {
                let (p, t, y) = samples();
                Box::new(move |out| flatten(&f::exponentials_hessian(black_box(&p), &t, &y), out))
            },
            generated: {
                let (p, t, y) = samples();
                Box::new(move |out| f::exponentials_in_slice::hessian_into(black_box(&p), &t, &y, out))
            },
            gradient: None,
            dual: None,
        },
        Row {
            name: "Hessian of logistic loss, 1000 x 20",
            companion: "hessian_into",
            length: 400,
            by_hand: || {
                let [w, data, labels, _] = examples();
                Box::new(move |out| f::logistic_hessian(black_box(&w), &data, &labels, out))
            },
            generated: {
                let [w, data, labels, _] = examples();
                Box::new(move |out| f::logistic::hessian_into(black_box(&w), &data, &labels, out))
            },
            gradient: None,
            dual: None,
        },
        Row {
            name: "HVP of Rosenbrock, n = 1000",
            companion: "hvp_into",
            length: 1000,
            by_hand: || {
                let (x, v) = (spread(1000, -1.5, 1.5), spread(1000, -1.0, 1.0));
                Box::new(move |out| f::rosenbrock_hvp(black_box(&x), &v, out))
            },
            generated: Box::new(move |out| f::rosenbrock::hvp_into(black_box(&x), &v, out)),
            gradient: Some(Box::new(move |out| f::rosenbrock::gradient_into(black_box(&at), out))),
            dual: None,
        },
        Row {
            name: "HVP of logistic loss, 1000 x 20",
            companion: "hvp_into",
            length: 20,
            by_hand: || {
                let [w, data, labels, along] = examples();
                Box::new(move |out| f::logistic_hvp(black_box(&w), &data, &labels, &along, out))
            },
            generated: Box::new(move |out| f::logistic::hvp_into(black_box(&w), &data, &labels, &along, out)),
            gradient: Some(Box::new(move |out| f::logistic::gradient_into(black_box(&w2), &data2, &labels2, out))),
            dual: None,
        },
        Row {
            name: "third derivatives of an energy",
            companion: "third_derivatives",
            length: 4,
            by_hand: || {
                Box::new(|out| {
                    let (t, v) = black_box(STATE);
                    out.copy_from_slice(&f::helmholtz_by_hand(t, v));
                })
            },
            generated: Box::new(|out| {
                let (t, v) = black_box(STATE);
                out.copy_from_slice(&f::helmholtz_thirds(t, v));
            }),
            gradient: None,
            dual: Some(Box::new(|out| {
                let (t, v) = black_box(STATE);
                out[0] = num_dual::third_derivative(|t| f::helmholtz_of(t, v.into()), t).3;
                out[1] = num_dual::third_partial_derivative(|(a, b, c)| f::helmholtz_of(a + b - t, c), (t, t, v)).7;
                out[2] = num_dual::third_partial_derivative(|(a, b, c)| f::helmholtz_of(a, b + c - v), (t, v, v)).7;
                out[3] = num_dual::third_derivative(|v| f::helmholtz_of(t.into(), v), v).3;
            })),
        },
    ]
}

/// Times a row, prints its line, and tells whether all sides agreed.
fn compare(row: Row) -> bool {
    let Row { name, companion, length, by_hand, generated, gradient, dual } = row;
    let mut by_hand_runner = Runner::new(by_hand(), length);
    let mut again = Runner::new(by_hand(), length);
    let mut generated = Runner::new(generated, length);
    let mut gradient = gradient.map(|side| Runner::new(side, length));
    let mut dual = dual.map(|side| Runner::new(side, length));
    let agree = generated.agrees(&by_hand_runner) && dual.as_ref().is_none_or(|dual| dual.agrees(&by_hand_runner));
    for round in 0..ROUNDS {
        let mut sides = vec![&mut by_hand_runner, &mut generated, &mut again];
        sides.extend(gradient.as_mut());
        sides.extend(dual.as_mut());
        if round % 2 == 1 {
            sides.reverse();
        }
        sides.into_iter().for_each(Runner::sample);
    }
    let times = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
    println!(
        "{name:<34}{companion:<19}{:>11.1}{:>11.1}{:>8}{:>7.2}{:>12}{:>10}",
        median(by_hand_runner.nanoseconds.clone()),
        median(generated.nanoseconds.clone()),
        if agree { format!("{:.2}", generated.ratio(&by_hand_runner)) } else { "WRONG".to_owned() },
        again.ratio(&by_hand_runner),
        times(gradient.map(|gradient| generated.ratio(&gradient))),
        times(dual.map(|dual| dual.ratio(&generated))),
    );
    agree
}

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    println!("Nanoseconds per call, medians of {ROUNDS} interleaved rounds.");
    println!("ratio: generated / by hand.  same: by hand / by hand.  / gradient: generated / generated gradient.");
    println!("num-dual: its time / generated.\n");
    println!(
        "{:<34}{:<19}{:>11}{:>11}{:>8}{:>7}{:>12}{:>10}",
        "what", "companion", "by hand", "generated", "ratio", "same", "/ gradient", "num-dual"
    );
    let rows = rows().into_iter().filter(|row| wanted.as_ref().is_none_or(|word| row.name.contains(word.as_str())));
    let wrong = rows.map(compare).filter(|agree| !agree).count();
    assert_eq!(wrong, 0, "generated derivatives differ from those by hand");
}
