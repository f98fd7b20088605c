//! Second and higher order: what is generated, as text, and how much of it.

use expect_test::{Expect, expect};

use super::support::expand;
use super::validity::lowered;
use crate::cleanup::cleanup;
use crate::forward;
use crate::ir::{Region, Scalar};

/// The body of a companion.
fn check(options: &str, item: &str, name: &str, expected: Expect) {
    let text = expand(options, item).replace("::diff_runtime::private::", "");
    let start = text.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("no companion {name} in\n{text}"));
    let end = text[start..].find("\n    }\n").map_or(text.len(), |end| start + end + 7);
    expected.assert_eq(&text[start..end].replace("\n    ", "\n"));
}

const ROSENBROCK: &str = "fn f(x: TYPE) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() - 1 {
        sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
    }
    sum
}";

#[test]
fn product_with_a_hessian() {
    check(
        "hvp",
        &ROSENBROCK.replace("TYPE", "&[f64]"),
        "hvp_into",
        expect![[r#"
            fn hvp_into(
                x: &[f64],
                x_dot: &[f64],
                x_hvp: &mut [f64],
            ) {
                ::core::assert_eq!(
                    x_dot.len(), x.len(), "the tangent of `x` must be as long as `x`"
                );
                ::core::assert_eq!(
                    x_hvp.len(), x.len(), "the product of `x` must be as long as `x`"
                );
                let value = x.len() - 1;
                if 0 < value {
                    x_hvp[value + 1..].fill(0.0);
                    let x_dot_element = x_dot[0];
                    let x_element = x[0];
                    x_hvp[0] = 2.0 * x_dot_element
                        + -400.0 * x_dot_element * (x[1] - x_element * x_element)
                        - 400.0 * x_element * (x_dot[1] - 2.0 * x_element * x_dot_element);
                    let index = value - 1;
                    let x_dot_window = window(x_dot, 1, index);
                    let x_window = &x[..index];
                    let x_dot_window_1 = &x_dot[..index];
                    let x_window_1 = window(x, 2, index);
                    let x_window_2 = window(x, 1, index);
                    let x_dot_window_2 = window(x_dot, 2, index);
                    let x_bar_window = window_mut(x_hvp, 1, index);
                    for i in 0..index {
                        let x_dot_window_element = x_dot_window[i];
                        let x_window_element = x_window_2[i];
                        x_bar_window[i] = 200.0
                            * (x_dot_window_element - 2.0 * x_window[i] * x_dot_window_1[i])
                            + (2.0 * x_dot_window_element
                                + -400.0 * x_dot_window_element
                                    * (x_window_1[i] - x_window_element * x_window_element)
                                - 400.0 * x_window_element
                                    * (x_dot_window_2[i]
                                        - 2.0 * x_window_element * x_dot_window_element));
                    }
                    let index_1 = value - 1;
                    x_hvp[value] = 200.0 * (x_dot[value] - 2.0 * x[index_1] * x_dot[index_1]);
                } else {
                    x_hvp.fill(0.0);
                }
            }
        "#]],
    );
}

#[test]
fn hessian_in_a_slice() {
    check(
        "wrt(w), hessian",
        "fn f(w: &[f64], row: &[f64]) -> f64 {
            let mut z = 0.0;
            for j in 0..w.len() { z += w[j] * row[j]; }
            z.exp()
        }",
        "hessian_into",
        expect![[r#"
            fn hessian_into(
                w: &[f64],
                row: &[f64],
                hessian: &mut [f64],
            ) {
                let inputs = w.len();
                let n = inputs;
                ::core::assert_eq!(
                    hessian.len(), n * n,
                    "the buffer for the Hessian must hold `inputs x inputs`"
                );
                hessian.fill(0.0);
                let mut z_dot = vec![0.0_f64; inputs];
                let mut array = vec![0.0_f64; inputs];
                let value_1 = w.len();
                let z_dot_window = &mut z_dot[..inputs];
                for d in 0..inputs {
                    z_dot_window[d] = 0.0;
                }
                let row_window = &row[..value_1];
                let z_dot_window_1 = &mut z_dot[..value_1];
                let mut z = 0.0_f64;
                for j in 0..value_1 {
                    let row_window_element = row_window[j];
                    z_dot_window_1[j] += row_window_element;
                    z += w[j] * row_window_element;
                }
                let z_exp = z.exp();
                let z_dot_window_2 = &z_dot[..inputs];
                let array_1 = &mut array[..inputs];
                for d in 0..inputs {
                    array_1[d] = z_exp * z_dot_window_2[d];
                }
                for j in 0..value_1 {
                    let row_window_element_1 = row_window[j];
                    let length = inputs.saturating_sub(j);
                    let array_2 = window(&array, j, length);
                    let array_3 = window_mut(
                        hessian,
                        j * inputs + j,
                        length,
                    );
                    for d in 0..length {
                        array_3[d] += row_window_element_1 * array_2[d];
                    }
                }
                {
                    for row_1 in 1..n {
                        for column in 0..row_1 {
                            hessian[row_1 * n + column] = hessian[column * n + row_1];
                        }
                    }
                }
            }
        "#]],
    );
}

#[test]
fn hessian_of_a_band() {
    check(
        "hessian",
        &ROSENBROCK.replace("TYPE", "[f64; 3]"),
        "hessian",
        expect![[r#"
        fn hessian(x: [f64; 3]) -> [[f64; 3usize]; 3usize] {
            let x_0 = x[0];
            let x_1 = x[1];
            let product = -400.0 * x_1;
            let product_1 = -400.0 * x_0;
            [
                [2.0 - 400.0 * (x_1 - x_0 * x_0 + -2.0 * x_0 * x_0), product_1, 0.0],
                [
                    product_1,
                    2.0 - 400.0 * (x[2] - x_1 * x_1 + -2.0 * x_1 * x_1) + 200.0,
                    product,
                ],
                [0.0, product, 200.0],
            ]
        }
    "#]],
    );
}

#[test]
fn hessian_of_a_monomial() {
    check(
        "hessian",
        "fn f(x: f64, z: f64) -> f64 { 2.0 * z.powi(3) * x.powi(2) }",
        "hessian",
        expect![[r#"
        fn hessian(x: f64, z: f64) -> [[f64; 2usize]; 2usize] {
            let product = 12.0 * x * z.powi(2);
            [[4.0 * z.powi(3), product], [product, 12.0 * z * x.powi(2)]]
        }
    "#]],
    );
}

#[test]
fn derivatives_of_a_product() {
    check(
        "order = 4",
        "fn f(x: f64) -> f64 { x.exp() * x.sin() }",
        "derivatives",
        expect![[r#"
        fn derivatives(x: f64) -> [f64; 5usize] {
            let x_exp = x.exp();
            let x_sin = x.sin();
            let x_cos = x.cos();
            let product = x_exp * x_sin;
            [
                product,
                x_exp * (x_sin + x_cos),
                2.0 * x_exp * x_cos,
                x_exp * (2.0 * x_cos - 2.0 * x_sin),
                -4.0 * product,
            ]
        }
    "#]],
    );
}

#[test]
fn third_derivatives_of_a_quotient() {
    check(
        "order = 3",
        "fn f(x: f64, y: f64) -> f64 { x / (1.0 + y * y) }",
        "third_derivatives",
        expect![[r#"
            fn third_derivatives(
                x: f64,
                y: f64,
            ) -> [[[f64; 2usize]; 2usize]; 2usize] {
                let sum = 1.0 + y * y;
                let quotient = x / sum;
                let reciprocal = 1.0 / sum;
                let product = -2.0 * quotient * y * reciprocal;
                let product_1 = y * product;
                let product_2 = quotient * reciprocal;
                let product_3 = reciprocal * reciprocal;
                let product_4 = reciprocal * (product - 2.0 * product_2 * y);
                let product_5 = y * product_4;
                let product_6 = -2.0
                    * (product_3
                        + y * reciprocal
                            * (-2.0 * y * reciprocal * reciprocal - 2.0 * product_3 * y));
                [
                    [[0.0, 0.0], [0.0, product_6]],
                    [
                        [0.0, product_6],
                        [
                            product_6,
                            -2.0
                                * (product_4
                                    + (product_4
                                        + y * reciprocal
                                            * (reciprocal
                                                * (-2.0 * (product_1 + quotient) - 2.0 * product_1)
                                                - 2.0 * (product_5 + product_2) - 2.0 * product_5))),
                        ],
                    ],
                ]
            }
        "#]],
    );
}

#[test]
fn derivatives_through_a_loop() {
    check(
        "order = 2",
        "fn f(x: f64, n: usize) -> f64 { let mut y = x; for _ in 0..n { y = y * y + x; } y }",
        "derivatives",
        expect![[r#"
            fn derivatives(x: f64, n: usize) -> [f64; 3usize] {
                let mut y = x;
                let mut y_dot = 1.0_f64;
                let mut y_dot_1 = 0.0_f64;
                for _ in 0..n {
                    y_dot_1 = 2.0 * y * y_dot_1 + 2.0 * y_dot.powi(2);
                    y_dot = 2.0 * y * y_dot + 1.0;
                    y = y * y + x;
                }
                [y, y_dot, y_dot_1]
            }
        "#]],
    );
}

// ---- how much ---------------------------------------------------------------------------------------------------

/// The largest number of statements that a function's derivatives of the orders 1 to 8 take together.
const BUDGETS: &[(&str, [usize; 8])] = &[
    ("fn f(x: f64) -> f64 { x.exp() }", [1; 8]),
    ("fn f(x: f64) -> f64 { x.exp() * x.sin() }", [6, 8, 12, 13, 17, 18, 22, 23]),
    ("fn f(x: f64) -> f64 { 1.0 / (1.0 + x * x) }", [6, 11, 16, 21, 26, 31, 36, 41]),
    ("fn f(x: f64) -> f64 { (x.sin() * x).exp().ln_1p() }", [10, 18, 33, 53, 79, 111, 149, 193]),
    ("fn f(x: f64) -> f64 { x.tanh() * x.powf(2.5) }", [20, 40, 73, 115, 173, 241, 324, 417]),
    (
        "fn f(x: f64, n: usize) -> f64 { let mut y = x; for _ in 0..n { y = y * y.sin() + x; } y }",
        [9, 20, 37, 62, 95, 136, 185, 242],
    ),
];

fn statements(region: &Region) -> usize {
    let inner = region.stmts.iter().flat_map(|stmt| stmt.op.regions()).map(statements);
    region.stmts.len() + inner.sum::<usize>()
}

fn of_orders(text: &str) -> [usize; 8] {
    std::array::from_fn(|k| {
        let (function, active) = lowered(text);
        let mut function = forward::derivatives(&function, active[0], k + 1, Scalar::F64);
        cleanup(&mut function);
        statements(&function.body)
    })
}

#[test]
fn an_order_costs_as_much_more_than_the_last_as_that_did() {
    for (text, budget) in BUDGETS {
        let found = of_orders(text);
        println!("{found:?} {text}");
        assert!(found.iter().zip(budget).all(|(found, most)| found <= most), "{text}: {found:?}");
        // The k-th order adds terms in proportion to k: what is added grows by a constant, and not by a factor.
        let added: Vec<i64> = found.windows(2).map(|pair| pair[1] as i64 - pair[0] as i64).collect();
        let growth: Vec<i64> = added.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (early, late) = (growth[..3].iter().max(), growth[3..].iter().max());
        assert!(late <= early.map(|early| early + 6).as_ref(), "{text}: {found:?} adds {added:?}");
    }
}

/// A call is composed by Leibniz' rule: order `k` takes `k` derivatives of the callee, each with orders up to `k` of its
/// own along the path, each a sum of up to `k` terms. So what an order adds grows as a square, and not by a factor.
#[test]
fn an_order_through_calls_adds_terms_as_a_square() {
    let found = of_orders("fn f(x: f64) -> f64 { g(x * x).sin() * g(x.exp()) }");
    println!("{found:?} with calls");
    assert!(found[7] <= 540, "{found:?}");
    let differences = |of: &[i64]| -> Vec<i64> { of.windows(2).map(|pair| pair[1] - pair[0]).collect() };
    let counts: Vec<i64> = found.iter().map(|count| *count as i64).collect();
    let thirds = differences(&differences(&differences(&counts)));
    assert!(thirds.iter().all(|third| *third <= 2), "{found:?} has third differences {thirds:?}");
}
