//! Fields that reach a value in roundabout ways, and what only looks like it.

use diff_runtime::{Differentiable, derivative};

use crate::case;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Squared,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Model {
    a: f64,
    b: f64,
    c: f64,
    w: [f64; 4],
    m: [[f64; 2]; 3],
    inner: Inner,
    n: usize,
    power: i32,
    flag: bool,
    #[constant]
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Inner {
    x: f64,
    y: f64,
}

fn model() -> Model {
    Model {
        a: 0.7,
        b: -1.3,
        c: 0.4,
        w: [0.3, 1.9, -0.6, 1.1],
        m: [[0.5, -0.2], [1.4, 0.8], [-0.9, 0.1]],
        inner: Inner { x: 1.2, y: -0.5 },
        n: 3,
        power: 3,
        flag: true,
        kind: Kind::Squared,
    }
}

#[derivative(wrt(p))]
fn through_variables(p: &Model) -> f64 {
    let a = p.a;
    let twice = if p.kind == Kind::Squared { 2.0 * a } else { a };
    let sum = twice + 1.0;
    let late;
    late = p.b;
    let scaled = 3.0 * late;
    let copy = a;
    sum * scaled + copy.sin()
}
case!(variables, through_variables, &model());

#[derivative(wrt(p))]
fn through_branches(p: &Model) -> f64 {
    let v = if p.flag && p.a > 0.0 { p.b } else { p.c };
    let w = if p.kind == Kind::Plain { v } else { v * v };
    let mut best = p.w[0];
    for i in 1..p.n + 1 {
        if p.w[i] > best {
            best = p.w[i];
        }
    }
    w * best
}
case!(branches, through_branches, &model());

#[derivative(wrt(p))]
fn through_jumps(p: &Model) -> f64 {
    let first = loop {
        break p.a;
    };
    let second = 'found: {
        if p.n == 3 {
            break 'found p.b;
        }
        p.c
    };
    let mut sum = first * second;
    for i in 0..p.w.len() {
        if i == p.n {
            return sum * p.c;
        }
        sum += p.w[i] * first;
    }
    sum
}
case!(jumps, through_jumps, &model());

#[derivative(wrt(p))]
fn through_functions(p: &Model) -> f64 {
    let m = f64::max(p.a, p.b) + p.a.min(p.c) - (-p.b).clamp(0.0, 2.0);
    let (s, c) = p.a.sin_cos();
    let e = p.b.powi(p.power) + p.a.powf(p.c);
    f64::exp(p.c) * m + s * c + e * f64::from(p.power) + p.n as f64
}
case!(functions, through_functions, &model());

#[derivative(wrt(p))]
fn through_arrays(p: &Model) -> f64 {
    let mut a = [p.a, p.b, p.c];
    let mut b = vec![0.0; p.n];
    b[0] = p.a;
    b[p.n - 1] = p.inner.x;
    a[1] *= b[2];
    let window = &p.w[1..];
    let mut sum = a[1] * b[0];
    for (x, y) in p.w.iter().zip(&a) {
        sum += x * y;
    }
    for w in window {
        sum *= 1.0 + 0.1 * w;
    }
    sum + window[0] * window[p.n - 1]
}
case!(arrays, through_arrays, &model());

#[derivative(wrt(p))]
fn through_matrices(p: &Model) -> f64 {
    let mut sum = 0.0;
    for i in 0..3 {
        for j in 0..2 {
            sum += p.m[i][j] * p.m[(i + 1) % 3][1 - j];
        }
    }
    sum * p.m[2][0]
}
case!(matrices, through_matrices, &model());

#[derivative(wrt(p))]
fn through_tuples(p: &Model) -> f64 {
    let t = (p.a, p.n, (p.b, p.inner));
    let (u, v) = (t.0, t.2.0);
    u * v * t.1 as f64 + t.2.1.x * t.2.1.y
}
case!(tuples, through_tuples, &model());

#[derivative(wrt(p))]
fn counts_down(mut p: Model) -> f64 {
    let mut x = p.a;
    while p.n > 0 {
        p.n -= 1;
        x = x * p.b + p.w[p.n];
        p.b *= 0.5;
    }
    x + p.n as f64
}
case!(integers_that_change, counts_down, model());

#[derivative(wrt(p))]
fn at_once(p: &Model) -> f64 {
    let mut s = p.inner;
    s = Inner { x: s.y * 2.0, y: s.x };
    (s.x, s.y) = (s.y, s.x + s.y);
    s.x += {
        let t = s.y;
        t * t
    };
    s.x * s.y
}
case!(all_at_once, at_once, &model());

#[derivative(wrt(p))]
fn shadowed(p: Inner) -> f64 {
    let p = Inner { x: p.x * 2.0, ..p };
    let p = Inner { y: p.x + p.y, ..p };
    p.x * p.y
}
case!(shadows, shadowed, Inner { x: 1.2, y: -0.5 });

#[derivative(wrt(p))]
fn names_of_parts(p: &mut Model) -> f64 {
    let inner = &mut p.inner;
    inner.x *= 2.0;
    let again = &*inner;
    let y = again.y;
    p.inner.y = y * p.inner.x;
    p.w[1] += p.inner.y;
    p.inner.x * p.inner.y * p.w[1]
}
case!(
    other_names_of_parts,
    model(),
    |mut p| names_of_parts(&mut p),
    |mut p, d| names_of_parts::jvp(&mut p, &d),
    |mut p, s| names_of_parts::vjp(&mut p, s)
);

#[derivative(wrt(p))]
fn before_the_change(mut p: Model) -> f64 {
    let Model { a, b, inner: Inner { x, .. }, .. } = p;
    p.a = 3.0 * a;
    p.inner.x = b;
    let old = p.c;
    p.c = p.a * p.inner.x;
    a * x + p.a * p.inner.x + old * p.c
}
case!(values_from_before_a_change, before_the_change, model());

#[derivative(wrt(p))]
fn asserted(p: &Model, #[constant] rows: &[usize]) -> f64 {
    assert_eq!(p.n, 3);
    assert!(p.a > 0.0 && p.flag, "{} {:?}", p.a, p.kind);
    let mut sum = 0.0;
    for row in rows {
        sum += p.m[*row][p.n - 2];
    }
    debug_assert!(sum.is_finite());
    sum
}
case!(assertions, model(), |p| asserted(&p, &[0, 2, 2]), |p, d| asserted::jvp(&p, &[0, 2, 2], &d), |p, s| {
    asserted::vjp(&p, &[0, 2, 2], s)
});

#[derivative(wrt(p))]
fn in_nested_loops(p: &Model) -> f64 {
    let mut s = Inner { x: p.a, y: 0.0 };
    let mut total = 0.0;
    for i in 0..p.n {
        let mut t = s;
        for j in 0..i + 1 {
            t.x = t.x * p.w[j] + t.y;
            t.y += p.b * t.x;
            if t.x.abs() > 5.0 {
                break;
            }
        }
        s = if t.y > s.y { t } else { Inner { x: t.x + s.x, ..t } };
        total += s.x * s.y;
    }
    total
}
case!(nested_loops, in_nested_loops, &model());

#[derivative(wrt(ps))]
fn destructured_elements(ps: &[Inner]) -> f64 {
    let mut sum = 0.0;
    for Inner { x, y } in ps {
        sum += x * y.sin();
    }
    for (i, &Inner { x, .. }) in ps.iter().enumerate() {
        sum += x * i as f64;
    }
    sum
}
case!(
    elements_by_patterns,
    vec![Inner { x: 1.2, y: -0.5 }, Inner { x: 0.3, y: 0.9 }],
    |p| destructured_elements(&p),
    |p, d| destructured_elements::jvp(&p, &d),
    |p, s| destructured_elements::vjp(&p, s)
);

#[derivative(wrt(p))]
fn written_in_a_loop(p: &mut Model) {
    for i in 0..p.w.len() {
        if p.w[i] > 1.0 {
            p.a *= p.w[i];
            continue;
        }
        p.w[i] = p.a * p.b;
        p.n += 1;
    }
    if p.flag {
        p.b = p.a;
        return;
    }
    p.c = 0.0;
}
case!(
    results_that_a_loop_writes,
    model(),
    |mut p| {
        written_in_a_loop(&mut p);
        assert_eq!(p.n, 5);
        p
    },
    |mut p, mut d| {
        written_in_a_loop::jvp(&mut p, &mut d);
        assert_eq!(p.n, 5);
        (p, d)
    },
    |mut p, mut s| {
        written_in_a_loop::vjp(&mut p, &mut s);
        assert_eq!(p.n, 5);
        (p, s)
    }
);

#[derivative(wrt(a))]
fn overwritten(a: &mut Inner) {
    *a = Inner { x: a.y, y: a.x * a.y };
}
case!(
    a_result_that_is_replaced,
    Inner { x: 1.2, y: -0.5 },
    |mut p| {
        overwritten(&mut p);
        p
    },
    |mut p, mut d| {
        overwritten::jvp(&mut p, &mut d);
        (p, d)
    },
    |mut p, mut s| {
        overwritten::vjp(&mut p, &mut s);
        (p, s)
    }
);

/// A closure that calls another, which changes a field, in a loop.
#[derivative(wrt(s))]
fn closures_that_call_closures(mut s: crate::parameters::Vec3, n: usize) -> f64 {
    let mut step = || s.x += s.y * s.y;
    let mut twice = || {
        step();
        step();
    };
    for _ in 0..n {
        twice();
    }
    s.x * s.z
}
case!(
    closures_in_loops,
    crate::parameters::A,
    |s| closures_that_call_closures(s, 3),
    |s, d| closures_that_call_closures::jvp(s, 3, d),
    |s, v| closures_that_call_closures::vjp(s, 3, v)
);

/// A copy of what a loop has made vary.
#[derivative]
fn copied_after_a_loop(x: f64) -> f64 {
    let mut pair = Inner { x: -0.55, y: 0.2 };
    for _ in 0..2 {
        pair.x /= 1.0 + x * x;
    }
    let copy = pair;
    copy.x + copy.y
}

#[test]
fn a_copy_after_a_loop_varies() {
    // -0.55 / (1 + x^2)^2
    let expected = 2.2 * 0.5 / 1.25_f64.powi(3);
    assert!((copied_after_a_loop::derivative(0.5) - expected).abs() < 1e-15);
    assert!((copied_after_a_loop::vjp(0.5, 1.0).1 - expected).abs() < 1e-15);
}
