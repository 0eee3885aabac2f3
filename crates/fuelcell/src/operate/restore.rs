//! `fuelcell restore`

use super::backup::{Layout, copy_engines, copy_private};
use super::{Copied, bytes_bar, copy_blob, say, spinner};
use crate::data_dir::DataDir;
use crate::private::write_private;
use anyhow::{Context, bail, ensure};
use fuelcell_store::{BlobRef, BlobStore};
use fuelcell_store_sled::{FileBlobs, OfflineStore, Options, exists, restore_records};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

/// Brings a backup back. The records come last: until they are there, a server refuses the directory.
pub(crate) async fn restore(folder: &Path, data: &Path) -> anyhow::Result<ExitCode> {
    let layout = Layout(folder.to_owned());
    ensure!(layout.records().is_file(), "{} holds no backup", folder.display());
    let directory = DataDir::for_restore(data)?;
    ensure!(
        !exists(&directory.store()),
        "{} holds records already; restore into an empty directory, or move this one away first",
        data.display()
    );
    let to = FileBlobs::open(&directory.blobs())
        .with_context(|| format!("cannot restore into {}", data.display()))?;
    write_private(&directory.restore_mark(), "a backup is being restored")?;
    let from = FileBlobs::open(&layout.blobs())?;
    let files = copy_all(&from, &to).await?;
    copy_engines(&layout.engines(), &directory.engines())?;
    copy_private(&layout.secret(), &directory.secret_path())?;
    copy_private(&layout.operator_token(), &directory.operator_token())?;
    let bar = spinner("reading the records");
    let records = BufReader::new(File::open(layout.records())?);
    let entries = restore_records(&directory.store(), records, &Options::default())?;
    bar.finish_and_clear();
    fs::remove_file(directory.restore_mark())?;
    say(&format!("{entries} entries of records and {files} files are in {}", data.display()))?;
    missing(&directory, &to).await
}

async fn copy_all(from: &FileBlobs, to: &FileBlobs) -> anyhow::Result<usize> {
    let all = all(from).await?;
    let bar = bytes_bar("copying the stored bytes", all.iter().map(|blob| blob.size).sum());
    for blob in &all {
        if let Copied::Not(why) = copy_blob(from, to, blob.digest, &bar).await? {
            bail!("the bytes {} of the backup {why}", blob.digest);
        }
    }
    bar.finish_and_clear();
    Ok(all.len())
}

async fn all(blobs: &FileBlobs) -> anyhow::Result<Vec<BlobRef>> {
    Ok(blobs.list(None, usize::MAX).await?)
}

/// Says what the backup could not save.
async fn missing(directory: &DataDir, blobs: &FileBlobs) -> anyhow::Result<ExitCode> {
    let named = OfflineStore::open(&directory.store(), &Options::default())?.named_blobs()?;
    let mut code = ExitCode::SUCCESS;
    for (digest, (_, by)) in named {
        if blobs.stat(digest).await?.is_none() {
            say(&format!("problem: the backup has no bytes {digest}; {by} needs them"))?;
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}
