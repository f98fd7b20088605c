//! The functions of the corpus `generics`, called by functions that do nothing else, and these called again: what the
//! callers' companions give is compared as in `generics` itself, so that the rules which a function has for its callers are
//! tested for all of them.

#[macro_use(sample)]
extern crate tests;

#[allow(clippy::all, unreachable_pub, reason = "the text was judged where it stands")]
mod originals {
    //! The corpus itself.
    include!(concat!(env!("OUT_DIR"), "/generics_through_calls_originals.rs"));
}

#[allow(unused_imports, unreachable_pub, clippy::ptr_arg, reason = "generated alike for all functions")]
mod functions {
    //! The callers, written by `build.rs`.
    include!(concat!(env!("OUT_DIR"), "/generics_through_calls_callers.rs"));
}

tests::corpus!("generics_through_calls", run);
