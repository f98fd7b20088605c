//! What is easily got wrong: copies and references, orders of evaluation, data that change, loops over several arrays.

use diff_runtime::derivative;

/// Constants that change as the loop runs: each iteration has used others.
#[derivative(hvp)]
pub fn changing_weights(x: &[f64]) -> f64 {
    let mut w = [1.0, 2.0, 0.5];
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += w[i % 3] * x[i].sin() * (w[(i + 1) % 3] * x[i]).cos();
        w[i % 3] *= -0.9;
        w[(i + 1) % 3] += 0.1;
    }
    sum
}
sample!(changing_weights, [-1.0..1.0; [0, 1, 7]]);

/// Data that the function overwrites before it uses them again.
#[derivative(hvp)]
pub fn scratch_of_the_caller(x: &[f64], #[constant] scratch: &mut [f64]) -> f64 {
    let mut value = 1.0;
    for i in 0..x.len() {
        value = value * scratch[i] + x[i] * value.sin();
        scratch[i] = 0.5 * scratch[i] + 1.0;
        value += scratch[i] * x[i];
    }
    value
}
sample!(scratch_of_the_caller, [-1.0..1.0; 4], [0.2..1.0; 4]);

/// What varies is stored in the data, and read back.
#[derivative(hvp)]
pub fn values_in_scratch(x: &[f64], #[constant] scratch: &mut [f64], #[constant] mut own: [f64; 2]) -> f64 {
    scratch[0] = x[0] * x[1] + scratch[1];
    own[1] += scratch[0] * scratch[0];
    scratch[1] *= own[1];
    scratch[1] * x[1] + own[0] * own[1]
}
sample!(values_in_scratch, [-1.0..1.0; 2], [0.2..1.0; 2], [0.2..1.0; 2]);

/// Flags that the numbers set, and integers that they count.
#[derivative(hvp)]
pub fn flags_and_counts(x: &[f64]) -> f64 {
    let mut positive = [false; 6];
    let mut counts = [0; 2];
    for i in 0..x.len() {
        positive[i] = x[i] > 0.0;
        counts[positive[i] as usize] += 1;
    }
    let mut sum = 0.0;
    for i in 0..x.len() {
        if positive[i] {
            sum += x[i] * f64::from(counts[0]);
        } else {
            sum -= x[i] * x[i] * f64::from(counts[1]);
        }
    }
    sum
}
sample!(flags_and_counts, [-1.0..1.0; [0, 1, 6]]);

/// The right side is evaluated before the index.
#[derivative(hvp)]
pub fn right_side_moves_the_index(x: &[f64; 4]) -> f64 {
    let mut a = [0.5, 0.25, 2.0, 1.5];
    let mut i = 0;
    a[i] = {
        i += 1;
        x[i] * x[0]
    };
    a[i] += {
        i += 1;
        x[i].sin()
    };
    a[i] *= {
        i += 1;
        x[i]
    };
    a[0] + 10.0 * a[1] * a[2] + 100.0 * a[3]
}
sample!(right_side_moves_the_index, [-1.0..1.0; 4]);

/// The element is read before what follows changes it.
#[derivative(hvp)]
pub fn element_is_read_first(x: &[f64; 2]) -> f64 {
    let mut a = *x;
    let y = a[0] * {
        a[0] = a[1] + 1.0;
        a[0]
    };
    y + a[0] * {
        a[0] *= 3.0;
        a[1]
    }
}
sample!(element_is_read_first, [-1.0..1.0; 2]);

/// A copy does not see later writes to either.
#[derivative(hvp)]
pub fn copies_are_independent(x: &[f64; 3]) -> f64 {
    let mut a = *x;
    let mut b = a;
    let c = a.clone();
    a[0] = a[1] * a[2];
    b[1] = a[0] + b[0];
    let d = b;
    b[2] = 0.0;
    a[0] + b[0] * 2.0 + b[1] * 3.0 + b[2] + c[0] * 5.0 + d[2] * 7.0 * d[1]
}
sample!(copies_are_independent, [-1.0..1.0; 3]);

/// Vectors are moved under another name, and cloned.
#[derivative(hvp)]
pub fn moved_vectors(x: Vec<f64>) -> f64 {
    let y = x.clone();
    let mut z = x;
    z[0] = z[0] * y[1];
    let w = z;
    w[0] * y[0] + w[1]
}
sample!(moved_vectors, [-1.0..1.0; [2, 5]]);

/// A reference to an array, read.
#[derivative(hvp)]
pub fn through_a_reference(x: &[f64], k: f64) -> f64 {
    let y = &x;
    let mut a = [k, k * k];
    let b = &a;
    let first = b[0] * b[1] + y[0];
    a[0] = 3.0;
    first * a[0] + a[1]
}
sample!(through_a_reference, [-1.0..1.0; 3], -1.0..1.0);

/// The parameter's name is given to a copy.
#[derivative(hvp)]
pub fn shadowed_by_a_copy(x: &[f64], y: &[f64]) -> f64 {
    let mut x = x.to_vec();
    for i in 0..x.len() {
        x[i] *= y[i];
        x[0] += x[i];
    }
    let y = x.clone();
    for x in x.iter_mut() {
        *x = x.sin();
    }
    let mut sum = 0.0;
    for (x, y) in x.iter().zip(&y) {
        sum += x * y;
    }
    sum
}
sample!(shadowed_by_a_copy, [-1.0..1.0; [1, 4]], [-1.0..1.0; [1, 4]]);

/// Whole arrays assigned: literals, zeros, copies.
#[derivative(hvp)]
pub fn whole_assignments(x: &[f64; 3], n: usize) -> f64 {
    let mut a = [1.0, 2.0, 3.0];
    let mut b = *x;
    for i in 0..n {
        if i % 2 == 0 {
            a = [b[1] * a[0], b[2], x[0]];
        } else {
            let t = a;
            a = b;
            b = t;
            a[1] = a[1].sin();
        }
        if i == 3 {
            b = [0.0; 3];
        }
    }
    a[0] + a[1] * a[2] + b[0] * b[1] - b[2]
}
sample!(whole_assignments, [-1.0..1.0; 3], [0, 1, 2, 5]);

/// A pair of arrays in one `let`, with types.
#[derivative(hvp)]
pub fn declared_with_types(x: &[f64]) -> f64 {
    let mut a: [f64; 3] = [0.0; 3];
    let mut b: Vec<f64> = vec![1.0; x.len()];
    for (i, v) in x.iter().enumerate() {
        a[i % 3] += v;
        b[i] *= v + a[0];
    }
    let mut sum: f64 = 0.0;
    for v in b {
        sum += v * a[1];
    }
    sum + a[2]
}
sample!(declared_with_types, [-1.0..1.0; [0, 1, 5]]);

/// Several arrays at once, of different lengths: the shortest ends the loop.
#[derivative(hvp)]
pub fn zipped_three(x: &[f64], y: &[f64], z: &[f64]) -> f64 {
    let mut sum = 0.0;
    for ((a, b), c) in x.iter().zip(y.iter()).zip(z) {
        sum += a * b * c;
        sum *= 1.1;
    }
    sum
}
sample!(zipped_three, [-1.0..1.0; [0, 5]], [-1.0..1.0; [3, 4]], [-1.0..1.0; [2, 6]]);

#[derivative(hvp)]
pub fn enumerated_zip(x: &[f64], y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (i, (a, b)) in x.iter().zip(y).enumerate() {
        sum += a * b * (i + 1) as f64;
    }
    for ((i, a), b) in x.iter().enumerate().zip(y.iter()) {
        sum += (a - b * i as f64).powi(2);
    }
    sum
}
sample!(enumerated_zip, [-1.0..1.0; [0, 5]], [-1.0..1.0; [3, 4]]);

#[derivative(hvp)]
pub fn zipped_with_numbers(x: &[f64], n: usize) -> f64 {
    let mut sum = 0.0;
    for (a, i) in x.iter().zip(0..n) {
        sum += a.powi(i as i32 + 1);
    }
    sum
}
sample!(zipped_with_numbers, [0.2..1.0; [0, 5]], [0, 3, 9]);

/// One array is written while others are read.
#[derivative(hvp)]
pub fn zipped_and_written(x: &[f64], y: &[f64]) -> f64 {
    let mut a = vec![1.0; x.len()];
    let mut b = vec![0.5; x.len()];
    for (u, v) in a.iter_mut().zip(x) {
        *u += v * *u;
    }
    for ((u, w), v) in a.iter_mut().zip(b.iter_mut()).zip(y.iter()) {
        *w = *u * v;
        *u = w.sin() - *u;
    }
    let mut sum = 0.0;
    for (i, (u, w)) in a.iter().zip(b.iter()).enumerate() {
        sum += u * w * (i + 1) as f64;
    }
    sum
}
sample!(zipped_and_written, [-1.0..1.0; [0, 4]], [-1.0..1.0; [1, 3, 4]]);

#[derivative(hvp)]
pub fn over_mutable_references(x: &[f64; 4], k: f64) -> f64 {
    let mut a = *x;
    let mut carry = k;
    for v in &mut a {
        let old = *v;
        *v = old * carry;
        carry += old;
        if carry > 1.5 {
            break;
        }
        *v += 0.5;
    }
    a[0] + a[1] * a[2] + a[3] * carry
}
sample!(over_mutable_references, [-1.0..1.0; 4], -1.0..1.0);

/// Rows of nested arrays.
#[derivative(hvp)]
pub fn over_rows(a: &[[f64; 3]; 2]) -> f64 {
    let mut product = 1.0;
    for i in 0..2 {
        let mut sum = 0.0;
        for j in (0..3).rev() {
            sum = sum * 0.5 + a[i][j];
        }
        product *= sum;
    }
    product
}
sample!(over_rows, [[-1.0..1.0; 3]; 2]);

/// Strides and directions.
#[derivative(hvp)]
pub fn strides(x: &[f64], step: usize) -> f64 {
    let n = x.len();
    let mut value = 0.2;
    for i in (0..n).step_by(step) {
        value = value * x[i] + 0.5;
    }
    for i in (0..n).rev().step_by(step) {
        value = value.sin() + x[i] * value;
    }
    for i in (0..n).step_by(step).rev() {
        value = 0.5 * value + x[i] * x[i];
    }
    for i in (1..=n).rev() {
        value += x[i - 1] * value;
    }
    value
}
sample!(strides, [-1.0..1.0; [0, 1, 7]], [1, 2, 3, 9]);

/// The bounds of a loop are read from elements.
#[derivative(hvp)]
pub fn bounds_from_elements(x: &[f64; 5]) -> f64 {
    let mut a = *x;
    let from = (a[0].abs() * 2.0) as usize;
    let to = (a[1].abs() * 5.0) as usize;
    for i in from..to {
        a[i] = a[i] * a[0] + 0.25;
        a[0] += 0.1 * a[i];
    }
    a[0] * a[1] + a[2] + a[3] * a[4]
}
sample!(bounds_from_elements, [-1.0..1.0; 5]);

/// Indices of other integer types.
#[derivative(hvp)]
pub fn cast_indices(x: &[f64], order: &[u8]) -> f64 {
    let mut sum = 0.0;
    let mut last: i32 = -1;
    for &k in order {
        sum += x[k as usize] * x[(last + 1) as usize];
        last = i32::from(k) - 1;
    }
    sum
}
sample!(cast_indices, [-1.0..1.0; 4], [&[0, 3, 1][..], &[][..], &[2, 2][..]]);

/// A stack of places to visit: the order depends on the numbers.
#[derivative(hvp)]
pub fn depth_first(x: &[f64; 7]) -> f64 {
    let mut stack = vec![0usize];
    let mut value = 0.5_f64;
    while !stack.is_empty() {
        let i = stack.pop().unwrap_or(0);
        value = 0.8 * value + x[i] * value.cos();
        if 2 * i + 2 < 7 {
            if x[i] > 0.0 {
                stack.push(2 * i + 1);
                stack.push(2 * i + 2);
            } else {
                stack.push(2 * i + 2);
            }
        }
    }
    value
}
sample!(depth_first, [-1.0..1.0; 7]);

/// Left from the middle of nested loops with arrays that live there.
#[derivative(hvp)]
pub fn returned_with_local_arrays(x: &[f64], limit: f64) -> f64 {
    let mut total = [0.0; 2];
    for i in 0..x.len() {
        let mut row = vec![0.0; i + 1];
        for j in 0..=i {
            row[j] = x[j] * x[i] + total[j % 2];
            total[j % 2] += 0.5 * row[j];
            if total[0] > limit {
                return total[0] * row[j] + total[1];
            }
        }
        total[1] -= row[i] * row[0];
    }
    total[0] + total[1]
}
sample!(returned_with_local_arrays, [-0.5..1.0; [0, 2, 6]], 0.2..1.0);

/// Breaks and continues around arrays that are carried, in a loop of unknown length.
#[derivative(hvp)]
pub fn jumps_among_carried_arrays(x: &[f64; 3]) -> f64 {
    let mut a = *x;
    let mut b = [0.0; 3];
    let mut step = 0;
    'steps: loop {
        step += 1;
        for i in 0..3 {
            if a[i] < -0.2 {
                a[i] = -0.5 * a[i];
                continue 'steps;
            }
            b[i] += a[i] * a[(i + 1) % 3];
            if b[i] > 0.8 || step > 6 {
                break 'steps;
            }
        }
        a[step % 3] -= 0.3 * b[(step + 1) % 3] + 0.2;
    }
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[0]
}
sample!(jumps_among_carried_arrays, [-1.0..1.0; 3]);

/// Inactive code that looks at active arrays.
#[derivative(hvp)]
pub fn looked_at(x: &[f64]) -> f64 {
    assert!(x.iter().all(|v| v.is_finite()), "{x:?}");
    let mut a = x.to_vec();
    for i in 0..a.len() {
        a[i] *= x[i];
        debug_assert!(a.iter().all(|v| v.is_finite()));
    }
    let mut negative = 0;
    for v in x {
        if v.is_sign_negative() {
            negative += 1;
        }
    }
    let mut sum = 0.0;
    for v in &a {
        sum += v * negative as f64;
    }
    sum
}
sample!(looked_at, [-1.0..1.0; [0, 1, 5]]);

/// An element of another array decides between elements.
#[derivative(hvp)]
pub fn selected_elements(x: &[f64], y: &[f64], #[constant] mask: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        let v = if mask[i] > 0.0 { x[i] } else { y[i] };
        let w = if v > 0.5 { v } else { x[0] * v };
        sum += w * w;
    }
    sum
}
sample!(selected_elements, [-1.0..1.0; 5], [-1.0..1.0; 5], [-1.0..1.0; 5]);

/// The same variable is an accumulator, a factor and an index's origin.
#[derivative(hvp)]
pub fn accumulator_that_is_read(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    let mut other = 1.0;
    for i in 0..x.len() {
        sum += x[i] * other;
        if sum > 0.4 {
            other += sum * x[i];
        }
        other += x[i] * x[i];
    }
    sum * other
}
sample!(accumulator_that_is_read, [-1.0..1.0; [0, 1, 7]]);

/// An accumulator in an element, read by the element that follows.
#[derivative(hvp)]
pub fn accumulators_in_elements(x: &[f64]) -> f64 {
    let mut s = [0.0; 3];
    for v in x {
        s[0] += v;
        s[1] += v * s[0];
        s[2] += s[1].sin() * v;
    }
    s[2] + s[1] * s[0]
}
sample!(accumulators_in_elements, [-1.0..1.0; [0, 1, 6]]);

/// Only the first loop's result is needed, and the second one overwrites what it read.
#[derivative(hvp)]
pub fn overwritten_after_use(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    let mut sum = 0.0;
    for i in 0..a.len() {
        sum += a[i].exp();
    }
    for i in 0..a.len() {
        a[i] = sum * i as f64;
    }
    let mut product = 1.0;
    for i in 0..a.len() {
        product += a[i] * x[i];
        a[i] = 0.0;
    }
    product * sum
}
sample!(overwritten_after_use, [-1.0..1.0; [0, 1, 4]]);

/// A table of partial results that later iterations of an outer loop read.
#[derivative(hvp)]
pub fn memoised(x: &[f64; 3]) -> f64 {
    let mut memo = [0.0; 8];
    let mut known = [false; 8];
    let mut sum = 0.0;
    for k in [3, 5, 3, 7, 5, 1] {
        if !known[k] {
            known[k] = true;
            let mut v = x[k % 3];
            for _ in 0..k {
                v = v * x[(k + 1) % 3] + 0.3;
            }
            memo[k] = v;
        }
        sum += memo[k] * memo[k] * (1.0 + sum);
    }
    sum
}
sample!(memoised, [-0.9..0.9; 3]);

/// Numbers that are cast to an index, and used as numbers as well.
#[derivative(hvp)]
pub fn floor_and_fraction(x: &[f64], table: &[f64; 4]) -> f64 {
    let mut sum = 0.0;
    for v in x {
        let scaled = v.abs() * 2.9;
        let k = scaled.floor();
        let t = scaled - k;
        let i = k as usize;
        sum += table[i] + t * (table[(i + 1) % 4] - table[i]);
    }
    sum * sum
}
sample!(floor_and_fraction, [-1.0..1.0; [0, 5]], [-1.0..1.0; 4]);

/// A guard keeps a pole out.
#[derivative(hvp)]
pub fn guarded_division(x: &[f64], y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (a, b) in x.iter().zip(y) {
        if b.abs() < 0.1 {
            continue;
        }
        sum += a / b;
    }
    sum
}
sample!(guarded_division, [-1.0..1.0; 6], [-1.0..1.0; 6]);

/// Half of the elements are set in a first loop, the others in a second one.
#[derivative(hvp)]
pub fn even_then_odd(x: &[f64]) -> f64 {
    let n = x.len();
    let mut a = vec![0.0; n];
    for i in (0..n).step_by(2) {
        a[i] = x[i] * x[(i + 1) % n];
    }
    for i in (1..n).step_by(2) {
        a[i] = a[i - 1] * x[i] + a[(i + 1) % n];
    }
    let mut sum = 0.0;
    for i in 0..n {
        sum += a[i] * a[n - 1 - i];
    }
    sum
}
sample!(even_then_odd, [-1.0..1.0; [1, 2, 7]]);
