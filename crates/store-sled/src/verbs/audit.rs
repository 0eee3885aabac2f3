//! The audit log: one row of numbers over all entries, each entry in the table of whose matter it is, so that a tenant's
//! page is read from its own entries alone.

use crate::store::SledStore;
use crate::tables::codec::damaged;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table, counters};
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::{AUDIT_PAGE_BYTES, AuditEntry, AuditFilter, Timestamp};
use fuelcell_store::StoreError;
use fuelcell_store::verbs::Audit;
use std::ops::Bound::{Excluded, Included};
use std::ops::ControlFlow;

#[async_trait]
impl Audit for SledStore {
    async fn append_audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.write(move |overlay| append(overlay, &entry)).await
    }

    async fn forget_audit(&self, until: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let find = move |shared: &Shared| oldest(&shared.database, limit, |_, at| at <= until);
        let found = self.read_many(find).await?;
        self.forget(found).await
    }

    async fn trim_audit(&self, most: u64, limit: usize) -> Result<u64, StoreError> {
        let find = move |shared: &Shared| {
            let newest: u64 = shared.database.get(Table::Counters, counters::AUDIT)?.unwrap_or(0);
            // One that is appended meanwhile has a number beyond.
            oldest(&shared.database, limit, |number, _| number.saturating_add(most) <= newest)
        };
        let found = self.read_many(find).await?;
        self.forget(found).await
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| page(&shared.database, &filter, before, limit)).await
    }
}

impl SledStore {
    async fn forget(&self, found: Vec<Old>) -> Result<u64, StoreError> {
        match found.is_empty() {
            true => Ok(0),
            false => self.end(move |overlay| forget(overlay, &found)).await,
        }
    }
}

pub(crate) fn append(overlay: &mut Overlay<'_>, entry: &AuditEntry) -> Result<(), StoreError> {
    let number = overlay.next_long_number(counters::AUDIT)?;
    let (table, key) = place(entry, number);
    overlay.add(table, &key, entry)
}

/// Where the entry with this number lies.
pub(crate) fn place(entry: &AuditEntry, number: u64) -> (Table, Vec<u8>) {
    match entry.tenant {
        Some(tenant) => (Table::AuditOfTenant, keys::audit_of_tenant(tenant, number)),
        None => (Table::Audit, keys::audit(number)),
    }
}

/// An entry that is to be forgotten: its number, and where it lies.
pub(crate) type Old = (u64, Table, Vec<u8>);

/// The oldest entries, in the order of their numbers, as far as they are old by their number and time.
pub(crate) fn oldest(
    database: &Database,
    limit: usize,
    is_old: impl Fn(u64, Timestamp) -> bool,
) -> Result<Vec<Old>, StoreError> {
    let first = forgotten(database)?.saturating_add(1);
    let end = first.saturating_add(limit as u64);
    let mut found = Vec::new();
    for row in all_rows(database)? {
        let range = (Included(row.key(first)), Excluded(row.key(end)));
        database.visit_range(row.table, range, |key, entry: AuditEntry| {
            let number = keys::long_number_of(key).unwrap_or_default();
            found.push((number, row.table, key.to_vec(), entry.at));
            ControlFlow::Continue(())
        })?;
    }
    found.sort_unstable_by_key(|(number, ..)| *number);
    // Whatever is missing in between is for a check to tell.
    let in_turn = found.into_iter().zip(first..).take_while(|(entry, number)| entry.0 == *number);
    let old = in_turn.map(|(entry, _)| entry).take_while(|(number, .., at)| is_old(*number, *at));
    Ok(old.map(|(number, table, key, _)| (number, table, key)).collect())
}

/// Forgets entries that follow those that are forgotten, unless somebody else was faster.
pub(crate) fn forget(overlay: &mut Overlay<'_>, old: &[Old]) -> Result<u64, StoreError> {
    let (Some((first, ..)), Some((last, ..))) = (old.first(), old.last()) else { return Ok(0) };
    if *first != forgotten(overlay)?.saturating_add(1) {
        return Ok(0);
    }
    for (_, table, key) in old {
        overlay.remove(*table, key)?;
    }
    overlay.put(Table::Counters, counters::FORGOTTEN_AUDIT, last)?;
    Ok(old.len() as u64)
}

/// The number of the entry that was forgotten last.
pub(crate) fn forgotten(records: &impl Read) -> Result<u64, StoreError> {
    Ok(records.get(Table::Counters, counters::FORGOTTEN_AUDIT)?.unwrap_or(0))
}

pub(crate) fn page(
    database: &Database,
    filter: &AuditFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
    let before = before.unwrap_or(u64::MAX);
    let mut rows = match filter.tenant {
        Some(tenant) => vec![Row::new(Table::AuditOfTenant, tenant.0.as_bytes())],
        None => all_rows(database)?,
    };
    for row in &mut rows {
        row.step(database, before)?;
    }
    let mut page = Vec::new();
    let mut bytes = 0;
    while page.len() < limit && bytes < AUDIT_PAGE_BYTES {
        let Some(row) = rows.iter_mut().max_by_key(|row| row.next) else { break };
        let Some(number) = row.next else { break };
        let entry = database.get::<AuditEntry>(row.table, &row.key(number))?;
        let entry = entry.filter(|entry| filter.matches(entry));
        bytes += entry.as_ref().map_or(0, AuditEntry::size);
        page.extend(entry.map(|entry| (number, entry)));
        row.step(database, number)?;
    }
    Ok(page)
}

/// The entries of one owner, from the newest on.
struct Row {
    table: Table,
    prefix: Vec<u8>,
    /// The number of the entry to look at next.
    next: Option<u64>,
}

impl Row {
    fn new(table: Table, prefix: &[u8]) -> Self {
        Self { table, prefix: prefix.to_vec(), next: None }
    }

    fn key(&self, number: u64) -> Vec<u8> {
        [&self.prefix[..], &number.to_be_bytes()].concat()
    }

    /// Goes to the newest entry below `before`.
    fn step(&mut self, database: &Database, before: u64) -> Result<(), StoreError> {
        let key = database.last_key(self.table, &self.prefix, &self.key(before))?;
        let number = key.map(|key| keys::long_number_of(&key).ok_or_else(|| damaged(self.table)));
        self.next = number.transpose()?;
        Ok(())
    }
}

/// The row of the matters of no tenant, and one for each tenant that has any.
fn all_rows(database: &Database) -> Result<Vec<Row>, StoreError> {
    let mut rows = vec![Row::new(Table::Audit, &[])];
    let mut end = vec![u8::MAX; keys::TENANT + 1];
    while let Some(key) = database.last_key(Table::AuditOfTenant, &[], &end)? {
        end = key.get(..keys::TENANT).ok_or_else(|| damaged(Table::AuditOfTenant))?.to_vec();
        rows.push(Row::new(Table::AuditOfTenant, &end));
    }
    Ok(rows)
}
