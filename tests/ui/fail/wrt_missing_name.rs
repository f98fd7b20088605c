//! `wrt` names parameters that do not exist.

use diff_runtime::derivative;

#[derivative(wrt(y))]
fn f(x: f64, z: f64) -> f64 {
    x * z
}

#[derivative(wrt(wieght))]
fn g(weight: f64) -> f64 {
    weight
}

struct Line {
    slope: f64,
}

impl Line {
    #[derivative(wrt(self))]
    fn at(&self, x: f64) -> f64 {
        self.slope * x
    }
}

fn main() {
    Line { slope: 1.0 }.at(1.0);
}
