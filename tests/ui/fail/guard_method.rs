//! A method of the user's own type that is named like one of `f64`.

use diff_runtime::derivative;

#[derive(Clone, Copy)]
struct Interval(f64, f64);

impl Interval {
    fn clamp(self, low: f64, high: f64) -> f64 {
        self.0.max(low) * self.1.min(high)
    }
}

#[derivative]
fn f(x: f64) -> f64 {
    let interval = Interval(0.0, 1.0);
    interval.clamp(x, 2.0)
}

fn main() {}
