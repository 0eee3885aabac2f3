//! Steps that need to see all rows: what they do is SQL over a table of all rows.
//!
//! The table has the columns in their exact form and, before them, `_$line`, the line in the file. `_$row` numbers the rows in their
//! order. Names of columns of our own begin with `_$`, so that none is a user's.

use arrow_schema::{Field, Schema, SchemaRef};
use fuelcell_report_kit::text::counted;
use fuelcell_sql_kit::{Cell, Form, quoted, text};
use fuelcell_table_kit::{Kind, Stop, excerpt};

use crate::bind::Place;
use crate::chunk::{field, kind_at, schema_of, with_column};
use crate::cluster;
use crate::events;
use crate::ledger::Ledger;
use crate::lookups;
use crate::made::{LINE, Made, Whole};
use crate::plan::{Planned, Work};
use crate::restrict;
use crate::steps::{
    Aggregate, Deduplicate, FanOut, Fill, FillWith, Function, Keep, Lookup, Measure, Missing, Order, Pivot,
    Rank, RankMethod, Sort, Sql, Step, Unpivot,
};

/// Columns that a pivot makes, at most.
const MOST_PIVOTED: usize = 200;

/// Whether a step asks the rows in the form that users see.
pub(crate) fn form(work: &Work) -> Form {
    match work {
        Work::Step(step) if matches!(step.as_ref(), Step::Sql(_)) => Form::Plain,
        _ => Form::Exact,
    }
}

/// Whether a piece of work has to see all rows before its first.
pub(crate) fn needs_all(work: &Work) -> bool {
    match work {
        Work::Rows(_) => false,
        Work::Cases(_) => true,
        Work::Step(step) => match step.as_ref() {
            Step::Fill(step) => step.with != FillWith::Value,
            Step::Sort(_)
            | Step::Deduplicate(_)
            | Step::Rank(_)
            | Step::Aggregate(_)
            | Step::Pivot(_)
            | Step::Unpivot(_)
            | Step::Lookup(_)
            | Step::Sql(_)
            | Step::EventLog(_)
            | Step::Cluster(_) => true,
            _ => false,
        },
    }
}

/// Makes the rows of a step.
pub(crate) fn make(
    Planned { name, work }: &Planned,
    whole: &mut Whole<'_>,
    ledger: &mut Ledger,
) -> Result<Made, Stop> {
    let step = match work {
        Work::Cases(step) => return restrict::cases(name, step, whole, ledger),
        Work::Step(step) => step.as_ref(),
        Work::Rows(_) => return Err(Stop::failed("Internal", "Rows are chosen as they come.")),
    };
    let place = |verb: &str| Place::of(name, verb);
    match step {
        Step::Sort(step) => sort(&place("sort"), step, whole),
        Step::Deduplicate(step) => deduplicate(&place("deduplicate"), step, whole, ledger),
        Step::Fill(step) => fill(&place("fill"), step, whole, ledger),
        Step::Rank(step) => rank(&place("rank"), step, whole),
        Step::Aggregate(step) => aggregate(&place("aggregate"), step, whole),
        Step::Pivot(step) => pivot(&place("pivot"), step, whole),
        Step::Unpivot(step) => unpivot(&place("unpivot"), step, whole),
        Step::Lookup(step) => lookup(&place("lookup"), step, whole, ledger),
        Step::Sql(step) => ask(&place("sql"), step, whole),
        Step::EventLog(step) => events::add(&place("eventLog"), step, whole),
        Step::Cluster(step) => cluster::find(&place("cluster"), step, whole, ledger),
        _ => Err(Stop::failed("Internal", "The step does not need all rows.")),
    }
}

fn partition(columns: &[String]) -> String {
    match columns {
        [] => String::new(),
        columns => {
            format!("PARTITION BY {}", columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))
        }
    }
}

fn direction(order: Order) -> &'static str {
    match order {
        Order::Ascending => "ASC NULLS LAST",
        Order::Descending => "DESC NULLS LAST",
    }
}

fn sort(place: &Place, step: &Sort, whole: &Whole<'_>) -> Result<Made, Stop> {
    let mut keys = Vec::new();
    for by in &step.by {
        place.column(&whole.schema, &by.column)?;
        keys.push(format!("{} {}", quoted(&by.column), direction(by.order)));
    }
    keys.push("_$row".into());
    let sql = format!(
        "SELECT {LINE}, {} FROM {} ORDER BY {}",
        whole.all().join(", "),
        whole.table(),
        keys.join(", ")
    );
    Ok(Made { sql, schema: whole.schema.clone() })
}

fn deduplicate(
    place: &Place,
    step: &Deduplicate,
    whole: &Whole<'_>,
    ledger: &mut Ledger,
) -> Result<Made, Stop> {
    if let Some(keys) = &step.keys {
        place.columns(&whole.schema, keys)?;
    }
    let keys = step
        .keys
        .clone()
        .unwrap_or_else(|| whole.schema.fields().iter().map(|field| field.name().clone()).collect());
    let order = match (step.keep, &step.by) {
        (Keep::First, None) => "_$row".to_string(),
        (Keep::Last, None) => "_$row DESC".to_string(),
        (Keep::Newest, Some(by)) => {
            place.column(&whole.schema, by)?;
            // Of equally new ones the last in the file.
            format!("{} DESC NULLS LAST, _$row DESC", quoted(by))
        }
        (Keep::Newest, None) => {
            return Err(place.wrong("newest needs by, the column that says which is newest."));
        }
        (_, Some(_)) => return Err(place.wrong("by is for newest.")),
    };
    let (table, keys) = (whole.table(), partition(&keys));
    let ranked =
        format!("SELECT _$row AS _$r, row_number() OVER ({keys} ORDER BY {order}) AS _$n FROM {table}");
    whole
        .database
        .run(&format!("CREATE TABLE __kept AS SELECT _$r FROM ({ranked}) WHERE _$n = 1 ORDER BY _$r"))?;
    let counts = whole.database.cells(&format!(
        "SELECT (SELECT count(*) FROM {table}) - (SELECT count(*) FROM __kept), (SELECT count(*) FROM {table} WHERE {LINE} > 0) - (SELECT count(*) FROM __kept JOIN {table} t ON t._$row = _$r WHERE t.{LINE} > 0)"
    ))?;
    let count = |index: usize| match counts.first().and_then(|row| row.get(index)) {
        Some(Cell::Integer(count)) => u64::try_from(*count).unwrap_or(0),
        _ => 0,
    };
    ledger.duplicates += count(1);
    ledger.note(&place.name, format!("{} left out: one with equal keys stays", counted(count(0), "row")));
    let columns: Vec<String> = whole.all().iter().map(|name| format!("t.{name}")).collect();
    let sql = format!(
        "SELECT t.{LINE}, {} FROM __kept JOIN {table} t ON t._$row = _$r ORDER BY _$r",
        columns.join(", ")
    );
    Ok(Made { sql, schema: whole.schema.clone() })
}

#[expect(clippy::too_many_lines, reason = "an arm for each way of filling")]
fn fill(place: &Place, step: &Fill, whole: &Whole<'_>, ledger: &mut Ledger) -> Result<Made, Stop> {
    let index = match step.with {
        FillWith::Mean | FillWith::Median => place.number(&whole.schema, &step.column)?,
        _ => place.column(&whole.schema, &step.column)?,
    };
    place.columns(&whole.schema, &step.group_by)?;
    if step.value.is_some() {
        return Err(place.wrong("value is for with: \"value\"."));
    }
    let (table, column) = (whole.table(), quoted(&step.column));
    let groups = partition(&step.group_by);
    let keys: Vec<String> = step.group_by.iter().map(|name| quoted(name)).collect();
    let keys = if keys.is_empty() { "1".to_string() } else { keys.join(", ") };
    let same = |left: &str, right: &str| {
        let pairs = step.group_by.iter().map(|name| format!("{left}.{0} IS {right}.{0}", quoted(name)));
        let pairs: Vec<String> = pairs.collect();
        if pairs.is_empty() { "1".to_string() } else { pairs.join(" AND ") }
    };
    let round = if kind_at(&whole.schema, index) == Kind::Float { "" } else { "round" };
    let number = |expression: &str| match round {
        "" => expression.to_string(),
        _ => format!("CAST(round({expression}) AS INTEGER)"),
    };
    // For each row the value of its group; rows keep their _$row.
    let values = match step.with {
        FillWith::Previous => {
            // Rows share a number until the next one that has a value.
            let numbered = format!(
                "SELECT _$row AS _$r, *, count({column}) OVER ({groups} ORDER BY _$row) AS _$n FROM {table}"
            );
            let again =
                if groups.is_empty() { "PARTITION BY _$n".to_string() } else { format!("{groups}, _$n") };
            format!("SELECT _$r, max({column}) OVER ({again}) AS _$v FROM ({numbered})")
        }
        FillWith::Mean => format!(
            "SELECT _$row AS _$r, {} AS _$v FROM {table}",
            number(&format!("avg({column}) OVER ({groups})"))
        ),
        FillWith::Median => {
            let ranked = format!(
                "SELECT *, row_number() OVER ({groups} ORDER BY {column}) AS _$n, count(*) OVER ({groups}) AS _$c FROM {table} WHERE {column} IS NOT NULL"
            );
            let middle = number(&format!("avg({column})"));
            let medians = format!(
                "SELECT {middle} AS _$v, {keys} FROM ({ranked}) WHERE _$n IN ((_$c + 1) / 2, (_$c + 2) / 2) GROUP BY {keys}"
            );
            format!(
                "SELECT t._$row AS _$r, m._$v FROM {table} t LEFT JOIN ({medians}) m ON {}",
                same("t", "m")
            )
        }
        FillWith::Mode => {
            let counted = format!(
                "SELECT {column} AS _$v, {keys}, count(*) AS _$c, min(_$row) AS _$f FROM {table} WHERE {column} IS NOT NULL GROUP BY {column}, {keys}"
            );
            let ranked = format!(
                "SELECT *, row_number() OVER ({groups} ORDER BY _$c DESC, _$f) AS _$n FROM ({counted})"
            );
            format!(
                "SELECT t._$row AS _$r, m._$v FROM {table} t LEFT JOIN (SELECT * FROM ({ranked}) WHERE _$n = 1) m ON {}",
                same("t", "m")
            )
        }
        FillWith::Value => return Err(Stop::failed("Internal", "A given value needs no other rows.")),
    };
    whole.database.run(&format!("CREATE TABLE __values AS SELECT * FROM ({values}) ORDER BY _$r; CREATE INDEX __values_r ON __values (_$r)"))?;
    let counts = whole.database.cells(&format!(
        "SELECT count(*), count(__values._$v) FROM __values JOIN {table} t ON t._$row = _$r WHERE t.{column} IS NULL"
    ))?;
    if let Some([Cell::Integer(missing), Cell::Integer(filled)]) = counts.first().map(Vec::as_slice) {
        ledger.note(&place.name, format!("{filled} of {missing} missing values were filled"));
    }
    let columns: Vec<String> = whole
        .schema
        .fields()
        .iter()
        .map(|field| match field.name() == &step.column {
            true => format!("coalesce(t.{column}, __values._$v)"),
            false => format!("t.{}", quoted(field.name())),
        })
        .collect();
    let sql = format!(
        "SELECT t.{LINE}, {} FROM {table} t JOIN __values ON __values._$r = t._$row ORDER BY t._$row",
        columns.join(", ")
    );
    Ok(Made { sql, schema: whole.schema.clone() })
}

fn rank(place: &Place, step: &Rank, whole: &Whole<'_>) -> Result<Made, Stop> {
    place.column(&whole.schema, &step.column)?;
    place.columns(&whole.schema, &step.group_by)?;
    place.free(&whole.schema, &step.into)?;
    let (function, last) = match step.method {
        RankMethod::Standard => ("rank()", ""),
        RankMethod::Dense => ("dense_rank()", ""),
        RankMethod::RowNumber => ("row_number()", ", _$row"),
    };
    let column = quoted(&step.column);
    let over = format!("{} ORDER BY {column} {}{last}", partition(&step.group_by), direction(step.order));
    let ranked = format!("CASE WHEN {column} IS NULL THEN NULL ELSE {function} OVER ({over}) END");
    let (schema, _) = with_column(&whole.schema, &step.into, Kind::Integer);
    Ok(whole.adding(&[ranked], &format!("{} t", whole.table()), schema))
}

/// A figure in SQL, and the kind of its values. Exact values stay exact, but for means.
fn figure(
    place: &Place,
    function: Function,
    column: Option<&str>,
    schema: &Schema,
) -> Result<(String, Kind), Stop> {
    let Some(name) = column else {
        return match function {
            Function::Count => Ok(("count(*)".into(), Kind::Integer)),
            _ => Err(place.wrong("column says of what the figure is.")),
        };
    };
    let index = match function {
        Function::Sum | Function::Mean => place.number(schema, name)?,
        _ => place.column(schema, name)?,
    };
    let (column, kind) = (quoted(name), kind_at(schema, index));
    Ok(match function {
        Function::Count => (format!("count({column})"), Kind::Integer),
        Function::CountDistinct => (format!("count(DISTINCT {column})"), Kind::Integer),
        Function::Sum => (format!("sum({column})"), kind),
        Function::Mean => match kind {
            Kind::Decimal(scale) => (format!("avg({column}) / 1e{scale}"), Kind::Float),
            _ => (format!("avg({column})"), Kind::Float),
        },
        Function::Min => (format!("min({column})"), kind),
        Function::Max => (format!("max({column})"), kind),
        Function::First | Function::Last => {
            return Err(place.wrong("first and last are for aggregate alone."));
        }
    })
}

fn aggregate(place: &Place, step: &Aggregate, whole: &Whole<'_>) -> Result<Made, Stop> {
    let groups = place.columns(&whole.schema, &step.group_by)?;
    let mut fields: Vec<Field> = groups.iter().map(|&index| whole.schema.field(index).clone()).collect();
    let mut columns: Vec<String> = step.group_by.iter().map(|name| quoted(name)).collect();
    for measure in &step.measures {
        place.free(&schema_of(fields.clone()), &measure.into)?;
        let (sql, kind) = measured(place, measure, step, whole)?;
        columns.push(sql);
        fields.push(field(&measure.into, kind));
    }
    let keys: Vec<String> = step.group_by.iter().map(|name| quoted(name)).collect();
    let group = if keys.is_empty() { String::new() } else { format!("GROUP BY {}", keys.join(", ")) };
    // Groups in the order of their first rows.
    let sql =
        format!("SELECT 0, {} FROM {} t {group} ORDER BY min(t._$row)", columns.join(", "), whole.table());
    Ok(Made { sql, schema: schema_of(fields) })
}

fn measured(
    place: &Place,
    measure: &Measure,
    step: &Aggregate,
    whole: &Whole<'_>,
) -> Result<(String, Kind), Stop> {
    let last = match measure.function {
        Function::First => false,
        Function::Last => true,
        _ => return figure(place, measure.function, measure.column.as_deref(), &whole.schema),
    };
    let name = measure.column.as_deref().ok_or_else(|| place.wrong("column says of what the figure is."))?;
    let index = place.column(&whole.schema, name)?;
    let same: Vec<String> =
        step.group_by.iter().map(|name| format!("o.{0} IS t.{0}", quoted(name))).collect();
    let same = if same.is_empty() { "1".to_string() } else { same.join(" AND ") };
    let (column, order) = (quoted(name), if last { "DESC" } else { "ASC" });
    let sql = format!(
        "(SELECT o.{column} FROM {} o WHERE {same} AND o.{column} IS NOT NULL ORDER BY o._$row {order} LIMIT 1)",
        whole.table()
    );
    Ok((sql, kind_at(&whole.schema, index)))
}

fn pivot(place: &Place, step: &Pivot, whole: &Whole<'_>) -> Result<Made, Stop> {
    let groups = place.columns(&whole.schema, &step.rows)?;
    let by = place.column(&whole.schema, &step.column)?;
    let shown: SchemaRef = schema_of(vec![whole.schema.field(by).clone()]);
    let mut values = Vec::new();
    let distinct = format!(
        "SELECT DISTINCT {0} FROM {1} WHERE {0} IS NOT NULL ORDER BY {0} LIMIT {2}",
        quoted(&step.column),
        whole.table(),
        MOST_PIVOTED + 1
    );
    let raw = whole.database.cells(&distinct)?;
    whole.database.select(&distinct, &shown, |batch| {
        values.extend((0..batch.num_rows()).filter_map(|row| fuelcell_table_kit::cell(batch.column(0), row)));
        Ok(())
    })?;
    if values.len() > MOST_PIVOTED {
        return Err(place.wrong(format!(
            "column \"{}\" has more than {MOST_PIVOTED} different values, the most that can become columns.",
            excerpt(&step.column)
        )));
    }
    let (whole_figure, kind) = figure(place, step.function, Some(&step.value), &whole.schema)?;
    let mut fields: Vec<Field> = groups.iter().map(|&index| whole.schema.field(index).clone()).collect();
    let keys: Vec<String> = step.rows.iter().map(|name| quoted(name)).collect();
    let mut columns = keys.clone();
    for (value, raw) in values.iter().zip(&raw) {
        place.free(&schema_of(fields.clone()), value)?;
        fields.push(field(value, kind));
        let literal = match raw.first() {
            Some(Cell::Text(value)) => text(value),
            Some(other) => other.text().unwrap_or_default(),
            None => "NULL".into(),
        };
        let filter = format!("FILTER (WHERE {} = {literal})", quoted(&step.column));
        // The scale of a mean stands behind the filter; a column's name may look like one.
        let scaled = whole_figure.rsplit_once(" / 1e").filter(|(figure, _)| figure.ends_with(')'));
        columns.push(match scaled {
            Some((figure, scale)) => format!("{figure} {filter} / 1e{scale}"),
            None => format!("{whole_figure} {filter}"),
        });
    }
    let sql = format!(
        "SELECT 0, {} FROM {} GROUP BY {} ORDER BY min(_$row)",
        columns.join(", "),
        whole.table(),
        keys.join(", ")
    );
    Ok(Made { sql, schema: schema_of(fields) })
}

fn unpivot(place: &Place, step: &Unpivot, whole: &Whole<'_>) -> Result<Made, Stop> {
    let kept = place.columns(&whole.schema, &step.keep)?;
    let turned = place.columns(&whole.schema, &step.columns)?;
    let kinds: Vec<Kind> = turned.iter().map(|&index| kind_at(&whole.schema, index)).collect();
    let kind = kinds[0];
    if kinds.iter().any(|other| *other != kind) {
        let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        return Err(place
            .wrong(format!("the columns are of different types ({}); cast them first.", kinds.join(", "))));
    }
    let mut fields: Vec<Field> = kept.iter().map(|&index| whole.schema.field(index).clone()).collect();
    for (name, kind) in [(&step.name_into, Kind::Text), (&step.value_into, kind)] {
        place.free(&schema_of(fields.clone()), name)?;
        fields.push(field(name, kind));
    }
    let keep: Vec<String> = step.keep.iter().map(|name| quoted(name)).collect();
    let parts = step.columns.iter().enumerate().map(|(number, name)| {
        let columns: Vec<String> = keep.iter().cloned().chain([text(name), quoted(name)]).collect();
        format!("SELECT 0, {}, _$row AS _$r, {number} AS _$n FROM {}", columns.join(", "), whole.table())
    });
    let parts: Vec<String> = parts.collect();
    let sql = format!("{} ORDER BY _$r, _$n", parts.join(" UNION ALL "));
    Ok(Made { sql, schema: schema_of(fields) })
}

#[expect(clippy::too_many_lines, reason = "one statement of SQL, built part by part")]
fn lookup(place: &Place, step: &Lookup, whole: &Whole<'_>, ledger: &mut Ledger) -> Result<Made, Stop> {
    let known = lookups::find(place, whole.lookups, &step.table)?;
    if step.on.is_empty() {
        return Err(place.wrong("on says which columns are equal: {\"customer\": \"id\"}."));
    }
    let mut same = Vec::new();
    for (here, there) in &step.on {
        let here_at = place.column(&whole.schema, here)?;
        let there_at = place.column(&known.schema, there)?;
        let kinds = (kind_at(&whole.schema, here_at), kind_at(&known.schema, there_at));
        if kinds.0 != kinds.1 {
            return Err(place.wrong(format!(
                "\"{}\" is of type {}, \"{}\" of lookups/{} of type {}; cast it first.",
                excerpt(here),
                kinds.0,
                excerpt(there),
                step.table,
                kinds.1
            )));
        }
        same.push((quoted(there), quoted(here)));
    }
    let equal = |of: &str| {
        let pairs: Vec<String> =
            same.iter().map(|(there, here)| format!("{of}.{there} = t.{here}")).collect();
        pairs.join(" AND ")
    };
    let keys: Vec<String> = step.on.values().map(|name| quoted(name)).collect();
    let mut schema = whole.schema.clone();
    let mut taken = Vec::new();
    for name in &step.take {
        let index = place.column(&known.schema, name)?;
        let into = format!("{}{name}", step.prefix);
        place.free(&schema, &into)?;
        schema = with_column(&schema, &into, kind_at(&known.schema, index)).0;
        taken.push(format!("l.{}", quoted(name)));
    }
    let (table, keys, same) = (known.table(), keys.join(", "), equal("l"));
    // Of equal keys the first row stands for all.
    whole.database.run(&format!(
        "DROP TABLE IF EXISTS __first; CREATE TABLE __first AS SELECT min(_$row) AS _$f, count(*) AS _$n, {keys} FROM {table} GROUP BY {keys}; CREATE INDEX __first_keys ON __first ({keys})"
    ))?;
    let rows = whole.table();
    if step.fan_out == FanOut::Refuse {
        let several = whole
            .database
            .cells(&format!("SELECT count(*) FROM {rows} t JOIN __first l ON {same} WHERE l._$n > 1"))?;
        if let Some([Cell::Integer(count @ 1..)]) = several.first().map(Vec::as_slice) {
            return Err(place.wrong(format!(
                "{count} rows have several matches in lookups/{}. Make its keys unique, or say fanOut: \"first\".",
                step.table
            )));
        }
    }
    let missing = format!("FROM {rows} t WHERE NOT EXISTS (SELECT 1 FROM __first l WHERE {same})");
    let count = match whole.database.cells(&format!("SELECT count(*) {missing}"))?.first().map(Vec::as_slice)
    {
        Some([Cell::Integer(count)]) => u64::try_from(*count).unwrap_or(0),
        _ => 0,
    };
    ledger.note(&place.name, format!("{count} rows had no match"));
    let mut join = "LEFT JOIN";
    match step.missing {
        Missing::Null => {}
        Missing::Warn => ledger.warn(
            "NoMatch",
            format!("{}: rows have no match in lookups/{}", place.name, step.table),
            count,
        ),
        Missing::Reject => {
            join = "JOIN";
            let column: Vec<&str> = step.on.keys().map(String::as_str).collect();
            let reason = ledger.reason(
                &column.join(", "),
                &place.name,
                &format!("lookups/{} has no such row", step.table),
            );
            let lines: SchemaRef = schema_of(vec![field(LINE, Kind::Integer)]);
            whole.database.select(&format!("SELECT t.{LINE} {missing}"), &lines, |batch| {
                let lines = (0..batch.num_rows())
                    .filter_map(|row| fuelcell_table_kit::cell(batch.column(0), row)?.parse().ok());
                lines.into_iter().try_for_each(|line: u64| ledger.reject(line, reason))
            })?;
        }
    }
    let columns: Vec<String> = whole.all().iter().map(|name| format!("t.{name}")).chain(taken).collect();
    let firsts = equal("k");
    let sql = format!(
        "SELECT t.{LINE}, {} FROM {rows} t {join} __first k ON {firsts} {join} {table} l ON l._$row = k._$f ORDER BY t._$row",
        columns.join(", ")
    );
    Ok(Made { sql, schema })
}

fn ask(place: &Place, step: &Sql, whole: &mut Whole<'_>) -> Result<Made, Stop> {
    let schema = whole.database.ask(&step.query, "__answer", &place.name)?;
    for field in schema.fields() {
        if field.name().starts_with("_$") {
            return Err(place.wrong(format!(
                "a column is called \"{}\"; give it a name with AS.",
                excerpt(field.name())
            )));
        }
    }
    let columns: Vec<String> = schema.fields().iter().map(|field| quoted(field.name())).collect();
    Ok(Made { sql: format!("SELECT 0, {} FROM __answer", columns.join(", ")), schema })
}
