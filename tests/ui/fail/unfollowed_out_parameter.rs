//! A function that is called writes what varies into an array: the caller must see that it is one.

use diff_runtime::derivative;

#[derivative]
fn squares(x: f64, out: &mut [f64]) -> f64 {
    out[0] = x * x;
    x
}

fn buffer() -> Vec<f64> {
    vec![0.0; 2]
}

#[derivative]
fn caller(x: f64) -> f64 {
    let mut out = buffer();
    let y = squares(x, &mut out);
    out[0] * y
}

fn main() {}
