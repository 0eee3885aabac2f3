//! The reference passes the suite, and the suite notices what does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use async_trait::async_trait;
use fuelcell_store::conformance::{CrashPoint, FreshBlobs, FreshStore, Medium};
use fuelcell_store::faulty::{Fault, FaultyStore, StallingStore};
use fuelcell_store::faulty_blobs::FaultyBlobs;
use fuelcell_store::{MemoryBlobs, MemoryStore, Store, conformance};
use std::sync::Arc;

/// Each verb is one commit. Once one has crashed the store, it refuses everything until it is opened again.
#[derive(Default)]
struct Crashing(Arc<FaultyStore<MemoryStore>>);

#[async_trait]
impl Medium for Crashing {
    async fn open(&self) -> Arc<dyn Store> {
        self.0.set_plan(None);
        self.0.clone()
    }

    fn crash_at(&self, commit: u64, point: CrashPoint) {
        let mut commits = 0..;
        self.0.set_plan(Some(Box::new(move |_| match (commits.next()?, point) {
            (now, _) if now < commit => None,
            (now, CrashPoint::Unanswered) if now == commit => Some(Fault::Unanswered),
            _ => Some(Fault::Refused),
        })));
    }
}

mod interrupted {
    use super::*;

    fuelcell_store::interrupted_conformance!(Crashing::default);
}

mod reference {
    use super::*;

    async fn fresh() -> FreshStore {
        (Arc::new(MemoryStore::new()), Box::new(()))
    }

    async fn fresh_blobs() -> FreshBlobs {
        (Arc::new(MemoryBlobs::new()), Box::new(()))
    }

    fuelcell_store::store_conformance!(fresh);
    fuelcell_store::blob_conformance!(fresh_blobs);
}

mod wrapper_whose_faults_never_fire {
    use super::*;

    async fn fresh() -> FreshStore {
        (Arc::new(FaultyStore::new(MemoryStore::new())), Box::new(()))
    }

    async fn fresh_blobs() -> FreshBlobs {
        (Arc::new(FaultyBlobs::new(MemoryBlobs::new())), Box::new(()))
    }

    fuelcell_store::store_conformance!(fresh);
    fuelcell_store::blob_conformance!(fresh_blobs);
}

mod way_that_never_stalls {
    use super::*;

    async fn fresh() -> FreshStore {
        (Arc::new(StallingStore::new(Arc::new(MemoryStore::new()))), Box::new(()))
    }

    fuelcell_store::store_conformance!(fresh);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_blobs_are_there_whole_or_not_at_all() {
    conformance::blobs::interrupted(&FaultyBlobs::new(MemoryBlobs::new())).await;
}

/// Forgets everything when it is opened again.
#[derive(Default)]
struct Forgetful(std::sync::Mutex<Crashing>);

#[async_trait]
impl Medium for Forgetful {
    async fn open(&self) -> Arc<dyn Store> {
        let fresh = Crashing::default();
        let store = fresh.open().await;
        *self.0.lock().unwrap() = fresh;
        store
    }

    fn crash_at(&self, commit: u64, point: CrashPoint) {
        self.0.lock().unwrap().crash_at(commit, point);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "create_tenant was acknowledged")]
async fn a_store_that_forgets_what_it_acknowledged_is_noticed() {
    conformance::interrupted::every_verb(&Forgetful::default(), CrashPoint::Lost).await;
}
