//! `if` and `else`, on active and on inactive values, and early returns.

use diff_runtime::derivative;

#[derivative]
pub fn value_of_branch(x: f64) -> f64 {
    let y = if x > 0.5 { x * x } else { 1.0 - x };
    y * x
}
sample!(value_of_branch, -1.0..2.0);

#[derivative]
pub fn tail_branch(x: f64, y: f64) -> f64 {
    if x * y > 0.3 { (x * y).ln() } else { x + y * y }
}
sample!(tail_branch, -1.0..2.0, -1.0..2.0);

#[derivative]
pub fn statement_branch(x: f64) -> f64 {
    let mut y = x;
    if x < 0.3 {
        y *= 3.0;
    }
    if y > 1.0 {
        y = y.sqrt();
    } else {
        y -= x * x;
    }
    y
}
sample!(statement_branch, -1.0..2.0);

#[derivative]
pub fn branch_inside_expression(x: f64, y: f64) -> f64 {
    2.0 * if x < y { x } else { y * y } + (if x > 0.1 { x } else { -x }).sqrt()
}
sample!(branch_inside_expression, 0.2..1.0, -1.0..2.0);

/// Grades of a smooth step.
#[derivative]
pub fn else_if_chain(x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x < 0.5 {
        2.0 * x * x
    } else if x < 1.0 {
        1.0 - 2.0 * (1.0 - x).powi(2)
    } else {
        1.0
    }
}
sample!(else_if_chain, -0.5..1.5);

#[derivative]
pub fn else_if_statements(x: f64, mode: i32) -> f64 {
    let mut y = 1.0;
    if mode == 0 {
        y = x;
    } else if mode == 1 {
        y += x.sin();
    } else if mode < 0 {
        y = y / x;
    }
    y * x
}
sample!(else_if_statements, 0.5..2.0, [0, 1, -4, 7]);

#[derivative]
pub fn nested_branches(x: f64, y: f64) -> f64 {
    if x > 0.0 {
        let t = x.sqrt();
        if y > 0.0 {
            t * y
        } else if y > -1.0 {
            t - y
        } else {
            y * y
        }
    } else {
        let t = -x;
        t * if y > x { y } else { x }
    }
}
sample!(nested_branches, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn branch_on_both(x: f64, flag: bool, n: usize) -> f64 {
    if flag && x > 0.0 || n == 3 {
        x * n as f64
    } else if !flag && n % 2 == 1 {
        x.cos()
    } else {
        -x
    }
}
sample!(branch_on_both, -1.0..1.0, [true, false], [0, 1, 3]);

#[derivative]
pub fn condition_held_in_variable(x: f64, y: f64) -> f64 {
    let inside = x * x + y * y < 1.5;
    let above = y > 0.0;
    let mut r = x;
    if inside && !above {
        r = x * y;
    }
    if above || x > 1.0 {
        r += y.exp();
    }
    r
}
sample!(condition_held_in_variable, -1.5..1.5, -1.5..1.5);

#[derivative]
pub fn early_return(x: f64) -> f64 {
    if x < 0.2 {
        return x * 3.0;
    }
    let y = x.ln();
    if y > 0.5 {
        return y;
    }
    y * x
}
sample!(early_return, -1.0..3.0);

#[derivative]
pub fn return_in_every_branch(x: f64) -> f64 {
    if x > 1.0 {
        return x.sqrt();
    } else if x > 0.0 {
        return x * x;
    } else {
        return -x;
    }
}
sample!(return_in_every_branch, -1.0..3.0);

#[derivative]
pub fn return_in_else(x: f64, y: f64) -> f64 {
    let t = if x > y { x - y } else { return x * y };
    t.sqrt() * y
}
sample!(return_in_else, -1.0..2.0, -1.0..2.0);

#[derivative]
pub fn return_of_a_block(x: f64) -> f64 {
    let y = x * x;
    return {
        let z = y + 1.0;
        z.ln()
    };
}
sample!(return_of_a_block, -2.0..2.0);

#[derivative]
pub fn branches_assign_different_variables(x: f64, y: f64) -> f64 {
    let mut a = x;
    let mut b = y;
    let mut c = 1.0;
    if a > b {
        a = b * b;
        c *= x;
    } else {
        b = a.sin();
    }
    if c > 0.5 {
        c = a * b;
    }
    a + b * c
}
sample!(branches_assign_different_variables, -2.0..2.0, -2.0..2.0);

#[derivative]
pub fn median_of_three(a: f64, b: f64, c: f64) -> f64 {
    let median = if (a <= b && b <= c) || (c <= b && b <= a) {
        b
    } else if (b <= a && a <= c) || (c <= a && a <= b) {
        a
    } else {
        c
    };
    median * median + a
}
sample!(median_of_three, -1.0..1.0, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn pair_from_branch(x: f64, y: f64) -> f64 {
    let (low, high) = if x < y { (x, y) } else { (y, x) };
    high.exp() - low * high
}
sample!(pair_from_branch, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn comparisons_of_all_kinds(x: f64, y: f64) -> f64 {
    let mut s = x * y;
    if x != y {
        s += x;
    }
    if x >= 0.0 {
        s += y;
    }
    if 0.25 <= y {
        s *= x;
    }
    if !(x == 1.0) && x.is_finite() && !y.is_nan() {
        s *= 2.0;
    }
    if x.is_sign_negative() {
        s -= y * y;
    }
    s
}
sample!(comparisons_of_all_kinds, -1.0..1.0, -1.0..1.0);

/// The derivative on one side is infinite where the branch is not taken.
#[derivative]
pub fn guarded_root(x: f64) -> f64 {
    let positive = if x > 0.0 { x } else { 0.0 };
    if positive > 0.0 { positive.sqrt() } else { positive }
}
sample!(guarded_root, -1.0..2.0);

#[derivative]
pub fn labelled_block(x: f64, y: f64) -> f64 {
    let t = 'done: {
        if x < 0.0 {
            break 'done y * y;
        }
        let r = x.sqrt();
        if r > y {
            break 'done r;
        }
        r * y
    };
    t + x
}
sample!(labelled_block, -1.0..2.0, 0.0..2.0);
