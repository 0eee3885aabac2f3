//! The files of a script as its engine finds them: each is unpacked when it is read for the first time, and counts as the
//! job's memory from then on.

use super::memory::{Holding, Memory};
use crate::files::{self, ErrorCode, Tree, Volume};
use crate::script::{Archive, ScriptFile};
use fuelcell_domain::{JobHost, LogLevel, ReadAt};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;

/// The stage of our lines in the job's log.
const STAGE: &str = "script";

/// The files of the script in this archive, read-only.
pub(super) fn script_files(
    bytes: Arc<dyn ReadAt>,
    volume: &Arc<Volume>,
    host: &Arc<dyn JobHost>,
    memory: &Arc<Memory>,
) -> files::Result<Tree> {
    let archive = Archive::open(bytes).map_err(|error| {
        // It was taken by an earlier build whose rules were others.
        host.log(LogLevel::Error, STAGE, &error.to_string());
        ErrorCode::Io
    })?;
    let tree = Tree::new(volume);
    for file in archive.files() {
        make_folders(&tree, &file.path)?;
        let (archive, file) = (archive.clone(), file.clone());
        let (host, memory) = (host.clone(), memory.clone());
        tree.add_input(
            &file.path.clone(),
            Arc::new(Packed { archive, file, host, memory, content: Mutex::default() }),
        )?;
    }
    Ok(tree.read_only())
}

/// Folders that hold nothing are not made: whoever vendors a package needs none.
pub(super) fn make_folders(tree: &Tree, path: &str) -> files::Result<()> {
    for (end, _) in path.match_indices('/') {
        if tree.find(&path[..end]).is_none() {
            tree.create_directory(&path[..end])?;
        }
    }
    Ok(())
}

/// A file of an archive.
struct Packed {
    archive: Archive,
    file: ScriptFile,
    host: Arc<dyn JobHost>,
    memory: Arc<Memory>,
    content: Mutex<Option<(Vec<u8>, Holding)>>,
}

impl Packed {
    fn unpacked(&self) -> io::Result<(Vec<u8>, Holding)> {
        let mut held = self.memory.holding();
        match held.add(self.file.size) {
            true => Ok((self.archive.unpack(&self.file)?, held)),
            false => Err(io::Error::new(io::ErrorKind::OutOfMemory, "the job's memory has no room for it")),
        }
    }
}

impl ReadAt for Packed {
    fn size(&self) -> u64 {
        self.file.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        // What is there is whole.
        let mut content = self.content.lock();
        if content.is_none() {
            let unpacked = self.unpacked().inspect_err(|error| {
                self.host.log(LogLevel::Error, STAGE, &format!("{} cannot be read: {error}", self.file.path));
            });
            *content = Some(unpacked?);
        }
        content.as_ref().map_or(Ok(0), |(bytes, _)| bytes.read_at(offset, buffer))
    }
}
