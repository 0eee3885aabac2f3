//! What an operator does with a data directory: with most tools also while a server has it open.

mod backup;
mod check;
mod export;
mod restore;

pub(crate) use backup::{backup, check_place, made_at};
pub(crate) use check::check;
pub(crate) use export::export;
pub(crate) use restore::restore;

use crate::control::{self, SetAside};
use crate::data_dir::DataDir;
use anyhow::Context;
use fuelcell_domain::Digest;
use fuelcell_store::{BlobStore, StoreError};
use fuelcell_store_sled::{FileBlobs, NamedBlobs, Options};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes of stored bytes that are in memory at a time.
const BUFFER: usize = 256 << 10;

/// Gives the space of deleted jobs back.
pub(crate) fn compact(data: &Path) -> anyhow::Result<()> {
    let store = DataDir::existing(data)?.store();
    let bar = spinner("compacting the records");
    let compacted = fuelcell_store_sled::compact(&store, &Options::default())
        .with_context(|| format!("cannot compact {}", data.display()))?;
    bar.finish_and_clear();
    let (before, after) = (compacted.bytes_before, compacted.bytes_after);
    say(&format!("{} entries; the records took {before} bytes and take {after}", compacted.entries))
}

/// The data to look at: that of a directory which no server has open, or what the one that has it open sets aside.
struct Source {
    store: PathBuf,
    blobs: PathBuf,
    set_aside: Option<SetAside>,
}

impl Source {
    fn of(directory: &DataDir) -> anyhow::Result<Self> {
        let bar = spinner("asking whether a server has the directory open");
        let set_aside = control::ask(directory)?;
        bar.finish_and_clear();
        let store = if set_aside.is_some() { directory.snapshot() } else { directory.store() };
        Ok(Self { store, blobs: directory.blobs(), set_aside })
    }

    /// Fails when the server that set the data aside went away: the next one removes what it does not need.
    fn check(&self) -> anyhow::Result<()> {
        match &self.set_aside {
            Some(set_aside) => set_aside.check(),
            None => Ok(()),
        }
    }

    fn blobs(&self) -> Result<FileBlobs, StoreError> {
        match self.set_aside {
            Some(_) => Ok(FileBlobs::beside(&self.blobs)),
            None => FileBlobs::open(&self.blobs),
        }
    }
}

/// Shows that something is at work, to a person at a terminal.
fn spinner(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Shows how many bytes of how many are done.
fn bytes_bar(what: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total).with_message(what.to_owned());
    match ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// One line for whoever called.
fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// What became of one blob that was to be copied.
enum Copied {
    /// It is there now.
    Yes,
    /// It was there already.
    Before,
    /// It cannot be copied, and why.
    Not(String),
}

/// Copies bytes from one store to another, if they are what their digest says.
async fn copy_blob(
    from: &dyn BlobStore,
    to: &dyn BlobStore,
    digest: Digest,
    bar: &ProgressBar,
) -> Result<Copied, StoreError> {
    let Some(bytes) = from.open(digest).await? else {
        return Ok(Copied::Not("are missing".into()));
    };
    if to.stat(digest).await? == Some(bytes.size()) {
        bar.inc(bytes.size());
        return Ok(Copied::Before);
    }
    let mut writer = to.begin()?;
    let bar = bar.clone();
    let copied = tokio::task::spawn_blocking(move || {
        let mut buffer = vec![0; BUFFER];
        loop {
            let count = match bytes.read_at(writer.length(), &mut buffer) {
                Ok(count) => count,
                Err(error) => return Ok(Copied::Not(format!("cannot be read: {error}"))),
            };
            if count == 0 {
                break;
            }
            writer.write_all(&buffer[..count])?;
            bar.inc(count as u64);
        }
        if writer.digest() != digest {
            return Ok(Copied::Not(format!("are {}: they are damaged", writer.digest())));
        }
        writer.commit().map(|_| Copied::Yes)
    });
    copied.await.map_err(|error| StoreError::Storage(format!("a copy did not end: {error}")))?
}

/// The bytes that the records say they need, as far as they say how many.
fn total_bytes(named: &NamedBlobs) -> u64 {
    named.values().filter_map(|(size, _)| *size).sum()
}
