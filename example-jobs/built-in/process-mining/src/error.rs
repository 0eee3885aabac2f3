//! Why a run stopped early, in the words that a client sees.

pub use fuelcell_records_kit::error::{Stop, excerpt};
