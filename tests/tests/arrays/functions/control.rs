//! Breaks, returns, skipped and empty loops, branches, and what is written before them.

use diff_runtime::derivative;

/// Left at the first negative element.
#[derivative(hvp)]
pub fn early_return(x: &[f64]) -> f64 {
    let mut product = 1.0;
    for &v in x {
        if v < 0.0 {
            return product + v;
        }
        product *= 1.0 + v;
    }
    product * 2.0
}
sample!(early_return, [-0.4..1.0; [0, 1, 6]]);

#[derivative(hvp)]
pub fn returned_from_two_loops(a: &[[f64; 3]; 3]) -> f64 {
    let mut sum = 0.0;
    for i in 0..3 {
        for j in 0..3 {
            sum += a[i][j].powi(2);
            if sum > 1.2 {
                return sum * a[j][i];
            }
        }
    }
    sum
}
sample!(returned_from_two_loops, [[-0.9..0.9; 3]; 3]);

#[derivative(hvp)]
pub fn break_after_enough(x: &[f64], limit: f64) -> f64 {
    let mut sum = 0.0;
    let mut count = 0;
    for v in x.iter() {
        sum += v.abs();
        count += 1;
        if sum > limit {
            break;
        }
    }
    (sum - limit).powi(2) / f64::from(count)
}
sample!(break_after_enough, [-1.0..1.0; 7], 0.8..2.0);

/// Writes before and after a `continue`.
#[derivative(hvp)]
pub fn continue_past_some(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    for i in 0..a.len() {
        a[i] *= 2.0;
        if a[i] > 0.5 {
            a[i] = a[i].sqrt();
            continue;
        }
        a[i] = a[i] * a[i] + a[0];
    }
    let mut sum = 0.0;
    for v in &a {
        sum += v;
    }
    sum
}
sample!(continue_past_some, [-1.0..1.0; [1, 6]]);

#[derivative(hvp)]
pub fn labelled_loops(x: &[f64], y: &[f64]) -> f64 {
    let mut sum = 0.0;
    'rows: for i in 0..x.len() {
        for j in 0..y.len() {
            let term = x[i] * y[j];
            if term < -0.5 {
                continue 'rows;
            }
            if sum > 2.0 {
                break 'rows;
            }
            sum += term * term;
        }
        sum += 0.1 * x[i];
    }
    sum
}
sample!(labelled_loops, [-1.0..1.5; 4], [-1.0..1.5; 3]);

/// A loop that never runs, one that runs once, and one over nothing.
#[derivative(hvp)]
pub fn zero_trip_loops(x: &[f64], n: usize) -> f64 {
    let mut value = x[0] * x[1];
    for i in 2..2 {
        value *= x[i];
    }
    for i in n..n + 1 {
        value += x[i].sin();
    }
    for i in x.len()..n {
        value += x[i];
    }
    let mut k = x.len();
    while k < n {
        value *= x[k];
        k += 1;
    }
    value
}
sample!(zero_trip_loops, [-1.0..1.0; 3], [0, 1, 2]);

/// Nothing at all of an array that may be empty.
#[derivative(hvp)]
pub fn maybe_empty(x: &[f64], y: f64) -> f64 {
    let mut sum = y.powi(3);
    for i in 0..x.len() {
        sum += x[i] * y;
    }
    if x.is_empty() { sum } else { sum / x.len() as f64 }
}
sample!(maybe_empty, [-1.0..1.0; [0, 1, 4]], -1.0..1.0);

#[derivative(hvp)]
pub fn while_over_two_ends(x: &[f64]) -> f64 {
    let mut low = 0;
    let mut high = x.len() - 1;
    let mut value = 0.0;
    while low < high {
        if x[low] < x[high] {
            value += x[low] * x[high];
            low += 1;
        } else {
            value -= x[high].powi(2);
            high -= 1;
        }
    }
    value + x[low].sin()
}
sample!(while_over_two_ends, [-1.0..1.0; [1, 2, 7]]);

/// Halved until small: how often depends on the numbers.
#[derivative(hvp)]
pub fn while_active(x: &[f64; 3]) -> f64 {
    let mut a = *x;
    let mut steps = 0;
    while a[0].abs() + a[1].abs() + a[2].abs() > 0.5 {
        let t = a[0];
        a[0] = 0.6 * a[1] + 0.1 * t;
        a[1] = 0.7 * a[2];
        a[2] = 0.5 * t.sin();
        steps += 1;
    }
    a[0] + 2.0 * a[1] * a[1] + a[2] + f64::from(steps)
}
sample!(while_active, [-2.0..2.0; 3]);

#[derivative(hvp)]
pub fn loop_with_break_value(x: &[f64]) -> f64 {
    let mut i = 0;
    let mut sum = 0.0;
    let last = loop {
        sum += x[i] * x[i];
        i += 1;
        if i == x.len() || sum > 1.0 {
            break sum * x[i - 1];
        }
    };
    last + sum
}
sample!(loop_with_break_value, [-1.0..1.0; [1, 2, 7]]);

#[derivative(hvp)]
pub fn branches_on_elements(x: &[f64]) -> f64 {
    let mut up = 0.0;
    let mut down = 1.0;
    for i in 1..x.len() {
        if x[i] > x[i - 1] {
            up += (x[i] - x[i - 1]).powi(2);
        } else if x[i] > 0.0 {
            down *= x[i];
        } else {
            down -= x[i - 1] * x[i];
        }
    }
    up * down
}
sample!(branches_on_elements, [-1.0..1.0; [1, 8]]);

/// Different cases by the position.
#[derivative(hvp)]
pub fn cases_by_position(x: &[f64]) -> f64 {
    let mut value = 0.5;
    for (i, v) in x.iter().enumerate() {
        let case = i % 3;
        if case == 0 {
            value += v.sin();
        } else if case == 1 {
            value *= 1.0 + 0.3 * v;
        } else {
            value -= v * v;
        }
    }
    value
}
sample!(cases_by_position, [-1.0..1.0; [0, 1, 7]]);

/// The same element written several times: what was there before does not count.
#[derivative(hvp)]
pub fn overwritten_elements(x: &[f64; 3]) -> f64 {
    let mut a = [x[0], x[1], x[2]];
    a[0] = a[0] * a[1];
    a[1] = a[0] + a[2];
    a[0] = a[1].sin();
    a[2] = 3.0;
    a[1] *= a[0];
    a[0] + a[1] * a[2]
}
sample!(overwritten_elements, [-1.0..1.0; 3]);

/// An element that is set to a constant in a loop, sometimes.
#[derivative(hvp)]
pub fn cleared_elements(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    let n = a.len();
    for i in 0..n {
        if i % 2 == 0 {
            a[i] = 0.25;
        }
        a[(i + 1) % n] += a[i] * x[i];
    }
    let mut product = 1.0;
    for v in &a {
        product *= 1.5 + v;
    }
    product
}
sample!(cleared_elements, [-1.0..1.0; [1, 2, 5]]);

/// A parameter that is written: its gradient is that of what it held on entry.
#[derivative(hvp)]
pub fn overwritten_array_parameter(mut x: [f64; 4], y: f64) -> f64 {
    x[0] = y;
    for i in 1..4 {
        x[i] = x[i] * x[i - 1] + y;
    }
    x[2] = 0.0;
    x[0] * x[1] + x[2] + x[3]
}
sample!(overwritten_array_parameter, [-1.0..1.0; 4], -1.0..1.0);

/// A whole variable that takes another array's elements in turn.
#[derivative(hvp)]
pub fn swapped_buffers(x: &[f64; 3], n: usize) -> f64 {
    let mut a = *x;
    let mut b = [0.0; 3];
    for step in 0..n {
        if step % 2 == 0 {
            for i in 0..3 {
                b[i] = a[i] * a[(i + 1) % 3];
            }
        } else {
            for i in 0..3 {
                a[i] = b[i].sin() + 0.5 * a[i];
            }
        }
    }
    a[0] + a[1] * b[1] + b[2]
}
sample!(swapped_buffers, [-1.0..1.0; 3], [0, 1, 2, 5]);

/// An array that is declared here and filled there.
#[derivative(hvp)]
pub fn filled_in_branches(x: &[f64], flag: bool) -> f64 {
    let mut a = vec![0.0; 3];
    if flag {
        for i in 0..3 {
            a[i] = x[i].exp();
        }
    } else {
        a[0] = x[2];
        a[2] = x[0] * x[1];
    }
    let scale = if a[0] > 0.8 { a[1] + 2.0 } else { 1.0 - a[2] };
    scale * (a[0] + a[1] + a[2])
}
sample!(filled_in_branches, [-1.0..1.0; 3], [true, false]);

/// Assertions and inactive code among the loops.
#[derivative(hvp)]
pub fn with_assertions(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "as many abscissas as ordinates");
    assert!(!x.is_empty());
    let mut sum = 0.0;
    let mut seen = Vec::new();
    for i in 0..x.len() {
        seen.push(i);
        debug_assert!(seen.len() == i + 1);
        sum += x[i] * y[i] * seen.len() as f64;
    }
    sum
}
sample!(with_assertions, [-1.0..1.0; [1, 4]], [-1.0..1.0; [1, 4]]);

/// Shadowed arrays and indices.
#[derivative(hvp)]
pub fn shadowed_arrays(x: &[f64; 3]) -> f64 {
    let a = [x[0] * x[1], x[1] * x[2], x[2] * x[0]];
    let a = [a[0].sin(), a[1].cos()];
    let mut sum = 0.0;
    for i in 0..2 {
        let a = a[i] * x[i];
        sum += a * a;
    }
    for i in 0..3 {
        let i = 2 - i;
        sum *= 1.0 + x[i];
    }
    sum
}
sample!(shadowed_arrays, [-1.0..1.0; 3]);

/// Nested loops of which the inner one's length comes from the outer's state.
#[derivative(hvp)]
pub fn inner_length_from_state(x: &[f64]) -> f64 {
    let mut width = 1;
    let mut sum = 0.0;
    for i in 0..x.len() {
        let mut product = 1.0;
        for j in 0..width {
            product *= x[(i + j) % x.len()] + 0.5;
        }
        sum += product;
        width = if product > 0.3 { width + 1 } else { 1 };
    }
    sum
}
sample!(inner_length_from_state, [-1.0..1.0; [1, 6]]);

/// Newton's method on each element.
#[derivative(hvp)]
pub fn cube_roots_by_newton(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for &v in x {
        let mut y = 1.0;
        while (y * y * y - v).abs() > 1e-4 {
            y -= (y * y * y - v) / (3.0 * y * y);
        }
        sum += y;
    }
    sum
}
sample!(cube_roots_by_newton, [0.4..2.5; [0, 1, 4]]);
