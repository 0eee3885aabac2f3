//! What is analysed: rows with attributes, a time and a target.

use std::collections::BTreeMap;

use crate::cases::{CaseTable, DURATION, END, History, LogColumns, START, WORKING_DURATION};
use crate::causes::{Known, Measure, Options, Target};
use crate::error::{Stop, excerpt, there_are};
use crate::filters::{self, Filter, Level};
use crate::frame::{Frame, Micros, NO_TIME, Values};
use crate::parameters::{Parameters, TargetOf};
use crate::roles::Roles;
use crate::statistics::{quantile_of_sorted, sorted};
use crate::window::TimeWindow;

/// Rows with what is known about them.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The cases of an event log; for other tables only its frame is filled.
    pub table: CaseTable,
    /// Whether it is an event log.
    pub is_log: bool,
    /// The column of each row's time.
    pub time: Option<String>,
    /// Rows that were left out by the time window and the filters.
    pub outside: usize,
}

/// Rows a case table needs of an activity before it becomes a column of its own.
pub fn least_rows(parameters: &Parameters, rows: usize) -> usize {
    parameters.least_rows.map_or_else(|| Options::for_rows(rows).least_rows, |least| (least as usize).max(5))
}

impl Subject {
    /// Makes rows of a table: cases of an event log, filtered as asked.
    ///
    /// # Errors
    /// `InvalidParameter` for windows and filters that do not fit the table.
    pub fn of(frame: Frame, roles: &Roles, parameters: &Parameters) -> Result<Self, Stop> {
        let window = parameters.time_window.as_ref();
        match roles {
            Roles::Log(columns) => Self::of_log(&frame, columns, parameters, window),
            Roles::Rows { time } => Self::of_rows(frame, time.clone(), parameters, window),
        }
    }

    fn of_log(
        log: &Frame,
        columns: &LogColumns,
        parameters: &Parameters,
        window: Option<&TimeWindow>,
    ) -> Result<Self, Stop> {
        let (of_events, of_cases): (Vec<_>, Vec<_>) = parameters
            .filters
            .iter()
            .cloned()
            .enumerate()
            .partition(|(_, filter)| matches!(filter.level, Some(Level::Event | Level::Row)));
        let of_events = of_events.into_iter().map(|(index, filter)| {
            let attribute = columns.column(log, &filter.attribute).to_string();
            (index, Filter { attribute, ..filter })
        });
        let kept = filters::rows_of(log, of_events, "filters")?;
        let log = if kept.len() == log.rows() { log.clone() } else { log.take(&kept) };
        let least = |rows| least_rows(parameters, rows);
        let derived = |log: &Frame| {
            let mut table = CaseTable::of(log, columns, least).ok_or_else(|| {
                Stop::failed("MissingColumn", "The table has no case, activity and timestamp.")
            })?;
            if let Some(calendar) = &parameters.calendar {
                let bounds = bounds(&table);
                let zone = parameters.time_zone.as_deref();
                table.add_working_duration(&calendar.working_time(zone, bounds, "calendar")?);
            }
            Ok::<_, Stop>(table)
        };
        let all = derived(&log)?;
        let mut inside = filters::rows_of(&all.frame, of_cases, "filters")?;
        if let Some(window) = window {
            let (first, last) = window.bounds("timeWindow")?;
            let (starts, ends) = (times(&all.frame, START), times(&all.frame, END));
            inside.retain(|&row| starts[row] >= first && ends[row] <= last);
        }
        let outside = all.frame.rows() - inside.len();
        let table = if outside == 0 { all } else { derived(&of_these_cases(&log, columns, &all, &inside))? };
        Ok(Self { table, is_log: true, time: Some(START.to_string()), outside })
    }

    fn of_rows(
        frame: Frame,
        time: Option<String>,
        parameters: &Parameters,
        window: Option<&TimeWindow>,
    ) -> Result<Self, Stop> {
        let mut inside = filters::rows_of(&frame, of_rows(&parameters.filters, time.as_deref())?, "filters")?;
        if let Some(window) = window {
            let (first, last) = window.bounds("timeWindow")?;
            let Some(time) = &time else {
                return Err(Stop::parameter("timeWindow needs a column of times, and the table has none."));
            };
            let moments = times(&frame, time);
            inside.retain(|&row| moments[row] != NO_TIME && (first..=last).contains(&moments[row]));
        }
        let outside = frame.rows() - inside.len();
        let frame = if outside == 0 { frame } else { frame.take(&inside) };
        let known = frame.columns().iter().map(|column| (column.name.clone(), Known::AtStart)).collect();
        let table = CaseTable {
            frame,
            known,
            steps: Vec::new(),
            history: History::default(),
            events: 0,
            left_out: 0,
        };
        Ok(Self { table, is_log: false, time, outside })
    }

    /// The times of the rows, if they have any.
    pub fn times(&self) -> Option<&[Micros]> {
        match self.table.frame.column(self.time.as_ref()?) {
            Some(Values::Times(times)) => Some(times),
            _ => None,
        }
    }

    /// What a row is called.
    pub fn noun(&self) -> &'static str {
        if self.is_log { "case" } else { "row" }
    }

    /// Whether a column holds seconds.
    pub fn is_seconds(&self, column: &str) -> bool {
        self.is_log
            && (column == DURATION
                || column == WORKING_DURATION
                || self.table.steps.iter().any(|step| step.column == column))
    }

    /// The target that is asked for, with the rows that have a value. None when none is asked for and the table has no
    /// duration.
    ///
    /// # Errors
    /// `InvalidParameter` when it does not fit the table.
    pub fn target(&self, wanted: Option<&TargetOf>) -> Result<Option<(Target, Vec<usize>)>, Stop> {
        let frame = &self.table.frame;
        let none = TargetOf::default();
        let wanted = match wanted {
            Some(wanted) => wanted,
            None if self.is_log => &none,
            None => return Ok(None),
        };
        if !wanted.conditions.is_empty() {
            let met = filters::rows(frame, &wanted.conditions, "target.where")?;
            let mut hits = vec![false; frame.rows()];
            met.into_iter().for_each(|row| hits[row] = true);
            let name = wanted.conditions.iter().map(Filter::describe).collect::<Vec<_>>().join(" and ");
            return Ok(Some((Target::share(name, hits), (0..frame.rows()).collect())));
        }
        let name = match &wanted.column {
            Some(name) => name.as_str(),
            None if self.is_log => DURATION,
            None => return Err(Stop::parameter("target.column is missing; it names a column of numbers.")),
        };
        let Some(Values::Numbers(numbers)) = frame.column(name) else {
            let numbers = frame.columns().iter().filter(|column| matches!(column.values, Values::Numbers(_)));
            let numbers = there_are(numbers.map(|column| column.name.as_str()));
            return Err(Stop::parameter(format!(
                "target.column is \"{}\", which is no column of numbers. {numbers} To explain a text use target.where.",
                excerpt(name)
            )));
        };
        let rows: Vec<usize> = (0..numbers.len()).filter(|&row| !numbers[row].is_nan()).collect();
        let values: Vec<f64> = rows.iter().map(|&row| numbers[row]).collect();
        let limit = match wanted.above_quantile {
            Some(quantile) => quantile_of_sorted(&sorted(&values), quantile),
            None => wanted.above,
        };
        let seconds = self.is_seconds(name);
        let target = match limit {
            Some(limit) if seconds => {
                let limit_text = fuelcell_report_kit::text::duration(limit);
                Target::share(format!("{name} above {limit_text}"), values.iter().map(|&value| value > limit))
            }
            Some(limit) => {
                Target::share(format!("{name} above {limit}"), values.iter().map(|&value| value > limit))
            }
            None => Target::new(name, if seconds { Measure::Seconds } else { Measure::Number }, values),
        };
        Ok(Some((target, rows)))
    }

    /// The columns that may be causes of a target: not those that it is made of, and not what is ignored.
    pub fn known(&self, parameters: &Parameters) -> BTreeMap<String, Known> {
        let mut known = self.table.known.clone();
        for name in &parameters.ignore {
            known.remove(name);
        }
        if let Some(target) = &parameters.target {
            known.retain(|name, _| {
                target.column.as_ref() != Some(name)
                    && !target.conditions.iter().any(|filter| filter.attribute == *name)
            });
        }
        known
    }

    /// Attributes with few values, for segments that nobody asked for.
    pub fn segments(&self, parameters: &Parameters) -> Vec<String> {
        const MOST: usize = 3;
        const VALUES: std::ops::RangeInclusive<usize> = 2..=12;
        let known = self.known(parameters);
        let few = self.table.frame.columns().iter().filter(|column| match &column.values {
            Values::Categories(categories) if known.get(&column.name) == Some(&Known::AtStart) => {
                VALUES.contains(&categories.used())
            }
            _ => false,
        });
        few.take(MOST).map(|column| column.name.clone()).collect()
    }
}

/// The filters of a table that is no event log. `timestamp` may stand for the column of its time.
fn of_rows(filters: &[Filter], time: Option<&str>) -> Result<Vec<(usize, Filter)>, Stop> {
    let one = |(index, filter): (usize, Filter)| match (filter.level, time) {
        (Some(Level::Event | Level::Case), _) => Err(Stop::parameter(format!(
            "filters[{index}].level is for event logs, and the table is none: it needs a case, an activity and a timestamp. \
             Allowed is row."
        ))),
        (_, Some(time)) if filter.attribute == "timestamp" => {
            Ok((index, Filter { attribute: time.to_string(), ..filter }))
        }
        _ => Ok((index, filter)),
    };
    filters.iter().cloned().enumerate().map(one).collect()
}

/// First and last moment of the cases.
fn bounds(table: &CaseTable) -> (Micros, Micros) {
    let first = times(&table.frame, START).iter().min().copied().unwrap_or(0);
    let last = times(&table.frame, END).iter().max().copied().unwrap_or(0);
    (first, last)
}

fn times<'a>(frame: &'a Frame, column: &str) -> &'a [Micros] {
    match frame.column(column) {
        Some(Values::Times(times)) => times,
        _ => &[],
    }
}

/// The events of these cases.
fn of_these_cases(log: &Frame, columns: &LogColumns, all: &CaseTable, inside: &[usize]) -> Frame {
    let (Some(Values::Categories(cases)), Some(of_events)) =
        (all.frame.column(crate::cases::CASE), log.column(&columns.case))
    else {
        return log.clone();
    };
    let kept: std::collections::HashSet<&str> = inside.iter().filter_map(|&row| cases.name(row)).collect();
    let of_events = crate::cases::as_codes(of_events);
    let is_kept: Vec<bool> = of_events.names.iter().map(|name| kept.contains(name.as_str())).collect();
    let held = |&row: &usize| is_kept.get(of_events.codes[row] as usize).copied().unwrap_or(false);
    log.take(&(0..log.rows()).filter(held).collect::<Vec<_>>())
}
