//! A call of a function without a known derivative. `main` shows that there are no follow-up errors.

use diff_runtime::derivative;

fn erf(x: f64) -> f64 {
    x.tanh()
}

#[derivative]
fn f(x: f64, z: f64) -> f64 {
    2.0 * erf(x * z) + z
}

fn main() {
    let [dx, dz] = f::gradient(1.0, 2.0);
    let (value, tangent) = f::jvp(1.0, 2.0, 1.0, 0.0);
    let _: f64 = dx + dz + value + tangent;
}
