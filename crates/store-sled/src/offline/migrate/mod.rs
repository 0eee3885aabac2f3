//! Older layouts. A store of one is brought to the present layout when a server opens it, when it is compacted, and when a
//! backup of it is restored: by a copy that takes the old records' place, so that an interrupted migration has not happened.
//!
//! Each older layout gets a file with its step to the next one, so that a record goes from layout to layout. A step knows the
//! forms that it changes as bytes, or has a copy of them: nothing that it reads or writes follows the domain. What a layout
//! has anew and what follows from other records, such as sums, is gathered at the end, from records that are in the present
//! layout then. No release had an older layout than the present one, so there is no step yet.

mod step;

use crate::offline::dump::Batch;
use crate::tables::database::{Database, Read};
use crate::tables::format::{FORMAT, OLDEST};
use crate::tables::keys::Table;
use fuelcell_store::StoreError;
use std::ops::ControlFlow;
use step::{Record, Step};

/// From each older layout to the next one.
const STEPS: [Step; (FORMAT - OLDEST) as usize] = [];

/// Copies all records of an older layout into an empty database, in the present one. Returns how many entries they are.
pub(crate) fn bring_up(from: &Database, to: &Database, format: u32) -> Result<u64, StoreError> {
    bring_up_by(STEPS.get(format.saturating_sub(OLDEST) as usize..).unwrap_or_default(), from, to)
}

fn bring_up_by(steps: &[Step], from: &Database, to: &Database) -> Result<u64, StoreError> {
    let mut batch = Batch::new(to);
    // The parts of long records are made anew with them.
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Chunks) {
        from.visit_values(table, None, |key, value| {
            let record = Record { table, key: key.to_vec(), bytes: from.record(table, key, value)? };
            let present = steps.iter().try_fold(Some(record), |record, step| match record {
                Some(record) => (step.record)(record),
                None => Ok(None),
            })?;
            let values = present.map(Record::into_values).unwrap_or_default();
            values.into_iter().try_for_each(|(table, key, value)| batch.add(table, key, value))?;
            Ok(ControlFlow::Continue(()))
        })?;
    }
    batch.apply()?;
    steps.iter().flat_map(|step| step.gather).try_for_each(|gather| gather(to, &mut batch))?;
    batch.apply()?;
    Ok(batch.entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::overlay::Overlay;
    use parking_lot::RwLock;
    use tempfile::TempDir;

    const LONG: usize = 20_000;
    const FIRST: [u8; 4] = [0, 0, 0, 1];

    /// Removes one table, puts a byte before the keys of a second, moves long records, and lengthens those of a third.
    fn record(mut record: Record) -> Result<Option<Record>, StoreError> {
        match record.table {
            Table::Grants => return Ok(None),
            Table::Audit => record.key.insert(0, 7),
            Table::Secrets if record.bytes.len() > LONG => record.table = Table::AuditOfTenant,
            Table::Secrets => record.bytes.push(9),
            _ => {}
        }
        Ok(Some(record))
    }

    fn unchanged(record: Record) -> Result<Option<Record>, StoreError> {
        Ok(Some(record))
    }

    /// Counts what the present layout has in a table.
    fn count(to: &Database, batch: &mut Batch<'_>) -> Result<(), StoreError> {
        batch.put(Table::Meta, b"counted", &(to.len(Table::Secrets) as u64))
    }

    #[test]
    fn records_go_through_all_steps_long_ones_with_their_parts_and_what_is_new_is_gathered_last() {
        let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let open = |directory: &TempDir| Database::open(directory.path(), 1 << 20).unwrap();
        let (from, to, image) = (open(&one), open(&other), RwLock::default());
        let mut overlay = Overlay::new(&from, &image);
        overlay.put(Table::Grants, b"gone", &1_u32).unwrap();
        overlay.put(Table::Audit, &FIRST, &"moved").unwrap();
        overlay.put(Table::Secrets, b"short", &(1_u8, 2_u8)).unwrap();
        overlay.put(Table::Secrets, b"long", &"x".repeat(2 * LONG)).unwrap();
        overlay.put(Table::Meta, b"kept", &"y".repeat(LONG)).unwrap();
        from.apply(&overlay.into_parts().0).unwrap();

        let steps = [Step { record, gather: &[count] }, Step { record: unchanged, gather: &[] }];
        bring_up_by(&steps, &from, &to).unwrap();
        assert_eq!(to.len(Table::Grants), 0);
        assert_eq!(to.get::<String>(Table::Audit, &[7, 0, 0, 0, 1]).unwrap().as_deref(), Some("moved"));
        assert_eq!(to.get::<(u8, u8, u8)>(Table::Secrets, b"short").unwrap(), Some((1, 2, 9)));
        let long: String = to.get(Table::AuditOfTenant, b"long").unwrap().unwrap();
        assert_eq!((long.len(), to.len(Table::Secrets)), (2 * LONG, 1));
        assert_eq!(to.get::<String>(Table::Meta, b"kept").unwrap().map(|kept| kept.len()), Some(LONG));
        assert_eq!(to.get::<u64>(Table::Meta, b"counted").unwrap(), Some(1));
        assert_eq!(to.len(Table::Chunks), from.len(Table::Chunks), "the same parts");
    }
}
