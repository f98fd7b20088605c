use diff_runtime::derivative;

fn pair() -> (f64, f64) {
    (1.0, 2.0)
}

#[derivative]
fn f(x: f64) -> f64 {
    let (a, b) = if x > 0.0 { (x, x * x) } else { pair() };
    a * b
}

fn main() {}
