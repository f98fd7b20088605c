//! Second and higher order through calls that pass arrays which vary: against closed forms, differences of the gradient,
//! and the same arithmetic without calls.

use approx::assert_relative_eq;
use diff_runtime::derivative;

/// Sums of a few dozen terms in another order: a few dozen roundings.
fn close(found: f64, expected: f64) {
    assert_relative_eq!(found, expected, max_relative = 1e-11, epsilon = 1e-11);
}

fn all_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).for_each(|(found, expected)| close(*found, *expected));
}

// ---- callees --------------------------------------------------------------------------------------------------------

/// Reads two arrays.
#[derivative(hvp)]
fn weighted(w: &[f64], x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..w.len() {
        sum += (w[i] * x[i]).sin() * w[i];
    }
    sum
}

/// Reads a fixed array and a scalar, and calls another.
#[derivative(hvp)]
fn scaled(a: &[f64; 3], s: f64) -> f64 {
    weighted(a, &[s, s * s, 0.5]) * s.exp()
}

/// Writes into an array.
#[derivative(order = 2)]
fn residuals(p: &[f64], #[constant] t: &[f64], out: &mut [f64]) {
    for i in 0..t.len() {
        out[i] = p[0] * (p[1] * t[i]).exp() + p[0] * p[1];
    }
}

/// Changes its argument in place.
#[derivative(order = 4)]
fn step(state: &mut [f64], rate: f64) {
    let first = state[0];
    state[0] += 0.1 * state[1];
    state[1] -= 0.1 * rate * first.sin();
}

/// Takes an array by value, and returns two results.
#[derivative(order = 2)]
fn both(a: [f64; 2], mut b: Vec<f64>) -> (f64, f64) {
    b[0] *= a[1];
    (a[0] * b[0] * b[1], a[1].powi(3) - a[0] * b[1])
}

// ---- callers, and the same written out ------------------------------------------------------------------------------

/// Callees in loops, on parts of constants.
#[derivative(hessian, hvp)]
fn loss(w: &[f64], #[constant] xs: &[f64], #[constant] ys: &[f64]) -> f64 {
    let mut sum = 0.0;
    for k in 0..ys.len() {
        let x = &xs[k * w.len()..(k + 1) * w.len()];
        let z = weighted(w, x) - ys[k];
        sum += z * z;
    }
    sum
}

#[derivative(hessian, hvp)]
fn loss_written_out(w: &[f64], #[constant] xs: &[f64], #[constant] ys: &[f64]) -> f64 {
    let mut sum = 0.0;
    for k in 0..ys.len() {
        let mut inner = 0.0;
        for i in 0..w.len() {
            inner += (w[i] * xs[k * w.len() + i]).sin() * w[i];
        }
        let z = inner - ys[k];
        sum += z * z;
    }
    sum
}

#[test]
fn in_loops() {
    let (w, v) = ([0.3, -0.4, 0.7], [1.0, 0.5, -0.2]);
    let (xs, ys) = ([1.0, 2.0, 0.5, -0.3, 0.8, 1.5], [0.2, 0.9]);
    let product = loss::hvp(&w, &xs, &ys, &v);
    all_close(&product, &loss_written_out::hvp(&w, &xs, &ys, &v));
    let (value, gradient, other) = loss::value_gradient_and_hvp(&w, &xs, &ys, &v);
    assert_eq!(value.to_bits(), loss(&w, &xs, &ys).to_bits());
    all_close(&gradient, &loss::gradient(&w, &xs, &ys));
    all_close(&other, &product);
    let (mut first, mut second) = ([f64::NAN; 3], [f64::NAN; 3]);
    let value_into = loss::value_gradient_and_hvp_into(&w, &xs, &ys, &v, &mut first, &mut second);
    assert_eq!((value_into, &first[..], &second[..]), (value, &gradient[..], &other[..]));
    let hessian = loss::hessian(&w, &xs, &ys);
    let expected = loss_written_out::hessian(&w, &xs, &ys);
    for i in 0..3 {
        all_close(&hessian[i], &expected[i]);
        let column: Vec<u64> = hessian.iter().map(|row| row[i].to_bits()).collect();
        let row: Vec<u64> = hessian[i].iter().map(|entry| entry.to_bits()).collect();
        assert_eq!(row, column);
        close((0..3).map(|j| hessian[i][j] * v[j]).sum(), product[i]);
    }
    let (value, gradient, other) = loss::value_gradient_and_hessian(&w, &xs, &ys);
    assert_eq!(value.to_bits(), loss(&w, &xs, &ys).to_bits());
    all_close(&gradient, &loss::gradient(&w, &xs, &ys));
    assert_eq!(other, hessian);
    let (mut first, mut into) = ([0.0; 3], [f64::NAN; 9]);
    loss::value_gradient_and_hessian_into(&w, &xs, &ys, &mut first, &mut into);
    assert_eq!((&first[..], into.to_vec()), (&gradient[..], hessian.concat()));
}

/// Scalars that go through arrays, callees of callees, branches.
#[derivative(hessian, hvp)]
fn of_scalars(x: f64, y: f64) -> f64 {
    let a = [x, x * y, y.cos()];
    let z = scaled(&a, x + 0.5 * y);
    if z > 100.0 { z } else { z * scaled(&[y, z, 1.0], y) }
}

#[derivative(hessian, hvp)]
fn of_scalars_written_out(x: f64, y: f64) -> f64 {
    let s = x + 0.5 * y;
    let (a, b) = (x * y, y.cos());
    let z = ((x * s).sin() * x + (a * (s * s)).sin() * a + (b * 0.5).sin() * b) * s.exp();
    let (a, b) = (y, z);
    let w = ((a * y).sin() * a + (b * (y * y)).sin() * b + 0.5_f64.sin()) * y.exp();
    if z > 100.0 { z } else { z * w }
}

#[test]
fn of_callees_of_callees() {
    for (x, y) in [(0.3, 0.7), (-0.4, 1.1), (0.9, -0.2)] {
        let hessian = of_scalars::hessian(x, y);
        let expected = of_scalars_written_out::hessian(x, y);
        all_close(&hessian.concat(), &expected.concat());
        assert_eq!(hessian[0][1].to_bits(), hessian[1][0].to_bits());
        all_close(&of_scalars::hvp(x, y, 0.3, -1.0), &of_scalars_written_out::hvp(x, y, 0.3, -1.0));
        let (value, gradient, other) = of_scalars::value_gradient_and_hessian(x, y);
        assert_eq!(value.to_bits(), of_scalars(x, y).to_bits());
        all_close(&gradient, &of_scalars::gradient(x, y));
        all_close(&other.concat(), &hessian.concat());
    }
}

/// Its callers pass scalars alone: they are given partials of second order.
#[derivative(hessian)]
fn of_a_caller(x: f64, y: f64, z: f64) -> f64 {
    of_scalars(x * z, y) * of_scalars(y, 0.5)
}

#[derivative(hessian)]
fn of_a_caller_written_out(x: f64, y: f64, z: f64) -> f64 {
    of_scalars_written_out(x * z, y) * of_scalars_written_out(y, 0.5)
}

#[test]
fn callers_of_scalars_are_given_partials() {
    let p = (0.3, 0.7, -0.6);
    let (hessian, expected) = (of_a_caller::hessian(p.0, p.1, p.2), of_a_caller_written_out::hessian(p.0, p.1, p.2));
    all_close(&hessian.concat(), &expected.concat());
}

/// Results in an array.
#[derivative(hessian, hvp)]
fn sum_of_squares(p: [f64; 2], #[constant] t: &[f64]) -> f64 {
    let mut out = vec![0.0; t.len()];
    residuals(&p, t, &mut out);
    out.iter().map(|r| r * r).sum()
}

#[test]
fn through_outputs() {
    let (p, t) = ([0.8, -0.3], [0.5, 1.0, 2.0]);
    let hessian = sum_of_squares::hessian(p, &t);
    let mut expected = [0.0; 4];
    for t in t {
        // r = a e^(b t) + a b
        let (a, b, e) = (p[0], p[1], (p[1] * t).exp());
        let r = a * e + a * b;
        let (by_a, by_b) = (e + b, a * t * e + a);
        let (aa, ab, bb) = (0.0, t * e + 1.0, a * t * t * e);
        expected[0] += 2.0 * (by_a * by_a + r * aa);
        expected[1] += 2.0 * (by_a * by_b + r * ab);
        expected[3] += 2.0 * (by_b * by_b + r * bb);
    }
    expected[2] = expected[1];
    all_close(&hessian.concat(), &expected);
    all_close(&sum_of_squares::hvp(p, &t, [0.0, 1.0]), &expected[2..]);
}

/// Changed in place, again and again.
#[derivative(hessian, hvp)]
fn pendulum(state: &[f64], rate: f64) -> f64 {
    let mut state = state.to_vec();
    for _ in 0..5 {
        step(&mut state, rate);
    }
    state[0] * state[1]
}

#[derivative(hessian, hvp)]
fn pendulum_written_out(state: &[f64], rate: f64) -> f64 {
    let mut state = state.to_vec();
    for _ in 0..5 {
        let first = state[0];
        state[0] += 0.1 * state[1];
        state[1] -= 0.1 * rate * first.sin();
    }
    state[0] * state[1]
}

#[test]
fn in_place_in_loops() {
    let (state, rate) = ([0.9, -0.4], 1.7);
    let (mut found, mut expected) = ([0.0; 9], [0.0; 9]);
    pendulum::hessian_into(&state, rate, &mut found);
    pendulum_written_out::hessian_into(&state, rate, &mut expected);
    all_close(&found, &expected);
    let (state_hvp, rate_hvp) = pendulum::hvp(&state, rate, &[1.0, -0.5], 0.25);
    let (state_expected, rate_expected) = pendulum_written_out::hvp(&state, rate, &[1.0, -0.5], 0.25);
    all_close(&state_hvp, &state_expected);
    close(rate_hvp, rate_expected);
    let (_, (of_state, of_rate), product) = pendulum::value_gradient_and_hvp(&state, rate, &[1.0, -0.5], 0.25);
    let (gradient, by_rate) = pendulum::gradient(&state, rate);
    all_close(&of_state, &gradient);
    close(of_rate, by_rate);
    all_close(&product.0, &state_hvp);
}

/// Arrays that are moved, and two results.
#[derivative(hessian)]
fn of_moved(x: f64, y: f64) -> f64 {
    let (p, q) = both([x, y], vec![x * x, y]);
    p * q
}

#[test]
fn of_moved_arrays() {
    let (x, y) = (0.7_f64, 1.3_f64);
    // p = x (x^2 y) y = x^3 y^2; q = y^3 - x y; p q = x^3 y^5 - x^4 y^3
    let expected = [
        6.0 * x * y.powi(5) - 12.0 * x * x * y.powi(3),
        15.0 * x * x * y.powi(4) - 12.0 * x.powi(3) * y * y,
        15.0 * x * x * y.powi(4) - 12.0 * x.powi(3) * y * y,
        20.0 * x.powi(3) * y.powi(3) - 6.0 * x.powi(4) * y,
    ];
    all_close(&of_moved::hessian(x, y).concat(), &expected);
}

// ---- along one path -------------------------------------------------------------------------------------------------

#[derivative(order = 4)]
fn along(x: f64) -> f64 {
    let mut state = [x, x * x];
    for _ in 0..3 {
        step(&mut state, x);
    }
    state[0] * state[1]
}

#[derivative(order = 4)]
fn along_written_out(x: f64) -> f64 {
    let mut state = [x, x * x];
    for _ in 0..3 {
        let first = state[0];
        state[0] += 0.1 * state[1];
        state[1] -= 0.1 * x * first.sin();
    }
    state[0] * state[1]
}

#[derivative(hessian)]
fn second_along(x: f64) -> f64 {
    weighted(&[x, x * x, 2.0], &[1.0, x, x.sin()])
}

#[test]
fn orders_along_a_path() {
    all_close(&along::derivatives(0.8), &along_written_out::derivatives(0.8));
    let x = 0.8_f64;
    // sin(x) x + sin(x^3) x^2 + 2 sin(2 sin x)
    let second = 2.0 * x.cos() - x * x.sin() + 2.0 * (x.powi(3)).sin() + 18.0 * x.powi(3) * (x.powi(3)).cos()
        - 9.0 * x.powi(6) * (x.powi(3)).sin()
        + 2.0 * (-4.0 * x.cos().powi(2) * (2.0 * x.sin()).sin() - 2.0 * x.sin() * (2.0 * x.sin()).cos());
    close(second_along::second_derivative(x), second);
    close(second_along::hessian(x), second);
}

// ---- rules of users -------------------------------------------------------------------------------------------------

/// `|x|^3`, whose derivatives are given.
#[derivative(hessian, hvp, rule(jvp = cube_jvp, vjp = cube_vjp, hvp = cube_hvp))]
fn cube(x: &[f64], s: f64) -> f64 {
    s * s * norm(x).powi(3)
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn cube_jvp(x: &[f64], s: f64, x_dot: &[f64], s_dot: f64) -> (f64, f64) {
    let n = norm(x);
    let along: f64 = x.iter().zip(x_dot).map(|(x, d)| x * d).sum();
    (cube(x, s), 3.0 * s * s * n * along + 2.0 * s * n.powi(3) * s_dot)
}

fn cube_vjp(x: &[f64], s: f64, seed: f64) -> (f64, (Vec<f64>, f64)) {
    let n = norm(x);
    (cube(x, s), (x.iter().map(|x| 3.0 * s * s * n * x * seed).collect(), 2.0 * s * n.powi(3) * seed))
}

fn cube_hvp(x: &[f64], s: f64, x_dot: &[f64], s_dot: f64) -> (Vec<f64>, f64) {
    let n = norm(x);
    let along: f64 = x.iter().zip(x_dot).map(|(x, d)| x * d).sum();
    let by_x = x.iter().zip(x_dot).map(|(x, d)| 3.0 * s * s * (n * d + x * along / n) + 6.0 * s * n * x * s_dot);
    (by_x.collect(), 6.0 * s * n * along + 2.0 * n.powi(3) * s_dot)
}

#[derivative(hessian, hvp)]
fn of_rule(x: &[f64], s: f64) -> f64 {
    let y = [x[0] * x[1], x[1], s];
    cube(&y, s) * s + cube(x, 1.0)
}

#[derivative(hessian, hvp)]
fn of_rule_written_out(x: &[f64], s: f64) -> f64 {
    let n = (x[0] * x[1] * (x[0] * x[1]) + x[1] * x[1] + s * s).sqrt();
    s.powi(3) * n.powi(3) + (x[0] * x[0] + x[1] * x[1]).sqrt().powi(3)
}

#[derivative(order = 2)]
fn rule_along(s: f64) -> f64 {
    cube(&[s * s, 1.0], s)
}

#[test]
fn rules_with_products() {
    let (x, s) = ([0.6, -1.2], 0.8);
    let (mut found, mut expected) = ([0.0; 9], [0.0; 9]);
    of_rule::hessian_into(&x, s, &mut found);
    of_rule_written_out::hessian_into(&x, s, &mut expected);
    all_close(&found, &expected);
    let (by_x, by_s) = of_rule::hvp(&x, s, &[0.5, 1.0], -0.3);
    let (x_expected, s_expected) = of_rule_written_out::hvp(&x, s, &[0.5, 1.0], -0.3);
    all_close(&by_x, &x_expected);
    close(by_s, s_expected);
    // The function itself.
    let mut own = [0.0; 9];
    cube::hessian_into(&x, s, &mut own);
    let columns = [([1.0, 0.0], 0.0), ([0.0, 1.0], 0.0), ([0.0, 0.0], 1.0)];
    for (k, (x_dot, s_dot)) in columns.into_iter().enumerate() {
        let (by_x, by_s) = cube_hvp(&x, s, &x_dot, s_dot);
        all_close(&[own[k], own[3 + k], own[6 + k]], &[by_x[0], by_x[1], by_s]);
    }
    // s^2 (s^4 + 1)^(3/2)
    let (s, r) = (0.8_f64, (0.8_f64.powi(4) + 1.0).sqrt());
    let second = 2.0 * r.powi(3) + 24.0 * s.powi(4) * r + 6.0 * s.powi(2) * (3.0 * s * s * r + 2.0 * s.powi(6) / r);
    close(rule_along::second_derivative(s), second);
}

// ---- methods, recursion, structs ------------------------------------------------------------------------------------

struct Model {
    power: i32,
}

impl Model {
    #[derivative(hvp)]
    fn energy(&self, x: &[f64], s: f64) -> f64 {
        let mut sum = 0.0;
        for i in 1..x.len() {
            sum += (x[i] - x[i - 1]).powi(self.power) * s;
        }
        sum
    }

    #[derivative(hessian, hvp)]
    fn doubled(&self, x: &[f64]) -> f64 {
        let y: Vec<f64> = x.iter().map(|x| x * x).collect();
        self.energy(&y, x[0])
    }
}

#[derivative(hessian)]
fn doubled_written_out(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 1..x.len() {
        sum += (x[i] * x[i] - x[i - 1] * x[i - 1]).powi(3) * x[0];
    }
    sum
}

/// Calls itself with parts of its argument.
#[derivative(hessian, hvp)]
fn halves(x: &[f64]) -> f64 {
    if x.len() == 1 {
        return x[0].exp();
    }
    let middle = x.len() / 2;
    halves(&x[..middle]) * halves(&x[middle..])
}

#[test]
fn methods_and_recursion() {
    let x = [0.4, 1.1, -0.7];
    all_close(&Model { power: 3 }.doubled_hessian(&x).concat(), &doubled_written_out::hessian(&x).concat());
    // exp of the sum: so are all derivatives.
    let value = halves(&x);
    halves::hessian(&x).concat().iter().for_each(|entry| close(*entry, value));
}

#[derive(Clone, Debug, diff_runtime::Differentiable)]
struct Pair {
    a: f64,
    b: f64,
}

#[derivative(wrt(p), hessian, hvp)]
fn of_struct(p: &Pair) -> f64 {
    scaled(&[p.a, p.b, p.a * p.b], p.b)
}

#[derivative(hessian)]
fn of_struct_written_out(a: f64, b: f64) -> f64 {
    let c = a * b;
    ((a * b).sin() * a + (b * (b * b)).sin() * b + (c * 0.5).sin() * c) * b.exp()
}

#[test]
fn of_structs() {
    let mut found = [f64::NAN; 4];
    of_struct::hessian_into(&Pair { a: 0.3, b: 0.9 }, &mut found);
    all_close(&found, &of_struct_written_out::hessian(0.3, 0.9).concat());
}

/// An array in a struct.
#[derive(Clone, Debug, diff_runtime::Differentiable)]
struct Weights {
    rate: f64,
    w: [f64; 2],
}

#[derivative(wrt(p), hessian, hvp)]
fn of_an_array_in_a_struct(p: &Weights) -> f64 {
    (p.rate * p.w[0]).exp() * weighted(&p.w, &[1.0, p.rate])
}

#[derivative(hessian)]
fn of_an_array_in_a_struct_written_out(rate: f64, a: f64, b: f64) -> f64 {
    (rate * a).exp() * (a.sin() * a + (b * rate).sin() * b)
}

/// Companions that may give nothing.
#[derivative(hessian, hvp)]
fn optional(x: f64, y: f64) -> Option<f64> {
    (x > 0.0).then_some(())?;
    Some(weighted(&[x, y], &[y, 1.0]) * x)
}

#[derivative(hessian)]
fn optional_written_out(x: f64, y: f64) -> f64 {
    ((x * y).sin() * x + y.sin() * y) * x
}

#[test]
fn of_arrays_in_structs_and_options() {
    let mut found = [f64::NAN; 9];
    of_an_array_in_a_struct::hessian_into(&Weights { rate: 0.6, w: [0.3, -0.9] }, &mut found);
    all_close(&found, &of_an_array_in_a_struct_written_out::hessian(0.6, 0.3, -0.9).concat());
    all_close(&optional::hessian(0.4, 0.9).unwrap().concat(), &optional_written_out::hessian(0.4, 0.9).concat());
    assert_eq!(optional::hessian(-0.4, 0.9), None);
    assert_eq!(optional::value_gradient_and_hessian(-0.4, 0.9), None);
}

// ---- the other order of the modes -----------------------------------------------------------------------------------

/// The derivative of the gradient along a direction, by differences: what forward over reverse mode would give.
#[test]
fn products_are_derivatives_of_the_gradient() {
    let (state, rate, v) = ([0.9, -0.4], 1.7, [0.3, 0.8]);
    let product = pendulum::hvp(&state, rate, &v, 0.5);
    let at = |h: f64| pendulum::gradient(&[state[0] + h * v[0], state[1] + h * v[1]], rate + h * 0.5);
    let h = 1e-4;
    let (above, below) = (at(h), at(-h));
    for k in 0..2 {
        // The error of central differences is h^2 times a third derivative of some 1e1.
        assert!((product.0[k] - (above.0[k] - below.0[k]) / (2.0 * h)).abs() < 1e-6);
    }
    assert!((product.1 - (above.1 - below.1) / (2.0 * h)).abs() < 1e-6);
}

/// Rows of one array, lent twice, of which the tangents do not vary.
#[derivative(hessian, hvp)]
fn of_rows(a: &[[f64; 2]; 2]) -> f64 {
    rows(a) * weighted(&a[1], &a[1])
}

#[derivative(hvp)]
fn rows(a: &[[f64; 2]; 2]) -> f64 {
    weighted(&a[0], &a[1]) + weighted(&a[1], &a[1])
}

#[derivative(hessian)]
fn of_rows_written_out(a: &[[f64; 2]; 2]) -> f64 {
    let once = |x: [f64; 2], y: [f64; 2]| (x[0] * y[0]).sin() * x[0] + (x[1] * y[1]).sin() * x[1];
    let twice = once([a[1][0], a[1][1]], [a[1][0], a[1][1]]);
    (once([a[0][0], a[0][1]], [a[1][0], a[1][1]]) + twice) * twice
}

#[test]
fn rows_that_are_lent_twice() {
    let a = [[0.4, -0.8], [1.1, 0.3]];
    let (found, expected) = (of_rows::hessian(&a), of_rows_written_out::hessian(&a));
    all_close(
        found.as_flattened().as_flattened().as_flattened(),
        expected.as_flattened().as_flattened().as_flattened(),
    );
}
