//! The attribute on other items.

use diff_runtime::derivative;

#[derivative]
struct Model {
    weight: f64,
}

#[derivative]
impl Model {
    fn energy(&self, x: f64) -> f64 {
        self.weight * x
    }
}

#[derivative]
trait Energy {
    fn energy(&self, x: f64) -> f64;
}

#[derivative]
const SQUARE: fn(f64) -> f64 = |x| x * x;

#[derivative]
type Function = fn(f64) -> f64;

#[derivative]
enum Shape {
    Round,
}

#[derivative]
mod model {}

fn main() {
    Model { weight: 1.0 }.energy(1.0);
    SQUARE(1.0);
    let _: Function = SQUARE;
    let _ = Shape::Round;
}
