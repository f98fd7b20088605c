//! Steps of finite differences, convolutions and scans: neighbours that are read and written.

use diff_runtime::derivative;

/// From one array into another.
#[derivative]
pub fn heat_explicit(u: &[f64], r: f64, steps: usize) -> f64 {
    let n = u.len();
    let mut now = u.to_vec();
    for _ in 0..steps {
        let mut next = now.clone();
        for i in 1..n - 1 {
            next[i] = now[i] + r * (now[i - 1] - 2.0 * now[i] + now[i + 1]);
        }
        for i in 0..n {
            now[i] = next[i];
        }
    }
    let mut sum = 0.0;
    for v in &now {
        sum += v * v;
    }
    sum
}
sample!(heat_explicit, [-1.0..1.0; [2, 3, 7]], 0.1..0.4, [0, 1, 5]);

/// In place: the left neighbour is new, the right one old.
#[derivative]
pub fn gauss_seidel(u: &[f64], #[constant] f: &[f64], sweeps: usize) -> f64 {
    let mut v = u.to_vec();
    for _ in 0..sweeps {
        for i in 1..v.len() - 1 {
            v[i] = 0.5 * (v[i - 1] + v[i + 1] + f[i]) + 0.1 * v[i] * v[i];
        }
    }
    let mut sum = 0.0;
    for i in 0..v.len() {
        sum += v[i] * v[i];
    }
    sum
}
sample!(gauss_seidel, [-0.5..0.5; [3, 7]], [-0.2..0.2; [3, 7]], [0, 1, 3]);

/// Two levels of time in turn.
#[derivative]
pub fn wave_equation(start: &[f64; 6], c: f64) -> f64 {
    let mut before = *start;
    let mut now = *start;
    for _ in 0..5 {
        let mut after = [0.0; 6];
        for i in 1..5 {
            after[i] = 2.0 * now[i] - before[i] + c * c * (now[i + 1] - 2.0 * now[i] + now[i - 1]);
        }
        before = now;
        now = after;
    }
    now[1] * now[2] + now[3] - before[4]
}
sample!(wave_equation, [-1.0..1.0; 6], 0.2..0.8);

/// Upwind differences: the side depends on the sign of the speed.
#[derivative]
pub fn upwind_advection(u: &[f64], speed: &[f64], steps: usize) -> f64 {
    let n = u.len();
    let mut now = u.to_vec();
    for _ in 0..steps {
        let old = now.to_vec();
        for i in 1..n - 1 {
            let slope = if speed[i] > 0.0 { old[i] - old[i - 1] } else { old[i + 1] - old[i] };
            now[i] = old[i] - 0.3 * speed[i] * slope;
        }
    }
    let mut sum = 0.0;
    for i in 0..n {
        sum += now[i] * (i + 1) as f64 * now[i];
    }
    sum
}
sample!(upwind_advection, [-1.0..1.0; 6], [-1.0..1.0; 6], [0, 1, 4]);

/// Burgers' equation on a ring, in a `Vec` that the function owns.
#[derivative]
pub fn burgers(mut u: Vec<f64>, viscosity: f64) -> f64 {
    let n = u.len();
    for _ in 0..4 {
        let mut flux = vec![0.0; n];
        for i in 0..n {
            let right = (i + 1) % n;
            flux[i] = 0.25 * (u[i] * u[i] + u[right] * u[right]) - viscosity * (u[right] - u[i]);
        }
        for i in 0..n {
            u[i] -= 0.2 * (flux[i] - flux[(i + n - 1) % n]);
        }
    }
    let mut energy = 0.0;
    for v in u.iter() {
        energy += 0.5 * v * v;
    }
    energy
}
sample!(burgers, [-1.0..1.0; [1, 2, 6]], 0.1..0.5);

/// All in place, with a branch.
#[derivative]
pub fn limited_stencil_in_place(mut u: Vec<f64>, steps: usize) -> f64 {
    for _ in 0..steps {
        for i in 1..u.len() - 1 {
            u[i] += 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) * u[i];
            if u[i] > 1.5 {
                u[i] = 1.5 + 0.1 * (u[i] - 1.5);
            }
        }
    }
    let mut s = 0.0;
    for v in &u {
        s += v * v;
    }
    s
}
sample!(limited_stencil_in_place, [0.2..1.9; [2, 6]], [0, 1, 7]);

#[derivative]
pub fn convolution(signal: &[f64], kernel: &[f64]) -> f64 {
    let n = signal.len() + kernel.len() - 1;
    let mut out = vec![0.0; n];
    for (i, s) in signal.iter().enumerate() {
        for (j, k) in kernel.iter().enumerate() {
            out[i + j] += s * k;
        }
    }
    let mut sum = 0.0;
    for (i, v) in out.iter().enumerate() {
        sum += v.powi(2) * (i + 1) as f64;
    }
    sum
}
sample!(convolution, [-1.0..1.0; [1, 6]], [-1.0..1.0; [2, 3]]);

/// A step over a grid of two dimensions, with the border held.
#[derivative]
pub fn laplace_in_two_dimensions(u: &[[f64; 4]; 4], w: f64) -> f64 {
    let mut v = [[0.0; 4]; 4];
    for i in 0..4 {
        for j in 0..4 {
            v[i][j] = u[i][j];
        }
    }
    for _ in 0..2 {
        for i in 1..3 {
            for j in 1..3 {
                let average = 0.25 * (v[i - 1][j] + v[i + 1][j] + v[i][j - 1] + v[i][j + 1]);
                v[i][j] = (1.0 - w) * v[i][j] + w * average;
            }
        }
    }
    v[1][1] * v[2][2] + v[1][2] - v[2][1].powi(2) + v[0][1]
}
sample!(laplace_in_two_dimensions, [[-1.0..1.0; 4]; 4], 0.5..1.5);

#[derivative]
pub fn prefix_sums_in_place(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    for i in 1..a.len() {
        a[i] += a[i - 1];
    }
    let mut value = 0.0;
    for v in &a {
        value += v.sin();
    }
    value
}
sample!(prefix_sums_in_place, [-1.0..1.0; [1, 7]]);

/// The products of all others, by scans from both sides.
#[derivative]
pub fn products_of_all_others(x: &[f64]) -> f64 {
    let n = x.len();
    let mut left = vec![1.0; n];
    for i in 1..n {
        left[i] = left[i - 1] * x[i - 1];
    }
    let mut right = 1.0;
    let mut sum = 0.0;
    for i in (0..n).rev() {
        sum += left[i] * right;
        right *= x[i];
    }
    sum
}
sample!(products_of_all_others, [-1.5..1.5; [1, 2, 6]]);

/// A ladder of differences, in place from the end.
#[derivative]
pub fn divided_differences(x: &[f64; 4], y: &[f64; 4], at: f64) -> f64 {
    let mut c = *y;
    for k in 1..4 {
        for i in (k..4).rev() {
            c[i] = (c[i] - c[i - 1]) / (x[i] - x[i - k]);
        }
    }
    let mut value = c[3];
    for i in (0..3).rev() {
        value = value * (at - x[i]) + c[i];
    }
    value
}
sample!(divided_differences, [0.0..0.5, 1.0..1.5, 2.0..2.5, 3.0..3.5], [-1.0..1.0; 4], 0.0..3.0);

/// De Casteljau's triangle, in place.
#[derivative]
pub fn bezier(points: &[[f64; 2]; 4], t: f64) -> f64 {
    let mut p = [[0.0; 2]; 4];
    for i in 0..4 {
        for d in 0..2 {
            p[i][d] = points[i][d];
        }
    }
    for k in 1..4 {
        for i in 0..4 - k {
            for d in 0..2 {
                p[i][d] = (1.0 - t) * p[i][d] + t * p[i + 1][d];
            }
        }
    }
    p[0][0] * p[0][1] + p[0][1]
}
sample!(bezier, [[-1.0..1.0; 2]; 4], 0.1..0.9);

/// Elements doubled and shifted through a mutable iterator.
#[derivative]
pub fn scaled_through_iter_mut(x: &[f64], k: f64) -> f64 {
    let mut a = x.to_vec();
    for v in a.iter_mut() {
        *v *= k;
        *v += 1.0;
    }
    for (i, v) in a.iter_mut().enumerate() {
        *v = v.sin() * x[i];
    }
    let mut product = 1.0;
    for v in a {
        product *= v + 2.0;
    }
    product
}
sample!(scaled_through_iter_mut, [-1.0..1.0; [0, 1, 5]], -1.0..1.0);

/// Each element from itself and the sum of what was there: a scan with a scalar state.
#[derivative]
pub fn feedback_through_a_scalar(x: &mut [f64], gain: f64) -> f64 {
    let mut state = 0.0;
    for v in x.iter_mut() {
        *v = (*v - gain * state).tanh();
        state = 0.5 * state + *v;
    }
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i] * state;
    }
    sum
}
sample!(feedback_through_a_scalar, [-1.0..1.0; [0, 1, 6]], 0.2..0.8);
