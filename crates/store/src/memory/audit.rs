//! The audit log.

use super::MemoryStore;
use crate::StoreError;
use crate::verbs::Audit;
use async_trait::async_trait;
use fuelcell_domain::{AUDIT_PAGE_BYTES, AuditEntry, AuditFilter, Timestamp};

#[async_trait]
impl Audit for MemoryStore {
    async fn append_audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.records().audit.push(entry);
        Ok(())
    }

    async fn forget_audit(&self, until: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let mut records = self.records();
        let kept = &records.audit[records.forgotten_audit..];
        let old = kept.iter().take(limit).take_while(|entry| entry.at <= until).count();
        records.forgotten_audit += old;
        Ok(old as u64)
    }

    async fn trim_audit(&self, most: u64, limit: usize) -> Result<u64, StoreError> {
        let mut records = self.records();
        let kept = records.audit.len() - records.forgotten_audit;
        let old = kept.saturating_sub(usize::try_from(most).unwrap_or(usize::MAX)).min(limit);
        records.forgotten_audit += old;
        Ok(old as u64)
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        let records = self.records();
        let mut matches: Vec<(u64, AuditEntry)> = (1..)
            .zip(&records.audit)
            .skip(records.forgotten_audit)
            .filter(|(number, entry)| before.is_none_or(|before| *number < before) && filter.matches(entry))
            .map(|(number, entry)| (number, entry.clone()))
            .collect();
        matches.reverse();
        let mut bytes = 0;
        let page = matches.into_iter().take(limit).take_while(|(_, entry)| {
            let goes_on = bytes < AUDIT_PAGE_BYTES;
            bytes += entry.size();
            goes_on
        });
        Ok(page.collect())
    }
}
