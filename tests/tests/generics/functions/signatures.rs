//! Lengths, lifetimes, `where` clauses and `impl Trait` parameters, of generic floats and of `f64`.

use std::ops::Fn;

use diff_runtime::derivative;
use num_traits::Float;

#[derivative]
pub fn lengths<const N: usize, const M: usize>(a: &[[f64; N]; M], x: &[f64; N]) -> f64 {
    let mut sum = 0.0;
    for i in 0..M {
        let mut row = 0.0;
        for j in 0..N {
            row += a[i][j] * x[j];
        }
        sum += row.tanh();
    }
    sum
}
sample!(lengths, [[-1.0..1.0; 3]; 2], [-1.0..1.0; 3]);

#[derivative]
pub fn lifetimes<'a, 'b: 'a>(x: &'a [f64], y: &'b [f64]) -> f64 {
    let longer = if x.len() > y.len() { x.len() } else { y.len() };
    let mut sum = 0.0;
    for i in 0..longer {
        sum += x[i % x.len()] * y[i % y.len()].sin();
    }
    sum
}
sample!(lifetimes, [-1.0..1.0; [1, 3]], [-1.0..1.0; 2]);

#[derivative]
pub fn clauses<K>(x: f64, keys: &[K]) -> f64
where
    K: Clone + Into<f64>,
{
    let mut sum = 0.0;
    for key in keys {
        let k: f64 = key.clone().into();
        sum += (k * x).sin();
    }
    sum
}
sample!(clauses, -1.0..1.0, [&[1_u8, 2, 3][..], &[]]);

#[derivative]
pub fn a_function(x: f64, y: f64, weight: impl Fn(usize) -> f64) -> f64 {
    let mut sum = 0.0;
    for k in 0..3 {
        let w: f64 = weight(k);
        sum += w * (x * y).powi(k as i32 + 1);
    }
    sum
}
sample!(a_function, -1.0..1.0, -1.0..1.0, [|k: usize| if k > 1 { 0.5 } else { 2.0 }]);

#[derivative]
pub fn an_iterator(x: &[f64], picked: impl IntoIterator<Item = usize>) -> f64 {
    let mut product = 1.0;
    for i in picked {
        product *= 1.0 + x[i] * x[i];
    }
    product
}
sample!(an_iterator, [-1.0..1.0; 3], [[0, 1, 2], [1, 1, 0]]);

#[derivative]
pub fn all_at_once<'a, T, const N: usize>(x: &'a [T; N], bias: T, order: impl Fn(usize) -> usize) -> T
where
    T: Float + 'a,
    [T; N]: Sized,
{
    let mut state = bias;
    for k in 0..N {
        state = (state + x[order(k)]).tanh() * T::from(k + 1).unwrap();
    }
    state
}
sample!(all_at_once, [-1.0..1.0; 3], -1.0..1.0, [|k: usize| 2 - k]);
