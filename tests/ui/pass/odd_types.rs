//! The user's own types beside floats.
//!
//! Each module holds one function: `check` compares all of its companions with finite differences, and the values
//! bit for bit.

#![allow(warnings)]

#[path = "../check.rs"]
#[macro_use]
mod check;

mod user_len {
    use diff_runtime::derivative;
    struct S(f64);
    impl S {
        fn len(&self) -> f64 {
            self.0
        }
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let s = S(2.5);
        let mut l = s.len();
        l = l * x;
        l * x
    }
}

mod user_len_mut {
    use diff_runtime::derivative;
    struct S(f64);
    impl S {
        fn len(&self) -> f64 {
            self.0
        }
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let s = S(2.5);
        let mut l = s.len();
        if x > 1.0 {
            l = x;
        }
        l * x * s.len()
    }
}

mod deref_wrapper {
    use diff_runtime::derivative;
    struct W(f64);
    impl std::ops::Deref for W {
        type Target = f64;
        fn deref(&self) -> &f64 {
            &self.0
        }
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let w = W(2.0);
        x * *w + w.sin() * x
    }
}

mod box_inactive {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let w = Box::new(2.0);
        x * *w
    }
}

mod local_enum_matches {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        #[derive(PartialEq)]
        enum E {
            A,
            B,
        }
        let e = if x > 1.0 { E::A } else { E::B };
        if e == E::A { x * x } else { x }
    }
}

mod match_inactive {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let n = 3;
        let k = match n {
            0 => 1.0,
            m if m > 2 => m as f64,
            _ => 5.0,
        };
        let e = match (n, k > 1.0) {
            (3, true) => 2,
            _ => 1,
        };
        x.powi(e) * k
    }
}

mod match_in_active_if {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 1;
        if x > 1.0 {
            match k {
                1 => {
                    k += 5;
                }
                _ => {}
            }
        }
        x.powi(k)
    }
}

mod option_inactive {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let o = Some(2.0);
        let k = if let Some(k) = o { k } else { 1.0 };
        x * k
    }
}

mod struct_method_chain {
    use diff_runtime::derivative;
    #[derive(Clone, Copy)]
    struct V {
        a: f64,
    }
    impl V {
        fn scaled(self, k: f64) -> V {
            V { a: self.a * k }
        }
        fn norm(&self) -> f64 {
            self.a.abs()
        }
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let v = V { a: -2.0 };
        x * v.scaled(3.0).norm()
    }
}

mod async_block {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let g = async { 2.0 };
        drop(g);
        x * x
    }
}

fn main() {
    check!(user_len);
    check!(user_len_mut);
    check!(deref_wrapper);
    check!(box_inactive);
    check!(local_enum_matches);
    check!(match_inactive);
    check!(match_in_active_if);
    check!(option_inactive);
    check!(struct_method_chain);
    check!(async_block);
}
