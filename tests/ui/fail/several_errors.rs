//! All at once: the option, the signature, and three places in the body.

use diff_runtime::derivative;

fn erf(x: f64) -> f64 {
    x
}

#[derivative(partial, wrt(x, y))]
async fn f(x: f64, z: f64) -> f64 {
    let a = [erf][0](x);
    let b = a.to_string().len() as f64;
    a * b * z * [erf][0](x + z)
}

fn main() {}
