//! The same functions as iterator chains and as loops: they must become the same code.

/// Functions as iterator chains.
pub mod chain {
    use diff_runtime::derivative;

    /// The dot product.
    #[derivative]
    pub fn dot(x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(a, b)| a * b).sum()
    }

    /// The variance of the first, plus the mean of the second.
    #[derivative]
    pub fn variance(x: &[f64], y: &[f64]) -> f64 {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let shift = y.iter().sum::<f64>() / n;
        x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n + shift
    }

    /// The cross-entropy of a softmax with given probabilities.
    #[derivative]
    pub fn cross_entropy(logits: &[f64], target: &[f64]) -> f64 {
        let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = logits.iter().map(|z| (z - max).exp()).sum();
        let log_total = total.ln() + max;
        logits.iter().zip(target).map(|(z, t)| t * (log_total - z)).sum()
    }

    /// The energy of a convolution.
    #[derivative]
    pub fn convolution(x: &[f64], kernel: &[f64]) -> f64 {
        x.windows(kernel.len()).map(|w| w.iter().zip(kernel).map(|(a, b)| a * b).sum::<f64>()).map(|v| v * v).sum()
    }
}

/// The same functions as loops.
pub mod looped {
    use diff_runtime::derivative;

    /// The dot product.
    #[derivative]
    pub fn dot(x: &[f64], y: &[f64]) -> f64 {
        let mut sum = -0.0;
        for i in 0..x.len().min(y.len()) {
            sum += x[i] * y[i];
        }
        sum
    }

    /// The variance of the first, plus the mean of the second.
    #[derivative]
    pub fn variance(x: &[f64], y: &[f64]) -> f64 {
        let n = x.len() as f64;
        let mut total = -0.0;
        for v in x {
            total += v;
        }
        let mean = total / n;
        let mut shift = -0.0;
        for v in y {
            shift += v;
        }
        let mut squares = -0.0;
        for v in x {
            squares += (v - mean).powi(2);
        }
        squares / n + shift / n
    }

    /// The cross-entropy of a softmax with given probabilities.
    #[derivative]
    pub fn cross_entropy(logits: &[f64], target: &[f64]) -> f64 {
        let mut max = f64::NEG_INFINITY;
        for z in logits {
            max = max.max(*z);
        }
        let mut total = -0.0;
        for z in logits {
            total += (z - max).exp();
        }
        let log_total = total.ln() + max;
        let mut loss = -0.0;
        for (z, t) in logits.iter().zip(target) {
            loss += t * (log_total - z);
        }
        loss
    }

    /// The energy of a convolution.
    #[derivative]
    pub fn convolution(x: &[f64], kernel: &[f64]) -> f64 {
        let mut total = -0.0;
        for w in x.windows(kernel.len()) {
            let mut sum = -0.0;
            for (a, b) in w.iter().zip(kernel) {
                sum += a * b;
            }
            total += sum * sum;
        }
        total
    }
}

/// Forward or reverse mode of one function: the arguments, and where to put what comes out of it.
pub type Side = fn(&[f64], &[f64], &mut [f64], &mut [f64]) -> f64;

/// A function in both forms and both modes.
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// The length of the second argument.
    pub width: usize,
    /// Chain and loop in forward mode, chain and loop in reverse mode.
    pub sides: [Side; 4],
}

macro_rules! cases {
    ($($name:ident, $width:expr;)*) => {
        &[$(Case {
            name: stringify!($name),
            width: $width,
            sides: [
                |x, y, x_dot, y_dot| { let (a, b) = chain::$name::jvp(x, y, x_dot, y_dot); a + b },
                |x, y, x_dot, y_dot| { let (a, b) = looped::$name::jvp(x, y, x_dot, y_dot); a + b },
                |x, y, x_bar, y_bar| chain::$name::value_and_gradient_into(x, y, x_bar, y_bar),
                |x, y, x_bar, y_bar| looped::$name::value_and_gradient_into(x, y, x_bar, y_bar),
            ],
        }),*]
    };
}

/// The length of the first argument.
pub const LENGTH: usize = 1024;

/// The functions.
pub const CASES: &[Case] = cases! {
    dot, LENGTH;
    variance, LENGTH;
    cross_entropy, LENGTH;
    convolution, 9;
};
