//! How tenants and projects go, with all that is theirs.

use crate::error::{RemovalStep, StoreError};
use async_trait::async_trait;
use fuelcell_domain::{Removal, Scope, Timestamp};

/// How tenants and projects go, with all that is theirs.
#[async_trait]
pub trait Removals: Send + Sync {
    /// Takes a tenant with all its projects, or a project, away, with its limits and tokens: from now on it is not
    /// there, and nothing new is taken for it (`NotFound("project")`). `NotFound` when it is not there. What belonged
    /// to it is there for those who know its ids, until [`Removals::remove_some`] has removed it.
    async fn begin_removal(&self, removal: Removal) -> Result<(), StoreError>;
    /// Removals that are not done, projects before their tenant.
    async fn removals(&self) -> Result<Vec<Removal>, StoreError>;
    /// Removes about `limit` records of what was taken away: jobs that do not run, then, when there are no jobs,
    /// everything else but the entries of the audit log and the sums of what whole projects used by day.
    /// `NotFound("removal")` when none is under way.
    async fn remove_some(
        &self,
        scope: Scope,
        limit: usize,
        now: Timestamp,
    ) -> Result<RemovalStep, StoreError>;
}
