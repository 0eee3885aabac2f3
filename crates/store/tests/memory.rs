//! The reference passes the suite.

use fuelcell_store::faulty::FaultyStore;
use fuelcell_store::faulty_blobs::FaultyBlobs;
use fuelcell_store::{BlobStore, MemoryBlobs, MemoryStore, Store, conformance};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn store_conforms() {
    conformance::store(async || Arc::new(MemoryStore::new()) as Arc<dyn Store>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_whose_faults_never_fire_conforms() {
    conformance::store(async || Arc::new(FaultyStore::new(MemoryStore::new())) as Arc<dyn Store>).await;
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
