//! Where the attribute may stand, what it may be combined with, and under which names its companions are found.
#![allow(unreachable_pub, clippy::non_minimal_cfg, reason = "visibilities and conditions are what is tested")]

use diff_runtime::derivative;

// ---- names and visibility ----------------------------------------------------------------------------------------

mod model {
    //! Functions for others to import.

    use diff_runtime::derivative;

    #[derivative(partials)]
    pub fn loss(w: f64, b: f64) -> f64 {
        w * w * b
    }

    #[derivative]
    pub(crate) fn of_the_crate(x: f64) -> f64 {
        x.powi(3)
    }

    pub(super) mod inner {
        use diff_runtime::derivative;

        #[derivative]
        pub(in crate::model) fn restricted(x: f64) -> f64 {
            x * x
        }

        #[derivative]
        pub(super) fn of_the_parent(x: f64) -> f64 {
            5.0 * x
        }

        pub fn derivative_of_restricted(x: f64) -> f64 {
            restricted(x) + restricted::derivative(x)
        }
    }

    pub fn through_the_parent(x: f64) -> f64 {
        inner::of_the_parent(x) + inner::of_the_parent::derivative(x) + inner::restricted::derivative(x)
    }
}

mod facade {
    //! The same under other names.

    pub use super::model::loss;
    pub use super::model::loss as objective;
}

#[test]
fn an_import_brings_the_function_and_its_companions() {
    use model::loss;
    assert_eq!(loss(3.0, 2.0), 18.0);
    assert_eq!(loss::gradient(3.0, 2.0), [12.0, 9.0]);
    assert_eq!(loss::partial_w(3.0, 2.0), 12.0);
    assert_eq!(loss::partial_b(3.0, 2.0), 9.0);
}

#[test]
fn a_renaming_import_renames_both() {
    use model::loss as nll;
    assert_eq!(nll(3.0, 2.0), 18.0);
    assert_eq!(nll::value_and_gradient(3.0, 2.0), (18.0, [12.0, 9.0]));
}

#[test]
fn a_re_export_carries_both() {
    assert_eq!(facade::loss(3.0, 2.0), 18.0);
    assert_eq!(facade::loss::gradient(3.0, 2.0), [12.0, 9.0]);
    assert_eq!(facade::objective::jvp(3.0, 2.0, 1.0, 0.0), (18.0, 12.0));
}

#[test]
fn a_glob_import_brings_both() {
    use facade::*;
    assert_eq!(objective(3.0, 2.0), 18.0);
    assert_eq!(objective::gradient(3.0, 2.0), [12.0, 9.0]);
}

#[test]
fn companions_are_as_visible_as_their_function() {
    assert_eq!(model::of_the_crate(2.0), 8.0);
    assert_eq!(model::of_the_crate::derivative(2.0), 12.0);
    assert_eq!(model::inner::derivative_of_restricted(3.0), 15.0);
    assert_eq!(model::through_the_parent(3.0), 26.0);
}

#[test]
fn the_attribute_is_found_by_path_and_under_another_name() {
    use diff_runtime::derivative as differentiate;
    #[diff_runtime::derivative]
    fn by_path(x: f64) -> f64 {
        x * x
    }
    #[differentiate(partials)]
    fn renamed(x: f64) -> f64 {
        x * x
    }
    assert_eq!(by_path(3.0) + by_path::derivative(3.0), 15.0);
    assert_eq!(renamed(3.0) + renamed::partial_x(3.0), 15.0);
}

mod reexport {
    //! A library that passes the runtime on under its own name.
    pub(crate) mod deep {
        pub(crate) use diff_runtime as calculus;
    }
}

#[test]
fn the_runtime_is_found_where_the_option_says() {
    #[reexport::deep::calculus::derivative(crate = crate::reexport::deep::calculus)]
    fn f(x: f64, n: usize) -> f64 {
        let mut y = x;
        for k in 0..n {
            y = y * x + unseen(k);
        }
        y
    }
    fn unseen(k: usize) -> f64 {
        k as f64
    }
    // x (x x) + x + 1 at 3: no inactive part varies.
    assert_eq!(f(2.0, 2), 9.0);
    assert_eq!(f::derivative(2.0, 2), 12.0);
    assert_eq!(f::vjp(2.0, 2, 1.0), (9.0, 12.0));
}

#[test]
fn raw_identifiers_lose_their_prefix_in_longer_names() {
    #[derivative(partials)]
    fn r#match(r#type: f64, r#loop: f64) -> f64 {
        let r#in = r#type * r#loop;
        r#in * r#type
    }
    assert_eq!(r#match(3.0, 2.0), 18.0);
    assert_eq!(r#match::gradient(3.0, 2.0), [12.0, 9.0]);
    assert_eq!(r#match::partial_type(3.0, 2.0), 12.0);
    assert_eq!(r#match::partial_loop(3.0, 2.0), 9.0);
    assert_eq!(r#match::vjp(3.0, 2.0, 2.0), (18.0, [24.0, 18.0]));
}

#[test]
fn parameters_may_be_named_like_generated_variables() {
    #[derivative]
    fn f(x: f64, x_dot: f64, x_bar: f64, seed: f64, tape: f64) -> f64 {
        let y = x * x_dot;
        let y_dot = x_bar * seed;
        let mut y_bar = y + y_dot;
        for value in 0..2 {
            y_bar *= tape + f64::from(value);
        }
        y_bar
    }
    // (x x_dot + x_bar seed) tape (tape + 1)
    let (value, gradient) = (f(1.0, 2.0, 3.0, 4.0, 5.0), [60.0, 30.0, 120.0, 90.0, 154.0]);
    assert_eq!(value, 420.0);
    assert_eq!(f::gradient(1.0, 2.0, 3.0, 4.0, 5.0), gradient);
    assert_eq!(f::vjp(1.0, 2.0, 3.0, 4.0, 5.0, 1.0), (value, gradient));
    assert_eq!(f::jvp(1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0).1, 454.0);
}

#[test]
fn functions_may_be_named_like_companions() {
    #[derivative]
    fn gradient(x: f64, y: f64) -> f64 {
        x * y
    }
    #[derivative]
    fn vjp(x: f64) -> f64 {
        x * x
    }
    assert_eq!((gradient(2.0, 3.0), gradient::gradient(2.0, 3.0)), (6.0, [3.0, 2.0]));
    assert_eq!((vjp(3.0), vjp::vjp(3.0, 0.5)), (9.0, (9.0, 3.0)));
}

#[test]
fn a_parameter_may_be_named_like_its_function() {
    #[derivative]
    fn x(x: f64) -> f64 {
        x * x
    }
    assert_eq!((x(3.0), x::derivative(3.0)), (9.0, 6.0));
}

#[test]
fn types_of_the_user_may_hide_those_of_the_library() {
    #[allow(dead_code, reason = "they are there to be in the way")]
    mod hostile {
        pub(super) struct Vec;
        pub(super) struct Option;
        pub(super) struct Some;
        pub(super) struct None;
        pub(super) mod std {}
        pub(super) mod core {}
        pub(super) mod diff_runtime {}

        #[::diff_runtime::derivative]
        pub(super) fn f(x: f64, limit: f64) -> f64 {
            let mut y = x;
            while y < limit {
                if y > 3.0 {
                    return y * x;
                }
                y = y * x + 0.5;
            }
            y
        }
    }
    // y: 1.5, 2.75, 4.625, and 4.625 * 1.5
    assert_eq!(hostile::f(1.5, 9.0), 6.9375);
    // y' = y + x y': 3, 7.25; then 4.625 + 1.5 * 7.25
    assert_eq!(hostile::f::gradient(1.5, 9.0), [15.5, 0.0]);
    assert_eq!(hostile::f::vjp(1.5, 9.0, 1.0), (6.9375, [15.5, 0.0]));
}

// ---- attributes and qualifiers -----------------------------------------------------------------------------------

#[test]
fn attributes_stand_before_and_after() {
    /// Documented.
    ///
    /// With `code`, and [brackets].
    #[inline]
    #[derivative]
    #[must_use]
    #[allow(clippy::suboptimal_flops)]
    fn f(x: f64) -> f64 {
        x * x + x
    }
    #[cold]
    #[inline(never)]
    #[derivative(partials)]
    #[cfg_attr(all(), doc = "Documented by a condition.")]
    fn g(x: f64, y: f64) -> f64 {
        x * y
    }
    assert_eq!((f(3.0), f::derivative(3.0)), (12.0, 7.0));
    assert_eq!((g(3.0, 2.0), g::partial_y(3.0, 2.0)), (6.0, 3.0));
}

#[test]
fn a_condition_holds_for_the_companions_too() {
    mod either {
        use diff_runtime::derivative;

        #[derivative]
        #[cfg(all())]
        pub(super) fn f(x: f64) -> f64 {
            x * x
        }

        #[cfg(any())]
        #[derivative]
        pub(super) fn f(x: f64) -> f64 {
            x * x * x
        }

        #[derivative]
        #[cfg(any())]
        pub(super) fn f(x: f64) -> f64 {
            x.sin()
        }
    }
    assert_eq!((either::f(3.0), either::f::derivative(3.0)), (9.0, 6.0));
}

#[test]
fn conditions_on_parameters_are_kept() {
    #[derivative]
    fn f(x: f64, #[allow(unused)] n: usize) -> f64 {
        x * x
    }
    assert_eq!((f(3.0, 0), f::derivative(3.0, 0)), (9.0, 6.0));
}

#[test]
#[allow(deprecated, reason = "the call of the function; the companions are not deprecated")]
fn a_deprecated_function_has_companions() {
    #[derivative]
    #[deprecated = "use another"]
    fn f(x: f64) -> f64 {
        x * x
    }
    assert_eq!((f(3.0), f::derivative(3.0)), (9.0, 6.0));
}

#[test]
fn a_const_function_stays_const() {
    #[derivative]
    const fn square(x: f64) -> f64 {
        x * x
    }
    const NINE: f64 = square(3.0);
    assert_eq!((NINE, square::derivative(3.0)), (9.0, 6.0));
}

#[test]
fn a_function_of_another_abi_has_ordinary_companions() {
    #[derivative]
    extern "C" fn f(x: f64) -> f64 {
        x * x
    }
    let pointer: extern "C" fn(f64) -> f64 = f;
    let companion: fn(f64) -> f64 = f::derivative;
    assert_eq!((pointer(3.0), companion(3.0)), (9.0, 6.0));
}

#[test]
fn companions_are_plain_functions_that_can_be_passed_on() {
    #[derivative]
    fn f(x: f64) -> f64 {
        x * x
    }
    let slopes: Vec<f64> = [1.0, 2.0].into_iter().map(f::derivative).collect();
    let pointers: [fn(f64) -> f64; 3] = [f, f::derivative, f::gradient];
    assert_eq!(slopes, [2.0, 4.0]);
    assert_eq!(pointers.map(|pointer| pointer(3.0)), [9.0, 6.0, 6.0]);
}

// ---- parameters --------------------------------------------------------------------------------------------------

#[test]
fn parameters_without_a_name_are_passed_along() {
    #[derivative]
    fn f(x: f64, _: usize, _unused: &str) -> f64 {
        x * x
    }
    assert_eq!((f(3.0, 1, ""), f::derivative(3.0, 1, "")), (9.0, 6.0));
}

#[test]
fn lifetimes_are_kept() {
    #[derivative]
    fn f<'a, 'b: 'a>(x: f64, #[constant] first: &'a [f64], second: &'b str) -> f64 {
        x * x * first[0] + second.len() as f64
    }
    assert_eq!((f(3.0, &[2.0], "a"), f::derivative(3.0, &[2.0], "a")), (19.0, 12.0));
}

#[test]
fn generic_parameters_are_kept() {
    #[derivative]
    fn f<T, const N: usize>(x: f64, weights: [T; N], index: usize) -> f64
    where
        T: Copy + Into<f64>,
    {
        let weight: f64 = weights[index].into();
        x * x * weight + N as f64
    }
    assert_eq!(f(3.0, [1.0_f32, 2.0], 1), 20.0);
    assert_eq!(f::derivative(3.0, [1.0_f32, 2.0], 1), 12.0);
    assert_eq!(f::vjp(3.0, [7_u8], 0, 1.0), (64.0, 42.0));
}

#[test]
fn a_generic_that_no_argument_tells_is_named_on_the_companion() {
    #[derivative]
    fn f<T: Default + Into<f64>>(x: f64) -> f64 {
        let zero: f64 = T::default().into();
        x * x + zero
    }
    assert_eq!((f::<f32>(3.0), f::derivative::<f32>(3.0)), (9.0, 6.0));
}

#[test]
fn a_closure_of_inactive_data_is_a_parameter() {
    #[derivative]
    fn f(x: f64, weight: impl Fn(usize) -> f64) -> f64 {
        let mut y = 0.0;
        for k in 0..3 {
            y += weight(k) * x.powi(k as i32);
        }
        y
    }
    assert_eq!(f(2.0, |k| k as f64), 10.0);
    assert_eq!(f::derivative(2.0, |k| k as f64), 9.0);
    assert_eq!(f::vjp(2.0, |k| k as f64, 1.0), (10.0, 9.0));
}

#[test]
fn inactive_state_is_left_as_the_function_leaves_it() {
    #[derivative]
    fn f(x: f64, calls: &mut usize, log: &mut Vec<usize>) -> f64 {
        *calls += 1;
        log.push(*calls);
        x * x
    }
    let (mut calls, mut log) = (0, Vec::new());
    assert_eq!(f(3.0, &mut calls, &mut log), 9.0);
    assert_eq!(f::derivative(3.0, &mut calls, &mut log), 6.0);
    assert_eq!(f::vjp(3.0, &mut calls, &mut log, 1.0), (9.0, 6.0));
    assert_eq!(f::jvp(3.0, &mut calls, &mut log, 1.0), (9.0, 6.0));
    assert_eq!(log, [1, 2, 3, 4]);
}

// ---- functions in other places -----------------------------------------------------------------------------------

#[test]
fn a_function_may_hold_other_items() {
    #[derivative]
    fn outer(x: f64) -> f64 {
        const SCALE: f64 = 2.0;
        fn helper(n: usize) -> f64 {
            n as f64 + 1.0
        }
        struct Weight(f64);
        let weight = Weight(helper(2));
        SCALE * x * x * weight.0
    }
    assert_eq!((outer(3.0), outer::derivative(3.0)), (54.0, 36.0));
}

struct Spring {
    stiffness: f64,
    rest: f64,
    nodes: usize,
}

impl Spring {
    const HALF: f64 = 0.5;

    /// Energy of a spring of the given length.
    #[derivative(partials)]
    pub fn energy(&self, length: f64) -> f64 {
        Self::HALF * self.stiffness * (length - self.rest).powi(2)
    }

    #[derivative]
    fn chain(&self, length: f64, factor: f64) -> f64 {
        let mut sum = 0.0;
        for node in 0..self.nodes {
            sum += self.stiffness * length * factor.powi(node as i32);
        }
        sum
    }

    #[derivative]
    fn counted(&mut self, length: f64) -> f64 {
        self.nodes += 1;
        length * length
    }

    #[derivative]
    fn consumed(self, length: f64) -> f64 {
        length * length * self.stiffness
    }

    #[derivative]
    fn shared(self: std::rc::Rc<Self>, length: f64) -> f64 {
        length * self.rest
    }

    #[derivative(associated)]
    fn ideal(length: f64) -> f64 {
        Self::HALF * length * length
    }

    #[derivative(associated, wrt(length))]
    fn between(a: &Self, length: f64, shift: f64) -> f64 {
        a.stiffness * length * shift
    }
}

const SPRING: Spring = Spring { stiffness: 4.0, rest: 1.0, nodes: 3 };

#[test]
fn a_method_has_companions_with_a_suffix() {
    assert_eq!(SPRING.energy(3.0), 8.0);
    assert_eq!(SPRING.energy_derivative(3.0), 8.0);
    assert_eq!(SPRING.energy_gradient(3.0), 8.0);
    assert_eq!(SPRING.energy_value_and_derivative(3.0), (8.0, 8.0));
    assert_eq!(SPRING.energy_value_and_gradient(3.0), (8.0, 8.0));
    assert_eq!(SPRING.energy_partial_length(3.0), 8.0);
    assert_eq!(SPRING.energy_jvp(3.0, 0.5), (8.0, 4.0));
    assert_eq!(SPRING.energy_vjp(3.0, 2.0), (8.0, 16.0));
}

#[test]
fn a_method_with_a_loop_over_fields_has_companions() {
    assert_eq!(SPRING.chain(2.0, 2.0), 56.0);
    assert_eq!(SPRING.chain_gradient(2.0, 2.0), [28.0, 40.0]);
    assert_eq!(SPRING.chain_vjp(2.0, 2.0, 0.5), (56.0, [14.0, 20.0]));
}

#[test]
fn every_kind_of_receiver_is_kept() {
    let mut spring = SPRING;
    assert_eq!(spring.counted(3.0), 9.0);
    assert_eq!(spring.counted_derivative(3.0), 6.0);
    assert_eq!(spring.counted_vjp(3.0, 1.0), (9.0, 6.0));
    assert_eq!(spring.nodes, 6);
    assert_eq!((SPRING.consumed(3.0), SPRING.consumed_derivative(3.0)), (36.0, 24.0));
    assert_eq!(std::rc::Rc::new(SPRING).shared(3.0), 3.0);
    assert_eq!(std::rc::Rc::new(SPRING).shared_derivative(3.0), 1.0);
}

#[test]
fn an_associated_function_has_companions_with_a_suffix() {
    assert_eq!((Spring::ideal(3.0), Spring::ideal_derivative(3.0)), (4.5, 3.0));
    assert_eq!(Spring::between(&SPRING, 2.0, 3.0), 24.0);
    assert_eq!(Spring::between_value_and_derivative(&SPRING, 2.0, 3.0), (24.0, 12.0));
}

struct Scaled<T> {
    factor: T,
}

impl<T: Copy + Into<f64>> Scaled<T> {
    #[derivative]
    fn apply(&self, x: f64) -> f64 {
        let factor: f64 = self.factor.into();
        factor * x * x
    }
}

#[test]
fn a_method_of_a_generic_type_has_companions() {
    let scaled = Scaled { factor: 2.0_f32 };
    assert_eq!((scaled.apply(3.0), scaled.apply_derivative(3.0)), (18.0, 12.0));
}

trait Potential {
    fn depth(&self) -> f64;

    #[derivative]
    fn potential(&self, x: f64) -> f64 {
        self.depth() * x * x
    }
}

impl Potential for Spring {
    fn depth(&self) -> f64 {
        self.stiffness
    }
}

#[test]
fn a_provided_method_of_a_trait_has_companions() {
    assert_eq!((SPRING.potential(3.0), SPRING.potential_derivative(3.0)), (36.0, 24.0));
}

mod crowded {
    //! A module of the function's name stands beside the function.
    use diff_runtime::derivative;

    pub(crate) mod loss {}

    #[derivative(suffix, partials)]
    pub(crate) fn loss(x: f64, y: f64) -> f64 {
        x * x * y
    }
}

#[test]
fn the_option_suffix_gives_plain_functions() {
    use crowded::{loss, loss_gradient, loss_partial_x, loss_vjp};
    assert_eq!(loss(3.0, 2.0), 18.0);
    assert_eq!(loss_gradient(3.0, 2.0), [12.0, 9.0]);
    assert_eq!(loss_partial_x(3.0, 2.0), 12.0);
    assert_eq!(loss_vjp(3.0, 2.0, 2.0), (18.0, [24.0, 18.0]));
}

// ---- functions that a macro writes -------------------------------------------------------------------------------

#[test]
fn a_macro_may_write_the_function() {
    macro_rules! define {
        ($(#[$meta:meta])* $name:ident |$x:ident: $ty:ty| $body:expr) => {
            $(#[$meta])*
            #[derivative]
            fn $name($x: $ty) -> $ty {
                $body
            }
        };
    }
    define!(
        /// Documented.
        double |t: f64| t * t + t.sin()
    );
    define!(single |t: f32| t * t);
    assert_eq!((double(0.0), double::derivative(0.0)), (0.0, 1.0));
    assert_eq!((single(3.0), single::derivative(3.0)), (9.0, 6.0));
}

#[test]
fn an_expression_in_a_macro_keeps_its_precedence() {
    macro_rules! squared {
        ($name:ident, $x:ident, $e:expr) => {
            #[derivative]
            fn $name($x: f64) -> f64 {
                $e * $e
            }
        };
    }
    squared!(f, x, x + 1.0);
    assert_eq!((f(2.0), f::derivative(2.0), f::vjp(2.0, 1.0)), (9.0, 6.0, (9.0, 6.0)));
}

/// Two variables of one name, the macro's and the caller's, are two variables.
#[test]
fn variables_of_a_macro_and_of_its_caller_are_kept_apart() {
    macro_rules! twice {
        ($name:ident, $x:ident, $e:expr) => {
            #[derivative]
            fn $name($x: f64) -> f64 {
                let t = 2.0;
                let r = $e;
                t * r
            }
        };
    }
    twice!(f, t, t * t);
    assert_eq!(f(3.0), 18.0);
    assert_eq!(f::derivative(3.0), 12.0);
    assert_eq!(f::value_and_gradient(3.0), (18.0, 12.0));
    assert_eq!(f::vjp(3.0, 1.0), (18.0, 12.0));
}

#[test]
fn active_variables_of_a_macro_and_of_its_caller_are_kept_apart() {
    macro_rules! accumulated {
        ($name:ident, $x:ident, $e:expr) => {
            #[derivative]
            fn $name($x: f64) -> f64 {
                let mut sum = $x;
                for _ in 0..3 {
                    sum = sum * 0.5 + $e;
                }
                sum
            }
        };
    }
    accumulated!(f, sum, sum * sum);
    // s -> s / 2 + x x, thrice: x / 8 + 7 / 4 x x
    assert_eq!(f(2.0), 7.25);
    assert_eq!(f::derivative(2.0), 7.125);
    assert_eq!(f::vjp(2.0, 1.0), (7.25, 7.125));
}

#[test]
fn a_macro_may_write_a_block_and_statements() {
    macro_rules! define {
        ($name:ident($($p:ident),*) $body:block) => {
            #[derivative]
            fn $name($($p: f64),*) -> f64 $body
        };
    }
    define!(f(x, y) {
        let mut s = x;
        for _ in 0..3 {
            s *= y;
        }
        s
    });
    assert_eq!((f(2.0, 3.0), f::gradient(2.0, 3.0)), (54.0, [27.0, 54.0]));
    assert_eq!(f::vjp(2.0, 3.0, 1.0), (54.0, [27.0, 54.0]));
}

#[test]
fn macros_of_the_user_in_inactive_code_are_expanded() {
    macro_rules! three {
        () => {
            3.0
        };
    }
    #[derivative]
    fn f(x: f64, n: usize) -> f64 {
        let weight: f64 = three!();
        let label = format!("{n}-{weight}");
        x * x * weight + label.len() as f64
    }
    assert_eq!((f(2.0, 10), f::derivative(2.0, 10)), (16.0, 12.0));
}

// ---- panics ------------------------------------------------------------------------------------------------------

#[test]
fn companions_panic_where_the_function_does() {
    #[derivative]
    fn f(x: f64, #[constant] data: &[f64], index: usize) -> f64 {
        assert!(x > 0.0, "x must be positive");
        x * x * data[index]
    }
    let message = |run: &(dyn Fn() -> f64 + std::panic::RefUnwindSafe)| {
        let payload = std::panic::catch_unwind(run).expect_err("a panic");
        payload.downcast_ref::<&str>().map(ToString::to_string).or(payload.downcast_ref::<String>().cloned())
    };
    for index in [0, 7] {
        let x = if index == 0 { -1.0 } else { 1.0 };
        let expected = message(&|| f(x, &[1.0], index));
        assert!(expected.is_some());
        assert_eq!(message(&|| f::derivative(x, &[1.0], index)), expected);
        assert_eq!(message(&|| f::gradient(x, &[1.0], index)), expected);
        assert_eq!(message(&|| f::jvp(x, &[1.0], index, 1.0).1), expected);
        assert_eq!(message(&|| f::vjp(x, &[1.0], index, 1.0).1), expected);
    }
}
