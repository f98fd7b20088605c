//! Samples of a function on a grid enter, samples of its derivatives leave, with the meaning of
//! [`numpy.gradient`](https://numpy.org/doc/stable/reference/generated/numpy.gradient.html).
//!
//! In the interior, with spacings `h` before and `k` after a sample, the derivative is that of the parabola through the
//! three neighbouring samples:
//!
//! ```text
//! f'(x_i) = -k / (h (h + k)) f(x_i - h)  +  (k - h) / (h k) f(x_i)  +  h / (k (h + k)) f(x_i + k)
//! ```
//!
//! which has an error of second order in the spacing, and is `(f(x_{i+1}) - f(x_{i-1})) / 2h` for uniform spacing. At
//! the two edges it is a one-sided difference of first order, `(f(x_1) - f(x_0)) / h`, or the derivative of the parabola
//! through the three outermost samples ([`Edges`]). Source: Fornberg 1988, "Generation of finite difference formulas on
//! arbitrarily spaced grids", Mathematics of Computation 51.

use core::fmt;

use crate::real::Real;

/// Where the samples of one axis lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spacing<'a, F> {
    /// Equally far apart, by this distance.
    Uniform(F),
    /// At these coordinates, one per sample. If they turn out equally far apart, the formulas for uniform spacing are
    /// used, as NumPy does.
    At(&'a [F]),
}

/// The order of accuracy at the first and the last sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Edges {
    /// One-sided difference of two samples (NumPy's default, `edge_order=1`).
    #[default]
    FirstOrder,
    /// The derivative of the parabola through three samples (`edge_order=2`).
    SecondOrder,
}

impl Edges {
    /// The samples that the formula needs.
    fn samples(self) -> usize {
        match self {
            Self::FirstOrder => 2,
            Self::SecondOrder => 3,
        }
    }
}

/// Why sampled data have no gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SampledError {
    /// An axis has fewer samples than the edges need: two for the first order, three for the second.
    TooFewSamples {
        /// The samples along the axis.
        found: usize,
        /// The samples that the edges need.
        needed: usize,
    },
    /// The number of coordinates is not the number of samples along the axis.
    CoordinateCount {
        /// The number of coordinates.
        found: usize,
        /// The number of samples along the axis.
        expected: usize,
    },
    /// The number of values is not the product of the shape.
    ValueCount {
        /// The number of values.
        found: usize,
        /// The product of the shape.
        expected: usize,
    },
    /// The output buffer has another length than the values.
    OutputLength {
        /// The length of the buffer.
        found: usize,
        /// The number of values.
        expected: usize,
    },
    /// The axis is not below the number of axes, or there is not one spacing per axis.
    AxisCount {
        /// The axis, or the number of spacings.
        found: usize,
        /// The number of axes.
        axes: usize,
    },
}

impl fmt::Display for SampledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewSamples { found, needed } => {
                write!(f, "an axis of {found} samples, but the edges need {needed}")
            }
            Self::CoordinateCount { found, expected } => {
                write!(f, "{found} coordinates for an axis of {expected} samples")
            }
            Self::ValueCount { found, expected } => {
                write!(f, "{found} values for a shape of {expected}")
            }
            Self::OutputLength { found, expected } => {
                write!(f, "an output buffer of length {found} for {expected} values")
            }
            Self::AxisCount { found, axes } => {
                write!(f, "axis or number of spacings {found} for data with {axes} axes")
            }
        }
    }
}

impl core::error::Error for SampledError {}

/// The derivative of sampled data of one axis: `numpy.gradient(values, spacing, edge_order=..)`.
///
/// # Errors
///
/// If there are too few samples for the edges, or if the coordinates are not as many as the samples.
///
/// ```
/// use diff_runtime::sampled::{Edges, Spacing, gradient};
///
/// let values = [1.0, 2.0, 4.0, 7.0, 11.0, 16.0];
/// let slope = gradient(&values, Spacing::Uniform(1.0), Edges::FirstOrder).unwrap();
/// assert_eq!(slope, [1.0, 1.5, 2.5, 3.5, 4.5, 5.0]);          // the example of numpy.gradient
///
/// let x = [0.0, 1.0, 1.5, 3.5, 4.0, 6.0];
/// let slope = gradient(&values, Spacing::At(&x), Edges::FirstOrder).unwrap();
/// for (found, published) in slope.iter().zip([1.0, 3.0, 3.5, 6.7, 6.9, 2.5]) {
///     assert!(f64::abs(found - published) < 1e-14);
/// }
/// ```
#[cfg(feature = "alloc")]
pub fn gradient<F: Real>(
    values: &[F],
    spacing: Spacing<'_, F>,
    edges: Edges,
) -> Result<alloc::vec::Vec<F>, SampledError> {
    let mut result = alloc::vec![F::ZERO; values.len()];
    gradient_into(values, spacing, edges, &mut result)?;
    Ok(result)
}

/// `gradient` into a buffer, without allocation.
///
/// # Errors
///
/// As `gradient`, and if the buffer has another length than the values. The buffer is then unchanged.
///
/// ```
/// use diff_runtime::sampled::{Edges, Spacing, gradient_into};
///
/// let mut slope = [0.0; 3];
/// gradient_into(&[0.0, 1.0, 4.0], Spacing::Uniform(1.0), Edges::SecondOrder, &mut slope).unwrap();
/// assert_eq!(slope, [0.0, 2.0, 4.0]);                         // exact for a parabola
/// ```
pub fn gradient_into<F: Real>(
    values: &[F],
    spacing: Spacing<'_, F>,
    edges: Edges,
    output: &mut [F],
) -> Result<(), SampledError> {
    gradient_along_into(values, &[values.len()], 0, spacing, edges, output)
}

/// The partial derivative of sampled data along one of many axes: `numpy.gradient(values, spacing, axis=axis)`.
///
/// `values` are flat and row-major: with the shape `[rows, columns]`, axis 0 runs down the rows, and the sample
/// `(i, j)` is `values[i * columns + j]`. The result has the same layout.
///
/// # Errors
///
/// As `gradient`; and if the values are not as many as the shape says, or there is no such axis.
///
/// ```
/// use diff_runtime::sampled::{Edges, Spacing, gradient_along};
///
/// // The two-dimensional example of numpy.gradient.
/// let values = [1.0, 2.0, 6.0, 3.0, 4.0, 5.0];
/// let along = |axis| gradient_along(&values, &[2, 3], axis, Spacing::Uniform(1.0), Edges::FirstOrder).unwrap();
/// assert_eq!(along(0), [2.0, 2.0, -1.0, 2.0, 2.0, -1.0]);
/// assert_eq!(along(1), [1.0, 2.5, 4.0, 1.0, 1.0, 1.0]);
/// ```
#[cfg(feature = "alloc")]
pub fn gradient_along<F: Real>(
    values: &[F],
    shape: &[usize],
    axis: usize,
    spacing: Spacing<'_, F>,
    edges: Edges,
) -> Result<alloc::vec::Vec<F>, SampledError> {
    let mut result = alloc::vec![F::ZERO; values.len()];
    gradient_along_into(values, shape, axis, spacing, edges, &mut result)?;
    Ok(result)
}

/// `gradient_along` into a buffer, without allocation.
///
/// # Errors
///
/// As `gradient_along`, and if the buffer has another length than the values. The buffer is then unchanged.
///
/// ```
/// use diff_runtime::sampled::{Edges, Spacing, gradient_along_into};
///
/// let mut slope = [0.0; 4];
/// gradient_along_into(&[1.0, 2.0, 5.0, 9.0], &[2, 2], 0, Spacing::Uniform(2.0), Edges::FirstOrder, &mut slope).unwrap();
/// assert_eq!(slope, [2.0, 3.5, 2.0, 3.5]);
/// ```
pub fn gradient_along_into<F: Real>(
    values: &[F],
    shape: &[usize],
    axis: usize,
    spacing: Spacing<'_, F>,
    edges: Edges,
    output: &mut [F],
) -> Result<(), SampledError> {
    let expected = shape.iter().product();
    if values.len() != expected {
        return Err(SampledError::ValueCount { found: values.len(), expected });
    }
    if output.len() != expected {
        return Err(SampledError::OutputLength { found: output.len(), expected });
    }
    let Some(&samples) = shape.get(axis) else {
        return Err(SampledError::AxisCount { found: axis, axes: shape.len() });
    };
    let spacing = checked_spacing(spacing, samples, edges)?;
    let stride: usize = shape[axis + 1..].iter().product();
    if values.is_empty() {
        return Ok(());
    }
    let lines = values.chunks_exact(samples * stride).zip(output.chunks_exact_mut(samples * stride));
    for (values, output) in lines {
        for offset in 0..stride {
            let line = Line { values: &values[offset..], stride, samples };
            line.differentiate(spacing, edges, |sample, slope| output[offset + sample * stride] = slope);
        }
    }
    Ok(())
}

/// The partial derivatives of sampled data along all axes, one result per axis: `numpy.gradient(values, *spacings)`.
///
/// # Errors
///
/// As `gradient_along`, and if there is not one spacing per axis.
///
/// ```
/// use diff_runtime::sampled::{Edges, Spacing, gradients};
///
/// let values = [1.0, 2.0, 6.0, 3.0, 4.0, 5.0];
/// let spacings = [Spacing::Uniform(2.0), Spacing::At(&[1.0, 1.5, 3.5])];
/// let [down, across] = gradients(&values, &[2, 3], &spacings, Edges::FirstOrder).unwrap().try_into().unwrap();
/// assert_eq!(down, [1.0, 1.0, -0.5, 1.0, 1.0, -0.5]);
/// for (found, published) in across.iter().zip([2.0, 2.0, 2.0, 2.0, 1.7, 0.5]) {
///     assert!(f64::abs(found - published) < 1e-14);
/// }
/// ```
#[cfg(feature = "alloc")]
pub fn gradients<F: Real>(
    values: &[F],
    shape: &[usize],
    spacings: &[Spacing<'_, F>],
    edges: Edges,
) -> Result<alloc::vec::Vec<alloc::vec::Vec<F>>, SampledError> {
    if spacings.len() != shape.len() {
        return Err(SampledError::AxisCount { found: spacings.len(), axes: shape.len() });
    }
    let axes = spacings.iter().enumerate();
    axes.map(|(axis, &spacing)| gradient_along(values, shape, axis, spacing, edges)).collect()
}

/// The spacing, if it fits the samples; uniform coordinates become a uniform spacing.
fn checked_spacing<F: Real>(
    spacing: Spacing<'_, F>,
    samples: usize,
    edges: Edges,
) -> Result<Spacing<'_, F>, SampledError> {
    let needed = edges.samples();
    if samples < needed {
        return Err(SampledError::TooFewSamples { found: samples, needed });
    }
    match spacing {
        Spacing::Uniform(_) => Ok(spacing),
        Spacing::At(x) if x.len() != samples => {
            Err(SampledError::CoordinateCount { found: x.len(), expected: samples })
        }
        Spacing::At(x) => {
            let first = x[1] - x[0];
            let uniform = x.windows(2).all(|pair| pair[1] - pair[0] == first);
            Ok(if uniform { Spacing::Uniform(first) } else { spacing })
        }
    }
}

/// The samples along one line of the grid.
struct Line<'a, F> {
    values: &'a [F],
    stride: usize,
    samples: usize,
}

impl<F: Real> Line<'_, F> {
    fn at(&self, sample: usize) -> F {
        self.values[sample * self.stride]
    }

    /// Calls `write(i, slope)` for every sample of the line.
    fn differentiate(&self, spacing: Spacing<'_, F>, edges: Edges, mut write: impl FnMut(usize, F)) {
        let last = self.samples - 1;
        let (first_slope, last_slope) = match edges {
            Edges::FirstOrder => (self.chord(0, spacing), self.chord(last - 1, spacing)),
            Edges::SecondOrder => self.parabola_edges(spacing),
        };
        write(0, first_slope);
        match spacing {
            Spacing::Uniform(h) => {
                let width = h + h;
                (1..last).for_each(|i| write(i, (self.at(i + 1) - self.at(i - 1)) / width));
            }
            Spacing::At(x) => {
                (1..last).for_each(|i| write(i, self.parabola(i, x[i] - x[i - 1], x[i + 1] - x[i])));
            }
        }
        write(last, last_slope);
    }

    /// The distance from `sample` to the next one.
    fn distance(spacing: Spacing<'_, F>, sample: usize) -> F {
        match spacing {
            Spacing::Uniform(h) => h,
            Spacing::At(x) => x[sample + 1] - x[sample],
        }
    }

    /// The slope of the chord from `sample` to the next one.
    fn chord(&self, sample: usize, spacing: Spacing<'_, F>) -> F {
        (self.at(sample + 1) - self.at(sample)) / Self::distance(spacing, sample)
    }

    /// The slope at `sample` of the parabola through it and its neighbours, `h` before and `k` after.
    fn parabola(&self, sample: usize, h: F, k: F) -> F {
        let before = -k / (h * (h + k));
        let here = (k - h) / (h * k);
        let after = h / (k * (h + k));
        before * self.at(sample - 1) + here * self.at(sample) + after * self.at(sample + 1)
    }

    /// The slopes at the first and the last sample of the parabolas through the three outermost samples.
    fn parabola_edges(&self, spacing: Spacing<'_, F>) -> (F, F) {
        let last = self.samples - 1;
        let outward = |edge: [F; 3], h: F, k: F| {
            let at_edge = -(h + h + k) / (h * (h + k));
            let next = (h + k) / (h * k);
            let second_next = -h / (k * (h + k));
            at_edge * edge[0] + next * edge[1] + second_next * edge[2]
        };
        let first =
            outward([self.at(0), self.at(1), self.at(2)], Self::distance(spacing, 0), Self::distance(spacing, 1));
        // The mirror image: walking backwards, every distance is negative.
        let last = outward(
            [self.at(last), self.at(last - 1), self.at(last - 2)],
            -Self::distance(spacing, last - 1),
            -Self::distance(spacing, last - 2),
        );
        (first, last)
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    // The reference values were printed by numpy.gradient of NumPy 2.4.6 with all their digits.

    /// 4 ulp of the largest value: NumPy sums the same terms, but may round the coefficients in another order.
    #[track_caller]
    fn assert_agrees(found: &[f64], numpy: &[f64]) {
        assert_eq!(found.len(), numpy.len());
        let largest = numpy.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        for (a, b) in found.iter().zip(numpy) {
            assert!((a - b).abs() <= 4.0 * f64::EPSILON * largest, "{found:?} against {numpy:?}");
        }
    }

    #[test]
    fn agrees_with_numpy_on_uniform_spacing_with_first_order_edges() {
        let values = [0.3, 1.7, -2.2, 4.1, 0.9, 5.5, -0.25];
        let numpy = [
            4.666666666666667,
            -4.166666666666667,
            3.999999999999999,
            5.166666666666667,
            2.333333333333334,
            -1.9166666666666665,
            -19.166666666666668,
        ];
        assert_agrees(&gradient(&values, Spacing::Uniform(0.3), Edges::FirstOrder).unwrap(), &numpy);
    }

    #[test]
    fn agrees_with_numpy_on_uniform_spacing_with_second_order_edges() {
        let values = [0.3, 1.7, -2.2, 4.1, 0.9, 5.5, -0.25];
        let numpy = [
            13.5,
            -4.166666666666667,
            3.999999999999999,
            5.166666666666667,
            2.333333333333334,
            -1.9166666666666665,
            -36.41666666666667,
        ];
        assert_agrees(&gradient(&values, Spacing::Uniform(0.3), Edges::SecondOrder).unwrap(), &numpy);
    }

    #[test]
    fn agrees_with_numpy_on_uneven_spacing_with_first_order_edges() {
        let values = [0.3, 1.7, -2.2, 4.1, 0.9, 5.5, -0.25];
        let x = [-1.0, -0.4, 0.1, 0.9, 2.5, 2.75, 4.0];
        let numpy = [
            2.3333333333333335,
            -3.193939393939394,
            -1.771153846153847,
            4.583333333333332,
            15.643243243243244,
            14.566666666666668,
            -4.6,
        ];
        assert_agrees(&gradient(&values, Spacing::At(&x), Edges::FirstOrder).unwrap(), &numpy);
    }

    #[test]
    fn agrees_with_numpy_on_uneven_spacing_with_second_order_edges() {
        let values = [0.3, 1.7, -2.2, 4.1, 0.9, 5.5, -0.25];
        let x = [-1.0, -0.4, 0.1, 0.9, 2.5, 2.75, 4.0];
        let numpy = [
            7.860606060606061,
            -3.193939393939394,
            -1.771153846153847,
            4.583333333333332,
            15.643243243243244,
            14.566666666666668,
            -23.766666666666666,
        ];
        assert_agrees(&gradient(&values, Spacing::At(&x), Edges::SecondOrder).unwrap(), &numpy);
    }

    #[test]
    fn agrees_with_numpy_on_three_axes() {
        // Rounded samples of a sine on a grid of 3 x 4 x 3.
        let values = [
            0.0, 9.64, 5.16, -6.88, -8.83, 2.15, 9.99, 3.19, -8.28, -7.62, 4.2, 9.87, 1.08, -9.29, -6.05, 6.06, 9.29,
            -1.09, -9.87, -4.19, 7.63, 8.27, -3.2, -9.98, -2.14, 8.84, 6.87, -5.16, -9.63, 0.01, 9.64, 5.15, -6.88,
            -8.83, 2.16, 9.99,
        ];
        let spacings = [Spacing::Uniform(0.2), Spacing::At(&[0.0, 0.5, 2.0, 2.5]), Spacing::At(&[1.0, 1.25, 3.0])];
        let found = gradients(&values, &[3, 4, 3], &spacings, Edges::SecondOrder).unwrap();
        assert_agrees(
            &found[0],
            &[
                16.150000000000002,
                -187.29999999999998,
                -116.375,
                125.1,
                183.2,
                -27.049999999999997,
                -197.725,
                -78.7,
                155.59999999999997,
                161.92499999999998,
                -68.9,
                -198.79999999999998,
                -5.35,
                -2.0000000000000018,
                4.2749999999999995,
                4.299999999999999,
                -2.0000000000000018,
                -5.35,
                -0.8749999999999991,
                4.9,
                3.4999999999999987,
                -3.025,
                -5.1,
                0.3000000000000025,
                -26.85,
                183.3,
                124.92500000000001,
                -116.5,
                -187.2,
                16.349999999999998,
                195.975,
                88.5,
                -148.6,
                -167.97499999999997,
                58.7,
                199.4,
            ],
        );
        assert_agrees(
            &found[1],
            &[
                -20.011666666666663,
                -48.178333333333335,
                -5.786666666666668,
                -7.508333333333332,
                -25.701666666666668,
                -6.253333333333334,
                -23.60333333333333,
                3.5183333333333344,
                25.486666666666665,
                -46.83666666666667,
                0.5216666666666683,
                47.11333333333333,
                15.104999999999997,
                48.69666666666666,
                10.946666666666667,
                4.814999999999999,
                25.62333333333333,
                8.893333333333333,
                24.555,
                -0.7616666666666667,
                -24.961666666666666,
                48.004999999999995,
                4.721666666666668,
                -45.47833333333334,
                -10.016666666666667,
                -48.638333333333335,
                -16.001666666666665,
                -2.0633333333333335,
                -25.241666666666667,
                -11.438333333333333,
                -25.238333333333337,
                -2.0216666666666665,
                24.156666666666666,
                -48.641666666666666,
                -9.938333333333334,
                43.32333333333333,
            ],
        );
        assert_agrees(
            &found[2],
            &[
                43.7,
                33.42,
                -38.540000000000006,
                -9.55928571428571,
                -6.040714285714287,
                18.58928571428571,
                -29.780714285714282,
                -24.61928571428572,
                11.51071428571429,
                52.785,
                41.775,
                -35.295,
                -46.896428571428565,
                -36.06357142857142,
                39.76642857142857,
                15.276428571428566,
                10.563571428571427,
                -22.42642857142857,
                24.715714285714284,
                20.724285714285706,
                -7.215714285714279,
                -51.13071428571428,
                -40.629285714285714,
                32.880714285714284,
                49.550714285714285,
                38.28928571428571,
                -40.54071428571428,
                -20.803571428571427,
                -14.95642857142857,
                25.973571428571425,
                -19.345714285714287,
                -16.574285714285715,
                2.8257142857142865,
                48.895714285714284,
                39.02428571428571,
                -30.075714285714284,
            ],
        );
    }

    #[test]
    fn uniform_coordinates_are_uniform_spacing() {
        let values = [0.1, 0.7, 0.2, 0.9];
        let by_coordinates = gradient(&values, Spacing::At(&[0.0, 0.5, 1.0, 1.5]), Edges::SecondOrder);
        assert_eq!(by_coordinates, gradient(&values, Spacing::Uniform(0.5), Edges::SecondOrder));
    }

    #[test]
    fn parabolas_are_differentiated_exactly_on_any_grid() {
        let x = [0.0, 1.0, 1.5, 3.5, 4.0, 6.0];
        let values = x.map(|x| x * x);
        // 4 ulp of the largest value, by the cancellation of the three terms.
        assert_agrees(&gradient(&values, Spacing::At(&x), Edges::SecondOrder).unwrap(), &x.map(|x| 2.0 * x));
    }

    #[test]
    fn two_samples_are_enough_for_first_order_edges() {
        assert_eq!(gradient(&[1.0, 3.0], Spacing::Uniform(0.5), Edges::FirstOrder), Ok(alloc::vec![4.0, 4.0]));
    }

    #[test]
    fn too_few_samples_are_an_error() {
        assert_eq!(
            gradient(&[1.0], Spacing::Uniform(1.0), Edges::FirstOrder),
            Err(SampledError::TooFewSamples { found: 1, needed: 2 })
        );
        assert_eq!(
            gradient(&[1.0, 2.0], Spacing::Uniform(1.0), Edges::SecondOrder),
            Err(SampledError::TooFewSamples { found: 2, needed: 3 })
        );
    }

    #[test]
    fn counts_that_do_not_fit_are_errors() {
        let uniform = Spacing::Uniform(1.0);
        assert_eq!(
            gradient(&[1.0, 2.0, 3.0], Spacing::At(&[0.0, 1.0]), Edges::FirstOrder),
            Err(SampledError::CoordinateCount { found: 2, expected: 3 })
        );
        assert_eq!(
            gradient_along(&[1.0, 2.0, 3.0], &[2, 2], 0, uniform, Edges::FirstOrder),
            Err(SampledError::ValueCount { found: 3, expected: 4 })
        );
        assert_eq!(
            gradient_along(&[1.0; 4], &[2, 2], 2, uniform, Edges::FirstOrder),
            Err(SampledError::AxisCount { found: 2, axes: 2 })
        );
        assert_eq!(
            gradients(&[1.0; 4], &[2, 2], &[uniform], Edges::FirstOrder),
            Err(SampledError::AxisCount { found: 1, axes: 2 })
        );
        assert_eq!(
            gradient_into(&[1.0; 4], uniform, Edges::FirstOrder, &mut [0.0; 3]),
            Err(SampledError::OutputLength { found: 3, expected: 4 })
        );
    }

    #[test]
    fn an_axis_of_no_other_samples_gives_nothing() {
        let none: [f64; 0] = [];
        assert_eq!(gradient_along(&none, &[3, 0], 0, Spacing::Uniform(1.0), Edges::FirstOrder), Ok(alloc::vec![]));
    }

    #[test]
    fn nan_stays_local() {
        let slope = gradient(&[0.0, 1.0, f64::NAN, 3.0, 4.0, 5.0], Spacing::Uniform(1.0), Edges::FirstOrder).unwrap();
        // The central difference does not read the sample itself.
        let is_nan: alloc::vec::Vec<bool> = slope.iter().map(|slope| slope.is_nan()).collect();
        assert_eq!(is_nan, [false, true, false, true, false, false]);
    }
}
