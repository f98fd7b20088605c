use diff_runtime::derivative;

#[derivative]
unsafe fn f(x: f64) -> f64 {
    x * x
}

fn main() {}
