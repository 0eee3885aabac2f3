//! What a run found, for all its outputs.

use fuelcell_sdk::Finding;
use fuelcell_table_kit::Facts;

use crate::ledger::Ledger;
use crate::plan::Planned;
use crate::profile::{ColumnDocument, Profile};
use crate::quality::Quality;
use crate::risk::Risk;
use crate::steps::Step;

/// What the run is about, for all its outputs.
pub(crate) struct Enriched<'a> {
    pub(crate) file: &'a str,
    pub(crate) facts: &'a Facts,
    pub(crate) plan: &'a [Planned],
    /// The steps as they were asked for.
    pub(crate) steps: &'a [Step],
    pub(crate) before: &'a Profile,
    /// Its columns. Where a step hides who is meant, without what would tell it after all.
    pub(crate) columns_before: Vec<ColumnDocument>,
    pub(crate) after: &'a Profile,
    pub(crate) columns_after: Vec<ColumnDocument>,
    pub(crate) ledger: &'a Ledger,
    pub(crate) quality: &'a Quality,
    /// What of the risk is left that people are told; none when no step hides anything.
    pub(crate) risk: Option<&'a Risk>,
    pub(crate) findings: &'a [Finding],
    pub(crate) is_retry: bool,
}

impl Enriched<'_> {
    /// Whether a step hides who is meant.
    pub(crate) fn hides(&self) -> bool {
        hides(self.steps)
    }
}

fn hides(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Anonymise(_)))
}

/// The columns before the steps, as they may be told.
pub(crate) fn columns_before(before: &Profile, steps: &[Step]) -> Vec<ColumnDocument> {
    let documents = before.documents();
    match hides(steps) {
        true => documents.into_iter().map(ColumnDocument::without_values).collect(),
        false => documents,
    }
}
