use diff_runtime::derivative;

struct Point {
    x: f64,
    y: f64,
}

#[derivative]
fn f(x: f64) -> f64 {
    let p = Point { x, y: 2.0 };
    p.x * p.y
}

#[derivative]
fn g(x: f64) -> f64 {
    let mut p = Point { x: 1.0, y: 2.0 };
    p.x = x;
    p.x * p.y
}

fn main() {}
