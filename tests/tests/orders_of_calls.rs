//! Second and higher order through calls of other differentiable functions, methods and custom rules.

use std::cell::Cell;

use approx::assert_relative_eq;
use diff_runtime::derivative;

// ---- against dual numbers -------------------------------------------------------------------------------------------

/// Functions that call each other, and the same tokens on dual numbers.
macro_rules! functions {
    ($([$($option:tt)*] fn $name:ident($($p:ident),*) $body:block)*) => {
        mod ours {
            use super::*;
            $(
                #[derivative($($option)*)]
                pub(super) fn $name($($p: f64),*) -> f64 $body
            )*
        }
        mod twins {
            use num_dual::DualNum;
            $(pub(super) fn $name<D: DualNum<Primitive = f64> + Copy + PartialOrd>($($p: D),*) -> D $body)*
        }
    };
}

functions! {
    [order = 6, hvp] fn wave(x) { (x * 2.0).sin() * x }
    [hessian, order = 3] fn bump(x, y) { (-(x * x + y * y * 0.5)).exp() + x * y }
    [hvp, order = 3] fn chained(x, y) { bump(wave(x), x * y) * wave(y) }
    [hvp, order = 3] fn of_one_argument(x, y) { bump(x * y, y * 0.0 + 0.7) + bump(x, x) }
    [hessian, hvp, order = 3] fn twice(x, y) { chained(x + y, x * y) + bump(x, y) * of_one_argument(y, x) }
    [hessian, hvp, order = 3] fn of_three(x, y, z) { bump(x * z, y) - chained(y, z) * wave(x) }
    [hessian, hvp, order = 3] fn with_branch(x, y) {
        if x > y { bump(x, y) } else { wave(x * y) }
    }
    [hessian, hvp, order = 3] fn in_loop(x, y) {
        let mut s = x;
        for _ in 0..4 {
            s = bump(s, y) * 0.5 + wave(s) * 0.25;
        }
        s
    }
    [order = 6] fn along(x) { wave(wave(x) + x * x) }
    [order = 6, hessian, hvp] fn of_order_six(x) { along(x * 0.5) * wave(x) }
}

const POINTS: [[f64; 3]; 3] = [[0.3, 0.7, -0.4], [1.1, -0.6, 0.9], [-0.8, 0.2, 1.3]];

/// Values and derivatives of some 1e2, each of a few hundred roundings of 1e-16.
fn close(found: f64, expected: f64) {
    assert_relative_eq!(found, expected, max_relative = 1e-12, epsilon = 1e-12);
}

/// Everything of second and third order of a function of so many arguments.
macro_rules! compare {
    ($name:ident, $n:literal, [$($k:literal),*]) => {
        #[test]
        fn $name() {
            for p in POINTS {
                // Along two axes at once: the value, its derivatives along each, and along both.
                let along = |i: usize, j: usize| {
                    let twin = |(a, b): (num_dual::HyperDual64, num_dual::HyperDual64)| {
                        let axis = |axis: usize| {
                            let mut sum = num_dual::HyperDual64::from_re(p[axis]);
                            for (d, _) in [(a, i), (b, j)].into_iter().filter(|(_, at)| *at == axis) {
                                sum += d;
                            }
                            sum
                        };
                        twins::$name($(axis($k)),*)
                    };
                    num_dual::second_partial_derivative(twin, (0.0, 0.0))
                };
                let value = along(0, 0).0;
                let (own_value, own_gradient, own_hessian) = ours::$name::value_gradient_and_hessian($(p[$k]),*);
                assert_eq!(own_value.to_bits(), ours::$name($(p[$k]),*).to_bits());
                close(own_value, value);
                assert_eq!(own_hessian, ours::$name::hessian($(p[$k]),*));
                for i in 0..$n {
                    close(own_gradient[i], along(i, i).1);
                    for j in 0..$n {
                        close(own_hessian[i][j], along(i, j).3);
                        assert_eq!(own_hessian[i][j].to_bits(), own_hessian[j][i].to_bits(), "symmetric");
                    }
                }
                // Reverse over forward, and forward over reverse.
                let v = [0.6, -1.2, 0.4];
                let product = ours::$name::hvp($(p[$k],)* $(v[$k]),*);
                let (value, gradient, other) = ours::$name::value_gradient_and_hvp($(p[$k],)* $(v[$k]),*);
                assert_eq!((value, gradient), ours::$name::value_and_gradient($(p[$k]),*));
                for i in 0..$n {
                    close(product[i], (0..$n).map(|j| own_hessian[i][j] * v[j]).sum());
                    close(other[i], product[i]);
                }
                let cube = ours::$name::third_derivatives($(p[$k]),*);
                for (i, j, k) in (0..$n * $n * $n).map(|e| (e / ($n * $n), e / $n % $n, e % $n)) {
                    let directions = |(a, b, c): (num_dual::HyperHyperDual64, _, _)| {
                        let along = |axis: usize| {
                            let mut sum = num_dual::HyperHyperDual64::from_re(p[axis]);
                            for (d, at) in [(a, i), (b, j), (c, k)] {
                                if at == axis {
                                    sum += d;
                                }
                            }
                            sum
                        };
                        twins::$name($(along($k)),*)
                    };
                    let expected = num_dual::third_partial_derivative(directions, (0.0, 0.0, 0.0)).7;
                    close(cube[i][j][k], expected);
                    let mut sorted = [i, j, k];
                    sorted.sort_unstable();
                    assert_eq!(cube[i][j][k].to_bits(), cube[sorted[0]][sorted[1]][sorted[2]].to_bits());
                }
            }
        }
    };
}

compare!(twice, 2, [0, 1]);
compare!(with_branch, 2, [0, 1]);
compare!(in_loop, 2, [0, 1]);
compare!(of_three, 3, [0, 1, 2]);

#[test]
fn of_order_six() {
    for [x, ..] in POINTS {
        let found = ours::of_order_six::derivatives(x);
        let (value, first, second, third) = num_dual::third_derivative(twins::of_order_six, x);
        for (found, expected) in found.iter().zip([value, first, second, third]) {
            close(*found, expected);
        }
        for found in [ours::of_order_six::second_derivative(x), ours::of_order_six::hessian(x)] {
            close(found, second);
        }
        close(ours::of_order_six::hvp(x, 0.5) * 2.0, second);
        // The orders 4 to 6 are those of the third derivative: dual numbers of third order along a complex step would
        // need a fourth; differences of fourth order with h = 1e-2 leave about h^4 = 1e-8 of the next derivative but three.
        for (order, found) in (4..).zip(&found[4..]) {
            let lower = |h: f64| ours::of_order_six::derivatives(x + h)[order - 1];
            let h = 1e-3;
            let difference = (lower(-2.0 * h) - 8.0 * lower(-h) + 8.0 * lower(h) - lower(2.0 * h)) / (12.0 * h);
            assert_relative_eq!(*found, difference, max_relative = 1e-6, epsilon = 1e-5);
        }
    }
}

// ---- every order, in closed form --------------------------------------------------------------------------------------

#[derivative(order = 8)]
fn exponential(x: f64) -> f64 {
    (2.0 * x).exp()
}

#[derivative(order = 8)]
fn logarithm(x: f64) -> f64 {
    (1.0 + x).ln()
}

/// `(1 + x)^2` as `exp(2 ln(1 + x))`.
#[derivative(order = 8)]
fn square(x: f64) -> f64 {
    exponential(logarithm(x))
}

#[test]
fn eighth_order_through_two_calls() {
    let x = 0.3;
    let found = square::derivatives(x);
    for (k, expected) in [(1.0 + x) * (1.0 + x), 2.0 * (1.0 + x), 2.0].into_iter().chain([0.0; 6]).enumerate() {
        // The terms that cancel are of the size of 2^k k!, with as many roundings.
        let size = (1..=k).map(|j| 2.0 * j as f64).product::<f64>();
        assert_relative_eq!(found[k], expected, epsilon = 1e-14 * size.max(1.0), max_relative = 1e-14);
    }
}

// ---- in arrays ------------------------------------------------------------------------------------------------------

#[derivative(hessian, hvp)]
fn chain_of_array(x: [f64; 4]) -> f64 {
    let mut sum = 0.0;
    for i in 0..3 {
        sum += scaled(x[i], x[i + 1]);
    }
    sum
}

#[derivative(hessian, hvp)]
fn chain_of_slice(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += scaled(x[i], x[i + 1]);
    }
    sum
}

#[test]
fn calls_in_functions_of_arrays() {
    let x = [0.3_f64, -1.2, 0.8, 1.7];
    let mut expected = [[0.0; 4]; 4];
    for i in 0..3 {
        let (s, c) = (x[i] * x[i + 1]).sin_cos();
        expected[i][i] -= x[i + 1] * x[i + 1] * s;
        expected[i + 1][i + 1] -= x[i] * x[i] * s;
        expected[i][i + 1] += c - x[i] * x[i + 1] * s;
        expected[i + 1][i] = expected[i][i + 1];
    }
    let (of_array, of_slice) = (chain_of_array::hessian(x), chain_of_slice::hessian(&x));
    let along = [0.5, 1.0, -2.0, 0.25];
    for product in [chain_of_array::hvp(x, along).to_vec(), chain_of_slice::hvp(&x, &along)] {
        for i in 0..4 {
            close(product[i], (0..4).map(|j| expected[i][j] * along[j]).sum());
        }
    }
    let pattern = chain_of_array::hessian_pattern();
    for i in 0..4_usize {
        for j in 0..4 {
            close(of_array[i][j], expected[i][j]);
            close(of_slice[i][j], expected[i][j]);
            assert_eq!(pattern[i][j], i.abs_diff(j) <= 1);
        }
    }
}

// ---- recursion ------------------------------------------------------------------------------------------------------

#[derivative(hvp, order = 5)]
fn power(x: f64, n: usize) -> f64 {
    if n == 0 { 1.0 } else { x * power(x, n - 1) }
}

#[derivative(hessian)]
fn of_powers(x: f64, y: f64) -> f64 {
    power(x * y, 3) + power(x, 2)
}

#[test]
fn a_recursive_function_is_differentiated_again() {
    let (x, y) = (1.5, -2.0);
    assert_eq!(power::derivatives(x, 5), [7.59375, 25.3125, 67.5, 135.0, 180.0, 120.0]);
    assert_eq!(power::hvp(x, 4, 2.0), 2.0 * 12.0 * x * x);
    let mixed = 9.0 * x * x * y * y;
    assert_eq!(of_powers::hessian(x, y), [[6.0 * x * y.powi(3) + 2.0, mixed], [mixed, 6.0 * x.powi(3) * y]]);
}

// ---- methods, several results ---------------------------------------------------------------------------------------

struct Spring {
    stiffness: f64,
}

impl Spring {
    #[derivative(hvp)]
    fn energy(&self, x: f64) -> f64 {
        0.5 * self.stiffness * x.powi(4)
    }

    #[derivative(associated, hvp)]
    fn repulsion(r: f64) -> f64 {
        1.0 / (r * r)
    }

    #[derivative(hessian, hvp)]
    fn total(&self, x: f64, y: f64) -> f64 {
        self.energy(x - y) + Self::repulsion(x * y) + Spring::repulsion(y)
    }
}

#[test]
fn methods_are_differentiated_again() {
    let spring = Spring { stiffness: 3.0 };
    let (x, y) = (1.2_f64, 0.7_f64);
    let d = 18.0 * (x - y).powi(2);
    let expected = [
        [d + 6.0 / (x.powi(4) * y * y), -d + 4.0 / (x * y).powi(3)],
        [-d + 4.0 / (x * y).powi(3), d + 6.0 / (x * x * y.powi(4)) + 6.0 / y.powi(4)],
    ];
    let hessian = spring.total_hessian(x, y);
    let product = spring.total_hvp(x, y, 0.5, -2.0);
    for i in 0..2 {
        close(product[i], expected[i][0] * 0.5 - expected[i][1] * 2.0);
        for j in 0..2 {
            close(hessian[i][j], expected[i][j]);
        }
    }
}

#[derivative(order = 2)]
fn polar(r: f64, phi: f64) -> (f64, f64) {
    (r * phi.cos(), r * phi.sin())
}

#[derivative(hessian)]
fn saddle(r: f64, phi: f64) -> f64 {
    let (x, y) = polar(r, phi);
    x * y
}

#[test]
fn several_results_are_differentiated_again() {
    // x y = r^2 sin(2 phi) / 2
    let (r, phi) = (1.3_f64, 0.4_f64);
    let (s, c) = (2.0 * phi).sin_cos();
    let expected = [[s, 2.0 * r * c], [2.0 * r * c, -2.0 * r * r * s]];
    let hessian = saddle::hessian(r, phi);
    for i in 0..2 {
        for j in 0..2 {
            close(hessian[i][j], expected[i][j]);
        }
    }
}

// ---- how often, and what is asked for -------------------------------------------------------------------------------

thread_local! {
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

#[derivative(hvp, hessian)]
fn counted(x: f64, y: f64) -> f64 {
    RUNS.set(RUNS.get() + 1);
    x.sin() * y * y
}

#[derivative(hvp, hessian)]
fn calls_counted(x: f64, y: f64, z: f64) -> f64 {
    counted(x * z, y).exp() * z
}

#[test]
fn a_callee_runs_once() {
    fn runs<T>(run: impl FnOnce() -> T) -> usize {
        RUNS.set(0);
        run();
        RUNS.get()
    }
    assert_eq!(runs(|| calls_counted::hessian(0.3, 0.7, 1.1)), 1);
    assert_eq!(runs(|| calls_counted::value_gradient_and_hessian(0.3, 0.7, 1.1)), 1);
    assert_eq!(runs(|| calls_counted::hvp(0.3, 0.7, 1.1, 1.0, 2.0, 3.0)), 1);
    assert_eq!(runs(|| calls_counted::value_gradient_and_hvp(0.3, 0.7, 1.1, 1.0, 2.0, 3.0)), 1);
}

/// The derivatives of third order are those in the parameters that the function itself names.
#[derivative(wrt(x), order = 4)]
fn scaled(x: f64, scale: f64) -> f64 {
    (scale * x).sin()
}

#[derivative(order = 4)]
fn of_scaled(x: f64) -> f64 {
    scaled(x * x, 2.0)
}

#[derivative(hessian)]
fn in_both(x: f64, y: f64) -> f64 {
    scaled(x, y)
}

#[test]
fn what_wrt_does_not_name_varies_in_second_order() {
    let x = 0.8_f64;
    // sin(2 x^2): with u = 2 x^2 the derivatives are those of Faa di Bruno.
    let (s, c) = (2.0 * x * x).sin_cos();
    let expected = [
        s,
        4.0 * x * c,
        4.0 * c - 16.0 * x * x * s,
        -48.0 * x * s - 64.0 * x.powi(3) * c,
        -48.0 * s - 384.0 * x * x * c + 256.0 * x.powi(4) * s,
    ];
    for (found, expected) in of_scaled::derivatives(x).into_iter().zip(expected) {
        close(found, expected);
    }
    let (x, y) = (0.8_f64, 1.3_f64);
    let (s, c) = (x * y).sin_cos();
    let expected = [[-y * y * s, c - x * y * s], [c - x * y * s, -x * x * s]];
    for (row, expected) in in_both::hessian(x, y).iter().zip(expected) {
        close(row[0], expected[0]);
        close(row[1], expected[1]);
    }
}

// ---- strong zeros ---------------------------------------------------------------------------------------------------

#[derivative(hvp, order = 3)]
fn root(x: f64) -> f64 {
    x.sqrt()
}

#[derivative(hvp, hessian)]
fn root_of_product(x: f64, y: f64) -> f64 {
    root(x * y)
}

#[derivative(hvp, hessian)]
fn root_and_square(x: f64, y: f64) -> f64 {
    root(x) + y * y
}

#[derivative(order = 3)]
fn root_of_square(x: f64) -> f64 {
    root(1.0 + x * x)
}

#[test]
fn a_direction_along_which_an_argument_does_not_vary_has_a_product() {
    // d sqrt(x y) / dx = sqrt(y / x) / 2. Along (x, -y) the product of both does not vary.
    let (x, y) = (4.0_f64, 9.0_f64);
    let (xx, xy, yy) = (-0.25 * (y / x.powi(3)).sqrt(), 0.25 / (x * y).sqrt(), -0.25 * (x / y.powi(3)).sqrt());
    let expected = [xx * x - xy * y, xy * x - yy * y];
    for product in [root_of_product::hvp(x, y, x, -y), root_of_product::value_gradient_and_hvp(x, y, x, -y).2] {
        close(product[0], expected[0]);
        close(product[1], expected[1]);
    }
    // A derivative that is infinite does not matter where nothing varies along it.
    assert_eq!(root_and_square::hvp(0.0, 2.0, 0.0, 1.0), [0.0, 2.0]);
    assert_eq!(root_and_square::hessian(0.0, 2.0)[1], [0.0, 2.0]);
    // Where the first derivative of the argument is zero: sqrt(1 + x^2) at 0.
    let found = root_of_square::derivatives(0.0);
    assert_eq!(found, [1.0, 0.0, 1.0, 0.0]);
}

// ---- rules ----------------------------------------------------------------------------------------------------------

#[derivative(hvp, order = 4, rule(partials(erf_prime)))]
fn erf(x: f64) -> f64 {
    RUNS.set(RUNS.get() + 1);
    libm::erf(x)
}

#[derivative(order = 3)]
fn erf_prime(x: f64) -> f64 {
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp()
}

#[derivative(hessian, hvp)]
fn skewed(x: f64, skew: f64) -> f64 {
    (-0.5 * x * x).exp() * (1.0 + erf(skew * x))
}

#[derivative(hessian, hvp)]
fn skewed_by_series(x: f64, skew: f64) -> f64 {
    // erf(u) = 2 / sqrt(pi) sum of (-1)^n u^(2 n + 1) / (n! (2 n + 1))
    let u = skew * x;
    let (mut sum, mut power) = (0.0, u);
    for n in 0..40 {
        let n = f64::from(n);
        sum += power / (2.0 * n + 1.0);
        power *= -u * u / (n + 1.0);
    }
    (-0.5 * x * x).exp() * (1.0 + std::f64::consts::FRAC_2_SQRT_PI * sum)
}

#[test]
fn a_rule_of_partials_is_differentiated_again() {
    let (x, skew) = (0.4, 1.5);
    RUNS.set(0);
    let (value, gradient, hessian) = skewed::value_gradient_and_hessian(x, skew);
    assert_eq!(RUNS.get(), 1, "the value is computed once");
    let (expected_value, expected_gradient, expected) = skewed_by_series::value_gradient_and_hessian(x, skew);
    close(value, expected_value);
    let (product, other) = (skewed::hvp(x, skew, 0.3, -0.8), skewed_by_series::hvp(x, skew, 0.3, -0.8));
    for i in 0..2 {
        close(gradient[i], expected_gradient[i]);
        close(product[i], other[i]);
        for j in 0..2 {
            close(hessian[i][j], expected[i][j]);
        }
    }
    // Hermite polynomials: erf'' = -2 x erf', erf''' = (4 x^2 - 2) erf', erf'''' = (12 x - 8 x^3) erf'
    let prime = erf_prime(x);
    let orders = [libm::erf(x), prime, -2.0 * x * prime, (4.0 * x * x - 2.0) * prime, (12.0 - 8.0 * x * x) * x * prime];
    for (found, expected) in erf::derivatives(x).into_iter().zip(orders) {
        close(found, expected);
    }
    close(erf::second_derivative(x), orders[2]);
    close(erf::hvp(x, 2.0), 2.0 * orders[2]);
}

/// The solution of `x + a exp(x) = b` by Newton's method.
#[derivative(hessian, hvp, rule(jvp = solution_jvp, vjp = solution_vjp, hvp = solution_hvp))]
fn solution(a: f64, b: f64) -> f64 {
    let mut x = 0.0_f64;
    loop {
        let step = (x + a * x.exp() - b) / (1.0 + a * x.exp());
        x -= step;
        if step.abs() < 1e-15 * (1.0 + x.abs()) {
            return x;
        }
    }
}

fn solution_jvp(a: f64, b: f64, a_dot: f64, b_dot: f64) -> (f64, f64) {
    let x = solution(a, b);
    (x, (b_dot - x.exp() * a_dot) / (1.0 + a * x.exp()))
}

fn solution_vjp(a: f64, b: f64, seed: f64) -> (f64, [f64; 2]) {
    let x = solution(a, b);
    let adjoint = seed / (1.0 + a * x.exp());
    (x, [-x.exp() * adjoint, adjoint])
}

/// `x_b = 1 / (1 + a e^x)` and `x_a = -e^x x_b`, along a direction.
fn solution_hvp(a: f64, b: f64, a_dot: f64, b_dot: f64) -> [f64; 2] {
    let x = solution(a, b);
    let e = x.exp();
    let slope = 1.0 / (1.0 + a * e);
    let x_dot = (b_dot - e * a_dot) * slope;
    let slope_dot = -slope * slope * (a_dot * e + a * e * x_dot);
    [-e * x_dot * slope - e * slope_dot, slope_dot]
}

#[derivative(hessian, hvp)]
fn of_solution(p: f64, q: f64) -> f64 {
    solution(p * q, 2.0 + q).powi(2)
}

#[derivative(hessian)]
fn of_solution_in_one(p: f64, q: f64) -> f64 {
    solution(0.7, p * q) * q
}

/// Newton's method, differentiated as it runs: a fixed number of steps, the last of which change nothing.
#[derivative(hessian)]
fn of_steps(p: f64, q: f64) -> f64 {
    let (a, b) = (p * q, 2.0 + q);
    let mut x = 0.0_f64;
    for _ in 0..12 {
        x -= (x + a * x.exp() - b) / (1.0 + a * x.exp());
    }
    x.powi(2)
}

#[derivative(hessian)]
fn of_steps_in_one(p: f64, q: f64) -> f64 {
    let mut x = 0.0_f64;
    for _ in 0..12 {
        x -= (x + 0.7 * x.exp() - p * q) / (1.0 + 0.7 * x.exp());
    }
    x * q
}

#[test]
fn a_rule_of_products_is_differentiated_again() {
    let (p, q) = (0.7, 1.3);
    let expected = of_steps::hessian(p, q);
    let (hessian, in_one) = (of_solution::hessian(p, q), of_solution_in_one::hessian(p, q));
    let product = of_solution::hvp(p, q, 0.4, -0.9);
    for i in 0..2 {
        close(product[i], expected[i][0] * 0.4 - expected[i][1] * 0.9);
        for j in 0..2 {
            close(hessian[i][j], expected[i][j]);
            close(in_one[i][j], of_steps_in_one::hessian(p, q)[i][j]);
        }
    }
    assert_eq!(solution::hvp(0.7, 1.3, 1.0, 2.0), solution_hvp(0.7, 1.3, 1.0, 2.0));
    let own = solution::hessian(0.7, 1.3);
    assert_eq!(own[0], solution_hvp(0.7, 1.3, 1.0, 0.0));
    assert_relative_eq!(own[1][1], solution_hvp(0.7, 1.3, 0.0, 1.0)[1], max_relative = 1e-14);
}

struct Material {
    exponent: f64,
}

impl Material {
    #[derivative(hessian, rule(partials(Self::in_strain, Self::in_rate)))]
    fn stress(&self, strain: f64, n: i32, rate: f64) -> f64 {
        strain.powf(self.exponent) * rate.powi(n)
    }

    #[derivative]
    fn in_strain(&self, strain: f64, n: i32, rate: f64) -> f64 {
        self.exponent * strain.powf(self.exponent - 1.0) * rate.powi(n)
    }

    #[derivative]
    fn in_rate(&self, strain: f64, n: i32, rate: f64) -> f64 {
        f64::from(n) * strain.powf(self.exponent) * rate.powi(n - 1)
    }

    #[derivative(hessian)]
    fn work(&self, strain: f64, rate: f64) -> f64 {
        strain * self.stress(strain, 3, rate) + self.stress(2.0, 1, rate * strain)
    }
}

#[test]
fn rules_of_methods_are_differentiated_again() {
    let material = Material { exponent: 1.5 };
    let (s, r) = (4.0_f64, 1.2_f64);
    let mixed = 7.5 * s.powf(1.5) * r * r + 2.0_f64.powf(1.5);
    let expected = [[3.75 * s.sqrt() * r.powi(3), mixed], [mixed, 6.0 * s.powf(2.5) * r]];
    let (found, own) = (material.work_hessian(s, r), material.stress_hessian(s, 3, r));
    let own_mixed = 4.5 * s.sqrt() * r * r;
    let own_expected = [[0.75 / s.sqrt() * r.powi(3), own_mixed], [own_mixed, 6.0 * s.powf(1.5) * r]];
    for i in 0..2 {
        for j in 0..2 {
            close(found[i][j], expected[i][j]);
            close(own[i][j], own_expected[i][j]);
        }
    }
}

/// The polynomial with these coefficients, and its derivatives by other functions.
#[derivative(hvp, rule(partials(slope_of_polynomial)))]
fn polynomial(x: f64, #[constant] coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[derivative(rule(partials(curvature_of_polynomial)))]
fn slope_of_polynomial(x: f64, #[constant] coefficients: &[f64]) -> f64 {
    let terms = coefficients.iter().enumerate().skip(1).rev();
    terms.fold(0.0, |sum, (k, c)| sum * x + k as f64 * c)
}

fn curvature_of_polynomial(x: f64, coefficients: &[f64]) -> f64 {
    let terms = coefficients.iter().enumerate().skip(2).rev();
    terms.fold(0.0, |sum, (k, c)| sum * x + (k * (k - 1)) as f64 * c)
}

#[derivative(hessian, hvp)]
fn of_polynomial(x: f64, y: f64, #[constant] coefficients: &[f64]) -> f64 {
    polynomial(x * y, coefficients) * y
}

#[derivative(hessian)]
fn of_local_polynomial(x: f64, y: f64) -> f64 {
    let coefficients = [1.0, -2.0, 0.5, 3.0];
    polynomial(x * y, &coefficients) * y
}

#[test]
fn constant_arrays_are_passed_on() {
    let (x, y, c) = (0.7, -1.3, [1.0, -2.0, 0.5, 3.0]);
    let u: f64 = x * y;
    let (p, p1, p2) = (polynomial(u, &c), -2.0 + u + 9.0 * u * u, 1.0 + 18.0 * u);
    let mixed = 2.0 * y * p1 + x * y * y * p2;
    let expected = [[p2 * y.powi(3), mixed], [mixed, 2.0 * x * p1 + y * x * x * p2]];
    assert!((p - (1.0 - 2.0 * u + 0.5 * u * u + 3.0 * u.powi(3))).abs() < 1e-14);
    let (found, local) = (of_polynomial::hessian(x, y, &c), of_local_polynomial::hessian(x, y));
    let product = of_polynomial::hvp(x, y, &c, 1.0, -0.5);
    for i in 0..2 {
        close(product[i], expected[i][0] - 0.5 * expected[i][1]);
        for j in 0..2 {
            close(found[i][j], expected[i][j]);
            close(local[i][j], expected[i][j]);
        }
    }
}

#[derivative]
fn first_of(values: &[f64]) -> f64 {
    values[0] * values[0]
}

/// Of second order in `x` alone: in `y` it would take that of a call with an array.
#[derivative(wrt(x), hvp)]
fn with_an_array(x: f64, y: f64) -> f64 {
    let values = [y, 1.0];
    x.sin() * first_of(&values)
}

#[derivative(hessian)]
fn calls_one_with_an_array(x: f64) -> f64 {
    with_an_array(x * x, 3.0)
}

#[derivative]
fn gradient_of_both(x: f64, y: f64) -> f64 {
    with_an_array(x, y)
}

#[test]
fn what_has_no_second_order_is_a_constant_in_it() {
    let x = 0.6_f64;
    close(calls_one_with_an_array::hessian(x), 9.0 * (2.0 * (x * x).cos() - 4.0 * x * x * (x * x).sin()));
    close_to(&gradient_of_both::gradient(x, 2.0), &[4.0 * x.cos(), 4.0 * x.sin()]);
}

fn close_to(found: &[f64], expected: &[f64]) {
    found.iter().zip(expected).for_each(|(found, expected)| close(*found, *expected));
}
