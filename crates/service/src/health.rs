//! Whether the server can take work: what health checks are told.

use crate::{Health, Service};
use fuelcell_store::StoreError;
use std::time::Duration;
use tokio::time::timeout;

/// A store that takes longer for a write is not well.
const PATIENCE: Duration = Duration::from_secs(10);

impl Service {
    /// Whether the server can take work, as it was found within the last second.
    pub async fn health(&self) -> Health {
        self.last_look.or_now(self.look()).await
    }

    async fn look(&self) -> Health {
        let (store, blobs, free) = tokio::join!(
            within_patience(self.store.check()),
            within_patience(self.blobs.check()),
            self.blobs.free_bytes(),
        );
        let enough = |free: Option<u64>| free.is_none_or(|free| free >= self.config.ready_free_bytes);
        Health {
            store: is_well("the store", store),
            blobs: is_well("the store of bytes", blobs),
            disk: free.is_ok_and(enough),
        }
    }
}

async fn within_patience(look: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    let late = || Err(StoreError::Unavailable("no answer came in time".into()));
    timeout(PATIENCE, look).await.unwrap_or_else(|_| late())
}

fn is_well(what: &str, found: Result<(), StoreError>) -> bool {
    if let Err(error) = &found {
        tracing::error!(%error, "{what} cannot be written");
    }
    found.is_ok()
}

#[cfg(test)]
mod tests {
    use crate::last_look::LOOK_EVERY;
    use crate::stubs::service;
    use fuelcell_domain::Timestamp;
    use fuelcell_domain::clock::ManualClock;
    use fuelcell_store::MemoryStore;
    use fuelcell_store::faulty::FaultyStore;
    use futures::future::join_all;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_cost_one_write_a_second() {
        let store = Arc::new(FaultyStore::<MemoryStore>::default());
        let (service, _) = service(store.clone(), Arc::new(ManualClock::new(Timestamp(0))));
        store.fail_next("check", 1);
        let told = join_all((0..100).map(|_| service.health())).await;
        assert!(told.iter().all(|health| !health.store && health.blobs && health.disk), "{told:?}");
        assert_eq!(store.calls("check"), 1);
        tokio::time::advance(LOOK_EVERY).await;
        assert!(service.health().await.store, "it is well again");
        assert_eq!(store.calls("check"), 2);
    }
}
