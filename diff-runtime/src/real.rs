//! The scalars of the crate: the trait [`Real`], implemented by `f32` and `f64` and by nothing else, so that every
//! numerical routine is written once and needs neither `std` nor a maths library.

use core::fmt::{Debug, Display, LowerExp};
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::tangent::Differentiable;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A floating-point scalar: `f32` or `f64`.
///
/// The trait is sealed. It carries the operations that exist without `std`, and the square root, which is correctly
/// rounded (bit-identical) with and without `std`.
///
/// ```
/// use diff_runtime::Real;
///
/// fn hypotenuse<F: Real>(a: F, b: F) -> F {
///     (a * a + b * b).sqrt()
/// }
/// assert_eq!(hypotenuse(3.0_f32, 4.0), 5.0);
/// assert_eq!(hypotenuse(3.0_f64, 4.0), 5.0);
/// ```
pub trait Real:
    sealed::Sealed
    + Differentiable<Scalar = Self>
    + Copy
    + Default
    + PartialOrd
    + Debug
    + Display
    + LowerExp
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// `EPSILON^(1/2)`: the relative step that balances truncation and rounding of a one-sided difference.
    const EPSILON_SQRT: Self;
    /// `EPSILON^(1/3)`: the same for a central difference.
    const EPSILON_CBRT: Self;
    /// `EPSILON^(1/5)`: the same for a central difference extrapolated once (Richardson).
    const EPSILON_FIFTH_ROOT: Self;
    /// The largest finite number.
    const MAX: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// A power of two by which every finite number can be divided or multiplied so that its square stays in range.
    const TINY_POWER_OF_TWO: Self;

    /// The number nearest to `value`.
    fn from_f64(value: f64) -> Self;
    /// The number as an `f64`, exactly.
    fn to_f64(self) -> f64;
    /// The absolute value.
    fn abs(self) -> Self;
    /// The square root, correctly rounded; NaN for a negative number.
    fn sqrt(self) -> Self;
    /// The larger of two numbers; the other one if one is NaN.
    fn max(self, other: Self) -> Self;
    /// The smaller of two numbers; the other one if one is NaN.
    fn min(self, other: Self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Whether this is NaN.
    fn is_nan(self) -> bool;
}

macro_rules! real {
    ($float:ident, roots of epsilon: $second:literal, $third:literal, $fifth:literal, tiny: $tiny:expr) => {
        impl Real for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $float::EPSILON;
            const EPSILON_SQRT: Self = $second;
            const EPSILON_CBRT: Self = $third;
            const EPSILON_FIFTH_ROOT: Self = $fifth;
            const MAX: Self = $float::MAX;
            const MIN_POSITIVE: Self = $float::MIN_POSITIVE;
            const INFINITY: Self = $float::INFINITY;
            const TINY_POWER_OF_TWO: Self = $float::from_bits($tiny);

            #[inline]
            fn from_f64(value: f64) -> Self {
                value as $float
            }
            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            #[inline]
            fn sqrt(self) -> Self {
                square_root::$float(self)
            }
            #[inline]
            fn max(self, other: Self) -> Self {
                $float::max(self, other)
            }
            #[inline]
            fn min(self, other: Self) -> Self {
                $float::min(self, other)
            }
            #[inline]
            fn is_finite(self) -> bool {
                $float::is_finite(self)
            }
            #[inline]
            fn is_nan(self) -> bool {
                $float::is_nan(self)
            }
        }
    };
}

real!(f32, roots of epsilon: 3.452_669_8e-4, 4.921_566_6e-3, 4.123_462_6e-2, tiny: (127 - 100) << 23);
real!(f64, roots of epsilon: 1.490_116_119_384_765_6e-8, 6.055_454_452_393_343e-6, 7.400_959_797_414_05e-4, tiny: (1023 - 600) << 52);

#[cfg(not(feature = "std"))]
use integer_square_root as square_root;

/// The square root of the hardware.
#[cfg(feature = "std")]
mod square_root {
    #[inline]
    pub(super) fn f32(x: f32) -> f32 {
        x.sqrt()
    }

    #[inline]
    pub(super) fn f64(x: f64) -> f64 {
        x.sqrt()
    }
}

/// The square root by integer arithmetic, for builds without `std`.
#[cfg(any(test, not(feature = "std")))]
mod integer_square_root {
    /// The square root of an `f32`. One rounding to `f64` before the last is harmless: 53 >= 2 * 24 + 2 bits.
    pub(super) fn f32(x: f32) -> f32 {
        f64(f64::from(x)) as f32
    }

    /// The correctly rounded square root of an `f64`, by one integer square root.
    ///
    /// With `x = m 2^e`, `m` an integer of 109 or 110 bits and `e` even, `sqrt(x) = sqrt(m) 2^(e/2)`. The integer root has
    /// 55 bits, two more than the result; a set lowest bit stands for the remainder, so that the conversion rounds once and
    /// correctly.
    pub(super) fn f64(x: f64) -> f64 {
        const MANTISSA_BITS: i32 = 52;
        const EXPONENT_BIAS: i32 = 1023;
        if x.is_nan() || x == 0.0 || x == f64::INFINITY {
            return x;
        }
        if x < 0.0 {
            return f64::NAN;
        }
        let bits = x.to_bits();
        let biased = (bits >> MANTISSA_BITS) as i32;
        let fraction = bits & ((1 << MANTISSA_BITS) - 1);
        let (mantissa, exponent) = if biased == 0 {
            let shift = fraction.leading_zeros() as i32 - 11;
            (fraction << shift, 1 - shift)
        } else {
            (fraction | (1 << MANTISSA_BITS), biased)
        };
        let exponent = exponent - EXPONENT_BIAS - MANTISSA_BITS;
        let shift = 56 + (exponent & 1);
        let radicand = u128::from(mantissa) << shift;
        let root = radicand.isqrt();
        let inexact = u64::from(root * root != radicand);
        let scale = ((exponent - shift) / 2 + EXPONENT_BIAS) as u64;
        (root as u64 | inexact) as f64 * f64::from_bits(scale << MANTISSA_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "std")]
    use crate::random::SplitMix64;

    #[test]
    #[cfg(feature = "std")]
    fn square_root_without_std_is_bit_identical_to_the_hardware() {
        let mut random = SplitMix64::new(1);
        for _ in 0..100_000 {
            let x = f64::from_bits(random.next_u64() >> 1);
            if x.is_nan() {
                continue;
            }
            assert_eq!(integer_square_root::f64(x).to_bits(), x.sqrt().to_bits(), "{x:e}");
            let x = x as f32;
            assert_eq!(integer_square_root::f32(x).to_bits(), x.sqrt().to_bits(), "{x:e}");
        }
    }

    #[test]
    #[cfg(feature = "std")]
    fn square_root_of_the_extremes() {
        let least = f64::from_bits(1);
        for x in [0.0, -0.0, least, 3.0 * least, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY] {
            assert_eq!(integer_square_root::f64(x).to_bits(), x.sqrt().to_bits(), "{x:e}");
        }
        assert!(integer_square_root::f64(-1.0).is_nan());
        assert!(integer_square_root::f64(f64::NAN).is_nan());
    }

    #[test]
    fn roots_of_epsilon_are_roots_of_epsilon() {
        fn check<F: Real>() {
            let fifth = F::EPSILON_FIFTH_ROOT;
            let close = |power: F| (power / F::EPSILON - F::ONE).abs() < F::from_f64(16.0) * F::EPSILON;
            assert!(close(F::EPSILON_SQRT * F::EPSILON_SQRT));
            assert!(close(F::EPSILON_CBRT * F::EPSILON_CBRT * F::EPSILON_CBRT));
            assert!(close(fifth * fifth * fifth * fifth * fifth));
        }
        check::<f32>();
        check::<f64>();
    }
}
