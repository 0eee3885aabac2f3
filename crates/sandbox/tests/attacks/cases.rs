//! The page that says what shows each hostile case.

use crate::all;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// All source text below `folder`.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_named_row_and_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut text = String::new();
    for folder in ["crates", "tests"] {
        sources(&root.join(folder), &mut text);
    }
    let rows: HashSet<String> = all().into_iter().map(|row| row.name).collect();
    let page = fs::read_to_string(root.join("docs/hostile-cases.md")).unwrap();
    let (mut named, mut missing) = (0, Vec::new());
    for line in page.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let (_, shown_by) = line.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        for name in shown_by.split('`').skip(1).step_by(2) {
            named += 1;
            if !rows.contains(name) && !text.contains(&format!("fn {name}() {{")) {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "there are no rows and no tests of these names: {missing:?}");
    assert!(named > 100, "{named}");
}
