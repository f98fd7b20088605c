//! Gradients of a million steps: the memory that they take, and that they are right.

use allocation_counter::measure;
use benches::arrays::data::{RATES, STEP};
use benches::arrays::functions::{lotka_volterra, rosenbrock};
use benches::arrays::{by_hand, data, relative_error};

const MILLION: usize = 1_000_000;
/// The bytes of a million numbers.
const NUMBERS: u64 = 8 * MILLION as u64;

/// A sum needs no tape: nothing is allocated but the gradient itself.
#[test]
fn a_million_coupled_terms_take_no_memory_but_the_gradient() {
    let x = data::chain(MILLION);
    let mut gradient = Vec::new();
    let taken = measure(|| gradient = rosenbrock::gradient(&x));
    assert_eq!((taken.count_total, taken.bytes_max), (1, NUMBERS));

    let mut into = vec![0.0; MILLION];
    let taken = measure(|| rosenbrock::gradient_into(&x, &mut into));
    assert_eq!(taken.count_total, 0);
    assert_eq!(gradient, into);

    let mut expected = vec![0.0; MILLION];
    by_hand::rosenbrock_gradient(&x, &mut expected);
    assert!(relative_error(&gradient, &expected) < 1e-14);
}

/// A recurrence needs a record per step, in one buffer.
#[test]
fn a_recurrence_of_a_million_steps_takes_one_record_per_step() {
    let [a, b, c, d] = RATES;
    // Shorter steps, so that the orbit is followed closely and its derivatives stay moderate.
    let h = STEP / 100.0;
    let mut result = (0.0, [0.0; 4]);
    let taken = measure(|| result = lotka_volterra::vjp(a, b, c, d, MILLION, h, 1.0));
    assert_eq!(taken.count_total, 1);
    assert!(taken.bytes_max <= 12 * NUMBERS, "{} bytes", taken.bytes_max);

    let mut expected = [0.0; 4];
    let value = by_hand::lotka_volterra_reverse(RATES, MILLION, h, &mut expected);
    assert!((result.0 - value).abs() < 1e-11 * value.abs());
    // A million roundings, and another order of addition.
    assert!(relative_error(&result.1, &expected) < 1e-8);
    let forward = lotka_volterra::gradient(a, b, c, d, MILLION, h);
    assert!(relative_error(&result.1, &forward) < 1e-8);
}
