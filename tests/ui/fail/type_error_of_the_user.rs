//! The function itself does not type-check: rustc says so once, at the user's code, and the macro is silent.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let n: i32 = "one";
    x.powi(n)
}

fn main() {
    f::derivative(1.0);
}
