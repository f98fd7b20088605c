//! Hessians against those that `argmin_testfunctions` has by hand, and patterns of sparsity.

#![allow(clippy::needless_range_loop, reason = "written in the ways that users write")]

use std::f64::consts::PI;

use approx::assert_relative_eq;
use diff_runtime::derivative;

/// Both Hessians at a point, relative to the largest entry: a few dozen roundings of 1e-16, which cancel in part.
fn agree<R: AsRef<[f64]>, S: AsRef<[f64]>>(found: &[R], expected: &[S]) {
    let largest = expected.iter().flat_map(|row| row.as_ref()).fold(1.0_f64, |largest, x| x.abs().max(largest));
    assert_eq!(found.len(), expected.len());
    for (i, (row, expected)) in found.iter().zip(expected).enumerate() {
        for (j, (entry, expected)) in row.as_ref().iter().zip(expected.as_ref()).enumerate() {
            assert_relative_eq!(*entry, *expected, epsilon = 1e-13 * largest, max_relative = 1e-12);
            assert_eq!(entry.to_bits(), found[j].as_ref()[i].to_bits(), "symmetric to the last bit");
        }
    }
}

macro_rules! of_two {
    ($($name:ident, $theirs:ident, [$($at:expr),*], |$p:ident| $body:block)*) => {
        $(
            #[test]
            fn $name() {
                #[derivative(hessian)]
                fn f($p: [f64; 2]) -> f64 $body

                for at in [$($at),*] {
                    let (value, gradient, hessian) = f::value_gradient_and_hessian(at);
                    assert_eq!(value.to_bits(), f(at).to_bits());
                    for (found, expected) in gradient.iter().zip(f::gradient(at)) {
                        assert_relative_eq!(*found, expected, max_relative = 1e-13, epsilon = 1e-13);
                    }
                    agree(&hessian, &argmin_testfunctions::$theirs(&at));
                    let mut flat = [f64::NAN; 4];
                    f::hessian_into(at, &mut flat);
                    assert_eq!([[flat[0], flat[1]], [flat[2], flat[3]]], f::hessian(at));
                }
            }
        )*
    };
}

of_two! {
    himmelblau, himmelblau_hessian, [[3.0, 2.0], [-1.3, 0.7]], |p| {
        (p[0].powi(2) + p[1] - 11.0).powi(2) + (p[0] + p[1].powi(2) - 7.0).powi(2)
    }
    beale, beale_hessian, [[3.0, 0.5], [-1.3, 0.7]], |p| {
        let (x, y) = (p[0], p[1]);
        (1.5 - x + x * y).powi(2) + (2.25 - x + x * y * y).powi(2) + (2.625 - x + x * y.powi(3)).powi(2)
    }
    goldstein_price, goldsteinprice_hessian, [[0.0, -1.0], [-1.3, 0.7]], |p| {
        let (x, y) = (p[0], p[1]);
        let a = 19.0 - 14.0 * x + 3.0 * x * x - 14.0 * y + 6.0 * x * y + 3.0 * y * y;
        let b = 18.0 - 32.0 * x + 12.0 * x * x + 48.0 * y - 36.0 * x * y + 27.0 * y * y;
        (1.0 + (x + y + 1.0).powi(2) * a) * (30.0 + (2.0 * x - 3.0 * y).powi(2) * b)
    }
    three_hump_camel, threehumpcamel_hessian, [[0.0, 0.0], [-1.3, 0.7]], |p| {
        2.0 * p[0].powi(2) - 1.05 * p[0].powi(4) + p[0].powi(6) / 6.0 + p[0] * p[1] + p[1].powi(2)
    }
    mccormick, mccormick_hessian, [[0.0, 0.0], [-1.3, 0.7]], |p| {
        (p[0] + p[1]).sin() + (p[0] - p[1]).powi(2) - 1.5 * p[0] + 2.5 * p[1] + 1.0
    }
    easom, easom_hessian, [[3.0, 3.3], [2.3, 3.7]], |p| {
        -p[0].cos() * p[1].cos() * (-(p[0] - PI).powi(2) - (p[1] - PI).powi(2)).exp()
    }
    eggholder, eggholder_hessian, [[11.0, 30.0], [-130.0, 70.0]], |p| {
        let q = p[1] + 47.0;
        -q * (p[0] / 2.0 + q).abs().sqrt().sin() - p[0] * (p[0] - q).abs().sqrt().sin()
    }
    schaffer, schaffer_n2_hessian, [[1.0, 2.0], [-1.3, 0.7]], |p| {
        let (a, b) = (p[0].powi(2), p[1].powi(2));
        0.5 + ((a - b).sin().powi(2) - 0.5) / (1.0 + 0.001 * (a + b)).powi(2)
    }
}

const POINT: [f64; 6] = [1.1, -0.7, 0.4, 2.3, -1.9, 0.2];

#[test]
fn rosenbrock() {
    #[derivative(hessian)]
    fn of_slice(x: &[f64]) -> f64 {
        let mut sum = 0.0;
        for i in 0..x.len() - 1 {
            sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
        }
        sum
    }
    #[derivative(hessian)]
    fn of_array(x: &[f64; 6]) -> f64 {
        let mut sum = 0.0;
        for i in 0..x.len() - 1 {
            sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
        }
        sum
    }
    let expected = argmin_testfunctions::rosenbrock_hessian(&POINT);
    agree(&of_slice::hessian(&POINT), &expected);
    agree(&of_array::hessian(&POINT), &expected);
    let pattern = of_array::hessian_pattern();
    for i in 0..6_usize {
        for j in 0..6_usize {
            assert_eq!(pattern[i][j], i.abs_diff(j) <= 1, "a band of three");
        }
    }
}

/// Two sums, each in a function that is not linear: the Hessian is full.
#[test]
fn ackley() {
    #[derivative(hessian)]
    fn f(x: &[f64]) -> f64 {
        let n = x.len() as f64;
        let (mut squares, mut cosines) = (0.0, 0.0);
        for v in x.iter() {
            squares += v.powi(2);
            cosines += (2.0 * PI * v).cos();
        }
        -20.0 * (-0.2 * (squares / n).sqrt()).exp() - (cosines / n).exp() + 20.0 + std::f64::consts::E
    }
    agree(&f::hessian(&POINT), &argmin_testfunctions::ackley_hessian(&POINT));
}

#[test]
fn rastrigin_and_styblinski_tang() {
    #[derivative(hessian)]
    fn rastrigin(x: &[f64; 6]) -> f64 {
        let mut sum = 10.0 * x.len() as f64;
        for v in x.iter() {
            sum += v.powi(2) - 10.0 * (2.0 * PI * v).cos();
        }
        sum
    }
    #[derivative(hessian)]
    fn styblinski_tang(x: &[f64]) -> f64 {
        let mut sum = 0.0;
        for v in x.iter() {
            sum += v.powi(4) - 16.0 * v.powi(2) + 5.0 * v;
        }
        0.5 * sum
    }
    agree(&rastrigin::hessian(&POINT), &argmin_testfunctions::rastrigin_hessian(&POINT));
    agree(&styblinski_tang::hessian(&POINT), &argmin_testfunctions::styblinski_tang_hessian(&POINT));
    let diagonal: [[bool; 6]; 6] = std::array::from_fn(|i| std::array::from_fn(|j| i == j));
    assert_eq!(rastrigin::hessian_pattern(), diagonal);
}

#[test]
fn levy() {
    #[derivative(hessian)]
    fn f(x: [f64; 6]) -> f64 {
        let mut w = [0.0; 6];
        for i in 0..6 {
            w[i] = 1.0 + (x[i] - 1.0) / 4.0;
        }
        let mut sum = (PI * w[0]).sin().powi(2);
        // As in the code that it is compared with: from the second element on.
        for i in 1..5 {
            sum += (w[i] - 1.0).powi(2) * (1.0 + 10.0 * (PI * w[i] + 1.0).sin().powi(2));
        }
        sum + (w[5] - 1.0).powi(2) * (1.0 + (2.0 * PI * w[5]).sin().powi(2))
    }
    agree(&f::hessian(POINT), &argmin_testfunctions::levy_hessian(&POINT));
}

/// A stencil: which results depend on which elements is known before anything runs.
#[test]
fn pattern_of_a_jacobian() {
    #[derivative]
    fn heat(u: &[f64; 5], r: f64) -> [f64; 5] {
        let mut out = [0.0; 5];
        for i in 0..5 {
            if i > 0 && i < 4 {
                out[i] = u[i] + r * (u[i - 1] - 2.0 * u[i] + u[i + 1]);
            } else {
                out[i] = u[i];
            }
        }
        out
    }
    let (u, r) = ([0.3, 1.1, -0.4, 0.9, 0.2], 0.1);
    let pattern = heat::jacobian_pattern();
    let (value, jacobian) = heat::value_and_jacobian(&u, r);
    assert_eq!(value, heat(&u, r));
    for i in 0..5 {
        let (row, rate) = jacobian[i];
        for j in 0..5 {
            let expected = match i {
                1..4 if i == j => 1.0 - 2.0 * r,
                1..4 if i.abs_diff(j) == 1 => r,
                _ if i == j => 1.0,
                _ => 0.0,
            };
            assert_eq!(row[j], expected);
            assert_eq!(pattern[i][j], expected != 0.0);
        }
        let expected = if (1..4).contains(&i) { u[i - 1] - 2.0 * u[i] + u[i + 1] } else { 0.0 };
        assert_eq!(rate, expected);
        assert_eq!(pattern[i][5], (1..4).contains(&i));
    }
}

/// Loops that cannot be unrolled, and indices that are not known, fall back on products: the numbers are the same.
#[test]
fn indices_of_every_kind() {
    #[derivative(hessian)]
    fn known(x: [f64; 4], s: f64) -> f64 {
        let mut t = [1.0, 2.0, 3.0, s];
        for k in (0..4).rev() {
            let j = (3 * k + 1) % 4;
            t[k] = x[j] * t[(k + 1) % 4] + x[k];
        }
        let mut product = s;
        for k in (0..4).step_by(2) {
            product *= t[k] + x[k + 1];
        }
        product
    }
    #[derivative(hessian)]
    fn unknown(x: [f64; 4], s: f64, one: usize) -> f64 {
        let mut t = [1.0, 2.0, 3.0, s];
        for k in (0..4).rev() {
            let j = (3 * k + one) % 4;
            t[k] = x[j] * t[(k + one) % 4] + x[k];
        }
        let mut product = s;
        for k in (0..4).step_by(2) {
            product *= t[k] + x[k + one];
        }
        product
    }
    let (x, s) = ([0.4, 1.2, -0.8, 0.9], 0.6);
    let (mut a, mut b) = ([f64::NAN; 25], [f64::NAN; 25]);
    known::hessian_into(x, s, &mut a);
    unknown::hessian_into(x, s, 1, &mut b);
    for (a, b) in a.iter().zip(b) {
        assert_relative_eq!(*a, b, max_relative = 1e-12, epsilon = 1e-13);
    }
    let (mut gradient, mut slope) = ([f64::NAN; 4], f64::NAN);
    let value = known::value_gradient_and_hessian_into(x, s, &mut gradient, &mut slope, &mut a);
    assert_eq!(value, known(x, s));
    let (expected, rate) = unknown::gradient(x, s, 1);
    assert_relative_eq!(slope, rate, max_relative = 1e-13);
    for (found, expected) in gradient.iter().zip(expected) {
        assert_relative_eq!(*found, expected, max_relative = 1e-13, epsilon = 1e-14);
    }
}
