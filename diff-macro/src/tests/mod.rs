//! Unit tests of the passes.

mod arithmetic;
mod orders;
mod language;
mod mutations;
mod size;
mod snapshots;
mod support;
mod table;
mod validity;
