//! What is generated, as text: read in review. `UPDATE_EXPECT=1 cargo test` rewrites the expectations.

use expect_test::{Expect, expect};

use super::support::expand;

/// The bodies of the named companions.
fn companions(options: &str, item: &str, names: &[&str]) -> String {
    let text = expand(options, item).replace("::diff_runtime::private::", "");
    let mut out = String::new();
    for name in names {
        let start = text.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("no companion {name} in\n{text}"));
        let end = text[start..].find("\n    }\n").map_or(text.len(), |end| start + end + 7);
        out.push_str(&text[start..end].replace("\n    ", "\n"));
    }
    out
}

fn check(options: &str, item: &str, names: &[&str], expected: Expect) {
    expected.assert_eq(&companions(options, item, names));
}

#[test]
fn square() {
    check(
        "",
        "fn f(x: f64) -> f64 { x.powi(2) }",
        &["derivative", "value_and_derivative"],
        expect![[r#"
        fn derivative(x: f64) -> f64 {
            2.0 * x
        }
        fn value_and_derivative(
            x: f64,
        ) -> (f64, f64) {
            (x.powi(2), 2.0 * x)
        }
    "#]],
    );
}

#[test]
fn square_plus_constant() {
    check(
        "",
        "fn f(x: f64) -> f64 { x.powi(2) + 3.0 }",
        &["derivative"],
        expect![[r#"
        fn derivative(x: f64) -> f64 {
            2.0 * x
        }
    "#]],
    );
}

#[test]
fn product_of_powers() {
    check(
        "partials",
        "fn f(x: f64, z: f64) -> f64 { 2.0 * z.powi(3) * x.powi(2) }",
        &["gradient", "value_and_gradient", "partial_x", "partial_z"],
        expect![[r#"
            fn gradient(x: f64, z: f64) -> [f64; 2usize] {
                [4.0 * x * z.powi(3), 6.0 * z.powi(2) * x.powi(2)]
            }
            fn value_and_gradient(
                x: f64,
                z: f64,
            ) -> (f64, [f64; 2usize]) {
                let power = z.powi(3);
                let power_1 = x.powi(2);
                (2.0 * power * power_1, [4.0 * x * power, 6.0 * power_1 * z.powi(2)])
            }
            fn partial_x(x: f64, z: f64) -> f64 {
                4.0 * x * z.powi(3)
            }
            fn partial_z(x: f64, z: f64) -> f64 {
                6.0 * x.powi(2) * z.powi(2)
            }
        "#]],
    );
}

#[test]
fn saddle() {
    check(
        "",
        "fn f(x: f64, y: f64) -> f64 { 2.0 * x.powi(2) - y.powi(2) }",
        &["gradient"],
        expect![[r#"
        fn gradient(x: f64, y: f64) -> [f64; 2usize] {
            [4.0 * x, -2.0 * y]
        }
    "#]],
    );
}

#[test]
fn power_of_a_power() {
    check(
        "",
        "fn f(x: f64) -> f64 { (x.powi(2)).powi(3) }",
        &["derivative"],
        expect![[r#"
        fn derivative(x: f64) -> f64 {
            6.0 * x.powi(5)
        }
    "#]],
    );
}

#[test]
fn sine_of_a_square() {
    check(
        "",
        "fn f(x: f64) -> f64 { ((4.0 * x).powi(2)).sin() }",
        &["derivative", "value_and_derivative"],
        expect![[r#"
            fn derivative(x: f64) -> f64 {
                32.0 * x * (4.0 * x).powi(2).cos()
            }
            fn value_and_derivative(
                x: f64,
            ) -> (f64, f64) {
                let power = (4.0 * x).powi(2);
                (power.sin(), 32.0 * x * power.cos())
            }
        "#]],
    );
}

#[test]
fn logistic() {
    check(
        "",
        "fn f(x: f64) -> f64 { 1.0 / (1.0 + (-x).exp()) }",
        &["derivative", "value_and_derivative"],
        expect![[r#"
            fn derivative(x: f64) -> f64 {
                let exp = (-x).exp();
                let sum = 1.0 + exp;
                exp / sum / sum
            }
            fn value_and_derivative(
                x: f64,
            ) -> (f64, f64) {
                let exp = (-x).exp();
                let sum = 1.0 + exp;
                let quotient = 1.0 / sum;
                (quotient, quotient * exp / sum)
            }
        "#]],
    );
}

#[test]
fn gaussian() {
    check(
        "wrt(mu, sigma)",
        "fn gaussian(x: f64, mu: f64, sigma: f64) -> f64 {
            let z = (x - mu) / sigma;
            (-0.5 * z * z).exp() / (sigma * (2.0 * std::f64::consts::PI).sqrt())
        }",
        &["value_and_gradient"],
        expect![[r#"
            fn value_and_gradient(
                x: f64,
                mu: f64,
                sigma: f64,
            ) -> (f64, [f64; 2usize]) {
                let z = (x - mu) / sigma;
                let value = (2.0 * std::f64::consts::PI).sqrt();
                let product = sigma * value;
                let quotient = (-0.5 * z * z).exp() / product;
                let product_1 = z * quotient;
                let quotient_1 = if product_1 == 0.0 { 0.0 } else { product_1 / sigma };
                (
                    quotient,
                    [
                        quotient_1,
                        (if quotient_1 == 0.0 { 0.0 } else { quotient_1 * z })
                            - value * (quotient / product),
                    ],
                )
            }
        "#]],
    );
}

#[test]
fn early_return() {
    check(
        "",
        "fn f(x: f64, y: f64) -> f64 { if x < 0.0 { return y * x.sin(); } let s = x * y; s.ln() + s }",
        &["gradient", "jvp", "vjp"],
        expect![[r#"
            fn gradient(x: f64, y: f64) -> [f64; 2usize] {
                if x < 0.0 {
                    return [y * x.cos(), x.sin()];
                }
                let s = x * y;
                let sum = 1.0 + 1.0 / s;
                [y * sum, x * sum]
            }
            fn jvp(
                x: f64,
                y: f64,
                x_dot: f64,
                y_dot: f64,
            ) -> (f64, f64) {
                if x < 0.0 {
                    let x_sin = x.sin();
                    return (y * x_sin, x_sin * y_dot + y * x_dot * x.cos());
                }
                let s = x * y;
                let s_dot = y * x_dot + x * y_dot;
                (s.ln() + s, (if s_dot == 0.0 { 0.0 } else { s_dot / s }) + s_dot)
            }
            fn vjp(
                x: f64,
                y: f64,
                seed: f64,
            ) -> (f64, [f64; 2usize]) {
                if x < 0.0 {
                    let x_sin = x.sin();
                    return (y * x_sin, [y * seed * x.cos(), x_sin * seed]);
                }
                let s = x * y;
                let sum = seed + (if seed == 0.0 { 0.0 } else { seed / s });
                (s.ln() + s, [y * sum, x * sum])
            }
        "#]],
    );
}

#[test]
fn newton_iteration() {
    check(
        "",
        "fn root(a: f64) -> f64 {
            let mut x = a;
            while (x * x - a).abs() > 1e-12 {
                x = 0.5 * (x + a / x);
            }
            x
        }",
        &["value_and_derivative", "vjp"],
        expect![[r#"
            fn value_and_derivative(
                a: f64,
            ) -> (f64, f64) {
                let mut x = a;
                let mut x_dot = 1.0_f64;
                while (x * x - a).abs() > 1e-12 {
                    let quotient = a / x;
                    let difference = 1.0 - (if x_dot == 0.0 { 0.0 } else { x_dot * quotient });
                    x_dot = 0.5
                        * (x_dot + (if difference == 0.0 { 0.0 } else { difference / x }));
                    x = 0.5 * (x + quotient);
                }
                (x, x_dot)
            }
            fn vjp(
                a: f64,
                seed: f64,
            ) -> (f64, f64) {
                use ::core::iter::{IntoIterator as _, Iterator as _};
                let mut tape = Vec::new();
                let mut x = a;
                while (x * x - a).abs() > 1e-12 {
                    let quotient = a / x;
                    tape.push((x, -quotient));
                    x = 0.5 * (x + quotient);
                }
                let mut x_bar = seed;
                let mut a_bar = 0.0_f64;
                for (x_1, negated) in tape.into_iter().rev() {
                    let product = 0.5 * x_bar;
                    let quotient_1 = if product == 0.0 { 0.0 } else { product / x_1 };
                    x_bar = product
                        + (if quotient_1 == 0.0 { 0.0 } else { quotient_1 * negated });
                    a_bar += quotient_1;
                }
                (x, a_bar + x_bar)
            }
        "#]],
    );
}

#[test]
fn accumulation() {
    check(
        "",
        "fn sum(x: f64, n: usize) -> f64 {
            let mut total = 0.0;
            for i in 0..n {
                total += (x * i as f64).sin();
            }
            total
        }",
        &["derivative", "vjp"],
        expect![[r#"
            fn derivative(x: f64, n: usize) -> f64 {
                let mut total_dot = 0.0_f64;
                for i in 0..n {
                    let cast = i as f64;
                    total_dot += cast * (x * cast).cos();
                }
                total_dot
            }
            fn vjp(
                x: f64,
                n: usize,
                seed: f64,
            ) -> (f64, f64) {
                let mut total = 0.0_f64;
                let mut x_bar = 0.0_f64;
                for i in 0..n {
                    let cast = i as f64;
                    let product = x * cast;
                    total += product.sin();
                    x_bar += cast * seed * product.cos();
                }
                (total, x_bar)
            }
        "#]],
    );
}

#[test]
fn nested_loops_with_labels() {
    check(
        "",
        "fn f(x: f64, n: usize) -> f64 {
            let mut s = 0.0;
            'outer: for i in 0..n {
                for j in 0..i {
                    let t = x * j as f64;
                    if t > 10.0 { break 'outer; }
                    s += t * s.cos();
                }
            }
            s
        }",
        &["derivative", "vjp"],
        expect![[r#"
            fn derivative(x: f64, n: usize) -> f64 {
                let mut s = 0.0_f64;
                let mut s_dot = 0.0_f64;
                for i in 0..n {
                    let mut again = true;
                    for j in 0..i {
                        let cast = j as f64;
                        let t = x * cast;
                        if t > 10.0 {
                            again = false;
                            break;
                        }
                        let s_cos = s.cos();
                        s_dot += cast * (s_cos - s_dot * x * s.sin());
                        s += t * s_cos;
                    }
                    if !again {
                        break;
                    }
                }
                s_dot
            }
            fn vjp(
                x: f64,
                n: usize,
                seed: f64,
            ) -> (f64, f64) {
                use ::core::iter::{IntoIterator as _, Iterator as _};
                let mut tape = Vec::new();
                let mut tape_1 = Vec::new();
                let mut s = 0.0_f64;
                for i in 0..n {
                    let mut again = true;
                    let mut trips = 0usize;
                    for j in 0..i {
                        let cast = j as f64;
                        let t = x * cast;
                        let cond = t > 10.0;
                        let (again_1, s_cos_1, negated) = if cond {
                            again = false;
                            (false, 0.0, 0.0)
                        } else {
                            let s_cos = s.cos();
                            let value = -s.sin();
                            s += t * s_cos;
                            (true, s_cos, value)
                        };
                        tape.push((cond, s_cos_1, t, negated, cast));
                        trips += 1;
                        if !again_1 {
                            break;
                        }
                    }
                    tape_1.push(trips);
                    if !again {
                        break;
                    }
                }
                let mut s_bar = seed;
                let mut x_bar = 0.0_f64;
                for trips_1 in tape_1.into_iter().rev() {
                    let mut x_bar_1 = 0.0_f64;
                    for (cond_1, s_cos_2, t_1, negated_1, cast_1) in ::core::iter::from_fn(|| {
                            tape.pop()
                        })
                        .take(trips_1)
                    {
                        let t_bar = if cond_1 {
                            0.0
                        } else {
                            let value_1 = s_cos_2 * s_bar;
                            s_bar += negated_1 * t_1 * s_bar;
                            value_1
                        };
                        x_bar_1 += cast_1 * t_bar;
                    }
                    x_bar += x_bar_1;
                }
                (s, x_bar)
            }
        "#]],
    );
}

#[test]
fn branches_that_update() {
    check(
        "",
        "fn f(x: f64, y: f64) -> f64 {
            let mut s = x;
            if x > y { s *= y; } else { s -= 1.0; }
            if s > 2.0 { s = s.sqrt(); }
            s * y
        }",
        &["value_and_gradient", "vjp"],
        expect![[r#"
            fn value_and_gradient(
                x: f64,
                y: f64,
            ) -> (f64, [f64; 2usize]) {
                let cond = x > y;
                let mut s = if cond { x * y } else { x - 1.0 };
                let cond_1 = s > 2.0;
                if cond_1 {
                    s = s.sqrt();
                }
                let s_bar = if cond_1 {
                    let product = 0.5 * y;
                    if product == 0.0 { 0.0 } else { product / s }
                } else {
                    y
                };
                let (x_bar, y_bar) = if cond { (y * s_bar, x * s_bar) } else { (s_bar, 0.0) };
                (s * y, [x_bar, s + y_bar])
            }
            fn vjp(
                x: f64,
                y: f64,
                seed: f64,
            ) -> (f64, [f64; 2usize]) {
                let cond = x > y;
                let mut s = if cond { x * y } else { x - 1.0 };
                let cond_1 = s > 2.0;
                if cond_1 {
                    s = s.sqrt();
                }
                let product = y * seed;
                let s_bar = if cond_1 {
                    let product_1 = 0.5 * product;
                    if product_1 == 0.0 { 0.0 } else { product_1 / s }
                } else {
                    product
                };
                let (x_bar, y_bar) = if cond { (y * s_bar, x * s_bar) } else { (s_bar, 0.0) };
                (s * y, [x_bar, s * seed + y_bar])
            }
        "#]],
    );
}

/// The prefixes stand where the gradient is to be: nothing is allocated, and nothing is cleared.
#[test]
fn records_in_the_gradient() {
    check(
        "",
        "fn f(x: &[f64]) -> f64 { let mut p = 1.0; for factor in x { p *= factor; } p }",
        &["gradient_into"],
        expect![[r#"
            fn gradient_into(x: &[f64], x_bar: &mut [f64]) {
                ::core::assert_eq!(
                    x_bar.len(), x.len(), "the gradient of `x` must be as long as `x`"
                );
                use ::core::iter::Iterator as _;
                let value = x.len();
                let x_bar_window = &mut x_bar[..value];
                let mut p = 1.0_f64;
                for i in 0..value {
                    let factor = x[i];
                    x_bar_window[i] = p;
                    p *= factor;
                }
                let x_bar_window_1 = &mut x_bar[..value];
                let mut p_bar = 1.0_f64;
                for i in (0..value).rev() {
                    let factor_1 = x[i];
                    x_bar_window_1[i] *= p_bar;
                    p_bar *= factor_1;
                }
            }
        "#]],
    );
}

/// With the value, what neighbours add is carried; without it, gathered. Only what no iteration assigns is cleared.
#[test]
fn neighbours() {
    check(
        "",
        "fn f(x: &[f64]) -> f64 {
            let mut s = 0.0;
            for i in 0..x.len() - 1 { s += (x[i + 1] - x[i]).powi(2); }
            s
        }",
        &["gradient_into", "value_and_gradient_into"],
        expect![[r#"
            fn gradient_into(x: &[f64], x_bar: &mut [f64]) {
                ::core::assert_eq!(
                    x_bar.len(), x.len(), "the gradient of `x` must be as long as `x`"
                );
                let value = x.len() - 1;
                if 0 < value {
                    x_bar[value + 1..].fill(0.0);
                    x_bar[0] = -2.0 * (x[1] - x[0]);
                    let index = value - 1;
                    let x_window = window(x, 1, index);
                    let x_window_1 = &x[..index];
                    let x_window_2 = window(x, 2, index);
                    let x_bar_window = window_mut(x_bar, 1, index);
                    for i in 0..index {
                        let x_window_element = x_window[i];
                        x_bar_window[i] = 2.0 * (x_window_element - x_window_1[i])
                            + -2.0 * (x_window_2[i] - x_window_element);
                    }
                    x_bar[value] = 2.0 * (x[value] - x[value - 1]);
                } else {
                    x_bar.fill(0.0);
                }
            }
            fn value_and_gradient_into(
                x: &[f64],
                x_bar: &mut [f64],
            ) -> f64 {
                ::core::assert_eq!(
                    x_bar.len(), x.len(), "the gradient of `x` must be as long as `x`"
                );
                let value = x.len() - 1;
                x_bar[value..].fill(0.0);
                let x_window = window(x, 1, value);
                let x_window_1 = &x[..value];
                let x_bar_window = &mut x_bar[..value];
                let mut s = 0.0_f64;
                let mut x_bar_carried = 0.0_f64;
                for i in 0..value {
                    let difference = x_window[i] - x_window_1[i];
                    x_bar_window[i] = x_bar_carried + -2.0 * difference;
                    s += difference.powi(2);
                    x_bar_carried = 2.0 * difference;
                }
                if 0 < value {
                    x_bar[value] += x_bar_carried;
                }
                s
            }
        "#]],
    );
}
