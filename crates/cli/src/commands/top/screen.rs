//! A picture as text: whole and plain, or as much of it as a terminal has room for.

use super::grid::{Column, Form, clipped, column, lines, time};
use super::picture::Picture;
use crate::output::harmless;
use ratatui::Frame;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use serde_json::Value;
use std::cmp::Ordering;
use std::time::Duration;

const NODES: &[Column] = &[
    column("NODE", "nodeId", Form::Text),
    column("TAKES JOBS", "active", Form::Word),
    column("JOBS", "activeJobs", Form::Number),
    column("AT MOST", "jobCapacity", Form::Number),
    column("CPU", "cpuPercent", Form::Percent),
    column("JOBS' MEMORY", "jobMemoryReservedBytes", Form::Bytes),
    column("AT MOST", "jobMemoryBytes", Form::Bytes),
    Column { only_wide: true, ..column("DISK FREE", "diskFreeBytes", Form::Bytes) },
];

const TENANTS: &[Column] = &[
    column("TENANT", "name", Form::Text),
    Column { only_wide: true, ..column("ID", "tenantId", Form::Id) },
    column("RUNNING", "runningJobs", Form::Number),
    column("QUEUED", "queuedJobs", Form::Number),
    column("SCHEDULED", "scheduledJobs", Form::Number),
    column("DONE TODAY", "completedToday", Form::Number),
    column("FAILED TODAY", "failedToday", Form::Number),
];

const WAITING: &[Column] = &[
    column("WAITING", "jobId", Form::Id),
    column("NAME", "jobName", Form::Text),
    column("TYPE", "jobType", Form::Word),
    column("PRIORITY", "priority", Form::Word),
    column("FOR", "waitedSeconds", Form::Seconds),
    column("REASON", "waitReason", Form::Word),
];

const RUNNING: &[Column] = &[
    column("RUNNING", "jobId", Form::Id),
    column("NAME", "jobName", Form::Text),
    column("MODULE", "module", Form::Text),
    column("DONE", "percentage", Form::Percent),
    Column { only_wide: true, ..column("STAGE", "currentStage", Form::Text) },
    column("ELAPSED", "elapsedSeconds", Form::Seconds),
    column("FUEL", "fuel", Form::Units),
    column("FUEL/S", "fuelPerSecond", Form::Units),
    column("MEMORY", "memoryBytes", Form::Bytes),
];

/// The keys, for the last line of the screen.
const KEYS: &str = "q quit · s sort by the next · r reverse · ↑ ↓ move · p pause";

/// What running jobs are in order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    FuelPerSecond,
    Fuel,
    Memory,
    Elapsed,
    Done,
    Name,
}

impl Sort {
    pub(super) fn next(self) -> Self {
        match self {
            Self::FuelPerSecond => Self::Fuel,
            Self::Fuel => Self::Memory,
            Self::Memory => Self::Elapsed,
            Self::Elapsed => Self::Done,
            Self::Done => Self::Name,
            Self::Name => Self::FuelPerSecond,
        }
    }

    /// The member that it goes by, and how people call it.
    fn member(self) -> (&'static str, &'static str) {
        match self {
            Self::FuelPerSecond => ("fuelPerSecond", "fuel/s"),
            Self::Fuel => ("fuel", "fuel"),
            Self::Memory => ("memoryBytes", "memory"),
            Self::Elapsed => ("elapsedSeconds", "elapsed"),
            Self::Done => ("percentage", "done"),
            Self::Name => ("jobName", "name"),
        }
    }
}

/// The greatest figures first, names by the alphabet, what is unknown last.
pub(super) fn sorted(mut rows: Vec<Value>, sort: Sort, reversed: bool) -> Vec<Value> {
    let (member, _) = sort.member();
    rows.sort_by(|one, other| {
        let order = match (&one[member], &other[member]) {
            (Value::Null, other) => return if other.is_null() { Ordering::Equal } else { Ordering::Greater },
            (_, Value::Null) => return Ordering::Less,
            (Value::String(one), Value::String(other)) => one.cmp(other),
            (one, other) => compared(other.as_f64(), one.as_f64()),
        };
        if reversed { order.reverse() } else { order }
    });
    rows
}

fn compared(one: Option<f64>, other: Option<f64>) -> Ordering {
    one.partial_cmp(&other).unwrap_or(Ordering::Equal)
}

/// What keys have made of the screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) sort: Sort,
    pub(super) reversed: bool,
    pub(super) paused: bool,
    /// How many running jobs lie above the first that is shown.
    pub(super) skipped: usize,
}

/// What keeps the picture from being new, when it came, and how old it is.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) message: String,
    pub(super) since: String,
    pub(super) lasts: Duration,
}

/// The whole picture as plain text.
pub(super) fn plain(picture: &Picture) -> String {
    let mut text = format!("{}\n{}\n", title(picture), queue(picture));
    for (columns, rows, all) in tables(picture, sorted(picture.running.clone(), Sort::default(), false)) {
        let mut lines = table(columns, &rows, None, usize::MAX, all);
        lines.insert(0, String::new());
        lines.into_iter().for_each(|line| text += &(line + "\n"));
    }
    text
}

/// The tables with their rows, and how many rows there are in all.
fn tables(picture: &Picture, running: Vec<Value>) -> [(&'static [Column], Vec<Value>, u64); 4] {
    [
        (NODES, picture.nodes.clone(), picture.nodes.len() as u64),
        (TENANTS, picture.tenants.clone(), picture.tenants.len() as u64),
        (WAITING, picture.waiting.clone(), picture.waiting_jobs.max(picture.waiting.len() as u64)),
        (RUNNING, running, picture.running_jobs),
    ]
}

/// A table of `height` lines at most: its heading, rows, and how many more there are.
fn table(columns: &[Column], rows: &[Value], width: Option<usize>, height: usize, all: u64) -> Vec<String> {
    if rows.is_empty() {
        let nothing = if all == 0 { "none".to_owned() } else { format!("{all}, which are not listed") };
        return vec![format!("{}  {nothing}", columns[0].heading)];
    }
    let is_whole = rows.len() as u64 >= all && rows.len() < height;
    let shown = if is_whole { rows.len() } else { rows.len().min(height.saturating_sub(2)) };
    let mut lines = lines(columns, &rows[..shown], width);
    let more = all.max(rows.len() as u64) - shown as u64;
    if more > 0 && lines.len() < height {
        lines.push(format!("… and {more} more"));
    }
    lines
}

fn title(picture: &Picture) -> String {
    let place = match &picture.project_id {
        Some(project) => format!("project {}", harmless(project)),
        None => "the whole server".to_owned(),
    };
    let moment = picture.timestamp.split('.').next().unwrap_or_default().trim_end_matches('Z');
    format!("fuelcell top · {}Z · {place} · {}", harmless(moment), picture.server)
}

/// The queue on one line: priorities that have jobs, with the age of the oldest where it is known.
fn queue(picture: &Picture) -> String {
    let lane = |lane: &Value| {
        let jobs = lane["jobs"].as_u64().filter(|jobs| *jobs > 0)?;
        let name = harmless(lane["priority"].as_str().unwrap_or_default()).to_lowercase();
        let age = lane["oldestSeconds"].as_f64().map(|age| format!(" (oldest {})", time(age)));
        Some(format!("{name} {jobs}{}", age.unwrap_or_default()))
    };
    let mut parts: Vec<String> = picture.queue.iter().filter_map(lane).collect();
    if parts.is_empty() {
        parts.push("empty".to_owned());
    }
    parts.extend(picture.scheduled_jobs.filter(|jobs| *jobs > 0).map(|jobs| format!("{jobs} scheduled")));
    let whose = if picture.project_id.is_some() { " of the tenant" } else { "" };
    format!("QUEUE{whose}  {}", parts.join(" · "))
}

/// How many rows each table gets, in turns: running jobs two at a time, because they are what one looks for.
fn shares(wanted: [usize; 4], room: usize) -> [usize; 4] {
    let (mut given, mut left) = ([0; 4], room);
    while left > 0 && given != wanted {
        for (index, turns) in [(3, 2), (2, 1), (0, 1), (1, 1)] {
            let more = turns.min(wanted[index] - given[index]).min(left);
            given[index] += more;
            left -= more;
        }
    }
    given
}

/// Draws as much of the picture as there is room for.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    picture: &Picture,
    wanted: &Wanted,
    trouble: Option<&Trouble>,
    colours: bool,
) {
    let area = frame.area();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let mut text = vec![state(picture, wanted, trouble, width, colours), plainly(&queue(picture), width)];
    let mut running = sorted(picture.running.clone(), wanted.sort, wanted.reversed);
    let skipped = wanted.skipped.min(running.len().saturating_sub(1));
    running.drain(..skipped);
    let tables = tables(picture, running);
    // A heading each, a row for all, and a line that says how many more there are.
    let rows = tables.each_ref().map(|(_, rows, all)| rows.len() + usize::from((rows.len() as u64) < *all));
    let fixed = text.len() + tables.len() + 1;
    let shares = shares(rows, height.saturating_sub(fixed));
    for ((columns, rows, all), share) in tables.into_iter().zip(shares) {
        let is_running = std::ptr::eq(columns, RUNNING);
        let all = if is_running { all.saturating_sub(skipped as u64) } else { all };
        let mut lines = table(columns, &rows, Some(width), share + 1, all).into_iter();
        text.extend(
            lines.next().map(|heading| Line::styled(heading, emphasis(colours.then_some(Color::Cyan)))),
        );
        text.extend(lines.map(Line::raw));
    }
    text.truncate(height.saturating_sub(1));
    text.resize(height.saturating_sub(1), Line::raw(""));
    let (_, sort) = wanted.sort.member();
    let up = if wanted.reversed { "↑" } else { "↓" };
    text.push(plainly(&format!("by {sort} {up} · {KEYS}"), width));
    frame.render_widget(Paragraph::new(text), area);
}

fn plainly(text: &str, width: usize) -> Line<'static> {
    Line::raw(clipped(text, width))
}

fn emphasis(colour: Option<Color>) -> Style {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    colour.map_or(bold, |colour| bold.fg(colour))
}

/// The first line: whose picture it is, or what is wrong with it.
fn state(
    picture: &Picture,
    wanted: &Wanted,
    trouble: Option<&Trouble>,
    width: usize,
    colours: bool,
) -> Line<'static> {
    let (text, colour) = match trouble {
        Some(Trouble { message, since, lasts }) => {
            let lasts = time(lasts.as_secs_f64());
            (format!("NOTHING SINCE {since} ({lasts}): {}", harmless(message)), Color::Red)
        }
        None if wanted.paused => (format!("PAUSED · {}", title(picture)), Color::Yellow),
        None => (title(picture), Color::Green),
    };
    Line::styled(clipped(&text, width), emphasis(colours.then_some(colour)))
}

#[cfg(test)]
mod tests;
