//! Which checks of the data are made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which checks of the data are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct QualityChecks {
    /// Count implausible times in a warning: those outside of the years 1970 to 2099 and, where a job works with the starts of
    /// events (ProcessMining, Analysis), starts after ends.
    pub validate_timestamps: bool,
    /// Remove rows that are exact copies of another one; the first stays.
    pub check_duplicates: bool,
    /// Name activities of an event log that differ only in case, spaces and punctuation.
    pub validate_activities: bool,
}

impl Default for QualityChecks {
    fn default() -> Self {
        Self { validate_timestamps: true, check_duplicates: false, validate_activities: true }
    }
}

/// Whether a time is one that these checks take: others come from empty or overflowing fields more often than from work.
pub fn is_plausible(time: fuelcell_records_kit::Micros) -> bool {
    (0..4_102_444_800_000_000).contains(&time)
}

/// What two spellings of one name have in common: their letters and digits, in lower case.
fn plain_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Groups of names with how often they occur, of which each group differs only in spelling. Sorted; a name stands in one.
pub fn spellings<'a>(names: impl IntoIterator<Item = (&'a str, u64)>) -> Vec<Vec<(&'a str, u64)>> {
    let mut all: Vec<(String, &str, u64)> =
        names.into_iter().map(|(name, count)| (plain_name(name), name, count)).collect();
    all.retain(|(plain, _, count)| !plain.is_empty() && *count > 0);
    all.sort();
    let groups = all.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1);
    groups.map(|group| group.iter().map(|(_, name, count)| (*name, *count)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_spelling_are_found() {
        let names = [
            ("Approve", 3),
            ("ship-it", 1),
            ("approve ", 2),
            ("Ship it", 4),
            ("Pay", 9),
            ("-", 1),
            ("--", 1),
        ];
        let found = spellings(names);
        assert_eq!(found, [vec![("Approve", 3), ("approve ", 2)], vec![("Ship it", 4), ("ship-it", 1)]]);
    }
}
