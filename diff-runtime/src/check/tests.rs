//! Right derivatives agree, wrong ones do not, kinks are told from both.

use super::*;

fn relu(x: f64) -> f64 {
    x.max(0.0)
}

#[test]
fn right_gradients_agree_at_random_points() {
    let f = |x: &[f64; 3]| x[0] * x[1] * x[1] - x[2] / (1.0 + x[0] * x[0]);
    let gradient = |x: &[f64; 3]| {
        let d = 1.0 + x[0] * x[0];
        [x[1] * x[1] + 2.0 * x[0] * x[2] / (d * d), 2.0 * x[0] * x[1], -1.0 / d]
    };
    for point in random_points(&[-3.0; 3], &[3.0; 3], 1).take(200) {
        assert_gradient(f, gradient, &point);
    }
}

#[test]
fn an_error_of_one_part_in_a_hundred_thousand_is_found() {
    let report = check_derivative(|x: f64| x * x * x, |x: f64| 3.0 * x * x * (1.0 + 1e-5), 0.7);
    assert_eq!(report.verdict, Verdict::Wrong);
}

#[test]
fn the_worst_component_is_reported_with_both_values_and_the_step() {
    let f = |x: &[f64; 3]| [x[0] * x[1], x[1] * x[2]];
    let wrong = |x: &[f64; 3]| [[x[1], x[0], 1e-3], [0.0, -x[2], x[1]]];
    let report = check_jacobian(f, wrong, &[2.0, 3.0, 5.0]);
    let worst = report.worst;
    assert_eq!((report.verdict, report.components), (Verdict::Wrong, 6));
    assert_eq!((worst.output, worst.input, worst.analytic), (1, 1, -5.0));
    // Products have no truncation error: rounding eps |f| / h.
    assert!((worst.numeric - 5.0).abs() < 1e-10 && worst.step > 0.0);
}

#[test]
fn a_kink_is_told_from_a_wrong_derivative() {
    assert_eq!(check_derivative(relu, |_: f64| 1.0, 0.0).verdict, Verdict::Kink { left: 0.0, right: 1.0 });
    assert_eq!(check_derivative(relu, |_: f64| 2.0, 0.0).verdict, Verdict::Wrong);
    assert_eq!(check_derivative(relu, |_: f64| 0.0, 1.0).verdict, Verdict::Wrong);
}

#[test]
fn a_kink_nearby_does_not_hide_the_derivative() {
    // Both lie within the first steps of the ladder.
    assert!(check_derivative(relu, |_: f64| 1.0, 1e-3).agrees());
    assert_eq!(check_derivative(relu, |_: f64| 0.0, 1e-3).verdict, Verdict::Wrong);
}

#[test]
fn a_kink_closer_than_the_smallest_step_is_no_licence() {
    assert!(matches!(check_derivative(relu, |_: f64| 1.0, 1e-9).verdict, Verdict::Kink { .. }));
    assert_eq!(check_derivative(relu, |_: f64| 7.0, 1e-9).verdict, Verdict::Wrong);
}

#[test]
#[cfg(feature = "std")]
fn steps_beyond_the_period_do_not_mislead() {
    // The larger steps skip several periods.
    for x in random_points(&-3.0, &3.0, 2).take(200) {
        assert_derivative(|x: f64| (300.0 * x).sin(), |x: f64| 300.0 * (300.0 * x).cos(), x);
    }
}

#[test]
fn right_derivatives_near_a_pole_are_not_called_wrong() {
    // The smallest of the first steps lie beyond the pole.
    for x in [1e-6, 4.6e-6, 3e-5, 1e-3] {
        assert_derivative(|x: f64| 1.0 / x, |x: f64| -1.0 / (x * x), x);
        assert_eq!(check_derivative(|x: f64| 1.0 / x, |x: f64| -1.01 / (x * x), x).verdict, Verdict::Wrong);
    }
}

#[test]
#[cfg(feature = "std")]
fn right_derivatives_near_the_edge_of_the_domain_are_resolved() {
    for x in [1e-6, 1e-5, 1e-3] {
        assert_derivative(f64::sqrt, |x: f64| 0.5 / x.sqrt(), x);
        assert_eq!(check_derivative(f64::sqrt, |x: f64| 0.51 / x.sqrt(), x).verdict, Verdict::Wrong);
    }
}

#[test]
#[cfg(feature = "std")]
fn elementary_functions_agree_on_ten_decades_and_small_errors_are_found() {
    type Function = fn(f64) -> f64;
    let functions: [(Function, Function); 10] = [
        (f64::exp, f64::exp),
        (|x| 1.0 / x, |x| -1.0 / (x * x)),
        (f64::sqrt, |x| 0.5 / x.sqrt()),
        (f64::cbrt, |x| 1.0 / (3.0 * x.cbrt() * x.cbrt())),
        (f64::ln, |x| 1.0 / x),
        (f64::tan, |x| 1.0 + x.tan() * x.tan()),
        (f64::sin, f64::cos),
        (|x| x.powi(5), |x| 5.0 * x.powi(4)),
        (|x| (-x * x).exp(), |x| -2.0 * x * (-x * x).exp()),
        (|x| x * x.ln(), |x| x.ln() + 1.0),
    ];
    let mut compared = 0;
    for (function, derivative) in functions {
        for exponent in random_points(&-6.0, &4.0, 1).take(200) {
            let x = 10.0_f64.powf(exponent);
            let (value, slope) = (function(x), derivative(x));
            if !value.is_finite() {
                continue;
            }
            assert_derivative(function, derivative, x);
            // Where the slope is not lost beside the value.
            if slope.abs() > 1e-3 * value.abs() && slope.is_normal() {
                let report = check_derivative(function, |x: f64| (1.0 + 1e-4) * derivative(x), x);
                assert_eq!(report.verdict, Verdict::Wrong, "{x:e}: {report}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1500, "{compared}");
}

#[test]
#[cfg(feature = "std")]
fn rounding_of_the_smallest_numbers_is_no_error() {
    let mut agreed = 0;
    for x in random_points(&9.5, &10.2, 3).take(200) {
        let report = check_derivative(|x: f32| (-x * x).exp(), |x: f32| -2.0 * x * (-x * x).exp(), x);
        assert!(matches!(report.verdict, Verdict::Agrees | Verdict::Unresolved), "{x:e}: {report}");
        agreed += usize::from(report.agrees());
    }
    assert!(agreed > 190, "{agreed}");
}

#[test]
fn strong_curvature_is_no_kink() {
    let report = check_derivative(|x: f64| 1e6 * x * x, |_: f64| 1.0, 0.0);
    assert_eq!(report.verdict, Verdict::Wrong);
}

#[test]
fn a_zero_derivative_of_a_large_function_agrees() {
    // Rounding noise, not a derivative.
    assert!(check_derivative(|x: f64| (1e8 + x) - x, |_: f64| 0.0, 0.3).agrees());
}

#[test]
fn a_derivative_that_is_not_finite_is_reported_as_such() {
    assert_eq!(check_derivative(|x: f64| x, |_: f64| f64::NAN, 1.0).verdict, Verdict::NotFinite);
    assert_eq!(check_derivative(|_: f64| f64::NAN, |_: f64| 1.0, 1.0).verdict, Verdict::NotFinite);
}

#[test]
fn the_edge_of_the_domain_is_approached_by_small_steps() {
    // The function is NaN for the larger steps to the left.
    let f = |x: f64| if x < 0.0 { f64::NAN } else { x * x };
    assert!(check_derivative(f, |x: f64| 2.0 * x, 1e-3).agrees());
}

#[test]
fn a_derivative_of_the_wrong_shape_is_reported_as_such() {
    let report = check_gradient(|x: &[f64; 2]| x[0], |_: &[f64; 2]| [1.0, 0.0, 0.0], &[1.0, 2.0]);
    assert_eq!(report.verdict, Verdict::WrongShape { found: 3, expected: 2 });
}

#[test]
fn an_asymmetric_hessian_is_wrong() {
    let gradient = |x: f64, y: f64| [2.0 * x * y, x * x];
    let report = check_hessian(gradient, |x: f64, y: f64| [[2.0 * y, 2.0 * x], [0.0, 0.0]], &[2.0, 3.0]);
    assert_eq!((report.worst.output, report.worst.input), (1, 0));
    assert_eq!(report.verdict, Verdict::Wrong);
}

#[test]
fn single_precision_has_its_own_tolerances() {
    assert!(check_derivative(|x: f32| x * x * x, |x: f32| 3.0 * x * x, 0.7).agrees());
    assert_eq!(check_derivative(|x: f32| x * x * x, |x: f32| 3.1 * x * x, 0.7).verdict, Verdict::Wrong);
}

#[test]
fn a_wrong_component_outranks_a_kink() {
    let f = |x: &[f64; 2]| relu(x[0]) + x[1];
    let report = check_gradient(f, |_: &[f64; 2]| [1.0, 2.0], &[0.0, 1.0]);
    assert_eq!((report.verdict, report.worst.input), (Verdict::Wrong, 1));
}

#[test]
#[should_panic(expected = "the derivative is wrong; worst: output 0, input 1: derivative 3e0")]
fn assertions_panic_with_the_report() {
    assert_gradient(|x: f64, y: f64| x + y, |_: f64, _: f64| [1.0, 3.0], &[1.0, 2.0]);
}

#[test]
fn random_points_stay_in_the_box_and_repeat_with_the_seed() {
    let draw = |seed| random_points(&(-1.0, [2.0]), &(1.0, [4.0]), seed).take(50);
    assert!(draw(3).all(|(a, [b])| (-1.0..1.0).contains(&a) && (2.0..4.0).contains(&b)));
    assert!(draw(3).eq(draw(3)));
    assert!(draw(3).ne(draw(4)));
}

#[test]
fn the_worst_of_several_points_is_kept() {
    // Wrong at 3 and at 7, and a kink at 0.
    let wrong = |x: f64| {
        if x == 3.0 {
            1.5
        } else if x == 7.0 {
            2.0
        } else {
            1.0
        }
    };
    let worst = check_points([1.0, 3.0, 7.0, 0.0, 2.0], |&x| check_derivative(relu, wrong, x));
    assert_eq!((worst.point, worst.report.verdict, worst.points), (7.0, Verdict::Wrong, 5));
    let worst = check_points([1.0, 0.0, 2.0], |&x| check_derivative(relu, |_: f64| 1.0, x));
    assert!(matches!(worst.report.verdict, Verdict::Kink { .. }) && worst.point == 0.0);
}

#[test]
#[should_panic(expected = "at [1.0, 2.0], the worst of 1 points: the derivative is wrong; worst: output 0, input 1")]
fn an_assertion_at_points_names_the_point() {
    let f = |x: f64, y: f64| x + y;
    check_points([[1.0, 2.0]], |point| check_gradient(f, |_: f64, _: f64| [1.0, 3.0], point)).assert();
}

#[test]
#[should_panic(expected = "at least one point")]
fn no_points_are_no_check() {
    let _ = check_points([], |&x: &f64| check_derivative(relu, relu, x));
}

#[test]
#[cfg(feature = "approx")]
fn components_compare_with_approx() {
    use approx::{assert_abs_diff_eq, assert_relative_eq, assert_relative_ne};
    assert_abs_diff_eq!(Components(&[1.0, 2.0]), Components(&[1.0 + 1e-9, 2.0]), epsilon = 1e-8);
    assert_relative_eq!(Components(&([1e9], 2.0)), Components(&([1e9 + 1.0], 2.0)), max_relative = 1e-8);
    assert_relative_ne!(Components(&[1.0, 2.0][..]), Components(&[1.0][..]));
}
