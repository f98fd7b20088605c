//! What the generator of random programs has found, reduced: each was once wrong, or rejected without need.

use diff_runtime::derivative;

/// An array that the branch before does not change was taken for one that no branch changes.
#[derivative]
pub fn changed_in_the_second_branch_alone(n: usize, x: &mut [f64]) -> f64 {
    if n > 1 {
        return 0.5;
    }
    x.swap(0, 1);
    x[0]
}
sample!(changed_in_the_second_branch_alone, [0, 3, 1], [-1.5..1.5; 2]);

/// A condition on literals alone, from an initial value.
#[derivative]
pub fn condition_on_literals(x: f64) -> f64 {
    let mut a = 0.0_f64;
    if a > (a * a).cos() {
        a = 1.0;
    } else {
        a += x;
    }
    let pair = [a, 0.5];
    pair[0] * pair[1]
}
sample!(condition_on_literals, -1.5..1.5);

/// An element of a part that nothing needs, though its index is written down.
#[derivative]
pub fn unneeded_element_of_a_mutable_part(x: &[f64]) -> f64 {
    let mut copy = x.to_vec();
    {
        let part = &mut copy[..];
        let _unneeded = [part[part.len() - 1], 0.5];
    }
    copy[0]
}
sample!(unneeded_element_of_a_mutable_part, [-1.5..1.5; [2, 4]]);

/// Active values enter the array, but it does not vary.
#[derivative]
pub fn array_of_steps_is_changed(x: &[f64; 2]) -> f64 {
    let mut steps = vec![0.5, 3.0_f64.div_euclid(x[0].abs() + 0.6)];
    steps[0] += 0.2 * 0.5;
    steps[0] * x[0] + steps[1] * x[1]
}
sample!(array_of_steps_is_changed, [-1.5..1.5; 2]);

/// An element that nothing needs, through a part that nothing needs.
#[derivative]
pub fn unneeded_element_of_a_part(x: &[f64; 4]) -> f64 {
    {
        let part = &x[1..];
        let _unneeded = part[0];
    }
    x[0]
}
sample!(unneeded_element_of_a_part, [-1.5..1.5; 4]);

#[derivative(hvp)]
pub fn filled_with_a_value_that_varies(x: f64, n: usize) -> f64 {
    let a = [x.sin(); 3];
    let mut b = vec![a[1] * x; n];
    let c = vec![[x + 1.0; 2]; n];
    b[0] *= 2.0;
    let mut sum = 0.0;
    for i in 0..n {
        sum += a[i % 3] * b[i] * c[i][i % 2];
    }
    sum
}
sample!(filled_with_a_value_that_varies, -1.5..1.5, [1, 4]);

/// Tables of constants, at indices that depend on what varies.
#[derivative]
pub fn tables_at_active_indices(x: f64) -> f64 {
    let slopes = [0.5, -0.2, 1.5];
    let mut levels = vec![[0.1, 0.2], [0.3, 0.4]];
    let k = (x.abs() * 2.0) as usize;
    levels[k % 2][0] += 0.25;
    levels[(x.abs() * 3.0) as usize % 2][1] = 0.75;
    x * slopes[(x.abs() * 1.9) as usize % 3] + levels[k % 2][1] * x.powi(2) + levels[1][0] * x
}
sample!(tables_at_active_indices, 0.1..1.4);

#[derivative]
pub fn copied_from_all_of_a_slice(x: &[f64], y: f64) -> f64 {
    let mut copy = vec![y; x.len()];
    copy[0] = y * y;
    let first = copy[0];
    copy.copy_from_slice(&x[..]);
    first * copy[0] + y * copy[copy.len() - 1]
}
sample!(copied_from_all_of_a_slice, [-1.5..1.5; [2, 5]], -1.0..1.0);

/// Raw names of all kinds of variables: an array that is collected, one that is copied, one that grows, one
/// that a closure of a chain captures.
#[derivative]
pub fn raw_names(r#type: Vec<f64>, r#loop: f64) -> f64 {
    let r#in: Vec<f64> = r#type.iter().map(|&r#ref| r#ref * r#loop).collect();
    let r#match = r#in.clone();
    let mut r#where = Vec::new();
    for r#for in r#match.iter() {
        r#where.push(r#for.sin());
    }
    let mut r#fn = r#loop;
    let mut r#move = |r#as: f64| {
        r#fn *= r#as;
        r#fn + r#loop
    };
    let r#use = r#move(0.5) * r#move(r#where[0]);
    let mut r#mut = r#type;
    r#mut.push(r#use);
    r#mut.iter().zip(&r#where).map(|(r#a, r#b)| r#a * r#b).sum::<f64>() + r#use
}
sample!(raw_names, [0.2..1.5; [2, 3]], -1.5..1.5);

#[derivative]
fn power(x: f64, n: usize, even: bool) -> f64 {
    let mut product = if even { x * x } else { x };
    for _ in 0..n {
        product *= x;
    }
    product
}

/// Arguments of calls that are made of what varies, and have no derivative.
#[derivative]
pub fn integers_and_conditions_as_arguments(x: f64, y: f64) -> f64 {
    y * power(x, (x.abs() * 2.0) as usize % 5, y > 0.5)
}
sample!(integers_and_conditions_as_arguments, -1.5..1.5, 0.0..1.0);

/// A part of a vector that is followed only once active values are pushed: it is no code of the user's any more.

#[derivative]
pub fn part_of_what_grows(x: f64, n: usize) -> f64 {
    let mut grown = Vec::with_capacity(4);
    for i in 0..4 {
        grown.push(x * i as f64);
    }
    let mut total = 0.0;
    {
        let part = &mut grown[..2];
        part[0] = 0.25;
        total += part[(1 + n) % 2] * x;
    }
    total * grown[n]
}
sample!(part_of_what_grows, -1.5..1.5, [0, 1, 2]);

/// Tuples of which one branch gives one that varies, and another one that does not.
#[derivative]
pub fn tuples_of_branches(x: f64, k: usize) -> f64 {
    let (a, b) = if x > 0.5 { (x, x * x) } else { (0.25, -0.5) };
    let (c, d) = match k {
        0 => (1.5, 2.0),
        1 => (x, 3.0),
        _ => {
            let half = 0.5;
            (half, half * 2.0)
        }
    };
    let (e, n) = if x < 0.0 {
        (2.0 * x, 3)
    } else if x < 0.3 {
        (x.sin(), 2)
    } else {
        (0.1, 1)
    };
    a * c + b * d + e.powi(n)
}
sample!(tuples_of_branches, -1.0..1.0, [0, 1, 2]);

/// Parts that are lent to be changed, and are not.
#[derivative]
pub fn parts_that_stay_as_they_are(x: f64, y: &[f64]) -> f64 {
    let mut a = vec![0.5_f64; 4];
    let (low, high) = a.split_at_mut(1);
    let product = x * high[(x.abs() * 2.0) as usize] * low[0];
    let mut b = y.to_vec();
    let part = &mut b[1..];
    product * part[0]
}
sample!(parts_that_stay_as_they_are, -1.0..1.0, [-1.0..1.0; [2, 3]]);
