//! Names that are declared again: by closures, items, patterns, blocks and loops.
//!
//! Each module holds one function: `check` compares all of its companions with finite differences, and the values
//! bit for bit.

#![allow(warnings)]

#[path = "../check.rs"]
#[macro_use]
mod check;

mod shadow_closure {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let g = |x: f64| x * 3.0;
        let k = g(2.0);
        x * k
    }
}

mod inner_fn_same {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        fn f(x: f64) -> f64 {
            x + 1.0
        }
        let k = f(2.0);
        x * k
    }
}

mod shadow_prim_type {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = x;
        let x = 2;
        let z = y.powi(x);
        {
            let x = z * y;
            let y = x;
            y * x
        }
    }
}

mod shadow_in_branch {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = 1.0;
        if x > 1.0 {
            let y = x;
            let x = y * y;
            return x * y;
        }
        x * y
    }
}

mod shadow_loop {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        for x in 0..3 {
            let y2 = y;
            let x = x as f64;
            y = y2 * 0.5 + x * y2;
        }
        y * x
    }
}

mod shadow_in_match {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = match Some(2.0) {
            Some(x) => x * 3.0,
            None => 0.0,
        };
        x * y
    }
}

mod closure_shadow_state {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 1.0;
        {
            let k = 5.0;
            let g = |k: f64| k + 1.0;
            let _ = g(k);
        }
        k += 1.0;
        x * k
    }
}

mod block_with_items {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        struct Q;
        impl Q {
            const V: f64 = 2.0;
        }
        let y = { Q::V * x };
        y * x
    }
}

mod local_static {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        static K: f64 = 3.0;
        const N: i32 = 2;
        x.powi(N) * K
    }
}

mod static_named_value {
    use diff_runtime::derivative;
    static value: f64 = 2.0;
    static x_dot: f64 = 5.0;
    static product: f64 = 4.0;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = x.sin() * x.cos();
        y * value * x_dot * product * x
    }
}

mod functions_named_like_generated_variables {
    use diff_runtime::derivative;
    fn sum() -> f64 {
        2.0
    }
    fn product(a: f64) -> f64 {
        a * 3.0
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = x * x + x;
        y * sum() * product(2.0) + (x * x) * sum()
    }
}

mod generated_names {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let x_dot = 3.0 * x;
        let x_bar = x_dot * x;
        let seed = x_bar;
        let tape = seed * 2.0;
        tape * x_dot
    }
}

mod raw_ident {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(r#type: f64) -> f64 {
        let r#match = r#type * 2.0;
        r#match * r#type
    }
}

mod nonascii {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(α: f64) -> f64 {
        let θ = α * 2.0;
        let été = θ.sin();
        été * α
    }
}

mod label_shadow {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        'a: for i in 0..4 {
            'a: for j in 0..4 {
                if j > i {
                    break 'a;
                }
                y = y * x + 0.1;
            }
            y += x;
        }
        y
    }
}

mod underscore {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let _ = x.sin();
        let _y = x;
        _y * x
    }
}

mod unit_let {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let u = ();
        let _v = {
            let _z = x;
        };
        u;
        x * x
    }
}

mod paren_unit {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        (x) * ({ (x) })
    }
}

mod empty_stmts {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = x;
        {};
        y * x
    }
}

mod let_alias {
    use diff_runtime::derivative;
    type Real = f64;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y: Real = x * x;
        y * y
    }
}

mod let_ref {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let ref r = x;
        *r * *r
    }
}

mod refs {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let r = &x;
        let s = &r;
        **s * *r * 2.0
    }
}

mod ref_arith {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let r = &x;
        r * r + r.sin()
    }
}

mod ref_then_shadow {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(mut x: f64) -> f64 {
        let y = *&x;
        x = 3.0 * x;
        y * x
    }
}

fn main() {
    check!(shadow_closure);
    check!(inner_fn_same);
    check!(shadow_prim_type);
    check!(shadow_in_branch);
    check!(shadow_loop);
    check!(shadow_in_match);
    check!(closure_shadow_state);
    check!(block_with_items);
    check!(local_static);
    check!(static_named_value);
    check!(functions_named_like_generated_variables);
    check!(generated_names);
    check!(raw_ident);
    check!(nonascii);
    check!(label_shadow);
    check!(underscore);
    check!(unit_let);
    check!(paren_unit);
    check!(empty_stmts);
    check!(let_alias);
    check!(let_ref);
    check!(refs);
    check!(ref_arith);
    check!(ref_then_shadow);
}
