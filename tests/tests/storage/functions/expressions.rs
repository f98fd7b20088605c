//! Several directions at once, through expressions whose partials are computed first, and through what is no such
//! expression.

use diff_runtime::derivative;

/// One step of a system after the other: the partials of a slope serve all directions.
#[derivative]
pub fn populations(a: f64, b: f64, c: f64, d: f64, n: usize) -> f64 {
    let (mut x, mut y) = (1.0, 1.5);
    for _ in 0..n {
        let x1 = a * x - b * x * y;
        let y1 = d * x * y - c * y;
        x += 0.1 * x1;
        y += 0.1 * y1;
    }
    x * y
}
sample!(populations, [0.5..1.5], [0.5..1.5], [0.5..1.5], [0.5..1.5], [0, 1, 7]);

/// A variable that stands in an expression more than once, powers, and smooth functions of parts.
#[derivative]
pub fn repeated(a: f64, b: f64, c: f64, n: usize) -> f64 {
    let mut s = a;
    for _ in 0..n {
        s = (s * s * b - (a * s).sin() * (b * s).exp()).powi(3) * (s * c * s).cos() - -(c * s * b);
    }
    s
}
sample!(repeated, [-0.5..0.5], [-0.5..0.5], [-0.5..0.5], [0, 1, 3]);

/// Parts that cross a branch or a loop, that are used twice, and that are not smooth.
#[derivative]
pub fn interrupted(a: f64, b: f64, c: f64, n: usize) -> f64 {
    let mut s = b;
    for i in 0..n {
        let t = a * s * c;
        let u = if i % 2 == 0 { t * b } else { b * b * c };
        let v = (u * c - a).abs() * (a * b * c).sqrt();
        s = s * v * a + u * u - (s * b).max(c * a);
    }
    s
}
sample!(interrupted, [0.3..0.9], [0.3..0.9], [0.3..0.9], [0, 1, 4]);

/// The Hessian takes the gradient apart: each direction has few variables that vary.
#[derivative(hessian)]
pub fn sparse_sum(x: [f64; 5]) -> f64 {
    let mut s = 0.0;
    for i in 1..5 {
        s += x[i] * x[i - 1] * x[i - 1] - 3.0 * x[i] * x[i] * x[i - 1];
    }
    s
}
sample!(sparse_sum, [-1.0..1.0; 5]);
