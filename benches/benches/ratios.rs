//! Both loops of each function, interleaved in one process, so that what disturbs the machine disturbs both.
//!
//! The noise is measured the same way: the loop by hand against itself.

use std::hint::black_box;
use std::time::Instant;

use benches::{Buffer, CASES, Case, Loop, POINTS};

/// Rounds: in each, every side is timed once.
const ROUNDS: usize = 401;
/// A sample of time lasts at least this long, so that the clock's resolution does not matter.
const SAMPLE: f64 = 50e-6;

/// One side's loop with the samples taken of it.
struct Side {
    run: Loop,
    nanoseconds: Vec<f64>,
}

impl Side {
    fn new(run: Loop) -> Self {
        Self { run, nanoseconds: Vec::with_capacity(ROUNDS) }
    }

    /// The time of some passes over all points.
    fn time(&self, passes: usize, x: &Buffer, y: &mut Buffer) -> f64 {
        let run = black_box(self.run);
        let clock = Instant::now();
        for _ in 0..passes {
            run(black_box(&x.0), &mut y.0);
            black_box(&*y);
        }
        clock.elapsed().as_secs_f64()
    }

    /// Adds a sample, in nanoseconds per point.
    fn sample(&mut self, passes: usize, x: &Buffer, y: &mut Buffer) {
        let seconds = self.time(passes, x, y);
        self.nanoseconds.push(seconds * 1e9 / (passes * POINTS) as f64);
    }

    fn quantile(&self, fraction: f64) -> f64 {
        let mut sorted = self.nanoseconds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[((sorted.len() - 1) as f64 * fraction) as usize]
    }

    fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// The passes that make up a sample.
fn passes(side: &Side, x: &Buffer, y: &mut Buffer) -> usize {
    side.time(10, x, y);
    let once = side.time(10, x, y) / 10.0;
    (SAMPLE / once).ceil().max(1.0) as usize
}

/// Times all sides in turn, in alternating order.
fn interleave(sides: &mut [Side], x: &Buffer) {
    let mut y = Buffer::zeros();
    let passes = passes(&sides[0], x, &mut y);
    for round in 0..ROUNDS {
        let count = sides.len();
        for i in 0..count {
            let i = if round % 2 == 0 { i } else { count - 1 - i };
            sides[i].sample(passes, x, &mut y);
        }
    }
}

fn report(case: Case) {
    let mut sides = vec![Side::new(case.by_hand), Side::new(case.generated), Side::new(case.by_hand)];
    sides.extend(case.refactored.map(Side::new));
    interleave(&mut sides, &Buffer::spread(case.interval));
    let by_hand = sides[0].median();
    let spread = (sides[0].quantile(0.75) - sides[0].quantile(0.25)) / by_hand;
    print!(
        "{:<20}{:>9.3}{:>11.3}{:>8.3}{:>9.3}{:>8.1} %",
        case.name,
        by_hand,
        sides[1].median(),
        sides[1].median() / by_hand,
        sides[2].median() / by_hand,
        100.0 * spread,
    );
    match sides.get(3) {
        Some(side) => println!("{:>12.3}", side.median()),
        None => println!("{:>12}", "-"),
    }
}

fn main() {
    println!("Nanoseconds per point, {POINTS} points, medians of {ROUNDS} interleaved rounds.");
    println!("ratio: generated / by hand.  same: by hand / by hand, which only noise takes from 1.");
    println!("spread: between the quartiles of `by hand`.  refactored: another algorithm, for the record.\n");
    println!(
        "{:<20}{:>9}{:>11}{:>8}{:>9}{:>10}{:>12}",
        "function", "by hand", "generated", "ratio", "same", "spread", "refactored"
    );
    for case in CASES {
        report(case);
    }
}
