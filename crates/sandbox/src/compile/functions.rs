//! What a compiler had done when it was cut off: the functions of an engine, kept one by one while it is compiled, so that the
//! next compiler does the rest.
//!
//! They lie in one file beside the engine's compiled code: of each its length, the name that the code generator gives it (a
//! hash of all that its code follows from), its code, and a tag. The key of the tags is the server's for this very module and
//! engine, and only the compiler of this module is given it: what it could write here it could as well write as the module's
//! code. What is not authentic, and all behind it, is thrown away before anything of it is used.

use super::key::{Authenticator, FunctionsKey, TAG_BYTES};
use hmac::Mac;
use parking_lot::{Mutex, MutexGuard};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use wasmtime::CacheStore;

/// Bytes that are kept of one module, less than a compiler may write into a file. Of what is more nothing is kept.
const MAX_BYTES: u64 = 448 << 20;

/// Bytes of one function that are kept. A larger one is compiled again.
const MAX_FUNCTION: usize = 16 << 20;

/// Bytes of a length, which stands first.
const LENGTH_BYTES: usize = 4;

/// Bytes of a function's name, which stands behind its length.
const NAME_BYTES: usize = 32;

type Name = [u8; NAME_BYTES];

/// Where the functions of a module are kept while it is compiled.
pub(super) struct Unfinished {
    pub(super) path: PathBuf,
    pub(super) key: FunctionsKey,
}

impl Unfinished {
    /// Forgets what was kept, because nobody needs it any more.
    pub(super) fn remove(&self) {
        remove(&self.path);
    }
}

/// Forgets what is kept in a file, unless a compiler has it.
pub(super) fn remove_unless_used(path: &Path) {
    if File::open(path).is_ok_and(|file| file.try_lock().is_ok()) {
        remove(path);
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(error.message = %error, "compiled code cannot be removed");
        }
        _ => {}
    }
}

/// Of how many functions a compiler found the code, and of how many it made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) found: u64,
    pub(super) made: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.found, self.made)
    }
}

impl FromStr for Counts {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (found, made) = text.split_once(' ').ok_or(())?;
        let number = |text: &str| text.parse().map_err(|_| ());
        Ok(Self { found: number(found)?, made: number(made)? })
    }
}

/// The file, as a compiler has it.
pub(super) struct Functions(Mutex<Open>);

struct Open {
    file: File,
    key: FunctionsKey,
    found: HashMap<Name, Extent>,
    /// Where the next function goes; none = no more are kept.
    end: Option<u64>,
    max_bytes: u64,
    counts: Counts,
}

/// Where the code of a function is.
#[derive(Clone, Copy)]
struct Extent {
    offset: u64,
    bytes: usize,
}

impl Functions {
    /// Opens the file for the compiler of its module, and reads what is there.
    ///
    /// # Errors
    /// When it cannot be opened, or another compiler has it.
    pub(super) fn open(path: &Path, key: FunctionsKey) -> io::Result<Self> {
        Self::open_with(path, key, MAX_BYTES)
    }

    fn open_with(path: &Path, key: FunctionsKey, max_bytes: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        file.try_lock()?;
        let (found, end) = read(&file, &key)?;
        file.set_len(end)?;
        let counts = Counts::default();
        Ok(Self(Mutex::new(Open { file, key, found, end: Some(end), max_bytes, counts })))
    }

    /// What became of the functions so far.
    pub(super) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Each use leaves it whole.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock()
    }
}

/// The functions of a file, and where they end: before the first that is not whole or not authentic.
fn read(file: &File, key: &FunctionsKey) -> io::Result<(HashMap<Name, Extent>, u64)> {
    let (mut reader, mut found, mut end) = (BufReader::with_capacity(1 << 20, file), HashMap::new(), 0);
    while let Some((name, place)) = read_one(&mut reader, key, end)? {
        end = place.offset + (place.bytes + TAG_BYTES) as u64;
        found.insert(name, place);
    }
    Ok((found, end))
}

fn read_one(reader: &mut impl Read, key: &FunctionsKey, start: u64) -> io::Result<Option<(Name, Extent)>> {
    let (mut length, mut name, mut tag) = ([0; LENGTH_BYTES], [0; NAME_BYTES], [0; TAG_BYTES]);
    if !read_whole(reader, &mut length)? || !read_whole(reader, &mut name)? {
        return Ok(None);
    }
    let bytes = u32::from_le_bytes(length) as usize;
    if bytes > MAX_FUNCTION {
        return Ok(None);
    }
    let mut code = vec![0; bytes];
    if !read_whole(reader, &mut code)? || !read_whole(reader, &mut tag)? {
        return Ok(None);
    }
    let is_authentic = tag_of(key, &name, &code).verify_slice(&tag).is_ok();
    let offset = start + (LENGTH_BYTES + NAME_BYTES) as u64;
    Ok(is_authentic.then_some((name, Extent { offset, bytes })))
}

/// Whether there was as much as was asked for.
fn read_whole(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Names have one length, so that no two functions have the same message.
fn tag_of(key: &FunctionsKey, name: &Name, code: &[u8]) -> Authenticator {
    let mut tag = key.authenticator();
    tag.update(name);
    tag.update(code);
    tag
}

impl Open {
    fn get(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let place = *self.found.get(name)?;
        let mut code = vec![0; place.bytes];
        self.file.read_exact_at(&mut code, place.offset).ok()?;
        self.counts.found += 1;
        Some(code)
    }

    /// Whether the function is kept. When one cannot be, no later one is: the disk may be full.
    fn insert(&mut self, name: &[u8], code: &[u8]) -> bool {
        self.counts.made += 1;
        let Some(end) = self.end else { return false };
        let Ok(name) = Name::try_from(name) else { return false };
        if code.len() > MAX_FUNCTION {
            return false;
        }
        let tag: [u8; TAG_BYTES] = tag_of(&self.key, &name, code).finalize().into_bytes().into();
        let entry = [&(code.len() as u32).to_le_bytes()[..], &name, code, &tag].concat();
        let next = end + entry.len() as u64;
        let is_kept = next <= self.max_bytes && self.file.write_all_at(&entry, end).is_ok();
        self.end = is_kept.then_some(next);
        is_kept
    }
}

/// What a compiler asks. A function that it has just made is not found: every compiler makes the same ones, kept or not.
impl CacheStore for Functions {
    fn get(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.lock().get(name).map(Cow::Owned)
    }

    fn insert(&self, name: &[u8], code: Vec<u8>) -> bool {
        self.lock().insert(name, &code)
    }
}

/// Its key is not to be seen.
impl fmt::Debug for Functions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "functions ({})", self.counts())
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::CodeKey;
    use super::*;
    use fuelcell_domain::Digest;
    use tempfile::TempDir;

    const KEY: FunctionsKey = FunctionsKey([7; 32]);

    /// A file with three functions, of 1, 20 and 3 bytes.
    fn three(folder: &TempDir) -> PathBuf {
        let path = folder.path().join("functions");
        let functions = Functions::open(&path, KEY).unwrap();
        for (name, code) in functions_of_three() {
            assert!(functions.insert(&name, code));
        }
        assert_eq!(functions.counts(), Counts { found: 0, made: 3 });
        path
    }

    fn functions_of_three() -> [(Name, Vec<u8>); 3] {
        [([1; NAME_BYTES], vec![1]), ([2; NAME_BYTES], vec![2; 20]), ([3; NAME_BYTES], vec![3; 3])]
    }

    /// How many of the three are found, which must be the first ones.
    fn found(path: &Path, key: FunctionsKey) -> usize {
        let functions = Functions::open(path, key).unwrap();
        let three = functions_of_three();
        let found: Vec<_> = three.iter().map(|(name, _)| functions.get(name)).collect();
        let count = found.iter().flatten().count();
        for (found, (_, code)) in found.iter().flatten().zip(&three) {
            assert_eq!(&**found, code);
        }
        assert!(found[count..].iter().all(Option::is_none));
        assert_eq!(functions.counts(), Counts { found: count as u64, made: 0 });
        count
    }

    /// Where each of the three ends.
    const ENDS: [usize; 3] = [69, 157, 228];

    #[test]
    fn whole_functions_are_found_again_and_what_was_being_written_is_not() {
        let folder = TempDir::new().unwrap();
        let path = three(&folder);
        let whole = fs::read(&path).unwrap();
        assert_eq!(whole.len(), ENDS[2]);
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let kept = ENDS.iter().filter(|end| **end <= length).count();
            assert_eq!(found(&path, KEY), kept, "{length} bytes");
            let left = [0].iter().chain(&ENDS).nth(kept).copied();
            assert_eq!(fs::metadata(&path).unwrap().len(), left.unwrap() as u64, "{length} bytes");
        }
    }

    #[test]
    fn every_bit_of_a_function_counts() {
        let folder = TempDir::new().unwrap();
        let path = three(&folder);
        let whole = fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &changed).unwrap();
            let before = ENDS.iter().filter(|end| **end <= bit / 8).count();
            assert_eq!(found(&path, KEY), before, "bit {bit}");
        }
    }

    #[test]
    fn functions_are_of_one_module_and_one_engine() {
        let folder = TempDir::new().unwrap();
        let code = CodeKey::derived_from(&[1; 32]);
        let (module, other) = (Digest::of(b"module"), Digest::of(b"other"));
        let own = || code.of_functions(module, "wasmtime-1-a");
        let path = folder.path().join("functions");
        let write = || {
            let functions = Functions::open(&path, own()).unwrap();
            functions_of_three().into_iter().for_each(|(name, code)| assert!(functions.insert(&name, code)));
        };
        write();
        assert_eq!(found(&path, own()), 3);
        let strange = CodeKey::derived_from(&[2; 32]);
        for key in [
            code.of_functions(other, "wasmtime-1-a"),
            code.of_functions(module, "wasmtime-1-b"),
            strange.of_functions(module, "wasmtime-1-a"),
        ] {
            assert_eq!(found(&path, key), 0);
            assert_eq!(fs::metadata(&path).unwrap().len(), 0);
            write();
        }
    }

    #[test]
    fn a_key_of_functions_authenticates_no_code() {
        let code = CodeKey::derived_from(&[1; 32]);
        let module = Digest::of(b"module");
        let of_code: [u8; 32] = code.of_code(module, "wasmtime-1-a").finalize().into_bytes().into();
        assert_ne!(code.of_functions(module, "wasmtime-1-a").0, of_code);
    }

    #[test]
    fn one_compiler_has_the_file_and_what_it_has_is_not_removed() {
        let folder = TempDir::new().unwrap();
        let path = three(&folder);
        let functions = Functions::open(&path, KEY).unwrap();
        assert_eq!(Functions::open(&path, KEY).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        remove_unless_used(&path);
        assert!(path.exists());
        drop(functions);
        remove_unless_used(&path);
        assert!(!path.exists());
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("functions");
        let functions = Functions::open_with(&path, KEY, ENDS[1] as u64).unwrap();
        let kept: Vec<bool> =
            functions_of_three().into_iter().map(|(name, code)| functions.insert(&name, code)).collect();
        assert_eq!(kept, [true, true, false]);
        assert!(!functions.insert(&[4; NAME_BYTES], Vec::new()), "nothing behind a gap");
        assert_eq!(functions.counts(), Counts { found: 0, made: 4 });
        drop(functions);
        assert_eq!(found(&path, KEY), 2);
    }

    #[test]
    fn counts_are_told_as_text() {
        let counts = Counts { found: 3, made: 4 };
        assert_eq!(counts.to_string().parse(), Ok(counts));
        for text in ["", "3", "3 x", "3 4 5", "-1 4"] {
            assert_eq!(text.parse::<Counts>(), Err(()), "{text}");
        }
    }
}
