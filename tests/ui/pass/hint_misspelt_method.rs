use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    x.sin() + 1.0
}

fn main() {
    assert_eq!(f::derivative(0.0), 1.0);
}
