//! The reference passes the suite, and the suite notices what does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use async_trait::async_trait;
use fuelcell_store::conformance::{CrashPoint, Medium};
use fuelcell_store::faulty::{Fault, FaultyStore, StallingStore};
use fuelcell_store::faulty_blobs::FaultyBlobs;
use fuelcell_store::{BlobStore, MemoryBlobs, MemoryStore, Store, conformance};
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

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_verbs_are_there_whole_or_not_at_all() {
    conformance::interrupted_store(async || Crashing::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn store_conforms() {
    conformance::store(async || Arc::new(MemoryStore::new()) as Arc<dyn Store>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_whose_faults_never_fire_conforms() {
    conformance::store(async || Arc::new(FaultyStore::new(MemoryStore::new())) as Arc<dyn Store>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_never_stalls_conforms() {
    conformance::store(async || Arc::new(StallingStore::new(Arc::new(MemoryStore::new()))) as Arc<dyn Store>)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_conform() {
    conformance::blobs(async || Arc::new(MemoryBlobs::new()) as Arc<dyn BlobStore>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_in_a_wrapper_whose_faults_never_fire_conform() {
    conformance::blobs(async || Arc::new(FaultyBlobs::new(MemoryBlobs::new())) as Arc<dyn BlobStore>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_blobs_are_there_whole_or_not_at_all() {
    conformance::interrupted_blobs(async || MemoryBlobs::new()).await;
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
    conformance::interrupted_store(async || Forgetful::default()).await;
}
