//! Keys of processed items, from the guest that marks them to the end of its attempt.

use fuelcell_domain::HostError;
use std::collections::BTreeSet;

/// Keys that one attempt may mark.
const MAX_MARKS: usize = 100_000;
/// Bytes of all keys that one attempt may mark: they are kept in memory until the job completes.
const MAX_MARKS_BYTES: usize = 16 * 1024 * 1024;

/// Keys of processed items that one attempt marked.
#[derive(Default)]
pub(crate) struct Marks {
    keys: BTreeSet<String>,
    bytes: usize,
}

impl Marks {
    /// The marked keys, in order.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(self).keys.into_iter().collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Marks a key, unless there are too many.
    pub(crate) fn insert(&mut self, key: &str) -> Result<(), HostError> {
        if self.keys.contains(key) {
            return Ok(());
        }
        let bytes = self.bytes + key.len();
        if self.keys.len() >= MAX_MARKS || bytes > MAX_MARKS_BYTES {
            let message = format!("a job marks at most {MAX_MARKS} keys of together {MAX_MARKS_BYTES} bytes");
            return Err(HostError::Limit(message));
        }
        self.bytes = bytes;
        self.keys.insert(key.into());
        Ok(())
    }
}
