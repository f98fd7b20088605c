//! What generated code calls. Not part of the public interface: it may change in any release, together with the macro
//! (the two crates pin each other's exact version).

pub use core::primitive::{f32, f64};

#[cfg(feature = "alloc")]
pub use alloc::{boxed::Box, vec, vec::Vec};

/// The items, where the crate has an allocator: companions with a tape, and gradients of slices.
#[cfg(feature = "alloc")]
#[macro_export]
#[doc(hidden)]
macro_rules! __with_alloc {
    ($($items:tt)*) => { $($items)* };
}

/// Nothing, where the crate has no allocator.
#[cfg(not(feature = "alloc"))]
#[macro_export]
#[doc(hidden)]
macro_rules! __with_alloc {
    ($($items:tt)*) => {};
}

pub use __with_alloc as with_alloc;

/// A value that is a float, or a reference to one: the guard on values whose type the macro cannot see.
///
/// A matrix, say, is none, so that a product with it is a type error and not a wrong derivative.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes part in arithmetic that is differentiated, but it is no float scalar",
    label = "not a float scalar of type `{F}`",
    note = "only floats of type `{F}` can be combined with values that vary with the parameters"
)]
pub trait Float<F> {
    /// The float itself.
    fn float(self) -> F;
}

// The type `F` is always given, so that these are implementations for the floats that it is, a generic one among them.
impl<F> Float<F> for F {
    #[inline(always)]
    fn float(self) -> F {
        self
    }
}

impl<F: Copy> Float<F> for &F {
    #[inline(always)]
    fn float(self) -> F {
        *self
    }
}

impl<F: Copy> Float<F> for &&F {
    #[inline(always)]
    fn float(self) -> F {
        **self
    }
}

/// The float that a value is.
#[inline(always)]
pub fn float<F>(value: impl Float<F>) -> F {
    value.float()
}

// ---- calls of differentiable functions -------------------------------------------------------------------------

/// The slot of a parameter that cannot be active.
#[derive(Clone, Copy, Debug)]
pub struct Constant;

/// What a callee can be asked for in a parameter: a partial derivative, if the parameter can be active.
#[diagnostic::on_unimplemented(
    message = "this argument varies with the parameters, but the function takes a constant here",
    label = "a constant is expected",
    note = "the parameter is marked `#[constant]`, or its type is not visibly made of floats"
)]
pub trait Request {
    /// The request for it, or for nothing.
    fn active_if(asked: bool) -> Self;
}

impl Request for bool {
    #[inline(always)]
    fn active_if(asked: bool) -> Self {
        asked
    }
}

/// The slot of an argument that varies with the parameters.
#[inline(always)]
pub fn active<R: Request>() -> R {
    R::active_if(true)
}

/// The same, of one whose derivative the caller's own caller may not ask for.
#[inline(always)]
pub fn active_if<R: Request>(asked: bool) -> R {
    R::active_if(asked)
}

/// The slot of an argument that is a constant.
#[inline(always)]
pub fn constant<R: Absent>() -> R {
    R::absent()
}

/// What a loop of `length` iterations sees of an array that it reads from `start` on. A loop that does not run sees
/// nothing, wherever `start` is.
///
/// The window has the length of the loop, so that the compiler knows that no access of the loop is out of bounds.
///
/// # Panics
///
/// Where an access of the loop would.
#[inline(always)]
#[must_use]
pub fn window<F>(array: &[F], start: usize, length: usize) -> &[F] {
    if length > 0 { &array[start..][..length] } else { &[] }
}

/// The same, to write through.
///
/// # Panics
///
/// Where an access of the loop would.
#[inline(always)]
#[must_use]
pub fn window_mut<F>(array: &mut [F], start: usize, length: usize) -> &mut [F] {
    if length > 0 { &mut array[start..][..length] } else { &mut [] }
}

// ---- names that must mean what they are taken for --------------------------------------------------------------

/// Takes two functions that are one and the same: the guard on paths such as `f64::sin`, which a module may hide.
pub fn same<F: Same<G>, G>(_: F, _: G) {}

/// Is the same type.
#[diagnostic::on_unimplemented(
    message = "this path does not lead to the type that its name tells: a module or another type hides that",
    label = "not the function of the primitive type, of `Vec` or of `std::mem`",
    note = "call it as a method, or name the type by its full path"
)]
pub trait Same<G> {}
impl<F> Same<F> for F {}

/// No function is of this type: with one implementation only, rustc would report that two types differ, and not why.
#[derive(Debug)]
pub struct Other<F>(F);
impl<F> Same<Other<F>> for F {}

macro_rules! methods {
    ($($method:ident($($arg:ident)*)),* $(,)?) => {
        /// Has the methods of a float on a reference to one. A trait of the user's that has one of them too, and that
        /// therefore comes before the float itself, makes a call ambiguous: the guard on methods of references.
        pub trait MethodOfTheFloat {
            $(fn $method<$($arg),*>(&self, $(_: $arg),*) {})*
        }
        /// The same, for traits of references.
        pub trait MethodOfTheReference {
            $(fn $method<$($arg),*>(&self, $(_: $arg),*) {})*
        }
    };
}
#[rustfmt::skip]
methods! {
    abs(), acos(), acosh(), asin(), asinh(), atan(), atan2(A), atanh(), cbrt(), ceil(), clamp(A B), copysign(A), cos(),
    cosh(), div_euclid(A), exp(), exp2(), exp_m1(), floor(), fract(), hypot(A), ln(), ln_1p(), log(A), log10(), log2(),
    max(A), min(A), mul_add(A B), powf(A), powi(A), recip(), rem_euclid(A), round(), round_ties_even(), signum(), sin(),
    sin_cos(), sinh(), sqrt(), tan(), tanh(), to_degrees(), to_radians(), trunc(),
}
impl MethodOfTheFloat for f64 {}
impl MethodOfTheFloat for f32 {}
impl MethodOfTheReference for &f64 {}
impl MethodOfTheReference for &f32 {}

// ---- structs ------------------------------------------------------------------------------------------------

/// Zero in the shape of each element.
#[cfg(feature = "alloc")]
pub fn zeros_like<T: crate::Differentiable>(items: &[T]) -> Vec<T> {
    items.iter().map(T::zero_like).collect()
}

/// Whether two points, gradients or tangents have the same shape.
#[inline]
pub fn same_shape<T: crate::Differentiable + ?Sized>(a: &T, b: &T) -> bool {
    a.same_shape(b)
}

/// Makes every component zero.
#[inline]
pub fn clear<T: crate::Differentiable + ?Sized>(value: &mut T) {
    value.for_each_component_mut(|x| *x = crate::Real::ZERO);
}

/// Sets the component with this number.
#[inline]
pub fn set_component<T: crate::Differentiable + ?Sized>(value: &mut T, number: usize, to: T::Scalar) {
    let mut next = 0;
    value.for_each_component_mut(|component| {
        if next == number {
            *component = to;
        }
        next += 1;
    });
}

/// Copies all components, in their order.
#[inline]
pub fn write_components<T: crate::Differentiable + ?Sized>(value: &T, to: &mut [T::Scalar]) {
    let mut to = to.iter_mut();
    value.for_each_component(|component| {
        if let Some(to) = to.next() {
            *to = component;
        }
    });
}

/// The number of the component that is set in a value whose components are all zero.
#[inline]
pub fn component<T: crate::Differentiable>(mut zero: T, set: impl FnOnce(&mut T)) -> usize {
    set(&mut zero);
    let (mut next, mut found) = (0, 0);
    zero.for_each_component(|component| {
        if component != crate::Real::ZERO {
            found = next;
        }
        next += 1;
    });
    found
}

/// A value that is no float: what `as` and `from` make of it does not vary.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may be a float: what this makes of it may vary",
    label = "not an integer",
    note = "give it a name with its type first, `let x: f32 = p.x;`"
)]
pub trait Integer: Sized {}

macro_rules! integer {
    ($($ty:ty),*) => {$(
        impl Integer for $ty {}
        impl Integer for &$ty {}
    )*};
}
integer!(bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

/// The value itself, which is no float.
#[inline(always)]
pub fn integer<T: Integer>(value: T) -> T {
    value
}

/// What a caller does not ask for, or does not have: a request, a tangent or an adjoint.
#[diagnostic::on_unimplemented(
    message = "what the function writes here varies with the parameters, but this argument is not followed",
    label = "pass an array of floats that is visibly one where it is declared",
    note = "for example `let mut out = [0.0; 3];` or `let mut out: Vec<f64> = ..`"
)]
pub trait Absent {
    /// Zero, or nothing.
    fn absent() -> Self;
}

macro_rules! absent {
    ($($ty:ty = $value:expr),*) => {$(
        impl Absent for $ty {
            #[inline(always)]
            fn absent() -> Self {
                $value
            }
        }
    )*};
}
absent!(bool = false, Constant = Constant);

impl<E> Absent for &[E] {
    #[inline(always)]
    fn absent() -> Self {
        &[]
    }
}

impl<E> Absent for &mut [E] {
    #[inline(always)]
    fn absent() -> Self {
        &mut []
    }
}

/// What a caller does not have for an argument.
#[inline(always)]
pub fn absent<T: Absent>() -> T {
    T::absent()
}

/// The slot of an array that the callee changes, where it is asked for partial derivatives in scalars alone.
#[derive(Clone, Copy, Debug)]
pub struct Written;

/// The tangents or adjoints of an array that the callee changes: never absent.
#[derive(Debug)]
pub struct Out<'a, T: ?Sized>(pub &'a mut T);

/// Adds the elements of an array to those of another, which is as long.
#[inline(always)]
pub fn add_all<T: crate::Differentiable>(sums: &mut [T], terms: &[T]) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| sum.accumulate(term));
}

/// The same, times a factor.
#[inline(always)]
pub fn add_scaled<T: crate::Differentiable<Scalar: Copy>>(sums: &mut [T], factor: T::Scalar, terms: &[T]) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| sum.add_scaled(factor, term));
}

/// The sum of the products of the components of two arrays that are as long.
#[inline(always)]
pub fn inner_product<T: crate::Differentiable>(a: &[T], b: &[T]) -> T::Scalar {
    crate::Differentiable::inner_product(a, b)
}

/// Nothing is: the bound of a pullback that a function does not have.
#[diagnostic::on_unimplemented(
    message = "this function is not differentiated in reverse mode where it is called with arrays",
    label = "called with an array that varies with the parameters",
    note = "it passes on a reference to a value of its own, which ends before the reverse sweep: \
            let it pass on one of its parameters, or an array of floats that is visibly one where it is declared"
)]
pub trait PullbackOfLocalReferences {}

/// An array that a pullback reads: lent by the caller for so long, or a copy of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed where `{T}` is read later on",
    label = "pass a reference to an array, a slice or a `Vec` of floats"
)]
pub trait Kept<T: ?Sized>: Clone {
    /// The array.
    fn kept(&self) -> &T;
}

impl<E> Kept<[E]> for &[E] {
    #[inline(always)]
    fn kept(&self) -> &[E] {
        self
    }
}

impl<E, const N: usize> Kept<[E]> for &[E; N] {
    #[inline(always)]
    fn kept(&self) -> &[E] {
        *self
    }
}

impl<E: Clone, const N: usize> Kept<[E]> for [E; N] {
    #[inline(always)]
    fn kept(&self) -> &[E] {
        self
    }
}

impl<E, const N: usize> Kept<[E; N]> for &[E; N] {
    #[inline(always)]
    fn kept(&self) -> &[E; N] {
        self
    }
}

impl<E: Clone, const N: usize> Kept<[E; N]> for [E; N] {
    #[inline(always)]
    fn kept(&self) -> &[E; N] {
        self
    }
}

/// No tangents: where a callee is not asked for a derivative in an array, it reads none.
impl<E> Kept<[E]> for Constant {
    #[inline(always)]
    fn kept(&self) -> &[E] {
        &[]
    }
}

impl<E, const N: usize> Kept<[E; N]> for Constant {
    #[inline(always)]
    fn kept(&self) -> &[E; N] {
        unreachable!("what is not asked for is not read")
    }
}

/// Tangents that a caller may not have: then they are zeros.
#[derive(Clone, Debug)]
pub enum OrZeros<K, Z> {
    /// Those of the caller.
    Given(K),
    /// Zeros, in an array.
    Zeros(Z),
}

impl<T: ?Sized, K: Kept<T>, Z: Kept<T>> Kept<T> for OrZeros<K, Z> {
    #[inline(always)]
    fn kept(&self) -> &T {
        match self {
            OrZeros::Given(given) => given.kept(),
            OrZeros::Zeros(zeros) => zeros.kept(),
        }
    }
}

/// The tangent of a scalar, as a caller gives it, or none.
pub trait Tangent<F> {
    /// The tangent.
    fn tangent(self) -> Option<F>;
}

impl<F> Tangent<F> for Option<F> {
    #[inline(always)]
    fn tangent(self) -> Option<F> {
        self
    }
}

impl<F> Tangent<F> for Constant {
    #[inline(always)]
    fn tangent(self) -> Option<F> {
        None
    }
}

#[cfg(feature = "alloc")]
impl<E: Clone> Kept<[E]> for Vec<E> {
    #[inline(always)]
    fn kept(&self) -> &[E] {
        self
    }
}

#[cfg(feature = "alloc")]
impl<E> Kept<[E]> for &Vec<E> {
    #[inline(always)]
    fn kept(&self) -> &[E] {
        self
    }
}

// ---- structs that are passed to differentiable functions ------------------------------------------------------

/// A struct that a pullback reads: lent by the caller for so long, or a copy of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed where `{T}` is read later on",
    label = "pass a reference to `{T}`"
)]
pub trait Held<T>: Clone {
    /// The struct.
    fn kept(&self) -> &T;
}

impl<T> Held<T> for &T {
    #[inline(always)]
    fn kept(&self) -> &T {
        self
    }
}

impl<T: Clone> Held<T> for T {
    #[inline(always)]
    fn kept(&self) -> &T {
        self
    }
}

/// A receiver of which a pullback keeps a copy.
#[diagnostic::on_unimplemented(
    message = "a method of `{Self}` that is differentiated in `self` is called where `self` varies: that takes a copy of it",
    label = "`{Self}` is not `Clone`"
)]
pub trait Copied<'k>: 'k {
    /// The copy.
    #[must_use]
    fn copied(&self) -> Self;
}

impl<'k, T: Clone + 'k> Copied<'k> for T {
    #[inline(always)]
    fn copied(&self) -> T {
        self.clone()
    }
}

/// Zero in the shape of a value.
#[inline(always)]
pub fn zero_of<T: crate::Differentiable>(value: &T) -> T {
    value.zero_like()
}

/// The tangent of an argument, in the form in which the callee takes it.
#[diagnostic::on_unimplemented(
    message = "this argument varies with the parameters, but the function takes a constant here",
    label = "a constant is expected",
    note = "a struct or `self` is differentiated in where the function names it in `wrt(..)`; what is changed is passed by `&mut`"
)]
pub trait Lent<'a, T: ?Sized> {
    /// The form that the callee takes.
    fn lent(value: &'a T) -> Self;
}

impl<'a, T> Lent<'a, T> for Option<&'a T> {
    #[inline(always)]
    fn lent(value: &'a T) -> Self {
        Some(value)
    }
}

impl<'a, E, const N: usize> Lent<'a, [E; N]> for &'a [E] {
    #[inline(always)]
    fn lent(value: &'a [E; N]) -> Self {
        value
    }
}

/// The tangent of an argument.
#[inline(always)]
pub fn lent<'a, T: ?Sized, R: Lent<'a, T>>(value: &'a T) -> R {
    R::lent(value)
}

/// The adjoint of an argument, in the form in which the callee takes it.
#[diagnostic::on_unimplemented(
    message = "this argument varies with the parameters, but the function takes a constant here",
    label = "a constant is expected",
    note = "a struct or `self` is differentiated in where the function names it in `wrt(..)`; what is changed is passed by `&mut`"
)]
pub trait LentMut<'a, T: ?Sized> {
    /// The form that the callee takes.
    fn lent(value: &'a mut T) -> Self;
}

impl<'a, T> LentMut<'a, T> for Option<&'a mut T> {
    #[inline(always)]
    fn lent(value: &'a mut T) -> Self {
        Some(value)
    }
}

impl<'a, E, const N: usize> LentMut<'a, [E; N]> for &'a mut [E] {
    #[inline(always)]
    fn lent(value: &'a mut [E; N]) -> Self {
        value
    }
}

/// The adjoint of an argument, which the callee adds to.
#[inline(always)]
pub fn lent_mut<'a, T: ?Sized, R: LentMut<'a, T>>(value: &'a mut T) -> R {
    R::lent(value)
}

impl<T> Absent for Option<T> {
    #[inline(always)]
    fn absent() -> Self {
        None
    }
}

#[cfg(feature = "alloc")]
impl<'a, E> Lent<'a, Vec<E>> for &'a [E] {
    #[inline(always)]
    fn lent(value: &'a Vec<E>) -> Self {
        value
    }
}

#[cfg(feature = "alloc")]
impl<'a, E> LentMut<'a, Vec<E>> for &'a mut [E] {
    #[inline(always)]
    fn lent(value: &'a mut Vec<E>) -> Self {
        value
    }
}
