//! The runtime crate under another name: `::diff_runtime` is a different crate here.

extern crate core as diff_runtime;
extern crate diff_runtime as renamed;

use renamed::derivative;

#[derivative(partials, crate = ::renamed)]
fn f(x: f64, z: f64) -> f64 {
    let mut y = x;
    while y < 10.0 {
        y = y * z.abs().max(1.5) + f64::from(2_u8);
    }
    y
}

fn main() {
    assert_eq!(f::gradient(1.0, 2.0), [4.0, 6.0]);
    assert_eq!(f::vjp(1.0, 2.0, 1.0), (10.0, [4.0, 6.0]));
}
