//! A method of the user's that is named like a comparison gives no bool: rustc says so.

use diff_runtime::derivative;

trait Scaled {
    fn lt(self, y: f64) -> f64;
}

impl Scaled for f64 {
    fn lt(self, y: f64) -> f64 {
        self * y
    }
}

#[derivative]
fn f(x: f64) -> f64 {
    x.lt(3.0)
}

fn main() {}
