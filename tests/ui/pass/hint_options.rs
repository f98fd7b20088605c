//! Every option in its form, all in one attribute.
use diff_runtime::derivative;

#[derivative(wrt(x, y), partials, suffix, crate = ::diff_runtime)]
fn f(x: f64, y: f64, z: f64) -> f64 {
    x * y * z
}

struct Spring;

impl Spring {
    #[derivative(associated, partials)]
    fn energy(x: f64) -> f64 {
        0.5 * x * x
    }
}

fn main() {
    assert_eq!(f_partial_y(2.0, 3.0, 4.0), 8.0);
    assert_eq!(f_gradient(2.0, 3.0, 4.0), [12.0, 8.0]);
    assert_eq!(Spring::energy_partial_x(3.0), 3.0);
}
