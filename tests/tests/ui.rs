//! What the compiler says: code that is accepted (`ui/pass`), and each message of the macro (`ui/fail`).
//!
//! The `.stderr` files are those of the rustc that the project is developed with. `TRYBUILD=overwrite cargo test -p
//! tests --test ui` writes them anew; each is then to be read.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
