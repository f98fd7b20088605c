//! Parts of arrays: windows, rows, chunks, splits; and several results. Gradients against central differences.
#![allow(missing_docs)]
#![allow(clippy::useless_vec, reason = "vectors are what is tested")]

use diff_runtime::derivative;

#[derivative]
pub fn perceptron(w: &[f64], x: &[f64], #[constant] targets: &[f64], d: usize) -> f64 {
    let mut loss = 0.0;
    for (row, target) in x.chunks_exact(d).zip(targets) {
        let mut z = 0.0;
        for (a, b) in w.iter().zip(row) {
            z += a * b;
        }
        loss += (z.tanh() - target).powi(2);
    }
    loss
}

#[derivative]
pub fn mixed_windows(p: &[f64], m: &[[f64; 3]; 2]) -> f64 {
    let mut q = p.to_vec();
    let head = &p[1..3];
    {
        let tail = &mut q[2..];
        tail[0] *= head[1];
        tail[1] = head[0].sin() * tail[0];
    }
    let mut s = 0.0;
    for row in m.iter() {
        for (j, v) in row.iter().enumerate() {
            s += v * q[j] * row[0];
        }
    }
    let (a, b) = q.split_at(2);
    s * a[1] + b[0] * b[1]
}

#[derivative]
pub fn moving_products(x: &[f64]) -> f64 {
    let mut s = 1.0;
    for pair in x.windows(2) {
        s = s * 0.5 + pair[0] * pair[1].cos() * s;
    }
    s
}

#[derivative]
pub fn in_place_rows(x: &[f64], n: usize) -> f64 {
    let mut a = vec![0.0; n * n];
    for i in 0..n {
        let row = &mut a[i * n..(i + 1) * n];
        for j in 0..n {
            row[j] = x[i] * x[j].exp();
        }
        row[i] *= 2.0;
    }
    let mut trace = 1.0;
    for i in 0..n {
        let row = &a[i * n..];
        trace *= row[i] + row[0];
    }
    trace.ln()
}

/// The part of an array, filled, swapped and copied.
#[derivative]
pub fn whole_array_methods(p: &[f64], z: f64) -> f64 {
    let mut q = vec![0.0; p.len()];
    q.copy_from_slice(p);
    q.swap(0, 1);
    q[2] *= z;
    let mut r = [0.0; 3];
    r.fill(z);
    r[1] = q[0] * q[1] * q[2];
    r[0] * r[1] + r[2] * q[0]
}

/// Arrays are copied by name: what is written later is not seen in the copy.
#[derivative]
pub fn copies(start: &[f64; 2], c: f64) -> f64 {
    let mut before = *start;
    let mut now = before;
    for _ in 0..3 {
        let mut after = [0.0; 2];
        for i in 0..2 {
            after[i] = 2.0 * now[i] - c * before[1 - i];
        }
        before = now;
        now = after;
    }
    now[1] * before[0]
}

#[derivative]
pub fn recurrent(x: &[f64]) -> f64 {
    let mut h = [0.5; 2];
    for x in x {
        let old = h;
        for i in 0..2 {
            h[i] = (x * old[1 - i]).tanh();
        }
    }
    h[0] + 2.0 * h[1]
}

#[derivative]
pub fn nested_literals(a: f64, b: f64) -> f64 {
    let p = [[a + b, b], [b, a * b]];
    let mut q = p;
    q[0][1] += a;
    p[0][0] * q[1][1] - q[0][1] * p[1][0]
}

#[derivative]
pub fn weighted(v: &[f64], w: &[usize]) -> f64 {
    let mut s = 0.0;
    for (v, &w) in v.iter().zip(w) {
        s += v.sin() * w as f64;
    }
    s * s
}

#[derivative]
pub fn bucketed(x: &[f64]) -> f64 {
    let mut bucket = vec![0usize; x.len()];
    for (i, v) in x.iter().enumerate() {
        bucket[i] = (v * 2.0).abs().round() as usize;
    }
    let mut sums = vec![1.0, 0.5, x[0], 0.25];
    for i in 0..x.len() {
        sums[bucket[i]] += x[i].exp();
    }
    sums[0] * sums[1] + sums[2] * sums[3]
}

/// Residuals, written into a parameter.
#[derivative]
pub fn residuals(p: &[f64], scale: f64, #[constant] t: &[f64], out: &mut [f64]) {
    for i in 0..t.len() {
        out[i] = scale * p[0] * (-p[1] * t[i]).exp() + p[2];
    }
}

/// A state that is both an input and an output.
#[derivative(wrt(state, dt))]
pub fn step(state: &mut [f64], dt: f64) {
    let (a, b) = (state[0], state[1]);
    state[0] = a + dt * b;
    state[1] = b - dt * a.sin();
}

#[derivative]
pub fn planar_arm(q: [f64; 2], length: f64) -> [f64; 2] {
    let (s, c) = q[0].sin_cos();
    let (s2, c2) = (q[0] + q[1]).sin_cos();
    [length * (c + c2), length * (s + s2)]
}

#[derivative]
pub fn polar(r: f64, t: f64) -> (f64, f64) {
    (r * t.cos(), r * t.sin())
}

/// The step of the differences leaves an error of about 1e-10 of the third derivative, and rounding of 1e-10.
const TOLERANCE: f64 = 1e-7;
const STEP: f64 = 1e-5;

fn agree(name: &str, f: &dyn Fn(&[f64]) -> f64, x: &[f64], gradient: &[f64]) {
    assert_eq!(x.len(), gradient.len(), "{name}");
    for k in 0..x.len() {
        let (mut up, mut down) = (x.to_vec(), x.to_vec());
        up[k] += STEP;
        down[k] -= STEP;
        let expected = (f(&up) - f(&down)) / (2.0 * STEP);
        let error = (gradient[k] - expected).abs();
        assert!(error < TOLERANCE * (1.0 + expected.abs()), "{name}[{k}]: {} but {expected}", gradient[k]);
    }
}

#[test]
fn chunks_pass_their_adjoints_to_the_array() {
    let (w, x, t) = ([0.4, -0.3], [1.0, 2.0, -0.5, 0.7, 0.1, 0.9], [0.2, -0.1, 0.5]);
    let (gw, gx) = perceptron::gradient(&w, &x, &t, 2);
    agree("w", &|w| perceptron(w, &x, &t, 2), &w, &gw);
    agree("x", &|x| perceptron(&w, x, &t, 2), &x, &gx);
}

#[test]
fn windows_rows_and_splits_pass_their_adjoints_on() {
    let p = [0.3, 0.7, -0.4, 1.2];
    let m = [[0.5, -1.0, 0.25], [1.5, 0.3, 0.8]];
    let (gp, gm) = mixed_windows::gradient(&p, &m);
    agree("p", &|p| mixed_windows(p, &m), &p, &gp);
    let flat: Vec<f64> = m.iter().flatten().copied().collect();
    let of_flat = |v: &[f64]| mixed_windows(&p, &[[v[0], v[1], v[2]], [v[3], v[4], v[5]]]);
    agree("m", &of_flat, &flat, &gm.iter().flatten().copied().collect::<Vec<_>>());
    // Forward mode sees the same derivative.
    let (_, tangent) = mixed_windows::jvp(&p, &m, &[1.0, 0.5, -1.0, 2.0], &[[1.0, 0.0, 2.0], [0.0, -1.0, 0.5]]);
    let expected = gp[0] + 0.5 * gp[1] - gp[2] + 2.0 * gp[3] + gm[0][0] + 2.0 * gm[0][2] - gm[1][1] + 0.5 * gm[1][2];
    assert!((tangent - expected).abs() < 1e-12 * (1.0 + expected.abs()));
}

#[test]
fn overlapping_windows_are_differentiated() {
    let x = [0.3, -0.7, 1.1, 0.9, -0.2];
    agree("x", &moving_products, &x, &moving_products::gradient(&x));
    assert_eq!(moving_products::gradient(&[1.0]), [0.0]);
}

#[test]
fn what_is_written_through_a_window_is_written_into_the_array() {
    let x = [0.8, 1.3, 0.6];
    agree("x", &|x| in_place_rows(x, 3), &x, &in_place_rows::gradient(&x, 3));
}

#[test]
fn arrays_are_filled_swapped_and_copied() {
    let p = [0.8, 1.3, 0.6];
    let (gp, gz) = whole_array_methods::gradient(&p, 0.7);
    agree("p", &|p| whole_array_methods(p, 0.7), &p, &gp);
    agree("z", &|z| whole_array_methods(&p, z[0]), &[0.7], &[gz]);
}

#[test]
fn copies_of_arrays_are_independent() {
    let start = [0.8, 1.3];
    let (g, gc) = copies::gradient(&start, 0.7);
    agree("start", &|p| copies(&[p[0], p[1]], 0.7), &start, &g);
    agree("c", &|c| copies(&start, c[0]), &[0.7], &[gc]);
    let x = [0.8, 1.3, 0.6];
    let (value, g) = recurrent::value_and_gradient(&x);
    assert_eq!(value.to_bits(), recurrent(&x).to_bits());
    agree("x", &recurrent, &x, &g);
    agree("nested", &|p| nested_literals(p[0], p[1]), &[0.4, 1.7], &nested_literals::gradient(0.4, 1.7));
}

#[test]
fn inactive_data_decides_without_varying() {
    let (v, w) = ([0.8, 1.3, 0.6], [2, 0, 5]);
    agree("v", &|v| weighted(v, &w), &v, &weighted::gradient(&v, &w));
    let x = [0.8, 1.3, 0.1, 0.55];
    agree("x", &bucketed, &x, &bucketed::gradient(&x));
}

#[test]
fn the_jacobian_of_residuals_is_row_major() {
    let (p, scale, t) = ([1.5, 0.4, -0.2], 0.9, [0.0, 1.0, 2.5, 4.0]);
    let mut out = [9.0; 4];
    let mut jacobian = [0.0; 16];
    residuals::jacobian_into(&p, scale, &t, &mut out, &mut jacobian);
    let mut expected = [0.0; 4];
    residuals(&p, scale, &t, &mut expected);
    assert_eq!(out, expected);
    for (row, gradient) in jacobian.chunks(4).enumerate() {
        let component = |v: &[f64]| {
            let mut out = [0.0; 4];
            residuals(&v[..3], v[3], &t, &mut out);
            out[row]
        };
        agree("row", &component, &[p[0], p[1], p[2], scale], gradient);
    }
    // One row by reverse mode: the seed is spent.
    let mut seed = [0.0, 0.0, 1.0, 0.0];
    let (gp, gs) = residuals::vjp(&p, scale, &t, &mut out, &mut seed);
    assert_eq!(seed, [0.0; 4]);
    for (k, g) in gp.iter().chain([&gs]).enumerate() {
        assert!((g - jacobian[8 + k]).abs() < 1e-12);
    }
}

#[test]
fn a_state_is_an_input_and_an_output() {
    let dt = 0.1;
    let mut state = [0.5, -1.0];
    let mut tangent = [1.0, 2.0];
    step::jvp(&mut state, dt, &mut tangent, 3.0);
    // a' = a + dt b and b' = b - dt sin a, at (0.5, -1) along (1, 2) and 3 in dt.
    let expected = [1.0 + dt * 2.0 - 3.0, 2.0 - dt * 0.5_f64.cos() - 3.0 * 0.5_f64.sin()];
    assert!((tangent[0] - expected[0]).abs() < 1e-15 && (tangent[1] - expected[1]).abs() < 1e-15);
    let mut again = [0.5, -1.0];
    let mut seed = [1.0, 0.0];
    let dt_bar = step::vjp(&mut again, dt, &mut seed);
    assert_eq!(again, state);
    // The adjoint of what the state held on entry is left in the seed.
    assert_eq!((seed, dt_bar), ([1.0, dt], -1.0));
}

#[test]
fn jacobians_of_returned_arrays_and_tuples() {
    let (value, rows) = planar_arm::value_and_jacobian([0.3, 0.5], 1.2);
    assert_eq!(value, planar_arm([0.3, 0.5], 1.2));
    for (row, (in_q, in_length)) in rows.iter().enumerate() {
        let component = |v: &[f64]| planar_arm([v[0], v[1]], v[2])[row];
        agree("arm", &component, &[0.3, 0.5, 1.2], &[in_q[0], in_q[1], *in_length]);
    }
    let (s, c) = 0.7_f64.sin_cos();
    assert_eq!(polar::jacobian(2.0, 0.7), [[c, -2.0 * s], [s, 2.0 * c]]);
    assert_eq!(polar::vjp(2.0, 0.7, (1.0, 0.0)).1, [c, -2.0 * s]);
    assert_eq!(polar::jvp(2.0, 0.7, 1.0, 0.0).1, (c, s));
}
