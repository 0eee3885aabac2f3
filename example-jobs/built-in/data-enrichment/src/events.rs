//! Columns of an event log.

use fuelcell_sql_kit::quoted;
use fuelcell_table_kit::{Kind, Stop};

use crate::bind::Place;
use crate::chunk::{kind_at, with_column};
use crate::made::{LINE, Made, Whole};
use crate::steps::{EventColumn, EventLog};

const ALL: [EventColumn; 11] = [
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
];

pub(crate) fn add(place: &Place, step: &EventLog, whole: &mut Whole<'_>) -> Result<Made, Stop> {
    place.column(&whole.schema, &step.case)?;
    place.column(&whole.schema, &step.activity)?;
    let time = place.column(&whole.schema, &step.timestamp)?;
    let kind = kind_at(&whole.schema, time);
    if !kind.is_time() {
        return Err(place.wrong(format!("the timestamp column is of type {kind}; parse its times first.")));
    }
    let wanted = step.add.clone().unwrap_or_else(|| ALL.to_vec());
    let mut schema = whole.schema.clone();
    let mut columns = Vec::new();
    let log = Log::new(place, step, kind, whole)?;
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
    /// The time on the clock of the zone, in seconds.
    local: String,
    table: String,
}

impl Log {
    fn new(place: &Place, step: &EventLog, kind: Kind, whole: &mut Whole<'_>) -> Result<Self, Stop> {
        let unit = if kind == Kind::Date { "/ 86400.0 " } else { "1000000.0" };
        let (case, activity, time) = (quoted(&step.case), quoted(&step.activity), quoted(&step.timestamp));
        let seconds = match kind {
            Kind::Date => format!("t.{time} * 86400"),
            // Down, also before 1970.
            _ => format!("((t.{time} - ((t.{time} % 1000000) + 1000000) % 1000000) / 1000000)"),
        };
        let local = match &step.time_zone {
            None => seconds,
            Some(name) => {
                let zone = crate::stages::zone(place, name)?;
                offsets(&zone, kind, &time, whole)?;
                format!(
                    "({seconds} + (SELECT o FROM __offsets WHERE f <= {seconds} ORDER BY f DESC LIMIT 1))"
                )
            }
        };
        let unit = if kind == Kind::Date { "(1 / 86400.0)" } else { unit };
        Ok(Self { case, activity, time, unit, local, table: whole.table() })
    }

    fn column(&self, column: EventColumn) -> (&'static str, Kind, String) {
        let Self { case, activity, time, unit, local, .. } = self;
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

/// The offsets of a zone between the first and last time: from when (in seconds since 1970), how many seconds.
fn offsets(zone: &chrono_tz::Tz, kind: Kind, time: &str, whole: &mut Whole<'_>) -> Result<(), Stop> {
    use chrono::{Offset as _, TimeZone as _};
    let unit = if kind == Kind::Date { "1.0 / 86400" } else { "1000000.0" };
    let bounds = whole
        .database
        .cells(&format!("SELECT min({time}) / ({unit}), max({time}) / ({unit}) FROM {}", whole.table()))?;
    let bound = |index: usize| match bounds.first().and_then(|row| row.get(index)) {
        Some(fuelcell_sql_kit::Cell::Real(seconds)) => *seconds as i64,
        Some(fuelcell_sql_kit::Cell::Integer(seconds)) => *seconds,
        _ => 0,
    };
    // Zones change at full quarters of an hour; a day has one change at most.
    let (first, last) = (bound(0).div_euclid(86_400) * 86_400, bound(1) + 86_400);
    let offset = |second: i64| {
        let time = chrono::DateTime::from_timestamp(second, 0).unwrap_or_default();
        zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc()
    };
    whole.database.run("CREATE TABLE __offsets (f INTEGER PRIMARY KEY, o INTEGER)")?;
    let mut rows = vec![format!("(-9223372036854775808, {0}), ({first}, {0})", offset(first))];
    let mut known = offset(first);
    let mut day = first;
    while day < last {
        let next = day + 86_400;
        if offset(next) != known {
            let change = (day..=next).step_by(900).find(|second| offset(*second) != known).unwrap_or(next);
            known = offset(next);
            rows.push(format!("({change}, {known})"));
        }
        day = next;
    }
    whole.database.run(&format!("INSERT INTO __offsets VALUES {}", rows.join(", ")))
}
