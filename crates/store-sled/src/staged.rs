//! Bytes that come part after part, as files beside the blobs that are named by their uploads. They outlive the process: what
//! was synced is there when the upload goes on.

use crate::tables::directory::{FREE_BYTES_TO_WRITE, free_bytes, sync_directory};
use fuelcell_domain::{DigestWriter, UploadId};
use fuelcell_store::{BlobRef, StagedWriter, StoreError};
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;

/// Bytes that are written between two looks at the free space.
const LOOK_EVERY: u64 = 1 << 20;
/// Bytes that are hashed at a time.
const CHUNK: usize = 256 * 1024;

/// Where files lie that nobody needs when the process is gone.
pub(crate) fn staging(root: &Path) -> PathBuf {
    root.join("staging")
}

/// Where they lie.
pub(crate) fn directory(root: &Path) -> PathBuf {
    root.join("uploads")
}

/// Where those of one upload lie.
pub(crate) fn path(root: &Path, upload: UploadId) -> PathBuf {
    directory(root).join(upload.to_string())
}

/// `None` for what is not there.
pub(crate) fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// The space that is left for bytes that are being written.
pub(crate) struct Space {
    root: Arc<Path>,
    /// Written since it was looked at.
    unchecked: u64,
}

impl Space {
    /// Refuses new bytes where they would take the space with which the database ends and deletes things.
    pub(crate) fn look(root: &Arc<Path>) -> io::Result<Self> {
        match free_bytes(root)? < FREE_BYTES_TO_WRITE {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(Self { root: Arc::clone(root), unchecked: 0 }),
        }
    }

    /// Writes, and looks now and then.
    pub(crate) fn write(&mut self, to: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        if self.unchecked >= LOOK_EVERY {
            *self = Self::look(&self.root)?;
        }
        let written = to.write(bytes)?;
        self.unchecked += written as u64;
        Ok(written)
    }
}

/// The end of a staged file.
pub(crate) struct Stage {
    file: File,
    space: Space,
}

impl Stage {
    /// Goes on behind the first `length` bytes.
    pub(crate) fn open(root: &Arc<Path>, upload: UploadId, length: u64) -> io::Result<Self> {
        let space = Space::look(root)?;
        let path = path(root, upload);
        detach(root, &path, length)?;
        let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        if length == 0 {
            sync_directory(&directory(root))?;
        }
        Ok(Self { file, space })
    }
}

/// Makes the first bytes of a file that may have become a blob a file of their own: a blob is never written to. That happens
/// where the records are older than the bytes, as of a restored backup.
fn detach(root: &Path, path: &Path, length: u64) -> io::Result<()> {
    let Some(known) = present(File::open(path))? else { return Ok(()) };
    if !known.metadata()?.permissions().readonly() {
        return Ok(());
    }
    let mut own = NamedTempFile::new_in(staging(root))?;
    io::copy(&mut known.take(length), &mut own)?;
    own.as_file().sync_data()?;
    own.persist(path)?;
    sync_directory(&directory(root))
}

impl Write for Stage {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.space.write(&mut self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl StagedWriter for Stage {
    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(self.file.sync_data()?)
    }
}

/// How many there are.
pub(crate) fn length(root: &Path, upload: UploadId) -> io::Result<u64> {
    Ok(present(fs::metadata(path(root, upload)))?.map_or(0, |found| found.len()))
}

/// What they are.
pub(crate) fn read(root: &Path, upload: UploadId) -> io::Result<BlobRef> {
    let mut hash = DigestWriter::new(io::sink());
    if let Some(file) = present(File::open(path(root, upload)))? {
        io::copy(&mut BufReader::with_capacity(CHUNK, file), &mut hash)?;
    }
    let (_, digest, size) = hash.finish();
    Ok(BlobRef { digest, size })
}

/// Gives them, which must be so many, a second name. Says whether they are: of a file without bytes no file need be there.
pub(crate) fn link(root: &Path, upload: UploadId, size: u64, name: &Path) -> io::Result<bool> {
    let linked = match (size, length(root, upload)?) {
        (0, 0) => File::create_new(name).map(drop),
        _ => fs::hard_link(path(root, upload), name),
    };
    Ok(present(linked)?.is_some() && fs::metadata(name)?.len() == size)
}

/// Whose they are. Files with other names are not ours.
pub(crate) fn all(root: &Path) -> io::Result<Vec<UploadId>> {
    let mut uploads = Vec::new();
    for entry in fs::read_dir(directory(root))? {
        uploads.extend(entry?.file_name().to_str().and_then(|name| name.parse::<UploadId>().ok()));
    }
    Ok(uploads)
}
