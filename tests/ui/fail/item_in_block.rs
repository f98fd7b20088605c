//! An item in an inner block is seen in that block alone.

use diff_runtime::derivative;

mod m {
    pub const K: f64 = 4.0;
}
const K: f64 = 3.0;

#[derivative]
fn import(x: f64) -> f64 {
    let a = {
        use m::K;
        K * x
    };
    K * x * a
}

#[derivative]
fn function(x: f64) -> f64 {
    let mut y = x;
    for _ in 0..2 {
        fn g() -> f64 {
            4.0
        }
        y *= g();
    }
    y
}

fn main() {}
