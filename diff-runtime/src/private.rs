//! What generated code calls. Not part of the public interface: it may change in any release, together with the macro
//! (the two crates pin each other's exact version).

pub use core::primitive::{f32, f64};

#[cfg(feature = "alloc")]
pub use alloc::{vec, vec::Vec};

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
    note = "only `f64` and `f32` can be combined with values that vary with the parameters"
)]
pub trait Float<F> {
    /// The float itself.
    fn float(self) -> F;
}

macro_rules! float {
    ($($f:ty),*) => {$(
        impl Float<$f> for $f {
            #[inline(always)]
            fn float(self) -> $f {
                self
            }
        }
        impl Float<$f> for &$f {
            #[inline(always)]
            fn float(self) -> $f {
                *self
            }
        }
        impl Float<$f> for &&$f {
            #[inline(always)]
            fn float(self) -> $f {
                **self
            }
        }
    )*};
}
float!(f32, f64);

/// The float that a value is.
#[inline(always)]
pub fn float<F>(value: impl Float<F>) -> F {
    value.float()
}

// ---- calls of differentiable functions -------------------------------------------------------------------------

/// The slot of a parameter that cannot be active.
#[derive(Clone, Copy, Debug, Default)]
pub struct Constant;

/// What a callee can be asked for in a parameter: a partial derivative, if the parameter can be active.
#[diagnostic::on_unimplemented(
    message = "this argument varies with the parameters, but the function takes a constant here",
    label = "a constant is expected",
    note = "the parameter is marked `#[constant]`, or its type is not visibly made of floats"
)]
pub trait Request {
    /// The request for it.
    fn active() -> Self;
}

impl Request for bool {
    #[inline(always)]
    fn active() -> Self {
        true
    }
}

/// The slot of an argument that varies with the parameters.
#[inline(always)]
pub fn active<R: Request>() -> R {
    R::active()
}

/// The slot of an argument that is a constant.
#[inline(always)]
pub fn constant<R: Default>() -> R {
    R::default()
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
