//! The paths of descent methods through the valley of Rosenbrock's function, over its contour lines.

use std::path::Path;

use diff_runtime::derivative;
use diff_runtime::descent::{Descent, History};
use examples::report::{about, section, show};
use plotters::prelude::*;

use super::chart::{self, BLUE, DARK, Drawn, GREEN, GREY, Grid, ORANGE, PURPLE, RED, px};

/// `(1 - x)^2 + 100 (y - x^2)^2`, least at (1, 1).
#[derivative]
fn rosenbrock(x: f64, y: f64) -> f64 {
    (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
}

const START: [f64; 2] = [-1.2, 1.0];
const X: std::ops::Range<f64> = -1.6..1.4;
const Y: std::ops::Range<f64> = -0.5..1.6;
const LEVELS: [f64; 9] = [0.1, 0.5, 2.0, 5.0, 15.0, 40.0, 100.0, 200.0, 400.0];

struct Run {
    name: String,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

pub(crate) fn draw(path: &Path) -> Drawn {
    section(
        "Paths of descent: Rosenbrock's function",
        "Four methods from (-1.2, 1) to the minimum at (1, 1), down into the valley and along its floor.",
    );
    let runs = [
        run("steepest, backtracking", Descent::new(), RED),
        run("momentum 0.9", Descent::new().momentum(0.9).fixed_step(1e-3), BLUE),
        run("Nesterov 0.9", Descent::new().nesterov(0.9).fixed_step(1e-3), GREEN),
        run("Adam", Descent::new().adam().fixed_step(0.02), PURPLE),
    ];

    chart::picture(path, [960, 720], |area| {
        let mut chart = chart::axes(area, "Descent on Rosenbrock's function", ["x", "y"], X, Y)?;
        let grid = Grid::new(rosenbrock, &X, &Y);
        for level in LEVELS {
            for line in grid.contour(level)? {
                chart::line(&mut chart, line, GREY.mix(0.6).stroke_width(px(1)), None)?;
            }
        }
        for Run { name, colour, points } in &runs {
            chart::line(&mut chart, chart::thinned(points), colour.stroke_width(px(2)), Some(name))?;
        }
        chart::dots(&mut chart, [START.into()], 5, DARK.filled(), None)?;
        chart::text(&mut chart, START.into(), [-22, -24], "start")?;
        chart::dots(&mut chart, [(1.0, 1.0)], 5, ORANGE.filled(), None)?;
        chart::text(&mut chart, (1.0, 1.0), [12, 2], "minimum")?;
        chart::legend(&mut chart, [16, 500])
    })
}

fn run(name: &str, descent: Descent, colour: RGBColor) -> Run {
    let mut history = History::with_points();
    let found = descent
        .minimize_observed(rosenbrock::value_and_gradient, START, |state| history.record(state))
        .expect("the steps are small enough");
    show(&format!("iterations of {name}"), found.iterations as f64);
    assert!(found.reason.is_convergence());
    // The tolerance of the gradient over the least curvature at the minimum, 0.4.
    about("distance from the minimum", (found.point[0] - 1.0).hypot(found.point[1] - 1.0), 0.0, 2e-5);
    assert_eq!((history.points.len(), history.points[0]), (found.iterations + 1, START));
    Run {
        name: format!("{name}: {} iterations", found.iterations),
        colour,
        points: history.points.into_iter().map(Into::into).collect(),
    }
}
