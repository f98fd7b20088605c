//! A library that re-exports the runtime, also for macros of its own.

mod library {
    pub mod math {
        pub use diff_runtime as autodiff;
    }

    #[macro_export]
    macro_rules! differentiable {
        ($item:item) => {
            #[$crate::library::math::autodiff::derivative(crate = $crate::library::math::autodiff)]
            $item
        };
    }
}

use library::math::autodiff::derivative;

#[derivative(crate = crate::library::math::autodiff)]
fn f(x: f64) -> f64 {
    x * x
}

mod inner {
    use super::library::math::autodiff as rt;

    #[rt::derivative(crate = super::library::math::autodiff)]
    pub fn g(x: f64) -> f64 {
        x * x * x
    }
}

differentiable! {
    fn h(x: f64) -> f64 {
        let mut y = x;
        for _ in 0..3 {
            y = y * x;
        }
        y
    }
}

fn main() {
    assert_eq!(f::derivative(3.0), 6.0);
    assert_eq!(inner::g::derivative(3.0), 27.0);
    assert_eq!(h::derivative(1.0), 4.0);
    assert_eq!(h::vjp(1.0, 2.0), (1.0, 8.0));
}
