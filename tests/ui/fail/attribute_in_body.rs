//! An attribute may take code away, or change it, before the compiler sees it and after the macro has.

use diff_runtime::derivative;

#[derivative]
fn declaration(x: f64) -> f64 {
    let k = 2.0;
    #[cfg(any())]
    let k = 3.0;
    x * k
}

#[derivative]
fn block(mut x: f64) -> f64 {
    #[cfg(any())]
    {
        x = 2.0 * x;
    }
    x * x
}

#[derivative]
fn branch(mut x: f64) -> f64 {
    #[cfg_attr(test, cfg(any()))]
    if x > 1.0 {
        return x;
    }
    x * x
}

#[derivative]
fn tail(x: f64) -> f64 {
    #[cfg(all())]
    {
        x * x
    }
}

fn main() {}
