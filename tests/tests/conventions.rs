//! What the derivative is where calculus leaves a choice: kinks, ties, singular points, overflow, NaN.
//!
//! Each expectation is checked on every companion: `derivative` or `gradient`, the values beside them, `jvp` along
//! several directions, `vjp` for several seeds. Zero directions and seeds are among these: at a singular point they
//! must give zero, too.

use diff_runtime::derivative;

/// Partials at these points are one or two operations: four units in the last place.
const ROUNDINGS: f64 = 4.0 * f64::EPSILON;

/// Factors of tangents and seeds.
const FACTORS: [f64; 4] = [1.0, -2.5, 0.125, 0.0];

#[track_caller]
fn same(found: f64, expected: f64, what: &str) {
    let close = (found - expected).abs() <= ROUNDINGS * expected.abs();
    assert!(
        close || found == expected || found.is_nan() && expected.is_nan(),
        "{what}: found {found:e}, expected {expected:e}"
    );
}

/// A tangent or adjoint times a partial, where zero times infinity is zero.
fn product(factor: f64, partial: f64) -> f64 {
    if factor == 0.0 { 0.0 } else { factor * partial }
}

/// The factors to test with a partial. That zero times NaN is zero is promised at singular points, not at NaN.
fn factors(partial: f64) -> impl Iterator<Item = f64> {
    FACTORS.into_iter().filter(move |factor| *factor != 0.0 || !partial.is_nan())
}

/// `check!(f, x => d)`, `check!(f, x, y => dx, dy)`: the partials of `f` at a point.
macro_rules! check {
    ($f:ident, $x:expr => $d:expr) => {{
        let (x, d): (f64, f64) = ($x, $d);
        let at = format!("{} at {x:e}", stringify!($f));
        let value = $f(x);
        same($f::derivative(x), d, &format!("derivative of {at}"));
        same($f::gradient(x), d, &format!("gradient of {at}"));
        let pairs = [$f::value_and_derivative(x), $f::value_and_gradient(x), $f::jvp(x, 1.0), $f::vjp(x, 1.0)];
        for (k, (found, partial)) in pairs.into_iter().enumerate() {
            assert_eq!(found.to_bits(), value.to_bits(), "value {k} beside the derivative of {at}");
            same(partial, d, &format!("derivative {k} of {at}"));
        }
        for factor in factors(d) {
            same($f::jvp(x, factor).1, product(factor, d), &format!("jvp of {at} along {factor}"));
            same($f::vjp(x, factor).1, product(factor, d), &format!("vjp of {at} for {factor}"));
        }
    }};
    ($f:ident, $($x:expr),+ => $($d:expr),+) => {{
        let (x, d) = ([$($x),+], [$($d),+]);
        let at = format!("{} at {x:?}", stringify!($f));
        check!(@several $f, x, d, at, $($x),+);
    }};
    (@several $f:ident, $p:ident, $d:ident, $at:ident, $x:expr, $y:expr) => {
        check!(@all $f, $d, $at, |t: [f64; 2]| $f::jvp($p[0], $p[1], t[0], t[1]), $p[0], $p[1]);
    };
    (@several $f:ident, $p:ident, $d:ident, $at:ident, $x:expr, $y:expr, $z:expr) => {
        check!(@all $f, $d, $at, |t: [f64; 3]| $f::jvp($p[0], $p[1], $p[2], t[0], t[1], t[2]), $p[0], $p[1], $p[2]);
    };
    (@all $f:ident, $d:ident, $at:ident, $jvp:expr, $($arg:expr),+) => {
        let (value, jvp) = ($f($($arg),+), $jvp);
        let (beside, gradient) = $f::value_and_gradient($($arg),+);
        assert_eq!(beside.to_bits(), value.to_bits(), "value beside the gradient of {}", $at);
        for n in 0..$d.len() {
            same($f::gradient($($arg),+)[n], $d[n], &format!("gradient[{n}] of {}", $at));
            same(gradient[n], $d[n], &format!("value_and_gradient[{n}] of {}", $at));
        }
        for factor in FACTORS {
            let (beside, adjoints) = $f::vjp($($arg),+, factor);
            assert_eq!(beside.to_bits(), value.to_bits(), "value of vjp of {}", $at);
            for n in 0..$d.len() {
                let mut direction = $d.map(|_| 0.0);
                direction[n] = factor;
                let (beside, tangent) = jvp(direction);
                assert_eq!(beside.to_bits(), value.to_bits(), "value of jvp of {}", $at);
                same(tangent, product(factor, $d[n]), &format!("jvp of {} along {direction:?}", $at));
                same(adjoints[n], product(factor, $d[n]), &format!("vjp[{n}] of {} for {factor}", $at));
            }
        }
    };
}

// ---- branches, comparisons, casts --------------------------------------------------------------------------------

#[test]
fn the_branch_taken_is_the_function() {
    #[derivative]
    fn f(x: f64) -> f64 {
        if x > 1.0 { 7.0 * x } else { x * x }
    }
    check!(f, 1.0 => 2.0);
    check!(f, 1.5 => 7.0);
    // No comparison holds for NaN: the second branch.
    check!(f, f64::NAN => f64::NAN);
}

#[test]
fn integers_made_of_floats_do_not_vary() {
    #[derivative]
    fn f(x: f64) -> f64 {
        (x as i64) as f64 * x
    }
    check!(f, 2.75 => 2.0);
    check!(f, 3.0 => 3.0);
}

#[test]
fn a_cast_through_single_precision_is_linear() {
    #[derivative]
    fn f(x: f64) -> f64 {
        f64::from(x as f32)
    }
    check!(f, 0.1 => 1.0);
}

// ---- extremes ----------------------------------------------------------------------------------------------------

#[test]
fn a_maximum_gives_the_operand_returned_and_on_a_tie_the_first() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x.max(y)
    }
    check!(f, 2.0, 1.0 => 1.0, 0.0);
    check!(f, 1.0, 2.0 => 0.0, 1.0);
    check!(f, 2.0, 2.0 => 1.0, 0.0);
    check!(f, -0.0, 0.0 => 1.0, 0.0);
    check!(f, f64::INFINITY, f64::INFINITY => 1.0, 0.0);
}

#[test]
fn a_minimum_gives_the_operand_returned_and_on_a_tie_the_first() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x.min(y)
    }
    check!(f, 2.0, 1.0 => 0.0, 1.0);
    check!(f, 1.0, 2.0 => 1.0, 0.0);
    check!(f, 2.0, 2.0 => 1.0, 0.0);
    check!(f, f64::NEG_INFINITY, f64::NEG_INFINITY => 1.0, 0.0);
}

#[test]
fn an_extreme_ignores_nan_and_so_does_its_derivative() {
    #[derivative]
    fn largest(x: f64, y: f64) -> f64 {
        x.max(y)
    }
    #[derivative]
    fn smallest(x: f64, y: f64) -> f64 {
        x.min(y)
    }
    check!(largest, f64::NAN, 1.0 => 0.0, 1.0);
    check!(largest, 1.0, f64::NAN => 1.0, 0.0);
    check!(smallest, f64::NAN, 1.0 => 0.0, 1.0);
    check!(smallest, 1.0, f64::NAN => 1.0, 0.0);
    let [in_x, in_y] = largest::gradient(f64::NAN, f64::NAN);
    assert_eq!(in_x + in_y, 1.0, "the partials always sum to one");
}

#[test]
fn a_rectifier_has_slope_one_at_zero() {
    #[derivative]
    fn relu(x: f64) -> f64 {
        x.max(0.0)
    }
    check!(relu, 0.0 => 1.0);
    check!(relu, -0.0 => 1.0);
    check!(relu, 3.0 => 1.0);
    check!(relu, -3.0 => 0.0);
    check!(relu, f64::NAN => 0.0);
}

#[test]
fn a_rectifier_with_the_bound_first_has_slope_zero_at_the_bound() {
    #[derivative]
    fn relu(x: f64) -> f64 {
        0.0_f64.max(x)
    }
    check!(relu, 0.0 => 0.0);
    check!(relu, 3.0 => 1.0);
    check!(relu, -3.0 => 0.0);
    check!(relu, f64::NAN => 0.0);
}

#[test]
fn a_minimum_with_a_constant_has_slope_one_at_the_bound() {
    #[derivative]
    fn capped(x: f64) -> f64 {
        x.min(2.0)
    }
    check!(capped, 2.0 => 1.0);
    check!(capped, 1.0 => 1.0);
    check!(capped, 2.5 => 0.0);
}

#[test]
fn clamping_has_slope_one_between_the_bounds_and_at_them() {
    #[derivative]
    fn f(x: f64) -> f64 {
        x.clamp(-1.0, 2.0)
    }
    for x in [-1.0, 0.0, 2.0] {
        check!(f, x => 1.0);
    }
    check!(f, -1.5 => 0.0);
    check!(f, 2.5 => 0.0);
    check!(f, f64::INFINITY => 0.0);
    check!(f, f64::NAN => 1.0);
}

#[test]
fn clamping_beyond_a_bound_gives_that_bound() {
    #[derivative]
    fn f(x: f64, low: f64, high: f64) -> f64 {
        x.clamp(low, high)
    }
    check!(f, 0.5, 0.0, 1.0 => 1.0, 0.0, 0.0);
    check!(f, 0.0, 0.0, 1.0 => 1.0, 0.0, 0.0);
    check!(f, 1.0, 0.0, 1.0 => 1.0, 0.0, 0.0);
    check!(f, -0.5, 0.0, 1.0 => 0.0, 1.0, 0.0);
    check!(f, 1.5, 0.0, 1.0 => 0.0, 0.0, 1.0);
}

// ---- absolute values and signs -----------------------------------------------------------------------------------

#[test]
fn the_absolute_value_has_slope_one_at_zero() {
    #[derivative]
    fn f(x: f64) -> f64 {
        x.abs()
    }
    check!(f, 0.0 => 1.0);
    check!(f, -0.0 => 1.0);
    check!(f, 2.0 => 1.0);
    check!(f, -2.0 => -1.0);
    check!(f, f64::NEG_INFINITY => -1.0);
}

#[test]
fn the_stable_softplus_has_its_true_slope_at_zero() {
    #[derivative]
    fn softplus(x: f64) -> f64 {
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    }
    check!(softplus, 0.0 => 0.5);
    check!(softplus, 800.0 => 1.0);
    check!(softplus, -800.0 => 0.0);
}

#[test]
fn copysign_varies_with_the_magnitude_alone() {
    #[derivative]
    fn f(x: f64, sign: f64) -> f64 {
        x.copysign(sign)
    }
    check!(f, 2.0, 3.0 => 1.0, 0.0);
    check!(f, 2.0, -3.0 => -1.0, 0.0);
    check!(f, -2.0, 3.0 => -1.0, 0.0);
    check!(f, -2.0, -0.0 => 1.0, 0.0);
    check!(f, 0.0, 1.0 => 1.0, 0.0);
    check!(f, 0.0, -1.0 => -1.0, 0.0);
}

// ---- steps and remainders ----------------------------------------------------------------------------------------

#[test]
fn steps_have_slope_zero_also_where_they_jump() {
    macro_rules! steps {
        ($($name:ident)*) => {$(
            #[derivative]
            fn $name(x: f64) -> f64 {
                x.$name()
            }
            for x in [-1.5, -0.0, 0.0, 0.5, 1.0, 2.5, f64::INFINITY, f64::NAN] {
                check!($name, x => 0.0);
            }
        )*};
    }
    steps!(signum floor ceil round round_ties_even trunc);
}

#[test]
fn the_fraction_has_slope_one_also_where_it_jumps() {
    #[derivative]
    fn f(x: f64) -> f64 {
        x.fract()
    }
    for x in [-1.25, 0.0, 0.75, 3.0] {
        check!(f, x => 1.0);
    }
}

#[test]
fn a_remainder_by_a_constant_has_slope_one() {
    #[derivative]
    fn f(x: f64) -> f64 {
        x % 1.5
    }
    for x in [-4.0, 0.0, 1.0, 3.0, 7.0] {
        check!(f, x => 1.0);
    }
}

#[test]
fn a_remainder_varies_with_its_divisor_by_the_truncated_quotient() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x % y
    }
    check!(f, 7.0, 2.0 => 1.0, -3.0);
    check!(f, -7.0, 2.0 => 1.0, 3.0);
    check!(f, 7.0, -2.0 => 1.0, 3.0);
    check!(f, 1.0, 2.0 => 1.0, 0.0);
    check!(f, 6.0, 2.0 => 1.0, -3.0);
    check!(f, 1.0, f64::INFINITY => 1.0, 0.0);
}

#[test]
fn a_constant_modulo_a_variable_varies_by_the_truncated_quotient() {
    #[derivative]
    fn f(y: f64) -> f64 {
        7.5 % y
    }
    check!(f, 2.0 => -3.0);
    check!(f, 10.0 => 0.0);
}

#[test]
fn a_euclidean_remainder_varies_by_the_euclidean_quotient() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x.rem_euclid(y)
    }
    check!(f, 7.0, 2.0 => 1.0, -3.0);
    check!(f, -7.0, 2.0 => 1.0, 4.0);
    check!(f, 7.0, -2.0 => 1.0, 3.0);
    check!(f, 0.5, 2.0 => 1.0, 0.0);
}

#[test]
fn a_euclidean_quotient_does_not_vary() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x.div_euclid(y)
    }
    check!(f, -7.0, 2.0 => 0.0, 0.0);
    check!(f, 6.0, 2.0 => 0.0, 0.0);
}

// ---- singular points ---------------------------------------------------------------------------------------------

#[test]
fn roots_at_zero_have_infinite_slope() {
    #[derivative]
    fn square_root(x: f64) -> f64 {
        x.sqrt()
    }
    #[derivative]
    fn cube_root(x: f64) -> f64 {
        x.cbrt()
    }
    check!(square_root, 0.0 => f64::INFINITY);
    check!(cube_root, 0.0 => f64::INFINITY);
    check!(square_root, -1.0 => f64::NAN);
    check!(cube_root, -8.0 => 1.0 / 12.0);
}

#[test]
fn logarithms_at_zero_have_infinite_slope() {
    macro_rules! logarithms {
        ($($name:ident)*) => {$(
            #[derivative]
            fn $name(x: f64) -> f64 {
                x.$name()
            }
            check!($name, 0.0 => f64::INFINITY);
        )*};
    }
    logarithms!(ln log2 log10);
    #[derivative]
    fn ln_1p(x: f64) -> f64 {
        x.ln_1p()
    }
    check!(ln_1p, -1.0 => f64::INFINITY);
}

#[test]
fn reciprocals_at_zero_have_infinite_slope() {
    #[derivative]
    fn recip(x: f64) -> f64 {
        x.recip()
    }
    #[derivative]
    fn inverse(x: f64) -> f64 {
        1.0 / x
    }
    for x in [0.0, -0.0] {
        check!(recip, x => f64::NEG_INFINITY);
        check!(inverse, x => f64::NEG_INFINITY);
    }
}

#[test]
fn inverse_functions_at_the_ends_of_their_domains_have_infinite_slope() {
    #[derivative]
    fn asin(x: f64) -> f64 {
        x.asin()
    }
    #[derivative]
    fn acos(x: f64) -> f64 {
        x.acos()
    }
    #[derivative]
    fn acosh(x: f64) -> f64 {
        x.acosh()
    }
    #[derivative]
    fn atanh(x: f64) -> f64 {
        x.atanh()
    }
    for x in [1.0, -1.0] {
        check!(asin, x => f64::INFINITY);
        check!(acos, x => f64::NEG_INFINITY);
        check!(atanh, x => f64::INFINITY);
    }
    check!(acosh, 1.0 => f64::INFINITY);
}

#[test]
fn constant_powers_at_zero_have_their_limits() {
    macro_rules! powers {
        ($($name:ident $p:literal $d:expr;)*) => {$(
            #[derivative]
            fn $name(x: f64) -> f64 {
                x.powf($p)
            }
            check!($name, 0.0 => $d);
        )*};
    }
    powers! {
        zeroth 0.0 0.0;
        root 0.5 f64::INFINITY;
        first 1.0 1.0;
        one_and_a_half 1.5 0.0;
        second 2.0 0.0;
        third 3.0 0.0;
        inverse -1.0 f64::NEG_INFINITY;
    }
}

#[test]
fn integer_powers_at_zero_have_their_limits() {
    #[derivative]
    fn variable(x: f64, n: i32) -> f64 {
        x.powi(n)
    }
    for (n, expected) in [(0, 0.0), (1, 1.0), (2, 0.0), (3, 0.0), (-1, f64::NEG_INFINITY)] {
        same(variable::derivative(0.0, n), expected, "derivative");
        assert_eq!(variable::value_and_derivative(0.0, n).0, variable(0.0, n));
        for factor in FACTORS {
            same(variable::jvp(0.0, n, factor).1, product(factor, expected), "jvp");
            same(variable::vjp(0.0, n, factor).1, product(factor, expected), "vjp");
        }
    }
    macro_rules! powers {
        ($($name:ident $n:literal $d:expr;)*) => {$(
            #[derivative]
            fn $name(x: f64) -> f64 {
                x.powi($n)
            }
            check!($name, 0.0 => $d);
        )*};
    }
    powers! {
        zeroth 0 0.0;
        first 1 1.0;
        second 2 0.0;
        third 3 0.0;
        inverse -1 f64::NEG_INFINITY;
    }
}

#[test]
fn variable_powers_at_zero_have_their_limits() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x.powf(y)
    }
    check!(f, 0.0, 1.0 => 1.0, 0.0);
    check!(f, 0.0, 2.0 => 0.0, 0.0);
    check!(f, 0.0, 1.5 => 0.0, 0.0);
    check!(f, 0.0, 0.5 => f64::INFINITY, 0.0);
    check!(f, 0.0, 0.0 => 0.0, f64::NEG_INFINITY);
}

#[test]
fn the_length_of_the_zero_vector_has_slope_zero() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x.hypot(y)
    }
    check!(f, 0.0, 0.0 => 0.0, 0.0);
    check!(f, 0.0, 2.0 => 0.0, 1.0);
    check!(f, -2.0, 0.0 => -1.0, 0.0);
}

#[test]
fn powers_of_negative_bases_need_no_logarithm() {
    #[derivative]
    fn cube(x: f64) -> f64 {
        x.powf(3.0)
    }
    #[derivative]
    fn inverse_square(x: f64) -> f64 {
        x.powf(-2.0)
    }
    #[derivative]
    fn of_constant(x: f64, #[constant] p: f64) -> f64 {
        x.powf(p)
    }
    #[derivative]
    fn of_variable(x: f64, p: f64) -> f64 {
        x.powf(p)
    }
    check!(cube, -2.0 => 12.0);
    check!(inverse_square, -2.0 => 0.25);
    assert_eq!([of_constant(-2.0, 3.0), of_variable(-2.0, 3.0)], [-8.0, -8.0]);
    same(of_constant::derivative(-2.0, 3.0), 12.0, "derivative");
    same(of_constant::vjp(-2.0, 3.0, 0.5).1, 6.0, "vjp");
    // Along the base alone; the partial in the exponent is not a number.
    same(of_variable::jvp(-2.0, 3.0, 1.0, 0.0).1, 12.0, "jvp along the base");
    same(of_variable::vjp(-2.0, 3.0, 1.0).1[0], 12.0, "adjoint of the base");
}

// ---- strong zeros ------------------------------------------------------------------------------------------------

#[test]
fn a_singular_point_does_not_reach_what_does_not_depend_on_it() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x.sqrt() + y
    }
    check!(f, 0.0, 3.0 => f64::INFINITY, 1.0);
    same(f::jvp(0.0, 3.0, 0.0, 1.0).1, 1.0, "along y");
}

#[test]
fn a_singular_point_that_is_not_taken_does_not_matter() {
    #[derivative]
    fn f(x: f64) -> f64 {
        let root = x.sqrt();
        let log = x.ln();
        if x > 0.0 { root + log } else { 5.0 * x }
    }
    check!(f, 0.0 => 5.0);
    check!(f, -1.0 => 5.0);
}

#[test]
fn a_singular_point_behind_a_maximum_does_not_matter() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        (x.sqrt() - 1.0).max(y)
    }
    check!(f, 0.0, 2.0 => 0.0, 1.0);
}

#[test]
fn a_zero_seed_stays_zero_through_a_chain_of_singular_points() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        (x / y).sqrt() + y.ln() + x.powf(0.5) + x.cbrt() + y.recip()
    }
    assert!(f(0.0, 0.0).is_nan());
    assert_eq!(f::vjp(0.0, 0.0, 0.0).1, [0.0, 0.0]);
    assert_eq!(f::jvp(0.0, 0.0, 0.0, 0.0).1, 0.0);
}

#[test]
fn a_zero_seed_stays_zero_through_a_loop() {
    #[derivative]
    fn f(x: f64, n: usize) -> f64 {
        let mut y = x;
        for _ in 0..n {
            y = y.sqrt();
        }
        y
    }
    assert_eq!(f(0.0, 3), 0.0);
    assert_eq!(f::vjp(0.0, 3, 0.0).1, 0.0);
    assert_eq!(f::jvp(0.0, 3, 0.0).1, 0.0);
}

// ---- forms that neither overflow nor cancel ----------------------------------------------------------------------

#[test]
fn the_hyperbolic_tangent_saturates_without_cancelling() {
    #[derivative]
    fn f(x: f64) -> f64 {
        x.tanh()
    }
    check!(f, 800.0 => 0.0);
    check!(f, -800.0 => 0.0);
    check!(f, f64::INFINITY => 0.0);
    check!(f, 0.0 => 1.0);
    // 1 / cosh(20)^2: cosh is good to an ulp, and its square doubles that.
    for x in [20.0, -20.0] {
        check!(f, x => 1.699_341_702_116_635_5e-17);
    }
}

#[test]
fn lengths_neither_overflow_nor_underflow() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x.hypot(y)
    }
    check!(f, 3e200, 4e200 => 0.6, 0.8);
    check!(f, -3e-200, 4e-200 => -0.6, 0.8);
}

#[test]
fn quotients_neither_overflow_nor_underflow() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x / y
    }
    check!(f, 1e-200, 1e-200 => 1e200, -1e200);
    check!(f, 1e200, 1e200 => 1e-200, -1e-200);
    check!(f, 0.0, 2.0 => 0.5, 0.0);
}

#[test]
fn angles_neither_overflow_nor_underflow() {
    #[derivative]
    fn f(y: f64, x: f64) -> f64 {
        y.atan2(x)
    }
    check!(f, 1e200, 1e200 => 0.5e-200, -0.5e-200);
    check!(f, 1e-200, 1e-200 => 0.5e200, -0.5e200);
    check!(f, 0.0, -1.0 => -1.0, 0.0);
    check!(f, 3.0, 4.0 => 0.16, -0.12);
}

#[test]
fn inverse_hyperbolic_functions_of_large_arguments_do_not_overflow() {
    #[derivative]
    fn asinh(x: f64) -> f64 {
        x.asinh()
    }
    #[derivative]
    fn acosh(x: f64) -> f64 {
        x.acosh()
    }
    check!(asinh, 1e200 => 1e-200);
    check!(asinh, -1e200 => 1e-200);
    check!(asinh, 0.0 => 1.0);
    check!(acosh, 1e200 => 1e-200);
}

#[test]
fn functions_near_the_ends_of_their_domains_do_not_cancel() {
    #[derivative]
    fn acosh(x: f64) -> f64 {
        x.acosh()
    }
    #[derivative]
    fn asin(x: f64) -> f64 {
        x.asin()
    }
    #[derivative]
    fn atanh(x: f64) -> f64 {
        x.atanh()
    }
    // A power of two, so that 1 + e and 1 - e are exact.
    let e = 2.0_f64.powi(-40);
    check!(acosh, 1.0 + e => 1.0 / (e * (2.0 + e)).sqrt());
    check!(asin, 1.0 - e => 1.0 / (e * (2.0 - e)).sqrt());
    check!(atanh, 1.0 - e => 1.0 / (e * (2.0 - e)));
}

#[test]
fn exponentials_near_minus_one_do_not_cancel() {
    #[derivative]
    fn f(x: f64) -> f64 {
        x.exp_m1()
    }
    check!(f, -40.0 => (-40.0_f64).exp());
    check!(f, -1.0 => (-1.0_f64).exp());
    check!(f, 0.0 => 1.0);
    check!(f, 2.0 => 2.0_f64.exp());
}

#[test]
fn logarithms_of_one_plus_little_do_not_cancel() {
    #[derivative]
    fn f(x: f64) -> f64 {
        x.ln_1p()
    }
    check!(f, 1e-20 => 1.0);
    check!(f, 1.0 => 0.5);
}

// ---- infinities and NaN ------------------------------------------------------------------------------------------

#[test]
fn nan_gives_nan_in_every_smooth_function() {
    macro_rules! smooth {
        ($($name:ident)*) => {$(
            #[derivative]
            fn $name(x: f64) -> f64 {
                x.$name()
            }
            check!($name, f64::NAN => f64::NAN);
        )*};
    }
    smooth!(sqrt cbrt recip exp exp2 exp_m1 ln log2 log10 ln_1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh);
}

#[test]
fn saturating_functions_are_flat_at_infinity() {
    macro_rules! flat {
        ($($name:ident)*) => {$(
            #[derivative]
            fn $name(x: f64) -> f64 {
                x.$name()
            }
            check!($name, f64::INFINITY => 0.0);
        )*};
    }
    flat!(tanh atan sqrt cbrt ln log2 log10 ln_1p asinh acosh recip);
    #[derivative]
    fn decay(x: f64) -> f64 {
        (-x).exp()
    }
    check!(decay, f64::INFINITY => 0.0);
}

#[test]
fn an_infinity_is_no_number_to_simplify() {
    #[derivative]
    fn f(x: f64, y: f64) -> f64 {
        x * y - x * y
    }
    check!(f, 2.0, 3.0 => 0.0, 0.0);
    let value = f(f64::INFINITY, 1.0);
    assert!(value.is_nan());
    assert!(f::value_and_gradient(f64::INFINITY, 1.0).0.is_nan());
}
