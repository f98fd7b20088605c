//! On each method of the block, on the implementation of a trait's method that has a body, and on a function.
use diff_runtime::derivative;

struct Model {
    weight: f64,
}

impl Model {
    #[derivative]
    fn energy(&self, x: f64) -> f64 {
        self.weight * x * x
    }
}

trait Energy {
    #[derivative]
    fn energy_of(&self, x: f64) -> f64 {
        x * x
    }
}

impl Energy for Model {}

#[derivative]
fn square(x: f64) -> f64 {
    x * x
}

const SQUARE: fn(f64) -> f64 = square::derivative;

fn main() {
    let model = Model { weight: 2.0 };
    assert_eq!(model.energy_derivative(3.0), 12.0);
    assert_eq!(model.energy_of_derivative(3.0), 6.0);
    assert_eq!(SQUARE(3.0), 6.0);
}
