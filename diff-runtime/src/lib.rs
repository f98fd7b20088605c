//! Compile-time derivatives of ordinary Rust functions.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub use diff_macro::derivative;

pub mod check;
pub mod descent;
mod directional;
pub mod finite_difference;
pub mod function;
#[doc(hidden)]
pub mod private;

mod random;
mod real;
pub mod sampled;
mod tangent;

pub use directional::{
    directional_derivative, directional_derivative_along_unit, normalize, steepest_ascent, unit,
};
pub use real::Real;
pub use tangent::Differentiable;
