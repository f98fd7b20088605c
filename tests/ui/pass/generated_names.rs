//! Parameters and variables that are named like generated ones.

use diff_runtime::derivative;

#[derivative(partials)]
fn f(x: f64, x_dot: f64, x_bar: f64, seed: f64, tape: f64, value: f64) -> f64 {
    let product = x * x_dot;
    let sum = product + x_bar;
    let x_dot_1 = sum * seed;
    let mut cond = x_dot_1;
    let x_1 = tape;
    for record in 0..3 {
        let tangent = cond * value;
        cond = tangent + record as f64 * x_1;
    }
    cond
}

#[derivative]
fn derivative_of(f_dot: f64) -> f64 {
    let f = f_dot;
    let gradient = f * f;
    gradient * f
}

fn main() {
    let g = f::gradient(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    // cond = (x x_dot + x_bar) seed value^3 + tape (value + 2)
    assert_eq!(g, [8.0 * 216.0, 4.0 * 216.0, 4.0 * 216.0, 5.0 * 216.0, 8.0, 60.0 * 36.0 + 5.0]);
    assert_eq!(f::vjp(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.0).1, g);
    assert_eq!(f::jvp(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0).1, 8.0);
    assert_eq!(derivative_of::derivative(2.0), 12.0);
}
