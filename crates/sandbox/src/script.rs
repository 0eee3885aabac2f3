//! The archive of a script module: what is in it, and whether it may be taken.
//!
//! Knows zip archives and the rules of [`fuelcell_domain::script`]. There is one way to read an archive that is taken: what
//! the list at its end says, what stands before each file, and what the files are agree, and nothing else is in it.

use fuelcell_domain::limits::{SCRIPT, ScriptLimits};
use fuelcell_domain::script::{SCRIPT_MANIFEST, ScriptPaths, is_native, packages_there};
use fuelcell_domain::seams::InspectError;
use fuelcell_domain::{ReadAt, Reading};
use std::io::{self, Read};
use std::sync::Arc;
use zip::read::ZipFileEntry;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// How an archive begins: with its first file.
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";

/// How its last record begins, the number of its bytes without a comment, and where in it are the number of entries and the
/// size of the list of them.
const ENDING: &[u8] = b"PK\x05\x06";
const ENDING_BYTES: u64 = 22;
const ENTRIES_AT: usize = 10;
const LIST_BYTES_AT: usize = 12;

/// How the record before it begins in archives of a larger kind, and the number of its bytes.
const LARGE: &[u8] = b"PK\x06\x07";
const LARGE_BYTES: u64 = 20;

/// Bytes of the list for each entry beside its path: what every entry has, and what tools add.
const ENTRY_BYTES: usize = 46 + 256;

/// The kind of file in the mode of Unix, and the two that there may be.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScriptFile {
    /// Its path, relative to the root.
    pub(crate) path: String,
    /// Its bytes, unpacked.
    pub(crate) size: u64,
    entry: usize,
}

/// An archive that is as script modules are.
#[derive(Clone)]
pub(crate) struct Archive {
    zip: ZipArchive<Reading>,
    files: Vec<ScriptFile>,
}

impl Archive {
    /// Looks at what the archive says of its files. None is unpacked.
    pub(crate) fn open(bytes: Arc<dyn ReadAt>) -> Result<Self, InspectError> {
        check_ending(&bytes)?;
        let mut zip = ZipArchive::new(Reading::from(bytes, 0)).map_err(unreadable)?;
        if zip.offset() != 0 {
            return Err(invalid("there is something before the archive"));
        }
        if zip.has_duplicate_names() {
            return Err(invalid("a path is there twice"));
        }
        let files = files_of(&zip)?;
        zip.validate_header_consistency().map_err(unreadable)?;
        Ok(Self { zip, files })
    }

    /// The files, in the archive's order.
    pub(crate) fn files(&self) -> &[ScriptFile] {
        &self.files
    }

    /// Unpacks every file, which shows whether it is what the archive says of it.
    pub(crate) fn check_contents(&self) -> Result<(), InspectError> {
        self.files.iter().try_for_each(|file| {
            self.unpack(file).map(drop).map_err(|error| invalid(format!("\"{}\": {error}", file.path)))
        })
    }

    /// The manifest's text.
    pub(crate) fn manifest(&self) -> Result<Vec<u8>, InspectError> {
        let file = self.find(SCRIPT_MANIFEST).ok_or_else(|| {
            invalid(format!("there is no {SCRIPT_MANIFEST} at its root, which says what the script is"))
        })?;
        self.unpack(file).map_err(|error| invalid(format!("{SCRIPT_MANIFEST}: {error}")))
    }

    /// The file of this path.
    pub(crate) fn find(&self, path: &str) -> Option<&ScriptFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The bytes of a file.
    pub(crate) fn unpack(&self, file: &ScriptFile) -> io::Result<Vec<u8>> {
        let mut zip = self.zip.clone();
        let mut content = zip.by_index(file.entry).map_err(io::Error::other)?.take(file.size + 1);
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        match bytes.len() as u64 == file.size {
            true => Ok(bytes),
            false => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "it has another size than the archive says"))
            }
        }
    }
}

/// The list is bounded before anybody reads it, and it is the last thing in the archive.
fn check_ending(bytes: &Arc<dyn ReadAt>) -> Result<(), InspectError> {
    let size = bytes.size();
    if size > SCRIPT.bytes as u64 {
        return Err(too_large(format!("it has {size} bytes; at most {} are taken", SCRIPT.bytes)));
    }
    let mut start = [0; MAGIC.len()];
    let mut ending = [0; ENDING_BYTES as usize];
    let whole = size.checked_sub(ENDING_BYTES).filter(|at| {
        read_exactly(bytes, 0, &mut start) && start == MAGIC && read_exactly(bytes, *at, &mut ending)
    });
    let ending_at =
        whole.filter(|_| ending.starts_with(ENDING) && ending.ends_with(&[0, 0])).ok_or_else(|| {
            invalid("it is not a whole zip archive without a comment, with nothing before or behind it")
        })?;
    let mut large = [0; LARGE.len()];
    if ending_at >= LARGE_BYTES && read_exactly(bytes, ending_at - LARGE_BYTES, &mut large) && large == LARGE
    {
        return Err(invalid("it is a zip64 archive; write a plain one"));
    }
    let entries = usize::from(u16::from_le_bytes([ending[ENTRIES_AT], ending[ENTRIES_AT + 1]]));
    if entries > SCRIPT.files {
        return Err(too_many(entries));
    }
    let list = ending[LIST_BYTES_AT..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
    match list > entries * (ENTRY_BYTES + SCRIPT.path_bytes) {
        true => Err(invalid("the list of its files is longer than paths can be")),
        false => Ok(()),
    }
}

fn read_exactly(bytes: &Arc<dyn ReadAt>, offset: u64, buffer: &mut [u8]) -> bool {
    let mut reading = Reading::from(bytes.clone(), offset);
    reading.read_exact(buffer).is_ok()
}

fn files_of(zip: &ZipArchive<Reading>) -> Result<Vec<ScriptFile>, InspectError> {
    let (mut files, mut paths, mut unpacked) = (Vec::new(), ScriptPaths::default(), 0);
    for number in 0..zip.len() {
        let entry = zip.by_index_data(number).map_err(unreadable)?;
        let path = str::from_utf8(entry.name_raw()).map_err(|_| invalid("a path in it is not UTF-8"))?;
        match path.strip_suffix('/') {
            Some(folder) => paths.add_folder(folder).map_err(invalid)?,
            None => {
                paths.add_file(path).map_err(invalid)?;
                files.push(ScriptFile { path: path.to_owned(), size: entry.size(), entry: number });
            }
        }
        check_kind(&entry, path)?;
        unpacked += entry.size();
        check_sizes(entry.size(), unpacked, paths.len(), path)?;
    }
    Ok(files)
}

/// Only files and folders that anybody can read. The path is one that may be there.
fn check_kind(entry: &ZipFileEntry<'_>, path: &str) -> Result<(), InspectError> {
    if entry.encrypted() {
        return Err(invalid(format!("\"{path}\" is encrypted")));
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(invalid(format!("\"{path}\" is compressed in another way than deflate")));
    }
    let is_folder = path.ends_with('/');
    match entry.unix_mode().map_or(0, |mode| mode & KIND) {
        FOLDER if is_folder => {}
        REGULAR if !is_folder => {}
        // Whoever wrote the archive said nothing of it.
        0 => {}
        _ => {
            return Err(invalid(format!(
                "\"{path}\" is a link or a device; there are only files and folders"
            )));
        }
    }
    if is_folder && entry.size() > 0 {
        return Err(invalid(format!("the folder \"{path}\" has bytes of its own")));
    }
    match is_native(path) {
        false => Ok(()),
        true => Err(InspectError::NativeCode(format!(
            "\"{path}\"; a cell has no processor of its kind, so vendor packages that are sources only, unpacked and \
             without .so, .pyd, .dylib, .dll, .whl and .egg files; {}",
            packages_there()
        ))),
    }
}

fn check_sizes(size: u64, unpacked: u64, count: usize, path: &str) -> Result<(), InspectError> {
    let ScriptLimits { file_bytes, unpacked_bytes, files, .. } = SCRIPT;
    if size > file_bytes {
        return Err(too_large(format!(
            "\"{path}\" has {size} bytes unpacked; at most {file_bytes} are taken"
        )));
    }
    if unpacked > unpacked_bytes {
        return Err(too_large(format!("its files have more than {unpacked_bytes} bytes unpacked")));
    }
    match count > files {
        true => Err(too_many(count)),
        false => Ok(()),
    }
}

fn too_many(files: usize) -> InspectError {
    too_large(format!("it has {files} files and folders or more; at most {} are taken", SCRIPT.files))
}

fn invalid(reason: impl Into<String>) -> InspectError {
    InspectError::Script(reason.into())
}

fn too_large(reason: String) -> InspectError {
    InspectError::ScriptLimit(reason)
}

fn unreadable(error: ZipError) -> InspectError {
    invalid(format!("the archive cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    const MANIFEST: (&str, &[u8]) = (SCRIPT_MANIFEST, br#"{"interface":"0.1","engine":"python"}"#);

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes) in files {
            zip.start_file(*path, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn opened(bytes: &[u8]) -> Result<Archive, InspectError> {
        let archive = Archive::open(Arc::new(bytes.to_vec()))?;
        archive.check_contents().map(|()| archive)
    }

    #[track_caller]
    fn refused(bytes: &[u8]) -> InspectError {
        opened(bytes).err().unwrap()
    }

    /// `bytes` with every `old` replaced by `new`, of the same length.
    fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
        assert_eq!(old.len(), new.len());
        let mut bytes = bytes.to_vec();
        let places: Vec<_> =
            (0..=bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
        assert!(!places.is_empty());
        places.into_iter().for_each(|at| bytes[at..at + new.len()].copy_from_slice(new));
        bytes
    }

    #[test]
    fn files_are_there_as_they_were_packed() {
        let long = b"line\n".repeat(10_000);
        let files = [MANIFEST, ("main.py", b"print(1)"), ("lib/long.py", &long), ("lib/empty.py", b"")];
        let opened = opened(&archive(&files)).unwrap();
        assert_eq!(opened.manifest().unwrap(), MANIFEST.1);
        for (path, bytes) in files {
            assert_eq!(opened.unpack(opened.find(path).unwrap()).unwrap(), bytes, "{path}");
        }
        assert!(opened.find("lib").is_none() && opened.find("other").is_none());
    }

    #[test]
    fn there_is_one_way_to_read_an_archive() {
        let good = archive(&[MANIFEST, ("a.py", b"one"), ("b.py", b"two")]);
        assert!(opened(&good).is_ok());
        let behind = [&good[..], b"x"].concat();
        let before = [b"#!/bin/sh\n", &good[..]].concat();
        let two = [&good[..], &good[..]].concat();
        for (what, bytes) in [
            ("a file behind it", behind),
            ("a file before it", before),
            ("two of them", two),
            ("half of it", good[..good.len() / 2].to_vec()),
            ("nothing", Vec::new()),
            ("a path twice", replaced(&good, b"b.py", b"a.py")),
            ("a path that is another one in the list", {
                let mut bytes = good.clone();
                let at = bytes.windows(4).rposition(|part| part == b"b.py").unwrap();
                bytes[at] = b'c';
                bytes
            }),
        ] {
            assert!(matches!(opened(&bytes), Err(InspectError::Script(_))), "{what}");
        }
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x55;
            // Some fields mean nothing, such as times; whatever is taken has the same files.
            if let Ok(damaged) = opened(&bytes) {
                let files: Vec<_> =
                    damaged.files().iter().map(|file| damaged.unpack(file).unwrap()).collect();
                assert_eq!(files, [MANIFEST.1, b"one", b"two"], "byte {at}");
            }
        }
    }

    #[test]
    fn only_plain_files_and_folders_are_taken() {
        let mut link = ZipWriter::new(Cursor::new(Vec::new()));
        link.add_symlink("a.py", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let link = link.finish().unwrap().into_inner();
        let error = refused(&link).to_string();
        assert!(error.contains("a.py") && error.contains("link"), "{error}");
        let mut locked = archive(&[("a.py", b"x")]);
        for (header, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
            let at = locked.windows(4).position(|part| part == header).unwrap();
            locked[at + flags] |= 1;
        }
        assert!(refused(&locked).to_string().contains("encrypted"));
        for path in ["../a.py", "/a.py", "a/../../b.py", "a\\b.py", "C:a.py"] {
            let error = refused(&archive(&[MANIFEST, (path, b"x")]));
            assert!(
                matches!(&error, InspectError::Script(text) if text.contains("cannot be a path")),
                "{error}"
            );
        }
        let error = refused(&archive(&[MANIFEST, ("lib/_speed.so", b"x")]));
        assert!(
            matches!(&error, InspectError::NativeCode(text) if text.contains("lib/_speed.so") && text.contains("pandas")),
            "{error}"
        );
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_unpacked() {
        let zeros = vec![0; SCRIPT.file_bytes as usize];
        assert!(opened(&archive(&[MANIFEST, ("a.bin", &zeros)])).is_ok());
        let more = [&zeros[..], b"x"].concat();
        assert!(matches!(refused(&archive(&[MANIFEST, ("a.bin", &more)])), InspectError::ScriptLimit(_)));
        let count = (SCRIPT.unpacked_bytes / SCRIPT.file_bytes) as usize;
        let names: Vec<_> = (0..count).map(|number| format!("{number}.bin")).collect();
        let mut many: Vec<_> = names.iter().map(|name| (name.as_str(), &zeros[..])).collect();
        assert!(opened(&archive(&many)).is_ok());
        many.push(("one byte more", b"x"));
        assert!(matches!(refused(&archive(&many)), InspectError::ScriptLimit(_)));
        // One that says less of itself than it is.
        let bomb = archive(&[("a.bin", &[0; 100_000])]);
        let lie = replaced(&bomb, &100_000_u32.to_le_bytes(), &7_u32.to_le_bytes());
        assert!(matches!(refused(&lie), InspectError::Script(_)));
    }

    #[test]
    fn an_archive_is_as_large_as_is_stated() {
        let content = vec![0; SCRIPT.file_bytes as usize];
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let archive = |last: usize| {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            for (path, bytes) in [("a", &content[..]), ("b", &content[..last])] {
                zip.start_file(path, stored).unwrap();
                zip.write_all(bytes).unwrap();
            }
            zip.finish().unwrap().into_inner()
        };
        let most = SCRIPT.bytes - archive(0).len();
        assert!(opened(&archive(most)).is_ok());
        assert!(matches!(refused(&archive(most + 1)), InspectError::ScriptLimit(_)));
    }

    #[test]
    fn files_are_counted() {
        let names: Vec<_> = (0..=SCRIPT.files).map(|number| format!("{number}")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert!(opened(&archive(&files[..SCRIPT.files])).is_ok());
        assert!(matches!(refused(&archive(&files)), InspectError::ScriptLimit(_)));
    }
}
