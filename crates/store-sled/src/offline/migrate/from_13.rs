//! Layout 13: jobs do not say whether they are to leave a profile.

use super::step::{Record, Step};
use crate::tables::codec::damaged;
use crate::tables::keys::Table;
use fuelcell_store::StoreError;

pub(super) const STEP: Step = Step { record, gather: &[] };

const NO_PROFILE: bool = false;
/// What follows the job in its record: whether its parameters lie apart.
const BEHIND_JOB: usize = 1;

fn record(mut record: Record) -> Result<Option<Record>, StoreError> {
    if let Table::Jobs = record.table {
        let at = record.bytes.len().checked_sub(BEHIND_JOB).ok_or_else(|| damaged(record.table))?;
        record.insert(at, &NO_PROFILE)?;
    }
    Ok(Some(record))
}
