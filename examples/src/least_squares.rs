//! Samples enter, the weights of least squared error leave: the closed form that a descent is held against.

/// The weights `w` that minimise the sum of `(<w, row> - target)^2` over all samples.
///
/// They solve the normal equations `A w = c`, with `A` the sum of `row row^T` and `c` the sum of `target row`.
/// `None` if the columns are linearly dependent, so that no weights are better than all others.
pub fn normal_equations<const N: usize>(rows: &[[f64; N]], targets: &[f64]) -> Option<[f64; N]> {
    assert_eq!(rows.len(), targets.len(), "as many targets as rows");
    let mut a = [[0.0; N]; N];
    let mut c = [0.0; N];
    for (row, target) in rows.iter().zip(targets) {
        for i in 0..N {
            c[i] += target * row[i];
            for j in 0..=i {
                a[i][j] += row[i] * row[j];
            }
        }
    }
    cholesky(&mut a)?;
    Some(solve(&a, c))
}

/// Overwrites the lower triangle of a symmetric matrix with its Cholesky factor `l`, `l l^T = a`.
///
/// `None` if the matrix is not positive definite.
fn cholesky<const N: usize>(a: &mut [[f64; N]; N]) -> Option<()> {
    for i in 0..N {
        let scale = a[i][i];
        for j in 0..=i {
            let sum = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            if j < i {
                a[i][j] = sum / a[j][j];
            } else if sum > scale * 1e-13 {
                a[i][i] = sum.sqrt();
            } else {
                // Nothing but rounding is left of this column beside the ones before it.
                return None;
            }
        }
    }
    Some(())
}

/// Solves `l l^T x = b`, `l` in the lower triangle.
fn solve<const N: usize>(l: &[[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for i in 0..N {
        let sum: f64 = (0..i).map(|j| l[i][j] * b[j]).sum();
        b[i] = (b[i] - sum) / l[i][i];
    }
    for i in (0..N).rev() {
        let sum: f64 = (i + 1..N).map(|j| l[j][i] * b[j]).sum();
        b[i] = (b[i] - sum) / l[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_through_the_samples_is_found() {
        let rows = [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [2.0, 3.0, 1.0], [-1.0, 4.0, 1.0]];
        let targets = rows.map(|[x, y, one]| 2.0 * x - 3.0 * y + 5.0 * one);
        let weights = normal_equations(&rows, &targets).unwrap();
        for (weight, expected) in weights.iter().zip([2.0, -3.0, 5.0]) {
            assert!((weight - expected).abs() < 1e-12, "{weights:?}");
        }
    }

    #[test]
    fn the_mean_is_the_best_constant() {
        let [constant] = normal_equations(&[[1.0], [1.0], [1.0]], &[1.0, 2.0, 6.0]).unwrap();
        assert!((constant - 3.0).abs() < 1e-14, "{constant}");
    }

    #[test]
    fn dependent_columns_have_no_solution() {
        let rows = [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]];
        assert_eq!(normal_equations(&rows, &[1.0, 2.0, 3.0]), None);
    }
}
