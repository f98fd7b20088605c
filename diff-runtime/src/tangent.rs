//! Values made of floats enter, and vector-space operations on all their components leave: the trait
//! [`Differentiable`](trait@Differentiable).
//!
//! Invariant: every operation walks the components of its operands in the same, fixed order (array elements, tuple
//! fields and struct fields in the order of their declaration), so that "component `i`" means the same everywhere.

use crate::real::Real;

/// A value made of `n` floating-point components: a point, a gradient, a tangent.
///
/// Implemented for `f32`, `f64`, arrays, slices, `Vec` and `Box` (feature `alloc`), and tuples of one to twelve
/// entries, nested as you like, as long as all components are of one scalar type. Nothing allocates, except
/// [`zero_like`](Self::zero_like) for the types that own heap memory.
///
/// ```
/// use diff_runtime::Differentiable;
///
/// let mut x = ([1.0, 2.0], 3.0);
/// let gradient = ([10.0, 20.0], 30.0);
/// x.add_scaled(-0.1, &gradient);                        // x <- x - 0.1 g
/// assert_eq!(x, ([0.0, 0.0], 0.0));
/// assert_eq!(gradient.inner_product(&gradient), 1400.0);
/// assert_eq!(gradient.dimension(), 3);
/// ```
///
/// # Structs
///
/// `#[derive(Differentiable)]` implements the trait for a struct. Fields that are not made of floats, or that are marked
/// `#[constant]`, have no components, and keep their values:
///
/// ```
/// use diff_runtime::Differentiable;
///
/// #[derive(Clone, Debug, PartialEq, Differentiable)]
/// struct Line {
///     slope: f64,
///     intercept: f64,
///     points: usize,
/// }
///
/// let line = Line { slope: 1.0, intercept: 2.0, points: 10 };
/// assert_eq!(line.zero_like(), Line { slope: 0.0, intercept: 0.0, points: 10 });
/// assert_eq!(line.inner_product(&line), 5.0);
/// ```
///
/// By hand, three methods are required, and each is the same line for every field. A field that is not made of floats has no
/// components: `zero_like` keeps its value.
///
/// ```
/// use diff_runtime::Differentiable;
///
/// struct Layer {
///     weights: [f64; 2],
///     bias: f64,
///     name: &'static str,
/// }
///
/// impl Differentiable for Layer {
///     type Scalar = f64;
///
///     fn zero_like(&self) -> Self {
///         Layer { weights: self.weights.zero_like(), bias: self.bias.zero_like(), name: self.name }
///     }
///
///     fn same_shape(&self, other: &Self) -> bool {
///         self.weights.same_shape(&other.weights) && self.bias.same_shape(&other.bias)
///     }
///
///     fn zip_components<const M: usize, const K: usize>(
///         mut targets: [&mut Self; M],
///         sources: [&Self; K],
///         visit: &mut impl FnMut([&mut f64; M], [f64; K]),
///     ) {
///         Differentiable::zip_components(targets.each_mut().map(|t| &mut t.weights), sources.map(|s| &s.weights), visit);
///         Differentiable::zip_components(targets.each_mut().map(|t| &mut t.bias), sources.map(|s| &s.bias), visit);
///     }
/// }
///
/// let mut layer = Layer { weights: [1.0, 2.0], bias: 3.0, name: "output" };
/// layer.scale(2.0);
/// assert_eq!((layer.weights, layer.bias, layer.name), ([2.0, 4.0], 6.0, "output"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not made of floats that a derivative can be taken in",
    label = "not `Differentiable`",
    note = "a field that does not take part is marked `#[constant]`; a struct takes part with `#[derive(Differentiable)]`"
)]
pub trait Differentiable {
    /// The type of every component.
    type Scalar: Real;

    /// A value of the same shape with every component zero; what is no component keeps its value.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// assert_eq!(([1.0, 2.0], 3.0).zero_like(), ([0.0, 0.0], 0.0));
    /// ```
    fn zero_like(&self) -> Self
    where
        Self: Sized;

    /// Whether the components of the two values correspond one to one (equal lengths at every level).
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// assert!(![1.0, 2.0][..].same_shape(&[1.0, 2.0, 3.0][..]));
    /// ```
    fn same_shape(&self, other: &Self) -> bool;

    /// Calls `visit` once for each component, in order, with that component of every target and of every source.
    ///
    /// The one way in: all other operations are written with it. `M` and `K` may be 0.
    ///
    /// # Panics
    ///
    /// If the shapes differ. With nested shapes, components before the difference may have been visited.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    ///
    /// let (mut velocity, gradient) = ([1.0, 2.0], [0.5, 0.25]);
    /// Differentiable::zip_components([&mut velocity], [&gradient], &mut |[v], [g]| *v = 0.5 * *v + g);
    /// assert_eq!(velocity, [1.0, 1.25]);
    /// ```
    fn zip_components<const M: usize, const K: usize>(
        targets: [&mut Self; M],
        sources: [&Self; K],
        visit: &mut impl FnMut([&mut Self::Scalar; M], [Self::Scalar; K]),
    );

    /// The inner product `sum_i self_i other_i`.
    ///
    /// Slices of sixteen elements and more are summed in sixteen interleaved partial sums, which is faster and more accurate
    /// than one running sum, and differs from it in rounding.
    ///
    /// # Panics
    ///
    /// If the shapes differ.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// assert_eq!([1.0, 2.0].inner_product(&[3.0, 4.0]), 11.0);
    /// ```
    fn inner_product(&self, other: &Self) -> Self::Scalar {
        let mut sum = Self::Scalar::ZERO;
        Self::zip_components([], [self, other], &mut |[], [a, b]| sum += a * b);
        sum
    }

    /// The number of components.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// assert_eq!([[1.0; 3]; 2].dimension(), 6);
    /// ```
    fn dimension(&self) -> usize {
        let mut count = 0;
        self.for_each_component(|_| count += 1);
        count
    }

    /// Calls `visit` with each component, in order.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// let mut largest = 0.0_f64;
    /// [1.0_f64, -3.0].for_each_component(|x| largest = largest.max(x.abs()));
    /// assert_eq!(largest, 3.0);
    /// ```
    fn for_each_component(&self, mut visit: impl FnMut(Self::Scalar)) {
        Self::zip_components([], [self], &mut |[], [x]| visit(x));
    }

    /// Calls `visit` with each component, in order, for change in place.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// let mut x = [1.0_f64, -3.0];
    /// x.for_each_component_mut(|x| *x = x.max(0.0));
    /// assert_eq!(x, [1.0, 0.0]);
    /// ```
    fn for_each_component_mut(&mut self, mut visit: impl FnMut(&mut Self::Scalar)) {
        Self::zip_components([self], [], &mut |[x], []| visit(x));
    }

    /// `self <- self + factor * other` ("axpy").
    ///
    /// # Panics
    ///
    /// If the shapes differ.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// let mut x = [1.0, 2.0];
    /// x.add_scaled(10.0, &[1.0, 1.0]);
    /// assert_eq!(x, [11.0, 12.0]);
    /// ```
    fn add_scaled(&mut self, factor: Self::Scalar, other: &Self) {
        Self::zip_components([self], [other], &mut |[x], [y]| *x += factor * y);
    }

    /// `self <- self + other`.
    ///
    /// # Panics
    ///
    /// If the shapes differ.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// let mut x = [1.0, 2.0];
    /// x.accumulate(&[1.0, 1.0]);
    /// assert_eq!(x, [2.0, 3.0]);
    /// ```
    fn accumulate(&mut self, other: &Self) {
        Self::zip_components([self], [other], &mut |[x], [y]| *x += y);
    }

    /// `self <- factor * self`.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// let mut x = [1.0, 2.0];
    /// x.scale(3.0);
    /// assert_eq!(x, [3.0, 6.0]);
    /// ```
    fn scale(&mut self, factor: Self::Scalar) {
        self.for_each_component_mut(|x| *x = factor * *x);
    }

    /// Copies every component of `other`; what is no component keeps its value.
    ///
    /// # Panics
    ///
    /// If the shapes differ.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// let mut x = [0.0, 0.0];
    /// x.copy_components(&[1.0, 2.0]);
    /// assert_eq!(x, [1.0, 2.0]);
    /// ```
    fn copy_components(&mut self, other: &Self) {
        Self::zip_components([self], [other], &mut |[x], [y]| *x = y);
    }

    /// Component `index`, or `None` past the last. Walks all components.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// assert_eq!(([1.0, 2.0], 3.0).component(2), Some(3.0));
    /// assert_eq!(([1.0, 2.0], 3.0).component(3), None);
    /// ```
    fn component(&self, index: usize) -> Option<Self::Scalar> {
        let (mut found, mut position) = (None, 0);
        self.for_each_component(|x| {
            if position == index {
                found = Some(x);
            }
            position += 1;
        });
        found
    }

    /// Sets component `index` and does nothing past the last. Walks all components.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// let mut x = ([1.0, 2.0], 3.0);
    /// x.set_component(1, 7.0);
    /// assert_eq!(x, ([1.0, 7.0], 3.0));
    /// ```
    fn set_component(&mut self, index: usize, value: Self::Scalar) {
        let mut position = 0;
        self.for_each_component_mut(|x| {
            if position == index {
                *x = value;
            }
            position += 1;
        });
    }

    /// The Euclidean norm `sqrt(sum_i self_i^2)`, without overflow or underflow on the way.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// assert_eq!([3.0, 4.0].norm(), 5.0);
    /// assert!(([3e200_f64, 4e200].norm() / 5e200 - 1.0).abs() < 1e-15);
    /// ```
    fn norm(&self) -> Self::Scalar {
        let squared = self.inner_product(self);
        // Below this sum, squares that underflowed could matter.
        let reliable = Self::Scalar::MIN_POSITIVE / Self::Scalar::EPSILON;
        if squared.is_nan() || (squared > reliable && squared.is_finite()) {
            return squared.sqrt();
        }
        // Powers of two, so that the scaling itself does not round.
        let factor = if squared.is_finite() {
            Self::Scalar::ONE / Self::Scalar::TINY_POWER_OF_TWO
        } else {
            Self::Scalar::TINY_POWER_OF_TWO
        };
        let mut sum = Self::Scalar::ZERO;
        self.for_each_component(|x| sum += (factor * x) * (factor * x));
        sum.sqrt() / factor
    }

    /// Whether no component is infinite or NaN.
    ///
    /// ```
    /// use diff_runtime::Differentiable;
    /// assert!(![1.0, f64::NAN].all_finite());
    /// ```
    fn all_finite(&self) -> bool {
        let mut finite = true;
        self.for_each_component(|x| finite &= x.is_finite());
        finite
    }
}

macro_rules! differentiable_scalar {
    ($float:ident) => {
        impl Differentiable for $float {
            type Scalar = $float;

            #[inline]
            fn zero_like(&self) -> Self {
                0.0
            }

            #[inline]
            fn same_shape(&self, _: &Self) -> bool {
                true
            }

            #[inline]
            fn zip_components<const M: usize, const K: usize>(
                targets: [&mut Self; M],
                sources: [&Self; K],
                visit: &mut impl FnMut([&mut Self; M], [Self; K]),
            ) {
                visit(targets, sources.map(|source| *source));
            }

            #[inline]
            fn inner_product(&self, other: &Self) -> Self {
                self * other
            }
        }
    };
}

differentiable_scalar!(f32);
differentiable_scalar!(f64);

impl<T: Differentiable> Differentiable for [T] {
    type Scalar = T::Scalar;

    fn same_shape(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same_shape(b))
    }

    #[inline]
    fn zip_components<const M: usize, const K: usize>(
        targets: [&mut Self; M],
        sources: [&Self; K],
        visit: &mut impl FnMut([&mut T::Scalar; M], [T::Scalar; K]),
    ) {
        let first = targets.first().map(|target| target.len());
        let length = first.or(sources.first().map(|source| source.len())).unwrap_or(0);
        // Equal lengths are asserted before the loop, which then needs no bounds checks and vectorises.
        let mut targets = targets.map(|target| {
            assert_same_length(target.len(), length);
            &mut target[..length]
        });
        let sources = sources.map(|source| {
            assert_same_length(source.len(), length);
            &source[..length]
        });
        for i in 0..length {
            let elements = targets.each_mut().map(|target| &mut target[i]);
            T::zip_components(elements, sources.map(|source| &source[i]), visit);
        }
    }

    #[inline]
    fn inner_product(&self, other: &Self) -> T::Scalar {
        const LANES: usize = 16;
        assert_same_length(other.len(), self.len());
        let (chunks, rest) = self.as_chunks::<LANES>();
        let (other_chunks, other_rest) = other.as_chunks::<LANES>();
        let mut sum = T::Scalar::ZERO;
        if !chunks.is_empty() {
            let mut lanes = [T::Scalar::ZERO; LANES];
            for (a, b) in chunks.iter().zip(other_chunks) {
                for lane in 0..LANES {
                    lanes[lane] += a[lane].inner_product(&b[lane]);
                }
            }
            lanes.iter().for_each(|&lane| sum += lane);
        }
        rest.iter().zip(other_rest).for_each(|(a, b)| sum += a.inner_product(b));
        sum
    }
}

#[track_caller]
#[inline]
fn assert_same_length(found: usize, expected: usize) {
    assert!(found == expected, "operands of different shapes: {found} elements against {expected}");
}

impl<T: Differentiable, const N: usize> Differentiable for [T; N] {
    type Scalar = T::Scalar;

    #[inline]
    fn zero_like(&self) -> Self {
        self.each_ref().map(T::zero_like)
    }

    fn same_shape(&self, other: &Self) -> bool {
        self.as_slice().same_shape(other.as_slice())
    }

    #[inline]
    fn zip_components<const M: usize, const K: usize>(
        targets: [&mut Self; M],
        sources: [&Self; K],
        visit: &mut impl FnMut([&mut T::Scalar; M], [T::Scalar; K]),
    ) {
        <[T]>::zip_components(targets.map(|t| t.as_mut_slice()), sources.map(|s| s.as_slice()), visit);
    }

    #[inline]
    fn inner_product(&self, other: &Self) -> T::Scalar {
        self.as_slice().inner_product(other.as_slice())
    }
}

#[cfg(feature = "alloc")]
impl<T: Differentiable> Differentiable for alloc::vec::Vec<T> {
    type Scalar = T::Scalar;

    fn zero_like(&self) -> Self {
        self.iter().map(T::zero_like).collect()
    }

    fn same_shape(&self, other: &Self) -> bool {
        self.as_slice().same_shape(other.as_slice())
    }

    #[inline]
    fn zip_components<const M: usize, const K: usize>(
        targets: [&mut Self; M],
        sources: [&Self; K],
        visit: &mut impl FnMut([&mut T::Scalar; M], [T::Scalar; K]),
    ) {
        <[T]>::zip_components(targets.map(|t| t.as_mut_slice()), sources.map(|s| s.as_slice()), visit);
    }

    #[inline]
    fn inner_product(&self, other: &Self) -> T::Scalar {
        self.as_slice().inner_product(other.as_slice())
    }
}

#[cfg(feature = "alloc")]
impl<T: Differentiable> Differentiable for alloc::boxed::Box<T> {
    type Scalar = T::Scalar;

    fn zero_like(&self) -> Self {
        alloc::boxed::Box::new((**self).zero_like())
    }

    fn same_shape(&self, other: &Self) -> bool {
        (**self).same_shape(other)
    }

    #[inline]
    fn zip_components<const M: usize, const K: usize>(
        targets: [&mut Self; M],
        sources: [&Self; K],
        visit: &mut impl FnMut([&mut T::Scalar; M], [T::Scalar; K]),
    ) {
        T::zip_components(targets.map(|t| &mut **t), sources.map(|s| &**s), visit);
    }

    #[inline]
    fn inner_product(&self, other: &Self) -> T::Scalar {
        (**self).inner_product(other)
    }
}

macro_rules! differentiable_tuple {
    ($first:ident $first_index:tt $(, $rest:ident $index:tt)*) => {
        impl<$first: Differentiable $(, $rest: Differentiable<Scalar = $first::Scalar>)*> Differentiable
            for ($first, $($rest,)*)
        {
            type Scalar = $first::Scalar;

            #[inline]
            fn zero_like(&self) -> Self {
                (self.$first_index.zero_like(), $(self.$index.zero_like(),)*)
            }

            fn same_shape(&self, other: &Self) -> bool {
                self.$first_index.same_shape(&other.$first_index) $(&& self.$index.same_shape(&other.$index))*
            }

            #[inline]
            fn zip_components<const M: usize, const K: usize>(
                mut targets: [&mut Self; M],
                sources: [&Self; K],
                visit: &mut impl FnMut([&mut Self::Scalar; M], [Self::Scalar; K]),
            ) {
                $first::zip_components(
                    targets.each_mut().map(|t| &mut t.$first_index),
                    sources.map(|s| &s.$first_index),
                    visit,
                );
                $($rest::zip_components(
                    targets.each_mut().map(|t| &mut t.$index),
                    sources.map(|s| &s.$index),
                    visit,
                );)*
            }

            #[inline]
            fn inner_product(&self, other: &Self) -> Self::Scalar {
                self.$first_index.inner_product(&other.$first_index)
                    $(+ self.$index.inner_product(&other.$index))*
            }
        }
    };
}

differentiable_tuple!(T0 0);
differentiable_tuple!(T0 0, T1 1);
differentiable_tuple!(T0 0, T1 1, T2 2);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3, T4 4);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9, T10 10);
differentiable_tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9, T10 10, T11 11);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_visited_in_declaration_order() {
        let value = ([1.0, 2.0], 3.0, [[4.0], [5.0]]);
        let (mut seen, mut count) = ([0.0; 5], 0);
        value.for_each_component(|x| {
            seen[count] = x;
            count += 1;
        });
        assert_eq!((seen, count), ([1.0, 2.0, 3.0, 4.0, 5.0], 5));
    }

    #[test]
    fn several_targets_and_sources_move_in_lockstep() {
        let (mut a, mut b) = ([1.0, 2.0], [10.0, 20.0]);
        Differentiable::zip_components([&mut a, &mut b], [&[0.5, 0.25], &[3.0, 4.0]], &mut |[a, b], [c, d]| {
            *a += c;
            *b += d;
        });
        assert_eq!((a, b), ([1.5, 2.25], [13.0, 24.0]));
    }

    #[test]
    #[should_panic(expected = "operands of different shapes: 3 elements against 2")]
    fn different_lengths_panic() {
        [1.0, 2.0][..].inner_product(&[1.0, 2.0, 3.0][..]);
    }

    #[test]
    #[should_panic(expected = "operands of different shapes")]
    fn different_lengths_panic_before_anything_is_written() {
        let mut x = [1.0, 2.0];
        x[..].add_scaled(1.0, &[1.0][..]);
    }

    #[test]
    fn inner_product_of_short_slices_is_the_running_sum() {
        let (a, b) = ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], [1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]);
        let mut sum = 0.0;
        for i in 0..7 {
            sum += a[i] * b[i];
        }
        assert_eq!(a.inner_product(&b), sum);
    }

    #[test]
    fn inner_product_of_long_slices_covers_every_element() {
        let mut ones = [1.0_f32; 29];
        for (i, one) in ones.iter_mut().enumerate() {
            *one = i as f32;
        }
        // Exact: integers below 2^24.
        assert_eq!(ones.inner_product(&[2.0; 29]), 2.0 * (28.0 * 29.0) / 2.0);
    }

    #[test]
    fn norm_neither_overflows_nor_underflows() {
        let huge = f64::MAX / 8.0;
        assert_eq!([3.0 * huge, 4.0 * huge].norm(), 5.0 * huge);
        // Scaled by a power of two, so that the triangle stays right.
        assert_eq!([3.0 * f64::from_bits(1), 4.0 * f64::from_bits(1)].norm(), 5.0 * f64::from_bits(1));
        assert_eq!([3.0 * f32::MIN_POSITIVE, 4.0 * f32::MIN_POSITIVE].norm(), 5.0 * f32::MIN_POSITIVE);
        assert_eq!([0.0, -0.0].norm(), 0.0);
    }

    #[test]
    fn norm_of_values_that_are_not_finite() {
        assert_eq!([1.0, f64::NEG_INFINITY].norm(), f64::INFINITY);
        assert!([f64::INFINITY, f64::NAN].norm().is_nan());
        assert!([1.0, f64::NAN].norm().is_nan());
    }

    #[test]
    #[cfg(feature = "alloc")]
    fn vectors_of_different_lengths_differ_in_shape() {
        use alloc::vec;
        assert!(vec![vec![1.0], vec![2.0]].same_shape(&vec![vec![3.0], vec![4.0]]));
        assert!(!vec![vec![1.0], vec![2.0]].same_shape(&vec![vec![3.0, 4.0], vec![]]));
    }

    #[test]
    #[cfg(feature = "alloc")]
    fn zero_like_keeps_the_lengths() {
        use alloc::{boxed::Box, vec};
        assert_eq!(Box::new((vec![1.0, 2.0], 3.0)).zero_like(), Box::new((vec![0.0, 0.0], 0.0)));
    }

    #[test]
    fn values_without_components_are_allowed() {
        let empty: [f64; 0] = [];
        assert_eq!((empty.dimension(), empty.norm(), empty.all_finite()), (0, 0.0, true));
    }
}
