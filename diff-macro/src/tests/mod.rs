//! Unit tests of the passes.

mod allocations;
mod arithmetic;
mod language;
mod mutations;
mod orders;
mod size;
mod snapshots;
mod support;
mod table;
mod validity;
