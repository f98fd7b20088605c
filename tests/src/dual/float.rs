//! Duals as generic floats: a function that is generic in its float type runs on them as it stands.

use std::num::FpCategory;
use std::ops::{Mul, Sub};

use num_traits::{Float, Num, NumCast, One, ToPrimitive, Zero};

use super::{Dual, Scalar};

impl<F: Scalar> Zero for Dual<F> {
    fn zero() -> Self {
        Self::lit(F::ZERO)
    }

    fn is_zero(&self) -> bool {
        self.re == F::ZERO
    }
}

impl<F: Scalar> One for Dual<F> {
    fn one() -> Self {
        Self::lit(F::ONE)
    }
}

impl<F: Scalar + Float> Num for Dual<F> {
    type FromStrRadixErr = F::FromStrRadixErr;

    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        F::from_str_radix(text, radix).map(Self::lit)
    }
}

impl<F: Scalar + Float> ToPrimitive for Dual<F> {
    fn to_i64(&self) -> Option<i64> {
        self.re.to_i64()
    }

    fn to_u64(&self) -> Option<u64> {
        self.re.to_u64()
    }

    fn to_f32(&self) -> Option<f32> {
        self.re.to_f32()
    }

    fn to_f64(&self) -> Option<f64> {
        self.re.to_f64()
    }
}

/// A number that is converted does not vary.
impl<F: Scalar + Float> NumCast for Dual<F> {
    fn from<N: ToPrimitive>(n: N) -> Option<Self> {
        <F as NumCast>::from(n).map(Self::lit)
    }
}

macro_rules! float {
    (constants $($constant:ident)*; queries $($query:ident)*; unary $($unary:ident)*; binary $($binary:ident)*) => {
        impl<F: Scalar + Float> Float for Dual<F> {
            $(fn $constant() -> Self {
                Self::lit(<F as Float>::$constant())
            })*
            $(fn $query(self) -> bool {
                Float::$query(self.re)
            })*
            $(fn $unary(self) -> Self {
                Dual::$unary(self)
            })*
            $(fn $binary(self, other: Self) -> Self {
                Dual::$binary(self, other)
            })*

            fn classify(self) -> FpCategory {
                Float::classify(self.re)
            }

            fn mul_add(self, a: Self, b: Self) -> Self {
                Dual::mul_add(self, a, b)
            }

            fn clamp(self, min: Self, max: Self) -> Self {
                Dual::clamp(self, min, max)
            }

            fn powi(self, n: i32) -> Self {
                Dual::powi(self, n)
            }

            fn sin_cos(self) -> (Self, Self) {
                Dual::sin_cos(self)
            }

            fn abs_sub(self, other: Self) -> Self {
                if self <= other { Self::zero() } else { Sub::sub(self, other) }
            }

            fn integer_decode(self) -> (u64, i16, i8) {
                Float::integer_decode(self.re)
            }

            fn to_degrees(self) -> Self {
                Mul::mul(self, Self::lit(Float::to_degrees(F::ONE)))
            }

            fn to_radians(self) -> Self {
                Mul::mul(self, Self::lit(Float::to_radians(F::ONE)))
            }
        }
    };
}
float!(
    constants nan infinity neg_infinity neg_zero min_value min_positive_value epsilon max_value;
    queries is_nan is_infinite is_finite is_normal is_sign_positive is_sign_negative;
    unary floor ceil round trunc fract abs signum recip sqrt exp exp2 ln log2 log10 cbrt sin cos tan asin acos atan exp_m1
        ln_1p sinh cosh tanh asinh acosh atanh;
    binary powf log max min hypot atan2 copysign
);
