//! Functions that call functions: generic and not.

use diff_runtime::derivative;
use num_traits::Float;

#[derivative(hvp)]
pub fn square<T: Float>(x: T) -> T {
    x * x
}

#[derivative(hvp)]
pub fn blend<T: Float>(x: T, y: T, #[constant] t: T) -> T {
    x * (T::one() - t) + y * t
}

#[derivative]
pub fn norm<T: Float>(x: &[T], scale: T) -> T {
    let mut sum = T::zero();
    for v in x {
        sum = sum + square(*v / scale);
    }
    scale * sum.sqrt()
}
sample!(norm, [0.5..2.0; [1, 4]], 0.5..2.0);

#[derivative(hvp)]
pub fn generic_of_generic<T: Float>(x: T, y: T) -> T {
    square(x.sin()) + blend(x, square(y), T::from(0.25).unwrap())
}
sample!(generic_of_generic, -2.0..2.0, -2.0..2.0);

#[derivative(hvp)]
pub fn float_of_generic(x: f64, y: f64) -> f64 {
    square(x.sin()) + blend(x, square(y), 0.25) * square::<f64>(y)
}
sample!(float_of_generic, -2.0..2.0, -2.0..2.0);

/// Arrays passed on, with a scalar that varies, and one that does not.
#[derivative]
pub fn generic_with_arrays<T: Float>(x: &[T], s: T) -> T {
    norm(x, s * s) + norm(x, T::one()) * s + norm(&x[1..], T::from(2.0).unwrap())
}
sample!(generic_with_arrays, [0.5..2.0; [2, 4]], 0.5..2.0);

#[derivative]
pub fn float_with_arrays(x: &[f64], s: f64) -> f64 {
    norm(x, s * s) + norm(x, 1.0) * s + norm(&x[1..], 2.0)
}
sample!(float_with_arrays, [0.5..2.0; [2, 4]], 0.5..2.0);

#[derivative(wrt(x))]
pub fn arrays_alone_vary<T: Float>(x: &[T], s: T) -> T {
    norm(x, s).ln()
}
sample!(arrays_alone_vary, [0.5..2.0; [1, 4]], 0.5..2.0);

#[derivative(wrt(s))]
pub fn scalars_alone_vary<T: Float>(x: &[T], s: T) -> T {
    norm(x, s) * s.ln()
}
sample!(scalars_alone_vary, [0.5..2.0; [1, 4]], 0.5..2.0);

#[derivative]
pub fn advance<T: Float>(state: &mut [T], dt: T) {
    let old = state[0];
    state[0] = old + dt * state[1];
    state[1] = state[1] - dt * old.sin();
}

#[derivative]
pub fn pendulum<T: Float>(angle: T, dt: T, steps: usize) -> T {
    let mut state = [angle, T::zero()];
    for _ in 0..steps {
        advance(&mut state, dt);
    }
    state[0] * state[0] + state[1]
}
sample!(pendulum, 0.2..1.2, 0.05..0.3, [0, 1, 5]);

#[derivative]
pub fn power<T: Float>(x: T, n: u32) -> T {
    if n == 0 { T::one() } else { x * power(x, n - 1) }
}
sample!(power, 0.5..1.5, [0, 1, 4]);

#[derivative]
pub fn polar<T: Float>(x: T, y: T) -> (T, T) {
    (x.hypot(y), y.atan2(x))
}

#[derivative]
pub fn through_a_tuple<T: Float>(x: T, y: T) -> T {
    let (r, angle) = polar(x, y);
    r * angle.cos() + angle
}
sample!(through_a_tuple, 0.5..2.0, 0.5..2.0);

#[derivative]
pub fn doubled<T: Float>(x: T) -> [T; 2] {
    [x * T::from(2.0).unwrap(), x * x]
}

#[derivative]
pub fn through_an_array<T: Float>(x: T) -> T {
    let both: [T; 2] = doubled(x);
    both[0] * both[1]
}
sample!(through_an_array, -2.0..2.0);
