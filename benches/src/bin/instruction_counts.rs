//! The instructions that each loop executes per point, counted by callgrind; fails where the generated derivative has
//! more than the one by hand, if that keeps the same conventions at singular points and kinks.
//!
//! Counts, unlike times, do not vary from run to run. The program runs itself under valgrind: once with few passes over
//! the points and once with more, so that the difference is the loop alone.

use std::hint::black_box;
use std::process::ExitCode;

use benches::callgrind::instructions;
use benches::{Buffer, CASES, Case, Loop, POINTS};

const FEW: usize = 2;
const MORE: usize = 6;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => compare_all(),
        [case, side, passes] => {
            run(&CASES[number(case)], number(side), number(passes));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: instruction_counts");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// The sides, in the order in which the program passes them to itself.
fn sides(case: &Case) -> Vec<Loop> {
    [Some(case.by_hand), Some(case.generated), case.refactored].into_iter().flatten().collect()
}

/// What is counted.
fn run(case: &Case, side: usize, passes: usize) {
    let side = black_box(sides(case)[side]);
    let x = Buffer::spread(case.interval);
    let mut y = Buffer::zeros();
    for _ in 0..passes {
        side(black_box(&x.0), &mut y.0);
        black_box(&y);
    }
}

/// The instructions of one side per point, to a hundredth: the call of the loop is spread over all points.
fn per_point(case: usize, side: usize) -> f64 {
    let count = |passes: usize| instructions(&[case, side, passes].map(|argument| argument.to_string()));
    let loops = count(MORE).abs_diff(count(FEW));
    let count = loops as f64 / ((MORE - FEW) * POINTS) as f64;
    (count * 100.0).round() / 100.0
}

/// Prints one line, and tells whether the generated loop has no more instructions than the one by hand.
fn compare(index: usize, case: &Case) -> bool {
    let counts: Vec<f64> = (0..sides(case).len()).map(|side| per_point(index, side)).collect();
    let refactored = counts.get(2).map_or("-".to_owned(), |count| format!("{count:.2}"));
    let fewer = counts[1] <= counts[0];
    println!(
        "{:<20}{:>9.2}{:>11.2}{:>12}   {}",
        case.name,
        counts[0],
        counts[1],
        refactored,
        match (fewer, case.more) {
            (true, _) => "ok".to_owned(),
            (false, None) => "MORE".to_owned(),
            (false, Some(reason)) => format!("more, {reason}"),
        },
    );
    fewer || case.more.is_some()
}

fn compare_all() -> ExitCode {
    println!("Instructions per point, {POINTS} points; refactored: another algorithm, for the record.\n");
    println!("{:<20}{:>9}{:>11}{:>12}", "function", "by hand", "generated", "refactored");
    let failed = CASES.iter().enumerate().filter(|(index, case)| !compare(*index, case)).count();
    if failed == 0 {
        println!("\nNo generated loop executes more instructions than one by hand with the same conventions.");
        ExitCode::SUCCESS
    } else {
        println!("\n{failed} generated loops execute more instructions than those by hand.");
        ExitCode::FAILURE
    }
}
