//! The outermost sections of a binary, as byte ranges: nested modules are opaque here.

use std::ops::Range;
use wasmparser::{BinaryReader, BinaryReaderError};

/// Magic number and version.
const HEADER_BYTES: usize = 8;

/// The section id of custom sections.
const CUSTOM: u8 = 0;

/// A section of the outermost component.
pub(crate) struct Section<'a> {
    /// Where it lies, its id and length included.
    pub(crate) range: Range<usize>,
    /// Name and content, when it is a custom section.
    pub(crate) custom: Option<(&'a str, &'a [u8])>,
}

/// All sections after the header, in order.
pub(crate) fn outermost(bytes: &[u8]) -> Result<Vec<Section<'_>>, BinaryReaderError> {
    let mut reader = BinaryReader::new(bytes, 0);
    reader.read_bytes(HEADER_BYTES)?;
    let mut sections = Vec::new();
    while !reader.eof() {
        sections.push(section(&mut reader)?);
    }
    Ok(sections)
}

fn section<'a>(reader: &mut BinaryReader<'a>) -> Result<Section<'a>, BinaryReaderError> {
    let start = reader.original_position();
    let id = reader.read_u8()?;
    let length = reader.read_var_u32()? as usize;
    let content_start = reader.original_position();
    let content = reader.read_bytes(length)?;
    let custom = match id {
        CUSTOM => Some(custom(BinaryReader::new(content, content_start))?),
        _ => None,
    };
    Ok(Section { range: start..reader.original_position(), custom })
}

fn custom<'a>(mut reader: BinaryReader<'a>) -> Result<(&'a str, &'a [u8]), BinaryReaderError> {
    let name = reader.read_string()?;
    let rest = reader.bytes_remaining();
    Ok((name, reader.read_bytes(rest)?))
}
