//! Generated code names nothing through the prelude.

#![no_implicit_prelude]

use ::diff_runtime::derivative;

#[derivative(partials)]
fn f(x: f64, z: f64) -> f64 {
    let mut y = x;
    for k in 0..5 {
        if y > 100.0 {
            break;
        }
        y = y * z + (k as f64).sqrt();
    }
    (y.abs().max(1.0)).ln() + x.powf(z) + x.hypot(z).min(4.0)
}

struct Model {
    weight: f64,
}

impl Model {
    #[derivative]
    fn energy(&self, x: f64) -> f64 {
        let mut y = x;
        while y < 10.0 {
            y *= 1.0 + self.weight;
        }
        y
    }
}

fn main() {
    let [dx, dz] = f::gradient(1.5, 2.0);
    ::std::assert_eq!(dx, f::partial_x(1.5, 2.0));
    ::std::assert!((dz - f::jvp(1.5, 2.0, 0.0, 1.0).1).abs() < 1e-12);
    ::std::assert!((dz - f::vjp(1.5, 2.0, 1.0).1[1]).abs() < 1e-12);
    ::std::assert_eq!(Model { weight: 1.0 }.energy_derivative(3.0), 4.0);
    ::std::assert_eq!(Model { weight: 1.0 }.energy_vjp(3.0, 1.0).1, 4.0);
}
