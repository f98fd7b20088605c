//! The function and its derivatives come together through imports, renamings and re-exports.

mod model {
    pub mod inner {
        use diff_runtime::derivative;

        #[derivative]
        pub fn loss(x: f64) -> f64 {
            x * x
        }

        #[derivative]
        pub(crate) fn hidden(x: f64) -> f64 {
            x * x * x
        }

        #[derivative]
        fn private(x: f64) -> f64 {
            x
        }

        pub fn through(x: f64) -> f64 {
            private::derivative(x) + private(x)
        }
    }
    pub use inner::loss;
}

use model::inner::hidden;
use model::loss as nll;
use model::*;

fn main() {
    assert_eq!(loss::derivative(3.0) + loss(0.0), 6.0);
    assert_eq!(nll::derivative(3.0) + nll(0.0), 6.0);
    assert_eq!(hidden::derivative(3.0), 27.0);
    assert_eq!(inner::through(0.0), 1.0);
    let companions: [fn(f64) -> f64; 2] = [nll::derivative, nll::gradient];
    assert_eq!(companions[0](1.0), companions[1](1.0));
}
