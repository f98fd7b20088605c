//! Functions for the analyses that spare storage and time in reverse mode, against the same references as `arrays`. Compiled
//! with each analysis turned off in turn by `tests/without_analyses.sh`.

use std::process::ExitCode;

use tests::compare::{self, Case, Flat, Input, pick, unflat};
use tests::dual::Dual64;

/// Where a function is sampled: `build.rs` reads it.
macro_rules! sample {
    ($($tokens:tt)*) => {};
}

#[allow(
    clippy::assign_op_pattern,
    clippy::clone_on_copy,
    clippy::explicit_counter_loop,
    clippy::if_same_then_else,
    clippy::manual_memcpy,
    clippy::manual_slice_fill,
    clippy::manual_swap,
    clippy::needless_range_loop,
    clippy::needless_return,
    clippy::ptr_arg,
    clippy::reversed_empty_ranges,
    clippy::unnecessary_cast,
    clippy::useless_vec,
    unreachable_pub,
    reason = "written in the ways that users write, and not in clippy's alone"
)]
mod functions {
    //! The corpus.
    pub(crate) mod analyses;
}

#[allow(warnings, clippy::all, clippy::pedantic, reason = "the text was judged where it stands")]
mod twins {
    include!(concat!(env!("OUT_DIR"), "/storage_twins.rs"));
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::useless_conversion,
    clippy::unnecessary_cast,
    clippy::unnecessary_mut_passed,
    clippy::too_many_lines,
    unused_variables,
    reason = "generated alike for `f64`, `f32` and any number of parameters"
)]
fn cases() -> Vec<Case> {
    Vec::from(include!(concat!(env!("OUT_DIR"), "/storage_cases.rs")))
}

fn main() -> ExitCode {
    compare::run(&cases())
}
