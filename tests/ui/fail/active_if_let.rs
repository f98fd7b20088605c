use diff_runtime::derivative;

#[derivative]
fn f(x: f64, scale: Option<f64>) -> f64 {
    if let Some(scale) = scale { x * scale } else { x }
}

fn main() {}
