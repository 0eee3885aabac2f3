//! Queued jobs in the order in which they start.

use crate::error::StoreError;
use crate::jobs::QueueEntry;
use async_trait::async_trait;
use fuelcell_domain::Timestamp;

/// Queued jobs in the order in which they start.
#[async_trait]
pub trait Backlog: Send + Sync {
    /// Queued jobs that may start at `now`, in the order priority (most urgent first), `front` first, the time from
    /// which they may start, at most `limit`.
    async fn ready(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError>;
    /// Of each tenant and priority the first of the jobs that [`Backlog::ready`] would return, in its order: about
    /// `limit` in all, but at least one of each. So nobody's jobs hide those of others.
    async fn heads(&self, now: Timestamp, limit: usize) -> Result<Vec<QueueEntry>, StoreError>;
    /// When the next job whose time has not come may start.
    async fn next_not_before(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;
}
