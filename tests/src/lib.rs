//! Shared helpers of the test suites.

pub mod compare;
pub mod corpus;
pub mod dual;
pub mod linted;
