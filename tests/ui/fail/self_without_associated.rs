//! An associated function without a receiver has to say that it is one.

use diff_runtime::derivative;

struct Spring;

impl Spring {
    const STIFFNESS: f64 = 2.0;

    #[derivative]
    fn energy(x: f64) -> f64 {
        0.5 * Self::STIFFNESS * x * x
    }
}

fn main() {
    Spring::energy(1.0);
}
