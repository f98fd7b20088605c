//! The macro's arithmetic is written out; printing and assertions may look at an active value.
use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    assert!(x.is_finite(), "at {x}");
    let y = x * x;
    eprintln!("{y}");
    y * x
}

fn main() {
    assert_eq!(f::derivative(2.0), 12.0);
}
