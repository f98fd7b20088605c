//! State that the macro does not look into, changed between its uses: vectors, cells, closures, iterators, guards.
//!
//! Each module holds one function: `check` compares all of its companions with finite differences, and the values
//! bit for bit.

#![allow(warnings)]

#[path = "../check.rs"]
#[macro_use]
mod check;

mod cell {
    use diff_runtime::derivative;
    use std::cell::Cell;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let c = Cell::new(1.0);
        let a = x * c.get();
        c.set(3.0);
        a * x * c.get()
    }
}

mod cell_index {
    use diff_runtime::derivative;
    use std::cell::Cell;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let c = [Cell::new(1.0)];
        let a = x * c[0].get();
        c[0].set(3.0);
        a * x * c[0].get()
    }
}

mod refcell {
    use diff_runtime::derivative;
    use std::cell::RefCell;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let c = RefCell::new(1.0);
        let a = x * *c.borrow();
        *c.borrow_mut() = 3.0;
        a * x * *c.borrow()
    }
}

mod rc_state {
    use diff_runtime::derivative;
    use std::cell::RefCell;
    use std::rc::Rc;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let a = Rc::new(RefCell::new(1.0));
        let b = a.clone();
        let y = x * *a.borrow();
        *b.borrow_mut() += 4.0;
        y * *a.borrow() * x
    }
}

mod rc_state2 {
    use diff_runtime::derivative;
    use std::cell::Cell;
    use std::rc::Rc;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let a = Rc::new(Cell::new(1.0));
        let b = Rc::clone(&a);
        let y = x * a.get();
        b.set(4.0);
        let z = a.get();
        y * z * x
    }
}

mod swap_inactive {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut a = 2.0;
        let mut b = 3.0;
        std::mem::swap(&mut a, &mut b);
        x * a
    }
}

mod closure_int {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut n = 0;
        let mut g = || {
            n += 1;
            n
        };
        let a = g();
        let b = g();
        x.powi(a + b)
    }
}

mod closure_int_after {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut n = 0;
        let mut g = || {
            n += 1;
        };
        g();
        g();
        g();
        x.powi(n)
    }
}

mod static_atomic {
    use diff_runtime::derivative;
    use std::sync::atomic::*;
    static C: AtomicUsize = AtomicUsize::new(0);
    #[derivative]
    pub fn f(x: f64) -> f64 {
        C.store(0, Ordering::Relaxed);
        let a = C.fetch_add(1, Ordering::Relaxed) as f64;
        let b = C.fetch_add(1, Ordering::Relaxed) as f64;
        a * x + b * x * x
    }
}

mod static_load {
    use diff_runtime::derivative;
    use std::sync::atomic::*;
    static C: AtomicUsize = AtomicUsize::new(0);
    #[derivative]
    pub fn f(x: f64) -> f64 {
        C.store(1, Ordering::Relaxed);
        let a = C.load(Ordering::Relaxed) as f64;
        C.store(5, Ordering::Relaxed);
        let b = C.load(Ordering::Relaxed) as f64;
        a * x + b * x * x
    }
}

mod array_mut {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut q = [1.0, 2.0];
        let u = x * q[0];
        q[0] = 7.0;
        let i = 1;
        q[i] += 1.0;
        u * q[0] * q[1] * x
    }
}

mod array_sort {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut q = [3.0, 2.0];
        let u = x * q[0];
        q.sort_by(|a: &f64, b| a.total_cmp(b));
        u * q[0] * x
    }
}

mod vec_retain {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut q = vec![3.0, 2.0];
        let n = q.len();
        q.retain(|t| *t > 2.5);
        x * n as f64 * x.powi(q.len() as i32)
    }
}

mod iter_next {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut it = [1.0, 2.0, 3.0].into_iter();
        let a = it.next().unwrap();
        let b = it.next().unwrap();
        x * a + x * x * b
    }
}

mod struct_mut_field {
    use diff_runtime::derivative;
    #[derive(Clone, Copy)]
    struct P {
        a: f64,
        b: f64,
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut q = P { a: 1.0, b: 2.0 };
        let u = x * q.a;
        q.a = 7.0;
        u * q.a * x
    }
}

mod struct_update_inactive {
    use diff_runtime::derivative;
    #[derive(Clone, Copy)]
    struct P {
        a: f64,
        b: f64,
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let p = P { a: 1.0, b: 2.0 };
        let q = P { a: 5.0, ..p };
        x * q.a + x * x * q.b
    }
}

mod struct_short_inactive {
    use diff_runtime::derivative;
    #[derive(Clone, Copy)]
    struct P {
        a: f64,
        b: f64,
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let a = 3.0;
        let b = 4.0;
        let q = P { a, b };
        let P { a, b: c } = q;
        x * a + x * x * c
    }
}

mod moved_vec {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let v = vec![2.0, 3.0];
        let w = v;
        let s: f64 = w.iter().sum();
        drop(w);
        x * s
    }
}

mod guard_drop2 {
    use diff_runtime::derivative;
    struct D<'a>(&'a std::cell::Cell<f64>);
    impl Drop for D<'_> {
        fn drop(&mut self) {
            self.0.set(9.0)
        }
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let c = std::cell::Cell::new(1.0);
        let a = {
            let _ = D(&c);
            x * c.get()
        };
        a * x * c.get()
    }
}

mod guard_drop_if {
    use diff_runtime::derivative;
    struct D<'a>(&'a std::cell::Cell<f64>);
    impl Drop for D<'_> {
        fn drop(&mut self) {
            self.0.set(9.0)
        }
    }
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let c = std::cell::Cell::new(1.0);
        let mut a = x;
        if x > 0.0 {
            let d = D(&c);
            a *= c.get() * 2.0;
        }
        a * x * c.get()
    }
}

mod loop_state_vec {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut v = Vec::new();
        let mut s = x;
        for i in 0..4 {
            v.push(i);
            s = s * x + v.len() as f64;
        }
        s
    }
}

mod loop_state_cell {
    use diff_runtime::derivative;
    use std::cell::Cell;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let c = Cell::new(1u64);
        let next = || {
            c.set(c.get() * 7 % 11);
            c.get() as f64
        };
        let mut s = x;
        for i in 0..4 {
            let r = next();
            s = s * x + r;
            if s > 50.0 {
                s = s / next();
            }
        }
        s
    }
}

mod loop_state_mut {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 1.0;
        let mut s = x;
        for i in 0..5 {
            k = k * 1.5 + i as f64;
            s = s * x + k;
            k -= 0.5;
            s *= k * 0.1;
        }
        s * k
    }
}

mod loop_state_mut_float_cell {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = [1.0];
        let mut s = x;
        for i in 0..5 {
            k[0] = k[0] * 1.5;
            s = s * x * k[0] * 0.2;
            k[0] += 1.0;
        }
        s * k[0]
    }
}

mod if_state {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut k = 1.0;
        let mut n = 1;
        if x > 1.0 {
            k = 3.0;
            n = 2;
        } else {
            n = 3;
        }
        x.powi(n) * k
    }
}

mod if_state2 {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut v = vec![1.0];
        if x > 1.0 {
            v.push(2.0);
        } else if x > 0.5 {
            v.clear();
            v.push(9.0);
        }
        x * v[v.len() - 1] * v.len() as f64
    }
}

mod return_state {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut v = vec![1.0];
        for i in 0..5 {
            v.push(i as f64);
            if x * v[i] > 3.0 {
                return x * x * v[i + 1];
            }
        }
        x * v.iter().sum::<f64>()
    }
}

mod inactive_from_cell_float {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut a = [2.0, 3.0];
        let mut k = a[0];
        a[0] = 10.0;
        k += a[0];
        x * k * a[0]
    }
}

mod option_state {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut best: Option<usize> = None;
        let w = [1.0, 5.0, 2.0];
        for i in 0..3 {
            if best.is_none() || w[i] > w[best.unwrap()] {
                best = Some(i);
            }
        }
        x * w[best.unwrap()]
    }
}

mod option_state_active {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut best: Option<usize> = None;
        let w = [1.0, 2.0, 0.5];
        let mut m = 0.0;
        for i in 0..3 {
            let v = (w[i] - x).abs();
            if best.is_none() || v > m {
                best = Some(i);
                m = v;
            }
        }
        m * x * w[best.unwrap()]
    }
}

mod string_state {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut s = String::new();
        if x > 1.0 {
            s.push('a');
        }
        s += "bc";
        x * s.len() as f64
    }
}

mod flag {
    use diff_runtime::derivative;
    #[derivative]
    pub fn f(x: f64) -> f64 {
        let mut b = false;
        if x > 1.0 {
            b = true;
        }
        if b { x * x } else { x }
    }
}

fn main() {
    check!(cell);
    check!(cell_index);
    check!(refcell);
    check!(rc_state);
    check!(rc_state2);
    check!(swap_inactive);
    check!(closure_int);
    check!(closure_int_after);
    check!(static_atomic);
    check!(static_load);
    check!(array_mut);
    check!(array_sort);
    check!(vec_retain);
    check!(iter_next);
    check!(struct_mut_field);
    check!(struct_update_inactive);
    check!(struct_short_inactive);
    check!(moved_vec);
    check!(guard_drop2);
    check!(guard_drop_if);
    check!(loop_state_vec);
    check!(loop_state_cell);
    check!(loop_state_mut);
    check!(loop_state_mut_float_cell);
    check!(if_state);
    check!(if_state2);
    check!(return_state);
    check!(inactive_from_cell_float);
    check!(option_state);
    check!(option_state_active);
    check!(string_state);
    check!(flag);
}
