//! Turns of searches by pattern: one at a time for each tenant, some that wait for it, and a few threads for all of them.

use crate::error::ServiceError;
use crate::permits::{self, Lines};
use fuelcell_domain::TenantId;
use std::sync::Arc;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// Searches by pattern of a tenant, the one that looks and those that wait.
pub(crate) const MAX_SEARCHES: usize = 8;
/// Searches by pattern that look at the same time.
const THREADS: usize = 2;
/// When a client may try again who came when too many waited.
const RETRY_SECONDS: u64 = 5;

/// Turns and threads of searches by pattern.
pub(crate) struct Searches {
    lines: Lines,
    threads: Arc<Semaphore>,
}

impl Default for Searches {
    fn default() -> Self {
        Self { lines: Lines::default(), threads: Arc::new(Semaphore::new(THREADS)) }
    }
}

/// The right to look, until it is dropped.
pub(crate) type Turn = (OwnedMutexGuard<()>, Option<OwnedSemaphorePermit>);

impl Searches {
    /// A place in the tenant's line.
    pub(crate) fn join(&self, tenant: TenantId) -> Result<permits::Turn, ServiceError> {
        self.lines.join(tenant, MAX_SEARCHES).ok_or_else(too_many)
    }

    /// Waits for the tenant's turn.
    pub(crate) async fn turn(&self, tenant: TenantId) -> Result<Turn, ServiceError> {
        let turn = self.join(tenant)?.lock_owned().await;
        // Nobody closes it.
        Ok((turn, self.threads.clone().acquire_owned().await.ok()))
    }
}

fn too_many() -> ServiceError {
    ServiceError::TooMany {
        code: "TooManySearches",
        message: format!("{MAX_SEARCHES} searches by pattern of this tenant are under way; try again later"),
        retry_after: RETRY_SECONDS,
    }
}
