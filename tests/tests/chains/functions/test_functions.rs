//! Test functions of optimisation, as iterator chains.

use std::f64::consts::PI;

use diff_runtime::derivative;

#[derivative]
pub fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|x| x.powi(2)).sum::<f64>()
}
sample!(sphere, [-2.0..2.0; [0, 1, 5]]);

#[derivative]
pub fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}
sample!(rosenbrock, [-2.0..2.0; [0, 1, 2, 6]]);

#[derivative]
pub fn rosenbrock_zipped(x: &[f64]) -> f64 {
    x.iter().zip(x.iter().skip(1)).map(|(&xi, &xi1)| 100.0 * (xi1 - xi.powi(2)).powi(2) + (1.0 - xi).powi(2)).sum()
}
sample!(rosenbrock_zipped, [-2.0..2.0; [1, 2, 6]]);

#[derivative]
pub fn rastrigin(x: &[f64]) -> f64 {
    10.0 * x.len() as f64 + x.iter().map(|&xi| xi.powi(2) - 10.0 * (2.0 * PI * xi).cos()).sum::<f64>()
}
sample!(rastrigin, [-5.0..5.0; [1, 4]]);

#[derivative]
pub fn ackley(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let squares: f64 = x.iter().map(|v| v * v).sum();
    let cosines: f64 = x.iter().map(|v| (2.0 * PI * v).cos()).sum();
    -20.0 * (-0.2 * (squares / n).sqrt()).exp() - (cosines / n).exp() + 20.0 + 1f64.exp()
}
sample!(ackley, [0.2..3.0; [1, 3]]);

#[derivative]
pub fn styblinski_tang(x: &[f64]) -> f64 {
    0.5 * x.iter().map(|x| x.powi(4) - 16.0 * x.powi(2) + 5.0 * x).sum::<f64>()
}
sample!(styblinski_tang, [-3.0..3.0; 4]);

#[derivative]
pub fn griewank(x: &[f64]) -> f64 {
    let sum: f64 = x.iter().map(|v| v.powi(2) / 4000.0).sum();
    let product: f64 = x.iter().enumerate().map(|(i, v)| (v / ((i + 1) as f64).sqrt()).cos()).product();
    1.0 + sum - product
}
sample!(griewank, [-3.0..3.0; [1, 2, 5]]);

#[derivative]
pub fn levy(x: &[f64; 4]) -> f64 {
    let w = |i: usize| 1.0 + (x[i] - 1.0) / 4.0;
    let head = (PI * w(0)).sin().powi(2);
    let middle: f64 = (0..3).map(|i| (w(i) - 1.0).powi(2) * (1.0 + 10.0 * (PI * w(i) + 1.0).sin().powi(2))).sum();
    let tail = (w(3) - 1.0).powi(2) * (1.0 + (2.0 * PI * w(3)).sin().powi(2));
    head + middle + tail
}
sample!(levy, [-4.0..4.0; 4]);

#[derivative]
pub fn zakharov(x: &[f64]) -> f64 {
    let sum: f64 = x.iter().enumerate().map(|(i, xi)| 0.5 * (i + 1) as f64 * xi).sum();
    x.iter().map(|xi| xi * xi).sum::<f64>() + sum.powi(2) + sum.powi(4)
}
sample!(zakharov, [-1.0..1.0; [1, 4]]);

#[derivative]
pub fn dixon_price(x: &[f64]) -> f64 {
    let rest = x.windows(2).enumerate().map(|(i, w)| (i + 2) as f64 * (2.0 * w[1].powi(2) - w[0]).powi(2)).sum::<f64>();
    (x[0] - 1.0).powi(2) + rest
}
sample!(dixon_price, [-2.0..2.0; [1, 2, 5]]);

#[derivative]
pub fn trid(x: &[f64]) -> f64 {
    let squares = x.iter().fold(0.0, |sum, xi| sum + (xi - 1.0).powi(2));
    let products = x[1..].iter().zip(x).fold(0.0, |sum, (a, b)| sum + a * b);
    squares - products
}
sample!(trid, [-2.0..2.0; [1, 2, 5]]);

#[derivative]
pub fn michalewicz(x: &[f64], #[constant] m: i32) -> f64 {
    -x.iter().enumerate().map(|(i, &xi)| xi.sin() * ((i + 1) as f64 * xi.powi(2) / PI).sin().powi(2 * m)).sum::<f64>()
}
sample!(michalewicz, [0.1..3.0; 3], [2, 3]);
