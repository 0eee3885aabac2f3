//! Storage that is away for a while.

use crate::{Records, bucket, large, read, write};
use fuelcell_domain::UploadId;
use fuelcell_store::{BlobStore, StoreError};
use std::io::{self, Write};

fn is_away<T>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{:?}", answer.err());
}

fn says_away<T>(answer: io::Result<T>) {
    is_away(answer.map_err(StoreError::from));
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_to_try_again_and_can() {
    let (records, mut bucket) = (Records::new().await, bucket());
    let (blobs, _lately) = records.bytes("s3://bytes/a/prefix").await;
    let bytes = large();
    let known = write(&blobs, &bytes);
    let open = blobs.open(known.digest).await.unwrap().expect("it was committed");
    open.read_at(0, &mut [0; 10]).unwrap();
    let mut begun = blobs.begin().unwrap();
    begun.write_all(&bytes[..9_000_000]).unwrap();
    let upload = UploadId::random();
    let mut staged = blobs.stage(upload, 0).unwrap();
    staged.write_all(b"some ").unwrap();
    staged.sync().unwrap();
    blobs.check().await.unwrap();

    bucket.stop();
    let mut buffer = [0; 10];
    assert_eq!(open.read_at(8_388_600, &mut buffer).unwrap(), 8, "it was read lately");
    says_away(open.read_at(16_000_000, &mut buffer));
    is_away(blobs.check().await);
    is_away(blobs.staged(upload).await);
    staged.write_all(b"bytes").unwrap();
    is_away(staged.sync());
    let mut short = blobs.begin().unwrap();
    short.write_all(b"short").unwrap();
    is_away(short.commit());
    says_away(begun.write_all(&bytes[9_000_000..]));

    bucket.resume();
    blobs.check().await.unwrap();
    assert_eq!(open.read_at(16_000_000, &mut buffer).unwrap(), 10);
    assert_eq!(buffer[..], bytes[16_000_000..16_000_010]);
    // What was to be put away is still there, and nothing is missing in the middle.
    staged.sync().unwrap();
    let whole = blobs.staged(upload).await.unwrap();
    blobs.adopt(upload, whole).await.unwrap();
    assert_eq!(read(&blobs, whole.digest).await, b"some bytes");
    let (digest, length) = (begun.digest(), begun.length());
    let blob = begun.commit().unwrap();
    assert_eq!((blob.digest, blob.size), (digest, length));
    assert_eq!(read(&blobs, digest).await, bytes[..usize::try_from(length).unwrap()]);
}

#[tokio::test]
async fn threads_that_wait_for_the_storage_do_not_hold_it_up() {
    // One thread serves this runtime, and it is held up by each read and write.
    let (records, _bucket) = (Records::new().await, bucket());
    let (blobs, _lately) = records.bytes("s3://bytes").await;
    let bytes = large();
    let blob = write(&blobs, &bytes);
    assert_eq!(read(&blobs, blob.digest).await, bytes);
}
