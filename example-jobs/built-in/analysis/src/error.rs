//! Why a run stopped early, in the words that a client sees.

use fuelcell_table_kit::listed;
pub use fuelcell_table_kit::{Stop, excerpt};

/// Names what there is, for messages.
pub fn there_are<'a>(names: impl Iterator<Item = &'a str>) -> String {
    match listed(names).as_str() {
        "" => "There are none.".to_string(),
        names => format!("There are {names}."),
    }
}
