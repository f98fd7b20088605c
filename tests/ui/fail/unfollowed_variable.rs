//! An active value enters a variable that the macro does not follow, since it is lent out.

use diff_runtime::derivative;

fn bump(a: &mut f64) {
    *a += 1.0;
}

#[derivative]
fn f(x: f64) -> f64 {
    let mut a = 1.0;
    bump(&mut a);
    let b = a * x;
    a = x;
    a * b
}

fn main() {}
