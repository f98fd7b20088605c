//! Inactive parameters of all kinds, `#[constant]` and `wrt`, and inactive code that is carried along.

use diff_runtime::derivative;

#[derivative]
pub fn constant_rate(x: f64, #[constant] rate: f64) -> f64 {
    x * rate + (x - rate).powi(2) * rate.sin()
}
sample!(constant_rate, -1.0..1.0, [0.5, 2.0, -1.0]);

#[derivative(wrt(b, d))]
pub fn some_of_four(a: f64, b: f64, c: f64, d: f64) -> f64 {
    let product = a * b * c * d;
    product + (a * c).sin() - d / (1.0 + b * b)
}
sample!(some_of_four, [0.5, 1.5], -1.0..1.0, [2.0, -0.5, 0.1], 0.2..2.0);

#[derivative(wrt(y))]
pub fn one_of_two(x: f64, y: f64) -> f64 {
    let x = x * x;
    x.sin() * y + (y * x).cos()
}
sample!(one_of_two, [0.3, 1.1], -1.0..1.0);

#[derivative(wrt(slope, shift), partials)]
pub fn weighted_with_partials(weight: f64, slope: f64, shift: f64, n: usize) -> f64 {
    let mut sum = 0.0;
    for i in 0..n {
        let residual = slope * i as f64 + shift - weight;
        sum += weight * residual * residual;
    }
    sum
}
sample!(weighted_with_partials, [0.5, 2.0], -1.0..1.0, -1.0..2.0, [1, 3, 5]);

#[derivative]
pub fn slice_of_data(slope: f64, shift: f64, #[constant] data: &[f64]) -> f64 {
    let mut loss = 0.0;
    for i in 0..data.len() {
        let error = slope * i as f64 + shift - data[i];
        loss += error * error;
    }
    loss / data.len().max(1) as f64
}
sample!(slice_of_data, -1.0..1.0, -1.0..1.0, [&[1.0, 2.5, 2.0][..], &[][..], &[0.25][..]]);

#[derivative]
pub fn array_of_coefficients(x: f64, #[constant] coefficients: [f64; 4]) -> f64 {
    let mut y = 0.0;
    for k in (0..coefficients.len()).rev() {
        y = y * x + coefficients[k];
    }
    y
}
sample!(array_of_coefficients, -1.5..1.5, [[1.0, -2.0, 0.5, 3.0], [0.0, 0.0, 1.0, 0.0]]);

#[derivative]
pub fn integer_table(x: f64, table: &[usize]) -> f64 {
    let mut y = 1.0;
    for k in 0..table.len() {
        for _ in 0..table[k] {
            y *= x;
        }
        y += k as f64;
    }
    y
}
sample!(integer_table, 0.5..1.3, [&[2, 0, 3][..], &[][..], &[1][..]]);

#[derivative]
pub fn optional_offset(x: f64, offset: Option<f64>) -> f64 {
    let offset = offset.unwrap_or(0.75);
    (x - offset).powi(2)
}
sample!(optional_offset, -1.0..1.0, [None, Some(0.5)]);

#[derivative]
pub fn text_parameter(x: f64, unit: &str) -> f64 {
    let factor = if unit == "km" { 1e3 } else { 1.0 };
    (x * factor).ln() * unit.len() as f64
}
sample!(text_parameter, 0.5..2.0, ["km", "m", ""]);

#[derivative]
pub fn pair_parameter(x: f64, #[constant] bounds: (f64, f64)) -> f64 {
    let width = bounds.1 - bounds.0;
    ((x - bounds.0) / width).sqrt()
}
sample!(pair_parameter, 0.5..2.0, [(0.0, 1.0), (-1.0, 3.0)]);

#[derivative]
pub fn integers_of_many_widths(x: f64, a: u8, b: i16, c: u64, d: isize) -> f64 {
    let s = a as i64 + i64::from(b) - c as i64;
    x * s as f64 + x.powi(a as i32) / (d as f64 + 10.0)
}
sample!(integers_of_many_widths, 0.5..2.0, [0, 2, 3], [-7, 7], [1, 9], [-3, 0, 4]);

#[derivative]
pub fn inactive_before_active(n: usize, flag: bool, x: f64) -> f64 {
    if flag { x.powi(n as i32) } else { x / (n + 1) as f64 }
}
sample!(inactive_before_active, [0, 2, 5], [true, false], 0.3..2.0);

#[derivative]
pub fn asserted(x: f64, n: usize) -> f64 {
    assert!(n < 100, "too many terms: {n}");
    assert!(x > 0.0);
    debug_assert!(x.is_finite(), "x = {x}");
    assert_ne!(n, 17);
    x.ln() * n as f64
}
sample!(asserted, 0.3..2.0, [0, 2, 5]);

/// Formatting may look at active values without changing them.
#[derivative]
pub fn printed(x: f64, n: usize) -> f64 {
    let y = x * x;
    if n > 1000 {
        println!("{x:.3} and {y} after {n} steps, {}", y + 1.0);
        eprintln!("{0:?}", n);
    }
    y + x
}
sample!(printed, -1.0..1.0, [0, 7]);

fn table_lookup(n: usize) -> f64 {
    const TABLE: [f64; 4] = [0.5, 1.25, -2.0, 4.0];
    TABLE[n % 4]
}

fn is_weekend(day: usize) -> bool {
    matches!(day % 7, 5 | 6)
}

#[derivative]
pub fn calls_on_inactive_data(x: f64, day: usize) -> f64 {
    let weight = table_lookup(day + 1);
    let bonus = if is_weekend(day) { 2.0 } else { 1.0 };
    x.sin() * weight + x * bonus * table_lookup(3)
}
sample!(calls_on_inactive_data, -1.0..1.0, [0, 5, 13]);

#[derivative]
pub fn iterators_over_inactive_data(x: f64, #[constant] data: &[f64]) -> f64 {
    let mean = data.iter().sum::<f64>() / data.len() as f64;
    let count = data.iter().filter(|d| **d > mean).count();
    let spread: f64 = data.iter().map(|d| (*d - mean) * (*d - mean)).sum();
    (x - mean).powi(2) / spread + count as f64 * x
}
sample!(iterators_over_inactive_data, -1.0..1.0, [&[1.0, 2.5, 2.0][..], &[0.5, -0.5][..]]);

#[derivative]
pub fn match_on_inactive_value(x: f64, kind: u8) -> f64 {
    let weight = match kind {
        0 => 1.0,
        1 | 2 => 2.5,
        k if k > 9 => 0.125,
        _ => -1.0,
    };
    weight * x * x
}
sample!(match_on_inactive_value, -1.0..1.0, [0, 2, 5, 11]);

#[derivative]
pub fn inactive_state_beside_active(x: f64, n: usize) -> f64 {
    let mut seed: u64 = 12_345;
    let mut y = x;
    for _ in 0..n {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (seed >> 40) as f64 / (1u64 << 24) as f64;
        y = 0.9 * y + noise * x;
    }
    y * y
}
sample!(inactive_state_beside_active, -1.0..1.0, [0, 3, 10]);

#[derivative]
pub fn inactive_vector_built_inside(x: f64, n: usize) -> f64 {
    let mut knots = Vec::new();
    for i in 0..=n {
        knots.push((i * i) as f64);
    }
    let mut y = 0.0;
    for i in 0..knots.len() {
        y += (x - knots[i]).powi(2);
    }
    y
}
sample!(inactive_vector_built_inside, -1.0..1.0, [0, 2, 4]);

#[derivative]
pub fn inactive_closure(x: f64, n: usize) -> f64 {
    let weight = |k: usize| 1.0 / (k as f64 + 1.0);
    let mut y = x;
    for k in 0..n {
        y += weight(k) * y * y;
    }
    y
}
sample!(inactive_closure, -0.3..0.3, [0, 2, 4]);

/// Integer arithmetic with every operator.
#[derivative]
pub fn integer_arithmetic(x: f64, n: i32) -> f64 {
    let mut m = n * 3 - 1;
    m += n / 2;
    m -= n % 4;
    m ^= 5;
    m <<= 1;
    let k = (m & 0xff) | 2;
    let z = !k >> 1;
    x * m as f64 + x.powi(2) * z as f64 + (k as u32).count_ones() as f64 * x.sin()
}
sample!(integer_arithmetic, -1.0..1.0, [0, 3, -8, 21]);

/// The integer part of an active value does not vary.
#[derivative]
pub fn cast_to_integer(x: f64) -> f64 {
    let cell = (x * 3.0) as usize;
    let low = x.floor() as i64;
    let local = x * 3.0 - cell as f64;
    local * local + low as f64 * x
}
sample!(cast_to_integer, 0.1..3.0);

/// Linear interpolation in a table.
#[derivative]
pub fn interpolated(x: f64, #[constant] table: &[f64]) -> f64 {
    let position = x.clamp(0.0, (table.len() - 1) as f64);
    let index = (position as usize).min(table.len() - 2);
    let t = position - index as f64;
    table[index] * (1.0 - t) + table[index + 1] * t
}
sample!(interpolated, 0.05..2.95, [&[1.0, 3.0, -2.0, 0.5][..]]);

#[derivative]
pub fn loop_bound_from_active_value(x: f64) -> f64 {
    let n = (x * 2.0).ceil() as usize;
    let mut y = 1.0;
    for k in 0..n {
        y += x.powi(k as i32);
    }
    y
}
sample!(loop_bound_from_active_value, 0.2..3.0);

/// Five active parameters, so that the gradient is in reverse mode even through a loop.
#[derivative]
pub fn five_parameters_in_a_loop(a: f64, b: f64, c: f64, d: f64, e: f64) -> f64 {
    let mut y = a;
    for i in 0..5 {
        y = (b * y + c).sin() * d + e * i as f64;
    }
    y * a
}
sample!(five_parameters_in_a_loop, -1.0..1.0, 0.5..1.0, -1.0..1.0, 0.5..1.5, -0.5..0.5);
