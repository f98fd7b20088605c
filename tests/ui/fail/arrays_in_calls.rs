//! Calls with arrays that the macro rejects.

use diff_runtime::derivative;

#[derivative]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a[0] * b[0]
}

#[derivative]
fn scale(a: &[f64], out: &mut [f64]) {
    out[0] = 2.0 * a[0];
}

#[derivative]
fn pair(x: f64) -> [f64; 2] {
    [x, x * x]
}

#[derivative]
fn squares(x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| x * x).collect()
}

/// Of two parts of one array, one is changed.
#[derivative]
fn in_place(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    let (head, tail) = a.split_at_mut(1);
    scale(head, tail);
    a[1]
}

/// The length of what is returned is not visible.
#[derivative]
fn of_unknown_length(x: f64) -> f64 {
    let p = pair(x);
    p[0] * p[1]
}

/// A vector is not followed out of a call.
#[derivative]
fn of_a_vector(x: &[f64]) -> f64 {
    let s: Vec<f64> = squares(x);
    s[0]
}

/// Floats of two types in one call.
#[derivative]
fn of_two_types(x: &[f64], y: f32) -> f64 {
    dot(x, &[f64::from(y)]) + mixed(x, y)
}

#[derivative]
fn mixed(x: &[f64], #[constant] y: f32) -> f64 {
    x[0] * f64::from(y)
}

fn main() {}
