//! A robot arm: where its hand is, how that changes with its joints, and how to reach a point.
//!
//! The arm is a struct, and its forward kinematics a method of it. `#[derivative]` gives the Jacobian in the angles, and
//! with `wrt(self, ..)` the derivatives in the geometry of the arm itself, which calibrate it from measurements. Every
//! number is asserted: against closed forms, against finite differences, and against the geometry that the measurements
//! were made with.

use diff_runtime::descent::minimize;
use diff_runtime::{Differentiable, derivative};
use examples::report::{about, section, show_vector, title};

/// A planar arm of three links, which turns about a vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Arm {
    /// The height of the shoulder.
    base: f64,
    upper: f64,
    fore: f64,
    hand: f64,
    /// What is mounted at the end.
    tool: u32,
}

/// The angles of the joints, in radians: the turn of the base, and three bends, each relative to the link before it.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Joints {
    turn: f64,
    shoulder: f64,
    elbow: f64,
    wrist: f64,
}

/// A point, or a direction.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Point {
    x: f64,
    y: f64,
    z: f64,
}

impl Arm {
    /// The position of the tip.
    #[derivative(wrt(self, joints))]
    fn tip(&self, joints: &Joints) -> Point {
        let upper = joints.shoulder;
        let fore = upper + joints.elbow;
        let hand = fore + joints.wrist;
        let reach = self.upper * upper.cos() + self.fore * fore.cos() + self.hand * hand.cos();
        let height = self.upper * upper.sin() + self.fore * fore.sin() + self.hand * hand.sin();
        Point { x: reach * joints.turn.cos(), y: reach * joints.turn.sin(), z: self.base + height }
    }

    /// The same as numbers: the rows of the Jacobian are gradients in the joints.
    #[derivative(wrt(joints))]
    fn coordinates(&self, joints: &Joints) -> (f64, f64, f64) {
        let upper = joints.shoulder;
        let fore = upper + joints.elbow;
        let hand = fore + joints.wrist;
        let reach = self.upper * upper.cos() + self.fore * fore.cos() + self.hand * hand.cos();
        let height = self.upper * upper.sin() + self.fore * fore.sin() + self.hand * hand.sin();
        (reach * joints.turn.cos(), reach * joints.turn.sin(), self.base + height)
    }

    /// The squared distance of the tip from a target, and a little for bent joints.
    #[derivative(wrt(joints))]
    fn cost(&self, joints: &Joints, #[constant] target: &Point) -> f64 {
        let Joints { turn, shoulder, elbow, wrist } = *joints;
        let (fore, hand) = (shoulder + elbow, shoulder + elbow + wrist);
        let reach = self.upper * shoulder.cos() + self.fore * fore.cos() + self.hand * hand.cos();
        let height = self.upper * shoulder.sin() + self.fore * fore.sin() + self.hand * hand.sin();
        let (x, y, z) = (reach * turn.cos() - target.x, reach * turn.sin() - target.y, self.base + height - target.z);
        x * x + y * y + z * z + 1e-9 * (elbow * elbow + wrist * wrist)
    }
}

/// A measurement of where the tip is.
struct Measurement {
    joints: Joints,
    tip: Point,
}

/// The sum of the squared errors of an arm over measurements.
#[derivative(wrt(arm))]
fn misfit(arm: &Arm, measurements: &[Measurement]) -> f64 {
    let mut sum = 0.0;
    for measurement in measurements {
        let (joints, tip) = (measurement.joints, measurement.tip);
        let fore = joints.shoulder + joints.elbow;
        let hand = fore + joints.wrist;
        let reach = arm.upper * joints.shoulder.cos() + arm.fore * fore.cos() + arm.hand * hand.cos();
        let height = arm.upper * joints.shoulder.sin() + arm.fore * fore.sin() + arm.hand * hand.sin();
        let (x, y) = (reach * joints.turn.cos(), reach * joints.turn.sin());
        let error = Point { x: x - tip.x, y: y - tip.y, z: arm.base + height - tip.z };
        sum += error.x * error.x + error.y * error.y + error.z * error.z;
    }
    sum
}

const ARM: Arm = Arm { base: 0.4, upper: 0.5, fore: 0.4, hand: 0.15, tool: 3 };
const JOINTS: Joints = Joints { turn: 0.6, shoulder: 0.9, elbow: -0.7, wrist: 0.3 };

fn components(joints: &Joints) -> [f64; 4] {
    [joints.turn, joints.shoulder, joints.elbow, joints.wrist]
}

/// The Jacobian of the tip in the joints, by hand.
fn jacobian_by_hand(arm: &Arm, joints: &Joints) -> [[f64; 4]; 3] {
    let Joints { turn, shoulder, elbow, wrist } = *joints;
    let (fore, hand) = (shoulder + elbow, shoulder + elbow + wrist);
    // What the links from each joint outwards add to the reach and to the height.
    let reach = [
        arm.upper * shoulder.cos() + arm.fore * fore.cos() + arm.hand * hand.cos(),
        arm.fore * fore.cos() + arm.hand * hand.cos(),
        arm.hand * hand.cos(),
    ];
    let height = [
        arm.upper * shoulder.sin() + arm.fore * fore.sin() + arm.hand * hand.sin(),
        arm.fore * fore.sin() + arm.hand * hand.sin(),
        arm.hand * hand.sin(),
    ];
    let (sin, cos) = turn.sin_cos();
    [
        [-reach[0] * sin, -height[0] * cos, -height[1] * cos, -height[2] * cos],
        [reach[0] * cos, -height[0] * sin, -height[1] * sin, -height[2] * sin],
        [0.0, reach[0], reach[1], reach[2]],
    ]
}

fn jacobian() {
    section(
        "The Jacobian of the tip in the joints",
        "One row per coordinate, each a gradient in the shape of `Joints`.",
    );
    let (value, rows) = ARM.coordinates_value_and_jacobian(&JOINTS);
    let by_hand = jacobian_by_hand(&ARM, &JOINTS);
    for ((name, row), expected) in
        ["dx / d(joints)", "dy / d(joints)", "dz / d(joints)"].iter().zip(&rows).zip(&by_hand)
    {
        let row = components(row);
        show_vector(name, &row);
        for (found, expected) in row.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{name}: {found} against {expected}");
        }
    }
    let Point { x, y, z } = ARM.tip(&JOINTS);
    assert_eq!(value, (x, y, z));

    // The velocity of the tip while the joints move, by forward mode and by finite differences.
    let rates = Joints { turn: 0.2, shoulder: -0.1, elbow: 0.3, wrist: 0.5 };
    let (_, velocity) = ARM.tip_jvp(&JOINTS, &ARM.zero_like(), &rates);
    let at = |t: f64| {
        let mut moved = JOINTS;
        moved.add_scaled(t, &rates);
        ARM.tip(&moved)
    };
    let (after, before) = (at(1e-5), at(-1e-5));
    show_vector("velocity of the tip", &[velocity.x, velocity.y, velocity.z]);
    for (found, (after, before)) in
        [(velocity.x, (after.x, before.x)), (velocity.y, (after.y, before.y)), (velocity.z, (after.z, before.z))]
    {
        assert!((found - (after - before) / 2e-5).abs() < 1e-9);
    }

    // The torques that hold a force at the tip: the transposed Jacobian times the force, by reverse mode.
    let force = Point { x: 0.0, y: 0.0, z: -9.81 };
    let (_, (_, torques)) = ARM.tip_vjp(&JOINTS, force);
    show_vector("torques of a weight at the tip", &components(&torques));
    for (k, torque) in components(&torques).into_iter().enumerate() {
        assert!((torque + 9.81 * by_hand[2][k]).abs() < 1e-14);
    }
}

fn reach() {
    section("Reaching a point", "The gradient of the distance is a `Joints` as well: the descent moves in it.");
    let target = Point { x: 0.3, y: 0.35, z: 0.8 };
    let objective = |joints: &Joints| ARM.cost_value_and_gradient(joints, &target);
    let found = minimize(objective, JOINTS).expect("the target is in reach");
    let tip = ARM.tip(&found.point);
    show_vector("joints", &components(&found.point));
    show_vector("tip", &[tip.x, tip.y, tip.z]);
    let distance = (tip.x - target.x).hypot(tip.y - target.y).hypot(tip.z - target.z);
    assert!(distance < 1e-4, "the tip is {distance} away");
}

fn calibrate() {
    section(
        "Calibrating the arm",
        "From where the tip was measured to be, the lengths of the links: the gradient in the arm is an `Arm`.",
    );
    let angles = |k: u32| {
        let t = f64::from(k);
        Joints { turn: 0.3 * t, shoulder: 0.2 + 0.1 * t, elbow: (1.3 * t).sin(), wrist: (0.7 * t).cos() }
    };
    let measurements: Vec<Measurement> =
        (0..12).map(|k| Measurement { joints: angles(k), tip: ARM.tip(&angles(k)) }).collect();
    let drawing = Arm { base: 0.5, upper: 0.45, fore: 0.45, hand: 0.1, ..ARM };
    let found =
        minimize(|arm: &Arm| misfit::value_and_gradient(arm, &measurements), drawing).expect("the fit converges");
    let Arm { base, upper, fore, hand, tool } = found.point;
    show_vector("base, upper, fore, hand", &[base, upper, fore, hand]);
    for (found, expected) in [(base, ARM.base), (upper, ARM.upper), (fore, ARM.fore), (hand, ARM.hand)] {
        assert!((found - expected).abs() < 1e-4, "{found} against {expected}");
    }
    assert_eq!(tool, 3);
    about("misfit", found.value, 0.0, 1e-8);
}

fn main() {
    title("A robot arm");
    jacobian();
    reach();
    calibrate();
    println!("\nEvery number agreed with the expected one.");
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_numbers_are_as_expected() {
        super::main();
    }
}
