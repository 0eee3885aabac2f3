//! What a file is, by its content; its name plays no part.

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::bufread::DeflateDecoder;
use fuelcell_records_kit::source::{self, Compression, Refusals, Source, Unpack};
use fuelcell_records_kit::{Stop, excerpt};
use zip::{CompressionMethod, ZipArchive};

use crate::facts::Options;
use crate::zstd::Frames;

/// A file that is open: a stream from which one can go back.
pub trait Seekable: Read + Seek + Send {}

impl<T: Read + Seek + Send> Seekable for T {}

/// Opens the file anew, at its beginning.
pub type Input<'a> = dyn FnMut() -> Result<Box<dyn Seekable>, Stop> + 'a;

const REFUSALS: Refusals = Refusals {
    empty_code: "EmptyFile",
    empty: "A table needs at least a row with the names of its columns.",
    allowed: ALLOWED,
};

const ALLOWED: &str = "CSV and its relatives, JSON lines, a JSON array of objects, Parquet and Excel workbooks (.xlsx), the \
                       first three also as gzip, zstd or zip";

/// Bytes by which a file is recognised, and in which its encoding shows.
const LOOKED_AT: usize = 1 << 18;

/// A file, recognised.
pub(crate) enum Opened {
    Delimited(Text),
    /// Objects one behind the other.
    JsonLines(Text),
    /// One array of objects.
    JsonArray(Text),
    Parquet(Box<dyn Seekable>),
    Workbook(Box<dyn Seekable>),
}

/// A file of text as a stream of UTF-8.
pub(crate) struct Text {
    pub(crate) source: Source<'static>,
    pub(crate) encoding: &'static str,
    /// Whether it is an encoding that was neither said nor marked.
    pub(crate) guessed: bool,
}

pub(crate) fn open(input: &mut Input<'_>, options: &Options) -> Result<Opened, Stop> {
    let mut file = input()?;
    let mut start = [0; 4];
    let read = read_some(&mut file, &mut start).map_err(|error| Stop::unreadable(&error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| Stop::unreadable(&error))?;
    match &start[..read] {
        b"PAR1" => Ok(Opened::Parquet(file)),
        b"PK\x03\x04" => zip(file, input, options),
        b"\x28\xb5\x2f\xfd" => {
            let unpack: Box<Unpack<'static>> = Box::new(|file| Ok(Box::new(Frames::new(file))));
            text(source::open_packed(file, (Compression::Zstd, unpack), &REFUSALS)?, options)
        }
        b"\xd0\xcf\x11\xe0" => Err(Stop::failed(
            "UnsupportedFormat",
            "The file is an old Office file (.xls). Save it as .xlsx or .csv.",
        )),
        _ => text(source::open(file, &REFUSALS)?, options),
    }
}

pub(crate) fn read_some(file: &mut dyn Seekable, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// A workbook is a zip archive, too. Of other archives the one file in it is read.
fn zip(file: Box<dyn Seekable>, input: &mut Input<'_>, options: &Options) -> Result<Opened, Stop> {
    let corrupt = |error: &dyn std::fmt::Display| {
        Stop::failed("CorruptZip", format!("The zip archive cannot be read: {error}. Upload an intact file."))
    };
    let mut archive = ZipArchive::new(file).map_err(|error| corrupt(&error))?;
    if archive.index_for_name("xl/workbook.xml").is_some() {
        return Ok(Opened::Workbook(input()?));
    }
    let names = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned()));
    let names: Vec<String> = names.filter(|name| is_content(name)).collect();
    let [name] = names.as_slice() else {
        let shown: Vec<String> = names.iter().take(10).map(|name| format!("\"{}\"", excerpt(name))).collect();
        let files = names.len();
        return Err(Stop::failed(
            "UnsupportedFormat",
            format!(
                "The zip archive holds {files} files ({}). Upload the one that holds the table.",
                shown.join(", ")
            ),
        ));
    };
    let entry = archive.by_name(name).map_err(|error| corrupt(&error))?;
    let (method, start, length) = (entry.compression(), entry.data_start(), entry.compressed_size());
    let (encrypted, sum) = (entry.encrypted(), entry.crc32());
    drop(entry);
    let start = start.ok_or_else(|| corrupt(&"the file in it has no beginning"))?;
    let mut file = archive.into_inner();
    file.seek(SeekFrom::Start(start)).map_err(|error| Stop::unreadable(&error))?;
    let unpack: Box<Unpack<'static>> = match method {
        _ if encrypted => {
            return Err(Stop::failed(
                "UnsupportedFormat",
                "The zip archive is encrypted. Upload it without a password.",
            ));
        }
        CompressionMethod::Stored => Box::new(move |file| Ok(Box::new(Summed::new(file, sum)))),
        CompressionMethod::Deflated => {
            Box::new(move |file| Ok(Box::new(Summed::new(DeflateDecoder::new(file), sum))))
        }
        other => {
            return Err(Stop::failed(
                "UnsupportedFormat",
                format!(
                    "The zip archive is compressed with {other:?}. Allowed are files stored or deflated."
                ),
            ));
        }
    };
    text(source::open_packed(file.take(length), (Compression::Zip, unpack), &REFUSALS)?, options)
}

/// Whether a name in an archive is a file that somebody put there.
fn is_content(name: &str) -> bool {
    !name.ends_with('/') && !name.starts_with("__MACOSX/") && !name.ends_with(".DS_Store")
}

/// Compares what was read with its checksum.
struct Summed<R> {
    inner: R,
    sum: flate2::Crc,
    expected: u32,
}

impl<R> Summed<R> {
    fn new(inner: R, expected: u32) -> Self {
        Self { inner, sum: flate2::Crc::new(), expected }
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.sum.update(&buffer[..count]);
        match count == 0 && !buffer.is_empty() && self.sum.sum() != self.expected {
            true => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum is not that of the contents"))
            }
            false => Ok(count),
        }
    }
}

fn text(mut source: Source<'static>, options: &Options) -> Result<Opened, Stop> {
    let mut start = Vec::new();
    let mut limited = (&mut source.text).take(LOOKED_AT as u64);
    limited.read_to_end(&mut start).map_err(|error| source.meter.explain(&error))?;
    let name = source.encoding;
    let said = wanted_encoding(options)?;
    let guessed = said.is_none() && name == "UTF-8" && is_single_byte(&start);
    let wanted = said.or_else(|| guessed.then_some(encoding_rs::WINDOWS_1252));
    let again = Cursor::new(start.clone()).chain(source.text);
    let encoding = match wanted {
        Some(encoding) if encoding != encoding_rs::UTF_8 && name == "UTF-8" => {
            let decoder = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(again);
            source.text = Box::new(BufReader::with_capacity(1 << 16, decoder));
            encoding.name()
        }
        _ => {
            source.text = Box::new(again);
            name
        }
    };
    let text = Text { source, encoding, guessed };
    Ok(kind_of(&start)(text))
}

/// Which sort of text it is, by its first bytes.
fn kind_of(start: &[u8]) -> fn(Text) -> Opened {
    let start = start.trim_ascii_start();
    match start {
        [b'{', ..] => Opened::JsonLines,
        [b'[', rest @ ..] if matches!(rest.trim_ascii_start(), [b'{' | b']', ..]) => Opened::JsonArray,
        _ => Opened::Delimited,
    }
}

fn wanted_encoding(options: &Options) -> Result<Option<&'static Encoding>, Stop> {
    let Some(name) = &options.encoding else { return Ok(None) };
    let unknown = || {
        Stop::parameter(format!(
            "encoding is \"{}\", which is no name of the Encoding Standard. Examples are \"utf-8\", \"windows-1252\", \
             \"iso-8859-15\" and \"shift_jis\".",
            excerpt(name)
        ))
    };
    Encoding::for_label(name.as_bytes()).map(Some).ok_or_else(unknown)
}

/// Whether text can only be of an encoding with one byte for a character: it has bytes beyond ASCII, none of them are UTF-8,
/// and all of them are characters of windows-1252. A text in which some are UTF-8 is UTF-8 with faults.
fn is_single_byte(start: &[u8]) -> bool {
    if start.iter().any(|byte| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)) {
        return false;
    }
    let mut rest = start;
    let mut broken = false;
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => return broken && text.is_ascii(),
            Err(error) => {
                let (valid, after) = rest.split_at(error.valid_up_to());
                // What is cut off at the end says nothing.
                let Some(length) = error.error_len() else { return broken && valid.is_ascii() };
                if !valid.is_ascii() {
                    return false;
                }
                broken = true;
                rest = &after[length..];
            }
        }
    }
}

/// All of a small file.
pub(crate) fn read_all(mut file: Box<dyn Seekable>, most: u64, what: &str) -> Result<Vec<u8>, Stop> {
    let size = file.seek(SeekFrom::End(0)).map_err(|error| Stop::unreadable(&error))?;
    if size > most {
        return Err(Stop::failed(
            "TooLarge",
            format!("{what} may have {} MiB; this one has {}. Save it as CSV.", most >> 20, size >> 20),
        ));
    }
    file.seek(SeekFrom::Start(0)).map_err(|error| Stop::unreadable(&error))?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.read_to_end(&mut bytes).map_err(|error| Stop::unreadable(&error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_for_a_character_is_told_from_faults() {
        assert!(is_single_byte(b"ol\xe9,stra\xdfe\n"));
        assert!(!is_single_byte("olé\n".as_bytes()));
        assert!(!is_single_byte(b"ol\xe9,ol\xc3\xa9\n"));
        assert!(!is_single_byte(b"plain\n"));
        assert!(!is_single_byte(b"cut \xc3"));
    }
}
