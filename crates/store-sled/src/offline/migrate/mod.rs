//! Older layouts. A store of one is brought to the present layout when a server opens it, when it is compacted, and when a
//! backup of it is restored: by a copy that takes the old records' place, so that an interrupted migration has not happened.
//!
//! Each older layout has a file with its step to the next one. A record of layout 4 becomes one of layout 5, that one of
//! layout 6, and so on to the present. A step knows the forms that it changes as bytes, or has a copy of them: nothing that
//! it reads or writes follows the domain. What a layout has anew and what follows from other records, such as sums, is
//! gathered at the end, from records that are in the present layout then.

mod from_10;
mod from_11;
mod from_12;
mod from_13;
mod from_4;
mod from_5;
mod from_6;
mod from_7;
mod from_8;
mod from_9;
mod step;

use crate::offline::dump::Batch;
use crate::tables::database::{Database, Read};
use crate::tables::format::{FORMAT, OLDEST};
use crate::tables::keys::Table;
use fuelcell_store::StoreError;
use std::ops::ControlFlow;
use step::{Record, Step};

/// From each older layout to the next one.
const STEPS: [Step; (FORMAT - OLDEST) as usize] = [
    from_4::STEP,
    from_5::STEP,
    from_6::STEP,
    from_7::STEP,
    from_8::STEP,
    from_9::STEP,
    from_10::STEP,
    from_11::STEP,
    from_12::STEP,
    from_13::STEP,
];

/// Copies all records of an older layout into an empty database, in the present one. Returns how many entries they are.
pub(crate) fn bring_up(from: &Database, to: &Database, format: u32) -> Result<u64, StoreError> {
    let steps = STEPS.iter().skip(format.saturating_sub(OLDEST) as usize);
    let mut batch = Batch::new(to);
    // The parts of long records are made anew with them.
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Chunks) {
        from.visit_values(table, None, |key, value| {
            let record = Record { table, key: key.to_vec(), bytes: from.record(table, key, value)? };
            let present = steps.clone().try_fold(Some(record), |record, step| match record {
                Some(record) => (step.record)(record),
                None => Ok(None),
            })?;
            let values = present.map(Record::into_values).unwrap_or_default();
            values.into_iter().try_for_each(|(table, key, value)| batch.add(table, key, value))?;
            Ok(ControlFlow::Continue(()))
        })?;
    }
    batch.apply()?;
    steps.flat_map(|step| step.gather).try_for_each(|gather| gather(to, &mut batch))?;
    batch.apply()?;
    Ok(batch.entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verbs::audit;
    use crate::write::overlay::Overlay;
    use fuelcell_domain::{AuditEntry, AuditOutcome, TenantId, Timestamp, TokenId};
    use parking_lot::RwLock;
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
            let number: [u8; 4] = u32::to_be_bytes(number);
            overlay.put(Table::Audit, &number, entry).unwrap();
            if let Some(tenant) = entry.tenant {
                let key = [tenant.0.as_bytes(), &number[..]].concat();
                overlay.put(Table::AuditOfTenant, &key, &()).unwrap();
            }
        }
        overlay.put(Table::Meta, b"large", &"y".repeat(9_000)).unwrap();
        from.apply(&overlay.into_parts().0).unwrap();

        bring_up(&from, &to, OLDEST).unwrap();
        for (number, entry) in (1..).zip(&entries) {
            let (table, key) = audit::place(entry, number);
            assert_eq!(to.get::<AuditEntry>(table, &key).unwrap().as_ref(), Some(entry));
        }
        assert_eq!((to.len(Table::Audit), to.len(Table::AuditOfTenant)), (1, 2));
        assert_eq!(to.get::<String>(Table::Meta, b"large").unwrap().unwrap().len(), 9_000);
        assert_eq!(to.len(Table::Chunks), from.len(Table::Chunks), "the same parts");
    }
}
