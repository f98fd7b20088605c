//! The functions: each with its derivatives generated, by hand, and on numbers of any type for dual numbers.

use diff_runtime::derivative;
use num_dual::DualNum;

// ---- Rosenbrock -------------------------------------------------------------------------------------------------

/// Rosenbrock's function in eight variables.
#[derivative(hessian)]
pub(crate) fn rosenbrock_8(x: &[f64; 8]) -> f64 {
    let mut sum = 0.0;
    for i in 0..7 {
        sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
    }
    sum
}

/// Rosenbrock's function in any number of variables.
#[derivative(hvp)]
pub(crate) fn rosenbrock(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
    }
    sum
}

pub(crate) fn rosenbrock_of<D: DualNum<Primitive = f64> + Copy>(x: &[D]) -> D {
    let mut sum = D::from(0.0);
    for w in x.windows(2) {
        sum += (w[1] - w[0] * w[0]).powi(2) * 100.0 + (-w[0] + 1.0).powi(2);
    }
    sum
}

/// The Hessian of Rosenbrock's function: a band of three.
pub(crate) fn rosenbrock_hessian(x: &[f64; 8]) -> [[f64; 8]; 8] {
    let mut h = [[0.0; 8]; 8];
    for i in 0..7 {
        h[i][i] += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0;
        h[i + 1][i + 1] = 200.0;
        h[i][i + 1] = -400.0 * x[i];
        h[i + 1][i] = -400.0 * x[i];
    }
    h
}

/// The Hessian of Rosenbrock's function times a vector.
pub(crate) fn rosenbrock_hvp(x: &[f64], v: &[f64], product: &mut [f64]) {
    let n = x.len();
    assert!(v.len() == n && product.len() == n);
    let mut carried = 0.0;
    for i in 0..n - 1 {
        let diagonal = 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0;
        product[i] = carried + diagonal * v[i] - 400.0 * x[i] * v[i + 1];
        carried = 200.0 * v[i + 1] - 400.0 * x[i] * v[i];
    }
    product[n - 1] = carried;
}

// ---- a model of two exponentials --------------------------------------------------------------------------------

/// The sum of the squared errors of two decaying exponentials over a constant.
#[derivative(hessian)]
pub(crate) fn exponentials(p: &[f64; 5], #[constant] t: &[f64], #[constant] y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..t.len() {
        let error = p[0] * (-p[1] * t[i]).exp() + p[2] * (-p[3] * t[i]).exp() + p[4] - y[i];
        sum += error * error;
    }
    sum
}

/// The same in a slice, along all elements at once.
#[derivative(hessian)]
pub(crate) fn exponentials_in_slice(p: &[f64], #[constant] t: &[f64], #[constant] y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..t.len() {
        let error = p[0] * (-p[1] * t[i]).exp() + p[2] * (-p[3] * t[i]).exp() + p[4] - y[i];
        sum += error * error;
    }
    sum
}

pub(crate) fn exponentials_of<D: DualNum<Primitive = f64> + Copy>(p: &[D], t: &[f64], y: &[f64]) -> D {
    let mut sum = D::from(0.0);
    for (t, y) in t.iter().zip(y) {
        let error = p[0] * (p[1] * -*t).exp() + p[2] * (p[3] * -*t).exp() + p[4] - *y;
        sum += error * error;
    }
    sum
}

/// Its Hessian: `2 (J^T J + sum of error * second derivatives)`.
pub(crate) fn exponentials_hessian(p: &[f64; 5], t: &[f64], y: &[f64]) -> [[f64; 5]; 5] {
    let mut h = [[0.0; 5]; 5];
    for (&t, &y) in t.iter().zip(y) {
        let (e, f) = ((-p[1] * t).exp(), (-p[3] * t).exp());
        let error = p[0] * e + p[2] * f + p[4] - y;
        let slope = [e, -p[0] * t * e, f, -p[2] * t * f, 1.0];
        for i in 0..5 {
            for j in i..5 {
                h[i][j] += 2.0 * slope[i] * slope[j];
            }
        }
        let twice = 2.0 * error;
        h[0][1] -= twice * t * e;
        h[1][1] += twice * p[0] * t * t * e;
        h[2][3] -= twice * t * f;
        h[3][3] += twice * p[2] * t * t * f;
    }
    for i in 1..5 {
        for j in 0..i {
            h[i][j] = h[j][i];
        }
    }
    h
}

// ---- the logistic loss ------------------------------------------------------------------------------------------

/// The mean logistic loss of linear predictions; `rows` holds one example after the other.
#[derivative(hvp, hessian)]
pub(crate) fn logistic(w: &[f64], #[constant] rows: &[f64], #[constant] labels: &[f64]) -> f64 {
    let d = w.len();
    let mut sum = 0.0;
    for i in 0..labels.len() {
        let row = &rows[i * d..(i + 1) * d];
        let mut z = 0.0;
        for j in 0..d {
            z += w[j] * row[j];
        }
        sum += (-labels[i] * z).exp().ln_1p();
    }
    sum / labels.len() as f64
}

/// The Hessian of the logistic loss times a vector.
pub(crate) fn logistic_hvp(w: &[f64], rows: &[f64], labels: &[f64], v: &[f64], product: &mut [f64]) {
    let d = w.len();
    assert!(v.len() == d && product.len() == d);
    product.fill(0.0);
    let scale = 1.0 / labels.len() as f64;
    for (row, label) in rows.chunks_exact(d).zip(labels) {
        let (mut z, mut along) = (0.0, 0.0);
        for j in 0..d {
            z += w[j] * row[j];
            along += v[j] * row[j];
        }
        let e = (-label * z).exp();
        let weight = label * label * e / ((1.0 + e) * (1.0 + e)) * along * scale;
        for j in 0..d {
            product[j] += weight * row[j];
        }
    }
}

/// The Hessian of the logistic loss: the sum of the weighted products of each row with itself.
pub(crate) fn logistic_hessian(w: &[f64], rows: &[f64], labels: &[f64], hessian: &mut [f64]) {
    let d = w.len();
    assert!(hessian.len() == d * d);
    hessian.fill(0.0);
    let scale = 1.0 / labels.len() as f64;
    for (row, label) in rows.chunks_exact(d).zip(labels) {
        let mut z = 0.0;
        for j in 0..d {
            z += w[j] * row[j];
        }
        let e = (-label * z).exp();
        let weight = label * label * e / ((1.0 + e) * (1.0 + e)) * scale;
        for i in 0..d {
            let factor = weight * row[i];
            for (entry, x) in hessian[i * d..(i + 1) * d][i..].iter_mut().zip(&row[i..]) {
                *entry += factor * x;
            }
        }
    }
    for i in 1..d {
        for j in 0..i {
            hessian[i * d + j] = hessian[j * d + i];
        }
    }
}

// ---- a Helmholtz energy -----------------------------------------------------------------------------------------

/// Covolume, attraction, its dependence on temperature, and the critical temperature, in reduced units.
const B: f64 = 0.08;
const ATTRACTION: f64 = 1.5;
const KAPPA: f64 = 0.7;
const CRITICAL: f64 = 1.2;
const D1: f64 = 1.0 + std::f64::consts::SQRT_2;
const D2: f64 = 1.0 - std::f64::consts::SQRT_2;

/// The Helmholtz energy of Peng and Robinson's equation of state.
#[derivative(order = 3)]
pub(crate) fn helmholtz(t: f64, v: f64) -> f64 {
    let m = 1.0 + KAPPA * (1.0 - (t / CRITICAL).sqrt());
    let a = ATTRACTION * m * m;
    let repulsion = (v - B).ln();
    let attraction = ((v + D1 * B) / (v + D2 * B)).ln() / (2.0 * std::f64::consts::SQRT_2 * B);
    -t * repulsion - 1.5 * t * t.ln() - a * attraction
}

/// All third partial derivatives, `TTT`, `TTV`, `TVV`, `VVV`.
pub(crate) fn helmholtz_thirds(t: f64, v: f64) -> [f64; 4] {
    let [[[ttt, ttv], [_, tvv]], [_, [_, vvv]]] = helmholtz::third_derivatives(t, v);
    [ttt, ttv, tvv, vvv]
}

pub(crate) fn helmholtz_of<D: DualNum<Primitive = f64> + Copy>(t: D, v: D) -> D {
    let m = -(t / CRITICAL).sqrt() * KAPPA + (1.0 + KAPPA);
    let a = m * m * ATTRACTION;
    let attraction = ((v + D1 * B) / (v + D2 * B)).ln() / (2.0 * std::f64::consts::SQRT_2 * B);
    -t * (v - B).ln() - t * t.ln() * 1.5 - a * attraction
}

/// All third partial derivatives in closed form.
pub(crate) fn helmholtz_by_hand(t: f64, v: f64) -> [f64; 4] {
    let u = (t / CRITICAL).sqrt();
    let m = 1.0 + KAPPA * (1.0 - u);
    let (u1, u2, u3) = (u / (2.0 * t), -u / (4.0 * t * t), 3.0 * u / (8.0 * t * t * t));
    let scale = 2.0 * ATTRACTION * KAPPA;
    let a = ATTRACTION * m * m;
    let (a1, a2) = (-scale * m * u1, scale * (KAPPA * u1 * u1 - m * u2));
    let a3 = scale * (3.0 * KAPPA * u1 * u2 - m * u3);
    let (p, q, r) = (1.0 / (v + D1 * B), 1.0 / (v + D2 * B), 1.0 / (v - B));
    let k = 1.0 / (2.0 * std::f64::consts::SQRT_2 * B);
    let (l, l1, l2, l3) = ((q / p).ln() * k, (p - q) * k, (q * q - p * p) * k, 2.0 * (p * p * p - q * q * q) * k);
    [1.5 / (t * t) - a3 * l, -a2 * l1, r * r - a1 * l2, -2.0 * t * r * r * r - a * l3]
}
