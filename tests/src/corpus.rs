//! What the test of every corpus consists of beside its functions: the twins and the cases that `build.rs` has written,
//! and the comparison.
//!
//! ```text
//! #[macro_use(sample)]
//! extern crate tests;
//!
//! mod functions { .. }
//!
//! tests::corpus!("arrays", run);
//! ```

/// Where a function is sampled: `build.rs` reads it.
#[macro_export]
macro_rules! sample {
    ($($tokens:tt)*) => {};
}

/// Compares the functions of the corpus of this name, by a function of [`compare`](crate::compare).
#[macro_export]
macro_rules! corpus {
    ($name:literal, $run:ident) => {
        // Clippy would take minutes for what is generated.
        #[cfg(not(clippy))]
        #[allow(warnings, reason = "the text was judged where it stands")]
        mod twins {
            include!(concat!(env!("OUT_DIR"), "/", $name, "_twins.rs"));
        }

        #[cfg(not(clippy))]
        #[allow(unused_variables, reason = "generated alike for `f64`, `f32` and any number of parameters")]
        fn cases() -> Vec<$crate::compare::Case> {
            use $crate::compare::{self, Case, Flat, Input, pick, unflat};
            use $crate::dual::Dual64;

            Vec::from(include!(concat!(env!("OUT_DIR"), "/", $name, "_cases.rs")))
        }

        #[cfg(clippy)]
        const fn cases() -> [$crate::compare::Case; 0] {
            []
        }

        fn main() -> std::process::ExitCode {
            $crate::compare::$run(&cases())
        }
    };
}
