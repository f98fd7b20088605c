//! A function with its tangent and with secants that approach it; below, its derivative.

use std::path::Path;

use diff_runtime::derivative;
use diff_runtime::finite_difference::secant_slope;
use examples::report::{about, section};
use plotters::prelude::*;

use super::chart::{self, BLUE, DARK, Drawn, GREEN, GREY, ORANGE, RED, px};

/// `sin(x) + x^2 / 8`.
#[derivative]
fn f(x: f64) -> f64 {
    x.sin() + x * x / 8.0
}

/// Where the tangent touches.
const POINT: f64 = 1.0;
/// How far away the secants cut the curve again.
const DISTANCES: [f64; 3] = [3.0, 1.5, 0.5];

pub(crate) fn draw(path: &Path) -> Drawn {
    section("Slopes: from secants to a tangent", "The function sin(x) + x^2 / 8 at 1, and its derivative.");
    let (value, slope) = f::value_and_derivative(POINT);
    about("slope of the tangent: cos(1) + 1/4", slope, 1.0_f64.cos() + 0.25, 1e-15);
    for distance in DISTANCES {
        let secant = secant_slope(f, POINT, POINT + distance);
        // The error of a secant is at most half of the distance times the largest second derivative, 5/4.
        about(&format!("slope of the secant over {distance}"), secant, slope, 0.625 * distance);
    }
    zeros_of_the_derivative();

    chart::picture(path, [900, 820], |area| {
        let (upper, lower) = area.split_vertically(px(500));
        upper_chart(&upper, value, slope)?;
        lower_chart(&lower, slope)
    })
}

/// Where the picture shows the derivative cross zero, the function has an extremum.
fn zeros_of_the_derivative() {
    let mut bracket = [1.5, 2.5];
    for _ in 0..60 {
        let middle = 0.5 * (bracket[0] + bracket[1]);
        bracket[usize::from(f::derivative(middle) < 0.0)] = middle;
    }
    about("derivative at the maximum", f::derivative(bracket[0]), 0.0, 1e-14);
    assert!(f(bracket[0]) > f(bracket[0] - 1e-3) && f(bracket[0]) > f(bracket[0] + 1e-3));
}

const X: std::ops::Range<f64> = -1.0..5.0;

fn samples() -> impl Iterator<Item = f64> {
    (0..=300).map(|i| X.start + (X.end - X.start) * f64::from(i) / 300.0)
}

fn upper_chart(area: &chart::Area<'_>, value: f64, slope: f64) -> Drawn {
    let mut chart = chart::axes(area, "From secants to the tangent", ["x", "f(x)"], X, -1.2..4.4)?;
    let through_point = |slope: f64| [X.start, X.end].map(|x| (x, value + slope * (x - POINT)));
    for (i, distance) in DISTANCES.into_iter().enumerate() {
        let secant = secant_slope(f, POINT, POINT + distance);
        let label = (i == 0).then_some("secants");
        chart::line(&mut chart, through_point(secant), ORANGE.stroke_width(px(1)), label)?;
    }
    chart::line(&mut chart, samples().map(|x| (x, f(x))), BLUE.stroke_width(px(3)), Some("f(x) = sin(x) + x^2 / 8"))?;
    chart::line(&mut chart, through_point(slope), RED.stroke_width(px(2)), Some("tangent at x = 1"))?;
    let ends = DISTANCES.map(|distance| (POINT + distance, f(POINT + distance)));
    chart::dots(&mut chart, ends, 4, ORANGE.filled(), None)?;
    chart::dots(&mut chart, [(POINT, value)], 5, RED.filled(), None)?;
    chart::legend(&mut chart, [14, 10])
}

fn lower_chart(area: &chart::Area<'_>, slope: f64) -> Drawn {
    let mut chart = chart::axes(area, "The derivative", ["x", "f'(x)"], X, -1.0..2.0)?;
    chart::line(&mut chart, [(X.start, 0.0), (X.end, 0.0)], GREY.stroke_width(px(1)), None)?;
    let derivative = samples().map(|x| (x, f::derivative(x)));
    chart::line(&mut chart, derivative, GREEN.stroke_width(px(3)), Some("f'(x) = cos(x) + x / 4"))?;
    let differences = samples().step_by(20).map(|x| (x, secant_slope(f, x - 0.05, x + 0.05)));
    chart::dots(&mut chart, differences, 3, DARK.stroke_width(px(1)), Some("secant slopes over 0.1"))?;
    chart::dots(&mut chart, [(POINT, slope)], 5, RED.filled(), None)?;
    chart::text(&mut chart, (POINT, slope), [10, -16], &format!("slope of the tangent: {slope:.3}"))?;
    chart::legend(&mut chart, [14, 154])
}
