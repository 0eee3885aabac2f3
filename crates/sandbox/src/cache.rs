//! Compiled code on disk: one file per module, in a directory that only this process's user can enter.
//!
//! Loading native code is trusting it, so each file ends with the SHA-256 of what is before it, and a file that is not as
//! it was written is thrown away. That guards against damage; against people, the directory's permissions do.

use crate::engine::FINGERPRINT_PREFIX;
use fuelcell_domain::Digest;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

/// The checksum at the end of each file.
const CHECKSUM_BYTES: usize = 32;

/// Bytes of compiled code that are kept; what was not used longest goes first.
const MAX_BYTES: u64 = 4 << 30;

/// Compiled code of one engine.
pub(crate) struct Cache {
    directory: PathBuf,
    engine: Engine,
}

impl Cache {
    /// Code of other engines lies in other directories below `root`.
    pub(crate) fn open(root: &Path, fingerprint: &str, engine: Engine) -> io::Result<Self> {
        let directory = root.join(fingerprint);
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
        remove_other_engines(root, fingerprint)?;
        let cache = Self { directory, engine };
        cache.make_room(MAX_BYTES)?;
        Ok(cache)
    }

    /// Whether there is a file for `module`; whether it is whole shows when it is loaded.
    pub(crate) fn contains(&self, module: Digest) -> bool {
        self.path(module).is_file()
    }

    /// Loads compiled code. A file that does not load is removed, and the module counts as not compiled.
    pub(crate) fn load(&self, module: Digest) -> Option<Component> {
        let path = self.path(module);
        match load_file(&self.engine, &path) {
            Ok(component) => Some(component),
            Err(LoadError::Missing) => None,
            Err(LoadError::Damaged(reason)) => {
                tracing::warn!(module.digest = %module, reason, "compiled code is damaged; it is compiled again");
                self.remove(&path);
                None
            }
        }
    }

    /// Loads code that was stored a moment ago. When that fails, it is not the file that is wrong: the module asks for more
    /// than this engine is made for. The error says what.
    pub(crate) fn load_fresh(&self, module: Digest) -> Result<Component, String> {
        let path = self.path(module);
        load_file(&self.engine, &path).map_err(|error| {
            self.remove(&path);
            match error {
                LoadError::Missing => "its code cannot be found".into(),
                LoadError::Damaged(reason) => reason,
            }
        })
    }

    /// Keeps `code` for `module`. Whoever looks sees the whole file or none.
    pub(crate) fn store(&self, module: Digest, code: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(code)?;
        file.write_all(&Digest::of(code).0)?;
        file.persist(self.path(module))?;
        self.make_room(MAX_BYTES)
    }

    /// Removes the files that were used longest ago until the rest has at most `max` bytes.
    fn make_room(&self, max: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            // Somebody else may have removed it meanwhile.
            let Ok(metadata) = entry.metadata() else { continue };
            files.push((metadata.modified()?, metadata.len(), entry.path()));
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if total <= max {
                break;
            }
            self.remove(&path);
            total -= bytes;
        }
        Ok(())
    }

    /// Where the code of `module` lies, if it is there.
    pub(crate) fn path(&self, module: Digest) -> PathBuf {
        self.directory.join(format!("{module}.cwasm"))
    }

    fn remove(&self, path: &Path) {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(error.message = %error, "compiled code cannot be removed");
        }
    }
}

/// Loads one file of compiled code that a cache wrote.
pub(crate) fn load_file(engine: &Engine, path: &Path) -> Result<Component, LoadError> {
    check(&fs::read(path)?)?;
    // The time of a file is when it was last used; a file system that does not take it only makes the choice poorer.
    let _ = fs::File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    map_file(engine, path).map_err(|error| LoadError::Damaged(format!("{error:#}")))
}

/// Maps the file, so that its pages are shared and can be dropped by the kernel.
#[allow(unsafe_code)]
fn map_file(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file was written by `Cache::store` from what this engine's compiler made (the fingerprint is in its
    // path, and wasmtime compares its configuration once more), its checksum has just been found right, and it lies in a
    // directory that only this user can write. Nothing overwrites it: `store` replaces the name, not the bytes.
    unsafe { Component::deserialize_file(engine, path) }
}

/// Code of other engines, older versions of this program mostly, is of no use to anybody any more.
fn remove_other_engines(root: &Path, fingerprint: &str) -> io::Result<()> {
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_other = name != fingerprint && name.to_string_lossy().starts_with(FINGERPRINT_PREFIX);
        if is_other && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Why a file was not loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("there is no compiled code")]
    Missing,
    #[error("the compiled code is damaged: {0}")]
    Damaged(String),
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Damaged(error.to_string()),
        }
    }
}

fn check(file: &[u8]) -> Result<(), LoadError> {
    let damaged = || LoadError::Damaged("its checksum is wrong".into());
    let (code, checksum) = file.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
    match Digest::of(code).0 == *checksum {
        true => Ok(()),
        false => Err(damaged()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn cache(root: &Path, fingerprint: &str) -> Cache {
        Cache::open(root, fingerprint, Engine::default()).unwrap()
    }

    #[test]
    fn code_of_other_engines_goes_and_other_directories_stay() {
        let root = tempfile::TempDir::new().unwrap();
        cache(root.path(), "wasmtime-1-a");
        fs::create_dir(root.path().join("scratch")).unwrap();
        cache(root.path(), "wasmtime-2-b");
        let mut names: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["scratch", "wasmtime-2-b"]);
    }

    #[test]
    fn what_was_not_used_longest_makes_room() {
        let root = tempfile::TempDir::new().unwrap();
        let cache = cache(root.path(), "wasmtime-1-a");
        let digests: Vec<Digest> = [b"a", b"b", b"c"].into_iter().map(|bytes| Digest::of(bytes)).collect();
        for (age, digest) in digests.iter().enumerate() {
            cache.store(*digest, &[0; 68]).unwrap();
            let used = SystemTime::now() - Duration::from_secs(100 - age as u64);
            fs::File::open(cache.path(*digest)).unwrap().set_modified(used).unwrap();
        }
        cache.make_room(300).unwrap();
        assert!(digests.iter().all(|digest| cache.contains(*digest)));
        cache.make_room(299).unwrap();
        let kept: Vec<bool> = digests.iter().map(|digest| cache.contains(*digest)).collect();
        assert_eq!(kept, [false, true, true]);
    }
}
