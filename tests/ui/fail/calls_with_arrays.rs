use diff_runtime::derivative;

#[derivative]
fn dot(x: &[f64], y: &mut [f64]) -> f64 {
    y[0] *= x[0];
    y[0]
}

#[derivative]
fn mixed(x: f64, y: f32) -> f64 {
    x * f64::from(y)
}

#[derivative]
fn parts_of_one_array(x: &mut [f64]) -> f64 {
    let (a, b) = x.split_at_mut(1);
    dot(a, b)
}

#[derivative]
fn of_two_types(x: f64, y: f32) -> f64 {
    mixed(x, y)
}

fn main() {}
