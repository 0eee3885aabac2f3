//! Text with one byte for a character, as UTF-8.

use std::io::{self, BufRead, Read};

/// What a file declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// windows-1252, which browsers take ISO 8859-1 and ASCII for (Encoding Standard, 4.2).
    Western,
    /// ISO 8859-15.
    Latin9,
}

impl Encoding {
    /// The encoding of a name that stands in an XML declaration. None for UTF-8 and those that are not known.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "iso-8859-1" | "iso8859-1" | "latin1" | "latin-1" | "windows-1252" | "cp1252" | "us-ascii"
            | "ascii" => Some(Self::Western),
            "iso-8859-15" | "iso8859-15" | "latin9" | "latin-9" => Some(Self::Latin9),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Western => "windows-1252",
            Self::Latin9 => "ISO-8859-15",
        }
    }

    fn char(self, byte: u8) -> char {
        // Bytes 0x80 to 0x9f of windows-1252; those that mean nothing stay control characters.
        const WESTERN: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
        match (self, byte) {
            (Self::Western, 0x80..=0x9f) => {
                WESTERN.chars().nth(usize::from(byte - 0x80)).unwrap_or('\u{fffd}')
            }
            (Self::Latin9, 0xa4) => '€',
            (Self::Latin9, 0xa6) => 'Š',
            (Self::Latin9, 0xa8) => 'š',
            (Self::Latin9, 0xb4) => 'Ž',
            (Self::Latin9, 0xb8) => 'ž',
            (Self::Latin9, 0xbc) => 'Œ',
            (Self::Latin9, 0xbd) => 'œ',
            (Self::Latin9, 0xbe) => 'Ÿ',
            (_, byte) => char::from(byte),
        }
    }
}

/// Reads such text and hands out UTF-8.
pub(super) struct SingleByte<R> {
    inner: R,
    encoding: Encoding,
    ready: Vec<u8>,
    handed_out: usize,
}

impl<R: BufRead> SingleByte<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        Self { inner, encoding, ready: Vec::new(), handed_out: 0 }
    }
}

impl<R: BufRead> Read for SingleByte<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const BLOCK: usize = 1 << 14;
        if self.handed_out == self.ready.len() {
            self.ready.clear();
            self.handed_out = 0;
            let bytes = self.inner.fill_buf()?;
            let count = bytes.len().min(BLOCK);
            let mut utf8 = [0; 4];
            for &byte in &bytes[..count] {
                self.ready.extend_from_slice(self.encoding.char(byte).encode_utf8(&mut utf8).as_bytes());
            }
            self.inner.consume(count);
        }
        let count = buffer.len().min(self.ready.len() - self.handed_out);
        buffer[..count].copy_from_slice(&self.ready[self.handed_out..self.handed_out + count]);
        self.handed_out += count;
        Ok(count)
    }
}
