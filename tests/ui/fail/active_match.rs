use diff_runtime::derivative;

#[derivative]
fn f(x: f64, n: u32) -> f64 {
    match n {
        0 => x,
        1 => x * x,
        _ => 1.0,
    }
}

fn main() {}
