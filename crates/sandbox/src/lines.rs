//! What a module brings to say where in its source an address is (DWARF), and how much of it we read.
//!
//! The engine reads it when a trap is put into words: for each frame, on the job's thread, with memory of the host's. A
//! small line program can stand for a huge table, so that only little of it is welcome.

use std::borrow::Cow;
use std::ops::Range;
use wasmparser::{BinaryReaderError, Parser, Payload};

/// The most that is read of one module: what compilers write of lines for megabytes of code.
const MAX_BYTES: usize = 4 << 20;

/// How the names of its sections begin.
const PREFIX: &str = ".debug_";

/// The module as the engine is to see it: where it brings too much, the sections get a name that the engine passes over.
pub(crate) fn bounded(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, BinaryReaderError> {
    let names = debug_sections(&bytes)?;
    if names.iter().map(|(_, size)| size).sum::<usize>() <= MAX_BYTES {
        return Ok(bytes);
    }
    let mut bytes = bytes.into_owned();
    for (name, _) in names {
        bytes[name].fill(b'_');
    }
    Ok(Cow::Owned(bytes))
}

/// Where the names of the sections lie, and how many bytes each section has. Nested modules are looked through too.
fn debug_sections(bytes: &[u8]) -> Result<Vec<(Range<usize>, usize)>, BinaryReaderError> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CustomSection(section) = payload?
            && section.name().starts_with(PREFIX)
        {
            let end = section.data_offset();
            found.push((end - section.name().len()..end, section.data().len()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{Component, CustomSection, Module, ModuleSection};

    fn component(debug: usize) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&CustomSection { name: "name".into(), data: Cow::Owned(vec![0; 8]) });
        module.section(&CustomSection { name: ".debug_line".into(), data: Cow::Owned(vec![0; debug]) });
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.finish()
    }

    #[test]
    fn as_much_as_is_welcome_stays() {
        let bytes = component(MAX_BYTES);
        assert_eq!(bounded(Cow::Borrowed(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn more_is_hidden_and_all_else_stays_as_it_is() {
        let bytes = component(MAX_BYTES + 1);
        let bounded = bounded(Cow::Borrowed(&bytes)).unwrap();
        assert_eq!(debug_sections(&bounded).unwrap(), []);
        let changed = bytes.iter().zip(&*bounded).filter(|(before, after)| before != after).count();
        assert_eq!((bounded.len(), changed), (bytes.len(), ".debug_line".len() - 1));
    }
}
