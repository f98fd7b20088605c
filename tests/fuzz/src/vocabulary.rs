//! The operations of the language, with domains that are guarded in the text itself: whatever number comes in, what
//! comes out is finite, away from singular points, and has a derivative of moderate size.

/// An operation: the construct, its text, and a bound of the result's magnitude from those of the operands.
pub(crate) type Operation<const N: usize> = (&'static str, &'static str, fn([f64; N]) -> f64);

/// Of one operand.
pub(crate) const UNARY: &[Operation<1>] = &[
    ("sin", "($0).sin()", |_| 1.0),
    ("cos", "($0).cos()", |_| 1.0),
    ("tan", "(0.6 * ($0).sin()).tan()", |_| 0.7),
    ("asin", "(0.9 * ($0).sin()).asin()", |_| 1.2),
    ("acos", "(0.9 * ($0).cos()).acos()", |_| 2.7),
    ("atan", "($0).atan()", |_| 1.6),
    ("sinh", "($0).tanh().sinh()", |_| 1.2),
    ("cosh", "($0).sin().cosh()", |_| 1.6),
    ("tanh", "($0).tanh()", |_| 1.0),
    ("asinh", "($0).asinh()", |[x]| x),
    ("acosh", "(($0).powi(2) + 1.3).acosh()", |[x]| 1.0 + x),
    ("atanh", "(0.8 * ($0).sin()).atanh()", |_| 1.1),
    ("exp", "($0).sin().exp()", |_| 2.8),
    ("exp", "(-($0).powi(2)).exp()", |_| 1.0),
    ("exp2", "($0).cos().exp2()", |_| 2.0),
    ("exp_m1", "($0).tanh().exp_m1()", |_| 1.8),
    ("ln", "(($0).powi(2) + 0.4).ln()", |[x]| 1.0 + x),
    ("ln_1p", "($0).powi(2).ln_1p()", |[x]| x),
    ("log2", "(($0).powi(2) + 0.7).log2()", |[x]| 1.0 + x),
    ("log10", "(($0).powi(2) + 0.7).log10()", |[x]| 1.0 + x),
    ("log", "(($0).powi(2) + 0.7).log(3.0)", |[x]| 1.0 + x),
    ("sqrt", "(($0).powi(2) + 0.3).sqrt()", |[x]| 0.6 + x),
    ("cbrt", "(($0).powi(2) + 0.2).cbrt()", |[x]| 0.6 + x),
    ("recip", "(($0).powi(2) + 0.7).recip()", |_| 1.5),
    ("powi", "($0).sin().powi(3)", |_| 1.0),
    ("powi", "(($0).powi(2) + 0.8).powi(-2)", |_| 1.6),
    ("powf", "(($0).abs() + 0.3).powf(1.5)", |[x]| (x + 0.3).powf(1.5)),
    ("powf", "(($0).powi(2) + 0.5).powf(-0.5)", |_| 1.5),
    ("abs", "($0).abs()", |[x]| x),
    ("signum", "($0).signum()", |_| 1.0),
    ("floor", "($0).floor()", |[x]| x + 1.0),
    ("ceil", "($0).ceil()", |[x]| x + 1.0),
    ("round", "($0).round()", |[x]| x + 1.0),
    ("trunc", "($0).trunc()", |[x]| x),
    ("fract", "($0).fract()", |_| 1.0),
    ("to_radians", "(20.0 * ($0)).to_radians()", |[x]| x),
    ("to_degrees", "(0.02 * ($0)).to_degrees()", |[x]| 1.2 * x),
    ("negation", "-($0)", |[x]| x),
    ("clamp", "($0).clamp(-0.8, 0.9)", |_| 0.9),
    ("path of a method", "f64::tanh($0)", |_| 1.0),
    ("path of a method", "f64::abs($0)", |[x]| x),
    ("scaling", "0.7 * ($0)", |[x]| x),
    ("scaling", "($0) / 3.0", |[x]| x / 3.0),
    ("shift", "($0) - 0.4", |[x]| x + 0.4),
    ("shift", "1.0 - ($0)", |[x]| x + 1.0),
];

/// Of two operands.
pub(crate) const BINARY: &[Operation<2>] = &[
    ("+", "($0) + ($1)", |[x, y]| x + y),
    ("+", "($0) + ($1)", |[x, y]| x + y),
    ("-", "($0) - ($1)", |[x, y]| x + y),
    ("*", "($0) * ($1)", |[x, y]| x * y),
    ("*", "($0) * ($1)", |[x, y]| x * y),
    ("*", "($0) * ($1)", |[x, y]| x * y),
    ("/", "($0) / (($1).powi(2) + 0.6)", |[x, _]| x / 0.6),
    ("/", "($0) / (1.5 + ($1).sin())", |[x, _]| x * 2.0),
    ("max", "($0).max($1)", |[x, y]| x.max(y)),
    ("min", "($0).min($1)", |[x, y]| x.max(y)),
    ("path of a method", "f64::max($0, $1)", |[x, y]| x.max(y)),
    ("atan2", "($0).atan2(($1).powi(2) + 0.4)", |_| 1.6),
    ("hypot", "($0).hypot(($1).powi(2) + 0.1)", |[x, y]| x + y * y + 0.1),
    ("powf", "(($0).abs() + 0.4).powf(($1).sin())", |[x, _]| x + 2.5),
    ("copysign", "($0).copysign($1)", |[x, _]| x),
    ("%", "($0) % (($1).powi(2) + 0.6)", |[x, _]| x),
    ("rem_euclid", "($0).rem_euclid(($1).abs() + 0.6)", |[_, y]| y + 0.6),
    ("div_euclid", "($0).div_euclid(($1).abs() + 0.6)", |[x, _]| 2.0 * x + 1.0),
    ("mul_add", "($0).mul_add(0.7, $1)", |[x, y]| x + y),
    ("mul_add", "(0.3_f64).mul_add($0, ($1).sin())", |[x, _]| x + 1.0),
    ("clamp", "($0).clamp(-1.0 - ($1).abs(), 1.0)", |[_, y]| y + 1.0),
    ("log", "(($0).powi(2) + 0.5).log(($1).powi(2) + 1.8)", |[x, _]| 2.0 * x + 2.0),
];

/// What brings any number into a small interval, smoothly.
pub(crate) const BOUNDING: &[(&str, &str, f64)] = &[
    ("sin", "($0).sin()", 1.0),
    ("tanh", "1.5 * ($0).tanh()", 1.5),
    ("atan", "($0).atan()", 1.6),
    ("cos", "($0).cos()", 1.0),
];
