//! Which rows are worked on at all: the parameters `filters` and `timeWindow`.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, DurationMicrosecondType, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef};
use arrow_schema::{Schema, SchemaRef};
use fuelcell_parameters_kit::{Condition, Filter, Level, TextCondition};
use fuelcell_report_kit::text::counted;
use fuelcell_sql_kit::{Cell, quoted};
use fuelcell_table_kit::{Kind, Micros, Stop, cell, excerpt, listed};

use crate::chunk::{Chunk, field, kind_at, schema_of};
use crate::ledger::Ledger;
use crate::made::{LINE, Made, Whole};
use crate::roles::Roles;
use crate::stage::Stage;
use crate::stages::number;

const DAY: Micros = 86_400_000_000;

/// Rows that go on: those that meet all conditions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rows {
    tests: Vec<(usize, Test)>,
}

/// Cases whose rows go on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cases {
    case: String,
    timestamp: String,
    start: Option<String>,
    is_date: bool,
    /// Conditions on the first value that a column has in a case.
    tests: Vec<(String, Kind, Test)>,
    window: Option<(Micros, Micros)>,
}

/// A condition on values of one kind.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Numbers(Condition<f64>),
    Times(Condition<Micros>),
    Texts(TextCondition),
    Within(Micros, Micros),
}

/// What the parameters ask of rows, and of cases.
///
/// # Errors
/// `InvalidParameter` for attributes that are not there, values that do not fit them, and levels of event logs on other tables.
pub(crate) fn bind(
    filters: &[Filter],
    window: Option<(Micros, Micros)>,
    roles: &Roles,
    schema: &Schema,
) -> Result<(Option<Rows>, Option<Cases>), Stop> {
    let (mut rows, mut cases) = (Vec::new(), Vec::new());
    for (index, filter) in filters.iter().enumerate() {
        let place = format!("filters[{index}]");
        let column =
            roles.column(schema, &filter.attribute).ok_or_else(|| unknown(schema, filter, &place))?;
        if matches!(filter.level, Some(Level::Event | Level::Case)) && roles.log().is_none() {
            return Err(Stop::parameter(format!(
                "{place}.level is for event logs, and the table is none: it needs a case, an activity and a timestamp; name \
                 them in columns. Allowed is row."
            )));
        }
        let test = Test::of(filter, kind_at(schema, column), &place)?;
        match filter.level {
            Some(Level::Case) => {
                cases.push((schema.field(column).name().clone(), kind_at(schema, column), test));
            }
            _ => rows.push((column, test)),
        }
    }
    let of_log = roles.log();
    if let Some((first, last)) = window.filter(|_| of_log.is_none()) {
        let Some(time) = roles.timestamp else {
            return Err(Stop::parameter("timeWindow needs a column of times, and the table has none."));
        };
        rows.push((time, Test::Within(first, last)));
    }
    let name = |column: usize| schema.field(column).name().clone();
    let cases = of_log.filter(|_| window.is_some() || !cases.is_empty()).map(|(case, time)| Cases {
        case: name(case),
        timestamp: name(time),
        start: roles.start.filter(|start| kind_at(schema, *start) == kind_at(schema, time)).map(name),
        is_date: kind_at(schema, time) == Kind::Date,
        tests: cases,
        window,
    });
    Ok(((!rows.is_empty()).then_some(Rows { tests: rows }), cases))
}

fn unknown(schema: &Schema, filter: &Filter, place: &str) -> Stop {
    let names = listed(schema.fields().iter().map(|field| field.name().as_str()));
    Stop::parameter(format!(
        "{place}.attribute is \"{}\", which is no column. There are {names}.",
        excerpt(&filter.attribute)
    ))
}

impl Test {
    fn of(filter: &Filter, kind: Kind, place: &str) -> Result<Self, Stop> {
        Ok(match kind {
            kind if kind.is_time() => Self::Times(filter.of_times(place)?),
            kind if kind.is_number() || kind == Kind::Duration => Self::Numbers(filter.of_numbers(place)?),
            _ => Self::Texts(filter.of_texts(place)?),
        })
    }

    fn holds(&self, array: &ArrayRef, row: usize) -> bool {
        match self {
            Self::Numbers(condition) => condition.holds(numeric(array, row)),
            Self::Times(condition) => condition.holds(time(array, row)),
            Self::Within(first, last) => {
                time(array, row).is_some_and(|time| (*first..=*last).contains(&time))
            }
            Self::Texts(condition) => match array.as_string_opt::<i32>() {
                Some(texts) => condition.holds((!texts.is_null(row)).then(|| texts.value(row))),
                None => condition.holds(cell(array, row).as_deref()),
            },
        }
    }
}

/// A number; of a duration its seconds.
fn numeric(array: &ArrayRef, row: usize) -> Option<f64> {
    match array.as_primitive_opt::<DurationMicrosecondType>() {
        Some(durations) => durations.is_valid(row).then(|| durations.value(row) as f64 / 1e6),
        None => number(array, row),
    }
}

fn time(array: &ArrayRef, row: usize) -> Option<Micros> {
    if array.is_null(row) {
        return None;
    }
    match array.as_primitive_opt::<TimestampMicrosecondType>() {
        Some(times) => Some(times.value(row)),
        None => Some(Micros::from(array.as_primitive_opt::<Date32Type>()?.value(row)) * DAY),
    }
}

/// Lets the rows through that go on.
pub(crate) struct Restricted {
    rows: Rows,
    schema: SchemaRef,
    name: String,
    left_out: u64,
}

impl Restricted {
    pub(crate) fn new(rows: &Rows, name: &str, schema: &SchemaRef) -> Self {
        Self { rows: rows.clone(), schema: SchemaRef::clone(schema), name: name.into(), left_out: 0 }
    }
}

impl Stage for Restricted {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, ledger: &mut Ledger) -> Result<Chunk, Stop> {
        let meets = |row: usize| {
            self.rows.tests.iter().all(|(column, test)| test.holds(chunk.rows.column(*column), row))
        };
        let stays: Vec<bool> = (0..chunk.lines.len()).map(meets).collect();
        let left_out = stays.iter().filter(|stays| !**stays).count() as u64;
        self.left_out += left_out;
        ledger.filtered += left_out;
        chunk.keep(&stays)
    }

    fn end(&mut self, ledger: &mut Ledger) {
        ledger.note(&self.name, format!("{} left out", counted(self.left_out, "row")));
    }
}

/// Keeps the rows of the cases that meet all conditions and lie completely inside of the window. Rows without a case go.
pub(crate) fn cases(name: &str, step: &Cases, whole: &Whole<'_>, ledger: &mut Ledger) -> Result<Made, Stop> {
    let (table, case) = (whole.table(), quoted(&step.case));
    whole.database.run(&format!(
        "CREATE INDEX __by_case ON {table} ({case});
         CREATE TABLE __cases AS SELECT c, row_number() OVER (ORDER BY c) AS n FROM (SELECT DISTINCT {case} AS c FROM {table} WHERE {case} IS NOT NULL);
         CREATE TABLE __left (n INTEGER PRIMARY KEY)"
    ))?;
    step.tests.iter().try_for_each(|test| step.leave_out(test, whole))?;
    if let Some(window) = step.window {
        step.leave_out_beyond(window, whole)?;
    }
    let kept = format!("t.{case} IN (SELECT c FROM __cases WHERE n NOT IN (SELECT n FROM __left))");
    let counts = whole.database.cells(&format!(
        "SELECT (SELECT count(*) FROM __left), (SELECT count(*) FROM {table} t WHERE coalesce({kept}, 0) = 0)"
    ))?;
    let count = |place: usize| match counts.first().and_then(|row| row.get(place)) {
        Some(Cell::Integer(count)) => u64::try_from(*count).unwrap_or(0),
        _ => 0,
    };
    ledger.filtered += count(1);
    ledger.note(name, format!("{} of {} left out", counted(count(1), "row"), counted(count(0), "case")));
    let sql = format!(
        "SELECT t.{LINE}, {} FROM {table} t WHERE {kept} ORDER BY t.rowid",
        whole.all().iter().map(|name| format!("t.{name}")).collect::<Vec<_>>().join(", ")
    );
    Ok(Made { sql, schema: whole.schema.clone() })
}

impl Cases {
    /// Leaves out the cases whose first value does not meet a condition.
    fn leave_out(&self, (column, kind, test): &(String, Kind, Test), whole: &Whole<'_>) -> Result<(), Stop> {
        let (table, case, time) = (whole.table(), quoted(&self.case), quoted(&self.timestamp));
        let column = quoted(column);
        let sql = format!(
            "SELECT n, (SELECT t.{column} FROM {table} t WHERE t.{case} = c AND t.{column} IS NOT NULL ORDER BY t.{time}, t.rowid LIMIT 1) FROM __cases"
        );
        let schema = schema_of(vec![field("n", Kind::Integer), field("value", *kind)]);
        let mut left = Vec::new();
        whole.database.select(&sql, &schema, |batch| {
            let numbers = batch.column(0).as_primitive::<arrow_array::types::Int64Type>();
            let misses = |row: &usize| !test.holds(batch.column(1), *row);
            left.extend((0..batch.num_rows()).filter(misses).map(|row| format!("({})", numbers.value(row))));
            Ok(())
        })?;
        left.chunks(1000).try_for_each(|some| {
            whole.database.run(&format!("INSERT OR IGNORE INTO __left VALUES {}", some.join(", ")))
        })
    }

    /// Leaves out the cases that do not lie completely inside.
    fn leave_out_beyond(&self, (first, last): (Micros, Micros), whole: &Whole<'_>) -> Result<(), Stop> {
        let (table, case, time) = (whole.table(), quoted(&self.case), quoted(&self.timestamp));
        let unit = if self.is_date { DAY } else { 1 };
        let begun = match self.start.as_ref().map(|start| quoted(start)) {
            Some(start) => format!("min({time}, coalesce({start}, {time}))"),
            None => time.clone(),
        };
        whole.database.run(&format!(
            "INSERT OR IGNORE INTO __left SELECT n FROM __cases WHERE c NOT IN (SELECT {case} FROM {table} WHERE {case} IS NOT NULL AND {time} IS NOT NULL
             GROUP BY {case} HAVING min({begun}) * {unit} >= {first} AND max({time}) * {unit} <= {last})"
        ))
    }
}
