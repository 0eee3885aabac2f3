//! What befell jobs, for those who watch them.

use crate::error::StoreError;
use crate::events::{EventPage, EventPlace, Watched};
use async_trait::async_trait;
use fuelcell_domain::ProjectRef;

/// What befell jobs, for those who watch them. Whatever changes a job tells of it in the same transaction, in order for each
/// job; how far it is and what it logs is told with the pulse and the lines. Events of deleted jobs are not shown.
#[async_trait]
pub trait JobEvents: Send + Sync {
    /// Events behind a place, at most about `limit`. Only what survives a crash is shown, so that a place which a client
    /// has seen never stands for another event.
    async fn events(&self, of: Watched, after: EventPlace, limit: usize) -> Result<EventPage, StoreError>;
    /// The place of a project's latest event, whether or not it survives a crash.
    async fn latest_event(&self, project: ProjectRef) -> Result<EventPlace, StoreError>;
}
