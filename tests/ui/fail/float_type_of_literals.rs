//! Literals whose type only the annotation of the variable tells.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let k: f32 = if x > 1.0 { 0.1 } else { 0.2 };
    x * k as f64
}

fn main() {}
