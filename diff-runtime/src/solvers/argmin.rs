//! A function and its companions enter, a problem of argmin leaves.

use core::marker::PhantomData;

use argmin::core::{CostFunction, Error, Gradient, Hessian};

use crate::real::Real;

/// A vector of argmin: `Vec<F>`, and with the feature `nalgebra` `DVector<F>`. The trait is sealed.
///
/// Newton's method inverts the Hessian, for which argmin needs the matrices of nalgebra; its other methods take both.
pub trait Vector: sealed::Sealed + Clone {
    /// The type of the components.
    type Scalar: Real;
    /// The matrix that goes with it: `Vec<Vec<F>>`, `DMatrix<F>`.
    type Matrix;

    #[doc(hidden)]
    fn components(&self) -> &[Self::Scalar];
    /// The vector of this length that `fill` writes.
    #[doc(hidden)]
    fn filled(length: usize, fill: impl FnOnce(&mut [Self::Scalar])) -> Self;
    /// The square matrix of this size that `fill` writes row by row.
    #[doc(hidden)]
    fn filled_matrix(size: usize, fill: impl FnOnce(&mut [Self::Scalar])) -> Self::Matrix;
}

mod sealed {
    pub trait Sealed {}
    impl<F> Sealed for Vec<F> {}
    #[cfg(feature = "nalgebra")]
    impl<F> Sealed for nalgebra::DVector<F> {}
}

impl<F: Real> Vector for Vec<F> {
    type Scalar = F;
    type Matrix = Vec<Vec<F>>;

    fn components(&self) -> &[F] {
        self
    }

    fn filled(length: usize, fill: impl FnOnce(&mut [F])) -> Self {
        let mut vector = vec![F::ZERO; length];
        fill(&mut vector);
        vector
    }

    fn filled_matrix(size: usize, fill: impl FnOnce(&mut [F])) -> Vec<Vec<F>> {
        let entries = Self::filled(size * size, fill);
        entries.chunks_exact(size.max(1)).map(<[F]>::to_vec).collect()
    }
}

#[cfg(feature = "nalgebra")]
impl<F: Real> Vector for nalgebra::DVector<F> {
    type Scalar = F;
    type Matrix = nalgebra::DMatrix<F>;

    fn components(&self) -> &[F] {
        self.as_slice()
    }

    fn filled(length: usize, fill: impl FnOnce(&mut [F])) -> Self {
        Self::from_vec(Vec::filled(length, fill))
    }

    fn filled_matrix(size: usize, fill: impl FnOnce(&mut [F])) -> nalgebra::DMatrix<F> {
        nalgebra::DMatrix::from_row_slice(size, size, &Vec::filled(size * size, fill))
    }
}

/// A function with its gradient, and its Hessian if it has one, as a problem of argmin.
///
/// | implements | from | which is |
/// | --- | --- | --- |
/// | [`CostFunction`] | `value: Fn(&[F]) -> F` | the function `f` |
/// | [`Gradient`] | `gradient_into: Fn(&[F], &mut [F])` | the companion `f::gradient_into` |
/// | [`Hessian`] | `hessian_into: Fn(&[F], &mut [F])` | the companion `f::hessian_into` |
///
/// `P` is the type of the parameters: see [`Vector`]. A function with constants, or of another form, goes into closures:
/// `|w: &[f64]| loss(w, &data)` and `|w: &[f64], g: &mut [f64]| loss::gradient_into(w, &data, g)`.
///
/// ```
/// use argmin::core::{Executor, State};
/// use argmin::solver::linesearch::MoreThuenteLineSearch;
/// use argmin::solver::quasinewton::LBFGS;
/// use diff_runtime::derivative;
/// use diff_runtime::solvers::argmin::Problem;
///
/// #[derivative]
/// fn rosenbrock(x: &[f64]) -> f64 {
///     let mut sum = 0.0;
///     for i in 0..x.len() - 1 {
///         sum += 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2);
///     }
///     sum
/// }
///
/// let problem = Problem::new(rosenbrock, rosenbrock::gradient_into);
/// let solver = LBFGS::new(MoreThuenteLineSearch::new(), 7);
/// let result = Executor::new(problem, solver)
///     .configure(|state| state.param(vec![-1.2, 1.0, -1.2, 1.0]).max_iters(100))
///     .run()
///     .unwrap();
/// let best = result.state().get_best_param().unwrap();
/// assert!(best.iter().all(|x| (x - 1.0).abs() < 1e-6));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Problem<P, V, G, H = NoHessian> {
    value: V,
    gradient_into: G,
    hessian_into: H,
    parameters: PhantomData<fn(&P)>,
}

/// Stands for the Hessian that a [`Problem`] does not have.
#[derive(Clone, Copy, Debug)]
pub struct NoHessian;

impl<P: Vector, V, G> Problem<P, V, G>
where
    V: Fn(&[P::Scalar]) -> P::Scalar,
    G: Fn(&[P::Scalar], &mut [P::Scalar]),
{
    /// The problem of a function and its gradient.
    pub fn new(value: V, gradient_into: G) -> Self {
        Self { value, gradient_into, hessian_into: NoHessian, parameters: PhantomData }
    }

    /// The same problem with a Hessian, for Newton's method and trust regions.
    ///
    /// `hessian_into` writes `n x n` entries row by row.
    ///
    /// ```
    /// use argmin::core::{Executor, State};
    /// use argmin::solver::trustregion::{Steihaug, TrustRegion};
    /// use diff_runtime::derivative;
    /// use diff_runtime::solvers::argmin::Problem;
    ///
    /// #[derivative(hessian)]
    /// fn beale(x: &[f64]) -> f64 {
    ///     let mut sum = 0.0;
    ///     let mut power = x[1];
    ///     for target in [1.5, 2.25, 2.625] {
    ///         sum += (target - x[0] + x[0] * power).powi(2);
    ///         power *= x[1];
    ///     }
    ///     sum
    /// }
    ///
    /// let problem = Problem::new(beale, beale::gradient_into).with_hessian(beale::hessian_into);
    /// let solver = TrustRegion::<_, f64>::new(Steihaug::new());
    /// let result = Executor::new(problem, solver)
    ///     .configure(|state| state.param(vec![1.0, 0.0]).max_iters(20))
    ///     .run()
    ///     .unwrap();
    /// let best = result.state().get_best_param().unwrap();
    /// assert!((best[0] - 3.0).abs() < 1e-9 && (best[1] - 0.5).abs() < 1e-9);
    /// ```
    pub fn with_hessian<H>(self, hessian_into: H) -> Problem<P, V, G, H>
    where
        H: Fn(&[P::Scalar], &mut [P::Scalar]),
    {
        Problem { value: self.value, gradient_into: self.gradient_into, hessian_into, parameters: self.parameters }
    }
}

impl<P: Vector, V, G, H> CostFunction for Problem<P, V, G, H>
where
    V: Fn(&[P::Scalar]) -> P::Scalar,
{
    type Param = P;
    type Output = P::Scalar;

    fn cost(&self, x: &P) -> Result<P::Scalar, Error> {
        Ok((self.value)(x.components()))
    }
}

impl<P: Vector, V, G, H> Gradient for Problem<P, V, G, H>
where
    G: Fn(&[P::Scalar], &mut [P::Scalar]),
{
    type Param = P;
    type Gradient = P;

    fn gradient(&self, x: &P) -> Result<P, Error> {
        let x = x.components();
        Ok(P::filled(x.len(), |gradient| (self.gradient_into)(x, gradient)))
    }
}

impl<P: Vector, V, G, H> Hessian for Problem<P, V, G, H>
where
    H: Fn(&[P::Scalar], &mut [P::Scalar]),
{
    type Param = P;
    type Hessian = P::Matrix;

    fn hessian(&self, x: &P) -> Result<P::Matrix, Error> {
        let x = x.components();
        Ok(P::filled_matrix(x.len(), |hessian| (self.hessian_into)(x, hessian)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(x: &[f64]) -> f64 {
        x[0] * x[0] * x[1]
    }
    fn gradient_into(x: &[f64], gradient: &mut [f64]) {
        gradient.copy_from_slice(&[2.0 * x[0] * x[1], x[0] * x[0]]);
    }
    /// Not symmetric, as it should be, so that rows and columns are told apart.
    fn hessian_into(x: &[f64], hessian: &mut [f64]) {
        hessian.copy_from_slice(&[2.0 * x[1], 2.0 * x[0], -2.0 * x[0], 0.0]);
    }

    #[test]
    fn companions_are_called_at_the_parameters() {
        let problem = Problem::new(f, gradient_into).with_hessian(hessian_into);
        let x = vec![3.0, 2.0];
        assert_eq!(problem.cost(&x).unwrap(), 18.0);
        assert_eq!(problem.gradient(&x).unwrap(), [12.0, 9.0]);
        assert_eq!(problem.hessian(&x).unwrap(), [[4.0, 6.0], [-6.0, 0.0]]);
    }

    #[test]
    #[cfg(feature = "nalgebra")]
    fn vectors_of_nalgebra_have_its_matrices() {
        let problem = Problem::new(f, gradient_into).with_hessian(hessian_into);
        let x = nalgebra::DVector::from_column_slice(&[3.0, 2.0]);
        assert_eq!(problem.gradient(&x).unwrap().as_slice(), [12.0, 9.0]);
        assert_eq!(problem.hessian(&x).unwrap(), nalgebra::DMatrix::from_row_slice(2, 2, &[4.0, 6.0, -6.0, 0.0]));
    }

    #[test]
    fn no_parameters_are_allowed() {
        let problem =
            Problem::new(|_: &[f64]| 7.0, |_: &[f64], _: &mut [f64]| ()).with_hessian(|_: &[f64], _: &mut [f64]| ());
        assert_eq!(problem.cost(&Vec::new()).unwrap(), 7.0);
        assert!(problem.hessian(&Vec::new()).unwrap().is_empty());
    }
}
