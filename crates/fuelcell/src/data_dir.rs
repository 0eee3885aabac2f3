//! The data directory: what lies where, and the files that only its owner may read.

use crate::private::{make_private_directory, narrow_directory, narrow_file, tell_narrowed};
use anyhow::{Context, bail, ensure};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What may lie in a data directory: what is named below, what a file system puts there, and what is being written.
const KNOWN: &[&str] = &[
    "store",
    "store.restoring",
    "blobs",
    "compiled",
    "recent",
    "engines",
    "operator-token",
    "operator-token.new",
    "sessions",
    "sessions.new",
    "secret",
    "database",
    "restore-unfinished",
    "control",
    "snapshot",
    "lost+found",
];

/// Everything that a server keeps.
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// Makes the directory when it is not there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let data = Self::for_restore(path)?;
        if data.restore_mark().exists() && !fuelcell_store_sled::exists(&data.store()) {
            bail!("a backup was being restored into {} and is not whole; restore it again", path.display());
        }
        Ok(data)
    }

    /// The same, also when a restore into it did not come to its end.
    pub(crate) fn for_restore(path: &Path) -> anyhow::Result<Self> {
        make_private_directory(path)?;
        if narrow_directory(path, KNOWN)? > 0 {
            tell_narrowed(path);
        }
        Ok(Self(path.to_owned()))
    }

    /// A directory that is there.
    pub(crate) fn existing(path: &Path) -> anyhow::Result<Self> {
        ensure!(path.is_dir(), "there is no data directory {}", path.display());
        Self::open(path)
    }

    /// Is there while a backup is being restored.
    pub(crate) fn restore_mark(&self) -> PathBuf {
        self.0.join("restore-unfinished")
    }

    /// Records.
    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// The socket by which tools on the same machine ask the server that has the directory open.
    pub(crate) fn control(&self) -> PathBuf {
        self.0.join("control")
    }

    /// The records as they were at one moment, while somebody reads them.
    pub(crate) fn snapshot(&self) -> PathBuf {
        self.0.join("snapshot")
    }

    /// Bytes by digest.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.0.join("blobs")
    }

    /// Compiled modules.
    pub(crate) fn compiled(&self) -> PathBuf {
        self.0.join("compiled")
    }

    /// What was read lately of stored bytes that lie elsewhere: files without names.
    pub(crate) fn recent(&self) -> PathBuf {
        self.0.join("recent")
    }

    /// Engines that an operator added.
    pub(crate) fn engines(&self) -> PathBuf {
        self.0.join("engines")
    }

    /// Sessions of people at browsers.
    pub(crate) fn sessions(&self) -> PathBuf {
        self.0.join("sessions")
    }

    /// The first operator token.
    pub(crate) fn operator_token(&self) -> PathBuf {
        self.0.join("operator-token")
    }

    /// Where it is written in which database the records lie, if they lie in one.
    pub(crate) fn database_path(&self) -> PathBuf {
        self.0.join("database")
    }

    /// The id of that database.
    pub(crate) fn database(&self) -> anyhow::Result<Option<String>> {
        let path = self.database_path();
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => {
                let text = read.with_context(|| format!("cannot read {}", path.display()))?;
                Ok(Some(text.trim().to_owned()))
            }
        }
    }

    /// Remembers that the records lie in the database with this id.
    pub(crate) fn remember_database(&self, id: &str) -> anyhow::Result<()> {
        let path = self.database_path();
        write_new(&path, &format!("{id}\n")).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Where the secret lies.
    pub(crate) fn secret_path(&self) -> PathBuf {
        self.0.join("secret")
    }

    /// The server's own secret, made at the first start. Losing it voids all tokens and links.
    pub(crate) fn secret(&self) -> anyhow::Result<[u8; 32]> {
        secret_at(&self.secret_path())
    }
}

/// The secret in a file for its owner's eyes only, made when it is not there. Who makes one at the same time finds the same.
pub(crate) fn secret_at(path: &Path) -> anyhow::Result<[u8; 32]> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret: [u8; 32] = rand::random();
            let made = write_new(path, &format!("{}\n", hex::encode(secret)));
            made.with_context(|| format!("cannot write {}", path.display()))?;
            fs::read_to_string(path)
        }
        read => read,
    };
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    if narrow_file(path)? {
        tell_narrowed(path);
    }
    let mut secret = [0; 32];
    match hex::decode_to_slice(text.trim(), &mut secret) {
        Ok(()) => Ok(secret),
        Err(_) => {
            bail!("{} does not hold 64 hexadecimal digits; restore it from a backup", path.display())
        }
    }
}

/// Puts a new file there, durably, unless somebody was faster.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    // The parent of a bare name is empty.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    // Temporary files are for their owner's eyes only.
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
        _ => fs::File::open(directory)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_made_once_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let made: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| secret_at(&path).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|secret| *secret == made[0]) && made[0] != [0; 32]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "no secret").unwrap();
        assert!(secret_at(&path).is_err());
    }
}
