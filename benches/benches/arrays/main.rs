//! Gradients of functions of arrays: generated against by hand, and against other crates, as one table.
//!
//! All sides of a function run in turn in one process, so that what disturbs the machine disturbs all; a ratio is the
//! median of the ratios of the rounds. Every gradient is compared with the one by hand before anything is timed.

mod peers;
mod table;

use std::hint::black_box;
use std::time::Instant;

use benches::arrays::data::{self, Aligned, GAMMA, Mixture, Perceptron, RATES, STEP, STEPS, WISHART};
use benches::arrays::{CASES, CHAIN, Case, FACTORS, Side, WEIGHTS, relative_error};
use nalgebra::SVector;
use num_dual::{Dual64, DualSVec64};

use peers::{Sizes, Taped};

/// Rounds in which every side of a function is timed once.
const ROUNDS: usize = 101;
/// A sample of time lasts at least this long, so that the clock's resolution does not matter.
const SAMPLE: f64 = 50e-6;
/// A side whose single call takes longer than this is timed in only so many rounds.
const SLOW: (f64, usize) = (20e-3, 11);
/// How far gradients may be apart, relative to their greatest component.
const TOLERANCE: f64 = 1e-10;

/// One side of a function.
struct Runner {
    run: Side,
    gradient: Aligned,
    /// The calls in a sample.
    calls: usize,
    rounds: usize,
    nanoseconds: Vec<f64>,
}

impl Runner {
    fn new(run: Side, active: usize) -> Self {
        let mut runner =
            Self { run, gradient: Aligned::new(active, |_| 0.0), calls: 1, rounds: ROUNDS, nanoseconds: Vec::new() };
        runner.seconds();
        let once = runner.seconds();
        runner.calls = (SAMPLE / once).ceil().max(1.0) as usize;
        if once > SLOW.0 {
            runner.rounds = SLOW.1;
        }
        runner
    }

    fn call(&mut self) -> f64 {
        let value = (self.run)(&mut self.gradient);
        black_box(&mut *self.gradient);
        black_box(value)
    }

    /// The time of all calls of a sample.
    fn seconds(&mut self) -> f64 {
        let clock = Instant::now();
        for _ in 0..self.calls {
            self.call();
        }
        clock.elapsed().as_secs_f64()
    }

    fn sample(&mut self) {
        let nanoseconds = self.seconds() * 1e9 / self.calls as f64;
        self.nanoseconds.push(nanoseconds);
    }

    /// Allocations and bytes of one call, once everything is warm.
    fn allocations(&mut self) -> (u64, u64) {
        let info = allocation_counter::measure(|| {
            self.call();
        });
        (info.count_total, info.bytes_total)
    }

    /// The median of the times relative to those of another side in the same rounds.
    fn ratio(&self, other: &Self) -> f64 {
        median(self.nanoseconds.iter().zip(&other.nanoseconds).map(|(a, b)| a / b).collect())
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Times all sides in turn, in alternating order.
fn interleave(sides: &mut [&mut Runner]) {
    for round in 0..ROUNDS {
        let mut due: Vec<_> = sides.iter_mut().filter(|side| round < side.rounds).collect();
        if round % 2 == 1 {
            due.reverse();
        }
        due.into_iter().for_each(|side| side.sample());
    }
}

/// Another crate's side of a function.
struct Peer {
    run: Side,
    /// The calls that make a gradient: above one where a call gives one partial derivative alone.
    calls: usize,
}

/// A gradient by the tape, at a flat point.
fn taped(x: Vec<f64>, f: impl Fn(&[Taped]) -> Taped + 'static) -> Peer {
    let run = move |g: &mut [f64]| {
        let mut value = 0.0;
        let gradient = echidna::grad(
            |x| {
                let result = f(x);
                value = peers::Number::value(result);
                result
            },
            black_box(&x),
        );
        g.copy_from_slice(&gradient);
        value
    };
    Peer { run: Box::new(run), calls: 1 }
}

/// A gradient by dual numbers with all directions at once.
fn dual<const N: usize>(x: Vec<f64>, f: impl Fn(&[DualSVec64<N>]) -> DualSVec64<N> + 'static) -> Peer {
    let run = move |g: &mut [f64]| {
        let x = SVector::<f64, N>::from_column_slice(black_box(&x));
        let (value, gradient) = num_dual::gradient(|x: SVector<DualSVec64<N>, N>| f(x.as_slice()), &x);
        g.copy_from_slice(gradient.as_slice());
        value
    };
    Peer { run: Box::new(run), calls: 1 }
}

/// One partial derivative by dual numbers: the first.
fn dual_pass(x: Vec<f64>, f: impl Fn(&[Dual64]) -> Dual64 + 'static) -> Peer {
    let calls = x.len();
    let run = move |g: &mut [f64]| {
        let mut x: Vec<Dual64> = black_box(&x).iter().map(|x| Dual64::from_re(*x)).collect();
        x[0].eps = 1.0;
        let result = f(&x);
        g[0] = result.eps;
        result.re
    };
    Peer { run: Box::new(run), calls }
}

/// The tape's side of a function, and that of dual numbers.
fn peers_of(name: &str) -> Option<[Peer; 2]> {
    let (kind, _) = name.split_once(',')?;
    Some(match kind {
        "rosenbrock" if !name.contains("1000000") => {
            let x = data::chain(CHAIN).to_vec();
            [taped(x.clone(), peers::rosenbrock), dual_pass(x, peers::rosenbrock)]
        }
        "product" => {
            let x = data::factors(FACTORS).to_vec();
            [taped(x.clone(), peers::product), dual::<FACTORS>(x, peers::product)]
        }
        "logistic loss" => {
            let data = || data::logistic(1000, WEIGHTS);
            let (x, rows, labels) = data();
            let tape = taped(x.to_vec(), move |x| peers::logistic_loss(x, &rows, &labels));
            let (x, rows, labels) = data();
            [tape, dual::<WEIGHTS>(x.to_vec(), move |x| peers::logistic_loss(x, &rows, &labels))]
        }
        "mixture" => {
            let sizes = Sizes { d: Mixture::D, k: Mixture::K, gamma: GAMMA, m: WISHART };
            let Mixture { alphas, means, icf, x } = Mixture::new();
            let parameters = [&*alphas, &*means, &*icf].concat();
            let again = x.to_vec();
            [
                taped(parameters.clone(), move |p| peers::mixture(p, &x, sizes)),
                dual_pass(parameters, move |p| peers::mixture(p, &again, sizes)),
            ]
        }
        "perceptron" => {
            let (parameters, data) = (Perceptron::new().parameters(), Perceptron::new);
            let (a, b) = (data(), data());
            [
                taped(parameters.clone(), move |p| peers::perceptron(p, &a.x, &a.targets)),
                dual_pass(parameters, move |p| peers::perceptron(p, &b.x, &b.targets)),
            ]
        }
        "lotka-volterra" => [
            taped(RATES.to_vec(), |p| peers::lotka_volterra(p, STEPS, STEP)),
            dual::<4>(RATES.to_vec(), |p| peers::lotka_volterra(p, STEPS, STEP)),
        ],
        _ => return None,
    })
}

/// Calls both once, and compares what they wrote; of a peer that gives one partial derivative, only that.
fn check(case: &Case, side: &mut Runner, by_hand: &mut Runner, calls: usize) -> bool {
    by_hand.call();
    side.gradient.fill(f64::NAN);
    side.call();
    let known = if calls > 1 { 1 } else { case.active };
    let scale = by_hand.gradient.iter().fold(0.0_f64, |scale, b| scale.max(b.abs()));
    let error = match known {
        1 => (side.gradient[0] - by_hand.gradient[0]).abs() / scale,
        _ => relative_error(&side.gradient, &by_hand.gradient),
    };
    error < TOLERANCE
}

fn compare(case: &Case) -> table::Row {
    let runner = |run: Side| Runner::new(run, case.active);
    let mut by_hand = runner((case.by_hand)());
    let mut generated = runner((case.generated)());
    let mut again = runner((case.by_hand)());
    let correct = check(case, &mut generated, &mut by_hand, 1);
    let mut others: Vec<(Runner, usize)> =
        peers_of(case.name).into_iter().flatten().map(|peer| (runner(peer.run), peer.calls)).collect();
    for (peer, calls) in &mut others {
        assert!(check(case, peer, &mut by_hand, *calls), "a peer's gradient of {} is wrong", case.name);
    }
    let allocations = [by_hand.allocations(), generated.allocations()];
    let mut sides = vec![&mut by_hand, &mut generated, &mut again];
    sides.extend(others.iter_mut().map(|(peer, _)| peer));
    interleave(&mut sides);
    table::Row {
        name: case.name,
        companion: case.companion,
        by_hand: median(by_hand.nanoseconds.clone()),
        generated: median(generated.nanoseconds.clone()),
        ratio: correct.then(|| generated.ratio(&by_hand)),
        same: again.ratio(&by_hand),
        allocations,
        peers: others.iter().map(|(peer, calls)| (peer.ratio(&generated) * *calls as f64, *calls)).collect(),
    }
}

fn main() {
    // Cargo passes flags of the test harness; a word is a part of a name.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let chosen = |case: &&Case| wanted.as_ref().is_none_or(|word| case.name.contains(word.as_str()));
    table::header(ROUNDS);
    let wrong = CASES.iter().filter(chosen).filter(|case| !table::print(&compare(case))).count();
    assert_eq!(wrong, 0, "generated gradients differ from those by hand");
}
