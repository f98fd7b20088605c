//! A box enters, random points leave; points and a check enter, the worst report leaves.

use core::fmt;

use super::Report;
use crate::random::SplitMix64;
use crate::real::Real;
use crate::tangent::Differentiable;

/// Points drawn uniformly from the box between two corners, for checks at random points: an endless iterator.
///
/// The points depend on the seed alone, on every platform.
///
/// # Panics
///
/// If the corners differ in shape.
///
/// ```
/// use diff_runtime::check::{assert_gradient, random_points};
///
/// let f = |x: f64, y: f64| x.sin() * y;
/// for point in random_points(&[-3.0, -1.0], &[3.0, 1.0], 42).take(100) {
///     assert_gradient(f, |x: f64, y: f64| [x.cos() * y, x.sin()], &point);
/// }
/// ```
pub fn random_points<P: Differentiable>(lower: &P, upper: &P, seed: u64) -> impl Iterator<Item = P> + use<P> {
    let mut random = SplitMix64::new(seed);
    // Copies, so that the points outlive the corners.
    let [lower, upper] = [lower, upper].map(|corner| {
        let mut copy = corner.zero_like();
        copy.copy_components(corner);
        copy
    });
    core::iter::repeat_with(move || {
        let mut point = lower.zero_like();
        P::zip_components([&mut point], [&lower, &upper], &mut |[x], [lower, upper]| {
            *x = lower + P::Scalar::from_f64(random.next_unit()) * (upper - lower);
        });
        point
    })
}

/// Checks at several points, and keeps the worst report with its point.
///
/// `check` is any of the checks, at the point that it is given; there may be no end of points, so `take` some.
///
/// # Panics
///
/// If there are no points, since nothing would be checked.
///
/// ```
/// use diff_runtime::check::{check_gradient, check_points, random_points};
///
/// let f = |x: f64, y: f64| x.sin() * y;
/// let points = || random_points(&[-3.0, -1.0], &[3.0, 1.0], 42).take(100);
///
/// // As an assertion:
/// let gradient = |x: f64, y: f64| [x.cos() * y, x.sin()];
/// check_points(points(), |point| check_gradient(f, gradient, point)).assert();
///
/// // Wrong for negative x alone:
/// let gradient = |x: f64, y: f64| [x.cos() * y, x.abs().sin()];
/// let worst = check_points(points(), |point| check_gradient(f, gradient, point));
/// assert!(!worst.report.agrees() && worst.report.worst.input == 1 && worst.point[0] < 0.0);
/// ```
pub fn check_points<P: Differentiable>(
    points: impl IntoIterator<Item = P>,
    mut check: impl FnMut(&P) -> Report<P::Scalar>,
) -> WorstPoint<P> {
    let mut worst: Option<WorstPoint<P>> = None;
    for point in points {
        let report = check(&point);
        let checked = worst.as_ref().map_or(0, |worst| worst.points) + 1;
        match &mut worst {
            Some(worst) if !report.is_worse_than(&worst.report) => worst.points = checked,
            _ => worst = Some(WorstPoint { point, report, points: checked }),
        }
    }
    worst.expect("a check needs at least one point")
}

/// The worst of several reports, and where it was found: see [`check_points`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct WorstPoint<P: Differentiable> {
    /// The point with the worst report.
    pub point: P,
    /// The report there.
    pub report: Report<P::Scalar>,
    /// The number of points.
    pub points: usize,
}

impl<P: Differentiable + fmt::Debug> WorstPoint<P> {
    /// Panics with the point and its report, unless the derivative agrees at all points.
    ///
    /// # Panics
    ///
    /// If the verdict at the worst point is any but [`Verdict::Agrees`](super::Verdict::Agrees).
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.report.agrees(), "{self}");
    }
}

impl<P: Differentiable + fmt::Debug> fmt::Display for WorstPoint<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {:?}, the worst of {} points: {}", self.point, self.points, self.report)
    }
}
