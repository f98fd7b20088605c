//! A trait of the user's comes before the methods of the float, where it is called on a reference.

use diff_runtime::derivative;

trait Degrees {
    fn sin(&self) -> f64;
}

impl Degrees for f64 {
    fn sin(&self) -> f64 {
        self.to_radians().sin()
    }
}

trait Clipped {
    fn max(&self, other: f64) -> f64;
}

impl Clipped for &f64 {
    fn max(&self, other: f64) -> f64 {
        if **self > other { other } else { **self }
    }
}

#[derivative]
fn of_a_variable(x: f64) -> f64 {
    let r = &x;
    r.sin()
}

#[derivative]
fn of_elements(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for v in x {
        sum += v.max(1.0);
    }
    sum
}

fn main() {}
