//! Rows as text, on their way from a file to a table.

use fuelcell_records_kit::Stop;

use crate::facts::Fault;
use crate::text::TextColumn;

/// Rows of a batch, at most.
pub(crate) const ROWS: usize = 8192;
/// Bytes of a batch's text at which it is full, whatever its rows.
const BYTES: usize = 8 << 20;

/// Rows as text, some thousand at a time.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) columns: Vec<TextColumn>,
    pub(crate) lines: Vec<u64>,
    pub(crate) faults: Vec<Fault>,
}

impl Batch {
    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() + self.faults.len() >= ROWS
            // Looking at every column for every row would cost more than the rows.
            || (self.lines.len().is_multiple_of(64) && self.columns.iter().map(TextColumn::size).sum::<usize>() >= BYTES)
    }

    pub(crate) fn clear(&mut self) {
        self.columns.iter_mut().for_each(TextColumn::clear);
        self.lines.clear();
        self.faults.clear();
    }
}

/// A file as rows of text.
pub(crate) trait TextRows {
    /// Fills a batch that is empty. False when these are the last rows.
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Stop>;
    /// Bytes of the file read so far.
    fn bytes(&self) -> u64;
}
