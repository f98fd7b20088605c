//! Vectors that grow and shrink, and the parts of arrays that are changed through them.

use diff_runtime::derivative;

/// As many elements as there are inputs.
#[derivative(hvp)]
pub fn collected(x: &[f64]) -> f64 {
    let mut squares = Vec::with_capacity(x.len());
    for i in 0..x.len() {
        squares.push(x[i] * x[i]);
    }
    let mut product = 1.0;
    for i in 0..squares.len() {
        product *= 0.5 + squares[i];
    }
    product
}
sample!(collected, [-1.0..1.0; [1, 4, 0]]);

/// How many there are depends on the values.
#[derivative(hvp)]
pub fn filtered(x: &[f64], y: f64) -> f64 {
    let mut kept = Vec::new();
    for v in x {
        if *v > 0.1 {
            kept.push(v.sin() * y);
        } else if *v < -0.3 {
            kept.push(*v);
            kept.push(2.0);
        }
    }
    let mut sum = 0.0;
    for i in 0..kept.len() {
        sum += kept[i] * kept[kept.len() - 1 - i] * (i as f64 + 1.0);
    }
    sum + y
}
sample!(filtered, [-1.0..1.0; [6, 0, 9]], 0.5..2.0);

/// Each element is made of those before.
#[derivative(hvp)]
pub fn recurrence(a: f64, b: f64, n: usize) -> f64 {
    let mut v = Vec::with_capacity(n + 2);
    v.push(a);
    v.push(b);
    while v.len() < n + 2 {
        let k = v.len();
        v.push(v[k - 1].sin() + 0.5 * v[k - 2] * v[0]);
    }
    v[n + 1] * v[n / 2]
}
sample!(recurrence, -1.0..1.0, -1.0..1.0, [0, 1, 5]);

/// Reverse Polish notation: a stack.
#[derivative(hvp)]
pub fn stack_machine(x: &[f64], program: usize) -> f64 {
    let mut stack: Vec<f64> = Vec::new();
    stack.push(x[0]);
    stack.push(x[1]);
    for step in 0..program {
        stack.push(x[step % x.len()]);
        if step % 3 == 2 {
            let b = stack.pop().unwrap();
            let a = stack.pop().unwrap();
            stack.push(a * b + a.cos());
        }
        if step % 4 == 3 {
            let a = stack.pop().expect("a value");
            stack.push(a.exp());
        }
    }
    let mut result = stack.pop().unwrap();
    while stack.len() > 1 {
        result = result * 0.5 + stack.pop().unwrap();
    }
    result * stack[0]
}
sample!(stack_machine, [-1.0..1.0; 3], [0, 4, 11]);

/// A vector in each iteration, in a loop that only adds up.
#[derivative(hvp)]
pub fn rows_of_their_own(x: &[f64], n: usize) -> f64 {
    let mut total = 0.0;
    for i in 0..n {
        let mut row = Vec::new();
        for j in 0..i + 1 {
            row.push(x[j % x.len()] * x[i % x.len()]);
            if row[j] < 0.0 {
                row.push(1.5);
            }
        }
        let mut p = 1.0;
        for v in &row {
            p *= v + 0.3;
        }
        total += p;
    }
    total
}
sample!(rows_of_their_own, [-1.0..1.0; [2, 5]], [0, 1, 6]);

/// A vector in each iteration of a recurrence.
#[derivative(hvp)]
pub fn rows_in_a_recurrence(x: f64, n: usize) -> f64 {
    let mut state = x;
    for i in 0..n {
        let mut row = vec![state];
        for j in 0..i {
            row.push(row[j] * state + 0.1);
        }
        let last = row.pop().unwrap();
        state = last.sin() + row.len() as f64 * 0.1 * state;
    }
    state
}
sample!(rows_in_a_recurrence, -1.0..1.0, [0, 1, 5]);

/// Cut off, and grown again.
#[derivative(hvp)]
pub fn truncated(x: &[f64], keep: usize) -> f64 {
    let mut v = x.to_vec();
    let mut sum = 0.0;
    for round in 0..3 {
        for i in 0..v.len() {
            sum += v[i] * v[i] * (round as f64 + 1.0);
        }
        v.truncate(keep);
        let n = v.len();
        v.push(sum * 0.1);
        v.extend_from_slice(x);
        v[n] *= x[0];
    }
    v.clear();
    v.extend_from_slice(&x[1..]);
    v.push(0.25);
    for a in &v {
        sum *= 1.0 + 0.1 * a;
    }
    sum
}
sample!(truncated, [-1.0..1.0; [2, 5]], [0, 1, 4]);

/// Resized: what comes are zeros.
#[derivative(hvp)]
pub fn resized(x: &[f64], n: usize) -> f64 {
    let mut v = Vec::new();
    v.extend_from_slice(x);
    v.resize(n, 0.0);
    let mut sum = x[0];
    for i in 0..n {
        sum += v[i].exp() * (i as f64 + 1.0);
        v[i] += sum;
    }
    for i in 0..n {
        sum *= 0.1 + v[i].cos();
    }
    sum
}
sample!(resized, [-0.5..0.5; [3, 4]], [1, 3, 6]);

/// Constants go in as well, before and after.
#[derivative(hvp)]
pub fn with_constants(x: f64, #[constant] data: &[f64]) -> f64 {
    let mut v = vec![1.0];
    v.extend_from_slice(data);
    v.extend_from_slice(&[0.5, x, x * x]);
    v.push(2.0);
    let mut p = x;
    for i in 0..v.len() {
        p = p * 0.5 + v[i] * x;
    }
    p
}
sample!(with_constants, -1.0..1.0, [-1.0..1.0; [2, 4]]);

/// The parameter itself grows.
#[derivative(hvp)]
pub fn grown_parameter(mut v: Vec<f64>, y: f64) -> f64 {
    v.push(y);
    let n = v.len();
    v.push(v[0] * v[n - 1]);
    let mut sum = 0.0;
    for i in 0..v.len() {
        sum += v[i].powi(3);
    }
    sum
}
sample!(grown_parameter, [-1.0..1.0; [1, 3]], -1.0..1.0);

/// It moves, and grows under another name.
#[derivative(hvp)]
pub fn moved(x: &[f64]) -> f64 {
    let mut v = Vec::new();
    for a in x.iter() {
        v.push(a.tanh());
    }
    let n = v.len();
    let mut w = v;
    w.push(w[0] * 3.0);
    w[n] * w[n - 1] + w.len() as f64 * w[0]
}
sample!(moved, [-1.0..1.0; [1, 3]]);

/// Points, in rows.
#[derivative(hvp)]
pub fn polygon_area(r: f64, stretch: f64, n: usize) -> f64 {
    let mut points: Vec<[f64; 2]> = Vec::with_capacity(n);
    for k in 0..n {
        let angle = k as f64 * 0.9;
        points.push([r * angle.cos() * stretch, (r + 0.1 * k as f64) * angle.sin()]);
    }
    let first = points[0];
    points.push(first);
    let mut area = 0.0;
    for k in 0..n {
        area += points[k][0] * points[k + 1][1] - points[k + 1][0] * points[k][1];
    }
    0.5 * area
}
sample!(polygon_area, 0.5..2.0, 0.5..2.0, [3, 5]);

/// A loop that leaves early.
#[derivative(hvp)]
pub fn until_full(x: &[f64]) -> f64 {
    let mut sums: Vec<f64> = Vec::new();
    let mut s = 0.0;
    for i in 0..x.len() {
        if x[i] < -0.5 {
            continue;
        }
        s += x[i] * x[i];
        sums.push(s.sqrt());
        if s > 0.6 {
            break;
        }
    }
    if sums.is_empty() {
        return x[0];
    }
    sums.last().unwrap() * sums.first().unwrap() + sums[sums.len() / 2]
}
sample!(until_full, [-1.0..1.0; [1, 4, 7]]);

/// In single precision.
#[derivative(hvp)]
pub fn single(x: &[f32]) -> f32 {
    let mut v: Vec<f32> = Vec::new();
    for i in 0..x.len() {
        v.push(x[i] * 0.5);
        v.push(x[i] * x[i]);
    }
    let mut p = 1.0;
    for i in 0..v.len() {
        p += v[i] * v[v.len() - 1 - i];
    }
    p
}
sample!(single, [-1.0..1.0; [1, 3]]);

/// Grown where a branch ends the function.
#[derivative(hvp)]
pub fn in_the_last_branch(x: f64, y: f64) -> f64 {
    let mut v = Vec::new();
    v.push(x * y);
    if x > 0.0 {
        v.push(y.sin());
        v[0] * v[1]
    } else {
        v.push(x.cos());
        v.push(y);
        v[0] * v[2] + v[1]
    }
}
sample!(in_the_last_branch, -1.0..1.0, -1.0..1.0);

/// Inclusive windows.
#[derivative(hvp)]
pub fn inclusive_windows(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    let n = x.len();
    for i in 1..n {
        let head = &x[..=i];
        let pair = &x[i - 1..=i];
        sum += head[i] * head[0] + pair[0] * pair[1] * pair.len() as f64;
    }
    sum
}
sample!(inclusive_windows, [-1.0..1.0; [2, 5]]);

/// Both halves are changed.
#[derivative(hvp)]
pub fn split_mutably(x: &[f64], k: usize) -> f64 {
    let mut v = x.to_vec();
    {
        let (left, right) = v.split_at_mut(k);
        for i in 0..left.len() {
            left[i] *= right[0] + i as f64;
        }
        right[0] += left[0] * left[k - 1];
    }
    let mut p = 1.0;
    for i in 0..v.len() {
        p += v[i] * v[i] * p;
    }
    p
}
sample!(split_mutably, [-1.0..1.0; [4, 6]], [1, 2, 3]);

/// A part is split, in a loop.
#[derivative(hvp)]
pub fn butterflies(x: [f64; 8]) -> f64 {
    let mut v = x;
    let mut half = 4;
    while half > 0 {
        for chunk in v.chunks_exact_mut(2 * half) {
            let (low, high) = chunk.split_at_mut(half);
            for i in 0..half {
                let (a, b) = (low[i], high[i]);
                low[i] = a + b;
                high[i] = (a - b) * (0.5 + i as f64);
            }
        }
        half /= 2;
    }
    let mut sum = 0.0;
    for (i, a) in v.iter().enumerate() {
        sum += a * a * (i as f64 + 1.0);
    }
    sum
}
sample!(butterflies, [-1.0..1.0; 8]);

/// Rows that are changed chunk by chunk.
#[derivative(hvp)]
pub fn normalised_chunks(x: &[f64], size: usize) -> f64 {
    let mut v = x.to_vec();
    for chunk in v.chunks_exact_mut(size) {
        let mut norm = 0.1;
        for a in chunk.iter() {
            norm += a * a;
        }
        for a in chunk.iter_mut() {
            *a /= norm;
        }
    }
    let mut sum = 0.0;
    for w in v.windows(2) {
        sum += w[0] * w[1];
    }
    sum
}
sample!(normalised_chunks, [-1.0..1.0; [6, 7]], [1, 2, 3]);

/// The first and the last, whatever is between.
#[derivative(hvp)]
pub fn ends(x: &[f64]) -> f64 {
    let first = x.first().unwrap();
    let last = *x.last().unwrap();
    first * last + x.get(x.len() / 2).unwrap().sin() + x.first().copied().unwrap()
}
sample!(ends, [-1.0..1.0; [1, 4]]);

/// Steps, and reversed steps.
#[derivative(hvp)]
pub fn steps(x: &[f64], k: usize) -> f64 {
    let mut s = 0.3;
    for i in (0..x.len()).rev().step_by(k) {
        s = s * x[i] + (i as f64);
    }
    for i in (0..x.len()).step_by(k).rev() {
        s = s.sin() * x[i] + 0.1 * s;
    }
    for i in (1..=x.len()).rev() {
        s = s * 0.5 + x[i - 1] * s;
    }
    s
}
sample!(steps, [-1.0..1.0; [3, 6]], [1, 2, 3]);
