//! Functions that pass arrays on: whole, in part, in loops and branches, to be read and to be written.

use diff_runtime::derivative;

#[derivative(hvp)]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..a.len() {
        sum += a[i] * b[i];
    }
    sum
}
sample!(dot, [-1.0..1.0; 4], [-1.0..1.0; 4]);

#[derivative(hvp)]
pub fn norm(a: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..a.len() {
        sum += a[i] * a[i];
    }
    sum.sqrt()
}
sample!(norm, [0.5..1.0; [1, 3]]);

#[derivative(order = 2)]
pub fn scale(a: &[f64], factor: f64, out: &mut [f64]) {
    for i in 0..a.len() {
        out[i] = a[i] * factor;
    }
}

/// Changes its argument in place, by what it held.
#[derivative(order = 2)]
pub fn advance(state: &mut [f64], rate: f64, step: f64) {
    let first = state[0];
    state[0] += step * state[1];
    state[1] -= step * rate * first.sin();
}

#[derivative(hvp)]
pub fn polynomial(coefficients: &[f64; 3], x: f64) -> f64 {
    coefficients[0] + x * (coefficients[1] + x * coefficients[2])
}

#[derivative(hvp)]
pub fn call_with_array(x: &[f64], y: f64) -> f64 {
    norm(x) * y + norm(&x[1..3])
}
sample!(call_with_array, [0.5..1.0; 4], -1.0..1.0);

/// Only one of the arrays is active.
#[derivative(hvp)]
pub fn call_with_constant_array(x: &[f64], #[constant] w: &[f64]) -> f64 {
    dot(x, w) + dot(w, x) * norm(w)
}
sample!(call_with_constant_array, [-1.0..1.0; 4], [0.5..1.0; 4]);

#[derivative(hvp)]
pub fn call_with_own_array(x: f64, y: f64) -> f64 {
    let point = [x, x * y, y];
    let mut weights = vec![0.0; 3];
    for i in 0..3 {
        weights[i] = y / (i + 1) as f64;
    }
    dot(&point, &weights) + polynomial(&point, y)
}
sample!(call_with_own_array, 0.5..1.0, 0.5..1.0);

#[derivative(hvp)]
pub fn call_that_fills(x: &[f64], y: f64) -> f64 {
    let mut out = vec![0.0; x.len()];
    scale(x, y * y, &mut out);
    let mut again = [0.0; 3];
    scale(&out, y, &mut again);
    norm(&again) + out[0]
}
sample!(call_that_fills, [0.5..1.0; 3], 0.5..1.0);

/// An array that changes between the calls.
#[derivative(hvp)]
pub fn call_between_changes(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    let mut total = norm(&a);
    a[0] = a[1] * a[0];
    total += norm(&a) * 2.0;
    a[1] *= total;
    total + dot(&a, x)
}
sample!(call_between_changes, [0.5..1.0; 3]);

/// Integrates a pendulum: the state is changed in place in each step.
#[derivative(hvp)]
pub fn pendulum(angle: f64, rate: f64, n: usize) -> f64 {
    let mut state = [angle, 0.0];
    for _ in 0..n {
        advance(&mut state, rate, 0.1);
    }
    state[0] + state[1]
}
sample!(pendulum, 0.1..1.0, 0.5..2.0, [0, 1, 7]);

/// The right-hand side reads a state that changes in each step.
#[derivative(hvp)]
pub fn relaxation(start: &[f64], rate: f64, n: usize) -> f64 {
    let mut state = start.to_vec();
    let mut slope = vec![0.0; state.len()];
    for _ in 0..n {
        scale(&state, -rate, &mut slope);
        for i in 0..state.len() {
            state[i] += 0.1 * slope[i] * norm(&state);
        }
    }
    state[0]
}
sample!(relaxation, [0.5..1.0; 2], 0.1..1.0, [0, 1, 4]);

#[derivative(hvp)]
pub fn call_in_sum_of_rows(x: &[[f64; 3]], y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += dot(&x[i], y);
    }
    sum
}
sample!(call_in_sum_of_rows, [[-1.0..1.0; 3]; 2], [-1.0..1.0; 3]);

#[derivative(hvp)]
pub fn call_in_branch(x: &[f64], y: f64) -> f64 {
    let z = if y > 0.0 { norm(x) * y } else { y };
    if z > 0.5 { z * polynomial(&[2.0, 1.0, 0.5], z) } else { z + norm(&x[..2]) }
}
sample!(call_in_branch, [0.5..1.0; 3], -1.0..1.0);

#[derivative(hvp)]
pub fn call_in_branch_of_loop(x: &[f64], y: f64, n: usize) -> f64 {
    let mut s = y;
    for i in 0..n {
        if i % 2 == 0 {
            s *= norm(x) + s;
        } else {
            s = s.sin() + norm(&x[1..]);
        }
    }
    s
}
sample!(call_in_branch_of_loop, [0.5..1.0; 3], 0.1..0.5, [0, 1, 4]);

/// Parts of parts.
#[derivative(hvp)]
pub fn call_with_windows(x: &[f64]) -> f64 {
    let inner = &x[1..5];
    let part = &inner[1..3];
    norm(part) + dot(&inner[..2], &[1.0, 2.0])
}
sample!(call_with_windows, [0.5..1.0; 6]);

/// Halves the array until one element is left.
#[derivative(hvp)]
pub fn tree_sum(x: &[f64]) -> f64 {
    if x.len() == 1 {
        return x[0] * x[0];
    }
    let middle = x.len() / 2;
    let left = tree_sum(&x[..middle]);
    let right = tree_sum(&x[middle..]);
    left + right * 0.5
}
sample!(tree_sum, [0.5..1.0; [1, 2, 5]]);

/// One array twice, and two parts of one that overlap.
#[derivative(hvp)]
pub fn call_with_one_array_twice(x: &[f64], a: &[[f64; 2]; 2]) -> f64 {
    dot(x, x) * dot(&x[..3], &x[1..]) + dot(&a[0], &a[1]) * dot(&a[1], &a[1])
}
sample!(call_with_one_array_twice, [0.5..1.0; 4], [[0.5..1.0; 2]; 2]);

#[derivative(hvp)]
pub fn mean(a: [f64; 3], mut w: [f64; 3]) -> f64 {
    let mut sum = 0.0;
    for i in 0..3 {
        w[i] *= w[i];
        sum += a[i] * w[i];
    }
    sum
}

/// Arrays by value, made where they are passed.
#[derivative(hvp)]
pub fn call_with_arrays_by_value(x: [f64; 3], y: f64) -> f64 {
    let w = [y, y * y, 0.5];
    mean(x, w) + mean([x[0], y, 1.0], x) * norm(&[x[2], y])
}
sample!(call_with_arrays_by_value, [0.5..1.0; 3], 0.5..1.0);

/// Constants that a callee reads later on: made in each iteration, and changed between the calls.
#[derivative(hvp)]
pub fn call_with_changing_constants(x: &[f64], n: usize) -> f64 {
    let mut product = 1.0;
    let mut w = vec![0.5; x.len()];
    for i in 0..n {
        let v = [i as f64, 0.25];
        product *= dot(x, &w) + dot(&x[..2], &v);
        w[0] += 0.125;
    }
    product
}
sample!(call_with_changing_constants, [0.5..1.0; 3], [0, 1, 4]);

/// Removes elements from both ends, down to none.
#[derivative(hvp)]
pub fn nested_products(x: &[f64]) -> f64 {
    match x.len() {
        0 => 1.0,
        1 => x[0].sin(),
        n => x[0] * nested_products(&x[1..n - 1]) + x[n - 1] * x[0],
    }
}
sample!(nested_products, [0.5..1.0; [0, 1, 2, 5]]);

#[derivative(order = 2)]
pub fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[derivative(order = 2)]
pub fn sum_and_norm(a: &[f64], k: f64) -> (f64, f64) {
    let mut sum = 0.0;
    for v in a {
        sum += k * v;
    }
    (sum, norm(a) * k)
}

/// Arrays and tuples that callees return, in a loop and passed on.
#[derivative(hvp)]
pub fn call_that_returns_arrays(x: &[f64; 3], y: f64, n: usize) -> f64 {
    let mut axis: [f64; 3] = cross(x, &[0.5, y, 1.0]);
    let mut total = 0.0;
    for _ in 0..n {
        let next: [f64; 3] = cross(&axis, x);
        let (sum, length) = sum_and_norm(&next, y);
        axis[0] = next[1] * length;
        total += sum * axis[2];
    }
    total + dot(&axis, &[y, 0.25, 1.0])
}
sample!(call_that_returns_arrays, [0.5..1.0; 3], 0.5..1.0, [0, 1, 3]);
