//! Compile-time derivatives of ordinary Rust functions.
#![cfg_attr(not(feature = "std"), no_std)]
#[cfg(feature = "alloc")]
extern crate alloc;

pub use diff_macro::derivative;
