//! Dynamic programs over tables.

use diff_runtime::derivative;

/// The cheapest alignment of two sequences, in a table with a border.
#[derivative]
pub fn dynamic_time_warping(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len(), b.len());
    let width = m + 1;
    let mut cost = vec![1e3_f64; (n + 1) * width];
    cost[0] = 0.0;
    for i in 1..=n {
        for j in 1..=m {
            let d = (a[i - 1] - b[j - 1]).powi(2);
            let best = cost[(i - 1) * width + j].min(cost[i * width + j - 1]).min(cost[(i - 1) * width + j - 1]);
            cost[i * width + j] = d + best;
        }
    }
    cost[n * width + m]
}
sample!(dynamic_time_warping, [-1.0..1.0; [1, 4]], [-1.0..1.0; [1, 5]]);

/// The same with a smooth minimum.
#[derivative]
pub fn soft_time_warping(a: &[f64; 3], b: &[f64; 4], gamma: f64) -> f64 {
    let mut r = [[0.0; 5]; 4];
    for i in 1..4 {
        r[i][0] = 20.0;
    }
    for j in 1..5 {
        r[0][j] = 20.0;
    }
    for i in 1..4 {
        for j in 1..5 {
            let d = (a[i - 1] - b[j - 1]).powi(2);
            let s = (-r[i - 1][j] / gamma).exp() + (-r[i][j - 1] / gamma).exp() + (-r[i - 1][j - 1] / gamma).exp();
            r[i][j] = d - gamma * s.ln();
        }
    }
    r[3][4]
}
sample!(soft_time_warping, [-1.0..1.0; 3], [-1.0..1.0; 4], 0.5..2.0);

/// The score of the best path through hidden states.
#[derivative]
pub fn viterbi(start: &[f64; 3], step: &[[f64; 3]; 3], emit: &[[f64; 2]; 3], seen: &[usize]) -> f64 {
    let mut score = *start;
    for &symbol in seen {
        let mut next = [0.0; 3];
        for j in 0..3 {
            let mut best = score[0] + step[0][j];
            for i in 1..3 {
                best = best.max(score[i] + step[i][j]);
            }
            next[j] = best + emit[j][symbol];
        }
        for j in 0..3 {
            score[j] = next[j];
        }
    }
    score[0].max(score[1]).max(score[2])
}
sample!(viterbi, [-1.0..1.0; 3], [[-2.0..2.0; 3]; 3], [[-1.0..1.0; 2]; 3], [&[0, 1, 1, 0][..], &[][..], &[1][..]]);

/// The cheapest way down a grid of costs, in a single row that is overwritten.
#[derivative]
pub fn cheapest_path_through_a_grid(cost: &[f64], width: usize) -> f64 {
    let height = cost.len() / width;
    let mut row = vec![0.0; width];
    for i in 0..height {
        for j in 0..width {
            let here = cost[i * width + j];
            row[j] = if i == 0 && j == 0 {
                here
            } else if i == 0 {
                here + row[j - 1]
            } else if j == 0 {
                here + row[j]
            } else if row[j] < row[j - 1] {
                here + row[j]
            } else {
                here + row[j - 1]
            };
        }
    }
    row[width - 1] * row[0]
}
sample!(cheapest_path_through_a_grid, [0.1..1.0; [4, 12, 12]], [2, 4, 3]);

/// All shortest paths, in place.
#[derivative]
pub fn floyd_warshall(d: &[[f64; 4]; 4]) -> f64 {
    let mut t = [[0.0; 4]; 4];
    for i in 0..4 {
        for j in 0..4 {
            t[i][j] = if i == j { 0.0 } else { d[i][j] };
        }
    }
    for k in 0..4 {
        for i in 0..4 {
            for j in 0..4 {
                let through = t[i][k] + t[k][j];
                if through < t[i][j] {
                    t[i][j] = through;
                }
            }
        }
    }
    let mut sum = 0.0;
    for i in 0..4 {
        for j in 0..4 {
            sum += t[i][j] * t[i][j];
        }
    }
    sum
}
sample!(floyd_warshall, [[0.2..2.0; 4]; 4]);

/// The best value within a weight: from the back, so that each item is taken once.
#[derivative]
pub fn knapsack(values: &[f64], weights: &[usize], capacity: usize) -> f64 {
    let mut best = vec![0.0; capacity + 1];
    for (value, &weight) in values.iter().zip(weights) {
        for c in (weight..=capacity).rev() {
            if best[c - weight] + value > best[c] {
                best[c] = best[c - weight] + value;
            }
        }
    }
    best[capacity]
}
sample!(knapsack, [0.2..2.0; 4], [&[2, 3, 1, 4][..], &[1, 1, 2, 9][..]], [0, 3, 5, 8]);

/// The number of ways to reach a sum, weighted by a fugacity per coin.
#[derivative]
pub fn partition_function(weights: &[f64; 3], total: usize) -> f64 {
    let coins = [1, 2, 5];
    let mut ways = vec![0.0; total + 1];
    ways[0] = 1.0;
    for k in 0..3 {
        for s in coins[k]..=total {
            ways[s] += ways[s - coins[k]] * weights[k];
        }
    }
    ways[total]
}
sample!(partition_function, [0.5..1.5; 3], [0, 1, 6, 11]);

/// An edit distance with costs that are learnt.
#[derivative]
pub fn edit_distance(costs: &[f64; 3], a: &[u8], b: &[u8]) -> f64 {
    let m = b.len();
    let mut previous = vec![0.0; m + 1];
    for j in 1..=m {
        previous[j] = previous[j - 1] + costs[0];
    }
    for i in 0..a.len() {
        let mut current = vec![0.0; m + 1];
        current[0] = previous[0] + costs[1];
        for j in 1..=m {
            let replaced = if a[i] == b[j - 1] { previous[j - 1] } else { previous[j - 1] + costs[2] };
            current[j] = replaced.min(current[j - 1] + costs[0]).min(previous[j] + costs[1]);
        }
        for j in 0..=m {
            previous[j] = current[j];
        }
    }
    previous[m]
}
sample!(
    edit_distance,
    [0.7..1.3; 3],
    [&b"kitten"[..], &b""[..], &b"ab"[..]],
    [&b"sitting"[..], &b"abc"[..], &b"b"[..]]
);

/// Backward induction on a tree of prices.
#[derivative]
pub fn american_put(spot: f64, strike: f64, volatility: f64, steps: usize) -> f64 {
    let dt = 1.0 / steps as f64;
    let up = (volatility * dt.sqrt()).exp();
    let discount = (-0.05 * dt).exp();
    let p = ((0.05 * dt).exp() - 1.0 / up) / (up - 1.0 / up);
    let mut value = vec![0.0; steps + 1];
    for j in 0..=steps {
        let price = spot * up.powi(2 * j as i32 - steps as i32);
        value[j] = (strike - price).max(0.0);
    }
    for i in (0..steps).rev() {
        for j in 0..=i {
            let held = discount * (p * value[j + 1] + (1.0 - p) * value[j]);
            let price = spot * up.powi(2 * j as i32 - i as i32);
            value[j] = held.max(strike - price);
        }
    }
    value[0]
}
sample!(american_put, 0.8..1.2, 0.9..1.3, 0.15..0.5, [1, 3, 7]);
