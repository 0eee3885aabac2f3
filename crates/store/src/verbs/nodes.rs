//! Nodes that run jobs: who lives.

use crate::error::StoreError;
use async_trait::async_trait;
use fuelcell_domain::{Incarnation, JobId, NodeId, Timestamp};
use std::time::Duration;

/// Nodes that run jobs: who lives.
///
/// A life of a node has a lease by the store's own clock, so that no two clocks are ever compared. Attempts of a life that is
/// gone lose their jobs. What is written here may be lost in a crash, except what becomes of jobs.
#[async_trait]
pub trait Nodes: Send + Sync {
    /// A life of a node begins, for `lease` from now on. Earlier lives of that name are gone; their attempts are left to
    /// [`Queue::release_node`](crate::Queue::release_node).
    async fn register(&self, node: &NodeId, life: Incarnation, lease: Duration) -> Result<(), StoreError>;
    /// A sign of life: the lease ends `lease` from now. A lease that was over, and that nobody acted on, goes on. False for a
    /// life that is gone, or that nobody knows: it never comes back.
    async fn beat(&self, life: Incarnation, lease: Duration) -> Result<bool, StoreError>;
    /// Lives whose leases are over are gone, and what they were running is queued again (or fails, after too many losses), in
    /// one transaction; returns these jobs. After a time in which the store could be reached by nobody, which is told by the
    /// caller's `lease`, every life has another lease first.
    async fn rescue(&self, lease: Duration, now: Timestamp) -> Result<Vec<JobId>, StoreError>;
}
