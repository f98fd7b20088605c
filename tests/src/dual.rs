//! The reference of the numeric tests: a number that is written like `f64` or `f32` and carries a tangent.
//!
//! A function goes in as its own text with the float types replaced by [`Dual`] (see `build.rs`); its value and one
//! directional derivative come out. The derivative rules are those of the crate `num-dual`, an implementation that
//! shares no code and no author with the macro. Only what `num-dual` lacks is defined here: operations with a kink,
//! a jump or a remainder, whose derivatives are constants.
//!
//! Invariants:
//! - The real part is computed by the float's own operation, not by `num-dual`'s: it has the same bits as the
//!   function, so that both take the same branches and run their loops as often.
//! - There is no operation between a `Dual` and a float: a mistake in the replacement is a type error.

use std::cmp::Ordering;
use std::fmt;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

use num_dual::DualNum;

mod float;

/// A float and its tangent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dual<F> {
    /// The value.
    pub re: F,
    /// The tangent.
    pub eps: F,
}

/// Stands in for `f64`.
pub type Dual64 = Dual<f64>;
/// Stands in for `f32`.
pub type Dual32 = Dual<f32>;

/// The constants of `std::f64::consts`, as duals.
pub mod consts {
    use super::Dual64;

    macro_rules! constants {
        ($($name:ident)*) => {$(
            #[doc = concat!("`std::f64::consts::", stringify!($name), "`")]
            pub const $name: Dual64 = Dual64::lit(std::f64::consts::$name);
        )*};
    }
    constants!(PI TAU E LN_2 LN_10 SQRT_2 FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_1_SQRT_2 FRAC_2_SQRT_PI FRAC_1_PI);
}

macro_rules! unary {
    ($($name:ident)*) => {
        /// What `f64` and `f32` have in common here: each operation on a pair of value and tangent.
        pub trait Scalar: Copy + PartialOrd + fmt::Debug + fmt::Display {
            /// Zero.
            const ZERO: Self;
            /// One.
            const ONE: Self;
            $(#[doc = concat!("`", stringify!($name), "` of a value with a tangent.")]
            fn $name(x: Dual<Self>) -> Dual<Self>;)*
            /// `x + y`, with `num-dual`'s rule.
            fn add(x: Dual<Self>, y: Dual<Self>) -> Dual<Self>;
            /// `x - y`, with `num-dual`'s rule.
            fn sub(x: Dual<Self>, y: Dual<Self>) -> Dual<Self>;
            /// `x * y`, with `num-dual`'s rule.
            fn mul(x: Dual<Self>, y: Dual<Self>) -> Dual<Self>;
            /// `x / y`, with `num-dual`'s rule.
            fn div(x: Dual<Self>, y: Dual<Self>) -> Dual<Self>;
            /// `x^n`, with `num-dual`'s rule.
            fn powi(x: Dual<Self>, n: i32) -> Dual<Self>;
            /// `x^p`: `num-dual`'s rule for a constant exponent, or for a varying one.
            fn powf(x: Dual<Self>, p: Dual<Self>) -> Dual<Self>;
            /// `log_base(x)`, with `num-dual`'s rules of its two logarithms.
            fn log(x: Dual<Self>, base: Dual<Self>) -> Dual<Self>;
            /// `atan2(y, x)`, with `num-dual`'s rule.
            fn atan2(y: Dual<Self>, x: Dual<Self>) -> Dual<Self>;
            /// `sqrt(x^2 + y^2)`, with `num-dual`'s rules of these.
            fn hypot(x: Dual<Self>, y: Dual<Self>) -> Dual<Self>;
            /// `x a + b`, with `num-dual`'s rule.
            fn mul_add(x: Dual<Self>, a: Dual<Self>, b: Dual<Self>) -> Dual<Self>;
            /// `y` with the tangent times a factor.
            fn scaled(y: Self, tangent: Self, factor: Self) -> Dual<Self>;
            /// `y` with the tangent of `x - n y`, where `n` does not vary.
            fn remainder(y: Self, x: Dual<Self>, n: Self, d: Dual<Self>) -> Dual<Self>;
            /// Primal operations without a rule in `num-dual`.
            fn primal(op: Primal, x: Self, y: Self) -> Self;
        }

        unary!(@impl f64, $($name)*);
        unary!(@impl f32, $($name)*);

        impl<F: Scalar> Dual<F> {
            $(#[doc = concat!("`", stringify!($name), "`")]
            #[must_use]
            pub fn $name(self) -> Self {
                F::$name(self)
            })*
        }
    };
    (@impl $f:ident, $($name:ident)*) => {
        impl Scalar for $f {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            $(fn $name(x: Dual<Self>) -> Dual<Self> {
                Dual { re: x.re.$name(), eps: DualNum::$name(&num(x)).eps }
            })*
            fn add(x: Dual<Self>, y: Dual<Self>) -> Dual<Self> {
                Dual { re: x.re + y.re, eps: (num(x) + num(y)).eps }
            }
            fn sub(x: Dual<Self>, y: Dual<Self>) -> Dual<Self> {
                Dual { re: x.re - y.re, eps: (num(x) - num(y)).eps }
            }
            fn mul(x: Dual<Self>, y: Dual<Self>) -> Dual<Self> {
                Dual { re: x.re * y.re, eps: (num(x) * num(y)).eps }
            }
            fn div(x: Dual<Self>, y: Dual<Self>) -> Dual<Self> {
                Dual { re: x.re / y.re, eps: (num(x) / num(y)).eps }
            }
            fn powi(x: Dual<Self>, n: i32) -> Dual<Self> {
                Dual { re: x.re.powi(n), eps: num(x).powi(n).eps }
            }
            fn powf(x: Dual<Self>, p: Dual<Self>) -> Dual<Self> {
                let eps = if p.eps == 0.0 { num(x).powf(p.re).eps } else { num(x).powd(num(p)).eps };
                Dual { re: x.re.powf(p.re), eps }
            }
            fn log(x: Dual<Self>, base: Dual<Self>) -> Dual<Self> {
                Dual { re: x.re.log(base.re), eps: (num(x).ln() / num(base).ln()).eps }
            }
            fn atan2(y: Dual<Self>, x: Dual<Self>) -> Dual<Self> {
                Dual { re: y.re.atan2(x.re), eps: num(y).atan2(num(x)).eps }
            }
            fn hypot(x: Dual<Self>, y: Dual<Self>) -> Dual<Self> {
                Dual { re: x.re.hypot(y.re), eps: (num(x).powi(2) + num(y).powi(2)).sqrt().eps }
            }
            fn mul_add(x: Dual<Self>, a: Dual<Self>, b: Dual<Self>) -> Dual<Self> {
                Dual { re: x.re.mul_add(a.re, b.re), eps: num(x).mul_add(num(a), num(b)).eps }
            }
            fn scaled(y: Self, tangent: Self, factor: Self) -> Dual<Self> {
                Dual { re: y, eps: factor * tangent }
            }
            fn remainder(y: Self, x: Dual<Self>, n: Self, d: Dual<Self>) -> Dual<Self> {
                Dual { re: y, eps: x.eps - n * d.eps }
            }
            fn primal(op: Primal, x: Self, y: Self) -> Self {
                match op {
                    Primal::Abs => x.abs(),
                    Primal::Signum => x.signum(),
                    Primal::Floor => x.floor(),
                    Primal::Ceil => x.ceil(),
                    Primal::Round => x.round(),
                    Primal::RoundTiesEven => x.round_ties_even(),
                    Primal::Trunc => x.trunc(),
                    Primal::Fract => x.fract(),
                    Primal::ToRadians => x.to_radians(),
                    Primal::ToDegrees => x.to_degrees(),
                    Primal::Copysign => x.copysign(y),
                    Primal::Rem => x % y,
                    Primal::RemEuclid => x.rem_euclid(y),
                    Primal::DivEuclid => x.div_euclid(y),
                    Primal::TruncatedRatio => (x / y).trunc(),
                }
            }
        }
    };
}

unary!(recip sqrt cbrt exp exp2 exp_m1 ln log2 log10 ln_1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh);

/// A primal operation without a rule in `num-dual`.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the methods of `f64` of the same names")]
pub enum Primal {
    Abs,
    Signum,
    Floor,
    Ceil,
    Round,
    RoundTiesEven,
    Trunc,
    Fract,
    ToRadians,
    ToDegrees,
    Copysign,
    Rem,
    RemEuclid,
    DivEuclid,
    TruncatedRatio,
}

fn num<F>(x: Dual<F>) -> num_dual::Dual<F> {
    num_dual::Dual::new(x.re, x.eps)
}

macro_rules! steps {
    ($($name:ident $primal:ident)*) => {
        impl<F: Scalar> Dual<F> {
            $(#[doc = concat!("`", stringify!($name), "`, with derivative 0.")]
            #[must_use]
            pub fn $name(self) -> Self {
                Self::lit(F::primal(Primal::$primal, self.re, F::ZERO))
            })*
        }
    };
}
steps!(signum Signum floor Floor ceil Ceil round Round round_ties_even RoundTiesEven trunc Trunc);

impl<F: Scalar> Dual<F> {
    /// A constant.
    pub const fn lit(re: F) -> Self {
        Self { re, eps: F::ZERO }
    }

    /// A value with a tangent.
    pub const fn new(re: F, eps: F) -> Self {
        Self { re, eps }
    }

    /// `x^n`
    #[must_use]
    pub fn powi(self, n: i32) -> Self {
        F::powi(self, n)
    }

    /// `x^p`
    #[must_use]
    pub fn powf(self, p: Self) -> Self {
        F::powf(self, p)
    }

    /// The logarithm to a base.
    #[must_use]
    pub fn log(self, base: Self) -> Self {
        F::log(self, base)
    }

    /// The angle of the point `(x, self)`.
    #[must_use]
    pub fn atan2(self, x: Self) -> Self {
        F::atan2(self, x)
    }

    /// The length of `(self, y)`.
    #[must_use]
    pub fn hypot(self, y: Self) -> Self {
        F::hypot(self, y)
    }

    /// `self a + b` with one rounding.
    #[must_use]
    pub fn mul_add(self, a: Self, b: Self) -> Self {
        F::mul_add(self, a, b)
    }

    /// Sine and cosine.
    #[must_use]
    pub fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }

    /// The magnitude: the larger of `x` and `-x`.
    #[must_use]
    pub fn abs(self) -> Self {
        let re = F::primal(Primal::Abs, self.re, F::ZERO);
        if re == self.re { Self::new(re, self.eps) } else { Self::new(re, (-self).eps) }
    }

    /// The larger of two, the first on a tie.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if self.re >= other.re { self } else { other }
    }

    /// The smaller of two, the first on a tie.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if self.re <= other.re { self } else { other }
    }

    /// The nearest of an interval.
    #[must_use]
    pub fn clamp(self, low: Self, high: Self) -> Self {
        if self.re < low.re {
            low
        } else if self.re > high.re {
            high
        } else {
            self
        }
    }

    /// The magnitude of `self` with the sign of another.
    #[must_use]
    pub fn copysign(self, sign: Self) -> Self {
        let re = F::primal(Primal::Copysign, self.re, sign.re);
        if re == self.re { Self::new(re, self.eps) } else { Self::new(re, (-self).eps) }
    }

    /// `x - trunc(x)`
    #[must_use]
    pub fn fract(self) -> Self {
        Self::new(F::primal(Primal::Fract, self.re, F::ZERO), self.eps)
    }

    /// From degrees.
    #[must_use]
    pub fn to_radians(self) -> Self {
        F::scaled(
            F::primal(Primal::ToRadians, self.re, F::ZERO),
            self.eps,
            F::primal(Primal::ToRadians, F::ONE, F::ZERO),
        )
    }

    /// From radians.
    #[must_use]
    pub fn to_degrees(self) -> Self {
        F::scaled(
            F::primal(Primal::ToDegrees, self.re, F::ZERO),
            self.eps,
            F::primal(Primal::ToDegrees, F::ONE, F::ZERO),
        )
    }

    /// The remainder that is not negative.
    #[must_use]
    pub fn rem_euclid(self, d: Self) -> Self {
        let n = F::primal(Primal::DivEuclid, self.re, d.re);
        F::remainder(F::primal(Primal::RemEuclid, self.re, d.re), self, n, d)
    }

    /// The quotient that belongs to `rem_euclid`, with derivative 0.
    #[must_use]
    pub fn div_euclid(self, d: Self) -> Self {
        Self::lit(F::primal(Primal::DivEuclid, self.re, d.re))
    }

    /// Whether the value is not a number.
    #[must_use]
    pub fn is_nan(self) -> bool {
        self.re.partial_cmp(&self.re).is_none()
    }

    /// Whether the value is neither infinite nor not a number.
    #[must_use]
    pub fn is_finite(self) -> bool {
        let x = self.re;
        Self::lit(x) * Self::lit(F::ZERO) == Self::lit(F::ZERO)
    }

    /// Whether the sign bit is clear.
    #[must_use]
    pub fn is_sign_positive(self) -> bool {
        !self.is_sign_negative()
    }

    /// The order of numbers.
    ///
    /// # Panics
    ///
    /// If one of them is not a number.
    #[must_use]
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        self.re.partial_cmp(&other.re).expect("numbers")
    }

    /// Whether the sign bit is set.
    #[must_use]
    pub fn is_sign_negative(self) -> bool {
        F::primal(Primal::Copysign, F::ONE, self.re) < F::ZERO
    }
}

impl Dual64 {
    /// `f64::EPSILON`
    pub const EPSILON: Self = Self::lit(f64::EPSILON);
    /// `f64::MIN`
    pub const MIN: Self = Self::lit(f64::MIN);
    /// `f64::INFINITY`
    pub const INFINITY: Self = Self::lit(f64::INFINITY);
    /// `f64::NEG_INFINITY`
    pub const NEG_INFINITY: Self = Self::lit(f64::NEG_INFINITY);
    /// `f64::MAX`
    pub const MAX: Self = Self::lit(f64::MAX);
    /// `f64::MIN_POSITIVE`
    pub const MIN_POSITIVE: Self = Self::lit(f64::MIN_POSITIVE);
}

impl Dual32 {
    /// `f32::EPSILON`
    pub const EPSILON: Self = Self::lit(f32::EPSILON);
}

impl<F: Scalar> Neg for Dual<F> {
    type Output = Self;
    fn neg(self) -> Self {
        // Not `0 - x`, which would lose the sign of a zero.
        let minus_one = Self::lit(F::primal(Primal::Copysign, F::ONE, (Self::lit(F::ZERO) - Self::lit(F::ONE)).re));
        self * minus_one
    }
}

impl<F: Scalar> Neg for &Dual<F> {
    type Output = Dual<F>;
    fn neg(self) -> Dual<F> {
        -*self
    }
}

macro_rules! operators {
    ($($op:ident $method:ident $assign:ident $assign_method:ident;)*) => {$(
        impl<F: Scalar> $op for Dual<F> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                F::$method(self, other)
            }
        }
        impl<F: Scalar> $op<&Dual<F>> for Dual<F> {
            type Output = Self;
            fn $method(self, other: &Self) -> Self {
                F::$method(self, *other)
            }
        }
        impl<F: Scalar> $op<Dual<F>> for &Dual<F> {
            type Output = Dual<F>;
            fn $method(self, other: Dual<F>) -> Dual<F> {
                F::$method(*self, other)
            }
        }
        impl<F: Scalar> $op<&Dual<F>> for &Dual<F> {
            type Output = Dual<F>;
            fn $method(self, other: &Dual<F>) -> Dual<F> {
                F::$method(*self, *other)
            }
        }
        impl<F: Scalar> $assign<&Self> for Dual<F> {
            fn $assign_method(&mut self, other: &Self) {
                *self = F::$method(*self, *other);
            }
        }
        impl<F: Scalar> $assign for Dual<F> {
            fn $assign_method(&mut self, other: Self) {
                *self = F::$method(*self, other);
            }
        }
    )*};
}
operators! {
    Add add AddAssign add_assign;
    Sub sub SubAssign sub_assign;
    Mul mul MulAssign mul_assign;
    Div div DivAssign div_assign;
}

impl<F: Scalar> Rem for Dual<F> {
    type Output = Self;
    fn rem(self, d: Self) -> Self {
        let n = F::primal(Primal::TruncatedRatio, self.re, d.re);
        F::remainder(F::primal(Primal::Rem, self.re, d.re), self, n, d)
    }
}

impl<F: Scalar> RemAssign for Dual<F> {
    fn rem_assign(&mut self, d: Self) {
        *self = *self % d;
    }
}

impl<F: Scalar> PartialEq for Dual<F> {
    fn eq(&self, other: &Self) -> bool {
        self.re == other.re
    }
}

impl<F: Scalar> PartialOrd for Dual<F> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.re.partial_cmp(&other.re)
    }
}

impl<F: Scalar> Product for Dual<F> {
    fn product<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::lit(F::ONE), |product, x| product * x)
    }
}
impl<'a, F: Scalar> Product<&'a Self> for Dual<F> {
    fn product<I: Iterator<Item = &'a Self>>(iter: I) -> Self {
        iter.copied().product()
    }
}

impl<F: Scalar> Sum for Dual<F> {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        // `f64` starts at -0.0, too.
        iter.fold(-Self::lit(F::ZERO), |sum, x| sum + x)
    }
}

impl<'a, F: Scalar> Sum<&'a Self> for Dual<F> {
    fn sum<I: Iterator<Item = &'a Self>>(iter: I) -> Self {
        iter.copied().sum()
    }
}

impl<F: fmt::Display> fmt::Display for Dual<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.re.fmt(f)
    }
}

/// The operator `as`, for a type that a program can define.
pub trait Cast<T> {
    /// `self as T`
    fn cast(self) -> T;
}

macro_rules! casts {
    ($($int:ident)*) => {$(
        impl Cast<Dual64> for $int {
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless, reason = "what `as` does is what is copied")]
            fn cast(self) -> Dual64 {
                Dual::lit(self as f64)
            }
        }
        impl Cast<Dual32> for $int {
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless, reason = "what `as` does is what is copied")]
            fn cast(self) -> Dual32 {
                Dual::lit(self as f32)
            }
        }
        impl<F: Scalar> Cast<$int> for Dual<F>
        where
            F: num_traits::AsPrimitive<$int>,
        {
            fn cast(self) -> $int {
                self.re.as_()
            }
        }
        casts!(@from $int; i8 i16 i32 i64 u8 u16 u32 u64 usize isize);
    )*};
    (@from $from:ident; $($to:ident)*) => {$(
        impl Cast<$to> for $from {
            #[allow(clippy::unnecessary_cast, clippy::cast_possible_truncation, clippy::cast_possible_wrap,
                clippy::cast_sign_loss, clippy::cast_lossless, reason = "what `as` does is what is copied")]
            fn cast(self) -> $to {
                self as $to
            }
        }
    )*};
}
casts!(i8 i16 i32 i64 u8 u16 u32 u64 usize isize);

macro_rules! casts_of_bool {
    ($($int:ident)*) => {$(
        impl Cast<$int> for bool {
            fn cast(self) -> $int {
                $int::from(self)
            }
        }
    )*};
}
casts_of_bool!(u8 i32 usize);

impl Cast<Dual64> for Dual32 {
    fn cast(self) -> Dual64 {
        Dual::new(f64::from(self.re), f64::from(self.eps))
    }
}

impl Cast<Dual32> for Dual64 {
    #[allow(clippy::cast_possible_truncation, reason = "what `as` does is what is copied")]
    fn cast(self) -> Dual32 {
        Dual::new(self.re as f32, self.eps as f32)
    }
}

impl Cast<Self> for Dual64 {
    fn cast(self) -> Self {
        self
    }
}

macro_rules! lossless {
    ($($int:ident)*) => {$(
        impl From<$int> for Dual64 {
            fn from(n: $int) -> Self {
                Self::lit(f64::from(n))
            }
        }
    )*};
}
lossless!(i8 i16 i32 u8 u16 u32 bool);

impl From<Dual32> for Dual64 {
    fn from(x: Dual32) -> Self {
        x.cast()
    }
}
