//! Compiled code on disk: one file per module, in a directory that only this process's user can enter.
//!
//! Loading native code is trusting it, so each file ends with the SHA-256 of what is before it, and a file that is not as
//! it was written is thrown away. That guards against damage; against people, the directory's permissions do.

use fuelcell_domain::Digest;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

/// The checksum at the end of each file.
const CHECKSUM_BYTES: usize = 32;

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
        Ok(Self { directory, engine })
    }

    /// Whether there is a file for `module`; whether it is whole shows when it is loaded.
    pub(crate) fn contains(&self, module: Digest) -> bool {
        self.path(module).is_file()
    }

    /// Loads compiled code. A file that does not load is removed, and the module counts as not compiled.
    pub(crate) fn load(&self, module: Digest) -> Option<Component> {
        let path = self.path(module);
        match self.load_file(&path) {
            Ok(component) => Some(component),
            Err(LoadError::Missing) => None,
            Err(LoadError::Damaged(reason)) => {
                tracing::warn!(module.digest = %module, reason, "compiled code is damaged; it is compiled again");
                self.remove(&path);
                None
            }
        }
    }

    /// Keeps `code` for `module`. Whoever looks sees the whole file or none.
    pub(crate) fn store(&self, module: Digest, code: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(code)?;
        file.write_all(&Digest::of(code).0)?;
        file.persist(self.path(module))?;
        Ok(())
    }

    fn path(&self, module: Digest) -> PathBuf {
        self.directory.join(format!("{module}.cwasm"))
    }

    fn remove(&self, path: &Path) {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(error.message = %error, "damaged compiled code cannot be removed");
        }
    }

    fn load_file(&self, path: &Path) -> Result<Component, LoadError> {
        check(&fs::read(path)?)?;
        self.map_file(path).map_err(|error| LoadError::Damaged(format!("{error:#}")))
    }

    /// Maps the file, so that its pages are shared and can be dropped by the kernel.
    #[allow(unsafe_code)]
    fn map_file(&self, path: &Path) -> wasmtime::Result<Component> {
        // SAFETY: the file was written by `store` from what this engine's compiler made (the fingerprint is in its path,
        // and wasmtime compares its configuration once more), its checksum has just been found right, and it lies in a
        // directory that only this user can write. Nothing overwrites it: `store` replaces the name, not the bytes.
        unsafe { Component::deserialize_file(&self.engine, path) }
    }
}

/// Why a file was not loaded.
#[derive(Debug)]
enum LoadError {
    Missing,
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
