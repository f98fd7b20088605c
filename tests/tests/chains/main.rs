//! The derivatives of a corpus of iterator chains, closures and matches, written as users write them, against two
//! independent references.
//!
//! Each function is declared once, in `functions`, and compared at sampled points:
//! - the value of every companion with that of the function, bit by bit;
//! - every derivative with dual numbers of the crate `num-dual` that run the function's own text (see `build.rs`);
//! - every derivative with central finite differences;
//! - forward with reverse mode, by the identity `<J v, w> = <v, J^T w>`;
//! - what is written into buffers that held something before.
//!
//! One line per function says how many points were compared and how large the largest errors are. Arguments that are no
//! flags select the functions whose names contain them: `cargo test -p tests --test chains -- softmax`.

#[macro_use(sample)]
extern crate tests;

#[cfg(not(clippy))]
use std::ops::Bound;

#[cfg_attr(clippy, allow(dead_code, unused_imports, unused_macros, reason = "clippy does not see the cases"))]
#[allow(
    clippy::assign_op_pattern,
    clippy::blocks_in_conditions,
    clippy::clone_on_copy,
    clippy::explicit_counter_loop,
    clippy::if_same_then_else,
    clippy::manual_memcpy,
    clippy::manual_slice_fill,
    clippy::manual_swap,
    clippy::manual_unwrap_or,
    clippy::manual_unwrap_or_default,
    clippy::needless_range_loop,
    clippy::needless_return,
    clippy::ptr_arg,
    clippy::redundant_slicing,
    clippy::reversed_empty_ranges,
    clippy::unnecessary_cast,
    clippy::useless_vec,
    clippy::unnecessary_fold,
    clippy::manual_filter_map,
    clippy::map_identity,
    clippy::iter_nth,
    clippy::redundant_closure_call,
    clippy::while_let_on_iterator,
    clippy::needless_collect,
    clippy::redundant_closure_for_method_calls,
    clippy::suboptimal_flops,
    unreachable_pub,
    reason = "written in the ways that users write, and not in clippy's alone"
)]
mod functions {
    //! The corpus, by subject.
    pub(crate) mod adaptors;
    pub(crate) mod closures;
    pub(crate) mod finance;
    pub(crate) mod losses;
    pub(crate) mod matches;
    pub(crate) mod options;
    pub(crate) mod physics;
    pub(crate) mod searches;
    pub(crate) mod sources;
    pub(crate) mod statistics;
    pub(crate) mod test_functions;
}

tests::corpus!("chains", run);
