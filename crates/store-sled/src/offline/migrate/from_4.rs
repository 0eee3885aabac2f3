//! Layout 4: all entries of the audit log lie in one table, and a second one names those of each tenant. In layout 5 each
//! lies in the table of whose matter it is.

use super::step::{Record, Step};
use crate::tables::codec::damaged;
use crate::tables::keys::Table;
use fuelcell_store::StoreError;
use serde::Deserialize;
use uuid::Uuid;

pub(super) const STEP: Step = Step { record, gather: &[] };

/// How an entry of the audit log begins.
#[derive(Deserialize)]
struct AuditBeginning {
    _at: i64,
    _subject: String,
    _token: Uuid,
    tenant: Option<Uuid>,
}

fn record(record: Record) -> Result<Option<Record>, StoreError> {
    match record.table {
        Table::AuditOfTenant => Ok(None),
        Table::Audit => audit(record).map(Some),
        _ => Ok(Some(record)),
    }
}

/// The key of an entry is its number, behind that of its tenant if it has one.
fn audit(record: Record) -> Result<Record, StoreError> {
    let number = *record.key.last_chunk::<4>().ok_or_else(|| damaged(record.table))?;
    let (beginning, _) = record.beginning::<AuditBeginning>()?;
    Ok(match beginning.tenant {
        Some(tenant) => {
            let key = [tenant.as_bytes(), &number[..]].concat();
            Record { table: Table::AuditOfTenant, key, ..record }
        }
        None => record,
    })
}
