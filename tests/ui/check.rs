//! The comparison that the cases in `pass/odd_*.rs` share.

/// Compares every companion of `$name::f` with a central difference quotient, and its values with the function's.
macro_rules! check {
    ($name:ident) => {
        for x in [0.3_f64, 0.7, 1.3, 2.2, 3.7] {
            use $name::f;
            let value = f(x);
            // The points are away from all jumps and kinks by more than this step.
            let step = 1e-5;
            let slope = (f(x + step) - f(x - step)) / (2.0 * step);
            let close = |d: f64| (d - slope).abs() <= 1e-5 * (1.0 + d.abs() + slope.abs());
            let of_both = [f::value_and_derivative(x), f::value_and_gradient(x), f::jvp(x, 1.0), f::vjp(x, 1.0)];
            for (companion, (v, d)) in of_both.into_iter().enumerate() {
                assert_eq!(v.to_bits(), value.to_bits(), "{}, companion {companion}, x = {x}", stringify!($name));
                assert!(close(d), "{}, companion {companion}, x = {x}: {d} for {slope}", stringify!($name));
            }
            for d in [f::derivative(x), f::gradient(x)] {
                assert!(close(d), "{}, x = {x}: {d} for {slope}", stringify!($name));
            }
        }
    };
}
