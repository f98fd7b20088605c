//! A long chain in which each statement uses its predecessor twice: substituted into each other, the expressions would
//! double with every statement.

use diff_runtime::derivative;
use tests::dual::{Dual, Dual64};

/// A function of as many copies of the statements as the stars say: each star doubles them.
///
/// The same tokens make the function and its twin on dual numbers.
macro_rules! chain {
    ($name:ident, $twin:ident, $x:ident, $y:ident, [$($statement:tt)*]) => {
        #[derivative]
        fn $name($x: f64, $y: f64) -> f64 {
            $($statement)*
            $x
        }

        fn $twin($x: Dual64, $y: Dual64) -> Dual64 {
            $($statement)*
            $x
        }
    };
    ($name:ident, $twin:ident, $x:ident, $y:ident, [$($statement:tt)*] * $($star:tt)*) => {
        chain!($name, $twin, $x, $y, [$($statement)* $($statement)*] $($star)*);
    };
}

// Five statements, doubled five times: 160.
chain!(shadowing, shadowing_twin, x, y, [
    let x = x.sin() * x.cos() + y;
    let x = x / (x * x + y);
    let x = x.exp() - x * y;
    let x = x.atan() + x / y;
    let x = (x * y).tanh() - x.sin();
] * * * * *);

chain!(assigning, assigning_twin, x, y, [
    let mut t = x * y - x.cos();
    t += t * x.sin();
    t = t.atan() * t / y;
    t -= y * t.tanh();
    let x = t + t.cos() * y;
] * * * * *);

/// The chain amplifies roundings: some 160 of them, of 1e-16, by a factor of about ten.
const TOLERANCE: f64 = 1e-12;

fn agrees(
    value: f64,
    [value_and_gradient, vjp]: [(f64, [f64; 2]); 2],
    jvp: impl Fn(f64, f64) -> (f64, f64),
    twin: impl Fn(Dual64, Dual64) -> Dual64,
    (x, y): (f64, f64),
) {
    let in_x = twin(Dual::new(x, 1.0), Dual::new(y, 0.0));
    let in_y = twin(Dual::new(x, 0.0), Dual::new(y, 1.0));
    assert_eq!(in_x.re.to_bits(), value.to_bits());
    assert!(in_x.eps.abs() + in_y.eps.abs() > 1e-6, "a gradient to compare with at ({x}, {y})");
    for (beside, [dx, dy]) in [value_and_gradient, vjp, (value, [jvp(1.0, 0.0).1, jvp(0.0, 1.0).1])] {
        assert_eq!(beside.to_bits(), value.to_bits());
        let scale = in_x.eps.abs().max(in_y.eps.abs());
        assert!((dx - in_x.eps).abs() <= TOLERANCE * scale, "{dx:e}, expected {:e} at ({x}, {y})", in_x.eps);
        assert!((dy - in_y.eps).abs() <= TOLERANCE * scale, "{dy:e}, expected {:e} at ({x}, {y})", in_y.eps);
    }
}

#[test]
fn a_chain_of_160_shadowing_statements_has_the_right_gradient() {
    for (x, y) in [(0.3, 1.1), (-0.7, 1.4), (0.9, 0.8)] {
        let reverse = [shadowing::value_and_gradient(x, y), shadowing::vjp(x, y, 1.0)];
        agrees(shadowing(x, y), reverse, |dx, dy| shadowing::jvp(x, y, dx, dy), shadowing_twin, (x, y));
    }
}

#[test]
fn a_chain_of_160_assignments_has_the_right_gradient() {
    for (x, y) in [(0.3, 1.1), (-0.7, 1.4), (0.9, 0.8)] {
        let reverse = [assigning::value_and_gradient(x, y), assigning::vjp(x, y, 1.0)];
        agrees(assigning(x, y), reverse, |dx, dy| assigning::jvp(x, y, dx, dy), assigning_twin, (x, y));
    }
}
