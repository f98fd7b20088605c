//! A type of the name of `Vec` is what the path means.

use diff_runtime::derivative;

struct Vec(std::vec::Vec<f64>);

impl Vec {
    fn new() -> Self {
        Vec(std::vec![1.0])
    }

    fn push(&mut self, x: f64) {
        self.0[0] += x;
    }

    fn pop(&mut self) -> Option<f64> {
        self.0.pop()
    }
}

#[derivative]
fn f(x: f64) -> f64 {
    let mut v = Vec::new();
    v.push(x);
    v.pop().unwrap()
}

fn main() {}
