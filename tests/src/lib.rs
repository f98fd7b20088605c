//! Shared helpers of the test suites.

pub mod dual;
pub mod linted;
