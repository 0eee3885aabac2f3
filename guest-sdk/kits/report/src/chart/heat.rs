//! Heat maps.

use maud::{Markup, html};

use super::axis::{Axis, is_drawn};
use super::frame::{Frame, Px, text_width};
use super::picture::{Chart, Picture, Shape, rendered};
use crate::text::shorten;
use crate::{Column, Table};

/// A table whose cells are the darker the larger their values are; those below zero have a colour of their own.
///
/// ```
/// use fuelcell_report_kit::chart::{Axis, Chart, HeatMap};
/// let chart = HeatMap::new("Orders by weekday", "Region", "Weekday", Axis::count("Orders"), ["Mon", "Tue"])
///     .row("North", [12.0, 15.0])
///     .row("South", [f64::NAN, 7.0]);
/// assert!(chart.svg_file().contains("North, Tue: 15"));
/// ```
#[derive(Debug, Clone)]
pub struct HeatMap {
    shape: Shape,
    row_names: String,
    column_names: String,
    axis: Axis,
    columns: Vec<String>,
    rows: Vec<(String, Vec<f64>)>,
    root: bool,
}

rendered!(HeatMap);

/// Names of rows and of columns have at most so many letters.
const ROW_LETTERS: usize = 26;
const COLUMN_LETTERS: usize = 16;
/// Colours are this strong at most, so that values on them can be read.
const STRONGEST: f64 = 0.6;

impl HeatMap {
    /// A map without rows: what rows and columns are, what the values are, and the names of the columns.
    pub fn new<S: Into<String>>(
        title: impl Into<String>,
        rows: impl Into<String>,
        columns: impl Into<String>,
        axis: Axis,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        let (row_names, column_names) = (rows.into(), columns.into());
        let shape = Shape::new(title, 0.0);
        Self { shape, row_names, column_names, axis, columns: names, rows: Vec::new(), root: false }
    }

    /// Adds a row. A value that is not finite is not known, and its cell is empty.
    pub fn row(mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        self.rows.push((name.into(), values.into_iter().collect()));
        self
    }

    /// Colours by the root of the values, so that small ones can be told apart where few are large.
    pub fn by_root(mut self) -> Self {
        self.root = true;
        self
    }

    fn body(&self, layout: &Layout) -> Markup {
        let values = self.rows.iter().flat_map(|(_, values)| values);
        let most = values
            .copied()
            .filter(|&value| is_drawn(value))
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        let strength = |value: f64| {
            let share = if most > 0.0 { value.abs() / most } else { 0.0 };
            STRONGEST * if self.root { share.sqrt() } else { share }
        };
        let frame = &layout.frame;
        let (across, down) = (1.0 / self.columns.len().max(1) as f64, 1.0 / self.rows.len().max(1) as f64);
        let cell = |row: usize, column: usize, value: f64| {
            let (left, right) = (frame.x(across * column as f64), frame.x(across * (column + 1) as f64));
            let (top, bottom) = (frame.y(1.0 - down * row as f64), frame.y(1.0 - down * (row + 1) as f64));
            let text = self.axis.value(value);
            let sign = if value < 0.0 { "cell minus" } else { "cell" };
            html! {
                rect class=(sign) fill-opacity=(format_args!("{:.2}", strength(value)))
                    x=(Px(left)) y=(Px(top)) width=(Px(right - left - 1.0)) height=(Px(bottom - top - 1.0)) {
                    title { (self.rows[row].0) ", " (self.columns[column]) ": " (text) }
                }
                @if text_width(&text, 11.5) + 4.0 < right - left {
                    text.value x=(Px((left + right) / 2.0)) y=(Px((top + bottom) / 2.0 + 4.0)) text-anchor="middle" { (text) }
                }
            }
        };
        html! {
            text.name x="2" y="14" { (self.row_names) " ↓  " (self.column_names) " →" }
            @for (column, name) in layout.columns.iter().enumerate() {
                (layout.column_label(frame.x(across * (column as f64 + 0.5)), name))
            }
            @for (row, (name, (_, values))) in layout.rows.iter().zip(&self.rows).enumerate() {
                (frame.left_label(frame.y(1.0 - down * (row as f64 + 0.5)), name))
                @for (column, &value) in values.iter().take(self.columns.len()).enumerate().filter(|(_, value)| is_drawn(**value)) {
                    (cell(row, column, value))
                }
            }
            @if self.rows.is_empty() { (frame.nothing()) }
        }
    }
}

/// Where everything stands: names that are too long for their columns are turned.
struct Layout {
    shape: Shape,
    frame: Frame,
    rows: Vec<String>,
    columns: Vec<String>,
    turned: bool,
}

impl Layout {
    fn of(map: &HeatMap) -> Self {
        let rows: Vec<String> = map.rows.iter().map(|(name, _)| shorten(name, ROW_LETTERS)).collect();
        let columns: Vec<String> = map.columns.iter().map(|name| shorten(name, COLUMN_LETTERS)).collect();
        let widest = columns.iter().map(|name| text_width(name, 11.5)).fold(0.0, f64::max);
        let frame = Frame::new((map.shape.width, 0.0), rows.iter().map(String::as_str));
        let turned = widest + 6.0 > (frame.x(1.0) - frame.x(0.0)) / columns.len().max(1) as f64;
        let top = if turned { 40.0 + widest * SIN } else { 42.0 };
        // Turned names begin on the left of their columns.
        let frame = if turned { frame.at_least_left(widest * COS) } else { frame };
        let asked = map.shape.height;
        let height = if asked > 0.0 { asked } else { top + 26.0 * rows.len().max(1) as f64 + 6.0 };
        let frame = frame.between(height, top, 6.0);
        Self { shape: Shape { height, ..map.shape.clone() }, frame, rows, columns, turned }
    }

    fn column_label(&self, x: f64, name: &str) -> Markup {
        let y = self.frame.y(1.0) - 8.0;
        match self.turned {
            true => {
                html! { text transform={ "translate(" (Px(x)) " " (Px(y)) ") rotate(35)" } text-anchor="end" { (name) } }
            }
            false => html! { text x=(Px(x)) y=(Px(y)) text-anchor="middle" { (name) } },
        }
    }
}

/// Sine and cosine of 35 degrees.
const SIN: f64 = 0.574;
const COS: f64 = 0.819;

impl Chart for HeatMap {
    fn shape(&mut self) -> &mut Shape {
        &mut self.shape
    }

    fn draw(&self) -> Picture {
        let layout = Layout::of(self);
        let columns =
            [Column::name(&self.row_names)].into_iter().chain(self.columns.iter().map(Column::number));
        let mut table = Table::new(columns).fold_after(100);
        for (name, values) in &self.rows {
            let known = values
                .iter()
                .map(|&value| if is_drawn(value) { self.axis.value(value) } else { String::new() });
            table.row_of([name.clone()].into_iter().chain(known));
        }
        let body = self.body(&layout);
        Picture::new(layout.shape, body, table)
    }
}
