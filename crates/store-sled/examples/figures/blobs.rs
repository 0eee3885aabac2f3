//! Stored bytes on their way in and out.

use crate::measure::{Flushes, row};
use fuelcell_domain::Digest;
use fuelcell_store::BlobStore;
use fuelcell_store_sled::FileBlobs;
use std::path::Path;
use std::time::Instant;

/// Number and length of what is written.
const SIZES: [(u64, usize); 2] = [(8, 64 << 20), (500, 64 << 10)];
/// Bytes that are handed over at a time.
const PIECE: usize = 256 << 10;

pub(crate) async fn measure(directory: &Path) {
    let blobs = FileBlobs::open(&directory.join("blobs")).unwrap();
    for (count, length) in SIZES {
        let flushes = Flushes::measure(directory);
        let started = Instant::now();
        let digests: Vec<Digest> = (0..count).map(|number| write(&blobs, number, length)).collect();
        let megabytes = (count * length as u64) as f64 / 1e6;
        let rate = megabytes / started.elapsed().as_secs_f64();
        let name = format!("{} KiB", length >> 10);
        let commits = count as f64 / started.elapsed().as_secs_f64() / flushes.rate;
        row(
            &format!("blobs of {name} written"),
            &format!("{rate:.0} MB/s; {commits:.2} blobs per fdatasync of that minute"),
        );
        let started = Instant::now();
        for digest in digests {
            read(&blobs, digest).await;
        }
        let rate = megabytes / started.elapsed().as_secs_f64();
        row(&format!("blobs of {name} read"), &format!("{rate:.0} MB/s from the page cache"));
    }
}

fn write(blobs: &FileBlobs, number: u64, length: usize) -> Digest {
    let mut writer = blobs.begin().unwrap();
    let mut piece = vec![0x5a; PIECE.min(length)];
    piece[..8].copy_from_slice(&number.to_le_bytes());
    for _ in 0..length / piece.len() {
        writer.write_all(&piece).unwrap();
    }
    writer.commit().unwrap().digest
}

async fn read(blobs: &FileBlobs, digest: Digest) {
    let bytes = blobs.open(digest).await.unwrap().unwrap();
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    while offset < bytes.size() {
        offset += bytes.read_at(offset, &mut piece).unwrap() as u64;
    }
}
