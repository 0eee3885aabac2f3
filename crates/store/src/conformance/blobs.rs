//! Bytes by digest.

use crate::faulty::Fault;
use crate::faulty_blobs::FaultyBlobs;
use crate::{BlobRef, BlobStore, StoreError};
use fuelcell_domain::{Digest, ReadAt, UploadId};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

fn write(store: &dyn BlobStore, bytes: &[u8]) -> BlobRef {
    let mut writer = store.begin().unwrap();
    for part in bytes.chunks(1000) {
        writer.write_all(part).unwrap();
    }
    assert_eq!((writer.length(), writer.digest()), (bytes.len() as u64, Digest::of(bytes)));
    writer.commit().unwrap()
}

fn read(blob: &dyn ReadAt) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 777];
    loop {
        match blob.read_at(bytes.len() as u64, &mut buffer).unwrap() {
            0 => return bytes,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

pub async fn written_bytes_are_read_back(store: &dyn BlobStore) {
    for length in [0, 1, 1000, 300_000] {
        let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        let blob = write(store, &bytes);
        assert_eq!(blob, BlobRef { digest: Digest::of(&bytes), size: length });
        assert_eq!(store.stat(blob.digest).await.unwrap(), Some(length));
        let open = store.open(blob.digest).await.unwrap().expect("it was committed");
        assert_eq!((open.size(), read(&*open)), (length, bytes));
    }
    let unknown = Digest::of(b"never written");
    assert!(store.open(unknown).await.unwrap().is_none());
    assert_eq!(store.stat(unknown).await.unwrap(), None);
    assert!(store.free_bytes().await.unwrap().is_none_or(|free| free > 0));
    store.check().await.unwrap();
}

pub async fn dropped_writers_leave_nothing(store: &dyn BlobStore) {
    let mut writer = store.begin().unwrap();
    writer.write_all(b"half").unwrap();
    assert_eq!(store.list(None, 9).await.unwrap(), []);
    drop(writer);
    assert_eq!(store.list(None, 9).await.unwrap(), []);
    assert_eq!(store.stat(Digest::of(b"half")).await.unwrap(), None);
}

pub async fn the_same_bytes_are_kept_once(store: Arc<dyn BlobStore>) {
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || write(&*store, &[5; 100_000]))
        })
        .collect();
    let blobs: Vec<_> = writers.into_iter().map(|writer| writer.join().expect("no panic")).collect();
    assert!(blobs.iter().all(|blob| *blob == blobs[0]));
    assert_eq!(store.list(None, 9).await.unwrap(), blobs[..1]);
    let open = store.open(blobs[0].digest).await.unwrap().expect("it was committed");
    assert_eq!(read(&*open), [5; 100_000]);
}

pub async fn ranges(store: &dyn BlobStore) {
    let blob = write(store, b"0123456789");
    let open = store.open(blob.digest).await.unwrap().expect("it was committed");
    let read = |offset, length: usize| {
        let mut buffer = vec![0; length];
        let count = open.read_at(offset, &mut buffer).unwrap();
        String::from_utf8(buffer[..count].to_vec()).expect("digits")
    };
    assert_eq!(read(3, 4), "3456");
    assert_eq!(read(8, 4), "89");
    assert_eq!(read(0, 0), "");
    assert_eq!(read(10, 4), "");
    assert_eq!(read(u64::MAX >> 1, 4), "");
}

pub async fn unlink(store: &dyn BlobStore) {
    let (gone, kept) = (write(store, b"gone"), write(store, b"kept"));
    let open = store.open(gone.digest).await.unwrap().expect("it was committed");
    store.unlink(gone.digest).await.unwrap();
    store.unlink(gone.digest).await.unwrap();
    assert_eq!(read(&*open), b"gone", "an open reader goes on");
    assert!(store.open(gone.digest).await.unwrap().is_none());
    assert_eq!(store.list(None, 9).await.unwrap(), [kept]);
    assert_eq!(write(store, b"gone"), gone);
    assert_eq!(store.stat(gone.digest).await.unwrap(), Some(4));
}

pub async fn only_idle_bytes_are_swept(store: &dyn BlobStore) {
    const LONG: Duration = Duration::from_secs(3600);
    let blob = write(store, b"just committed");
    assert!(!store.unlink_idle(blob.digest, LONG).await.unwrap());
    assert_eq!(store.touch(blob.digest).await.unwrap(), Some(blob.size));
    assert!(!store.unlink_idle(blob.digest, LONG).await.unwrap());
    assert_eq!(store.list(None, 9).await.unwrap(), [blob]);
    assert!(store.unlink_idle(blob.digest, Duration::ZERO).await.unwrap());
    assert_eq!(store.list(None, 9).await.unwrap(), []);
    assert!(store.unlink_idle(blob.digest, LONG).await.unwrap(), "absent bytes are gone");
    assert_eq!(store.touch(blob.digest).await.unwrap(), None);
}

pub async fn staged_bytes_are_committed(store: &dyn BlobStore) {
    let (upload, empty) = (UploadId::random(), UploadId::random());
    let write = |length, bytes: &[u8]| {
        let mut staged = store.stage(upload, length).unwrap();
        staged.write_all(bytes).unwrap();
        staged.sync().unwrap();
    };
    assert_eq!(store.staged_length(upload).await.unwrap(), 0);
    write(0, b"one, two, and more");
    assert_eq!(store.staged_length(upload).await.unwrap(), 18);
    write(3, b", two");
    assert_eq!(store.staged_length(upload).await.unwrap(), 8, "what was behind is gone");
    assert_eq!(store.all_staged().await.unwrap(), [upload]);
    assert_eq!(store.list(None, 9).await.unwrap(), []);
    let blob = store.staged(upload).await.unwrap();
    assert_eq!(blob, BlobRef { digest: Digest::of(b"one, two"), size: 8 });
    // Whoever is interrupted does it again.
    for _ in 0..2 {
        store.adopt(upload, blob).await.unwrap();
        assert_eq!(store.list(None, 9).await.unwrap(), [blob]);
        assert!(!store.unlink_idle(blob.digest, Duration::from_secs(3600)).await.unwrap());
        assert_eq!(store.staged(upload).await.unwrap(), blob);
    }
    for _ in 0..2 {
        store.unstage(upload).await.unwrap();
        assert_eq!(
            (store.all_staged().await.unwrap(), store.staged_length(upload).await.unwrap()),
            (vec![], 0)
        );
    }
    let open = store.open(blob.digest).await.unwrap().expect("it was committed");
    assert_eq!(read(&*open), b"one, two");
    // A file without bytes needs none that are staged.
    let nothing = store.staged(empty).await.unwrap();
    assert_eq!(nothing, BlobRef { digest: Digest::of(b""), size: 0 });
    store.adopt(empty, nothing).await.unwrap();
    assert_eq!(store.stat(nothing.digest).await.unwrap(), Some(0));
}

pub async fn what_is_not_staged_replaces_nothing(store: &dyn BlobStore) {
    let (upload, known) = (UploadId::random(), write(store, b"known bytes"));
    let unknown = BlobRef { digest: Digest::of(b"other bytes"), size: 11 };
    let refused = async |blob| {
        let answer = store.adopt(upload, blob).await;
        assert!(matches!(answer, Err(StoreError::NotFound("upload"))), "{answer:?}");
        assert_eq!(store.list(None, 9).await.unwrap(), [known]);
        let open = store.open(known.digest).await.unwrap().expect("it was committed");
        assert_eq!(read(&*open), b"known bytes");
    };
    // As when the upload was given up.
    refused(known).await;
    refused(unknown).await;
    assert_eq!(store.all_staged().await.unwrap(), [], "nothing was made in its place");
    let mut staged = store.stage(upload, 0).unwrap();
    staged.write_all(b"known").unwrap();
    staged.sync().unwrap();
    refused(known).await;
    refused(unknown).await;
    staged.write_all(b" bytes").unwrap();
    staged.sync().unwrap();
    store.adopt(upload, known).await.unwrap();
    store.unstage(upload).await.unwrap();
    assert_eq!(store.list(None, 9).await.unwrap(), [known]);
    let open = store.open(known.digest).await.unwrap().expect("it was committed");
    assert_eq!(read(&*open), b"known bytes");
}

pub async fn lists_in_order(store: &dyn BlobStore) {
    let mut known = BTreeMap::new();
    for n in 0..300_u32 {
        let blob = write(store, &n.to_be_bytes());
        known.insert(blob.digest, blob);
    }
    let known: Vec<_> = known.into_values().collect();
    assert_eq!(store.list(None, 1000).await.unwrap(), known);
    let mut listed = Vec::new();
    while let page @ [.., last] =
        &store.list(listed.last().map(|blob: &BlobRef| blob.digest), 7).await.unwrap()[..]
    {
        assert!(page.len() <= 7);
        assert!(listed.last().is_none_or(|before: &BlobRef| before.digest < last.digest));
        listed.extend_from_slice(page);
    }
    assert_eq!(listed, known);
    // A digest that is not there is a fine place to go on from.
    let middle = Digest([0x80; 32]);
    let upper: Vec<_> = known.into_iter().filter(|blob| blob.digest > middle).collect();
    assert_eq!(store.list(Some(middle), 1000).await.unwrap(), upper);
    assert_eq!(store.list(None, 0).await.unwrap(), []);
}

/// What is interrupted at any point leaves all of the bytes or nothing, and can be done again.
pub async fn interrupted<B: BlobStore>(store: &FaultyBlobs<B>) {
    const BYTES: &[u8] = b"some bytes that are written in two parts";
    let kept = write(store, b"kept");
    let whole = BlobRef { digest: Digest::of(BYTES), size: BYTES.len() as u64 };
    for verb in ["begin", "write", "commit"] {
        for fault in [Fault::Refused, Fault::Unanswered] {
            // The second call, where a verb is called so often: then half of the bytes have been written.
            for call in 0..2 {
                let mut calls = 0;
                store.set_plan(Some(Box::new(move |called| {
                    calls += usize::from(called == verb);
                    (called == verb && calls > call).then_some(fault)
                })));
                let written = try_write(store, BYTES);
                store.set_plan(None);
                let there = written.is_ok() || (verb, fault, call) == ("commit", Fault::Unanswered, 0);
                assert_eq!(written.is_err(), call == 0 || verb == "write", "{verb}, {fault:?}, {call}");
                assert_eq!(
                    store.stat(whole.digest).await.unwrap().is_some(),
                    there,
                    "{verb}, {fault:?}, {call}"
                );
                let expected: BTreeMap<_, _> = [Some(kept), there.then_some(whole)]
                    .into_iter()
                    .flatten()
                    .map(|blob| (blob.digest, blob))
                    .collect();
                let listed = store.list(None, 9).await.unwrap();
                assert!(listed.iter().eq(expected.values()), "{verb}, {fault:?}, {call}: {listed:?}");
                assert_eq!(try_write(store, BYTES).unwrap(), whole, "it can be done again");
                let open = store.open(whole.digest).await.unwrap().expect("it was committed");
                assert_eq!(read(&*open), BYTES);
                store.unlink(whole.digest).await.unwrap();
            }
        }
    }
    interrupted_unlink(store, kept).await;
}

async fn interrupted_unlink<B: BlobStore>(store: &FaultyBlobs<B>, blob: BlobRef) {
    store.fail_next("unlink", 1);
    assert!(store.unlink(blob.digest).await.is_err());
    assert_eq!(store.stat(blob.digest).await.unwrap(), Some(blob.size));
    store.set_plan(Some(Box::new(|verb| (verb == "unlink").then_some(Fault::Unanswered))));
    assert!(store.unlink(blob.digest).await.is_err());
    assert_eq!(store.stat(blob.digest).await.unwrap(), None);
    store.set_plan(None);
    store.unlink(blob.digest).await.unwrap();
}

fn try_write(store: &dyn BlobStore, bytes: &[u8]) -> Result<BlobRef, StoreError> {
    let mut writer = store.begin()?;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    writer.write_all(first)?;
    writer.write_all(second)?;
    writer.commit()
}
