//! Figures of what jobs did.

use crate::error::StoreError;
use crate::hours::HourFigures;
use crate::jobs::{QueueFigures, TenantFigures};
use crate::usage::{UsageQuery, UsageReport};
use async_trait::async_trait;
use fuelcell_domain::{Digest, ProjectRef, TenantId, Timestamp};

/// Figures of what jobs did.
#[async_trait]
pub trait Figures: Send + Sync {
    /// Microseconds from start to end of the latest completed runs of a module (at most [`crate::RECENT_DURATIONS`]),
    /// the one that ended last first. Looking at a profiled run takes time, and it does not count.
    async fn recent_durations(&self, module: Digest) -> Result<Vec<u64>, StoreError>;
    /// Figures of a tenant's jobs: queue and running as they stand at `now`, the rest for its UTC day so far.
    async fn tenant_figures(&self, tenant: TenantId, now: Timestamp) -> Result<TenantFigures, StoreError>;
    /// Queued jobs of all tenants as they stand at `now`.
    async fn queue_figures(&self, now: Timestamp) -> Result<QueueFigures, StoreError>;
    /// What attempts used and how jobs ended, summed by the UTC day in which they did. Kept by the transactions that
    /// write receipts and ends; deleted jobs stay counted.
    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, StoreError>;
    /// The same of a project by hour with more of how its jobs fared, from one hour to another one, the earliest first: of
    /// those hours in which something happened and that are still [kept](crate::KEPT_HOURS).
    async fn hours(&self, project: ProjectRef, from: i64, to: i64) -> Result<Vec<HourFigures>, StoreError>;
}
