//! The first examples of calculus for deep learning, and two models fitted to real data, on derivatives that
//! `#[derivative]` generates when the program is compiled.
//!
//! Every number that has an expected value is asserted: the program fails rather than print a wrong one.

mod calculus;
mod diabetes;
mod fitting;
mod iris;

fn main() {
    calculus::run();
    diabetes::run();
    iris::run();
    println!("\nEvery number agreed with the expected one.");
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_numbers_are_as_expected() {
        super::main();
    }
}
