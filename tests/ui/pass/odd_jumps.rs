//! Jumps out of expressions, blocks and loops.
//!
//! Each module holds one function: `check` compares all of its companions with finite differences, and the values
//! bit for bit.

#![allow(warnings)]

#[path = "../check.rs"]
#[macro_use]
mod check;

mod labelled_scalar {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let a = 'l: {
            if x > 1.0 {
                break 'l x * x;
            }
            2.0 * x
        };
        a * x
    }
}

mod loop_value {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        let a = loop {
            y *= 1.5;
            if y > 4.0 {
                break y * x;
            }
        };
        a + y
    }
}

mod return_in_block_expr {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = {
            if x > 1.0 {
                return x * x;
            }
            3.0 * x
        };
        y * x
    }
}

mod return_in_arg {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        x.max(if x > 1.0 { return x * x } else { 0.5 }) * x
    }
}

mod break_in_expr {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        for i in 0..5 {
            y = y + if y > 2.0 { break } else { x * x };
        }
        y
    }
}

mod nested_loop_labels {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        'a: for i in 0..4 {
            'b: for j in 0..4 {
                if j > i {
                    continue 'a;
                }
                if y > 9.0 {
                    break 'a;
                }
                if (i + j) % 2 == 0 {
                    continue 'b;
                }
                y = y * x + j as f64;
            }
            y += x;
        }
        y
    }
}

mod never_fn2 {
    use diff_runtime::derivative;
    fn die() -> ! {
        panic!()
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = if x < 0.0 { die() } else { x * x };
        y * x
    }
}

mod while_true {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        let mut n = 0;
        while true {
            n += 1;
            y = y * x;
            if n > 3 {
                break;
            }
        }
        y
    }
}

mod loop_never_return {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        loop {
            y = y * 1.5;
            if y > 10.0 {
                return y;
            }
        }
    }
}

mod continue_value {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = 0.0;
        for i in 0..6 {
            let t = if i % 2 == 0 { continue } else { x.powi(i) };
            s += t;
        }
        s
    }
}

mod dead_code {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        return x * x;
        let y = x * 3.0;
        y
    }
}

mod dead_code2 {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        if true {
            return x * x;
        }
        x
    }
}

mod for_in_loop {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut t = x;
        let y = 'o: loop {
            for i in 0..9 {
                t *= 1.7;
                if t > 20.0 {
                    break 'o t * x;
                }
            }
        };
        y * x
    }
}

mod second_loop_inside {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut t = x;
        let y = 'o: loop {
            if t > 20.0 {
                break 'o t * x;
            }
            loop {
                t *= 1.7;
                if t > 10.0 {
                    break;
                }
            }
        };
        y * x
    }
}

mod labelled_block_around_for {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut t = x;
        let y = 'o: {
            for i in 0..9 {
                t *= 1.7;
                if t > 20.0 {
                    break 'o t * x;
                }
            }
            t
        };
        y * x
    }
}

mod break_without_value {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut t = x;
        'o: loop {
            loop {
                t *= 1.7;
                if t > 20.0 {
                    break 'o;
                }
            }
        }
        t * x
    }
}

mod cond_state {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut n = 0;
        let mut s = x;
        while {
            n += 1;
            n < 5
        } {
            if n % 2 == 0 {
                continue;
            }
            s = s * x + n as f64;
        }
        s
    }
}

mod while_cond_assign_int {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 0;
        let mut y = x;
        while {
            k += 1;
            k < 4
        } {
            y *= x;
        }
        y
    }
}

mod option_let_else {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let o = Some(2.0);
        let Some(k) = o else { panic!() };
        x * k
    }
}

fn main() {
    check!(labelled_scalar);
    check!(loop_value);
    check!(return_in_block_expr);
    check!(return_in_arg);
    check!(break_in_expr);
    check!(nested_loop_labels);
    check!(never_fn2);
    check!(while_true);
    check!(loop_never_return);
    check!(continue_value);
    check!(dead_code);
    check!(dead_code2);
    check!(for_in_loop);
    check!(second_loop_inside);
    check!(labelled_block_around_for);
    check!(break_without_value);
    check!(cond_state);
    check!(while_cond_assign_int);
    check!(option_let_else);
}
