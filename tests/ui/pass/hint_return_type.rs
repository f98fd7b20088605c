//! A float, an array or a tuple of floats, or a result that is written into a parameter.
use diff_runtime::derivative;

#[derivative]
fn pair(x: f64) -> (f64, f64) {
    (x, x * x)
}

#[derivative]
fn array(x: f64) -> [f64; 2] {
    [x, x * x]
}

#[derivative]
fn written(x: f64, out: &mut [f64]) {
    out[0] = x;
    out[1] = x * x;
}

fn main() {
    assert_eq!(pair::jvp(3.0, 1.0), ((3.0, 9.0), (1.0, 6.0)));
    assert_eq!(array::jvp(3.0, 1.0), ([3.0, 9.0], [1.0, 6.0]));
    let (mut out, mut tangent) = ([0.0; 2], [0.0; 2]);
    written::jvp(3.0, &mut out, 1.0, &mut tangent);
    assert_eq!((out, tangent), ([3.0, 9.0], [1.0, 6.0]));
}
