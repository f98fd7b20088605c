//! What the macro generates goes into what the runtime offers, as it is: no closure between them.

use diff_runtime::check::{
    assert_derivative, assert_gradient, assert_jacobian, check_gradient, check_points, random_points,
};
use diff_runtime::descent::{Descent, Objective, minimize};
use diff_runtime::finite_difference::{self, Scheme};
use diff_runtime::{Differentiable, derivative, directional_derivative, directional_derivative_along_unit, unit};

/// `f(x, y) = x^2 y + sin(x y)`.
#[derivative]
fn of_scalars(x: f64, y: f64) -> f64 {
    x * x * y + (x * y).sin()
}

#[derivative]
fn of_one_scalar(x: f64) -> f64 {
    (x * x).cos() / (1.0 + x * x)
}

#[derivative]
fn rosenbrock_of_array(x: &[f64; 2]) -> f64 {
    (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2)
}

#[derivative]
fn rosenbrock_of_scalars(x: f64, y: f64) -> f64 {
    (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
}

#[derivative]
fn rosenbrock_of_slice(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += (1.0 - x[i]).powi(2) + 100.0 * (x[i + 1] - x[i] * x[i]).powi(2);
    }
    sum
}

#[derivative]
fn polar(r: f64, phi: f64) -> [f64; 2] {
    [r * phi.cos(), r * phi.sin()]
}

#[test]
fn the_directional_derivative_is_the_tangent_of_the_jvp() {
    for [x, y] in random_points(&[-2.0; 2], &[2.0; 2], 3).take(50) {
        let (x_dot, y_dot) = (y - 0.5, 2.0 * x);
        let (_, tangent) = of_scalars::jvp(x, y, x_dot, y_dot);
        let product = directional_derivative(&of_scalars::gradient(x, y), &[x_dot, y_dot]);
        // A few roundings of terms of up to 100.
        assert!((tangent - product).abs() < 1e-12, "{tangent} {product}");
    }
}

#[test]
fn the_identity_holds_for_arrays_and_slices_too() {
    let (x, v) = ([0.3, -1.7, 0.9, 2.0], [1.0, -2.0, 0.5, 0.25]);
    let (_, tangent) = rosenbrock_of_slice::jvp(&x, &v);
    let product = directional_derivative(&rosenbrock_of_slice::gradient(&x)[..], &v[..]);
    // A few roundings of terms of up to 4000.
    assert!((tangent - product).abs() < 1e-11, "{tangent} {product}");

    let (x, v) = ([0.3, -1.7], [1.0, -2.0]);
    let (_, tangent) = rosenbrock_of_array::jvp(&x, &v);
    let product = directional_derivative(&rosenbrock_of_array::gradient(&x), &v);
    assert!((tangent - product).abs() < 1e-11, "{tangent} {product}");
}

#[test]
fn along_a_unit_vector_it_is_the_jvp_of_the_unit_vector() {
    let v = [3.0, 4.0];
    let rate = directional_derivative_along_unit(&rosenbrock_of_array::gradient(&[0.3, -1.7]), &v);
    let (_, tangent) = rosenbrock_of_array::jvp(&[0.3, -1.7], &unit(&v).unwrap());
    // A few roundings of terms of up to 400.
    assert!((rate.unwrap() - tangent).abs() < 1e-12);
}

#[test]
fn finite_differences_take_the_function_itself() {
    let point = [0.7, 1.1];
    let by_differences = finite_difference::gradient(Scheme::Richardson, of_scalars, &point);
    let exact = of_scalars::gradient(point[0], point[1]);
    // The accuracy that the scheme promises, with a factor 100 for the constants.
    assert!(by_differences.iter().zip(exact).all(|(a, b)| (a - b).abs() < 1e-10));
}

#[test]
fn checks_take_companions() {
    check_points(random_points(&[-2.0; 2], &[2.0; 2], 1).take(100), |point| {
        check_gradient(of_scalars, of_scalars::gradient, point)
    })
    .assert();
    for x in random_points(&-3.0, &3.0, 2).take(100) {
        assert_derivative(of_one_scalar, of_one_scalar::derivative, x);
    }
    for point in random_points(&[0.5, -3.0], &[2.0, 3.0], 3).take(50) {
        assert_jacobian(polar, polar::jacobian, &point);
    }
    assert_gradient(rosenbrock_of_slice, rosenbrock_of_slice::gradient, &vec![0.5, -0.3, 1.2]);
}

/// The minimum that a default descent finds.
fn minimum<P: Differentiable<Scalar = f64> + std::fmt::Debug, Shape>(
    objective: impl Objective<P, Shape>,
    start: P,
) -> P {
    let found = minimize(objective, start).unwrap();
    assert!(found.reason.is_convergence() && found.value < 1e-9);
    found.point
}

#[test]
fn a_descent_takes_companions_of_every_shape() {
    let expected = minimum(rosenbrock_of_array::value_and_gradient, [-1.2, 1.0]);
    // The tolerance of the gradient over the least eigenvalue of the Hessian at the minimum, 0.4.
    assert!(expected.iter().all(|x| (x - 1.0).abs() < 2e-5), "{expected:?}");

    let near = |found: &[f64]| found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 4e-5);
    assert!(near(&minimum(rosenbrock_of_scalars::value_and_gradient, [-1.2, 1.0])));
    assert!(near(&minimum(rosenbrock_of_slice::value_and_gradient, vec![-1.2, 1.0])));
    assert!(near(&minimum(rosenbrock_of_slice::value_and_gradient, [-1.2, 1.0])));
    assert!(near(&minimum(rosenbrock_of_slice::value_and_gradient_into, vec![-1.2, 1.0])));
    assert!(near(&minimum(rosenbrock_of_array::value_and_gradient_into, [-1.2, 1.0])));

    let found = minimize(of_one_scalar::value_and_derivative, 1.0).unwrap();
    // The first minimum to the right: where the derivative is zero.
    assert!(of_one_scalar::derivative(found.point).abs() < 6.1e-6 && found.value < of_one_scalar(1.0));
}

#[test]
fn a_descent_of_a_slice_takes_companions() {
    let mut parameters = [9.0, -1.2, 1.0];
    Descent::new().minimize_slice(rosenbrock_of_slice::value_and_gradient_into, &mut parameters[1..]).unwrap();
    assert!(parameters[0] == 9.0 && parameters[1..].iter().all(|x| (x - 1.0).abs() < 2e-5));
}
