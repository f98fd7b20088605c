//! Functions of scalars, with all the ways to write the bound and the numbers.

use std::fmt::Debug;
use std::ops::AddAssign;

use diff_runtime::derivative;
use num_traits::Float;

/// No number but those that the derivative needs.
#[derivative(partials, hvp)]
pub fn polynomial<T: Float>(x: T, y: T) -> T {
    x * x * y + y.powi(3) - x * y
}
sample!(polynomial, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn one_scalar<T: Float>(x: T) -> T {
    (x.sin() + T::one()).ln() * x.exp()
}
sample!(one_scalar, 0.1..2.0);

/// The bound in a `where` clause, with its path.
#[derivative(partials)]
pub fn bound_below<T>(a: T, b: T) -> T
where
    T: num_traits::Float,
{
    let half = T::from(0.5).unwrap();
    half * a.tanh() + b.sqrt() * half
}
sample!(bound_below, -2.0..2.0, 0.2..3.0);

/// Among other bounds.
#[derivative(hvp)]
pub fn bound_among_others<F: Debug + Float + AddAssign + Copy + 'static>(x: F, y: F) -> F {
    let mut sum = F::zero();
    sum += x * y;
    sum += (x / y).atan();
    sum
}
sample!(bound_among_others, -2.0..2.0, 0.5..2.0);

/// Numbers of all kinds.
#[derivative(partials)]
pub fn numbers<T: Float>(x: T, y: T) -> T {
    let third = T::one() / T::from(3).unwrap();
    let three = T::one() + T::one() + T::one();
    let tenth = T::from(0.1).expect("a number");
    let n = 4_usize;
    let four = T::from(n).unwrap();
    -T::one() * x.powf(three) + third * y - tenth * x * y + four * T::from(-2.5).unwrap() / (y * y + T::epsilon())
}
sample!(numbers, 0.5..2.0, 0.5..2.0);

/// Functions of the type, by its name and by that of the trait.
#[derivative(partials)]
pub fn functions_of_the_type<T: Float>(x: T, y: T) -> T {
    T::sin(x) * T::powi(y, 2) + Float::exp(x * y) + T::max(x, y) + Float::hypot(x, T::one()) + <T as Float>::cos(y)
}
sample!(functions_of_the_type, -1.0..0.9, 1.0..2.0);

#[derivative(partials)]
pub fn elementary<T: Float>(x: T, y: T) -> T {
    let first = x.exp() + x.exp2() + x.exp_m1() + x.ln() + x.log2() + x.log10() + x.ln_1p() + x.log(y);
    let second = x.sqrt() + x.cbrt() + x.recip() + x.hypot(y) + x.atan2(y) + x.mul_add(y, x);
    let third = x.sin() + x.cos() + x.tan() + x.sinh() + x.cosh() + x.tanh() + x.asinh() + y.acosh();
    first + second * third
}
sample!(elementary, 0.3..1.2, 1.5..2.5);

#[derivative(partials)]
pub fn inverse_functions<T: Float>(x: T, y: T) -> T {
    x.asin() * y.acos() + (x * y).atan() + x.atanh() + x.to_radians() + y.to_degrees()
}
sample!(inverse_functions, -0.8..0.8, -0.8..0.8);

/// Kinks and jumps.
#[derivative(partials)]
pub fn kinks<T: Float>(x: T, y: T) -> T {
    x.abs()
        + x.max(y) * T::from(2.0).unwrap()
        + x.min(y)
        + x.clamp(-T::one(), T::one()) * y
        + x.signum() * y
        + y.copysign(x)
        + x.floor() * y
        + y.ceil()
        + y.round()
        + x.trunc()
        + x.fract() * y
        + x % T::from(0.7).unwrap()
}
sample!(kinks, -2.0..2.0, 0.1..2.0);

#[derivative(partials)]
pub fn powers<T: Float>(x: T, n: i32, p: T) -> T {
    x.powi(n) + x.powf(p) + x.powi(7) + x.powf(T::from(1.5).unwrap())
}
sample!(powers, 0.4..2.0, [-2, 0, 1, 5], -2.0..3.0);

#[derivative(hvp)]
pub fn branches<T: Float>(x: T, y: T) -> T {
    if x > T::zero() && y < T::one() {
        x * y.sin()
    } else if x.is_sign_negative() {
        (x * y).cos()
    } else {
        x / (T::one() + y * y)
    }
}
sample!(branches, -2.0..2.0, -2.0..2.0);

/// A constant of another float type, which is converted.
#[derivative]
pub fn converted_constants<T: Float>(x: T, #[constant] k: f64, n: usize) -> T {
    let scale = T::from(k).unwrap();
    x.powi(2) * scale + x * T::from(n as f64 * 0.5).unwrap() + T::from(n).unwrap()
}
sample!(converted_constants, -2.0..2.0, 0.5..1.5, [0, 3]);

/// A parameter of a type with another bound is a constant.
#[derivative]
pub fn other_parameters<T: Float, N: Into<u32> + Copy>(x: T, n: N) -> T {
    x * T::from(n.into()).unwrap() + x.sin()
}
sample!(other_parameters, -2.0..2.0, [2_u8, 3]);

#[derivative(wrt(x))]
pub fn only_one_varies<T: Float>(x: T, rate: T) -> T {
    (-rate * x).exp() * rate
}
sample!(only_one_varies, -2.0..2.0, 0.5..2.0);

/// The bound is that of a trait of the user's, which has it.
pub trait Number: Float + AddAssign {}
impl<F: Float + AddAssign> Number for F {}

#[derivative(wrt(x, y), partials)]
pub fn bound_by_a_trait_of_the_users<S: Number>(x: S, y: S) -> S {
    let mut sum = x * x;
    sum += x * y.sin();
    sum
}
sample!(bound_by_a_trait_of_the_users, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn newton<T: Float>(a: T) -> T {
    let half = T::from(0.5).unwrap();
    let mut x = a;
    let mut n = 0;
    while (x * x - a).abs() > T::epsilon() * T::from(8.0).unwrap() * a && n < 40 {
        x = half * (x + a / x);
        n += 1;
    }
    x
}
sample!(newton, 0.5..4.0);

#[derivative(partials)]
pub fn recurrence<T: Float>(x: T, r: T, steps: usize) -> T {
    let mut state = x;
    for _ in 0..steps {
        state = r * state * (T::one() - state);
    }
    state
}
sample!(recurrence, 0.1..0.9, 2.5..3.5, [0, 1, 6]);

/// Integers made of floats do not vary.
#[derivative]
pub fn to_integers<T: Float>(x: T) -> T {
    let cell = x.floor().to_i32().unwrap();
    let next = T::from(x.floor().to_i32().unwrap() + 1).unwrap();
    x.powi(2) * T::from(cell).unwrap() + x * next
}
sample!(to_integers, 0.1..3.9);
