//! All rows as a table, and the rows that a step makes of them.

use arrow_schema::SchemaRef;
use fuelcell_sql_kit::{Database, quoted};

use crate::lookups::Known;

/// The hidden column of lines.
pub(crate) const LINE: &str = "_$line";
/// The rows that a step makes: a selection whose first column is the line, and the schema of the others.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) sql: String,
    pub(crate) schema: SchemaRef,
}

/// All rows, and what there is beside them.
pub(crate) struct Whole<'a> {
    pub(crate) database: &'a mut Database,
    pub(crate) table: &'a str,
    pub(crate) schema: SchemaRef,
    pub(crate) lookups: &'a [Known],
}

impl Whole<'_> {
    /// All columns, each by its name.
    pub(crate) fn all(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| quoted(field.name())).collect()
    }

    pub(crate) fn table(&self) -> String {
        quoted(self.table)
    }

    /// The rows as they are, with further columns behind.
    pub(crate) fn adding(&self, expressions: &[String], from: &str, schema: SchemaRef) -> Made {
        let columns: Vec<String> = self.all().into_iter().chain(expressions.iter().cloned()).collect();
        let sql = format!("SELECT {LINE}, {} FROM {from} ORDER BY t._$row", columns.join(", "));
        Made { sql, schema }
    }
}
