//! Assignments inside expressions, conditions and arguments: the order of evaluation is that of the function.
//!
//! Each module holds one function: `check` compares all of its companions with finite differences, and the values
//! bit for bit.

#![allow(warnings)]

#[path = "../check.rs"]
#[macro_use]
mod check;

mod assign_in_expr {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(mut x: f64) -> f64 {
        let y =
            x + {
                x = 3.0 * x;
                x
            } + x;
        y * x
    }
}

mod assign_in_call {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(mut x: f64) -> f64 {
        x.max({
            x = 3.0 * x;
            x - 9.0
        }) * x
    }
}

mod assign_in_cond {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(mut x: f64) -> f64 {
        if {
            x = 3.0 * x;
            x > 2.0
        } {
            x * x
        } else {
            x
        }
    }
}

mod assign_unit_let {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(mut x: f64) -> f64 {
        let _u = x = 3.0 * x;
        x * x
    }
}

mod inactive_order {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 2.0;
        let y = k * x + {
            k = 5.0;
            k
        } * x;
        y * k
    }
}

mod inactive_order_verb {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 2.0;
        let j = k + {
            k = 5.0;
            k
        };
        x * j * k
    }
}

mod paren_assign {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 2.0;
        (k) = 3.0;
        x * k
    }
}

mod mut_int_in_expr {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut n = 1;
        let y = x.powi({
            n += 1;
            n
        }) + x.powi({
            n += 1;
            n
        });
        y * n as f64
    }
}

mod mut_int_args {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut n = 1;
        let y = (n as f64 * x).max({
            n += 1;
            n as f64
        }) * n as f64;
        y
    }
}

mod alias_inactive {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut a = 2.0;
        let b = a;
        a = 5.0;
        x * b * a
    }
}

mod alias_active {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut a = x;
        let b = a;
        a = a * 5.0;
        x * b * a
    }
}

mod alias_cell {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut n = 2;
        let m = n;
        n = 5;
        x.powi(m) * n as f64
    }
}

mod alias_cell2 {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut v = vec![2.0];
        let m = v[0];
        v[0] = 5.0;
        let w = v.clone();
        v[0] = 7.0;
        x * m * w[0] * v[0]
    }
}

mod tuple_swap {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let (mut a, mut b) = (x, 2.0 * x);
        (a, b) = (b, a * b);
        (a, b) = (b, a);
        a * a + b
    }
}

mod tuple_shadow_swap {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let a = x;
        let b = x * x;
        let (a, b) = (b, a);
        a - 2.0 * b
    }
}

mod tuple_nested {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let ((a, b), c) = ((x, x * 2.0), 3.0);
        a * b * c
    }
}

mod tuple_if {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let (a, b) = if x > 1.0 { (x, 2.0) } else { (3.0, x * x) };
        a * b
    }
}

mod let_mut_tuple {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let (mut a, mut b) = (x, 2.0);
        a *= b;
        b = a;
        a * b
    }
}

mod inactive_float_assign_ops {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 2.0;
        k += 1.0;
        k *= k;
        k -= 0.5;
        k /= 2.0;
        k %= 3.0;
        x * k
    }
}

mod short_circuit_panic {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let b = x > 0.0 || panic!("no");
        if b { x * x } else { x }
    }
}

fn main() {
    check!(assign_in_expr);
    check!(assign_in_call);
    check!(assign_in_cond);
    check!(assign_unit_let);
    check!(inactive_order);
    check!(inactive_order_verb);
    check!(paren_assign);
    check!(mut_int_in_expr);
    check!(mut_int_args);
    check!(alias_inactive);
    check!(alias_active);
    check!(alias_cell);
    check!(alias_cell2);
    check!(tuple_swap);
    check!(tuple_shadow_swap);
    check!(tuple_nested);
    check!(tuple_if);
    check!(let_mut_tuple);
    check!(inactive_float_assign_ops);
    check!(short_circuit_panic);
}
