//! Indices that are computed, looked up, or decided by the numbers themselves.

use diff_runtime::derivative;

/// Each number goes to two bins, in proportion.
#[derivative]
pub fn soft_histogram(x: &[f64], #[constant] target: &[f64; 5]) -> f64 {
    let mut bins = [0.0; 5];
    for v in x {
        let place = v * 4.0;
        let bin = place as usize;
        let part = place - bin as f64;
        bins[bin] += 1.0 - part;
        bins[bin + 1] += part;
    }
    let mut distance = 0.0;
    for (b, t) in bins.iter().zip(target) {
        distance += (b - t).powi(2);
    }
    distance
}
sample!(soft_histogram, [0.0..0.99; [1, 7]], [0.0..2.0; 5]);

/// Which bin depends on the number, and so does what is added.
#[derivative]
pub fn hard_histogram_of_squares(x: &[f64], bins: usize) -> f64 {
    let mut sums = vec![0.0; bins];
    for &v in x {
        let bin = ((v * bins as f64).floor() as usize).min(bins - 1);
        sums[bin] += v * v;
    }
    let mut value = 1.0;
    for s in &sums {
        value *= 1.0 + s;
    }
    value
}
sample!(hard_histogram_of_squares, [0.0..1.0; 7], [1, 3, 4]);

#[derivative]
pub fn linear_interpolation(table: &[f64], at: f64) -> f64 {
    let place = at * (table.len() - 1) as f64;
    let i = (place.floor() as usize).min(table.len() - 2);
    let t = place - i as f64;
    table[i] * (1.0 - t) + table[i + 1] * t
}
sample!(linear_interpolation, [-1.0..1.0; [2, 6]], 0.0..1.0);

/// Four neighbours by two computed indices.
#[derivative]
pub fn bilinear_interpolation(grid: &[[f64; 4]; 3], x: f64, y: f64) -> f64 {
    let (i, j) = (x as usize, y as usize);
    let (s, t) = (x - i as f64, y - j as f64);
    let low = grid[i][j] * (1.0 - t) + grid[i][j + 1] * t;
    let high = grid[i + 1][j] * (1.0 - t) + grid[i + 1][j + 1] * t;
    low * (1.0 - s) + high * s
}
sample!(bilinear_interpolation, [[-1.0..1.0; 4]; 3], 0.0..1.9, 0.0..2.9);

/// The trapezoidal rule over points that are not evenly spaced.
#[derivative]
pub fn trapezoidal_rule(x: &[f64], y: &[f64]) -> f64 {
    let mut area = 0.0;
    for i in 1..x.len() {
        area += 0.5 * (x[i] - x[i - 1]) * (y[i] + y[i - 1]);
    }
    area
}
sample!(trapezoidal_rule, [0.0..1.0; [1, 6]], [-1.0..1.0; [1, 6]]);

#[derivative]
pub fn simpsons_rule(y: &[f64]) -> f64 {
    let n = y.len();
    let mut sum = y[0] + y[n - 1];
    for i in (1..n - 1).step_by(2) {
        sum += 4.0 * y[i];
    }
    for i in (2..n - 1).step_by(2) {
        sum += 2.0 * y[i];
    }
    (sum / 3.0).powi(2)
}
sample!(simpsons_rule, [-1.0..1.0; [3, 9]]);

/// Read through a permutation, written through another.
#[derivative]
pub fn gather_and_scatter(x: &[f64], from: &[usize], to: &[usize]) -> f64 {
    let mut y = vec![0.0; x.len()];
    for (&i, &j) in from.iter().zip(to) {
        y[j] += x[i] * x[j];
        y[i] -= x[j];
    }
    let mut sum = 0.0;
    for v in &y {
        sum += v * v * v;
    }
    sum
}
sample!(gather_and_scatter, [-1.0..1.0; 5], [&[0, 4, 4, 2][..], &[3][..]], [&[1, 1, 0, 2][..], &[3, 0][..]]);

/// A sparse matrix in rows times a vector.
#[derivative]
pub fn sparse_matrix_vector(values: &[f64], x: &[f64], columns: &[usize], starts: &[usize]) -> f64 {
    let mut sum = 0.0;
    for row in 0..starts.len() - 1 {
        let mut y = 0.0;
        for k in starts[row]..starts[row + 1] {
            y += values[k] * x[columns[k]];
        }
        sum += y * y;
    }
    sum
}
sample!(
    sparse_matrix_vector,
    [-1.0..1.0; 5],
    [-1.0..1.0; 4],
    [&[0, 2, 1, 3, 0][..]],
    [&[0, 2, 2, 5][..], &[0, 5][..], &[0][..]]
);

/// A buffer that is written round and round.
#[derivative]
pub fn ring_buffer(x: &[f64]) -> f64 {
    let mut ring = [0.0; 3];
    let mut sum = 0.0;
    for (i, v) in x.iter().enumerate() {
        let oldest = ring[i % 3];
        ring[i % 3] = *v;
        sum += (v - oldest).powi(2) * ring[(i + 1) % 3].cos();
    }
    sum
}
sample!(ring_buffer, [-1.0..1.0; [0, 2, 8]]);

/// An index that moves by what it finds.
#[derivative]
pub fn walk_by_the_numbers(x: &[f64; 6]) -> f64 {
    let mut at = 0;
    let mut value = 1.0_f64;
    for _ in 0..5 {
        value = 0.5 * value + x[at] * value.sin();
        at = if value > 0.6 { (at + 2) % 6 } else { (at + 5) % 6 };
    }
    value
}
sample!(walk_by_the_numbers, [-1.0..1.0; 6]);

/// Pairs from both ends, and the middle.
#[derivative]
pub fn from_both_ends(x: &[f64]) -> f64 {
    let n = x.len();
    let mut sum = 0.0;
    for i in 0..n {
        sum += x[i] * x[n - 1 - i] * (i + 1) as f64;
    }
    sum
}
sample!(from_both_ends, [-1.0..1.0; [0, 1, 2, 7]]);

/// An array that each iteration makes anew.
#[derivative]
pub fn array_in_a_loop(x: &[f64]) -> f64 {
    let mut s = 1.0;
    for i in 0..x.len() {
        let mut powers = [1.0; 4];
        for k in 1..4 {
            powers[k] = powers[k - 1] * x[i] * s;
        }
        s = s * 0.5 + powers[1] - powers[3] * 0.1 + powers[2].cos();
    }
    s
}
sample!(array_in_a_loop, [-1.0..1.0; [0, 1, 5]]);

/// A vector in a loop, as long as the iteration says.
#[derivative]
pub fn vector_that_grows_per_iteration(x: &[f64]) -> f64 {
    let mut total = 0.0;
    for i in 0..x.len() {
        let mut row = vec![0.0; i + 1];
        for j in 0..=i {
            row[j] = x[j] * x[i - j];
        }
        let mut product = 1.0;
        for v in row.iter() {
            product *= 1.0 + 0.5 * v;
        }
        total += product;
    }
    total
}
sample!(vector_that_grows_per_iteration, [-1.0..1.0; [0, 1, 5]]);

/// Constant tables among the active arrays.
#[derivative]
pub fn quadrature_with_constant_nodes(c: &[f64; 3]) -> f64 {
    const NODES: [f64; 3] = [-0.774_596_669_241_483, 0.0, 0.774_596_669_241_483];
    let weights = [5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0];
    let mut integral = 0.0;
    for i in 0..3 {
        let mut value = 0.0;
        for j in 0..3 {
            value = value * NODES[i] + c[j];
        }
        integral += weights[i] * value.exp();
    }
    integral
}
sample!(quadrature_with_constant_nodes, [-1.0..1.0; 3]);

/// An element of the result of an earlier loop as the index of a later one.
#[derivative]
pub fn bucketed_by_rounding(x: &[f64]) -> f64 {
    let mut bucket = vec![0usize; x.len()];
    for (i, v) in x.iter().enumerate() {
        bucket[i] = (v.abs() * 2.0).round() as usize;
    }
    let mut sums = [0.0; 4];
    for i in 0..x.len() {
        sums[bucket[i]] += x[i].exp();
    }
    sums[0] * sums[1] + sums[2].sqrt() + sums[3]
}
sample!(bucketed_by_rounding, [-1.0..1.0, 0.8..1.2, -1.5..1.5, -1.5..1.5, -0.2..0.2]);

/// The inner index by the outer element, read and written.
#[derivative]
pub fn pointer_jumping(x: &[f64; 5]) -> f64 {
    let mut a = *x;
    let next = [3, 0, 4, 1, 2];
    for _ in 0..2 {
        for i in 0..5 {
            a[i] = a[i] * 0.5 + a[next[i]] * a[next[next[i]]];
        }
    }
    a[0] + a[1] * a[2] - a[3] + a[4]
}
sample!(pointer_jumping, [-1.0..1.0; 5]);

/// A sum over lattice sites with wrapped neighbours of a flat grid.
#[derivative]
pub fn periodic_grid(phi: &[f64], width: usize, mass: f64) -> f64 {
    let height = phi.len() / width;
    let mut action = 0.0;
    for y in 0..height {
        for x in 0..width {
            let here = phi[y * width + x];
            let right = phi[y * width + (x + 1) % width];
            let down = phi[(y + 1) % height * width + x];
            action += (here - right).powi(2) + (here - down).powi(2) + mass * here.powi(2) + 0.1 * here.powi(4);
        }
    }
    action
}
sample!(periodic_grid, [-1.0..1.0; [1, 6, 12]], [1, 2, 4], 0.1..1.0);

#[derivative]
pub fn by_an_integer_of_a_table(p: &[usize], x: &[f64]) -> f64 {
    let k = p[((x[0].abs() * 2.0) as usize) % p.len()];
    let j = if x[1] > 0.0 { 1 } else { 0 };
    x[k % x.len()] * x[0] + x[p[(x[0] > 0.0) as usize] % x.len()] * x[p[j] % x.len()]
}
sample!(by_an_integer_of_a_table, [&[0, 2, 1][..], &[1, 1][..]], [-1.5..1.5; [2, 4]]);

#[derivative]
pub fn by_an_integer_of_its_own_table(x: &[f64; 3]) -> f64 {
    let order = [2, 0, 1];
    let steps: [i32; 2] = [1, 3];
    let mut total = 0.0;
    for i in 0..3 {
        let at = if x[i] > 0.2 { i } else { 0 };
        total += x[order[at]] * x[i].powi(steps[usize::from(x[i] > 0.0)]);
    }
    match order[(x[0].abs() as usize) % 3] {
        0 => total * x[0],
        1 => total + x[1],
        _ => total * total,
    }
}
sample!(by_an_integer_of_its_own_table, [-1.5..1.5; 3]);

#[derivative]
pub fn integers_of_conditions(x: f64, y: f64) -> f64 {
    let k = u8::from(x > 0.5);
    let n = i32::from(x > y) + i32::from(y > 0.0);
    let a = x * f64::from(k) + y * f64::from(u8::from(y > x)) + (x > 0.1) as u8 as f64 * y;
    let b = usize::from(x > y) as f64 * y.powi(n) + f64::from(i16::from(x < 0.0)) * x;
    a * b + x * y
}
sample!(integers_of_conditions, -1.5..1.5, -1.5..1.5);
