//! Uploads that were begun and are not finished: a file of each beside the profiles, so that the same command goes on with
//! its own one.

use crate::connection::Connection;
use crate::failure::{Failure, Outcome};
use crate::profile;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, Metadata};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A server has given up an upload by then.
const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 3600);

/// How a file is, as far as that is seen without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) size: u64,
    /// Microseconds since 1970.
    modified: Option<u64>,
}

impl State {
    pub(crate) fn of(found: &Metadata) -> Self {
        let since = found.modified().ok().and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        let modified = since.and_then(|since| u64::try_from(since.as_micros()).ok());
        Self { size: found.len(), modified }
    }
}

/// An upload that was begun, or is about to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// None = the server's answer has not come.
    pub(crate) upload_id: Option<String>,
    pub(crate) dataset_id: String,
    /// How the file was.
    pub(crate) state: State,
    /// SHA-256 of its bytes.
    pub(crate) digest: String,
}

/// Where it is remembered which upload a command began.
pub(crate) struct Memory(Option<PathBuf>);

impl Memory {
    /// Of the upload of a file: the place is another one for each server, project, file and wish. `wishes` are what somebody
    /// asked for beside.
    pub(crate) fn of(connection: &Connection, file: &Path, wishes: &[&str]) -> Outcome<Self> {
        let scope = connection.scope(true)?;
        let unreadable = |error| Failure::here(format!("cannot read {}", file.display()), error);
        let file = file.canonicalize().map_err(unreadable)?.display().to_string();
        let place = [scope.tenant.as_deref(), scope.project.as_deref()].map(Option::unwrap_or_default);
        let mut hash = Sha256::new();
        for part in [&connection.http.server[..], place[0], place[1], &file].iter().chain(wishes) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let name = format!("{}.json", hex::encode(hash.finalize()));
        Ok(Self(folder().map(|folder| folder.join(name))))
    }

    /// The upload that is remembered. What cannot be read is none.
    pub(crate) fn recall(&self) -> Option<Begun> {
        serde_json::from_slice(&fs::read(self.0.as_ref()?).ok()?).ok()
    }

    /// Remembers an upload.
    pub(crate) fn keep(&self, begun: &Begun) -> Outcome {
        let Some(place) = &self.0 else {
            return Err(Failure::usage("neither XDG_CONFIG_HOME nor HOME is set"));
        };
        let unwritable = |error| Failure::unwritten(format!("cannot write {}", place.display()), error);
        let folder = place.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritable)?;
        forget_old(folder);
        let text =
            serde_json::to_vec(begun).map_err(|error| Failure::here("cannot write an upload", error))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
        file.write_all(&text).map_err(unwritable)?;
        file.persist(place).map_err(|error| unwritable(error.error))?;
        Ok(())
    }

    /// Forgets it. What cannot be forgotten is asked for in vain once.
    pub(crate) fn forget(&self) {
        if let Some(place) = &self.0 {
            let _ = fs::remove_file(place);
        }
    }
}

/// Where they lie.
fn folder() -> Option<PathBuf> {
    Some(profile::path()?.parent()?.join("uploads"))
}

/// Forgets those with which nobody went on.
fn forget_old(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_old = |found: Metadata| {
        let age = found.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        age.is_some_and(|age| age > FORGOTTEN)
    };
    for file in files.filter(|file| file.metadata().is_ok_and(is_old)) {
        let _ = fs::remove_file(file.path());
    }
}
