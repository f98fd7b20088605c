use diff_runtime::derivative;

#[derivative(only(gradeint))]
fn misspelt(x: f64, y: f64) -> f64 {
    x * y
}

#[derivative(only(everything))]
fn unheard_of(x: f64, y: f64) -> f64 {
    x * y
}

fn main() {}
