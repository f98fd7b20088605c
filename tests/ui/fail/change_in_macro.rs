//! A macro that only looks at its arguments may be given a value that varies, but not change a variable with it.

use diff_runtime::derivative;

#[derivative]
fn assigned(x: f64) -> f64 {
    let mut k = 1.0;
    assert!({
        k = x;
        true
    });
    x * k
}

#[derivative]
fn pushed(x: f64) -> f64 {
    let mut v = vec![1.0];
    assert!({
        v.push(x);
        true
    });
    x * v[1]
}

#[derivative]
fn itself(mut x: f64) -> f64 {
    assert!({
        x *= 2.0;
        true
    });
    x * x
}

fn main() {}
