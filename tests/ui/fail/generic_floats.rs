//! What a generic float does not have, and what does not go with one.

use diff_runtime::derivative;
use num_traits::Float;

#[derivative]
fn remainder<T: Float>(x: T, y: T) -> T {
    x.rem_euclid(y) + x.div_euclid(y) + x.round_ties_even()
}

#[derivative]
fn two_types<T: Float, U: Float>(x: T, y: U) -> T {
    x * T::from(y).unwrap()
}

#[derivative]
fn beside<T: Float>(x: T, dt: f64) -> T {
    x * T::from(dt).unwrap()
}

#[derivative]
fn returned<T: Float>(x: T) -> f64 {
    x.sin().to_f64().unwrap()
}

#[derivative]
fn converted<T: Float>(x: T) -> T {
    let y = (x * x).to_f64().unwrap();
    T::from(y.sin()).unwrap()
}

#[derivative]
fn unknown_call<T: Float>(x: T) -> T {
    num_traits::clamp(x, T::zero(), T::one())
}

#[derivative]
fn literal<T: Float>(x: T) -> T {
    2.0 * x
}

#[derivative]
fn matrix<T: Float, M: Copy>(x: T, m: M) -> T {
    x * m
}

#[derivative]
fn without_the_bound<T: Copy>(x: T) -> T {
    x
}

#[derivative(wrt(x))]
fn with_another_bound<T: Copy + std::ops::Mul<Output = T>>(x: T) -> T {
    x * x
}

fn main() {}
