use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    let root = if x > 0.0 { Some(x.sqrt()) } else { None };
    let either = root.xor(Some(2.0));
    either.unwrap_or(x)
}

fn main() {}
