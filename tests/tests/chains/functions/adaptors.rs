//! Each adaptor, alone and on top of others.

use diff_runtime::derivative;

#[derivative]
pub fn reversed(x: &[f64]) -> f64 {
    x.iter().rev().enumerate().map(|(i, v)| i as f64 * v * v).sum()
}
sample!(reversed, [-1.0..1.0; [0, 1, 4]]);

#[derivative]
pub fn horner(c: &[f64], x: f64) -> f64 {
    c.iter().rev().fold(0.0, |acc, c| acc * x + c)
}
sample!(horner, [-1.0..1.0; [0, 1, 5]], -1.5..1.5);

#[derivative]
pub fn every_other(x: &[f64]) -> f64 {
    x.iter().step_by(2).map(|v| v.sin()).sum::<f64>() * x.iter().skip(1).step_by(2).map(|v| v.cos()).product::<f64>()
}
sample!(every_other, [-1.0..1.0; [0, 1, 4, 5]]);

#[derivative]
pub fn cut(x: &[f64], n: usize) -> f64 {
    x.iter().skip(n).take(2).map(|v| v.powi(3)).sum::<f64>() + x.iter().take(n).rev().fold(1.0, |a, v| a * v + 1.0)
}
sample!(cut, [-1.0..1.0; [0, 2, 5]], [0, 1, 3]);

#[derivative]
pub fn chunked(x: &[f64]) -> f64 {
    x.chunks_exact(3).map(|c| c[0] * c[1] * c[2]).sum::<f64>() + x.chunks(2).map(|c| c[0] * c[c.len() - 1]).sum::<f64>()
}
sample!(chunked, [-1.0..1.0; [0, 3, 7]]);

#[derivative]
pub fn chained(x: &[f64], y: &[f64]) -> f64 {
    x.iter().chain(y.iter()).map(|v| v.exp()).sum::<f64>() * x.iter().chain(y).rev().fold(0.5, |a, v| a * v + 0.1)
}
sample!(chained, [-1.0..1.0; [0, 3]], [-1.0..1.0; [1, 2]]);

/// All pairs, in two ways.
#[derivative]
pub fn pairs(x: &[f64]) -> f64 {
    let n = x.len();
    let all: f64 =
        (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| x[i] * x[j] * (i as f64 - j as f64).abs()).sum();
    let upper: f64 = (0..n).flat_map(|i| (i + 1..n).map(move |j| (x[i] - x[j]).powi(2))).sum();
    all + upper
}
sample!(pairs, [-1.0..1.0; [0, 1, 4]]);

#[derivative]
pub fn flattened(m: &[[f64; 3]]) -> f64 {
    m.iter().flatten().map(|v| v * v).sum::<f64>() + m.iter().map(|row| row.iter().product::<f64>()).sum::<f64>()
}
sample!(flattened, [[-1.0..1.0; 3]; [0, 1, 3]]);

#[derivative]
pub fn while_positive(x: &[f64]) -> f64 {
    let head: f64 = x.iter().take_while(|v| **v > -0.5).map(|v| v * v).sum();
    let tail: f64 = x.iter().skip_while(|v| **v > -0.5).map(|v| v.powi(3)).sum();
    head + 2.0 * tail
}
sample!(while_positive, [-1.0..1.0; [0, 1, 6]]);

#[derivative]
pub fn filtered_then_taken(x: &[f64], n: usize) -> f64 {
    x.iter().filter(|v| **v > 0.0).take(n).enumerate().map(|(k, v)| (k + 1) as f64 * v * v).sum()
}
sample!(filtered_then_taken, [-1.0..1.0; [0, 3, 8]], [0, 1, 2, 9]);

#[derivative]
pub fn filtered_then_skipped(x: &[f64], n: usize) -> f64 {
    x.iter().filter(|&&v| v < 0.4).skip(n).step_by(2).map(|v| v.exp()).sum()
}
sample!(filtered_then_skipped, [-1.0..1.0; [0, 3, 8]], [0, 1, 2]);

#[derivative]
pub fn filtered_then_zipped(x: &[f64], y: &[f64]) -> f64 {
    x.iter().filter(|v| v.is_sign_positive()).zip(y.iter()).map(|(a, b)| a * b).sum()
}
sample!(filtered_then_zipped, [-1.0..1.0; [0, 3, 8]], [-1.0..1.0; [0, 2, 5]]);

#[derivative]
pub fn range_of_squares(x: f64, n: usize) -> f64 {
    (1..=n).map(|k| x.powi(k as i32) / k as f64).sum::<f64>() + (0..n).rev().map(|k| (k as f64 * x).sin()).sum::<f64>()
}
sample!(range_of_squares, -0.9..0.9, [0, 1, 5]);

#[derivative]
pub fn zipped_thrice(x: &[f64], y: &[f64], #[constant] w: &[f64]) -> f64 {
    x.iter().zip(y.iter()).zip(w.iter()).map(|((a, b), w)| w * a * b).sum()
}
sample!(zipped_thrice, [-1.0..1.0; 4], [-1.0..1.0; [3, 5]], [-1.0..1.0; 4]);

#[derivative]
pub fn zip_of_maps(x: &[f64], y: &[f64]) -> f64 {
    x.iter().map(|v| v * v).zip(y.iter().map(|v| v.sin())).map(|(a, b)| a * b + a).sum()
}
sample!(zip_of_maps, [-1.0..1.0; [2, 4]], [-1.0..1.0; 3]);

/// Data that only rustc knows the type of.
#[derivative]
pub fn zip_with_iterator(x: &[f64], names: &[&str]) -> f64 {
    let lengths: Vec<usize> = names.iter().map(|name| name.len()).collect();
    x.iter().zip(lengths.iter()).map(|(x, n)| x.powi(2) * *n as f64).sum::<f64>()
        + names.iter().map(|name| name.len() as f64 * x[0]).sum::<f64>()
}
sample!(zip_with_iterator, [-1.0..1.0; 3], [&["a", "bcd", "ef"][..], &["abc"][..]]);

#[derivative]
pub fn cumulative(x: &[f64]) -> f64 {
    x.iter()
        .scan(0.0, |state, v| {
            *state += v;
            Some(*state)
        })
        .map(|s| s * s)
        .sum()
}
sample!(cumulative, [-1.0..1.0; [0, 1, 4]]);

#[derivative]
pub fn doubled_in_place(x: &[f64; 4]) -> f64 {
    let mut y = *x;
    y.iter_mut().for_each(|v| *v *= 2.0);
    y.iter_mut().zip(x.iter()).for_each(|(a, b)| *a += b * b);
    for (i, v) in y.iter_mut().enumerate().filter(|(i, _)| i % 2 == 0) {
        *v = v.sin() * i as f64;
    }
    y.iter().sum()
}
sample!(doubled_in_place, [-1.0..1.0; 4]);

#[derivative]
pub fn with_side_effects(x: &[f64]) -> f64 {
    let mut total = 0.0;
    let mut count = 0.0;
    x.iter().for_each(|v| {
        total += v * v;
        count += 1.0;
    });
    x.iter()
        .map(|v| {
            total += v;
            v * total
        })
        .sum::<f64>()
        + total * count
}
sample!(with_side_effects, [-1.0..1.0; [0, 1, 4]]);

#[derivative]
pub fn loops_over_chains(x: &[f64], y: &[f64]) -> f64 {
    let mut total = 0.0;
    for v in x.iter().map(|v| v * v).filter(|v| *v > 0.1) {
        if v > 0.8 {
            continue;
        }
        total += v;
    }
    for v in x.iter().chain(y) {
        if *v > 0.9 {
            break;
        }
        total += v.sin();
    }
    for (i, (a, b)) in x.iter().rev().zip(y.iter().rev()).enumerate() {
        total += i as f64 * a * b;
    }
    total
}
sample!(loops_over_chains, [-1.0..1.0; [0, 4]], [-1.0..1.0; [1, 5]]);

#[derivative]
pub fn convolution(x: &[f64], k: &[f64]) -> f64 {
    x.windows(k.len()).map(|w| w.iter().zip(k).map(|(a, b)| a * b).sum::<f64>()).map(|v| v * v).sum()
}
sample!(convolution, [-1.0..1.0; [2, 6]], [-1.0..1.0; [1, 3]]);

#[derivative]
pub fn single(x: &[f32], #[constant] y: &[f32]) -> f32 {
    x.iter().zip(y).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}
sample!(single, [1.0..2.0; 3], [-1.0..0.5; 3]);

#[derivative]
pub fn collected(x: &[f64], n: usize) -> f64 {
    let squares: Vec<f64> = x.iter().map(|v| v * v).collect();
    let positive = x.iter().copied().filter(|v| *v > 0.0).collect::<Vec<f64>>();
    let powers: Vec<f64> = (0..n).map(|k| x.iter().map(|v| v.powi(k as i32)).sum::<f64>()).collect();
    squares.iter().zip(positive.iter()).map(|(a, b)| a * b).sum::<f64>()
        + powers.iter().rev().fold(0.0, |a, p| a * 0.5 + p)
}
sample!(collected, [-1.0..1.0; [0, 1, 5]], [0, 1, 3]);

#[derivative]
pub fn filtered_side_by_side(x: &[f64], y: &[f64]) -> f64 {
    let a: f64 = x.iter().filter(|v| **v > 0.0).zip(y.iter().filter(|v| **v < 1.0)).map(|(a, b)| a * b).sum();
    let b: f64 = x
        .iter()
        .enumerate()
        .filter(|(i, v)| i % 2 == 0 || **v > 0.5)
        .zip(y.iter().zip(x).filter_map(|(p, q)| if p > q { Some(p * q) } else { None }))
        .map(|((i, v), w)| v * w * (i as f64 + 1.0))
        .sum();
    let c: f64 = x
        .windows(2)
        .flat_map(|w| w.iter().map(|v| v * v))
        .zip(y.iter().rev().filter(|v| **v > 0.0))
        .map(|(p, q)| p * q)
        .sum();
    a * b + c + a
}
sample!(filtered_side_by_side, [-1.5..1.5; [0, 2, 6]], [-1.5..1.5; [0, 3, 5]]);

#[derivative]
pub fn beside_a_filtered_range(x: &[f64]) -> f64 {
    let mut total = 0.1;
    for (v, k) in x.iter().filter(|v| **v > -0.5).zip((0..20).filter(|k| k % 3 != 0)) {
        if *v > 1.2 {
            break;
        }
        total += v * k as f64 * total;
    }
    total
}
sample!(beside_a_filtered_range, [-1.5..1.5; [0, 2, 6]]);
