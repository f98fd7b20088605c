//! Methods of a user's own type that are named like those of iterators; an adaptor of the user's own; a method of an
//! option that is not known.

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

trait Backwards: DoubleEndedIterator + Sized {
    fn backwards(self) -> std::iter::Rev<Self> {
        self.rev()
    }
}

impl<I: DoubleEndedIterator> Backwards for I {}

#[derivative]
fn adaptor(x: &[f64]) -> f64 {
    x.iter().backwards().map(|v| v * v).sum::<f64>() + std::iter::repeat(x[0]).take(3).sum::<f64>()
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
