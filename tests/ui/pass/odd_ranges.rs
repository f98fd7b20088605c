//! Loops over ranges of every kind.
//!
//! Each module holds one function: `check` compares all of its companions with finite differences, and the values
//! bit for bit.

#![allow(warnings)]

#[path = "../check.rs"]
#[macro_use]
mod check;

mod range_u8_full {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = x;
        for i in 0..=255_u8 {
            s = s * 0.99 + x * i as f64;
        }
        s * s
    }
}

mod range_rev {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = x;
        for i in (0..7).step_by(3).rev() {
            s = s * x + i as f64;
        }
        s
    }
}

mod range_rev2 {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = x;
        for i in (0..7).rev().step_by(3) {
            s = s * x + i as f64;
        }
        s
    }
}

mod range_neg {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = x;
        for i in -3..3 {
            s = s * x + i as f64;
        }
        s
    }
}

mod range_neg_u {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let n: u32 = 0;
        let mut s = x;
        for i in (0..n).rev() {
            s = s * x + i as f64;
        }
        s
    }
}

mod range_incl_empty {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = x;
        for i in 5..=3 {
            s = s * x + i as f64;
        }
        s
    }
}

mod range_char {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = x;
        for c in 'a'..'e' {
            s = s * x + (c as u32 as f64);
        }
        s
    }
}

mod range_end_changes {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut n = 3;
        let mut s = 0.0;
        for i in 0..n {
            n += 1;
            s += x * n as f64;
        }
        s
    }
}

mod range_mut_i {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = x;
        for mut i in 0..3 {
            i += 1;
            s = s * x + i as f64;
        }
        s
    }
}

mod range_var {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let r = 0..4;
        let mut s = x;
        for i in r {
            s = s * x + i as f64;
        }
        s
    }
}

mod iter_ref_pat {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let w = [1.0, 2.0, 3.0];
        let mut s = x;
        for &v in &w {
            s = s * x + v;
        }
        for (i, v) in w.iter().enumerate() {
            s += x * v * i as f64;
        }
        s
    }
}

mod iter_zip {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let w = [1.0, 2.0, 3.0];
        let z = [4, 5, 6];
        let mut s = x;
        for (v, n) in w.iter().zip(z) {
            s = s * x.powi(n) * 0.1 + v;
        }
        s
    }
}

mod map_collect {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let k = 2.0;
        let v: Vec<f64> = (0..4).map(|i| i as f64 * k).collect();
        let s: f64 = v.iter().map(|x| x * x).sum();
        x * s
    }
}

fn main() {
    check!(range_u8_full);
    check!(range_rev);
    check!(range_rev2);
    check!(range_neg);
    check!(range_neg_u);
    check!(range_incl_empty);
    check!(range_char);
    check!(range_end_changes);
    check!(range_mut_i);
    check!(range_var);
    check!(iter_ref_pat);
    check!(iter_zip);
    check!(map_collect);
}
