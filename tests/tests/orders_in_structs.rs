//! Second order in structs, tuples and arrays of several dimensions: as in the same numbers one after the other.

#![allow(clippy::needless_range_loop, reason = "written in the ways that users write")]

use approx::assert_relative_eq;
use diff_runtime::{Differentiable, derivative};

/// Values of some 10, each of a few dozen roundings of 1e-16.
fn close(found: f64, expected: f64) {
    assert_relative_eq!(found, expected, max_relative = 1e-12, epsilon = 1e-12);
}

fn close_all<'a>(found: impl IntoIterator<Item = &'a f64>, expected: impl IntoIterator<Item = &'a f64>) {
    let (found, expected): (Vec<_>, Vec<_>) = (found.into_iter().collect(), expected.into_iter().collect());
    assert_eq!(found.len(), expected.len());
    found.into_iter().zip(expected).for_each(|(found, expected)| close(*found, *expected));
}

fn symmetric(hessian: &[f64], n: usize) {
    assert_eq!(hessian.len(), n * n);
    for i in 0..n {
        for j in 0..i {
            assert_eq!(hessian[i * n + j].to_bits(), hessian[j * n + i].to_bits(), "symmetric to the last bit");
        }
    }
}

// ---- scalars in structs ---------------------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Well {
    depth: f64,
    label: String,
    unused: f64,
    centre: Point,
    n: usize,
}

#[derivative(wrt(well, t), hessian, hvp)]
fn energy(well: &Well, t: f64) -> f64 {
    let r = (well.centre.x - t).powi(2) + well.centre.y * well.centre.y * t;
    -well.depth * (-r).exp() + (well.n as f64) * well.centre.x
}

/// The same in scalars.
#[derivative(hessian, hvp)]
fn energy_in_scalars(depth: f64, unused: f64, x: f64, y: f64, t: f64) -> f64 {
    let r = (x - t).powi(2) + y * y * t;
    -depth * (-r).exp() + 3.0 * x + unused * 0.0
}

fn well() -> Well {
    Well { depth: 1.3, label: "w".to_owned(), unused: 5.0, centre: Point { x: 0.4, y: -0.7 }, n: 3 }
}

#[test]
fn in_a_struct_of_scalars() {
    let (well, t) = (well(), 0.2);
    let expected = energy_in_scalars::hessian(1.3, 5.0, 0.4, -0.7, t);
    let mut hessian = [f64::NAN; 25];
    energy::hessian_into(&well, t, &mut hessian);
    close_all(&hessian, expected.as_flattened());
    symmetric(&hessian, 5);

    let (mut gradient, mut gradient_t, mut again) = (well.clone(), f64::NAN, [f64::NAN; 25]);
    let value = energy::value_gradient_and_hessian_into(&well, t, &mut gradient, &mut gradient_t, &mut again);
    assert_eq!(value.to_bits(), energy(&well, t).to_bits());
    assert_eq!(again, hessian);
    let (wanted, wanted_t) = energy::gradient(&well, t);
    close_all(
        &[gradient.depth, gradient.unused, gradient.centre.x, gradient.centre.y, gradient_t],
        &[wanted.depth, 0.0, wanted.centre.x, wanted.centre.y, wanted_t],
    );
    assert_eq!((gradient.label.as_str(), gradient.n), ("w", 3));

    let direction = Well { depth: 0.3, unused: 9.0, centre: Point { x: -1.1, y: 0.6 }, ..well.clone() };
    let expected = energy_in_scalars::hvp(1.3, 5.0, 0.4, -0.7, t, 0.3, 9.0, -1.1, 0.6, 2.0);
    let (product, product_t) = energy::hvp(&well, t, &direction, 2.0);
    let parts = |p: &Well, t: f64| [p.depth, p.unused, p.centre.x, p.centre.y, t];
    close_all(&parts(&product, product_t), &expected);
    assert_eq!((product.label.as_str(), product.n), ("w", 3));
    let (value, gradient, other) = energy::value_gradient_and_hvp(&well, t, &direction, 2.0);
    assert_eq!(value.to_bits(), energy(&well, t).to_bits());
    close_all(&parts(&gradient.0, gradient.1), &parts(&wanted, wanted_t));
    close_all(&parts(&other.0, other.1), &expected);
    let (mut buffer, mut buffer_t) = (well.clone(), f64::NAN);
    energy::hvp_into(&well, t, &direction, 2.0, &mut buffer, &mut buffer_t);
    close_all(&parts(&buffer, buffer_t), &expected);
    let (mut first, mut first_t) = (well.clone(), f64::NAN);
    let (mut second, mut second_t) = (well.clone(), f64::NAN);
    let value = energy::value_gradient_and_hvp_into(
        &well,
        t,
        &direction,
        2.0,
        &mut first,
        &mut first_t,
        &mut second,
        &mut second_t,
    );
    assert_eq!(value.to_bits(), energy(&well, t).to_bits());
    close_all(&parts(&first, first_t), &parts(&wanted, wanted_t));
    close_all(&parts(&second, second_t), &expected);
}

impl Point {
    #[derivative(wrt(self, scale), hessian, hvp)]
    fn potential(&self, scale: f64) -> f64 {
        (self.x * scale).sin() * self.y.exp()
    }
}

#[derivative(wrt(pair), hessian, hvp)]
fn of_a_tuple(pair: (f64, f64), scale: f64) -> f64 {
    (pair.0 * scale).sin() * pair.1.exp()
}

#[test]
fn in_self_and_in_a_tuple() {
    let (p, scale) = (Point { x: 0.3, y: -0.8 }, 1.7);
    let (s, c) = (p.x * scale).sin_cos();
    let e = p.y.exp();
    let mixed = scale * c * e;
    let xs = e * (c - p.x * scale * s);
    let expected =
        [[-scale * scale * s * e, mixed, xs], [mixed, s * e, p.x * c * e], [xs, p.x * c * e, -p.x * p.x * s * e]];
    let mut hessian = [0.0; 9];
    p.potential_hessian_into(scale, &mut hessian);
    close_all(&hessian, expected.as_flattened());
    let (product, product_scale) = p.potential_hvp(scale, &Point { x: 1.0, y: 2.0 }, -1.0);
    for (k, found) in [product.x, product.y, product_scale].into_iter().enumerate() {
        close(found, expected[k][0] + 2.0 * expected[k][1] - expected[k][2]);
    }
    let mut of_tuple = [0.0; 4];
    of_a_tuple::hessian_into((p.x, p.y), scale, &mut of_tuple);
    close_all(&of_tuple, &[expected[0][0], mixed, mixed, expected[1][1]]);
    let product = of_a_tuple::hvp((p.x, p.y), scale, (1.0, 2.0));
    close_all(&[product.0, product.1], &[expected[0][0] + 2.0 * mixed, mixed + 2.0 * expected[1][1]]);
}

// ---- arrays in structs, slices of structs ---------------------------------------------------------------------------

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Layer {
    weights: [f64; 3],
    bias: f64,
    offsets: Vec<f64>,
}

#[derivative(wrt(layer), hessian, hvp)]
fn loss(layer: &Layer, #[constant] x: &[f64; 3]) -> f64 {
    let mut sum = layer.bias;
    for i in 0..3 {
        sum += layer.weights[i] * x[i];
    }
    let mut total = sum.tanh();
    for i in 0..layer.offsets.len() {
        total += (layer.offsets[i] * sum).sin() * layer.weights[i];
    }
    total
}

/// The same in one slice: weights, bias, offsets.
#[derivative(hessian, hvp)]
fn loss_in_a_slice(p: &[f64], #[constant] x: &[f64; 3]) -> f64 {
    let mut sum = p[3];
    for i in 0..3 {
        sum += p[i] * x[i];
    }
    let mut total = sum.tanh();
    for i in 0..p.len() - 4 {
        total += (p[4 + i] * sum).sin() * p[i];
    }
    total
}

#[test]
fn in_a_struct_with_arrays() {
    let layer = Layer { weights: [0.3, -0.2, 0.9], bias: 0.1, offsets: vec![0.7, -1.2] };
    let (flat, x) = ([0.3, -0.2, 0.9, 0.1, 0.7, -1.2], [1.0, -0.5, 2.0]);
    let mut expected = [0.0; 36];
    loss_in_a_slice::hessian_into(&flat, &x, &mut expected);
    symmetric(&expected, 6);
    let mut hessian = [f64::NAN; 36];
    loss::hessian_into(&layer, &x, &mut hessian);
    close_all(&hessian, &expected);
    symmetric(&hessian, 6);
    let (mut gradient, mut again) = (layer.clone(), [f64::NAN; 36]);
    let value = loss::value_gradient_and_hessian_into(&layer, &x, &mut gradient, &mut again);
    assert_eq!((value, again), (loss(&layer, &x), hessian));
    let wanted = loss::gradient(&layer, &x);
    assert_eq!(gradient, wanted);

    let v = [0.5, -1.0, 0.25, 2.0, -0.75, 1.5];
    let direction = Layer { weights: [0.5, -1.0, 0.25], bias: 2.0, offsets: vec![-0.75, 1.5] };
    let expected = loss_in_a_slice::hvp(&flat, &x, &v);
    let parts = |p: &Layer| [&p.weights[..], &[p.bias], &p.offsets].concat();
    close_all(&parts(&loss::hvp(&layer, &x, &direction)), &expected);
    let (_, gradient, product) = loss::value_gradient_and_hvp(&layer, &x, &direction);
    close_all(&parts(&product), &expected);
    close_all(&parts(&gradient), &parts(&wanted));
    let (mut first, mut second) = (layer.clone(), layer.clone());
    loss::hvp_into(&layer, &x, &direction, &mut first);
    close_all(&parts(&first), &expected);
    loss::value_gradient_and_hvp_into(&layer, &x, &direction, &mut first, &mut second);
    close_all(&parts(&first), &parts(&wanted));
    close_all(&parts(&second), &expected);
}

#[derivative(wrt(points), hessian, hvp)]
fn repulsion(points: &[Point], #[constant] strength: f64) -> f64 {
    let mut total = 0.0;
    for i in 1..points.len() {
        let (dx, dy) = (points[i].x - points[i - 1].x, points[i].y - points[i - 1].y);
        total += strength / (1.0 + dx * dx + dy * dy);
    }
    total
}

#[derivative(hessian, hvp)]
fn repulsion_in_a_slice(p: &[f64], #[constant] strength: f64) -> f64 {
    let mut total = 0.0;
    for i in 1..p.len() / 2 {
        let (dx, dy) = (p[2 * i] - p[2 * i - 2], p[2 * i + 1] - p[2 * i - 1]);
        total += strength / (1.0 + dx * dx + dy * dy);
    }
    total
}

#[test]
fn in_a_slice_of_structs() {
    let flat = [0.3, -0.8, 1.2, 0.4, -0.5, 0.9];
    let points: Vec<Point> = flat.chunks(2).map(|p| Point { x: p[0], y: p[1] }).collect();
    let (mut hessian, mut expected) = ([f64::NAN; 36], [f64::NAN; 36]);
    repulsion::hessian_into(&points, 2.0, &mut hessian);
    repulsion_in_a_slice::hessian_into(&flat, 2.0, &mut expected);
    close_all(&hessian, &expected);
    symmetric(&hessian, 6);
    symmetric(&expected, 6);
    let v = [1.0, -2.0, 0.5, 0.25, -1.5, 3.0];
    let direction: Vec<Point> = v.chunks(2).map(|p| Point { x: p[0], y: p[1] }).collect();
    let product: Vec<f64> = repulsion::hvp(&points, 2.0, &direction).iter().flat_map(|p| [p.x, p.y]).collect();
    close_all(&product, &repulsion_in_a_slice::hvp(&flat, 2.0, &v));
}

// ---- arrays of several dimensions -----------------------------------------------------------------------------------

#[derivative(hessian, hvp)]
fn of_rows(x: &[[f64; 2]; 3], k: usize) -> f64 {
    let mut total = 0.0;
    for i in 0..3 {
        total += (x[i][0] * x[(i + k) % 3][1]).sin() + x[i][1].powi(3);
    }
    total
}

#[derivative(hessian, hvp)]
fn of_rows_by_value(x: [[f64; 2]; 3]) -> f64 {
    let mut total = 0.0;
    for i in 0..3 {
        total += (x[i][0] * x[2 - i][1]).sin() + x[i][1].powi(3);
    }
    total
}

#[derivative(hessian, hvp)]
fn of_a_slice_of_rows(x: &[[f64; 2]], k: usize) -> f64 {
    let mut total = 0.0;
    for i in 0..x.len() {
        total += (x[i][0] * x[(i + k) % x.len()][1]).sin() + x[i][1].powi(3);
    }
    total
}

#[derivative(hessian, hvp)]
fn of_flat(x: &[f64], k: usize) -> f64 {
    let n = x.len() / 2;
    let mut total = 0.0;
    for i in 0..n {
        total += (x[2 * i] * x[2 * ((i + k) % n) + 1]).sin() + x[2 * i + 1].powi(3);
    }
    total
}

#[test]
fn in_arrays_of_several_dimensions() {
    let (rows, flat) = ([[0.3, -0.8], [1.2, 0.4], [-0.5, 0.9]], [0.3, -0.8, 1.2, 0.4, -0.5, 0.9]);
    let mut expected = [f64::NAN; 36];
    of_flat::hessian_into(&flat, 1, &mut expected);
    symmetric(&expected, 6);
    let nested: [[[[f64; 2]; 3]; 2]; 3] = of_rows::hessian(&rows, 1);
    close_all(nested.as_flattened().as_flattened().as_flattened(), &expected);
    assert_eq!(nested[1][0][2][1].to_bits(), nested[2][1][1][0].to_bits());
    let mut hessian = [f64::NAN; 36];
    of_a_slice_of_rows::hessian_into(&rows, 1, &mut hessian);
    close_all(&hessian, &expected);
    symmetric(&hessian, 6);
    let (value, gradient, again) = of_rows::value_gradient_and_hessian(&rows, 1);
    assert_eq!((value, gradient), (of_rows(&rows, 1), of_rows::gradient(&rows, 1)));
    assert_eq!(again, nested);
    let by_value = of_rows_by_value::hessian(rows);
    let product = of_rows_by_value::hvp(rows, [[0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]);
    close_all(by_value[1][1].as_flattened(), product.as_flattened());
}
