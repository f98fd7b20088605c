//! Values that have no derivative of this kind.

use diff_runtime::derivative;

#[derivative]
fn integer(x: f64) -> usize {
    x as usize
}

#[derivative]
fn boxed(x: f64) -> Box<dyn Fn(&str, f64) -> f64 + 'static> {
    Box::new(move |_, y| x * y)
}

#[derivative]
fn nothing(x: f64) {
    println!("{x}");
}

fn main() {}
