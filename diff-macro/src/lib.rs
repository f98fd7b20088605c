//! The attribute [`derivative`](macro@derivative), which generates the derivatives of a function at compile time.
//!
//! Use it through the crate `diff-runtime`, which re-exports it: generated code calls that crate.

#![forbid(unsafe_code)]

use proc_macro::TokenStream;

mod accumulate;
mod activity;
mod affine;
mod analyses;
mod attr;
mod batch;
mod bounds;
mod build;
mod call;
#[cfg(test)]
mod check;
mod cleanup;
mod companion;
mod counters;
mod custom;
mod diagnostics;
mod differentiable;
mod emit;
mod expand;
mod fence;
mod formula;
mod forward;
mod generic;
mod ir;
mod linearize;
mod lower;
mod names;
mod partials;
mod primal;
mod reciprocals;
mod resolve;
mod reverse;
mod rules;
mod scatter;
mod scratch;
mod signature;
mod take_apart;
mod taylor;
#[cfg(test)]
mod tests;
mod windows;

/// Generates the derivatives of a function, as functions beside it: its companions.
///
/// ```
/// use diff_runtime::derivative;
///
/// #[derivative]
/// fn f(x: f64, z: f64) -> f64 {
///     2.0 * z.powi(3) * x.powi(2)
/// }
///
/// assert_eq!(f::gradient(3.0, 2.0), [96.0, 216.0]); // [4 z^3 x, 6 z^2 x^2]
/// ```
///
/// The function itself stays as it is. Its companions are associated functions of an uninhabited type of the same name,
/// so that importing or renaming the function takes them along. On a method they are methods with a suffix,
/// `energy_gradient(&self, ..)`.
///
/// # Companions
///
/// A parameter is *active*, that is, differentiated in, if its type is `f64` or `f32`, or an array, a slice or a `Vec`
/// of these; option `wrt` names others. All other parameters are constants. Each companion takes the function's own
/// parameters first, in order.
///
/// | companion | exists when | gives |
/// | --- | --- | --- |
/// | `derivative(args)` | one active parameter | the derivative |
/// | `value_and_derivative(args)` | one active parameter | `(value, derivative)` |
/// | `gradient(args)` | always | the partial derivatives in all active parameters |
/// | `value_and_gradient(args)` | always | `(value, gradient)`, the value computed once |
/// | `jvp(args, tangents..)` | always | `(value, tangent)`: the Jacobian times the tangents, one per active parameter |
/// | `vjp(args, seed)` | always | `(value, adjoints)`: the seed times the Jacobian, in the shape of the gradient |
/// | `gradient_into(args, buffers..)` | an active array | writes the gradient into one buffer per active parameter |
/// | `value_and_gradient_into(args, buffers..)` | an active array | the value; writes the gradient likewise |
/// | `vjp_into(args, seed, buffers..)` | an active array | the value; writes the adjoints likewise |
/// | `partial_x(args)` | option `partials` | the partial derivative in the active parameter `x`, and nothing else computed |
/// | `hessian(args)`, `value_gradient_and_hessian(args)` | option `hessian`; scalars, or one array | the second partial derivatives |
/// | `hessian_into(args, hessian)`, `value_gradient_and_hessian_into(args, buffers.., hessian)` | option `hessian`, an active array | fill a row-major buffer |
/// | `hvp(args, directions..)`, `hvp_into(args, directions.., buffers..)` | option `hvp` | the Hessian times a direction |
/// | `value_gradient_and_hvp(args, directions..)`, and `.._into` | option `hvp` | all three in one pass |
/// | `hessian_pattern()`, `jacobian_pattern()` | all indices are known at compile time | which entries may be other than zero |
/// | `second_derivative(x)` | option `hessian` or `order`, one active scalar | the second derivative |
/// | `derivatives(x)` | option `order = n`, one active scalar | the value and the derivatives up to the n-th |
/// | `third_derivatives(args)` | option `order = 3`, several scalars | the third partial derivatives |
///
/// The gradient in one active parameter has its shape (`Vec` for a slice); in several scalars of one type it is an
/// array, else a tuple. Buffers are overwritten.
///
/// # Options
///
/// | option | effect |
/// | --- | --- |
/// | `wrt(x, y)` | differentiates with respect to exactly these parameters |
/// | `partials` | adds `partial_x` for each active parameter `x` |
/// | `hessian`, `hvp` | add second derivatives: the matrix, its product with a vector |
/// | `order = n` | adds `derivatives`, up to the `n`-th; callers get derivatives up to that order |
/// | `only(gradient, jvp)` | these companions and no others: in the implementation of a trait, those that the trait declares |
/// | `suffix` | plain functions `f_gradient` and so on, where a type of the function's name exists already |
/// | `associated` | for an associated function without a receiver: `T::f_gradient` and so on |
/// | `rule(partials(df_dx, df_dy))` | the partial derivatives are given by functions of the same arguments |
/// | `rule(jvp = f_jvp, vjp = f_vjp)` | the derivative is given by functions with the signatures of these companions; with `hvp = f_hvp` that of second order too |
/// | `crate = ::path` | the path of the runtime crate, where it is not `::diff_runtime` |
///
/// `#[constant]` on a parameter excludes it from the active ones.
///
/// ```
/// use diff_runtime::derivative;
///
/// #[derivative(partials)]
/// fn decay(time: f64, rate: f64, #[constant] start: f64) -> f64 {
///     start * (-rate * time).exp()
/// }
///
/// assert_eq!(decay::gradient(0.0, 0.5, 3.0), [-1.5, 0.0]);
/// assert_eq!(decay::partial_rate(2.0, 0.0, 3.0), -6.0);
///
/// struct Spring {
///     stiffness: f64,
/// }
///
/// impl Spring {
///     #[derivative]
///     fn energy(&self, x: f64) -> f64 {
///         0.5 * self.stiffness * x.powi(2)
///     }
/// }
///
/// assert_eq!(Spring { stiffness: 3.0 }.energy_derivative(2.0), 6.0);
/// ```
///
/// # Calls and rules
///
/// A function may call others that have the attribute, wherever they are; each runs once. A function whose body is not
/// to be differentiated carries its own rule, and then takes part in everything:
///
/// ```
/// use diff_runtime::derivative;
///
/// /// Linear interpolation between the values at 0, 1, 2, ..
/// #[derivative(rule(partials(slope)))]
/// fn table(x: f64, #[constant] values: &[f64]) -> f64 {
///     let k = x as usize;
///     values[k] + slope(x, values) * (x - k as f64)
/// }
///
/// fn slope(x: f64, values: &[f64]) -> f64 {
///     values[x as usize + 1] - values[x as usize]
/// }
///
/// #[derivative]
/// fn energy(x: f64, #[constant] values: &[f64]) -> f64 {
///     table(x * x, values) * x
/// }
///
/// // x^2 = 2.25, where the table has the value 2.75 and the slope 3
/// assert_eq!(energy::derivative(1.5, &[1.0, 3.0, 2.0, 5.0]), 2.75 + 3.0 * 2.0 * 1.5 * 1.5);
/// ```
///
/// Derivatives of second and higher order through a call need those of the callee: it says `hvp`, `hessian` or `order`
/// as well, else the error is at the call. The partial derivatives of a rule are differentiated again if they have the
/// attribute themselves:
///
/// ```
/// use diff_runtime::derivative;
///
/// #[derivative(hvp, rule(partials(cosine)))]
/// fn sine(x: f64) -> f64 {
///     x.sin()
/// }
///
/// #[derivative]
/// fn cosine(x: f64) -> f64 {
///     x.cos()
/// }
///
/// #[derivative(hessian)]
/// fn wave(x: f64) -> f64 {
///     sine(2.0 * x)
/// }
///
/// assert_eq!(wave::hessian(0.3), -4.0 * 0.6_f64.sin());
/// ```
///
/// # What is accepted
///
/// Arithmetic and the methods of `f64` on scalars; elements of arrays; `let`, assignments, blocks, `if`, `while`,
/// `loop`, `for`, `break`, `continue` and `return`. Branches and loops may depend on active values. Code that no active
/// value enters is carried through as it is, whatever it is. An active value that reaches anything without a derivative
/// is an error at that token.
///
/// # Limits
///
/// - The attribute sees tokens, not types: an alias of `f64` is not seen as a float.
/// - Where several derivatives are possible, as of `abs` at 0, the README of `diff-runtime` says which one is given.
/// - Companions panic where the function does, and where a buffer has another length than its parameter.
/// - Reverse mode, that is `vjp`, and `gradient` in arrays or in more than four scalars, records the iterations of loops
///   in a `Vec`, unless a loop only adds up. The documentation of each companion says whether it allocates.
/// - The value that a companion returns is that of the function, to the bit.
#[proc_macro_attribute]
pub fn derivative(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::derivative(options.into(), item.into()).into()
}

/// Implements the trait `Differentiable` for a struct, so that it can be a point, a gradient and a tangent: the gradient
/// of a function in a parameter of the type is a value of the type.
///
/// ```
/// use diff_runtime::Differentiable;
///
/// #[derive(Differentiable)]
/// struct Layer {
///     weights: [f64; 2],
///     bias: f64,
///     inputs: usize,
///     #[constant]
///     scale: f64,
/// }
///
/// let mut layer = Layer { weights: [1.0, 2.0], bias: 3.0, inputs: 2, scale: 10.0 };
/// layer.scale(2.0); // the components, not the constants
/// assert_eq!((layer.weights, layer.bias), ([2.0, 4.0], 6.0));
/// assert_eq!((layer.inputs, layer.scale), (2, 10.0));
/// assert_eq!(layer.dimension(), 3);
/// ```
///
/// Named, tuple, generic and nested structs are accepted. A field is a constant, which keeps its value and has no
/// component, where its tokens show it: it is marked `#[constant]`, or its type is an integer, `bool`, `char`, `str`,
/// `String` or `PhantomData`, or an array or a tuple of these. The type of every other field must itself be
/// `Differentiable`: floats, arrays, tuples, `Vec`s and `Box`es of them, and structs with this derive are. If it is not,
/// the error stands at the type of the field. Constants must be `Clone`. All components have one float type.
///
/// `#[differentiable(crate = path)]` on the struct says where the runtime crate is found under another name.
#[proc_macro_derive(Differentiable, attributes(constant, differentiable))]
pub fn derive_differentiable(input: TokenStream) -> TokenStream {
    differentiable::derive(input.into()).into()
}
