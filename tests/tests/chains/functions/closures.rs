//! Closures that are called where they are defined.

use diff_runtime::derivative;

#[derivative]
pub fn captures(x: f64, y: f64, k: i32) -> f64 {
    let scale = k as f64;
    let f = |t: f64| scale * t * y;
    let g = |a, b| f(a) + f(b) * x;
    g(x, y) * f(2.0)
}
sample!(captures, -1.0..1.0, -1.0..1.0, [1, 2]);

#[derivative]
pub fn patterns(x: f64, y: f64) -> f64 {
    let norm = |(a, b): (f64, f64)| (a * a + b * b).sqrt();
    let swap = |a: &f64, b: &f64| (*b, *a);
    let (u, v) = swap(&x, &y);
    norm((x, y)) + norm((u + 1.0, 2.0 * v))
}
sample!(patterns, 0.1..1.0, 0.1..1.0);

#[derivative]
pub fn mutates(x: f64, y: f64) -> f64 {
    let mut total = x;
    let mut calls = 0.0;
    let mut add = |t: f64| {
        total += t * t;
        calls += 1.0;
        total
    };
    let a = add(y);
    let b = add(x * y);
    a * b + total * calls
}
sample!(mutates, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn early(x: f64, y: f64) -> f64 {
    let limited = |t: f64| {
        if t > 0.5 {
            return t.ln();
        }
        for k in 1..4 {
            if t * k as f64 > 0.4 {
                return t * k as f64;
            }
        }
        t * t
    };
    limited(x) * y + limited(y) + limited(0.3)
}
sample!(early, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn by_value(x: f64, y: f64) -> f64 {
    let mut a = x;
    let f = move |t: f64| t * a;
    a = y;
    f(y) + a
}
sample!(by_value, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn lent(x: f64, y: f64) -> f64 {
    let mut total = 1.0;
    let add = |target: &mut f64, t: f64| *target += t * x;
    add(&mut total, y);
    add(&mut total, y * y);
    total.ln()
}
sample!(lent, 0.1..1.0, 0.1..1.0);

/// The classical method of Runge and Kutta, with the right side as a closure.
#[derivative]
pub fn runge_kutta(y0: f64, rate: f64, steps: usize) -> f64 {
    let f = |t: f64, y: f64| -rate * y + t.sin();
    let h = 0.1;
    let mut y = y0;
    for k in 0..steps {
        let t = k as f64 * h;
        let k1 = f(t, y);
        let k2 = f(t + 0.5 * h, y + 0.5 * h * k1);
        let k3 = f(t + 0.5 * h, y + 0.5 * h * k2);
        let k4 = f(t + h, y + h * k3);
        y += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
    }
    y
}
sample!(runge_kutta, -1.0..1.0, 0.1..1.0, [0, 1, 5]);

#[derivative]
pub fn simpson(a: f64, b: f64, w: f64) -> f64 {
    let f = |x: f64| (w * x).sin() / (1.0 + x * x);
    let n = 8;
    let h = (b - a) / n as f64;
    let inner: f64 = (1..n).map(|i| if i % 2 == 0 { 2.0 } else { 4.0 } * f(a + i as f64 * h)).sum();
    h / 3.0 * (f(a) + inner + f(b))
}
sample!(simpson, -1.0..0.0, 0.5..1.0, 0.5..2.0);

#[derivative]
pub fn newton(c: f64) -> f64 {
    let f = |x: f64| x * x * x - c;
    let df = |x: f64| 3.0 * x * x;
    let step = |x: f64| x - f(x) / df(x);
    (0..6).fold(1.0, |x, _| step(x))
}
sample!(newton, 0.5..2.0);

#[derivative]
pub fn immediately(x: f64) -> f64 {
    (|t: f64| t * t + 3.0 * x)(x.sin())
}
sample!(immediately, -1.0..1.0);

/// What a closure changes is carried through the loops that call it, be it through another closure or in a condition.
#[derivative]
pub fn changes_in_loops(x: &[f64], n: usize) -> f64 {
    let mut total = 0.0;
    let mut product = 1.0;
    let mut add = |t: f64| total += t * t;
    for i in 0..n {
        if i % 2 == 0 {
            add(x[i % x.len()]);
        }
    }
    x.iter().for_each(|v| {
        add(v * 3.0);
        add(*v);
    });
    let mut scale = |t: f64| {
        product *= t + 2.0;
        product
    };
    let mut twice = |t: f64| scale(t) + scale(t * t);
    let mut sum = 0.0;
    for v in x {
        sum += twice(*v);
    }
    let mut level = x[0].exp();
    let mut lower = || {
        level *= 0.7;
        level
    };
    while lower() > 0.5 {
        sum += 0.1;
    }
    total * sum + product + level
}
sample!(changes_in_loops, [-1.0..1.0; [1, 4]], [0, 1, 5]);
