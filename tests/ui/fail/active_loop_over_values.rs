use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let mut sum = 0.0;
    for y in std::iter::successors(Some(x), |y| Some(y * 0.5)).take(3) {
        sum += y;
    }
    sum
}

fn main() {}
