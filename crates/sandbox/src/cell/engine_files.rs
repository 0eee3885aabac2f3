//! The files that an engine brings, such as libraries that are read while it runs: custom sections at the beginning of its
//! component. A section's name is [`PREFIX`], the directory that guests see, `//`, and the path in it; its content is the file.
//!
//! They are read where they lie, as inputs are, and take none of the job's memory.

use super::script::make_folders;
use crate::files::{self, ErrorCode, Preopen, Tree, Volume};
use fuelcell_domain::ReadAt;
use std::io;
use std::sync::Arc;

/// How the name of a section begins that is a file.
const PREFIX: &str = "fuelcell:file ";

/// Bytes of a component before its first section.
const PREAMBLE: u64 = 8;

/// The kind of a custom section.
const CUSTOM: u8 = 0;

/// What is read to know a section: its kind, sizes and name.
const HEAD: usize = 1 << 10;

/// The name of the section that is a file.
pub(crate) fn section_name(directory: &str, path: &str) -> String {
    format!("{PREFIX}{directory}//{path}")
}

/// The directories with the engine's files, read-only.
pub(super) fn engine_files(engine: Arc<dyn ReadAt>, volume: &Arc<Volume>) -> files::Result<Vec<Preopen>> {
    let mut directories: Vec<Preopen> = Vec::new();
    let mut at = PREAMBLE;
    while let Some(Section { name, start, size }) = section(engine.as_ref(), at).map_err(|_| ErrorCode::Io)? {
        at = start + size;
        let Some((path, file)) = name.strip_prefix(PREFIX).and_then(|name| name.split_once("//")) else {
            break;
        };
        let tree = match directories.iter().find(|directory| directory.path == path) {
            Some(directory) => directory.tree.clone(),
            None => {
                let tree = Tree::new(volume);
                directories.push(Preopen { path: path.to_owned(), tree: tree.clone() });
                tree
            }
        };
        make_folders(&tree, file)?;
        tree.add_input(file, Arc::new(Part { bytes: engine.clone(), start, size }))?;
    }
    for directory in &mut directories {
        directory.tree = directory.tree.read_only();
    }
    Ok(directories)
}

/// A custom section: its name, and where what follows the name lies.
#[derive(Debug, PartialEq, Eq)]
struct Section {
    name: String,
    start: u64,
    size: u64,
}

/// The custom section at a place; none = there is another one, or the end.
fn section(bytes: &dyn ReadAt, at: u64) -> io::Result<Option<Section>> {
    let mut head = [0; HEAD];
    let mut filled = 0;
    while filled < HEAD {
        match bytes.read_at(at + filled as u64, &mut head[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(read_head(&head[..filled], at).filter(|section| section.start + section.size <= bytes.size()))
}

fn read_head(head: &[u8], at: u64) -> Option<Section> {
    let (kind, rest) = head.split_first()?;
    let (length, rest) = number(rest)?;
    let end = at + (head.len() - rest.len()) as u64 + u64::from(length);
    let (name_length, rest) = number(rest)?;
    let (name, rest) = rest.split_at_checked(name_length as usize)?;
    let start = at + (head.len() - rest.len()) as u64;
    let name = String::from_utf8(name.to_vec()).ok()?;
    (*kind == CUSTOM).then_some(Section { name, start, size: end.checked_sub(start)? })
}

/// A number in LEB128, and what follows.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let length = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)? + 1;
    let (digits, rest) = bytes.split_at(length);
    let value = digits.iter().rev().fold(0_u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Some((u32::try_from(value).ok()?, rest))
}

/// A part of something longer.
struct Part {
    bytes: Arc<dyn ReadAt>,
    start: u64,
    size: u64,
}

impl ReadAt for Part {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(offset);
        let count = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.bytes.read_at(self.start + offset, &mut buffer[..count])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{Component, CustomSection};

    fn component(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut component = Component::new();
        for (name, data) in sections {
            component.section(&CustomSection { name: (*name).into(), data: (*data).into() });
        }
        component.finish()
    }

    #[test]
    fn a_section_is_found_with_its_content() {
        let long = vec![7; 300];
        let bytes = component(&[("a", b"x"), ("b", &long)]);
        let first = section(&bytes, PREAMBLE).unwrap().unwrap();
        assert_eq!((first.name.as_str(), first.size), ("a", 1));
        let second = section(&bytes, first.start + first.size).unwrap().unwrap();
        let part = Part { bytes: Arc::new(bytes.clone()), start: second.start, size: second.size };
        let mut read = [0; 8];
        assert_eq!((part.size(), part.read_at(296, &mut read).unwrap()), (300, 4));
        assert_eq!(read, [7, 7, 7, 7, 0, 0, 0, 0]);
        assert_eq!(section(&bytes, second.start + second.size).unwrap(), None);
    }

    #[test]
    fn what_is_no_whole_custom_section_is_none() {
        let whole = component(&[("name", b"content")]);
        for end in PREAMBLE as usize..whole.len() {
            assert_eq!(section(&whole[..end].to_vec(), PREAMBLE).unwrap(), None, "{end}");
        }
        for head in [&b"\x01\x02\x00\x00"[..], b"\x00\xff\xff\xff\xff\xff\x01", b"\x00\x01\x05abcde"] {
            assert_eq!(read_head(head, 0), None, "{head:?}");
        }
    }
}
