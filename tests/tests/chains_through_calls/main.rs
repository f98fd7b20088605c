//! The functions of the corpus `chains`, called by functions that do nothing else, and these called again: what the
//! callers' companions give is compared as in `chains` itself, so that the rules which a function has for its callers are
//! tested for all of them.

#[cfg(not(clippy))]
#[macro_use(sample)]
extern crate tests;

#[cfg(not(clippy))]
use std::ops::Bound;

#[cfg(not(clippy))]
#[allow(unreachable_pub, reason = "the text was judged where it stands")]
mod originals {
    //! The corpus itself.
    include!(concat!(env!("OUT_DIR"), "/chains_through_calls_originals.rs"));
}

#[cfg(not(clippy))]
#[allow(unused_imports, unreachable_pub, reason = "generated alike for all functions")]
mod functions {
    //! The callers, written by `build.rs`.
    include!(concat!(env!("OUT_DIR"), "/chains_through_calls_callers.rs"));
}

tests::corpus!("chains_through_calls", run);
