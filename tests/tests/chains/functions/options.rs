//! Options of active values: closures that give them, loops that are left with them, chains that end in them.

use diff_runtime::derivative;
#[derivative]
pub fn left_with_a_tuple(x: f64, y: f64) -> f64 {
    let mut a = x;
    let (p, q) = loop {
        a = a * 1.5 + 0.1;
        if a.abs() > 3.0 {
            break (a, a * y);
        }
    };
    let (r, s) = 'l: {
        if x > y {
            break 'l (x, y);
        }
        (y * p, x)
    };
    p * q + r * s
}
sample!(left_with_a_tuple, -1.5..1.5, -1.5..1.5);
#[derivative]
pub fn left_with_an_option(x: f64, n: usize) -> f64 {
    let mut a = x;
    let mut k = 0;
    let found = loop {
        a *= 1.5;
        k += 1;
        if a > 1.0 {
            break Some(a * a);
        }
        if k > n {
            break None;
        }
    };
    let other = loop {
        k += 1;
        if k > n + 3 {
            break if a > 0.5 { Some((a, 2.0)) } else { None };
        }
    };
    found.unwrap_or(0.5) * a + other.map_or(a, |(p, q)| p * p * q)
}
sample!(left_with_an_option, -1.5..1.5, [0, 1, 3]);
#[derivative]
pub fn left_with_an_array(x: f64, y: f64) -> f64 {
    let mut a = x;
    let v = loop {
        a = a * 1.5 + 0.3;
        if a.abs() > 3.0 {
            break [a, a * y, 1.0];
        }
    };
    v.iter().map(|v| v * v).sum()
}
sample!(left_with_an_array, -1.5..1.5, -1.5..1.5);
#[derivative]
pub fn left_with_nested(x: &[f64]) -> f64 {
    let mut total = 0.0;
    for v in x {
        let (a, (b, k)) = 'found: {
            for i in 1..4 {
                if v * i as f64 > 1.0 {
                    break 'found (v * v, (v.sin(), i));
                }
            }
            (*v, (0.5, 7))
        };
        total += a * b * k as f64;
    }
    total
}
sample!(left_with_nested, [-1.5..1.5; [0, 1, 4]]);
#[derivative]
pub fn closures_of_options(x: f64, y: f64) -> f64 {
    let log = |t: f64| if t > 0.0 { Some(t.ln()) } else { None };
    let root = |t: f64| {
        if t < 0.1 {
            return None;
        }
        Some(t.sqrt())
    };
    let both = |a: f64, b: f64| -> Option<f64> {
        let p = log(a)?;
        let q = root(b)?;
        Some(p * q)
    };
    log(x).unwrap_or(y)
        + both(x, y).unwrap_or(x * y)
        + both(y, x).map_or(0.3, |v| v * v)
        + if let Some(r) = root(x * y) { r } else { 0.0 }
}
sample!(closures_of_options, -1.5..1.5, -1.5..1.5);
#[derivative]
pub fn closure_with_an_inactive_way_out(x: f64, k: Option<i32>) -> f64 {
    let power = |t: f64| -> Option<f64> {
        let k = k?;
        Some(t.powi(k) * x)
    };
    power(x + 1.0).unwrap_or(x) * power(2.0).unwrap_or(3.0)
}
sample!(closure_with_an_inactive_way_out, -1.5..1.5, [Some(2), None]);
#[derivative]
pub fn tried_in_chains(x: &[f64]) -> f64 {
    let root = |t: f64| if t > 0.0 { Some(t.sqrt()) } else { None };
    let a: f64 = x
        .iter()
        .filter_map(|v| {
            let r = root(*v)?;
            if r > 1.0 {
                return None;
            }
            Some(r * v)
        })
        .sum();
    let b: f64 = x.iter().map_while(|v| Some(root(v + 1.0)? * v)).sum();
    a * b + a
}
sample!(tried_in_chains, [-1.5..1.5; [0, 1, 4]]);

#[derivative]
pub fn sum_of_options(x: &[f64]) -> f64 {
    let root = |v: &f64| if *v > -1.0 { Some((v + 1.0).sqrt()) } else { None };
    let a = x.iter().map(root).sum::<Option<f64>>().unwrap_or(0.4);
    let b: Option<f64> = x.iter().map(|v| Some(root(v)? * v)).product();
    match b {
        Some(b) => a * b,
        None => a * a,
    }
}
sample!(sum_of_options, [-1.2..1.5; [0, 1, 3]]);

#[derivative]
pub fn folded_while_it_goes(x: &[f64], limit: f64) -> f64 {
    let product = x.iter().try_fold(1.0, |acc, v| if *v > -1.0 { Some(acc * v) } else { None });
    let pair = x.iter().try_fold((0.0, 1.0), |(sum, product), v| {
        let next = sum + v * v;
        if next > limit.abs() + 2.0 {
            return None;
        }
        Some((next, product * v))
    });
    let (sum, rest) = pair.unwrap_or((limit, 2.0));
    product.unwrap_or(limit) * sum + rest
}
sample!(folded_while_it_goes, [-1.2..1.5; [0, 1, 4]], -1.5..1.5);

#[derivative]
pub fn found_by_what_it_maps_to(x: &[f64]) -> f64 {
    x.iter().find_map(|v| (*v > 0.2).then(|| v.ln())).unwrap_or(0.5) * x.iter().map(|v| v * v).sum::<f64>()
}
sample!(found_by_what_it_maps_to, [-1.5..1.5; [0, 1, 4]]);

#[derivative]
pub fn each_until_one_is_negative(x: &[f64]) -> f64 {
    let mut total = 1.0;
    let done = x.iter().try_for_each(|v| {
        if *v < -0.5 {
            return None;
        }
        total = total * 0.5 + v * v;
        Some(())
    });
    if done.is_some() { total } else { total * x[0] }
}
sample!(each_until_one_is_negative, [-1.5..1.5; [0, 1, 4]]);

/// Options that do not vary, with defaults and closures that do.
#[derivative]
pub fn constant_options(x: f64, k: usize) -> f64 {
    let table = [1.5, -0.5];
    let found: Option<f64> = table.get(k).copied();
    let first = found.unwrap_or(x * x);
    let second = found.map_or(x.sin(), |v| v * x);
    let third = if k == 1 { Some(0.25) } else { None };
    first * second + third.map_or(2.0 * x, |v| v + x) * third.unwrap_or(x)
}
sample!(constant_options, -1.0..1.0, [0, 1, 2]);

/// What is matched changes a variable that does not vary.
#[derivative]
pub fn changed_where_it_is_matched(x: f64, #[constant] p: &[f64]) -> f64 {
    let (mut s, mut sum) = (0.3, 0.0);
    for i in 0..p.len() {
        let before = s;
        if let Some(w) = {
            s = 0.5 * s + p[i];
            Some(s)
        } {
            sum += x * w * before;
        }
        match {
            s += 1.0;
            p.get(i + 1)
        } {
            Some(w) => sum += (x * w).sin() * s,
            None => sum *= s,
        }
    }
    sum + p
        .iter()
        .scan(0.3, |state, u| {
            *state = 0.5 * *state + u;
            Some(*state)
        })
        .map(|w| x * w)
        .sum::<f64>()
}
sample!(changed_where_it_is_matched, -1.0..1.0, [-1.0..1.0; [3, 1, 4]]);
