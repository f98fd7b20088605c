//! The descent over structs, with generated companions.

use diff_runtime::descent::{Descent, minimize};
use diff_runtime::{Differentiable, derivative};

/// A small network: what is learnt, and what is not.
#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Network {
    hidden: Vec<Unit>,
    output: [f64; 3],
    bias: f64,
    epochs: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Unit {
    weight: f64,
    bias: f64,
}

#[derivative(wrt(net))]
fn loss(net: &Network, #[constant] xs: &[f64], #[constant] ys: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..xs.len() {
        let mut y = net.bias;
        for k in 0..3 {
            y += net.output[k] * (net.hidden[k].weight * xs[i] + net.hidden[k].bias).tanh();
        }
        sum += (y - ys[i]).powi(2);
    }
    sum / xs.len() as f64
}

fn start() -> Network {
    let hidden = [(1.0, 0.1), (-0.8, 0.5), (0.6, -0.9)].map(|(weight, bias)| Unit { weight, bias });
    Network { hidden: hidden.to_vec(), output: [0.5, -0.4, 0.3], bias: 0.0, epochs: 7 }
}

fn data() -> (Vec<f64>, Vec<f64>) {
    let xs: Vec<f64> = (0..21).map(|i| f64::from(i) * 0.2 - 2.0).collect();
    let ys = xs.iter().map(|x| (1.5 * x).sin()).collect();
    (xs, ys)
}

#[test]
fn a_network_learns_a_sine() {
    let (xs, ys) = data();
    crate::check(
        "loss",
        start(),
        |net| loss(&net, &xs, &ys),
        |net, d| loss::jvp(&net, &xs, &ys, &d),
        |net, s| loss::vjp(&net, &xs, &ys, s),
    );
    let before = loss(&start(), &xs, &ys);
    let objective = |net: &Network| loss::value_and_gradient(net, &xs, &ys);
    let found = Descent::new().max_iterations(3000).minimize(objective, start()).unwrap();
    assert!(found.value < 0.05 * before, "{} after {before}", found.value);
    assert_eq!(found.point.epochs, 7);
}

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Point {
    x: f64,
    y: f64,
}

#[derivative(wrt(p))]
fn booth(p: &Point) -> f64 {
    (p.x + 2.0 * p.y - 7.0).powi(2) + (2.0 * p.x + p.y - 5.0).powi(2)
}

#[test]
fn a_minimum_in_a_struct() {
    let found = minimize(booth::value_and_gradient, Point { x: 0.0, y: 0.0 }).unwrap();
    assert!((found.point.x - 1.0).abs() < 1e-5 && (found.point.y - 3.0).abs() < 1e-5);
    // The same without an allocation per step, into a buffer.
    let found = minimize(booth::value_and_gradient_into, Point { x: 0.0, y: 0.0 }).unwrap();
    assert!((found.point.x - 1.0).abs() < 1e-5 && (found.point.y - 3.0).abs() < 1e-5);
}
