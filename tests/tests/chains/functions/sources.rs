//! What a chain takes its items from: arrays that are made for it, tables, and where chains stand.

use diff_runtime::derivative;

#[derivative]
pub fn written_down(x: f64, y: f64) -> f64 {
    let a: f64 = [x, y, x * y].iter().map(|v| v.sin()).sum();
    let b = vec![x * x, y].into_iter().fold(1.0, |acc, v| acc * v + a);
    let c = [x, 2.0, y].into_iter().rev().enumerate().map(|(i, v)| v.powi(i as i32)).sum::<f64>();
    a * b + c
}
sample!(written_down, -1.5..1.5, -1.5..1.5);

#[derivative]
pub fn over_a_written_array(x: f64, y: f64) -> f64 {
    let mut total = 0.1;
    for v in [x, y, x * y] {
        total += v * v * total;
    }
    for v in &[total, x] {
        total -= v * 0.5;
    }
    total * [x, y, total][1] + [x; 3][2]
}
sample!(over_a_written_array, -1.5..1.5, -1.5..1.5);

#[derivative]
pub fn table(x: f64, y: f64) -> f64 {
    let a: f64 = [(x, 1), (y, 2), (x * y, 3)].iter().map(|(v, k)| v.powi(*k)).sum();
    let b: f64 = [(x, 0.5, 1), (y, 2.0, 2)].iter().map(|&(v, w, k)| w * v.powi(k) * a).sum();
    let mut c = 0.0;
    for (v, k) in [(x * x, 1), (y, 2)] {
        c += v.powi(k) * y + b;
    }
    a * b + c
}
sample!(table, -1.5..1.5, -1.5..1.5);

#[derivative]
pub fn beside_constants(x: &[f64; 3]) -> f64 {
    let a: f64 = [0.1, 0.2, 0.3].iter().zip(x).map(|(w, v)| w * v * v).sum();
    let b: f64 = x.iter().zip([1, 2, 3]).map(|(v, k)| v.powi(k)).sum();
    a * b * x.iter().zip(&x[..]).map(|(v, w)| w * v).sum::<f64>()
}
sample!(beside_constants, [-1.5..1.5; 3]);

#[derivative]
pub fn mapped_arrays(x: &[f64; 3], y: [f64; 2]) -> f64 {
    let squares = x.map(|v| v * v);
    let scale = y[0];
    let made = [scale, y[1], 3.0].map(|v| v * scale);
    let total: f64 = y.map(f64::sin).iter().sum();
    squares.iter().zip(made).map(|(a, b)| a * b).sum::<f64>() * total + x.map(|v| v.exp())[1]
}
sample!(mapped_arrays, [-1.5..1.5; 3], [-1.5..1.5; 2]);

#[derivative]
pub fn from_functions(x: &[f64; 4]) -> f64 {
    let y: [f64; 4] = std::array::from_fn(|i| x[i] * x[(i + 1) % 4]);
    let z: [f64; 2] = core::array::from_fn(|i| if i == 0 { y[0] + y[1] } else { y[2] * y[3] });
    z[0] * z[1] + y.iter().sum::<f64>()
}
sample!(from_functions, [-1.5..1.5; 4]);

#[derivative]
pub fn collected_and_used(x: &[f64]) -> f64 {
    let a: f64 = x.iter().map(|v| v * 2.0).collect::<Vec<f64>>().iter().map(|v| v.sin()).sum();
    let b: f64 = x.to_vec().iter().rev().zip(x.iter().map(|v| v + 1.0).collect::<Vec<_>>()).map(|(p, q)| p * q).sum();
    let c: f64 = x.iter().map(|v| v.cos()).collect::<Vec<_>>().windows(2).map(|w| w[0] * w[1]).sum();
    a * b + c
}
sample!(collected_and_used, [-1.5..1.5; [0, 1, 4]]);

#[derivative]
pub fn in_arrays(x: &[f64]) -> f64 {
    let v = vec![x.iter().sum::<f64>(), x.iter().map(|v| v * v).sum::<f64>()];
    let a = [x.iter().zip(&x[..]).map(|(a, b)| a * b).sum::<f64>() * v[0], x.iter().product()];
    let m = [[x.iter().rev().take(2).sum(), 1.0], [v[1], x.iter().map(|v| v.sin()).sum::<f64>()]];
    v[0] * v[1] + a[0] * a[1] + m[0][0] * m[1][1]
}
sample!(in_arrays, [-1.5..1.5; [0, 1, 4]]);

#[derivative]
pub fn in_tuples(x: &[f64]) -> f64 {
    let (a, b) = (x.iter().sum::<f64>(), x.iter().map(|v| v * v).sum::<f64>());
    let pair = (x.iter().product::<f64>(), a * b);
    let (mut p, mut q) = (1.0, 2.0);
    (p, q) = (x.iter().fold(p, |acc, v| acc * v + q), p * a);
    pair.0 * pair.1 + p * q
}
sample!(in_tuples, [-1.5..1.5; [0, 1, 4]]);

#[derivative]
pub fn in_conditions(x: &[f64]) -> f64 {
    let a = if x.iter().sum::<f64>() > 0.1 && x.iter().map(|v| v * v).sum::<f64>() < 3.0 { x[0] } else { x[1] };
    let b = match (x.iter().sum::<f64>(), x.iter().map(|v| v * v).sum::<f64>()) {
        (s, q) if s > q => s,
        (s, q) => s * q,
    };
    let k = x.iter().filter(|v| **v > 0.0).count() % x.len();
    let c = if x.is_empty() || x.iter().any(|v| *v < -1.0) { a } else { x[k] };
    a * b * c * x[x.iter().position(|v| *v > 0.5).unwrap_or(0)]
}
sample!(in_conditions, [-1.5..1.5; [2, 4]]);

#[derivative]
pub fn unzipped(x: &[f64]) -> f64 {
    let (a, b): (Vec<f64>, Vec<f64>) = x.iter().map(|v| (v.sin(), v * v)).unzip();
    let (low, high): (Vec<f64>, Vec<f64>) = x.iter().partition(|v| **v < 0.0);
    let (p, q): (Vec<_>, Vec<_>) = x.iter().copied().zip(a.iter().copied()).filter(|(v, _)| *v > 0.0).unzip();
    a.iter().zip(&b).map(|(p, q)| p * q).sum::<f64>() * low.iter().sum::<f64>()
        + high.iter().map(|v| v * v).sum::<f64>()
        + p.iter().zip(q.iter()).map(|(p, q): (&f64, &f64)| p * q).sum::<f64>()
}
sample!(unzipped, [-1.5..1.5; [0, 1, 5]]);
