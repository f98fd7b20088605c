//! The overhead of the descent driver over hand-written loops, on Rosenbrock's function of 1000 variables.
//!
//! Run with `cargo bench -p diff-runtime --bench descent`. Every round times both sides, in alternating order; the ratio
//! of each round is taken, and the median of the ratios is reported, so that drift of the machine cancels. The final
//! points are compared bit by bit.
//!
//! Two hand-written loops are compared: one that does what the driver does (it stops on the norm of the gradient, and so
//! notices what is not finite), and a bare one that does nothing but step.

use std::hint::black_box;
use std::time::Instant;

use diff_runtime::Differentiable;
use diff_runtime::descent::Descent;

const DIMENSION: usize = 1000;
const ITERATIONS: usize = 2000;
const ROUNDS: usize = 201;
const STEP: f64 = 1e-4;
/// Never reached, so that every run makes all its iterations.
const TOLERANCE: f64 = 1e-30;

/// Rosenbrock's function: the value, and the gradient overwritten.
#[inline(never)]
fn rosenbrock(x: &[f64], gradient: &mut [f64]) -> f64 {
    let n = x.len();
    let gradient = &mut gradient[..n];
    let (mut value, mut carried) = (0.0, 0.0);
    for i in 0..n - 1 {
        let (a, b) = (1.0 - x[i], x[i + 1] - x[i] * x[i]);
        value += 100.0 * (b * b) + a * a;
        gradient[i] = carried - 400.0 * x[i] * b - 2.0 * a;
        carried = 200.0 * b;
    }
    gradient[n - 1] = carried;
    value
}

fn start() -> Vec<f64> {
    (0..DIMENSION).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect()
}

/// What a careful user writes: update in place, stop on the norm of the gradient.
fn by_hand(mut x: Vec<f64>) -> Vec<f64> {
    let mut gradient = vec![0.0; x.len()];
    for _ in 0..ITERATIONS {
        let value = rosenbrock(&x, &mut gradient);
        let norm = gradient.norm();
        if !value.is_finite() || !norm.is_finite() || norm <= TOLERANCE {
            break;
        }
        for (x, g) in x.iter_mut().zip(&gradient) {
            *x -= STEP * g;
        }
    }
    black_box(rosenbrock(&x, &mut gradient));
    x
}

/// The same with the norm as most people write it: one running sum.
fn by_hand_running_sum(mut x: Vec<f64>) -> Vec<f64> {
    let mut gradient = vec![0.0; x.len()];
    for _ in 0..ITERATIONS {
        let value = rosenbrock(&x, &mut gradient);
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        if !value.is_finite() || !norm.is_finite() || norm <= TOLERANCE {
            break;
        }
        for (x, g) in x.iter_mut().zip(&gradient) {
            *x -= STEP * g;
        }
    }
    black_box(rosenbrock(&x, &mut gradient));
    x
}

/// No test at all.
fn bare(mut x: Vec<f64>) -> Vec<f64> {
    let mut gradient = vec![0.0; x.len()];
    for _ in 0..ITERATIONS {
        black_box(rosenbrock(&x, &mut gradient));
        for (x, g) in x.iter_mut().zip(&gradient) {
            *x -= STEP * g;
        }
    }
    black_box(rosenbrock(&x, &mut gradient));
    x
}

fn driver(x: Vec<f64>) -> Vec<f64> {
    let descent = Descent::new().fixed_step(STEP).gradient_tolerance(TOLERANCE).max_iterations(ITERATIONS);
    descent.minimize(rosenbrock, x).expect("Rosenbrock's function is finite").point
}

/// Nanoseconds per iteration.
fn time(run: fn(Vec<f64>) -> Vec<f64>) -> (f64, Vec<f64>) {
    let x = black_box(start());
    let clock = Instant::now();
    let x = run(x);
    (clock.elapsed().as_secs_f64() * 1e9 / ITERATIONS as f64, x)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn compare(name: &str, reference: fn(Vec<f64>) -> Vec<f64>) {
    let (mut ratios, mut reference_times, mut driver_times) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let ((by_hand, x), (by_driver, y)) = if round % 2 == 0 {
            let first = time(reference);
            (first, time(driver))
        } else {
            let first = time(driver);
            (time(reference), first)
        };
        assert_eq!(x, y, "the driver and the loop must agree bit by bit");
        ratios.push(by_driver / by_hand);
        reference_times.push(by_hand);
        driver_times.push(by_driver);
    }
    println!(
        "{name:<32} {:>8.1} ns  driver {:>8.1} ns  median ratio {:.4}",
        median(reference_times),
        median(driver_times),
        median(ratios),
    );
}

fn main() {
    println!("Rosenbrock, n = {DIMENSION}, time per iteration, {ROUNDS} interleaved rounds:");
    compare("loop with the same stopping test", by_hand);
    compare("loop with a running sum", by_hand_running_sum);
    compare("bare loop", bare);
}
