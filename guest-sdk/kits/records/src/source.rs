//! From the bytes of a file to text: decompression and encoding, with nothing but a few buffers in memory.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Read};
use std::mem;
use std::rc::Rc;

use crate::error::Stop;
use crate::gzip::Gzip;
use crate::utf16::Utf16;

/// What is read from the host at once.
const BUFFER: usize = 1 << 18;

/// What is decompressed or converted at once when somebody looks at the first bytes. It is less than readers ask for, so
/// that everything else goes straight to their buffers.
const PEEKED: usize = 1 << 14;

/// What gzip begins with.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip, member after member.
    Gzip,
    /// An archive with one file.
    Zip,
    /// Zstandard, frame after frame.
    Zstd,
}

impl Compression {
    /// As users know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zip => "zip",
            Self::Zstd => "zstd",
        }
    }

    /// The code of a stream that ends in the middle, and of one that is damaged.
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Gzip => ("TruncatedGzip", "CorruptGzip"),
            Self::Zip => ("TruncatedZip", "CorruptZip"),
            Self::Zstd => ("TruncatedZstd", "CorruptZstd"),
        }
    }
}

/// What passed through the lowest layer.
#[derive(Debug, Default)]
pub struct Meter {
    bytes: Cell<u64>,
    failure: RefCell<Option<Stop>>,
    compression: Cell<Option<Compression>>,
    trailing: Rc<Cell<bool>>,
}

impl Meter {
    /// Bytes of the file read so far, compressed as they are.
    pub fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Whether something that is no gzip follows the last member of what was read.
    pub fn has_trailing_bytes(&self) -> bool {
        self.trailing.get()
    }

    /// Says that so many bytes of the file were read, for a text that is made of another format.
    pub fn at(&self, bytes: u64) {
        self.bytes.set(bytes);
    }

    /// Keeps why reading cannot go on, and gives the error that says so to the layers above.
    pub fn fail(&self, stop: Stop) -> io::Error {
        let error = io::Error::other(stop.message.clone());
        *self.failure.borrow_mut() = Some(stop);
        error
    }

    /// The right words for an error that came up through the layers.
    pub fn explain(&self, error: &io::Error) -> Stop {
        if let Some(failure) = self.failure.borrow().as_ref() {
            return failure.clone();
        }
        let position = self.bytes();
        let Some(compression) = self.compression.get() else {
            return Stop::failed(
                "CorruptInput",
                format!("The file cannot be read near byte {position}: {error}"),
            );
        };
        let (name, (truncated, corrupt)) = (compression.name(), compression.codes());
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Stop::failed(
                truncated,
                format!(
                    "The {name} stream ends in the middle, after {position} bytes. Upload the whole file again."
                ),
            ),
            io::ErrorKind::Unsupported => {
                Stop::failed("UnsupportedFormat", format!("The {name} file is not read: {error}."))
            }
            _ => Stop::failed(
                corrupt,
                format!(
                    "The {name} stream is damaged near byte {position} ({error}). Upload an intact file."
                ),
            ),
        }
    }
}

struct Metered<R> {
    inner: R,
    meter: Rc<Meter>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        match &result {
            Ok(count) => self.meter.bytes.set(self.meter.bytes.get() + *count as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                *self.meter.failure.borrow_mut() = Some(Stop::unreadable(error));
            }
        }
        result
    }
}

/// How a file is refused, in the words of the job that reads it.
#[derive(Debug, Clone, Copy)]
pub struct Refusals {
    /// The code of a file without a byte, such as `EmptyFile`.
    pub empty_code: &'static str,
    /// What such a file lacks: a sentence.
    pub empty: &'static str,
    /// The formats that are read, such as `.csv and .csv.gz`.
    pub allowed: &'static str,
}

/// A file opened as UTF-8 text.
pub struct Source<'a> {
    /// The text, without byte-order mark.
    pub text: Box<dyn BufRead + 'a>,
    /// The first byte that is no white space, if there is one near the beginning.
    pub first: Option<u8>,
    /// How the file is compressed, if it is.
    pub compression: Option<Compression>,
    /// How the text was encoded.
    pub encoding: &'static str,
    /// Counts bytes of the file.
    pub meter: Rc<Meter>,
}

/// Takes a stream of its packing.
pub type Unpack<'a> = dyn FnOnce(Box<dyn BufRead + 'a>) -> io::Result<Box<dyn Read + 'a>> + 'a;

/// Opens a file by its content; its name plays no part.
///
/// # Errors
/// The code of the refusals without a byte, `UnsupportedFormat` for the archives and binary tables that are uploaded by mistake.
pub fn open<'a>(file: impl Read + 'a, refusals: &Refusals) -> Result<Source<'a>, Stop> {
    let mut bytes = Layers::over(file);
    let start = bytes.start()?;
    if start.is_empty() {
        return Err(bytes.empty(refusals));
    }
    refuse_other_formats(&start, refusals)?;
    if !start.starts_with(GZIP) {
        return bytes.decoded();
    }
    let trailing = Rc::clone(&bytes.meter.trailing);
    bytes.unpack(Compression::Gzip, |bytes| Ok(Box::new(Gzip::new(bytes, trailing))))?;
    refuse_other_formats(&bytes.start()?, refusals)?;
    bytes.decoded()
}

/// Opens a file that is packed as its opener knows; what is in it may be gzip once more.
///
/// # Errors
/// As [`open`] for what is in it.
pub fn open_packed<'a>(
    file: impl Read + 'a,
    (compression, unpack): (Compression, Box<Unpack<'a>>),
    refusals: &Refusals,
) -> Result<Source<'a>, Stop> {
    let mut bytes = Layers::over(file);
    bytes.unpack(compression, unpack)?;
    let start = bytes.start()?;
    if start.is_empty() {
        return Err(bytes.empty(refusals));
    }
    refuse_other_formats(&start, refusals)?;
    if start.starts_with(GZIP) {
        let trailing = Rc::clone(&bytes.meter.trailing);
        bytes.unpack(compression, |bytes| Ok(Box::new(Gzip::new(bytes, trailing))))?;
        refuse_other_formats(&bytes.start()?, refusals)?;
    }
    bytes.decoded()
}

/// A file, and what is laid over it.
struct Layers<'a> {
    bytes: Box<dyn BufRead + 'a>,
    meter: Rc<Meter>,
}

impl<'a> Layers<'a> {
    fn over(file: impl Read + 'a) -> Self {
        let meter = Rc::new(Meter::default());
        let file = Metered { inner: file, meter: Rc::clone(&meter) };
        Self { bytes: Box::new(BufReader::with_capacity(BUFFER, file)), meter }
    }

    fn start(&mut self) -> Result<Vec<u8>, Stop> {
        peek(&mut self.bytes).map_err(|error| self.meter.explain(&error))
    }

    fn empty(&self, refusals: &Refusals) -> Stop {
        let what = match self.meter.compression.get() {
            None => "The file is empty (0 bytes).".to_string(),
            Some(compression) => format!("The file in the {} is empty (0 bytes).", compression.name()),
        };
        Stop::failed(refusals.empty_code, format!("{what} {}", refusals.empty))
    }

    fn unpack(
        &mut self,
        compression: Compression,
        unpack: impl FnOnce(Box<dyn BufRead + 'a>) -> io::Result<Box<dyn Read + 'a>>,
    ) -> Result<(), Stop> {
        self.meter.compression.set(Some(compression));
        let packed = mem::replace(&mut self.bytes, Box::new(io::empty()));
        let unpacked = unpack(packed).map_err(|error| self.meter.explain(&error))?;
        self.bytes = Box::new(BufReader::with_capacity(PEEKED, unpacked));
        Ok(())
    }

    /// As text, whatever its encoding.
    fn decoded(mut self) -> Result<Source<'a>, Stop> {
        let encoding = encoding(&self.start()?);
        match encoding {
            Encoding::Utf8 { mark } => self.bytes.consume(mark),
            Encoding::Utf16 { little } => {
                self.bytes.consume(2);
                self.bytes = Box::new(BufReader::with_capacity(PEEKED, Utf16::new(self.bytes, little)));
            }
        }
        let start = peek(&mut self.bytes).map_err(|error| self.meter.explain(&error))?;
        let first = start.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        let compression = self.meter.compression.get();
        Ok(Source { text: self.bytes, first, compression, encoding: encoding.name(), meter: self.meter })
    }
}

/// The first bytes, without consuming them. A stream may hand out as little as it likes; what decides here are four
/// bytes and the first that is not white space, which every decompressor delivers at once.
fn peek(input: &mut Box<dyn BufRead + '_>) -> io::Result<Vec<u8>> {
    loop {
        match input.fill_buf() {
            Ok(buffer) => return Ok(buffer[..buffer.len().min(512)].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn refuse_other_formats(start: &[u8], refusals: &Refusals) -> Result<(), Stop> {
    const OTHERS: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "a ZIP archive (an .xlsx workbook is one, too)"),
        (b"PAR1", "a Parquet file"),
        (b"\xd0\xcf\x11\xe0", "an old Office file (.xls)"),
        (b"BZh", "a bzip2 archive"),
        (b"\xfd7zXZ", "an xz archive"),
        (b"\x28\xb5\x2f\xfd", "a zstd archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
    ];
    // The mark of a tar archive lies behind the fields of its first file (POSIX.1-1988).
    let tar = || (start.get(257..262) == Some(b"ustar")).then_some("a tar archive");
    let known = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)).map(|&(_, what)| what).or_else(tar);
    // No text holds a zero byte, but for UTF-16; what follows gzip's first bytes is not looked at.
    let text =
        !start.contains(&0) || start.starts_with(GZIP) || matches!(encoding(start), Encoding::Utf16 { .. });
    let zero = start.iter().position(|byte| *byte == 0).filter(|_| !text);
    let binary = zero.map(|at| {
        let line = start[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("binary: there is a zero byte in line {line} (UTF-16 text needs its byte-order mark)")
    });
    match known.map(String::from).or(binary) {
        None => Ok(()),
        Some(what) => Err(Stop::failed(
            "UnsupportedFormat",
            format!("The file is {what}. Allowed are {}.", refusals.allowed),
        )),
    }
}

#[derive(Clone, Copy)]
enum Encoding {
    Utf8 { mark: usize },
    Utf16 { little: bool },
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Utf8 { .. } => "UTF-8",
            Self::Utf16 { little: true } => "UTF-16LE",
            Self::Utf16 { little: false } => "UTF-16BE",
        }
    }
}

fn encoding(start: &[u8]) -> Encoding {
    match start {
        [0xef, 0xbb, 0xbf, ..] => Encoding::Utf8 { mark: 3 },
        [0xff, 0xfe, ..] => Encoding::Utf16 { little: true },
        [0xfe, 0xff, ..] => Encoding::Utf16 { little: false },
        _ => Encoding::Utf8 { mark: 0 },
    }
}
