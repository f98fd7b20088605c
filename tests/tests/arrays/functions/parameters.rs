//! Types of parameters, alone and mixed.

use diff_runtime::derivative;

#[derivative(hvp)]
pub fn array_by_value(x: [f64; 3]) -> f64 {
    x[0] * x[1] + x[2].powi(3)
}
sample!(array_by_value, [-1.0..1.0; 3]);

#[derivative(hvp)]
pub fn array_by_reference(x: &[f64; 3]) -> f64 {
    x[0] * x[1] + x[2].powi(3)
}
sample!(array_by_reference, [-1.0..1.0; 3]);

#[derivative(hvp)]
pub fn vector_by_value(x: Vec<f64>) -> f64 {
    let mut sum = 0.0;
    for (i, v) in x.iter().enumerate() {
        sum += v.powi(i as i32);
    }
    sum
}
sample!(vector_by_value, [0.2..1.0; [0, 1, 5]]);

#[derivative(hvp)]
pub fn vector_by_reference(x: &Vec<f64>) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i].powi(2) * x[x.len() - 1];
    }
    sum
}
sample!(vector_by_reference, [-1.0..1.0; [0, 1, 5]]);

/// Written, and read only before.
#[derivative(hvp)]
pub fn mutable_slice(x: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i] * x[i];
        x[i] = 0.0;
    }
    sum
}
sample!(mutable_slice, [-1.0..1.0; [0, 1, 5]]);

#[derivative(hvp)]
pub fn mutable_array(x: &mut [f64; 3], k: f64) -> f64 {
    for i in 1..3 {
        x[i] -= k * x[i - 1];
    }
    x[0] + x[1] * x[2]
}
sample!(mutable_array, [-1.0..1.0; 3], -1.0..1.0);

#[derivative(hvp)]
pub fn nested_by_value(a: [[f64; 2]; 3]) -> f64 {
    let mut sum = 0.0;
    for i in 0..3 {
        sum += a[i][0] * a[i][1] * a[(i + 1) % 3][0];
    }
    sum
}
sample!(nested_by_value, [[-1.0..1.0; 2]; 3]);

#[derivative(hvp)]
pub fn nested_in_a_slice(a: &[[f64; 3]]) -> f64 {
    let mut sum = 0.0;
    for i in 0..a.len() {
        sum += a[i][0] * a[i][1] - a[i][2].sin() * a[0][0];
    }
    sum
}
sample!(nested_in_a_slice, [[-1.0..1.0; 3]; [0, 1, 3]]);

#[derivative(hvp)]
pub fn nested_in_a_vector(a: &Vec<[f64; 2]>, b: Vec<[f64; 2]>) -> f64 {
    let mut sum = 0.0;
    for i in 0..a.len() {
        sum += a[i][0] * b[i][1] - (a[i][1] * b[i][0]).cos();
    }
    sum
}
sample!(nested_in_a_vector, [[-1.0..1.0; 2]; [0, 1, 3]], [[-1.0..1.0; 2]; [0, 1, 3]]);

#[derivative(hvp)]
pub fn three_dimensions(t: &[[[f64; 2]; 3]; 2]) -> f64 {
    let mut sum = 0.0;
    for i in 0..2 {
        for j in 0..3 {
            for k in 0..2 {
                sum += t[i][j][k] * t[1 - i][2 - j][k].sin() * (i + j + k) as f64;
            }
        }
    }
    sum
}
sample!(three_dimensions, [[[-1.0..1.0; 2]; 3]; 2]);

/// A length that is a constant of the module.
pub const LENGTH: usize = 4;

#[derivative(hvp)]
pub fn length_by_constant(x: &[f64; LENGTH]) -> f64 {
    let mut scaled = [0.0; LENGTH];
    for i in 0..LENGTH {
        scaled[i] = x[i] * x[LENGTH - 1 - i];
    }
    let mut sum = 0.0;
    for v in scaled {
        sum += v.exp();
    }
    sum
}
sample!(length_by_constant, [-1.0..1.0; 4]);

/// Scalars before, between and after arrays.
#[derivative(hvp)]
pub fn mixed(a: f64, x: &[f64], b: f64, y: [f64; 2], n: usize, c: f64) -> f64 {
    let mut sum = a * y[0] + c;
    for v in x {
        sum += (b * v + y[1]).sin() * n as f64;
    }
    sum * c
}
sample!(mixed, -1.0..1.0, [-1.0..1.0; [0, 1, 4]], -1.0..1.0, [-1.0..1.0; 2], [0, 1, 3], 0.5..1.5);

/// Only one of the arrays is active.
#[derivative(wrt(w), hvp)]
pub fn named_by_wrt(x: &[f64], w: &[f64], scale: f64) -> f64 {
    let mut z = 0.0;
    for (x, w) in x.iter().zip(w) {
        z += x * w * scale;
    }
    z.tanh()
}
sample!(named_by_wrt, [-1.0..1.0; 4], [-1.0..1.0; 4], 0.5..1.5);

/// A scalar is active, the arrays are data: companions as of a function of one number.
#[derivative(wrt(rate), hvp)]
pub fn scalar_beside_data(x: &[f64], rate: f64) -> f64 {
    let mut level = 0.0;
    for v in x {
        level += rate * (v - level);
    }
    level * level
}
sample!(scalar_beside_data, [-1.0..1.0; [0, 1, 6]], 0.1..0.9);

/// Local arrays alone.
#[derivative(hvp)]
pub fn local_arrays_of_scalars(x: f64, y: f64) -> f64 {
    let a = [x, y, x * y];
    let b = vec![a[0].sin(), a[1], a[2] * x];
    let mut sum = 0.0;
    for (u, v) in a.iter().zip(b.iter()) {
        sum += u * v;
    }
    sum
}
sample!(local_arrays_of_scalars, -1.0..1.0, -1.0..1.0);

/// Arrays that nothing needs, active and not.
#[derivative(hvp)]
pub fn unused_arrays(x: &[f64], _unused: &[f64], y: f64) -> f64 {
    let mut waste = x.to_vec();
    for i in 0..waste.len() {
        waste[i] = waste[i] * y;
    }
    let zeros = [0.0; 3];
    y * y + zeros[1]
}
sample!(unused_arrays, [-1.0..1.0; 3], [-1.0..1.0; 2], -1.0..1.0);

/// Elements that no path reads.
#[derivative(hvp)]
pub fn some_elements(x: &[f64; 5]) -> f64 {
    x[1].exp() * x[3]
}
sample!(some_elements, [-1.0..1.0; 5]);

#[derivative(hvp)]
pub fn single_precision(x: &[f32], k: f32) -> f32 {
    let mut sum = 0.0;
    for v in x {
        sum += (k * v).sin() * v;
    }
    sum
}
sample!(single_precision, [-1.0..1.0; [0, 1, 5]], 0.5..1.5);

#[derivative(hvp)]
pub fn single_precision_recurrence(x: &[f32; 4]) -> f32 {
    let mut a = [0.0_f32; 4];
    a[0] = x[0];
    for i in 1..4 {
        a[i] = a[i - 1] * x[i] + 0.5;
    }
    a[3] * a[2]
}
sample!(single_precision_recurrence, [-1.0..1.0; 4]);

#[derivative(hvp)]
pub fn single_precision_matrix(a: &[[f32; 2]; 2], x: [f32; 2]) -> f32 {
    let mut norm = 0.0;
    for i in 0..2 {
        let mut y = 0.0;
        for j in 0..2 {
            y += a[i][j] * x[j];
        }
        norm += y * y;
    }
    norm.sqrt()
}
sample!(single_precision_matrix, [[0.2..1.0; 2]; 2], [0.2..1.0; 2]);

/// Single precision data, double precision sum.
#[derivative(hvp)]
pub fn accumulated_in_double(x: &[f32], w: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (x, w) in x.iter().zip(w) {
        sum += f64::from(*x) * w;
    }
    sum * sum
}
sample!(accumulated_in_double, [-1.0..1.0; 4], [-1.0..1.0; 4]);

/// Names that generated code might want.
#[derivative(hvp)]
pub fn names_of_generated_code(x: &[f64], x_bar: &[f64], x_dot: f64) -> f64 {
    let mut tape = vec![0.0; x.len()];
    let mut adjoint = 0.0;
    for i in 0..x.len() {
        tape[i] = x[i] * x_bar[i] + x_dot;
        adjoint += tape[i] * tape[i];
    }
    let seed = adjoint * x_dot;
    seed + adjoint
}
sample!(names_of_generated_code, [-1.0..1.0; 3], [-1.0..1.0; 3], -1.0..1.0);
