//! Unit tests of the passes.

mod arithmetic;
mod snapshots;
mod support;
mod table;
mod validity;
