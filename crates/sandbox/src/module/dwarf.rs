//! What a module brings to say where in its source an address is (DWARF), and how much of it we read.
//!
//! The engine reads it when a trap is put into words: for each frame anew, on the job's thread, with memory of the host's.
//! A few bytes can stand for a huge table, and one table can be read again for each of many entries that name it, so that
//! the size says little. Where the module is compiled, which in a server is a process with limits, the steps are counted
//! that the engine would take; what needs more than some is hidden from it.

use gimli::{
    AttributeValue, DW_AT_abstract_origin, DW_AT_ranges, DW_AT_specification, DW_FORM_implicit_const, Dwarf,
    EndianSlice, LittleEndian, Reader, Section, SectionId, Unit, UnitHeader,
};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{BinaryReaderError, Parser, Payload};

/// The most that is looked at of one module.
const MAX_BYTES: usize = 4 << 20;

/// Steps of what the engine reads for one frame: attributes, entries of range lists, bytes of line programs, pieces of
/// paths. A server of the development profile took 0.1 µs for each, so that a trap of [`BACKTRACE_FRAMES`] takes 0.6 s.
///
/// [`BACKTRACE_FRAMES`]: crate::run::outcome::BACKTRACE_FRAMES
const MAX_STEPS: u64 = 250_000;

/// Steps of all units together. Only those that speak of a frame's address are read for it, so that a large module may
/// have more of them than one frame.
const MAX_STEPS_IN_ALL: u64 = 20_000_000;

/// Bytes of a path that are put together in one step.
const PATH_PIECE: u64 = 16;

/// Attributes of one shape of entries; compilers write about a dozen.
const MAX_ATTRIBUTES: u64 = 24;

/// Entries that one entry's name is looked for in, one naming the next.
const MAX_REFERENCES: usize = 16;

/// How the names of its sections begin.
const PREFIX: &str = ".debug_";

/// The module as the engine is to see it: where a module in it brings too much, or what cannot be read, its sections get a
/// name that the engine passes over.
pub(crate) fn bounded(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, BinaryReaderError> {
    let modules = debug_sections(&bytes)?;
    let is_large = modules.iter().flatten().map(|section| section.content.len()).sum::<usize>() > MAX_BYTES;
    let mut in_all = Steps(MAX_STEPS_IN_ALL);
    let mut names = Vec::new();
    for sections in modules {
        if is_large || is_welcome(&mut in_all, &bytes, &sections).is_none() {
            names.extend(sections.into_iter().map(|section| section.name));
        }
    }
    if names.is_empty() {
        return Ok(bytes);
    }
    let mut bytes = bytes.into_owned();
    for name in names {
        bytes[name].fill(b'_');
    }
    Ok(Cow::Owned(bytes))
}

/// Where the name and the content of a section lie.
struct DebugSection {
    name: Range<usize>,
    content: Range<usize>,
}

/// The sections of each module that has some. Nested modules are looked through too.
fn debug_sections(bytes: &[u8]) -> Result<Vec<Vec<DebugSection>>, BinaryReaderError> {
    // What is open, outermost first, and what is done.
    let (mut open, mut done) = (Vec::<Vec<_>>::new(), Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { .. } => open.push(Vec::new()),
            Payload::End(_) => done.extend(open.pop()),
            Payload::CustomSection(section) if section.name().starts_with(PREFIX) => {
                let start = section.data_offset();
                let name = start - section.name().len()..start;
                let found = DebugSection { name, content: start..start + section.data().len() };
                if let Some(innermost) = open.last_mut() {
                    innermost.push(found);
                }
            }
            _ => {}
        }
    }
    done.retain(|sections| !sections.is_empty());
    Ok(done)
}

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// None where there are too many steps, or where something cannot be read.
type Counted<T = ()> = Option<T>;

/// The steps that are left.
struct Steps(u64);

impl Steps {
    fn take(&mut self, steps: u64) -> Counted {
        self.0 = self.0.checked_sub(steps)?;
        Some(())
    }
}

/// Counts what the engine reads for a frame of a module: some of all units, and the rest of those that speak of the same
/// address.
fn is_welcome(in_all: &mut Steps, bytes: &[u8], sections: &[DebugSection]) -> Counted {
    let content = |section: &DebugSection| (&bytes[section.name.clone()], &bytes[section.content.clone()]);
    let named: HashMap<_, _> = sections.iter().map(content).collect();
    let load = |id: SectionId| {
        let content = named.get(id.name().as_bytes()).copied().unwrap_or_default();
        Ok::<_, gimli::Error>(EndianSlice::new(content, LittleEndian))
    };
    let dwarf = Dwarf::load(load).ok()?;
    let mut always = Steps(MAX_STEPS);
    // Where units begin and end, and how many steps more or fewer are taken from there on.
    let mut changes: Vec<(u64, i64)> = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().ok()? {
        always.of_abbreviations(&dwarf, &header)?;
        let unit = dwarf.unit(header).ok()?;
        always.of_files(&dwarf, &unit)?;
        let mut own = Steps(MAX_STEPS);
        own.of_unit(&dwarf, &unit)?;
        let steps = MAX_STEPS - own.0;
        in_all.take(steps)?;
        let before = changes.len();
        if let Ok(mut ranges) = dwarf.unit_ranges(&unit) {
            while let Some(range) = ranges.next().ok()? {
                always.take(1)?;
                if range.begin < range.end {
                    changes.push((range.begin, steps.cast_signed()));
                    changes.push((range.end, -steps.cast_signed()));
                }
            }
        }
        // One that does not say of which addresses it speaks is read for all.
        if changes.len() == before {
            always.take(steps)?;
        }
    }
    // At one address, what ends there ends first.
    changes.sort_unstable();
    let mut at_once = 0;
    let most = changes.into_iter().map(|(_, change)| {
        at_once += change;
        at_once
    });
    always.take(most.max().unwrap_or_default().cast_unsigned())
}

impl Steps {
    /// The shapes of a unit's entries. They are read anew for each unit that names them.
    fn of_abbreviations(&mut self, dwarf: &Dwarf<Bytes<'_>>, header: &UnitHeader<Bytes<'_>>) -> Counted {
        let mut input = *dwarf.debug_abbrev.reader();
        input.skip(header.debug_abbrev_offset().0).ok()?;
        while !input.is_empty() && input.read_uleb128().ok()? != 0 {
            input.read_uleb128().ok()?;
            input.read_u8().ok()?;
            let mut attributes = Steps(MAX_ATTRIBUTES);
            loop {
                self.take(1)?;
                let (name, form) = (input.read_uleb128().ok()?, input.read_uleb128().ok()?);
                if (name, form) == (0, 0) {
                    break;
                }
                attributes.take(1)?;
                if form == u64::from(DW_FORM_implicit_const.0) {
                    input.read_sleb128().ok()?;
                }
            }
        }
        Some(())
    }

    /// The names of files and directories, which stand before a line program.
    fn of_files(&mut self, dwarf: &Dwarf<Bytes<'_>>, unit: &Unit<Bytes<'_>>) -> Counted {
        let Some(program) = &unit.line_program else { return Some(()) };
        let header = program.header();
        self.take(header.include_directories().len() as u64)?;
        let length = |value| dwarf.attr_string(unit, value).map_or(0, |text| text.len() as u64);
        let root = unit.comp_dir.map_or(0, |directory| directory.len() as u64);
        for file in header.file_names() {
            let directory = file.directory(header).map_or(0, length);
            self.take(1 + (root + directory + length(file.path_name())) / PATH_PIECE)?;
        }
        Some(())
    }

    /// What is read of a unit once it speaks of the address.
    fn of_unit(&mut self, dwarf: &Dwarf<Bytes<'_>>, unit: &Unit<Bytes<'_>>) -> Counted {
        if let Some(program) = &unit.line_program {
            // Each byte makes one row at most.
            self.take(program.header().raw_program_buf().len() as u64)?;
        }
        // How many attributes an entry has, and which entry it names.
        let mut known = HashMap::new();
        let mut entries = unit.entries_raw(None).ok()?;
        while !entries.is_empty() {
            let offset = entries.next_offset();
            self.take(1)?;
            let Some(abbreviation) = entries.read_abbreviation().ok()? else { continue };
            let mut named = None;
            for specification in abbreviation.attributes() {
                self.take(1)?;
                let attribute = entries.read_attribute(*specification).ok()?;
                if attribute.name() == DW_AT_ranges {
                    self.of_ranges(dwarf, unit, attribute.value())?;
                }
                if [DW_AT_abstract_origin, DW_AT_specification].contains(&attribute.name()) {
                    match attribute.value() {
                        AttributeValue::UnitRef(offset) => named = Some(offset),
                        // In another unit: as much as there can be.
                        _ => self.take(MAX_ATTRIBUTES * MAX_REFERENCES as u64)?,
                    }
                }
            }
            known.insert(offset, (abbreviation.attributes().len() as u64, named));
        }
        for (_, named) in known.values() {
            let chain = std::iter::successors(*named, |offset| known.get(offset)?.1);
            for offset in chain.take(MAX_REFERENCES) {
                self.take(known.get(&offset)?.0)?;
            }
        }
        Some(())
    }

    fn of_ranges(
        &mut self,
        dwarf: &Dwarf<Bytes<'_>>,
        unit: &Unit<Bytes<'_>>,
        value: AttributeValue<Bytes<'_>>,
    ) -> Counted {
        let Some(offset) = dwarf.attr_ranges_offset(unit, value).ok()? else { return Some(()) };
        let mut ranges = dwarf.raw_ranges(unit, offset).ok()?;
        while ranges.next().ok()?.is_some() {
            self.take(1)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{Component, CustomSection, Module, ModuleSection};

    fn component(sections: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&CustomSection { name: "name".into(), data: Cow::Owned(vec![0; 8]) });
        for (name, content) in sections {
            module.section(&CustomSection { name: (*name).into(), data: content.into() });
        }
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.finish()
    }

    /// A length of what follows it, as in DWARF of 32 bits.
    fn sized(content: Vec<u8>) -> Vec<u8> {
        [&u32::try_from(content.len()).unwrap().to_le_bytes()[..], &content].concat()
    }

    /// A unit (version 4) of these entries, whose shapes begin at `abbreviations`.
    fn unit(abbreviations: u32, entries: &[u8]) -> Vec<u8> {
        sized([&[4, 0][..], &abbreviations.to_le_bytes(), &[4], entries].concat())
    }

    /// A line program (version 4) of one directory, these files in it, and these opcodes.
    fn line_program(directory: &str, files: usize, opcodes: &[u8]) -> Vec<u8> {
        let lengths: [u8; 12] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
        let directories = [directory.as_bytes(), b"\0\0"].concat();
        let files = [b"f\0\x01\0\0".repeat(files), vec![0]].concat();
        let fields = [&[1, 1, 1, 0xfb, 14, 13][..], &lengths, &directories, &files].concat();
        sized([&[4, 0][..], &sized(fields), opcodes].concat())
    }

    /// One shape: a unit with a line program; another: a function with a list of ranges.
    const SHAPES: &[u8] = &[1, 0x11, 1, 0x10, 0x17, 0, 0, 2, 0x2e, 0, 0x55, 0x17, 0, 0, 0];

    fn is_hidden(sections: &[(&str, Vec<u8>)]) -> bool {
        let bytes = component(sections);
        let bounded = bounded(Cow::Borrowed(&bytes)).unwrap();
        let names = debug_sections(&bounded).unwrap();
        assert_eq!(bounded.len(), bytes.len());
        assert!(names.is_empty() || *bounded == *bytes);
        names.is_empty()
    }

    fn with_lines(program: Vec<u8>) -> [(&'static str, Vec<u8>); 3] {
        let info = unit(0, &[1, 0, 0, 0, 0, 0]);
        [(".debug_info", info), (".debug_abbrev", SHAPES.to_vec()), (".debug_line", program)]
    }

    #[test]
    fn what_compilers_write_stays() {
        assert!(!is_hidden(&with_lines(line_program("src", 3, &[20; 1_000]))));
    }

    #[test]
    fn lines_of_a_text_stay() {
        let text = "(module (func $f unreachable) (func (export \"g\") call $f))";
        let module =
            wat::Parser::new().generate_dwarf(wat::GenerateDwarf::Lines).parse_str(None, text).unwrap();
        assert!(!debug_sections(&module).unwrap().is_empty());
        assert_eq!(bounded(Cow::Borrowed(&module)).unwrap(), module);
    }

    #[test]
    fn more_bytes_than_are_looked_at_are_hidden_and_all_else_stays_as_it_is() {
        let bytes = component(&[(".debug_str", vec![0; MAX_BYTES + 1])]);
        let bounded = bounded(Cow::Borrowed(&bytes)).unwrap();
        let changed = bytes.iter().zip(&*bounded).filter(|(before, after)| before != after).count();
        assert_eq!((bounded.len(), changed), (bytes.len(), ".debug_str".len() - 1));
        assert!(!is_hidden(&[(".debug_str", vec![0; MAX_BYTES])]));
    }

    #[test]
    fn a_line_program_of_a_million_rows_is_hidden() {
        assert!(is_hidden(&with_lines(line_program("src", 1, &[20; 1 << 20]))));
    }

    #[test]
    fn many_files_in_one_long_directory_are_hidden() {
        assert!(is_hidden(&with_lines(line_program(&"d".repeat(20_000), 1_000, &[]))));
    }

    #[test]
    fn many_functions_with_one_long_list_of_ranges_are_hidden() {
        let functions = [2, 0, 0, 0, 0].repeat(2_000);
        let info = unit(0, &[&[1, 0, 0, 0, 0][..], &functions, &[0]].concat());
        let ranges = [[1, 0, 0, 0, 2, 0, 0, 0].repeat(2_000), vec![0; 8]].concat();
        let rest = with_lines(line_program("src", 1, &[]));
        let [_, abbreviations, lines] = rest;
        assert!(is_hidden(&[(".debug_info", info), abbreviations, lines, (".debug_ranges", ranges)]));
    }

    #[test]
    fn many_units_of_the_same_many_shapes_are_hidden() {
        let shape = [1, 0x11, 0, 0x3f, 0x19, 0, 0];
        let shapes =
            [(1..=100).flat_map(|code| [&[code][..], &shape[1..]].concat()).collect(), vec![0]].concat();
        let info = unit(0, &[1]).repeat(5_000);
        assert!(is_hidden(&[(".debug_info", info), (".debug_abbrev", shapes)]));
    }

    /// Units with 1,000 rows each that speak of addresses this far from one another.
    fn units_apart(distance: u32) -> bool {
        let shapes = vec![1, 0x11, 0, 0x11, 1, 0x12, 6, 0x10, 0x17, 0, 0, 0];
        let one = |number: u32| {
            let low = 16 + number * distance;
            unit(0, &[&[1][..], &low.to_le_bytes(), &16_u32.to_le_bytes(), &[0; 4]].concat())
        };
        let info = (0..1_000).flat_map(one).collect();
        let lines = line_program("src", 1, &[20; 1_000]);
        is_hidden(&[(".debug_info", info), (".debug_abbrev", shapes), (".debug_line", lines)])
    }

    #[test]
    fn many_units_stay_where_each_speaks_of_its_own_addresses() {
        assert!(!units_apart(16));
        assert!(units_apart(0));
    }

    #[test]
    fn shapes_of_more_attributes_than_compilers_write_are_hidden() {
        let shapes = [&[1, 0x11, 0][..], &[0x3f, 0x19].repeat(100), &[0, 0, 0]].concat();
        assert!(is_hidden(&[(".debug_info", unit(0, &[1])), (".debug_abbrev", shapes)]));
    }

    #[test]
    fn names_that_are_looked_for_in_many_entries_are_counted() {
        // A function that names itself as its origin, with twenty flags: offset 11 is the first entry's.
        let shape = [&[1, 0x2e, 0, 0x31, 0x13][..], &[0x3f, 0x19].repeat(20), &[0, 0, 0]].concat();
        let entries = [1, 11, 0, 0, 0];
        let hidden = |count| {
            is_hidden(&[(".debug_info", unit(0, &entries.repeat(count))), (".debug_abbrev", shape.clone())])
        };
        assert!(!hidden(100));
        assert!(hidden(1_000));
    }

    #[test]
    fn what_cannot_be_read_is_hidden() {
        assert!(is_hidden(&[(".debug_info", vec![7; 100])]));
    }
}
