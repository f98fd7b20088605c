//! An active variable is lent to code that changes it.

use diff_runtime::derivative;

fn halve(x: &mut f64) -> bool {
    *x *= 0.5;
    true
}

#[derivative]
fn f(x: f64) -> f64 {
    let mut y = x * x;
    assert!(halve(&mut y));
    y
}

fn main() {}
