//! Places that change all at once: destructuring assignments, and what `std::mem` does with places.

use std::mem;
use std::mem::swap;

use diff_runtime::derivative;

// ---- destructuring assignments -----------------------------------------------------------------------------------

#[derivative]
pub fn to_declared_variables(x: f64, y: f64) -> f64 {
    let (a, b): (f64, f64);
    (a, b) = (x * y, y);
    let p;
    let q;
    if a > b {
        (p, q) = (a, b);
    } else {
        (p, q) = (b, a);
    }
    p * p * q + a
}
sample!(to_declared_variables, -1.5..1.5, -1.5..1.5);

#[derivative]
pub fn from_constants(x: f64, n: usize) -> f64 {
    let (mut a, mut b) = (0.0, 1.0);
    for k in 0..n {
        (a, b) = (b, a + b * x);
        if k == 3 {
            (a, b) = (1.0, a * b);
        }
    }
    a - b * b
}
sample!(from_constants, -1.5..1.5, [0, 2, 6]);

#[derivative]
pub fn of_elements(x: &[f64], i: usize) -> f64 {
    let mut v = x.to_vec();
    (v[i], v[i + 1]) = (v[i + 1], v[i] * v[i + 1]);
    let last;
    (v[0], last) = (v[1] * 2.0, v[v.len() - 1]);
    v[0] - v[1] * last
}
sample!(of_elements, [-1.5..1.5; 4], [0, 1, 2]);

#[derivative]
pub fn nested_and_left_out(x: f64, y: f64) -> f64 {
    let (mut a, mut b, mut c) = (x, y, 1.0);
    (a, (b, c)) = (b, (c, a * y));
    (_, a) = (c, a * b);
    [b, c] = [c, b + x];
    a * 2.0 + b * 3.0 + c * c
}
sample!(nested_and_left_out, -1.5..1.5, -1.5..1.5);

#[derivative]
pub fn beside_integers(x: f64, n: usize) -> f64 {
    let (mut a, mut k) = (x, n);
    while k > 0 {
        (a, k) = (a * x + 0.1 * k as f64, k - 1);
    }
    a
}
sample!(beside_integers, -1.5..1.5, [0, 1, 4]);

#[derivative]
pub fn of_a_branch(x: f64, y: f64) -> f64 {
    let (mut a, mut b) = (1.0, 2.0);
    (a, b) = if x > y { (x, a * y) } else { (y * b, x) };
    (b, a) = (a * b * x).sin_cos();
    a - b
}
sample!(of_a_branch, -1.5..1.5, -1.5..1.5);

#[derivative]
pub fn in_all_iterations(x: f64) -> f64 {
    let (mut s, mut c) = (0.0, 0.5);
    for i in 0..4 {
        (s, c) = (x * i as f64 + s * c).sin_cos();
    }
    s * c
}
sample!(in_all_iterations, -1.5..1.5);

// ---- `std::mem` --------------------------------------------------------------------------------------------------

#[derivative]
pub fn swapped_variables(x: f64, y: f64) -> f64 {
    let (mut a, mut b) = (x, y * y);
    std::mem::swap(&mut a, &mut b);
    if a > b {
        mem::swap(&mut a, &mut b);
    }
    let mut c = 3.0;
    swap(&mut b, &mut c);
    a * a * b + c * x
}
sample!(swapped_variables, -1.5..1.5, -1.5..1.5);

#[derivative]
pub fn swapped_in_a_loop(x: f64, n: usize) -> f64 {
    let mut before = 1.0;
    let mut current = x;
    for _ in 0..n {
        before = before * 0.5 + current * x;
        std::mem::swap(&mut before, &mut current);
    }
    current - before
}
sample!(swapped_in_a_loop, -1.5..1.5, [0, 1, 5]);

#[derivative]
pub fn swapped_elements(x: &mut [f64], y: &mut [f64; 3], i: usize) -> f64 {
    let mut held = x[i] * y[0];
    mem::swap(&mut x[i], &mut y[(i + 1) % 3]);
    mem::swap(&mut held, &mut y[2]);
    x[0] * y[0] * y[0] + held * y[1] + y[2]
}
sample!(swapped_elements, [-1.5..1.5; 3], [-1.5..1.5; 3], [0, 1, 2]);

#[derivative]
pub fn swapped_arrays(x: &[f64; 3]) -> f64 {
    let mut a = *x;
    let mut b = [0.0; 3];
    for i in 0..3 {
        b[i] = a[i] * a[(i + 1) % 3];
    }
    std::mem::swap(&mut a, &mut b);
    a[0] * b[1] + a[2] * a[2]
}
sample!(swapped_arrays, [-1.5..1.5; 3]);

#[derivative]
pub fn double_buffered(x: &[f64], n: usize) -> f64 {
    let mut current = x.to_vec();
    let mut next = vec![0.0; x.len()];
    for _ in 0..n {
        for i in 1..x.len() - 1 {
            next[i] = current[i] + 0.1 * (current[i - 1] - 2.0 * current[i] + current[i + 1]) * current[i];
        }
        std::mem::swap(&mut current, &mut next);
    }
    current.iter().map(|v| v * v).sum()
}
sample!(double_buffered, [-1.5..1.5; [3, 6]], [0, 1, 4]);

#[derivative]
pub fn swapped_with_other_lengths(x: &[f64]) -> f64 {
    let mut a = Vec::new();
    let mut b = Vec::new();
    for v in x {
        if *v > 0.0 {
            a.push(v * v);
        } else {
            b.push(v * 3.0);
        }
    }
    mem::swap(&mut a, &mut b);
    a.iter().sum::<f64>() * 2.0 + b.iter().map(|v| v * v).sum::<f64>()
}
sample!(swapped_with_other_lengths, [-1.5..1.5; [0, 1, 5]]);

#[derivative]
pub fn replaced(x: &[f64], y: f64) -> f64 {
    let mut v = x.to_vec();
    let mut a = y;
    let old = std::mem::replace(&mut a, y * x[1]);
    let first = mem::replace(&mut v[0], old * a);
    let taken = std::mem::take(&mut v[1]);
    old * a * first + v[0] * taken + v[1]
}
sample!(replaced, [-1.5..1.5; [2, 3]], -1.5..1.5);

#[derivative]
pub fn replaced_while_going_on(x: f64, n: usize) -> f64 {
    let mut a = x;
    let mut total = 0.0;
    for k in 0..n {
        let next = a * x + 0.1 * k as f64;
        total += std::mem::replace(&mut a, next) * a;
    }
    total
}
sample!(replaced_while_going_on, -1.5..1.5, [0, 1, 4]);
