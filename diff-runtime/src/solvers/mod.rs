//! A function and its companions enter the solvers of other crates: quasi-Newton and Newton methods, trust regions,
//! least squares, constraints, sampling.
//!
//! [`descent`](crate::descent) has first-order methods. For everything else the ecosystem has solvers, and companions
//! have the signatures that these want. Where a crate wants an implementation of its traits, this module has a type for
//! it, with a feature of the crate's name.
//!
//! | crate | for | takes |
//! | --- | --- | --- |
//! | argmin 0.11 | L-BFGS, Newton, trust regions | `argmin::Problem`, feature `argmin` |
//! | levenberg-marquardt 0.15 | nonlinear least squares | `levenberg_marquardt::LeastSquares`, feature `levenberg-marquardt` |
//! | nuts-rs 0.19 | samples of a posterior density | `f::value_and_gradient_into` as it is, [below](#nuts-rs) |
//! | optimization_engine 0.12 | constraints by projection and penalty | `f`, `f::gradient_into`, [below](#optimization_engine) |
//! | nlopt 0.8 | constraints, global search | `f::value_and_gradient_into`, `g::jacobian_into`, [below](#nlopt) |
//! | ipopt 0.6 | large sparse problems with constraints | `f::gradient_into`, `g::jacobian_into`, `f::hessian`, [below](#ipopt) |
//!
//! The programs in `examples/` of the repository use the first four on real data.
//!
//! In what follows, the objective and the constraints are
//!
//! ```
//! use diff_runtime::derivative;
//!
//! #[derivative]
//! fn objective(x: &[f64]) -> f64 {
//!     (x[0] - 3.0).powi(2) + x[0] * x[1] + x[1].powi(2)
//! }
//!
//! /// All components are to be at most 0.
//! #[derivative]
//! fn constraints(x: &[f64], out: &mut [f64]) {
//!     out[0] = x[0] - x[1];
//!     out[1] = 2.0 - x[0] * x[1];
//! }
//! # let (mut out, mut jacobian) = ([0.0; 2], [0.0; 4]);
//! # constraints::jacobian_into(&[1.0, 2.0], &mut out, &mut jacobian);
//! # assert_eq!((out, jacobian), ([-1.0, 0.0], [1.0, -1.0, -2.0, -1.0]));
//! # let mut gradient = [0.0; 2];
//! # assert_eq!(objective::value_and_gradient_into(&[1.0, 2.0], &mut gradient), 10.0);
//! # assert_eq!(gradient, [-2.0, 5.0]);
//! ```
//!
//! # nuts-rs
//!
//! The method `logp` of its trait `CpuLogpFunc` has the signature of `value_and_gradient_into`, but for the `Ok`:
//!
//! ```
//! # use diff_runtime::derivative;
//! # #[derivative]
//! # fn log_density(x: &[f64]) -> f64 {
//! #     -0.5 * (x[0] * x[0] + x[1] * x[1])
//! # }
//! # type LogpError = std::convert::Infallible;
//! # struct Posterior;
//! # impl Posterior {
//! fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, LogpError> {
//!     Ok(log_density::value_and_gradient_into(position, gradient))
//! }
//! # }
//! # let mut gradient = [0.0; 2];
//! # assert_eq!(Posterior.logp(&[1.0, 2.0], &mut gradient), Ok(-2.5));
//! # assert_eq!(gradient, [-1.0, -2.0]);
//! ```
//!
//! The rest of the trait says what the parameters are called, and what is kept of each draw: that is the model's own.
//!
//! # optimization_engine
//!
//! `Problem::new(&constraints, gradient, cost)` takes closures that return `Result<(), SolverError>`:
//!
//! ```
//! # use diff_runtime::derivative;
//! # #[derivative]
//! # fn objective(x: &[f64]) -> f64 {
//! #     (x[0] - 3.0).powi(2) + x[0] * x[1] + x[1].powi(2)
//! # }
//! # type SolverError = &'static str;
//! let cost = |x: &[f64], value: &mut f64| -> Result<(), SolverError> {
//!     *value = objective(x);
//!     Ok(())
//! };
//! let gradient = |x: &[f64], gradient: &mut [f64]| -> Result<(), SolverError> {
//!     objective::gradient_into(x, gradient);
//!     Ok(())
//! };
//! # let (mut value, mut g) = (0.0, [0.0; 2]);
//! # assert!(cost(&[1.0, 2.0], &mut value).is_ok() && gradient(&[1.0, 2.0], &mut g).is_ok());
//! # assert_eq!((value, g), (10.0, [-2.0, 5.0]));
//! ```
//!
//! The penalty and augmented Lagrangian methods take constraints as a mapping, and the product of its transposed Jacobian
//! with a vector: that is `constraints::vjp`.
//!
//! # nlopt
//!
//! An objective is asked for its gradient or not; several constraints at once are asked for their Jacobian, row by row:
//!
//! ```
//! # use diff_runtime::derivative;
//! # #[derivative]
//! # fn objective(x: &[f64]) -> f64 {
//! #     (x[0] - 3.0).powi(2) + x[0] * x[1] + x[1].powi(2)
//! # }
//! # #[derivative]
//! # fn constraints(x: &[f64], out: &mut [f64]) {
//! #     out[0] = x[0] - x[1];
//! #     out[1] = 2.0 - x[0] * x[1];
//! # }
//! let for_nlopt = |x: &[f64], gradient: Option<&mut [f64]>, _: &mut ()| match gradient {
//!     Some(gradient) => objective::value_and_gradient_into(x, gradient),
//!     None => objective(x),
//! };
//! let several_for_nlopt = |out: &mut [f64], x: &[f64], jacobian: Option<&mut [f64]>, _: &mut ()| match jacobian {
//!     Some(jacobian) => constraints::jacobian_into(x, out, jacobian),
//!     None => constraints(x, out),
//! };
//! # fn as_nlopt_wants(_: &impl Fn(&[f64], Option<&mut [f64]>, &mut ()) -> f64) {}
//! # fn several_as_nlopt_wants(_: &impl Fn(&mut [f64], &[f64], Option<&mut [f64]>, &mut ())) {}
//! # as_nlopt_wants(&for_nlopt);
//! # several_as_nlopt_wants(&several_for_nlopt);
//! # let (mut gradient, mut out, mut jacobian) = ([0.0; 2], [0.0; 2], [0.0; 4]);
//! # assert_eq!(for_nlopt(&[1.0, 2.0], Some(&mut gradient), &mut ()), 10.0);
//! # several_for_nlopt(&mut out, &[1.0, 2.0], Some(&mut jacobian), &mut ());
//! # assert_eq!((gradient, out, jacobian), ([-2.0, 5.0], [-1.0, 0.0], [1.0, -1.0, -2.0, -1.0]));
//! # assert_eq!(for_nlopt(&[1.0, 2.0], None, &mut ()), 10.0);
//! ```
//!
//! # ipopt
//!
//! Its traits `BasicProblem` and `ConstrainedProblem` have one method per function, which answers whether it could be
//! evaluated. A dense Jacobian has the entries `(i, j)` in the order of the rows, and so in that of `jacobian_into`:
//!
//! ```
//! # use diff_runtime::derivative;
//! # #[derivative]
//! # fn objective(x: &[f64]) -> f64 {
//! #     (x[0] - 3.0).powi(2) + x[0] * x[1] + x[1].powi(2)
//! # }
//! # #[derivative]
//! # fn constraints(x: &[f64], out: &mut [f64]) {
//! #     out[0] = x[0] - x[1];
//! #     out[1] = 2.0 - x[0] * x[1];
//! # }
//! # struct Design;
//! # impl Design {
//! fn objective(&self, x: &[f64], _: bool, value: &mut f64) -> bool {
//!     *value = objective(x);
//!     value.is_finite()
//! }
//! fn objective_grad(&self, x: &[f64], _: bool, gradient: &mut [f64]) -> bool {
//!     objective::gradient_into(x, gradient);
//!     true
//! }
//! fn constraint(&self, x: &[f64], _: bool, out: &mut [f64]) -> bool {
//!     constraints(x, out);
//!     true
//! }
//! fn constraint_jacobian_values(&self, x: &[f64], _: bool, values: &mut [f64]) -> bool {
//!     constraints::jacobian_into(x, &mut [0.0; 2], values);
//!     true
//! }
//! # }
//! # let (mut value, mut gradient, mut out, mut values) = (0.0, [0.0; 2], [0.0; 2], [0.0; 4]);
//! # let x = [1.0, 2.0];
//! # assert!(Design.objective(&x, true, &mut value) && Design.objective_grad(&x, false, &mut gradient));
//! # assert!(Design.constraint(&x, false, &mut out) && Design.constraint_jacobian_values(&x, false, &mut values));
//! # assert_eq!((value, gradient, out), (10.0, [-2.0, 5.0], [-1.0, 0.0]));
//! # assert_eq!(values, [1.0, -1.0, -2.0, -1.0]);
//! ```

#[cfg(feature = "argmin")]
pub mod argmin;
#[cfg(feature = "levenberg-marquardt")]
pub mod levenberg_marquardt;
