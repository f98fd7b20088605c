use diff_runtime::derivative;

#[derivative]
fn f(mut x: f64, mut weights: std::vec::IntoIter<f64>) -> f64 {
    while let Some(weight) = weights.next() {
        x *= weight;
    }
    x
}

fn main() {}
