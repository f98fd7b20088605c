//! `f32`, and casts between the float types.

use diff_runtime::derivative;

#[derivative(partials)]
pub fn single(x: f32, y: f32) -> f32 {
    (x * y).sin() + x.powi(3) / (1.0 + y * y)
}
sample!(single, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn single_with_constants(x: f32) -> f32 {
    const SCALE: f32 = 0.3;
    0.1 * x + SCALE * x.exp() - x.max(0.0) * 2.5
}
sample!(single_with_constants, -1.0..1.0);

#[derivative]
pub fn single_in_loop(x: f32, n: usize) -> f32 {
    let mut y = x;
    let mut sum = 0.0;
    for i in 0..n {
        y = y.cos() + 0.1 * i as f32;
        sum += y * x;
        if sum > 3.0 {
            break;
        }
    }
    sum
}
sample!(single_in_loop, 0.1..1.0, [0, 3, 8]);

#[derivative]
pub fn single_newton(a: f32) -> f32 {
    let mut x = a;
    for _ in 0..30 {
        let next = 0.5 * (x + a / x);
        if (next - x).abs() <= f32::EPSILON * x {
            return next;
        }
        x = next;
    }
    x
}
sample!(single_newton, 0.3..5.0);

#[derivative]
pub fn widened(x: f32) -> f64 {
    let wide = x as f64;
    wide * wide.sin()
}
sample!(widened, -2.0..2.0);

#[derivative]
pub fn narrowed(x: f64) -> f32 {
    let narrow = (x * x) as f32;
    narrow + narrow.sqrt()
}
sample!(narrowed, 0.3..2.0);

#[derivative]
pub fn mixed_parameters(x: f32, y: f64) -> f64 {
    f64::from(x) * y + (x as f64).exp()
}
sample!(mixed_parameters, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn there_and_back(x: f64) -> f64 {
    let narrow = x as f32;
    (narrow * 2.0) as f64 + x
}
sample!(there_and_back, -1.0..1.0);

#[derivative]
pub fn cast_to_itself(x: f64) -> f64 {
    (x as f64) * (2 as f64) + true as u8 as f64
}
sample!(cast_to_itself, -1.0..1.0);

#[derivative]
pub fn single_accumulated_in_double(x: f32, n: u16) -> f64 {
    let mut sum = 0.0f64;
    for k in 1..=n {
        sum += (x / k as f32) as f64;
    }
    sum * sum
}
sample!(single_accumulated_in_double, 0.2..1.0, [1, 4]);
