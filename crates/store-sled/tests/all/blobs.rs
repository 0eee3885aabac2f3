//! Files by digest.

use fuelcell_domain::{Digest, UploadId};
use fuelcell_store::{BlobRef, BlobStore, StoreError};
use fuelcell_store_sled::FileBlobs;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

#[tokio::test]
async fn blobs_are_read_only_files_that_outlive_the_process() {
    let directory = TempDir::new().unwrap();
    let blobs = FileBlobs::open(directory.path()).unwrap();
    let mut writer = blobs.begin().unwrap();
    writer.write_all(b"some bytes").unwrap();
    let blob = writer.commit().unwrap();
    let name = blob.digest.to_string();
    let path = directory.path().join(&name[..2]).join(&name[2..]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o222, 0);
    assert_eq!(fs::read(&path).unwrap(), b"some bytes");
    drop(blobs);
    let blobs = FileBlobs::open(directory.path()).unwrap();
    assert_eq!(blobs.list(None, 9).await.unwrap(), [blob]);
    assert!(blobs.open(Digest::of(b"some bytes")).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_touched_is_as_if_it_were_committed_again() {
    const LONG: Duration = Duration::from_secs(3600);
    let directory = TempDir::new().unwrap();
    let blobs = FileBlobs::open(directory.path()).unwrap();
    for touched in [true, false] {
        let mut writer = blobs.begin().unwrap();
        writer.write_all(b"some bytes").unwrap();
        let BlobRef { digest, size } = writer.commit().unwrap();
        let name = digest.to_string();
        let file = fs::File::open(directory.path().join(&name[..2]).join(&name[2..])).unwrap();
        file.set_modified(SystemTime::now() - 2 * LONG).unwrap();
        if touched {
            assert_eq!(blobs.touch(digest).await.unwrap(), Some(size));
        }
        assert_eq!(blobs.unlink_idle(digest, LONG).await.unwrap(), !touched);
    }
}

#[tokio::test]
async fn what_a_dead_process_left_in_staging_is_removed() {
    let directory = TempDir::new().unwrap();
    drop(FileBlobs::open(directory.path()).unwrap());
    fs::write(directory.path().join("staging/half"), b"half").unwrap();
    fs::write(directory.path().join("ab/not-a-digest"), b"foreign").unwrap();
    let blobs = FileBlobs::open(directory.path()).unwrap();
    assert_eq!(fs::read_dir(directory.path().join("staging")).unwrap().count(), 0);
    assert_eq!(blobs.list(None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_staged_of_an_upload_outlives_the_process() {
    let directory = TempDir::new().unwrap();
    let open = || FileBlobs::open(directory.path()).unwrap();
    let upload = UploadId::random();
    let blobs = open();
    let mut staged = blobs.stage(upload, 0).unwrap();
    staged.write_all(b"some ").unwrap();
    staged.sync().unwrap();
    staged.write_all(b"lost").unwrap();
    drop((staged, blobs));
    let blobs = open();
    assert_eq!(blobs.all_staged().await.unwrap(), [upload]);
    blobs.stage(upload, 5).unwrap().write_all(b"bytes").unwrap();
    let blob = blobs.staged(upload).await.unwrap();
    assert_eq!(blob, BlobRef { digest: Digest::of(b"some bytes"), size: 10 });
    blobs.adopt(upload, blob).await.unwrap();
    // The process ends before it is recorded what they became.
    drop(blobs);
    let blobs = open();
    assert_eq!(blobs.staged(upload).await.unwrap(), blob);
    blobs.adopt(upload, blob).await.unwrap();
    blobs.unstage(upload).await.unwrap();
    assert_eq!((blobs.all_staged().await.unwrap(), blobs.list(None, 9).await.unwrap()), (vec![], vec![blob]));
    let name = blob.digest.to_string();
    let path = directory.path().join(&name[..2]).join(&name[2..]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o222, 0);
    assert_eq!(fs::read_dir(directory.path().join("staging")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_is_there_stays_unless_it_is_cut_short() {
    let directory = TempDir::new().unwrap();
    let blobs = FileBlobs::open(directory.path()).unwrap();
    let mut writer = blobs.begin().unwrap();
    writer.write_all(b"some bytes").unwrap();
    let known = writer.commit().unwrap();
    let name = known.digest.to_string();
    let path = directory.path().join(&name[..2]).join(&name[2..]);
    let file = fs::metadata(&path).unwrap().ino();
    let upload = UploadId::random();
    assert!(matches!(blobs.adopt(upload, known).await, Err(StoreError::NotFound("upload"))));
    blobs.stage(upload, 0).unwrap().write_all(b"some bytes").unwrap();
    blobs.adopt(upload, known).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().ino(), file);

    fs::remove_file(&path).unwrap();
    fs::write(&path, b"some").unwrap();
    blobs.adopt(upload, known).await.unwrap();
    blobs.unstage(upload).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"some bytes");
    assert_eq!(fs::read_dir(directory.path().join("staging")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_became_a_blob_is_never_written_to() {
    let directory = TempDir::new().unwrap();
    let blobs = FileBlobs::open(directory.path()).unwrap();
    let upload = UploadId::random();
    blobs.stage(upload, 0).unwrap().write_all(b"some bytes").unwrap();
    let blob = blobs.staged(upload).await.unwrap();
    blobs.adopt(upload, blob).await.unwrap();
    // As by the records of an older backup, which know of four bytes.
    blobs.stage(upload, 4).unwrap().write_all(b" others").unwrap();
    assert_eq!(blobs.staged(upload).await.unwrap().digest, Digest::of(b"some others"));
    let name = blob.digest.to_string();
    assert_eq!(fs::read(directory.path().join(&name[..2]).join(&name[2..])).unwrap(), b"some bytes");
    assert_eq!(fs::read_dir(directory.path().join("staging")).unwrap().count(), 0);
}

#[tokio::test]
async fn one_process_per_directory() {
    let directory = TempDir::new().unwrap();
    let _first = FileBlobs::open(directory.path()).unwrap();
    let second = FileBlobs::open(directory.path());
    assert!(matches!(second, Err(StoreError::Conflict(_))));
}

#[tokio::test]
async fn a_full_disk_is_said_so() {
    // Writing to this device fails as a full disk does.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap().write_all(b"x").unwrap_err();
    assert!(matches!(StoreError::from(full), StoreError::Full));
}
