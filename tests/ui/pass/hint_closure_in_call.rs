//! What the messages about closures that are passed to functions say to write.

use diff_runtime::derivative;

/// A closure that is called here.
#[derivative]
fn integral(x: f64, y: f64) -> f64 {
    let f = |t: f64| t * y;
    let midpoint = |a: f64, b: f64| (b - a) * f(0.5 * (a + b));
    midpoint(0.0, x)
}

/// A closure that no active value enters is passed as it is.
#[derivative]
fn weighted(weight: impl Fn(usize) -> f64, x: f64) -> f64 {
    let mut sum = 0.0;
    for k in 0..3 {
        sum += weight(k) * x.powi(k as i32);
    }
    sum
}

#[derivative]
fn caller(x: f64, scale: f64) -> f64 {
    let squares = |k: usize| (k * k) as f64;
    scale * weighted(squares, x) + weighted(|k| k as f64, x * x)
}

fn main() {
    assert_eq!(integral::gradient(2.0, 3.0), [6.0, 2.0]);
    // s (x + 4 x^2) + x^2 + 2 x^4
    assert_eq!(caller::gradient(2.0, 3.0), [3.0 * (1.0 + 16.0) + 4.0 + 64.0, 18.0]);
}
