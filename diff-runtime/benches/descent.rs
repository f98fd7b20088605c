//! The overhead of the descent driver over hand-written loops, on Rosenbrock's function of 1000 variables.
//!
//! Run with `cargo bench -p diff-runtime --bench descent`. Every round times both sides, in alternating order; the ratio
//! of each round is taken, and the median of the ratios is reported, so that drift of the machine cancels; beside it the
//! ratio of the fastest runs, which other load does not reach. The final points are compared bit by bit.
//!
//! The driver of a fixed step is compared with three loops: one that does what the driver does (it stops on the norm of
//! the gradient, and so notices what is not finite), the same with the norm as a running sum, and a bare one that does
//! nothing but step. The driver of Adam is compared with a loop that does the same.

use std::hint::black_box;
use std::time::Instant;

use diff_runtime::Differentiable;
use diff_runtime::descent::Descent;

const DIMENSION: usize = 1000;
/// Few, so that a run fits between two interruptions of a busy machine.
const ITERATIONS: usize = 200;
const ROUNDS: usize = 1001;
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

/// Adam (Kingma & Ba 2015) in one pass, with the same stopping test.
fn adam_by_hand(mut x: Vec<f64>) -> Vec<f64> {
    let n = x.len();
    let (mut gradient, mut mean, mut square) = (vec![0.0; n], vec![0.0; n], vec![0.0_f64; n]);
    let (mut beta1_power, mut beta2_power) = (1.0, 1.0);
    for _ in 0..ITERATIONS {
        let value = rosenbrock(&x, &mut gradient);
        let norm = gradient.norm();
        if !value.is_finite() || !norm.is_finite() || norm <= TOLERANCE {
            break;
        }
        beta1_power *= 0.9;
        beta2_power *= 0.999;
        let (correction1, correction2) = (1.0 - beta1_power, 1.0 - beta2_power);
        for (((x, g), m), s) in x.iter_mut().zip(&gradient).zip(&mut mean).zip(&mut square) {
            *m = 0.9 * *m + (1.0 - 0.9) * g;
            *s = 0.999 * *s + (1.0 - 0.999) * (g * g);
            *x -= STEP * ((*m / correction1) / ((*s / correction2).sqrt() + 1e-8));
        }
    }
    black_box(rosenbrock(&x, &mut gradient));
    x
}

fn adam_driver(x: Vec<f64>) -> Vec<f64> {
    let descent = Descent::new().adam().fixed_step(STEP).gradient_tolerance(TOLERANCE).max_iterations(ITERATIONS);
    descent.minimize(rosenbrock, x).expect("Rosenbrock's function is finite").point
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

fn fastest(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn compare(name: &str, reference: fn(Vec<f64>) -> Vec<f64>, driver: fn(Vec<f64>) -> Vec<f64>) {
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
        "{name:<32} {:>8.1} ns  driver {:>8.1} ns  median ratio {:.4}  ratio of the fastest {:.4}",
        median(&reference_times),
        median(&driver_times),
        median(&ratios),
        fastest(&driver_times) / fastest(&reference_times),
    );
}

fn main() {
    println!("Rosenbrock, n = {DIMENSION}, time per iteration, {ROUNDS} interleaved rounds:");
    compare("loop with the same stopping test", by_hand, driver);
    compare("loop with a running sum", by_hand_running_sum, driver);
    compare("bare loop", bare, driver);
    compare("Adam with the same stopping test", adam_by_hand, adam_driver);
}
