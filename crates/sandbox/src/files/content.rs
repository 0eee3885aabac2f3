//! The bytes of all files of a cell, in one file without a name: it is gone with the cell, also when the process dies.

use parking_lot::{Mutex, MutexGuard};
use std::fs::File;
use std::io;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of one chunk. Files that were not written to the end of a chunk take only the pages that they touched.
pub(super) const CHUNK: u64 = 64 << 10;

/// A chunk, by its number. Numbers begin at 1, so that an absent chunk costs no more room than a present one.
pub(super) type Chunk = NonZeroU32;

/// Where the bytes of a cell's files go.
#[derive(Clone, Debug)]
pub(crate) enum Scratch {
    /// Into a file without a name, made in this directory when it is needed.
    Directory(PathBuf),
    /// Into this file, which no other cell has.
    File(Arc<File>),
}

impl Scratch {
    fn file(&self) -> io::Result<Arc<File>> {
        match self {
            Self::Directory(directory) => tempfile::tempfile_in(directory).map(Arc::new),
            Self::File(file) => Ok(file.clone()),
        }
    }
}

#[derive(Default)]
struct State {
    /// Made at the first write: most guests write no files.
    file: Option<Arc<File>>,
    last: u32,
    free: Vec<Chunk>,
}

/// Hands out chunks of one anonymous file.
pub(super) struct Content {
    scratch: Scratch,
    state: Mutex<State>,
}

impl Content {
    /// All chunks will lie in one file of `scratch`.
    pub(super) fn new(scratch: Scratch) -> Self {
        Self { scratch, state: Mutex::default() }
    }

    /// A chunk full of zeros.
    pub(super) fn allocate(&self) -> io::Result<Chunk> {
        let mut state = self.state();
        if state.file.is_none() {
            state.file = Some(self.scratch.file()?);
        }
        if let Some(chunk) = state.free.pop() {
            return Ok(chunk);
        }
        let next = state.last.checked_add(1).and_then(Chunk::new);
        let next = next.ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
        state.last = next.get();
        Ok(next)
    }

    /// Gives `chunk` back, and its room on the disk with it.
    pub(super) fn release(&self, chunk: Chunk) {
        let mut state = self.state();
        // One that cannot be cleared is not used again, so that nobody reads what it held.
        if state.file.as_ref().is_some_and(|file| clear(file, position(chunk, 0), CHUNK).is_ok()) {
            state.free.push(chunk);
        }
    }

    /// Fills `buffer` from `offset` within `chunk`.
    pub(super) fn read(&self, chunk: Chunk, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let Some(file) = &state.file else { return Err(io::ErrorKind::NotFound.into()) };
        let mut filled = 0;
        while filled < buffer.len() {
            match file.read_at(&mut buffer[filled..], position(chunk, offset + filled as u64)) {
                // Past the end of the file nothing was written yet.
                Ok(0) => {
                    buffer[filled..].fill(0);
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes `bytes` at `offset` within `chunk`.
    pub(super) fn write(&self, chunk: Chunk, offset: u64, bytes: &[u8]) -> io::Result<()> {
        match &self.state().file {
            Some(file) => file.write_all_at(bytes, position(chunk, offset)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Makes what is behind `offset` in `chunk` zero again.
    pub(super) fn clear_behind(&self, chunk: Chunk, offset: u64) -> io::Result<()> {
        match &self.state().file {
            Some(file) => clear(file, position(chunk, offset), CHUNK - offset),
            None => Ok(()),
        }
    }

    /// The state is whole between two statements, so a panic elsewhere cannot have broken it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

fn position(chunk: Chunk, offset: u64) -> u64 {
    u64::from(chunk.get() - 1) * CHUNK + offset
}

/// Punches a hole where the file system can, which frees the room too; writes zeros where it cannot.
fn clear(file: &File, offset: u64, length: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match fallocate(file, hole, offset, length) {
        Ok(()) => Ok(()),
        Err(_) => {
            let end = file.metadata()?.len().min(offset + length);
            let zeros = vec![0; usize::try_from(end.saturating_sub(offset)).unwrap_or(0)];
            file.write_all_at(&zeros, offset)
        }
    }
}
