//! Structs under conditions that generated code must not depend on.

use diff_runtime::{Differentiable, derivative};

use crate::check;

/// A struct, fields and variables that are named like what is generated.
mod names {
    use super::*;

    #[allow(non_camel_case_types)]
    #[derive(Clone, Debug, PartialEq, Differentiable)]
    pub(crate) struct p_bar {
        pub(crate) p_bar: f64,
        pub(crate) seed: f64,
        pub(crate) value: [f64; 2],
        pub(crate) result_dot: f64,
    }

    #[derivative(wrt(p, seed))]
    pub(crate) fn gradient(p: &p_bar, seed: f64) -> f64 {
        let p_p_bar = p.p_bar * p.seed;
        let part = p.value[0] * seed;
        let result = p.value[1] / (1.0 + p.result_dot * p.result_dot);
        p_p_bar * part + result
    }

    #[derivative(wrt(value))]
    pub(crate) fn vjp(mut value: p_bar) -> p_bar {
        let result = value.seed * value.p_bar;
        value.result_dot = result;
        value
    }
}

#[test]
fn structs_named_like_generated_names() {
    use names::{gradient, p_bar, vjp};
    let point = || p_bar { p_bar: 0.3, seed: 0.7, value: [1.1, -0.4], result_dot: 0.2 };
    check(
        "gradient",
        (point(), 0.9),
        |(p, s)| gradient(&p, s),
        |(p, s), (c, d)| gradient::jvp(&p, s, &c, d),
        |(p, s), v| gradient::vjp(&p, s, v),
    );
    check("vjp", point(), vjp, vjp::jvp, vjp::vjp);
}

mod bare {
    //! Without a prelude.
    #![no_implicit_prelude]

    // Loops that are reversed are written with the methods of iterators.

    #[derive(::std::clone::Clone, ::diff_runtime::Differentiable)]
    pub(crate) struct Pair {
        pub(crate) a: f64,
        pub(crate) list: ::std::vec::Vec<f64>,
    }

    #[::diff_runtime::derivative(wrt(p))]
    pub(crate) fn read(p: &Pair, n: usize) -> f64 {
        let mut sum = p.a;
        for i in 0..n {
            sum = sum * p.list[i] + p.a;
        }
        sum
    }

    #[::diff_runtime::derivative(wrt(p))]
    pub(crate) fn changed(p: &mut Pair) {
        for i in 1..p.list.len() {
            p.list[i] += p.a * p.list[i - 1];
        }
        p.a *= 2.0;
    }

    #[::diff_runtime::derivative]
    pub(crate) fn tuple((x, y): (f64, f64)) -> (f64, (f64, f64)) {
        let both = (x * y, x - y);
        (both.0, both)
    }

    #[::diff_runtime::derivative(wrt(list))]
    pub(crate) fn slice(list: &[Pair]) -> f64 {
        let mut sum = 0.0;
        for pair in list {
            sum += pair.a * pair.a;
        }
        sum
    }
}

#[test]
fn without_a_prelude() {
    let pair = || bare::Pair { a: 0.4, list: vec![0.3, -1.2, 0.8] };
    check("read", pair(), |p| bare::read(&p, 3), |p, d| bare::read::jvp(&p, 3, &d), |p, s| bare::read::vjp(&p, 3, s));
    check(
        "changed",
        pair(),
        |mut p| {
            bare::changed(&mut p);
            p
        },
        |mut p, mut d| {
            bare::changed::jvp(&mut p, &mut d);
            (p, d)
        },
        |mut p, mut s| {
            bare::changed::vjp(&mut p, &mut s);
            (p, s)
        },
    );
    check("tuple", (0.4, 1.3), bare::tuple, bare::tuple::jvp, bare::tuple::vjp);
    check(
        "slice",
        vec![pair(), pair()],
        |p| bare::slice(&p),
        |p, d| bare::slice::jvp(&p, &d),
        |p, s| bare::slice::vjp(&p, s),
    );
}

macro_rules! model {
    ($name:ident { $($field:ident),* }, $function:ident, $method:ident) => {
        #[derive(Clone, Debug, PartialEq, Differentiable)]
        struct $name {
            $($field: f64,)*
            scale: f64,
        }

        #[derivative(wrt(model, x))]
        fn $function(model: &$name, x: f64) -> f64 {
            let mut sum = model.scale;
            $(sum = sum * x + model.$field;)*
            sum
        }

        impl $name {
            #[derivative(wrt(self))]
            fn $method(&self, x: f64) -> $name {
                let scale = self.scale * x;
                $name { $($field: self.$field.sin() * scale,)* scale }
            }
        }
    };
}

model!(Cubic { a, b, c, sum }, cubic, waves);

#[test]
fn inside_of_a_macro() {
    let point = Cubic { a: 0.2, b: -0.4, c: 1.3, sum: 0.5, scale: 2.0 };
    check(
        "cubic",
        (point.clone(), 0.7),
        |(m, x)| cubic(&m, x),
        |(m, x), (c, d)| cubic::jvp(&m, x, &c, d),
        |(m, x), s| cubic::vjp(&m, x, s),
    );
    check("waves", point, |m| m.waves(0.7), |m, d| m.waves_jvp(0.7, &d), |m, s| m.waves_vjp(0.7, s));
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Weighted<T, const N: usize>
where
    T: Clone,
{
    weights: [f64; N],
    r#type: f64,
    #[constant]
    tag: T,
}

#[derivative(wrt(w))]
fn generic<'a, T, const N: usize>(w: &'a Weighted<T, N>, #[constant] x: &[f64; N]) -> f64
where
    T: Clone + PartialEq<u8>,
{
    let mut sum = w.r#type;
    for i in 0..N {
        sum += w.weights[i] * x[i];
    }
    if w.tag == 3 { sum * sum } else { sum }
}

#[test]
fn generics_with_where_clauses() {
    let point = Weighted { weights: [0.3, -0.5, 0.9], r#type: 0.1, tag: 3_u8 };
    let x = [1.0, 2.0, 3.0];
    check("generic", point, |w| generic(&w, &x), |w, d| generic::jvp(&w, &x, &d), |w, s| generic::vjp(&w, &x, s));
}

/// A trait that declares the companions that its implementations have.
trait Potential {
    fn energy(&self, x: f64) -> f64;
    fn energy_derivative(&self, x: f64) -> f64;
    fn energy_value_and_derivative(&self, x: f64) -> (f64, f64);
}

struct Well {
    depth: f64,
}

impl Potential for Well {
    #[derivative(only(derivative, value_and_derivative))]
    fn energy(&self, x: f64) -> f64 {
        self.depth * (-x * x).exp()
    }
}

struct Slope(f64);

impl Potential for Slope {
    #[derivative(only(derivative, value_and_derivative))]
    fn energy(&self, x: f64) -> f64 {
        self.0 * x.powi(3)
    }
}

#[test]
fn implementations_of_a_trait() {
    let potentials: [&dyn Potential; 2] = [&Well { depth: 2.0 }, &Slope(0.5)];
    let forces: Vec<f64> = potentials.iter().map(|potential| potential.energy_derivative(0.5)).collect();
    assert!((forces[0] + 2.0 * (-0.25_f64).exp()).abs() < 1e-15);
    assert_eq!(forces[1], 0.375);
    for potential in potentials {
        let both = potential.energy_value_and_derivative(0.5);
        assert_eq!(both, (potential.energy(0.5), potential.energy_derivative(0.5)));
    }
}
