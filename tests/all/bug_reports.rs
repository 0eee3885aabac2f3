//! The table of what bug reports of other systems became here.

use fuelcell_tests::register::{rows, tests_of};

#[test]
fn every_row_has_its_tests() {
    let rows = rows("tests/all/bug_reports.md");
    let numbers: Vec<_> = rows.iter().map(|cells| cells[0].parse::<usize>().unwrap()).collect();
    assert_eq!(numbers, (1..=36).collect::<Vec<_>>());
    for cells in &rows {
        assert!(!tests_of(&cells[2]).is_empty(), "{cells:?}");
    }
}
