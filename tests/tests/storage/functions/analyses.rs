//! What each analysis looks for, and what looks like it and is none.

use diff_runtime::derivative;

/// Scratch arrays in two loops, a counter over a triangle, copies in a loop with a tape.
#[derivative]
pub fn mixture(alphas: &[f64], means: &[f64], factors: &[f64], #[constant] points: &[f64], d: usize) -> f64 {
    let k = alphas.len();
    let size = d * (d + 1) / 2;
    let mut centered = vec![0.0; d];
    let mut rotated = vec![0.0; d];
    let mut terms = vec![0.0; k];
    let mut sum = 0.0;
    for p in 0..points.len() / d {
        for c in 0..k {
            for i in 0..d {
                centered[i] = points[p * d + i] - means[c * d + i];
            }
            for i in 0..d {
                rotated[i] = factors[c * size + i].exp() * centered[i];
            }
            let mut l = c * size + d;
            for i in 0..d {
                for j in i + 1..d {
                    rotated[j] += factors[l] * centered[i];
                    l += 1;
                }
            }
            let mut square = 0.0;
            for i in 0..d {
                square += rotated[i] * rotated[i];
            }
            terms[c] = alphas[c] - 0.5 * square;
        }
        let mut greatest = terms[0];
        for c in 1..k {
            if terms[c] > greatest {
                greatest = terms[c];
            }
        }
        let mut exponentials = 0.0;
        for c in 0..k {
            exponentials += (terms[c] - greatest).exp();
        }
        sum += exponentials.ln() + greatest;
    }
    sum
}
sample!(mixture, [-1.0..1.0; 2], [-1.0..1.0; 6], [-0.5..0.5; 12], [-1.0..1.0; 12], [3]);

/// Each iteration overwrites the array before it reads it, and what follows the loop reads what the last has left.
#[derivative]
pub fn scratch_read_afterwards(x: &[f64]) -> f64 {
    let mut c = vec![0.0; 3];
    let mut s = 0.0;
    for p in 0..x.len() {
        for i in 0..3 {
            c[i] = x[p].sin() * (i as f64 + 1.0);
        }
        for i in 0..3 {
            s += c[i] * c[i];
        }
    }
    s * c[1]
}
sample!(scratch_read_afterwards, [0.1..1.0; [0, 1, 4]]);

/// Only a part is overwritten: the rest is state.
#[derivative]
pub fn scratch_in_part(x: &[f64]) -> f64 {
    let mut c = vec![1.0; 4];
    let mut s = 0.0;
    for p in 0..x.len() {
        for i in 0..3 {
            c[i] = c[i + 1] * x[p];
        }
        for i in 0..3 {
            s += c[i] * c[i];
        }
        c[3] = x[p];
    }
    s
}
sample!(scratch_in_part, [0.1..1.0; [0, 1, 5]]);

/// The array is overwritten in some iterations alone.
#[derivative]
pub fn scratch_at_times(x: &[f64]) -> f64 {
    let mut c = [1.0; 2];
    let mut s = 0.0;
    for p in 0..x.len() {
        if p % 2 == 0 {
            for i in 0..2 {
                c[i] = x[p] * x[p];
            }
        }
        for i in 0..2 {
            s += c[i] * x[p];
        }
    }
    s
}
sample!(scratch_at_times, [0.1..1.0; [1, 2, 5]]);

/// Scratch of two dimensions, and scratch that two loops use in turn.
#[derivative]
pub fn scratch_twice(x: &[f64]) -> f64 {
    let mut m = [[0.0; 2]; 3];
    let mut c = vec![0.0; 2];
    let mut s = 0.0;
    for p in 0..x.len() {
        for i in 0..3 {
            for j in 0..2 {
                m[i][j] = (x[p] * (i + j + 1) as f64).sin();
            }
        }
        for j in 0..2 {
            c[j] = m[0][j] * m[2][j];
        }
        s += c[0] * c[1] + m[1][0] * m[1][0];
    }
    for p in 0..x.len() {
        for j in 0..2 {
            c[j] = x[p] + j as f64;
        }
        s += c[0] * c[0] * c[1];
    }
    s
}
sample!(scratch_twice, [-1.0..1.0; [0, 1, 3]]);

/// A recurrence that overwrites arrays: what an iteration leaves in them is read far away.
#[derivative]
pub fn snapshots_in_a_recurrence(x: &[f64], n: usize) -> f64 {
    let d = x.len();
    let mut c = vec![0.0; d];
    let mut e = vec![0.0; d];
    let mut out = vec![0.0; n];
    let mut s = 1.0;
    for k in 0..n {
        for i in 0..d {
            c[i] = (x[i] * s).sin();
        }
        for i in 0..d {
            e[i] = c[i] * c[i] + x[i];
        }
        let mut t = 0.0;
        for i in 0..d {
            t += e[i] * e[i] * c[d - 1 - i];
        }
        out[k] = t * t;
        s = 0.5 * s + t;
    }
    let mut sum = 0.0;
    for k in 0..n {
        sum += out[k] * out[k];
    }
    sum
}
sample!(snapshots_in_a_recurrence, [-0.7..0.7; [1, 3]], [0, 1, 3]);

/// An array that is overwritten only after it was read: it is the state of a system.
#[derivative]
pub fn state_overwritten_last(x: &[f64], n: usize) -> f64 {
    let d = x.len();
    let mut state = x.to_vec();
    let mut next = vec![0.0; d];
    let mut sum = 0.0;
    for k in 0..n {
        for i in 0..d {
            next[i] = (state[i] * state[(i + 1) % d]).sin() + x[k % d];
        }
        for i in 0..d {
            state[i] = next[i] * next[i];
        }
        sum += state[0];
    }
    sum
}
sample!(state_overwritten_last, [-1.0..1.0; [1, 3]], [0, 1, 4]);

/// Loops that do not run, with windows that would be out of bounds.
#[derivative]
pub fn windows_of_nothing(x: &[f64], n: usize) -> f64 {
    let mut s = 0.0;
    for i in 0..n {
        for j in 0..i {
            s += x[j] * x[j + 1] * x[i];
        }
        for j in i + 5..i {
            s += x[j * 7 + 100];
        }
        for j in 0..0 {
            s += x[i * 1000 + j];
        }
    }
    s
}
sample!(windows_of_nothing, [-1.0..1.0; 4], [0, 1, 4]);

/// Starts that are not zero, ends that are not the length, both neighbours, backwards.
#[derivative]
pub fn windows_with_offsets(x: &[f64]) -> f64 {
    let n = x.len();
    let mut out = x.to_vec();
    for i in 1..n - 1 {
        out[i] = x[i - 1] * x[i + 1] - x[i] * x[i];
    }
    for i in (2..n).rev() {
        out[i - 2] += x[i] * x[i - 1];
    }
    let mut s = out[0] * x[n - 1];
    for i in 2..=n - 1 {
        s += out[i] * out[i - 1];
    }
    s
}
sample!(windows_with_offsets, [-1.0..1.0; [2, 6]]);

/// Rows of a matrix in one slice, written and read in one loop: only one window can be lent.
#[derivative]
pub fn windows_that_overlap(a: &[f64], n: usize) -> f64 {
    let mut m = a.to_vec();
    for i in 1..n {
        for j in 0..n {
            m[i * n + j] = m[i * n + j] * m[(i - 1) * n + j] + a[j * n + i];
        }
    }
    let mut s = 0.0;
    for i in 0..n {
        for j in 0..n {
            s += m[i * n + j] * m[j * n + i];
        }
    }
    s
}
sample!(windows_that_overlap, [-1.0..1.0; 9], [1, 2, 3]);

/// Counters that go up by two, at times, by a variable, and that are read after the loop.
#[derivative]
pub fn counters(x: &[f64], step: usize) -> f64 {
    let mut s = 0.0;
    let mut k = 0;
    let mut positive = 0;
    let mut far = 1;
    for i in 0..x.len() / 4 {
        s += x[k] * x[k + 1];
        k += 2;
        if i % 2 == 0 {
            s *= x[positive];
            positive += 1;
        }
        s += (x[far] * s).sin();
        far += step;
    }
    s * x[k] * x[positive]
}
sample!(counters, [-1.0..1.0; 9], [1, 2]);

/// A counter in a loop that breaks, and one in a `while`.
#[derivative]
pub fn counters_of_loops_that_break(x: &[f64]) -> f64 {
    let mut s = 1.0;
    let mut k = 0;
    for i in 0..x.len() {
        s = (s * x[k]).cos();
        if s > 0.95 {
            break;
        }
        k += 1;
        if i > 2 {
            break;
        }
    }
    let mut j = 0;
    while j < x.len() {
        s *= x[j].exp() + x[if k < x.len() { k } else { 0 }];
        j += 2;
    }
    s
}
sample!(counters_of_loops_that_break, [-1.0..1.0; [1, 2, 6]]);

/// Neighbours far apart and near, in one loop that only adds up.
#[derivative]
pub fn neighbours(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for i in 0..x.len() - 2 {
        s += (x[i] * x[i + 1]).sin() + x[i + 1] * x[i + 2] * x[i + 2];
    }
    s
}
sample!(neighbours, [-1.0..1.0; [2, 3, 7]]);

const WIDTH: usize = 4;

/// Tapes whose length is a constant, a literal, a variable, and one that starts at one.
#[derivative]
pub fn tapes(x: &[f64], weights: &[f64]) -> f64 {
    let mut total = 0.0;
    for p in 0..x.len() {
        let mut h = [0.0; WIDTH];
        for i in 0..WIDTH {
            h[i] = (weights[i] * x[p]).tanh();
        }
        let mut product = 1.0;
        for i in 1..WIDTH {
            product *= h[i] + h[i - 1];
        }
        for i in 0..3 {
            product = (product + h[i]).exp();
        }
        for i in 0..weights.len() {
            product = product * weights[i] + x[p];
        }
        total += product;
    }
    total
}
sample!(tapes, [-1.0..1.0; [0, 1, 3]], [-0.5..0.5; 4]);

/// A product with its factors in the gradient's own place.
#[derivative]
pub fn scan(x: &[f64], y: &[f64]) -> f64 {
    let mut s = 1.0;
    for i in 0..x.len() {
        s = s * x[i] + y[i];
    }
    s
}
sample!(scan, [-1.0..1.0; 5], [-1.0..1.0; 5]);

/// The outer loop only adds up and records nothing, but the seed of its sum is known at the end alone: the loop inside
/// takes its records from the last to the first.
#[derivative]
pub fn records_of_an_inner_loop(x: &[f64]) -> f64 {
    let mut s = 1.0;
    for i in 0..x.len() {
        for j in i + 1..x.len() {
            s += (x[i] * x[j]).exp();
        }
    }
    s.sqrt() * s.sin()
}
sample!(records_of_an_inner_loop, [-1.0..1.0; [0, 1, 2, 5]]);
