//! What is known of the jobs at the head of the queue: the first hundreds are asked for at every submission and every
//! claim, and to take them from whole records costs more than the look.

use fuelcell_domain::Timestamp;
use fuelcell_store::{QueueEntry, QueueOrder};
use std::collections::BTreeMap;

/// A job's place in the queue, with the time before which it does not start.
pub(crate) type Placed = (QueueOrder, Option<Timestamp>);

/// Entries that are kept: the first in the order of the queue.
const MAX_KEPT: usize = 16_384;

/// Entries of queued jobs by their places. What an entry tells follows from its place and from what never changes in a
/// job's life, so that nothing here can be out of date.
#[derive(Default)]
pub(crate) struct KnownEntries(BTreeMap<Placed, QueueEntry>);

impl KnownEntries {
    /// The entry in this place, if it is known.
    pub(crate) fn get(&self, place: Placed) -> Option<&QueueEntry> {
        self.0.get(&place)
    }

    /// Keeps an entry, unless there are enough that come before it.
    pub(crate) fn insert(&mut self, entry: QueueEntry) {
        let place = place_of(&entry);
        let is_full = self.0.len() >= MAX_KEPT;
        if is_full && self.0.last_key_value().is_some_and(|(last, _)| *last < place) {
            return;
        }
        self.0.insert(place, entry);
        if self.0.len() > MAX_KEPT {
            self.0.pop_last();
        }
    }

    /// Forgets who has left its place.
    pub(crate) fn remove(&mut self, place: Placed) {
        self.0.remove(&place);
    }
}

/// The place of this entry.
pub(crate) fn place_of(entry: &QueueEntry) -> Placed {
    let QueueEntry { priority, front, project, ordinal, .. } = *entry;
    (QueueOrder::new(priority, front, entry.since(), project, ordinal), entry.not_before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::{Digest, JobId, ModuleRef, Priority, ProjectId, ProjectRef, TenantId, Timestamp};
    use std::sync::Arc;
    use uuid::Uuid;

    fn entry(ordinal: u32) -> QueueEntry {
        QueueEntry {
            job: JobId(Uuid::nil()),
            project: ProjectRef { tenant: TenantId(Uuid::nil()), project: ProjectId(Uuid::nil()) },
            ordinal: ordinal.into(),
            priority: Priority::Normal,
            front: false,
            created_at: Timestamp(i64::from(ordinal)),
            not_before: None,
            module: Arc::new(ModuleRef {
                name: "m".into(),
                version: "1".into(),
                digest: Digest::of(b"m"),
                engine: None,
            }),
            pipeline: None,
            memory_bytes: 0,
        }
    }

    #[test]
    fn the_first_in_the_queue_are_kept() {
        let mut known = KnownEntries::default();
        let most = u32::try_from(MAX_KEPT).unwrap();
        for ordinal in (1..=most).rev().chain([most + 1, 0]) {
            known.insert(entry(ordinal));
        }
        let knows = |known: &KnownEntries, ordinal| known.get(place_of(&entry(ordinal))).is_some();
        assert!(
            knows(&known, 0) && knows(&known, most - 1) && !knows(&known, most) && !knows(&known, most + 1)
        );
        known.remove(place_of(&entry(0)));
        known.insert(entry(most + 1));
        assert!(!knows(&known, 0) && knows(&known, most + 1));
    }
}
