//! Rows as lines of text: what a screen and a plain picture are both made of. Unknown is `–`.

use crate::output::{bytes, harmless};
use ratatui::text::Span;
use serde_json::Value;

/// What stands where nobody knows.
const UNKNOWN: &str = "–";
/// From this width on there is room for whole ids and for stages.
const WIDE: usize = 150;
/// What an id is told by where there is no room for the whole: ids begin with the millisecond of their making.
const SHORT_ID: usize = 13;
/// The least that is left of a text which gives way.
const LEAST: usize = 6;

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An id: cut where there is no room.
    Id,
    /// Texts of others: they give way to figures.
    Text,
    /// A word of the API.
    Word,
    Number,
    Percent,
    Bytes,
    Seconds,
    /// Units, in thousands, millions and so on.
    Units,
}

/// A column: its heading, the member that it shows, how, and whether it is for wide pictures only.
pub(super) struct Column {
    pub(super) heading: &'static str,
    pub(super) member: &'static str,
    pub(super) form: Form,
    pub(super) only_wide: bool,
}

/// A column of pictures of every width.
pub(super) const fn column(heading: &'static str, member: &'static str, form: Form) -> Column {
    Column { heading, member, form, only_wide: false }
}

/// The heading and the rows, within `width` cells where one is given.
pub(super) fn lines(columns: &[Column], rows: &[Value], width: Option<usize>) -> Vec<String> {
    let is_wide = width.is_none_or(|width| width >= WIDE);
    let columns: Vec<&Column> = columns.iter().filter(|column| is_wide || !column.only_wide).collect();
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|column| cell(column, row, is_wide)).collect()).collect();
    let natural = |(index, column): (usize, &&Column)| {
        cells.iter().map(|row| cells_of(&row[index])).max().unwrap_or(0).max(cells_of(column.heading))
    };
    let mut widths: Vec<usize> = columns.iter().enumerate().map(natural).collect();
    if let Some(width) = width {
        give_way(&columns, &mut widths, width);
    }
    let headings: Vec<String> = columns.iter().map(|column| column.heading.to_owned()).collect();
    std::iter::once(&headings).chain(&cells).map(|row| joined(&columns, row, &widths)).collect()
}

/// Takes from the widest of the texts until all fits.
fn give_way(columns: &[&Column], widths: &mut [usize], width: usize) {
    let gaps = 2 * columns.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > width {
        let texts = columns.iter().enumerate().filter(|(_, column)| column.form == Form::Text);
        let widest = texts.map(|(index, _)| index).max_by_key(|index| widths[*index]);
        match widest.filter(|index| widths[*index] > LEAST) {
            Some(index) => widths[index] -= 1,
            None => return,
        }
    }
}

fn joined(columns: &[&Column], row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for ((column, text), width) in columns.iter().zip(row).zip(widths) {
        let text = clipped(text, *width);
        let pad = " ".repeat(width - cells_of(&text));
        match is_figure(column.form) {
            true => line += &format!("{pad}{text}  "),
            false => line += &format!("{text}{pad}  "),
        }
    }
    line.trim_end().to_owned()
}

fn is_figure(form: Form) -> bool {
    !matches!(form, Form::Id | Form::Text | Form::Word)
}

/// How many cells of a terminal a text takes.
fn cells_of(text: &str) -> usize {
    Span::raw(text).width()
}

/// As much of a text as `width` cells have room for.
pub(super) fn clipped(text: &str, width: usize) -> String {
    if cells_of(text) <= width {
        return text.to_owned();
    }
    let (mut kept, mut taken) = (String::new(), 1);
    for c in text.chars() {
        taken += cells_of(c.encode_utf8(&mut [0; 4]));
        if taken > width {
            break;
        }
        kept.push(c);
    }
    if width > 0 { kept + "…" } else { kept }
}

fn cell(column: &Column, row: &Value, is_wide: bool) -> String {
    let value = &row[column.member];
    let shown = match (column.form, value) {
        (Form::Id, Value::String(id)) if !is_wide => Some(harmless(id).chars().take(SHORT_ID).collect()),
        (_, Value::String(text)) => Some(harmless(text)),
        (_, Value::Bool(true)) => Some("yes".to_owned()),
        (_, Value::Bool(false)) => Some("no".to_owned()),
        (Form::Bytes, value) => value.as_u64().map(bytes),
        (Form::Seconds, value) => value.as_f64().map(time),
        (Form::Units, value) => value.as_f64().map(units),
        (Form::Percent, value) => value.as_f64().map(|percent| format!("{percent:.0} %")),
        (_, Value::Null) => None,
        (_, value) => Some(harmless(&value.to_string())),
    };
    shown.unwrap_or_else(|| UNKNOWN.to_owned())
}

/// A time as people say it, in its two greatest units.
pub(super) fn time(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3600..86_400 => format!("{}h{:02}m", whole / 3600, whole / 60 % 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole / 3600 % 24),
    }
}

/// A count to three digits.
fn units(count: f64) -> String {
    let scales = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let Some((scale, name)) = scales.into_iter().find(|(scale, _)| count >= *scale) else {
        return format!("{count:.0}");
    };
    match count / scale {
        scaled if scaled < 10.0 => format!("{scaled:.2} {name}"),
        scaled if scaled < 100.0 => format!("{scaled:.1} {name}"),
        scaled => format!("{scaled:.0} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COLUMNS: &[Column] = &[
        column("JOB", "id", Form::Id),
        column("NAME", "name", Form::Text),
        column("FUEL", "fuel", Form::Units),
        Column { only_wide: true, ..column("STAGE", "stage", Form::Text) },
    ];

    #[test]
    fn texts_give_way_and_figures_do_not() {
        let rows = [
            json!({"id": "0123456789abcdef", "name": "a name that is much too long", "fuel": 12_345_678_u64}),
            json!({"id": "fedcba9876543210", "name": "漢字仮名交じり文の名前", "fuel": null}),
        ];
        let narrow = lines(COLUMNS, &rows, Some(30));
        assert_eq!(
            narrow,
            [
                "JOB            NAME       FUEL",
                "0123456789abc  a name…  12.3 M",
                "fedcba9876543  漢字仮…       –"
            ]
        );
        assert!(narrow.iter().all(|line| cells_of(line) <= 30), "{narrow:?}");
        let wide = lines(COLUMNS, &rows, None);
        assert!(wide[1].contains("0123456789abcdef") && wide[1].contains("much too long"), "{wide:?}");
        assert!(wide[0].ends_with("STAGE") && wide[1].ends_with(UNKNOWN), "{wide:?}");
    }

    #[test]
    fn texts_of_others_move_no_cursor() {
        let rows =
            [json!({"id": "\u{1b}[2J", "name": "\u{1b}]0;title\u{7}\u{202e}\u{9b}2J", "stage": "a\nb"})];
        let text = lines(COLUMNS, &rows, None).join("\n");
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n') && !text.contains('\u{202e}'),
            "{text:?}"
        );
        assert_eq!(text.lines().count(), 2, "{text:?}");
    }

    #[test]
    fn times_and_counts_are_short() {
        let times = [0.4, 59.9, 184.0, 7_980.0, 439_200.0].map(time);
        assert_eq!(times, ["0s", "59s", "3m04s", "2h13m", "5d02h"]);
        let counts = [0.0, 999.0, 1_000.0, 12_340.0, 123_400_000.0, 2e18].map(units);
        assert_eq!(counts, ["0", "999", "1.00 k", "12.3 k", "123 M", "2000 P"]);
    }
}
