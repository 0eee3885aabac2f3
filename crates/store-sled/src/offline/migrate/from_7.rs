//! Layout 7: numbers of the audit log have four bytes, and a running job does not say which claim of which life of its node
//! holds it.

use super::step::{Record, Step};
use crate::tables::codec::damaged;
use crate::tables::keys::Table;
use fuelcell_store::StoreError;

pub(super) const STEP: Step = Step { record, gather: &[] };

/// Bytes of a number in layout 7; it stands last in a key.
const NUMBER: usize = 4;
/// What a number has before these since.
const MORE: [u8; 4] = [0; 4];
/// Nobody. A server that starts releases what its earlier lives held, whoever that was.
const NO_HOLDER: Option<()> = None;
/// What follows the job in its record: whether its parameters lie apart.
const BEHIND_JOB: usize = 1;

fn record(mut record: Record) -> Result<Option<Record>, StoreError> {
    match record.table {
        Table::Audit | Table::AuditOfTenant => {
            let at = record.key.len().checked_sub(NUMBER).ok_or_else(|| damaged(record.table))?;
            record.key.splice(at..at, MORE);
        }
        Table::Jobs => {
            let at = record.bytes.len().checked_sub(BEHIND_JOB).ok_or_else(|| damaged(record.table))?;
            record.insert(at, &NO_HOLDER)?;
        }
        _ => {}
    }
    Ok(Some(record))
}
