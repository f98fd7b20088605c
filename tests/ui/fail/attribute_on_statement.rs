//! The macro cannot see whether the statement is there.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let y = x;
    #[cfg(any())]
    let y = 2.0 * x;
    y * x
}

fn main() {}
