//! `wrt` names structs, or `self`, that do not implement `Differentiable`.

use diff_runtime::derivative;

struct Line {
    slope: f64,
}

impl Line {
    #[derivative(wrt(self))]
    fn at(&self, x: f64) -> f64 {
        self.slope * x
    }
}

#[derivative(wrt(line))]
fn twice(line: &Line) -> f64 {
    2.0 * line.slope
}

fn main() {
    twice(&Line { slope: 1.0 });
}
