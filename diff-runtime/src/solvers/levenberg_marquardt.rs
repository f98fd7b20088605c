//! Residuals and their Jacobian enter, a problem of the crate levenberg-marquardt leaves.

use levenberg_marquardt::LeastSquaresProblem;
use nalgebra::{DMatrix, DVector, Dyn, RealField, VecStorage};

use crate::real::Real;

/// Residuals `r_1(p), .., r_m(p)` of parameters `p`, whose sum of squares is to be least.
///
/// Made of a function that writes its results, `fn residuals(p: &[F], out: &mut [F])`, and its companion
/// `residuals::jacobian_into`; constants, the data above all, stay in closures around them. The companion writes the
/// Jacobian row by row, nalgebra keeps it column by column: this type puts it in order.
///
/// ```
/// use diff_runtime::derivative;
/// use diff_runtime::solvers::levenberg_marquardt::LeastSquares;
/// use levenberg_marquardt::LevenbergMarquardt;
///
/// /// `a exp(-b t) - y` for every sample.
/// #[derivative]
/// fn residuals(p: &[f64], #[constant] t: &[f64], #[constant] y: &[f64], out: &mut [f64]) {
///     for i in 0..t.len() {
///         out[i] = p[0] * (-p[1] * t[i]).exp() - y[i];
///     }
/// }
///
/// let t = [0.0, 1.0, 2.0, 3.0];
/// let y = t.map(|t: f64| 2.0 * (-0.5 * t).exp());
/// let problem = LeastSquares::new(
///     &[1.0, 1.0],
///     t.len(),
///     |p: &[f64], out: &mut [f64]| residuals(p, &t, &y, out),
///     |p: &[f64], out: &mut [f64], jacobian: &mut [f64]| residuals::jacobian_into(p, &t, &y, out, jacobian),
/// );
/// let (fitted, report) = LevenbergMarquardt::new().minimize(problem);
/// assert!(report.termination.was_successful());
/// assert!((fitted.parameters()[0] - 2.0).abs() < 1e-9 && (fitted.parameters()[1] - 0.5).abs() < 1e-9);
/// ```
#[derive(Clone, Debug)]
pub struct LeastSquares<F, R, J> {
    parameters: DVector<F>,
    residual_count: usize,
    residuals: R,
    jacobian_into: J,
}

impl<F, R, J> LeastSquares<F, R, J>
where
    F: Real + RealField,
    R: Fn(&[F], &mut [F]),
    J: Fn(&[F], &mut [F], &mut [F]),
{
    /// The problem of `residual_count` residuals, to be solved from `start`.
    ///
    /// `residuals(p, out)` writes the residuals, `jacobian_into(p, out, jacobian)` the residuals and, row by row, the
    /// derivative of each in each parameter.
    pub fn new(start: &[F], residual_count: usize, residuals: R, jacobian_into: J) -> Self {
        Self { parameters: DVector::from_column_slice(start), residual_count, residuals, jacobian_into }
    }
}

impl<F, R, J> LeastSquares<F, R, J> {
    /// The current parameters: after a minimisation, those that it found.
    pub fn parameters(&self) -> &[F] {
        self.parameters.as_slice()
    }
}

impl<F, R, J> LeastSquaresProblem<F, Dyn, Dyn> for LeastSquares<F, R, J>
where
    F: Real + RealField,
    R: Fn(&[F], &mut [F]),
    J: Fn(&[F], &mut [F], &mut [F]),
{
    type ResidualStorage = VecStorage<F, Dyn, nalgebra::U1>;
    type JacobianStorage = VecStorage<F, Dyn, Dyn>;
    type ParameterStorage = VecStorage<F, Dyn, nalgebra::U1>;

    fn set_params(&mut self, parameters: &DVector<F>) {
        self.parameters.copy_from(parameters);
    }

    fn params(&self) -> DVector<F> {
        self.parameters.clone()
    }

    fn residuals(&self) -> Option<DVector<F>> {
        let mut out = DVector::from_element(self.residual_count, <F as Real>::ZERO);
        (self.residuals)(self.parameters(), out.as_mut_slice());
        Some(out)
    }

    fn jacobian(&self) -> Option<DMatrix<F>> {
        let (rows, columns) = (self.residual_count, self.parameters.len());
        let mut out = vec![<F as Real>::ZERO; rows];
        let mut by_rows = vec![<F as Real>::ZERO; rows * columns];
        (self.jacobian_into)(self.parameters(), &mut out, &mut by_rows);
        Some(DMatrix::from_row_slice(rows, columns, &by_rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_jacobian_stay_rows() {
        let residuals = |p: &[f64], out: &mut [f64]| out.copy_from_slice(&[p[0], p[1], p[0] * p[1]]);
        let jacobian_into = |p: &[f64], out: &mut [f64], jacobian: &mut [f64]| {
            residuals(p, out);
            jacobian.copy_from_slice(&[1.0, 0.0, 0.0, 1.0, p[1], p[0]]);
        };
        let mut problem = LeastSquares::new(&[0.0, 0.0], 3, residuals, jacobian_into);
        problem.set_params(&DVector::from_column_slice(&[2.0, 3.0]));
        assert_eq!(problem.params().as_slice(), problem.parameters());
        assert_eq!(problem.residuals().unwrap().as_slice(), [2.0, 3.0, 6.0]);
        assert_eq!(problem.jacobian().unwrap(), DMatrix::from_row_slice(3, 2, &[1.0, 0.0, 0.0, 1.0, 3.0, 2.0]));
    }
}
