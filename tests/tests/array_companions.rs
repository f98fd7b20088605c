//! What the companions of functions of arrays promise beside their numbers: signatures, the lengths of buffers, panics,
//! the content of `&mut` arguments, the choice on a tie. The numbers are tested in `arrays`.
#![allow(
    clippy::manual_is_multiple_of,
    clippy::manual_swap,
    clippy::needless_range_loop,
    clippy::ptr_arg,
    clippy::type_complexity,
    clippy::unnecessary_mut_passed,
    clippy::useless_vec,
    reason = "written in the ways that users write; the types are what is tested"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use diff_runtime::derivative;

fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

#[derivative]
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i] * y[i];
    }
    sum
}

#[derivative]
fn mixed(x: &[f64], k: f64, a: [f64; 2], b: &[[f64; 3]; 2], rows: &[[f64; 2]]) -> f64 {
    let mut sum = k * a[0] * a[1] + b[1][2];
    for (i, v) in x.iter().enumerate() {
        sum += v * k;
        sum *= 1.0 + 0.1 * i as f64;
    }
    for row in 0..rows.len() {
        sum += rows[row][0] * rows[row][1];
    }
    sum
}

// ---- signatures ---------------------------------------------------------------------------------------------------

#[test]
fn arguments_buffers_and_results_have_the_documented_types() {
    type Gradient = (Vec<f64>, f64, [f64; 2], [[f64; 3]; 2], Vec<[f64; 2]>);
    let _: fn(&[f64], f64, [f64; 2], &[[f64; 3]; 2], &[[f64; 2]]) -> Gradient = mixed::gradient;
    let _: fn(&[f64], f64, [f64; 2], &[[f64; 3]; 2], &[[f64; 2]]) -> (f64, Gradient) = mixed::value_and_gradient;
    let _: fn(&[f64], f64, [f64; 2], &[[f64; 3]; 2], &[[f64; 2]], f64) -> (f64, Gradient) = mixed::vjp;
    let _: fn(
        &[f64],
        f64,
        [f64; 2],
        &[[f64; 3]; 2],
        &[[f64; 2]],
        &mut [f64],
        &mut f64,
        &mut [f64; 2],
        &mut [[f64; 3]; 2],
        &mut [[f64; 2]],
    ) = mixed::gradient_into;
    let _: fn(
        &[f64],
        f64,
        [f64; 2],
        &[[f64; 3]; 2],
        &[[f64; 2]],
        &mut [f64],
        &mut f64,
        &mut [f64; 2],
        &mut [[f64; 3]; 2],
        &mut [[f64; 2]],
    ) -> f64 = mixed::value_and_gradient_into;
    let _: fn(
        &[f64],
        f64,
        [f64; 2],
        &[[f64; 3]; 2],
        &[[f64; 2]],
        f64,
        &mut [f64],
        &mut f64,
        &mut [f64; 2],
        &mut [[f64; 3]; 2],
        &mut [[f64; 2]],
    ) -> f64 = mixed::vjp_into;
    let _: fn(
        &[f64],
        f64,
        [f64; 2],
        &[[f64; 3]; 2],
        &[[f64; 2]],
        &[f64],
        f64,
        [f64; 2],
        &[[f64; 3]; 2],
        &[[f64; 2]],
    ) -> (f64, f64) = mixed::jvp;
}

#[derivative]
fn of_one_vector(x: Vec<f64>) -> f64 {
    x[0] * x[1]
}

#[derivative]
fn of_a_borrowed_vector(x: &Vec<f32>) -> f32 {
    x[0] * x[1]
}

#[test]
fn one_parameter_gives_its_own_shape() {
    let _: fn(Vec<f64>) -> Vec<f64> = of_one_vector::gradient;
    let _: fn(Vec<f64>, &[f64]) -> (f64, f64) = of_one_vector::jvp;
    let _: fn(Vec<f64>, &mut [f64]) -> f64 = of_one_vector::value_and_gradient_into;
    let _: fn(&Vec<f32>) -> Vec<f32> = of_a_borrowed_vector::gradient;
    let _: fn(&Vec<f32>, &[f32]) -> (f32, f32) = of_a_borrowed_vector::jvp;
    let _: fn(&Vec<f32>, f32, &mut [f32]) -> f32 = of_a_borrowed_vector::vjp_into;
    assert_eq!(of_one_vector::gradient(vec![2.0, 3.0]), [3.0, 2.0]);
    assert_eq!(of_a_borrowed_vector::gradient(&vec![2.0, 3.0]), [3.0, 2.0]);
}

/// Arrays whose length is a parameter.
#[derivative]
fn of_any_length<const N: usize>(x: &[f64; N]) -> f64 {
    let mut running = [0.0; N];
    let mut sum = 0.0;
    for i in 0..N {
        running[i] = if i == 0 { x[0] } else { running[i - 1] * x[i] };
        sum += running[i];
    }
    sum
}

#[test]
fn the_length_may_be_generic() {
    // x + x y + x y z
    assert_eq!(of_any_length::gradient(&[2.0, 3.0, 5.0]), [1.0 + 3.0 + 15.0, 2.0 + 10.0, 6.0]);
    assert_eq!(of_any_length::gradient(&[2.0]), [1.0]);
    assert_eq!(of_any_length::jvp(&[2.0, 3.0], &[1.0, 0.5]), (8.0, 5.0));
}

/// A model with arrays among its own data.
struct Weights {
    scale: f64,
}

impl Weights {
    #[derivative]
    fn energy(&self, x: &[f64]) -> f64 {
        let mut sum = 0.0;
        for v in x {
            sum += self.scale * v * v;
        }
        sum
    }
}

#[test]
fn methods_have_companions_with_buffers() {
    let weights = Weights { scale: 3.0 };
    let mut g = [f64::NAN; 2];
    assert_eq!(weights.energy_value_and_gradient_into(&[1.0, 2.0], &mut g), 15.0);
    assert_eq!(g, [6.0, 12.0]);
    assert_eq!(weights.energy_vjp(&[1.0, 2.0], 0.5), (15.0, vec![3.0, 6.0]));
}

// ---- buffers ------------------------------------------------------------------------------------------------------

/// Says that it runs.
#[derivative]
fn with_an_effect(x: &[f64], y: &[f64], log: &mut Vec<usize>) -> f64 {
    log.push(x.len());
    x[0] * y[0]
}

#[test]
fn a_buffer_of_the_wrong_length_panics_before_anything_is_written_or_run() {
    type Companion = fn(&[f64], &[f64], &mut Vec<usize>, &mut [f64], &mut [f64]);
    let companions: [(&str, Companion); 3] = [
        ("gradient_into", with_an_effect::gradient_into),
        ("value_and_gradient_into", |x, y, log, gx, gy| {
            let _value = with_an_effect::value_and_gradient_into(x, y, log, gx, gy);
        }),
        ("vjp_into", |x, y, log, gx, gy| {
            let _value = with_an_effect::vjp_into(x, y, log, 1.0, gx, gy);
        }),
    ];
    for (name, companion) in companions {
        for (nx, ny) in [(1, 3), (3, 3), (2, 2), (2, 4), (0, 3), (2, 0), (1, 2)] {
            let (mut gx, mut gy) = (vec![7.0; nx], vec![8.0; ny]);
            let mut log = Vec::new();
            let panicked = panics(|| companion(&[1.0, 2.0], &[3.0, 4.0, 5.0], &mut log, &mut gx, &mut gy));
            assert!(panicked, "{name} with buffers of {nx} and {ny}");
            assert_eq!((gx, gy), (vec![7.0; nx], vec![8.0; ny]), "{name} wrote into buffers of {nx} and {ny}");
            assert!(log.is_empty(), "{name} ran the function before it looked at the buffers");
        }
        // The right lengths do not panic: what is refused above is the length.
        let mut log = Vec::new();
        let (mut gx, mut gy) = ([7.0; 2], [8.0; 3]);
        companion(&[1.0, 2.0], &[3.0, 4.0, 5.0], &mut log, &mut gx, &mut gy);
        assert_eq!((gx, gy, log), ([3.0, 0.0], [1.0, 0.0, 0.0], vec![2]), "{name}");
    }
}

#[derivative]
fn scaled_in_place(x: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for v in x.iter_mut() {
        *v *= 2.0;
        sum += *v * *v;
    }
    sum
}

#[test]
fn a_buffer_of_the_wrong_length_leaves_a_mutable_argument_alone() {
    let mut x = [1.0, 2.0];
    assert!(panics(|| scaled_in_place::gradient_into(&mut x, &mut [0.0; 3])));
    assert_eq!(x, [1.0, 2.0]);
}

#[derivative]
fn of_nested_rows(rows: &[[f64; 2]]) -> f64 {
    let mut sum = 0.0;
    for i in 0..rows.len() {
        sum += rows[i][0] * rows[i][1];
    }
    sum
}

#[test]
fn rows_are_counted_in_buffers_of_rows() {
    let rows = [[1.0, 2.0], [3.0, 4.0]];
    let mut short = [[9.0; 2]; 1];
    assert!(panics(|| of_nested_rows::gradient_into(&rows, &mut short)));
    assert_eq!(short, [[9.0; 2]; 1]);
    let mut right = [[9.0; 2]; 2];
    of_nested_rows::gradient_into(&rows, &mut right);
    assert_eq!(right, [[2.0, 1.0], [4.0, 3.0]]);
}

#[test]
fn a_buffer_is_overwritten_and_can_be_used_again() {
    let mut gx = [f64::NAN, f64::INFINITY];
    let mut gy = [1e300, -1.0];
    for _ in 0..2 {
        dot::gradient_into(&[1.0, 2.0], &[3.0, 4.0], &mut gx, &mut gy);
        assert_eq!((gx, gy), ([3.0, 4.0], [1.0, 2.0]));
    }
}

#[test]
fn one_slice_can_be_two_arguments() {
    let x = [1.0, 2.0];
    assert_eq!(dot::gradient(&x, &x), (vec![1.0, 2.0], vec![1.0, 2.0]));
}

// ---- empty arrays -------------------------------------------------------------------------------------------------

#[test]
fn empty_slices_have_empty_gradients() {
    let none: [f64; 0] = [];
    assert_eq!(dot::value_and_gradient(&none, &none), (0.0, (vec![], vec![])));
    assert_eq!(dot::jvp(&none, &none, &none, &none), (0.0, 0.0));
    assert_eq!(dot::vjp(&none, &none, 2.0), (0.0, (vec![], vec![])));
    assert_eq!(dot::value_and_gradient_into(&none, &none, &mut [], &mut []), 0.0);
    assert_eq!(of_nested_rows::gradient(&[]), Vec::<[f64; 2]>::new());
    assert_eq!(scaled_in_place::gradient(&mut []), Vec::<f64>::new());
    // Elements that the loop over the other, empty one does not reach.
    assert_eq!(dot::gradient(&none, &[1.0, 2.0]), (vec![], vec![0.0, 0.0]));
}

// ---- panics -------------------------------------------------------------------------------------------------------

/// Every companion panics at the second point, and so does the function; at the first none of them does. Tangents and
/// buffers are of the right length at both, so that they are no reason.
macro_rules! panics_alike {
    ($f:ident, ($good:expr $(, $good_more:expr)*), ($bad:expr $(, $bad_more:expr)*)) => {
        let (x, t, mut g) = ($bad, vec![1.0; $bad.len()], vec![0.0; $bad.len()]);
        assert!(panics(|| { let _ = $f(&x $(, $bad_more)*); }), "the function");
        assert!(panics(|| { let _ = $f::gradient(&x $(, $bad_more)*); }), "gradient");
        assert!(panics(|| { let _ = $f::value_and_gradient(&x $(, $bad_more)*); }), "value_and_gradient");
        assert!(panics(|| { let _ = $f::jvp(&x $(, $bad_more)*, &t); }), "jvp");
        assert!(panics(|| { let _ = $f::vjp(&x $(, $bad_more)*, 1.0); }), "vjp");
        assert!(panics(|| $f::gradient_into(&x $(, $bad_more)*, &mut g)), "gradient_into");
        assert!(panics(|| { let _ = $f::value_and_gradient_into(&x $(, $bad_more)*, &mut g); }), "value_and_gradient_into");
        assert!(panics(|| { let _ = $f::vjp_into(&x $(, $bad_more)*, 1.0, &mut g); }), "vjp_into");

        let (x, t, mut g) = ($good, vec![1.0; $good.len()], vec![0.0; $good.len()]);
        let (value, gradient) = ($f(&x $(, $good_more)*), $f::gradient(&x $(, $good_more)*));
        assert_eq!((value, gradient.clone()), $f::value_and_gradient(&x $(, $good_more)*));
        assert_eq!((value, gradient.clone()), $f::vjp(&x $(, $good_more)*, 1.0));
        assert_eq!(value, $f::jvp(&x $(, $good_more)*, &t).0);
        $f::gradient_into(&x $(, $good_more)*, &mut g);
        assert_eq!(g, gradient);
        assert_eq!(value, $f::value_and_gradient_into(&x $(, $good_more)*, &mut g));
        assert_eq!(value, $f::vjp_into(&x $(, $good_more)*, 1.0, &mut g));
    };
}

#[derivative]
fn element(x: &[f64], i: usize) -> f64 {
    x[i] * 2.0
}

#[test]
fn an_index_out_of_range_panics() {
    panics_alike!(element, ([1.0, 2.0], 1), ([1.0, 2.0], 2));
}

/// The element is not needed, neither for the value nor for the derivatives.
#[derivative]
fn element_that_nothing_needs(x: &[f64], i: usize) -> f64 {
    let _unused = x[i];
    x[0] * 2.0
}

#[test]
fn an_unused_index_out_of_range_panics() {
    panics_alike!(element_that_nothing_needs, ([1.0, 2.0], 1), ([1.0, 2.0], 2));
}

#[derivative]
fn write_that_nothing_needs(x: &[f64], i: usize) -> f64 {
    let mut scratch = vec![0.0; 2];
    scratch[i] = x[1] * x[0];
    x[0] * 2.0
}

#[test]
fn an_unused_write_out_of_range_panics() {
    panics_alike!(write_that_nothing_needs, ([1.0, 2.0], 1), ([1.0, 2.0], 2));
}

/// The factor is zero, so that the derivative does not need the element.
#[derivative]
fn element_times_zero(x: &[f64], i: usize) -> f64 {
    let mut sum = x[0];
    sum += x[i] * 0.0;
    sum
}

#[test]
fn an_index_of_what_is_multiplied_by_zero_panics() {
    panics_alike!(element_times_zero, ([1.0, 2.0], 1), ([1.0, 2.0], 2));
}

/// Inactive data, of which no derivative needs anything.
#[derivative]
fn constant_element(x: &[f64], #[constant] data: &[f64; 2], i: usize) -> f64 {
    let mut sum = x[0];
    sum += data[i];
    sum
}

#[test]
fn an_index_of_constant_data_panics() {
    let data = [1.0, 2.0];
    panics_alike!(constant_element, ([1.0, 2.0], &data, 1), ([1.0, 2.0], &data, 2));
}

/// A part that nobody looks through.
#[derivative]
fn unused_part(x: &[f64], i: usize) -> f64 {
    let part = &x[1..i];
    let mut sum = x[0] + 0.0 * (part.len() as f64);
    for k in 0..x.len() {
        sum += x[k];
    }
    sum
}

#[test]
fn a_part_out_of_range_panics() {
    panics_alike!(unused_part, ([1.0, 2.0], 2), ([1.0, 2.0], 3));
}

#[derivative]
fn index_from_an_element(x: &[f64], factor: f64) -> f64 {
    let i = (x[0] * 2.0) as usize;
    factor * x[i]
}

#[test]
fn an_index_that_the_numbers_decide_panics() {
    assert!(panics(|| {
        let _ = index_from_an_element(&[1.0, 2.0], 1.0);
    }));
    assert!(panics(|| {
        let _ = index_from_an_element::gradient(&[1.0, 2.0], 1.0);
    }));
    assert!(panics(|| {
        let _ = index_from_an_element::jvp(&[1.0, 2.0], 1.0, &[0.0, 0.0], 0.0);
    }));
    assert_eq!(index_from_an_element::gradient(&[0.5, 2.0], 3.0), (vec![0.0, 3.0], 2.0));
}

#[derivative]
fn differences(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += (x[i + 1] - x[i]).powi(2);
        if sum > 10.0 {
            return sum;
        }
    }
    sum
}

#[test]
fn a_loop_that_runs_out_of_range_panics() {
    panics_alike!(differences, ([0.0, 9.0, 2.0]), ([0.0, 1.0, 2.0]));
}

#[derivative]
fn pairs(x: &[f64]) -> f64 {
    assert!(x.len() % 2 == 0, "an even number of elements");
    let mut sum = 0.0;
    for i in (0..x.len()).step_by(2) {
        sum += x[i] * x[i + 1];
    }
    sum
}

#[test]
fn an_assertion_panics() {
    panics_alike!(pairs, ([1.0, 2.0]), ([1.0, 2.0, 3.0]));
}

#[derivative]
fn zipped(x: &[f64], y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (x, y) in x.iter().zip(y) {
        sum += x * y;
    }
    sum
}

#[test]
fn zipped_slices_end_with_the_shorter() {
    assert_eq!(zipped::value_and_gradient(&[1.0, 2.0, 3.0], &[4.0]), (4.0, (vec![4.0, 0.0, 0.0], vec![1.0])));
    assert_eq!(zipped::value_and_gradient(&[1.0], &[4.0, 5.0]), (4.0, (vec![4.0], vec![1.0, 0.0])));
    assert_eq!(zipped::jvp(&[1.0], &[4.0, 5.0], &[1.0], &[1.0, 7.0]), (4.0, 5.0));
}

// ---- mutable arguments --------------------------------------------------------------------------------------------

/// In place, with a recurrence, a branch and a result.
#[derivative]
fn relaxed(u: &mut [f64], k: f64, steps: usize) -> f64 {
    for _ in 0..steps {
        for i in 1..u.len() - 1 {
            u[i] += k * (u[i - 1] - 2.0 * u[i] + u[i + 1]);
            if u[i] > 1.0 {
                u[i] = 1.0;
            }
        }
    }
    u[1] * u[2]
}

#[test]
fn every_companion_leaves_a_mutable_argument_as_the_function_does() {
    for steps in [0, 1, 3] {
        let start = [0.5, 1.5, -0.3, 0.7];
        let tangent = [1.0, 0.0, 2.0, -1.0];
        let mut expected = start;
        let value = relaxed(&mut expected, 0.2, steps);

        let mut u = start;
        let (gradient, _) = relaxed::gradient(&mut u, 0.2, steps);
        assert_eq!(u, expected, "gradient");
        u = start;
        assert_eq!(relaxed::value_and_gradient(&mut u, 0.2, steps).0, value);
        assert_eq!(u, expected, "value_and_gradient");
        u = start;
        assert_eq!(relaxed::jvp(&mut u, 0.2, steps, &mut tangent.clone(), 0.0).0, value);
        assert_eq!(u, expected, "jvp");
        u = start;
        assert_eq!(relaxed::vjp(&mut u, 0.2, steps, 1.0).1.0, gradient);
        assert_eq!(u, expected, "vjp");
        let (mut buffer, mut scalar) = ([0.0; 4], 0.0);
        u = start;
        relaxed::gradient_into(&mut u, 0.2, steps, &mut buffer, &mut scalar);
        assert_eq!(u, expected, "gradient_into");
        u = start;
        assert_eq!(relaxed::value_and_gradient_into(&mut u, 0.2, steps, &mut buffer, &mut scalar), value);
        assert_eq!(u, expected, "value_and_gradient_into");
        u = start;
        assert_eq!(relaxed::vjp_into(&mut u, 0.2, steps, 1.0, &mut buffer, &mut scalar), value);
        assert_eq!(u, expected, "vjp_into");
        assert_eq!(buffer[..], gradient[..]);
    }
}

/// What is written is never read.
#[derivative]
fn written_at_the_end(x: &mut [f64], y: f64) -> f64 {
    let value = x[0] * y;
    for i in 0..x.len() {
        x[i] = y * i as f64;
    }
    value
}

#[test]
fn writes_that_only_the_caller_sees_are_kept() {
    let mut x = [3.0, 4.0, 5.0];
    assert_eq!(written_at_the_end::gradient(&mut x, 2.0), (vec![2.0, 0.0, 0.0], 3.0));
    assert_eq!(x, [0.0, 2.0, 4.0]);
    x = [3.0, 4.0, 5.0];
    assert_eq!(written_at_the_end::jvp(&mut x, 2.0, &mut [1.0, 1.0, 1.0], 0.0), (6.0, 2.0));
    assert_eq!(x, [0.0, 2.0, 4.0]);
}

// ---- ties ---------------------------------------------------------------------------------------------------------

#[derivative]
fn largest(x: &[f64]) -> f64 {
    let mut top = x[0];
    for v in x {
        top = top.max(*v);
    }
    top
}

#[derivative]
fn largest_by_comparison(x: &[f64]) -> f64 {
    let mut top = x[0];
    for i in 1..x.len() {
        if x[i] >= top {
            top = x[i];
        }
    }
    top
}

#[test]
fn on_a_tie_the_first_operand_is_the_maximum() {
    assert_eq!(largest::gradient(&[2.0, 1.0, 2.0, 2.0]), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(largest::jvp(&[1.0, 2.0, 2.0], &[3.0, 5.0, 7.0]), (2.0, 5.0));
    // A comparison is what the function says it is.
    assert_eq!(largest_by_comparison::gradient(&[2.0, 1.0, 2.0, 2.0]), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(largest_by_comparison::jvp(&[1.0, 2.0, 2.0], &[3.0, 5.0, 7.0]), (2.0, 7.0));
}

/// Stable: equal elements keep their order.
#[derivative]
fn sorted(x: &[f64; 4]) -> f64 {
    let mut a = *x;
    for i in 1..4 {
        let mut j = i;
        while j > 0 && a[j - 1] > a[j] {
            let t = a[j];
            a[j] = a[j - 1];
            a[j - 1] = t;
            j -= 1;
        }
    }
    a[0] + 10.0 * a[1] + 100.0 * a[2] + 1000.0 * a[3]
}

#[test]
fn equal_elements_keep_their_places_in_a_stable_sort() {
    assert_eq!(sorted::gradient(&[2.0, 1.0, 2.0, 1.0]), [100.0, 1.0, 1000.0, 10.0]);
    assert_eq!(sorted::gradient(&[5.0, 5.0, 5.0, 5.0]), [1.0, 10.0, 100.0, 1000.0]);
    assert_eq!(sorted::jvp(&[2.0, 1.0, 2.0, 1.0], &[1.0, 0.0, 0.0, 0.0]), (2211.0, 100.0));
}

#[derivative]
fn clamped_sum(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for v in x {
        sum += v.clamp(0.0, 1.0) + v.max(0.0) + v.abs();
    }
    sum
}

#[test]
fn elements_at_a_kink_have_the_documented_derivative() {
    // In turn: clamp at a bound 1, max(0) at 0 is 1, abs at 0 is 1.
    assert_eq!(clamped_sum::gradient(&[0.0, 1.0, -1.0]), [3.0, 3.0, -1.0]);
    assert_eq!(clamped_sum::jvp(&[0.0, 1.0, -1.0], &[1.0, 1.0, 1.0]), (4.0, 5.0));
}

// ---- zeros --------------------------------------------------------------------------------------------------------

#[derivative]
fn product(x: &[f64]) -> f64 {
    let mut product = 1.0;
    for v in x {
        product *= v;
    }
    product
}

#[test]
fn a_product_with_zeros_has_its_true_gradient() {
    assert_eq!(product::gradient(&[2.0, 0.0, 3.0]), [0.0, 6.0, 0.0]);
    assert_eq!(product::gradient(&[0.0, 0.0, 3.0]), [0.0, 0.0, 0.0]);
    assert_eq!(product::jvp(&[2.0, 0.0, 3.0], &[1.0, 0.5, 1.0]), (0.0, 3.0));
}

/// The root of a zero is taken, and multiplied by nothing that varies.
#[derivative]
fn root_of_the_first(x: &[f64], w: &[f64]) -> f64 {
    let mut roots = [0.0; 2];
    for i in 0..2 {
        roots[i] = x[i].sqrt();
    }
    let mut sum = 0.0;
    for i in 0..2 {
        if x[i] > 0.0 {
            sum += roots[i] * w[i];
        }
    }
    sum
}

#[test]
fn a_singular_element_that_does_not_matter_makes_no_nan() {
    assert_eq!(root_of_the_first::gradient(&[4.0, 0.0], &[3.0, 5.0]), (vec![0.75, 0.0], vec![2.0, 0.0]));
    assert_eq!(root_of_the_first::jvp(&[4.0, 0.0], &[3.0, 5.0], &[1.0, 1.0], &[0.0, 0.0]), (6.0, 0.75));
}

// ---- size ---------------------------------------------------------------------------------------------------------

#[derivative]
fn chained(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
    }
    sum
}

#[test]
fn a_million_elements() {
    let x: Vec<f64> = (0..1_000_000).map(|i| 0.5 + f64::from(i % 7) * 0.1).collect();
    let g = chained::gradient(&x);
    let n = x.len();
    for i in (0..n).step_by(99_999) {
        let mut expected = 0.0;
        if i + 1 < n {
            expected += -400.0 * x[i] * (x[i + 1] - x[i] * x[i]) - 2.0 * (1.0 - x[i]);
        }
        if i > 0 {
            expected += 200.0 * (x[i] - x[i - 1] * x[i - 1]);
        }
        // A dozen roundings of numbers below 400: 400 * 12 * 1e-16 is 5e-13.
        assert!((g[i] - expected).abs() < 1e-11, "{i}: {} but {expected}", g[i]);
    }
}

/// A true recurrence, in an array of two.
#[derivative]
fn rotated(angle: f64, start: &[f64; 2], steps: usize) -> f64 {
    let mut s = *start;
    for _ in 0..steps {
        let (c, d) = (angle.cos(), angle.sin());
        let first = c * s[0] - d * s[1];
        s[1] = d * s[0] + c * s[1];
        s[0] = first;
    }
    s[0]
}

#[test]
fn a_million_steps() {
    let steps = 1_000_000;
    let (value, (by_angle, by_start)) = rotated::value_and_gradient(1e-6, &[1.0, 0.0], steps);
    // The angles add up to 1. Each step rounds the state: at most 1e6 * 2e-16, and a million times that in the angle.
    assert!((value - 1.0_f64.cos()).abs() < 1e-9);
    assert!((by_angle / 1e6 + 1.0_f64.sin()).abs() < 1e-9);
    assert!((by_start[0] - 1.0_f64.cos()).abs() < 1e-9 && (by_start[1] + 1.0_f64.sin()).abs() < 1e-9);
}

#[derivative(partials)]
fn stores_and_reads(x: &mut [f64], t: f64) -> f64 {
    x[0] = t * t;
    x[0] * t
}

#[test]
fn a_partial_derivative_goes_through_an_array_that_is_a_constant_on_entry() {
    assert_eq!(stores_and_reads::partial_t(&mut [1.0], 2.0), 12.0);
}
