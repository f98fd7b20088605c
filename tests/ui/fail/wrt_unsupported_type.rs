//! `wrt` names parameters that are no float scalars.

use diff_runtime::derivative;

#[derivative(wrt(n, name, x))]
fn f(x: f64, n: i32, name: &'static str, map: std::collections::HashMap<String, f64>) -> f64 {
    x.powi(n) * map[name]
}

#[derivative(wrt(map))]
fn g(x: f64, map: &'static std::collections::HashMap<String, f64>) -> f64 {
    x * map["x"]
}

fn main() {}
