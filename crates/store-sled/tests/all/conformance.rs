//! The suite of every backend.

use fuelcell_store::faulty::FaultyStore;
use fuelcell_store::faulty_blobs::FaultyBlobs;
use fuelcell_store::{BlobStore, Store, conformance};
use fuelcell_store_sled::{FileBlobs, Options, SledStore};
use std::cell::RefCell;
use std::sync::Arc;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn store_conforms() {
    let directories = RefCell::new(Vec::new());
    conformance::store(async || {
        let directory = TempDir::new().unwrap();
        let store = SledStore::open(directory.path(), Options::default()).unwrap();
        directories.borrow_mut().push(directory);
        Arc::new(store) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_whose_faults_never_fire_conforms() {
    let directories = RefCell::new(Vec::new());
    conformance::store(async || {
        let directory = TempDir::new().unwrap();
        let store = FaultyStore::new(SledStore::open(directory.path(), Options::default()).unwrap());
        directories.borrow_mut().push(directory);
        Arc::new(store) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_conform() {
    let directories = RefCell::new(Vec::new());
    conformance::blobs(async || {
        let directory = TempDir::new().unwrap();
        let blobs = FileBlobs::open(directory.path()).unwrap();
        directories.borrow_mut().push(directory);
        Arc::new(blobs) as Arc<dyn BlobStore>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_in_a_wrapper_whose_faults_never_fire_conform() {
    let directories = RefCell::new(Vec::new());
    conformance::blobs(async || {
        let directory = TempDir::new().unwrap();
        let blobs = FaultyBlobs::new(FileBlobs::open(directory.path()).unwrap());
        directories.borrow_mut().push(directory);
        Arc::new(blobs) as Arc<dyn BlobStore>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_blobs_are_there_whole_or_not_at_all() {
    let directory = TempDir::new().unwrap();
    conformance::interrupted_blobs(async || FileBlobs::open(directory.path()).unwrap()).await;
    assert_eq!(
        std::fs::read_dir(directory.path().join("staging")).unwrap().count(),
        0,
        "no half blob is left"
    );
}
