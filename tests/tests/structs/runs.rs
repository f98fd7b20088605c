//! How often functions run that are given structs.

use std::cell::Cell;

use diff_runtime::derivative;

use crate::parameters::{A, Vec3};

thread_local! {
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    RUNS.set(RUNS.get() + 1);
}

fn runs_of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    RUNS.set(0);
    let value = run();
    (value, RUNS.get())
}

#[derivative(wrt(v))]
fn depth_1(v: &Vec3) -> f64 {
    count();
    v.x.sin() * v.y + v.z * v.z
}

/// Functions that each call the one before.
macro_rules! chain {
    ($($name:ident calls $callee:ident;)*) => {$(
        #[derivative(wrt(v))]
        fn $name(v: &Vec3) -> f64 {
            count();
            $callee(v) * 0.5 + v.x * v.y
        }
    )*};
}
chain! {
    depth_2 calls depth_1;
    depth_3 calls depth_2;
    depth_4 calls depth_3;
    depth_5 calls depth_4;
    depth_6 calls depth_5;
    depth_7 calls depth_6;
    depth_8 calls depth_7;
    depth_9 calls depth_8;
    depth_10 calls depth_9;
}

#[derivative(wrt(v))]
fn in_a_loop(v: &Vec3, n: usize) -> f64 {
    let mut product = 1.0;
    for _ in 0..n {
        product *= depth_3(v) + v.z;
    }
    product
}

#[test]
fn a_callee_of_structs_runs_once_per_gradient() {
    assert_eq!(runs_of(|| depth_1::gradient(&A)).1, 1);
    assert_eq!(runs_of(|| depth_3::gradient(&A)).1, 3);
    assert_eq!(runs_of(|| depth_10::gradient(&A)).1, 10);
    assert_eq!(runs_of(|| depth_10::value_and_gradient(&A)).1, 10);
    assert_eq!(runs_of(|| depth_10::vjp(&A, 1.0)).1, 10);
    assert_eq!(runs_of(|| depth_10::jvp(&A, &A)).1, 10);
    assert_eq!(runs_of(|| in_a_loop::gradient(&A, 7)).1, 3 * 7);
}

#[test]
fn ten_nested_calls_with_a_struct_have_the_derivative_of_their_sum() {
    // f_10 = 2^-9 f_1 + x y (1 + 1/2 + .. + 2^-8)
    let (half, rest) = (0.5_f64.powi(9), 2.0 - 0.5_f64.powi(8));
    let expected = [half * A.x.cos() * A.y + A.y * rest, half * A.x.sin() + A.x * rest, half * 2.0 * A.z];
    let found = depth_10::gradient(&A);
    for (found, expected) in [found.x, found.y, found.z].into_iter().zip(expected) {
        // A dozen roundings.
        assert!((found - expected).abs() < 1e-14, "{found} against {expected}");
    }
}
