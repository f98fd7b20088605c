//! Gradients of functions of arrays against finite differences.
#![allow(missing_docs)]
use diff_runtime::derivative;

#[derivative]
pub fn rosenbrock(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
    }
    sum
}

#[derivative]
pub fn smooth(x: &[f64], k: f64) -> f64 {
    let mut a = vec![0.0; x.len()];
    for (i, v) in x.iter().enumerate() {
        a[i] = v * k;
    }
    for i in 1..x.len() - 1 {
        a[i] = 0.5 * a[i - 1] + 0.25 * a[i] + a[i + 1].sin();
    }
    let mut p = 1.0;
    for (u, v) in a.iter().zip(x) {
        p *= u + v + 2.0;
    }
    p.ln()
}

#[derivative]
pub fn layers(w: &[[f64; 3]; 2], b: [f64; 2], x: &[f64; 3]) -> f64 {
    let mut total = 0.0;
    for i in 0..2 {
        let mut z = b[i];
        for j in 0..3 {
            z += w[i][j] * x[j];
        }
        total += z.tanh() * z;
    }
    total.sqrt()
}

#[derivative]
pub fn stencil(mut u: Vec<f64>, steps: usize) -> f64 {
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

#[derivative]
pub fn per_iteration_array(x: &[f64]) -> f64 {
    let mut s = 1.0;
    for i in 0..x.len() {
        let mut powers = [1.0; 4];
        for k in 1..4 {
            powers[k] = powers[k - 1] * x[i] * s;
        }
        s = s * 0.5 + powers[1] - powers[3] * 0.1 + powers[2].cos();
    }
    s
}

#[derivative]
pub fn bubble(x: &[f64; 4]) -> f64 {
    let mut a = *x;
    for i in 0..4 {
        for j in 0..3 - i {
            if a[j] > a[j + 1] {
                let t = a[j];
                a[j] = a[j + 1];
                a[j + 1] = t;
            }
        }
    }
    a[0] * 1.0 + a[1] * 20.0 + a[2] * 300.0 + a[3].powi(2)
}

fn difference(f: &dyn Fn(&[f64]) -> f64, x: &[f64], k: usize) -> f64 {
    let h = 1e-6;
    let mut up = x.to_vec();
    let mut down = x.to_vec();
    up[k] += h;
    down[k] -= h;
    (f(&up) - f(&down)) / (2.0 * h)
}

fn agree(name: &str, f: &dyn Fn(&[f64]) -> f64, x: &[f64], g: &[f64]) {
    for k in 0..x.len() {
        let expected = difference(f, x, k);
        assert!((g[k] - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{name}[{k}]: {} but {expected}", g[k]);
    }
}

#[test]
fn gradients_agree_with_differences() {
    let x = [0.3, -0.7, 1.1, 0.9, -0.2];
    let (v, g) = rosenbrock::value_and_gradient(&x);
    assert_eq!(v.to_bits(), rosenbrock(&x).to_bits());
    agree("rosenbrock", &rosenbrock, &x, &g);
    let mut buffer = vec![9.0; 5];
    rosenbrock::gradient_into(&x, &mut buffer);
    assert_eq!(buffer, g);

    let (v, (g, k)) = smooth::value_and_gradient(&x, 0.8);
    assert_eq!(v.to_bits(), smooth(&x, 0.8).to_bits());
    agree("smooth", &|x| smooth(x, 0.8), &x, &g);
    agree("smooth k", &|k| smooth(&x, k[0]), &[0.8], &[k]);
    let (_, t) = smooth::jvp(&x, 0.8, &[1.0, 0.0, 2.0, 0.0, -1.0], 0.5);
    assert!((t - (g[0] + 2.0 * g[2] - g[4] + 0.5 * k)).abs() < 1e-12);

    let w = [[0.1, 0.5, -0.3], [1.0, 0.2, 0.7]];
    let (gw, gb, gx) = layers::gradient(&w, [0.3, 0.4], &[1.0, 0.5, 2.0]);
    let flat = |p: &[f64]| layers(&[[p[0], p[1], p[2]], [p[3], p[4], p[5]]], [p[6], p[7]], &[p[8], p[9], p[10]]);
    let point = [0.1, 0.5, -0.3, 1.0, 0.2, 0.7, 0.3, 0.4, 1.0, 0.5, 2.0];
    let all: Vec<f64> = gw.iter().flatten().chain(&gb).chain(&gx).copied().collect();
    agree("layers", &flat, &point, &all);

    let u = [1.0, 1.9, 0.5, 1.7, 0.2, 1.1];
    let g = stencil::gradient(u.to_vec(), 7);
    agree("stencil", &|u| stencil(u.to_vec(), 7), &u, &g);

    let g = per_iteration_array::gradient(&x);
    agree("per_iteration_array", &per_iteration_array, &x, &g);

    let a = [3.0, -1.0, 2.5, 0.5];
    let g = bubble::gradient(&a);
    agree("bubble", &|a| bubble(&[a[0], a[1], a[2], a[3]]), &a, &g);
}
