//! Functions for the analyses that spare storage and time in reverse mode, against the same references as `arrays`. Compiled
//! with each analysis turned off in turn by `tests/without_analyses.sh`.

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
    clippy::reversed_empty_ranges,
    clippy::unnecessary_cast,
    clippy::useless_vec,
    unreachable_pub,
    reason = "written in the ways that users write, and not in clippy's alone"
)]
mod functions {
    //! The corpus.
    pub(crate) mod adjoints;
    pub(crate) mod analyses;
    pub(crate) mod expressions;
}

tests::corpus!("storage", run);
