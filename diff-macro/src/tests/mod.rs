//! Unit tests of the passes.

mod arithmetic;
mod language;
mod mutations;
mod size;
mod snapshots;
mod support;
mod table;
mod validity;
