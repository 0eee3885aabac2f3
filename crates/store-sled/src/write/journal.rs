//! What is written while a copy is being made.

use crate::tables::database::Writes;
use parking_lot::Mutex;

/// What the committer wrote since a copy began, if one is being made: by batches.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Option<Vec<Vec<Writes>>>>);

impl Journal {
    /// Notes a batch that the database has.
    pub(crate) fn note(&self, writes: &[Writes]) {
        if let Some(batches) = &mut *self.0.lock() {
            batches.push(writes.to_vec());
        }
    }

    /// Says whether nobody else had begun.
    pub(crate) fn begin(&self) -> bool {
        let mut batches = self.0.lock();
        let is_free = batches.is_none();
        batches.get_or_insert_default();
        is_free
    }

    pub(crate) fn take(&self) -> Vec<Vec<Writes>> {
        let mut batches = self.0.lock();
        batches.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn end(&self) {
        *self.0.lock() = None;
    }
}
