//! What is written into a text may be read from it again.

use diff_runtime::derivative;
use std::fmt::Write;

#[derivative]
fn f(x: f64) -> f64 {
    let mut text = String::new();
    write!(text, "{x}").unwrap();
    let y: f64 = text.parse().unwrap();
    y * x
}

fn main() {}
