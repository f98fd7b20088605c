//! Jacobians of all forms of results and parameters: against products with unit vectors in both modes, against finite
//! differences, and against each other; how often the function runs; what is checked before anything is written.
#![allow(
    clippy::needless_range_loop,
    clippy::ptr_arg,
    clippy::type_complexity,
    reason = "written in the ways that users write; the types are what is tested"
)]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use diff_runtime::derivative;
use diff_runtime::finite_difference::{self, Scheme};

fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Two methods that differ by roundings alone.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * (1.0 + a.abs() + b.abs())
}

/// Row-major, by extrapolated central differences.
fn differences(x: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let mut jacobian = vec![f64::NAN; f(x).len() * x.len()];
    finite_difference::jacobian_into(Scheme::Richardson, |x: &[f64]| f(x), &x.to_vec(), &mut jacobian);
    jacobian
}

fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{found:?} for {expected:?}");
    }
}

// ---- a few outputs of many inputs: reverse mode ---------------------------------------------------------------------

#[derivative]
fn moments(x: &[f64], k: f64) -> (f64, f64, f64) {
    let mut sum = 0.0;
    let mut product = 1.0;
    let mut state = k;
    for i in 0..x.len() {
        sum += x[i] * k;
        product *= 1.0 + x[i].sin();
        if x[i] > 0.0 {
            state = (state * x[i]).cos();
        }
    }
    (sum, product, state + sum)
}

fn moments_of(p: &[f64]) -> Vec<f64> {
    let (x, k) = p.split_at(p.len() - 1);
    let (a, b, c) = moments(x, k[0]);
    vec![a, b, c]
}

#[test]
fn rows_of_a_slice_and_a_scalar() {
    let (x, k) = ([0.3, -0.8, 0.5, 1.1], 0.7);
    let jacobian: [(Vec<f64>, f64); 3] = moments::jacobian(&x, k);
    let (value, again) = moments::value_and_jacobian(&x, k);
    assert_eq!(value, moments(&x, k));
    assert_eq!(again, jacobian);
    let mut flat = [f64::NAN; 15];
    moments::jacobian_into(&x, k, &mut flat);
    let rows: Vec<f64> = jacobian.iter().flat_map(|(of_x, of_k)| [&of_x[..], &[*of_k]].concat()).collect();
    assert_eq!(rows, flat);
    let mut flat = [f64::NAN; 15];
    assert_eq!(moments::value_and_jacobian_into(&x, k, &mut flat), value);
    assert_eq!(rows, flat);
    for (row, seed) in [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)].into_iter().enumerate() {
        let (_, adjoints) = moments::vjp(&x, k, seed);
        assert_near(&[&adjoints.0[..], &[adjoints.1]].concat(), &rows[row * 5..][..5], 1e-14);
    }
    for column in 0..5 {
        let mut unit = [0.0; 5];
        unit[column] = 1.0;
        let (_, tangent) = moments::jvp(&x, k, &unit[..4], unit[4]);
        let of_rows = [0, 1, 2].map(|row| rows[row * 5 + column]);
        assert_near(&[tangent.0, tangent.1, tangent.2], &of_rows, 1e-13);
    }
    assert_near(&rows, &differences(&[0.3, -0.8, 0.5, 1.1, 0.7], moments_of), 1e-8);
}

#[derivative]
fn of_everything<const N: usize>(a: [f64; N], m: &[[f64; 2]; 2], rows: &[[f64; 2]], v: Vec<f64>) -> [f64; 2] {
    let mut s = 0.0;
    for i in 0..N {
        s += a[i] * a[i];
    }
    for i in 0..rows.len() {
        s *= 1.0 + 0.1 * rows[i][0] * m[0][1] + rows[i][1];
    }
    let mut t = m[1][0] * m[1][1];
    for x in &v {
        t = t * x + m[0][0];
    }
    [s * t, s - t]
}

#[test]
fn rows_have_the_shapes_of_gradients() {
    type Row = ([f64; 3], [[f64; 2]; 2], Vec<[f64; 2]>, Vec<f64>);
    let at = |p: &[f64]| {
        let rows = [[p[7], p[8]], [p[9], p[10]]];
        of_everything([p[0], p[1], p[2]], &[[p[3], p[4]], [p[5], p[6]]], &rows, p[11..].to_vec()).to_vec()
    };
    let p: Vec<f64> = (0..13).map(|k| 0.4 + 0.17 * f64::from(k) - 0.02 * f64::from(k * k)).collect();
    let (a, m, rows) = ([p[0], p[1], p[2]], [[p[3], p[4]], [p[5], p[6]]], [[p[7], p[8]], [p[9], p[10]]]);
    let jacobian: [Row; 2] = of_everything::jacobian(a, &m, &rows, p[11..].to_vec());
    let flat: Vec<f64> = jacobian
        .iter()
        .flat_map(|(a, m, rows, v)| [&a[..], m.as_flattened(), rows.as_flattened(), v].concat())
        .collect();
    assert_near(&flat, &differences(&p, at), 1e-8);
    let mut into = vec![f64::NAN; 26];
    of_everything::jacobian_into(a, &m, &rows, p[11..].to_vec(), &mut into);
    assert_eq!(into, flat);
}

// ---- many outputs: forward mode -------------------------------------------------------------------------------------

#[derivative]
fn residuals(p: &[f64], #[constant] t: &[f64], #[constant] y: &[f64], out: &mut [f64]) {
    for i in 0..t.len() {
        out[i] = p[0] * (-p[1] * t[i]).exp() - y[i];
    }
}

#[test]
fn of_an_output_parameter() {
    let (p, t, y) = ([2.0, 0.5], [0.0, 1.0, 2.0], [1.0, 1.0, 1.0]);
    let (mut out, mut jacobian) = ([f64::NAN; 3], [f64::NAN; 6]);
    residuals::jacobian_into(&p, &t, &y, &mut out, &mut jacobian);
    let mut primal = [0.0; 3];
    residuals(&p, &t, &y, &mut primal);
    assert_eq!(out, primal);
    for i in 0..3 {
        let e = (-0.5 * t[i]).exp();
        assert!(close(jacobian[2 * i], e) && close(jacobian[2 * i + 1], -2.0 * t[i] * e));
    }
}

/// The same as `moments`, into a slice: the other mode.
#[derivative]
fn moments_into(x: &[f64], k: f64, out: &mut [f64]) {
    let mut sum = 0.0;
    let mut product = 1.0;
    let mut state = k;
    for i in 0..x.len() {
        sum += x[i] * k;
        product *= 1.0 + x[i].sin();
        if x[i] > 0.0 {
            state = (state * x[i]).cos();
        }
    }
    out[0] = sum;
    out[1] = product;
    out[2] = state + sum;
}

#[test]
fn both_modes_agree() {
    for x in [&[0.3, -0.8, 0.5, 1.1][..], &[], &[0.2], &[-0.1, -0.2, 0.9]] {
        let n = 3 * (x.len() + 1);
        let (mut reverse, mut forward, mut out) = (vec![f64::NAN; n], vec![f64::NAN; n], [0.0; 3]);
        moments::jacobian_into(x, 0.7, &mut reverse);
        moments_into::jacobian_into(x, 0.7, &mut out, &mut forward);
        assert_near(&reverse, &forward, 1e-13);
        assert_eq!((out[0], out[1], out[2]), moments(x, 0.7));
    }
}

#[derivative]
fn two_outputs(a: &[f64; 3], x: f64, first: &mut [f64], second: &mut [f64; 2]) {
    let (mut u, mut v) = (x, a[0]);
    for i in 0..first.len() {
        (u, v) = (v * a[i % 3], u + x * x);
        first[i] = u;
        if i > 0 {
            first[i] *= first[i - 1];
        }
    }
    second[0] = first[0] * v;
    second[1] = a[2].exp();
}

#[test]
fn of_two_output_parameters() {
    let at = |p: &[f64]| {
        let (mut first, mut second) = (vec![0.0; 4], [0.0; 2]);
        two_outputs(&[p[0], p[1], p[2]], p[3], &mut first, &mut second);
        [&first[..], &second].concat()
    };
    let (mut first, mut second, mut jacobian) = (vec![7.0; 4], [7.0; 2], [f64::NAN; 24]);
    two_outputs::jacobian_into(&[0.5, 0.9, -0.4], 0.6, &mut first, &mut second, &mut jacobian);
    assert_eq!([&first[..], &second].concat(), at(&[0.5, 0.9, -0.4, 0.6]));
    assert_near(&jacobian, &differences(&[0.5, 0.9, -0.4, 0.6], at), 1e-8);
}

#[derivative(wrt(state, dt))]
fn step(state: &mut [f64], dt: f64, rate: f64) {
    let (x, v) = (state[0], state[1]);
    state[0] = x + dt * v;
    state[1] = v - dt * rate * x.sin();
}

#[test]
fn of_what_is_changed_in_place() {
    let at = |p: &[f64]| {
        let mut state = [p[0], p[1]];
        step(&mut state, p[2], 1.5);
        state.to_vec()
    };
    let (mut state, mut jacobian) = ([0.4, 0.8], [f64::NAN; 6]);
    step::jacobian_into(&mut state, 0.1, 1.5, &mut jacobian);
    assert_eq!(state.to_vec(), at(&[0.4, 0.8, 0.1]));
    assert_near(&jacobian, &differences(&[0.4, 0.8, 0.1], at), 1e-8);
}

/// Temporaries of all kinds: copies, windows, vectors that grow and shrink.
#[derivative]
fn with_temporaries(x: &[f64], out: &mut [f64]) {
    let mut copy = x.to_vec();
    let n = copy.len();
    let window = &mut copy[1..];
    window[0] *= x[0];
    let mut grown = Vec::new();
    for i in 0..n {
        grown.push(copy[i] * copy[n - 1 - i]);
        if copy[i] > 0.5 {
            grown.push(x[i].exp());
        }
    }
    let last = grown.pop().unwrap();
    let mut pairs = [[0.0; 2]; 2];
    for i in 0..2 {
        for j in 0..2 {
            pairs[i][j] = grown[(i + j) % grown.len()] * last;
        }
    }
    for row in pairs.iter() {
        out[0] += row[0] * row[1];
    }
    let small = [x[0], copy[1]];
    for i in 1..out.len() {
        out[i] = small[i % 2] * grown[i % grown.len()] + pairs[1][i % 2];
    }
    grown.truncate(1);
    out[1] -= grown[0];
}

#[test]
fn of_temporaries() {
    for x in [[0.3, 0.9, 0.6], [-0.3, 0.2, 0.8]] {
        let at = |x: &[f64]| {
            let mut out = vec![0.5; 4];
            with_temporaries(x, &mut out);
            out
        };
        let (mut out, mut jacobian) = (vec![0.5; 4], [f64::NAN; 12]);
        with_temporaries::jacobian_into(&x, &mut out, &mut jacobian);
        assert_eq!(out, at(&x));
        assert_near(&jacobian, &differences(&x, at), 1e-8);
    }
}

// ---- arrays that are returned as a whole ----------------------------------------------------------------------------

#[derivative]
fn scan(x: &[f64], k: f64) -> Vec<f64> {
    let mut sums = Vec::with_capacity(x.len());
    let mut s = k;
    for i in 0..x.len() {
        s = s * x[i] + k;
        if s > -1.0 {
            sums.push(s);
        }
    }
    sums
}

#[derivative]
fn normalized<const N: usize>(x: [f64; N]) -> [f64; N] {
    let mut y = x;
    let mut norm = 0.0;
    for i in 0..N {
        norm += x[i] * x[i];
    }
    for i in 0..N {
        y[i] /= norm.sqrt();
    }
    y
}

#[derivative]
fn outer(x: &[f64; 2], y: &[f64; 3]) -> [[f64; 3]; 2] {
    let mut m = [[0.0; 3]; 2];
    for i in 0..2 {
        for j in 0..3 {
            m[i][j] = x[i] * y[j];
        }
    }
    m
}

/// The parameter itself.
#[derivative]
fn doubled(mut v: Vec<f64>) -> Vec<f64> {
    for a in v.iter_mut() {
        *a *= 2.0;
    }
    v
}

#[derivative]
fn squares(x: &[f64]) -> Vec<f64> {
    let mut y = x.to_vec();
    for i in 0..x.len() {
        y[i] = x[i] * x[i];
    }
    y
}

#[derivative]
fn powers(x: f64) -> [f64; 70] {
    let mut y = [1.0; 70];
    for i in 1..70 {
        y[i] = y[i - 1] * x;
    }
    y
}

#[test]
fn a_vector_has_tangents_adjoints_and_a_jacobian() {
    let (x, k) = ([0.3, -0.8, 0.5], 0.7);
    let value = scan(&x, k);
    let (same, tangent) = scan::jvp(&x, k, &[0.1, 0.2, -0.3], 0.4);
    assert_eq!(same, value);
    let (same, (of_x, of_k)) = scan::vjp(&x, k, vec![1.0, -2.0, 0.5]);
    assert_eq!(same, value);
    let left = tangent[0] - 2.0 * tangent[1] + 0.5 * tangent[2];
    let right = 0.1 * of_x[0] + 0.2 * of_x[1] - 0.3 * of_x[2] + 0.4 * of_k;
    assert!(close(left, right));
    let (mut x_bar, mut k_bar) = ([f64::NAN; 3], f64::NAN);
    assert_eq!(scan::vjp_into(&x, k, vec![1.0, -2.0, 0.5], &mut x_bar, &mut k_bar), value);
    assert_eq!((x_bar.to_vec(), k_bar), (of_x, of_k));
    let mut jacobian = [f64::NAN; 12];
    scan::jacobian_into(&x, k, &mut jacobian);
    let at = |p: &[f64]| scan(&p[..3], p[3]);
    assert_near(&jacobian, &differences(&[0.3, -0.8, 0.5, 0.7], at), 1e-8);
    assert_eq!(scan::value_and_jacobian_into(&x, k, &mut jacobian), value);
    assert!(panics(|| {
        let _ = scan::vjp(&x, k, vec![1.0]);
    }));
    assert!(panics(|| scan::jacobian_into(&x, k, &mut [0.0; 8])));
}

#[test]
fn an_array_of_constant_length_has_rows() {
    let x = [0.3, -0.8, 0.5];
    let jacobian: [[f64; 3]; 3] = normalized::jacobian(x);
    let at = |x: &[f64]| normalized([x[0], x[1], x[2]]).to_vec();
    assert_near(jacobian.as_flattened(), &differences(&x, at), 1e-8);
    assert_eq!(normalized::value_and_jacobian(x), (normalized(x), jacobian));
    for row in 0..3 {
        let mut seed = [0.0; 3];
        seed[row] = 1.0;
        let (value, adjoint) = normalized::vjp(x, seed);
        assert_eq!(value, normalized(x));
        assert_near(&adjoint, &jacobian[row], 1e-14);
        let (value, tangent) = normalized::jvp(x, seed);
        assert_eq!(value, normalized(x));
        assert_near(&tangent, &[0, 1, 2].map(|k| jacobian[k][row]), 1e-14);
    }
}

#[test]
fn a_nested_array_is_returned() {
    let (x, y) = ([2.0, 3.0], [5.0, 7.0, 11.0]);
    let (value, tangent) = outer::jvp(&x, &y, &[1.0, 0.0], &[0.0, 0.0, 1.0]);
    assert_eq!(value, outer(&x, &y));
    assert_eq!(tangent, [[5.0, 7.0, 13.0], [0.0, 0.0, 3.0]]);
    let (_, adjoints) = outer::vjp(&x, &y, [[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]);
    assert_eq!(adjoints, ([5.0, 22.0], [2.0, 0.0, 6.0]));
    let mut jacobian = [f64::NAN; 30];
    outer::jacobian_into(&x, &y, &mut jacobian);
    assert_eq!(jacobian[..10], [5.0, 0.0, 2.0, 0.0, 0.0, 7.0, 0.0, 0.0, 2.0, 0.0]);
}

#[test]
fn a_parameter_is_returned() {
    let (value, tangent) = doubled::jvp(vec![1.0, 2.0], &[3.0, 4.0]);
    assert_eq!((value, tangent), (vec![2.0, 4.0], vec![6.0, 8.0]));
    assert_eq!(doubled::vjp(vec![1.0, 2.0], vec![3.0, 4.0]), (vec![2.0, 4.0], vec![6.0, 8.0]));
    let mut buffer = [f64::NAN; 2];
    assert_eq!(doubled::vjp_into(vec![1.0, 2.0], vec![3.0, 4.0], &mut buffer), vec![2.0, 4.0]);
    assert_eq!(buffer, [6.0, 8.0]);
    let mut jacobian = [f64::NAN; 4];
    doubled::jacobian_into(vec![1.0, 2.0], &mut jacobian);
    assert_eq!(jacobian, [2.0, 0.0, 0.0, 2.0]);
}

#[test]
fn one_scalar_has_a_derivative_that_is_an_array() {
    let derivative: [f64; 70] = powers::derivative(0.5);
    assert_eq!(derivative[..4], [0.0, 1.0, 1.0, 0.75]);
    assert_eq!(powers::value_and_derivative(0.5), (powers(0.5), derivative));
    let jacobian: [f64; 70] = powers::jacobian(0.5);
    assert_eq!(jacobian, derivative);
    assert_eq!(squares::vjp(&[1.0, 3.0], vec![1.0, 1.0]), (vec![1.0, 9.0], vec![2.0, 6.0]));
}

// ---- how often it runs, and what is checked -------------------------------------------------------------------------

#[derivative]
fn counting(x: &[f64], #[constant] runs: &Cell<u32>, out: &mut [f64]) {
    runs.set(runs.get() + 1);
    for i in 0..out.len() {
        out[i] = x[i] * x[0];
    }
}

#[derivative]
fn counting_rows(x: &[f64], #[constant] runs: &Cell<u32>) -> (f64, f64) {
    runs.set(runs.get() + 1);
    (x[0] * x[1], x[0] - x[1])
}

#[test]
fn the_function_runs_once_for_all_rows() {
    let (runs, mut out, mut jacobian) = (Cell::new(0), [0.0; 2], [0.0; 4]);
    counting::jacobian_into(&[2.0, 3.0], &runs, &mut out, &mut jacobian);
    assert_eq!((runs.get(), jacobian), (1, [4.0, 0.0, 3.0, 2.0]));
    counting_rows::jacobian_into(&[2.0, 3.0], &runs, &mut jacobian);
    assert_eq!((runs.get(), jacobian), (2, [3.0, 2.0, 1.0, -1.0]));
    assert_eq!(counting_rows::jacobian(&[2.0, 3.0], &runs), [[3.0, 2.0], [1.0, -1.0]]);
    assert_eq!(runs.get(), 3);
}

#[test]
fn a_buffer_of_another_length_is_left_alone() {
    let (runs, mut out, mut jacobian) = (Cell::new(0), [9.0; 2], [9.0; 5]);
    assert!(panics(|| counting::jacobian_into(&[2.0, 3.0], &runs, &mut out, &mut jacobian)));
    assert_eq!((runs.get(), out, jacobian), (0, [9.0; 2], [9.0; 5]));
    assert!(panics(|| moments::jacobian_into(&[1.0], 2.0, &mut jacobian)));
    assert_eq!(jacobian, [9.0; 5]);
}

// ---- arrays that are filled with what varies ------------------------------------------------------------------------

#[derivative]
fn filled(x: &[f64], n: usize) -> Vec<f64> {
    let rows = vec![[x[0] * x[1]; 2]; n];
    let factors = [x[2].sin(); 3];
    let mut out = vec![x[1]; n];
    for i in 0..n {
        out[i] += rows[i][i % 2] * factors[i % 3];
    }
    out
}

#[derivative]
fn filled_pair(x: &[f64], n: usize) -> (f64, f64) {
    let out = vec![x[0] * x[1]; n];
    let rows = [[x[1]; 2]; 2];
    (out[n - 1] * rows[0][1], rows[1][0] + out[0])
}

#[test]
fn through_arrays_of_one_value() {
    let x = [0.4, -1.3, 0.9];
    let mut forward = [f64::NAN; 12];
    filled::jacobian_into(&x, 4, &mut forward);
    assert_near(&forward, &differences(&x, |x| filled(x, 4)), 1e-8);
    let mut reverse = [f64::NAN; 6];
    filled_pair::jacobian_into(&x, 2, &mut reverse);
    let pair = |x: &[f64]| {
        let (a, b) = filled_pair(x, 2);
        vec![a, b]
    };
    assert_near(&reverse, &differences(&x, pair), 1e-8);
}
