//! What the generator of random programs has found, reduced: each was once wrong, or rejected without need.

use diff_runtime::derivative;

/// An array that the branch before does not change was taken for one that no branch changes.
#[derivative]
pub fn changed_in_the_second_branch_alone(n: usize, x: &mut [f64]) -> f64 {
    if n > 1 {
        return 0.5;
    }
    x.swap(0, 1);
    x[0]
}
sample!(changed_in_the_second_branch_alone, [0, 3, 1], [-1.5..1.5; 2]);

/// A condition on literals alone, from an initial value.
#[derivative]
pub fn condition_on_literals(x: f64) -> f64 {
    let mut a = 0.0_f64;
    if a > (a * a).cos() {
        a = 1.0;
    } else {
        a += x;
    }
    let pair = [a, 0.5];
    pair[0] * pair[1]
}
sample!(condition_on_literals, -1.5..1.5);

/// An element of a part that nothing needs, though its index is written down.
#[derivative]
pub fn unneeded_element_of_a_mutable_part(x: &[f64]) -> f64 {
    let mut copy = x.to_vec();
    {
        let part = &mut copy[..];
        let _unneeded = [part[part.len() - 1], 0.5];
    }
    copy[0]
}
sample!(unneeded_element_of_a_mutable_part, [-1.5..1.5; [2, 4]]);

/// Active values enter the array, but it does not vary.
#[derivative]
pub fn array_of_steps_is_changed(x: &[f64; 2]) -> f64 {
    let mut steps = vec![0.5, 3.0_f64.div_euclid(x[0].abs() + 0.6)];
    steps[0] += 0.2 * 0.5;
    steps[0] * x[0] + steps[1] * x[1]
}
sample!(array_of_steps_is_changed, [-1.5..1.5; 2]);
