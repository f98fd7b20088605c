//! Closures, plain functions and generated companions enter, in any of the argument shapes that the companions have,
//! and functions of one point leave: the trait [`Function`].

use crate::real::Real;

/// A function from a point `P` to `Y`, whatever shape its arguments have.
///
/// You never implement or name this trait: pass a function, and the compiler finds `Shape`.
///
/// | the function | the point `P` |
/// | --- | --- |
/// | `fn(&P) -> Y` | any |
/// | `fn(&[F]) -> Y` | `Vec<F>`, `[F; N]` |
/// | `fn(F) -> Y` | `F` |
/// | `fn(F) -> Y`, `fn(F, F) -> Y`, ... up to eight scalars | `[F; 1]`, `[F; 2]`, ... |
/// | `fn(&A, &B) -> Y` | the tuple `(A, B)` |
///
/// A closure states its argument types, because there is more than one shape: `|x: &[f64; 2]| x[0] * x[1]`. For any
/// other signature, write a closure around it: `|(w, b): &([f64; 3], f64)| loss::gradient(w, *b)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no function from a point of type `{P}` to `{Y}`",
    label = "cannot be called with a `{P}`, or does not return a `{Y}`",
    note = "a closure must state the types of its arguments: `|x: &[f64; 2]| ..`"
)]
pub trait Function<P: ?Sized, Y, Shape> {
    /// The value at `point`.
    fn at(&mut self, point: &P) -> Y;
}

/// The argument shapes of [`Function`], found by the compiler.
pub mod shape {
    /// The point by reference: `fn(&P) -> Y`.
    #[derive(Debug)]
    pub enum Reference {}
    /// The point as a slice: `fn(&[F]) -> Y`.
    #[derive(Debug)]
    pub enum Slice {}
    /// One scalar by value: `fn(F) -> Y`.
    #[derive(Debug)]
    pub enum Scalar {}
    /// `N` scalars by value: `fn(F, F) -> Y`.
    #[derive(Debug)]
    pub enum Scalars<const N: usize> {}
    /// Two values by reference: `fn(&A, &B) -> Y`.
    #[derive(Debug)]
    pub enum Pair {}
}

impl<C, P: ?Sized, Y> Function<P, Y, shape::Reference> for C
where
    C: FnMut(&P) -> Y,
{
    #[inline]
    fn at(&mut self, point: &P) -> Y {
        self(point)
    }
}

impl<C, F: Real, Y, const N: usize> Function<[F; N], Y, shape::Slice> for C
where
    C: FnMut(&[F]) -> Y,
{
    #[inline]
    fn at(&mut self, point: &[F; N]) -> Y {
        self(point)
    }
}

#[cfg(feature = "alloc")]
impl<C, F: Real, Y> Function<alloc::vec::Vec<F>, Y, shape::Slice> for C
where
    C: FnMut(&[F]) -> Y,
{
    #[inline]
    fn at(&mut self, point: &alloc::vec::Vec<F>) -> Y {
        self(point)
    }
}

impl<C, F: Real, Y> Function<F, Y, shape::Scalar> for C
where
    C: FnMut(F) -> Y,
{
    #[inline]
    fn at(&mut self, point: &F) -> Y {
        self(*point)
    }
}

impl<C, A, B, Y> Function<(A, B), Y, shape::Pair> for C
where
    C: FnMut(&A, &B) -> Y,
{
    #[inline]
    fn at(&mut self, point: &(A, B)) -> Y {
        self(&point.0, &point.1)
    }
}

macro_rules! scalars {
    ($count:literal: $($argument:ident)*) => {
        impl<C, F: Real, Y> Function<[F; $count], Y, shape::Scalars<$count>> for C
        where
            C: FnMut($(scalars!(type of $argument)),*) -> Y,
        {
            #[inline]
            fn at(&mut self, &[$($argument),*]: &[F; $count]) -> Y {
                self($($argument),*)
            }
        }
    };
    (type of $argument:ident) => { F };
}

scalars!(1: a);
scalars!(2: a b);
scalars!(3: a b c);
scalars!(4: a b c d);
scalars!(5: a b c d e);
scalars!(6: a b c d e f);
scalars!(7: a b c d e f g);
scalars!(8: a b c d e f g h);

#[cfg(test)]
mod tests {
    use super::*;

    fn value<P, Y, Shape>(mut function: impl Function<P, Y, Shape>, point: P) -> Y {
        function.at(&point)
    }

    fn of_array(x: &[f64; 2]) -> f64 {
        x[0] - x[1]
    }
    fn of_slice(x: &[f64]) -> f64 {
        x[0] - x[1]
    }
    fn of_scalars(x: f64, y: f64) -> f64 {
        x - y
    }
    fn of_two_arrays(x: &[f64; 1], y: &[f64; 2]) -> f64 {
        x[0] - y[1]
    }

    #[test]
    fn every_shape_is_found_without_being_named() {
        assert_eq!(value(of_array, [3.0, 1.0]), 2.0);
        assert_eq!(value(of_slice, [3.0, 1.0]), 2.0);
        assert_eq!(value(of_scalars, [3.0, 1.0]), 2.0);
        assert_eq!(value(of_two_arrays, ([3.0], [5.0, 1.0])), 2.0);
        assert_eq!(value(|x: f64| 2.0 * x, 1.0), 2.0);
        assert_eq!(value(|(x, y): &([f64; 1], f64)| x[0] - y, ([3.0], 1.0)), 2.0);
    }

    #[test]
    #[cfg(feature = "alloc")]
    fn slices_come_from_vectors_too() {
        assert_eq!(value(of_slice, alloc::vec![3.0, 1.0]), 2.0);
    }
}
