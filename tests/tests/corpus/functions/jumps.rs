//! `break`, `continue` and `return` in loops, with labels, values and conditions on active values.

use diff_runtime::derivative;

#[derivative(hvp)]
pub fn break_on_active_value(x: f64) -> f64 {
    let mut y = x;
    for _ in 0..20 {
        if y > 2.0 {
            break;
        }
        y = y * 1.5 + 0.1;
    }
    y * y
}
sample!(break_on_active_value, 0.1..1.9);

#[derivative(hvp)]
pub fn continue_on_active_value(x: f64, y: f64) -> f64 {
    let mut sum = 0.0;
    for i in 0..8 {
        let term = (x * i as f64).sin() - y;
        if term < 0.0 {
            continue;
        }
        sum += term * term * x;
    }
    sum
}
sample!(continue_on_active_value, 0.2..2.0, 0.0..0.4);

#[derivative(hvp)]
pub fn continue_after_update(x: f64) -> f64 {
    let mut y = x;
    let mut sum = 0.0;
    for i in 0..7 {
        y = y * 0.8 + x;
        if i % 2 == 0 {
            continue;
        }
        sum += y * y;
        y -= 0.1 * sum;
    }
    sum + y
}
sample!(continue_after_update, -1.0..1.0);

#[derivative(hvp)]
pub fn loop_with_value(x: f64) -> f64 {
    let mut n = 0;
    let mut y = x;
    let found = loop {
        y = (y + 2.0).sqrt();
        n += 1;
        if n == 6 {
            break y * x;
        }
    };
    found + y
}
sample!(loop_with_value, 0.1..2.0);

#[derivative(hvp)]
pub fn loop_with_several_values(x: f64) -> f64 {
    let mut y = x;
    let r = loop {
        if y > 3.0 {
            break y.ln();
        }
        y *= 1.7;
        if y < 0.5 {
            break -y;
        }
        y += 0.2 * x;
    };
    r * x
}
sample!(loop_with_several_values, 0.1..2.0);

#[derivative(hvp)]
pub fn labelled_break(x: f64, y: f64) -> f64 {
    let mut s = x;
    'outer: for i in 0..5 {
        for j in 0..5 {
            s += y * (i * j) as f64 * 0.1;
            if s > 2.0 {
                break 'outer;
            }
            s *= 1.01;
        }
        s += 0.05 * x;
    }
    s * s
}
sample!(labelled_break, 0.1..1.5, 0.2..1.5);

#[derivative(hvp)]
pub fn labelled_continue(x: f64, y: f64) -> f64 {
    let mut s = x;
    'rows: for i in 1..5 {
        let mut row = 0.0;
        for j in 0..6 {
            row += (y * j as f64).sin() * s;
            if row > 1.0 {
                s += 0.1 * row;
                continue 'rows;
            }
        }
        s = 0.5 * s + row / i as f64;
    }
    s
}
sample!(labelled_continue, 0.2..1.0, 0.2..1.0);

#[derivative(hvp)]
pub fn labelled_loop_value(x: f64) -> f64 {
    let mut y = x;
    let r = 'search: loop {
        for k in 1..4 {
            y += x / k as f64;
            if y > 5.0 {
                break 'search y * k as f64;
            }
        }
        y *= 1.1;
    };
    r + y
}
sample!(labelled_loop_value, 0.3..1.5);

#[derivative(hvp)]
pub fn return_from_loop(x: f64) -> f64 {
    let mut y = x;
    for i in 0..10 {
        y = y * y + 0.3;
        if y > 1.5 {
            return y * i as f64;
        }
    }
    y.sin()
}
sample!(return_from_loop, -1.1..1.3);

#[derivative(hvp)]
pub fn return_from_nested_loops(x: f64, y: f64) -> f64 {
    let mut s = 0.0;
    for i in 0..4 {
        let mut t = x;
        for j in 0..4 {
            t = t * y + (i + j) as f64 * 0.1;
            if t > 1.2 {
                return s * t + x;
            }
            s += t * t;
        }
        if s > 4.0 {
            return s.ln();
        }
    }
    s
}
sample!(return_from_nested_loops, 0.1..1.1, 0.2..1.2);

#[derivative(hvp)]
pub fn break_and_return(x: f64, limit: usize) -> f64 {
    let mut y = x;
    let mut i = 0;
    loop {
        if i >= limit {
            break;
        }
        if y < 0.05 {
            return y;
        }
        y *= 0.7 + 0.1 * x;
        i += 1;
    }
    y + x
}
sample!(break_and_return, 0.1..1.0, [0, 2, 12]);

#[derivative(hvp)]
pub fn break_in_else(x: f64) -> f64 {
    let mut y = x;
    for k in 0..9 {
        if y < 1.0 {
            y += 0.3 * y + 0.05 * k as f64;
        } else {
            y = y.sqrt() * x;
            break;
        }
    }
    y
}
sample!(break_in_else, 0.1..0.9);

#[derivative(hvp)]
pub fn while_with_break_and_continue(x: f64) -> f64 {
    let mut i = 0;
    let mut y = x;
    while i < 12 {
        i += 1;
        if i % 4 == 0 {
            continue;
        }
        y += (y * 0.3 * i as f64).sin() * 0.1;
        if y.abs() > 2.0 {
            break;
        }
        y *= 1.1;
    }
    y
}
sample!(while_with_break_and_continue, -1.5..1.5);

#[derivative(hvp)]
pub fn continue_in_while_on_active(x: f64) -> f64 {
    let mut y = x;
    let mut n = 0;
    while n < 9 {
        n += 1;
        if y > 1.0 {
            y -= 0.75;
            continue;
        }
        y = y * 1.6 + 0.05;
    }
    y * x
}
sample!(continue_in_while_on_active, 0.1..1.4);

#[derivative(hvp)]
pub fn break_out_of_three(x: f64) -> f64 {
    let mut s = x;
    'a: for i in 0..3 {
        'b: for j in 0..3 {
            for k in 0..3 {
                s += 0.05 * x * (i + j + k) as f64;
                if s > 1.6 {
                    break 'a;
                }
                if k > i {
                    continue 'b;
                }
                s = s.sin() + 0.5;
            }
            s *= 1.02;
        }
        s -= 0.1 * x * x;
    }
    s
}
sample!(break_out_of_three, 0.1..1.5);

/// The value before the jump and the value after it both count.
#[derivative(hvp)]
pub fn last_good_value(x: f64) -> f64 {
    let mut good = x;
    let mut trial = x;
    for _ in 0..15 {
        trial = trial * trial + 0.2;
        if trial > 3.0 {
            break;
        }
        good = trial;
    }
    good * 2.0 + trial
}
sample!(last_good_value, 0.1..1.4);

#[derivative(hvp)]
pub fn first_zero_crossing(frequency: f64, decay: f64) -> f64 {
    let mut previous = 1.0;
    let mut t = 0.0;
    let mut crossing = -1.0;
    for k in 1..200 {
        let now = k as f64 * 0.05;
        let current = (-decay * now).exp() * (frequency * now).cos();
        if previous > 0.0 && current <= 0.0 {
            crossing = t + 0.05 * previous / (previous - current);
            break;
        }
        previous = current;
        t = now;
    }
    crossing
}
sample!(first_zero_crossing, 0.7..2.5, 0.0..0.5);

#[derivative(hvp)]
pub fn return_before_loop(x: f64, n: usize) -> f64 {
    if n == 0 {
        return x;
    }
    let mut y = x * 0.5;
    for i in 0..n {
        y = y * x + i as f64;
    }
    y
}
sample!(return_before_loop, -1.0..1.0, [0, 1, 5]);
