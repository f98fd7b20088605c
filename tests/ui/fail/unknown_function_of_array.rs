//! The same with arrays: the companions of the function in error have their shapes, so that `main` adds no errors.

use diff_runtime::derivative;

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

#[derivative]
fn f(x: &[f64], scale: [f64; 2]) -> f64 {
    scale[0] * norm(x)
}

fn main() {
    let (value, (mut x, scale)) = f::value_and_gradient(&[1.0, 2.0], [1.0, 2.0]);
    let mut buffer = scale;
    f::gradient_into(&[1.0, 2.0], scale, &mut x, &mut buffer);
    let _: f64 = value + f::jvp(&x, scale, &x, scale).1;
}
