//! An expression from a macro's argument stays one operand, in the function as in its companions.

use diff_runtime::derivative;

macro_rules! squared {
    ($name:ident, $x:ident, $e:expr) => {
        #[derivative]
        fn $name<F: Fn(f64) -> f64>($x: f64, #[constant] _scale: f64, _f: F) -> f64 {
            $e * $e
        }
    };
}
squared!(f, x, x + 1.0);

fn main() {
    assert_eq!(f(2.0, 1.0, |x| x), 9.0);
    assert_eq!(f::derivative(2.0, 1.0, |x| x), 6.0);
}
