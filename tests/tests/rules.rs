//! Functions with rules of their own: partial derivatives, or the products of the companions `jvp` and `vjp`, that users
//! give. The bodies are not differentiated.

use std::cell::Cell;

use diff_runtime::derivative;

// ---- a function of a library ----------------------------------------------------------------------------------------

#[derivative(rule(partials(erf_prime)))]
fn erf(x: f64) -> f64 {
    libm::erf(x)
}

fn erf_prime(x: f64) -> f64 {
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp()
}

#[derivative]
fn skewed(x: f64, skew: f64) -> f64 {
    let mut sum = 0.0;
    for k in 1..4 {
        sum += (-0.5 * x * x).exp() * (1.0 + erf(skew * x / k as f64));
    }
    sum
}

#[test]
fn a_function_of_a_library_composes() {
    let (x, skew) = (0.4_f64, 1.5_f64);
    let e = (-0.5 * x * x).exp();
    let (mut by_x, mut by_skew) = (0.0, 0.0);
    for k in 1..4 {
        let k = f64::from(k);
        let u = skew * x / k;
        by_x += -x * e * (1.0 + libm::erf(u)) + e * erf_prime(u) * skew / k;
        by_skew += e * erf_prime(u) * x / k;
    }
    let gradient = skewed::gradient(x, skew);
    // A few dozen roundings.
    assert!((gradient[0] - by_x).abs() < 1e-14 && (gradient[1] - by_skew).abs() < 1e-14, "{gradient:?}");
    let (value, adjoints) = skewed::vjp(x, skew, 2.0);
    assert_eq!(value, skewed(x, skew));
    assert!((adjoints[0] - 2.0 * by_x).abs() < 1e-14 && (adjoints[1] - 2.0 * by_skew).abs() < 1e-14);
    assert_eq!(erf::value_and_derivative(0.3), (libm::erf(0.3), erf_prime(0.3)));
}

// ---- a table --------------------------------------------------------------------------------------------------------

/// Interpolates linearly between the values of a table at 0, 1, 2, ..
#[derivative(rule(partials(slope_of_table)))]
fn interpolated(x: f64, #[constant] table: &[f64]) -> f64 {
    let k = interval(x, table);
    let t = x - k as f64;
    table[k] * (1.0 - t) + table[k + 1] * t
}

fn slope_of_table(x: f64, table: &[f64]) -> f64 {
    let k = interval(x, table);
    table[k + 1] - table[k]
}

fn interval(x: f64, table: &[f64]) -> usize {
    (x.max(0.0) as usize).min(table.len() - 2)
}

#[derivative]
fn energy(x: f64, stiffness: f64, #[constant] table: &[f64]) -> f64 {
    stiffness * interpolated(x * x, table) * x
}

#[test]
fn a_table_composes() {
    let table = [1.0, 3.0, 2.0, 5.0];
    // x^2 = 2.25: value 2.75, slope 3
    let (value, gradient) = energy::value_and_gradient(1.5, 2.0, &table);
    assert_eq!(value, 2.0 * 2.75 * 1.5);
    assert_eq!(gradient, [2.0 * (3.0 * 2.0 * 1.5 * 1.5 + 2.75), 2.75 * 1.5]);
}

// ---- a solver -------------------------------------------------------------------------------------------------------

thread_local! {
    static SOLVED: Cell<usize> = const { Cell::new(0) };
}

/// The solution of `x + a exp(x) = b` by Newton's method.
///
/// By the implicit function theorem `dx/da = -exp(x) / (1 + a exp(x))` and `dx/db = 1 / (1 + a exp(x))`.
#[derivative(rule(jvp = solution_jvp, vjp = solution_vjp))]
fn solution(a: f64, b: f64) -> f64 {
    SOLVED.set(SOLVED.get() + 1);
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

#[derivative]
fn squared_solution(p: f64, q: f64) -> f64 {
    let x = solution(p * q, 2.0 + q);
    x * x
}

#[test]
fn a_solver_is_differentiated_by_the_implicit_function_theorem() {
    let (p, q) = (0.7, 1.3);
    SOLVED.set(0);
    let (value, gradient) = squared_solution::value_and_gradient(p, q);
    assert_eq!(SOLVED.get(), 1, "the equation is solved once");
    // Differences of fourth order with a step of 1e-3: h^4 = 1e-12, eps / h = 2e-13, times some 10.
    let difference = |f: &dyn Fn(f64) -> f64| {
        let h = 1e-3;
        (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
    };
    assert_eq!(value, squared_solution(p, q));
    assert!((gradient[0] - difference(&|h| squared_solution(p + h, q))).abs() < 1e-10);
    assert!((gradient[1] - difference(&|h| squared_solution(p, q + h))).abs() < 1e-10);
    // The companions of the solver itself are the user's functions.
    assert_eq!(solution::jvp(0.7, 1.3, 1.0, 2.0), solution_jvp(0.7, 1.3, 1.0, 2.0));
    assert_eq!(solution::vjp(0.7, 1.3, 3.0), solution_vjp(0.7, 1.3, 3.0));
    assert_eq!(solution::gradient(0.7, 1.3), solution_vjp(0.7, 1.3, 1.0).1);
}

// ---- constants, methods, one product --------------------------------------------------------------------------------

struct Material {
    exponent: f64,
}

impl Material {
    #[derivative(rule(partials(Self::slope_in_strain, Self::slope_in_rate)))]
    fn stress(&self, strain: f64, n: usize, rate: f64) -> f64 {
        strain.powf(self.exponent) * rate.powi(i32::try_from(n).unwrap())
    }

    fn slope_in_strain(&self, strain: f64, n: usize, rate: f64) -> f64 {
        self.exponent * strain.powf(self.exponent - 1.0) * rate.powi(i32::try_from(n).unwrap())
    }

    fn slope_in_rate(&self, strain: f64, n: usize, rate: f64) -> f64 {
        let n = i32::try_from(n).unwrap();
        f64::from(n) * strain.powf(self.exponent) * rate.powi(n - 1)
    }

    #[derivative(associated, rule(vjp = Self::pull_reference))]
    fn reference(x: f64, #[constant] n: i32, y: f64) -> f64 {
        x.powi(n) * y
    }

    fn pull_reference(x: f64, n: i32, y: f64, seed: f64) -> (f64, [f64; 2]) {
        (x.powi(n) * y, [seed * f64::from(n) * x.powi(n - 1) * y, seed * x.powi(n)])
    }

    #[derivative]
    fn work(&self, strain: f64) -> f64 {
        strain * self.stress(strain, 2, 1.0 + strain)
    }

    #[derivative(associated)]
    fn twice(x: f64) -> f64 {
        Self::reference(x, 3, 2.0) + Material::reference(2.0, 2, x)
    }
}

#[test]
fn methods_have_rules() {
    let material = Material { exponent: 1.5 };
    let s = 4.0_f64;
    // s^2.5 (1 + s)^2
    let expected = 2.5 * s.powf(1.5) * 25.0 + s.powf(2.5) * 10.0;
    assert!((material.work_derivative(s) - expected).abs() < 1e-12);
    assert_eq!(material.stress_gradient(4.0, 2, 3.0), [1.5 * 2.0 * 9.0, 8.0 * 6.0]);
    assert_eq!(Material::reference_gradient(2.0, 2, 3.0), [12.0, 4.0]);
    // 2 x^3 + 4 x
    assert_eq!(Material::twice_derivative(2.0), 28.0);
}

#[derivative(rule(jvp = cube_jvp))]
fn cube(x: f64) -> f64 {
    x * x * x
}

fn cube_jvp(x: f64, x_dot: f64) -> (f64, f64) {
    (x * x * x, 3.0 * x * x * x_dot)
}

#[test]
fn one_product_gives_both_modes_of_a_function_of_scalars() {
    assert_eq!(cube::derivative(2.0), 12.0);
    assert_eq!(cube::vjp(2.0, 3.0), (8.0, 36.0));
    assert_eq!(cube::jvp(2.0, 3.0), (8.0, 36.0));
}

// ---- functions of arrays --------------------------------------------------------------------------------------------

/// The logarithm of a sum of exponentials, by a function that is not differentiated.
#[derivative(rule(jvp = log_sum_exp_jvp, vjp = log_sum_exp_vjp))]
fn log_sum_exp(x: &[f64], scale: f64) -> f64 {
    RUNS_OF_ARRAYS.set(RUNS_OF_ARRAYS.get() + 1);
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest * scale + x.iter().map(|x| (scale * (x - largest)).exp()).sum::<f64>().ln()
}

fn softmax(x: &[f64], scale: f64) -> Vec<f64> {
    let total: f64 = x.iter().map(|x| (scale * x).exp()).sum();
    x.iter().map(|x| (scale * x).exp() / total).collect()
}

fn log_sum_exp_jvp(x: &[f64], scale: f64, x_dot: &[f64], scale_dot: f64) -> (f64, f64) {
    let terms = softmax(x, scale).into_iter().zip(x).zip(x_dot);
    let tangent = terms.map(|((p, x), x_dot)| p * (scale * x_dot + x * scale_dot)).sum();
    (log_sum_exp(x, scale), tangent)
}

fn log_sum_exp_vjp(x: &[f64], scale: f64, seed: f64) -> (f64, (Vec<f64>, f64)) {
    let p = softmax(x, scale);
    let by_scale: f64 = p.iter().zip(x).map(|(p, x)| p * x).sum();
    (log_sum_exp(x, scale), (p.iter().map(|p| seed * scale * p).collect(), seed * by_scale))
}

thread_local! {
    static RUNS_OF_ARRAYS: Cell<usize> = const { Cell::new(0) };
}

/// The same function, differentiated through its body.
#[derivative]
fn log_sum_exp_of_body(x: &[f64], scale: f64) -> f64 {
    let mut total = 0.0;
    for z in x {
        total += (scale * z).exp();
    }
    total.ln()
}

macro_rules! entropies {
    ($($name:ident calls $callee:ident;)*) => {$(
        #[derivative]
        fn $name(x: &[f64], y: f64, n: usize) -> f64 {
            let mut scaled = x.to_vec();
            let mut sum = y;
            for k in 0..n {
                scaled[k] *= sum;
                sum += $callee(&scaled, y) * $callee(&x[1..], 0.5);
            }
            sum * $callee(&[x[0], y], sum)
        }
    )*};
}
entropies! {
    entropy calls log_sum_exp;
    entropy_of_body calls log_sum_exp_of_body;
}

#[test]
fn a_rule_of_arrays_composes() {
    let (x, y) = ([0.3, -0.2, 0.5], 0.7);
    // A few dozen roundings.
    let close = |a: f64, b: f64| (a - b).abs() < 1e-13 * (1.0 + b.abs());
    for n in 0..3 {
        let (by_x, by_y) = entropy::gradient(&x, y, n);
        let (x_expected, y_expected) = entropy_of_body::gradient(&x, y, n);
        assert!(by_x.iter().zip(&x_expected).all(|(a, b)| close(*a, *b)), "{by_x:?} {x_expected:?}");
        assert!(close(by_y, y_expected));
        for (x_dot, y_dot) in [([1.0, 0.0, 0.0], 0.0), ([0.0, 2.0, -1.0], 0.0), ([0.0; 3], 1.0)] {
            let (value, tangent) = entropy::jvp(&x, y, n, &x_dot, y_dot);
            let (value_expected, tangent_expected) = entropy_of_body::jvp(&x, y, n, &x_dot, y_dot);
            assert!(close(value, value_expected) && close(tangent, tangent_expected));
        }
    }
    let (value, (by_x, by_scale)) = log_sum_exp::value_and_gradient(&x, 0.5);
    let (expected, (x_expected, scale_expected)) = log_sum_exp_of_body::value_and_gradient(&x, 0.5);
    assert!(close(value, expected) && close(by_scale, scale_expected));
    assert!(by_x.iter().zip(&x_expected).all(|(a, b)| close(*a, *b)));
    let mut buffer = [9.0; 3];
    let mut by_scale = 9.0;
    log_sum_exp::gradient_into(&x, 0.5, &mut buffer, &mut by_scale);
    assert_eq!((&buffer[..], by_scale), (&by_x[..], log_sum_exp::gradient(&x, 0.5).1));
}

#[test]
fn a_function_with_a_rule_of_arrays_runs_once_besides_the_product() {
    RUNS_OF_ARRAYS.set(0);
    let _ = entropy::gradient(&[0.3, -0.2, 0.5], 0.7, 2);
    // Each product of the rule calls the function once more.
    assert_eq!(RUNS_OF_ARRAYS.get(), 2 * 5);
}

/// A method, a matrix, an array by value, and constants beside them.
struct Metric {
    weight: f64,
}

impl Metric {
    #[derivative(rule(jvp = Self::energy_by_jvp, vjp = Self::energy_by_vjp))]
    fn energy(&self, a: &[[f64; 2]], x: [f64; 2], #[constant] offset: &[f64]) -> f64 {
        self.weight * a.iter().map(|row| row[0] * x[0] + row[1] * x[1]).sum::<f64>() + offset[0]
    }

    fn energy_by_jvp(
        &self,
        a: &[[f64; 2]],
        x: [f64; 2],
        offset: &[f64],
        a_dot: &[[f64; 2]],
        x_dot: [f64; 2],
    ) -> (f64, f64) {
        let zero = Metric { weight: self.weight };
        let tangent = zero.energy(a_dot, x, &[0.0]) + zero.energy(a, x_dot, &[0.0]);
        (self.energy(a, x, offset), tangent)
    }

    fn energy_by_vjp(
        &self,
        a: &[[f64; 2]],
        x: [f64; 2],
        offset: &[f64],
        seed: f64,
    ) -> (f64, (Vec<[f64; 2]>, [f64; 2])) {
        let s = seed * self.weight;
        let by_x = [0, 1].map(|k| s * a.iter().map(|row| row[k]).sum::<f64>());
        (self.energy(a, x, offset), (vec![[s * x[0], s * x[1]]; a.len()], by_x))
    }

    #[derivative(wrt(a, y))]
    fn squared(&self, a: &[[f64; 2]], y: f64) -> f64 {
        let e = self.energy(a, [y, 2.0], &[1.5]);
        e * e
    }
}

#[test]
fn methods_have_rules_of_arrays() {
    let metric = Metric { weight: 0.5 };
    let a = [[1.0, 2.0], [3.0, -1.0]];
    let y = 0.25;
    // e = (y (a00 + a10) + 2 (a01 + a11)) / 2 + 3 / 2
    let e = 0.5 * (4.0 * y + 2.0) + 1.5;
    let (by_a, by_y) = metric.squared_gradient(&a, y);
    assert_eq!(by_a, vec![[e * y, e * 2.0]; 2]);
    assert_eq!(by_y, 2.0 * e * 2.0);
    assert_eq!(metric.squared_jvp(&a, y, &[[1.0, 0.0], [0.0, 1.0]], 1.0).1, e * y + 2.0 * e + 4.0 * e);
}
