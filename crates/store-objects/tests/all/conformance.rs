//! The suite of every store of bytes.

use crate::{Records, bucket};
use fuelcell_store::conformance::{self, FreshBlobs};
use fuelcell_store::faulty_blobs::FaultyBlobs;
use fuelcell_store_objects::ObjectBlobs;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

type Fresh = (ObjectBlobs, Box<dyn Any + Send>);

async fn in_a_folder() -> Fresh {
    let (records, folder) = (Records::new().await, TempDir::new().unwrap());
    let (blobs, lately) = records.bytes(&format!("file://{}/bytes", folder.path().display())).await;
    (blobs, Box::new((folder, lately, records)))
}

async fn in_a_bucket() -> Fresh {
    let (records, bucket) = (Records::new().await, bucket());
    let (blobs, lately) = records.bytes("s3://bytes/a/prefix").await;
    (blobs, Box::new((bucket, lately, records)))
}

mod a_folder {
    use super::*;

    async fn fresh() -> FreshBlobs {
        let (blobs, kept) = in_a_folder().await;
        (Arc::new(blobs), kept)
    }

    fuelcell_store::blob_conformance!(fresh);
}

mod a_bucket {
    use super::*;

    async fn fresh() -> FreshBlobs {
        let (blobs, kept) = in_a_bucket().await;
        (Arc::new(blobs), kept)
    }

    fuelcell_store::blob_conformance!(fresh);
}

mod wrapper_whose_faults_never_fire {
    use super::*;

    async fn fresh() -> FreshBlobs {
        let (blobs, kept) = in_a_folder().await;
        (Arc::new(FaultyBlobs::new(blobs)), kept)
    }

    fuelcell_store::blob_conformance!(fresh);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_blobs_are_there_whole_or_not_at_all() {
    let (records, bucket) = (Records::new().await, bucket());
    let (blobs, _lately) = records.bytes("s3://bytes/a/prefix").await;
    conformance::blobs::interrupted(&FaultyBlobs::new(blobs)).await;
    let (blobs, _lately) = records.bytes("s3://bytes/a/prefix").await;
    blobs.clean(Duration::ZERO).await.unwrap();
    let left = bucket.objects("a/prefix");
    assert!(left.len() == 1 && left[0].ends_with("database"), "no half blob is left: {left:?}");
}
