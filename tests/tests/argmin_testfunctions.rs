//! All functions of the crate `argmin_testfunctions`, written anew, against that crate's own derivatives, which were derived
//! by hand: at 1000 points each, in both modes.

use std::f64::consts::PI;

use argmin_testfunctions as reference;
use diff_runtime::check::random_points;
use diff_runtime::derivative;
use tests::compare::distance;

#[derivative]
fn ackley(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let squares = x.iter().map(|v| v.powi(2)).sum::<f64>();
    let cosines = x.iter().map(|v| (2.0 * PI * v).cos()).sum::<f64>();
    -20.0 * (-0.2 * (squares / n).sqrt()).exp() - (cosines / n).exp() + 20.0 + 1_f64.exp()
}

#[derivative]
fn beale(p: &[f64; 2]) -> f64 {
    let [x, y] = *p;
    [1.5, 2.25, 2.625].iter().zip(1..).map(|(c, k)| (c - x + x * y.powi(k)).powi(2)).sum()
}

#[derivative]
fn booth(p: &[f64; 2]) -> f64 {
    let [x, y] = *p;
    (x + 2.0 * y - 7.0).powi(2) + (2.0 * x + y - 5.0).powi(2)
}

#[derivative]
fn bukin_n6(p: &[f64; 2]) -> f64 {
    let &[x, y] = p;
    100.0 * (y - 0.01 * x.powi(2)).abs().sqrt() + 0.01 * (x + 10.0).abs()
}

#[derivative]
fn cross_in_tray(p: &[f64; 2]) -> f64 {
    let [x, y] = p;
    let inner = (x.sin() * y.sin() * (100.0 - x.hypot(*y) / PI).abs().exp()).abs();
    -0.0001 * (inner + 1.0).powf(0.1)
}

#[derivative]
fn easom(p: &[f64; 2]) -> f64 {
    let squares: f64 = p.iter().map(|v| (v - PI).powi(2)).sum();
    -p.iter().map(|v| v.cos()).product::<f64>() * (-squares).exp()
}

#[derivative]
fn eggholder(p: &[f64; 2]) -> f64 {
    let wave = |t: f64| t.abs().sqrt().sin();
    let shifted = p[1] + 47.0;
    -shifted * wave(shifted + p[0] / 2.0) - p[0] * wave(p[0] - shifted)
}

#[derivative]
fn goldstein_price(p: &[f64; 2]) -> f64 {
    let [x, y] = *p;
    let a = 19.0 - 14.0 * x + 3.0 * x * x - 14.0 * y + 6.0 * x * y + 3.0 * y * y;
    let b = 18.0 - 32.0 * x + 12.0 * x * x + 48.0 * y - 36.0 * x * y + 27.0 * y * y;
    (1.0 + (x + y + 1.0).powi(2) * a) * (30.0 + (2.0 * x - 3.0 * y).powi(2) * b)
}

#[derivative]
fn himmelblau(p: &[f64; 2]) -> f64 {
    let [x, y] = *p;
    (x * x + y - 11.0).powi(2) + (x + y * y - 7.0).powi(2)
}

#[derivative]
fn holder_table(p: &[f64; 2]) -> f64 {
    let radius = p.iter().fold(0.0, |sum: f64, v| sum + v * v).sqrt();
    -(p[0].sin() * p[1].cos() * (1.0 - radius / PI).abs().exp()).abs()
}

#[derivative]
fn levy(x: &[f64]) -> f64 {
    let n = x.len();
    let w = |v: f64| 1.0 + (v - 1.0) / 4.0;
    let middle: f64 = x[1..n - 1]
        .iter()
        .map(|v| w(*v))
        .map(|wi| (wi - 1.0).powi(2) * (1.0 + 10.0 * (PI * wi + 1.0).sin().powi(2)))
        .sum();
    let last = w(x[n - 1]);
    (PI * w(x[0])).sin().powi(2) + middle + (last - 1.0).powi(2) * (1.0 + (2.0 * PI * last).sin().powi(2))
}

#[derivative]
fn levy_n13(p: &[f64; 2]) -> f64 {
    let [x, y] = *p;
    let square_of_sine = |t: f64| (t * PI).sin().powi(2);
    square_of_sine(3.0 * x)
        + (x - 1.0).powi(2) * (1.0 + square_of_sine(3.0 * y))
        + (y - 1.0).powi(2) * (1.0 + square_of_sine(2.0 * y))
}

#[derivative]
fn matyas(p: &[f64; 2]) -> f64 {
    let [x, y] = *p;
    0.26 * (x * x + y * y) - 0.48 * x * y
}

#[derivative]
fn mccormick(p: &[f64; 2]) -> f64 {
    let [x, y] = *p;
    (x + y).sin() + (x - y).powi(2) - 1.5 * x + 2.5 * y + 1.0
}

#[derivative]
fn picheny(p: &[f64; 2]) -> f64 {
    let scaled = |v: f64| 4.0 * v - 2.0;
    let (x, y) = (scaled(p[0]), scaled(p[1]));
    let a = 19.0 - 14.0 * x + 3.0 * x * x - 14.0 * y + 6.0 * x * y + 3.0 * y * y;
    let b = 18.0 - 32.0 * x + 12.0 * x * x + 48.0 * y - 36.0 * x * y + 27.0 * y * y;
    let product = (1.0 + (x + y + 1.0).powi(2) * a) * (30.0 + (2.0 * x - 3.0 * y).powi(2) * b);
    (product.log10() - 8.693) / 2.427
}

#[derivative]
fn rastrigin(x: &[f64]) -> f64 {
    10.0 * x.len() as f64 + x.iter().map(|&v| v * v - 10.0 * (2.0 * PI * v).cos()).sum::<f64>()
}

#[derivative]
fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|w| (1.0 - w[0]).powi(2) + 100.0 * (w[1] - w[0].powi(2)).powi(2)).sum()
}

#[derivative]
fn schaffer_n2(p: &[f64; 2]) -> f64 {
    let (a, b) = (p[0] * p[0], p[1] * p[1]);
    0.5 + ((a - b).sin().powi(2) - 0.5) / (1.0 + 0.001 * (a + b)).powi(2)
}

#[derivative]
fn schaffer_n4(p: &[f64; 2]) -> f64 {
    let (a, b) = (p[0] * p[0], p[1] * p[1]);
    0.5 + ((a - b).abs().sin().cos().powi(2) - 0.5) / (1.0 + 0.001 * (a + b)).powi(2)
}

#[derivative]
fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum()
}

#[derivative]
fn styblinski_tang(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |sum, v| sum + 0.5 * (v.powi(4) - 16.0 * v.powi(2) + 5.0 * v))
}

#[derivative]
fn three_hump_camel(p: &[f64; 2]) -> f64 {
    let [x, y] = *p;
    2.0 * x.powi(2) - 1.05 * x.powi(4) + x.powi(6) / 6.0 + x * y + y.powi(2)
}

#[derivative]
fn zero(x: &[f64]) -> f64 {
    x.iter().map(|_| 0.0).sum()
}

const POINTS: usize = 1000;

/// The larger of two errors; not a number, if one of them is none.
fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

/// Both write the same function in another way: the rounding errors of the gradient's largest component are what differs.
macro_rules! agree {
    ($($ours:ident, $theirs:ident, $derivative:ident, $size:tt, $range:expr;)*) => {$({
        let (mut worst, mut of_value) = (0.0_f64, 0.0_f64);
        let corner = [$range; $size];
        for x in random_points(&corner.map(|x: f64| -x), &corner, 42).take(POINTS) {
            let (value, gradient) = $ours::value_and_gradient(&x);
            let expected = reference::$derivative(&x);
            of_value = larger(of_value, (value - reference::$theirs(&x)).abs() / (1.0 + value.abs()));
            let scale = 1.0 + distance(&expected, &[0.0; $size]);
            worst = larger(worst, distance(&gradient, &expected) / scale);
            let units = (0..$size).map(|k| std::array::from_fn(|j| f64::from(u8::from(j == k))));
            let tangents: Vec<f64> = units.map(|unit: [f64; $size]| $ours::jvp(&x, &unit).1).collect();
            worst = larger(worst, distance(&tangents, &expected) / scale);
        }
        println!("{}: {POINTS} points, largest error of the value {of_value:.1e}, of the gradient {worst:.1e}", stringify!($ours));
        assert!(of_value < 1e-12 && worst < 1e-10, "{}: {of_value:e}, {worst:e}", stringify!($ours));
    })*};
}

/// The tolerances are far above what rounding does to these functions, and far below what another formula would give.
#[test]
fn all_functions_agree() {
    agree! {
        ackley, ackley, ackley_derivative, 5, 30.0;
        beale, beale, beale_derivative, 2, 4.5;
        booth, booth, booth_derivative, 2, 10.0;
        bukin_n6, bukin_n6, bukin_n6_derivative, 2, 15.0;
        cross_in_tray, cross_in_tray, cross_in_tray_derivative, 2, 10.0;
        easom, easom, easom_derivative, 2, 5.0;
        eggholder, eggholder, eggholder_derivative, 2, 512.0;
        goldstein_price, goldsteinprice, goldsteinprice_derivative, 2, 2.0;
        himmelblau, himmelblau, himmelblau_derivative, 2, 5.0;
        holder_table, holder_table, holder_table_derivative, 2, 10.0;
        levy, levy, levy_derivative, 5, 10.0;
        levy_n13, levy_n13, levy_n13_derivative, 2, 10.0;
        matyas, matyas, matyas_derivative, 2, 10.0;
        mccormick, mccormick, mccormick_derivative, 2, 4.0;
        picheny, picheny, picheny_derivative, 2, 1.0;
        rastrigin, rastrigin, rastrigin_derivative, 5, 5.12;
        rosenbrock, rosenbrock, rosenbrock_derivative, 5, 2.0;
        schaffer_n2, schaffer_n2, schaffer_n2_derivative, 2, 100.0;
        schaffer_n4, schaffer_n4, schaffer_n4_derivative, 2, 100.0;
        sphere, sphere, sphere_derivative, 5, 10.0;
        styblinski_tang, styblinski_tang, styblinski_tang_derivative, 5, 5.0;
        three_hump_camel, threehumpcamel, threehumpcamel_derivative, 2, 5.0;
        zero, zero, zero_derivative, 5, 10.0;
    }
}
