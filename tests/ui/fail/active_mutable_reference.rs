use diff_runtime::derivative;

fn double(x: &mut f64) {
    *x *= 2.0;
}

#[derivative]
fn f(mut x: f64) -> f64 {
    let y = &mut x;
    *y *= 2.0;
    x
}

#[derivative]
fn g(mut x: f64) -> f64 {
    double(&mut x);
    x
}

fn main() {}
