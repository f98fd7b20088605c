//! Declarations, assignments, scopes and patterns.

use diff_runtime::derivative;

#[derivative]
pub fn late_initialiser(x: f64) -> f64 {
    let y;
    let z: f64;
    y = x * x;
    z = y.sin() + x;
    y * z
}
sample!(late_initialiser, -2.0..2.0);

#[derivative]
pub fn late_initialiser_in_branches(x: f64, y: f64) -> f64 {
    let scale;
    let shift: f64;
    if x > y {
        scale = x * 2.0;
        shift = y;
    } else {
        shift = x * y;
        scale = y.exp();
    }
    scale * x + shift
}
sample!(late_initialiser_in_branches, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn shadowed(x: f64, y: f64) -> f64 {
    let x = x * y;
    let y = x + y;
    let x = {
        let x = x.sin();
        x * y
    };
    x + y
}
sample!(shadowed, -2.0..2.0, 0.5..2.0);

#[derivative]
pub fn shadowed_by_another_type(x: f64) -> f64 {
    let n = (x * 4.0) as usize;
    let x = x / 3.0;
    let n = n as f64 + x;
    n * n
}
sample!(shadowed_by_another_type, 0.1..2.0);

#[derivative]
pub fn reassigned(x: f64) -> f64 {
    let mut y = x;
    y = y * y + 1.0;
    y = y.ln() * x;
    y = 3.0 - y;
    y
}
sample!(reassigned, -2.0..2.0);

/// A value is used, overwritten, and the new value used beside what came of the old.
#[derivative]
pub fn reused_after_overwrite(x: f64, y: f64) -> f64 {
    let mut t = x * y;
    let before = t.sin();
    t = before * x + y;
    let between = t * t;
    t = 2.0;
    let constant = t * between;
    t = x;
    before + constant * t
}
sample!(reused_after_overwrite, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn compound_assignments(x: f64, y: f64) -> f64 {
    let mut a = x;
    a += y;
    a *= x;
    a -= 2.0 * y;
    a /= 1.0 + x * x;
    a *= a;
    a += a;
    a
}
sample!(compound_assignments, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn compound_remainder(x: f64, y: f64) -> f64 {
    let mut a = x * 5.0;
    a %= y;
    a *= x;
    a %= 0.8;
    a
}
sample!(compound_remainder, 0.5..2.0, 1.1..1.6);

#[derivative]
pub fn untyped_accumulator(x: f64, y: f64) -> f64 {
    let mut sum = 0.0;
    let mut product = 1.0;
    sum += x;
    product *= y;
    sum += product * x;
    product *= sum;
    sum - product
}
sample!(untyped_accumulator, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn overwritten_parameter(mut x: f64, mut y: f64) -> f64 {
    x = x * y;
    y += x.cos();
    x -= y * y;
    x * y
}
sample!(overwritten_parameter, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn parameter_set_to_constant(mut x: f64, y: f64) -> f64 {
    let old = x.exp();
    x = 1.5;
    old * y + x
}
sample!(parameter_set_to_constant, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn nested_blocks(x: f64) -> f64 {
    let outer = {
        let inner = {
            let t = x + 1.0;
            t * t
        };
        let again = { inner.sqrt() } * { x };
        inner * again
    };
    ({ outer }) + { x * { 2.0 } }
}
sample!(nested_blocks, 0.1..2.0);

#[derivative]
pub fn block_with_effects(x: f64) -> f64 {
    let mut t = x;
    let y = {
        t *= x;
        t + 1.0
    };
    t * y
}
sample!(block_with_effects, -2.0..2.0);

#[derivative]
pub fn tuples_taken_apart(x: f64, y: f64) -> f64 {
    let (a, b) = (x * y, x - y);
    let ((c, d), e) = ((a.sin(), b * b), a);
    let (_, mut f) = (0, d + e);
    f += c;
    f * b
}
sample!(tuples_taken_apart, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn destructuring_assignment(x: f64, y: f64) -> f64 {
    let (mut a, mut b) = (x, y);
    (a, b) = (b * a, a + b);
    (a, b) = (b, a);
    (_, b) = (a, b * a);
    a * a - b
}
sample!(destructuring_assignment, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn fibonacci_of_floats(a: f64, b: f64) -> f64 {
    let mut pair_low = a;
    let mut pair_high = b;
    for _ in 0..9 {
        (pair_low, pair_high) = (pair_high, pair_low + 0.5 * pair_high);
    }
    pair_high * pair_low
}
sample!(fibonacci_of_floats, -1.0..1.0, 0.5..1.0);

#[derivative]
pub fn local_constants(x: f64) -> f64 {
    const SCALE: f64 = 0.25;
    const TERMS: usize = 3;
    const WEIGHTS: [f64; 3] = [1.0, -0.5, 0.125];
    let mut sum = 0.0;
    for i in 0..TERMS {
        sum += WEIGHTS[i] * (x * SCALE).powi(i as i32 + 1);
    }
    sum
}
sample!(local_constants, -2.0..2.0);

#[derivative]
pub fn constants_of_the_library(x: f64) -> f64 {
    use std::f64::consts::FRAC_PI_4;
    let turned = x * std::f64::consts::TAU + FRAC_PI_4;
    turned.sin() * core::f64::consts::E + f64::EPSILON * x + x / std::f64::consts::LN_2
}
sample!(constants_of_the_library, -0.5..0.5);

#[derivative]
pub fn literals(x: f64) -> f64 {
    1e-3 * x + 2.5E2 * x * x - 1_000.5 * x.sin() + 7f64 * x + 0.1_f64
}
sample!(literals, -1.0..1.0);

#[derivative]
pub fn inactive_intermediates(x: f64, n: usize) -> f64 {
    let half = n / 2;
    let mut weight = half as f64;
    weight *= 0.5;
    weight += 1.0;
    let weight = weight.sqrt();
    x * weight + weight.sin()
}
sample!(inactive_intermediates, -1.0..1.0, [0, 3, 8]);

#[derivative]
pub fn activity_lost_and_regained(x: f64) -> f64 {
    let mut t = x.sin();
    let first = t * t;
    t = 0.5;
    let second = t + first;
    t += second * x;
    t
}
sample!(activity_lost_and_regained, -2.0..2.0);

#[derivative]
pub fn unused_intermediates(x: f64, y: f64) -> f64 {
    let _unused = x.ln() * y;
    let kept = x * y;
    let _ = kept.sqrt();
    kept + x
}
sample!(unused_intermediates, 0.5..2.0, 0.5..2.0);

#[derivative]
pub fn references(x: f64, y: f64) -> f64 {
    let a = &x;
    let b = &(x * y);
    *a * *b + y
}
sample!(references, -2.0..2.0, -2.0..2.0);

/// Names that generated code would like to use.
#[derivative]
pub fn names_of_generated_code(x: f64, x_dot: f64, seed: f64, tape: f64, value: f64) -> f64 {
    let x_bar = x * x_dot;
    let value_dot = seed + tape * value;
    let mut out = 0.0;
    for tangent in 0..3 {
        let adjoint = x_bar * tangent as f64;
        out += adjoint * value_dot;
    }
    out + value
}
sample!(names_of_generated_code, -1.0..1.0, 0.5..1.0, -1.0..1.0, 0.5..2.0, 1.0..2.0);
