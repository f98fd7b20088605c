//! Only floats in `wrt`, and the parameter's own name.
use diff_runtime::derivative;

#[derivative(wrt(x))]
fn f(x: f64, n: i32, map: &std::collections::HashMap<String, f64>) -> f64 {
    x.powi(n) * map["scale"]
}

#[derivative(wrt(weight))]
fn g(weight: f64, bias: f64) -> f64 {
    weight * bias
}

fn main() {
    let map = std::collections::HashMap::from([("scale".to_owned(), 2.0)]);
    assert_eq!(f::derivative(3.0, 2, &map), 12.0);
    assert_eq!(g::derivative(3.0, 5.0), 5.0);
}
