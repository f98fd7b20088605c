//! Functions that a macro by example makes, with names, types and expressions from its arguments.

use diff_runtime::derivative;

macro_rules! power {
    ($name:ident, $x:ident, $t:ty, $n:literal) => {
        #[derivative(partials)]
        fn $name($x: $t) -> $t {
            let y = $x.powi($n);
            y * 2.0
        }
    };
}

power!(square, x, f64, 2);
power!(cube, y, f32, 3);

macro_rules! from_expression {
    ($(#[$attr:meta])* $vis:vis fn $name:ident($($x:ident),*) = $body:expr;) => {
        $(#[$attr])*
        #[derivative(wrt($($x),*))]
        $vis fn $name($($x: f64),*) -> f64 {
            $body
        }
    };
}

from_expression! {
    /// A product.
    pub fn product(a, b) = a * b + a.sin();
}

macro_rules! with_block {
    ($name:ident, $x:ident, $body:block) => {
        #[derivative]
        fn $name($x: f64) -> f64 $body
    };
}

with_block!(block, x, {
    let y = x * x;
    if y > 1.0 {
        return y;
    }
    x
});

fn main() {
    assert_eq!(square::derivative(3.0), 12.0);
    assert_eq!(square::partial_x(3.0), 12.0);
    assert_eq!(cube::derivative(3.0), 54.0);
    assert_eq!(product::gradient(0.0, 3.0), [4.0, 0.0]);
    assert_eq!(block::derivative(3.0), 6.0);
    assert_eq!(block::derivative(0.5), 1.0);
}
