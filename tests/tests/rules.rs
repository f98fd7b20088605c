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
