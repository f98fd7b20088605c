use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    #[must_use]
    let y = x * x;
    y
}

fn main() {}
