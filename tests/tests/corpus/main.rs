//! The derivatives of a corpus of scalar functions, written as users write them, against two independent references.
//!
//! Each function is declared once, in `functions`, and compared at sampled points:
//! - the value of every companion with that of the function, bit by bit;
//! - every derivative with dual numbers of the crate `num-dual` that run the function's own text (see `build.rs`);
//! - every derivative with central finite differences;
//! - forward with reverse mode, by the identity `<J v, w> = <v, J^T w>`.
//!
//! One line per function says how many points were compared and how large the largest errors are. Arguments that are no
//! flags select the functions whose names contain them: `cargo test -p tests --test corpus -- newton`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use tests::dual::{Dual, Dual64};

/// Where a function is sampled: `build.rs` reads it.
macro_rules! sample {
    ($($tokens:tt)*) => {};
}

mod compare;
#[allow(
    clippy::assign_op_pattern,
    clippy::manual_is_multiple_of,
    clippy::needless_late_init,
    clippy::needless_range_loop,
    clippy::needless_return,
    clippy::reversed_empty_ranges,
    clippy::unnecessary_cast,
    unreachable_pub,
    reason = "written in the ways that users write, and not in clippy's alone"
)]
mod functions {
    //! The corpus, by subject.
    pub(crate) mod branches;
    pub(crate) mod elementary;
    pub(crate) mod hazards;
    pub(crate) mod iterations;
    pub(crate) mod jumps;
    pub(crate) mod loops;
    pub(crate) mod models;
    pub(crate) mod parameters;
    pub(crate) mod precision;
    pub(crate) mod variables;
}

#[allow(warnings, clippy::all, clippy::pedantic, reason = "the text was judged where it stands")]
mod twins {
    include!(concat!(env!("OUT_DIR"), "/twins.rs"));
}

use compare::{Case, Flat, Input, pick};

#[allow(
    clippy::cast_possible_truncation,
    clippy::useless_conversion,
    clippy::unnecessary_cast,
    clippy::too_many_lines,
    unused_variables,
    reason = "generated alike for `f64`, `f32` and any number of parameters"
)]
fn cases() -> Vec<Case> {
    Vec::from(include!(concat!(env!("OUT_DIR"), "/cases.rs")))
}

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let (mut passed, mut failed, mut points) = (0, 0, 0);
    let mut worst = compare::Outcome::default();
    for case in cases() {
        if !filters.is_empty() && !filters.iter().any(|filter| case.name.contains(filter.as_str())) {
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| case.compare()))
            .unwrap_or_else(|_| compare::Outcome::failure("panicked".to_owned()));
        let verdict = if outcome.failures.is_empty() { "ok" } else { "FAILED" };
        println!("test {} ... {verdict}  {outcome}", case.name);
        for failure in outcome.failures.iter().take(8) {
            println!("    {failure}");
        }
        points += outcome.points;
        if outcome.failures.is_empty() {
            passed += 1;
        } else {
            failed += 1;
        }
        if !case.narrow {
            worst.include(&outcome);
        }
    }
    println!("\n{} functions, {points} points; largest in f64: {worst}", passed + failed);
    println!("test result: {}. {passed} passed; {failed} failed", if failed == 0 { "ok" } else { "FAILED" });
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
