use diff_runtime::derivative;

struct Spring;

impl Spring {
    const STIFFNESS: f64 = 2.0;

    #[derivative(associated)]
    fn energy(x: f64) -> f64 {
        0.5 * Self::STIFFNESS * x * x
    }
}

fn main() {
    assert_eq!(Spring::energy_derivative(3.0), 6.0);
}
