//! Several servers that share a bucket and a database.

use crate::{LONG, Records, bucket, large, read, write};
use fuelcell_domain::{Digest, UploadId};
use fuelcell_store::{BlobRef, BlobStore, Catalogue, StoreError};
use fuelcell_store_objects::{ObjectBlobs, Options, Place};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const PLACE: &str = "s3://bytes/shared";
/// Beside the objects: whose they are.
const BESIDE: usize = 1;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_wrote_the_other_reads_and_goes_on_with() {
    let (records, bucket) = (Records::new().await, bucket());
    let ((first, _one), (second, _two)) = (records.bytes(PLACE).await, records.bytes(PLACE).await);
    let bytes = large();
    let blob = write(&first, &bytes);
    assert_eq!(read(&second, blob.digest).await, bytes);
    assert_eq!(bucket.objects("shared").len(), BESIDE + 3, "objects of 8 MiB");

    let upload = UploadId::random();
    let mut staged = first.stage(upload, 0).unwrap();
    staged.write_all(&bytes[..9_000_000]).unwrap();
    staged.sync().unwrap();
    // The first one's end does not come any more; the second one knows of fewer bytes.
    let mut staged = second.stage(upload, 8_500_000).unwrap();
    staged.write_all(&bytes[8_500_000..]).unwrap();
    staged.sync().unwrap();
    assert_eq!(first.staged_length(upload).await.unwrap(), bytes.len() as u64);
    assert_eq!(first.staged(upload).await.unwrap(), blob);
    first.adopt(upload, blob).await.unwrap();
    second.unstage(upload).await.unwrap();
    assert_eq!(read(&second, blob.digest).await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_add_to_an_upload_one_does() {
    let (records, _bucket) = (Records::new().await, bucket());
    let ((first, _one), (second, _two)) = (records.bytes(PLACE).await, records.bytes(PLACE).await);
    let upload = UploadId::random();
    let (mut one, mut two) = (first.stage(upload, 0).unwrap(), second.stage(upload, 0).unwrap());
    one.write_all(b"the first").unwrap();
    two.write_all(b"second").unwrap();
    one.sync().unwrap();
    assert!(matches!(two.sync(), Err(StoreError::Conflict(_))));
    assert!(matches!(second.stage(upload, 10), Err(StoreError::Conflict(_))), "there are fewer");
    assert_eq!(second.staged(upload).await.unwrap().digest, Digest::of(b"the first"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_commit_comes_between_a_sweeps_look_and_its_deletion() {
    const IDLE: Duration = Duration::from_secs(3);
    let (records, bucket) = (Records::new().await, bucket());
    let ((first, _one), (second, _two)) = (records.bytes(PLACE).await, records.bytes(PLACE).await);
    let (first, second) = (Arc::new(first), Arc::new(second));
    let blobs: Vec<_> = (0..40).map(|round| vec![round; 1000]).collect();
    let digests: Vec<_> = blobs.iter().map(|bytes| write(&*first, bytes).digest).collect();
    tokio::time::sleep(IDLE).await;
    for (bytes, digest) in blobs.into_iter().zip(digests) {
        let sweeping = tokio::spawn({
            let second = second.clone();
            async move { second.unlink_idle(digest, IDLE).await.unwrap() }
        });
        let committing = tokio::task::spawn_blocking({
            let (first, bytes) = (first.clone(), bytes.clone());
            move || write(&*first, &bytes)
        });
        assert_eq!(committing.await.unwrap().digest, digest);
        sweeping.await.unwrap();
        // Whether it was gone in between or not: it was committed just now.
        assert!(!second.unlink_idle(digest, LONG).await.unwrap());
        assert_eq!(read(&*second, digest).await, bytes);
        second.clean(Duration::ZERO).await.unwrap();
        assert_eq!(read(&*first, digest).await, bytes);
    }
    for blob in first.list(None, 99).await.unwrap() {
        first.unlink(blob.digest).await.unwrap();
    }
    second.clean(Duration::ZERO).await.unwrap();
    assert_eq!(bucket.objects("shared").len(), BESIDE);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_nothing_needs_go_after_a_while_and_no_others() {
    let (records, bucket) = (Records::new().await, bucket());
    let ((first, _one), (second, _two)) = (records.bytes(PLACE).await, records.bytes(PLACE).await);
    let bytes = large();
    let (blob, gone) = (write(&first, &bytes), write(&first, b"gone"));
    let open = second.open(gone.digest).await.unwrap().expect("it was committed");
    first.unlink(gone.digest).await.unwrap();
    second.clean(LONG).await.unwrap();
    let mut buffer = [0; 4];
    assert_eq!((open.read_at(0, &mut buffer).unwrap(), &buffer), (4, b"gone"), "an open reader goes on");

    // Of an upload that nobody ends, and of one whose process died, as far as it came.
    let mut given_up = first.begin().unwrap();
    given_up.write_all(&bytes).unwrap();
    drop(given_up);
    let (third, _three) = records.bytes(PLACE).await;
    let mut dead = third.begin().unwrap();
    dead.write_all(&bytes).unwrap();
    drop(third);
    drop(dead);
    let upload = UploadId::random();
    let mut staged = first.stage(upload, 0).unwrap();
    staged.write_all(b"staged").unwrap();
    staged.sync().unwrap();
    assert_eq!(bucket.objects("shared").len(), BESIDE + 3 + 1 + 2 + 2 + 1);
    // What was given up goes at once, as soon as the catalogue has heard of it.
    for _ in 0..100 {
        first.clean(LONG).await.unwrap();
        if bucket.objects("shared").len() == BESIDE + 3 + 1 + 2 + 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(bucket.objects("shared").len(), BESIDE + 3 + 1 + 2 + 1);
    second.clean(Duration::ZERO).await.unwrap();
    assert_eq!(bucket.objects("shared").len(), BESIDE + 3 + 1);
    assert_eq!(read(&second, blob.digest).await, bytes);
    assert_eq!(second.staged(upload).await.unwrap().digest, Digest::of(b"staged"));
    second.unstage(upload).await.unwrap();
    second.clean(Duration::ZERO).await.unwrap();
    assert_eq!(bucket.objects("shared").len(), BESIDE + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_were_lost_are_whole_again_when_they_come_again() {
    let (records, bucket) = (Records::new().await, bucket());
    let (blobs, _lately) = records.bytes(PLACE).await;
    let blob = write(&blobs, b"some bytes");
    for object in bucket.objects("shared").into_iter().filter(|path| !path.ends_with("database")) {
        std::fs::remove_file(object).unwrap();
    }
    let open = blobs.open(blob.digest).await.unwrap().expect("the catalogue names it");
    let lost = StoreError::from(open.read_at(0, &mut [0; 4]).unwrap_err());
    assert!(matches!(&lost, StoreError::Storage(text) if text.contains("are gone")), "{lost}");
    assert_eq!(write(&blobs, b"some bytes"), blob);
    assert_eq!(read(&blobs, blob.digest).await, b"some bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_of_one_database_and_a_database_of_one_place() {
    let (records, others, _bucket) = (Records::new().await, Records::new().await, bucket());
    let (blobs, _lately) = records.bytes(PLACE).await;
    let BlobRef { digest, .. } = write(&blobs, b"some bytes");
    let refusal = async |records: &Records, place: &str| {
        let folder = TempDir::new().unwrap();
        let options = Options::new(folder.path().to_owned());
        let catalogue = records.store.clone() as Arc<dyn Catalogue>;
        let place = Place::parse(place).unwrap();
        match ObjectBlobs::open(&place, catalogue, &records.id, options).await {
            Err(StoreError::Conflict(text)) => text,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it opened"),
        }
    };
    assert!(refusal(&others, PLACE).await.contains("that of store has the id"));
    assert!(refusal(&records, "s3://bytes/another").await.contains("whose bytes lie elsewhere"));
    let (again, _again) = records.bytes(PLACE).await;
    assert_eq!(read(&again, digest).await, b"some bytes");
}
