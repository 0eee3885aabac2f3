//! The limits as `docs/limits.md` states them.

use crate::built;
use crate::client::Answer;
use std::fs;

/// A row of the document.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What is limited.
    pub what: String,
    /// As many are taken.
    pub most: usize,
    /// What comes of more.
    pub beyond: String,
}

/// All rows, in their order.
pub fn all() -> Vec<Limit> {
    let text = fs::read_to_string(built::source("docs/limits.md")).expect("the document can be read");
    let rows = text.lines().filter(|line| line.starts_with("| "));
    // The first two are the table's head.
    rows.skip(2).map(Limit::of).collect()
}

/// The row of this name.
pub fn limit(what: &str) -> Limit {
    let found = all().into_iter().find(|limit| limit.what == what);
    found.unwrap_or_else(|| panic!("docs/limits.md has no row \"{what}\""))
}

impl Limit {
    fn of(row: &str) -> Self {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, what, most, beyond, _] = cells[..] else { panic!("no row of a limit: {row}") };
        let digits = most.split(' ').next().unwrap_or_default().replace(',', "");
        let most = digits.parse().unwrap_or_else(|_| panic!("no number in {row}"));
        Self { what: what.to_owned(), most, beyond: beyond.to_owned() }
    }

    /// The codes of refusals that the row names.
    pub fn codes(&self) -> Vec<&str> {
        self.beyond.split('`').skip(1).step_by(2).collect()
    }

    /// Whether the answer is the refusal that the row names, by its status and its code.
    pub fn is_refused_by(&self, answer: &Answer) -> bool {
        let status: u16 = self.beyond[..3].parse().expect("the row names a status");
        let code = answer.json()["code"].clone();
        answer.status == status && self.codes().iter().any(|known| code == *known)
    }
}
