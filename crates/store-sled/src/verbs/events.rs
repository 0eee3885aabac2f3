//! What befell jobs, for those who watch them.

use crate::records::events;
use crate::store::SledStore;
use crate::tables::keys::Table;
use async_trait::async_trait;
use fuelcell_domain::ProjectRef;
use fuelcell_store::verbs::JobEvents;
use fuelcell_store::{EventPage, EventPlace, StoreError, Watched};

#[async_trait]
impl JobEvents for SledStore {
    async fn events(&self, of: Watched, after: EventPlace, limit: usize) -> Result<EventPage, StoreError> {
        if self.latest_event(of.project()).await? == after {
            return Ok(EventPage { next: after, ..EventPage::default() });
        }
        let page = self.read_many(move |shared| events::page(&shared.database, of, after, limit)).await?;
        if !page.events.is_empty() && self.shared.is_ahead_of_the_medium() {
            // A barrier of its own: what is shown is not to be taken back by a crash.
            self.end(|overlay| overlay.put(Table::Meta, b"check", &())).await?;
        }
        Ok(page)
    }

    async fn latest_event(&self, project: ProjectRef) -> Result<EventPlace, StoreError> {
        Ok(EventPlace(events::latest(self.database()?, project)?.into()))
    }
}
