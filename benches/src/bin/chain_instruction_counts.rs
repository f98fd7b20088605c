//! The instructions of functions as iterator chains and as loops, counted by callgrind, in forward and in reverse mode;
//! fails where the two differ by more than 2 %.

use std::hint::black_box;
use std::process::ExitCode;

use benches::callgrind::instructions;
use benches::chains::{CASES, Case, LENGTH};

const FEW: usize = 2;
const MORE: usize = 6;
const TOLERANCE: f64 = 0.02;

fn main() -> ExitCode {
    let arguments: Vec<usize> = std::env::args().skip(1).map(|text| text.parse().expect("a number")).collect();
    match arguments[..] {
        [] => compare_all(),
        [case, side, passes] => {
            run(&CASES[case], side, passes);
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: chain_instruction_counts");
            ExitCode::FAILURE
        }
    }
}

/// What is counted.
#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn run(case: &Case, side: usize, passes: usize) {
    let side = black_box(case.sides[side]);
    let spread = |n: usize| (0..n).map(|i| (i % 17) as f64 / 17.0 + 0.1).collect::<Vec<f64>>();
    let (x, y) = (spread(LENGTH), spread(case.width));
    let (mut a, mut b) = (spread(LENGTH), spread(case.width));
    for _ in 0..passes {
        black_box(side(black_box(&x), black_box(&y), &mut a, &mut b));
        black_box((&a, &b));
    }
}

/// The instructions of one call.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn per_call(case: usize, side: usize) -> f64 {
    let count = |passes: usize| instructions(&[case, side, passes].map(|argument| argument.to_string()));
    count(MORE).abs_diff(count(FEW)) as f64 / (MORE - FEW) as f64
}

fn compare_all() -> ExitCode {
    println!("Instructions per call, arrays of {LENGTH}.\n");
    println!("{:<16}{:<10}{:>12}{:>12}{:>9}", "function", "mode", "chain", "loop", "ratio");
    let mut failed = 0;
    for (index, case) in CASES.iter().enumerate() {
        for (mode, side) in [("forward", 0), ("reverse", 2)] {
            let (chain, looped) = (per_call(index, side), per_call(index, side + 1));
            let ratio = chain / looped;
            println!("{:<16}{:<10}{:>12.0}{:>12.0}{:>9.3}", case.name, mode, chain, looped, ratio);
            failed += usize::from((ratio - 1.0).abs() > TOLERANCE);
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
