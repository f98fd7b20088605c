//! Generated code names everything by its full path.
#![no_implicit_prelude]

use ::diff_runtime::derivative;
use ::std::{assert, assert_eq};

#[derivative(partials)]
fn polynomial(x: f64, y: f64) -> f64 {
    2.0 * y.powi(3) * x.powi(2) + x.max(y) + x.hypot(y) + x.powf(y) + x.clamp(0.0, 9.0)
}

#[derivative]
fn iterated(x: f64, limit: f64) -> f64 {
    let mut y = x;
    let mut n = 0;
    while y < limit {
        y = y * x + 1.0;
        n += 1;
        if n > 9 {
            return y;
        }
    }
    y
}

#[derivative(hessian, hvp, order = 3)]
fn cubic(x: f64, y: f64) -> f64 {
    x.powi(3) * y
}

#[derivative(hessian, hvp)]
fn chained(x: &[f64], y: [f64; 2]) -> f64 {
    let mut sum = 0.0;
    for i in 1..x.len() {
        sum += x[i] * x[i - 1].powi(2) * y[i % 2];
    }
    sum
}

#[test]
fn second_derivatives_need_no_prelude() {
    assert_eq!(cubic::hessian(1.0, 2.0), [[12.0, 3.0], [3.0, 0.0]]);
    assert_eq!(cubic::hessian_pattern(), [[true, true], [true, false]]);
    assert_eq!(cubic::third_derivatives(1.0, 2.0)[0][0], [12.0, 6.0]);
    let mut hessian = [0.0; 16];
    chained::hessian_into(&[2.0, 3.0], [5.0, 7.0], &mut hessian);
    // x1 x0^2 y1 in x0, x1, y0, y1
    assert_eq!(hessian, [42.0, 28.0, 0.0, 12.0, 28.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 12.0, 4.0, 0.0, 0.0]);
}

#[derivative(hessian, hvp)]
fn of_slice(x: &[f64]) -> f64 {
    cubic(x[0], x[1])
}

#[derivative(hessian)]
fn of_rows(x: &[[f64; 2]; 2], k: usize) -> f64 {
    x[0][k] * x[k][0]
}

#[derivative(wrt(pair), hessian, hvp)]
fn of_tuple(pair: (f64, f64)) -> f64 {
    pair.0 * pair.0 * pair.1
}

#[test]
fn second_order_through_calls_and_in_slices_needs_no_prelude() {
    // x0^3 x1
    let hessian = of_slice::hessian(&[2.0, 3.0]);
    assert_eq!((hessian[0][0], hessian[0][1], hessian[1][0], hessian[1][1]), (36.0, 12.0, 12.0, 0.0));
    let (value, _, again) = of_slice::value_gradient_and_hessian(&[2.0, 3.0]);
    assert_eq!((value, again[0][1]), (24.0, 12.0));
    assert_eq!(of_rows::hessian(&[[1.0, 2.0], [3.0, 4.0]], 1)[0][1][1][0], 1.0);
    let mut hessian = [0.0; 4];
    of_tuple::hessian_into((2.0, 3.0), &mut hessian);
    assert_eq!(hessian, [6.0, 4.0, 4.0, 0.0]);
    assert_eq!(of_tuple::hvp((2.0, 3.0), (1.0, 0.0)), (6.0, 4.0));
}

#[test]
fn straight_code_needs_no_prelude() {
    let (value, [in_x, in_y]) = polynomial::value_and_gradient(3.0, 2.0);
    assert_eq!(value, polynomial(3.0, 2.0));
    // The two modes add a handful of terms in different orders.
    assert!((polynomial::partial_x(3.0, 2.0) - in_x).abs() < 1e-13);
    assert!((polynomial::partial_y(3.0, 2.0) - in_y).abs() < 1e-13);
    // [4 y^3 x + 1 + x/r + y x^(y-1) + 1, 6 y^2 x^2 + y/r + x^y ln(x)]
    let r = 13.0_f64.sqrt();
    assert!((in_x - (104.0 + 3.0 / r)).abs() < 1e-12);
    assert!((in_y - (216.0 + 2.0 / r + 9.0 * 3.0_f64.ln())).abs() < 1e-12);
}

#[test]
fn a_loop_with_a_tape_needs_no_prelude() {
    // y: 2, 5, 11, 23
    assert_eq!(iterated::vjp(2.0, 20.0, 1.0).0, iterated(2.0, 20.0));
    // y': 1, 4, 13, 37
    assert_eq!(iterated::gradient(2.0, 20.0), [37.0, 0.0]);
    assert_eq!(iterated::vjp(2.0, 20.0, 1.0).1, [37.0, 0.0]);
}
