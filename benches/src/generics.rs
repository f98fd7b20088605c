//! The same functions of a generic float type and of `f64`: at `f64` they must become the same code.

/// Functions that are generic in their float type.
pub mod generic {
    use diff_runtime::derivative;
    use num_traits::Float;

    /// The Rosenbrock function: a sum over neighbours.
    #[derivative]
    pub fn rosenbrock<T: Float>(x: &[T]) -> T {
        let hundred = T::from(100.0).unwrap();
        let mut sum = T::zero();
        for i in 0..x.len() - 1 {
            sum = sum + hundred * (x[i + 1] - x[i] * x[i]).powi(2) + (T::one() - x[i]).powi(2);
        }
        sum
    }

    /// A recurrence, whose iterations are recorded.
    #[derivative]
    pub fn recurrence<T: Float>(x: &[T]) -> T {
        let mut state = T::one();
        for v in x {
            state = (state * *v).sin() + state * T::from(0.5).unwrap();
        }
        state
    }

    /// The logarithm of a sum of exponentials.
    #[derivative]
    pub fn log_sum_exp<T: Float>(x: &[T]) -> T {
        let largest = x.iter().fold(T::neg_infinity(), |a, b| a.max(*b));
        let total = x.iter().fold(T::zero(), |sum, v| sum + (*v - largest).exp());
        total.ln() + largest
    }

    /// The price of a call option, but for the normal distribution: scalars.
    #[derivative(hvp)]
    pub fn option<T: Float>(price: T, strike: T, rate: T, time: T) -> T {
        let half = T::from(0.5).unwrap();
        let d = ((price / strike).ln() + (rate + half * rate * rate) * time) / (rate * time.sqrt());
        price * d.tanh() - strike * (-rate * time).exp() * (d - rate * time.sqrt()).tanh()
    }
}

/// The same functions of `f64`.
pub mod plain {
    use diff_runtime::derivative;

    /// The Rosenbrock function: a sum over neighbours.
    #[derivative]
    pub fn rosenbrock(x: &[f64]) -> f64 {
        let mut sum = 0.0;
        for i in 0..x.len() - 1 {
            sum = sum + 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
        }
        sum
    }

    /// A recurrence, whose iterations are recorded.
    #[derivative]
    pub fn recurrence(x: &[f64]) -> f64 {
        let mut state = 1.0;
        for v in x {
            state = (state * *v).sin() + state * 0.5;
        }
        state
    }

    /// The logarithm of a sum of exponentials.
    #[derivative]
    pub fn log_sum_exp(x: &[f64]) -> f64 {
        let largest = x.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
        let total = x.iter().fold(0.0, |sum, v| sum + (*v - largest).exp());
        total.ln() + largest
    }

    /// The price of a call option, but for the normal distribution: scalars.
    #[derivative(hvp)]
    pub fn option(price: f64, strike: f64, rate: f64, time: f64) -> f64 {
        let d = ((price / strike).ln() + (rate + 0.5 * rate * rate) * time) / (rate * time.sqrt());
        price * d.tanh() - strike * (-rate * time).exp() * (d - rate * time.sqrt()).tanh()
    }
}

/// A derivative, written into the array.
pub type Side = fn(&[f64], &mut [f64]) -> f64;

/// A derivative, of the generic function at `f64` and of the function of `f64`.
pub struct Case {
    /// The function, and which of its derivatives.
    pub name: &'static str,
    /// Generic, and not.
    pub sides: [Side; 2],
}

macro_rules! sides {
    ($name:literal, |$f:ident, $x:ident, $out:ident| $body:expr, $function:ident) => {
        Case {
            name: $name,
            sides: [
                |$x, $out| {
                    use generic::$function as $f;
                    $body
                },
                |$x, $out| {
                    use plain::$function as $f;
                    $body
                },
            ],
        }
    };
}

/// What is compared.
pub const CASES: &[Case] = &[
    sides!("rosenbrock, gradient", |f, x, out| f::value_and_gradient_into(x, out), rosenbrock),
    sides!("rosenbrock, forward", |f, x, out| f::jvp(x, out).1, rosenbrock),
    sides!("recurrence, gradient", |f, x, out| f::value_and_gradient_into(x, out), recurrence),
    sides!("recurrence, forward", |f, x, out| f::jvp(x, out).1, recurrence),
    sides!("log_sum_exp, gradient", |f, x, out| f::value_and_gradient_into(x, out), log_sum_exp),
    sides!("option, gradient", |f, x, out| scalars(x, out, |[a, b, c, d]| f::gradient(a, b, c, d)), option),
    sides!("option, hvp", |f, x, out| scalars(x, out, |[a, b, c, d]| f::hvp(a, b, c, d, d, c, b, a)), option),
];

/// A function of four scalars, at all of the array.
fn scalars(x: &[f64], out: &mut [f64], f: impl Fn([f64; 4]) -> [f64; 4]) -> f64 {
    let mut sum = 0.0;
    for (x, out) in x.as_chunks().0.iter().zip(out.as_chunks_mut().0) {
        *out = f(*x);
        sum += out[0];
    }
    sum
}
