use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let y @ z = x * x;
    y + z
}

fn main() {}
