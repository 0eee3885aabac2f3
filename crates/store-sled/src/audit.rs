//! The audit log: entries by number, and the numbers of each tenant's entries.

use crate::codec::damaged;
use crate::database::{Database, Read};
use crate::keys::{self, Table, counters};
use crate::overlay::Overlay;
use fuelcell_domain::{AuditEntry, AuditFilter};
use fuelcell_store::StoreError;

pub(crate) fn append(overlay: &mut Overlay<'_>, entry: &AuditEntry) -> Result<(), StoreError> {
    let number = overlay.next_number(counters::AUDIT)?;
    if let Some(tenant) = entry.tenant {
        overlay.add(Table::AuditOfTenant, &keys::audit_of_tenant(tenant, number), &())?;
    }
    overlay.add(Table::Audit, &keys::audit(number), entry)
}

pub(crate) fn page(
    database: &Database,
    filter: &AuditFilter,
    before: Option<u32>,
    limit: usize,
) -> Result<Vec<(u32, AuditEntry)>, StoreError> {
    let (table, prefix) = match filter.tenant {
        Some(tenant) => (Table::AuditOfTenant, tenant.0.as_bytes().to_vec()),
        None => (Table::Audit, Vec::new()),
    };
    let mut end = [&prefix[..], &before.unwrap_or(u32::MAX).to_be_bytes()].concat();
    let mut page = Vec::new();
    while page.len() < limit {
        let Some(key) = database.last_key(table, &prefix, &end)? else { break };
        let number = keys::audit_number(&key).ok_or_else(|| damaged(table))?;
        let entry = database.get::<AuditEntry>(Table::Audit, &keys::audit(number))?;
        page.extend(entry.filter(|entry| filter.matches(entry)).map(|entry| (number, entry)));
        end = key;
    }
    Ok(page)
}
