//! The derivatives of a corpus of functions of arrays, written as users write them, against two independent references.
//!
//! Each function is declared once, in `functions`, and compared at sampled points:
//! - the value of every companion with that of the function, bit by bit;
//! - every derivative with dual numbers of the crate `num-dual` that run the function's own text (see `build.rs`);
//! - every derivative with central finite differences;
//! - forward with reverse mode, by the identity `<J v, w> = <v, J^T w>`;
//! - what is written into buffers that held something before.
//!
//! One line per function says how many points were compared and how large the largest errors are. Arguments that are no
//! flags select the functions whose names contain them: `cargo test -p tests --test arrays -- cholesky`.

#[macro_use(sample)]
extern crate tests;

#[cfg_attr(clippy, allow(dead_code, unused_imports, unused_macros, reason = "clippy does not see the cases"))]
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
    clippy::redundant_slicing,
    clippy::reversed_empty_ranges,
    clippy::unnecessary_cast,
    clippy::useless_vec,
    unreachable_pub,
    reason = "written in the ways that users write, and not in clippy's alone"
)]
mod functions {
    //! The corpus, by subject.
    pub(crate) mod algorithms;
    pub(crate) mod calls;
    pub(crate) mod control;
    pub(crate) mod elements;
    pub(crate) mod found;
    pub(crate) mod growth;
    pub(crate) mod hazards;
    pub(crate) mod indices;
    pub(crate) mod linear_algebra;
    pub(crate) mod losses;
    pub(crate) mod networks;
    pub(crate) mod optimisation;
    pub(crate) mod ordering;
    pub(crate) mod parameters;
    pub(crate) mod physics;
    pub(crate) mod places;
    pub(crate) mod programs;
    pub(crate) mod recurrences;
    pub(crate) mod statistics;
    pub(crate) mod stencils;
}

tests::corpus!("arrays", run);
