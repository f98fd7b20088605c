//! The option `suffix` gives plain functions where the name of the type is taken.

use diff_runtime::derivative;

#[allow(non_camel_case_types)]
struct loss {
    value: f64,
}

#[derivative(suffix)]
fn loss(x: f64) -> f64 {
    x * x
}

mod energy {
    use diff_runtime::derivative;

    #[derivative]
    pub fn energy(x: f64) -> f64 {
        x * x
    }

    #[derivative(suffix)]
    pub fn power(x: f64) -> f64 {
        x * x
    }
}

// The module and the function of one name: what is called through the path of the module is the companion type.
#[derivative(suffix)]
fn energy(x: f64) -> f64 {
    3.0 * x
}

fn main() {
    assert_eq!(loss_derivative(loss { value: 3.0 }.value), 6.0);
    assert_eq!(energy_derivative(3.0), 3.0);
    assert_eq!(energy::energy::derivative(3.0), 6.0);
    assert_eq!(energy::power_derivative(3.0), 6.0);
    assert_eq!(energy(3.0), 9.0);
}
