//! `match`, `if let`, `let .. else` and `while let`.

use std::cmp::Ordering;
use std::ops::Bound;

use diff_runtime::derivative;

#[derivative]
pub fn bounds(x: f64, bound: Bound<i32>) -> f64 {
    match bound {
        Bound::Included(n) if n > 2 => {
            if x > 0.0 {
                x
            } else {
                x * n as f64 / 100.0
            }
        }
        Bound::Included(_) => x.tanh(),
        Bound::Excluded(exponent) => x.powi(exponent),
        Bound::Unbounded => x.max(0.0),
    }
}
sample!(bounds, -1.0..1.0, [Bound::Included(5), Bound::Included(0), Bound::Excluded(3), Bound::Unbounded]);

#[derivative]
pub fn legendre(x: f64, n: u32) -> f64 {
    match n {
        0 => 1.0,
        1 => x,
        2 | 3 if x > 0.5 => 0.5 * (3.0 * x * x - 1.0),
        2..=4 => x.powi(n as i32),
        k => x * k as f64,
    }
}
sample!(legendre, -1.0..1.0, [0, 1, 2, 3, 4, 7]);

#[derivative]
pub fn piecewise(x: f64) -> f64 {
    match x {
        v if v < -0.5 => v * v,
        v if v < 0.5 => v.sin(),
        v => v.exp(),
    }
}
sample!(piecewise, -1.0..1.0);

#[derivative]
pub fn compared(x: f64, y: f64) -> f64 {
    let scale = match x.partial_cmp(&y) {
        Some(Ordering::Less) => x,
        Some(Ordering::Greater) => y * y,
        Some(Ordering::Equal) | None => 0.0,
    };
    scale
        * match x.total_cmp(&0.0) {
            Ordering::Less => -x,
            _ => x,
        }
}
sample!(compared, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn tuples(x: f64, y: f64, flag: bool) -> f64 {
    match (x > 0.0, flag) {
        (true, true) => x * y,
        (true, false) => x + y,
        (false, _) => x - y,
    }
}
sample!(tuples, -1.0..1.0, -1.0..1.0, [true, false]);

#[derivative]
pub fn pairs(x: f64, y: f64) -> f64 {
    let pair = (x * y, x + y);
    match pair {
        (p, s) if p > s => p.sin() * s,
        (_, s) if s > 0.0 => s.exp(),
        (p, ..) => p * pair.1,
    }
}
sample!(pairs, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn optional_scale(x: f64, scale: Option<i32>) -> f64 {
    if let Some(scale) = scale { x.powi(scale) } else { x.sin() }
}
sample!(optional_scale, 0.1..1.0, [None, Some(2), Some(3)]);

#[derivative]
pub fn let_else(x: f64, scale: Option<i32>) -> f64 {
    let Some(n) = scale else { return x.cos() };
    let mut product = 1.0;
    for _ in 0..n {
        product *= x;
    }
    product
}
sample!(let_else, 0.1..1.0, [None, Some(2), Some(3)]);

#[derivative]
pub fn while_let(x: f64, text: &str) -> f64 {
    let mut y = x;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            's' => y = y.sin(),
            'c' => y = y.cos(),
            '.' => break,
            'x' => continue,
            other => y *= other.to_digit(10).unwrap_or(1) as f64,
        }
    }
    y
}
sample!(while_let, -1.0..1.0, ["", "sc", "3xs.c", "2s2c2s"]);

#[derivative]
pub fn in_loops(x: &[f64], kinds: &[Option<u8>]) -> f64 {
    let mut total = 0.0;
    for (v, kind) in x.iter().zip(kinds.iter()) {
        total += match kind {
            None => continue,
            Some(0) => break,
            Some(1) => v * v,
            Some(n) if *n > 3 => v.exp(),
            Some(n) => v.powi(i32::from(*n)) * total,
        };
    }
    total
}
sample!(in_loops, [-1.0..1.0; 5], [&[Some(1), None, Some(2), Some(5), Some(3)][..], &[Some(1), Some(0), Some(1)][..]]);

#[derivative]
pub fn nested(x: f64, outer: Option<Option<i32>>, limit: i32) -> f64 {
    if let Some(Some(n)) = outer
        && n < limit
    {
        x.powi(n)
    } else if let Some(None) = outer {
        x.exp()
    } else {
        x
    }
}
sample!(nested, -1.0..1.0, [None, Some(None), Some(Some(2)), Some(Some(9))], [5]);

/// A bound name that is another's outside, and one that shadows the parameter.
#[derivative]
pub fn shadowed(x: f64, n: Result<i32, u8>) -> f64 {
    let y = match n {
        Ok(x) => x as f64,
        Err(n) => f64::from(n) * x,
    };
    let m = 3;
    y * x
        + match n {
            Ok(m) if m > 1 => x.powi(m),
            Ok(_) | Err(0) => x * m as f64,
            Err(m) => x + f64::from(m),
        }
}
sample!(shadowed, -1.0..1.0, [Ok(1), Ok(2), Err(0), Err(7)]);

#[derivative]
pub fn returns(x: f64, n: u8) -> f64 {
    let y = match n {
        0 => return x * x,
        1 if x > 0.2 => return x.sin(),
        1 => x,
        _ => {
            let t = x.exp();
            t * t
        }
    };
    y * 3.0 + x
}
sample!(returns, -1.0..1.0, [0, 1, 2]);
