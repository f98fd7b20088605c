//! The derivatives of functions that are generic in their float type, and in other ways, at `f64` and at `f32`, against
//! independent references.
//!
//! Each function is declared once, in `functions`, and compared at sampled points as the functions of `chains` are. The
//! dual numbers are floats as `num-traits` defines them: the function itself runs on them.

#[macro_use(sample)]
extern crate tests;

#[allow(
    clippy::assign_op_pattern,
    clippy::extra_unused_lifetimes,
    clippy::manual_midpoint,
    clippy::needless_lifetimes,
    clippy::needless_range_loop,
    clippy::suboptimal_flops,
    unreachable_pub,
    reason = "written in the ways that users write, and not in clippy's alone"
)]
mod functions {
    //! The corpus, by subject.
    pub(crate) mod arrays;
    pub(crate) mod calls;
    pub(crate) mod scalars;
    pub(crate) mod signatures;
}

tests::corpus!("generics", run);
