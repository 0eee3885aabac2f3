//! How a record becomes a value of the database, and back. Records are JSON: an older node reads what a newer one wrote, as
//! long as fields are only added, and an operator can look at them.

use fuelcell_store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn write<T: Serialize>(record: &T) -> Result<String, StoreError> {
    serde_json::to_string(record)
        .map_err(|error| StoreError::Storage(format!("a record cannot be written: {error}")))
}

pub(crate) fn write_all<'a, T: Serialize + 'a>(
    records: impl IntoIterator<Item = &'a T>,
) -> Result<Vec<String>, StoreError> {
    records.into_iter().map(write).collect()
}

pub(crate) fn read<T: DeserializeOwned>(table: &str, record: &str) -> Result<T, StoreError> {
    serde_json::from_str(record)
        .map_err(|error| StoreError::Storage(format!("a record in {table} cannot be read: {error}")))
}
