//! Literals, casts, integers and constants.
//!
//! Each module holds one function: `check` compares all of its companions with finite differences, and the values
//! bit for bit.

#![allow(warnings)]

#[path = "../check.rs"]
#[macro_use]
mod check;

mod neg_literal2 {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let k = -1.5_f64;
        x.copysign(k) * k.powi(2) + k.abs().powf(x)
    }
}

mod neg_literal3 {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        -2.0_f64.powi(2) * x + (-2.0_f64).powi(2) * x.powi(3)
    }
}

mod neg_prec {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        -x.powi(2) + (-x).powi(2) * 3.0 - -x
    }
}

mod zero_ops {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        (x + 0.0) * 1.0 - 0.0 + x * 0.0 + 0.0 * x.ln()
    }
}

mod lits {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        x * 1_000.0 + x * 2. + x * 1e-3 + x * 0x10 as f64 + x * 3f64 + x * 0b11 as f64 + 1e300 * x * 1e-300
    }
}

mod big_ints {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let n = 1u64 << 40;
        let m: i128 = 1 << 100;
        x * n as f64 / m as f64 * 1e30
    }
}

mod int_wrap {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let n: u8 = 200;
        x * n.wrapping_add(100) as f64
    }
}

mod n_from_if {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let n = if x > 1.0 { 2 } else { 3 };
        x.powi(n)
    }
}

mod n_mut_from_if {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut n = 0;
        n = if x > 1.0 { 2 } else { 3 };
        x.powi(n)
    }
}

mod integer_division {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let n = x as i32;
        x * (n / 2) as f64 + (7 / 2) as f64 * x
    }
}

mod int_of_active_index {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let t = [1.0, 2.0, 3.0, 4.0];
        let i = x as usize;
        x * t[i]
    }
}

mod int_minmax_of_cast {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let i = (x as i32).max(1);
        x.powi(i)
    }
}

mod float_rem {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        (x * 3.0) % 1.7 + x.rem_euclid(0.9) * 2.0 + x.fract()
    }
}

mod min_max_chain {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        x.min(2.0).max(0.5) * x.clamp(0.4, 3.0) + f64::min(x, 1.0)
    }
}

mod abs_diff {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let n = 3_u32.abs_diff(5);
        x.powi(n as i32)
    }
}

mod overflow_debug {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let a = [2usize, 1];
        let d = a[0] - a[1];
        x * d as f64
    }
}

mod assoc_consts {
    use diff_runtime::derivative;
    trait K {
        const V: f64;
    }
    struct A;
    impl K for A {
        const V: f64 = 2.5;
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        x * A::V * <A as K>::V
    }
}

mod let_type_infer_from_active {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut best = f64::NEG_INFINITY;
        let mut arg = 0;
        for i in 0..4 {
            let v = (i as f64 - x).abs();
            if v > best {
                best = v;
                arg = i;
            }
        }
        best * x * arg as f64
    }
}

mod default_typed {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s: f64 = Default::default();
        s += x;
        s * x
    }
}

mod parse {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let k: f64 = "2.5".parse().unwrap();
        x * k
    }
}

mod inline_const {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let k = const { 2.0 * 3.0 };
        x * k
    }
}

mod unsafe_inactive {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let a = [2.0, 3.0];
        let k = unsafe { *a.get_unchecked(1) };
        x * k
    }
}

fn main() {
    check!(neg_literal2);
    check!(neg_literal3);
    check!(neg_prec);
    check!(zero_ops);
    check!(lits);
    check!(big_ints);
    check!(int_wrap);
    check!(n_from_if);
    check!(n_mut_from_if);
    check!(integer_division);
    check!(int_of_active_index);
    check!(int_minmax_of_cast);
    check!(float_rem);
    check!(min_max_chain);
    check!(abs_diff);
    check!(overflow_debug);
    check!(assoc_consts);
    check!(let_type_infer_from_active);
    check!(default_typed);
    check!(parse);
    check!(inline_const);
    check!(unsafe_inactive);
}
