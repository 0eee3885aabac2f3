//! What an operator allows a project: caps on each job, quotas on all of them together.

use crate::{Job, LimitRequest};
use serde::{Deserialize, Serialize};

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
    /// Bytes of all datasets and module versions together; equal bytes count as often as they are there.
    pub stored_bytes: Option<u64>,
}

/// What a project uses of its quotas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectUsage {
    /// Jobs that wait.
    pub queued_jobs: u64,
    /// Bytes of all datasets and module versions together.
    pub stored_bytes: u64,
}

/// A quota that a request would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaExceeded {
    /// Too many jobs wait; it passes when some of them have started.
    #[error("{0} jobs of this project wait already, which is all that it may have in the queue")]
    QueuedJobs(u64),
    /// Too many bytes are stored; it passes when something is deleted.
    #[error("this project may store {0} bytes of datasets and modules; delete some first")]
    StoredBytes(u64),
}

impl ProjectLimits {
    /// Clamps a job to the caps and admits it beside `queued` others, or names the quota in its way.
    pub fn admit(&self, job: &mut Job, queued: u64) -> Result<(), QuotaExceeded> {
        match self.quotas.queued_jobs {
            Some(quota) if queued >= quota => Err(QuotaExceeded::QueuedJobs(quota)),
            _ => {
                job.limits = job.limits.clamp(self.caps);
                Ok(())
            }
        }
    }

    /// Admits an upload of `size` bytes that replaces `replaced` of the `stored` ones. A smaller one always passes.
    pub fn admit_bytes(&self, stored: u64, replaced: u64, size: u64) -> Result<(), QuotaExceeded> {
        match self.quotas.stored_bytes {
            Some(quota)
                if size > replaced && stored.saturating_sub(replaced).saturating_add(size) > quota =>
            {
                Err(QuotaExceeded::StoredBytes(quota))
            }
            _ => Ok(()),
        }
    }
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
        assert_eq!(limits.admit_bytes(90, 0, 10), Ok(()));
        assert_eq!(limits.admit_bytes(90, 0, 11), Err(QuotaExceeded::StoredBytes(100)));
        assert_eq!(limits.admit_bytes(90, 40, 50), Ok(()));
        assert_eq!(limits.admit_bytes(500, 40, 40), Ok(()), "what does not grow passes a quota set later");
        assert_eq!(limits.admit_bytes(u64::MAX, 0, u64::MAX), Err(QuotaExceeded::StoredBytes(100)));
        assert_eq!(ProjectLimits::default().admit_bytes(u64::MAX, 0, u64::MAX), Ok(()));
    }
}
