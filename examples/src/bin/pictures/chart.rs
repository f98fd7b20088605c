//! What the pictures share: colours, axes, legends, contour lines.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use contour::ContourBuilder;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Colours that the colour-blind can tell apart (Okabe & Ito 2008).
pub(crate) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(crate) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(crate) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(crate) const RED: RGBColor = RGBColor(213, 94, 0);
pub(crate) const PURPLE: RGBColor = RGBColor(204, 121, 167);
pub(crate) const DARK: RGBColor = RGBColor(60, 60, 60);
pub(crate) const GREY: RGBColor = RGBColor(150, 150, 150);
const GRID: RGBColor = RGBColor(232, 232, 232);

const FONT: &str = "sans-serif";

/// The units of the drawing per pixel of the picture: plotters rounds to whole units, which would show in curves.
const SCALE: u32 = 4;

/// A length in pixels.
pub(crate) const fn px(pixels: u32) -> u32 {
    SCALE * pixels
}

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
pub(crate) type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
pub(crate) type Drawn<T = ()> = Result<T, Box<dyn Error>>;

/// Draws a picture of this size in pixels, and writes it.
pub(crate) fn picture(path: &Path, [width, height]: [u32; 2], draw: impl FnOnce(&Area<'_>) -> Drawn) -> Drawn {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (px(width), px(height))).into_drawing_area();
    area.fill(&WHITE)?;
    draw(&area)?;
    area.present()?;
    drop(area);
    let drawn = format!("width=\"{}\" height=\"{}\"", px(width), px(height));
    assert!(svg.contains(&drawn), "the size of the drawing is not where it is expected");
    std::fs::write(path, svg.replacen(&drawn, &format!("width=\"{width}\" height=\"{height}\""), 1))?;
    Ok(())
}

/// Dots of this radius in pixels, in the legend if they have a label.
pub(crate) fn dots(
    chart: &mut Chart<'_>,
    points: impl IntoIterator<Item = (f64, f64)>,
    radius: u32,
    style: impl Into<ShapeStyle>,
    label: Option<&str>,
) -> Drawn {
    let (style, radius) = (style.into(), px(radius));
    let series = chart.draw_series(points.into_iter().map(|point| Circle::new(point, radius, style)))?;
    if let Some(label) = label {
        series.label(label).legend(move |(x, y)| Circle::new((x + px(16) as i32, y), radius, style));
    }
    Ok(())
}

/// Axes with names, a grid, and a title above.
pub(crate) fn axes<'a>(
    area: &Area<'a>,
    title: &str,
    [x_name, y_name]: [&str; 2],
    x: Range<f64>,
    y: Range<f64>,
) -> Drawn<Chart<'a>> {
    let (width, _) = area.dim_in_pixel();
    let centred = Pos::new(HPos::Center, VPos::Top);
    let style = (FONT, px(20)).into_font().color(&DARK).pos(centred);
    area.draw(&Text::new(title.to_owned(), (width as i32 / 2, px(14) as i32), style))?;
    let mut chart = ChartBuilder::on(area)
        .margin(px(14))
        .margin_top(px(46))
        .margin_right(px(24))
        .x_label_area_size(px(46))
        .y_label_area_size(px(62))
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(px(1)))
        .axis_style(GREY.stroke_width(px(1)))
        .set_all_tick_mark_size(px(5))
        .x_labels(9)
        .y_labels(7)
        .x_label_formatter(&|x| format!("{x:.1}"))
        .y_label_formatter(&|y| format!("{y:.1}"))
        .label_style((FONT, px(15)).into_font().color(&DARK))
        .axis_desc_style((FONT, px(17)).into_font().color(&DARK))
        .x_desc(x_name)
        .y_desc(y_name)
        .draw()?;
    Ok(chart)
}

/// The legend of all series that have a label, so many pixels from the left and from the top.
pub(crate) fn legend(chart: &mut Chart<'_>, [left, top]: [u32; 2]) -> Drawn {
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::Coordinate(px(left) as i32, px(top) as i32))
        .margin(px(12))
        .legend_area_size(px(34))
        .background_style(WHITE)
        .border_style(GREY.stroke_width(px(1)))
        .label_font((FONT, px(15)).into_font().color(&DARK))
        .draw()?;
    Ok(())
}

/// A line through points, in the legend if it has a label.
pub(crate) fn line(
    chart: &mut Chart<'_>,
    points: impl IntoIterator<Item = (f64, f64)>,
    style: impl Into<ShapeStyle>,
    label: Option<&str>,
) -> Drawn {
    let style = style.into();
    let series = chart.draw_series(LineSeries::new(points, style))?;
    if let Some(label) = label {
        series
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x + px(4) as i32, y), (x + px(28) as i32, y)], style));
    }
    Ok(())
}

/// A text beside a point, `offset` pixels away.
pub(crate) fn text(chart: &mut Chart<'_>, point: (f64, f64), [right, down]: [i32; 2], text: &str) -> Drawn {
    let style = (FONT, px(15)).into_font().color(&DARK);
    let element = EmptyElement::at(point)
        + Text::new(text.to_owned(), [right, down].map(|pixels| pixels * SCALE as i32).into(), style);
    chart.draw_series(std::iter::once(element))?;
    Ok(())
}

/// The values of a function on a grid over a rectangle.
pub(crate) struct Grid {
    values: Vec<f64>,
    origin: [f64; 2],
    step: [f64; 2],
}

impl Grid {
    const SIZE: usize = 401;

    pub(crate) fn new(function: impl Fn(f64, f64) -> f64, x: &Range<f64>, y: &Range<f64>) -> Self {
        let intervals = (Self::SIZE - 1) as f64;
        let step = [(x.end - x.start) / intervals, (y.end - y.start) / intervals];
        let at = |k: usize| {
            let (column, row) = (k % Self::SIZE, k / Self::SIZE);
            function(x.start + column as f64 * step[0], y.start + row as f64 * step[1])
        };
        Self { values: (0..Self::SIZE * Self::SIZE).map(at).collect(), origin: [x.start, y.start], step }
    }

    /// The lines on which the function has this value.
    pub(crate) fn contour(&self, level: f64) -> Drawn<Vec<Vec<(f64, f64)>>> {
        let builder = ContourBuilder::new(Self::SIZE, Self::SIZE, true)
            .x_step(self.step[0])
            .y_step(self.step[1])
            // The crate puts samples into the middle of cells.
            .x_origin(self.origin[0] - 0.5 * self.step[0])
            .y_origin(self.origin[1] - 0.5 * self.step[1]);
        // The crate closes lines along the edge, outside of the samples: they are cut open there.
        let intervals = (Self::SIZE - 1) as f64;
        let is_inside = |&(x, y): &(f64, f64)| {
            let [column, row] = [(x - self.origin[0]) / self.step[0], (y - self.origin[1]) / self.step[1]];
            [column, row].iter().all(|position| (-1e-9..=intervals + 1e-9).contains(position))
        };
        let mut pieces = Vec::new();
        for string in builder.lines(&self.values, &[level])?.iter().flat_map(|line| line.geometry()) {
            let points: Vec<(f64, f64)> = string.coords().map(|point| (point.x, point.y)).collect();
            pieces.extend(points.split(|point| !is_inside(point)).filter(|piece| piece.len() > 1).map(thinned));
        }
        Ok(pieces)
    }
}

/// The points of a line that are half a pixel or so from the one before, and its ends.
pub(crate) fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let far = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).hypot(a.1 - b.1) >= 3e-3;
    let mut kept: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for &point in points.iter().skip(1) {
        if kept.last().is_some_and(|&last| far(last, point)) {
            kept.push(point);
        }
    }
    kept.extend(points.last());
    kept
}
