//! `dbg!` gives back its argument: the macro cannot see that.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let y = dbg!(x * x);
    y * x
}

fn main() {}
