//! What a run found, for all its outputs.

use fuelcell_sdk::Finding;
use fuelcell_table_kit::Facts;

use crate::ledger::Ledger;
use crate::plan::Planned;
use crate::profile::Profile;
use crate::quality::Quality;
use crate::steps::Step;

/// What the run is about, for all its outputs.
pub(crate) struct Enriched<'a> {
    pub(crate) file: &'a str,
    pub(crate) facts: &'a Facts,
    pub(crate) plan: &'a [Planned],
    /// The steps as they were asked for.
    pub(crate) steps: &'a [Step],
    pub(crate) before: &'a Profile,
    pub(crate) after: &'a Profile,
    pub(crate) ledger: &'a Ledger,
    pub(crate) quality: &'a Quality,
    pub(crate) findings: &'a [Finding],
    pub(crate) is_retry: bool,
}
