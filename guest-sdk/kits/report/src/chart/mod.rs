//! Charts as SVG: titled, with named axes, the figures as a table behind them, and colours that follow the page.
//!
//! Every chart is [rendered](maud::Render) into a page, and can be [a file](Chart::svg_file) of its own. Values that are
//! not finite are left out.
//!
//! Libraries that draw whole charts (plotters, kuva, poloto) write their colours and sizes into the picture, so that dark
//! mode, phones and paper get those of the desktop, and give marks no titles. So the marks are drawn here, and plotters
//! gives what takes thought: where an axis of numbers or of the calendar has its ticks.

mod axis;
mod bars;
mod boxes;
mod frame;
mod heat;
mod histogram;
mod lines;
mod picture;
mod scatter;
mod ticks;

pub use axis::Axis;
pub use bars::Bars;
pub use boxes::Boxes;
pub use frame::text_width;
pub use heat::HeatMap;
pub use histogram::Histogram;
pub use lines::Lines;
pub use picture::{Chart, Picture};
pub use scatter::Scatter;

/// The variables of all colours, for light and dark screens: `--c0` to `--c7` are told apart, `--c8` is for the rest.
pub const COLOURS: &str = include_str!("colours.css");

/// How charts look in these colours.
pub const STYLE: &str = include_str!("chart.css");

/// How many series have colours of their own, as classes `c0` to `c7` and variables `--c0` to `--c7`.
pub const SERIES: usize = 8;

/// The class of a series; what comes after those with colours of their own shares one.
pub(crate) fn class(series: usize) -> &'static str {
    ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"].get(series).unwrap_or(&"c8")
}
