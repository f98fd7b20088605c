//! Energies, motions and chains of joints.

use diff_runtime::derivative;

/// All pairs of particles on a line, by Lennard and Jones.
#[derivative]
pub fn lennard_jones(x: &[f64], epsilon: f64, sigma: f64) -> f64 {
    let n = x.len();
    (0..n)
        .flat_map(|i| (i + 1..n).map(move |j| (i, j)))
        .map(|(i, j)| {
            let s6 = (sigma / (x[i] - x[j]).abs()).powi(6);
            4.0 * epsilon * (s6 * s6 - s6)
        })
        .sum()
}
sample!(lennard_jones, [0.0..0.4, 1.0..1.4, 2.0..2.4, 3.0..3.4], 0.5..1.0, 0.8..1.0);

#[derivative]
pub fn coulomb(positions: &[[f64; 2]], charges: &[f64]) -> f64 {
    let n = positions.len();
    let distance =
        |i: usize, j: usize| positions[i].iter().zip(&positions[j]).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    (1..n).map(|i| (0..i).map(|j| charges[i] * charges[j] / distance(i, j)).sum::<f64>()).sum()
}
sample!(coulomb, [[0.0..0.5, 0.0..0.5], [1.0..1.5, 0.0..0.5], [0.0..0.5, 1.0..1.5]], [-1.0..1.0; 3]);

#[derivative]
pub fn spring_chain(x: &[f64], k: &[f64], rest: f64) -> f64 {
    x.windows(2).zip(k.iter()).map(|(w, k)| 0.5 * k * (w[1] - w[0] - rest).powi(2)).sum()
}
sample!(spring_chain, [-1.0..1.0; [1, 2, 5]], [0.5..2.0; 4], 0.1..0.5);

/// The end of an arm of joints: how far it is from a point.
#[derivative]
pub fn arm(angles: &[f64], lengths: &[f64], #[constant] target: (f64, f64)) -> f64 {
    let (x, y, _) = angles.iter().zip(lengths).fold((0.0, 0.0, 0.0), |(x, y, heading), (angle, length)| {
        let heading = heading + angle;
        (x + length * heading.cos(), y + length * heading.sin(), heading)
    });
    (x - target.0).powi(2) + (y - target.1).powi(2)
}
sample!(arm, [-1.0..1.0; [0, 1, 4]], [0.5..1.0; 4], [(1.0, 0.5)]);

/// How far a ball flies with drag, by small steps, until it lands.
#[derivative]
pub fn range_of_projectile(speed: f64, angle: f64, drag: f64) -> f64 {
    let (mut x, mut y) = (0.0, 0.0);
    let (mut vx, mut vy) = (speed * angle.cos(), speed * angle.sin());
    let h = 0.02;
    loop {
        let v = vx.hypot(vy);
        vx -= h * drag * v * vx;
        vy -= h * (9.81 + drag * v * vy);
        x += h * vx;
        y += h * vy;
        if y < 0.0 {
            break x - y * vx / vy;
        }
    }
}
sample!(range_of_projectile, 5.0..8.0, 0.5..1.0, 0.01..0.1);

#[derivative]
pub fn kinetic(masses: &[f64], velocities: &[[f64; 3]]) -> f64 {
    masses.iter().zip(velocities).map(|(m, v)| 0.5 * m * v.iter().map(|c| c * c).sum::<f64>()).sum()
}
sample!(kinetic, [0.5..2.0; 3], [[-1.0..1.0; 3]; 3]);

/// Rods that are coupled: energies by kind of bond.
#[derivative]
pub fn bonds(r: &[f64], kinds: &[u8], depth: f64) -> f64 {
    r.iter()
        .zip(kinds.iter())
        .map(|(r, kind)| match kind {
            0 => 0.5 * (r - 1.0).powi(2),
            1 => depth * (1.0 - (-(r - 1.0)).exp()).powi(2),
            2 | 3 if *r > 1.0 => -depth / r,
            _ => depth * r.ln(),
        })
        .sum()
}
sample!(bonds, [0.5..2.0; 4], [&[0, 1, 2, 3][..], &[2, 2, 7][..]], 0.5..2.0);

#[derivative]
pub fn moment_of_inertia(masses: &[f64], x: &[f64]) -> f64 {
    let total: f64 = masses.iter().sum();
    let center = masses.iter().zip(x).map(|(m, x)| m * x).sum::<f64>() / total;
    masses.iter().zip(x).map(|(m, x)| m * (x - center).powi(2)).sum::<f64>()
}
sample!(moment_of_inertia, [0.5..2.0; 4], [-1.0..1.0; 4]);

/// A pendulum by leapfrog.
#[derivative]
pub fn pendulum(theta: f64, omega: f64, steps: usize) -> f64 {
    let force = |t: f64| -t.sin();
    let h = 0.1;
    let (theta, omega) = (0..steps).fold((theta, omega), |(t, w), _| {
        let half = w + 0.5 * h * force(t);
        let t = t + h * half;
        (t, half + 0.5 * h * force(t))
    });
    0.5 * omega * omega + 1.0 - theta.cos()
}
sample!(pendulum, -1.0..1.0, -1.0..1.0, [0, 1, 8]);

#[derivative]
pub fn ising(spins: &[f64], coupling: f64, field: f64) -> f64 {
    let pairs: f64 = spins.iter().zip(spins.iter().skip(1).chain(spins.iter().take(1))).map(|(a, b)| a * b).sum();
    -coupling * pairs - field * spins.iter().sum::<f64>()
}
sample!(ising, [-1.0..1.0; 5], 0.5..1.0, -0.5..0.5);
