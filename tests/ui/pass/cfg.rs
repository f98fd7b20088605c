//! `#[cfg]` and `#[cfg_attr]` on the function, on either side of the attribute.

use diff_runtime::derivative;

#[derivative]
#[cfg(any())]
fn f(x: f64) -> f64 {
    x.unknown()
}

#[derivative]
#[cfg(all())]
fn f(x: f64) -> f64 {
    x * x
}

#[cfg_attr(all(), derivative)]
fn g(x: f64) -> f64 {
    x * x
}

struct S;

impl S {
    #[derivative]
    #[cfg(any())]
    fn m(&self, x: f64) -> f64 {
        x
    }

    #[derivative]
    #[cfg(all())]
    fn m(&self, x: f64) -> f64 {
        x * x
    }
}

fn main() {
    assert_eq!(f::derivative(3.0), 6.0);
    assert_eq!(g::derivative(3.0), 6.0);
    assert_eq!(S.m_derivative(3.0), 6.0);
}
