//! A ZIP archive with one file in it, as a stream (APPNOTE.TXT, 4.3).

use std::io::{self, BufRead, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

/// What an archive begins with.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";

/// Bytes of a local file header in front of the name.
const HEADER: usize = 30;
/// The flag of entries whose sizes and checksum stand behind them.
const BEHIND: u16 = 1 << 3;

/// What one entry says of itself.
struct Entry {
    flags: u16,
    method: u16,
    sum: u32,
    size: u64,
    name: String,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}

fn unsupported(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what.to_string())
}

/// The contents of the only file of an archive.
///
/// # Errors
/// When there is more than one, it is a workbook, encrypted, or compressed in another way than Deflate.
pub(super) fn only_file<'a>(mut archive: Box<dyn BufRead + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let entry = loop {
        let Some(entry) = entry(&mut archive)? else { return Err(unsupported("it holds no file")) };
        if !entry.name.ends_with('/') {
            break entry;
        }
    };
    if ["[Content_Types].xml", "_rels/", "xl/", "docProps/", "mimetype"]
        .iter()
        .any(|part| entry.name.starts_with(part))
    {
        return Err(unsupported(
            "it is a workbook or a document in a form that is not read. Save the sheet as .xlsx or CSV",
        ));
    }
    if entry.flags & 1 != 0 {
        return Err(unsupported("it is encrypted"));
    }
    let sum = Crc::new();
    match entry.method {
        0 if entry.flags & BEHIND == 0 => Ok(Box::new(Contents {
            inner: Inner::Stored(archive.take(entry.size)),
            sum,
            expected: Some(entry.sum),
        })),
        8 => {
            let expected = (entry.flags & BEHIND == 0).then_some(entry.sum);
            Ok(Box::new(Contents { inner: Inner::Deflated(DeflateDecoder::new(archive)), sum, expected }))
        }
        _ => Err(unsupported("its file is compressed in a way that is not read here")),
    }
}

/// The next entry, or nothing where the directory begins.
fn entry(archive: &mut impl BufRead) -> io::Result<Option<Entry>> {
    let mut header = [0; HEADER];
    archive.read_exact(&mut header[..4])?;
    if &header[..4] != MAGIC {
        return Ok(None);
    }
    archive.read_exact(&mut header[4..])?;
    let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
    let (name, extra) = (usize::from(short(26)), usize::from(short(28)));
    let mut rest = vec![0; name + extra];
    archive.read_exact(&mut rest)?;
    let name = String::from_utf8_lossy(&rest[..name]).into_owned();
    Ok(Some(Entry { flags: short(6), method: short(8), sum: long(14), size: u64::from(long(18)), name }))
}

enum Inner<R> {
    Stored(io::Take<R>),
    Deflated(DeflateDecoder<R>),
    Ended,
}

struct Contents<R> {
    inner: Inner<R>,
    sum: Crc,
    /// The checksum, where it stands in front.
    expected: Option<u32>,
}

impl<R: BufRead> Contents<R> {
    /// Compares the checksum, and looks whether another file follows.
    fn leave(&mut self) -> io::Result<()> {
        let mut archive = match std::mem::replace(&mut self.inner, Inner::Ended) {
            Inner::Stored(inner) => {
                if inner.limit() > 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                inner.into_inner()
            }
            Inner::Deflated(inner) => inner.into_inner(),
            Inner::Ended => return Ok(()),
        };
        let sum = match self.expected {
            Some(sum) => sum,
            None => checksum_behind(&mut archive)?,
        };
        if sum != self.sum.sum() {
            return Err(damaged("the checksum is not that of the contents"));
        }
        while let Some(entry) = entry(&mut archive)? {
            // What macOS adds is no file of anybody.
            if !entry.name.ends_with('/') && !entry.name.starts_with("__MACOSX/") {
                return Err(unsupported("it holds several files: upload the log by itself"));
            }
            if entry.flags & BEHIND != 0 {
                break;
            }
            io::copy(&mut (&mut archive).take(entry.size), &mut io::sink())?;
        }
        Ok(())
    }
}

/// The checksum of a data descriptor: with a signature or without, then the sizes, of 4 bytes each or of 8.
fn checksum_behind(archive: &mut impl BufRead) -> io::Result<u32> {
    let mut four = [0; 4];
    archive.read_exact(&mut four)?;
    if &four == b"PK\x07\x08" {
        archive.read_exact(&mut four)?;
    }
    let sum = u32::from_le_bytes(four);
    archive.read_exact(&mut [0; 8])?;
    // Behind sizes of 8 bytes each, the next signature is still to come.
    if !archive.fill_buf()?.starts_with(b"PK") {
        archive.read_exact(&mut [0; 8])?;
    }
    Ok(sum)
}

impl<R: BufRead> Read for Contents<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.inner {
            Inner::Stored(inner) => inner.read(buffer)?,
            Inner::Deflated(inner) => inner.read(buffer)?,
            Inner::Ended => return Ok(0),
        };
        self.sum.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() {
            self.leave()?;
        }
        Ok(count)
    }
}
