//! Structs, tuples and methods that are generic in their float type, against dual numbers, which are floats themselves:
//! the function runs on them as it stands.

use diff_runtime::{Differentiable, derivative};
use num_traits::Float;
use tests::dual::Dual64;

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Point<T> {
    x: T,
    y: T,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Layer<T> {
    weights: [T; 2],
    bias: T,
    scale: usize,
}

/// The derivative of `f` along a direction, by dual numbers.
fn along<const N: usize>(f: impl Fn([Dual64; N]) -> Dual64, p: [f64; N], direction: [f64; N]) -> f64 {
    f(std::array::from_fn(|k| Dual64::new(p[k], direction[k]))).eps
}

/// The gradient of `f`, by dual numbers.
fn gradient<const N: usize>(f: impl Fn([Dual64; N]) -> Dual64, p: [f64; N]) -> [f64; N] {
    std::array::from_fn(|k| along(&f, p, std::array::from_fn(|j| f64::from(u8::from(j == k)))))
}

#[track_caller]
fn assert_close<const N: usize>(found: [f64; N], expected: [f64; N], tolerance: f64) {
    for (a, b) in found.iter().zip(&expected) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{found:?}, expected {expected:?}");
    }
}

/// A few roundings.
const F64: f64 = 1e-14;
const F32: f64 = 1e-5;

#[derivative(wrt(p, t))]
fn energy<T: Float>(p: &Point<T>, t: T) -> T {
    let half = T::from(0.5).unwrap();
    half * p.x.powi(2) * t.sin() + p.y / (T::one() + p.x * p.x)
}

#[test]
fn struct_by_reference() {
    let expected = gradient(|[x, y, t]| energy(&Point { x, y }, t), [0.7, -1.2, 0.4]);
    let (p, t) = energy::gradient(&Point { x: 0.7, y: -1.2 }, 0.4);
    assert_close([p.x, p.y, t], expected, F64);
    let (value, (p, t)) = energy::vjp(&Point { x: 0.7, y: -1.2 }, 0.4, 1.0);
    assert_eq!(value, energy(&Point { x: 0.7, y: -1.2 }, 0.4));
    assert_close([p.x, p.y, t], expected, F64);
    let (_, tangent) = energy::jvp(&Point { x: 0.7, y: -1.2 }, 0.4, &Point { x: 1.0, y: 2.0 }, -0.5);
    assert_close([tangent], [expected[0] + 2.0 * expected[1] - 0.5 * expected[2]], F64);
    let mut at = Point { x: 9.0, y: 9.0 };
    let mut slope = 9.0;
    energy::gradient_into(&Point { x: 0.7, y: -1.2 }, 0.4, &mut at, &mut slope);
    assert_close([at.x, at.y, slope], expected, F64);
    let (p, t) = energy::gradient(&Point { x: 0.7_f32, y: -1.2 }, 0.4);
    assert_close([p.x.into(), p.y.into(), t.into()], expected, F32);
}

#[derivative(wrt(layers, x))]
fn network<T: Float>(layers: &[Layer<T>], x: [T; 2]) -> T {
    let mut state = x;
    for layer in layers {
        let sum = layer.weights[0] * state[0] + layer.weights[1] * state[1] + layer.bias;
        state[1] = state[0];
        state[0] = sum.tanh() * T::from(layer.scale).unwrap();
    }
    state[0]
}

fn layers<T: Copy>(p: &[T]) -> Vec<Layer<T>> {
    p.chunks_exact(3).map(|c| Layer { weights: [c[0], c[1]], bias: c[2], scale: 2 }).collect()
}

#[test]
fn slice_of_structs() {
    let p = [0.3, -0.4, 0.1, 0.5, 0.2, -0.3, 0.6, -0.7];
    let expected = gradient(|q| network(&layers(&q[..6]), [q[6], q[7]]), p);
    let (of_layers, x) = network::gradient(&layers(&p[..6]), [p[6], p[7]]);
    let flat = |layers: &[Layer<f64>], x: [f64; 2]| -> [f64; 8] {
        let floats = layers.iter().flat_map(|layer| [layer.weights[0], layer.weights[1], layer.bias]);
        floats.chain(x).collect::<Vec<_>>().try_into().unwrap()
    };
    assert_close(flat(&of_layers, x), expected, F64);
    assert_eq!(of_layers[0].scale, 2, "what is no float is kept");
}

#[derivative(wrt(p), hessian, hvp)]
fn bowl<T: Float>(p: &Point<T>) -> T {
    p.x * p.x * p.y + p.y.exp()
}

#[test]
fn hessian_in_a_struct() {
    let mut hessian = [0.0; 4];
    bowl::hessian_into(&Point { x: 2.0, y: 0.5 }, &mut hessian);
    assert_close(hessian, [1.0, 4.0, 4.0, 0.5_f64.exp()], F64);
    let product = bowl::hvp(&Point { x: 2.0, y: 0.5 }, &Point { x: 1.0, y: -1.0 });
    assert_close([product.x, product.y], [-3.0, 4.0 - 0.5_f64.exp()], F64);
}

#[derivative]
fn tuples<T: Float>(p: (T, T), q: &(T, [T; 2])) -> T {
    let (a, b) = p;
    a * b.sin() + q.0 * q.1[0] - q.1[1] * a
}

#[test]
fn tuples_of_generic_floats() {
    let expected = gradient(|[a, b, c, d, e]| tuples((a, b), &(c, [d, e])), [1.0, 2.0, 3.0, 4.0, 5.0]);
    let ((a, b), (c, [d, e])) = tuples::gradient((1.0, 2.0), &(3.0, [4.0, 5.0]));
    assert_close([a, b, c, d, e], expected, F64);
}

#[derivative(wrt(p))]
fn rotated<T: Float>(p: Point<T>, angle: T) -> Point<T> {
    let (sin, cos) = angle.sin_cos();
    Point { x: p.x * cos - p.y * sin, y: p.x * sin + p.y * cos }
}

#[test]
fn a_struct_is_returned() {
    let (value, tangent) = rotated::jvp(Point { x: 1.0, y: 2.0 }, 0.5, Point { x: 1.0, y: -1.0 });
    assert_eq!(value, rotated(Point { x: 1.0, y: 2.0 }, 0.5));
    assert_eq!(tangent, rotated(Point { x: 1.0, y: -1.0 }, 0.5));
}

// ---- methods ----------------------------------------------------------------------------------------------------

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Model<T> {
    stiffness: T,
    weights: Vec<T>,
}

impl<T: Float> Model<T> {
    #[derivative]
    fn energy(&self, x: T) -> T {
        self.stiffness * x * x + x.sin()
    }

    #[derivative(wrt(self, x))]
    fn fitted(&self, x: T) -> T {
        let mut sum = self.stiffness * x;
        for k in 0..self.weights.len() {
            sum = sum + self.weights[k] * x.powi(2);
        }
        sum.tanh()
    }

    #[derivative]
    fn of_slice(&self, x: &[T], out: &mut [T]) {
        for i in 0..x.len() {
            out[i] = x[i] * x[i] * self.stiffness;
        }
    }

    #[derivative(associated)]
    fn smooth(x: T, y: T) -> T {
        (x * x + y * y + T::one()).sqrt()
    }

    /// Calls of methods.
    #[derivative]
    fn composed(&self, x: T) -> T {
        self.energy(x * x) + Self::smooth(x, self.stiffness)
    }
}

fn model<T: Copy>(p: &[T]) -> Model<T> {
    Model { stiffness: p[0], weights: p[1..].to_vec() }
}

#[test]
fn methods_in_constants() {
    let own = model(&[2.0, 1.0]);
    let lifted = model(&[2.0, 1.0].map(Dual64::lit));
    let [expected] = gradient(|[x]| lifted.energy(x), [0.3]);
    assert_close([own.energy_gradient(0.3)], [expected], F64);
    let [expected] = gradient(|[x]| lifted.composed(x), [0.3]);
    assert_close([own.composed_derivative(0.3)], [expected], F64);
    assert_close([own.composed_vjp(0.3, 2.0).1], [2.0 * expected], F64);
    let single = model(&[2.0_f32, 1.0]);
    assert_close([single.composed_derivative(0.3).into()], [expected], F32);
}

#[test]
fn methods_in_self() {
    let p = [0.5, 0.2, -0.1, 0.7];
    let expected = gradient(|[a, b, c, x]| model(&[a, b, c]).fitted(x), p);
    let (own, x) = model(&p[..3]).fitted_gradient(p[3]);
    assert_close([own.stiffness, own.weights[0], own.weights[1], x], expected, F64);
    let (_, (own, x)) = model(&p[..3]).fitted_vjp(p[3], 1.0);
    assert_close([own.stiffness, own.weights[0], own.weights[1], x], expected, F64);
}

#[test]
fn methods_that_write() {
    let own = model(&[3.0]);
    let (mut out, mut jacobian) = ([0.0; 2], [0.0; 4]);
    own.of_slice_jacobian_into(&[1.0, 2.0], &mut out, &mut jacobian);
    assert_eq!((out, jacobian), ([3.0, 12.0], [6.0, 0.0, 0.0, 12.0]));
}

#[test]
fn associated_functions() {
    let expected = gradient(|[x, y]| Model::smooth(x, y), [0.3, 0.4]);
    assert_close(Model::smooth_gradient(0.3, 0.4), expected, F64);
}
