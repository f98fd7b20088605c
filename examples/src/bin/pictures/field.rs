//! Contour lines of a function of two variables, with its gradients as arrows: they stand at right angles to the lines.

use std::path::Path;

use diff_runtime::{derivative, steepest_ascent};
use examples::report::{about, section, show};
use plotters::prelude::*;

use super::chart::{self, BLUE, Drawn, GREY, Grid, RED, px};

/// Himmelblau's function `(x^2 + y - 11)^2 + (x + y^2 - 7)^2`.
#[derivative]
fn himmelblau(x: f64, y: f64) -> f64 {
    (x * x + y - 11.0).powi(2) + (x + y * y - 7.0).powi(2)
}

/// Its four minima, where it is zero.
const MINIMA: [(f64, f64); 4] = [
    (3.0, 2.0),
    (-2.805_118_086_952_745, 3.131_312_518_250_573),
    (-3.779_310_253_377_747, -3.283_185_991_286_17),
    (3.584_428_340_330_492, -1.848_126_526_964_404),
];

const LEVELS: [f64; 8] = [5.0, 20.0, 50.0, 100.0, 150.0, 200.0, 300.0, 500.0];
const SIDE: std::ops::Range<f64> = -5.0..5.0;
/// The distance of two arrows.
const SPACING: f64 = 0.5;

pub(crate) fn draw(path: &Path) -> Drawn {
    section(
        "A field of gradients: Himmelblau's function",
        "Arrows point where the function grows fastest; the steeper, the longer. They cross the contour lines at\n\
         right angles, and vanish at the minima.",
    );
    let grid = Grid::new(himmelblau, &SIDE, &SIDE);
    let mut contours = Vec::new();
    for level in LEVELS {
        contours.extend(grid.contour(level)?.into_iter().map(|line| (level, line)));
    }
    check(&contours);

    chart::picture(path, [860, 860], |area| {
        let title = "Himmelblau's function: contour lines, gradients (arrows) and the four minima (dots)";
        let mut chart = chart::axes(area, title, ["x", "y"], SIDE, SIDE)?;
        for (_, line) in contours {
            chart::line(&mut chart, line, GREY.stroke_width(px(1)), None)?;
        }
        for arrow in arrows() {
            chart::line(&mut chart, arrow, BLUE.stroke_width(px(1)), None)?;
        }
        chart::dots(&mut chart, MINIMA, 5, RED.filled(), None)
    })
}

/// The minima are minima, and every piece of a contour line is at right angles to the gradient in its middle.
fn check(contours: &[(f64, Vec<(f64, f64)>)]) {
    for (x, y) in MINIMA {
        about("gradient at a minimum", himmelblau::gradient(x, y).iter().map(|g| g.abs()).sum(), 0.0, 1e-11);
    }
    let (mut pieces, mut worst) = (0.0, 0.0_f64);
    for (level, line) in contours {
        for pair in line.windows(2) {
            let [(ax, ay), (bx, by)] = [pair[0], pair[1]];
            let (x, y) = (0.5 * (ax + bx), 0.5 * (ay + by));
            let length = (bx - ax).hypot(by - ay);
            if length < 1e-3 {
                continue;
            }
            let (direction, slope) =
                steepest_ascent(&himmelblau::gradient(x, y)).expect("no level is that of an extremum");
            // How far the line is from its level, in the plane.
            let distance = (himmelblau(x, y) - level) / slope;
            assert!(distance.abs() < 0.02, "({x}, {y}) is {distance} off the level {level}");
            worst = worst.max(((direction[0] * (bx - ax) + direction[1] * (by - ay)) / length).abs());
            pieces += 1.0;
        }
    }
    show("pieces of contour lines", pieces);
    show("largest cosine of their angles to gradients", worst);
    assert!(pieces > 1000.0 && worst < 0.25);
    assert!(contours.len() > LEVELS.len(), "the low levels have a line around each minimum");
}

/// The gradients on a grid of points as arrows, each a line of five points. Their lengths grow with the logarithm.
fn arrows() -> Vec<[(f64, f64); 5]> {
    let steps = ((SIDE.end - SIDE.start) / SPACING) as i32;
    let positions =
        (1..steps).flat_map(|i| (1..steps).map(move |j| [i, j].map(|k| SIDE.start + SPACING * f64::from(k))));
    let arrow = |[x, y]: [f64; 2]| {
        let ([dx, dy], slope) = steepest_ascent(&himmelblau::gradient(x, y))?;
        let length = 0.42 * SPACING * (slope.ln_1p() / 6.5).min(1.0);
        let (from, to) = ((x - length * dx, y - length * dy), (x + length * dx, y + length * dy));
        let head = |side: f64| {
            let back = 0.12;
            (to.0 - back * (dx - side * 0.45 * dy), to.1 - back * (dy + side * 0.45 * dx))
        };
        Some([from, to, head(1.0), to, head(-1.0)])
    };
    positions.filter_map(arrow).collect()
}
