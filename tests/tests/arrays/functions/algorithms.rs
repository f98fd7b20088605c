//! Whole algorithms that overwrite their data in place.

use diff_runtime::derivative;

/// The fast Fourier transform: bit reversal, then butterflies.
#[derivative]
pub fn fourier_transform(re: &[f64; 8], im: &[f64; 8]) -> f64 {
    let n = 8;
    let (mut a, mut b) = (*re, *im);
    let mut j = 0;
    for i in 1..n {
        let mut bit = n >> 1;
        while j & bit != 0 {
            j ^= bit;
            bit >>= 1;
        }
        j ^= bit;
        if i < j {
            let t = a[i];
            a[i] = a[j];
            a[j] = t;
            let t = b[i];
            b[i] = b[j];
            b[j] = t;
        }
    }
    let mut length = 2;
    while length <= n {
        let angle = -std::f64::consts::TAU / length as f64;
        for start in (0..n).step_by(length) {
            for k in 0..length / 2 {
                let (s, c) = (angle * k as f64).sin_cos();
                let (p, q) = (start + k, start + k + length / 2);
                let (u, v) = (a[q] * c - b[q] * s, a[q] * s + b[q] * c);
                a[q] = a[p] - u;
                b[q] = b[p] - v;
                a[p] += u;
                b[p] += v;
            }
        }
        length <<= 1;
    }
    let mut spectrum = 0.0;
    for k in 0..n {
        spectrum += (a[k] * a[k] + b[k] * b[k]) * (k * k) as f64 * 0.1 + a[k] * b[(k + 1) % n];
    }
    spectrum
}
sample!(fourier_transform, [-1.0..1.0; 8], [-1.0..1.0; 8]);

/// Levinson's and Durbin's recursion: the coefficients are updated from both ends at once.
#[derivative]
pub fn levinson_durbin(r: &[f64; 5]) -> f64 {
    let mut a = [0.0; 5];
    let mut error = 4.0 + r[0];
    for k in 1..5 {
        let mut acc = r[k];
        for j in 1..k {
            acc -= a[j] * r[k - j];
        }
        let reflection = acc / error;
        a[k] = reflection;
        for j in 1..=k / 2 {
            let (left, right) = (a[j], a[k - j]);
            a[j] = left - reflection * right;
            if j != k - j {
                a[k - j] = right - reflection * left;
            }
        }
        error *= 1.0 - reflection * reflection;
    }
    error + a[1] * a[2] - a[3] + a[4] * a[4]
}
sample!(levinson_durbin, [-1.0..1.0; 5]);

/// The inverse in place.
#[derivative]
pub fn gauss_jordan(a: &[[f64; 3]; 3]) -> f64 {
    let mut m = *a;
    for i in 0..3 {
        m[i][i] += 3.0;
    }
    for k in 0..3 {
        let pivot = m[k][k];
        m[k][k] = 1.0;
        for j in 0..3 {
            m[k][j] /= pivot;
        }
        for i in 0..3 {
            if i != k {
                let factor = m[i][k];
                m[i][k] = 0.0;
                for j in 0..3 {
                    m[i][j] -= factor * m[k][j];
                }
            }
        }
    }
    m[0][0] * m[1][1] + m[0][2] - m[2][1] * m[2][2]
}
sample!(gauss_jordan, [[-1.0..1.0; 3]; 3]);

/// A tableau of stages, any method.
#[derivative]
pub fn runge_kutta_by_tableau(start: &[f64; 2], p: &[f64; 2], steps: usize) -> f64 {
    const A: [[f64; 3]; 3] = [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [-1.0, 2.0, 0.0]];
    let b = [1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0];
    let h = 0.1;
    let mut y = *start;
    for _ in 0..steps {
        let mut k = [[0.0; 2]; 3];
        for s in 0..3 {
            let mut at = y;
            for l in 0..s {
                for d in 0..2 {
                    at[d] += h * A[s][l] * k[l][d];
                }
            }
            k[s][0] = at[1];
            k[s][1] = p[0] * (1.0 - at[0] * at[0]) * at[1] - p[1] * at[0];
        }
        for s in 0..3 {
            for d in 0..2 {
                y[d] += h * b[s] * k[s][d];
            }
        }
    }
    y[0] * y[1]
}
sample!(runge_kutta_by_tableau, [-1.0..1.0; 2], [0.5..1.5; 2], [0, 1, 6]);

/// Reflections that make a matrix triangular.
#[derivative]
pub fn householder(a: &[[f64; 3]; 3]) -> f64 {
    let mut r = *a;
    for k in 0..2 {
        let mut norm = 0.0;
        for i in k..3 {
            norm += r[i][k] * r[i][k];
        }
        norm = norm.sqrt();
        let sign = if r[k][k] > 0.0 { 1.0 } else { -1.0 };
        let mut v = [0.0; 3];
        for i in k..3 {
            v[i] = r[i][k];
        }
        v[k] += sign * norm;
        let mut vv = 0.0;
        for i in k..3 {
            vv += v[i] * v[i];
        }
        for j in k..3 {
            let mut projection = 0.0;
            for i in k..3 {
                projection += v[i] * r[i][j];
            }
            for i in k..3 {
                r[i][j] -= 2.0 * projection / vv * v[i];
            }
        }
    }
    r[0][0].abs().ln() + r[1][1] * r[0][2] + r[2][2].abs()
}
sample!(
    householder,
    [[0.5..1.5, -0.5..0.5, -0.5..0.5], [-0.5..0.5, 0.5..1.5, -0.5..0.5], [-0.5..0.5, -0.5..0.5, 0.5..1.5]]
);

/// Rotations until a symmetric matrix is nearly diagonal.
#[derivative]
pub fn jacobi_eigenvalues(a: &[[f64; 3]; 3]) -> f64 {
    let mut m = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            m[i][j] = 0.5 * (a[i][j] + a[j][i]);
        }
        m[i][i] += 2.0 * i as f64;
    }
    for _ in 0..3 {
        for p in 0..2 {
            for q in p + 1..3 {
                let theta = 0.5 * (2.0 * m[p][q]).atan2(m[q][q] - m[p][p]);
                let (s, c) = theta.sin_cos();
                for k in 0..3 {
                    let (u, v) = (m[k][p], m[k][q]);
                    m[k][p] = c * u - s * v;
                    m[k][q] = s * u + c * v;
                }
                for k in 0..3 {
                    let (u, v) = (m[p][k], m[q][k]);
                    m[p][k] = c * u - s * v;
                    m[q][k] = s * u + c * v;
                }
            }
        }
    }
    m[0][0] * m[1][1] - m[2][2] * m[2][2]
}
sample!(jacobi_eigenvalues, [[-0.5..0.5; 3]; 3]);

/// Neighbours lifted by strides that double.
#[derivative]
pub fn wavelet_in_place(x: &mut [f64], threshold: f64) -> f64 {
    let n = x.len();
    let mut stride = 1;
    while 2 * stride <= n {
        let mut i = 0;
        while i + stride < n {
            x[i + stride] -= x[i];
            x[i] += 0.5 * x[i + stride];
            i += 2 * stride;
        }
        stride *= 2;
    }
    let mut energy = 0.0;
    for v in x.iter() {
        energy += (v * v - threshold).max(0.0);
    }
    energy
}
sample!(wavelet_in_place, [-1.0..1.0; [0, 1, 4, 8]], 0.01..0.1);

/// Extrapolations of the trapezoidal rule, in a triangle.
#[derivative]
pub fn romberg(a: f64, b: f64, levels: usize) -> f64 {
    let mut r = vec![0.0; levels * levels];
    for k in 0..levels {
        let n = 1 << k;
        let h = (b - a) / n as f64;
        let mut sum = 0.5 * (a.exp().sin() + b.exp().sin());
        for i in 1..n {
            sum += (a + i as f64 * h).exp().sin();
        }
        r[k * levels] = sum * h;
        let mut power = 1.0;
        for j in 1..=k {
            power *= 4.0;
            r[k * levels + j] =
                r[k * levels + j - 1] + (r[k * levels + j - 1] - r[(k - 1) * levels + j - 1]) / (power - 1.0);
        }
    }
    r[levels * levels - 1]
}
sample!(romberg, -1.0..0.0, 0.2..1.0, [1, 2, 4]);

/// Neville's scheme, in place.
#[derivative]
pub fn neville(x: &[f64; 4], y: &[f64; 4], at: f64) -> f64 {
    let mut p = *y;
    for k in 1..4 {
        for i in 0..4 - k {
            p[i] = ((at - x[i + k]) * p[i] + (x[i] - at) * p[i + 1]) / (x[i] - x[i + k]);
        }
    }
    p[0]
}
sample!(neville, [0.0..0.5, 1.0..1.5, 2.0..2.5, 3.0..3.5], [-1.0..1.0; 4], 0.0..3.0);

/// A natural cubic spline: a tridiagonal solve, then the interval that the point lies in.
#[derivative]
pub fn cubic_spline(y: &[f64], at: f64) -> f64 {
    let n = y.len();
    let mut m = vec![0.0; n];
    let mut c = vec![0.0; n];
    for i in 1..n - 1 {
        let d = 6.0 * (y[i + 1] - 2.0 * y[i] + y[i - 1]);
        let w = 4.0 - c[i - 1];
        c[i] = 1.0 / w;
        m[i] = (d - m[i - 1]) / w;
    }
    for i in (1..n - 1).rev() {
        m[i] -= c[i] * m[i + 1];
    }
    let x = at * (n - 1) as f64;
    let i = (x as usize).min(n - 2);
    let (t, s) = (x - i as f64, 1.0 - (x - i as f64));
    s * y[i] + t * y[i + 1] + ((s * s * s - s) * m[i] + (t * t * t - t) * m[i + 1]) / 6.0
}
sample!(cubic_spline, [-1.0..1.0; [2, 3, 6]], 0.0..1.0);

/// Updates of an element by itself, under indices that meet.
#[derivative]
pub fn elements_by_themselves(x: &[f64; 4], p: &[usize]) -> f64 {
    let mut a = *x;
    for &i in p {
        for &j in p {
            a[i] += a[j];
            a[j] *= a[i];
            a[i] -= 0.5 * a[j] * a[i];
            a[j] = a[i] * 0.3 + x[j];
        }
        a[i] /= 2.0 + a[i] * a[i];
        a[i] = -a[i];
    }
    a[0] + 2.0 * a[1] + a[2] * a[3]
}
sample!(elements_by_themselves, [-0.5..0.5; 4], [&[0, 1][..], &[2, 2, 3][..], &[][..], &[1, 0, 3, 1][..]]);

/// The length of a vector comes from an active number.
#[derivative]
pub fn length_from_a_number(x: f64, y: f64) -> f64 {
    let n = (x.abs() * 3.0) as usize + 1;
    let mut a = vec![0.0; 0];
    let mut powers = vec![1.0; n];
    for i in 1..n {
        powers[i] = powers[i - 1] * y;
    }
    let mut sum = x;
    for p in &powers {
        sum += p * x;
    }
    for i in 0..a.len() {
        a[i] = sum;
    }
    sum
}
sample!(length_from_a_number, -1.3..1.3, -1.0..1.0);

/// Particles and weights, resampled by an index that runs along a cumulated sum.
#[derivative]
pub fn systematic_resampling(x: &[f64; 5], spread: f64) -> f64 {
    let mut cumulated = [0.0; 5];
    let mut total = 0.0;
    for i in 0..5 {
        total += (-x[i] * x[i] / spread).exp();
        cumulated[i] = total;
    }
    let mut chosen = [0.0; 5];
    let mut j = 0;
    for i in 0..5 {
        let u = (i as f64 + 0.5) / 5.0;
        while j < 4 && cumulated[j] / total < u {
            j += 1;
        }
        chosen[i] = x[j] * (1.0 + 0.1 * i as f64);
    }
    let mut mean = 0.0;
    for v in chosen {
        mean += v;
    }
    mean * total
}
sample!(systematic_resampling, [-1.0..1.0; 5], 0.5..1.5);

/// Two heads of a list merged.
#[derivative]
pub fn merged_lists(x: &[f64], y: &[f64]) -> f64 {
    let mut out = vec![0.0; x.len() + y.len()];
    let (mut i, mut j) = (0, 0);
    for k in 0..out.len() {
        let first = j >= y.len() || (i < x.len() && x[i] < y[j]);
        if first {
            out[k] = x[i];
            i += 1;
        } else {
            out[k] = y[j];
            j += 1;
        }
    }
    let mut value = 0.0;
    for (k, v) in out.iter().enumerate() {
        value += v * v * (k + 1) as f64;
    }
    value
}
sample!(merged_lists, [-1.0..1.0; [0, 3]], [-1.0..1.0; [2, 4]]);

/// Zeros until the loop writes through references.
#[derivative]
pub fn filled_through_iter_mut(x: f64, y: f64, n: usize) -> f64 {
    let mut a = vec![0.0; n];
    let mut carry = x;
    for (i, v) in a.iter_mut().enumerate() {
        *v = carry * y + i as f64;
        carry = *v * 0.5;
    }
    let mut sum = carry;
    for v in &mut a {
        *v = *v * *v;
        sum += *v;
    }
    sum
}
sample!(filled_through_iter_mut, -1.0..1.0, -1.0..1.0, [0, 1, 4]);
