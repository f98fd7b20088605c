//! Derivatives of second and higher order: against closed forms and against dual numbers of second and third order.

use approx::assert_relative_eq;
use diff_runtime::derivative;
use num_dual::DualNum;

/// A function of one variable, and the same tokens on dual numbers.
macro_rules! of_one {
    ($($name:ident($x:ident) at [$($at:expr),*] $body:block)*) => {
        $(
            mod $name {
                use super::*;

                #[derivative(order = 3, hessian, hvp)]
                fn f($x: f64) -> f64 $body

                fn twin<D: DualNum<Primitive = f64> + Copy>($x: D) -> D $body

                #[test]
                fn up_to_third_order() {
                    for x in [$($at),*] {
                        let (value, first, second, third) = num_dual::third_derivative(twin, x);
                        let found = f::derivatives(x);
                        assert_eq!(found[0].to_bits(), f(x).to_bits());
                        // Values, and what they are computed from, of some 1e2: a few dozen roundings of 1e-16.
                        for (found, expected) in found.iter().zip([value, first, second, third]) {
                            assert_relative_eq!(*found, expected, max_relative = 1e-12, epsilon = 1e-12);
                        }
                        let expected = num_dual::second_derivative(twin, x).2;
                        for found in [f::second_derivative(x), f::hessian(x), f::hvp(x, 0.5) * 2.0] {
                            assert_relative_eq!(found, expected, max_relative = 1e-12, epsilon = 1e-12);
                        }
                        let (value, gradient, hessian) = f::value_gradient_and_hessian(x);
                        assert_eq!((value, gradient), (f(x), f::derivative(x)));
                        assert_relative_eq!(hessian, expected, max_relative = 1e-12, epsilon = 1e-12);
                    }
                }
            }
        )*
    };
}

of_one! {
    powers(x) at [0.3, 1.7, -2.0] { x.powi(5) - x.powi(2) * 3.0 + x.recip() }
    quotient(x) at [0.3, 1.7, -2.0] { (x * x + 1.0).ln() / (x * x + 2.0) }
    nested(x) at [0.3, 1.7, -2.0] { (x.sin() * x.exp()).cos() }
    roots(x) at [0.3, 1.7, 9.0] { x.sqrt() * x.cbrt() + x.powf(2.5) - (x + 1.0).powf(-0.7) }
    exponentials(x) at [0.3, 1.7, -2.0] { x.exp2() + x.exp_m1() * x.exp() }
    logarithms(x) at [0.3, 1.7, 9.0] { x.ln() * x.log2() + x.log10() + x.ln_1p() }
    circular(x) at [0.3, 0.7, -0.9] { x.tan() + x.asin() * x.acos() + x.atan() }
    hyperbolic(x) at [0.3, 1.7, -0.4] { x.sinh() * x.cosh() + x.tanh() + x.asinh() }
    inverse_hyperbolic(x) at [0.3, 0.6] { (x + 1.0).acosh() + x.atanh() }
    two_operands(x) at [0.3, 1.7, 2.0] { (x.sin()).atan2(x.exp()) + (x * x).powf(1.5) + x.mul_add(x, x) }
    horner(x) at [0.3, 1.7, -2.0] {
        let mut s = x * 0.0 + 1.0;
        for k in 0..5 {
            s = s * x + (k as f64);
        }
        s
    }
}

/// The same in each order up to `n`, at `x`.
fn agree<const N: usize>(found: [f64; N], expected: impl Fn(i32) -> f64) {
    for (k, found) in (0..).zip(found) {
        // Each order multiplies the number of roundings by its number.
        assert_relative_eq!(found, expected(k), max_relative = 1e-12, epsilon = 1e-12);
    }
}

fn factorial(n: i32) -> f64 {
    (1..=n).map(f64::from).product()
}

#[test]
fn eighth_order_of_elementary_functions() {
    #[derivative(order = 8)]
    fn exponential(x: f64) -> f64 {
        (2.0 * x).exp()
    }
    #[derivative(order = 8)]
    fn sine(x: f64) -> f64 {
        x.sin()
    }
    #[derivative(order = 8)]
    fn geometric(x: f64) -> f64 {
        1.0 / (1.0 - x)
    }
    #[derivative(order = 8)]
    fn logarithm(x: f64) -> f64 {
        x.ln()
    }
    #[derivative(order = 8)]
    fn power(x: f64) -> f64 {
        x.powf(2.5)
    }
    #[derivative(order = 8)]
    fn arctangent(x: f64) -> f64 {
        x.atan()
    }
    #[derivative(order = 8)]
    fn monomial(x: f64) -> f64 {
        x.powi(5)
    }
    for x in [0.2, 0.6, 1.9] {
        agree(exponential::derivatives(x), |k| 2.0_f64.powi(k) * (2.0 * x).exp());
        agree(sine::derivatives(x), |k| [x.sin(), x.cos(), -x.sin(), -x.cos()][k as usize % 4]);
        agree(geometric::derivatives(x), |k| factorial(k) / (1.0 - x).powi(k + 1));
        agree(logarithm::derivatives(x), |k| match k {
            0 => x.ln(),
            k => -(-1.0_f64).powi(k) * factorial(k - 1) / x.powi(k),
        });
        agree(power::derivatives(x), |k| {
            (0..k).map(|j| 2.5 - f64::from(j)).product::<f64>() * x.powf(2.5 - f64::from(k))
        });
        // (k - 1)! cos^k(t) sin(k (t + pi / 2)), where x = tan(t)
        agree(arctangent::derivatives(x), |k| match k {
            0 => x.atan(),
            k => {
                let (t, n) = (x.atan(), f64::from(k));
                factorial(k - 1) * t.cos().powi(k) * (n * (t + std::f64::consts::FRAC_PI_2)).sin()
            }
        });
        agree(monomial::derivatives(x), |k| match k {
            0..=5 => factorial(5) / factorial(5 - k) * x.powi(5 - k),
            _ => 0.0,
        });
    }
}

/// `y(t)` of `y' = y^2 - t` by Euler's method with a growing number of steps: a recurrence that is no polynomial.
#[test]
fn orders_through_loops_and_branches() {
    #[derivative(order = 6)]
    fn steps(y: f64, n: usize) -> f64 {
        let mut y = y;
        let mut t = 0.0;
        while t < 0.1 * n as f64 {
            y += if y > 0.5 { 0.1 * (y * y - t) } else { 0.1 * y.sin() };
            t += 0.1;
        }
        y
    }
    fn twin(y: num_dual::Dual3_64, n: usize) -> num_dual::Dual3_64 {
        let mut y = y;
        let mut t = 0.0;
        while t < 0.1 * n as f64 {
            y += if y.re > 0.5 { (y * y - t) * 0.1 } else { y.sin() * 0.1 };
            t += 0.1;
        }
        y
    }
    for (y, n) in [(0.32, 7), (0.43, 12), (0.9, 5), (0.2, 0)] {
        let found = steps::derivatives(y, n);
        let (value, first, second, third) = num_dual::third_derivative(|y| twin(y, n), y);
        agree([found[0], found[1], found[2], found[3]], |k| [value, first, second, third][k as usize]);
        // Orders four to six by differences of order three: h^4 = 1e-12 times an eighth derivative, and eps / h^3.
        let h = 1e-3;
        let at = |y: f64| steps::derivatives(y, n);
        let (a, b, c, d) = (at(y - 2.0 * h), at(y - h), at(y + h), at(y + 2.0 * h));
        for k in 3..6 {
            let difference = (a[k] - 8.0 * b[k] + 8.0 * c[k] - d[k]) / (12.0 * h);
            assert_relative_eq!(found[k + 1], difference, max_relative = 1e-8, epsilon = 1e-8);
        }
    }
}

#[test]
fn orders_of_several_results() {
    #[derivative(order = 2)]
    fn both(x: f64) -> (f64, f64) {
        let (s, c) = x.sin_cos();
        (s * c, c)
    }
    let x = 0.7_f64;
    let [_, first, second] = both::derivatives(x);
    assert_relative_eq!(first.0, (2.0 * x).cos(), max_relative = 1e-14);
    assert_relative_eq!(second.0, -2.0 * (2.0 * x).sin(), max_relative = 1e-14);
    assert_eq!((first.1, second.1), (-x.sin(), -x.cos()));
    assert_eq!(both::second_derivative(x), second);
}

#[test]
fn hessian_of_a_polynomial() {
    #[derivative(hessian, hvp)]
    fn f(x: f64, z: f64) -> f64 {
        2.0 * z.powi(3) * x.powi(2)
    }
    let (x, z) = (3.0, 2.0);
    assert_eq!(f::hessian(x, z), [[4.0 * 8.0, 12.0 * 4.0 * 3.0], [12.0 * 4.0 * 3.0, 12.0 * 2.0 * 9.0]]);
    assert_eq!(f::hvp(x, z, 1.0, 0.0), f::hessian(x, z)[0]);
    assert_eq!(f::hvp(x, z, 0.0, 1.0), f::hessian(x, z)[1]);
    assert_eq!(f::value_gradient_and_hessian(x, z), (f(x, z), f::gradient(x, z), f::hessian(x, z)));
}

/// The Hessian of a function of six scalars with a loop and a branch: symmetric to the bit, and its rows are the products
/// with the unit vectors, which come from the other order of the modes.
#[test]
fn hessian_in_six_scalars() {
    #[derivative(hessian, hvp)]
    fn f(a: f64, b: f64, c: f64, d: f64, e: f64, g: f64) -> f64 {
        let mut s = a * b;
        for k in 0..4 {
            let t = (c * k as f64).sin() * d + s;
            s = if t > 1.0 { t.ln() * e } else { t * t + g };
        }
        s.exp() / (1.0 + g * g)
    }
    let p = [0.3, 0.7, 1.1, -0.4, 0.8, 0.2];
    let at = |p: [f64; 6]| f::gradient(p[0], p[1], p[2], p[3], p[4], p[5]);
    let hessian = f::hessian(p[0], p[1], p[2], p[3], p[4], p[5]);
    for i in 0..6 {
        let mut unit = [0.0; 6];
        unit[i] = 1.0;
        let row = f::hvp(p[0], p[1], p[2], p[3], p[4], p[5], unit[0], unit[1], unit[2], unit[3], unit[4], unit[5]);
        for j in 0..6 {
            assert_eq!(hessian[i][j].to_bits(), hessian[j][i].to_bits());
            assert_relative_eq!(hessian[i][j], row[j], max_relative = 1e-12, epsilon = 1e-12);
            let h = 1e-4;
            let shifted = |s: f64| {
                let mut p = p;
                p[i] += s;
                at(p)[j]
            };
            let difference = (shifted(-2.0 * h) - 8.0 * shifted(-h) + 8.0 * shifted(h) - shifted(2.0 * h)) / (12.0 * h);
            assert_relative_eq!(hessian[i][j], difference, max_relative = 1e-8, epsilon = 1e-8);
        }
    }
}

/// `tanh` is flat far out: no derivative of it is NaN there.
#[test]
fn second_derivatives_far_out() {
    #[derivative(order = 4)]
    fn f(x: f64) -> f64 {
        x.tanh()
    }
    assert_eq!(f::derivatives(800.0), [1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(f::derivatives(-800.0), [-1.0, 0.0, 0.0, 0.0, 0.0]);
    // -2 tanh sech^2, where 1 - tanh^2 would cancel
    let (x, e) = (20.0_f64, (-40.0_f64).exp());
    assert_relative_eq!(f::second_derivative(x), -8.0 * e, max_relative = 1e-12);
}

struct Spring {
    stiffness: f64,
}

impl Spring {
    #[derivative(hessian, hvp, order = 3)]
    fn energy(&self, x: f64) -> f64 {
        0.5 * self.stiffness * x.powi(2) + x.powi(4)
    }
}

#[test]
fn methods() {
    let spring = Spring { stiffness: 3.0 };
    assert_eq!(spring.energy_second_derivative(2.0), 3.0 + 12.0 * 4.0);
    assert_eq!(spring.energy_hessian(2.0), 51.0);
    assert_eq!(spring.energy_hvp(2.0, 2.0), 102.0);
    assert_eq!(spring.energy_derivatives(1.0), [2.5, 7.0, 15.0, 24.0]);
}

#[derivative(hessian, hvp)]
fn rosenbrock(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
    }
    sum
}

/// The second partial derivatives of Rosenbrock's function, in closed form.
fn rosenbrock_hessian(x: &[f64]) -> Vec<Vec<f64>> {
    let n = x.len();
    let mut h = vec![vec![0.0; n]; n];
    for i in 0..n - 1 {
        h[i][i] += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0;
        h[i + 1][i + 1] += 200.0;
        h[i][i + 1] -= 400.0 * x[i];
        h[i + 1][i] -= 400.0 * x[i];
    }
    h
}

#[test]
fn hessian_in_a_slice() {
    let x = [1.5, -0.3, 0.8, 2.0, 0.1];
    let expected = rosenbrock_hessian(&x);
    let (value, gradient, hessian) = rosenbrock::value_gradient_and_hessian(&x);
    assert_eq!((value, gradient), rosenbrock::value_and_gradient(&x));
    // With the value and the gradient it is computed in another order.
    for (found, expected) in hessian.iter().flatten().zip(rosenbrock::hessian(&x).iter().flatten()) {
        assert_relative_eq!(*found, *expected, max_relative = 1e-14, epsilon = 1e-13);
    }
    let mut flat = [f64::NAN; 25];
    rosenbrock::hessian_into(&x, &mut flat);
    let (mut again, mut gradient) = ([f64::NAN; 25], [f64::NAN; 5]);
    assert_eq!(rosenbrock::value_gradient_and_hessian_into(&x, &mut gradient, &mut again), value);
    assert_eq!((again.to_vec(), &gradient[..]), (hessian.concat(), &rosenbrock::gradient(&x)[..]));
    let hessian = rosenbrock::hessian(&x);
    let v = [0.5, 1.0, -2.0, 0.25, 3.0];
    let mut product = [f64::NAN; 5];
    rosenbrock::hvp_into(&x, &v, &mut product);
    assert_eq!(rosenbrock::hvp(&x, &v), product);
    for i in 0..5 {
        for j in 0..5 {
            assert_eq!(hessian[i][j].to_bits(), hessian[j][i].to_bits());
            assert_eq!(hessian[i][j], flat[5 * i + j]);
            assert_relative_eq!(hessian[i][j], expected[i][j], max_relative = 1e-14, epsilon = 1e-13);
        }
        let sum: f64 = (0..5).map(|j| expected[i][j] * v[j]).sum();
        assert_relative_eq!(product[i], sum, max_relative = 1e-13);
    }
}

/// Blocks of a scalar, a slice and an array, side by side.
#[test]
fn hessian_in_several_parameters() {
    #[derivative(hessian)]
    fn f(s: f64, x: &[f64], k: usize, p: [f64; 2]) -> f64 {
        let mut sum = s * p[0] * p[1];
        for &x in x.iter() {
            sum += x.powi(3) * s * p[k % 2];
        }
        sum
    }
    let (s, x, p) = (2.0, [0.5, -1.5, 3.0], [0.7, 1.1]);
    let mut found = [f64::NAN; 36];
    f::hessian_into(s, &x, 1, p, &mut found);
    let mut expected = [[0.0; 6]; 6];
    let cubes: f64 = x.iter().map(|x| x * x * x).sum();
    expected[0][4] = p[1];
    expected[0][5] = p[0] + cubes;
    expected[4][5] = s;
    for i in 0..3 {
        expected[0][1 + i] = 3.0 * x[i] * x[i] * p[1];
        expected[1 + i][1 + i] = 6.0 * x[i] * s * p[1];
        expected[1 + i][5] = 3.0 * x[i] * x[i] * s;
    }
    for i in 0..6 {
        for j in 0..6 {
            let expected = expected[i.min(j)][i.max(j)];
            assert_relative_eq!(found[6 * i + j], expected, max_relative = 1e-14, epsilon = 1e-14);
            assert_eq!(found[6 * i + j].to_bits(), found[6 * j + i].to_bits());
        }
    }
}

#[test]
fn hessian_in_an_array() {
    #[derivative(hessian)]
    fn f(p: [f64; 3]) -> f64 {
        p[0] * p[1].exp() + p[2].sin() * p[0]
    }
    let p = [0.7, 0.2, 1.3];
    let e = p[1].exp();
    let (value, gradient, hessian) = f::value_gradient_and_hessian(p);
    assert_eq!((value, gradient), (f(p), f::gradient(p)));
    let (s, c) = p[2].sin_cos();
    let expected = [[0.0, e, c], [e, p[0] * e, 0.0], [c, 0.0, -s * p[0]]];
    assert_eq!(hessian, expected);
}

/// A recurrence in arrays that are overwritten: what one order of the modes records, the other does too.
#[test]
fn products_through_arrays_that_change() {
    #[derivative(hessian, hvp)]
    fn f(x: &[f64], steps: usize) -> f64 {
        let mut state = [0.1, 0.2, 0.3];
        for k in 0..steps {
            let next = [state[1] * x[0], (state[2] * state[0]).sin() + x[1], state[0] * x[k % 2]];
            state = next;
        }
        state[0] * state[1] + state[2]
    }
    let x = [0.8, 1.1];
    for steps in [0, 1, 4] {
        let hessian = f::hessian(&x, steps);
        for j in 0..2 {
            let h = 1e-4;
            let shifted = |s: f64| {
                let mut x = x;
                x[j] += s;
                f::gradient(&x, steps)
            };
            let (a, b, c, d) = (shifted(-2.0 * h), shifted(-h), shifted(h), shifted(2.0 * h));
            for i in 0..2 {
                let difference = (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h);
                assert_relative_eq!(hessian[i][j], difference, max_relative = 1e-8, epsilon = 1e-8);
            }
        }
    }
}

#[test]
#[should_panic(expected = "must hold")]
fn a_buffer_of_another_length() {
    rosenbrock::hessian_into(&[1.0, 2.0], &mut [0.0; 3]);
}

/// The third derivatives of an energy of two variables: in closed form, and by dual numbers with three directions.
#[test]
fn third_derivatives() {
    #[derivative(order = 3)]
    fn energy(t: f64, v: f64) -> f64 {
        -t * (v - 0.1).ln() - 1.5 * t * t.ln() - (1.0 + 0.7 * (1.0 - t.sqrt())).powi(2) / (v + 0.3)
    }
    fn twin<D: DualNum<Primitive = f64> + Copy>(t: D, v: D) -> D {
        -t * (v - 0.1).ln() - t * t.ln() * 1.5 - (-t.sqrt() * 0.7 + 1.7).powi(2) / (v + 0.3)
    }
    let p = [0.9, 0.8];
    let found = energy::third_derivatives(p[0], p[1]);
    for i in 0..2 {
        for j in 0..2 {
            for k in 0..2 {
                // A unit for each of the three directions.
                let directions = |(a, b, c): (num_dual::HyperHyperDual64, _, _)| {
                    let shift = [a, b, c].map(|dual| dual - dual.re);
                    let along = |axis: usize| {
                        let mut sum = num_dual::HyperHyperDual64::from_re(p[axis]);
                        for (shift, at) in shift.iter().zip([i, j, k]) {
                            if at == axis {
                                sum += *shift;
                            }
                        }
                        sum
                    };
                    twin(along(0), along(1))
                };
                let expected = num_dual::third_partial_derivative(directions, (0.0, 0.0, 0.0)).7;
                assert_relative_eq!(found[i][j][k], expected, max_relative = 1e-12, epsilon = 1e-12);
                let mut sorted = [i, j, k];
                sorted.sort_unstable();
                let [a, b, c] = sorted;
                assert_eq!(found[i][j][k].to_bits(), found[a][b][c].to_bits());
            }
        }
    }
    // d3/dv3 = -2 t / (v - 0.1)^3 + 6 m^2 / (v + 0.3)^4, as the derivative of order three along v.
    let m = 1.0 + 0.7 * (1.0 - p[0].sqrt());
    let expected = -2.0 * p[0] / (p[1] - 0.1).powi(3) + 6.0 * m * m / (p[1] + 0.3).powi(4);
    assert_relative_eq!(found[1][1][1], expected, max_relative = 1e-13);
}

/// What is taken off a vector has the derivatives of what was put there.
mod stack {
    use approx::assert_relative_eq;
    use diff_runtime::derivative;

    #[derivative(order = 3)]
    fn stacked(x: f64) -> f64 {
        let mut v = Vec::new();
        v.push(x * x);
        v.push(x.sin());
        let top = v.pop().unwrap();
        let bottom = v.pop().unwrap();
        top.exp() * bottom.cos()
    }

    #[derivative(order = 3)]
    fn straight(x: f64) -> f64 {
        x.sin().exp() * (x * x).cos()
    }

    #[test]
    fn derivatives_through_a_vector() {
        for x in [0.3, 1.7, -2.0] {
            let (found, expected) = (stacked::derivatives(x), straight::derivatives(x));
            for (found, expected) in found.iter().zip(expected) {
                assert_relative_eq!(*found, expected, max_relative = 1e-13);
            }
        }
    }
}

// ---- Hessians along all inputs at once --------------------------------------------------------------------------------

/// Results in a wrapper, a way out before the end, other float types.
#[test]
fn hessians_in_slices_of_other_kinds() {
    #[derivative(hessian)]
    fn positive(x: &[f64]) -> Option<f64> {
        if x.is_empty() {
            return None;
        }
        let first = x[0];
        let mut sum = first * first;
        for v in x {
            if *v < 0.0 {
                return None;
            }
            sum += v * v * v * first;
        }
        Some(sum)
    }
    let x = [0.5, 2.0];
    let expected = vec![vec![2.0 + 12.0 * 0.25, 12.0], vec![12.0, 6.0]];
    assert_eq!(positive::hessian(&x), Some(expected.clone()));
    let (value, gradient, hessian) = positive::value_gradient_and_hessian(&x).unwrap();
    assert_eq!((value, hessian), (positive(&x).unwrap(), expected));
    assert_eq!(Some(gradient), positive::gradient(&x));
    assert_eq!(positive::hessian(&[1.0, -1.0]), None);
    assert_eq!(positive::hessian_into(&[], &mut []), None);

    #[derivative(hessian)]
    fn single(x: &[f32], scale: f32) -> f32 {
        let mut sum = 0.0;
        for v in x {
            sum += v * v * scale;
        }
        sum
    }
    let mut hessian = [f32::NAN; 9];
    single::hessian_into(&[0.5, -1.0], 3.0, &mut hessian);
    assert_eq!(hessian, [6.0, 0.0, 1.0, 0.0, 6.0, -2.0, 1.0, -2.0, 0.0]);

    #[derivative(hessian)]
    fn of_length<const N: usize>(x: &[f64; N], k: usize) -> f64 {
        let mut sum = x[k] * x[k];
        for i in 1..N {
            sum += x[i] * x[i - 1];
        }
        sum
    }
    assert_eq!(of_length::hessian(&[1.0, 2.0, 3.0], 1), [[0.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 0.0]]);
}

/// What one iteration needs of the last is recorded with its tangents, of which there is one per input: row by row.
#[test]
fn hessians_through_a_recurrence() {
    #[derivative(hessian, hvp)]
    fn f(p: &[f64], n: usize) -> f64 {
        let mut s = p[0];
        for i in 0..n {
            s = (s * p[1]).sin() + p[2] * i as f64;
        }
        s
    }
    #[derivative(hessian)]
    fn in_scalars(a: f64, b: f64, c: f64, n: usize) -> f64 {
        let mut s = a;
        for i in 0..n {
            s = (s * b).sin() + c * i as f64;
        }
        s
    }
    let p = [0.4, 1.3, -0.2];
    let expected = in_scalars::hessian(p[0], p[1], p[2], 5);
    let (value, gradient, again) = f::value_gradient_and_hessian(&p, 5);
    assert_eq!((value, gradient), f::value_and_gradient(&p, 5));
    let hessian = f::hessian(&p, 5);
    for i in 0..3 {
        let mut unit = [0.0; 3];
        unit[i] = 1.0;
        let product = f::hvp(&p, 5, &unit);
        for j in 0..3 {
            for found in [hessian[i][j], again[i][j], product[j]] {
                assert_relative_eq!(found, expected[i][j], max_relative = 1e-12, epsilon = 1e-13);
            }
            assert_eq!(hessian[i][j].to_bits(), hessian[j][i].to_bits());
            assert_eq!(again[i][j].to_bits(), again[j][i].to_bits());
        }
    }
}

thread_local! {
    static RUNS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[test]
fn the_function_runs_once_for_a_hessian() {
    #[derivative(hessian)]
    fn f(x: &[f64]) -> f64 {
        RUNS.set(RUNS.get() + 1);
        let mut sum = 0.0;
        for v in x {
            let v: f64 = *v;
            sum += v.exp() * x[0];
        }
        sum
    }
    for run in [|x: &[f64]| drop(f::hessian(x)), |x: &[f64]| drop(f::value_gradient_and_hessian(x))] {
        RUNS.set(0);
        run(&[0.1, 0.2, 0.3, 0.4]);
        assert_eq!(RUNS.get(), 1);
    }
}
