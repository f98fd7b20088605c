//! Loops whose trip counts depend on the data: iterations until convergence.

use diff_runtime::derivative;

/// Heron's method.
#[derivative]
pub fn newton_root(a: f64) -> f64 {
    let mut x = a;
    while (x * x - a).abs() > 1e-14 * a {
        x = 0.5 * (x + a / x);
    }
    x
}
sample!(newton_root, 0.3..6.0);

/// Kepler's equation by Newton's method: the eccentric anomaly.
#[derivative]
pub fn kepler(mean_anomaly: f64, eccentricity: f64) -> f64 {
    let mut e = mean_anomaly;
    for _ in 0..50 {
        let step = (e - eccentricity * e.sin() - mean_anomaly) / (1.0 - eccentricity * e.cos());
        e -= step;
        if step.abs() < 1e-13 {
            break;
        }
    }
    e
}
sample!(kepler, 0.2..3.0, 0.05..0.7);

/// The interval halves on a comparison; the derivative comes from the ends alone.
#[derivative]
pub fn bisection(low: f64, high: f64, target: f64) -> f64 {
    let (mut a, mut b) = (low, high);
    while b - a > 0.1 {
        let middle = 0.5 * (a + b);
        if middle * middle < target {
            a = middle;
        } else {
            b = middle;
        }
    }
    a + (target - a * a) * (b - a) / (b * b - a * a)
}
sample!(bisection, 0.0..0.5, 2.5..3.0, 1.0..4.0);

/// The arithmetic-geometric mean.
#[derivative]
pub fn agm(x: f64, y: f64) -> f64 {
    let (mut a, mut g) = (x, y);
    while (a - g).abs() > 1e-13 * a {
        let mean = (a + g) / 2.0;
        g = (a * g).sqrt();
        a = mean;
    }
    a
}
sample!(agm, 0.5..3.0, 0.5..3.0);

/// The exponential by its series, until a term is negligible.
#[derivative]
pub fn exponential_series(x: f64) -> f64 {
    let mut sum = 1.0;
    let mut term = 1.0;
    let mut n = 1;
    loop {
        term *= x / n as f64;
        sum += term;
        if term.abs() < 1e-17 * sum {
            break;
        }
        n += 1;
    }
    sum
}
sample!(exponential_series, 0.1..3.0);

/// Bessel's function of order zero by its series.
#[derivative]
pub fn bessel_j0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term: f64 = 1.0;
    let mut sum = term;
    let mut k = 0.0;
    while term.abs() > 1e-18 {
        k += 1.0;
        term *= -quarter / (k * k);
        sum += term;
    }
    sum
}
sample!(bessel_j0, 0.3..4.0);

/// Steps until a bound is passed.
#[derivative]
pub fn doubling_time(rate: f64, start: f64) -> f64 {
    let mut amount = start;
    let mut years = 0;
    while amount < 2.0 {
        amount *= 1.0 + rate;
        years += 1;
    }
    amount / years as f64
}
sample!(doubling_time, 0.05..0.3, 0.5..1.5);

#[derivative]
pub fn fixed_point(x: f64) -> f64 {
    let mut y = 0.5;
    loop {
        let next = (x * y).cos();
        let change = (next - y).abs();
        y = next;
        if change < 1e-14 {
            break y;
        }
    }
}
sample!(fixed_point, 0.1..0.7);

/// Division by repeated subtraction: the count is an integer, the rest varies.
#[derivative]
pub fn remainder_by_subtraction(x: f64, y: f64) -> f64 {
    let mut rest = x;
    let mut count = 0usize;
    while rest >= y {
        rest -= y;
        count += 1;
    }
    rest * (count + 1) as f64
}
sample!(remainder_by_subtraction, 2.0..5.0, 0.6..0.9);

/// Steffensen's acceleration in every round of an iteration.
#[derivative]
pub fn steffensen(target: f64) -> f64 {
    let mut x = 1.0;
    let mut round = 0;
    loop {
        let f = x * x * x - target;
        if f.abs() < 1e-12 || round >= 60 {
            return x;
        }
        let g = (x + f).powi(3) - target;
        x -= f * f / (g - f);
        round += 1;
    }
}
sample!(steffensen, 0.8..1.4);

/// A root by the secant method.
#[derivative]
pub fn secant_method(c: f64) -> f64 {
    let (mut x0, mut x1): (f64, f64) = (0.0, 1.0);
    let mut f0 = x0 - c * f64::cos(x0);
    for _ in 0..40 {
        let f1 = x1 - c * x1.cos();
        if (x1 - x0).abs() < 1e-12 {
            break;
        }
        let x2 = x1 - f1 * (x1 - x0) / (f1 - f0);
        x0 = x1;
        f0 = f1;
        x1 = x2;
    }
    x1
}
sample!(secant_method, 0.3..0.9);

/// The steps of a walk shrink by what the walk has seen.
#[derivative]
pub fn adaptive_integration(rate: f64, end: f64) -> f64 {
    let (mut t, mut y) = (0.0, 1.0);
    let mut h = 0.1;
    while t < end {
        if t + h > end {
            h = end - t;
        }
        let slope = -rate * y + t;
        let trial = y + h * slope;
        let better = y + 0.5 * h * (slope + (-rate * trial + t + h));
        if (better - trial).abs() > 0.01 {
            h *= 0.5;
            continue;
        }
        t += h;
        y = better;
    }
    y
}
sample!(adaptive_integration, 0.5..2.0, 0.7..1.3);

/// Collatz on an inactive integer beside an active value.
#[derivative]
pub fn collatz_weighted(x: f64, start: u64) -> f64 {
    let mut n = start;
    let mut y = x;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        y += (y * 0.1).sin() / n as f64;
    }
    y
}
sample!(collatz_weighted, -1.0..1.0, [1, 6, 7, 9]);

/// Nested iteration: a root within a root.
#[derivative]
pub fn newton_within_newton(a: f64) -> f64 {
    let mut x = 1.0;
    for _ in 0..30 {
        let mut r: f64 = 1.0;
        for _ in 0..30 {
            let next = 0.5 * (r + (1.0 + x) / r);
            if (next - r).abs() < 1e-13 {
                r = next;
                break;
            }
            r = next;
        }
        let f = x * r - a;
        let slope = r + 0.5 * x / r;
        x -= f / slope;
        if f.abs() < 1e-11 {
            break;
        }
    }
    x
}
sample!(newton_within_newton, 0.5..3.0);
