//! The instructions that each gradient of a function of arrays executes in one call, counted by callgrind.
//!
//! Counts do not vary from run to run, but not every instruction takes the same time: a chain of dependent additions has
//! few. The times are in the bench `arrays`.

use std::hint::black_box;

use benches::arrays::data::Aligned;
use benches::arrays::{CASES, Case};
use benches::callgrind::instructions;

const FEW: usize = 1;
const MORE: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => compare_all(),
        [case, side, calls] => run(&CASES[number(case)], side, number(calls)),
        _ => eprintln!("usage: array_instruction_counts"),
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// What is counted.
fn run(case: &Case, side: &str, calls: usize) {
    let mut side = if side == "by_hand" { (case.by_hand)() } else { (case.generated)() };
    let mut gradient = Aligned::new(case.active, |_| 0.0);
    for _ in 0..calls {
        black_box(side(&mut gradient));
        black_box(&mut *gradient);
    }
}

/// The instructions of one call: the difference of two runs, so that what surrounds the calls does not count.
fn per_call(case: usize, side: &str) -> u64 {
    let count = |calls: usize| instructions(&[case.to_string(), side.to_owned(), calls.to_string()]);
    count(MORE).abs_diff(count(FEW)) / (MORE - FEW) as u64
}

fn compare_all() {
    println!("Instructions per call.\n");
    println!("{:<28}{:<25}{:>12}{:>12}{:>8}", "function", "companion", "by hand", "generated", "ratio");
    for (index, case) in CASES.iter().enumerate() {
        let [by_hand, generated] = ["by_hand", "generated"].map(|side| per_call(index, side));
        let ratio = generated as f64 / by_hand as f64;
        println!("{:<28}{:<25}{by_hand:>12}{generated:>12}{ratio:>8.3}", case.name, case.companion);
    }
}
