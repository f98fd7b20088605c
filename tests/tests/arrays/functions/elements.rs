//! Elements that methods give in an `Option`: `first`, `last`, `get`, `split_first`, `split_last`, `pop`.

use diff_runtime::derivative;

#[derivative]
pub fn first_and_last(x: &[f64]) -> f64 {
    let first = x.first().unwrap();
    let last = *x.last().expect("an element");
    first * last + x.last().copied().unwrap() * x.first().unwrap().sin()
}
sample!(first_and_last, [-1.5..1.5; [1, 4]]);

#[derivative]
pub fn first_or_nothing(x: &[f64]) -> f64 {
    let a = x.first().copied().unwrap_or(1.0);
    let b = x.last().map_or(0.5, |v| v * v);
    let c = match x.first() {
        Some(v) if *v > 0.0 => v.sqrt(),
        Some(v) => v * 2.0,
        None => 3.0,
    };
    let d = if let Some(&v) = x.last() { v.sin() } else { 0.1 };
    a + b * c + d * x.get(1).map(|v| v * v).unwrap_or(a)
}
sample!(first_or_nothing, [-1.5..1.5; [0, 1, 4]]);

#[derivative]
pub fn first_else(x: &[f64], k: usize) -> f64 {
    let Some(first) = x.first() else { return 2.0 };
    let Some(&at) = x.get(2 * k + 1) else { return first * first };
    let last = x.last().unwrap();
    at * first * last
}
sample!(first_else, [-1.5..1.5; [0, 1, 4]], [0, 1, 3]);

#[derivative]
pub fn got(x: &[f64; 4], k: usize) -> f64 {
    let mut total = 0.0;
    for i in 0..6 {
        if let Some(v) = x.get(i + k) {
            total += v * (i as f64 + 1.0) * x.get(k).unwrap();
        }
        total += x.get(i).is_some() as u8 as f64;
    }
    total
}
sample!(got, [-1.5..1.5; 4], [0, 1, 3]);

#[derivative]
pub fn changed_at_the_ends(x: &[f64], y: f64) -> f64 {
    let mut v = x.to_vec();
    *v.last_mut().unwrap() *= y;
    *v.first_mut().unwrap() = x[1] * y;
    if let Some(last) = v.last_mut() {
        *last += x[0];
    }
    if let Some(v) = v.get_mut(1) {
        *v = v.sin() * x[0];
    }
    let Some(first) = v.first_mut() else { return 0.0 };
    *first -= 2.0 * *first * y;
    v.iter().map(|v| v * v).sum()
}
sample!(changed_at_the_ends, [-1.5..1.5; [2, 4]], -1.5..1.5);

#[derivative]
pub fn entered_at_the_end(x: f64) -> f64 {
    let mut v = vec![0.5; 3];
    if let Some(last) = v.last_mut() {
        *last = x;
    }
    *v.first_mut().unwrap() += x * x;
    v[0] * v[1] * v[2]
}
sample!(entered_at_the_end, -1.5..1.5);

#[derivative]
pub fn head_and_tail(x: &[f64]) -> f64 {
    let (head, tail) = x.split_first().unwrap();
    let Some((last, front)) = tail.split_last() else { return head * 3.0 };
    let middle = if let Some((second, _)) = front.split_first() { second * second } else { 0.2 };
    head * tail.iter().sum::<f64>() + last * front.len() as f64 * middle
}
sample!(head_and_tail, [-1.5..1.5; [1, 2, 3, 5]]);

#[derivative]
pub fn horner_from_the_last(c: &[f64], x: f64) -> f64 {
    match c.split_last() {
        Some((last, front)) => front.iter().rev().fold(*last, |acc, c| acc * x + c),
        None => 0.0,
    }
}
sample!(horner_from_the_last, [-1.5..1.5; [0, 1, 4]], -1.5..1.5);

#[derivative]
pub fn rows_at_the_ends(x: &[[f64; 2]]) -> f64 {
    let first = x.first().unwrap();
    let mut total = first[0] * first[1];
    if let Some(last) = x.last() {
        total += last[0] * last[1] * last.iter().sum::<f64>();
    }
    total
}
sample!(rows_at_the_ends, [[-1.5..1.5; 2]; [1, 3]]);

#[derivative]
pub fn popped(x: &[f64]) -> f64 {
    let mut stack = x.to_vec();
    let mut total = 1.0;
    while let Some(top) = stack.pop() {
        total = total * 0.5 + top * top;
        if top > 1.0 {
            stack.pop();
        }
    }
    let rest = stack.pop().unwrap_or(total);
    rest * total
}
sample!(popped, [-1.5..1.5; [0, 1, 5]]);

#[derivative]
pub fn product_of_the_ends(x: &[f64]) -> f64 {
    fn ends(x: &[f64]) -> Option<(usize, usize)> {
        (!x.is_empty()).then(|| (0, x.len() - 1))
    }
    let (i, j) = ends(&[0.0, 1.0]).unwrap();
    x.get(i).copied().unwrap_or(0.3) * x.get(j).copied().unwrap_or(0.3)
}
sample!(product_of_the_ends, [-1.5..1.5; [0, 1, 5]]);

#[derivative]
pub fn by_length(x: &[f64], y: f64) -> f64 {
    let a = match x {
        [] => y,
        [a] => *a * y,
        [a, b] => a * b,
        [a, .., b] => a + b * y,
    };
    let b = if let [a, b, rest @ ..] = x { a * b * rest.iter().sum::<f64>() } else { 0.3 };
    let c = match x {
        [first, ..] => *first,
        _ => y,
    };
    let [p, .., q] = x else { return a * y };
    a * b + p * q * c
}
sample!(by_length, [-1.5..1.5; [0, 1, 2, 4]], -1.5..1.5);

#[derivative]
pub fn parts_of_fixed_length(x: &[f64; 4]) -> f64 {
    let [a, rest @ ..] = x;
    let [b, .., c] = *x;
    a * rest[0] * rest[2] + b * rest[1] * c
}
sample!(parts_of_fixed_length, [-1.5..1.5; 4]);

#[derivative]
pub fn by_chunks(x: &[f64]) -> f64 {
    x.chunks(2)
        .map(|c| match c {
            [a, b] => a * b,
            [a] => *a,
            _ => 0.0,
        })
        .sum()
}
sample!(by_chunks, [-1.5..1.5; [0, 1, 2, 5]]);

#[derivative]
pub fn rows_are_swapped(m: &mut [[f64; 3]; 3], k: usize) -> f64 {
    m.swap(0, k);
    let mut total = 1.0;
    for i in 0..3 {
        total = total * m[i][i] + m[i][(i + 1) % 3];
    }
    total
}
sample!(rows_are_swapped, [[-1.5..1.5; 3]; 3], [0, 1, 2]);

#[derivative]
pub fn reversed_in_place(x: &[f64]) -> f64 {
    let mut v = x.to_vec();
    v.reverse();
    v.extend(x.iter().map(|v| v * v));
    v.extend(x);
    v.extend([x.len() as f64, v[0]]);
    v.iter().fold(0.5, |acc, v| acc * 0.5 + v * v)
}
sample!(reversed_in_place, [-1.5..1.5; [1, 2, 5]]);

#[derivative]
pub fn arrays_of_branches(x: f64, y: f64) -> f64 {
    let v = if x > y { [x, y * y] } else { [y, x * y] };
    let w = {
        let t = x * v[0];
        [t, t * t, 2.0]
    };
    let larger = f64::max;
    v[0] - v[1] * w[1] + w.iter().sum::<f64>() * larger(x, y) + [x, y].into_iter().fold(0.1, larger)
}
sample!(arrays_of_branches, -1.5..1.5, -1.5..1.5);
