use diff_runtime::derivative;

#[derivative]
fn f((x, z): (f64, f64), w: f64) -> f64 {
    x * z * w
}

fn main() {}
