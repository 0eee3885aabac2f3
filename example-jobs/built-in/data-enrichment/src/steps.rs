//! The steps, as they are written in the parameter `steps`: each is an object with one member, its verb.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One step of a preparation. Steps run in their order; each sees the columns that the one before left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Keeps these columns, in this order: `{"select": {"columns": ["id", "amount"]}}`.
    Select(Columns),
    /// Leaves these columns out: `{"drop": {"columns": ["note"]}}`.
    Drop(Columns),
    /// Renames columns: `{"rename": {"columns": {"amt": "amount"}}}`.
    Rename(Rename),
    /// Puts these columns first: `{"reorder": {"columns": ["id"]}}`.
    Reorder(Columns),
    /// Makes values of a column values of a type: `{"cast": {"column": "amount", "type": "decimal", "onError": "reject"}}`.
    Cast(Cast),
    /// Reads times in the forms that are named: `{"parseTimes": {"column": "paid", "formats": ["%d/%m/%y"], "pivotYear": 1970}}`.
    ParseTimes(ParseTimes),
    /// Takes white space from both ends of texts: `{"trim": {}}`.
    Trim(Trim),
    /// Writes texts in one way: `{"normalise": {"columns": ["city"], "case": "title"}}`.
    Normalise(Normalise),
    /// Replaces values: `{"map": {"column": "status", "values": {"opn": "open"}}}`.
    Map(MapValues),
    /// Finds spellings of one value; with `apply` they become the most frequent one:
    /// `{"cluster": {"column": "city", "method": "fingerprint", "apply": true}}`.
    Cluster(Cluster),
    /// Fills missing values: `{"fill": {"column": "price", "with": "median", "groupBy": ["product"]}}`.
    Fill(Fill),
    /// Adds a column, by an expression of SQLite over the row: `{"derive": {"column": "total", "expression": "price * pieces"}}`.
    Derive(Derive),
    /// Keeps the rows of which an expression is true: `{"filter": {"expression": "status = 'open' AND total > 100"}}`.
    Filter(Filter),
    /// Cuts a text at a separator: `{"split": {"column": "name", "separator": " ", "into": ["first", "last"]}}`.
    Split(Split),
    /// Joins columns to a text: `{"join": {"columns": ["first", "last"], "into": "name", "separator": " "}}`.
    Join(Join),
    /// Takes the groups of a regular expression: `{"extract": {"column": "code", "pattern": "([A-Z]+)-([0-9]+)", "into": ["area", "number"]}}`.
    Extract(Extract),
    /// Sorts numbers into bins: `{"bin": {"column": "amount", "into": "size", "edges": [100, 1000], "labels": ["small", "medium", "large"]}}`.
    Bin(Bin),
    /// Adds the rank of a value: `{"rank": {"column": "amount", "into": "rank", "order": "descending", "groupBy": ["region"]}}`.
    Rank(Rank),
    /// Keeps one of the rows with equal keys: `{"deduplicate": {"keys": ["id"], "keep": "newest", "by": "updated"}}`.
    Deduplicate(Deduplicate),
    /// Adds columns of another input: `{"lookup": {"table": "customers", "on": {"customer": "id"}, "take": ["segment"], "missing": "null"}}`.
    Lookup(Lookup),
    /// Hides who is meant: `{"anonymise": {"column": "phone", "method": "mask", "keep": 3}}`.
    Anonymise(Anonymise),
    /// Checks rules: `{"validate": {"rules": [{"column": "amount", "range": {"min": 0}, "severity": "reject"}]}}`.
    Validate(Validate),
    /// Sorts: `{"sort": {"by": [{"column": "date", "order": "descending"}]}}`.
    Sort(Sort),
    /// One row for each group: `{"aggregate": {"groupBy": ["region"], "measures": [{"function": "sum", "column": "amount", "into": "total"}]}}`.
    Aggregate(Aggregate),
    /// Values of a column become columns: `{"pivot": {"rows": ["region"], "column": "month", "value": "amount", "function": "sum"}}`.
    Pivot(Pivot),
    /// Columns become rows: `{"unpivot": {"keep": ["region"], "columns": ["jan", "feb"], "nameInto": "month", "valueInto": "amount"}}`.
    Unpivot(Unpivot),
    /// What SQLite selects from `dataset` and the lookups by their names: `{"sql": {"query": "SELECT region, sum(amount) AS total FROM dataset GROUP BY region"}}`.
    Sql(Sql),
    /// Adds columns of an event log: `{"eventLog": {"case": "order", "activity": "step", "timestamp": "at", "add": ["caseDuration", "variant"]}}`.
    EventLog(EventLog),
}

/// Columns whose texts a step wants as they are in the file: it reads them itself, and nothing before it looks at their values.
pub(crate) fn raw_columns(steps: &[Step]) -> Vec<String> {
    let mut raw: Vec<String> = Vec::new();
    for step in steps {
        match step {
            Step::Cast(Cast { column, .. }) | Step::ParseTimes(ParseTimes { column, .. }) => {
                raw.push(column.clone());
            }
            Step::Select(_) | Step::Drop(_) | Step::Reorder(_) | Step::Trim(_) => {}
            _ => break,
        }
    }
    raw
}

macro_rules! step {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }
    };
}

step! {
    /// Some columns.
    Columns {
        /// Their names.
        #[schemars(length(min = 1))]
        columns: Vec<String>,
    }
}

step! {
    /// New names.
    Rename {
        /// Old name → new name.
        columns: BTreeMap<String, String>,
    }
}

/// A type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Type {
    /// Any text.
    Text,
    /// Whole numbers of 64 bits.
    Integer,
    /// Exact numbers of 38 digits.
    Decimal,
    /// Numbers of double precision.
    Float,
    /// `true`, `false`, `yes`, `no`.
    Boolean,
    /// Days.
    Date,
    /// Instants.
    Timestamp,
}

/// What becomes of a value that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnError {
    /// Its row is rejected.
    #[default]
    Reject,
    /// It is missing, and a warning counts it.
    Null,
    /// It stays, and the column is text.
    Keep,
}

step! {
    /// A type for a column.
    Cast {
        /// The column.
        column: String,
        /// Its type.
        r#type: Type,
        /// Digits behind the point of decimals; the most that its values have when not given, as far as they were found to be
        /// numbers, else 2.
        #[schemars(range(min = 0, max = 18))]
        #[serde(default)]
        scale: Option<u8>,
        /// Whether numbers have a decimal comma; found out when not given.
        #[serde(default)]
        decimal_comma: Option<bool>,
        /// strftime forms of days and times beside ISO 8601.
        #[serde(default)]
        formats: Vec<String>,
        /// What becomes of values that are not of the type.
        #[serde(default)]
        on_error: OnError,
    }
}

/// A unit of numbers that mean times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EpochUnit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
    /// Days since 1899-12-30, as Excel counts them.
    ExcelDays,
}

step! {
    /// How times are written.
    ParseTimes {
        /// The column.
        column: String,
        /// strftime forms, tried in their order before ISO 8601; when not given, those that the values prove.
        #[serde(default)]
        formats: Vec<String>,
        /// Numbers are times in this unit.
        #[serde(default)]
        unit: Option<EpochUnit>,
        /// The first year that two digits (`%y`) can mean; needed for such forms.
        #[schemars(range(min = 1000, max = 9000))]
        #[serde(default)]
        pivot_year: Option<i32>,
        /// The zone of times without an offset, by its IANA name.
        #[serde(default)]
        time_zone: Option<String>,
        /// What becomes of values that cannot be read.
        #[serde(default)]
        on_error: OnError,
    }
}

step! {
    /// Which columns are trimmed.
    Trim {
        /// Their names; all columns of text when not given.
        #[serde(default)]
        columns: Option<Vec<String>>,
    }
}

/// Upper and lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Case {
    /// `new york`
    Lower,
    /// `NEW YORK`
    Upper,
    /// `New York`
    Title,
}

/// A Unicode normalisation form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unicode {
    /// Composed.
    #[default]
    Nfc,
    /// Composed, with ligatures, wide letters and the like replaced.
    Nfkc,
}

step! {
    /// How texts are written.
    Normalise {
        /// The columns; all columns of text when not given.
        #[serde(default)]
        columns: Option<Vec<String>>,
        /// The form of Unicode.
        #[serde(default)]
        unicode: Unicode,
        /// Upper or lower case; as it is when not given.
        #[serde(default)]
        case: Option<Case>,
        /// Whether white space at the ends goes, and other white space becomes one space.
        #[serde(default = "yes")]
        white_space: bool,
    }
}

fn yes() -> bool {
    true
}

step! {
    /// New values for old ones.
    MapValues {
        /// The column.
        column: String,
        /// Old value → new value; `null` makes it missing.
        values: BTreeMap<String, Option<String>>,
        /// What all other values become; they stay when not given.
        #[serde(default)]
        default: Option<String>,
        /// A new column for the values; else they replace the old ones.
        #[serde(default)]
        into: Option<String>,
    }
}

/// How spellings are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClusterMethod {
    /// By their words, whatever their order, case, accents and punctuation.
    #[default]
    Fingerprint,
    /// By their pairs of letters: finds more, and more that is wrong.
    Ngram,
}

step! {
    /// Spellings of one value.
    Cluster {
        /// The column.
        column: String,
        /// How they are compared.
        #[serde(default)]
        method: ClusterMethod,
        /// Whether they are replaced; else the report proposes it.
        #[serde(default)]
        apply: bool,
    }
}

/// What missing values become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FillWith {
    /// The value that is given.
    Value,
    /// The value of the row before that has one.
    Previous,
    /// The mean of the others.
    Mean,
    /// The median of the others.
    Median,
    /// The most frequent value.
    Mode,
}

step! {
    /// Values for missing ones.
    Fill {
        /// The column.
        column: String,
        /// What they become.
        with: FillWith,
        /// The value, for `value`.
        #[serde(default)]
        value: Option<Value>,
        /// Columns of which the groups are made; all rows are one group when not given.
        #[serde(default)]
        group_by: Vec<String>,
    }
}

step! {
    /// A column by an expression.
    Derive {
        /// The new column; one of that name is replaced.
        column: String,
        /// The expression: SQLite's, over the columns of the row.
        #[schemars(length(min = 1, max = 4000))]
        expression: String,
        /// The type; when not given, integer, float or text by what the expression makes of a row in which nothing is missing.
        #[serde(default)]
        r#type: Option<Type>,
        /// What becomes of values that are not of the type.
        #[serde(default)]
        on_error: OnError,
    }
}

step! {
    /// Which rows stay.
    Filter {
        /// The condition: an expression of SQLite, over the columns of the row.
        #[schemars(length(min = 1, max = 4000))]
        expression: String,
    }
}

step! {
    /// Where a text is cut.
    Split {
        /// The column.
        column: String,
        /// What stands between the parts.
        #[schemars(length(min = 1))]
        separator: String,
        /// The new columns; the last one has all that is left.
        #[schemars(length(min = 1, max = 50))]
        into: Vec<String>,
    }
}

step! {
    /// Columns as one text.
    Join {
        /// The columns; missing values are left out.
        #[schemars(length(min = 1))]
        columns: Vec<String>,
        /// The new column.
        into: String,
        /// What stands between the values.
        #[serde(default)]
        separator: String,
    }
}

step! {
    /// Parts of a text.
    Extract {
        /// The column.
        column: String,
        /// A regular expression with a group for each part.
        #[schemars(length(min = 1, max = 1000))]
        pattern: String,
        /// The new columns, one for each group.
        #[schemars(length(min = 1, max = 50))]
        into: Vec<String>,
        /// What becomes of rows whose value does not match.
        #[serde(default = "null")]
        on_error: OnError,
    }
}

fn null() -> OnError {
    OnError::Null
}

step! {
    /// Bins of numbers.
    Bin {
        /// The column.
        column: String,
        /// The new column.
        into: String,
        /// Rising edges between bins; a value on an edge belongs to the bin above.
        #[schemars(length(min = 1, max = 100))]
        edges: Vec<f64>,
        /// Names of the bins, one more than edges; else their ranges.
        #[serde(default)]
        labels: Option<Vec<String>>,
    }
}

/// An order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// How equal values are ranked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RankMethod {
    /// 1, 2, 2, 4
    #[default]
    Standard,
    /// 1, 2, 2, 3
    Dense,
    /// 1, 2, 3, 4, by their order in the file
    RowNumber,
}

step! {
    /// Ranks.
    Rank {
        /// The column; missing values have no rank.
        column: String,
        /// The new column.
        into: String,
        /// Which value is first.
        #[serde(default)]
        order: Order,
        /// How equal values are ranked.
        #[serde(default)]
        method: RankMethod,
        /// Columns of which the groups are made.
        #[serde(default)]
        group_by: Vec<String>,
    }
}

/// Which of equal rows stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Keep {
    /// The first in the file.
    #[default]
    First,
    /// The last in the file.
    Last,
    /// The one with the largest value in `by`.
    Newest,
}

step! {
    /// Equal rows.
    Deduplicate {
        /// Columns in which they are equal; all when not given.
        #[serde(default)]
        keys: Option<Vec<String>>,
        /// Which one stays.
        #[serde(default)]
        keep: Keep,
        /// The column for `newest`.
        #[serde(default)]
        by: Option<String>,
    }
}

/// What becomes of rows without a match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Missing {
    /// The new columns are missing.
    #[default]
    Null,
    /// The row is rejected.
    Reject,
    /// The new columns are missing, and a warning counts it.
    Warn,
}

/// What becomes of a row with several matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FanOut {
    /// The job fails before any row is written.
    #[default]
    Refuse,
    /// The first match counts.
    First,
}

step! {
    /// Columns of another table.
    Lookup {
        /// The input, by its name in `lookups`.
        table: String,
        /// Column here → column there.
        on: BTreeMap<String, String>,
        /// Columns that are taken over.
        #[schemars(length(min = 1))]
        take: Vec<String>,
        /// Put before their names.
        #[serde(default)]
        prefix: String,
        /// What becomes of rows without a match.
        #[serde(default)]
        missing: Missing,
        /// What becomes of rows with several.
        #[serde(default)]
        fan_out: FanOut,
    }
}

/// How values are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Hiding {
    /// All but the last letters become `*`.
    Mask,
    /// Numbers and times are rounded down to `width` (days for times); of texts the first `width` letters stay.
    Generalise,
}

step! {
    /// A column that says who is meant.
    Anonymise {
        /// The column.
        column: String,
        /// How it is hidden.
        method: Hiding,
        /// Letters that stay for `mask`.
        #[serde(default)]
        keep: usize,
        /// The width for `generalise`.
        #[serde(default)]
        width: Option<f64>,
    }
}

/// What becomes of a row that breaks a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// It is rejected.
    #[default]
    Reject,
    /// A warning counts it.
    Warn,
}

step! {
    /// Bounds of values. Both are allowed themselves.
    Range {
        /// The smallest: a number, or a day or time as text.
        #[serde(default)]
        min: Option<Value>,
        /// The largest.
        #[serde(default)]
        max: Option<Value>,
    }
}

step! {
    /// Values of another input.
    ForeignKey {
        /// The input, by its name in `lookups`.
        table: String,
        /// Its column.
        column: String,
    }
}

step! {
    /// The newest value must not be too old.
    Freshness {
        /// Days between the newest value and `asOf`, at most.
        days: f64,
        /// The instant from which it counts back, in ISO 8601.
        as_of: String,
    }
}

step! {
    /// One rule, of one sort. All but `notNull` pass missing values.
    Check {
        /// The column; not for `expression`.
        #[serde(default)]
        column: Option<String>,
        /// There is a value.
        #[serde(default)]
        not_null: bool,
        /// No other row has the value.
        #[serde(default)]
        unique: bool,
        /// The value lies within bounds.
        #[serde(default)]
        range: Option<Range>,
        /// The value is one of these.
        #[serde(default)]
        set: Option<Vec<String>>,
        /// The whole value matches a regular expression.
        #[serde(default)]
        pattern: Option<String>,
        /// Another input has the value.
        #[serde(default)]
        foreign_key: Option<ForeignKey>,
        /// An expression of the row is true.
        #[serde(default)]
        expression: Option<String>,
        /// The newest value is not too old; a warning, whatever the severity.
        #[serde(default)]
        freshness: Option<Freshness>,
        /// What becomes of rows that break it.
        #[serde(default)]
        severity: Severity,
    }
}

step! {
    /// Rules.
    Validate {
        /// They are checked in their order; a row is rejected for the first that it breaks.
        #[schemars(length(min = 1, max = 200))]
        rules: Vec<Check>,
    }
}

step! {
    /// A column to sort by.
    SortBy {
        /// The column; missing values come last.
        column: String,
        /// Which value is first.
        #[serde(default)]
        order: Order,
    }
}

step! {
    /// An order of rows. Equal rows stay in the order of the file.
    Sort {
        /// The columns.
        #[schemars(length(min = 1))]
        by: Vec<SortBy>,
    }
}

/// A figure of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Function {
    /// Rows, or values if a column is given.
    Count,
    /// Different values.
    CountDistinct,
    /// The sum.
    Sum,
    /// The mean.
    Mean,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The value of the first row that has one.
    First,
    /// The value of the last row that has one.
    Last,
}

step! {
    /// A figure.
    Measure {
        /// Which one.
        function: Function,
        /// Of which column; not needed for `count`.
        #[serde(default)]
        column: Option<String>,
        /// The new column.
        into: String,
    }
}

step! {
    /// Groups.
    Aggregate {
        /// Columns of which the groups are made; all rows are one group when not given.
        #[serde(default)]
        group_by: Vec<String>,
        /// The figures.
        #[schemars(length(min = 1, max = 200))]
        measures: Vec<Measure>,
    }
}

step! {
    /// Values as columns.
    Pivot {
        /// Columns of which each row stands for one group.
        #[schemars(length(min = 1))]
        rows: Vec<String>,
        /// The column whose values become columns, 200 at most.
        column: String,
        /// The column of the figures.
        value: String,
        /// The figure.
        function: Function,
    }
}

step! {
    /// Columns as rows.
    Unpivot {
        /// Columns that stay.
        #[serde(default)]
        keep: Vec<String>,
        /// Columns that become rows.
        #[schemars(length(min = 1, max = 500))]
        columns: Vec<String>,
        /// The new column for their names.
        name_into: String,
        /// The new column for their values.
        value_into: String,
    }
}

step! {
    /// A question to the table.
    Sql {
        /// One statement that reads.
        #[schemars(length(min = 1, max = 20000))]
        query: String,
    }
}

/// A column of an event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventColumn {
    /// Seconds between the case's first and last event: `case_duration_seconds`.
    CaseDuration,
    /// Seconds since the case's event before: `seconds_since_previous`.
    TimeSincePrevious,
    /// Seconds since the case's first event: `seconds_since_start`.
    TimeSinceStart,
    /// The event's place in its case, from 1: `event_index`.
    EventIndex,
    /// Events of the case: `case_events`.
    CaseEvents,
    /// The case's activities in their order, by number from the most frequent: `variant_id`.
    Variant,
    /// Whether the activity happened before in the case: `is_rework`.
    Rework,
    /// Monday is 1: `weekday`.
    Weekday,
    /// 0 to 23: `hour`.
    Hour,
    /// The activity after: `next_activity`.
    NextActivity,
    /// The activity before: `previous_activity`.
    PreviousActivity,
}

step! {
    /// Columns of an event log.
    EventLog {
        /// The column of the case.
        case: String,
        /// The column of the activity.
        activity: String,
        /// The column of the time, of type timestamp or date. Events at one time stay in the order of the file.
        timestamp: String,
        /// What is added; all when not given.
        #[serde(default)]
        add: Option<Vec<EventColumn>>,
        /// The zone of `weekday` and `hour`, by its IANA name; UTC when not given.
        #[serde(default)]
        time_zone: Option<String>,
    }
}
