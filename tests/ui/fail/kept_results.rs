//! Results are kept, and iterators put side by side, in ways that cannot be followed.

use diff_runtime::derivative;

#[derivative]
fn kept(x: &[f64]) -> f64 {
    x.iter().try_fold(0.0, |sum, v| if *v > 0.0 { Ok(sum + v) } else { Err("negative") }).unwrap_or(0.0)
}

#[derivative]
fn converted(x: f64, n: &str) -> f64 {
    let power = |t: f64| Ok::<f64, std::num::ParseIntError>(t.powi(n.parse::<i32>()?));
    power(x).unwrap_or(0.0)
}

#[derivative]
fn matched(x: f64) -> f64 {
    let log = |t: f64| if t > 0.0 { Ok(t.ln()) } else { Err(t) };
    if let Ok(y) = log(x) { y * x } else { x }
}

#[derivative]
fn beside(x: &[f64]) -> f64 {
    x.iter().chain(x).filter(|v| **v > 0.0).zip(x.iter().chain(x).filter(|v| **v < 1.0)).map(|(a, b)| a * b).sum()
}

#[derivative]
fn part_in_option(x: &[f64]) -> f64 {
    x.split_first().map_or(0.0, |(first, rest)| first * rest.len() as f64)
}

fn main() {}
