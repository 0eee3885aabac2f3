//! Modules whose debug information (DWARF) is the attack: the host reads it when it puts their trap into words, once for
//! each of the many functions that the trap is deep in.

use crate::Expected::Fails;
use crate::guests::component;
use crate::{Attack, attack};
use fuelcell_domain::ErrorCode::Trap;

/// Functions that call one another before the last one traps: more than a backtrace shows.
const DEPTH: usize = 80;

/// The opcode for a new row, one address on.
const ROW: u8 = 32;

/// The shapes of a unit over all addresses with a line program, and of a function with a list of ranges.
const SHAPES: &[u8] = &[
    1, 0x11, 1, 0x11, 0x01, 0x12, 0x06, 0x10, 0x17, 0, 0, // the unit
    2, 0x2e, 0, 0x55, 0x17, 0, 0, 0, // a function
];

/// The unit's own entry.
const UNIT: [u8; 13] = [1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0];

pub(crate) fn rows() -> Vec<Attack> {
    let trapped = Fails(&[Trap]);
    let row = |name, info, lines, ranges| {
        attack(name, "make the host read for long, or hold much", module(info, lines, ranges), trapped)
    };
    let functions = [2, 0, 0, 0, 0].repeat(100_000);
    let ranges = [1, 0, 0, 0, 2, 0, 0, 0].repeat(100_000);
    vec![
        row(
            "nearly as many rows of lines as are welcome",
            unit(&[]),
            line_program("src", 1, 245_000),
            Vec::new(),
        ),
        row("four million rows of lines", unit(&[]), line_program("src", 1, 4_000_000), Vec::new()),
        row(
            "a long directory of many files",
            unit(&[]),
            line_program(&"d".repeat(100_000), 20_000, 10),
            Vec::new(),
        ),
        row(
            "many functions with one list of many ranges",
            unit(&functions),
            line_program("src", 1, 10),
            ranges,
        ),
        row(
            "units that share a line program",
            unit(&[]).repeat(2_000),
            line_program("src", 1, 100_000),
            Vec::new(),
        ),
        row("a unit that ends early", vec![255; 64], line_program("src", 1, 10), Vec::new()),
    ]
}

/// A job that traps deep inside, with these sections.
fn module(info: Vec<u8>, lines: Vec<u8>, ranges: Vec<u8>) -> Vec<u8> {
    let call = |n: usize| format!("(func $f{n} (call $f{}))", n + 1);
    let calls: String = (0..DEPTH).map(call).collect();
    let sections = [("info", info), ("abbrev", SHAPES.to_vec()), ("line", lines), ("ranges", ranges)];
    let custom = sections.map(|(name, bytes)| format!(r#"(@custom ".debug_{name}" "{}")"#, escaped(&bytes)));
    let items = format!("{calls} (func $f{DEPTH} unreachable) {}", custom.concat());
    component(&[], &items, "(call $f0) (i32.const 0)")
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// A length of what follows it, as in DWARF of 32 bits.
fn sized(content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len()).unwrap().to_le_bytes()[..], content].concat()
}

/// A unit (version 4) with these entries in it.
fn unit(entries: &[u8]) -> Vec<u8> {
    sized(&[&[4, 0, 0, 0, 0, 0, 4], &UNIT[..], entries, &[0]].concat())
}

/// A line program (version 4) of one directory, these files in it, and so many rows.
fn line_program(directory: &str, files: usize, rows: usize) -> Vec<u8> {
    let lengths: [u8; 12] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
    let directories = [directory.as_bytes(), b"\0\0"].concat();
    let files = [b"f\0\x01\0\0".repeat(files), vec![0]].concat();
    let head = [&[1, 1, 1, 0xfb, 14, 13][..], &lengths, &directories, &files].concat();
    let end_of_sequence = [0, 1, 1];
    sized(&[&[4, 0][..], &sized(&head), &vec![ROW; rows], &end_of_sequence].concat())
}
