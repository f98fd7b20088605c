use diff_runtime::derivative;

#[derivative]
fn f(x: f64, text: &str) -> Result<f64, std::num::ParseFloatError> {
    let scaled = |y: f64| Ok(y * text.parse::<f64>()?);
    let z = scaled(x);
    Ok(z? * x)
}

fn main() {}
