//! Test functions of optimisation, of any number of variables.

use std::f64::consts::{E, PI};

use diff_runtime::derivative;

#[derivative]
pub fn sphere(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for v in x {
        sum += v * v;
    }
    sum
}
sample!(sphere, [-2.0..2.0; [1, 5, 12]]);

#[derivative]
pub fn rosenbrock(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
    }
    sum
}
sample!(rosenbrock, [-1.5..1.5; [1, 2, 6, 11]]);

/// Two variables per term, of which no two terms share one.
#[derivative]
pub fn rosenbrock_in_pairs(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() / 2 {
        let (a, b) = (x[2 * i], x[2 * i + 1]);
        sum += 100.0 * (a * a - b).powi(2) + (a - 1.0).powi(2);
    }
    sum
}
sample!(rosenbrock_in_pairs, [-1.5..1.5; [2, 5, 8]]);

#[derivative]
pub fn rastrigin(x: &[f64]) -> f64 {
    let mut sum = 10.0 * x.len() as f64;
    for &v in x.iter() {
        sum += v.powi(2) - 10.0 * (2.0 * PI * v).cos();
    }
    sum
}
sample!(rastrigin, [-2.0..2.0; [1, 4, 9]]);

#[derivative]
pub fn ackley(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mut squares = 0.0;
    let mut cosines = 0.0;
    for i in 0..x.len() {
        squares += x[i] * x[i];
        cosines += (2.0 * PI * x[i]).cos();
    }
    -20.0 * (-0.2 * (squares / n).sqrt()).exp() - (cosines / n).exp() + 20.0 + E
}
sample!(ackley, [-2.0..2.0; [2, 5]]);

#[derivative]
pub fn griewank(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    let mut product = 1.0;
    for (i, v) in x.iter().enumerate() {
        sum += v * v / 4000.0;
        product *= (v / ((i + 1) as f64).sqrt()).cos();
    }
    1.0 + sum - product
}
sample!(griewank, [-3.0..3.0; [1, 3, 7]]);

#[derivative]
pub fn styblinski_tang(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for v in x.iter() {
        sum += v.powi(4) - 16.0 * v.powi(2) + 5.0 * v;
    }
    0.5 * sum
}
sample!(styblinski_tang, [-4.0..4.0; 5]);

#[derivative]
pub fn levy(x: &[f64]) -> f64 {
    let n = x.len();
    let first = 1.0 + (x[0] - 1.0) / 4.0;
    let mut sum = (PI * first).sin().powi(2);
    for i in 0..n - 1 {
        let w = 1.0 + (x[i] - 1.0) / 4.0;
        sum += (w - 1.0).powi(2) * (1.0 + 10.0 * (PI * w + 1.0).sin().powi(2));
    }
    let last = 1.0 + (x[n - 1] - 1.0) / 4.0;
    sum + (last - 1.0).powi(2) * (1.0 + (2.0 * PI * last).sin().powi(2))
}
sample!(levy, [-3.0..3.0; [1, 2, 6]]);

#[derivative]
pub fn zakharov(x: &[f64]) -> f64 {
    let (mut squares, mut weighted) = (0.0, 0.0);
    for i in 0..x.len() {
        squares += x[i].powi(2);
        weighted += 0.5 * (i + 1) as f64 * x[i];
    }
    squares + weighted.powi(2) + weighted.powi(4)
}
sample!(zakharov, [-1.0..1.0; [1, 6]]);

#[derivative]
pub fn dixon_price(x: &[f64]) -> f64 {
    let mut sum = (x[0] - 1.0).powi(2);
    for i in 1..x.len() {
        sum += (i + 1) as f64 * (2.0 * x[i] * x[i] - x[i - 1]).powi(2);
    }
    sum
}
sample!(dixon_price, [-1.0..1.0; [1, 5]]);

/// Powell's singular function: four variables per term.
#[derivative]
pub fn powell(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in (0..x.len()).step_by(4) {
        sum += (x[i] + 10.0 * x[i + 1]).powi(2);
        sum += 5.0 * (x[i + 2] - x[i + 3]).powi(2);
        sum += (x[i + 1] - 2.0 * x[i + 2]).powi(4);
        sum += 10.0 * (x[i] - x[i + 3]).powi(4);
    }
    sum
}
sample!(powell, [-1.0..1.5; [4, 12]]);

#[derivative]
pub fn michalewicz(x: &[f64], steepness: i32) -> f64 {
    let mut sum = 0.0;
    for (i, &v) in x.iter().enumerate() {
        sum -= v.sin() * ((i + 1) as f64 * v * v / PI).sin().powi(2 * steepness);
    }
    sum
}
sample!(michalewicz, [0.5..2.5; 4], [1, 2, 5]);

#[derivative]
pub fn schwefel(x: &[f64]) -> f64 {
    let mut value = 418.9829 * x.len() as f64;
    for v in x {
        value -= v * v.abs().sqrt().sin();
    }
    value
}
sample!(schwefel, [3.0..30.0; 4]);

#[derivative]
pub fn trid(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += (x[i] - 1.0).powi(2);
    }
    for i in 1..x.len() {
        sum -= x[i] * x[i - 1];
    }
    sum
}
sample!(trid, [-2.0..4.0; [1, 6]]);

#[derivative]
pub fn sum_of_different_powers(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i].abs().powi(i as i32 + 2);
    }
    sum
}
sample!(sum_of_different_powers, [-1.0..1.0; 6]);

/// A sum of squares of sums: a loop in a loop over the same array.
#[derivative]
pub fn rotated_hyper_ellipsoid(x: &[f64]) -> f64 {
    let mut total = 0.0;
    for i in 0..x.len() {
        let mut partial = 0.0;
        for j in 0..=i {
            partial += x[j];
        }
        total += partial * partial;
    }
    total
}
sample!(rotated_hyper_ellipsoid, [-1.0..1.0; [1, 2, 7]]);

#[derivative]
pub fn product_of_all(x: &[f64]) -> f64 {
    let mut product = 1.0;
    for v in x {
        product *= v;
    }
    product
}
sample!(product_of_all, [-1.5..1.5; [1, 2, 9]]);

/// The product of a fixed number of elements.
#[derivative]
pub fn product_of_array(x: &[f64; 8]) -> f64 {
    let mut product = 1.0;
    for i in 0..8 {
        product *= x[i];
    }
    product
}
sample!(product_of_array, [0.5..1.5; 8]);

/// An approximating sum of exponentials, with the parameters in one array.
#[derivative]
pub fn sum_of_exponentials_fit(p: &[f64; 4], #[constant] t: &[f64], #[constant] y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (t, y) in t.iter().zip(y) {
        let model = p[0] * (-p[1] * t).exp() + p[2] * (-p[3] * t).exp();
        sum += (model - y).powi(2);
    }
    sum
}
sample!(sum_of_exponentials_fit, [0.2..1.5; 4], [0.0..2.0; 9], [0.0..3.0; 9]);
