//! Order of evaluation, scopes that overlap, state that changes under a loop: where a transformation goes wrong first.

use diff_runtime::derivative;

#[derivative]
pub fn left_operand_is_read_first(x: f64) -> f64 {
    let mut t = x;
    let y = t * {
        t += 1.0;
        t * t
    };
    y + t
}
sample!(left_operand_is_read_first, -1.0..1.0);

#[derivative]
pub fn arguments_are_evaluated_in_order(x: f64, y: f64) -> f64 {
    let mut t = x;
    let r = f64::hypot(
        {
            t *= y;
            t
        },
        {
            t += x;
            t
        },
    );
    r * t
}
sample!(arguments_are_evaluated_in_order, 0.5..1.0, 0.5..2.0);

#[derivative]
pub fn condition_with_an_effect(x: f64) -> f64 {
    let mut t = x;
    if {
        t *= t;
        t > 0.3
    } {
        t + x
    } else {
        t * 3.0
    }
}
sample!(condition_with_an_effect, -1.0..1.0);

#[derivative]
pub fn loop_condition_with_an_effect(x: f64) -> f64 {
    let mut n = 0;
    let mut y = 1.0;
    while {
        y *= x;
        n += 1;
        n < 4
    } {
        y += 0.5;
    }
    y
}
sample!(loop_condition_with_an_effect, -1.0..1.0);

#[derivative]
pub fn short_circuits(x: f64, flag: bool) -> f64 {
    let mut t = x;
    let mut calls = 0;
    let both = flag && {
        t *= 2.0;
        calls += 1;
        t > 0.5
    };
    let either = flag || {
        t += x * x;
        calls += 10;
        t < 0.0
    };
    if both != either { t * calls as f64 } else { t.sin() + calls as f64 }
}
sample!(short_circuits, -1.0..1.0, [true, false]);

#[derivative]
pub fn jump_inside_an_expression(x: f64) -> f64 {
    let mut y = x;
    for k in 0..10 {
        y = y * 1.2 + if y > 1.5 { break } else { 0.1 * k as f64 };
    }
    y * y
}
sample!(jump_inside_an_expression, 0.2..1.4);

#[derivative]
pub fn return_inside_an_argument(x: f64, y: f64) -> f64 {
    let t = x.max(if y < 0.5 { return x * y } else { y * y });
    t + x
}
sample!(return_inside_an_argument, 0.0..1.0, 0.0..1.0);

#[derivative]
pub fn loop_index_hides_a_parameter(x: f64) -> f64 {
    let mut y = x;
    for x in 1..4 {
        y = y * 0.5 + x as f64;
    }
    y * x
}
sample!(loop_index_hides_a_parameter, -1.0..1.0);

#[derivative]
pub fn inner_variable_hides_an_outer(x: f64) -> f64 {
    let mut y = x;
    for k in 0..4 {
        let mut y = y + k as f64;
        y *= x;
        if y > 1.0 {
            let y = y * 2.0;
            assert!(y > 2.0);
        }
    }
    {
        let y = y * 7.0;
        assert!(y.is_finite());
    }
    y += 1.0;
    y * x
}
sample!(inner_variable_hides_an_outer, -1.0..1.0);

#[derivative]
pub fn variable_of_the_loop_body_hides_the_carried(x: f64) -> f64 {
    let mut y = x;
    let mut sum = 0.0;
    while sum < 3.0 {
        sum += y * y + 0.25;
        let y = sum * x;
        if y > 2.0 {
            break;
        }
    }
    y += sum;
    y * sum
}
sample!(variable_of_the_loop_body_hides_the_carried, 0.2..1.5);

#[derivative]
pub fn bound_changes_inside_the_loop(x: f64, n: usize) -> f64 {
    let mut limit = n;
    let mut y = x;
    for i in 0..limit {
        limit = 1;
        y = y * x + (limit + i) as f64;
    }
    y * limit as f64
}
sample!(bound_changes_inside_the_loop, -1.0..1.0, [0, 3, 4]);

#[derivative]
pub fn index_changes_inside_the_loop(x: f64) -> f64 {
    let mut y = x;
    for mut i in 0..4 {
        if i > 1 {
            i *= 3;
        }
        y = y.sin() * i as f64 + x;
    }
    y
}
sample!(index_changes_inside_the_loop, -1.0..1.0);

#[derivative]
pub fn range_up_to_the_largest_integer(x: f64) -> f64 {
    let mut y = x;
    for k in 252..=255u8 {
        y = y * x + f64::from(k) * 1e-2;
    }
    y
}
sample!(range_up_to_the_largest_integer, -1.0..1.0);

#[derivative]
pub fn stepped_then_reversed(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in (0..n).step_by(3).rev() {
        y = y * x + k as f64;
    }
    y
}
sample!(stepped_then_reversed, -1.0..1.0, [0, 1, 7, 9]);

#[derivative]
pub fn negative_indices(x: f64) -> f64 {
    let mut y = 0.5;
    for k in -3..=2i32 {
        y = y * x.powi(k) + f64::from(k);
    }
    y
}
sample!(negative_indices, 0.5..1.5);

#[derivative]
pub fn constant_that_shrinks(x: f64, n: usize) -> f64 {
    let mut weight = 1.0;
    let mut y = x;
    for _ in 0..n {
        y = y * y * weight + x;
        weight *= 0.5;
    }
    y * weight
}
sample!(constant_that_shrinks, -0.7..0.7, [0, 2, 5]);

#[derivative]
pub fn inactive_array_that_changes(x: f64) -> f64 {
    let mut weights = [1.0, 2.0, 0.5];
    let mut y = x;
    for i in 0..6 {
        y += weights[i % 3] * y * x;
        weights[i % 3] *= -0.5;
        weights[(i + 1) % 3] += 0.1;
    }
    y
}
sample!(inactive_array_that_changes, -0.7..0.7);

#[derivative]
pub fn inactive_stack(x: f64, n: usize) -> f64 {
    let mut stack = vec![n, 2];
    let mut y = x;
    while !stack.is_empty() {
        let top = stack.pop().unwrap_or(0);
        y = y * 0.5 + x * top as f64;
        if top > 2 {
            stack.push(top / 2);
            stack.push(1);
        }
    }
    y
}
sample!(inactive_stack, -1.0..1.0, [0, 5, 8]);

/// A generator whose state must advance once per iteration, in every companion.
struct Generator(u64);

impl Generator {
    fn next_weight(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 40) as f64 * 1e-8
    }
}

#[derivative]
pub fn random_weights(x: f64, seed: u64) -> f64 {
    let mut generator = Generator(seed);
    let mut y = x;
    for _ in 0..5 {
        let w = generator.next_weight();
        y = (y * w).sin() + x * generator.next_weight();
    }
    y + generator.next_weight()
}
sample!(random_weights, -1.0..1.0, [1, 99]);

#[derivative]
pub fn tuple_from_a_block(x: f64, y: f64) -> f64 {
    let (a, b) = {
        let t = x * y;
        (t, t * t + x)
    };
    a * b
}
sample!(tuple_from_a_block, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn tuple_from_a_loop(x: f64) -> f64 {
    let mut y = x;
    let (low, high) = loop {
        let next = y * 1.5 + 0.1;
        if next > 2.0 {
            break (y, next);
        }
        y = next;
    };
    low * high
}
sample!(tuple_from_a_loop, 0.1..1.9);

#[derivative]
pub fn branch_that_panics(x: f64, kind: u8) -> f64 {
    let scale = if kind == 0 {
        x
    } else if kind < 9 {
        x * x
    } else {
        panic!("unknown kind {kind}")
    };
    if x > 5.0 {
        unreachable!("x = {x}");
    }
    scale * x
}
sample!(branch_that_panics, -1.0..1.0, [0, 3]);

#[derivative]
pub fn booleans_as_numbers(x: f64) -> f64 {
    let inside = (x > 0.0) as u8 as f64;
    let beyond = f64::from(u8::from(x > 0.5));
    x * inside + x * x * beyond
}
sample!(booleans_as_numbers, -1.0..1.0);

#[derivative]
pub fn signs_and_precedence(x: f64) -> f64 {
    -x.powi(2) + -2.0_f64.powi(2) * x - (-x).exp() + -(-x).sin() * -1.0
}
sample!(signs_and_precedence, -1.0..1.0);

/// None of these may be reassociated or folded.
#[derivative]
pub fn roundings_are_kept(x: f64) -> f64 {
    let a = 0.1 * x * 0.3 + 0.1 + 0.2;
    let b = x + 1e3 - 1e3;
    let c = x / 3.0 * 3.0 + (x - 0.1 - 0.2);
    a * b + c
}
sample!(roundings_are_kept, 10.0..20.0);

#[derivative]
pub fn initialised_inside_the_loop(x: f64) -> f64 {
    let found;
    let mut y = x;
    loop {
        y *= 1.3;
        if y > 1.0 {
            found = y - 1.0;
            break;
        }
    }
    found * y
}
sample!(initialised_inside_the_loop, 0.1..0.9);

#[derivative]
pub fn loop_that_runs_once(x: f64) -> f64 {
    let mut y = x;
    loop {
        y = y.sin() * x;
        if y < 10.0 {
            break;
        }
    }
    while false {
        y = 0.0;
    }
    y
}
sample!(loop_that_runs_once, -1.0..1.0);

#[derivative]
pub fn labelled_block_in_a_loop(x: f64) -> f64 {
    let mut y = x;
    'rounds: for k in 0..8 {
        let step = 'choice: {
            if y > 2.0 {
                break 'rounds;
            }
            if k % 2 == 0 {
                break 'choice y * 0.5;
            }
            if y < 0.2 {
                continue 'rounds;
            }
            y * y * 0.1
        };
        y += step;
    }
    y * x
}
sample!(labelled_block_in_a_loop, 0.05..1.5);

#[derivative]
pub fn deep_return(x: f64, n: usize) -> f64 {
    let mut y = x;
    if n > 0 {
        while y < 4.0 {
            for k in 0..n {
                if k % 2 == 0 {
                    loop {
                        y = y * 1.1 + 0.05;
                        if y > 3.0 {
                            return y * y + x;
                        }
                        if y > k as f64 {
                            break;
                        }
                    }
                } else {
                    y += 0.1 * x;
                }
            }
        }
    }
    y.cos()
}
sample!(deep_return, 0.2..2.0, [0, 1, 3]);

#[derivative]
pub fn outer_label_from_a_while(x: f64) -> f64 {
    let mut y = x;
    let mut rounds = 0;
    'outer: while rounds < 6 {
        rounds += 1;
        let mut k = 0;
        while k < 5 {
            k += 1;
            y += 0.1 * x * k as f64;
            if y > 1.0 {
                y *= 0.5;
                continue 'outer;
            }
        }
        y -= 0.2 * y * y;
    }
    y
}
sample!(outer_label_from_a_while, 0.1..1.2);

#[derivative]
pub fn more_names_of_generated_code(x_dot: f64, x_dot_1: f64) -> f64 {
    let mut x_tape = x_dot * x_dot_1;
    let tape = 3;
    let mut y_bar = 1.0;
    for tape_1 in 0..tape {
        let seed_dot = x_tape.sin();
        x_tape = seed_dot * x_dot + tape_1 as f64;
        y_bar *= x_tape;
        if y_bar > 5.0 {
            break;
        }
    }
    y_bar + x_tape
}
sample!(more_names_of_generated_code, 0.2..1.0, 0.5..1.5);

#[derivative]
pub fn variable_that_changes_its_activity_around_the_loop(x: f64, n: usize) -> f64 {
    let mut a = 1.0;
    let mut b = 2.0;
    let mut c = x;
    for _ in 0..n {
        let t = a;
        a = b;
        b = c;
        c = t * 0.5 + b * 0.3;
    }
    a * b + c
}
sample!(variable_that_changes_its_activity_around_the_loop, -1.0..1.0, [0, 1, 2, 3, 6]);

#[derivative]
pub fn integer_that_depends_on_an_active_value(x: f64) -> f64 {
    let mut steps = 0;
    let mut y = x;
    while y > 0.1 {
        y *= 0.6;
        if y > 0.5 {
            steps += 2;
        } else {
            steps += 1;
        }
    }
    let mut z = y;
    for k in 0..steps {
        z = z * x + k as f64;
    }
    z
}
sample!(integer_that_depends_on_an_active_value, 0.2..1.0);

#[derivative]
pub fn boolean_carried_around_a_loop(x: f64) -> f64 {
    let mut rising = true;
    let mut y = x;
    for _ in 0..9 {
        if rising {
            y = y * 1.4 + 0.1;
            rising = y < 2.0;
        } else {
            y *= 0.4;
            rising = y < 0.7;
        }
    }
    y
}
sample!(boolean_carried_around_a_loop, 0.1..1.5);

#[derivative]
pub fn both_ends_move(x: f64, y: f64) -> f64 {
    let (mut low, mut high) = (x, y);
    let mut i = 0usize;
    let mut j = 7usize;
    while i < j {
        low = low * 0.9 + high * i as f64 * 0.01;
        high -= low * j as f64 * 0.02;
        i += 1;
        j -= 1;
    }
    low * high
}
sample!(both_ends_move, -1.0..1.0, -1.0..1.0);

/// What is returned needs the value before the update as well as the one after.
#[derivative]
pub fn updated_then_returned(x: f64) -> f64 {
    let mut y = x;
    let v = x;
    for _ in 0..5 {
        if y <= 0.9 {
            y -= v * 0.7 + v.cos();
            return y.tanh();
        }
    }
    y + v
}
sample!(updated_then_returned, -1.2..1.3);

/// Both targets of the assignment are read on its right, in a loop within a loop.
#[derivative]
pub fn parallel_assignment_in_nested_loops(x: f64, w: f64) -> f64 {
    let mut a = x;
    let mut v = x * w;
    for _ in 0..3 {
        for _ in 0..3 {
            (a, v) = (w.tanh() + a * 0.1, (w - a).tanh() + a * 0.2);
        }
        v *= w;
        if v > 10.0 {
            break;
        }
    }
    v + w
}
sample!(parallel_assignment_in_nested_loops, -1.2..1.3, -1.2..1.3);

/// The first loop leaves a variable that only the second one's condition and body change.
#[derivative]
pub fn parallel_assignment_of_three(x: f64, y: f64, z: f64) -> f64 {
    let (mut a, mut b, mut c) = (x, y, z);
    for k in 0..4 {
        (a, b, c) = (b * 0.9 + c * c, c.sin() - a, a * b * 0.5);
        if k == 2 {
            (a, c) = (c, a + b);
        }
    }
    a * b + c
}
sample!(parallel_assignment_of_three, -0.8..0.8, -0.8..0.8, -0.8..0.8);

#[derivative]
pub fn destructuring_assignment_of_constants(mut x: f64, y: f64) -> f64 {
    let mut t = x * y;
    let before = t.sin() + x;
    (t, x) = (f64::sin(0.1) * 1.3, -0.75);
    before * t + x * y
}
sample!(destructuring_assignment_of_constants, -1.0..1.0, -1.0..1.0);

#[derivative]
pub fn selected_literals(x: f64) -> f64 {
    let s: f64 = if x < 0.3 { 1.25 } else { 2.5 };
    let bound: f64 = {
        if x > 0.8 {
            return x * s.sin();
        }
        2.0
    };
    x * f64::cos(if x < -0.4 { 1.25 } else { 2.5 }) + bound.sqrt() * x.min(bound.clamp(-1.5, 1.5))
}
sample!(selected_literals, -1.0..1.0);

/// A typed constant takes other values around a loop, none of which varies.
#[derivative]
pub fn literal_carried_around_a_loop(x: f64) -> f64 {
    let mut s: f64 = 1.0;
    for k in 0..3 {
        if x > 0.3 {
            s = 2.0;
        }
        s = if k == 1 { s.sqrt() } else { 4.0 };
    }
    x * s.sin()
}
sample!(literal_carried_around_a_loop, -1.0..1.0);
