//! Figures of what jobs did.

use crate::error::StoreError;
use crate::jobs::{QueueFigures, TenantFigures};
use crate::usage::{UsageQuery, UsageReport};
use async_trait::async_trait;
use fuelcell_domain::{Digest, TenantId, Timestamp};

/// Figures of what jobs did.
#[async_trait]
pub trait Figures: Send + Sync {
    /// Microseconds from start to end of the latest completed runs of a module (at most [`crate::RECENT_DURATIONS`]),
    /// the one that ended last first.
    async fn recent_durations(&self, module: Digest) -> Result<Vec<u64>, StoreError>;
    /// Figures of a tenant's jobs: queue and running as they stand at `now`, the rest for its UTC day so far.
    async fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError>;
    /// Queued jobs of all tenants as they stand at `now`.
    async fn queue_figures(&self, now: Timestamp) -> Result<QueueFigures, StoreError>;
    /// What attempts used and how jobs ended, summed by the UTC day in which they did. Kept by the transactions that
    /// write receipts and ends; deleted jobs stay counted.
    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, StoreError>;
}
