//! The functions of the corpus `arrays`, called by functions that do nothing else, and these called again: what the
//! callers' companions give is compared as in `arrays` itself, so that the rules which a function has for its callers are
//! tested for all of them.

#[macro_use(sample)]
extern crate tests;

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
mod originals {
    //! The corpus itself.
    include!(concat!(env!("OUT_DIR"), "/arrays_through_calls_originals.rs"));
}

#[allow(unused_imports, unreachable_pub, clippy::ptr_arg, reason = "generated alike for all functions")]
mod functions {
    //! The callers, written by `build.rs`.
    include!(concat!(env!("OUT_DIR"), "/arrays_through_calls_callers.rs"));
}

tests::corpus!("arrays_through_calls", run);
