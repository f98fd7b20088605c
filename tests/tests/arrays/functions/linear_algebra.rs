//! Vectors and matrices.

use diff_runtime::derivative;

#[derivative]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..a.len() {
        sum += a[i] * b[i];
    }
    sum
}
sample!(dot, [-1.0..1.0; [1, 6]], [-1.0..1.0; [1, 6]]);

#[derivative]
pub fn euclidean_norm(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for v in x {
        sum += v * v;
    }
    sum.sqrt()
}
sample!(euclidean_norm, [0.2..1.0; [1, 5]]);

#[derivative]
pub fn p_norm(x: &[f64], p: f64) -> f64 {
    let mut sum = 0.0;
    for v in x.iter() {
        sum += v.abs().powf(p);
    }
    sum.powf(1.0 / p)
}
sample!(p_norm, [0.2..2.0; 5], 1.2..3.5);

#[derivative]
pub fn maximum_norm(x: &[f64]) -> f64 {
    let mut top = 0.0_f64;
    for v in x {
        top = top.max(v.abs());
    }
    top * top
}
sample!(maximum_norm, [-2.0..2.0; 6]);

/// Like `hypot` of many numbers: scaled by the largest so far.
#[derivative]
pub fn scaled_norm(x: &[f64]) -> f64 {
    let mut scale = 0.0;
    let mut sum = 1.0;
    for v in x {
        let a = v.abs();
        if a > scale {
            sum = 1.0 + sum * (scale / a).powi(2);
            scale = a;
        } else {
            sum += (a / scale).powi(2);
        }
    }
    scale * sum.sqrt()
}
sample!(scaled_norm, [0.3..2.0; 6]);

#[derivative]
pub fn matrix_vector(a: &[[f64; 3]; 2], x: &[f64; 3], w: &[f64; 2]) -> f64 {
    let mut y = [0.0; 2];
    for i in 0..2 {
        for j in 0..3 {
            y[i] += a[i][j] * x[j];
        }
    }
    w[0] * y[0].sin() + w[1] * y[1] * y[1]
}
sample!(matrix_vector, [[-1.0..1.0; 3]; 2], [-1.0..1.0; 3], [-1.0..1.0; 2]);

/// A matrix by rows in a slice, with the length of the vector as its width.
#[derivative]
pub fn quadratic_form(a: &[f64], x: &[f64]) -> f64 {
    let n = x.len();
    let mut sum = 0.0;
    for i in 0..n {
        for j in 0..n {
            sum += x[i] * a[i * n + j] * x[j];
        }
    }
    sum
}
sample!(quadratic_form, [-1.0..1.0; [1, 9, 16]], [-1.0..1.0; [1, 3, 4]]);

/// The same with the product in a local vector.
#[derivative]
pub fn quadratic_form_by_rows(a: &[[f64; 3]; 3], x: [f64; 3]) -> f64 {
    let mut ax = vec![0.0; 3];
    for i in 0..3 {
        let mut row = 0.0;
        for j in 0..3 {
            row += a[i][j] * x[j];
        }
        ax[i] = row;
    }
    let mut sum = 0.0;
    for (u, v) in x.iter().zip(&ax) {
        sum += u * v;
    }
    sum
}
sample!(quadratic_form_by_rows, [[-1.0..1.0; 3]; 3], [-1.0..1.0; 3]);

/// Each unknown needs those before it.
#[derivative]
pub fn forward_substitution(l: &[[f64; 4]; 4], b: &[f64; 4]) -> f64 {
    let mut x = [0.0; 4];
    for i in 0..4 {
        let mut sum = b[i];
        for j in 0..i {
            sum -= l[i][j] * x[j];
        }
        x[i] = sum / (2.0 + l[i][i]);
    }
    x[0] + x[1] * x[2] + x[3].exp()
}
sample!(forward_substitution, [[-0.5..0.5; 4]; 4], [-1.0..1.0; 4]);

/// In place, from the last unknown to the first.
#[derivative]
pub fn back_substitution(u: &[f64], b: &[f64]) -> f64 {
    let n = b.len();
    let mut x = b.to_vec();
    for i in (0..n).rev() {
        for j in i + 1..n {
            x[i] -= u[i * n + j] * x[j];
        }
        x[i] /= u[i * n + i] + 2.0;
    }
    let mut sum = 0.0;
    for v in &x {
        sum += v * v;
    }
    sum
}
sample!(back_substitution, [-0.8..0.8; [1, 9, 25]], [-1.0..1.0; [1, 3, 5]]);

/// The logarithm of the determinant of `a^T a + 1`, by Cholesky's factors.
#[derivative]
pub fn cholesky(a: &[[f64; 3]; 3]) -> f64 {
    let mut m = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            if i == j {
                m[i][j] = 1.0;
            }
            for k in 0..3 {
                m[i][j] += a[k][i] * a[k][j];
            }
        }
    }
    let mut l = [[0.0; 3]; 3];
    let mut log_det = 0.0;
    for j in 0..3 {
        let mut d = m[j][j];
        for k in 0..j {
            d -= l[j][k] * l[j][k];
        }
        l[j][j] = d.sqrt();
        log_det += 2.0 * l[j][j].ln();
        for i in j + 1..3 {
            let mut s = m[i][j];
            for k in 0..j {
                s -= l[i][k] * l[j][k];
            }
            l[i][j] = s / l[j][j];
        }
    }
    log_det
}
sample!(cholesky, [[-1.0..1.0; 3]; 3]);

/// In place in a copy of a slice.
#[derivative]
pub fn cholesky_in_place(a: &[f64], n: usize) -> f64 {
    let mut l = a.to_vec();
    for i in 0..n {
        l[i * n + i] += 4.0;
    }
    for j in 0..n {
        for k in 0..j {
            for i in j..n {
                l[i * n + j] -= l[i * n + k] * l[j * n + k];
            }
        }
        let pivot = l[j * n + j].sqrt();
        for i in j..n {
            l[i * n + j] /= pivot;
        }
    }
    let mut sum = 0.0;
    for i in 0..n {
        for j in 0..=i {
            sum += l[i * n + j] * (i + 2 * j + 1) as f64;
        }
    }
    sum
}
sample!(cholesky_in_place, [-0.8..0.8; [4, 9, 16]], [2, 3, 4]);

/// The determinant, by elimination without a choice of pivots.
#[derivative]
pub fn determinant_by_elimination(a: &[f64], n: usize) -> f64 {
    let mut m = a.to_vec();
    for i in 0..n {
        m[i * n + i] += 3.0;
    }
    let mut det = 1.0;
    for k in 0..n {
        let pivot = m[k * n + k];
        det *= pivot;
        for i in k + 1..n {
            let factor = m[i * n + k] / pivot;
            for j in k..n {
                m[i * n + j] -= factor * m[k * n + j];
            }
        }
    }
    det
}
sample!(determinant_by_elimination, [-1.0..1.0; [1, 4, 16]], [1, 2, 4]);

/// The determinant with pivots: rows are swapped as the numbers want it.
#[derivative]
pub fn determinant_with_pivots(a: &[[f64; 3]; 3]) -> f64 {
    let mut m = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            m[i][j] = a[i][j];
        }
    }
    let mut det = 1.0;
    for k in 0..3 {
        let mut best = k;
        for i in k + 1..3 {
            if m[i][k].abs() > m[best][k].abs() {
                best = i;
            }
        }
        if best != k {
            for j in 0..3 {
                let t = m[k][j];
                m[k][j] = m[best][j];
                m[best][j] = t;
            }
            det = -det;
        }
        det *= m[k][k];
        for i in k + 1..3 {
            let f = m[i][k] / m[k][k];
            for j in k + 1..3 {
                m[i][j] -= f * m[k][j];
            }
        }
    }
    det
}
sample!(determinant_with_pivots, [[-1.0..1.0; 3]; 3]);

#[derivative]
pub fn determinant_of_three(a: &[[f64; 3]; 3]) -> f64 {
    a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0])
        + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0])
}
sample!(determinant_of_three, [[-1.0..1.0; 3]; 3]);

/// A tridiagonal system: down with two sweeps of coefficients, and up.
#[derivative]
pub fn thomas(lower: &[f64], diagonal: &[f64], upper: &[f64], right: &[f64]) -> f64 {
    let n = diagonal.len();
    let mut c = vec![0.0; n];
    let mut d = vec![0.0; n];
    c[0] = upper[0] / diagonal[0];
    d[0] = right[0] / diagonal[0];
    for i in 1..n {
        let m = diagonal[i] - lower[i] * c[i - 1];
        c[i] = upper[i] / m;
        d[i] = (right[i] - lower[i] * d[i - 1]) / m;
    }
    for i in (0..n - 1).rev() {
        d[i] -= c[i] * d[i + 1];
    }
    let mut sum = 0.0;
    for (i, v) in d.iter().enumerate() {
        sum += v * v * (i + 1) as f64;
    }
    sum
}
sample!(thomas, [-1.0..1.0; [1, 5]], [3.0..4.0; [1, 5]], [-1.0..1.0; [1, 5]], [-1.0..1.0; [1, 5]]);

/// Three vectors made orthonormal; what is left of the third.
#[derivative]
pub fn gram_schmidt(a: &[[f64; 4]; 3]) -> f64 {
    let mut q = [[0.0; 4]; 3];
    let mut size = 1.0;
    for i in 0..3 {
        for k in 0..4 {
            q[i][k] = a[i][k];
        }
        for j in 0..i {
            let mut r = 0.0;
            for k in 0..4 {
                r += q[i][k] * q[j][k];
            }
            for k in 0..4 {
                q[i][k] -= r * q[j][k];
            }
        }
        let mut norm = 0.0;
        for k in 0..4 {
            norm += q[i][k] * q[i][k];
        }
        norm = norm.sqrt();
        for k in 0..4 {
            q[i][k] /= norm;
        }
        size *= norm;
    }
    size + q[2][0] * q[1][3]
}
sample!(
    gram_schmidt,
    [
        [1.0..2.0, -0.5..0.5, -0.5..0.5, -0.5..0.5],
        [-0.5..0.5, 1.0..2.0, -0.5..0.5, 0.0..0.5],
        [0.0..0.5, -0.5..0.5, 1.0..2.0, -0.5..0.5]
    ]
);

/// Rayleigh's quotient after some steps.
#[derivative]
pub fn power_iteration(a: &[[f64; 3]; 3], steps: usize) -> f64 {
    let mut v = [1.0, 0.8, 0.6];
    let mut value = 0.0;
    for _ in 0..steps {
        let mut w = [0.0; 3];
        for i in 0..3 {
            for j in 0..3 {
                w[i] += a[i][j] * v[j];
            }
        }
        value = v[0] * w[0] + v[1] * w[1] + v[2] * w[2];
        let norm = (w[0] * w[0] + w[1] * w[1] + w[2] * w[2]).sqrt();
        for i in 0..3 {
            v[i] = w[i] / norm;
        }
    }
    value + v[0]
}
sample!(power_iteration, [[0.2..1.0; 3]; 3], [0, 1, 4]);

#[derivative]
pub fn trace_of_product(a: &[[f64; 2]; 3], b: &[[f64; 3]; 2]) -> f64 {
    let mut c = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            for k in 0..2 {
                c[i][j] += a[i][k] * b[k][j];
            }
        }
    }
    let mut trace = 0.0;
    for i in 0..3 {
        trace += c[i][i] * c[i][(i + 1) % 3];
    }
    trace
}
sample!(trace_of_product, [[-1.0..1.0; 2]; 3], [[-1.0..1.0; 3]; 2]);

/// A power of a matrix by repeated products into another array and back.
#[derivative]
pub fn matrix_power(a: &[[f64; 2]; 2], n: usize) -> f64 {
    let mut p = [[0.0; 2]; 2];
    p[0][0] = 1.0;
    p[1][1] = 1.0;
    for _ in 0..n {
        let mut next = [[0.0; 2]; 2];
        for i in 0..2 {
            for j in 0..2 {
                for k in 0..2 {
                    next[i][j] += p[i][k] * a[k][j];
                }
            }
        }
        for i in 0..2 {
            for j in 0..2 {
                p[i][j] = next[i][j];
            }
        }
    }
    p[0][0] + 2.0 * p[0][1] - p[1][0] * p[1][1]
}
sample!(matrix_power, [[-1.0..1.0; 2]; 2], [0, 1, 2, 5]);

/// Jacobi's iteration towards the solution of a system, until it hardly changes.
#[derivative]
pub fn jacobi_iteration(a: &[[f64; 3]; 3], b: &[f64; 3]) -> f64 {
    let mut x = [0.0; 3];
    for _ in 0..40 {
        let mut next = [0.0; 3];
        let mut change = 0.0_f64;
        for i in 0..3 {
            let mut r = b[i];
            for j in 0..3 {
                if j != i {
                    r -= a[i][j] * x[j];
                }
            }
            next[i] = r / (a[i][i] + 3.0);
            change = change.max((next[i] - x[i]).abs());
        }
        for i in 0..3 {
            x[i] = next[i];
        }
        if change < 1e-3 {
            break;
        }
    }
    x[0] * x[1] + x[2]
}
sample!(jacobi_iteration, [[-0.5..0.5; 3]; 3], [-1.0..1.0; 3]);

/// Conjugate gradients: five vectors that all change.
#[derivative]
pub fn conjugate_gradients(a: &[[f64; 3]; 3], b: &[f64; 3]) -> f64 {
    let mut x = [0.0; 3];
    let mut r = *b;
    let mut p = *b;
    let mut rr = b[0] * b[0] + b[1] * b[1] + b[2] * b[2];
    for _ in 0..2 {
        let mut ap = [0.0; 3];
        let mut pap = 0.0;
        for i in 0..3 {
            ap[i] = 4.0 * p[i];
            for j in 0..3 {
                ap[i] += (a[i][j] + a[j][i]) * p[j];
            }
            pap += p[i] * ap[i];
        }
        let alpha = rr / pap;
        let mut next = 0.0;
        for i in 0..3 {
            x[i] += alpha * p[i];
            r[i] -= alpha * ap[i];
            next += r[i] * r[i];
        }
        let beta = next / rr;
        for i in 0..3 {
            p[i] = r[i] + beta * p[i];
        }
        rr = next;
    }
    x[0] + x[1] * x[2]
}
sample!(conjugate_gradients, [[-0.8..0.8; 3]; 3], [0.3..1.0; 3]);
