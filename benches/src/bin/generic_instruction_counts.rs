//! The instructions of derivatives of functions that are generic in their float type, at `f64`, and of those of `f64`,
//! counted by callgrind; fails where the generic ones take more than 2 % more.

use std::hint::black_box;
use std::process::ExitCode;

use benches::callgrind::instructions;
use benches::generics::{CASES, Case};

const LENGTH: usize = 400;
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
            eprintln!("usage: generic_instruction_counts");
            ExitCode::FAILURE
        }
    }
}

/// What is counted.
#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn run(case: &Case, side: usize, passes: usize) {
    let side = black_box(case.sides[side]);
    let x: Vec<f64> = (0..LENGTH).map(|i| (i % 17) as f64 / 17.0 + 0.1).collect();
    let mut out = vec![1.0; LENGTH];
    for _ in 0..passes {
        black_box(side(black_box(&x), &mut out));
        black_box(&out);
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
    println!("{:<24}{:>12}{:>12}{:>9}", "derivative", "generic", "f64", "ratio");
    let mut failed = 0;
    for (index, case) in CASES.iter().enumerate() {
        let (generic, plain) = (per_call(index, 0), per_call(index, 1));
        let ratio = generic / plain;
        println!("{:<24}{:>12.0}{:>12.0}{:>9.3}", case.name, generic, plain, ratio);
        failed += usize::from(ratio > 1.0 + TOLERANCE);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
