//! A method that a trait only declares.

use diff_runtime::derivative;

trait Energy {
    #[derivative]
    fn energy(&self, x: f64) -> f64;
}

fn main() {}
