//! Layout 6: of what a project stores, datasets and module versions are counted, in one sum.

use super::step::{Record, Step};
use crate::records::stored_sums;
use crate::tables::keys::Table;
use fuelcell_store::StoreError;

pub(super) const STEP: Step = Step { record, gather: &[stored_sums::gather] };

fn record(record: Record) -> Result<Option<Record>, StoreError> {
    // All of it is counted anew.
    Ok((record.table != Table::StoredBytes).then_some(record))
}
