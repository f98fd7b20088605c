//! Functions that a careless macro would differentiate wrongly without a word: names, scopes, order and types that only
//! rustc sees. Every companion is compared with the function's value, bit by bit, and with central differences.

#![allow(clippy::all, clippy::pedantic, reason = "the functions are odd on purpose")]
#![allow(
    dead_code,
    unused_variables,
    unused_mut,
    unused_assignments,
    unused_macros,
    unused_labels,
    unused_parens,
    unused_must_use,
    non_snake_case,
    non_upper_case_globals,
    unreachable_code,
    reason = "the functions are odd on purpose"
)]

use diff_runtime::derivative;

/// Where the functions are differentiated.
const POINTS: [f64; 3] = [0.31, 0.93, 1.74];

/// The error of a central difference of a function of moderate size, with a step of 1e-6.
const TOLERANCE: f64 = 1e-7;

#[track_caller]
fn compare(point: f64, value: f64, difference: f64, companions: [(&str, Option<f64>, f64); 4]) {
    for (name, found_value, derivative) in companions {
        if let Some(found) = found_value {
            assert_eq!(found.to_bits(), value.to_bits(), "value of {name} at {point}: {found}, expected {value}");
        }
        let scale = 1.0 + difference.abs();
        let close = (derivative - difference).abs() <= TOLERANCE * scale;
        assert!(close, "{name} at {point}: {derivative}, by differences {difference}");
    }
}

macro_rules! check {
    ($f:ident) => {
        for x in POINTS {
            let h = 1e-6;
            let difference = ($f(x + h) - $f(x - h)) / (2.0 * h);
            let (both, jvp, vjp) = ($f::value_and_derivative(x), $f::jvp(x, 1.0), $f::vjp(x, 1.0));
            let companions = [
                ("derivative", None, $f::derivative(x)),
                ("value_and_derivative", Some(both.0), both.1),
                ("jvp", Some(jvp.0), jvp.1),
                ("vjp", Some(vjp.0), vjp.1),
            ];
            compare(x, $f(x), difference, companions);
        }
    };
}

/// `name { items.. fn f(x: f64) -> f64 { .. } }`: a test of the last function, which gets the attribute.
macro_rules! tests {
    ($($name:ident { $($items:tt)* })*) => {$(
        #[test]
        fn $name() {
            $($items)*
            check!(f);
        }
    )*};
}

tests! {
// ---- types ------------------------------------------------------------------------------------------------------

cast_to_the_primitive_type {
    #[derivative]
    fn f(x: f64) -> f64 {
        (x as std::primitive::f64) * 2.0 + x as core::primitive::f64
    }
}
cast_to_an_integer_and_back {
    #[derivative]
    fn f(x: f64) -> f64 {
        x * ((x * 10.0) as i32) as f64 + f64::from((x + 5.0) as u8) * x
    }
}
bool_as_a_number {
    #[derivative]
    fn f(x: f64) -> f64 {
        x * f64::from(x > 0.5) + x * (x > 0.2) as u8 as f64
    }
}
literal_of_type_f32 {
    #[derivative]
    fn f(x: f64) -> f64 {
        let k: f32 = 0.1;
        x * k as f64
    }
}
literal_of_type_f32_converted {
    #[derivative]
    fn f(x: f64) -> f64 {
        let k: f32 = 0.1;
        x * f64::from(k) * x
    }
}
literal_that_is_an_f32_by_inference {
    #[derivative]
    fn f(x: f64) -> f64 {
        let k = 0.1;
        let r: f32 = k;
        x * r as f64 * k as f64
    }
}
arithmetic_of_f32_literals {
    #[derivative]
    fn f(x: f64) -> f64 {
        let k: f32 = 0.1;
        let y = x as f64;
        y * (k * 3.0) as f64
    }
}
f32_by_inference_through_a_product {
    #[derivative]
    fn f(x: f64) -> f64 {
        let r: f32 = 0.7;
        let k = 0.1;
        let b = k * r;
        x * b as f64
    }
}
traits_that_do_not_hide_methods {
    #[allow(dead_code)]
    trait ByValue {
        fn cos(self) -> f64;
    }
    impl ByValue for f64 {
        fn cos(self) -> f64 {
            0.0
        }
    }
    #[allow(dead_code)]
    trait Sine {
        fn sin(&self) -> u8;
    }
    impl Sine for u8 {
        fn sin(&self) -> u8 {
            1
        }
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let r = &x;
        let s = &r;
        r.sin() * s.cos() + f64::exp(*r) + std::primitive::f64::from(x) * f64::max(x, 0.1)
    }
}
every_method_on_a_reference {
    #[derivative]
    fn f(x: f64) -> f64 {
        let s = &(x * 0.1);
        let one = &(1.0 + x);
        let a = s.abs() + s.acos() + one.acosh() + s.asin() + s.asinh() + s.atan() + s.atan2(x) + s.atanh() + s.cbrt();
        let b = s.ceil() + s.clamp(-9.0, 9.0) + s.copysign(1.0) + s.cos() + s.cosh() + s.div_euclid(9.0) + s.exp();
        let c = s.exp2() + s.exp_m1() + s.floor() + s.fract() + s.hypot(x) + s.ln() + s.ln_1p() + s.log(3.0) + s.log10();
        let d = s.log2() + s.max(0.0) + s.min(9.0) + s.mul_add(x, 1.0) + s.powf(1.5) + s.powi(3) + s.recip();
        let e = s.rem_euclid(9.0) + s.round() + s.round_ties_even() + s.signum() + s.sin() + s.sin_cos().0 + s.sinh();
        a + b + c + d + e + s.sqrt() + s.tan() + s.tanh() + s.to_degrees() + s.to_radians() + s.trunc()
    }
}
f32_variable_that_changes {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k: f32 = 0.1;
        let a = x * k as f64;
        k = 0.3;
        let b = a + x * k as f64;
        k += 0.1;
        b * k as f64
    }
}
f32_assigned_in_branches {
    #[derivative]
    fn f(x: f64) -> f64 {
        let k: f32;
        if x > 0.5 {
            k = 0.1;
        } else {
            k = 0.7;
        }
        x * k as f64
    }
}
literal_passed_as_f32 {
    fn g(k: f32) -> f32 {
        k * 3.0
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let k = 0.1_f32;
        x * g(k) as f64
    }
}
integer_whose_type_a_later_use_tells {
    #[derivative]
    fn f(x: f64) -> f64 {
        let n = 7;
        let m: u8 = n;
        x * (!n) as f64
    }
}
integer_whose_type_a_call_tells {
    fn g(_: u8) {}
    #[derivative]
    fn f(x: f64) -> f64 {
        let n = 7;
        g(n);
        x * (n << 6) as f64
    }
}
equal_literals_of_different_types {
    #[derivative]
    fn f(x: f64) -> f64 {
        let a = 1 << 3;
        let b = 1 << 3;
        let c: u8 = a;
        x * (b << 6) as f64 * c as f64
    }
}
loop_over_integers_of_a_later_type {
    #[derivative]
    fn f(x: f64) -> f64 {
        let n = 7;
        let m: u8 = n;
        let mut y = x;
        for i in 0..n {
            y += x * (i << 6) as f64;
        }
        y
    }
}
constant_exponent_in_a_variable {
    #[derivative]
    fn f(x: f64) -> f64 {
        let n = 3;
        let m = -2;
        x.powi(n) + x.powi(m) * n as f64
    }
}
integer_chosen_in_branches {
    #[derivative]
    fn f(x: f64) -> f64 {
        let n;
        if x > 0.5 {
            n = 2;
        } else {
            n = 3;
        }
        x * n as f64 + x.powi(n)
    }
}
integer_made_of_a_float_is_no_float {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut n = 0;
        n = (x * 10.0).floor() as i32 + 2;
        x * n as f64
    }
}
methods_of_traits_that_compare {
    #[derivative]
    fn f(x: f64) -> f64 {
        let a = if x.lt(&0.5) { x } else { 2.0 * x };
        let b = if x.partial_cmp(&1.0).is_some() { a * x } else { a };
        if x.total_cmp(&1.0).is_lt() { a * b } else { b }
    }
}

// ---- names ------------------------------------------------------------------------------------------------------

upper_case_variables {
    #[derivative]
    fn f(x: f64) -> f64 {
        let A = x * 2.0;
        let B = {
            let A = 3.0;
            A * x
        };
        A * B
    }
}
upper_case_parameter {
    #[derivative]
    fn f(T: f64) -> f64 {
        let U = T * T;
        {
            let T = 1.0;
            assert!(T > 0.5);
        }
        U * T
    }
}
upper_case_tuple {
    fn pair() -> (f64, f64) {
        (2.0, 3.0)
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let (A, B) = pair();
        let (C, D) = (x * A, x + B);
        C * D
    }
}
constant_of_the_name_of_an_inner_variable {
    const K: f64 = 3.0;
    const half: f64 = 0.5;
    #[derivative]
    fn f(x: f64) -> f64 {
        let a = {
            let y = x * K;
            y * y
        };
        a * K * half
    }
}
lower_case_constant_in_a_pattern {
    const one: i32 = 1;
    #[derivative]
    fn f(x: f64) -> f64 {
        let n = 2;
        let a = match n {
            one => 2.0,
            _ => 3.0,
        };
        let b = match n {
            one => 5.0,
            _ => 7.0,
        };
        let c = if let one = n { 11.0 } else { 13.0 };
        x * a * b * c
    }
}
variable_in_a_pattern {
    #[derivative]
    fn f(x: f64) -> f64 {
        let n = 2;
        let a = match n {
            1 => 2.0,
            x => x as f64 * 3.0,
        };
        let b = match n {
            m if m > 5 => 5.0,
            m => m as f64,
        };
        let m = x * 2.0;
        let c = match n {
            m => m as f64,
        };
        m * a * b * c
    }
}
binding_that_an_else_does_not_see {
    #[derivative]
    fn f(x: f64) -> f64 {
        let v = 4.0;
        let o: Option<f64> = None;
        let a = if let Some(v) = o { v } else { v * 2.0 };
        a * x * v
    }
}
bindings_of_let_else {
    #[derivative]
    fn f(x: f64) -> f64 {
        let Some(v) = Some(2.0) else { panic!("no value") };
        let a = v * x;
        let Some(v) = Some(v + 1.0) else { panic!("no value") };
        a * v
    }
}
function_of_the_name_of_a_variable {
    fn norm(k: f64) -> f64 {
        k * 2.0
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let k = 3.0;
        let norm = norm(k);
        x * norm
    }
}
raw_identifier {
    #[derivative]
    fn f(r#x: f64) -> f64 {
        x * r#x
    }
}
local_macro_by_its_arguments {
    #[derivative]
    fn f(x: f64) -> f64 {
        macro_rules! twice {
            ($k:expr) => {
                $k * 2.0
            };
        }
        let k = 3.0;
        let a = twice!(k);
        macro_rules! twice {
            ($k:expr) => {
                $k * 200.0
            };
        }
        x * a * twice!(k)
    }
}
macro_that_takes_an_identifier {
    macro_rules! scale {
        ($k:ident) => {
            $k * 2.0
        };
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let k = 3.0;
        let mut m = 2.0;
        let a = scale!(k) * scale!(m);
        m += 1.0;
        x * a * m
    }
}
macro_that_changes_its_argument {
    macro_rules! bump {
        ($k:ident) => {
            $k += 1.0
        };
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 3.0;
        let a = x * k;
        bump!(k);
        a * k
    }
}
macro_that_declares_a_variable {
    macro_rules! set {
        ($k:ident, $e:expr) => {
            let $k = $e;
        };
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        set!(k, 2.0);
        let a = x * k;
        set!(k, 3.0);
        a * k * x
    }
}
macro_with_tokens_of_its_own {
    macro_rules! pick {
        ($a:ident => $n:expr) => {
            $a * $n
        };
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let k = 2.0;
        let a = {
            let k = 3.0;
            pick!(k => 5.0)
        };
        x * a * pick!(k => 7.0)
    }
}

// ---- what verbatim code changes ---------------------------------------------------------------------------------

operator_trait_as_a_method {
    use std::ops::AddAssign;
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 2.0_f64;
        k.add_assign(1.0);
        x * k
    }
}
method_that_changes_its_receiver {
    trait Bump {
        fn bump(&mut self) -> f64;
    }
    impl Bump for f64 {
        fn bump(&mut self) -> f64 {
            *self += 1.0;
            *self
        }
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k: f64 = 2.0;
        let j = k.bump();
        x * k * j * k.bump()
    }
}
mutable_reference_in_a_call {
    fn bump(k: &mut f64) -> f64 {
        *k += 2.0;
        *k
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        let a = x * bump(&mut k);
        a * k
    }
}
mutable_reference_in_a_macro {
    fn bump(k: &mut f64) -> bool {
        *k += 2.0;
        true
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        assert!(bump(&mut k));
        x * k
    }
}
assignment_in_a_macro {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        assert!({
            k = 4.0;
            true
        });
        x * k
    }
}
binding_by_mutable_reference {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 2.0;
        {
            let ref mut r = k;
            *r = 5.0;
        }
        x * k
    }
}
match_by_mutable_reference {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 2.0;
        match k {
            ref mut r => *r = 4.0,
        }
        x * k
    }
}
closure_that_changes_a_variable {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut n = 1.0;
        let mut g = || {
            n += 1.0;
        };
        g();
        g();
        x * n
    }
}
destructuring_of_an_inactive_struct {
    struct W(f64);
    struct V {
        a: f64,
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 2.0;
        let mut m = 3.0;
        W(k) = W(7.0);
        V { a: m } = V { a: 5.0 };
        x * k * m
    }
}
tuple_element_that_is_lent {
    fn bump(k: &mut f64) {
        *k += 2.0;
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let (mut a, mut k) = if x > 0.5 { (x, 1.0) } else { (2.0 * x, 3.0) };
        bump(&mut k);
        a += 1.0;
        a * k
    }
}
reference_that_is_reborrowed {
    fn bump(k: &mut f64) {
        *k += 2.0;
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        let r = &mut k;
        let a = x * *r;
        bump(r);
        let b = x * *r;
        a * b
    }
}
assignment_through_a_reference {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        let r = &mut k;
        let a = x * *r;
        *r += 2.0;
        let b = x * *r;
        a * b * k
    }
}
length_behind_a_reference {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut w = vec![1.0];
        let v = &mut w;
        let a = x * v.len() as f64;
        v.push(2.0);
        a * x * v.len() as f64
    }
}
element_behind_a_reference {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut w = vec![1.0; 3];
        let v = &mut w;
        let a = x * v[0];
        v.fill(2.0);
        a * x * v[0]
    }
}
field_behind_a_reference {
    struct P {
        k: f64,
    }
    fn bump(p: &mut P) {
        p.k += 1.0;
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut p = P { k: 2.0 };
        let r = &mut p;
        let a = x * r.k;
        bump(r);
        a * r.k
    }
}
length_of_what_is_shared {
    struct Queue(std::cell::Cell<usize>);
    impl Queue {
        fn push(&self) {
            self.0.set(self.0.get() + 1);
        }
        fn len(&self) -> usize {
            self.0.get()
        }
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let q = Queue(std::cell::Cell::new(1));
        let h = &q;
        let a = x * q.len() as f64;
        h.push();
        a * q.len() as f64
    }
}

// ---- order ------------------------------------------------------------------------------------------------------

read_before_a_write_in_one_expression {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut v = vec![1.0];
        let y = x * v[0] + {
            v[0] = 5.0;
            v[0]
        } * x;
        y * v[0]
    }
}
read_of_a_cell_before_it_changes {
    fn bump(k: &mut f64) -> f64 {
        *k += 2.0;
        *k
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        x * k * bump(&mut k) + k * x.sin()
    }
}
assignment_in_the_right_side_of_a_compound {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut y = x;
        y += {
            y = 3.0 * x;
            y * x
        };
        y
    }
}
assignment_after_and {
    #[derivative]
    fn f(mut x: f64) -> f64 {
        let n = 0;
        if n > 0 && {
            x = 2.0 * x;
            x > 1.0
        } {
            x = x * x;
        }
        x * x
    }
}
assignment_after_or {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut y = x;
        let c = x > 0.5 || {
            y = 2.0 * y;
            y > 1.0
        };
        if c { y * x } else { y }
    }
}
condition_that_guards_a_panic {
    #[derivative]
    fn f(x: f64) -> f64 {
        let n = if x > 5.0 { 1 } else { 0 };
        let mut y = x;
        if n != 0 && 10 / n > 2 && x > 0.1 {
            y = x * x;
        }
        if n != 0 && 10 / n > 2 && x > 0.2 {
            y = x * y;
        }
        y * x
    }
}
assignment_in_a_loop_condition {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut z = x;
        while {
            z = z * 0.5;
            z > 0.2
        } {}
        let mut k = 0.0;
        let mut y = x;
        'a: while {
            k += 1.0;
            k < 5.0
        } {
            y *= x;
            if k > 2.5 {
                continue 'a;
            }
            y += z;
        }
        y * k
    }
}

// ---- jumps ------------------------------------------------------------------------------------------------------

break_in_an_assigned_value {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut y = x;
        loop {
            y = if y > 3.0 { break } else { y * 2.0 + x };
        }
        y
    }
}
break_in_a_compound_assignment {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut y = x;
        loop {
            y *= if y > 3.0 { break } else { 2.0 + x };
        }
        y
    }
}
return_within_a_return {
    #[derivative]
    fn f(x: f64) -> f64 {
        return if x > 0.5 {
            return 5.0 * x;
        } else {
            x * x
        };
    }
}
return_after_or {
    #[derivative]
    fn f(x: f64) -> f64 {
        let y = x * x;
        let c = x > 0.5 || return 3.0 * y;
        y * x
    }
}
return_in_a_block_of_a_tail {
    #[derivative]
    fn f(x: f64) -> f64 {
        'a: {
            if x > 1.0 {
                return x * x;
            }
            if x > 0.5 {
                break 'a 3.0 * x;
            }
            x.sin()
        }
    }
}
break_of_a_value_that_breaks {
    #[derivative]
    fn f(x: f64) -> f64 {
        let y = loop {
            break if x > 0.5 { break x * 2.0 } else { x * x };
        };
        y * x
    }
}
store_after_a_break {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut a = [x, 2.0 * x];
        loop {
            a[0] = if a[0] > 3.0 { break } else { a[0] * 2.0 + a[1] };
        }
        a[0] * a[1]
    }
}
panic_in_a_branch {
    #[derivative]
    fn f(x: f64) -> f64 {
        let y = if x > 0.1 { x } else { panic!("{x} is too small") };
        if y > 0.0 {
            return y * x;
        }
        panic!("neg {x}")
    }
}
function_that_never_returns {
    fn die() -> ! {
        panic!()
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let y = if x < 0.0 { die() } else { x * x };
        y
    }
}

// ---- scopes -----------------------------------------------------------------------------------------------------

guard_in_a_block {
    struct D<'a>(&'a std::cell::Cell<f64>);
    impl Drop for D<'_> {
        fn drop(&mut self) {
            self.0.set(9.0)
        }
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let c = std::cell::Cell::new(1.0);
        let a = {
            let d = D(&c);
            x * c.get()
        };
        a * x * c.get()
    }
}
lock_in_a_block {
    #[derivative]
    fn f(x: f64) -> f64 {
        let m = std::sync::Mutex::new(2.0);
        let a = {
            let g = m.lock().unwrap();
            x * *g
        };
        *m.lock().unwrap() = 3.0;
        let b = {
            let g = m.lock().unwrap();
            a * *g
        };
        b * x
    }
}
guard_in_a_branch_before_the_rest {
    #[derivative]
    fn f(x: f64) -> f64 {
        let m = std::sync::Mutex::new(2.0);
        let a;
        if x > 0.1 {
            let mut g = m.lock().unwrap();
            *g += 1.0;
            a = x * *g;
        } else {
            return x;
        }
        a * *m.lock().unwrap()
    }
}
macro_with_items_in_a_block {
    macro_rules! constant {
        ($k:ident, $e:expr) => {
            const $k: f64 = $e;
        };
    }
    const K: f64 = 3.0;
    #[derivative]
    fn f(x: f64) -> f64 {
        let a = {
            constant!(K, 4.0);
            K * x
        };
        K * x * a
    }
}
attributes_of_no_consequence {
    #[derivative]
    fn f(x: f64) -> f64 {
        #[allow(unused)]
        let k = 2.0;
        #[rustfmt::skip]
        let y = x   * k;
        #[cfg(any())]
        assert!(x > 100.0);
        #[allow(clippy::needless_return)]
        if y > 1.0 {
            return y * x;
        }
        #[cfg(any())]
        {
            assert!(k > 5.0);
        }
        y
    }
}
declaration_of_a_tuple_without_a_value {
    #[derivative]
    fn f(x: f64) -> f64 {
        let (a, b);
        a = x;
        b = x * a;
        let (mut c, d): (f64, f64);
        c = a * b;
        d = c * x;
        c += d;
        c
    }
}
glob_import {
    #[derivative]
    fn f(x: f64) -> f64 {
        use std::f64::consts::*;
        x * PI + E
    }
}

// ---- state of the user's own -----------------------------------------------------------------------------------

assertions_that_call {
    fn valid(a: f64) -> bool {
        a > 0.0
    }
    fn close(a: f64, b: f64, e: f64) -> bool {
        (a - b).abs() < e
    }
    fn inside(b: &[f64], a: f64) -> bool {
        a > b[0] && a < b[1]
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let bounds = [0.0, 10.0];
        let limit = 1e-9;
        assert!(valid(x), "bad {x}");
        assert!((0.0..=2.0).contains(&x));
        assert!(bounds.iter().all(|b| x - *b < 100.0));
        assert!(inside(&[0.0, 5.0], x));
        debug_assert!(close(x, x, limit));
        x * x
    }
}
variables_named_like_those_of_the_macro {
    #[derivative]
    fn f(x: f64) -> f64 {
        let __operand_0 = 2.0;
        let __value_1 = vec![__operand_0];
        let mut y = x;
        loop {
            y = if y > 3.0 { break } else { y * __value_1[0] };
        }
        y * __value_1[0]
    }
}
loop_over_mutable_references {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        let mut m = 2.0;
        let mut y = x;
        for r in [&mut k, &mut m] {
            *r += 1.0;
            y *= *r + x;
        }
        y * k * m
    }
}
cell_in_a_loop {
    fn bump(k: &mut f64) -> f64 {
        *k += 0.5;
        *k
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        let mut y = x;
        for _ in 0..3 {
            y = y * bump(&mut k) + x * k;
            if y > 10.0 {
                break;
            }
        }
        y * k
    }
}
cell_changed_in_a_branch {
    fn bump(k: &mut f64) -> f64 {
        *k += 0.5;
        *k
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut k = 1.0;
        let a = x * k;
        if x > 0.5 {
            bump(&mut k);
        }
        let b = a * k;
        if x > 0.9 || bump(&mut k) > 1.0 {
            return b * k;
        }
        b + k * x
    }
}
iterator_state_while {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut it = [1.0, 2.0, 3.0].into_iter().peekable();
        let mut y = x;
        while it.peek().is_some() {
            y = y * x + it.next().unwrap();
        }
        y
    }
}
rng_like {
    struct R(u64);
    impl R {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1);
            (self.0 >> 40) as f64 / 16777216.0
        }
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut r = R(7);
        let mut s = 0.0;
        for _ in 0..4 {
            let w = r.next();
            s += (x * w).sin() * r.next();
        }
        s + r.next() * x
    }
}
stateful_counter_static {
    thread_local! { static C: std::cell::Cell<f64> = std::cell::Cell::new(1.0); }
    fn tick() -> f64 {
        C.with(|c| {
            c.set(c.get() + 1.0);
            c.get()
        })
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        C.with(|c| c.set(0.0));
        let a = x * tick();
        let b = a * tick() + tick() * x;
        b * tick()
    }
}
compound_with_block {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut y = x;
        let mut z = 1.0;
        y *= {
            z += x;
            z * y
        };
        z -= {
            let y = 2.0;
            y * x
        };
        y * z
    }
}
side_effect_order {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut y = x;
        let a = y + {
            y = y * 2.0;
            y
        } * y;
        let b = {
            y += 1.0;
            y
        } - y * {
            y *= x;
            y
        };
        a * b + y
    }
}
array_read_before_write_expr {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut a = [x, 2.0];
        let y = a[0] * {
            a[0] = a[1] * x;
            a[0]
        } + a[0];
        y * a[0]
    }
}
array_index_side_effect {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut a = [x, 2.0 * x, 3.0];
        let mut i = 0;
        a[{
            i += 1;
            i
        }] *= 2.0 + x;
        a[{
            i += 1;
            i
        }] = a[i - 1] * x;
        a[0] + a[1] + a[2]
    }
}
array_lent_before_active {
    fn fill(a: &mut [f64]) {
        a[0] = 7.0;
    }
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut w = vec![1.0, 2.0];
        fill(&mut w);
        let k = w[0];
        let mut a = vec![x, k];
        a[0] *= w[1];
        w[1] = 4.0;
        a[0] * a[1] * w[1]
    }
}
string_state {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut s = String::from("a");
        let a = x * s.len() as f64;
        s.push('b');
        let b = a * s.len() as f64;
        s += "cd";
        b * s.len() as f64
    }
}
refcell {
    #[derivative]
    fn f(x: f64) -> f64 {
        let c = std::cell::RefCell::new(2.0);
        let a = x * *c.borrow();
        *c.borrow_mut() += 1.0;
        a * *c.borrow() * c.clone().into_inner()
    }
}
mem_replace {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut a = 2.0;
        let old = std::mem::replace(&mut a, 5.0);
        x * old * a + x * std::mem::take(&mut a) + a * x
    }
}
reads_in_loop_conditions {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut q = std::collections::VecDeque::from([1.0, 2.0, 3.0]);
        let mut y = x;
        while q.len() > 0 && y < 100.0 {
            y *= x + q[0];
            q.pop_front();
        }
        y * (q.len() + 1) as f64
    }
}
read_in_branch_condition_after_write {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut v = vec![1.0];
        let before = v[0] > 0.5;
        v[0] = 0.0;
        let y = if before { x } else { 3.0 * x };
        let n = v.len();
        v.push(1.0);
        y * n as f64 * if v[0] > 0.5 { x } else { 2.0 }
    }
}
nested_read_and_write {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut v = vec![1.0, 2.0];
        let mut y = x;
        for i in 0..3 {
            let t = v[0] * x + v[1];
            v[0] = v[1] + i as f64;
            v.swap(0, 1);
            y += t * v[0] * y;
        }
        y
    }
}
shared_reference_of_a_cell {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut w = vec![1.0, 2.0];
        let a = {
            let r = &w;
            x * r[0] + r[1]
        };
        w[0] = 5.0;
        let r = &w;
        let b = a * r[0];
        w.len() as f64 * b
    }
}
elements_of_a_cell_by_reference {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut w = vec![1.0, 2.0];
        let mut s = x;
        for e in w.iter() {
            s *= x + *e;
        }
        w.push(3.0);
        for e in &w {
            s += x * e;
        }
        w.clear();
        let t = (&w, 2.0);
        s * t.1 + t.0.len() as f64
    }
}
mutable_for_variables {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut s = 0.0;
        for mut w in [1.0, 2.0] {
            w += 1.0;
            s += x * w;
            w *= 2.0;
            s *= w;
        }
        s
    }
}
range_bounds_change_in_body {
    #[derivative]
    fn f(x: f64) -> f64 {
        let mut n = 3;
        let mut s = x;
        for i in 0..n {
            n += 1;
            s += x * (n * i) as f64;
        }
        s * n as f64
    }
}
integers_that_wrap {
    #[derivative]
    fn f(x: f64) -> f64 {
        let a = 250;
        let b: u8 = a;
        let c = a.wrapping_add(10);
        x * c as f64
    }
}
integer_typed_by_comparison {
    #[derivative]
    fn f(x: f64) -> f64 {
        let n = 3;
        let m: i8 = -1;
        let y = if n > m { x } else { 2.0 * x };
        y * (!n) as f64
    }
}
}

/// Two variables of one name, told apart by where a macro took them from.
mod contexts {
    use super::*;

    macro_rules! same_name {
        ($a:ident) => {
            #[derivative]
            fn f($a: f64) -> f64 {
                let a = 3.0;
                $a * a
            }
        };
    }

    #[test]
    fn parameter_from_outside() {
        same_name!(a);
        check!(f);
    }

    macro_rules! expression {
        ($f:ident, $x:ident, $e:expr) => {
            #[derivative]
            fn $f($x: f64) -> f64 {
                let t = 3.0 * $x;
                $e + t
            }
        };
    }

    #[test]
    fn expression_from_outside() {
        expression!(f, t, t * t);
        check!(f);
    }
}

/// Parameters that are not differentiated, and that the function changes.
mod parameters_that_change {
    use super::*;

    #[test]
    fn param_cell() {
        fn bump(k: &mut f64) -> f64 {
            *k += 0.5;
            *k
        }
        #[derivative(wrt(x))]
        fn g(x: f64, mut k: f64) -> f64 {
            let a = x * k;
            let b = bump(&mut k);
            a * b * k * x
        }
        for x in POINTS {
            assert_eq!(g(x, 2.0), g::value_and_derivative(x, 2.0).0);
            assert!((g::derivative(x, 2.0) - 2.0 * x * 2.0 * 2.5 * 2.5).abs() < 1e-12);
            assert!((g::vjp(x, 2.0, 1.0).1 - 2.0 * x * 2.0 * 2.5 * 2.5).abs() < 1e-12);
        }
    }

    #[test]
    fn data_param_changes() {
        #[derivative(wrt(x))]
        fn g(x: f64, v: &mut [f64]) -> f64 {
            let a = x * v[0];
            v.fill(2.0);
            let b = a * x * v[0];
            v[0] += 1.0;
            for e in v.iter_mut() {
                *e *= 2.0;
            }
            b * v[0]
        }
        for x in POINTS {
            let (mut v, mut w) = (vec![1.0, 1.0], vec![1.0, 1.0]);
            let value = g(x, &mut v);
            let (found, d) = g::value_and_derivative(x, &mut w);
            assert_eq!(value, found);
            assert_eq!(v, w);
            assert!((d - 2.0 * x * 12.0).abs() < 1e-12, "{d}");
            let mut w = vec![1.0, 1.0];
            let (found, d) = g::vjp(x, &mut w, 1.0);
            assert_eq!(value, found);
            assert!((d - 2.0 * x * 12.0).abs() < 1e-12, "{d}");
        }
    }

    #[test]
    fn vec_param_changes() {
        #[derivative(wrt(x))]
        fn g(x: f64, v: &mut Vec<f64>) -> f64 {
            let a = x * v.len() as f64;
            v.push(2.0);
            a * x * v.len() as f64
        }
        for x in POINTS {
            let mut v = vec![1.0];
            assert!((g::derivative(x, &mut v) - 4.0 * x).abs() < 1e-12);
            let mut v = vec![1.0];
            assert!((g::vjp(x, &mut v, 1.0).1 - 4.0 * x).abs() < 1e-12);
        }
    }

    #[test]
    fn ref_param_changes() {
        #[derivative(wrt(x))]
        fn g(x: f64, r: &mut f64) -> f64 {
            let a = x * *r;
            *r += 2.0;
            a * x * *r
        }
        for x in POINTS {
            let (mut r, mut s) = (1.0, 1.0);
            let value = g(x, &mut r);
            let (found, d) = g::value_and_derivative(x, &mut s);
            assert_eq!((value, r), (found, s));
            assert!((d - 6.0 * x).abs() < 1e-12);
        }
    }

    #[test]
    fn struct_self_changes() {
        struct S {
            k: f64,
        }
        impl S {
            fn bump(&mut self) {
                self.k += 1.0;
            }
            #[derivative]
            fn run(&mut self, x: f64) -> f64 {
                let a = x * self.k;
                self.bump();
                let b = a * self.k;
                self.k += 1.0;
                b * self.k * x
            }
        }
        for x in POINTS {
            let mut s = S { k: 1.0 };
            let value = s.run(x);
            let mut s = S { k: 1.0 };
            let (found, d) = s.run_value_and_derivative(x);
            assert_eq!(value, found);
            assert!((d - 12.0 * x).abs() < 1e-12);
            let mut s = S { k: 1.0 };
            let (found, d) = s.run_vjp(x, 1.0);
            assert!((d - 12.0 * x).abs() < 1e-12);
        }
    }
}
