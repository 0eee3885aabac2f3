//! Why a run stopped early, in the words that a client sees.

pub use fuelcell_table_kit::{Stop, excerpt};

/// Names what there is, for messages.
pub fn there_are<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return "There are none.".to_string();
    }
    let mut shown: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("\"{}\"", excerpt(name))).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    format!("There are {}.", shown.join(", "))
}
