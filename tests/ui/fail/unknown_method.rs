//! A method that comes from a trait of the user's.

use diff_runtime::derivative;

trait Softplus {
    fn softplus(self) -> f64;
}

impl Softplus for f64 {
    fn softplus(self) -> f64 {
        self.exp().ln_1p()
    }
}

#[derivative]
fn f(x: f64) -> f64 {
    3.0 * x.softplus()
}

fn main() {}
