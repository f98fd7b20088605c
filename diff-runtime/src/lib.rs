//! Derivatives of ordinary Rust functions, and what people do with them.
//!
//! The attribute [`derivative`](macro@derivative) generates, at compile time, the companions of a function: its
//! derivative, its gradient, and products with its Jacobian. Its documentation says which functions it accepts, and
//! which companions they get. This crate re-exports it, and works on its companions or on functions written by hand:
//!
//! | to | use |
//! | --- | --- |
//! | find rates of change along directions | [`directional_derivative`], [`directional_derivative_along_unit`], [`steepest_ascent`], [`unit`](fn@unit) |
//! | test a derivative | [`check`] |
//! | approximate a derivative that nothing else gives | [`finite_difference`] |
//! | differentiate measured data | [`sampled`] |
//! | minimise a function | [`descent`], and by other crates [`solvers`] |
//! | use your own structs as points and gradients | [`Differentiable`](trait@Differentiable), [its derive](derive@Differentiable) |
//!
//! ```
//! use diff_runtime::check::assert_gradient;
//! use diff_runtime::descent::minimize;
//! use diff_runtime::{derivative, directional_derivative};
//!
//! #[derivative]
//! fn booth(x: f64, y: f64) -> f64 {
//!     (x + 2.0 * y - 7.0).powi(2) + (2.0 * x + y - 5.0).powi(2)
//! }
//!
//! // The gradient is generated, and right as far as finite differences can tell:
//! assert_eq!(booth::gradient(0.0, 0.0), [-34.0, -38.0]);
//! assert_gradient(booth, booth::gradient, &[0.5, -1.0]);
//!
//! // From (0, 0), the function falls along (1, 1) at the rate 72:
//! assert_eq!(directional_derivative(&booth::gradient(0.0, 0.0), &[1.0, 1.0]), -72.0);
//!
//! // Its minimum is at (1, 3):
//! let found = minimize(booth::value_and_gradient, [0.0, 0.0]).unwrap();
//! assert!((found.point[0] - 1.0).abs() < 1e-5 && (found.point[1] - 3.0).abs() < 1e-5);
//! ```
//!
//! # Conventions
//!
//! A point, a gradient and a tangent are values of one type, made of `f64` or `f32` components: see [`Differentiable`](trait@Differentiable).
//! A function is given in any of the argument shapes of the companions: see [`Function`](function::Function), and for
//! minimisation [`Objective`](descent::Objective).
//!
//! # Features
//!
//! | feature | default | gives |
//! | --- | --- | --- |
//! | `std` | yes | time limits of a descent, the square root of the hardware; implies `alloc` |
//! | `alloc` | yes | `Vec` and `Box` as points, everything that returns a `Vec`, mini-batches, histories |
//! | `approx` | no | `check::Components`, for the macros of the approx crate |
//! | `argmin` | no | `solvers::argmin`; implies `std` |
//! | `levenberg-marquardt` | no | `solvers::levenberg_marquardt`; implies `nalgebra` and `std` |
//! | `nalgebra` | no | vectors of nalgebra in `solvers::argmin`; implies `std` |
//!
//! Without `std` and `alloc` everything works on arrays, slices, tuples and structs; results are bit-identical.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub use diff_macro::{Differentiable, derivative};

pub mod check;
pub mod descent;
mod directional;
pub mod finite_difference;
pub mod function;
#[doc = include_str!("../docs/language.md")]
pub mod language {}
#[doc(hidden)]
pub mod private;
mod random;
mod real;
pub mod sampled;
pub mod solvers;
mod tangent;

pub use directional::{directional_derivative, directional_derivative_along_unit, normalize, steepest_ascent, unit};
pub use real::Real;
pub use tangent::Differentiable;

// The examples of the README are tested as examples of this crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
