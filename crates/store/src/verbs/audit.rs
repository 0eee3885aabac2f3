//! The audit log.

use crate::error::StoreError;
use async_trait::async_trait;
use fuelcell_domain::{AuditEntry, AuditFilter, Timestamp};

/// The audit log.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends to the audit log.
    async fn append_audit(&self, entry: AuditEntry) -> Result<(), StoreError>;
    /// Forgets the oldest entries of the audit log as far as they are of `until` or before, at most `limit`, and says
    /// how many. Those that are left keep their numbers.
    async fn forget_audit(&self, until: Timestamp, limit: usize) -> Result<u64, StoreError>;
    /// Forgets the oldest entries of the audit log beyond the newest `most` numbers, at most `limit`, and says how many.
    async fn trim_audit(&self, most: u64, limit: usize) -> Result<u64, StoreError>;
    /// Entries that match, with their numbers, newest first, from below the number `before` on, at most `limit`, and
    /// none after the one with which they have [`fuelcell_domain::AUDIT_PAGE_BYTES`]. Numbers rise in the order of
    /// appending.
    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError>;
}
