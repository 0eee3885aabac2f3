//! Layout 4: all entries of the audit log lie in one table.

use super::Record;
use crate::codec::damaged;
use crate::keys::{self, Table};
use fuelcell_domain::{TenantId, Timestamp, TokenId};
use fuelcell_store::StoreError;
use serde::Deserialize;

/// How an entry of the audit log begins.
#[derive(Deserialize)]
struct AuditBeginning {
    _at: Timestamp,
    _subject: String,
    _token: TokenId,
    tenant: Option<TenantId>,
}

pub(super) fn step(record: Record) -> Result<Option<Record>, StoreError> {
    match record.table {
        Table::AuditOfTenant => Ok(None),
        Table::Audit => audit(record).map(Some),
        _ => Ok(Some(record)),
    }
}

fn audit(record: Record) -> Result<Record, StoreError> {
    let number = keys::audit_number(&record.key).ok_or_else(|| damaged(record.table))?;
    Ok(match record.beginning::<AuditBeginning>()?.tenant {
        Some(tenant) => {
            let key = keys::audit_of_tenant(tenant, number);
            Record { table: Table::AuditOfTenant, key, ..record }
        }
        None => record,
    })
}
