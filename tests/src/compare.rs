//! The comparison: a function with its companions and its twin goes in, the largest errors come out.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::dual::{Cast, Dual, Dual32, Dual64};

/// Points at which a function is compared.
const POINTS: usize = 16;

/// Of these, so many finite differences may be skipped because a kink or a jump is too near.
const SKIPPED_AT_MOST: usize = 4;

/// Two exact methods differ by roundings alone. Each rounds a few dozen operations, some of which amplify what came
/// before: the functions are sampled where their condition numbers stay below some 1e3, and 1e3 * eps is 2e-13.
const EXACT: f64 = 1e-12;

/// In `f32` the same number of roundings, each of 6e-8.
const EXACT_SINGLE: f64 = 1e-4;

/// Extrapolated central differences with a step of 1e-3: truncation of order h^4 = 1e-12 times a fifth derivative,
/// rounding of eps / h = 2e-13 times the value. The functions' higher derivatives and values add some 1e4.
const DIFFERENCE: f64 = 1e-7;

/// In `f32`, with a step of 0.05: h^4 = 6e-6 and eps / h = 1e-6 times the same.
const DIFFERENCE_SINGLE: f64 = 2e-2;

/// A component of a parameter: the parameter itself, or an element of it.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The parameter.
    pub name: &'static str,
    /// It is differentiated in, and not merely sampled.
    pub active: bool,
    /// It is an `f32`.
    pub single: bool,
    /// The interval in which it is sampled.
    pub low: f64,
    /// The interval in which it is sampled.
    pub high: f64,
}

/// A number, or an array in the order of its elements, per sampled parameter.
pub type Flattened<S> = [Vec<S>];

/// A number at a point.
pub type ValueAt = fn(p: &Flattened<f64>, k: usize) -> f64;
/// A derivative at a point: `value_and_derivative`, and `derivative`.
pub type DerivativeAt = fn(p: &Flattened<f64>, k: usize) -> (f64, f64, f64);
/// A gradient at a point.
pub type GradientAt = fn(p: &Flattened<f64>, k: usize) -> Vec<f64>;
/// A value and a gradient at a point.
pub type ValueAndGradientAt = fn(p: &Flattened<f64>, k: usize) -> (f64, Vec<f64>);
/// A value and a tangent at a point along a direction.
pub type JvpAt = fn(p: &Flattened<f64>, t: &Flattened<f64>, k: usize) -> (f64, f64);
/// A value and adjoints at a point for a seed.
pub type VjpAt = fn(p: &Flattened<f64>, seed: f64, k: usize) -> (f64, Vec<f64>);

/// The companions that write into buffers.
#[derive(Clone, Copy, Debug)]
pub struct Into {
    /// `gradient_into`
    pub gradient: GradientAt,
    /// `value_and_gradient_into`
    pub value_and_gradient: ValueAndGradientAt,
    /// `vjp_into`
    pub vjp: VjpAt,
}

/// The products of the Hessian with a direction, in both orders of the modes.
#[derive(Clone, Copy, Debug)]
pub struct Second {
    /// `hvp`: reverse over forward mode.
    pub hvp: ProductAt,
    /// `value_gradient_and_hvp`: forward mode over the gradient.
    pub beside: BesideAt,
}

/// A product with the Hessian at a point along a direction.
pub type ProductAt = fn(p: &Flattened<f64>, t: &Flattened<f64>, k: usize) -> Vec<f64>;
/// The same with the value and the gradient.
pub type BesideAt = fn(p: &Flattened<f64>, t: &Flattened<f64>, k: usize) -> (f64, Vec<f64>, Vec<f64>);

/// A function of the corpus: `p` is a point, `k` its number, which picks the inactive arguments.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Module and function.
    pub name: &'static str,
    /// Per sampled parameter its components.
    pub inputs: fn(k: usize) -> Vec<Vec<Input>>,
    /// The function returns an `f32`.
    pub single: bool,
    /// Something in the function is an `f32`, so that no more than that precision can be asked for.
    pub narrow: bool,
    /// The function.
    pub value: ValueAt,
    /// `derivative` and `value_and_derivative`, of one active scalar.
    pub derivative: Option<DerivativeAt>,
    /// `gradient`
    pub gradient: GradientAt,
    /// `value_and_gradient`
    pub value_and_gradient: ValueAndGradientAt,
    /// The companions that write into buffers, if an active parameter is an array.
    pub into: Option<Into>,
    /// The products with the Hessian, with option `hvp`.
    pub second: Option<Second>,
    /// `jvp`
    pub jvp: JvpAt,
    /// `vjp`
    pub vjp: VjpAt,
    /// One per active parameter, or none without the option.
    pub partials: &'static [ValueAt],
    /// The function on dual numbers.
    pub twin: fn(p: &Flattened<Dual64>, k: usize) -> Dual64,
}

/// The inactive argument at the `k`-th point.
#[must_use]
pub fn pick<T: Copy, const N: usize>(choices: [T; N], k: usize) -> T {
    choices[k % N]
}

/// What buffers hold before they are overwritten: whatever is added to it stays what it is.
#[must_use]
pub fn dirty(p: &Flattened<f64>) -> Vec<Vec<f64>> {
    p.iter().map(|parameter| vec![f64::NAN; parameter.len()]).collect()
}

/// An argument from its components.
pub trait Unflat<S>: Sized {
    /// Takes as many components as there are elements.
    fn unflat(flat: &mut std::slice::Iter<'_, S>) -> Self;
}

/// An argument from all of its components.
///
/// # Panics
/// If there are more or fewer components than the argument has.
#[must_use]
pub fn unflat<S, T: Unflat<S>>(flat: &[S]) -> T {
    let mut components = flat.iter();
    let argument = T::unflat(&mut components);
    assert!(components.next().is_none(), "as many components as the argument has");
    argument
}

macro_rules! unflat_scalars {
    ($($component:ty => $scalar:ty = $convert:expr;)*) => {$(
        impl Unflat<$component> for $scalar {
            fn unflat(flat: &mut std::slice::Iter<'_, $component>) -> Self {
                $convert(*flat.next().expect("as many components as the argument has"))
            }
        }
    )*};
}
unflat_scalars! {
    f64 => f64 = |x: f64| x;
    f64 => f32 = narrowed;
    Dual64 => Dual64 = |x: Dual64| x;
    Dual64 => Dual32 = <Dual64 as Cast<Dual32>>::cast;
}

#[allow(clippy::cast_possible_truncation, reason = "the rounding is what is asked for")]
fn narrowed(x: f64) -> f32 {
    x as f32
}

impl<S, T: Unflat<S>, const N: usize> Unflat<S> for [T; N] {
    fn unflat(flat: &mut std::slice::Iter<'_, S>) -> Self {
        std::array::from_fn(|_| T::unflat(flat))
    }
}

impl<S, T: Unflat<S>> Unflat<S> for Vec<T> {
    fn unflat(flat: &mut std::slice::Iter<'_, S>) -> Self {
        let mut elements = Self::new();
        while !flat.as_slice().is_empty() {
            elements.push(T::unflat(flat));
        }
        elements
    }
}

/// The components of a gradient, in order.
pub trait Flat {
    /// The components.
    fn flat(self) -> Vec<f64>;
}

impl Flat for f64 {
    fn flat(self) -> Vec<f64> {
        vec![self]
    }
}

impl Flat for f32 {
    fn flat(self) -> Vec<f64> {
        vec![f64::from(self)]
    }
}

impl<T: Flat, const N: usize> Flat for [T; N] {
    fn flat(self) -> Vec<f64> {
        self.into_iter().flat_map(T::flat).collect()
    }
}

impl<T: Flat> Flat for Vec<T> {
    fn flat(self) -> Vec<f64> {
        self.into_iter().flat_map(T::flat).collect()
    }
}

macro_rules! flat_tuples {
    ($($($part:ident)*;)*) => {$(
        impl<$($part: Flat),*> Flat for ($($part,)*) {
            #[allow(non_snake_case, reason = "a variable per type")]
            fn flat(self) -> Vec<f64> {
                let ($($part,)*) = self;
                [$($part.flat()),*].concat()
            }
        }
    )*};
}
flat_tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}

/// Random programs amplify roundings more than the functions of the corpus, whose condition numbers are known: by this
/// factor. What is wrong is wrong in the leading digits.
const RANDOM_SLACK: f64 = 1e4;

/// Points at which a random program is compared.
const RANDOM_POINTS: usize = 4;

/// What a comparison found.
#[derive(Debug)]
pub struct Outcome {
    /// How many points were compared.
    pub points: usize,
    /// Largest relative error against dual numbers, of the forward and the reverse companions.
    forward: f64,
    reverse: f64,
    /// Largest relative error against finite differences, how many were compared and how many were not.
    difference: f64,
    compared: usize,
    skipped: usize,
    /// Largest relative error of the dot-product identity.
    product: f64,
    /// Largest difference of the products with the Hessian in the two orders of the modes, and of these from finite
    /// differences of the gradient; how many of those were compared and how many were not.
    orders: f64,
    second_difference: f64,
    second_compared: usize,
    second_skipped: usize,
    /// By what factor errors may be larger than the tolerances.
    slack: f64,
    /// What was wrong.
    pub failures: Vec<String>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            points: 0,
            forward: 0.0,
            reverse: 0.0,
            difference: 0.0,
            compared: 0,
            skipped: 0,
            product: 0.0,
            orders: 0.0,
            second_difference: 0.0,
            second_compared: 0,
            second_skipped: 0,
            slack: 1.0,
            failures: Vec::new(),
        }
    }
}

impl Outcome {
    fn failure(text: String) -> Self {
        Self { failures: vec![text], ..Self::default() }
    }

    /// Takes over the errors of another, where they are larger.
    fn include(&mut self, other: &Self) {
        self.points += other.points;
        self.forward = self.forward.max(other.forward);
        self.reverse = self.reverse.max(other.reverse);
        self.difference = self.difference.max(other.difference);
        self.product = self.product.max(other.product);
        self.compared += other.compared;
        self.skipped += other.skipped;
        self.orders = self.orders.max(other.orders);
        self.second_difference = self.second_difference.max(other.second_difference);
        self.second_compared += other.second_compared;
        self.second_skipped += other.second_skipped;
    }

    /// An error, NaN included, must not be larger than the tolerance.
    fn check(&mut self, error: f64, tolerance: f64, what: impl FnOnce() -> String) {
        if error > tolerance * self.slack || error.is_nan() {
            self.failures.push(format!("{} (error {error:.1e})", what()));
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} points, forward {:.1e}, reverse {:.1e}, identity {:.1e}, differences {:.1e} ({} of {} skipped)",
            self.points,
            self.forward,
            self.reverse,
            self.product,
            self.difference,
            self.skipped,
            self.compared + self.skipped
        )?;
        let second = self.second_compared + self.second_skipped;
        if second > 0 {
            write!(
                f,
                "; second order: both ways {:.1e}, differences {:.1e} ({} of {second} skipped)",
                self.orders, self.second_difference, self.second_skipped
            )?;
        }
        Ok(())
    }
}

/// The `k`-th of a sequence that fills the unit interval evenly; another sequence for each `n`.
fn spread(k: usize, n: usize) -> f64 {
    const STEPS: [f64; 8] = [
        0.618_033_988_749_895,
        0.414_213_562_373_095,
        0.732_050_807_568_877,
        0.236_067_977_499_790,
        0.645_751_311_064_591,
        0.316_624_790_355_400,
        0.605_551_275_463_989,
        0.123_105_625_617_661,
    ];
    // Each eight more sequences are the first eight elsewhere.
    const SHIFT: f64 = 0.381_966_011_250_105;
    #[allow(clippy::cast_precision_loss, reason = "small integers")]
    let (k, round) = (k as f64 + 0.5, (n / STEPS.len()) as f64);
    (k * STEPS[n % STEPS.len()] + round * SHIFT).fract()
}

/// The nearest number that the parameter's type has.
fn rounded(x: f64, single: bool) -> f64 {
    if single { f64::from(narrowed(x)) } else { x }
}

/// A component of a point: the parameter, the element, and what is known of it.
type Component = (usize, usize, Input);

/// A point at which a function is compared.
struct Point {
    /// Its number.
    k: usize,
    /// The components of all sampled parameters.
    p: Vec<Vec<f64>>,
    /// The components that are differentiated in.
    active: Vec<Component>,
    /// The partial derivatives of the twin.
    expected: Vec<f64>,
}

impl Point {
    /// One number per component: what `of` says of the active ones, zero for the others.
    fn along(&self, of: impl Fn(usize, &Input) -> f64) -> Vec<Vec<f64>> {
        let mut along: Vec<Vec<f64>> = self.p.iter().map(|parameter| vec![0.0; parameter.len()]).collect();
        for (n, (parameter, element, input)) in self.active.iter().enumerate() {
            along[*parameter][*element] = rounded(of(n, input), input.single);
        }
        along
    }

    fn unit(&self, n: usize) -> Vec<Vec<f64>> {
        self.along(|m, _| f64::from(u8::from(m == n)))
    }

    /// A direction without a zero or a one in it.
    fn direction(&self) -> Vec<Vec<f64>> {
        self.along(|n, _| 0.3 + 1.4 * spread(self.k + 7, n + 3))
    }

    /// The components of a direction that are differentiated in.
    fn flat(&self, direction: &Flattened<f64>) -> Vec<f64> {
        self.active.iter().map(|(parameter, element, _)| direction[*parameter][*element]).collect()
    }
}

impl Case {
    fn tolerance(&self) -> f64 {
        if self.narrow { EXACT_SINGLE } else { EXACT }
    }

    fn point(&self, k: usize) -> Point {
        let inputs = (self.inputs)(k);
        let mut n = 0;
        let mut sampled = |input: &Input| {
            n += 1;
            rounded(input.low + spread(k, n - 1) * (input.high - input.low), input.single)
        };
        let p = inputs.iter().map(|parameter| parameter.iter().map(&mut sampled).collect()).collect();
        let components = inputs.iter().enumerate().flat_map(|(parameter, inputs)| {
            inputs.iter().enumerate().map(move |(element, input)| (parameter, element, *input))
        });
        let active = components.filter(|(_, _, input)| input.active).collect();
        let mut point = Point { k, p, active, expected: Vec::new() };
        point.expected = (0..point.active.len()).map(|n| self.reference(&point, &point.unit(n)).eps).collect();
        point
    }

    /// Value and tangent of the twin along a direction.
    fn reference(&self, point: &Point, direction: &Flattened<f64>) -> Dual64 {
        let dual = |(p, t): (&Vec<f64>, &Vec<f64>)| p.iter().zip(t).map(|(re, eps)| Dual::new(*re, *eps)).collect();
        let p: Vec<Vec<Dual64>> = point.p.iter().zip(direction).map(dual).collect();
        (self.twin)(&p, point.k)
    }

    /// Compares everything at every point.
    #[must_use]
    pub fn compare(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for k in 0..POINTS {
            let point = self.point(k);
            self.compare_with_dual_numbers(&point, &mut outcome);
            self.differences(&point, &mut outcome);
            self.second_order(&point, &mut outcome);
        }
        let (total, skipped) = (outcome.compared + outcome.skipped, outcome.skipped);
        if total == 0 || skipped * POINTS > total * SKIPPED_AT_MOST {
            let failure = format!("{skipped} of {total} finite differences were skipped, too many");
            outcome.failures.push(failure);
        }
        let (total, skipped) = (outcome.second_compared + outcome.second_skipped, outcome.second_skipped);
        if skipped * POINTS > total * SKIPPED_AT_MOST {
            let failure = format!("{skipped} of {total} differences of the gradient were skipped, too many");
            outcome.failures.push(failure);
        }
        outcome
    }

    /// Compares all but the finite differences, which a random program's jumps would spoil.
    #[must_use]
    pub fn compare_random(&self) -> Outcome {
        let mut outcome = Outcome { slack: RANDOM_SLACK, ..Outcome::default() };
        for k in 0..RANDOM_POINTS {
            let point = self.point(k);
            self.compare_with_dual_numbers(&point, &mut outcome);
            self.second_order(&point, &mut outcome);
        }
        outcome
    }

    fn compare_with_dual_numbers(&self, point: &Point, outcome: &mut Outcome) {
        outcome.points += 1;
        self.values(point, outcome);
        self.gradients(point, outcome);
        self.forward(point, outcome);
        self.reverse(point, outcome);
    }

    /// The value of every companion, and of the twin, has the bits of the function's.
    fn values(&self, point: &Point, outcome: &mut Outcome) {
        let (p, k) = (&point.p[..], point.k);
        let expected = (self.value)(p, k);
        let direction = point.direction();
        let mut values = vec![
            ("value_and_gradient", (self.value_and_gradient)(p, k).0),
            ("jvp", (self.jvp)(p, &direction, k).0),
            ("vjp", (self.vjp)(p, 0.7, k).0),
            ("the twin", self.reference(point, &direction).re),
        ];
        if let Some(derivative) = self.derivative {
            values.push(("value_and_derivative", derivative(p, k).0));
        }
        if let Some(into) = self.into {
            values.push(("value_and_gradient_into", (into.value_and_gradient)(p, k).0));
            values.push(("vjp_into", (into.vjp)(p, 0.7, k).0));
        }
        for (companion, value) in values {
            if value.to_bits() != expected.to_bits() {
                outcome.failures.push(format!("{companion} at {p:?}: value {value:e}, expected {expected:e}"));
            }
        }
    }

    /// Gradients, in whatever mode they are: that of scalars alone is forward or reverse.
    fn gradients(&self, point: &Point, outcome: &mut Outcome) {
        let (p, k) = (&point.p[..], point.k);
        let mut results =
            vec![("gradient", (self.gradient)(p, k)), ("value_and_gradient", (self.value_and_gradient)(p, k).1)];
        if let Some(into) = self.into {
            results.push(("gradient_into", (into.gradient)(p, k)));
            results.push(("value_and_gradient_into", (into.value_and_gradient)(p, k).1));
        }
        for (companion, found) in results {
            let error = error(&found, &point.expected);
            let largest = if self.into.is_some() { &mut outcome.reverse } else { &mut outcome.forward };
            *largest = largest.max(error);
            outcome.check(error, self.tolerance(), || describe(companion, point, &found, &point.expected));
        }
    }

    fn forward(&self, point: &Point, outcome: &mut Outcome) {
        let (p, k) = (&point.p[..], point.k);
        let units = (0..point.active.len()).map(|n| (self.jvp)(p, &point.unit(n), k).1);
        let mut results = vec![("jvp", units.collect())];
        if !self.partials.is_empty() {
            results.push(("partials", self.partials.iter().map(|partial| partial(p, k)).collect()));
        }
        if let Some(derivative) = self.derivative {
            let (_, beside_value, alone) = derivative(p, k);
            results.push(("value_and_derivative", vec![beside_value]));
            results.push(("derivative", vec![alone]));
        }
        for (companion, found) in results {
            let error = error(&found, &point.expected);
            outcome.forward = outcome.forward.max(error);
            outcome.check(error, self.tolerance(), || describe(companion, point, &found, &point.expected));
        }
        let direction = point.direction();
        let (found, expected) = ((self.jvp)(p, &direction, k).1, self.reference(point, &direction).eps);
        let terms = point.expected.iter().zip(point.flat(&direction)).map(|(partial, t)| (partial * t).abs());
        let error = (found - expected).abs() / positive(terms.sum());
        outcome.forward = outcome.forward.max(error);
        outcome.check(error, self.tolerance(), || {
            format!("jvp at {p:?} along {direction:?}: {found:e}, expected {expected:e}")
        });
    }

    fn reverse(&self, point: &Point, outcome: &mut Outcome) {
        let (p, k) = (&point.p[..], point.k);
        let (v, w) = (point.direction(), rounded(0.5 + spread(k, 5), self.single));
        let seeded: Vec<f64> = point.expected.iter().map(|partial| partial * w).collect();
        let adjoints = (self.vjp)(p, w, k).1;
        let mut results =
            vec![("vjp", (self.vjp)(p, 1.0, k).1, &point.expected), ("seeded vjp", adjoints.clone(), &seeded)];
        if let Some(into) = self.into {
            results.push(("vjp_into", (into.vjp)(p, 1.0, k).1, &point.expected));
            results.push(("seeded vjp_into", (into.vjp)(p, w, k).1, &seeded));
        }
        for (companion, found, expected) in results {
            let error = error(&found, expected);
            outcome.reverse = outcome.reverse.max(error);
            outcome.check(error, self.tolerance(), || describe(companion, point, &found, expected));
        }

        // <J v, w> = <v, J^T w>, relative to the terms of the sums, which may cancel.
        let tangent = (self.jvp)(p, &v, k).1;
        let v = point.flat(&v);
        let terms = v.iter().zip(&adjoints).map(|(v, adjoint)| v * adjoint);
        let scale: f64 = terms.clone().map(f64::abs).sum();
        let error = (tangent * w - terms.sum::<f64>()).abs() / positive(scale);
        outcome.product = outcome.product.max(error);
        outcome.check(error, self.tolerance(), || {
            format!("at {p:?}: <J v, w> with v = {v:?}, w = {w}: tangent {tangent:e}, adjoints {adjoints:?}")
        });
    }

    fn differences(&self, point: &Point, outcome: &mut Outcome) {
        let (step, tolerance) = if self.narrow { (0.05, DIFFERENCE_SINGLE) } else { (1e-3, DIFFERENCE) };
        let scale = positive(largest(&point.expected).max((self.value)(&point.p, point.k).abs() * 1e-2));
        for ((parameter, element, input), expected) in point.active.iter().zip(&point.expected) {
            let central = |h: f64| {
                let at = |offset: f64| {
                    let mut p = point.p.clone();
                    let moved = &mut p[*parameter][*element];
                    *moved = rounded(*moved + offset, input.single);
                    (*moved, (self.value)(&p, point.k))
                };
                let ((low, below), (high, above)) = (at(-h), at(h));
                (above - below) / (high - low)
            };
            // Three steps: where a kink or a jump lies within them, the extrapolations disagree.
            let h = step * (input.high - input.low).min(1.0);
            let (wide, middle, narrow) = (central(h), central(h / 2.0), central(h / 4.0));
            let (first, second) = ((4.0 * middle - wide) / 3.0, (4.0 * narrow - middle) / 3.0);
            let disagreement = (first - second).abs() / scale;
            if disagreement > tolerance || disagreement.is_nan() {
                outcome.skipped += 1;
                continue;
            }
            outcome.compared += 1;
            let error = (second - expected).abs() / scale;
            outcome.difference = outcome.difference.max(error);
            outcome.check(error, 4.0 * tolerance, || {
                let (name, p) = (input.name, &point.p);
                format!("finite difference in {name}, {element}, at {p:?}: {second:e}, dual numbers {expected:e}")
            });
        }
    }
}

impl Case {
    /// The products with the Hessian: in one order of the modes against the other, and against differences of the gradient.
    fn second_order(&self, point: &Point, outcome: &mut Outcome) {
        let Some(second) = self.second else { return };
        let (p, k) = (&point.p[..], point.k);
        let direction = point.direction();
        let (value, gradient, product) = (second.beside)(p, &direction, k);
        if value.to_bits() != (self.value)(p, k).to_bits() {
            outcome.failures.push(format!("value_gradient_and_hvp at {p:?}: value {value:e}"));
        }
        let wrong = error(&gradient, &point.expected);
        outcome
            .check(wrong, self.tolerance(), || describe("value_gradient_and_hvp", point, &gradient, &point.expected));
        let other = (second.hvp)(p, &direction, k);
        // A derivative more is a sum of more terms, which may cancel: relative to the first, and to the value, as well.
        let first = largest(&point.expected).max(value.abs());
        let scale = positive(largest(&product).max(first * 1e-2));
        let disagreement = distance(&product, &other) / scale;
        outcome.orders = outcome.orders.max(disagreement);
        outcome.check(disagreement, 10.0 * self.tolerance(), || describe("hvp", point, &other, &product));
        self.differences_of_the_gradient(point, &direction, (&product, scale), outcome);
    }

    fn differences_of_the_gradient(
        &self,
        point: &Point,
        direction: &Flattened<f64>,
        (product, scale): (&[f64], f64),
        outcome: &mut Outcome,
    ) {
        if self.narrow {
            return;
        }
        let at = |h: f64| {
            let moved = |(p, t): (&Vec<f64>, &Vec<f64>)| p.iter().zip(t).map(|(p, t)| p + h * t).collect();
            let p: Vec<Vec<f64>> = point.p.iter().zip(direction).map(moved).collect();
            (self.gradient)(&p, point.k)
        };
        let central = |h: f64| -> Vec<f64> {
            at(h).iter().zip(at(-h)).map(|(above, below)| (above - below) / (2.0 * h)).collect()
        };
        let extrapolated = |fine: &[f64], coarse: &[f64]| -> Vec<f64> {
            fine.iter().zip(coarse).map(|(fine, coarse)| (4.0 * fine - coarse) / 3.0).collect()
        };
        let (wide, middle, narrow) = (central(1e-3), central(5e-4), central(2.5e-4));
        let (first, found) = (extrapolated(&middle, &wide), extrapolated(&narrow, &middle));
        let disagreement = distance(&first, &found) / scale;
        if disagreement > DIFFERENCE || disagreement.is_nan() {
            outcome.second_skipped += 1;
            return;
        }
        outcome.second_compared += 1;
        let wrong = distance(&found, product) / scale;
        outcome.second_difference = outcome.second_difference.max(wrong);
        outcome.check(wrong, 4.0 * DIFFERENCE, || describe("hvp, by differences,", point, &found, product));
    }
}

fn describe(companion: &str, point: &Point, found: &[f64], expected: &[f64]) -> String {
    let mut names: Vec<&str> = point.active.iter().map(|(_, _, input)| input.name).collect();
    names.dedup();
    format!("{companion} in {} at {:?}: {found:?}, expected {expected:?}", names.join(", "), point.p)
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest, x| x.abs().max(largest))
}

/// A scale to divide by: anything counts in full where everything is zero.
fn positive(scale: f64) -> f64 {
    if scale > 0.0 { scale } else { 1.0 }
}

/// The largest difference relative to the largest component: a component that cancels is known no better.
fn error(found: &[f64], expected: &[f64]) -> f64 {
    distance(found, expected) / positive(largest(expected))
}

/// The largest difference; NaN if there is one.
#[must_use]
pub fn distance(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let differences = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    differences.fold(0.0, |largest, x| if x > largest || x.is_nan() { x } else { largest })
}

/// Compares all functions, or those whose names contain an argument of the program; prints a line for each.
#[must_use]
pub fn run(cases: &[Case]) -> ExitCode {
    run_each(cases, Case::compare)
}

/// The same for random programs. One that panics fails like any other, without a message of its own.
#[must_use]
pub fn run_random(cases: &[Case]) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    run_each(cases, Case::compare_random)
}

fn run_each(cases: &[Case], compare: fn(&Case) -> Outcome) -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let (mut passed, mut failed, mut points) = (0, 0, 0);
    let mut worst = Outcome::default();
    for case in cases {
        if !filters.is_empty() && !filters.iter().any(|filter| case.name.contains(filter.as_str())) {
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| compare(case)))
            .unwrap_or_else(|_| Outcome::failure("panicked".to_owned()));
        let verdict = if outcome.failures.is_empty() { "ok" } else { "FAILED" };
        println!("test {} ... {verdict}  {outcome}", case.name);
        for failure in outcome.failures.iter().take(8) {
            println!("    {failure}");
        }
        points += outcome.points;
        if outcome.failures.is_empty() {
            passed += 1;
        } else {
            failed += 1;
        }
        if !case.narrow {
            worst.include(&outcome);
        }
    }
    println!("\n{} functions, {points} points; largest in f64: {worst}", passed + failed);
    println!("test result: {}. {passed} passed; {failed} failed", if failed == 0 { "ok" } else { "FAILED" });
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
