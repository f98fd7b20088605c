//! Sorting, selecting and searching: where an element goes depends on what it is.

use diff_runtime::derivative;

#[derivative]
pub fn bubble_sort(x: &[f64; 5]) -> f64 {
    let mut a = *x;
    for i in 0..5 {
        for j in 0..4 - i {
            if a[j] > a[j + 1] {
                let t = a[j];
                a[j] = a[j + 1];
                a[j + 1] = t;
            }
        }
    }
    let mut sum = 0.0;
    for i in 0..5 {
        sum += a[i] * a[i] * (i + 1) as f64;
    }
    sum
}
sample!(bubble_sort, [-1.0..1.0; 5]);

/// A while loop that moves an element as far as it must.
#[derivative]
pub fn insertion_sort(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    for i in 1..a.len() {
        let v = a[i];
        let mut j = i;
        while j > 0 && a[j - 1] > v {
            a[j] = a[j - 1];
            j -= 1;
        }
        a[j] = v;
    }
    let mut sum = 0.0;
    for (rank, v) in a.iter().enumerate() {
        sum += v.powi(2) / (1 + rank) as f64;
    }
    sum
}
sample!(insertion_sort, [-1.0..1.0; [0, 1, 6]]);

/// Swaps by an index that the elements decide.
#[derivative]
pub fn selection_sort(x: &[f64]) -> f64 {
    let n = x.len();
    let mut a = x.to_vec();
    for i in 0..n {
        let mut least = i;
        for j in i + 1..n {
            if a[j] < a[least] {
                least = j;
            }
        }
        let t = a[i];
        a[i] = a[least];
        a[least] = t;
    }
    let mut value = 0.0;
    for i in 0..n {
        value = 0.7 * value + a[i].exp();
    }
    value
}
sample!(selection_sort, [-1.0..1.0; [1, 6]]);

/// Sorted through indices: the data stay where they are.
#[derivative]
pub fn median(x: &[f64]) -> f64 {
    let n = x.len();
    let mut order = vec![0usize; n];
    for i in 0..n {
        order[i] = i;
    }
    for i in 0..n {
        for j in i + 1..n {
            if x[order[j]] < x[order[i]] {
                let t = order[i];
                order[i] = order[j];
                order[j] = t;
            }
        }
    }
    if n % 2 == 1 { x[order[n / 2]].powi(2) } else { 0.5 * (x[order[n / 2 - 1]] + x[order[n / 2]]) }
}
sample!(median, [-1.0..1.0; [1, 4, 7]]);

#[derivative]
pub fn running_maximum(x: &[f64]) -> f64 {
    let mut top = x[0];
    let mut sum = 0.0;
    for v in x {
        if *v > top {
            top = *v;
        }
        sum += top * v;
    }
    sum
}
sample!(running_maximum, [-1.0..1.0; [1, 8]]);

#[derivative]
pub fn largest_drawdown(prices: &[f64]) -> f64 {
    let mut peak = prices[0];
    let mut worst = 0.0;
    for &price in prices.iter() {
        peak = peak.max(price);
        let drawdown = (peak - price) / peak;
        if drawdown > worst {
            worst = drawdown;
        }
    }
    worst
}
sample!(largest_drawdown, [0.5..2.0; 9]);

#[derivative]
pub fn two_largest(x: &[f64]) -> f64 {
    let (mut first, mut second) = (-9.0, -9.0);
    for &v in x {
        if v > first {
            second = first;
            first = v;
        } else if v > second {
            second = v;
        }
    }
    first * second
}
sample!(two_largest, [-1.0..1.0; [1, 2, 7]]);

/// An index that is found and used after its loop.
#[derivative]
pub fn neighbours_of_the_largest(x: &[f64]) -> f64 {
    let mut at = 1;
    for i in 1..x.len() - 1 {
        if x[i] > x[at] {
            at = i;
        }
    }
    // The vertex of the parabola through three points.
    let (a, b, c) = (x[at - 1], x[at], x[at + 1]);
    b + 0.1 * (a - c).powi(2) * (a + c)
}
sample!(neighbours_of_the_largest, [-1.0..1.0; [3, 8]]);

/// The mean without the extremes.
#[derivative]
pub fn trimmed_mean(x: &[f64; 6]) -> f64 {
    let mut low = x[0];
    let mut high = x[0];
    let mut sum = 0.0;
    for i in 0..6 {
        low = low.min(x[i]);
        high = high.max(x[i]);
        sum += x[i];
    }
    (sum - low - high) * sum / 4.0
}
sample!(trimmed_mean, [-1.0..1.0; 6]);

/// A network of comparisons: minimum and maximum at once.
#[derivative]
pub fn sorting_network(x: [f64; 4]) -> f64 {
    let pairs = [(0, 1), (2, 3), (0, 2), (1, 3), (1, 2)];
    let mut a = x;
    for (i, j) in pairs {
        let low = a[i].min(a[j]);
        a[j] = a[i].max(a[j]);
        a[i] = low;
    }
    a[0] + 2.0 * a[1] * a[1] + 3.0 * a[2].sin() + a[3] * a[0]
}
sample!(sorting_network, [-1.0..1.0; 4]);

/// Bisection of sorted knots for the interval that an active number lies in.
#[derivative]
pub fn found_by_bisection(x: f64, values: &[f64; 6]) -> f64 {
    let mut low = 0;
    let mut high = 5;
    while high - low > 1 {
        let middle = (low + high) / 2;
        if middle as f64 <= x {
            low = middle;
        } else {
            high = middle;
        }
    }
    let t = x - low as f64;
    (1.0 - t) * values[low] + t * values[low + 1]
}
sample!(found_by_bisection, 0.0..5.0, [-1.0..1.0; 6]);

/// Ranks as weights: an inner loop that counts.
#[derivative]
pub fn weighted_by_rank(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        let mut rank = 0;
        for j in 0..x.len() {
            if x[j] < x[i] {
                rank += 1;
            }
        }
        sum += f64::from(rank) * x[i].powi(2);
    }
    sum
}
sample!(weighted_by_rank, [-1.0..1.0; [2, 6]]);
