//! Convergence on standard test functions, bit-equality with loops written out, and everything that can go wrong.
//!
//! The test functions and their minima are those of Surjanovic & Bingham, "Virtual library of simulation experiments".
//! They are polynomials, so that the iteration counts are the same on every platform with IEEE arithmetic.

use core::ops::ControlFlow;

use super::*;
use crate::check::{assert_gradient, random_points};

type Point = [f64; 2];

/// `(1 - x)^2 + 100 (y - x^2)^2`, least at (1, 1): 0.
fn rosenbrock(&[x, y]: &Point) -> (f64, Point) {
    let (a, b) = (1.0 - x, y - x * x);
    (a * a + 100.0 * (b * b), [-2.0 * a - 400.0 * x * b, 200.0 * b])
}

/// `(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2`, least at (3, 0.5): 0.
fn beale(&[x, y]: &Point) -> (f64, Point) {
    let (a, b, c) = (1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y);
    let dx = 2.0 * a * (y - 1.0) + 2.0 * b * (y * y - 1.0) + 2.0 * c * (y * y * y - 1.0);
    (a * a + b * b + c * c, [dx, 2.0 * a * x + 4.0 * b * x * y + 6.0 * c * x * y * y])
}

/// `(x^2 + y - 11)^2 + (x + y^2 - 7)^2`, least at four points, one of them (3, 2): 0.
fn himmelblau(&[x, y]: &Point) -> (f64, Point) {
    let (a, b) = (x * x + y - 11.0, x + y * y - 7.0);
    (a * a + b * b, [4.0 * a * x + 2.0 * b, 2.0 * a + 4.0 * b * y])
}

/// `(x + 2 y - 7)^2 + (2 x + y - 5)^2`, least at (1, 3): 0.
fn booth(&[x, y]: &Point) -> (f64, Point) {
    let (a, b) = (x + 2.0 * y - 7.0, 2.0 * x + y - 5.0);
    (a * a + b * b, [2.0 * a + 4.0 * b, 4.0 * a + 2.0 * b])
}

/// `0.26 (x^2 + y^2) - 0.48 x y`, least at (0, 0): 0.
fn matyas(&[x, y]: &Point) -> (f64, Point) {
    (0.26 * (x * x + y * y) - 0.48 * x * y, [0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x])
}

/// `2 x^2 - 1.05 x^4 + x^6 / 6 + x y + y^2`, least at (0, 0): 0.
fn three_hump_camel(&[x, y]: &Point) -> (f64, Point) {
    let s = x * x;
    let value = 2.0 * s - 1.05 * s * s + s * s * s / 6.0 + x * y + y * y;
    (value, [4.0 * x - 4.2 * s * x + s * s * x + y, x + 2.0 * y])
}

type TestFunction = fn(&Point) -> (f64, Point);

const TEST_FUNCTIONS: [TestFunction; 6] = [rosenbrock, beale, himmelblau, booth, matyas, three_hump_camel];

#[test]
fn gradients_of_the_test_functions_are_right() {
    for function in TEST_FUNCTIONS {
        for point in random_points(&[-2.0; 2], &[2.0; 2], 5).take(20) {
            assert_gradient(|x: &Point| function(x).0, |x: &Point| function(x).1, &point);
        }
    }
}

/// The gradient tolerance is 6e-6; divided by the least eigenvalue of the Hessian at the minimum (0.04 for Matyas's
/// function, 0.15 for Beale's, 0.4 for Rosenbrock's) it bounds the distance.
#[track_caller]
fn assert_converges(descent: Descent, function: TestFunction, start: Point, minimum: Point, iterations: usize) {
    let found = descent.minimize(function, start).unwrap();
    assert_eq!((found.reason, found.iterations), (StopReason::GradientNorm, iterations));
    for (x, exact) in found.point.iter().zip(minimum) {
        assert!((x - exact).abs() < 2e-4, "{:?}", found.point);
    }
}

#[test]
fn backtracking_converges_on_the_test_functions() {
    let descent = Descent::new;
    assert_converges(descent(), rosenbrock, [-1.2, 1.0], [1.0, 1.0], 12_904);
    assert_converges(descent(), beale, [1.0, 1.0], [3.0, 0.5], 696);
    assert_converges(descent(), himmelblau, [0.0, 0.0], [3.0, 2.0], 22);
    assert_converges(descent(), booth, [0.0, 0.0], [1.0, 3.0], 49);
    assert_converges(descent(), matyas, [4.0, -3.0], [0.0, 0.0], 11);
    assert_converges(descent(), three_hump_camel, [1.0, 1.0], [0.0, 0.0], 14);
}

#[test]
fn strong_wolfe_converges_on_the_test_functions() {
    let search = StrongWolfe { curvature: 0.1, ..StrongWolfe::default() };
    let descent = || Descent::new().step(StepSize::StrongWolfe(search));
    assert_converges(descent(), rosenbrock, [-1.2, 1.0], [1.0, 1.0], 680);
    assert_converges(descent(), beale, [1.0, 1.0], [3.0, 0.5], 715);
    assert_converges(descent(), himmelblau, [0.0, 0.0], [3.0, 2.0], 8);
    assert_converges(descent(), booth, [0.0, 0.0], [1.0, 3.0], 9);
    assert_converges(descent(), matyas, [4.0, -3.0], [0.0, 0.0], 2);
    assert_converges(descent(), three_hump_camel, [1.0, 1.0], [0.0, 0.0], 14);
}

#[test]
fn fixed_steps_converge_on_booth() {
    assert_converges(Descent::new().fixed_step(0.1), booth, [0.0, 0.0], [1.0, 3.0], 72);
}

#[test]
fn momentum_converges_on_rosenbrock() {
    let descent = Descent::new().momentum(0.9).fixed_step(1e-3);
    assert_converges(descent, rosenbrock, [-1.2, 1.0], [1.0, 1.0], 2587);
}

#[test]
fn nesterov_converges_on_rosenbrock() {
    let descent = Descent::new().nesterov(0.9).fixed_step(1e-3);
    assert_converges(descent, rosenbrock, [-1.2, 1.0], [1.0, 1.0], 2631);
}

#[test]
fn rms_prop_with_decaying_steps_converges_on_rosenbrock() {
    let descent = Descent::new().rms_prop().step(StepSize::Exponential { initial: 0.01, factor: 0.999 });
    assert_converges(descent, rosenbrock, [-1.2, 1.0], [1.0, 1.0], 13_895);
}

#[test]
fn adam_converges_on_rosenbrock_and_beale() {
    let descent = || Descent::new().adam().fixed_step(0.02);
    assert_converges(descent(), rosenbrock, [-1.2, 1.0], [1.0, 1.0], 3707);
    assert_converges(descent(), beale, [1.0, 1.0], [3.0, 0.5], 1479);
}

// Bit-equality with loops written out: no tolerance.

const STEPS: usize = 200;

/// The point after `STEPS` iterations on Rosenbrock's function, which are too few to reach a tolerance.
fn after_steps(descent: Descent) -> Point {
    let found = descent.max_iterations(STEPS).minimize(rosenbrock, [-1.2, 1.0]).unwrap();
    assert_eq!(found.reason, StopReason::Iterations);
    found.point
}

/// The same by a loop, with `update(k, x, g)` changing `x`.
fn by_loop(mut update: impl FnMut(usize, &mut Point, Point)) -> Point {
    let mut x = [-1.2, 1.0];
    for k in 0..STEPS {
        let (_, g) = rosenbrock(&x);
        update(k, &mut x, g);
    }
    x
}

#[test]
fn fixed_step_is_the_plain_loop() {
    let reference = by_loop(|_, x, g| {
        for i in 0..2 {
            x[i] -= 1e-3 * g[i];
        }
    });
    assert_eq!(after_steps(Descent::new().fixed_step(1e-3)), reference);
}

#[test]
fn decaying_step_is_the_plain_loop() {
    let reference = by_loop(|k, x, g| {
        let step = 2e-3 / (1.0 + 0.01 * k as f64);
        for i in 0..2 {
            x[i] -= step * g[i];
        }
    });
    assert_eq!(after_steps(Descent::new().decaying_step(2e-3, 0.01)), reference);
}

#[test]
fn exponential_step_is_the_plain_loop() {
    let mut step = 2e-3;
    let reference = by_loop(|_, x, g| {
        for i in 0..2 {
            x[i] -= step * g[i];
        }
        step *= 0.99;
    });
    let descent = Descent::new().step(StepSize::Exponential { initial: 2e-3, factor: 0.99 });
    assert_eq!(after_steps(descent), reference);
}

#[test]
fn scheduled_step_is_the_plain_loop() {
    fn schedule(k: usize) -> f64 {
        if k < 50 { 1e-3 } else { 5e-4 }
    }
    let reference = by_loop(|k, x, g| {
        for i in 0..2 {
            x[i] -= schedule(k) * g[i];
        }
    });
    assert_eq!(after_steps(Descent::new().step(StepSize::Schedule(schedule))), reference);
}

#[test]
fn momentum_is_the_plain_loop() {
    let mut v = [0.0; 2];
    let reference = by_loop(|_, x, g| {
        for i in 0..2 {
            v[i] = 0.9 * v[i] + g[i];
            x[i] -= 1e-4 * v[i];
        }
    });
    assert_eq!(after_steps(Descent::new().momentum(0.9).fixed_step(1e-4)), reference);
}

#[test]
fn nesterov_is_the_plain_loop() {
    let mut v = [0.0; 2];
    let reference = by_loop(|_, x, g| {
        for i in 0..2 {
            v[i] = 0.9 * v[i] + g[i];
            x[i] -= 1e-4 * (g[i] + 0.9 * v[i]);
        }
    });
    assert_eq!(after_steps(Descent::new().nesterov(0.9).fixed_step(1e-4)), reference);
}

#[test]
fn rms_prop_is_the_plain_loop() {
    let mut s = [0.0_f64; 2];
    let reference = by_loop(|_, x, g| {
        for i in 0..2 {
            s[i] = 0.9 * s[i] + (1.0 - 0.9) * (g[i] * g[i]);
            x[i] -= 1e-3 * (g[i] / (square_root(s[i]) + 1e-8));
        }
    });
    assert_eq!(after_steps(Descent::new().rms_prop().fixed_step(1e-3)), reference);
}

/// Adam, with `weight_decay` AdamW, written out.
fn adam_by_loop(weight_decay: f64) -> Point {
    let (mut m, mut s) = ([0.0; 2], [0.0_f64; 2]);
    let (mut beta1_power, mut beta2_power) = (1.0, 1.0);
    by_loop(|_, x, g| {
        beta1_power *= 0.9;
        beta2_power *= 0.999;
        for i in 0..2 {
            m[i] = 0.9 * m[i] + (1.0 - 0.9) * g[i];
            s[i] = 0.999 * s[i] + (1.0 - 0.999) * (g[i] * g[i]);
            let (m_hat, s_hat) = (m[i] / (1.0 - beta1_power), s[i] / (1.0 - beta2_power));
            x[i] -= 1e-2 * (m_hat / (square_root(s_hat) + 1e-8) + weight_decay * x[i]);
        }
    })
}

fn square_root(x: f64) -> f64 {
    crate::Real::sqrt(x)
}

#[test]
fn adam_is_the_plain_loop() {
    assert_eq!(after_steps(Descent::new().adam().fixed_step(1e-2)), adam_by_loop(0.0));
}

#[test]
fn adam_w_is_the_plain_loop() {
    assert_eq!(after_steps(Descent::new().adam_w(0.01).fixed_step(1e-2)), adam_by_loop(0.01));
}

#[test]
fn backtracking_is_the_plain_loop() {
    let mut first = 1.0;
    let reference = by_loop(|_, x, g| {
        let (value, _) = rosenbrock(x);
        let d = [-g[0], -g[1]];
        let slope = g[0] * d[0] + g[1] * d[1];
        let mut step = first;
        let moved = loop {
            let moved = [x[0] + step * d[0], x[1] + step * d[1]];
            if rosenbrock(&moved).0 <= value + 1e-4 * (step * slope) {
                break moved;
            }
            step *= 0.5;
        };
        *x = moved;
        first = 2.0 * step;
    });
    assert_eq!(after_steps(Descent::new().backtracking()), reference);
}

#[test]
fn projection_onto_bounds_is_the_plain_loop() {
    let reference = by_loop(|_, x, g| {
        for i in 0..2 {
            x[i] = (x[i] - 1e-3 * g[i]).clamp(-1.5, 1.0);
        }
    });
    let descent = Descent::new().fixed_step(1e-3).bounds([-1.5; 2], [1.0; 2]).max_iterations(STEPS);
    assert_eq!(descent.minimize(rosenbrock, [-1.2, 1.0]).map(|found| found.point), Ok(reference));
}

#[test]
#[cfg(feature = "alloc")]
fn mini_batches_are_the_plain_loop() {
    // The mean squared error of y = w x + b.
    const DATA: [(f64, f64); 7] =
        [(0.0, 1.1), (1.0, 2.9), (2.0, 5.2), (3.0, 6.8), (4.0, 9.1), (5.0, 11.0), (6.0, 13.2)];
    fn loss(&[w, b]: &Point, batch: &[usize], gradient: &mut Point) -> f64 {
        *gradient = [0.0; 2];
        let (mut sum, scale) = (0.0, 1.0 / batch.len() as f64);
        for &i in batch {
            let (x, y) = DATA[i];
            let error = w * x + b - y;
            sum += error * error;
            gradient[0] += 2.0 * scale * error * x;
            gradient[1] += 2.0 * scale * error;
        }
        scale * sum
    }
    let mut batches = MiniBatches::new(DATA.len(), 3, 9);
    let descent = Descent::new().fixed_step(0.01).max_iterations(50);
    let found = descent.minimize(batches.clone().objective(loss), [0.0, 0.0]).unwrap();

    let (mut x, mut g) = ([0.0; 2], [0.0; 2]);
    for _ in 0..50 {
        loss(&x, batches.next_batch(), &mut g);
        for i in 0..2 {
            x[i] -= 0.01 * g[i];
        }
    }
    assert_eq!(found.point, x);
}

#[test]
fn stepping_by_hand_is_running() {
    let descent = Descent::new().adam().fixed_step(1e-2).max_iterations(STEPS);
    let mut state = descent.clone().start([-1.2, 1.0]).unwrap();
    let reason = loop {
        if let ControlFlow::Break(reason) = state.step(&mut rosenbrock).unwrap() {
            break reason;
        }
    };
    let found = descent.minimize(rosenbrock, [-1.2, 1.0]).unwrap();
    assert_eq!((reason, state.iteration()), (found.reason, found.iterations));
    assert_eq!(state.point(), &found.point);
}

// Line searches.

#[test]
fn accepted_steps_satisfy_the_strong_wolfe_conditions() {
    let mut state = Descent::new().strong_wolfe().start([-1.2, 1.0]).unwrap();
    assert!(state.step(&mut rosenbrock).unwrap().is_continue());
    for _ in 0..100 {
        let (value, gradient) = (state.value(), *state.gradient());
        assert!(state.step(&mut rosenbrock).unwrap().is_continue());
        let slope = -gradient.inner_product(&gradient);
        let new_slope = -state.gradient().inner_product(&gradient);
        assert!(state.value() <= value + 1e-4 * state.step_length() * slope);
        assert!(new_slope.abs() <= 0.9 * slope.abs());
    }
}

#[test]
fn line_searches_shrink_away_from_values_that_are_not_finite() {
    // x - ln x, with NaN for x <= 0: the first trial from 3 with the step 100 is far outside.
    let barrier = |x: f64| {
        if x <= 0.0 { (f64::NAN, f64::NAN) } else { (0.5 * (x - 1.0) * (x - 1.0) + 1.0 / x, x - 1.0 - 1.0 / (x * x)) }
    };
    let backtracking = StepSize::Backtracking(Backtracking { initial: 100.0, ..Backtracking::default() });
    let strong_wolfe = StepSize::StrongWolfe(StrongWolfe { initial: 100.0, ..StrongWolfe::default() });
    for step_size in [backtracking, strong_wolfe] {
        let found = Descent::new().step(step_size).minimize(barrier, 3.0).unwrap();
        // x^3 - x^2 - 1 = 0, to the gradient tolerance.
        assert!((found.point - 1.465_571_231_876_768).abs() < 1e-5, "{}", found.point);
    }
}

#[test]
fn line_searches_reach_gradients_below_the_rounding_of_the_value() {
    // The offset hides changes of the value below 1e-12, which is a gradient of 1e-5.
    let offset = |x: &Point| (1e4 + x[0] * x[0] + 10.0 * x[1] * x[1], [2.0 * x[0], 20.0 * x[1]]);
    for descent in [Descent::new().backtracking(), Descent::new().strong_wolfe()] {
        let found = descent.gradient_tolerance(1e-9).minimize(offset, [3.0, 1.0]).unwrap();
        assert_eq!(found.reason, StopReason::GradientNorm);
    }
}

#[test]
fn separate_values_give_the_same_path_with_fewer_gradients() {
    let mut gradients = 0;
    let counted = |x: &Point| {
        gradients += 1;
        rosenbrock(x)
    };
    let objective = Separate { value: |x: &Point| rosenbrock(x).0, value_and_gradient: counted };
    let descent = Descent::new().max_iterations(STEPS);
    let found = descent.minimize(objective, [-1.2, 1.0]).unwrap();
    assert_eq!(found.point, after_steps(Descent::new()));
    assert_eq!(gradients, STEPS + 1);
}

// Stop reasons.

#[test]
fn a_stationary_start_stops_at_once() {
    let found = minimize(rosenbrock, [1.0, 1.0]).unwrap();
    assert_eq!((found.reason, found.iterations, found.evaluations), (StopReason::GradientNorm, 0, 1));
}

#[test]
fn a_short_step_stops() {
    let descent = Descent::new().fixed_step(1e-3).step_tolerance(1e-4);
    assert_eq!(descent.minimize(rosenbrock, [-1.2, 1.0]).unwrap().reason, StopReason::Step);
}

#[test]
fn a_small_change_of_the_value_stops() {
    let descent = Descent::new().fixed_step(1e-3).value_tolerance(1e-6);
    assert_eq!(descent.minimize(rosenbrock, [-1.2, 1.0]).unwrap().reason, StopReason::ValueChange);
}

#[test]
fn no_iterations_evaluate_the_start_alone() {
    let found = Descent::new().max_iterations(0).minimize(booth, [0.0, 0.0]).unwrap();
    assert_eq!((found.reason, found.evaluations, found.value), (StopReason::Iterations, 1, 74.0));
}

#[test]
#[cfg(feature = "std")]
fn no_time_evaluates_the_start_alone() {
    let descent = Descent::new().max_time(core::time::Duration::ZERO);
    let found = descent.minimize(booth, [0.0, 0.0]).unwrap();
    assert_eq!((found.reason, found.evaluations), (StopReason::Time, 1));
}

#[test]
fn the_observer_sees_the_start_and_every_iterate_once() {
    let mut seen = 0;
    let descent = Descent::new().max_iterations(5);
    let found = descent.minimize_observed(rosenbrock, [-1.2, 1.0], |state| {
        assert_eq!(state.iteration(), seen);
        seen += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((found.unwrap().reason, seen), (StopReason::Iterations, 6));
}

#[test]
fn the_observer_can_stop_at_the_start() {
    let stop = |_: &State<Point>| ControlFlow::Break(StopReason::Observer);
    let found = Descent::new().minimize_observed(booth, [0.0, 0.0], stop).unwrap();
    assert_eq!((found.reason, found.iterations), (StopReason::Observer, 0));
}

// Constraints.

#[test]
fn backtracking_under_bounds_finds_the_constrained_minimum() {
    // Least on x <= 0.5 is y = x^2 at the bound.
    let descent = Descent::new().bounds([-2.0, -2.0], [0.5, 2.0]);
    let found = descent.minimize(rosenbrock, [-1.2, 1.0]).unwrap();
    assert_eq!((found.reason, found.point[0]), (StopReason::GradientNorm, 0.5));
    // The tolerance over the second derivative, 200, and a factor for the other component.
    assert!((found.point[1] - 0.25).abs() < 1e-6, "{:?}", found.point);
}

#[test]
fn the_start_is_projected() {
    let state = Descent::new().bounds([0.0, 0.0], [1.0, 1.0]).start([-5.0, 0.5]).unwrap();
    assert_eq!(state.point(), &[0.0, 0.5]);
}

#[test]
fn infinite_bounds_are_no_bounds() {
    let bounded = Descent::new().bounds([f64::NEG_INFINITY; 2], [f64::INFINITY; 2]).max_iterations(100);
    let free = Descent::new().max_iterations(100);
    let found = (bounded.minimize(booth, [0.0, 0.0]).unwrap(), free.minimize(booth, [0.0, 0.0]).unwrap());
    for i in 0..2 {
        // Another form of the Armijo condition, the same minimum: the tolerance over the least eigenvalue, 2.
        assert!((found.0.point[i] - found.1.point[i]).abs() < 1e-5);
    }
}

// Errors.

#[test]
fn a_start_that_is_not_finite_fails_there() {
    let failure = minimize(|_: f64| (f64::NAN, 1.0), 3.0).unwrap_err();
    assert!(matches!(failure.error, DescentError::NonFiniteValue { value } if value.is_nan()));
    assert_eq!((failure.point, failure.iterations, failure.evaluations), (3.0, 0, 1));
}

#[test]
fn divergence_is_an_error_that_keeps_the_last_finite_iterate() {
    let quartic = |x: f64| (x * x * x * x, 4.0 * x * x * x);
    let failure = Descent::new().fixed_step(1.0).minimize(quartic, 3.0).unwrap_err();
    assert!(matches!(failure.error, DescentError::NonFiniteValue { .. }));
    assert!(failure.iterations > 0 && failure.point.is_finite() && failure.value.is_finite());
    assert_eq!(failure.value, quartic(failure.point).0);
}

#[test]
fn a_gradient_that_is_not_finite_is_an_error_with_its_component() {
    let failure = minimize(|_: &[f64; 3]| (1.0, [0.0, 2.0, f64::INFINITY]), [0.0; 3]).unwrap_err();
    assert_eq!(failure.error, DescentError::NonFiniteGradient { component: 2, value: f64::INFINITY });
}

#[test]
fn a_start_that_failed_is_evaluated_again() {
    let mut calls = 0;
    let mut fails_once = |x: f64| {
        calls += 1;
        (x * x, if calls == 1 { f64::NAN } else { 2.0 * x })
    };
    let mut state = Descent::new().fixed_step(0.25).start(4.0).unwrap();
    assert!(matches!(state.step(&mut fails_once), Err(DescentError::NonFiniteGradient { component: 0, .. })));
    assert!(state.step(&mut fails_once).is_ok());
    assert_eq!((state.point(), state.iteration()), (&2.0, 1));
}

#[test]
fn a_finite_gradient_whose_norm_overflows_is_no_error() {
    let steep = |x: &Point| (x[0], [1.5e308, 1.5e308]);
    let found = Descent::new().fixed_step(1e-308).max_iterations(1).minimize(steep, [0.0; 2]).unwrap();
    // 1 ulp: the product of the decimal approximations 1e-308 and 1.5e308.
    assert!(found.point.iter().all(|x| (x + 1.5).abs() <= 2.0 * f64::EPSILON));
}

#[test]
fn a_gradient_of_the_wrong_sign_fails_the_line_search() {
    let failure = minimize(|x: f64| (x * x, -2.0 * x), 3.0).unwrap_err();
    assert!(matches!(failure.error, DescentError::LineSearchFailed { trials: 60, .. }));
    assert_eq!((failure.point, failure.value), (3.0, 9.0));
}

#[test]
fn momentum_that_climbs_stops_a_line_search() {
    let descent = Descent::new().momentum(0.9).backtracking();
    let failure = descent.minimize(rosenbrock, [-1.2, 1.0]).unwrap_err();
    assert!(matches!(failure.error, DescentError::NotADescentDirection { slope } if slope > 0.0));
    assert_eq!(rosenbrock(&failure.point).0, failure.value);
}

#[test]
#[cfg(feature = "alloc")]
fn a_gradient_of_another_length_is_an_error() {
    use alloc::vec;
    let failure = minimize(|_: &[f64]| (1.0, vec![1.0; 3]), vec![0.0; 2]).unwrap_err();
    let expected = DescentError::DimensionMismatch { what: "gradient", expected: 2, found: 3 };
    assert_eq!((failure.error, failure.point), (expected, vec![0.0; 2]));
}

#[test]
#[cfg(feature = "alloc")]
fn bounds_of_another_length_are_an_error() {
    use alloc::vec;
    let failure = Descent::new().bounds(vec![0.0; 2], vec![1.0; 3]).start(vec![0.5; 2]).unwrap_err();
    let expected = DescentError::DimensionMismatch { what: "upper bound", expected: 2, found: 3 };
    assert_eq!(failure.error, expected);
}

#[test]
fn settings_that_make_no_sense_are_errors_by_name() {
    let setting = |descent: Descent| match descent.start([0.0, 0.0]).map(|_| ()).unwrap_err().error {
        DescentError::InvalidSetting { setting, .. } => setting,
        error => panic!("{error}"),
    };
    assert_eq!(setting(Descent::new().fixed_step(0.0)), "step");
    assert_eq!(setting(Descent::new().fixed_step(f64::NAN)), "step");
    assert_eq!(setting(Descent::new().decaying_step(1.0, -1.0)), "decay");
    assert_eq!(setting(Descent::new().momentum(1.0)), "momentum");
    assert_eq!(setting(Descent::new().adam_w(-0.1)), "weight_decay");
    assert_eq!(setting(Descent::new().gradient_tolerance(f64::NAN)), "gradient_tolerance");
}

#[test]
fn crossed_bounds_are_an_error() {
    let failure = Descent::new().bounds([1.0, 0.0], [0.0, 1.0]).start([0.5, 0.5]).unwrap_err();
    assert!(matches!(failure.error, DescentError::InvalidSetting { setting: "lower bound", .. }));
}

#[test]
fn strong_wolfe_under_bounds_is_an_error() {
    let descent = Descent::new().strong_wolfe().bounds([0.0; 2], [1.0; 2]);
    let failure = descent.start([0.5, 0.5]).unwrap_err();
    assert!(matches!(failure.error, DescentError::InvalidSetting { setting: "method", .. }));
}

#[test]
#[cfg(feature = "alloc")]
fn line_searches_refuse_stochastic_objectives() {
    let objective = MiniBatches::new(4, 2, 1).objective(|x: &f64, _: &[usize], g: &mut f64| {
        *g = 2.0 * x;
        x * x
    });
    let failure = Descent::new().backtracking().minimize(objective, 1.0).unwrap_err();
    assert!(matches!(failure.error, DescentError::InvalidSetting { setting: "step size", .. }));
}

#[test]
fn a_failed_step_leaves_the_state_where_it_was() {
    let mut calls = 0;
    let mut fails_once = |x: f64| {
        calls += 1;
        (if calls == 2 { f64::NAN } else { x * x }, 2.0 * x)
    };
    let mut state = Descent::new().fixed_step(0.25).start(4.0).unwrap();
    assert!(state.step(&mut fails_once).is_err());
    assert_eq!((state.point(), state.value(), state.iteration()), (&4.0, 16.0, 0));
    assert!(state.step(&mut fails_once).is_ok());
    assert_eq!((state.point(), state.value(), state.iteration()), (&2.0, 4.0, 1));
}

// Shapes of points.

#[test]
fn every_shape_of_companion_is_accepted() {
    let by_scalars = |x: f64, y: f64| rosenbrock(&[x, y]);
    let into_slice = |x: &[f64], g: &mut [f64]| {
        let (value, gradient) = rosenbrock(&[x[0], x[1]]);
        g.copy_from_slice(&gradient);
        value
    };
    let into_array = |x: &Point, g: &mut Point| {
        let value;
        (value, *g) = rosenbrock(x);
        value
    };
    let pair = |x: &f64, y: &f64| {
        let (value, [gx, gy]) = rosenbrock(&[*x, *y]);
        (value, (gx, gy))
    };
    let start = [-1.2, 1.0];
    let expected = after_steps(Descent::new());
    let descent = || Descent::new().max_iterations(STEPS);
    assert_eq!(descent().minimize(by_scalars, start).unwrap().point, expected);
    assert_eq!(descent().minimize(into_slice, start).unwrap().point, expected);
    assert_eq!(descent().minimize(into_array, start).unwrap().point, expected);
    assert_eq!(descent().minimize(pair, (-1.2, 1.0)).unwrap().point, expected.into());
}

#[test]
#[cfg(feature = "alloc")]
fn vectors_take_the_path_of_arrays() {
    use alloc::{vec, vec::Vec};
    let returned = |x: &[f64]| {
        let (value, gradient) = rosenbrock(&[x[0], x[1]]);
        (value, gradient.to_vec())
    };
    let into = |x: &[f64], g: &mut [f64]| {
        let (value, gradient) = rosenbrock(&[x[0], x[1]]);
        g.copy_from_slice(&gradient);
        value
    };
    let descent = || Descent::new().max_iterations(STEPS);
    let expected: Vec<f64> = after_steps(Descent::new()).to_vec();
    assert_eq!(descent().minimize(returned, vec![-1.2, 1.0]).unwrap().point, expected);
    assert_eq!(descent().minimize(into, vec![-1.2, 1.0]).unwrap().point, expected);
    assert_eq!(descent().minimize(returned, [-1.2, 1.0]).unwrap().point[..], expected);
    let mut slice = [-1.2, 1.0];
    descent().minimize_slice(into, &mut slice[..]).unwrap();
    assert_eq!(slice[..], expected);
}

#[test]
fn single_precision_converges_to_its_own_tolerance() {
    let bowl = |x: &[f32; 2]| (x[0] * x[0] + 5.0 * x[1] * x[1], [2.0 * x[0], 10.0 * x[1]]);
    let found = minimize(bowl, [3.0_f32, -1.0]).unwrap();
    assert_eq!(found.reason, StopReason::GradientNorm);
    assert!(found.gradient_norm <= 4.9216e-3);
}

#[test]
#[cfg(feature = "alloc")]
fn structs_are_points() {
    #[derive(Debug)]
    struct Line {
        slope: f64,
        intercepts: alloc::vec::Vec<f64>,
        name: &'static str,
    }

    impl Differentiable for Line {
        type Scalar = f64;

        fn zero_like(&self) -> Self {
            Line { slope: self.slope.zero_like(), intercepts: self.intercepts.zero_like(), name: self.name }
        }

        fn same_shape(&self, other: &Self) -> bool {
            self.slope.same_shape(&other.slope) && self.intercepts.same_shape(&other.intercepts)
        }

        fn zip_components<const M: usize, const K: usize>(
            mut targets: [&mut Self; M],
            sources: [&Self; K],
            visit: &mut impl FnMut([&mut f64; M], [f64; K]),
        ) {
            f64::zip_components(targets.each_mut().map(|t| &mut t.slope), sources.map(|s| &s.slope), visit);
            Differentiable::zip_components(
                targets.each_mut().map(|t| &mut t.intercepts),
                sources.map(|s| &s.intercepts),
                visit,
            );
        }
    }

    // (slope - 2)^2 + (intercept - 1)^2 for each intercept.
    let objective = |line: &Line, gradient: &mut Line| {
        gradient.slope = 2.0 * (line.slope - 2.0);
        let mut value = (line.slope - 2.0) * (line.slope - 2.0);
        for (g, b) in gradient.intercepts.iter_mut().zip(&line.intercepts) {
            *g = 2.0 * (b - 1.0);
            value += (b - 1.0) * (b - 1.0);
        }
        value
    };
    let start = Line { slope: 0.0, intercepts: alloc::vec![5.0, 7.0], name: "fit" };
    let found = minimize(objective, start).unwrap();
    assert_eq!((found.point.slope, found.point.name), (2.0, "fit"));
    assert_eq!(found.point.intercepts, [1.0, 1.0]);
}

#[test]
fn a_point_without_components_is_stationary() {
    let nothing = |_: &[f64; 0]| (7.0, []);
    let found = minimize(nothing, []).unwrap();
    assert_eq!((found.reason, found.value), (StopReason::GradientNorm, 7.0));
}
