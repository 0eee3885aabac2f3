//! Layout 5. The next one has the same forms so far.

use super::Record;
use fuelcell_store::StoreError;

pub(super) fn step(record: Record) -> Result<Option<Record>, StoreError> {
    Ok(Some(record))
}
