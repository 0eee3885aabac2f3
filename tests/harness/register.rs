//! Tables in documents that name the tests which show what their rows say.

use crate::built::source;
use std::fs;

/// The rows of the tables of a document: their cells.
pub fn rows(document: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(source(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split(" | ").map(|cell| cell.trim().to_owned()).collect());
    // The first two are the heading and what is below it.
    cells.skip(2).collect()
}

/// The tests that a cell names, each between backticks, behind commas.
///
/// # Panics
/// When one of them does not exist.
pub fn tests_of(cell: &str) -> Vec<String> {
    let names = cell.split(", ").map(|name| {
        let bare = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
        bare.unwrap_or_else(|| panic!("{name:?} is no test in backticks")).to_owned()
    });
    names.inspect(|name| assert!(exists(name), "there is no test {name}")).collect()
}

/// Whether there is a test of this name: `folder::file::test` of those that ask a real server, or `path/to/file.rs::test`.
///
/// # Panics
/// When the name is of neither form, or the file cannot be read.
pub fn exists(name: &str) -> bool {
    let (place, test) = name.rsplit_once("::").unwrap_or_else(|| panic!("{name} names no file"));
    let path = match place.ends_with(".rs") {
        true => place.to_owned(),
        false => format!("tests/all/{}.rs", place.replace("::", "/")),
    };
    let text = fs::read_to_string(source(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let begins = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(test))
            .is_some_and(|rest| rest.starts_with('('))
    };
    let is_test = |line: &str| line == "#[test]" || line.starts_with("#[tokio::test");
    lines.windows(2).any(|pair| is_test(pair[0]) && begins(pair[1]))
}
