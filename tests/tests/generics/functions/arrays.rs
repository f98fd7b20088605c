//! Functions of arrays, slices and vectors.

use std::iter::Sum;
use std::ops::{AddAssign, MulAssign};

use diff_runtime::derivative;
use num_traits::Float;

#[derivative]
pub fn rosenbrock<T: Float>(x: &[T]) -> T {
    let hundred = T::from(100.0).unwrap();
    let mut sum = T::zero();
    for i in 0..x.len() - 1 {
        sum = sum + hundred * (x[i + 1] - x[i] * x[i]).powi(2) + (T::one() - x[i]).powi(2);
    }
    sum
}
sample!(rosenbrock, [-1.5..1.5; [2, 5, 9]]);

#[derivative(hvp)]
pub fn of_known_length<T: Float, const N: usize>(x: [T; N], y: &[T; N]) -> T {
    let mut sum = T::zero();
    for i in 0..N {
        sum = sum + x[i].sin() * y[i] * y[i];
    }
    sum
}
sample!(of_known_length, [-1.0..1.0; 3], [-1.0..1.0; 3]);

#[derivative]
pub fn compound<T: Float + AddAssign + MulAssign>(x: &[T], w: &[T]) -> T {
    let mut sum = T::zero();
    let mut product = T::one();
    for (a, b) in x.iter().zip(w) {
        sum += *a * *b;
        product *= T::one() + *a * *a;
    }
    sum / product
}
sample!(compound, [-1.0..1.0; 4], [-1.0..1.0; 4]);

#[derivative]
pub fn chains<T: Float + Sum>(x: &[T]) -> T {
    let n = T::from(x.len()).unwrap();
    let mean = x.iter().copied().sum::<T>() / n;
    x.iter().map(|v| (*v - mean).powi(2)).sum::<T>() / n
}
sample!(chains, [-2.0..2.0; [1, 4, 7]]);

#[derivative]
pub fn folds<T: Float>(x: &[T]) -> T {
    let largest = x.iter().fold(T::neg_infinity(), |a, b| a.max(*b));
    let total = x.iter().fold(T::zero(), |sum, v| sum + (*v - largest).exp());
    total.ln() + largest
}
sample!(folds, [-2.0..2.0; [1, 4, 7]]);

#[derivative]
pub fn recorded<T: Float>(x: &[T], steps: usize) -> T {
    let mut state = T::one();
    for k in 0..steps {
        state = (state * x[k % x.len()]).sin() + state;
    }
    state
}
sample!(recorded, [0.2..1.5; 3], [0, 4, 7]);

#[derivative]
pub fn scratch<T: Float>(x: &[T], w: &[[T; 3]]) -> T {
    let mut total = T::zero();
    for row in w {
        let mut hidden = [T::zero(); 3];
        for j in 0..3 {
            hidden[j] = (row[j] * x[j]).tanh();
        }
        total = total + hidden[0] * hidden[1] - hidden[2];
    }
    total
}
sample!(scratch, [-1.0..1.0; 3], [[-1.0..1.0; 3]; 4]);

#[derivative]
pub fn vectors<T: Float>(x: Vec<T>, n: usize) -> T {
    let mut states = vec![T::one(); n + 1];
    for k in 0..n {
        states[k + 1] = states[k] * x[k % x.len()] + T::from(k).unwrap();
    }
    states[n].ln() + states[n / 2]
}
sample!(vectors, [0.5..1.5; 3], [1, 5]);

#[derivative]
pub fn grown<T: Float>(x: &[T]) -> T {
    let mut values = Vec::new();
    for v in x {
        if *v > T::zero() {
            values.push(v.sqrt());
        }
    }
    values.iter().fold(T::one(), |product, v| product * (*v + T::one()))
}
sample!(grown, [-1.0..2.0; [1, 5]]);

#[derivative]
pub fn matrix<T: Float, const N: usize>(a: &[[T; N]; N], x: [T; N]) -> T {
    let mut y = [T::zero(); N];
    for i in 0..N {
        for j in 0..N {
            y[i] = y[i] + a[i][j] * x[j];
        }
    }
    let mut form = T::zero();
    for i in 0..N {
        form = form + y[i] * x[i];
    }
    form.exp()
}
sample!(matrix, [[-0.5..0.5; 3]; 3], [-1.0..1.0; 3]);

/// Written in place.
#[derivative]
pub fn in_place<T: Float>(x: &mut [T], steps: usize) -> T {
    for _ in 0..steps {
        for i in 1..x.len() {
            x[i] = x[i] * x[i - 1].cos();
        }
    }
    x[x.len() - 1]
}
sample!(in_place, [0.2..1.2; 4], [0, 1, 3]);

#[derivative]
pub fn closures<T: Float>(x: &[T], t: T) -> T {
    let half = T::from(0.5).unwrap();
    let blend = |a: T, b: T| a * (T::one() - t) + b * t;
    let smooth = |v: T| half * (v + v.abs());
    smooth(blend(x[0], x[1])) + blend(x[1], x[2]).powi(2)
}
sample!(closures, [-2.0..2.0; 3], 0.1..0.9);

#[derivative(wrt(x))]
pub fn weighted<T: Float>(x: &[T], weights: &[f64]) -> T {
    let mut sum = T::zero();
    for (v, w) in x.iter().zip(weights) {
        sum = sum + v.powi(2) * T::from(*w).unwrap();
    }
    sum
}
sample!(weighted, [-2.0..2.0; 3], [0.1..2.0; 3]);

#[derivative]
pub fn parts<T: Float>(x: &[T]) -> T {
    let (left, right) = x.split_at(2);
    let mut sum = left[0] * right[0];
    for pair in x.windows(2) {
        sum = sum + (pair[1] - pair[0]).abs();
    }
    for chunk in x.chunks_exact(2) {
        sum = sum * T::from(0.5).unwrap() + chunk[0] * chunk[1];
    }
    sum
}
sample!(parts, [-2.0..2.0; [4, 7]]);
