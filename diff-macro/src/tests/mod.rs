//! Unit tests of the passes.
mod support;
