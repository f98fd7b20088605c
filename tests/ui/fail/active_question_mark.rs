use diff_runtime::derivative;

fn checked(x: f64) -> Option<f64> {
    (x > 0.0).then_some(x)
}

#[derivative]
fn f(x: f64) -> f64 {
    let value = (|| Some(checked(x)? * 2.0))();
    value.unwrap_or(x)
}

#[derivative]
fn g(x: f64) -> Option<f64> {
    Some(checked(x)? * 2.0)
}

fn positive(x: f64) -> Option<()> {
    checked(x).map(|_| ())
}

/// At the end of a function that writes its results.
#[derivative]
fn h(x: &[f64], out: &mut [f64]) -> Option<()> {
    out[0] = x[0] * 2.0;
    positive(x[0])
}

fn main() {}
