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

#[macro_use(sample)]
extern crate tests;

#[cfg_attr(clippy, allow(dead_code, unused_imports, unused_macros, reason = "clippy does not see the cases"))]
#[allow(
    clippy::assign_op_pattern,
    clippy::blocks_in_conditions,
    clippy::manual_is_multiple_of,
    clippy::mut_range_bound,
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
    pub(crate) mod calls;
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

tests::corpus!("corpus", run);
