//! The function is emitted beside the message: its own type errors show as without the attribute.

use diff_runtime::derivative;

fn erf(x: f64) -> f64 {
    x
}

#[derivative]
fn f(x: f64) -> f64 {
    let name: &str = 1;
    [erf][0](x) + name.len() as f64
}

fn main() {}
