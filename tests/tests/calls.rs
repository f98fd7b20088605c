//! Calls of differentiable functions: how often the callee runs, what is computed for whom, and where it is found.

#![allow(clippy::needless_range_loop, reason = "written in the ways that users write")]

use std::cell::Cell;

use diff_runtime::derivative;

thread_local! {
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    RUNS.set(RUNS.get() + 1);
}

/// How often functions that count themselves ran.
fn runs_of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    RUNS.set(0);
    let value = run();
    (value, RUNS.get())
}

#[derivative]
fn counted(x: f64, y: f64) -> f64 {
    count();
    x.sin() * y + x
}

// ---- how often the callee runs --------------------------------------------------------------------------------------

/// Functions that each call the one before.
macro_rules! chain {
    ($($name:ident calls $callee:ident;)*) => {$(
        #[derivative]
        fn $name(x: f64, y: f64) -> f64 {
            count();
            $callee(x, y) * 0.5 + x * y
        }
    )*};
}
chain! {
    depth_2 calls counted;
    depth_3 calls depth_2;
    depth_4 calls depth_3;
    depth_5 calls depth_4;
    depth_6 calls depth_5;
    depth_7 calls depth_6;
    depth_8 calls depth_7;
    depth_9 calls depth_8;
    depth_10 calls depth_9;
}

#[derivative]
fn caller(x: f64, y: f64) -> f64 {
    counted(x * y, y).cos()
}

#[test]
fn a_callee_runs_once_per_gradient() {
    assert_eq!(runs_of(|| caller::gradient(0.3, 0.7)).1, 1);
    assert_eq!(runs_of(|| caller::value_and_gradient(0.3, 0.7)).1, 1);
    assert_eq!(runs_of(|| caller::jvp(0.3, 0.7, 1.0, 0.0)).1, 1);
    assert_eq!(runs_of(|| caller::vjp(0.3, 0.7, 1.0)).1, 1);
    assert_eq!(runs_of(|| depth_3::gradient(0.3, 0.7)).1, 3);
    assert_eq!(runs_of(|| depth_10::gradient(0.3, 0.7)).1, 10);
    assert_eq!(runs_of(|| depth_10::vjp(0.3, 0.7, 1.0)).1, 10);
    assert_eq!(runs_of(|| depth_10::jvp(0.3, 0.7, 1.0, 1.0)).1, 10);
}

#[test]
fn ten_nested_calls_have_the_derivative_of_their_sum() {
    // f_10 = 2^-9 f_1 + x y (1 + 1/2 + .. + 2^-8)
    let (x, y) = (0.3_f64, 0.7_f64);
    let rest = 2.0 - 0.5_f64.powi(8);
    let expected = [0.5_f64.powi(9) * (x.cos() * y + 1.0) + y * rest, 0.5_f64.powi(9) * x.sin() + x * rest];
    let found = depth_10::gradient(x, y);
    // A dozen roundings.
    assert!((found[0] - expected[0]).abs() < 1e-15 && (found[1] - expected[1]).abs() < 1e-15, "{found:?}");
}

#[derivative]
fn in_loop(x: f64, y: f64, n: usize) -> f64 {
    let mut s = x;
    for _ in 0..n {
        s = counted(s, y);
    }
    s
}

#[test]
fn a_callee_in_a_loop_runs_once_per_iteration() {
    assert_eq!(runs_of(|| in_loop::gradient(0.3, 0.7, 12)).1, 12);
    assert_eq!(runs_of(|| in_loop::vjp(0.3, 0.7, 12, 1.0)).1, 12);
}

#[derivative]
fn deep(x: f64, n: usize) -> f64 {
    count();
    if n == 0 { x } else { deep(x.sin(), n - 1) + x }
}

#[test]
fn a_recursive_function_runs_once_per_level() {
    assert_eq!(runs_of(|| deep::derivative(0.3, 20)).1, 21);
    assert_eq!(runs_of(|| deep::vjp(0.3, 20, 1.0)).1, 21);
}

#[derivative]
fn jacobian_of_calls(x: f64, y: f64) -> (f64, f64) {
    (counted(x, y), counted(y, x * x))
}

#[test]
fn a_callee_runs_once_for_all_rows_of_a_jacobian() {
    let (jacobian, runs) = runs_of(|| jacobian_of_calls::jacobian(0.3, 0.7));
    assert_eq!(runs, 2);
    let (x, y) = (0.3_f64, 0.7_f64);
    let expected = [[x.cos() * y + 1.0, x.sin()], [y.sin() * 2.0 * x, y.cos() * x * x + 1.0]];
    for (row, wanted) in jacobian.iter().zip(expected) {
        // A few roundings.
        assert!((row[0] - wanted[0]).abs() < 1e-15 && (row[1] - wanted[1]).abs() < 1e-15, "{jacobian:?}");
    }
}

// ---- what is asked for ----------------------------------------------------------------------------------------------

#[derivative]
fn with_constant(x: f64, #[constant] rate: f64) -> f64 {
    x * rate
}

#[derivative]
fn passes_a_constant(x: f64) -> f64 {
    with_constant(x * x, 3.0)
}

#[test]
fn a_constant_parameter_takes_constants() {
    assert_eq!(passes_a_constant::derivative(2.0), 12.0);
}

// ---- strong zeros ---------------------------------------------------------------------------------------------------

#[derivative]
fn root(x: f64) -> f64 {
    x.sqrt()
}

#[derivative]
fn times_root(x: f64, y: f64) -> f64 {
    y * root(x) + y
}

#[test]
fn an_infinite_slope_of_a_callee_is_not_multiplied_by_zero() {
    // As for `y * x.sqrt()`: the adjoint of the root is `y`, zero, and contributes nothing.
    assert_eq!(times_root::gradient(0.0, 0.0), [0.0, 1.0]);
    assert_eq!(times_root::jvp(0.0, 2.0, 0.0, 1.0), (2.0, 1.0));
    assert_eq!(times_root::gradient(0.0, 1.0)[0], f64::INFINITY);
}

// ---- methods and associated functions -------------------------------------------------------------------------------

struct Spring {
    stiffness: f64,
}

impl Spring {
    #[derivative]
    fn force(&self, x: f64) -> f64 {
        self.stiffness * x * x
    }

    #[derivative(associated)]
    fn damping(v: f64) -> f64 {
        v.powi(3)
    }

    #[derivative]
    fn power(&self, x: f64, v: f64) -> f64 {
        self.force(x) * v + Self::damping(v) + Spring::force(self, v)
    }
}

#[derivative]
fn two_springs(x: f64, a: &Spring, b: &Spring) -> f64 {
    a.force(x) - b.force(2.0 * x) + Spring::damping(x)
}

#[test]
fn methods_and_associated_functions_are_called() {
    let (a, b) = (Spring { stiffness: 3.0 }, Spring { stiffness: 0.5 });
    // 3 x^2 v + v^3 + 3 v^2
    assert_eq!(a.power_gradient(2.0, 1.0), [12.0, 12.0 + 3.0 + 6.0]);
    // 3 x^2 - 2 x^2 + x^3
    assert_eq!(two_springs::derivative(2.0, &a, &b), 16.0);
}

// ---- arrays ---------------------------------------------------------------------------------------------------------

#[derivative]
fn counted_norm(a: &[f64]) -> f64 {
    count();
    let mut sum = 0.0;
    for i in 0..a.len() {
        sum += a[i] * a[i];
    }
    sum.sqrt()
}

#[derivative]
fn counted_step(state: &mut [f64], rate: f64) {
    count();
    state[0] += rate * state[1];
    state[1] -= rate * state[0];
}

#[derivative]
fn stepped(x: &[f64], rate: f64, n: usize) -> f64 {
    let mut state = x.to_vec();
    let mut total = 0.0;
    for _ in 0..n {
        counted_step(&mut state, rate);
        total += counted_norm(&state);
    }
    total * counted_norm(x)
}

#[test]
fn a_callee_of_arrays_runs_once() {
    assert_eq!(runs_of(|| stepped::gradient(&[0.3, 0.7], 0.1, 5)).1, 11);
    assert_eq!(runs_of(|| stepped::vjp(&[0.3, 0.7], 0.1, 5, 1.0)).1, 11);
    assert_eq!(runs_of(|| stepped::jvp(&[0.3, 0.7], 0.1, 5, &[1.0, 0.0], 0.0)).1, 11);
}

/// Functions that each pass their arrays to the one before, in part.
macro_rules! chain_of_arrays {
    ($($name:ident calls $callee:ident;)*) => {$(
        #[derivative]
        fn $name(x: &[f64], w: &[f64], out: &mut [f64]) -> f64 {
            count();
            let n = out.len();
            out[0] += x[0] * w[0];
            $callee(&x[1..], w, &mut out[..n - 1]) * w[1] + x[0].sin() * out[0]
        }
    )*};
}

#[derivative]
fn array_depth_1(x: &[f64], w: &[f64], out: &mut [f64]) -> f64 {
    count();
    out[0] *= w[0];
    out[0] * x[0]
}
chain_of_arrays! {
    array_depth_2 calls array_depth_1;
    array_depth_3 calls array_depth_2;
    array_depth_4 calls array_depth_3;
    array_depth_5 calls array_depth_4;
    array_depth_6 calls array_depth_5;
    array_depth_7 calls array_depth_6;
    array_depth_8 calls array_depth_7;
    array_depth_9 calls array_depth_8;
    array_depth_10 calls array_depth_9;
}

#[test]
fn arrays_are_passed_on_ten_deep_and_each_callee_runs_once() {
    let (x, w, start) = ([0.3, -0.5, 0.7, 0.2, -0.4, 0.6, 0.1, 0.9, -0.8, 0.5], [0.6, 0.8], [0.1; 10]);
    let (gradient, runs) = runs_of(|| array_depth_3::gradient(&x, &w, &mut start.clone()));
    assert_eq!((runs, gradient.0.len()), (3, 10));
    let ((by_x, by_w, by_out), runs) = runs_of(|| array_depth_10::gradient(&x, &w, &mut start.clone()));
    assert_eq!(runs, 10);
    assert_eq!(runs_of(|| array_depth_10::vjp(&x, &w, &mut start.clone(), 1.0)).1, 10);
    let zeros = [0.0; 10];
    let along = |x_dot: &[f64], w_dot: &[f64], out_dot: &[f64]| {
        let mut out_dot = out_dot.to_vec();
        array_depth_10::jvp(&x, &w, &mut start.clone(), x_dot, w_dot, &mut out_dot).1
    };
    assert_eq!(runs_of(|| along(&zeros, &zeros[..2], &zeros)).1, 10);
    let unit = |k: usize, n: usize| (0..n).map(|j| if j == k { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
    // A few dozen roundings.
    let close = |a: f64, b: f64| (a - b).abs() < 1e-14;
    for k in 0..10 {
        assert!(close(by_x[k], along(&unit(k, 10), &zeros[..2], &zeros)), "x {k}");
        assert!(close(by_out[k], along(&zeros, &zeros[..2], &unit(k, 10))), "out {k}");
        // Differences of fourth order with a step of 1e-3: h^4 = 1e-12, eps / h = 2e-13.
        let moved = |h: f64| {
            let mut x = x;
            x[k] += h;
            array_depth_10(&x, &w, &mut start.clone())
        };
        let h = 1e-3;
        let difference = (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h);
        assert!((by_x[k] - difference).abs() < 1e-11, "x {k}");
    }
    for k in 0..2 {
        assert!(close(by_w[k], along(&zeros, &unit(k, 2), &zeros)), "w {k}");
    }
}

struct Network {
    bias: f64,
}

impl Network {
    #[derivative]
    fn layer(&self, weights: &[f64], x: &[f64], out: &mut [f64]) {
        for i in 0..out.len() {
            let mut sum = self.bias;
            for j in 0..x.len() {
                sum += weights[i * x.len() + j] * x[j];
            }
            out[i] = sum.tanh();
        }
    }

    #[derivative(wrt(first, second))]
    fn loss(&self, first: &[f64], second: &[f64], x: &[f64]) -> f64 {
        let mut hidden = vec![0.0; 3];
        self.layer(first, x, &mut hidden);
        let mut out = [0.0; 1];
        self.layer(second, &hidden, &mut out);
        out[0] * out[0]
    }
}

#[test]
fn methods_take_arrays() {
    let network = Network { bias: 0.1 };
    let (first, second, x) = ([0.3, -0.2, 0.5, 0.4, -0.6, 0.1], [0.7, -0.3, 0.2], [0.5, 1.5]);
    let (by_first, by_second) = network.loss_gradient(&first, &second, &x);
    // Differences of fourth order with a step of 1e-3: h^4 = 1e-12, eps / h = 2e-13.
    let difference = |f: &dyn Fn(f64) -> f64| {
        let h = 1e-3;
        (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
    };
    for k in 0..first.len() {
        let along = |h: f64| {
            let mut first = first;
            first[k] += h;
            network.loss(&first, &second, &x)
        };
        assert!((by_first[k] - difference(&along)).abs() < 1e-11);
    }
    for k in 0..second.len() {
        let along = |h: f64| {
            let mut second = second;
            second[k] += h;
            network.loss(&first, &second, &x)
        };
        assert!((by_second[k] - difference(&along)).abs() < 1e-11);
    }
}

#[derivative]
fn scaled_into(a: &[f64], factor: f64, out: &mut [f64]) {
    for i in 0..a.len() {
        out[i] = a[i] * factor * factor;
    }
}

/// `out = [x0 x1 x2^2, x0 x2^2, x1 x2^2]`.
#[derivative]
fn passes_parts_on(x: &[f64], out: &mut [f64]) {
    scaled_into(&x[..2], x[2], &mut out[1..3]);
    out[0] = x[0] * out[2];
}

#[test]
fn parts_of_arrays_are_passed_on_to_be_written() {
    let x = [0.7, 0.8, 0.9];
    let rows = [
        [x[1] * x[2] * x[2], x[0] * x[2] * x[2], 2.0 * x[0] * x[1] * x[2]],
        [x[2] * x[2], 0.0, 2.0 * x[0] * x[2]],
        [0.0, x[2] * x[2], 2.0 * x[1] * x[2]],
    ];
    for (i, row) in rows.iter().enumerate() {
        let (mut out, mut seed) = ([9.0; 3], [0.0; 3]);
        seed[i] = 1.0;
        let adjoints = passes_parts_on::vjp(&x, &mut out, &mut seed);
        assert_eq!(seed, [0.0; 3]);
        for k in 0..3 {
            let (mut tangent, mut tangents) = ([0.0; 3], [9.0; 3]);
            tangent[k] = 1.0;
            passes_parts_on::jvp(&x, &mut out, &tangent, &mut tangents);
            // A few roundings.
            assert!((adjoints[k] - row[k]).abs() < 1e-15 && (tangents[i] - row[k]).abs() < 1e-15);
        }
    }
}

/// `(x^2 y^3, x^2 y)`.
#[derivative]
fn directions_with_arrays(x: f64, y: f64) -> (f64, f64) {
    let a = [x, y];
    let mut b = [0.0; 2];
    scaled_into(&a, x, &mut b);
    scaled_into(&[1.0], y, &mut b[..1]);
    (b[0] * b[1], b[1])
}

#[test]
fn a_jacobian_goes_through_calls_with_arrays() {
    let (x, y) = (0.7_f64, 1.3_f64);
    let expected = [[2.0 * x * y.powi(3), 3.0 * x * x * y * y], [2.0 * x * y, x * x]];
    for (row, wanted) in directions_with_arrays::jacobian(x, y).iter().zip(expected) {
        assert!((row[0] - wanted[0]).abs() < 1e-14 && (row[1] - wanted[1]).abs() < 1e-14);
    }
}
