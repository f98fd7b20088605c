//! Nothing allocates per step of a descent.

use allocation_counter::measure;
use diff_runtime::descent::{Constraint, Descent, MiniBatches, State};

const DIMENSION: usize = 50;

/// `sum_i (i + 1) (x_i - 1)^2`.
fn bowl(x: &[f64], gradient: &mut [f64]) -> f64 {
    let mut value = 0.0;
    for (i, (x, g)) in x.iter().zip(gradient).enumerate() {
        let (weight, distance) = (i as f64 + 1.0, x - 1.0);
        value += weight * distance * distance;
        *g = 2.0 * weight * distance;
    }
    value
}

fn start() -> Vec<f64> {
    vec![3.0; DIMENSION]
}

/// The allocations of twenty steps.
fn allocations<C: Constraint<Vec<f64>>>(mut state: State<Vec<f64>, C>) -> u64 {
    let counted = measure(|| {
        for _ in 0..20 {
            assert!(state.step(&mut bowl).unwrap().is_continue());
        }
    });
    counted.count_total
}

#[test]
fn steps_of_every_method_do_not_allocate() {
    let descent = Descent::new;
    let methods = [
        descent(),
        descent().momentum(0.9),
        descent().nesterov(0.9),
        descent().rms_prop(),
        descent().adam(),
        descent().adam_w(0.1),
    ];
    for method in methods {
        assert_eq!(allocations(method.fixed_step(1e-4).start(start()).unwrap()), 0);
    }
}

#[test]
fn line_searches_do_not_allocate() {
    for descent in [Descent::new().backtracking(), Descent::new().strong_wolfe()] {
        assert_eq!(allocations(descent.start(start()).unwrap()), 0);
    }
}

#[test]
fn bounds_and_tolerances_do_not_allocate() {
    let (lower, upper) = (vec![2.0; DIMENSION], vec![5.0; DIMENSION]);
    let descent = Descent::new().fixed_step(1e-4).step_tolerance(1e-12).value_tolerance(1e-12);
    assert_eq!(allocations(descent.bounds(lower, upper).start(start()).unwrap()), 0);
}

#[test]
fn mini_batches_do_not_allocate() {
    let mut objective =
        MiniBatches::new(100, 7, 1).objective(|x: &Vec<f64>, _: &[usize], gradient: &mut Vec<f64>| bowl(x, gradient));
    let mut state = Descent::new().fixed_step(1e-4).start(start()).unwrap();
    let counted = measure(|| {
        for _ in 0..40 {
            assert!(state.step(&mut objective).unwrap().is_continue());
        }
    });
    assert_eq!((counted.count_total, objective.batches.epochs()), (0, 3));
}
