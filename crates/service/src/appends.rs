//! Which uploads somebody is adding to: one at a time does to each.

use fuelcell_domain::UploadId;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;

/// The uploads to which somebody is adding.
#[derive(Default)]
pub(crate) struct Appends(Arc<Mutex<HashSet<UploadId>>>);

impl Appends {
    /// The turn to add to an upload; `None` while somebody else has it.
    pub(crate) fn enter(&self, upload: UploadId) -> Option<Append> {
        let is_first = self.0.lock().insert(upload);
        is_first.then(|| Append { upload, all: Arc::clone(&self.0) })
    }
}

/// The turn, given back when this is dropped.
#[must_use]
pub(crate) struct Append {
    upload: UploadId,
    all: Arc<Mutex<HashSet<UploadId>>>,
}

impl Drop for Append {
    fn drop(&mut self) {
        self.all.lock().remove(&self.upload);
    }
}
