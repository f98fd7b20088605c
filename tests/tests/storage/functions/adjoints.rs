//! Loops that add to arrays of adjoints: what may be assigned, gathered, carried, and kept where it is to be assigned, and
//! what looks like it.

use diff_runtime::derivative;

/// The prefixes stand where the gradient is to be.
#[derivative]
pub fn product(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for i in 0..x.len() {
        p *= x[i];
    }
    p
}
sample!(product, [0.5..1.5; [0, 1, 6]]);

/// Away from the index, in a part of the array; the rest of the gradient is zero.
#[derivative]
pub fn product_of_a_part(x: &[f64], from: usize, to: usize) -> f64 {
    let mut p = 1.0;
    for i in from..to {
        p *= x[i + 1];
    }
    p
}
sample!(product_of_a_part, [0.5..1.5; 7], [0, 2], [0, 1, 2, 5]);

/// The lower neighbour; where the loop does not run, its end is below its distance.
#[derivative]
pub fn product_from_below(x: &[f64], to: usize) -> f64 {
    let mut p = 1.0;
    for i in 1..to {
        p *= x[i - 1];
    }
    p
}
sample!(product_from_below, [0.5..1.5; 5], [0, 1, 2, 6]);

/// An array whose length is known, in part.
#[derivative]
pub fn product_of_an_array(x: &[f64; 8]) -> f64 {
    let mut p = 1.0;
    for i in 3..6 {
        p *= x[i - 2];
    }
    for i in 5..2 {
        p *= x[i - 5];
    }
    p
}
sample!(product_of_an_array, [0.5..1.5; 8]);

/// Two fields of a record, and an array for each.
#[derivative]
pub fn two_arrays(x: &[f64], y: &[f64]) -> f64 {
    let (mut p, mut q) = (1.0, 2.0);
    for i in 0..x.len() {
        p = p * x[i] + q;
        q *= y[i];
    }
    p * q
}
sample!(two_arrays, [0.5..1.5; [0, 1, 5]], [0.5..1.5; 5]);

/// Two fields of a record, and one array.
#[derivative]
pub fn two_fields(x: &[f64]) -> f64 {
    let (mut p, mut q) = (1.0, 2.0);
    for i in 0..x.len() {
        let t = p * q;
        q = (q * x[i]).sin();
        p = t + x[i];
    }
    p * q
}
sample!(two_fields, [0.5..1.5; [0, 1, 5]]);

/// Another float type in the record than in the array.
#[derivative(wrt(x))]
pub fn narrow_elements(x: &[f32]) -> f64 {
    let mut p = 1.0;
    for i in 0..x.len() {
        p *= x[i] as f64;
    }
    p
}
sample!(narrow_elements, [0.5..1.5; [0, 1, 5]]);

/// The loops of the reverse sweep run the other way: the later one adds to what the first has left.
#[derivative]
pub fn product_twice(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for i in 0..x.len() {
        p *= x[i];
    }
    let mut q = 2.0;
    for i in (0..x.len()).rev() {
        q = (q * x[i]).sin();
    }
    p * q
}
sample!(product_twice, [0.5..1.5; [0, 1, 5]]);

/// An element is read outside of the loop as well.
#[derivative]
pub fn product_and_an_element(x: &[f64]) -> f64 {
    let mut p = x[1];
    for i in 0..x.len() {
        p *= x[i];
    }
    p * x[2]
}
sample!(product_and_an_element, [0.5..1.5; [3, 5]]);

/// Some iterations leave their element alone.
#[derivative]
pub fn product_at_times(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for i in 0..x.len() {
        if i % 2 == 0 {
            p *= x[i];
        }
    }
    p
}
sample!(product_at_times, [0.5..1.5; [0, 1, 5]]);

/// Nothing is touched where the function returns early.
#[derivative]
pub fn early(x: &[f64], stop: bool) -> f64 {
    if x.is_empty() {
        return 0.0;
    }
    if stop {
        return x[0] * x[0];
    }
    let mut p = 1.0;
    for i in 0..x.len() {
        p *= x[i];
    }
    p
}
sample!(early, [0.5..1.5; [0, 1, 5]], [false, true]);

/// A loop that breaks leaves the rest of the gradient zero.
#[derivative]
pub fn product_that_breaks(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for i in 0..x.len() {
        p *= x[i];
        if p > 1.5 {
            break;
        }
    }
    p
}
sample!(product_that_breaks, [0.5..1.5; [0, 1, 8]]);

/// The loop around adds to the same elements.
#[derivative]
pub fn product_in_a_loop(x: &[f64], n: usize) -> f64 {
    let mut s = 0.0;
    for k in 0..n {
        let mut p = 1.0 + k as f64;
        for i in 0..x.len() {
            p *= x[i];
        }
        s += p;
    }
    s
}
sample!(product_in_a_loop, [0.5..1.5; [0, 1, 4]], [0, 1, 3]);

/// An element twice in an iteration, and again in a loop inside.
#[derivative]
pub fn element_twice(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for i in 0..x.len() {
        p = p * x[i] + x[i].sin();
        for _ in 0..i {
            p += x[i] * p;
        }
    }
    p
}
sample!(element_twice, [0.1..0.5; [0, 1, 5]]);

/// Neighbours, gathered where the value is not asked for.
#[derivative]
pub fn pairs(x: &[f64], from: usize, to: usize) -> f64 {
    let mut s = 0.0;
    for i in from..to {
        s += (x[i + 2] - x[i + 1]) * x[i + 1];
    }
    s
}
sample!(pairs, [-1.0..1.0; 8], [0, 1, 3], [0, 1, 2, 4, 6]);

/// Neighbours below; backwards.
#[derivative]
pub fn pairs_below(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for i in (1..x.len()).rev() {
        s += (x[i] - x[i - 1] * x[i - 1]).powi(2);
    }
    s
}
sample!(pairs_below, [-1.0..1.0; [0, 1, 2, 3, 7]]);

/// Three neighbours: too few iterations add to no element three times.
#[derivative]
pub fn triples(x: &[f64]) -> f64 {
    let n = x.len();
    let mut s = 0.0;
    for i in 1..n - 1 {
        s += (x[i - 1] - 2.0 * x[i] + x[i + 1]).powi(2);
    }
    s
}
sample!(triples, [-1.0..1.0; [1, 2, 3, 4, 5, 9]]);

/// Two arrays, with three neighbours in one and none in the other.
#[derivative]
pub fn of_two_arrays(x: &[f64], y: &[f64]) -> f64 {
    let mut s = 0.0;
    for i in 0..y.len() {
        s += (x[i] - x[i + 2]) * y[i] * x[i + 1];
    }
    s
}
sample!(of_two_arrays, [-1.0..1.0; 8], [-1.0..1.0; [0, 1, 2, 3, 6]]);

/// Neighbours that are gathered, in a gradient that something else is added to before and after.
#[derivative]
pub fn pairs_among_others(x: &[f64]) -> f64 {
    let n = x.len();
    let mut s = x[n - 1] * x[0];
    for i in 0..n - 1 {
        s += x[i] * x[i + 1];
    }
    s + x[0].sin()
}
sample!(pairs_among_others, [-1.0..1.0; [1, 2, 3, 6]]);

/// Terms that depend on the index, and one that is too dear to be computed twice.
#[derivative]
pub fn dear_terms(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for i in 1..x.len() {
        s += x[i] * x[i - 1] * i as f64;
    }
    for i in 1..x.len() {
        s += (x[i] * x[i - 1]).exp();
    }
    s
}
sample!(dear_terms, [-1.0..1.0; [1, 2, 3, 6]]);

/// Neighbours in a recurrence: carried forwards, and backwards in the reverse sweep.
#[derivative]
pub fn neighbours_in_a_recurrence(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for i in 0..x.len() - 1 {
        p = (p * x[i] + x[i + 1]).sin();
    }
    p
}
sample!(neighbours_in_a_recurrence, [-1.0..1.0; [1, 2, 3, 6]]);

/// Of arrays of known length, with ends that literals tell.
#[derivative]
pub fn pairs_of_an_array(x: &[f64; 9]) -> f64 {
    let mut s = 0.0;
    for i in 2..7 {
        s += (x[i + 1] - x[i - 1]) * x[i];
    }
    for i in 0..0 {
        s += x[i] * x[i + 1];
    }
    s
}
sample!(pairs_of_an_array, [-1.0..1.0; 9]);

/// In both arms of a branch, and in none.
#[derivative]
pub fn in_arms(x: &[f64], which: usize) -> f64 {
    let mut s = 0.0;
    if which == 0 {
        for i in 0..x.len() {
            s += x[i] * x[i];
        }
    } else if which == 1 {
        for i in 1..x.len() {
            s += x[i] * x[i - 1];
        }
    }
    s
}
sample!(in_arms, [-1.0..1.0; [1, 2, 6]], [0, 1, 2]);

/// Through windows of the array.
#[derivative]
pub fn of_windows(x: &[f64]) -> f64 {
    let (a, b) = x.split_at(x.len() / 2);
    let mut p = 1.0;
    for i in 0..a.len() {
        p *= a[i] + b[i];
    }
    p
}
sample!(of_windows, [0.5..1.0; [0, 1, 6]]);

/// A returned vector, and one that is an array of adjoints in the middle.
#[derivative]
pub fn by_way_of_a_vector(x: &[f64]) -> f64 {
    let mut y = vec![0.0; x.len()];
    for i in 0..x.len() {
        y[i] = x[i] * x[i];
    }
    let mut s = 0.0;
    for i in 1..y.len() {
        s += y[i] * y[i - 1];
    }
    s
}
sample!(by_way_of_a_vector, [-1.0..1.0; [0, 1, 2, 6]]);

/// Beside what is carried, a loop adds to elements of another array that the loop before it reads in turn.
#[derivative]
pub fn carried_beside_another(x: &[f64], y: &[f64]) -> f64 {
    let mut p = 1.0;
    for i in 0..y.len() {
        p *= y[i];
    }
    for i in 0..x.len() - 1 {
        p = (p * x[i] + x[i + 1] * y[i % 2]).sin();
    }
    p
}
sample!(carried_beside_another, [0.5..1.5; [1, 2, 5]], [0.5..1.5; [2, 4]]);

/// The user's own sums over neighbours keep their order, to the bit.
#[derivative]
pub fn own_sums(x: &[f64]) -> f64 {
    let n = x.len();
    let mut y = vec![0.0; n + 2];
    let mut weights = vec![0.0; n + 2];
    for i in 0..n {
        weights[i] += -0.0 * i as f64;
        weights[i + 1] += 0.1 + i as f64 / 3.0;
        weights[i + 2] += 1.0 / (i as f64 + 7.0);
    }
    for i in 0..n {
        y[i] += x[i] * 0.1;
        y[i + 1] += x[i] / 3.0;
        y[i + 2] += x[i].sin();
    }
    let mut s = 0.0;
    for i in 0..n {
        s += y[i] * weights[i] * y[i + 2];
    }
    s
}
sample!(own_sums, [-1.0..1.0; [1, 2, 3, 7]]);
