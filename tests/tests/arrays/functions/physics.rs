//! Energies of particles.

use diff_runtime::derivative;

#[derivative]
pub fn lennard_jones(x: &[[f64; 3]], epsilon: f64, sigma: f64) -> f64 {
    let mut energy = 0.0;
    for i in 0..x.len() {
        for j in 0..i {
            let mut r2 = 0.0;
            for d in 0..3 {
                r2 += (x[i][d] - x[j][d] + 1.2 * (i - j) as f64).powi(2);
            }
            let s6 = (sigma * sigma / r2).powi(3);
            energy += 4.0 * epsilon * (s6 * s6 - s6);
        }
    }
    energy
}
sample!(lennard_jones, [[0.0..0.5; 3]; [1, 2, 4]], 0.5..1.5, 0.8..1.2);

/// Coordinates in one flat slice, as optimisers want them.
#[derivative]
pub fn lennard_jones_flat(x: &[f64]) -> f64 {
    let n = x.len() / 3;
    let mut energy = 0.0;
    for i in 0..n {
        for j in i + 1..n {
            let dx = x[3 * i] - x[3 * j];
            let dy = x[3 * i + 1] - x[3 * j + 1];
            let dz = x[3 * i + 2] - x[3 * j + 2] + 1.5 * (j - i) as f64;
            let r2 = dx * dx + dy * dy + dz * dz;
            let s = 1.0 / (r2 * r2 * r2);
            energy += 4.0 * s * (s - 1.0);
        }
    }
    energy
}
sample!(lennard_jones_flat, [-0.3..0.3; [3, 6, 12]]);

#[derivative]
pub fn spring_chain(x: &[f64], stiffness: f64, #[constant] rest: f64) -> f64 {
    let mut energy = 0.0;
    for i in 0..x.len() - 1 {
        energy += 0.5 * stiffness * (x[i + 1] - x[i] - rest).powi(2);
    }
    for v in x {
        energy += 0.25 * v.powi(4);
    }
    energy
}
sample!(spring_chain, [-1.0..1.0; [1, 2, 7]], 0.5..2.0, 0.1..0.3);

/// A chain in the plane with springs of two lengths.
#[derivative]
pub fn spring_mesh(p: &[[f64; 2]; 5]) -> f64 {
    let mut energy = 0.0;
    for reach in 1..=2 {
        for i in 0..5 - reach {
            let dx = p[i + reach][0] - p[i][0] + reach as f64;
            let dy = p[i + reach][1] - p[i][1];
            energy += (dx.hypot(dy) - reach as f64).powi(2) / reach as f64;
        }
    }
    energy
}
sample!(spring_mesh, [[-0.3..0.3; 2]; 5]);

/// Two steps of symplectic motion under gravity, and the energy after.
#[derivative]
pub fn n_body(position: &[[f64; 2]; 3], velocity: &[[f64; 2]; 3], mass: &[f64; 3]) -> f64 {
    let mut x = *position;
    let mut v = *velocity;
    for _ in 0..2 {
        for i in 0..3 {
            for j in 0..3 {
                if i == j {
                    continue;
                }
                let dx = x[j][0] - x[i][0];
                let dy = x[j][1] - x[i][1];
                let r2 = dx * dx + dy * dy + 0.5;
                let pull = 0.1 * mass[j] / (r2 * r2.sqrt());
                v[i][0] += pull * dx;
                v[i][1] += pull * dy;
            }
        }
        for i in 0..3 {
            for d in 0..2 {
                x[i][d] += 0.1 * v[i][d];
            }
        }
    }
    let mut energy = 0.0;
    for i in 0..3 {
        energy += 0.5 * mass[i] * (v[i][0].powi(2) + v[i][1].powi(2));
        for j in 0..i {
            let r2 = (x[i][0] - x[j][0]).powi(2) + (x[i][1] - x[j][1]).powi(2) + 0.5;
            energy -= mass[i] * mass[j] / r2.sqrt();
        }
    }
    energy
}
sample!(n_body, [[-1.0..1.0; 2]; 3], [[-0.5..0.5; 2]; 3], [0.5..1.5; 3]);

#[derivative]
pub fn coulomb(charge: &[f64], place: &[f64]) -> f64 {
    let mut energy = 0.0;
    for i in 0..charge.len() {
        for j in 0..charge.len() {
            if i != j {
                energy += 0.5 * charge[i] * charge[j] / ((place[i] - place[j]).powi(2) + 0.2).sqrt();
            }
        }
    }
    energy
}
sample!(coulomb, [-1.0..1.0; 4], [-1.0..1.0; 4]);

/// The mean field of spins on a ring, iterated.
#[derivative]
pub fn mean_field_spins(field: &[f64], coupling: f64) -> f64 {
    let n = field.len();
    let mut m = vec![0.0; n];
    for _ in 0..4 {
        for i in 0..n {
            let neighbours = m[(i + 1) % n] + m[(i + n - 1) % n];
            m[i] = (field[i] + coupling * neighbours).tanh();
        }
    }
    let mut total = 0.0;
    for i in 0..n {
        total += m[i];
    }
    total
}
sample!(mean_field_spins, [-1.0..1.0; [1, 2, 5]], 0.1..0.6);

/// The end of an arm of joints.
#[derivative]
pub fn forward_kinematics(angles: &[f64], #[constant] lengths: &[f64], #[constant] target: (f64, f64)) -> f64 {
    let (mut x, mut y, mut angle) = (0.0, 0.0, 0.0);
    for (a, l) in angles.iter().zip(lengths) {
        angle += a;
        x += l * angle.cos();
        y += l * angle.sin();
    }
    (x - target.0).powi(2) + (y - target.1).powi(2)
}
sample!(forward_kinematics, [-1.0..1.0; 4], [0.5..1.0; 4], [(1.0, 0.5), (0.0, 2.0)]);
