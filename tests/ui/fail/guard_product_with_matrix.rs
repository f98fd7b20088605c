//! An operand that is no float is a type error, and never a product of floats.

use diff_runtime::derivative;

#[derive(Clone, Copy)]
struct Matrix([f64; 4]);

impl std::ops::Mul<Matrix> for f64 {
    type Output = f64;
    fn mul(self, matrix: Matrix) -> f64 {
        self * self * matrix.0[0]
    }
}

#[derivative]
fn f(x: f64) -> f64 {
    let matrix = Matrix([1.0; 4]);
    x * matrix
}

fn main() {}
