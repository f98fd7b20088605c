use diff_runtime::derivative;

#[derivative]
fn f(x: f64, #[cfg(all())] z: f64) -> f64 {
    x * z
}

fn main() {}
