//! Two variables of one name, one from the macro and one from its arguments, are two.

use diff_runtime::derivative;

macro_rules! scaled {
    ($name:ident, $a:ident) => {
        #[derivative]
        fn $name($a: f64) -> f64 {
            let a = 3.0;
            $a * a
        }
    };
}
scaled!(f, a);

macro_rules! plus_three {
    ($name:ident, $x:ident, $e:expr) => {
        #[derivative]
        fn $name($x: f64) -> f64 {
            let t = 3.0 * $x;
            $e + t
        }
    };
}
plus_three!(g, t, t * t);

fn main() {
    assert_eq!(f::derivative(2.0), 3.0);
    assert_eq!(g::derivative(2.0), 7.0);
}
