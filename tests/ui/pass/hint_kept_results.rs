//! What the messages about results that are kept, and about iterators side by side, say to write.

use diff_runtime::derivative;

#[derivative]
fn left(x: &[f64]) -> Result<f64, String> {
    let sum = x.iter().try_fold(0.0, |sum, v| if *v > 0.0 { Ok(sum + v) } else { Err(String::from("negative")) })?;
    Ok(sum * sum)
}

#[derivative]
fn kept(x: &[f64]) -> f64 {
    x.iter().try_fold(0.0, |sum, v| if *v > 0.0 { Some(sum + v) } else { None }).unwrap_or(0.0)
}

#[derivative]
fn converted(x: f64, n: &str) -> Result<f64, std::num::ParseIntError> {
    let power = |t: f64| -> Result<f64, std::num::ParseIntError> { Ok(t.powi(n.parse::<i32>()?)) };
    Ok(power(x)? + 1.0)
}

#[derivative]
fn beside(x: &[f64]) -> f64 {
    let items: Vec<f64> = x.iter().chain(x).filter(|v| **v < 5.0).copied().collect();
    x.iter().chain(x).filter(|v| **v > 0.0).zip(items.iter()).map(|(a, b)| a * b).sum()
}

#[derivative]
fn part_in_option(x: &[f64]) -> f64 {
    if let Some((first, rest)) = x.split_first() { first * rest.len() as f64 } else { 0.0 }
}

fn main() {
    assert_eq!(left::gradient(&[1.0, 2.0]), Ok(vec![6.0, 6.0]));
    assert_eq!(left::gradient(&[1.0, -2.0]), Err(String::from("negative")));
    assert_eq!(kept::gradient(&[1.0, 2.0]), [1.0, 1.0]);
    assert_eq!(kept::gradient(&[1.0, -2.0]), [0.0, 0.0]);
    assert_eq!(converted::derivative(3.0, "2"), Ok(6.0));
    assert!(converted::derivative(3.0, "two").is_err());
    assert_eq!(beside::gradient(&[1.0, 2.0]), [4.0, 8.0]);
    assert_eq!(part_in_option::gradient(&[3.0, 1.0]), [1.0, 0.0]);
}
