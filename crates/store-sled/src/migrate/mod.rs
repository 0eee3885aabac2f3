//! Older layouts. A store of one is brought to the present layout when a server opens it, when it is compacted, and when a
//! backup of it is restored: by a copy that takes the old records' place, so that an interrupted migration has not happened.
//!
//! | layout | what the next one does otherwise |
//! | --- | --- |
//! | 4 | all entries of the audit log lie in one table, and a second one names those of each tenant |
//! | 5 | see [`from_5`] |
//!
//! Each layout has a file with its step to the next one, and with a copy of each form that the next one changes: what is
//! read there never follows the domain.

mod from_4;
mod from_5;

use crate::codec::{self, Entry};
use crate::keys::Table;
use crate::open::FORMAT;
use fuelcell_store::StoreError;
use serde::de::DeserializeOwned;

/// The oldest layout that this build reads.
pub(crate) const OLDEST: u32 = 4;

/// From each older layout to the next one.
const STEPS: [Step; (FORMAT - OLDEST) as usize] = [from_4::step, from_5::step];

/// `None` = the next layout does not have it.
type Step = fn(Record) -> Result<Option<Record>, StoreError>;

/// A record on its way, put together from its parts.
pub(crate) struct Record {
    pub(crate) table: Table,
    pub(crate) key: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Record {
    /// Reads a form, of which these bytes may be the beginning.
    fn beginning<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        match postcard::take_from_bytes(&self.bytes) {
            Ok((form, _)) => Ok(form),
            Err(_) => Err(codec::damaged(self.table)),
        }
    }

    /// The values that it becomes.
    pub(crate) fn into_values(self) -> Vec<Entry> {
        codec::values_of_bytes(self.table, &self.key, &self.bytes)
    }
}

/// Brings a record of an older layout to the present one.
pub(crate) fn to_present(record: Record, format: u32) -> Result<Option<Record>, StoreError> {
    let passed = format.saturating_sub(OLDEST) as usize;
    STEPS.iter().skip(passed).try_fold(Some(record), |record, step| match record {
        Some(record) => step(record),
        None => Ok(None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit;
    use crate::compact;
    use crate::database::{Database, Read};
    use crate::keys;
    use crate::overlay::Overlay;
    use fuelcell_domain::{AuditEntry, AuditOutcome, TenantId, Timestamp, TokenId};
    use std::sync::RwLock;
    use tempfile::TempDir;

    #[test]
    fn entries_of_the_audit_log_move_to_whose_matter_they_are_long_ones_with_their_parts() {
        let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let open = |directory: &TempDir| Database::open(directory.path(), 1 << 20).unwrap();
        let (from, to, image) = (open(&one), open(&other), RwLock::default());
        let entry = |tenant, length| AuditEntry {
            at: Timestamp(1),
            subject: "anna".into(),
            token: TokenId::random(),
            tenant,
            project: None,
            action: "PUT something".into(),
            target: "x".repeat(length),
            outcome: AuditOutcome::Done,
            request_id: "r".into(),
        };
        let tenant = TenantId::random();
        let entries = [entry(Some(tenant), 20_000), entry(None, 7_000), entry(Some(tenant), 10)];
        let mut overlay = Overlay::new(&from, &image);
        for (number, entry) in (1..).zip(&entries) {
            overlay.put(Table::Audit, &keys::audit(number), entry).unwrap();
            if let Some(tenant) = entry.tenant {
                overlay.put(Table::AuditOfTenant, &keys::audit_of_tenant(tenant, number), &()).unwrap();
            }
        }
        overlay.put(Table::Meta, b"large", &"y".repeat(9_000)).unwrap();
        from.apply(&overlay.into_parts().0).unwrap();

        compact::copy(&from, &to, OLDEST).unwrap();
        for (number, entry) in (1..).zip(&entries) {
            let (table, key) = audit::place(entry, number);
            assert_eq!(to.get::<AuditEntry>(table, &key).unwrap().as_ref(), Some(entry));
        }
        assert_eq!((to.len(Table::Audit), to.len(Table::AuditOfTenant)), (1, 2));
        assert_eq!(to.get::<String>(Table::Meta, b"large").unwrap().unwrap().len(), 9_000);
        assert_eq!(to.len(Table::Chunks), from.len(Table::Chunks), "the same parts");
    }
}
