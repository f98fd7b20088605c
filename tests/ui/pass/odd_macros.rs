//! Macros that jump, declare or define, inside a differentiated function.
//!
//! Each module holds one function: `check` compares all of its companions with finite differences, and the values
//! bit for bit.

#![allow(warnings)]

#[path = "../check.rs"]
#[macro_use]
mod check;

mod macro_break {
    use diff_runtime::derivative;
    macro_rules! stop {
        ($n:expr) => {
            if $n > 2 {
                break;
            }
        };
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        for i in 0..6 {
            stop!(i);
            y = y * x;
        }
        y
    }
}

mod macro_continue {
    use diff_runtime::derivative;
    macro_rules! skip {
        ($n:expr) => {
            if $n == 2 {
                continue;
            }
        };
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = x;
        for i in 0..6 {
            skip!(i);
            y = y * x;
        }
        y
    }
}

mod macro_break_sum {
    use diff_runtime::derivative;
    macro_rules! stop {
        ($n:expr) => {
            if $n > 2 {
                break;
            }
        };
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut y = 0.0;
        let mut n = 0;
        while n < 6 {
            n += 1;
            stop!(n);
            y += x * n as f64;
        }
        y
    }
}

mod nested_fn_macro {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        macro_rules! two {
            () => {
                2.0
            };
        }
        let k = two!();
        x * k * two!()
    }
}

mod macro_item_fn {
    use diff_runtime::derivative;
    macro_rules! def {
        ($n:ident) => {
            fn $n() -> f64 {
                3.0
            }
        };
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        def!(three);
        x * three()
    }
}

mod macro_let {
    use diff_runtime::derivative;
    macro_rules! def {
        ($n:ident) => {
            let $n = 3.0;
        };
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        def!(k);
        x * k
    }
}

mod group_active {
    use diff_runtime::derivative;
    macro_rules! mk {
        ($e:expr, $x:ident) => {
            #[derivative]
            pub fn f($x: f64) -> f64 {
                -$e * $e
            }
        };
    }
    mk!(x + 2.0, x);
}

mod group_method {
    use diff_runtime::derivative;
    macro_rules! mk {
        ($e:expr, $x:ident) => {
            #[derivative]
            pub fn f($x: f64) -> f64 {
                let k = $e;
                $e.powi(2) * k
            }
        };
    }
    mk!(x + 2.0, x);
}

mod unreachable_macro {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = if x > 0.0 { x * x } else { unreachable!() };
        y * x
    }
}

mod print_capture {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let y = x * x;
        if y < 0.0 {
            println!("{y:.3} {x}");
        }
        let y = y * x;
        assert!(y > 0.0, "{y} {}", x);
        y
    }
}

fn main() {
    check!(macro_break);
    check!(macro_continue);
    check!(macro_break_sum);
    check!(nested_fn_macro);
    check!(macro_item_fn);
    check!(macro_let);
    check!(group_active);
    check!(group_method);
    check!(unreachable_macro);
    check!(print_capture);
}
