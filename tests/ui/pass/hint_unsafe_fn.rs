//! A safe function around the unsafe one.
use diff_runtime::derivative;

unsafe fn scale() -> f64 {
    2.0
}

#[derivative]
fn f(x: f64) -> f64 {
    // SAFETY: the function has no conditions.
    let scale = unsafe { scale() };
    scale * x * x
}

fn main() {
    assert_eq!(f::derivative(3.0), 12.0);
}
