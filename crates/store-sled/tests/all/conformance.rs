//! The suite of every backend.

use fuelcell_store::conformance::{FreshBlobs, FreshStore};
use fuelcell_store::faulty::FaultyStore;
use fuelcell_store::faulty_blobs::FaultyBlobs;
use fuelcell_store::{BlobStore, Store, conformance};
use fuelcell_store_sled::{FileBlobs, Options, SledStore};
use std::sync::Arc;
use tempfile::TempDir;

fn records<S: Store + 'static>(wrap: impl FnOnce(SledStore) -> S) -> FreshStore {
    let directory = TempDir::new().unwrap();
    let store = SledStore::open(directory.path(), Options::default()).unwrap();
    (Arc::new(wrap(store)), Box::new(directory))
}

fn bytes<B: BlobStore + 'static>(wrap: impl FnOnce(FileBlobs) -> B) -> FreshBlobs {
    let directory = TempDir::new().unwrap();
    let blobs = FileBlobs::open(directory.path()).unwrap();
    (Arc::new(wrap(blobs)), Box::new(directory))
}

mod plain {
    use super::*;

    async fn fresh() -> FreshStore {
        records(|store| store)
    }

    async fn fresh_blobs() -> FreshBlobs {
        bytes(|blobs| blobs)
    }

    fuelcell_store::store_conformance!(fresh);
    fuelcell_store::blob_conformance!(fresh_blobs);
}

mod wrapper_whose_faults_never_fire {
    use super::*;

    async fn fresh() -> FreshStore {
        records(FaultyStore::new)
    }

    async fn fresh_blobs() -> FreshBlobs {
        bytes(FaultyBlobs::new)
    }

    fuelcell_store::store_conformance!(fresh);
    fuelcell_store::blob_conformance!(fresh_blobs);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_blobs_are_there_whole_or_not_at_all() {
    let directory = TempDir::new().unwrap();
    let blobs = FaultyBlobs::new(FileBlobs::open(directory.path()).unwrap());
    conformance::blobs::interrupted(&blobs).await;
    assert_eq!(
        std::fs::read_dir(directory.path().join("staging")).unwrap().count(),
        0,
        "no half blob is left"
    );
}
