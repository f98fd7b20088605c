//! `for` over integer ranges and `while` with counters: the trip count does not vary.

use diff_runtime::derivative;

#[derivative(hvp)]
pub fn power_series(x: f64) -> f64 {
    let mut sum = 0.0;
    for i in 0..8 {
        sum += x.powi(i) / f64::from(i + 1);
    }
    sum
}
sample!(power_series, 0.1..0.9);

/// A true recurrence: each step needs the value before it.
#[derivative(hvp)]
pub fn repeated_map(x: f64, r: f64, n: usize) -> f64 {
    let mut y = x;
    for _ in 0..n {
        y = r * y * (1.0 - y);
    }
    y
}
sample!(repeated_map, 0.1..0.9, 2.0..3.2, [0, 1, 4, 7]);

#[derivative(hvp)]
pub fn loop_carried_product(x: f64, y: f64) -> f64 {
    let mut product = 1.0;
    for k in 1..=6 {
        product *= x + y / k as f64;
    }
    product
}
sample!(loop_carried_product, 0.5..1.5, -1.0..2.0);

#[derivative(hvp)]
pub fn inclusive_range(x: f64, n: u32) -> f64 {
    let mut sum = 0.0;
    for k in 1..=n {
        sum += (x * f64::from(k)).sin() / f64::from(k);
    }
    sum
}
sample!(inclusive_range, -2.0..2.0, [0, 1, 5]);

#[derivative(hvp)]
pub fn stepped_range(x: f64) -> f64 {
    let mut y = x;
    for k in (1..10).step_by(3) {
        y += y * x / k as f64;
    }
    y
}
sample!(stepped_range, -1.0..1.0);

#[derivative(hvp)]
pub fn reversed_range(x: f64, n: i32) -> f64 {
    let mut fraction = 1.0;
    for k in (1..=n).rev() {
        fraction = 1.0 + x / (k as f64 + fraction);
    }
    fraction
}
sample!(reversed_range, 0.1..2.0, [1, 4, 9]);

#[derivative(hvp)]
pub fn reversed_and_stepped(x: f64) -> f64 {
    let mut y = 1.0;
    for k in (0..12).rev().step_by(4) {
        y = y * x + f64::from(k);
    }
    y
}
sample!(reversed_and_stepped, -1.0..1.0);

#[derivative(hvp)]
pub fn nested_sums(x: f64, y: f64, n: usize) -> f64 {
    let mut total = 0.0;
    for i in 0..n {
        let a = x * (i + 1) as f64;
        for j in 0..=i {
            total += (a - y * j as f64).sin() * a;
        }
    }
    total
}
sample!(nested_sums, -1.0..1.0, -1.0..1.0, [0, 1, 4]);

#[derivative(hvp)]
pub fn nested_recurrences(x: f64, y: f64) -> f64 {
    let mut a = x;
    let mut b = y;
    for i in 0..4 {
        for j in 0..3 {
            a = (a * b).cos() + 0.1 * (i * j) as f64;
            b += a * x;
        }
        b *= 0.5;
    }
    a * b
}
sample!(nested_recurrences, -1.0..1.0, 0.2..1.0);

#[derivative(hvp)]
pub fn inner_recurrence_restarts(x: f64, n: usize) -> f64 {
    let mut sum = 0.0;
    for i in 0..n {
        let mut term = 1.0;
        for _ in 0..i {
            term *= x;
        }
        sum += term;
    }
    sum
}
sample!(inner_recurrence_restarts, 0.3..1.2, [0, 2, 6]);

#[derivative(hvp)]
pub fn triple_nest(x: f64) -> f64 {
    let mut s = x;
    for i in 0..3 {
        for j in i..3 {
            for k in 0..=j {
                s = s * 0.9 + (x * (i + j + k) as f64).sin();
            }
        }
    }
    s
}
sample!(triple_nest, -1.0..1.0);

#[derivative(hvp)]
pub fn branch_in_loop(x: f64, y: f64) -> f64 {
    let mut s = x;
    for i in 0..10 {
        if i % 3 == 0 {
            s += y * s;
        } else if s > 1.0 {
            s = s.sqrt();
        } else {
            s *= 1.3;
        }
    }
    s
}
sample!(branch_in_loop, 0.4..1.4, 0.1..0.5);

#[derivative(hvp)]
pub fn counted_while(x: f64) -> f64 {
    let mut i = 0;
    let mut y = x;
    while i < 5 {
        y = y.sin() + x;
        i += 1;
    }
    y
}
sample!(counted_while, -2.0..2.0);

#[derivative(hvp)]
pub fn while_counting_down(x: f64, n: usize) -> f64 {
    let mut left = n;
    let mut result = 1.0;
    let mut base = x;
    while left > 0 {
        if left % 2 == 1 {
            result *= base;
        }
        base *= base;
        left /= 2;
    }
    result
}
sample!(while_counting_down, 0.5..1.4, [0, 1, 6, 11]);

/// Euler's method for a pendulum.
#[derivative(hvp)]
pub fn euler_pendulum(angle: f64, velocity: f64, damping: f64, steps: usize) -> f64 {
    let dt = 0.05;
    let mut q = angle;
    let mut v = velocity;
    for _ in 0..steps {
        let a = -q.sin() - damping * v;
        v += a * dt;
        q += v * dt;
    }
    0.5 * v * v + (1.0 - q.cos())
}
sample!(euler_pendulum, -1.0..1.0, -1.0..1.0, 0.0..0.5, [0, 20, 50]);

/// The classical method of Runge and Kutta.
#[derivative(hvp)]
pub fn runge_kutta(y0: f64, rate: f64) -> f64 {
    let (mut t, mut y) = (0.0, y0);
    let h = 0.1;
    for _ in 0..10 {
        let k1 = rate * y * (1.0 - y) + t;
        let y2 = y + 0.5 * h * k1;
        let k2 = rate * y2 * (1.0 - y2) + (t + 0.5 * h);
        let y3 = y + 0.5 * h * k2;
        let k3 = rate * y3 * (1.0 - y3) + (t + 0.5 * h);
        let y4 = y + h * k3;
        let k4 = rate * y4 * (1.0 - y4) + (t + h);
        y += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        t += h;
    }
    y
}
sample!(runge_kutta, 0.1..0.5, 0.5..2.0);

#[derivative(hvp)]
pub fn simpson_rule(a: f64, b: f64, intervals: usize) -> f64 {
    let n = 2 * intervals;
    let h = (b - a) / n as f64;
    let mut sum = (-a * a).exp() + (-b * b).exp();
    for i in 1..n {
        let x = a + i as f64 * h;
        let weight = if i % 2 == 1 { 4.0 } else { 2.0 };
        sum += weight * (-x * x).exp();
    }
    sum * h / 3.0
}
sample!(simpson_rule, -1.0..0.0, 0.5..1.5, [1, 4, 9]);

/// Chebyshev's polynomial by its recurrence.
#[derivative(hvp)]
pub fn chebyshev(x: f64, n: usize) -> f64 {
    let mut previous = 1.0;
    let mut current = x;
    if n == 0 {
        return previous;
    }
    for _ in 1..n {
        let next = 2.0 * x * current - previous;
        previous = current;
        current = next;
    }
    current
}
sample!(chebyshev, -0.9..0.9, [0, 1, 2, 7]);

#[derivative(hvp)]
pub fn loop_over_constant_only(x: f64, n: usize) -> f64 {
    let mut factor = 1.0;
    for k in 1..=n {
        factor *= k as f64;
    }
    x / factor + factor.ln()
}
sample!(loop_over_constant_only, -1.0..1.0, [0, 3, 6]);

#[derivative(hvp)]
pub fn loop_overwrites_with_constant(x: f64) -> f64 {
    let mut y = x;
    let mut sum = 0.0;
    for i in 0..5 {
        sum += y * y;
        y = if i == 2 { 0.25 } else { y * x + 1.0 };
    }
    sum + y
}
sample!(loop_overwrites_with_constant, -1.0..1.0);

#[derivative(hvp)]
pub fn last_iteration_wins(x: f64, n: usize) -> f64 {
    let mut last = x;
    for i in 0..n {
        last = x * (i as f64 + 0.5);
    }
    last * last
}
sample!(last_iteration_wins, -1.0..1.0, [0, 1, 4]);

#[derivative(hvp)]
pub fn two_loops_in_sequence(x: f64, y: f64) -> f64 {
    let mut a = x;
    for _ in 0..4 {
        a = a * a - y;
    }
    let mut b = a;
    for k in 0..3 {
        b = b.sin() + a * k as f64;
    }
    a + b
}
sample!(two_loops_in_sequence, -0.6..0.6, 0.2..0.8);

#[derivative(hvp)]
pub fn loop_in_branch(x: f64, y: f64) -> f64 {
    let mut s = y;
    if x > 0.0 {
        for _ in 0..5 {
            s = (s + x / s) / 2.0;
        }
    } else {
        for k in 1..4 {
            s += x * k as f64 * s;
        }
    }
    s * x
}
sample!(loop_in_branch, -1.0..1.0, 0.5..2.0);

#[derivative(hvp)]
pub fn empty_range(x: f64) -> f64 {
    let mut y = x;
    for i in 5..5 {
        y *= i as f64;
    }
    y * y
}
sample!(empty_range, -1.0..1.0);

#[derivative(hvp)]
pub fn bounds_from_expressions(x: f64, n: usize, m: usize) -> f64 {
    let mut s = x;
    for i in n.min(m)..(n + m) / 2 + 1 {
        s += (s * i as f64).cos();
    }
    s
}
sample!(bounds_from_expressions, -1.0..1.0, [0, 2, 3], [1, 4]);

#[derivative(hvp)]
pub fn swapped_each_step(x: f64, y: f64) -> f64 {
    let mut a = x;
    let mut b = y;
    for _ in 0..5 {
        let t = a;
        a = b * 0.9;
        b = t + a * x;
    }
    a - b * b
}
sample!(swapped_each_step, -1.0..1.0, -1.0..1.0);

#[derivative(hvp)]
pub fn parameter_overwritten_in_loop(mut x: f64, y: f64) -> f64 {
    for _ in 0..4 {
        x = x.sin() * y + x;
    }
    x * y
}
sample!(parameter_overwritten_in_loop, -1.0..1.0, 0.2..1.0);

#[derivative(hvp)]
pub fn running_maximum(x: f64, y: f64) -> f64 {
    let mut best = x;
    for k in 0..6 {
        let candidate = (y * k as f64).sin() + 0.1 * x * k as f64;
        best = best.max(candidate);
    }
    best
}
sample!(running_maximum, -0.8..0.8, 0.2..2.0);
