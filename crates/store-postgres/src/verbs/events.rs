//! What befell jobs, for those who watch them.

use crate::records::events;
use crate::store::{PostgresStore, ask};
use async_trait::async_trait;
use fuelcell_domain::ProjectRef;
use fuelcell_store::verbs::JobEvents;
use fuelcell_store::{EventPage, EventPlace, StoreError, Watched};

#[async_trait]
impl JobEvents for PostgresStore {
    async fn events(&self, of: Watched, after: EventPlace, limit: usize) -> Result<EventPage, StoreError> {
        ask!(self, session => events::page(&session, of, after, limit))
    }

    async fn latest_event(&self, project: ProjectRef) -> Result<EventPlace, StoreError> {
        let latest = ask!(self, session => events::latest(&session, project))?;
        Ok(EventPlace(latest.into()))
    }
}
