//! Functions that call functions: in expressions, loops and branches, nested, recursive, under other names.

use diff_runtime::derivative;

use self::parts::{damped, damped as renamed};

/// The functions that are called.
mod parts {
    use diff_runtime::derivative;

    #[derivative(hvp)]
    pub fn square(x: f64) -> f64 {
        x * x
    }

    #[derivative(hvp)]
    pub fn damped(x: f64, rate: f64) -> f64 {
        (-rate * x).exp() * x.sin()
    }

    /// Differentiable in a constant and an integer of its own.
    #[derivative(hvp)]
    pub fn scaled(x: f64, n: usize, factor: f64) -> f64 {
        factor * x.powi(3) / n as f64
    }

    /// Its own companions are those of `x` alone; for callers it varies with both.
    #[derivative(wrt(x), hvp)]
    pub fn of_one(x: f64, y: f64) -> f64 {
        x * y.sin()
    }

    /// Infinite slope at zero.
    #[derivative(hvp)]
    pub fn root(x: f64) -> f64 {
        x.sqrt()
    }

    pub mod deeper {
        use diff_runtime::derivative;

        #[derivative(hvp)]
        pub fn logistic(x: f64) -> f64 {
            1.0 / (1.0 + (-x).exp())
        }
    }

    /// A polar point.
    #[derivative(order = 2)]
    pub fn polar(r: f64, angle: f64) -> (f64, f64) {
        (r * angle.cos(), r * angle.sin())
    }

    #[derivative(order = 2)]
    pub fn powers(x: f64) -> [f64; 3] {
        [x, x * x, x.powi(3)]
    }
}

#[derivative(hvp)]
pub fn call(x: f64) -> f64 {
    parts::square(x.sin())
}
sample!(call, -2.0..2.0);

#[derivative(hvp)]
pub fn calls_in_arguments(x: f64) -> f64 {
    parts::deeper::logistic(parts::square(damped(x, 0.5)) + 1.0)
}
sample!(calls_in_arguments, -2.0..2.0);

#[derivative(hvp)]
pub fn call_under_another_name(x: f64, y: f64) -> f64 {
    renamed(x, y) * y + self::parts::square(x)
}
sample!(call_under_another_name, -2.0..2.0, 0.1..1.0);

#[derivative(hvp)]
pub fn call_with_constants(x: f64, n: usize) -> f64 {
    parts::scaled(x, n + 1, 2.0) + parts::scaled(2.0, 3, x)
}
sample!(call_with_constants, -2.0..2.0, [0, 1, 2]);

#[derivative(hvp)]
pub fn call_beyond_wrt(x: f64, y: f64) -> f64 {
    parts::of_one(y, x) + parts::of_one(x, 0.5) + parts::of_one(0.5, y)
}
sample!(call_beyond_wrt, -2.0..2.0, -2.0..2.0);

#[derivative(hvp)]
pub fn call_in_loop(x: f64, n: usize) -> f64 {
    let mut y = x;
    for i in 0..n {
        y = damped(y, 0.1) + parts::square(x) / (i + 2) as f64;
    }
    y
}
sample!(call_in_loop, -1.0..1.0, [0, 1, 5]);

#[derivative(hvp)]
pub fn call_in_sum(x: f64, y: f64, n: usize) -> f64 {
    let mut sum = 0.0;
    for i in 0..n {
        sum += damped(x * i as f64, y);
    }
    sum
}
sample!(call_in_sum, -1.0..1.0, 0.1..1.0, [0, 1, 5]);

#[derivative(hvp)]
pub fn call_in_while(x: f64) -> f64 {
    let mut y = x;
    while parts::square(y) < 50.0 {
        y = parts::square(y) + 1.1;
    }
    y
}
sample!(call_in_while, 0.1..2.0);

#[derivative(hvp)]
pub fn call_in_branch(x: f64, y: f64) -> f64 {
    let z = if x > y { damped(x, y) } else { parts::square(x) - y };
    if z < 0.0 {
        return parts::deeper::logistic(z);
    }
    z * parts::square(z)
}
sample!(call_in_branch, -1.0..1.0, -1.0..1.0);

#[derivative(hvp)]
pub fn call_in_branch_of_loop(x: f64, y: f64, n: usize) -> f64 {
    let mut s = y;
    for i in 0..n {
        if i % 2 == 0 {
            s += damped(s, x);
        } else {
            s = parts::square(s) * x;
        }
    }
    s
}
sample!(call_in_branch_of_loop, 0.1..1.0, 0.1..0.5, [0, 3, 6]);

#[derivative(hvp)]
pub fn call_of_tuple(x: f64, y: f64) -> f64 {
    let (a, b) = parts::polar(x, y * x);
    let (c, _) = parts::polar(a, 0.3);
    a * b + c
}
sample!(call_of_tuple, 0.5..2.0, -1.0..1.0);

#[derivative(hvp)]
pub fn call_of_array(x: f64) -> f64 {
    let [a, b, c] = parts::powers(x.cos());
    a - 2.0 * b + a * c
}
sample!(call_of_array, -2.0..2.0);

#[derivative(hvp)]
pub fn call_of_call(x: f64) -> f64 {
    call_in_loop(call(x), 3) + calls_in_arguments(x)
}
sample!(call_of_call, -1.0..1.0);

/// Once for each level of recursion.
#[derivative(hvp)]
pub fn recursive(x: f64, n: usize) -> f64 {
    if n == 0 {
        return x;
    }
    x.sin() * recursive(x * 0.9, n - 1) + 0.1
}
sample!(recursive, -2.0..2.0, [0, 1, 2, 8]);

#[derivative(hvp)]
pub fn even(x: f64, n: usize) -> f64 {
    if n == 0 { 1.0 } else { x * odd(x, n - 1) }
}
sample!(even, -2.0..2.0, [0, 1, 4]);

#[derivative(hvp)]
pub fn odd(x: f64, n: usize) -> f64 {
    if n == 0 { x.cos() } else { x + even(x.sin(), n - 1) }
}
sample!(odd, -2.0..2.0, [0, 1, 4]);

/// More parameters than are asked for one by one.
#[derivative(hvp)]
pub fn of_many(a: f64, b: f64, c: f64, d: f64, e: f64, f: f64) -> f64 {
    a * b.sin() + c * d / (e * e + f * f + 1.0)
}
sample!(of_many, -1.0..1.0, -1.0..1.0, -1.0..1.0, -1.0..1.0, -1.0..1.0, -1.0..1.0);

#[derivative(hvp)]
pub fn call_with_many(x: f64, y: f64) -> f64 {
    of_many(x, y, x * y, 2.0, y, x) + of_many(1.0, 2.0, 3.0, x, 0.5, 0.1)
}
sample!(call_with_many, -1.0..1.0, -1.0..1.0);

/// The floats of another type.
#[derivative(hvp)]
pub fn single(x: f32, y: f32) -> f32 {
    x * y.sin()
}
sample!(single, -1.0..1.0, -1.0..1.0);

#[derivative(hvp)]
pub fn call_of_single(x: f32) -> f32 {
    single(x, 0.5) + single(2.0, x * x)
}
sample!(call_of_single, -1.0..1.0);

/// The slope of the callee is not read where it is infinite.
#[derivative(hvp)]
pub fn call_at_singular_point(x: f64, y: f64) -> f64 {
    parts::root(x * x + y * y) + y
}
sample!(call_at_singular_point, 0.5..2.0, -1.0..1.0);
