//! Compiled code on disk: one file per module, in a directory that only this process's user can enter.
//!
//! Loading native code is trusting it. Each file ends with an HMAC-SHA-256 of the module's digest, the engine's fingerprint
//! and the code, under a key that only the server has. A file without the right one, be it damaged, of another engine, of
//! another module or of another server, is thrown away and its module compiled anew; nothing of it is ever mapped.
//! Only the process that holds the key checks. What it hands to the process of a cell is the open file that it checked.

use super::engine::FINGERPRINT_PREFIX;
use super::functions::{self, Unfinished};
use super::key::{CodeKey, TAG_BYTES};
use fuelcell_domain::Digest;
use hmac::Mac;
use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

/// What is read of a file at once.
const PIECE: usize = 64 << 10;

/// Bytes of compiled code that are kept; what was not used longest goes first.
const MAX_BYTES: u64 = 4 << 30;

/// How a file ends in which functions are kept of a module that is being compiled.
const UNFINISHED: &str = "functions";

/// How long code of an engine that is not ours is kept without being used.
const UNUSED: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Compiled code that was found authentic, open. What is mapped is this file, whatever its name stands for by now.
pub(crate) struct CheckedCode(File);

impl CheckedCode {
    /// What the parent of this process has checked.
    pub(crate) fn from_parent(descriptor: OwnedFd) -> Self {
        Self(descriptor.into())
    }

    /// Maps the file, so that its pages are shared and can be dropped by the kernel.
    #[allow(unsafe_code)]
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // The engine takes paths only, and this one leads to the open file.
        let path = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        // SAFETY: the file was written by `Cache::store` from what this engine's compiler made, as its tag shows, which was
        // checked on this very file (wasmtime compares versions and configuration once more). It lies in a directory that
        // only this user can enter, and nothing overwrites it: `store` replaces the name, not the bytes.
        unsafe { Component::deserialize_file(engine, path) }
    }
}

impl AsFd for CheckedCode {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Compiled code of one engine.
pub(crate) struct Cache {
    /// Where the directories of all engines are.
    root: PathBuf,
    directory: PathBuf,
    engine: Engine,
    fingerprint: String,
    key: CodeKey,
    rejected: AtomicU64,
}

impl Cache {
    /// Code of other engines lies in other directories below `root`.
    pub(crate) fn open(root: &Path, key: CodeKey, fingerprint: &str, engine: Engine) -> io::Result<Self> {
        let directory = root.join(fingerprint);
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
        remove_unused_engines(root, fingerprint)?;
        let rejected = AtomicU64::new(0);
        let root = root.to_owned();
        let cache = Self { root, directory, engine, fingerprint: fingerprint.to_owned(), key, rejected };
        cache.make_room(MAX_BYTES)?;
        Ok(cache)
    }

    /// Whether there is a file for `module`; whether it is authentic shows when it is opened.
    pub(crate) fn contains(&self, module: Digest) -> bool {
        self.path(module).is_file()
    }

    /// Bytes of the code of `module`, if there is a file for it.
    pub(crate) fn bytes(&self, module: Digest) -> Option<u64> {
        let file = fs::metadata(self.path(module)).ok().filter(fs::Metadata::is_file)?;
        file.len().checked_sub(TAG_BYTES as u64)
    }

    /// Files that were thrown away so far because they were not authentic, or did not load.
    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// The code of `module`, checked. A file that is not authentic is removed, and the module counts as not compiled.
    pub(crate) fn code(&self, module: Digest) -> Option<CheckedCode> {
        self.or_rejected(module, self.checked(module))
    }

    /// Loads the code of `module`, as [`Cache::code`] finds it.
    pub(crate) fn load(&self, module: Digest) -> Option<Component> {
        self.or_rejected(module, self.load_checked(module))
    }

    /// Loads code that was stored a moment ago. When that fails, it is not the file that is wrong: the module asks for more
    /// than this engine is made for. The error says what.
    pub(crate) fn load_fresh(&self, module: Digest) -> Result<Component, String> {
        self.load_checked(module).map_err(|error| {
            self.remove(&self.path(module));
            match error {
                LoadError::Missing => "its code cannot be found".into(),
                LoadError::Unusable(reason) => reason,
            }
        })
    }

    /// Where the functions of `module` are kept while it is compiled.
    pub(super) fn unfinished(&self, module: Digest) -> Unfinished {
        let path = self.directory.join(format!("{module}.{UNFINISHED}"));
        Unfinished { path, key: self.key.of_functions(module, &self.fingerprint) }
    }

    /// Forgets what was kept of modules other than these that were being compiled, unless a compiler is at work on one.
    pub(crate) fn forget_unfinished(&self, except: &HashSet<Digest>) -> io::Result<()> {
        let wanted: HashSet<PathBuf> = except.iter().map(|module| self.unfinished(*module).path).collect();
        for (_, _, path) in files_of(&self.directory)? {
            if path.extension().is_some_and(|kind| kind == UNFINISHED) && !wanted.contains(&path) {
                functions::remove_unless_used(&path);
            }
        }
        Ok(())
    }

    /// Keeps `code` for `module`. Whoever looks sees the whole file or none.
    pub(crate) fn store(&self, module: Digest, code: &[u8]) -> io::Result<()> {
        // For this user only, as temporary files are.
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(code)?;
        let mut tag = self.key.of_code(module, &self.fingerprint);
        tag.update(code);
        file.write_all(&tag.finalize().into_bytes())?;
        file.persist(self.path(module))?;
        self.make_room(MAX_BYTES)
    }

    fn or_rejected<T>(&self, module: Digest, result: Result<T, LoadError>) -> Option<T> {
        match result {
            Ok(found) => Some(found),
            Err(LoadError::Missing) => None,
            Err(LoadError::Unusable(reason)) => {
                let rejected = self.rejected.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::warn!(
                    module.digest = %module, reason, rejected,
                    "compiled code is not what this server stored; the module is compiled again"
                );
                self.remove(&self.path(module));
                None
            }
        }
    }

    fn load_checked(&self, module: Digest) -> Result<Component, LoadError> {
        let code = self.checked(module)?;
        // The time of a file is when it was last used; a file system that does not take it only makes the choice poorer.
        let _ = code.0.set_modified(SystemTime::now());
        code.load(&self.engine).map_err(|error| LoadError::Unusable(format!("{error:#}")))
    }

    fn checked(&self, module: Digest) -> Result<CheckedCode, LoadError> {
        let mut file = File::open(self.path(module))?;
        let bytes = file.metadata()?.len().checked_sub(TAG_BYTES as u64);
        let mut code = Read::by_ref(&mut file).take(bytes.ok_or_else(LoadError::wrong_tag)?);
        let mut expected = self.key.of_code(module, &self.fingerprint);
        let mut piece = vec![0; PIECE];
        loop {
            match code.read(&mut piece)? {
                0 => break,
                count => expected.update(&piece[..count]),
            }
        }
        let mut tag = [0; TAG_BYTES];
        file.read_exact(&mut tag)?;
        expected.verify_slice(&tag).map_err(|_| LoadError::wrong_tag())?;
        Ok(CheckedCode(file))
    }

    /// Removes the files, of whichever engine, that were used longest ago until the rest has at most `max` bytes.
    fn make_room(&self, max: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for engine in engines(&self.root)? {
            files.extend(files_of(&engine)?);
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
    fn path(&self, module: Digest) -> PathBuf {
        self.directory.join(format!("{module}.cwasm"))
    }

    fn remove(&self, path: &Path) {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(error.message = %error, "compiled code cannot be removed");
        }
    }
}

/// Removes the code of other engines, older versions of this program mostly, that nobody has used for [`UNUSED`]. What was
/// used since may be another build's that shares the folder, as those of `fuelcell run` do.
fn remove_unused_engines(root: &Path, fingerprint: &str) -> io::Result<()> {
    for engine in engines(root)? {
        let is_own = engine.file_name().is_some_and(|name| name == fingerprint);
        let is_used = last_used(&engine)?.elapsed().is_ok_and(|time| time < UNUSED);
        if !is_own && !is_used {
            or_gone(fs::remove_dir_all(engine))?;
        }
    }
    Ok(())
}

/// The directories of all engines.
fn engines(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut engines = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let is_engine = entry.file_name().to_string_lossy().starts_with(FINGERPRINT_PREFIX);
        if is_engine && entry.file_type()?.is_dir() {
            engines.push(entry.path());
        }
    }
    Ok(engines)
}

/// When something in a directory was last used, or put there.
fn last_used(directory: &Path) -> io::Result<SystemTime> {
    let own = or_gone(fs::metadata(directory))?.map_or(Ok(SystemTime::UNIX_EPOCH), |own| own.modified())?;
    Ok(files_of(directory)?.into_iter().map(|(used, _, _)| used).fold(own, SystemTime::max))
}

/// The files of a directory: when each was last used, its bytes, its path.
fn files_of(directory: &Path) -> io::Result<Vec<(SystemTime, u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in or_gone(fs::read_dir(directory))?.into_iter().flatten() {
        let entry = entry?;
        if let Some(metadata) = or_gone(entry.metadata())? {
            files.push((metadata.modified()?, metadata.len(), entry.path()));
        }
    }
    Ok(files)
}

/// Another process may have removed what this one looks at.
fn or_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Why a file was not loaded.
#[derive(Debug)]
enum LoadError {
    /// There is none.
    Missing,
    /// It is not authentic, or the engine does not take it.
    Unusable(String),
}

impl LoadError {
    fn wrong_tag() -> Self {
        Self::Unusable("its tag is wrong".into())
    }
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Unusable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn cache(root: &Path, fingerprint: &str) -> Cache {
        cache_with(root, &KEY, fingerprint)
    }

    fn cache_with(root: &Path, secret: &[u8; 32], fingerprint: &str) -> Cache {
        Cache::open(root, CodeKey::derived_from(secret), fingerprint, Engine::default()).unwrap()
    }

    /// Whether `cache` takes what lies under the name of `module`; if not, the file must be gone.
    fn takes(cache: &Cache, module: Digest) -> bool {
        assert!(cache.contains(module));
        let (taken, rejected) = (cache.code(module).is_some(), cache.rejected());
        assert_eq!(cache.contains(module), taken);
        assert_eq!(rejected, u64::from(!taken));
        taken
    }

    #[test]
    fn every_bit_of_a_file_counts() {
        let (root, module) = (tempfile::TempDir::new().unwrap(), Digest::of(b"module"));
        let stored = cache(root.path(), "wasmtime-1-a");
        stored.store(module, b"code").unwrap();
        assert_eq!(fs::metadata(stored.path(module)).unwrap().permissions().mode() & 0o777, 0o600);
        let whole = fs::read(stored.path(module)).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            fs::write(stored.path(module), &changed).unwrap();
            assert!(!takes(&cache(root.path(), "wasmtime-1-a"), module), "bit {bit}");
        }
        for length in 0..whole.len() {
            fs::write(stored.path(module), &whole[..length]).unwrap();
            assert!(!takes(&cache(root.path(), "wasmtime-1-a"), module), "{length} bytes");
        }
        fs::write(stored.path(module), &whole).unwrap();
        assert!(takes(&cache(root.path(), "wasmtime-1-a"), module));
    }

    #[test]
    fn code_is_of_one_module_one_engine_and_one_key() {
        let (module, other) = (Digest::of(b"module"), Digest::of(b"other"));
        let root = tempfile::TempDir::new().unwrap();
        let stored = cache(root.path(), "wasmtime-1-a");
        stored.store(module, b"code").unwrap();
        for (secret, fingerprint, name, taken) in [
            (KEY, "wasmtime-1-a", module, true),
            (KEY, "wasmtime-1-a", other, false),
            (KEY, "wasmtime-1-b", module, false),
            ([8; 32], "wasmtime-1-a", module, false),
        ] {
            let root = tempfile::TempDir::new().unwrap();
            let here = cache_with(root.path(), &secret, fingerprint);
            fs::copy(stored.path(module), here.path(name)).unwrap();
            assert_eq!(takes(&here, name), taken, "{fingerprint} {name}");
        }
    }

    #[test]
    fn code_of_other_engines_goes_when_nobody_uses_it_and_other_directories_stay() {
        let root = tempfile::TempDir::new().unwrap();
        let (used, unused) = (cache(root.path(), "wasmtime-1-a"), cache(root.path(), "wasmtime-1-b"));
        used.store(Digest::of(b"module"), b"code").unwrap();
        fs::create_dir(root.path().join("scratch")).unwrap();
        for directory in [&used.directory, &unused.directory] {
            File::open(directory).unwrap().set_modified(SystemTime::now() - UNUSED).unwrap();
        }
        cache(root.path(), "wasmtime-2-c");
        let mut names: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["scratch", "wasmtime-1-a", "wasmtime-2-c"]);
        assert!(used.code(Digest::of(b"module")).is_some());
    }

    #[test]
    fn what_was_kept_of_an_engine_that_is_gone_goes() {
        let root = tempfile::TempDir::new().unwrap();
        let cache = cache(root.path(), "wasmtime-1-a");
        let [known, gone] = [b"known", b"gone!"].map(|bytes| Digest::of(bytes));
        for module in [known, gone] {
            fs::write(cache.unfinished(module).path, b"functions").unwrap();
            cache.store(module, b"code").unwrap();
        }
        cache.forget_unfinished(&HashSet::from([known])).unwrap();
        let kept = [known, gone].map(|module| cache.unfinished(module).path.exists());
        assert_eq!(kept, [true, false]);
        assert!(cache.contains(known) && cache.contains(gone), "compiled code stays");
    }

    #[test]
    fn what_another_process_removed_is_missed_by_nobody() {
        let root = tempfile::TempDir::new().unwrap();
        let gone = root.path().join("wasmtime-1-a");
        assert!(files_of(&gone).unwrap().is_empty());
        assert_eq!(last_used(&gone).unwrap(), SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn what_was_not_used_longest_makes_room() {
        let root = tempfile::TempDir::new().unwrap();
        let cache = cache(root.path(), "wasmtime-1-a");
        let digests: Vec<Digest> = [b"a", b"b", b"c"].into_iter().map(|bytes| Digest::of(bytes)).collect();
        for (age, digest) in digests.iter().enumerate() {
            cache.store(*digest, &[0; 68]).unwrap();
            let used = SystemTime::now() - Duration::from_secs(100 - age as u64);
            File::open(cache.path(*digest)).unwrap().set_modified(used).unwrap();
        }
        cache.make_room(300).unwrap();
        assert!(digests.iter().all(|digest| cache.contains(*digest)));
        cache.make_room(299).unwrap();
        let kept: Vec<bool> = digests.iter().map(|digest| cache.contains(*digest)).collect();
        assert_eq!(kept, [false, true, true]);
        let other = self::cache(root.path(), "wasmtime-2-b");
        other.store(digests[0], &[0; 68]).unwrap();
        other.make_room(200).unwrap();
        let kept: Vec<bool> = digests.iter().map(|digest| cache.contains(*digest)).collect();
        assert_eq!(kept, [false, false, true], "all engines share the room");
        assert!(other.contains(digests[0]));
    }
}
