//! The table of partials: one row per primitive, from which both modes are made.
//!
//! A row gives the partial derivatives of `y = f(x0, x1, ..)` in terms of the operands and the result. Partials use
//! only primitives of the table, so that a derivative can be differentiated again. The conventions where calculus
//! leaves a choice (kinks, singular points, the form that does not overflow or cancel) are decided here and nowhere
//! else.

use crate::build::Builder;
use crate::ir::{Atom, Scalar};

/// A primitive: a pure function of scalars.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Prim {
    Neg,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Powi,
    Powf,
    Sqrt,
    Cbrt,
    Recip,
    MulAdd,
    Hypot,
    Exp,
    Exp2,
    ExpM1,
    Ln,
    Log,
    Log2,
    Log10,
    Ln1p,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Atan2,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Abs,
    Signum,
    Copysign,
    Min,
    Max,
    Clamp,
    Floor,
    Ceil,
    Round,
    RoundTiesEven,
    Trunc,
    Fract,
    RemEuclid,
    DivEuclid,
    ToRadians,
    ToDegrees,
    /// A cast between float types.
    Cast(Scalar),
    /// An integer as a float: `n as f64`.
    IntToFloat(Scalar),
    /// `n - 1` of an integer, saturating.
    IntPred,
    /// `n + 1` of a count.
    IntSucc,
    /// A sum of indices.
    IntAdd,
    /// A difference of indices, of which the first is not the smaller one.
    IntSub,
    /// A product of indices.
    IntMul,
    /// How many steps it is from the second index up to the first: none where that is the smaller one.
    IntSpan,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    IntEq,
    And,
    Or,
    Not,
    /// `if c { a } else { b }`.
    Select,
    /// `t * c`, but zero if `t` is zero, whatever `c` is.
    StrongMul,
    /// `t / d`, but zero if `t` is zero, whatever `d` is.
    StrongDiv,
    /// `t * c`, but if the flag is set, zero if `t` is zero, whatever `c` is: `flag, t, c`.
    StrongMulIf,
}

/// A partial derivative, in the form that is to be applied to a tangent or an adjoint `t`.
#[derive(Clone, Debug)]
pub(crate) enum Partial {
    /// The result does not vary with this operand.
    Zero,
    /// `t`, in another float type.
    Cast,
    /// `num * t / den`.
    Scale { num: Atom, den: Option<Atom> },
    /// `num * t`, but zero if `num` is zero, whatever `t` is; divided by `den`.
    StrongScale { num: Atom, den: Option<Atom> },
    /// One of two partials, by a condition.
    Select(Atom, Box<Partial>, Box<Partial>),
}

impl Partial {
    fn one() -> Self {
        scale(Atom::Float(1.0))
    }
    fn minus_one() -> Self {
        scale(Atom::Float(-1.0))
    }
    /// The atoms that the partial is made of.
    pub(crate) fn coefficients(&self, atoms: &mut Vec<Atom>) {
        match self {
            Partial::Zero | Partial::Cast => {}
            Partial::Scale { num, den } | Partial::StrongScale { num, den } => {
                atoms.push(*num);
                atoms.extend(den);
            }
            Partial::Select(cond, then, otherwise) => {
                atoms.push(*cond);
                then.coefficients(atoms);
                otherwise.coefficients(atoms);
            }
        }
    }
    fn gate(cond: Atom) -> Self {
        Partial::Select(cond, Box::new(Partial::one()), Box::new(Partial::Zero))
    }
    fn inverse_gate(cond: Atom) -> Self {
        Partial::Select(cond, Box::new(Partial::Zero), Box::new(Partial::one()))
    }
}

fn scale(num: Atom) -> Partial {
    Partial::Scale { num, den: None }
}
fn ratio(num: Atom, den: Atom) -> Partial {
    Partial::Scale { num, den: Some(den) }
}
fn over(num: f64, den: Atom) -> Partial {
    ratio(Atom::Float(num), den)
}

type Partials = fn(&mut Builder, &[Atom], Atom) -> Vec<Partial>;

/// A row of the table.
pub(crate) struct Row {
    pub(crate) prim: Prim,
    /// The method of `f64` that the primitive is; empty for operators and helpers.
    pub(crate) method: &'static str,
    pub(crate) arity: usize,
    /// Whether a partial is infinite or undefined somewhere: then a zero tangent or adjoint contributes zero.
    pub(crate) singular: bool,
    /// Where the primitive is differentiable, one interval per operand: the test samples there.
    #[cfg_attr(not(test), allow(dead_code, reason = "the domains are data for the test of the table"))]
    pub(crate) domain: &'static [(f64, f64)],
    pub(crate) partials: Partials,
}

const REAL: (f64, f64) = (-3.0, 3.0);
const POSITIVE: (f64, f64) = (0.1, 4.0);
const UNIT: (f64, f64) = (-0.9, 0.9);

macro_rules! table {
    ($($prim:ident $method:literal $singular:literal [$($domain:expr),*] |$b:ident, $x:ident, $y:ident| $partials:expr;)*) => {
        /// The table of partials.
        pub(crate) static TABLE: &[Row] = &[$(Row {
            prim: Prim::$prim,
            method: $method,
            arity: [$($domain),*].len(),
            singular: $singular,
            domain: &[$($domain),*],
            partials: |$b, $x, $y| $partials,
        }),*];
    };
}

// Columns: primitive, method, singular somewhere, where to sample each operand, partials of y in x[0], x[1], ..
table! {
    Neg "" false [REAL] |_b, _x, _y| vec![Partial::minus_one()];
    Add "" false [REAL, REAL] |_b, _x, _y| vec![Partial::one(), Partial::one()];
    Sub "" false [REAL, REAL] |_b, _x, _y| vec![Partial::one(), Partial::minus_one()];
    Mul "" false [REAL, REAL] |_b, x, _y| vec![scale(x[1]), scale(x[0])];
    Div "" true [REAL, POSITIVE] |b, x, y| vec![over(1.0, x[1]), ratio(b.neg(y), x[1])];
    Rem "" false [(2.1, 2.9), (0.95, 1.04)] |b, x, _y| vec![Partial::one(), { let q = b.div(x[0], x[1]); let n = b.trunc(q); scale(b.neg(n)) }];
    Powi "powi" true [POSITIVE, (3.0, 3.0)] |b, x, _y| vec![powi(b, x[0], x[1]), Partial::Zero];
    Powf "powf" true [POSITIVE, REAL] |b, x, y| powf(b, x, y);
    Sqrt "sqrt" true [POSITIVE] |_b, _x, y| vec![over(0.5, y)];
    Cbrt "cbrt" true [POSITIVE] |b, _x, y| vec![{ let square = b.powi(y, 2); over(1.0 / 3.0, square) }];
    Recip "recip" true [POSITIVE] |b, _x, y| vec![{ let square = b.powi(y, 2); scale(b.neg(square)) }];
    MulAdd "mul_add" false [REAL, REAL, REAL] |_b, x, _y| vec![scale(x[1]), scale(x[0]), Partial::one()];
    Hypot "hypot" false [REAL, POSITIVE] |b, x, y| hypot(b, x, y);
    Exp "exp" false [REAL] |_b, _x, y| vec![scale(y)];
    Exp2 "exp2" false [REAL] |b, _x, y| vec![scale(b.mul(Atom::Float(std::f64::consts::LN_2), y))];
    ExpM1 "exp_m1" false [REAL] |b, x, y| vec![exp_m1(b, x[0], y)];
    Ln "ln" true [POSITIVE] |_b, x, _y| vec![over(1.0, x[0])];
    Log "log" true [POSITIVE, (1.5, 4.0)] |b, x, y| log(b, x, y);
    Log2 "log2" true [POSITIVE] |b, x, _y| vec![over(1.0, b.mul(Atom::Float(std::f64::consts::LN_2), x[0]))];
    Log10 "log10" true [POSITIVE] |b, x, _y| vec![over(1.0, b.mul(Atom::Float(std::f64::consts::LN_10), x[0]))];
    Ln1p "ln_1p" true [POSITIVE] |b, x, _y| vec![over(1.0, b.add(Atom::Float(1.0), x[0]))];
    Sin "sin" false [REAL] |b, x, _y| vec![scale(b.prim(Prim::Cos, &[x[0]]))];
    Cos "cos" false [REAL] |b, x, _y| vec![{ let sin = b.prim(Prim::Sin, &[x[0]]); scale(b.neg(sin)) }];
    Tan "tan" false [UNIT] |b, _x, y| vec![{ let square = b.powi(y, 2); scale(b.add(Atom::Float(1.0), square)) }];
    Asin "asin" true [UNIT] |b, x, _y| vec![over(1.0, one_minus_square_root(b, x[0]))];
    Acos "acos" true [UNIT] |b, x, _y| vec![over(-1.0, one_minus_square_root(b, x[0]))];
    Atan "atan" false [REAL] |b, x, _y| vec![{ let square = b.powi(x[0], 2); over(1.0, b.add(Atom::Float(1.0), square)) }];
    Atan2 "atan2" true [REAL, POSITIVE] |b, x, _y| atan2(b, x);
    Sinh "sinh" false [REAL] |b, x, _y| vec![scale(b.prim(Prim::Cosh, &[x[0]]))];
    Cosh "cosh" false [REAL] |b, x, _y| vec![scale(b.prim(Prim::Sinh, &[x[0]]))];
    Tanh "tanh" false [REAL] |b, x, y| vec![tanh(b, x[0], y)];
    // 1 / sqrt(x^2 + 1), without the square that overflows
    Asinh "asinh" false [REAL] |b, x, _y| vec![over(1.0, b.prim(Prim::Hypot, &[x[0], Atom::Float(1.0)]))];
    Acosh "acosh" true [(1.1, 4.0)] |b, x, _y| vec![acosh(b, x[0])];
    Atanh "atanh" true [UNIT] |b, x, _y| vec![over(1.0, one_minus_square(b, x[0]))];
    Abs "abs" false [POSITIVE] |b, x, _y| vec![sign(b, x[0])];
    Signum "signum" false [POSITIVE] |_b, _x, _y| vec![Partial::Zero];
    Copysign "copysign" false [POSITIVE, POSITIVE] |b, x, _y| copysign(b, x);
    Min "min" false [(0.1, 1.0), (2.0, 3.0)] |b, x, y| extremum(b, x, y, Prim::Le, Prim::Lt);
    Max "max" false [(0.1, 1.0), (2.0, 3.0)] |b, x, y| extremum(b, x, y, Prim::Ge, Prim::Gt);
    Clamp "clamp" false [REAL, (-1.9, -1.0), (1.0, 1.9)] |b, x, _y| clamp(b, x);
    Floor "floor" false [(0.1, 0.9)] |_b, _x, _y| vec![Partial::Zero];
    Ceil "ceil" false [(0.1, 0.9)] |_b, _x, _y| vec![Partial::Zero];
    Round "round" false [(0.1, 0.4)] |_b, _x, _y| vec![Partial::Zero];
    RoundTiesEven "round_ties_even" false [(0.1, 0.4)] |_b, _x, _y| vec![Partial::Zero];
    Trunc "trunc" false [(0.1, 0.9)] |_b, _x, _y| vec![Partial::Zero];
    Fract "fract" false [(0.1, 0.9)] |_b, _x, _y| vec![Partial::one()];
    RemEuclid "rem_euclid" false [(-2.9, -2.1), (0.95, 1.04)] |b, x, _y| vec![Partial::one(), { let n = b.prim(Prim::DivEuclid, &[x[0], x[1]]); scale(b.neg(n)) }];
    DivEuclid "div_euclid" false [(-2.9, -2.1), (0.95, 1.04)] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    ToRadians "to_radians" false [REAL] |_b, _x, _y| vec![scale(Atom::Float(std::f64::consts::PI / 180.0))];
    ToDegrees "to_degrees" false [REAL] |_b, _x, _y| vec![scale(Atom::Float(180.0 / std::f64::consts::PI))];
    Lt "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    Le "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    Gt "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    Ge "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    Eq "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    Ne "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    IntEq "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    IntPred "" false [REAL] |_b, _x, _y| vec![Partial::Zero];
    IntAdd "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    IntSub "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    IntMul "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    IntSpan "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    IntSucc "" false [REAL] |_b, _x, _y| vec![Partial::Zero];
    And "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    Or "" false [REAL, REAL] |_b, _x, _y| vec![Partial::Zero, Partial::Zero];
    Not "" false [REAL] |_b, _x, _y| vec![Partial::Zero];
    Select "" false [(1.0, 1.0), REAL, REAL] |_b, x, _y| vec![Partial::Zero, Partial::gate(x[0]), Partial::inverse_gate(x[0])];
    StrongMul "" true [REAL, REAL] |_b, x, _y| vec![scale(x[1]), Partial::StrongScale { num: x[0], den: None }];
    StrongMulIf "" true [(1.0, 1.0), REAL, REAL] |_b, x, _y| vec![Partial::Zero, scale(x[2]), Partial::StrongScale { num: x[1], den: None }];
    StrongDiv "" true [REAL, POSITIVE] |b, x, y| vec![over(1.0, x[1]), Partial::StrongScale { num: b.neg(y), den: Some(x[1]) }];
}

/// The row of a primitive. A cast is linear and an integer is constant: neither needs a row.
pub(crate) fn row(prim: Prim) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.prim == prim)
}

/// The primitive that a method of `f64` is, with the number of its operands (the receiver counts).
pub(crate) fn method(name: &str) -> Option<(Prim, usize)> {
    TABLE.iter().find(|row| !row.method.is_empty() && row.method == name).map(|row| (row.prim, row.arity))
}

/// The partials of `y = prim(x)`.
pub(crate) fn partials(b: &mut Builder, prim: Prim, x: &[Atom], y: Atom) -> Vec<Partial> {
    match prim {
        Prim::Cast(_) => vec![Partial::Cast],
        Prim::IntToFloat(_) => vec![Partial::Zero],
        _ => match row(prim) {
            Some(row) => (row.partials)(b, x, y),
            None => unreachable!("every primitive but the casts has a row; a test asserts it"),
        },
    }
}

/// Whether a partial of the primitive may be infinite or undefined at these operands.
pub(crate) fn is_singular(b: &Builder, prim: Prim, x: &[Atom], active: &[bool]) -> bool {
    match (prim, x) {
        (Prim::Div | Prim::StrongDiv, [_, _]) if !active[1] => false,
        (Prim::Powi, [_, Atom::Int(n)]) => *n < 1,
        (Prim::Powf, [_, Atom::Float(p)]) => *p < 1.0,
        (Prim::Div | Prim::StrongDiv, [_, den]) => !b.is_nonzero(*den),
        (Prim::Ln, [x]) => !b.is_nonzero(*x),
        (Prim::Sqrt, [x]) => !b.is_nonzero(*x),
        _ => row(prim).is_some_and(|row| row.singular),
    }
}

/// `n x^(n - 1)`, and zero for `n = 0`, where the power would be infinite at `x = 0`.
fn powi(b: &mut Builder, x: Atom, n: Atom) -> Partial {
    match n {
        Atom::Int(0) => Partial::Zero,
        Atom::Int(n) => {
            let power = b.powi(x, n - 1);
            #[allow(clippy::cast_precision_loss, reason = "the exponent of powi has 32 bits")]
            scale(b.mul(Atom::Float(n as f64), power))
        }
        n => {
            let pred = b.prim(Prim::IntPred, &[n]);
            let power = b.prim(Prim::Powi, &[x, pred]);
            let scalar = b.scalar(x);
            let factor = b.prim(Prim::IntToFloat(scalar), &[n]);
            let zero = b.prim(Prim::IntEq, &[n, Atom::Int(0)]);
            let product = b.mul(factor, power);
            Partial::Select(zero, Box::new(Partial::Zero), Box::new(scale(product)))
        }
    }
}

/// `p x^(p - 1)` in `x` and `y ln(x)` in `p`; no logarithm is evaluated where `x^p` is zero.
fn powf(b: &mut Builder, x: &[Atom], y: Atom) -> Vec<Partial> {
    let (base, exponent) = (x[0], x[1]);
    let in_base = match exponent {
        Atom::Float(p) => powf_constant(b, base, p),
        exponent => {
            let lower = b.sub(exponent, Atom::Float(1.0));
            let power = b.prim(Prim::Powf, &[base, lower]);
            let zero = b.prim(Prim::Eq, &[exponent, Atom::Float(0.0)]);
            let product = b.mul(exponent, power);
            Partial::Select(zero, Box::new(Partial::Zero), Box::new(scale(product)))
        }
    };
    let in_exponent = match exponent {
        Atom::Float(_) => Partial::Zero,
        _ => {
            let zero = b.prim(Prim::Eq, &[y, Atom::Float(0.0)]);
            let log = b.prim(Prim::Ln, &[base]);
            let product = b.mul(y, log);
            Partial::Select(zero, Box::new(Partial::Zero), Box::new(scale(product)))
        }
    };
    vec![in_base, in_exponent]
}

/// `p x^(p - 1)` for a literal `p`: products and roots rather than a call of `powf` where that is exact.
fn powf_constant(b: &mut Builder, x: Atom, p: f64) -> Partial {
    if p == 0.0 {
        return Partial::Zero;
    }
    let lower = p - 1.0;
    #[allow(clippy::cast_possible_truncation, reason = "checked to be a small integer")]
    let power = if lower.fract() == 0.0 && (0.0..=16.0).contains(&lower) {
        b.powi(x, lower as i64)
    } else if lower == 0.5 {
        b.prim(Prim::Sqrt, &[x])
    } else {
        b.prim(Prim::Powf, &[x, Atom::Float(lower)])
    };
    scale(b.mul(Atom::Float(p), power))
}

/// `x / y` and zero at the origin.
fn hypot(b: &mut Builder, x: &[Atom], y: Atom) -> Vec<Partial> {
    if b.is_nonzero(x[0]) || b.is_nonzero(x[1]) {
        return vec![ratio(x[0], y), ratio(x[1], y)];
    }
    let origin = b.prim(Prim::Eq, &[y, Atom::Float(0.0)]);
    let gated = |num| Partial::Select(origin, Box::new(Partial::Zero), Box::new(ratio(num, y)));
    vec![gated(x[0]), gated(x[1])]
}

/// `exp(x)`: `y + 1` where that does not cancel.
fn exp_m1(b: &mut Builder, x: Atom, y: Atom) -> Partial {
    let near = b.prim(Prim::Gt, &[x, Atom::Float(-1.0)]);
    let sum = b.add(y, Atom::Float(1.0));
    let exp = b.prim(Prim::Exp, &[x]);
    scale(b.select(near, sum, exp))
}

/// `log_base(x) = ln(x) / ln(base)`.
fn log(b: &mut Builder, x: &[Atom], y: Atom) -> Vec<Partial> {
    let ln_base = b.prim(Prim::Ln, &[x[1]]);
    let in_x = b.mul(x[0], ln_base);
    let in_base = b.mul(x[1], ln_base);
    vec![over(1.0, in_x), ratio(b.neg(y), in_base)]
}

/// `1 - x^2` as `(1 - x) (1 + x)`, which does not cancel near one.
fn one_minus_square(b: &mut Builder, x: Atom) -> Atom {
    let minus = b.sub(Atom::Float(1.0), x);
    let plus = b.add(Atom::Float(1.0), x);
    b.mul(minus, plus)
}

fn one_minus_square_root(b: &mut Builder, x: Atom) -> Atom {
    let square = one_minus_square(b, x);
    b.prim(Prim::Sqrt, &[square])
}

/// `x / (x^2 + y^2)` and `-y / (x^2 + y^2)`, without the squares that overflow.
fn atan2(b: &mut Builder, x: &[Atom]) -> Vec<Partial> {
    let radius = b.prim(Prim::Hypot, &[x[0], x[1]]);
    let cos = b.div(x[1], radius);
    let sin = b.div(x[0], radius);
    vec![ratio(cos, radius), ratio(b.neg(sin), radius)]
}

/// `1 - y^2` where that does not cancel, else `1 / cosh(x)^2 = 4 t / (1 + t)^2` with `t = exp(-2 |x|)`: nothing in it
/// overflows, nor in its own derivative.
fn tanh(b: &mut Builder, x: Atom, y: Atom) -> Partial {
    let magnitude = b.prim(Prim::Abs, &[y]);
    let near = b.prim(Prim::Lt, &[magnitude, Atom::Float(0.9)]);
    let square = b.powi(y, 2);
    let difference = b.sub(Atom::Float(1.0), square);
    let distance = b.prim(Prim::Abs, &[x]);
    let exponent = b.mul(Atom::Float(-2.0), distance);
    let t = b.prim(Prim::Exp, &[exponent]);
    let sum = b.add(Atom::Float(1.0), t);
    let below = b.powi(sum, 2);
    let above = b.mul(Atom::Float(4.0), t);
    let tail = b.div(above, below);
    scale(b.select(near, difference, tail))
}

/// `1 / sqrt(x^2 - 1)` as a product of two roots, which neither cancels nor overflows.
fn acosh(b: &mut Builder, x: Atom) -> Partial {
    let minus = b.sub(x, Atom::Float(1.0));
    let plus = b.add(x, Atom::Float(1.0));
    let minus = b.prim(Prim::Sqrt, &[minus]);
    let plus = b.prim(Prim::Sqrt, &[plus]);
    over(1.0, b.mul(minus, plus))
}

/// The sign of `x`, and +1 at zero: `abs(x)` is `x.max(-x)`.
fn sign(b: &mut Builder, x: Atom) -> Partial {
    let positive = b.prim(Prim::Ge, &[x, Atom::Float(0.0)]);
    Partial::Select(positive, Box::new(Partial::one()), Box::new(Partial::minus_one()))
}

/// `copysign(x, s) = |x| sign(s)`.
fn copysign(b: &mut Builder, x: &[Atom]) -> Vec<Partial> {
    let positive = b.prim(Prim::Ge, &[x[0], Atom::Float(0.0)]);
    let sign = b.prim(Prim::Copysign, &[Atom::Float(1.0), x[1]]);
    let minus = b.neg(sign);
    vec![Partial::Select(positive, Box::new(scale(sign)), Box::new(scale(minus))), Partial::Zero]
}

/// The operand that the primal returned; on a tie the first.
fn extremum(b: &mut Builder, x: &[Atom], y: Atom, first_wins: Prim, second_wins: Prim) -> Vec<Partial> {
    if matches!(x[0], Atom::Float(_)) {
        let second = b.prim(second_wins, &[x[1], x[0]]);
        return vec![Partial::inverse_gate(second), Partial::gate(second)];
    }
    let first = match x[1] {
        Atom::Float(_) => b.prim(first_wins, &[x[0], x[1]]),
        _ => b.prim(Prim::Eq, &[y, x[0]]),
    };
    vec![Partial::gate(first), Partial::inverse_gate(first)]
}

/// Inside the bounds, and at a bound, the first operand; beyond a bound, that bound.
fn clamp(b: &mut Builder, x: &[Atom]) -> Vec<Partial> {
    let below = b.prim(Prim::Lt, &[x[0], x[1]]);
    let above = b.prim(Prim::Gt, &[x[0], x[2]]);
    let outside = b.prim(Prim::Or, &[below, above]);
    vec![Partial::inverse_gate(outside), Partial::gate(below), Partial::gate(above)]
}
