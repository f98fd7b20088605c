//! Functions that return `Option` and `Result`: their companions return the same wrapper around their results, and an
//! error leaves through the same door.

use std::cell::Cell;
use std::num::ParseIntError;

use diff_runtime::derivative;

#[derive(Debug, PartialEq)]
enum Error {
    Empty,
    Negative(f64),
    Parse,
    TooLong { length: usize },
}

impl From<ParseIntError> for Error {
    fn from(_: ParseIntError) -> Self {
        Error::Parse
    }
}

/// Left with an error that holds an active value, with one that `?` converts, and from inside of a loop.
#[derivative]
fn checked(x: f64, y: f64, n: &str) -> Result<f64, Error> {
    let n = n.parse::<u32>()?;
    if x < 0.0 {
        return Err(Error::Negative(x));
    }
    let mut sum = 0.0;
    for i in 0..n {
        if i > 3 {
            return Err(Error::TooLong { length: i as usize });
        }
        sum += (x * f64::from(i)).sin() * y;
    }
    Ok(sum * x)
}

#[test]
fn errors_leave_every_companion() {
    assert_eq!(checked::gradient(1.0, 2.0, "?"), Err(Error::Parse));
    assert_eq!(checked::value_and_gradient(-1.0, 2.0, "2"), Err(Error::Negative(-1.0)));
    assert_eq!(checked::jvp(1.0, 2.0, "9", 1.0, 0.0), Err(Error::TooLong { length: 4 }));
    assert_eq!(checked::vjp(1.0, 2.0, "9", 1.0), Err(Error::TooLong { length: 4 }));
    assert_eq!(checked::vjp(-2.0, 2.0, "2", 1.0), Err(Error::Negative(-2.0)));
}

#[test]
fn results_are_wrapped() {
    let (x, y) = (0.7_f64, 1.3_f64);
    let (s1, s2) = (x.sin(), (2.0 * x).sin());
    let dx = x * y * (x.cos() + 2.0 * (2.0 * x).cos()) + y * (s1 + s2);
    let dy = x * (s1 + s2);
    let (value, [gx, gy]) = checked::value_and_gradient(x, y, "3").unwrap();
    assert_eq!(Ok(value), checked(x, y, "3"));
    assert!((gx - dx).abs() < 1e-14 && (gy - dy).abs() < 1e-14);
    let (value, tangent) = checked::jvp(x, y, "3", 1.0, 2.0).unwrap();
    assert_eq!(Ok(value), checked(x, y, "3"));
    assert!((tangent - dx - 2.0 * dy).abs() < 1e-14);
    let (value, [ax, ay]) = checked::vjp(x, y, "3", 2.0).unwrap();
    assert_eq!(Ok(value), checked(x, y, "3"));
    assert!((ax - 2.0 * dx).abs() < 1e-14 && (ay - 2.0 * dy).abs() < 1e-14);
}

#[derivative]
fn root(x: f64) -> Option<f64> {
    if x < 0.0 { None } else { Some(x.sqrt()) }
}

#[test]
fn options_are_wrapped() {
    assert_eq!(root::derivative(4.0), Some(0.25));
    assert_eq!(root::value_and_derivative(4.0), Some((2.0, 0.25)));
    assert_eq!(root::gradient(4.0), Some(0.25));
    assert_eq!(root::vjp(4.0, 2.0), Some((2.0, 0.5)));
    assert_eq!(root::jvp(-4.0, 2.0), None);
    assert_eq!(root::derivative(-1.0), None);
}

/// An option of the chain becomes an error, or the function's own `None`.
#[derivative]
fn largest(x: &[f64]) -> Result<f64, Error> {
    let n = x.len();
    let largest = x.iter().copied().max_by(|a, b| a.total_cmp(b)).ok_or(Error::Empty)?;
    let smallest = x.iter().copied().min_by(f64::total_cmp).ok_or_else(|| too_long(n))?;
    Ok(largest * largest * smallest)
}

#[derivative]
fn last_positive(x: &[f64], scale: Option<i32>) -> Option<f64> {
    let last = x.iter().rev().find(|v| **v > 0.0)?;
    Some(last.powi(scale?))
}

#[derivative]
fn found(x: &[f64]) -> Option<f64> {
    x.iter().copied().find(|v| *v > 1.0)
}

#[test]
fn options_of_chains() {
    assert_eq!(largest::gradient(&[]), Err(Error::Empty));
    assert_eq!(largest::gradient(&[2.0, 3.0, 1.0]), Ok(vec![0.0, 6.0, 9.0]));
    let mut buffer = [7.0; 3];
    assert_eq!(largest::value_and_gradient_into(&[2.0, 3.0, 1.0], &mut buffer), Ok(9.0));
    assert_eq!(buffer, [0.0, 6.0, 9.0]);
    assert_eq!(largest::gradient_into(&[2.0, 3.0, 1.0], &mut buffer), Ok(()));
    assert_eq!(largest::vjp_into(&[2.0, 3.0, 1.0], 2.0, &mut buffer), Ok(9.0));
    assert_eq!(buffer, [0.0, 12.0, 18.0]);
    assert_eq!(largest::gradient_into(&[], &mut []), Err(Error::Empty));
    assert_eq!(last_positive::gradient(&[1.0, 3.0, -1.0], Some(2)), Some(vec![0.0, 6.0, 0.0]));
    assert_eq!(last_positive::gradient(&[1.0, 3.0, -1.0], None), None);
    assert_eq!(last_positive::gradient(&[-1.0], Some(2)), None);
    assert_eq!(found::gradient(&[0.5, 2.0, 3.0]), Some(vec![0.0, 1.0, 0.0]));
    assert_eq!(found::value_and_gradient(&[0.5]), None);
}

fn too_long(length: usize) -> Error {
    Error::TooLong { length }
}

type Checked<T> = Result<T, Error>;

mod aliased {
    pub(super) type Result<T> = std::result::Result<T, super::Error>;
}

/// Several floats, behind an alias with one parameter.
#[derivative]
fn polar(x: f64, y: f64) -> aliased::Result<(f64, f64)> {
    let r = x.hypot(y);
    match r {
        0.0 => Err(Error::Empty),
        r if r > 100.0 => Err(Error::Negative(-r)),
        _ => Ok((r, y.atan2(x))),
    }
}

#[derivative]
fn doubled(x: [f64; 2], strict: bool) -> Result<[f64; 2], Error> {
    let scale = if strict { validated(x.len())? } else { 2.0 };
    Ok([x[0] * scale, x[0] * x[1]])
}

fn validated(length: usize) -> Checked<f64> {
    if length == 2 { Ok(3.0) } else { Err(Error::Empty) }
}

#[test]
fn jacobians_in_wrappers() {
    assert_eq!(polar::jacobian(3.0, 4.0), Ok([[0.6, 0.8], [-0.16, 0.12]]));
    assert_eq!(polar::value_and_jacobian(0.0, 0.0), Err(Error::Empty));
    assert_eq!(polar::jvp(300.0, 400.0, 1.0, 1.0), Err(Error::Negative(-500.0)));
    let ((r, _), [x, y]) = polar::vjp(3.0, 4.0, (1.0, 0.0)).unwrap();
    assert!(r == 5.0 && (x - 0.6).abs() < 1e-15 && (y - 0.8).abs() < 1e-15);
    assert_eq!(doubled::jacobian([2.0, 5.0], true), Ok([[3.0, 0.0], [5.0, 2.0]]));
    assert_eq!(doubled::jacobian([2.0, 5.0], false), Ok([[2.0, 0.0], [5.0, 2.0]]));
}

#[derivative(hessian, hvp)]
fn cubed(x: f64, limit: f64) -> Result<f64, Error> {
    if x > limit {
        return Err(Error::Negative(limit - x));
    }
    Ok(x.powi(3) * limit)
}

#[derivative(hessian, hvp)]
fn squares(x: &[f64]) -> Option<f64> {
    if x.is_empty() {
        return None;
    }
    Some(x.iter().map(|v| v.powi(3)).sum())
}

#[test]
fn second_derivatives_in_wrappers() {
    assert_eq!(cubed::hessian(2.0, 3.0), Ok([[36.0, 12.0], [12.0, 0.0]]));
    assert_eq!(cubed::hvp(5.0, 3.0, 1.0, 0.0), Err(Error::Negative(-2.0)));
    assert_eq!(squares::hessian(&[1.0, 2.0]), Some(vec![vec![6.0, 0.0], vec![0.0, 12.0]]));
    assert_eq!(squares::hvp(&[1.0, 2.0], &[1.0, 1.0]), Some(vec![6.0, 12.0]));
    assert_eq!(squares::hvp(&[], &[]), None);
}

/// Results in `&mut` slices, and an error in between.
#[derivative]
fn residuals(p: &[f64], #[constant] t: &[f64], out: &mut [f64]) -> Result<(), Error> {
    if out.len() != t.len() {
        return Err(Error::TooLong { length: out.len() });
    }
    for (o, t) in out.iter_mut().zip(t) {
        if *t < 0.0 {
            return Err(Error::Negative(*t));
        }
        *o = p[0] * (-p[1] * t).exp();
    }
    Ok(())
}

#[test]
fn results_in_parameters() {
    let (p, t) = ([2.0, 0.0], [0.0, 1.0]);
    let (mut out, mut jacobian) = ([0.0; 2], [0.0; 4]);
    assert_eq!(residuals::jacobian_into(&p, &t, &mut out, &mut jacobian), Ok(()));
    assert_eq!(jacobian, [1.0, 0.0, 1.0, -2.0]);
    assert_eq!(out, [2.0, 2.0]);
    let mut tangent = [0.0; 2];
    assert_eq!(residuals::jvp(&p, &t, &mut out, &[1.0, 1.0], &mut tangent), Ok(()));
    assert_eq!(tangent, [1.0, -1.0]);
    let mut seed = [1.0, 1.0];
    assert_eq!(residuals::vjp(&p, &t, &mut out, &mut seed), Ok(vec![2.0, -2.0]));
    assert_eq!(residuals::vjp(&p, &[0.0, -1.0], &mut out, &mut seed), Err(Error::Negative(-1.0)));
    let mut short = [0.0];
    assert_eq!(residuals::jvp(&p, &t, &mut short, &[1.0, 1.0], &mut [0.0]), Err(Error::TooLong { length: 1 }));
}

/// The value is the same as that of the function, where the standard library starts a sum from `-0.0`.
#[derivative]
fn empty_sum(x: &[f64]) -> f64 {
    x.iter().sum()
}

#[derivative]
fn empty_product(x: &[f64]) -> f64 {
    x.iter().map(|v| -v).product()
}

#[test]
fn chains_over_nothing() {
    let bits = |value: f64| value.to_bits();
    assert_eq!(bits(empty_sum::value_and_gradient(&[]).0), bits(empty_sum(&[])));
    assert_eq!(bits(empty_sum::jvp(&[-0.0], &[1.0]).0), bits(empty_sum(&[-0.0])));
    assert_eq!(bits(empty_product::vjp(&[], 1.0).0), bits(empty_product(&[])));
}

/// Of several equal items `max_by` gives the last, and `min_by` the first.
#[derivative]
fn tied(x: &[f64]) -> f64 {
    let (i, a) = x.iter().enumerate().max_by(|(_, a), (_, b)| a.partial_cmp(b).unwrap()).unwrap();
    let (j, b) = x.iter().enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap();
    10.0 * a * i as f64 + b * j as f64
}

#[test]
fn ties() {
    assert_eq!(tied(&[2.0, 2.0, 2.0]), 40.0);
    assert_eq!(tied::value_and_gradient(&[2.0, 2.0, 2.0]), (40.0, vec![0.0, 0.0, 20.0]));
    assert_eq!(tied::value_and_gradient(&[5.0, 1.0, 5.0, 1.0]), (101.0, vec![0.0, 1.0, 20.0, 0.0]));
}

/// What returns nothing still writes, logs and fails.
#[derivative]
fn leaves_while_it_writes(x: &[f64], n: usize, log: &Cell<usize>, out: &mut [f64]) {
    if n > 2 {
        return out[0] = x[0] * 3.0;
    }
    out[0] = x[1];
    if n > 1 {
        return log.set(n);
    }
    out[0] *= x[0];
}

#[test]
fn what_is_returned_as_nothing_happens() {
    let jacobian = |n| {
        let (log, mut out, mut jacobian) = (Cell::new(0), [0.0], [0.0; 2]);
        leaves_while_it_writes::jacobian_into(&[2.0, 5.0], n, &log, &mut out, &mut jacobian);
        (out[0], jacobian, log.get())
    };
    assert_eq!(jacobian(3), (6.0, [3.0, 0.0], 0));
    assert_eq!(jacobian(2), (5.0, [0.0, 1.0], 2));
    assert_eq!(jacobian(1), (10.0, [5.0, 2.0], 0));
}

fn at_most(n: usize, most: usize) -> Result<(), Error> {
    if n > most { Err(Error::TooLong { length: n }) } else { Ok(()) }
}

#[derivative]
fn fails_at_the_end(x: &[f64], n: usize, out: &mut [f64]) -> Result<(), Error> {
    out[0] = x[0] * 2.0;
    at_most(n, 3)
}

#[test]
fn the_last_expression_can_fail() {
    let mut out = [0.0];
    assert_eq!(fails_at_the_end::jvp(&[1.5], 3, &mut out, &[1.0], &mut [0.0]), Ok(()));
    assert_eq!(out, [3.0]);
    let failed = fails_at_the_end::jvp(&[1.5], 4, &mut out, &[1.0], &mut [0.0]);
    assert_eq!(failed, Err(Error::TooLong { length: 4 }));
}

// ---- chains and closures that may fail ---------------------------------------------------------------------------

#[derive(Debug, PartialEq)]
struct Outer(Error);

impl From<Error> for Outer {
    fn from(error: Error) -> Self {
        Outer(error)
    }
}

/// The sum of the logarithms, in every way to leave a chain with an error.
macro_rules! sums_of_logarithms {
    ($($name:ident = |$x:ident| $body:expr;)*) => {$(
        #[derivative]
        fn $name($x: &[f64]) -> Result<f64, Error> {
            $body
        }
    )*

        #[test]
        fn failures_in_chains_leave_the_function() {
            $(
                let (value, gradient) = $name::value_and_gradient(&[2.0, 4.0]).unwrap();
                assert!((value - 8.0_f64.ln()).abs() < 1e-15, stringify!($name));
                assert_eq!(gradient, [0.5, 0.25], stringify!($name));
                assert_eq!($name::jvp(&[1.0, 4.0], &[1.0, 4.0]).map(|(_, tangent)| tangent), Ok(2.0));
                assert_eq!($name(&[1.0, -2.0, -3.0]), Err(Error::Negative(-2.0)));
                assert_eq!($name::gradient(&[1.0, -2.0, -3.0]), Err(Error::Negative(-2.0)));
                assert_eq!($name::vjp(&[-1.0], 1.0), Err(Error::Negative(-1.0)));
                assert_eq!($name::value_and_gradient(&[]), Ok((0.0, Vec::new())));
            )*
        }
    };
}

sums_of_logarithms! {
    summed = |x| x.iter().map(|v| if *v > 0.0 { Ok(v.ln()) } else { Err(Error::Negative(*v)) }).sum();
    summed_and_tried = |x| {
        let sum = x
            .iter()
            .map(|&v| {
                if v <= 0.0 {
                    return Err(Error::Negative(v));
                }
                Ok(v.ln())
            })
            .sum::<Result<f64, Error>>()?;
        Ok(sum)
    };
    collected = |x| {
        let logs: Vec<f64> =
            x.iter().map(|v| if *v > 0.0 { Ok(v.ln()) } else { Err(Error::Negative(*v)) }).collect::<Result<_, Error>>()?;
        Ok(logs.iter().sum())
    };
    folded = |x| x.iter().try_fold(0.0, |sum, v| if *v > 0.0 { Ok(sum + v.ln()) } else { Err(Error::Negative(*v)) });
    folded_with_a_closure = |x| {
        let add = |sum: f64, v: &f64| -> Result<f64, Error> {
            at_most(3, 3)?;
            if *v <= 0.0 {
                return Err(Error::Negative(*v));
            }
            Ok(sum + v.ln())
        };
        x.iter().try_fold(0.0, add)
    };
    each = |x| {
        let mut sum = 0.0;
        x.iter().try_for_each(|v| {
            if *v <= 0.0 {
                return Err(Error::Negative(*v));
            }
            sum += v.ln();
            Ok(())
        })?;
        Ok(sum)
    };
    by_a_closure = |x| {
        let log = |v: f64| match v {
            v if v > 0.0 => Ok(v.ln()),
            v => Err(Error::Negative(v)),
        };
        let mut sum = 0.0;
        for v in x {
            sum += log(*v)?;
        }
        Ok(sum)
    };
    by_a_branch = |x| {
        let mut sum = 0.0;
        for v in x {
            sum += (if *v > 0.0 { Ok(v.ln()) } else { Err(Error::Negative(*v)) })?;
        }
        Ok(sum)
    };
}

/// The closure's `?` converts to its own error, the function's to that of the function.
#[derivative]
fn converted_twice(x: f64, n: &str) -> Result<f64, Outer> {
    let power = |t: f64| -> Result<f64, Error> {
        let n: i32 = n.parse::<i32>()?;
        if n > 9 {
            return Err(Error::TooLong { length: 9 });
        }
        Ok(t.powi(n))
    };
    let y = power(x)?;
    Ok(y * y)
}

#[test]
fn errors_are_converted_as_often_as_they_pass() {
    assert_eq!(converted_twice::derivative(3.0, "1"), Ok(6.0));
    assert_eq!(converted_twice::derivative(3.0, "?"), Err(Outer(Error::Parse)));
    assert_eq!(converted_twice::value_and_derivative(3.0, "10"), Err(Outer(Error::TooLong { length: 9 })));
}

#[derivative]
fn of_options(x: &[f64], scale: Option<f64>) -> Option<f64> {
    let logs = x.iter().map(|v| if *v > 0.0 { Some(v.ln()) } else { None }).collect::<Option<Vec<f64>>>()?;
    let scaled = |v: f64| -> Option<f64> { Some(v * scale?) };
    let total = scaled(logs.iter().sum())?;
    let first = x.first()?;
    Some(total * first * x.iter().map(|v| Some(v * scaled(1.0)?)).sum::<Option<f64>>()?)
}

#[test]
fn nothing_leaves_the_function() {
    let (value, gradient) = of_options::value_and_gradient(&[2.0], Some(3.0)).unwrap();
    assert_eq!(value, of_options(&[2.0], Some(3.0)).unwrap());
    // (3 ln x) x (3 x) = 9 x^2 ln x
    assert!((gradient[0] - (18.0 * 2.0 * 2.0_f64.ln() + 18.0)).abs() < 1e-13);
    assert_eq!(of_options::gradient(&[2.0, -1.0], Some(3.0)), None);
    assert_eq!(of_options::gradient(&[2.0], None), None);
    assert_eq!(of_options::gradient(&[], Some(3.0)), None);
}

#[derivative]
fn all_logarithms(x: &[f64]) -> Result<Vec<f64>, Error> {
    x.iter().map(|v| if *v > 0.0 { Ok(v.ln()) } else { Err(Error::Negative(*v)) }).collect()
}

#[test]
fn vectors_are_wrapped() {
    assert_eq!(all_logarithms::jvp(&[1.0, 4.0], &[1.0, 2.0]).unwrap().1, [1.0, 0.5]);
    assert_eq!(all_logarithms::jvp(&[1.0, -4.0], &[1.0, 2.0]), Err(Error::Negative(-4.0)));
}
