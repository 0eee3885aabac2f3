//! Columns of an event log.

use chrono_tz::Tz;
use fuelcell_parameters_kit::{Columns, WorkingTime, offsets, zone};
use fuelcell_sql_kit::{Cell, quoted};
use fuelcell_table_kit::{Kind, Micros, Stop};

use crate::bind::Place;
use crate::chunk::{kind_at, with_column};
use crate::made::{LINE, Made, Whole};
use crate::roles::Roles;
use crate::steps::{EventColumn, EventLog};

const DAY: Micros = 86_400_000_000;

const ALL: [EventColumn; 14] = [
    EventColumn::CaseDuration,
    EventColumn::TimeSincePrevious,
    EventColumn::TimeSinceStart,
    EventColumn::EventIndex,
    EventColumn::CaseEvents,
    EventColumn::Variant,
    EventColumn::Rework,
    EventColumn::Weekday,
    EventColumn::Hour,
    EventColumn::NextActivity,
    EventColumn::PreviousActivity,
    EventColumn::CaseWorkingTime,
    EventColumn::WorkingTimeSincePrevious,
    EventColumn::OffHours,
];

/// Those that need a calendar.
const WORKING: [EventColumn; 3] =
    [EventColumn::CaseWorkingTime, EventColumn::WorkingTimeSincePrevious, EventColumn::OffHours];

pub(crate) fn add(place: &Place, step: &EventLog, whole: &mut Whole<'_>) -> Result<Made, Stop> {
    let found = Found::of(place, step, whole)?;
    let needs_calendar = |column: &EventColumn| WORKING.contains(column);
    let all =
        || ALL.into_iter().filter(|column| step.calendar.is_some() || !needs_calendar(column)).collect();
    let wanted: Vec<EventColumn> = step.add.clone().unwrap_or_else(all);
    if step.calendar.is_none() && wanted.iter().any(needs_calendar) {
        return Err(place.wrong(
            "working time and off-hours need a calendar: give it here, or in the parameter calendar.",
        ));
    }
    let mut schema = whole.schema.clone();
    let mut columns = Vec::new();
    let log = Log::new(place, step, &found, whole)?;
    if wanted.contains(&EventColumn::Variant) {
        log.number_variants(whole)?;
    }
    for column in wanted {
        let (name, kind, sql) = log.column(column);
        place.free(&schema, name)?;
        schema = with_column(&schema, name, kind).0;
        columns.push(sql);
    }
    let all: Vec<String> = whole.all().iter().map(|name| format!("t.{name}")).chain(columns).collect();
    let sql = format!("SELECT t.{LINE}, {} FROM {} t ORDER BY t.rowid", all.join(", "), whole.table());
    Ok(Made { sql, schema })
}

/// The columns in SQL. Times are numbers of `unit` to the second.
struct Log {
    case: String,
    activity: String,
    time: String,
    unit: &'static str,
    /// Microseconds of a unit of `time`.
    micros: Micros,
    /// The time on the clock of the zone, in seconds.
    local: String,
    table: String,
}

/// The columns of the log.
struct Found {
    case: String,
    activity: String,
    timestamp: String,
    kind: Kind,
}

impl Found {
    /// As the step says, else by well-known names.
    fn of(place: &Place, step: &EventLog, whole: &Whole<'_>) -> Result<Self, Stop> {
        let schema = &whole.schema;
        let roles = Roles::find(schema, &Columns::default())?;
        let column = |what: &str, given: &Option<String>, known: Option<usize>| match (given, known) {
            (Some(name), _) => place.column(schema, name),
            (None, Some(known)) => Ok(known),
            (None, None) => Err(place.wrong(format!(
                "no column for the {what} was found; name it here, or in the parameter columns."
            ))),
        };
        let case = column("case", &step.case, roles.case)?;
        let activity = column("activity", &step.activity, roles.activity)?;
        let timestamp = column("timestamp", &step.timestamp, roles.timestamp)?;
        let kind = kind_at(schema, timestamp);
        if !kind.is_time() {
            return Err(
                place.wrong(format!("the timestamp column is of type {kind}; parse its times first."))
            );
        }
        let name = |index: usize| quoted(schema.field(index).name());
        Ok(Self { case: name(case), activity: name(activity), timestamp: name(timestamp), kind })
    }
}

impl Log {
    fn new(place: &Place, step: &EventLog, found: &Found, whole: &Whole<'_>) -> Result<Self, Stop> {
        let kind = found.kind;
        let (case, activity, time) = (found.case.clone(), found.activity.clone(), found.timestamp.clone());
        let bounds = bounds(&time, kind, whole)?;
        let zone_name = step.time_zone.as_deref();
        if let Some(calendar) = &step.calendar {
            let working = calendar.working_time(zone_name, bounds, &format!("{}/calendar", place.name))?;
            define_working_time(working, whole)?;
        }
        let seconds = match kind {
            Kind::Date => format!("t.{time} * 86400"),
            // Down, also before 1970.
            _ => format!("((t.{time} - ((t.{time} % 1000000) + 1000000) % 1000000) / 1000000)"),
        };
        let local = match zone_name {
            None => seconds,
            Some(_) => {
                put_offsets(zone(zone_name, &format!("{}/timeZone", place.name))?, bounds, whole)?;
                format!(
                    "({seconds} + (SELECT o FROM __offsets WHERE f <= {seconds} ORDER BY f DESC LIMIT 1))"
                )
            }
        };
        let (unit, micros) = match kind {
            Kind::Date => ("(1 / 86400.0)", DAY),
            _ => ("1000000.0", 1),
        };
        Ok(Self { case, activity, time, unit, micros, local, table: whole.table() })
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each column")]
    fn column(&self, column: EventColumn) -> (&'static str, Kind, String) {
        let Self { case, activity, time, unit, micros, local, .. } = self;
        let until = format!("__until(t.{time} * {micros})");
        let of_case = format!("PARTITION BY t.{case}");
        let ordered = format!("{of_case} ORDER BY t.{time}, t.rowid");
        match column {
            EventColumn::CaseDuration => (
                "case_duration_seconds",
                Kind::Float,
                format!("(max(t.{time}) OVER ({of_case}) - min(t.{time}) OVER ({of_case})) / {unit}"),
            ),
            EventColumn::TimeSincePrevious => (
                "seconds_since_previous",
                Kind::Float,
                format!("(t.{time} - lag(t.{time}) OVER ({ordered})) / {unit}"),
            ),
            EventColumn::TimeSinceStart => (
                "seconds_since_start",
                Kind::Float,
                format!("(t.{time} - min(t.{time}) OVER ({of_case})) / {unit}"),
            ),
            EventColumn::EventIndex => {
                ("event_index", Kind::Integer, format!("row_number() OVER ({ordered})"))
            }
            EventColumn::CaseEvents => ("case_events", Kind::Integer, format!("count(*) OVER ({of_case})")),
            EventColumn::Variant => {
                ("variant_id", Kind::Integer, format!("(SELECT v FROM __variants WHERE c IS t.{case})"))
            }
            EventColumn::Rework => (
                "is_rework",
                Kind::Boolean,
                format!(
                    "row_number() OVER (PARTITION BY t.{case}, t.{activity} ORDER BY t.{time}, t.rowid) > 1"
                ),
            ),
            // 1970-01-01 was a Thursday.
            EventColumn::Weekday => (
                "weekday",
                Kind::Integer,
                format!("((({local} - (({local} % 86400) + 86400) % 86400) / 86400 + 3) % 7 + 7) % 7 + 1"),
            ),
            EventColumn::Hour => {
                ("hour", Kind::Integer, format!("(({local} % 86400 + 86400) % 86400) / 3600"))
            }
            EventColumn::NextActivity => {
                ("next_activity", Kind::Text, format!("lead(t.{activity}) OVER ({ordered})"))
            }
            EventColumn::PreviousActivity => {
                ("previous_activity", Kind::Text, format!("lag(t.{activity}) OVER ({ordered})"))
            }
            EventColumn::CaseWorkingTime => (
                "case_working_seconds",
                Kind::Float,
                format!("(max({until}) OVER ({of_case}) - min({until}) OVER ({of_case})) / 1000000.0"),
            ),
            EventColumn::WorkingTimeSincePrevious => (
                "working_seconds_since_previous",
                Kind::Float,
                format!("({until} - lag({until}) OVER ({ordered})) / 1000000.0"),
            ),
            EventColumn::OffHours => {
                ("is_off_hours", Kind::Boolean, format!("1 - __open(t.{time} * {micros})"))
            }
        }
    }

    /// Numbers the sequences of activities from the most frequent; of equally frequent ones the first of the alphabet.
    fn number_variants(&self, whole: &Whole<'_>) -> Result<(), Stop> {
        let Self { case, activity, time, table, .. } = self;
        // Activities are joined by a character that no name has.
        let sequences = format!(
            "SELECT c, group_concat(coalesce(a, ''), char(31)) AS s FROM (SELECT {case} AS c, {activity} AS a FROM {table} ORDER BY {case}, {time}, rowid) GROUP BY c"
        );
        whole.database.run(&format!(
            "CREATE TABLE __sequences AS {sequences};
             CREATE TABLE __variants AS SELECT c, v FROM __sequences JOIN (SELECT s AS k, row_number() OVER (ORDER BY count(*) DESC, s) AS v FROM __sequences GROUP BY s) ON k = s;
             CREATE INDEX __variants_c ON __variants (c)"
        ))
    }
}

/// The first and last time of the rows.
fn bounds(time: &str, kind: Kind, whole: &Whole<'_>) -> Result<(Micros, Micros), Stop> {
    let unit = if kind == Kind::Date { DAY } else { 1 };
    let found = whole
        .database
        .cells(&format!("SELECT min({time}) * {unit}, max({time}) * {unit} FROM {}", whole.table()))?;
    let bound = |index: usize| match found.first().and_then(|row| row.get(index)) {
        Some(Cell::Integer(time)) => *time,
        _ => 0,
    };
    Ok((bound(0), bound(1)))
}

/// Puts the offsets of a zone into a table: from when (in seconds since 1970), how many seconds.
fn put_offsets(zone: Tz, bounds: (Micros, Micros), whole: &Whole<'_>) -> Result<(), Stop> {
    let rows: Vec<String> = offsets(zone, bounds.0, bounds.1)
        .iter()
        .map(|(from, offset)| format!("({from}, {offset})"))
        .collect();
    whole.database.run(&format!(
        "CREATE TABLE __offsets (f INTEGER PRIMARY KEY, o INTEGER); INSERT INTO __offsets VALUES {}",
        rows.join(", ")
    ))
}

/// Lets SQL ask for working time: `__until(moment)`, in microseconds, and `__open(moment)`.
fn define_working_time(working: WorkingTime, whole: &Whole<'_>) -> Result<(), Stop> {
    let also = working.clone();
    whole.database.define("__until", move |time| working.until(time))?;
    whole.database.define("__open", move |time| also.is_open(time).map(i64::from))
}
