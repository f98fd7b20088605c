//! What verbatim code changes is known to do so before it is known to vary.

use diff_runtime::derivative;

fn double(y: &mut f64) {
    *y *= 2.0;
}

#[derivative]
fn in_a_loop(x: f64, n: usize) -> f64 {
    let mut a = 0.5;
    for _ in 0..n {
        let mut y = a;
        double(&mut y);
        a = y + x;
    }
    a
}

#[derivative]
fn of_a_vector(x: f64) -> f64 {
    let mut v = vec![0.0; 2];
    v[0] = x;
    let mut w = v;
    w.rotate_left(1);
    w[1] * w[1]
}

fn main() {}
