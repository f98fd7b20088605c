//! Unit tests of the passes.

mod allocations;
mod arithmetic;
mod language;
mod messages;
mod mutations;
mod notes;
mod orders;
mod size;
mod snapshots;
mod support;
mod table;
mod validity;
