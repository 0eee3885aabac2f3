//! Entries of the queue that were looked at lately: the first hundreds are asked for again at every submission and every
//! claim, and to take them from whole records costs more than the look.

use crate::database::Database;
use crate::keys::Place;
use crate::queue::Placed;
use crate::records;
use fuelcell_domain::JobState;
use fuelcell_store::{QueueEntry, QueueOrder, StoreError};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Entries that are kept.
const MAX_KEPT: usize = 4096;

/// Entries by their places. What an entry tells follows from its place and from what never changes in a job's life, so
/// that nothing here can be out of date.
#[derive(Default)]
pub(crate) struct KnownEntries(Mutex<HashMap<Placed, QueueEntry>>);

impl KnownEntries {
    /// How many of these are to be read from the database.
    pub(crate) fn missing(&self, places: &[Placed]) -> usize {
        let known = self.known();
        places.iter().filter(|place| !known.contains_key(place)).count()
    }

    /// The entries in these places. Whoever has left the queue meanwhile may or may not be among them.
    pub(crate) fn read(
        &self,
        database: &Database,
        places: Vec<Placed>,
    ) -> Result<Vec<QueueEntry>, StoreError> {
        let known: Vec<_> = {
            let known = self.known();
            places.iter().map(|placed| known.get(placed).cloned()).collect()
        };
        let mut entries = Vec::with_capacity(places.len());
        for (placed, known) in places.into_iter().zip(known) {
            let entry = match known {
                Some(entry) => Some(entry),
                None => self.look_up(database, placed)?,
            };
            entries.extend(entry);
        }
        Ok(entries)
    }

    fn look_up(&self, database: &Database, placed: Placed) -> Result<Option<QueueEntry>, StoreError> {
        let (order, _) = placed;
        let place = Place { project: order.project, ordinal: order.ordinal };
        let job = records::load(database, place)?.filter(|job| job.state == JobState::Queued);
        let Some(entry) = job.as_ref().map(QueueEntry::of) else { return Ok(None) };
        // It may have left the queue and come back otherwise since its place was looked up.
        if placed == place_of(&entry) {
            let mut known = self.known();
            if known.len() >= MAX_KEPT {
                known.clear();
            }
            known.insert(placed, entry.clone());
        }
        Ok(Some(entry))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Placed, QueueEntry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place_of(entry: &QueueEntry) -> Placed {
    let QueueEntry { priority, front, created_at, project, ordinal, .. } = *entry;
    (QueueOrder::new(priority, front, created_at, project, ordinal), entry.not_before)
}
