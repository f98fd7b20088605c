//! The arithmetic in a plain function, which the async function calls.
use diff_runtime::derivative;

#[derivative]
fn square(x: f64) -> f64 {
    x * x
}

async fn f(x: f64) -> (f64, f64) {
    square::value_and_derivative(x)
}

fn main() {
    drop(f(1.0));
    assert_eq!(square::derivative(3.0), 6.0);
}
