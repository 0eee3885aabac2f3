//! What an operator allows a project: caps on each job, quotas on all of them together.

use crate::{Job, LimitRequest};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::fmt;

/// The most that a project may use. What is `None` is left to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectLimits {
    /// The most that one job may ask for; it never widens the server's own caps.
    pub caps: LimitRequest,
    /// The most of everything together.
    pub quotas: Quotas,
}

/// Quotas of a project; `None` = not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotas {
    /// Jobs that wait at the same time.
    pub queued_jobs: Option<u64>,
    /// Bytes that are stored, of all kinds together; equal bytes count as often as they are there. Those that were
    /// [replaced](StoredBytes::replaced) may be beyond it, but not more than twice of it is stored with them.
    pub stored_bytes: Option<u64>,
}

/// What a project uses of its quotas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectUsage {
    /// Jobs that wait.
    pub queued_jobs: u64,
    /// Bytes that are stored.
    pub stored: StoredBytes,
}

/// Bytes that a project stores, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBytes {
    /// Files of datasets, and what was announced of those that are on their way.
    pub datasets: u64,
    /// Module versions.
    pub modules: u64,
    /// Published artifacts of jobs.
    pub artifacts: u64,
    /// Checkpoints of jobs.
    pub checkpoints: u64,
    /// Logs of jobs.
    pub logs: u64,
    /// What is kept of jobs beside that ([`Job::stored_size`]).
    pub records: u64,
    /// What was replaced or deleted and is not swept yet, each bytes once.
    pub replaced: u64,
}

impl StoredBytes {
    /// What records still name.
    pub fn live(&self) -> Self {
        Self { replaced: 0, ..*self }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.parts().into_iter().fold(0, |sum, (_, bytes)| sum.saturating_add(bytes))
    }

    /// The parts by name.
    pub fn parts(&self) -> [(&'static str, u64); 7] {
        let Self { datasets, modules, artifacts, checkpoints, logs, records, replaced } = *self;
        [
            ("datasets", datasets),
            ("modules", modules),
            ("artifacts", artifacts),
            ("checkpoints", checkpoints),
            ("logs", logs),
            ("records of jobs", records),
            ("replaced or deleted", replaced),
        ]
    }
}

/// The largest part first.
impl fmt::Display for StoredBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<_> = self.parts().into_iter().filter(|(_, bytes)| *bytes > 0).collect();
        parts.sort_by_key(|(_, bytes)| Reverse(*bytes));
        let parts: Vec<_> = parts.iter().map(|(name, bytes)| format!("{name} {bytes}")).collect();
        f.write_str(&parts.join(", "))
    }
}

/// A quota that a request would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaExceeded {
    /// Too many jobs wait; it passes when some of them have started.
    #[error("{0} jobs of this project wait already, which is all that it may have in the queue")]
    QueuedJobs(u64),
    /// Too many bytes are stored; it passes when something is deleted.
    #[error(
        "this project may store {quota} bytes and stores {} ({}); delete some first",
        .stored.live().total(), .stored.live()
    )]
    StoredBytes {
        /// All that it may store.
        quota: u64,
        /// What it stores.
        stored: StoredBytes,
    },
    /// Too much was replaced or deleted; it passes when that is swept.
    #[error(
        "this project may store {quota} bytes, and twice of that until what was replaced or deleted is swept; it \
         stores {} ({stored}); room comes with the next sweep of what no job names any more",
        .stored.total()
    )]
    Unswept {
        /// All that it may store.
        quota: u64,
        /// What it stores.
        stored: StoredBytes,
    },
}

impl ProjectLimits {
    /// Clamps a job to the caps and admits it beside `queued` others, or names the quota in its way.
    pub fn admit(&self, job: &mut Job, queued: u64, stored: StoredBytes) -> Result<(), QuotaExceeded> {
        match self.quotas.queued_jobs {
            Some(quota) if queued >= quota => return Err(QuotaExceeded::QueuedJobs(quota)),
            _ => {}
        }
        self.admit_bytes(stored, 0, job.stored_size())?;
        job.limits = job.limits.clamp(self.caps);
        Ok(())
    }

    /// Admits `size` bytes that replace `replaced` of the `stored` ones. Fewer always pass, as long as those that were
    /// replaced and lie there unswept are not too many.
    pub fn admit_bytes(&self, stored: StoredBytes, replaced: u64, size: u64) -> Result<(), QuotaExceeded> {
        match self.quotas.stored_bytes {
            Some(quota) if size > room_for_live(quota, stored, replaced) => {
                Err(QuotaExceeded::StoredBytes { quota, stored })
            }
            Some(quota) if size > room_on_disk(quota, stored) => {
                Err(QuotaExceeded::Unswept { quota, stored })
            }
            _ => Ok(()),
        }
    }

    /// The most bytes that [`ProjectLimits::admit_bytes`] admits; `None` = any number.
    pub fn room(&self, stored: StoredBytes, replaced: u64) -> Option<u64> {
        let quota = self.quotas.stored_bytes?;
        Some(room_for_live(quota, stored, replaced).min(room_on_disk(quota, stored)))
    }
}

fn room_for_live(quota: u64, stored: StoredBytes, replaced: u64) -> u64 {
    let others = stored.live().total().saturating_sub(replaced);
    quota.saturating_sub(others).max(replaced)
}

/// What is replaced takes its room until it is swept.
fn room_on_disk(quota: u64, stored: StoredBytes) -> u64 {
    quota.saturating_mul(2).saturating_sub(stored.total())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_counts_by_what_it_adds() {
        let limits = ProjectLimits {
            quotas: Quotas { stored_bytes: Some(100), ..Quotas::default() },
            ..ProjectLimits::default()
        };
        let stored = |datasets| StoredBytes { datasets, ..StoredBytes::default() };
        let full = |datasets| Err(QuotaExceeded::StoredBytes { quota: 100, stored: stored(datasets) });
        assert_eq!(limits.admit_bytes(stored(90), 0, 10), Ok(()));
        assert_eq!(limits.admit_bytes(stored(90), 0, 11), full(90));
        assert_eq!(limits.admit_bytes(stored(90), 40, 50), Ok(()));
        let later = limits.admit_bytes(stored(150), 40, 40);
        assert_eq!(later, Ok(()), "what does not grow passes a quota set later");
        assert_eq!(limits.admit_bytes(stored(u64::MAX), 0, u64::MAX), full(u64::MAX));
        assert_eq!(ProjectLimits::default().admit_bytes(stored(u64::MAX), 0, u64::MAX), Ok(()));
    }

    #[test]
    fn what_was_replaced_may_be_as_much_again() {
        let limits = ProjectLimits {
            quotas: Quotas { stored_bytes: Some(100), ..Quotas::default() },
            ..ProjectLimits::default()
        };
        let stored = |datasets, replaced| StoredBytes { datasets, replaced, ..StoredBytes::default() };
        let unswept = |stored| Err(QuotaExceeded::Unswept { quota: 100, stored });
        assert_eq!(limits.admit_bytes(stored(0, 100), 0, 100), Ok(()), "deletions make room at once");
        assert_eq!(limits.admit_bytes(stored(60, 80), 60, 60), Ok(()));
        assert_eq!(limits.admit_bytes(stored(60, 81), 60, 60), unswept(stored(60, 81)));
        assert_eq!(limits.room(stored(60, 81), 60), Some(59));
        assert_eq!(limits.room(stored(90, 20), 0), Some(10));
        assert_eq!(limits.admit_bytes(stored(60, 500), 60, 0), Ok(()));
        let told = QuotaExceeded::Unswept { quota: 100, stored: stored(60, 120) }.to_string();
        assert!(told.contains("it stores 180 (replaced or deleted 120, datasets 60);"), "{told}");
    }

    #[test]
    fn a_full_project_is_told_what_fills_it() {
        let stored =
            StoredBytes { datasets: 5, artifacts: 70, records: 20, replaced: 3, ..StoredBytes::default() };
        let told = QuotaExceeded::StoredBytes { quota: 90, stored }.to_string();
        let expected = "this project may store 90 bytes and stores 95 (artifacts 70, records of jobs 20, datasets 5); \
                        delete some first";
        assert_eq!(told, expected);
    }
}
