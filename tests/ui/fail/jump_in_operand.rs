//! What stands after an operand that jumps would be evaluated all the same; so would the branches after a condition.

use diff_runtime::derivative;

fn bump(k: &mut f64) -> f64 {
    *k += 1.0;
    *k
}

#[derivative]
fn operand(x: f64) -> f64 {
    let mut k = 1.0;
    let y = x * if x > 1.0 { return 2.0 } else { 3.0 } * bump(&mut k);
    y * k
}

#[derivative]
fn condition(x: f64) -> f64 {
    let mut y = x;
    if x > 1.0 || (return 3.0 * x) {
        y = x * x;
    }
    y
}

#[derivative]
fn macro_argument(x: f64) -> f64 {
    assert!(if x > 1.0 { return 5.0 } else { true });
    x * x
}

fn main() {}
