//! Shared helpers of the examples: output for a reader, progress, data of one scale, linear algebra in plain code.
//!
//! `cargo run --release -p examples --bin worked_examples` walks through the first examples of calculus for deep
//! learning, and fits a model to real data.

pub mod iris;
pub mod least_squares;
pub mod progress;
pub mod report;
pub mod scale;
