//! `#[derive(Differentiable)]`: what the operations of the trait do on structs of all kinds.

use std::marker::PhantomData;

use diff_runtime::Differentiable;

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Layer {
    weights: Vec<f64>,
    bias: f64,
    name: String,
    units: usize,
    #[constant]
    rate: f64,
}

fn layer() -> Layer {
    Layer { weights: vec![1.0, 2.0], bias: 3.0, name: "hidden".to_owned(), units: 2, rate: 0.5 }
}

#[test]
fn constants_keep_their_values_and_have_no_component() {
    let zero = layer().zero_like();
    assert_eq!(zero, Layer { weights: vec![0.0; 2], bias: 0.0, ..layer() });
    assert_eq!(layer().dimension(), 3);
    let mut seen = Vec::new();
    layer().for_each_component(|x| seen.push(x));
    assert_eq!(seen, [1.0, 2.0, 3.0]);
}

#[test]
fn accumulate_scale_and_inner_product() {
    let mut sum = layer();
    sum.accumulate(&layer());
    sum.scale(10.0);
    assert_eq!(sum, Layer { weights: vec![20.0, 40.0], bias: 60.0, ..layer() });
    assert_eq!(layer().inner_product(&sum), 20.0 + 80.0 + 180.0);
    assert_eq!(layer().norm(), 14.0_f64.sqrt());
    assert!(!layer().same_shape(&Layer { weights: vec![1.0], ..layer() }));
}

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Pair(f32, [f32; 2], bool);

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Nested {
    first: (f64, [[f64; 2]; 2]),
    inner: Layer,
    boxed: Box<f64>,
}

#[test]
fn tuple_structs_and_nested_structs() {
    assert_eq!(Pair(1.0, [2.0, 3.0], true).zero_like(), Pair(0.0, [0.0; 2], true));
    assert_eq!(Pair(1.0, [2.0, 3.0], true).inner_product(&Pair(1.0, [1.0, 2.0], false)), 9.0);
    let nested = Nested { first: (1.0, [[2.0, 3.0], [4.0, 5.0]]), inner: layer(), boxed: Box::new(6.0) };
    assert_eq!(nested.dimension(), 9);
    assert_eq!(nested.component(5), Some(1.0));
    assert_eq!(nested.component(8), Some(6.0));
}

/// Generics of all kinds: types, constants, lifetimes, bounds, where clauses, and a name that the derive uses itself.
#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Generic<'a, T: Copy, U, TARGETS, const N: usize>
where
    U: Clone,
{
    values: [T; N],
    one: T,
    #[constant]
    other: U,
    label: &'a str,
    marker: PhantomData<TARGETS>,
}

#[test]
fn generic_structs() {
    let label = String::from("text");
    let make = |values, one| Generic { values, one, other: 'c', label: &label, marker: PhantomData::<Layer> };
    let mut value = make([1.0_f32, 2.0], 3.0);
    value.add_scaled(2.0, &make([10.0, 20.0], 30.0));
    assert_eq!(value, make([21.0, 42.0], 63.0));
    assert_eq!(value.zero_like(), make([0.0, 0.0], 0.0));
}

/// Types that contain themselves end somewhere.
#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Tree {
    value: f64,
    children: Vec<Tree>,
}

#[test]
fn recursive_structs() {
    let leaf = |value| Tree { value, children: Vec::new() };
    let tree = Tree { value: 1.0, children: vec![leaf(2.0), Tree { value: 3.0, children: vec![leaf(4.0)] }] };
    assert_eq!(tree.inner_product(&tree), 1.0 + 4.0 + 9.0 + 16.0);
}

mod renamed {
    //! The runtime under another name, and no prelude.
    #![no_implicit_prelude]

    pub(crate) mod autodiff {
        pub(crate) use ::diff_runtime::*;
    }

    #[derive(autodiff::Differentiable)]
    #[differentiable(crate = autodiff)]
    pub(crate) struct Point {
        pub(crate) r#type: f64,
        pub(crate) rest: ::std::vec::Vec<f64>,
        pub(crate) index: u8,
    }
}

#[test]
fn without_a_prelude_and_under_another_name() {
    let point = renamed::Point { r#type: 3.0, rest: vec![4.0], index: 7 };
    assert_eq!((point.norm(), point.zero_like().index), (5.0, 7));
}

macro_rules! define {
    ($name:ident, $($field:ident: $ty:ty),*) => {
        #[derive(Differentiable)]
        struct $name {
            $($field: $ty,)*
            own: f64,
        }
    };
}

define!(Made, a: f64, b: (f64, [f64; 2]));

#[test]
fn inside_of_a_macro() {
    let made = Made { a: 1.0, b: (2.0, [3.0, 4.0]), own: 5.0 };
    assert_eq!(made.inner_product(&made), 55.0);
}
