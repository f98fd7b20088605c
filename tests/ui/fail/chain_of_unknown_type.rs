//! Methods of a user's own type that are named like those of iterators; iterators that do not fit side by side; a method
//! of an option that is not known.

use diff_runtime::derivative;

struct Table<'a>(&'a [f64]);

impl Table<'_> {
    fn map(&self, f: impl Fn(f64) -> f64) -> f64 {
        f(self.0[0])
    }
}

#[derivative]
fn table(x: &[f64], a: f64) -> f64 {
    let table = Table(x);
    table.map(|v| v * a)
}

#[derivative]
fn beside(x: &[f64]) -> f64 {
    x.iter().filter(|v| **v > 0.0).zip(x.iter().filter(|v| **v < 0.0)).map(|(a, b)| a * b).sum()
}

#[derivative]
fn option(x: f64, flag: bool) -> f64 {
    let y = if flag { Some(x) } else { None };
    y.xor(None).unwrap_or(1.0)
}

#[derivative]
fn moved(x: f64) -> f64 {
    let mut total = x;
    let mut add = move |t: f64| {
        total += t;
        total
    };
    add(x) + add(2.0)
}

fn main() {}
