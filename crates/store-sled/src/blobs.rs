//! Bytes as files named by their digest: `ab/cdef…`. A blob is written to a staging file beside them while it is hashed,
//! synced, made read-only, renamed, and its directory synced; only then is it there.

use crate::staged::{self, Space, Stage, present, staging};
use crate::tables::directory::{free_bytes, lock, sync_directory};
use async_trait::async_trait;
use fuelcell_domain::{Digest, DigestWriter, ReadAt, UploadId};
use fuelcell_store::{BlobRef, BlobStore, BlobWriter, StagedWriter, StoreError};
use parking_lot::Mutex;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::NamedTempFile;

/// Content-addressed files in a directory of their own.
pub struct FileBlobs {
    root: Arc<Path>,
    /// Held while a file comes to its place, is touched, or is taken away for being idle, so that these see each other's
    /// times.
    moves: Arc<Mutex<()>>,
    /// Held as long as this process may write here.
    _lock: Option<File>,
}

impl FileBlobs {
    /// Opens or creates the directory, and removes what writers of a dead process left in staging. Uploads stay.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process has it open; otherwise what the file system says.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(directory)?;
        let lock = lock(&directory.join("lock"))?;
        let staging = staging(directory);
        if staging.exists() {
            fs::remove_dir_all(&staging)?;
        }
        fs::create_dir(&staging)?;
        fs::create_dir_all(staged::directory(directory))?;
        for prefix in 0..=u8::MAX {
            fs::create_dir_all(directory.join(format!("{prefix:02x}")))?;
        }
        sync_directory(directory)?;
        Ok(Self { root: directory.into(), moves: Arc::default(), _lock: Some(lock) })
    }

    /// A directory that another process has open, for reading only: whatever that one does not take away may be read.
    pub fn beside(directory: &Path) -> Self {
        Self { root: directory.into(), moves: Arc::default(), _lock: None }
    }

    /// Does file work away from the async threads.
    async fn with_files<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let root = Arc::clone(&self.root);
        let done = tokio::task::spawn_blocking(move || work(&root)).await;
        let result = done.map_err(|error| StoreError::Storage(format!("file work did not end: {error}")))?;
        Ok(result?)
    }
}

/// Whether any bytes lie in a directory.
pub fn holds_blobs(directory: &Path) -> io::Result<bool> {
    for prefix in 0..=u8::MAX {
        let within = present(fs::read_dir(directory.join(format!("{prefix:02x}"))))?;
        if within.and_then(|mut within| within.next()).transpose()?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn path_of(root: &Path, digest: Digest) -> PathBuf {
    let name = digest.to_string();
    root.join(&name[..2]).join(&name[2..])
}

struct Writer {
    bytes: DigestWriter<NamedTempFile>,
    space: Space,
    root: Arc<Path>,
    /// See [`FileBlobs::moves`].
    moves: Arc<Mutex<()>>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.space.write(&mut self.bytes, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.bytes.flush()
    }
}

impl BlobWriter for Writer {
    fn length(&self) -> u64 {
        self.bytes.length()
    }

    fn digest(&self) -> Digest {
        self.bytes.digest()
    }

    fn commit(self: Box<Self>) -> Result<BlobRef, StoreError> {
        let (file, digest, size) = self.bytes.finish();
        ready(file.as_file())?;
        let path = path_of(&self.root, digest);
        // Replacing an equal file is harmless, and leaves no moment in which a sweep could take the older one away.
        {
            let _moves = self.moves.lock();
            file.persist(&path).map_err(|failure| failure.error)?;
        }
        path.parent().map(sync_directory).transpose()?;
        Ok(BlobRef { digest, size })
    }
}

struct Blob {
    file: File,
    size: u64,
}

impl ReadAt for Blob {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match offset < self.size {
            true => self.file.read_at(buffer, offset),
            false => Ok(0),
        }
    }
}

#[async_trait]
impl BlobStore for FileBlobs {
    fn begin(&self) -> Result<Box<dyn BlobWriter>, StoreError> {
        let space = Space::look(&self.root)?;
        let file = NamedTempFile::new_in(staging(&self.root))?;
        Ok(Box::new(Writer {
            bytes: DigestWriter::new(file),
            space,
            root: Arc::clone(&self.root),
            moves: Arc::clone(&self.moves),
        }))
    }

    async fn open(&self, digest: Digest) -> Result<Option<Arc<dyn ReadAt>>, StoreError> {
        let file = self.with_files(move |root| present(File::open(path_of(root, digest)))).await?;
        let Some(file) = file else { return Ok(None) };
        let size = file.metadata()?.len();
        Ok(Some(Arc::new(Blob { file, size })))
    }

    async fn stat(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        let metadata = self.with_files(move |root| present(fs::metadata(path_of(root, digest)))).await?;
        Ok(metadata.map(|metadata| metadata.len()))
    }

    async fn touch(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        let moves = Arc::clone(&self.moves);
        self.with_files(move |root| {
            let _moves = moves.lock();
            let Some(file) = present(File::open(path_of(root, digest)))? else { return Ok(None) };
            file.set_modified(SystemTime::now())?;
            Ok(Some(file.metadata()?.len()))
        })
        .await
    }

    async fn unlink(&self, digest: Digest) -> Result<(), StoreError> {
        self.with_files(move |root| present(fs::remove_file(path_of(root, digest))).map(drop)).await
    }

    async fn unlink_idle(&self, digest: Digest, idle: Duration) -> Result<bool, StoreError> {
        let moves = Arc::clone(&self.moves);
        self.with_files(move |root| {
            let path = path_of(root, digest);
            let _moves = moves.lock();
            let Some(metadata) = present(fs::metadata(&path))? else { return Ok(true) };
            // A time to come, by a clock that went back, is no idleness.
            let is_idle = metadata.modified()?.elapsed().is_ok_and(|elapsed| elapsed >= idle);
            if is_idle {
                present(fs::remove_file(&path))?;
            }
            Ok(is_idle)
        })
        .await
    }

    async fn list(&self, after: Option<Digest>, limit: usize) -> Result<Vec<BlobRef>, StoreError> {
        self.with_files(move |root| list(root, after, limit)).await
    }

    async fn free_bytes(&self) -> Result<Option<u64>, StoreError> {
        self.with_files(|root| free_bytes(root).map(Some)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.with_files(|root| {
            Space::look(&root.into())?;
            NamedTempFile::new_in(staging(root))?.write_all(b"well?")
        })
        .await
    }

    fn stage(&self, upload: UploadId, length: u64) -> Result<Box<dyn StagedWriter>, StoreError> {
        Ok(Box::new(Stage::open(&self.root, upload, length)?))
    }

    async fn staged_length(&self, upload: UploadId) -> Result<u64, StoreError> {
        self.with_files(move |root| staged::length(root, upload)).await
    }

    async fn staged(&self, upload: UploadId) -> Result<BlobRef, StoreError> {
        self.with_files(move |root| staged::read(root, upload)).await
    }

    async fn adopt(&self, upload: UploadId, blob: BlobRef) -> Result<(), StoreError> {
        let moves = Arc::clone(&self.moves);
        let is_there = self.with_files(move |root| adopt(root, &moves, upload, blob)).await?;
        is_there.then_some(()).ok_or(StoreError::NotFound("upload"))
    }

    async fn unstage(&self, upload: UploadId) -> Result<(), StoreError> {
        self.with_files(move |root| present(fs::remove_file(staged::path(root, upload))).map(drop)).await
    }

    async fn all_staged(&self) -> Result<Vec<UploadId>, StoreError> {
        self.with_files(staged::all).await
    }
}

/// Gives a staged file the name of its bytes, too. Says whether it is there, and as long as they are.
fn adopt(root: &Path, moves: &Mutex<()>, upload: UploadId, blob: BlobRef) -> io::Result<bool> {
    // A link of its own: whatever becomes of the staged file meanwhile, these are its bytes.
    let link = staging(root).join(upload.to_string());
    present(fs::remove_file(&link))?;
    let is_there = staged::link(root, upload, blob.size, &link)?;
    if is_there {
        ready(&File::open(&link)?)?;
        place(&link, &path_of(root, blob.digest), blob.size, moves)?;
    }
    present(fs::remove_file(&link))?;
    Ok(is_there)
}

/// Moves a file to its place, unless its bytes are there already: then these count as committed just now.
fn place(file: &Path, path: &Path, size: u64, moves: &Mutex<()>) -> io::Result<()> {
    {
        let _moves = moves.lock();
        match present(File::open(path))? {
            Some(known) if known.metadata()?.len() == size => known.set_modified(SystemTime::now())?,
            _ => fs::rename(file, path)?,
        }
    }
    path.parent().map(sync_directory).transpose()?;
    Ok(())
}

/// Makes a file what a blob is, just committed.
fn ready(file: &File) -> io::Result<()> {
    file.set_modified(SystemTime::now())?;
    file.set_permissions(Permissions::from_mode(0o400))?;
    file.sync_data()
}

fn list(root: &Path, after: Option<Digest>, limit: usize) -> io::Result<Vec<BlobRef>> {
    let mut blobs = Vec::new();
    let first = after.map_or(0, |after| after.0[0]);
    for prefix in first..=u8::MAX {
        if blobs.len() >= limit {
            break;
        }
        let mut digests = digests(root, prefix)?;
        digests.retain(|digest| after.is_none_or(|after| *digest > after));
        digests.sort_unstable();
        for digest in digests.into_iter().take(limit - blobs.len()) {
            // A blob that was unlinked in the meantime is not listed.
            if let Some(metadata) = present(fs::metadata(path_of(root, digest)))? {
                blobs.push(BlobRef { digest, size: metadata.len() });
            }
        }
    }
    Ok(blobs)
}

/// The digests under one prefix, in no order. Files with other names are not ours.
fn digests(root: &Path, prefix: u8) -> io::Result<Vec<Digest>> {
    let prefix = format!("{prefix:02x}");
    let mut digests = Vec::new();
    for entry in fs::read_dir(root.join(&prefix))? {
        let name = entry?.file_name();
        let digest: Option<Digest> = name.to_str().and_then(|rest| format!("{prefix}{rest}").parse().ok());
        digests.extend(digest);
    }
    Ok(digests)
}
