//! The steps, as they are written in the parameter `steps`: each is an object with one member, its verb.

mod checks;
mod columns;
mod events;
mod groups;
mod hiding;
mod numbers;
mod rows;
mod shape;
mod texts;
mod types;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use checks::{Check, ForeignKey, Freshness, Range, Severity, Validate};
pub use columns::{Columns, Rename};
pub use events::{EventColumn, EventLog};
pub use groups::{Aggregate, Function, Measure, Pivot, Sql, Unpivot};
pub use hiding::{Anonymise, Hiding};
pub use numbers::{Bin, Order, Rank, RankMethod, Sort, SortBy};
pub use rows::{Deduplicate, Derive, FanOut, Fill, FillWith, Filter, Keep, Lookup, Missing};
pub use texts::{Case, Cluster, ClusterMethod, Extract, Join, MapValues, Normalise, Split, Trim, Unicode};
pub use types::{Cast, EpochUnit, OnError, ParseTimes, Type};

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
    /// Hides who is meant: `{"anonymise": {"column": "phone", "method": "mask", "keep": 3}}`,
    /// `{"anonymise": {"column": "patient", "method": "hash", "secret": "PSEUDONYMS"}}`.
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
    EventLog(Box<EventLog>),
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
