//! A tuple in one variable, and one as the value of a labelled block.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let pair = (x, 2.0);
    pair.0 * pair.1
}

#[derivative]
fn g(x: f64) -> f64 {
    let (a, b) = 'found: {
        if x > 1.0 {
            break 'found (x, 2.0);
        }
        (2.0 * x, x)
    };
    a * b
}

fn main() {}
