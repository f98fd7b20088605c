//! Items of the user's with the names of what generated code uses.

#![allow(non_camel_case_types, dead_code, unused_macros, non_upper_case_globals)]

mod items {
    use diff_runtime::derivative;

    pub struct Vec;
    pub struct Option;
    pub struct Some;
    pub trait Default {}
    pub trait Clone {}
    pub trait Iterator {}
    pub trait Into {}
    pub struct usize;
    pub struct bool;
    pub mod core {}
    pub mod std {}
    pub mod alloc {}
    pub mod diff_runtime_private {}
    pub fn drop(_: u8) {}
    pub fn float() {}
    pub fn product(x: f64) -> f64 {
        x + 1.0
    }
    pub fn sum() -> f64 {
        2.0
    }
    pub static value: f64 = 5.0;
    pub const x_dot: f64 = 7.0;
    macro_rules! vec {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! panic {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! assert {
        () => {
            compile_error!("not this one")
        };
    }

    #[derivative(partials)]
    pub fn f(x: f64, z: f64) -> f64 {
        let mut y = x * z + x;
        let mut n = 0;
        while y < 50.0 {
            y = y * y.abs() + product(2.0);
            n += 1;
        }
        y * sum() * value * x_dot + z * (n as f64)
    }
}

mod shadowed_float {
    //! A module that is named like a primitive type, next to functions of that type.
    pub mod f64 {}
    pub mod f32 {
        pub const HALF: ::core::primitive::f32 = 0.5;
    }
}

mod float_modules {
    use super::shadowed_float::f32::HALF;
    use diff_runtime::derivative;
    use std::f64;

    #[derivative]
    pub fn f(x: f64) -> f64 {
        x * f64::consts::PI + HALF as f64
    }
}

fn main() {
    let (dx, dz) = (items::f::gradient(1.5, 2.0), items::f::vjp(1.5, 2.0, 1.0).1);
    for k in 0..2 {
        assert!((dx[k] - dz[k]).abs() <= 1e-12 * dx[k].abs());
    }
    assert_eq!(float_modules::f::derivative(1.0), std::f64::consts::PI);
}
