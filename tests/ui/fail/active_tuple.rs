//! A tuple as the value of a labelled block.

use diff_runtime::derivative;

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
