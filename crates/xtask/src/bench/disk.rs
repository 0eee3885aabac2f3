//! What one flush to this disk costs: the floor under every durable acknowledgement.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::quantiles::Quantiles;

const BLOCK: usize = 4096;
/// The file is written before measuring, so that a flush does not also make it longer.
const BLOCKS: u64 = 1024;

/// Writes and flushes single blocks for a while, on the disk of `folder`.
pub(super) fn flushes(folder: &Path, time: Duration) -> Result<Quantiles> {
    let path = folder.join("flushes");
    let flushes = measure(&path, time).with_context(|| format!("cannot write {}", path.display()))?;
    fs::remove_file(&path)?;
    Ok(flushes)
}

fn measure(path: &Path, time: Duration) -> Result<Quantiles> {
    let block = [0x5a_u8; BLOCK];
    let file = File::create(path)?;
    for index in 0..BLOCKS {
        file.write_all_at(&block, index * BLOCK as u64)?;
    }
    file.sync_all()?;
    let mut durations = Vec::new();
    let started = Instant::now();
    while started.elapsed() < time {
        let offset = (durations.len() as u64 % BLOCKS) * BLOCK as u64;
        let begun = Instant::now();
        file.write_all_at(&block, offset)?;
        // fdatasync on Linux.
        file.sync_data()?;
        durations.push(begun.elapsed());
    }
    Ok(Quantiles::of(durations))
}
