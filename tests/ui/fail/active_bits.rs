//! The bits of a float are no number that could be differentiated.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let bits = x.to_bits();
    f64::from_bits(bits) * x
}

fn main() {}
