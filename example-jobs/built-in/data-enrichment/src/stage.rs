//! A step that looks at one row after another.

use arrow_schema::SchemaRef;
use fuelcell_sdk::Context;
use fuelcell_sql_kit::Database;
use fuelcell_table_kit::Stop;

use crate::bind::Hints;
use crate::chunk::Chunk;
use crate::ledger::Ledger;
use crate::lookups::Known;

/// A step that is ready to run.
pub(crate) trait Stage {
    /// The columns behind it.
    fn schema(&self) -> SchemaRef;

    /// Changes some rows.
    fn run(&mut self, chunk: Chunk, ledger: &mut Ledger) -> Result<Chunk, Stop>;

    /// Says what it did, when there are no more rows.
    fn end(&mut self, _ledger: &mut Ledger) {}
}

/// What steps may ask.
pub(crate) struct Surroundings<'a> {
    pub(crate) hints: &'a Hints,
    /// The lookups, as tables of their names in their exact form.
    pub(crate) database: &'a Database,
    pub(crate) lookups: &'a [Known],
    /// The host, which computes with secrets.
    pub(crate) context: &'a Context,
}
