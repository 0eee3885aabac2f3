//! `fuelcell backup`. A backup is a folder:
//!
//! - `records`: all records as one stream. It comes to its place last: a folder without it holds no backup.
//! - `blobs/`: the stored bytes that the records need, by digest, as in a data directory.
//! - `engines/`: the engines that an operator added, as in a data directory.
//! - `good`: written when nothing was missing; its time is that of the latest good backup.
//! - `secret`, `operator-token`: as in a data directory. Whoever has them is an operator: keep the folder as private.

use super::{Copied, Source, bytes_bar, copy_blob, say, spinner, total_bytes};
use crate::data_dir::DataDir;
use crate::engines::{self, AddedEngine};
use crate::private::{make_private_directory, narrow_directory, tell_narrowed, write_private};
use anyhow::{Context, bail, ensure};
use fuelcell_domain::Timestamp;
use fuelcell_store::BlobStore;
use fuelcell_store_sled::{FileBlobs, NamedBlobs, OfflineStore, Options};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

/// What may lie in a backup: what is named below, what a file system puts there, and what is being written.
const KNOWN: &[&str] = &[
    "records",
    "records.new",
    "blobs",
    "engines",
    "secret",
    "secret.new",
    "operator-token",
    "operator-token.new",
    "good",
    "good.new",
    "lost+found",
];

/// What only a data directory has.
const OF_DATA: [&str; 4] = ["store", "database", "control", "compiled"];

/// What lies where in a backup.
pub(super) struct Layout(pub(super) PathBuf);

impl Layout {
    pub(super) fn records(&self) -> PathBuf {
        self.0.join("records")
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.0.join("blobs")
    }

    pub(super) fn engines(&self) -> PathBuf {
        self.0.join("engines")
    }

    pub(super) fn secret(&self) -> PathBuf {
        self.0.join("secret")
    }

    pub(super) fn operator_token(&self) -> PathBuf {
        self.0.join("operator-token")
    }

    fn good(&self) -> PathBuf {
        self.0.join("good")
    }
}

/// Writes everything into a folder, and says what could not be saved.
pub(crate) async fn backup(data: &Path, folder: &Path) -> anyhow::Result<ExitCode> {
    let directory = DataDir::existing(data)?;
    let layout = prepare(data, folder)?;
    let _lock = locked(folder)?;
    let cannot = || format!("cannot back up {}", data.display());
    let source = Source::of(&directory).with_context(cannot)?;
    let store = OfflineStore::open(&source.store, &Options::default()).with_context(cannot)?;
    let from = source.blobs().with_context(cannot)?;
    let to = FileBlobs::open(&layout.blobs())?;
    let bar = spinner("looking at the records");
    let named = store.named_blobs().with_context(cannot)?;
    bar.finish_and_clear();
    let problems = copy_blobs(&from, &to, &named, &source).await?;
    copy_engines(&directory.engines(), &layout.engines())?;
    copy_private(&directory.secret_path(), &layout.secret())?;
    copy_private(&directory.operator_token(), &layout.operator_token())?;
    source.check()?;
    let entries = write_records(&store, &layout).with_context(cannot)?;
    forget_others(&to, &named).await?;
    forget_other_engines(&directory.engines(), &layout.engines())?;
    if problems.is_empty() {
        write_private(&layout.good(), "All that the records need was there when they were written.")?;
    }
    for problem in &problems {
        say(&format!("problem: {problem}"))?;
    }
    say(&format!("{entries} entries of records and {} files are in {}", named.len(), folder.display()))?;
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// When the latest good backup in a folder was made, if there is one.
pub(crate) fn made_at(folder: &Path) -> Option<Timestamp> {
    let good = fs::metadata(Layout(folder.to_owned()).good()).ok()?;
    let age = good.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp(0).plus(age))
}

/// Refuses a folder in the data directory, before anything is made.
pub(crate) fn check_place(data: &Path, folder: &Path) -> anyhow::Result<()> {
    let inside = real_path(folder)?.starts_with(data.canonicalize()?);
    ensure!(!inside, "{} lies in the data directory itself", folder.display());
    Ok(())
}

/// Where a path leads, whether something is there or not.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Err(error), Some(parent), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(real_path(parent)?.join(name))
        }
        (path, ..) => path,
    }
}

/// Takes a folder that is new, empty, or holds a backup.
fn prepare(data: &Path, folder: &Path) -> anyhow::Result<Layout> {
    let layout = Layout(folder.to_owned());
    check_place(data, &std::path::absolute(folder)?)?;
    if folder.exists() {
        let mut entries =
            fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        // A data directory has stored bytes, too.
        let is_data = OF_DATA.iter().any(|name| folder.join(name).exists());
        ensure!(!is_data, "{} is a data directory; nothing is written into it", folder.display());
        let fits = layout.records().exists() || layout.blobs().exists() || entries.next().is_none();
        ensure!(fits, "{} holds something else than a backup; nothing is written into it", folder.display());
    }
    make_private_directory(folder)?;
    if narrow_directory(folder, KNOWN)? > 0 {
        tell_narrowed(folder);
    }
    Ok(layout)
}

/// One at a time. The stored bytes have a lock of their own, which knows nothing of backups: this one says what goes on.
fn locked(folder: &Path) -> anyhow::Result<File> {
    let file = File::open(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another backup is being written into {}", folder.display()),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

async fn copy_blobs(
    from: &FileBlobs,
    to: &FileBlobs,
    named: &NamedBlobs,
    source: &Source,
) -> anyhow::Result<Vec<String>> {
    let bar = bytes_bar("copying the stored bytes", total_bytes(named));
    let mut problems = Vec::new();
    for (digest, (_, by)) in named {
        source.check()?;
        if let Copied::Not(why) = copy_blob(from, to, *digest, &bar).await? {
            problems.push(format!("the bytes {digest} {why}; {by} needs them"));
        }
    }
    bar.finish_and_clear();
    Ok(problems)
}

fn write_records(store: &OfflineStore, layout: &Layout) -> anyhow::Result<u64> {
    let bar = spinner("writing the records");
    let staged = layout.0.join("records.new");
    let mut file = BufWriter::new(File::create(&staged)?);
    let entries = store.dump(&mut file)?;
    file.flush()?;
    file.get_ref().sync_all()?;
    fs::rename(&staged, layout.records())?;
    File::open(&layout.0)?.sync_all()?;
    bar.finish_and_clear();
    Ok(entries)
}

/// Removes what an earlier backup needed and this one does not.
async fn forget_others(to: &FileBlobs, named: &NamedBlobs) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = to.list(after, 1000).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.digest);
        for blob in page.iter().filter(|blob| !named.contains_key(&blob.digest)) {
            to.unlink(blob.digest).await?;
        }
    }
}

/// Copies the engines of one directory to another one, each at once or not at all.
pub(super) fn copy_engines(from: &Path, to: &Path) -> anyhow::Result<()> {
    let engines = engines::added(from)?;
    if !engines.is_empty() {
        make_private_directory(to)?;
    }
    for AddedEngine { file, .. } in engines {
        let cannot = || format!("cannot copy {}", file.display());
        let place = to.join(file.file_name().unwrap_or_default());
        let staged = place.with_added_extension("new");
        fs::copy(&file, &staged).with_context(cannot)?;
        File::open(&staged)?.sync_all()?;
        fs::rename(&staged, &place).with_context(cannot)?;
    }
    Ok(())
}

/// Removes the engines of a directory that another one has not.
fn forget_other_engines(from: &Path, to: &Path) -> anyhow::Result<()> {
    for AddedEngine { file, .. } in engines::added(to)? {
        if !from.join(file.file_name().unwrap_or_default()).exists() {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// Copies a small file for the owner's eyes only, when it is there.
pub(super) fn copy_private(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    let text = fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    write_private(to, text.trim_end())
}
